"""Normalisation of a batch by its own moments, forward and back, or by known ones, in blocks that stay in the cache.

Step by step it goes through memory a dozen times. And NumPy is slow along short axes: so several rows of few channels
are taken for one long row, and what belongs to the channels is repeated along it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from keras.backend.numpy.arrays import BLOCK, Array
from keras.backend.numpy.known import Remembered

Share = Callable[[int, Callable[[slice], Any]], None]  # `split`, or what does all of it at once

_LONG = 512  # elements of a row, from which on a longer one is no faster


def forward(
    x: Array, gamma: Array | None, beta: Array | None, epsilon: float, share: Share
) -> tuple[Array, Array, Array]:
    """The normalised tensor, and the mean and variance of its channels, the last axis."""
    rows = _Rows(x.shape, x.dtype)
    x_rows = rows.of(x)
    mean = rows.sums(share, lambda at, scratch: x_rows[at]) / rows.count
    centre = rows.along(mean)

    def squares(at: slice, scratch: Array) -> Array:
        np.subtract(x_rows[at], centre, out=scratch)
        return np.multiply(scratch, scratch, out=scratch)

    variance = rows.sums(share, squares) / rows.count
    scale = 1 / np.sqrt(variance + epsilon) * (1 if gamma is None else gamma)
    factor, offset = rows.along(scale), rows.along(0 if beta is None else beta)
    y = np.empty(x_rows.shape, x.dtype)

    def part(at: slice) -> None:
        for b in rows.blocks(at):
            np.subtract(x_rows[b], centre, out=y[b])
            np.multiply(y[b], factor, out=y[b])
            np.add(y[b], offset, out=y[b])

    share(len(y), part)
    return y.reshape(x.shape), mean.astype(x.dtype), variance.astype(x.dtype)


def backward(
    dy: Array, x: Array, mean: Array, variance: Array, gamma: Array | None, epsilon: float, share: Share
) -> tuple[Array, Array, Array]:
    """Gradients by x, gamma and beta."""
    rows = _Rows(x.shape, x.dtype)
    x_rows, dy_rows, centre = rows.of(x), rows.of(dy), rows.along(mean)

    def products(at: slice, scratch: Array) -> Array:
        np.subtract(x_rows[at], centre, out=scratch)
        return np.multiply(scratch, dy_rows[at], out=scratch)

    total = rows.sums(share, lambda at, scratch: dy_rows[at])
    inverse = 1 / np.sqrt(variance.astype(np.float64) + epsilon)
    by_gamma = rows.sums(share, products) * inverse
    factor = inverse * (1 if gamma is None else gamma)
    slope = rows.along(-factor * by_gamma * inverse / rows.count)
    level = rows.along(-factor * total / rows.count)
    factor, dx = rows.along(factor), np.empty(x_rows.shape, x.dtype)

    def part(at: slice) -> None:
        scratch = rows.scratch()
        for b in rows.blocks(at):
            change = np.subtract(x_rows[b], centre, out=scratch[: b.stop - b.start])
            np.multiply(change, slope, out=change)
            np.multiply(dy_rows[b], factor, out=dx[b])
            np.add(dx[b], change, out=dx[b])
            np.add(dx[b], level, out=dx[b])

    share(len(dx), part)
    return dx.reshape(x.shape), by_gamma.astype(x.dtype), total.astype(x.dtype)


def scale_and_offset(
    mean: Array, variance: Array, gamma: Array | None, beta: Array | None, epsilon: float
) -> tuple[Array, Array]:
    """What each channel is multiplied with, and what is then added to it."""
    scale = 1 / np.sqrt(variance + variance.dtype.type(epsilon))
    if gamma is not None:
        scale = scale * gamma
    offset = -mean * scale
    return scale, offset if beta is None else offset + beta


def at_one_shape(share: Share, x: tuple[tuple[int, ...], str], *args: Any) -> Inference | None:
    """The short form of `batch_norm` for a tensor of these shape and dtype, where it has one."""
    shape, dtype = x
    axis, epsilon = args[-2:]
    fits = dtype in ("float32", "float64") and axis == len(shape) - 1 and math.prod(shape) > 0
    return Inference(shape, dtype, epsilon, share) if fits else None


class Inference:
    """Normalisation along the last axis by known moments, at one shape."""

    def __init__(self, shape: tuple[int, ...], dtype: Any, epsilon: float, share: Share) -> None:
        self._rows, self._share, self._shape = _Rows(shape, dtype), share, shape
        self._factor_and_offset = Remembered(partial(_along_rows, self._rows, epsilon))

    def __call__(
        self, x: Array, mean: Array, variance: Array, gamma: Array | None, beta: Array | None, *static: Any
    ) -> Array:
        factor, offset = self._factor_and_offset(mean, variance, gamma, beta)
        x_rows = self._rows.of(x)
        y = np.empty(x_rows.shape, x.dtype)

        def part(at: slice) -> None:
            for b in self._rows.blocks(at):
                np.multiply(x_rows[b], factor, out=y[b])
                np.add(y[b], offset, out=y[b])

        if y.size <= BLOCK:
            part(slice(0, len(y)))
        else:
            self._share(len(y), part)
        return y.reshape(self._shape)


def _along_rows(
    rows: _Rows, epsilon: float, mean: Array, variance: Array, gamma: Array | None, beta: Array | None
) -> tuple[Array, Array]:
    scale, offset = scale_and_offset(mean, variance, gamma, beta, epsilon)
    return rows.along(scale), rows.along(offset)


class _Rows:
    """Tensors of one shape as long rows."""

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self._dtype, self._channels = np.dtype(dtype), shape[-1]
        self.count = math.prod(shape) // self._channels
        self._repeats = math.gcd(self.count, 1 << max(0, (_LONG // self._channels).bit_length() - 1))
        self._length = self._channels * self._repeats
        self._block = max(1, BLOCK // self._length)
        self._ones = np.ones(self._block, self._dtype)

    def of(self, x: Array) -> Array:
        return np.ascontiguousarray(x).reshape(-1, self._length)

    def along(self, values: Any) -> Array:
        """What there is for every channel, for every element of a row."""
        each = np.broadcast_to(np.asarray(values, self._dtype), self._channels)
        return np.tile(each, self._repeats)

    def scratch(self) -> Array:
        return np.empty((self._block, self._length), self._dtype)

    def blocks(self, at: slice) -> Iterator[slice]:
        for start in range(at.start, at.stop, self._block):
            yield slice(start, min(start + self._block, at.stop))

    def sums(self, share: Share, make: Callable[[slice, Array], Array]) -> Array:
        """For every channel the sum, in float64, of what `make` makes of the blocks, perhaps in the memory it is lent."""
        found: list[tuple[int, Array]] = []

        def part(at: slice) -> None:
            total, scratch = np.zeros(self._length), self.scratch()
            for b in self.blocks(at):
                n = b.stop - b.start
                total += self._ones[:n] @ make(b, scratch[:n])
            found.append((at.start, total))

        share(self.count // self._repeats, part)
        found.sort(key=lambda f: f[0])  # always added in the same order
        return np.sum([total for _, total in found], 0).reshape(self._repeats, -1).sum(0)
