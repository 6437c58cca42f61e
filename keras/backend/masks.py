"""Which mask travels with which tensor: a side table, since the tensors of most engines take no attributes.

Entries are keyed by identity and die with their tensor.
"""

from __future__ import annotations

import weakref
from typing import Any

Tensor = Any

_masks: dict[int, tuple[weakref.ref[Any], Tensor]] = {}


def set_mask(tensor: Tensor, mask: Tensor | None) -> None:
    """Attach `mask` (bool, True = keep) to `tensor`; None removes."""
    key = id(tensor)
    if mask is None:
        _masks.pop(key, None)
    else:
        _masks[key] = (weakref.ref(tensor, lambda _: _masks.pop(key, None)), mask)


def get_mask(tensor: Tensor) -> Tensor | None:
    """The mask of `tensor`, or None."""
    entry = _masks.get(id(tensor))
    return entry[1] if entry is not None and entry[0]() is tensor else None
