"""Convolutions: the `conv` family of `keras.ops` by Keras 2's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import errors, ops
from keras.backend.select import current
from keras.backend.spec import UNKNOWN, largest, same, shape_str
from keras.classic.checked import Ints, Shape, checked
from keras.classic.checks import dims_of, each
from keras.classic.dimensions import at_shape, is_open
from keras.classic.enlarging import normalize_data_format
from keras.classic.symbolic import recorded
from keras.ops.dispatch import as_float, convert, dtype_of, shape_of
from keras.ops.settling import check_rank

Tensor = Any


@checked
@recorded
def conv1d(
    x: Any,
    kernel: Any,
    strides: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Tensor:
    """Convolution of sequences.

    Args:
        x: `[batch, steps, channels]`, or with the channels second.
        kernel: `[window, channels, channels out]`.
        strides: distance between windows.
        padding: `"valid"`, `"same"`, or `"causal"`: no output depends on later inputs.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: distance between the elements of a window.

    Returns:
        `[batch, steps out, channels out]`.

    >>> conv1d([[[1.0], [2.0], [3.0]]], [[[1.0]], [[1.0]]], padding="causal").tolist()
    [[[1.0], [3.0], [5.0]]]
    """
    if padding == "causal":
        x, step = convert(x), dilation_rate if isinstance(dilation_rate, int) else dilation_rate[0]
        time = (step * (shape_of(kernel)[0] - 1), 0)
        last = normalize_data_format(data_format) == "channels_last"
        x, padding = ops.pad(x, [(0, 0), time, (0, 0)] if last else [(0, 0), (0, 0), time]), "valid"
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


@checked
def conv2d(
    x: Any,
    kernel: Any,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1),
) -> Tensor:
    """Convolution of images.

    Args:
        x: `[batch, height, width, channels]`, or with the channels second.
        kernel: `[*window, channels, channels out]`.
        strides: distance between windows.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: distance between the elements of a window.

    Returns:
        `[batch, height out, width out, channels out]`.

    >>> conv2d(np.ones((1, 2, 2, 1)), np.ones((2, 2, 1, 1))).tolist()
    [[[[4.0]]]]
    """
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


@checked
def conv3d(
    x: Any,
    kernel: Any,
    strides: Ints = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1, 1),
) -> Tensor:
    """Convolution of volumes.

    Args:
        x: `[batch, depth, height, width, channels]`, or with the channels second.
        kernel: `[*window, channels, channels out]`.
        strides: distance between windows.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: distance between the elements of a window.

    Returns:
        `[batch, depth out, height out, width out, channels out]`.

    >>> conv3d(np.ones((1, 2, 2, 2, 1)), np.ones((2, 2, 2, 1, 1))).tolist()
    [[[[[8.0]]]]]
    """
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


@checked
def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Shape,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1),
) -> Tensor:
    """The transpose of `conv2d`: the gradient of a convolution whose output is like x, by its input.

    Args:
        x: `[batch, height, width, channels]`, or with the channels second.
        kernel: `[*window, channels out, channels]`.
        output_shape: of the result; its batch is x's in any case.
        strides: distance between windows.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: distance between the elements of a window.

    Returns:
        A tensor of the output shape.

    >>> x, kernel = np.ones((1, 1, 2, 1)), np.ones((1, 2, 1, 1))
    >>> conv2d_transpose(x, kernel, (1, 1, 4, 1), strides=(1, 2)).tolist()
    [[[[1.0], [1.0], [1.0], [1.0]]]]
    """
    return _transposed(
        "conv2d_transpose", x, kernel, output_shape, strides, padding, data_format, dilation_rate, 2
    )


@checked
def conv3d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Shape,
    strides: Ints = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The transpose of `conv3d`.

    Args:
        x: `[batch, depth, height, width, channels]`, or with the channels second.
        kernel: `[*window, channels out, channels]`.
        output_shape: of the result; its batch is x's in any case.
        strides: distance between windows.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        A tensor of the output shape.

    >>> x, kernel = np.ones((1, 1, 1, 2, 1)), np.ones((1, 1, 2, 1, 1))
    >>> conv3d_transpose(x, kernel, (1, 1, 1, 4, 1), strides=(1, 1, 2)).shape
    (1, 1, 1, 4, 1)
    """
    return _transposed("conv3d_transpose", x, kernel, output_shape, strides, padding, data_format, 1, 3)


def _transposed(
    who: str,
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Ints,
    padding: str,
    data_format: str | None,
    dilation: Ints,
    rank: int,
) -> Tensor:
    last = normalize_data_format(data_format) == "channels_last"
    if padding not in ("valid", "same"):
        raise ValueError(f"{who}: {errors.unknown('padding', padding, ('valid', 'same'))}")

    steps = each(strides, rank, who, "strides")
    dilations = each(dilation, rank, who, "dilation_rate")

    def make(shape: tuple[Any, ...], x: Any, kernel: Any) -> Tensor:
        if len(shape) != rank + 2:
            raise ValueError(
                f"{who}: `output_shape` must have {rank + 2} sizes. Received: {shape_str(shape)}"
            )
        return _conv_transpose(x, kernel, shape, steps, padding, last, dilations)

    output_shape = dims_of(output_shape)
    if is_open(output_shape):
        return at_shape(make, output_shape, x, kernel)
    return make(tuple(output_shape), x, kernel)


@recorded
def _conv_transpose(
    x: Any,
    kernel: Any,
    shape: Sequence[Any],
    strides: tuple[int, ...],
    padding: str,
    last: bool,
    dilation: tuple[int, ...],
) -> Tensor:
    x = as_float(x)
    kernel = convert(kernel, dtype_of(x))
    check_rank(x, len(shape), "conv_transpose")
    check_rank(kernel, len(shape), "conv_transpose", "kernel")
    if not last:
        x = ops.moveaxis(x, 1, -1)
    *window, channels_out, channels_in = shape_of(kernel)
    batch, *spatial, channels = shape_of(x)
    sizes, channels_made = (shape[1:-1], shape[-1]) if last else (shape[2:], shape[1])
    if not (same(channels, channels_in) and same(channels_made, channels_out)):
        raise ValueError(
            f"conv_transpose: a `kernel` of shape {shape_str(shape_of(kernel))} makes {channels_out} channels of "
            f"{channels_in}. Received: `x` with {channels}, `output_shape` with {channels_made}"
        )
    pads = []
    for n, size, k, s, d in zip(spatial, sizes, window, strides, dilation, strict=True):
        extent = (k - 1) * d + 1
        low, high = _pads(n, size, extent, s, padding)
        pads.append((low, high))
        made = (size + low + high - extent) // s + 1
        if UNKNOWN not in (n, size) and made != n:
            raise ValueError(
                f"conv_transpose: the output shape {shape_str(sizes)} does not fit: a convolution takes {size} elements to "
                f"{made}, and x has {n}. Received: x of shape {shape_str(shape_of(x))}, strides={strides}"
            )
    out = (batch, *sizes, channels_out)
    y = current().conv_input_grad(x, kernel, out, strides, tuple(pads), dilation, 1)
    return y if last else ops.moveaxis(y, -1, 1)


def _pads(n: Any, size: Any, extent: int, stride: int, padding: str) -> tuple[Any, Any]:
    """Padding of the convolution that takes `size` elements to n."""
    if padding == "valid":
        return 0, 0
    need = largest((n - 1) * stride + extent - size, 0)
    return need // 2, need - need // 2


# ---------------------------------------------------------------------- by channel
@checked
def depthwise_conv2d(
    x: Any,
    depthwise_kernel: Any,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1),
) -> Tensor:
    """Convolution of each channel by itself.

    Args:
        x: `[batch, height, width, channels]`, or with the channels second.
        depthwise_kernel: `[*window, channels, multiplier]`.
        strides: distance between windows.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: distance between the elements of a window.

    Returns:
        `[batch, height out, width out, channels * multiplier]`.

    >>> depthwise_conv2d(np.ones((1, 2, 2, 1)), np.ones((2, 2, 1, 2))).tolist()
    [[[[4.0, 4.0]]]]
    """
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)


@checked
def separable_conv1d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Tensor:
    """Convolution of each channel by itself, then a mixture of the channels.

    Args:
        x: `[batch, steps, channels]`, or with the channels second.
        depthwise_kernel: `[window, channels, multiplier]`.
        pointwise_kernel: `[1, channels * multiplier, channels out]`.
        strides: distance between windows.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: distance between the elements of a window.

    Returns:
        `[batch, steps out, channels out]`.

    >>> separable_conv1d(np.ones((1, 2, 1)), np.ones((2, 1, 1)), np.ones((1, 1, 1))).tolist()
    [[[2.0]]]
    """
    return ops.separable_conv(
        x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate
    )


@checked
def separable_conv2d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1),
) -> Tensor:
    """Convolution of each channel by itself, then a mixture of the channels.

    Args:
        x: `[batch, height, width, channels]`, or with the channels second.
        depthwise_kernel: `[*window, channels, multiplier]`.
        pointwise_kernel: `[1, 1, channels * multiplier, channels out]`.
        strides: distance between windows.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: distance between the elements of a window.

    Returns:
        `[batch, height out, width out, channels out]`.

    >>> separable_conv2d(np.ones((1, 2, 2, 1)), np.ones((2, 2, 1, 1)), np.ones((1, 1, 1, 1))).tolist()
    [[[[4.0]]]]
    """
    return ops.separable_conv(
        x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate
    )
