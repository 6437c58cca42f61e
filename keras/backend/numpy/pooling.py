"""Pooling: the window taken apart into strided slices, one per offset, a few images at a time."""

from __future__ import annotations

import numpy as np

from keras.backend.defaults.composed import lowest
from keras.backend.numpy.arrays import NAMES, Array, in_float32
from keras.backend.numpy.convolution import padded, taps_of, unpadding
from keras.backend.numpy.elementwise import BITS

Shape = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]

_CHUNK = 1 << 17


class Pooling:
    """Channels-last, any number of spatial axes."""

    def reduce_window(self, x: Array, window: Shape, strides: Shape, pads: Pads, op: str) -> Array:
        if op == "sum":
            return self._sums(x, window, strides, pads)
        return _slide(np.maximum, padded(x, pads, lowest(NAMES[x.dtype])), window, strides)

    @in_float32
    def _sums(self, x: Array, window: Shape, strides: Shape, pads: Pads) -> Array:
        return _slide(np.add, padded(x, pads), window, strides)

    def reduce_window_grad(
        self, x: Array, dy: Array, window: Shape, strides: Shape, pads: Pads, op: str
    ) -> Array:
        if op == "sum":
            return self._sum_grad(dy, x.shape, window, strides, pads)
        return _max_grad(padded(x, pads, lowest(NAMES[x.dtype])), dy, window, strides, pads)

    @in_float32
    def _sum_grad(self, dy: Array, shape: Shape, window: Shape, strides: Shape, pads: Pads) -> Array:
        spatial = (n + a + b for n, (a, b) in zip(shape[1:-1], pads, strict=True))
        dx = np.zeros((shape[0], *spatial, shape[-1]), dy.dtype)
        taps = taps_of(dx.shape[1:-1], window, strides, (1,) * len(window))
        for at in taps.chunks(len(dx), shape[-1], _CHUNK):
            for place in taps.places:
                dx[at][place] += dy[at]
        return dx[unpadding(dx.shape, pads)]


def _slide(combine: np.ufunc, x: Array, window: Shape, strides: Shape) -> Array:
    taps = taps_of(x.shape[1:-1], window, strides, (1,) * len(window))
    first, *others = taps.places
    y = np.empty((len(x), *taps.out, x.shape[-1]), x.dtype)
    for at in taps.chunks(len(x), x.shape[-1], _CHUNK):
        part, result = x[at], y[at]
        result[...] = part[first]
        for place in others:
            combine(result, part[place], out=result)
    return y


def _max_grad(x: Array, dy: Array, window: Shape, strides: Shape, pads: Pads) -> Array:
    """Each number of `dy` to the first element of its window that has the maximum; `x` is padded."""
    taps = taps_of(x.shape[1:-1], window, strides, (1,) * len(window))
    overlapping = any(s < k for s, k in zip(strides, window, strict=True))
    bits = BITS[dy.dtype.itemsize]
    dx = np.zeros(x.shape, dy.dtype)
    for at in taps.chunks(len(x), x.shape[-1], _CHUNK):
        part, gradient, result = x[at], dy[at], dx[at]
        top = _slide(np.maximum, part, window, strides)
        free = None
        for place in taps.places:
            hit = part[place] == top
            if free is not None:
                hit &= free
            free = ~hit if free is None else np.greater(free, hit, out=free)
            share = np.multiply(gradient.view(bits), hit).view(dy.dtype)
            if overlapping:
                result[place] += share
            else:
                result[place] = share
    return dx[unpadding(dx.shape, pads)]
