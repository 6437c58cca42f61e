"""Rows and columns cut off, added, or gathered into patches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras.backend.select import current
from keras.backend.spec import is_unknown
from keras.ops.dispatch import op, shape_of
from keras.ops.image.layout import in_batch
from keras.ops.nn.convolution import dilated, pads_for, per_dimension
from keras.ops.settling import sized, slice_axis, static_int

Tensor = Any
Ints = int | Sequence[int]


def _before(
    who: str, before: int | None, after: int | None, target: int | None, size: Any, names: str
) -> tuple[Any, Any]:
    """Both amounts of an axis, of which two of three facts are given; `size` counts what the target leaves over."""
    given = [before is not None, after is not None, target is not None]
    if target is not None and target < 0:
        raise ValueError(f"{who}: {names}: the last must not be negative. Received: {target}")
    if sum(given) != 2:
        raise ValueError(f"{who}: give just two of {names}. Received: {before}, {after}, {target}")
    if target is not None:
        if before is None:
            before = size - after
        else:
            after = size - before
    amounts: tuple[Any, Any] = (before, after)
    for amount in amounts:
        if not is_unknown(amount):
            static_int(amount, who, names)
    if any(not is_unknown(v) and v < 0 for v in amounts):
        raise ValueError(f"{who}: {names} do not fit together. Received: {before}, {after}, {target}")
    return amounts


def _of_target(x: Tensor, height: int | None, width: int | None) -> Tensor:
    """Framed images, whose size the target tells where that of the images was unknown."""
    for axis, size in ((1, height), (2, width)):
        x = x if size is None else sized(x, axis, size)
    return x


@op
def pad_images(
    images: Any,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Images with zeros around them. Of top, bottom and target height two are given; likewise of the width.

    Args:
        images: `[height, width, channels]`, or a batch of them.
        top_padding, bottom_padding: rows to add.
        left_padding, right_padding: columns to add.
        target_height, target_width: size of the result.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> pad_images([[[5]]], 1, 0, target_height=2, target_width=2).tolist()
    [[[0], [0]], [[5], [0]]]
    """

    def padded(x: Tensor) -> Tensor:
        _, h, w, _ = shape_of(x)
        rows = _before(
            "pad_images",
            top_padding,
            bottom_padding,
            target_height,
            None if target_height is None else target_height - h,
            "top_padding, bottom_padding, target_height",
        )
        columns = _before(
            "pad_images",
            left_padding,
            right_padding,
            target_width,
            None if target_width is None else target_width - w,
            "left_padding, right_padding, target_width",
        )
        x = current().pad(x, (0, rows[0], columns[0], 0), (0, rows[1], columns[1], 0), 0)
        return _of_target(x, target_height, target_width)

    return in_batch("pad_images", images, data_format, padded)


@op
def crop_images(
    images: Any,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Images without some rows and columns. Of top, bottom and target height two are given; likewise of the width.

    Args:
        images: `[height, width, channels]`, or a batch of them.
        top_cropping, bottom_cropping: rows to cut off.
        left_cropping, right_cropping: columns to cut off.
        target_height, target_width: size of the result.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> crop_images([[[1], [2]], [[3], [4]]], 1, 0, target_height=1, target_width=1).tolist()
    [[[3]]]
    """

    def cropped(x: Tensor) -> Tensor:
        _, h, w, _ = shape_of(x)
        rows = _before(
            "crop_images",
            top_cropping,
            bottom_cropping,
            target_height,
            None if target_height is None else h - target_height,
            "top_cropping, bottom_cropping, target_height",
        )
        columns = _before(
            "crop_images",
            left_cropping,
            right_cropping,
            target_width,
            None if target_width is None else w - target_width,
            "left_cropping, right_cropping, target_width",
        )
        for axis, (low, high), size in ((1, rows, h), (2, columns, w)):
            if not is_unknown(size) and low + high >= size:
                raise ValueError(
                    f"crop_images: nothing is left of {size} rows or columns. Received: {low} and {high}"
                )
            x = slice_axis(x, axis, low, size - high)
        return _of_target(x, target_height, target_width)

    return in_batch("crop_images", images, data_format, cropped)


# ---------------------------------------------------------------------- patches
@op
def extract_patches(
    images: Any,
    size: Ints,
    strides: Ints | None = None,
    dilation_rate: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Patches of images (or of volumes, if `size` has three entries), each as one long row of channels.

    Args:
        images: `[height, width, channels]`, or a batch of them.
        size: height and width of a patch; depth, height and width of one of a volume.
        strides: distance between patches; their size by default.
        dilation_rate: distance between the elements of a patch.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        `[..., patches down, patches across, height * width * channels]` (channels first, if they were).

    >>> extract_patches([[[1], [2]], [[3], [4]]], 2).tolist()
    [[[1, 2, 3, 4]]]
    """
    if not isinstance(size, int) and len(size) == 3:
        return extract_patches_3d(images, size, strides, dilation_rate, padding, data_format)
    return in_batch(
        "extract_patches",
        images,
        data_format,
        lambda x: _patches("extract_patches", x, size, strides, dilation_rate, padding),
    )


@op
def extract_patches_3d(
    volumes: Any,
    size: Ints,
    strides: Ints | None = None,
    dilation_rate: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Patches of volumes, each as one long row of channels.

    Args:
        volumes: `[depth, height, width, channels]`, or a batch of them.
        size: depth, height and width of a patch.
        strides: distance between patches; their size by default.
        dilation_rate: distance between the elements of a patch.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> extract_patches_3d([[[[1], [2]]]], (1, 1, 2)).tolist()
    [[[[1, 2]]]]
    """
    return in_batch(
        "extract_patches_3d",
        volumes,
        data_format,
        lambda x: _patches("extract_patches_3d", x, size, strides, dilation_rate, padding),
        rank=5,
    )


def _patches(who: str, x: Tensor, size: Ints, strides: Ints | None, dilation: Ints, padding: str) -> Tensor:
    e = current()
    rank = len(shape_of(x)) - 2
    window = per_dimension(size, rank, who, "size")
    step = window if strides is None else per_dimension(strides, rank, who, "strides")
    gaps = per_dimension(dilation, rank, who, "dilation_rate")
    spatial = shape_of(x)[1:-1]
    pads = pads_for(who, padding, spatial, window, step, gaps)
    if any(low or high for low, high in pads):
        x = e.pad(x, (0, *(low for low, _ in pads), 0), (0, *(high for _, high in pads), 0), 0)
    batch, *padded, channels = shape_of(x)
    counts = [(n - k) // s + 1 for n, k, s in zip(padded, dilated(window, gaps), step, strict=True)]
    if step == window and all(g == 1 for g in gaps):
        return _tiles(x, window, counts, batch, channels)
    taps = []
    for tap in _positions(window):
        y = x
        for axis, (i, n, g, s) in enumerate(zip(tap, counts, gaps, step, strict=True), 1):
            y = slice_axis(y, axis, i * g, i * g + (n - 1) * s + 1, s)
        taps.append(y)
    return e.concat(taps, rank + 1)


def _positions(window: Sequence[int]) -> list[tuple[int, ...]]:
    """All index tuples inside a window, the last index fastest."""
    positions: list[tuple[int, ...]] = [()]
    for k in window:
        positions = [(*p, i) for p in positions for i in range(k)]
    return positions


def _tiles(x: Tensor, window: Sequence[int], counts: Sequence[Any], batch: Any, channels: Any) -> Tensor:
    """Patches that do not overlap: a reshape and a transposition."""
    e, rank = current(), len(window)
    for axis, (n, k) in enumerate(zip(counts, window, strict=True), 1):
        x = slice_axis(x, axis, 0, n * k)
    x = e.reshape(x, (batch, *(d for n, k in zip(counts, window, strict=True) for d in (n, k)), channels))
    order = (0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1)
    area = channels
    for k in window:
        area = area * k
    return e.reshape(e.transpose(x, order), (batch, *counts, area))
