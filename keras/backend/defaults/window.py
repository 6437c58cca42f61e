"""Convolution, pooling and the Fourier transform. Windows are taken apart into taps: one strided slice per offset."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras.backend.defaults.composed import Composed, lowest
from keras.backend.spec import window_size

Tensor = Any
Shape = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


class WindowDefaults(Composed):
    """Channels-last, any number of spatial axes. `x` is `[batch, *spatial, channels]`."""

    # ------------------------------------------------------------------ convolution
    def conv(
        self, x: Tensor, kernel: Tensor, strides: Shape, pads: Pads, dilation: Shape, groups: int
    ) -> Tensor:
        """Cross-correlation with `kernel[*spatial, channels // groups, out]`: `[batch, *out_spatial, out]`."""
        shape = self.spec(kernel)[0]
        window, (width, features) = shape[:-2], shape[-2:]
        out, (low, high) = _out_spatial(self.spec(x)[0], window, strides, pads, dilation), _full_pads(pads)
        x = self.pad(x, low, high, 0)
        batch = self.spec(x)[0][0]
        y = None
        for i, tap in enumerate(self._taps(x, window, strides, dilation, out)):
            weight = self.reshape(
                self._at(self._flat_taps(kernel), i, 0), (width, groups, features // groups)
            )
            rows = self.reshape(tap, (batch * math.prod(out), groups, width))
            part = self.matmul(self.transpose(rows, (1, 0, 2)), self.transpose(weight, (1, 0, 2)))
            y = part if y is None else self.add(y, part)
        return self.reshape(self.transpose(y, (1, 0, 2)), (batch, *out, features))

    def conv_input_grad(
        self,
        dy: Tensor,
        kernel: Tensor,
        input_shape: Shape,
        strides: Shape,
        pads: Pads,
        dilation: Shape,
        groups: int,
    ) -> Tensor:
        """Gradient of `conv` by its input, which had `input_shape`. It is also the transposed convolution of `dy`."""
        shape, out = self.spec(kernel)[0], self.spec(dy)[0][1:-1]
        window, (width, features) = shape[:-2], shape[-2:]
        padded = tuple(n + low + high for n, (low, high) in zip(input_shape[1:-1], pads, strict=True))
        rows = self.reshape(dy, (input_shape[0] * math.prod(out), groups, features // groups))
        rows = self.transpose(rows, (1, 0, 2))
        dx = None
        for i, offset in enumerate(_offsets(window, dilation)):
            weight = self.reshape(
                self._at(self._flat_taps(kernel), i, 0), (width, groups, features // groups)
            )
            part = self.transpose(self.matmul(rows, self.transpose(weight, (1, 2, 0))), (1, 0, 2))
            part = self.reshape(part, (input_shape[0], *out, width * groups))
            part = self._spread(part, offset, strides, padded)
            dx = part if dx is None else self.add(dx, part)
        return self._unpad(dx, pads, input_shape)

    def conv_kernel_grad(
        self,
        x: Tensor,
        dy: Tensor,
        kernel_shape: Shape,
        strides: Shape,
        pads: Pads,
        dilation: Shape,
        groups: int,
    ) -> Tensor:
        """Gradient of `conv` by its kernel, of `kernel_shape`."""
        window, (width, features) = kernel_shape[:-2], kernel_shape[-2:]
        out, (low, high) = self.spec(dy)[0][1:-1], _full_pads(pads)
        x = self.pad(x, low, high, 0)
        count = self.spec(dy)[0][0] * math.prod(out)
        columns = self.transpose(self.reshape(dy, (count, groups, features // groups)), (1, 0, 2))
        taps = []
        for tap in self._taps(x, window, strides, dilation, out):
            rows = self.transpose(self.reshape(tap, (count, groups, width)), (1, 2, 0))
            part = self.transpose(self.matmul(rows, columns), (1, 0, 2))
            taps.append(self.reshape(part, (1, width, features)))
        return self.reshape(self.concat(taps, 0), kernel_shape)

    # ------------------------------------------------------------------ pooling
    def reduce_window(self, x: Tensor, window: Shape, strides: Shape, pads: Pads, op: str) -> Tensor:
        """ "max" or "sum" over windows of the spatial axes; padding counts as the lowest value or 0."""
        dtype, (low, high) = self.spec(x)[1], _full_pads(pads)
        ones = (1,) * len(window)
        out = _out_spatial(self.spec(x)[0], window, strides, pads, ones)
        x = self.pad(x, low, high, lowest(dtype) if op == "max" else 0)
        combine, y = self.maximum if op == "max" else self.add, None
        for tap in self._taps(x, window, strides, ones, out):
            y = tap if y is None else combine(y, tap)
        return y

    def reduce_window_grad(
        self, x: Tensor, dy: Tensor, window: Shape, strides: Shape, pads: Pads, op: str
    ) -> Tensor:
        """Gradient of `reduce_window` by `x`; a maximum's goes to the first element of the window that has it."""
        shape, (low, high) = self.spec(x)[0], _full_pads(pads)
        padded = tuple(n + a + b for n, a, b in zip(shape, low, high, strict=True))[1:-1]
        shares = self._first_maxima(x, dy, window, strides, pads) if op == "max" else itertools.repeat(dy)
        dx = None
        for offset, share in zip(_offsets(window, (1,) * len(window)), shares, strict=False):
            part = self._spread(share, offset, strides, padded)
            dx = part if dx is None else self.add(dx, part)
        return self._unpad(dx, pads, shape)

    def _first_maxima(
        self, x: Tensor, dy: Tensor, window: Shape, strides: Shape, pads: Pads
    ) -> Iterator[Tensor]:
        """For every tap, `dy` where the tap is the first maximum of its window, else 0."""
        (low, high), ones = _full_pads(pads), (1,) * len(window)
        y = self.reduce_window(x, window, strides, pads, "max")
        out = self.spec(y)[0][1:-1]
        padded = self.pad(x, low, high, lowest(self.spec(x)[1]))
        free, zero = None, self._scalar(0, dy)
        for tap in self._taps(padded, window, strides, ones, out):
            hit = self.equal(tap, y)
            first = hit if free is None else self.logical_and(hit, free)
            missed = self.logical_not(hit)
            free = missed if free is None else self.logical_and(free, missed)
            yield self.select(first, dy, zero)

    # ------------------------------------------------------------------ taps
    def _taps(
        self, x: Tensor, window: Shape, strides: Shape, dilation: Shape, out: Shape
    ) -> Iterator[Tensor]:
        """For every offset in the window, the elements of (padded) `x` that all windows have there."""
        batch, *_, channels = self.spec(x)[0]
        for offset in _offsets(window, dilation):
            stops = tuple(
                o + (n - 1) * s + 1 if n else o for o, n, s in zip(offset, out, strides, strict=True)
            )
            yield self.slice(x, (0, *offset, 0), (batch, *stops, channels), (1, *strides, 1))

    def _spread(self, part: Tensor, offset: Shape, strides: Shape, padded: Shape) -> Tensor:
        """The reverse of one tap: `part` put back at its places among zeros."""
        (batch, *out, channels), rank = self.spec(part)[0], len(offset)
        if any(s > 1 for s in strides):
            split = tuple(d for n in out for d in (n, 1))
            high = (0, *(d for s in strides for d in (0, s - 1)), 0)
            part = self.reshape(part, (batch, *split, channels))
            part = self.pad(part, (0,) * (2 * rank + 2), high, 0)
            part = self.reshape(part, (batch, *(n * s for n, s in zip(out, strides, strict=True)), channels))
        used = tuple((n - 1) * s + 1 if n else 0 for n, s in zip(out, strides, strict=True))
        part = self.slice(part, (0,) * (rank + 2), (batch, *used, channels), (1,) * (rank + 2))
        rest = tuple(p - o - u for p, o, u in zip(padded, offset, used, strict=True))
        return self.pad(part, (0, *offset, 0), (0, *rest, 0), 0)

    def _unpad(self, x: Tensor, pads: Pads, shape: Shape) -> Tensor:
        starts = (0, *(low for low, _ in pads), 0)
        return self.slice(
            x, starts, tuple(a + n for a, n in zip(starts, shape, strict=True)), (1,) * len(shape)
        )

    def _flat_taps(self, kernel: Tensor) -> Tensor:
        shape = self.spec(kernel)[0]
        return self.reshape(kernel, (math.prod(shape[:-2]), *shape[-2:]))

    # ------------------------------------------------------------------ Fourier
    def fft(self, re: Tensor, im: Tensor, inverse: bool) -> tuple[Tensor, Tensor]:
        """Discrete Fourier transform along the last axis of a (real, imaginary) pair; the inverse is scaled by 1/n."""
        shape, dtype = self.spec(re)
        n = shape[-1]
        turns = np.outer(np.arange(n), np.arange(n)) % max(n, 1) / max(n, 1)
        scale = 1 / max(n, 1) if inverse else 1.0
        sign = 1 if inverse else -1
        c = self.constant(scale * np.cos(2 * np.pi * turns), dtype)
        s = self.constant(sign * scale * np.sin(2 * np.pi * turns), dtype)
        rows = (math.prod(shape[:-1]), n)
        re, im = self.reshape(re, rows), self.reshape(im, rows)
        out_re = self.sub(self.matmul(re, c), self.matmul(im, s))
        out_im = self.add(self.matmul(re, s), self.matmul(im, c))
        return self.reshape(out_re, shape), self.reshape(out_im, shape)


def _offsets(window: Shape, dilation: Shape) -> Iterator[Shape]:
    """Offsets of a window's elements in row-major order."""
    return itertools.product(*(range(0, k * d, d) for k, d in zip(window, dilation, strict=True)))


def _full_pads(pads: Pads) -> tuple[Shape, Shape]:
    """Padding of the spatial axes as padding of all axes."""
    return (0, *(low for low, _ in pads), 0), (0, *(high for _, high in pads), 0)


def _out_spatial(shape: Shape, window: Shape, strides: Shape, pads: Pads, dilation: Shape) -> Shape:
    return tuple(
        window_size(n, k, s, *pad, d)
        for n, k, s, pad, d in zip(shape[1:-1], window, strides, pads, dilation, strict=True)
    )
