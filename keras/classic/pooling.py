"""Pooling of images and volumes."""

from __future__ import annotations

from typing import Any

from keras import errors, ops
from keras.classic.checked import Ints, checked

Tensor = Any


@checked
def pool2d(
    x: Any,
    pool_size: Ints,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Tensor:
    """The largest element or the mean of each window of images.

    Args:
        x: `[batch, height, width, channels]`, or with the channels second.
        pool_size: the window.
        strides: distance between windows.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        pool_mode: `"max"` or `"avg"`.

    Returns:
        `[batch, height out, width out, channels]`.

    >>> pool2d([[[[1.0], [3.0]]]], (1, 2), pool_mode="avg").tolist()
    [[[[2.0]]]]
    """
    return _pooled("pool2d", x, pool_size, strides, padding, data_format, pool_mode, 2)


@checked
def pool3d(
    x: Any,
    pool_size: Ints,
    strides: Ints = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Tensor:
    """The largest element or the mean of each window of volumes.

    Args:
        x: `[batch, depth, height, width, channels]`, or with the channels second.
        pool_size: the window.
        strides: distance between windows.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        pool_mode: `"max"` or `"avg"`.

    Returns:
        `[batch, depth out, height out, width out, channels]`.

    >>> pool3d(np.ones((1, 2, 2, 2, 1)), (2, 2, 2)).tolist()
    [[[[[1.0]]]]]
    """
    return _pooled("pool3d", x, pool_size, strides, padding, data_format, pool_mode, 3)


def _pooled(
    who: str, x: Any, size: Ints, strides: Ints, padding: str, data_format: Any, mode: str, rank: int
) -> Tensor:
    if ops.ndim(x) != rank + 2:
        raise ValueError(f"{who}: expected a tensor of rank {rank + 2}. Received: `x` of rank {ops.ndim(x)}")
    if mode not in ("max", "avg"):
        raise ValueError(f"{who}: {errors.unknown('pool_mode', mode, ('max', 'avg'))}")
    pool = ops.max_pool if mode == "max" else ops.average_pool
    return pool(x, size, strides, padding, data_format)
