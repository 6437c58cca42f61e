"""Images, volumes and sequences made larger: zeros around them, elements repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import config, ops
from keras.backend.abstract import ABSTRACT
from keras.backend.select import current
from keras.backend.spec import UNKNOWN, KerasTensor
from keras.classic.checked import checked
from keras.classic.symbolic import recorded
from keras.ops.dispatch import convert, shape_of
from keras.ops.settling import check_rank, static_int

Tensor = Any


# ---------------------------------------------------------------------- padding with zeros
@checked
def temporal_padding(x: Any, padding: Sequence[int] = (1, 1)) -> Tensor:
    """Zeros put before the first step and after the last one.

    Args:
        x: `[batch, steps, features]`.
        padding: how many before and after.

    Returns:
        `[batch, steps + sum(padding), features]`.

    >>> temporal_padding([[[1.0]]], (1, 2)).tolist()
    [[[0.0], [1.0], [0.0], [0.0]]]
    """
    return _padded("temporal_padding", x, [padding], "channels_last", 1)


@checked
def spatial_2d_padding(
    x: Any, padding: Sequence[Sequence[int]] = ((1, 1), (1, 1)), data_format: str | None = None
) -> Tensor:
    """Zeros put around images.

    Args:
        x: `[batch, height, width, channels]`, or with the channels second.
        padding: how many above and below, and left and right.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        The larger images.

    >>> spatial_2d_padding([[[[5.0]]]], ((0, 0), (1, 0))).tolist()
    [[[[0.0], [5.0]]]]
    """
    return _padded("spatial_2d_padding", x, padding, data_format, 2)


@checked
def spatial_3d_padding(
    x: Any, padding: Sequence[Sequence[int]] = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None
) -> Tensor:
    """Zeros put around volumes.

    Args:
        x: `[batch, depth, height, width, channels]`, or with the channels second.
        padding: how many before and after along each spatial axis.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        The larger volumes.

    >>> spatial_3d_padding(np.ones((1, 1, 1, 1, 1))).shape
    (1, 3, 3, 3, 1)
    """
    return _padded("spatial_3d_padding", x, padding, data_format, 3)


def _padded(who: str, x: Any, padding: Any, data_format: str | None, rank: int) -> Tensor:
    widths = [tuple(p) if isinstance(p, (list, tuple)) else () for p in padding]
    if len(widths) != rank or any(len(p) != 2 for p in widths):
        wanted = "a pair" if rank == 1 else f"{rank} pairs"
        raise ValueError(f"{who}: `padding` must be {wanted} of ints. Received: padding={padding}")
    check_rank(x, rank + 2, who)
    widths = [tuple(static_int(n, who, "padding", least=0) for n in p) for p in widths]
    edge = (0, 0)
    if normalize_data_format(data_format) == "channels_last":
        return ops.pad(x, [edge, *widths, edge])
    return ops.pad(x, [edge, edge, *widths])


@checked
def normalize_data_format(value: str | None) -> str:
    """A data format in lower case; None is the configured one.

    Raises:
        ValueError: it is neither `"channels_last"` nor `"channels_first"`.

    >>> normalize_data_format("Channels_First")
    'channels_first'
    """
    name = config.image_data_format() if value is None else value.lower()
    if name not in ("channels_last", "channels_first"):
        raise ValueError(
            f'data_format: `data_format` must be "channels_last" or "channels_first". Received: data_format={value!r}'
        )
    return name


# ---------------------------------------------------------------------- images, larger
@checked
@recorded
def resize_images(
    x: Any, height_factor: int, width_factor: int, data_format: str, interpolation: str = "nearest"
) -> Tensor:
    """Images made larger by whole factors.

    Args:
        x: `[batch, height, width, channels]`, or with the channels second.
        height_factor, width_factor: ints.
        data_format: `"channels_last"` or `"channels_first"`.
        interpolation: `"nearest"` or `"area"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.

    Returns:
        The larger images.

    >>> resize_images([[[[1.0], [2.0]]]], 1, 2, "channels_last").tolist()
    [[[[1.0], [1.0], [2.0], [2.0]]]]
    """
    x = convert(x)
    check_rank(x, 4, "resize_images")
    height_factor = static_int(height_factor, "resize_images", "height_factor", least=1)
    width_factor = static_int(width_factor, "resize_images", "width_factor", least=1)
    first = 1 if normalize_data_format(data_format) == "channels_last" else 2
    if interpolation in ("nearest", "area"):  # the same, for whole factors
        return ops.repeat(ops.repeat(x, height_factor, first), width_factor, first + 1)
    height, width = shape_of(x)[first : first + 2]
    size = (height * height_factor, width * width_factor)
    if current() is ABSTRACT and UNKNOWN in size:
        return KerasTensor((*shape_of(x)[:first], *size, *shape_of(x)[first + 2 :]), x.dtype)
    return ops.image.resize(x, size, interpolation, data_format=normalize_data_format(data_format))


@checked
def resize_volumes(
    x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str
) -> Tensor:
    """Volumes made larger by whole factors: each element is repeated.

    Args:
        x: `[batch, depth, height, width, channels]`, or with the channels second.
        depth_factor, height_factor, width_factor: ints.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        The larger volumes.

    >>> resize_volumes(np.ones((1, 1, 1, 1, 1)), 2, 3, 4, "channels_last").shape
    (1, 2, 3, 4, 1)
    """
    check_rank(x, 5, "resize_volumes")
    first = 1 if normalize_data_format(data_format) == "channels_last" else 2
    factors = {"depth_factor": depth_factor, "height_factor": height_factor, "width_factor": width_factor}
    for axis, (name, factor) in enumerate(factors.items(), first):
        x = ops.repeat(x, static_int(factor, "resize_volumes", name, least=1), axis)
    return x
