"""Gather and scatter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from keras.backend.numpy.arrays import Array, as_array
from keras.errors import out_of_bounds

_AT: dict[str, Any] = {"add": np.add.at, "mul": np.multiply.at, "min": np.minimum.at, "max": np.maximum.at}


class Indexing:
    """Indices are checked here: one that is negative or too large is an IndexError."""

    def take(self, x: Array, indices: Array, axis: int) -> Array:
        _check_along(x, indices, axis)
        return as_array(x.take(indices, axis))

    def take_along(self, x: Array, indices: Array, axis: int) -> Array:
        _check_along(x, indices, axis)
        return np.take_along_axis(x, indices, axis)

    def gather_nd(self, x: Array, indices: Array) -> Array:
        _check(indices)
        return as_array(x[tuple(np.moveaxis(indices, -1, 0))])

    def scatter_nd(self, x: Array, indices: Array, updates: Array, mode: str) -> Array:
        _check(indices)
        depth = indices.shape[-1]
        if indices.size == 0:
            return x.copy() if updates.size == 0 else _combine_all(x, updates, mode)
        if x.size == 0:  # nothing to write into
            return x.copy()
        rows = np.ravel_multi_index(tuple(np.moveaxis(indices, -1, 0)), x.shape[:depth]).ravel()
        width = math.prod(x.shape[depth:])
        flat = np.array(x, order="C").reshape(-1, width)  # a copy: written into below
        _scatter(flat, rows, updates.reshape(rows.size, width), mode)
        return flat.reshape(x.shape)


def _has_negative(indices: Array) -> bool:
    return bool(indices.size and indices.dtype.kind == "i" and indices.min() < 0)


def _check_along(x: Array, indices: Array, axis: int) -> None:
    if _has_negative(indices):  # NumPy sees to those that are too large
        raise out_of_bounds(int(indices.min()), int(indices.max()), axis, x.shape[axis])


def _check(indices: Array) -> None:
    if _has_negative(indices):
        raise IndexError(f"indices must not be negative. Received: {indices.min()}")


def _combine_all(x: Array, updates: Array, mode: str) -> Array:
    """Indices of length 0 address the whole tensor."""
    out = x.copy()
    for update in updates.reshape(-1, *x.shape):
        _scatter(out[None], np.zeros(1, int), update[None], mode)
    return out


def _scatter(out: Array, rows: Array, updates: Array, mode: str) -> None:
    """Combine `updates` into the given rows of `out`, in place."""
    if mode == "set":
        out[rows] = updates
    elif out.shape[1] == 1:
        _AT[mode](out[:, 0], rows, updates[:, 0])
    elif mode != "add" or out.dtype.kind != "f" or rows.size < 16:
        _AT[mode](out, rows, updates)
    elif out.size < 4 * updates.size:
        places = rows[:, None] * out.shape[1] + np.arange(out.shape[1])
        total = np.bincount(places.ravel(), updates.ravel(), out.size)  # summed in float64
        np.add(out, total.reshape(out.shape), out=out, casting="same_kind")
    else:
        _add_rows(out, rows, updates)


def _add_rows(out: Array, rows: Array, updates: Array) -> None:
    """Few rows to a large table: those of equal number are summed, so that each row is added to once.

    Most numbers come once, and `reduceat` spends a microsecond on every sum, so the first of each is added without it.
    """
    order = np.argsort(rows, kind="stable")
    is_first = _starts(rows[order])
    once, again = order[is_first], order[~is_first]
    out[rows[once]] += updates[once]
    if again.size:
        starts = np.flatnonzero(_starts(rows[again]))
        out[rows[again[starts]]] += np.add.reduceat(updates[again], starts, axis=0)


def _starts(ordered: Array) -> Array:
    """Where a number differs from the one before it."""
    return np.concatenate(([True], ordered[1:] != ordered[:-1]))
