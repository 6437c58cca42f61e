"""Which mask travels with which tensor."""

from __future__ import annotations

from typing import Any

from keras.backend.notes import Notes

Tensor = Any

_masks = Notes("_keras_mask")


def set_mask(tensor: Tensor, mask: Tensor | None) -> None:
    """Attach `mask` (bool, True = keep) to `tensor`; None removes."""
    _masks.put(tensor, mask)


def get_mask(tensor: Tensor) -> Tensor | None:
    """The mask of `tensor`, or None."""
    return _masks.of(tensor)
