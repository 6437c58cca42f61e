"""Pooling: windows reduced to their maximum or mean, channel by channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras.backend.select import current
from keras.backend.spec import is_unknown, shape_str
from keras.ops import kernels
from keras.ops.dispatch import as_float, convert, op, shape_of
from keras.ops.nn.convolution import channels_last, pads_for, per_dimension, to_first, to_last
from keras.ops.settling import scalar, slice_axis

Tensor = Any
Ints = int | Sequence[int]


def _pool(
    who: str,
    kernel: Callable[..., Tensor],
    x: Tensor,
    size: Ints,
    strides: Any,
    padding: str,
    data_format: Any,
) -> Tensor:
    last = channels_last(data_format, who)
    shape = shape_of(x)
    rank = len(shape) - 2
    if rank < 1:
        raise ValueError(
            f"{who}: expected an input [batch, *spatial, channels]. Received: inputs.shape={shape_str(shape)}"
        )
    x = x if last else to_last(x)
    window = per_dimension(size, rank, who, "pool_size")
    step = window if strides is None else per_dimension(strides, rank, who, "strides")
    spatial = shape[1:-1] if last else shape[2:]
    pads = pads_for(who, padding, spatial, window, step, (1,) * rank)
    y = kernel(x, window, step, pads)
    return y if last else to_first(y)


@op
def max_pool(
    inputs: Any,
    pool_size: Ints,
    strides: Ints | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Largest element of each window, per channel.

    Args:
        inputs: `[batch, *spatial, channels]`.
        pool_size: size of the window; an int or one per spatial dimension.
        strides: distance between windows; their size by default.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> max_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[3.0], [2.0]]]
    """
    return _pool("max_pool", kernels.max_pool, convert(inputs), pool_size, strides, padding, data_format)


@op
def average_pool(
    inputs: Any,
    pool_size: Ints,
    strides: Ints | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Mean of each window, per channel; padding is not counted.

    Args:
        inputs: `[batch, *spatial, channels]`.
        pool_size: size of the window; an int or one per spatial dimension.
        strides: distance between windows; their size by default.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> average_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[2.0], [1.0]]]
    """
    return _pool(
        "average_pool", kernels.average_pool, as_float(inputs), pool_size, strides, padding, data_format
    )


@op
def adaptive_average_pool(inputs: Any, output_size: Ints, data_format: str | None = None) -> Tensor:
    """Means of windows chosen so that the result has a given size.

    Args:
        inputs: `[batch, *spatial, channels]`.
        output_size: size of the result; an int or one per spatial dimension.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> adaptive_average_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[2.0], [1.0]]]
    """
    return _adaptive("adaptive_average_pool", as_float(inputs), output_size, data_format, _mean)


@op
def adaptive_max_pool(inputs: Any, output_size: Ints, data_format: str | None = None) -> Tensor:
    """Maxima of windows chosen so that the result has a given size.

    Args:
        inputs: `[batch, *spatial, channels]`.
        output_size: size of the result; an int or one per spatial dimension.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> adaptive_max_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[3.0], [2.0]]]
    """
    return _adaptive("adaptive_max_pool", convert(inputs), output_size, data_format, _max)


def _mean(x: Tensor, axis: int) -> Tensor:
    return current().div(current().reduce_sum(x, (axis,)), scalar(shape_of(x)[axis], x))


def _max(x: Tensor, axis: int) -> Tensor:
    return current().reduce_max(x, (axis,))


def _adaptive(
    who: str, x: Tensor, output_size: Ints, data_format: str | None, f: Callable[[Tensor, int], Tensor]
) -> Tensor:
    last = channels_last(data_format, who)
    rank = len(shape_of(x)) - 2
    if rank not in (1, 2, 3):
        raise ValueError(
            f"{who}: expected an input of rank 3, 4 or 5. Received: shape {shape_str(shape_of(x))}"
        )
    sizes = per_dimension(output_size, rank, who, "output_size")
    for axis, size in enumerate(sizes, 1 if last else 2):
        x = _adaptive_axis(x, axis, size, f)  # windows are rectangles, so one axis after the other will do
    return x


def _adaptive_axis(x: Tensor, axis: int, size: int, f: Callable[[Tensor, int], Tensor]) -> Tensor:
    e, shape = current(), shape_of(x)
    n = shape[axis]
    if is_unknown(n) or n % size == 0:
        return f(e.reshape(x, (*shape[:axis], size, n // size, *shape[axis + 1 :])), axis + 1)
    rows = []
    for i in range(size):
        window = f(slice_axis(x, axis, i * n // size, -(-(i + 1) * n // size)), axis)
        rows.append(e.reshape(window, (*shape[:axis], 1, *shape[axis + 1 :])))
    return e.concat(rows, axis)
