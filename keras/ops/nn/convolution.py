"""Convolutions of every kind, in one, two or three spatial dimensions.

Inputs are `[batch, *spatial, channels]`, or `[batch, channels, *spatial]` with `data_format="channels_first"`; kernels
are `[*window, channels in, channels out]` either way.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from keras import config
from keras.backend.select import current
from keras.backend.spec import Unknown, is_unknown, largest, shape_str
from keras.ops import kernels
from keras.ops.dispatch import op, promote, shape_of
from keras.ops.settling import check_text, need_size, static_int

Tensor = Any
Ints = int | Sequence[int]
Pads = tuple[tuple[Any, Any], ...]


# ---------------------------------------------------------------------- settling
def channels_last(data_format: str | None, who: str) -> bool:
    """Whether the channels are the last axis; None asks the configuration."""
    data_format = config.image_data_format() if data_format is None else data_format
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            f'{who}: `data_format` must be "channels_last" or "channels_first". Received: {data_format!r}'
        )
    return data_format == "channels_last"


def to_last(x: Tensor) -> Tensor:
    """Channels moved from the second axis to the last."""
    n = len(shape_of(x))
    return current().transpose(x, (0, *range(2, n), 1))


def to_first(x: Tensor) -> Tensor:
    """Channels moved from the last axis to the second."""
    n = len(shape_of(x))
    return current().transpose(x, (0, n - 1, *range(1, n - 1)))


def per_dimension(value: Any, rank: int, who: str, name: str, least: int = 1) -> tuple[int, ...]:
    """One int per spatial dimension, given as one for all or as a sequence."""
    if type(value) is int and value >= least:
        return (value,) * rank
    many = tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank
    many = tuple(static_int(v, who, name) for v in many)
    if len(many) == 1:
        many *= rank
    if len(many) != rank or any(v < least for v in many):
        raise ValueError(
            f"{who}: `{name}` must be an int, or one per spatial dimension ({rank}), at least {least}. "
            f"Received: {name}={value}"
        )
    return many


def same_pads(n: Any, window: int, stride: int) -> tuple[Any, Any]:
    """Padding with which an axis of size n has ceil(n / stride) windows; the odd one goes to the end."""
    # With strides or windows of 1 the size does not matter, and may be open.
    total = window - 1 if 1 in (stride, window) else largest((-(-n // stride) - 1) * stride + window - n, 0)
    return total // 2, total - total // 2


def pads_for(who: str, padding: str, *sizes: tuple[Any, ...]) -> Pads:
    """Amounts of padding for `"valid"` or `"same"`, with which at least one window fits into the input.

    Args:
        sizes: of the input, of windows, of strides and of the dilation, each with one entry per spatial dimension.
    """
    check_text(padding, who, "padding")
    known = not any(isinstance(n, Unknown) for n in sizes[0])
    return (_pads_for if known else _pads_for.__wrapped__)(who, padding, *sizes)


@functools.lru_cache(
    maxsize=4096
)  # asked in every call of a layer, and a fifth of what one of small tensors costs
def _pads_for(
    who: str,
    padding: str,
    spatial: tuple[Any, ...],
    window: tuple[int, ...],
    strides: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Pads:
    if padding.lower() not in ("valid", "same"):
        raise ValueError(f'{who}: `padding` must be "valid" or "same". Received: padding={padding!r}')
    pads: Pads = ((0, 0),) * len(spatial)
    extents = dilated(window, dilation)
    if padding.lower() == "same":
        pads = tuple(same_pads(n, k, s) for n, k, s in zip(spatial, extents, strides, strict=True))
    for n, k, (low, high) in zip(spatial, extents, pads, strict=True):
        if not isinstance(n, Unknown) and n + low + high < k:
            gaps = f" (dilation {dilation})" if any(d > 1 for d in dilation) else ""
            raise ValueError(
                f"{who}: the window {window}{gaps} is larger than the padded input. "
                f"Received: inputs with spatial dimensions {shape_str(spatial)}"
            )
    return pads


def dilated(window: Sequence[int], dilation: Sequence[int]) -> tuple[int, ...]:
    """Extent of a window with gaps."""
    return tuple((k - 1) * d + 1 for k, d in zip(window, dilation, strict=True))


def _settled(
    who: str, inputs: Any, kernel: Any, data_format: str | None
) -> tuple[Tensor, Tensor, tuple[Any, ...], tuple[int, ...], bool]:
    """Input with channels last, and kernel, in one dtype; their shapes; whether the channels were last."""
    x, k = promote(inputs, kernel)
    last = channels_last(data_format, who)
    have, of_kernel = shape_of(x), shape_of(k)
    if len(have) not in (3, 4, 5) or len(of_kernel) != len(have):
        raise ValueError(
            f"{who}: expected an input of rank 3, 4 or 5 and a kernel of the same rank. "
            f"Received: inputs.shape={shape_str(have)}, kernel.shape={shape_str(of_kernel)}"
        )
    for d in of_kernel:
        need_size(d, who)
    if last:
        return x, k, have, of_kernel, last
    return to_last(x), k, (have[0], *have[2:], have[1]), of_kernel, last


# ---------------------------------------------------------------------- ops
@op
def conv(
    inputs: Any,
    kernel: Any,
    strides: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Tensor:
    """Cross-correlation of each window with a kernel: what networks call convolution.

    Args:
        inputs: `[batch, *spatial, channels]` with one to three spatial dimensions.
        kernel: `[*window, channels // groups, channels out]`; its channels decide the number of groups.
        strides: distance between windows; an int or one per dimension.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: distance between the elements of a window.

    Returns:
        `[batch, *spatial out, channels out]` (channels first, if they were).

    Raises:
        ValueError: channels that do not fit the kernel, or a kernel larger than the padded input.

    >>> conv([[[1.0], [2.0], [3.0]]], [[[1.0]], [[1.0]]]).tolist()
    [[[3.0], [5.0]]]
    """
    x, k, have, of_kernel, last = _settled("conv", inputs, kernel, data_format)
    window, (per_group, outputs) = of_kernel[:-2], of_kernel[-2:]
    step = per_dimension(strides, len(window), "conv", "strides")
    dilation = per_dimension(dilation_rate, len(window), "conv", "dilation_rate")
    channels = have[-1]
    if is_unknown(channels):
        groups = 1
    elif channels % per_group or outputs % (channels // per_group):
        raise ValueError(
            f"conv: the input has {channels} channels, but the kernel of shape {shape_str(of_kernel)} takes "
            f"{per_group} in each group. Received: inputs.shape={shape_str(shape_of(inputs))}"
        )
    else:
        groups = channels // per_group
    pads = pads_for("conv", padding, have[1:-1], window, step, dilation)
    y = current().conv(x, k, step, pads, dilation, groups)
    return y if last else to_first(y)


@op
def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Tensor:
    """Convolution of each channel with kernels of its own.

    Args:
        inputs: `[batch, *spatial, channels]`.
        kernel: `[*window, channels, multiplier]`.
        strides: distance between windows.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: distance between the elements of a window.

    Returns:
        `[batch, *spatial out, channels * multiplier]`.

    >>> depthwise_conv([[[1.0, 2.0], [3.0, 4.0]]], [[[1.0], [10.0]]]).tolist()
    [[[1.0, 20.0], [3.0, 40.0]]]
    """
    x, k, *_, last = _settled("depthwise_conv", inputs, kernel, data_format)
    y = _depthwise("depthwise_conv", x, k, strides, padding, dilation_rate)
    return y if last else to_first(y)


def _depthwise(who: str, x: Tensor, k: Tensor, strides: Ints, padding: str, dilation_rate: Ints) -> Tensor:
    *window, channels, _ = shape_of(k)
    rank = len(window)
    *_, have = shape = shape_of(x)
    if not is_unknown(have) and have != channels:
        raise ValueError(
            f"{who}: the input has {have} channels, but the kernel of shape {shape_str(shape_of(k))} is for {channels}"
        )
    step, dilation = (
        per_dimension(v, rank, who, name)
        for name, v in (("strides", strides), ("dilation_rate", dilation_rate))
    )
    pads = pads_for(who, padding, shape[1:-1], tuple(window), step, dilation)
    return kernels.depthwise_conv(x, k, step, pads, dilation)


@op
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Tensor:
    """A depthwise convolution followed by one that mixes the channels, point by point.

    Args:
        inputs: `[batch, *spatial, channels]`.
        depthwise_kernel: `[*window, channels, multiplier]`.
        pointwise_kernel: `[1, ..., channels * multiplier, channels out]`.
        strides: distance between windows.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: distance between the elements of a window.

    >>> separable_conv([[[1.0, 2.0]]], [[[1.0], [10.0]]], [[[1.0], [1.0]]]).tolist()
    [[[21.0]]]
    """
    x, k, *_, last = _settled("separable_conv", inputs, depthwise_kernel, data_format)
    y = _depthwise("separable_conv", x, k, strides, padding, dilation_rate)
    y = conv(y, pointwise_kernel, 1, "valid", "channels_last")
    return y if last else to_first(y)


@op
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Ints = 1,
    padding: str = "valid",
    output_padding: Ints | None = None,
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Tensor:
    """The transpose of a convolution: each input element adds a kernel to the output.

    Args:
        inputs: `[batch, *spatial, channels]`.
        kernel: `[*window, channels out, channels]`.
        strides: distance between the places of neighbouring kernels.
        padding: `"valid"`: the output holds all of every kernel; `"same"`: it has the input's size times the stride.
        output_padding: added to the size of the output.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: distance between the elements of a kernel.

    Returns:
        `[batch, *spatial out, channels out]`.

    >>> conv_transpose([[[1.0], [2.0]]], [[[1.0]], [[1.0]]], strides=2).tolist()
    [[[1.0], [1.0], [2.0], [2.0]]]
    """
    check_text(padding, "conv_transpose", "padding")
    x, k, shape, of_kernel, last = _settled("conv_transpose", inputs, kernel, data_format)
    *window, outputs, channels = of_kernel
    rank = len(window)
    batch, *spatial, have = shape
    if not is_unknown(have) and have != channels:
        raise ValueError(
            f"conv_transpose: the input has {have} channels, but the kernel of shape {shape_str(of_kernel)} "
            f"takes {channels}. Received: inputs.shape={shape_str(shape_of(inputs))}"
        )
    step, dilation = (
        per_dimension(v, rank, "conv_transpose", name)
        for name, v in (("strides", strides), ("dilation_rate", dilation_rate))
    )
    extra: Sequence[int | None] = (None,) * rank
    if output_padding is not None:
        extra = per_dimension(output_padding, rank, "conv_transpose", "output_padding", least=0)
        if any(more >= max(s, d) for more, s, d in zip(extra, step, dilation, strict=True)):
            raise ValueError(
                "conv_transpose: `output_padding` must be less than `strides`. "
                f"Received: output_padding={output_padding}, strides={strides}"
            )
    extent = dilated(window, dilation)
    sizes = [
        _transposed_size(n, k, s, padding, o) for n, k, s, o in zip(spatial, extent, step, extra, strict=True)
    ]
    pads = tuple(
        _transposed_pads(_transposed_size(1, k, s, padding, o), k, padding)
        for k, s, o in zip(extent, step, extra, strict=True)
    )
    y = current().conv_input_grad(x, k, (batch, *sizes, outputs), step, pads, dilation, 1)
    return y if last else to_first(y)


def _transposed_size(n: Any, window: int, stride: int, padding: str, extra: int | None) -> Any:
    """Size of an axis of the output."""
    if padding.lower() not in ("valid", "same"):
        raise ValueError(
            f'conv_transpose: `padding` must be "valid" or "same". Received: padding={padding!r}'
        )
    if extra is None:
        return n * stride + (max(window - stride, 0) if padding.lower() == "valid" else 0)
    cut = 2 * (window // 2) if padding.lower() == "same" else 0
    return (n - 1) * stride + window - cut + extra


def _transposed_pads(size: int, window: int, padding: str) -> tuple[int, int]:
    """Padding of the convolution that takes `size` elements to 1, and whose transpose is wanted: whatever the sizes."""
    need = window - size  # negative: the last elements of the output get nothing
    low = max(need, 0) // 2 if padding.lower() == "same" else 0
    return low, max(need - low, 0)
