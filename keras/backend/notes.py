"""A note attached to a tensor: its mask, or the logits it came from.

The note is an attribute of the tensor where the engine's tensors take attributes: it then lives as long as the graph or
tape the tensor belongs to, and no longer. (A table outside would keep a graph alive for ever, as the note itself is a
tensor of that graph.) Plain arrays take no attributes and refer to nothing: a table keyed by identity serves them.
"""

from __future__ import annotations

import weakref
from typing import Any

Tensor = Any


class Notes:
    """Notes of one kind.

    Args:
        attribute: the attribute's name.

    >>> import numpy as np
    >>> notes, x = Notes("_colour"), np.zeros(2)
    >>> notes.put(x, "red")
    >>> notes.of(x), notes.of(x.copy())
    ('red', None)
    """

    def __init__(self, attribute: str) -> None:
        self._attribute = attribute
        self._table: dict[int, tuple[weakref.ref[Any], Any]] = {}

    def put(self, tensor: Tensor, note: Any) -> None:
        """Attach `note`; None removes. A NumPy scalar, which takes neither attribute nor weak reference, gets none."""
        try:
            setattr(tensor, self._attribute, note)
            return
        except AttributeError:
            pass
        key = id(tensor)
        if note is None:
            self._table.pop(key, None)
            return
        try:
            self._table[key] = (weakref.ref(tensor, lambda _: self._table.pop(key, None)), note)
        except TypeError:
            return

    def of(self, tensor: Tensor) -> Any:
        """The note of `tensor`, or None."""
        note = getattr(tensor, self._attribute, None)
        if note is not None:
            return note
        entry = self._table.get(id(tensor))
        return entry[1] if entry is not None and entry[0]() is tensor else None
