"""Convolution and pooling by TensorFlow's (oneDNN's) kernels.

Those are good at two spatial axes: one axis is done as two, the first of size 1, and three as a sum over the first. The
CPU kernels have no gradients for groups and for dilation, so groups become slices or a depthwise product, and dilation
becomes phases in the batch (space to batch). What is left over runs on the shared body.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from keras.backend.dtypes import FLOATS
from keras.backend.engine import Engine, Pads, Shape
from keras.backend.spec import Unknown, largest
from keras.backend.tensorflow_engine.leaf import ints, pairs, raw
from keras.backend.tensorflow_engine.loading import tf

Tensor = Any


class WindowPart(Engine):
    """Channels-last; `x` is `[batch, *spatial, channels]`."""

    # ------------------------------------------------------------------ convolution
    def conv(
        self, x: Tensor, kernel: Tensor, strides: Shape, pads: Pads, dilation: Shape, groups: int
    ) -> Tensor:
        shape, dtype = self.spec(x)
        if not _has_kernel(shape, dtype, strides, dilation):
            return super().conv(x, kernel, strides, pads, dilation, groups)
        if _depends_on_sizes(pads):
            return self.conv(self._pad_spatial(x, pads), kernel, strides, _NONE[len(pads)], dilation, groups)
        if len(strides) == 3:
            return self._by_slabs(x, kernel, strides, pads, dilation, groups)
        if any(d > 1 for d in dilation):
            return self._by_phases(x, kernel, strides, pads, dilation, groups)
        if groups > 1:
            return self._grouped_conv(x, kernel, strides, pads, groups)
        if len(strides) == 1:
            y = self.conv(_lift(x), _lift_kernel(kernel), strides * 2, ((0, 0), *pads), (1, 1), 1)
            return tf.squeeze(y, 1)
        window = self.spec(kernel)[0]
        return raw.Conv2D(input=x, filter=kernel, **_attributes(shape, window, strides, pads))

    def _by_slabs(
        self, x: Tensor, kernel: Tensor, strides: Shape, pads: Pads, dilation: Shape, groups: int
    ) -> Tensor:
        """Three axes: a sum of convolutions over the last two, one for each place of the kernel in the first.

        TensorFlow's own Conv3D is no faster forwards, and three times slower backwards.
        """
        x = self._pad_spatial(x, (pads[0], (0, 0), (0, 0)))
        batch, depth, *rest = self.spec(x)[0]
        places, (stride, *inner), (d, *inner_dilation) = kernel.shape[0], strides, dilation
        n, parts = (depth - (places - 1) * d - 1) // stride + 1, []
        for i in range(places):
            start, whole = i * d, (1,) * len(rest)
            stop = start + (n - 1) * stride + 1
            slab = self.slice(x, (0, start, *(0,) * len(rest)), (batch, stop, *rest), (1, stride, *whole))
            slab = self.reshape(slab, (batch * n, *rest))
            parts.append(self.conv(slab, kernel[i], tuple(inner), pads[1:], tuple(inner_dilation), groups))
        y = tf.add_n(parts)
        return self.reshape(y, (batch, n, *self.spec(y)[0][1:]))

    def _grouped_conv(self, x: Tensor, kernel: Tensor, strides: Shape, pads: Pads, groups: int) -> Tensor:
        *window, width, features = kernel.shape
        if width == 1 and len(window) < 3 and len(set(strides)) == 1:
            depthwise = self.reshape(kernel, (*window, groups, features // groups))
            return self._depthwise(x, depthwise, strides, pads)
        parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1), strict=True)
        one = _ONES[len(window)]
        return raw.ConcatV2(
            values=[self.conv(a, k, strides, pads, one, 1) for a, k in parts], axis=ints(len(window) + 1)
        )

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
        if not self._has_gradient_kernel(dy, strides, dilation, groups):
            return super().conv_input_grad(dy, kernel, input_shape, strides, pads, dilation, groups)
        if _depends_on_sizes(pads):
            batch, *sizes, channels = input_shape
            ends = [low + n for n, (low, _) in zip(sizes, pads, strict=True)]
            whole = (batch, *(end + high for end, (_, high) in zip(ends, pads, strict=True)), channels)
            none = _NONE[len(pads)]
            dx = self.conv_input_grad(dy, kernel, whole, strides, none, dilation, groups)
            starts, ones = (0, *(low for low, _ in pads), 0), (1,) * len(whole)
            return self.slice(dx, starts, (batch, *ends, channels), ones)
        if len(strides) == 1:
            batch, *rest = input_shape
            dx = self.conv_input_grad(
                _lift(dy), _lift_kernel(kernel), (batch, 1, *rest), strides * 2, ((0, 0), *pads), (1, 1), 1
            )
            return tf.squeeze(dx, 1)
        window = self.spec(kernel)[0]
        attributes = _attributes(tuple(input_shape), window, strides, pads)
        sizes = ints(tuple(input_shape))
        return raw.Conv2DBackpropInput(input_sizes=sizes, filter=kernel, out_backprop=dy, **attributes)

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
        if not self._has_gradient_kernel(x, strides, dilation, groups):
            return super().conv_kernel_grad(x, dy, kernel_shape, strides, pads, dilation, groups)
        if len(strides) == 1:
            dk = self.conv_kernel_grad(
                _lift(x), _lift(dy), (1, *kernel_shape), strides * 2, ((0, 0), *pads), (1, 1), 1
            )
            return tf.squeeze(dk, 0)
        attributes = _attributes(self.spec(x)[0], tuple(kernel_shape), strides, pads)
        return raw.Conv2DBackpropFilter(
            input=x, filter_sizes=ints(kernel_shape), out_backprop=dy, **attributes
        )

    def _depthwise(self, x: Tensor, kernel: Tensor, strides: Shape, pads: Pads) -> Tensor:
        if len(strides) == 1:
            y = self._depthwise(_lift(x), _lift_kernel(kernel), strides * 2, ((0, 0), *pads))
            return tf.squeeze(y, 1)
        return raw.DepthwiseConv2dNative(
            input=x, filter=kernel, **_attributes(self.spec(x)[0], self.spec(kernel)[0], strides, pads)
        )

    def _has_gradient_kernel(self, x: Tensor, strides: Shape, dilation: Shape, groups: int) -> bool:
        plain = groups == 1 and all(d == 1 for d in dilation)
        return plain and len(strides) < 3 and _has_kernel(*self.spec(x), strides, dilation)

    def _by_phases(
        self, x: Tensor, kernel: Tensor, strides: Shape, pads: Pads, dilation: Shape, groups: int
    ) -> Tensor:
        """Dilated, with strides of 1: elements d apart are made neighbours, one phase per batch entry."""
        block, before, extra = ints(dilation), [], []
        for n, k, (low, high), d in zip(self.spec(x)[0][1:-1], kernel.shape, pads, dilation, strict=False):
            size = n + low + high
            fill = largest(-size % d, k * d - size)  # whole periods, and at least a window of them
            fill += -(size + fill) % d
            before.append((low, high + fill))
            extra.append((0, fill))
        phases = raw.SpaceToBatchND(input=x, block_shape=block, paddings=pairs(tuple(before)))
        y = self.conv(phases, kernel, strides, _NONE[len(pads)], _ONES[len(pads)], groups)
        return raw.BatchToSpaceND(input=y, block_shape=block, crops=pairs(tuple(extra)))

    def _pad_spatial(self, x: Tensor, pads: Pads, value: float = 0) -> Tensor:
        return self.pad(x, (0, *(low for low, _ in pads), 0), (0, *(high for _, high in pads), 0), value)

    # ------------------------------------------------------------------ pooling
    def reduce_window(self, x: Tensor, window: Shape, strides: Shape, pads: Pads, op: str) -> Tensor:
        """Sums and maxima of windows. TensorFlow 2.21's maximum passes over NaN, as Keras on TensorFlow does: to look for
        NaN in every window costs as much again as the pooling, so it is left at that.
        """
        empty = any(low >= k or high >= k for k, (low, high) in zip(window, pads, strict=True))
        if empty or not _has_kernel(*self.spec(x), strides, ()):
            return super().reduce_window(x, window, strides, pads, op)
        if _depends_on_sizes(pads):
            x = self._pad_spatial(x, pads, -math.inf if op == "max" else 0)
            return self.reduce_window(x, window, strides, _NONE[len(pads)], op)
        if len(window) == 1:
            return tf.squeeze(
                self.reduce_window(_lift(x), (1, *window), (1, *strides), ((0, 0), *pads), op), 1
            )
        if len(window) == 3:
            return self._axis_by_axis(x, window, strides, pads, op)
        if op == "max":
            attributes = _attributes(self.spec(x)[0], window, strides, pads)
            return raw.MaxPool(input=x, ksize=[1, *window, 1], **attributes)
        x = self._pad_spatial(x, pads)
        mean = raw.AvgPool(value=x, ksize=[1, *window, 1], strides=[1, *strides, 1], padding="VALID")
        return raw.Mul(x=mean, y=self.full((), math.prod(window), x.dtype.name))

    def _axis_by_axis(self, x: Tensor, window: Shape, strides: Shape, pads: Pads, op: str) -> Tensor:
        """Three axes: first the last two, then the first.

        The gradient of TensorFlow's own MaxPool3D takes elements within 1e-5 of the maximum for it (TensorFlow 2.21).
        """
        batch, depth, *rest = self.spec(x)[0]
        x = self.reduce_window(self.reshape(x, (batch * depth, *rest)), window[1:], strides[1:], pads[1:], op)
        _, rows, columns, channels = self.spec(x)[0]
        x = self.reshape(x, (batch, depth, rows * columns, channels))
        x = self.reduce_window(x, (window[0], 1), (strides[0], 1), (pads[0], (0, 0)), op)
        return self.reshape(x, (batch, self.spec(x)[0][1], rows, columns, channels))

    def average_pool(self, x: Tensor, window: Shape, strides: Shape, pads: Pads) -> Tensor:
        """Override of the kernel, for padding as in "valid" and "same": TensorFlow does not count it either."""
        padding = _padding_name(self.spec(x)[0][1:-1], window, strides, pads)
        if padding is None or len(window) == 3 or not _has_kernel(*self.spec(x), strides, ()):
            return NotImplemented
        if len(window) == 1:
            return tf.squeeze(self.average_pool(_lift(x), (1, *window), (1, *strides), ((0, 0), *pads)), 1)
        return raw.AvgPool(value=x, ksize=[1, *window, 1], strides=[1, *strides, 1], padding=padding)


_NONE = {n: ((0, 0),) * n for n in range(4)}
_ONES = {n: (1,) * n for n in range(4)}


def _depends_on_sizes(pads: Pads) -> bool:
    """Whether an amount of padding is known to the running graph only."""
    return any(isinstance(n, Unknown) for pair in pads for n in pair)


def _has_kernel(shape: Shape, dtype: str, strides: Shape, dilation: Shape) -> bool:
    """Whether one of TensorFlow's kernels, and its gradient, can serve for an input."""
    both = any(s > 1 for s in strides) and any(d > 1 for d in dilation)
    return dtype in FLOATS and len(strides) in (1, 2, 3) and not both and 0 not in shape


def _lift(x: Tensor) -> Tensor:
    """One spatial axis to two."""
    return tf.expand_dims(x, 1)


def _lift_kernel(kernel: Tensor) -> Tensor:
    return tf.expand_dims(kernel, 0)


def _attributes(shape: Shape, window: Shape, strides: Shape, pads: Pads) -> dict[str, Any]:
    """Strides and padding in the words of the two-dimensional kernels, for an input of `shape`.

    By name where that says the same: oneDNN has no gradients of explicit padding, and Eigen's are twice as slow
    (TensorFlow 2.21).
    """
    spatial = tuple(shape[1:-1])
    known = not any(isinstance(d, Unknown) for d in spatial)
    return (_attributes_of if known else _attributes_of.__wrapped__)(spatial, window, strides, pads)


@functools.lru_cache(maxsize=1024)
def _attributes_of(spatial: Shape, window: Shape, strides: Shape, pads: Pads) -> dict[str, Any]:
    steps = [1, *strides, 1]
    name = _padding_name(spatial, window, strides, pads)
    if name is not None:
        return {"strides": steps, "padding": name}
    flat = [n for pair in ((0, 0), *pads, (0, 0)) for n in pair]
    return {"strides": steps, "padding": "EXPLICIT", "explicit_paddings": flat}


def _padding_name(spatial: Shape, window: Shape, strides: Shape, pads: Pads) -> str | None:
    """ "VALID" or "SAME" when that is what `pads` amount to."""
    if not any(n for pair in pads for n in pair):
        return "VALID"
    for n, k, s, pair in zip(spatial, window[: len(spatial)], strides, pads, strict=True):
        # Of an unknown size, numbers are the same for all: with strides of 1, and of a transposed convolution.
        total = max((-(-n // s) - 1) * s + k - n if isinstance(n, int) else k - s, 0)
        if tuple(pair) != (total // 2, total - total // 2):
            return None
    return "SAME"
