"""Locally connected layers' arithmetic: a convolution whose kernel differs from place to place."""

from __future__ import annotations

import math
from typing import Any

from keras import ops
from keras.backend.spec import is_unknown, same, shape_str
from keras.classic.checked import Ints, checked
from keras.classic.checks import each
from keras.classic.enlarging import normalize_data_format
from keras.classic.symbolic import recorded
from keras.ops.dispatch import convert, dtype_of, ndim_of, shape_of
from keras.ops.settling import check_rank

Tensor = Any


@checked
@recorded
def local_conv(
    inputs: Any,
    kernel: Any,
    kernel_size: Ints,
    strides: Ints,
    output_shape: Ints,
    data_format: str | None = None,
) -> Tensor:
    """Each window of the input times a kernel of its own.

    Args:
        inputs: `[batch, *spatial, channels]`, or with the channels second.
        kernel: `[windows, features, channels out]`: windows in row-major order; features are a window's elements, in the
            order of the input's axes.
        kernel_size: the window.
        strides: distance between windows.
        output_shape: number of windows along each spatial axis.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        `[batch, *output_shape, channels out]`, or with the channels second.

    >>> kernel = [[[1.0], [0.0]], [[0.0], [10.0]]]
    >>> local_conv([[[1.0], [2.0], [3.0]]], kernel, (2,), (1,), (2,)).tolist()
    [[[1.0], [30.0]]]
    """
    last = normalize_data_format(data_format) == "channels_last"
    x = convert(inputs)
    kernel = convert(kernel, dtype_of(x))
    check_rank(x, (3, 4, 5), "local_conv", "inputs")
    check_rank(kernel, 3, "local_conv", "kernel")
    rank = ndim_of(x) - 2
    who = "local_conv"
    kernel_size, strides = each(kernel_size, rank, who, "kernel_size"), each(strides, rank, who, "strides")
    output_shape = each(output_shape, rank, who, "output_shape")
    spatial = list(range(1, rank + 1)) if last else list(range(2, rank + 2))
    windows, features, channels_out = shape_of(kernel)
    if windows != math.prod(output_shape):
        raise ValueError(
            f"local_conv: the kernel of shape {shape_str(shape_of(kernel))} must have one row per window, "
            f"{math.prod(output_shape)} for output_shape={tuple(output_shape)}"
        )
    channels = shape_of(x)[-1 if last else 1]
    if not same(features, math.prod(kernel_size) * channels):
        raise ValueError(
            f"local_conv: a kernel of shape {shape_str(shape_of(kernel))} takes windows of {features} elements. Received: "
            f"`kernel_size`={kernel_size} of {channels} channels"
        )
    for i, (size, step, n) in enumerate(zip(kernel_size, strides, output_shape, strict=True)):
        # each spatial axis becomes two: which window, and where in it
        places = [w * step + k for w in range(n) for k in range(size)]
        axis = spatial[i] + i
        shape = shape_of(x)
        if not is_unknown(shape[axis]) and places[-1] >= shape[axis]:
            raise ValueError(
                f"local_conv: {n} windows (`output_shape`) of {size} (`kernel_size`), {step} apart (`strides`), "
                f"need {places[-1] + 1} elements. Received: `inputs` with {shape[axis]}"
            )
        x = ops.reshape(ops.take(x, places, axis), (*shape[:axis], n, size, *shape[axis + 1 :]))
    which = [a + i for i, a in enumerate(spatial)]
    rest = [a for a in range(1, 2 * rank + 2) if a not in which]  # within the window, in the input's order
    batch = shape_of(x)[0]
    x = ops.reshape(ops.transpose(x, (0, *which, *rest)), (batch, windows, features))
    y = ops.reshape(ops.einsum("bwf,wfo->bwo", x, kernel), (batch, *output_shape, channels_out))
    return y if last else ops.moveaxis(y, -1, 1)


@checked
def local_conv1d(
    inputs: Any,
    kernel: Any,
    kernel_size: Ints,
    strides: Ints,
    data_format: str | None = None,
) -> Tensor:
    """`local_conv` of sequences.

    Args:
        inputs: `[batch, steps, channels]`, or with the channels second.
        kernel: `[steps out, window * channels, channels out]`.
        kernel_size: the window, a tuple of one int.
        strides: distance between windows, a tuple of one int.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        `[batch, steps out, channels out]`.

    >>> local_conv1d([[[1.0], [2.0]]], [[[1.0]], [[10.0]]], (1,), (1,)).tolist()
    [[[1.0], [20.0]]]
    """
    return local_conv(inputs, kernel, kernel_size, strides, (shape_of(kernel)[:1] or (1,)), data_format)


@checked
def local_conv2d(
    inputs: Any,
    kernel: Any,
    kernel_size: Ints,
    strides: Ints,
    output_shape: Ints,
    data_format: str | None = None,
) -> Tensor:
    """`local_conv` of images.

    Args:
        inputs: `[batch, height, width, channels]`, or with the channels second.
        kernel: `[height out * width out, window's features, channels out]`.
        kernel_size: the window.
        strides: distance between windows.
        output_shape: height out and width out.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        `[batch, height out, width out, channels out]`.

    >>> local_conv2d([[[[1.0], [2.0]]]], [[[1.0]], [[10.0]]], (1, 1), (1, 1), (1, 2)).tolist()
    [[[[1.0], [20.0]]]]
    """
    return local_conv(inputs, kernel, kernel_size, strides, output_shape, data_format)
