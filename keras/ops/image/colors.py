"""Colour spaces: red, green and blue to grey, to hue, saturation and value, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import is_unknown, shape_str
from keras.ops.dispatch import as_float, cast, convert, dtype_of, op, shape_of
from keras.ops.image.layout import in_batch
from keras.ops.settling import kept, scalar, slice_axis

Tensor = Any

#: Shares of red, green and blue in brightness (ITU-R BT.601).
_BRIGHTNESS = (0.2989, 0.5870, 0.1140)


def _channels(who: str, x: Tensor) -> list[Tensor]:
    """Three tensors `[batch, height, width, 1]`."""
    n = shape_of(x)[3]
    if not is_unknown(n) and n != 3:
        raise ValueError(
            f"{who}: expected 3 channels. Received: shape {shape_str(shape_of(x))} (channels last)"
        )
    return [slice_axis(x, 3, i, i + 1) for i in range(3)]


def _check_float(who: str, images: Any) -> Tensor:
    x = convert(images)
    if not dtypes.is_float(dtype_of(x)):
        raise ValueError(f"{who}: expected floats between 0 and 1. Received: dtype {dtype_of(x)}")
    return x


@op
def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Tensor:
    """Brightness: 0.2989 red + 0.587 green + 0.114 blue.

    Args:
        images: `[height, width, 3]`, or a batch of them.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        Images with one channel, in the dtype of `images`.

    >>> rgb_to_grayscale([[[255.0, 255.0, 255.0]]]).round().tolist()
    [[[255.0]]]
    """

    def grey(x: Tensor) -> Tensor:
        e, dtype = current(), dtype_of(x)
        _channels("rgb_to_grayscale", x)
        wide = cast(x, "float32") if dtype in ("float16", "bfloat16") else as_float(x)
        weights = e.constant(np.asarray(_BRIGHTNESS), dtype_of(wide))
        y = e.reduce_sum(e.mul(wide, weights), (3,))
        y = kept(y, (3,), shape_of(x))
        return cast(y, dtype)

    return in_batch("rgb_to_grayscale", images, data_format, grey)


@op
def rgb_to_hsv(images: Any, data_format: str | None = None) -> Tensor:
    """Hue, saturation and value, each between 0 and 1.

    Args:
        images: float images `[height, width, 3]` between 0 and 1, or a batch of them.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> rgb_to_hsv([[[0.0, 1.0, 0.0]]]).round(3).tolist()[0][0][1:]
    [1.0, 1.0]
    """
    return in_batch("rgb_to_hsv", _check_float("rgb_to_hsv", images), data_format, _to_hsv)


def _to_hsv(x: Tensor) -> Tensor:
    e = current()
    r, g, b = _channels("rgb_to_hsv", x)
    value, low = e.maximum(e.maximum(r, g), b), e.minimum(e.minimum(r, g), b)
    spread = e.sub(value, low)
    one, zero = scalar(1.0, x), scalar(0.0, x)
    lit = e.less(zero, value)
    saturation = e.select(lit, e.div(spread, e.select(lit, value, one)), zero)
    coloured = e.less(zero, spread)
    unit = e.mul(e.select(coloured, spread, one), scalar(6.0, x))

    def sector(a: Tensor, b: Tensor, start: float) -> Tensor:
        return e.add(e.div(e.sub(a, b), unit), scalar(start, x))

    hue = e.select(e.equal(value, g), sector(b, r, 1.0 / 3.0), sector(r, g, 2.0 / 3.0))
    hue = e.select(e.equal(value, r), sector(g, b, 0.0), hue)
    hue = e.select(coloured, hue, zero)
    hue = e.select(e.less(hue, zero), e.add(hue, one), hue)
    return e.concat([hue, saturation, value], 3)


@op
def hsv_to_rgb(images: Any, data_format: str | None = None) -> Tensor:
    """Red, green and blue from hue, saturation and value, each between 0 and 1.

    Args:
        images: float images `[height, width, 3]`, or a batch of them.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> hsv_to_rgb([[[0.0, 1.0, 1.0]]]).tolist()
    [[[1.0, 0.0, 0.0]]]
    """
    return in_batch("hsv_to_rgb", _check_float("hsv_to_rgb", images), data_format, _to_rgb)


def _to_rgb(x: Tensor) -> Tensor:
    e = current()
    hue, saturation, value = _channels("hsv_to_rgb", x)
    six, one, zero = scalar(6.0, x), scalar(1.0, x), scalar(0.0, x)
    turn = e.mul(e.sub(hue, e.floor(hue)), six)

    def clipped(y: Tensor) -> Tensor:
        return e.minimum(e.maximum(y, zero), one)

    red = clipped(e.sub(e.abs(e.sub(turn, scalar(3.0, x))), one))
    green = clipped(e.sub(scalar(2.0, x), e.abs(e.sub(turn, scalar(2.0, x)))))
    blue = clipped(e.sub(scalar(2.0, x), e.abs(e.sub(turn, scalar(4.0, x)))))
    full = e.concat([red, green, blue], 3)
    return e.mul(value, e.add(e.sub(one, saturation), e.mul(saturation, full)))
