"""Reductions, order and contractions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from keras.backend.numpy.arrays import Array, as_array, in_float32
from keras.backend.numpy.known import PLAIN, known

Axes = tuple[int, ...]
Spec = tuple[tuple[int, ...], str]
_MANY = 256  # rows, whose sum is taken in two levels


def _simple_sum(x: Spec, axes: Axes) -> Any:
    shape, dtype = x
    if not axes or dtype not in PLAIN:
        return None
    if len(axes) == len(shape):
        return lambda x, axes: np.asarray(np.add.reduce(x, axes))
    leading = axes == tuple(range(len(axes))) and math.prod(shape[: len(axes)]) >= _MANY
    return None if leading else np.add.reduce


def _simple_product(a: Spec, b: Spec) -> Any:
    return np.matmul if len(a[0]) == len(b[0]) and a[1] in PLAIN else None


class Reduction:
    """Axes are removed; 16-bit floats are summed in float32."""

    @known(_simple_sum)
    @in_float32
    def reduce_sum(self, x: Array, axes: Axes) -> Array:
        return sum_over(x, axes)

    @in_float32
    def reduce_prod(self, x: Array, axes: Axes) -> Array:
        return as_array(np.multiply.reduce(x, axis=axes, dtype=x.dtype)) if axes else x

    @known(lambda x, axes: np.maximum.reduce if axes and len(axes) < len(x[0]) else None)
    def reduce_max(self, x: Array, axes: Axes) -> Array:
        return as_array(np.maximum.reduce(x, axis=axes)) if axes else x

    def reduce_min(self, x: Array, axes: Axes) -> Array:
        return as_array(np.minimum.reduce(x, axis=axes)) if axes else x

    def argmax(self, x: Array, axis: int) -> Array:
        return as_array(np.argmax(x, axis)).astype(np.int32)

    @in_float32
    def cumsum(self, x: Array, axis: int) -> Array:
        return np.cumsum(x, axis, dtype=x.dtype)

    @in_float32
    def cumprod(self, x: Array, axis: int) -> Array:
        return np.cumprod(x, axis, dtype=x.dtype)

    def argsort(self, x: Array, axis: int) -> Array:
        return _order(x, axis).astype(np.int32)

    def sort(self, x: Array, axis: int) -> Array:
        # Among equal numbers no order shows, and NumPy's stable sort takes 30 times as long.
        return np.sort(_orderable(x), axis).astype(x.dtype, copy=False)

    def top_k(self, x: Array, k: int) -> tuple[Array, Array]:
        keys = _orderable(x)
        best = _one_by_one(keys, k) if 0 < k <= _FEW else _largest(keys, k)
        if best is None:
            best = _descending(x)[..., :k]
        return np.take_along_axis(x, best, -1), best.astype(np.int32)

    @known(_simple_product)
    @in_float32
    def matmul(self, a: Array, b: Array) -> Array:
        if a.ndim > 2 and b.ndim == 2:  # one product of tall matrices instead of many small ones
            return np.matmul(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[-1])
        return np.matmul(a, b)

    @in_float32
    def fft(self, re: Array, im: Array, inverse: bool) -> tuple[Array, Array]:
        z: Any = (np.fft.ifft if inverse else np.fft.fft)(re + 1j * im)
        return z.real.astype(re.dtype), z.imag.astype(re.dtype)


_FEW = 8  # up to which so many passes over all elements are faster than a partition


def _orderable(x: Array) -> Array:
    """bfloat16 as float32: its own sort (ml_dtypes) leaves NaN where it is."""
    return x.astype(np.float32) if x.dtype.name == "bfloat16" else x


def _one_by_one(x: Array, k: int) -> Array | None:
    """Indices of the k largest along the last axis, each found when those before it are struck out; None if that shows."""
    struck: Any = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min if x.dtype.kind in "iu" else None
    if k > 1 and struck is None:
        return None
    rows = np.array(x) if k > 1 else x
    rows = rows.reshape(-1, x.shape[-1])
    best, each = np.empty((len(rows), k), np.intp), np.arange(len(rows))
    for i in range(k):
        best[:, i] = at = rows.argmax(-1)
        if i > 0 and (rows[each, at] == struck).any():
            return None
        if i < k - 1:
            rows[each, at] = struck
    return best.reshape(*x.shape[:-1], k)


def _largest(x: Array, k: int) -> Array | None:
    """Indices of the k largest along the last axis, the largest first; None where ties or NaN leave open which they are."""
    n = x.shape[-1]
    if not 0 < k < n or x.dtype.kind not in "iuf":
        return None
    top = np.partition(x, n - k, -1)[..., n - k :]
    among = x >= top[..., :1]
    if np.count_nonzero(among) != x.size // n * k or (x.dtype.kind == "f" and np.isnan(top).any()):
        return None
    places = np.nonzero(among)[-1].reshape(*x.shape[:-1], k)
    return np.take_along_axis(places, _descending(np.take_along_axis(x, places, -1)), -1)


def _descending(x: Array) -> Array:
    """Indices along the last axis, of the largest first; among equals the lowest comes first."""
    # Reversed twice, a stable ascending sort is that.
    return x.shape[-1] - 1 - _order(x[..., ::-1], -1)[..., ::-1]


def _order(x: Array, axis: int) -> Array:
    """Indices of a stable ascending sort, NaN last.

    Numbers of 32 bits are sorted together with their index as one number of 64, in a third of the time of NumPy's own
    stable sort.
    """
    x = _orderable(x)
    if x.dtype.name not in ("float32", "int32") or x.size < 1024:
        return np.argsort(x, axis, kind="stable")
    rows = np.moveaxis(x, axis, -1)
    if (
        rows.dtype.kind == "f"
    ):  # a float's bits are in its order but for the sign; -0 is 0, and one NaN like another
        rows = np.where(np.isnan(rows), np.float32(np.nan), rows + np.float32(0)).view(np.int32)
        rows = np.where(rows < 0, rows ^ np.int32(0x7FFFFFFF), rows)
    keys = rows.astype(np.int64) << 32
    keys |= np.arange(rows.shape[-1])
    keys.sort(-1)
    return np.moveaxis(keys & 0xFFFFFFFF, -1, axis)


def sum_over(x: Array, axes: Axes, keepdims: Any = False) -> Array:
    """The sum in the dtype of `x`.

    NumPy adds pairwise along the last axis, but row by row along the first ones: a million float32 rows would lose
    five digits. Two levels of rows lose none, at no cost.
    """
    if not axes:
        return x
    count = math.prod(x.shape[: len(axes)])
    leading = axes == tuple(range(len(axes))) and len(axes) < x.ndim
    if not leading or count < _MANY or x.dtype.kind not in "fc" or not x.flags.c_contiguous:
        return as_array(np.add.reduce(x, axis=axes, dtype=x.dtype, keepdims=keepdims))
    rows, size = x.reshape(count, -1), math.isqrt(count)
    whole = count // size * size
    y = np.add.reduce(np.add.reduce(rows[:whole].reshape(count // size, size, -1), axis=1), axis=0)
    y += np.add.reduce(rows[whole:], axis=0)
    shape = x.shape[len(axes) :]
    return y.reshape((1,) * len(axes) + shape if keepdims else shape)
