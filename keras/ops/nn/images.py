"""Blocks of images: cut out, put back, traded between space and channels; complex numbers and signal-to-noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras.backend.select import current
from keras.backend.spec import is_unknown, same_shapes, shape_str
from keras.ops.dispatch import cast, convert, dtype_of, op, shape_of
from keras.ops.nn.convolution import channels_last, per_dimension
from keras.ops.settling import check_rank, promote_floats, scalar, slice_axis

Tensor = Any
Ints = int | Sequence[int]


# ---------------------------------------------------------------------- sliding blocks
@op
def unfold(x: Any, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) -> Tensor:
    """All sliding blocks of images, each as a column.

    Args:
        x: `[batch, channels, height, width]`.
        kernel_size: size of a block; an int or a pair.
        dilation: distance between the elements of a block.
        padding: zeros put around the images first.
        stride: distance between blocks.

    Returns:
        `[batch, channels * kernel height * kernel width, blocks]`.

    >>> unfold([[[[1.0, 2.0], [3.0, 4.0]]]], 2).tolist()
    [[[1.0], [2.0], [3.0], [4.0]]]
    """
    e, x = current(), convert(x)
    check_rank(x, 4, "unfold")
    kernel, gaps, border, step = _block_arguments("unfold", kernel_size, dilation, padding, stride)
    x = e.pad(x, (0, 0, *border), (0, 0, *border), 0)
    batch, channels, *size = shape_of(x)
    counts = [(n - (k - 1) * d - 1) // s + 1 for n, k, d, s in zip(size, kernel, gaps, step, strict=True)]
    _check_blocks("unfold", counts, size)
    taps = []
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            tap = x
            for axis, (at, n, d, s) in enumerate(zip((i, j), counts, gaps, step, strict=True), 2):
                tap = slice_axis(tap, axis, at * d, at * d + (n - 1) * s + 1, s)
            taps.append(e.reshape(tap, (batch, channels, 1, counts[0] * counts[1])))
    return e.reshape(e.concat(taps, 2), (batch, channels * kernel[0] * kernel[1], counts[0] * counts[1]))


@op
def fold(
    x: Any,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Tensor:
    """Blocks added up into images: the transpose of `unfold`.

    Args:
        x: `[batch, channels * kernel height * kernel width, blocks]`.
        output_size: height and width of the images.
        kernel_size: size of a block.
        dilation: distance between the elements of a block.
        padding: border that `unfold` had added, cut off again.
        stride: distance between blocks.

    Returns:
        `[batch, channels, height, width]`.

    >>> fold([[[1.0], [2.0], [3.0], [4.0]]], 2, 2).tolist()
    [[[[1.0, 2.0], [3.0, 4.0]]]]
    """
    e, x = current(), convert(x)
    check_rank(x, 3, "fold")
    kernel, gaps, border, step = _block_arguments("fold", kernel_size, dilation, padding, stride)
    size = per_dimension(output_size, 2, "fold", "output_size")
    full = [n + 2 * p for n, p in zip(size, border, strict=True)]
    counts = [(n - (k - 1) * d - 1) // s + 1 for n, k, d, s in zip(full, kernel, gaps, step, strict=True)]
    _check_blocks("fold", counts, size)
    batch, columns, blocks = shape_of(x)
    area = kernel[0] * kernel[1]
    if (not is_unknown(columns) and columns % area) or (
        not is_unknown(blocks) and blocks != counts[0] * counts[1]
    ):
        raise ValueError(
            f"fold: expected {counts[0] * counts[1]} blocks of a multiple of {area} elements. "
            f"Received: x.shape={shape_str(shape_of(x))}"
        )
    channels = columns // area
    x = e.reshape(x, (batch, channels, area, *counts))
    total = e.full((batch, channels, *full), 0, dtype_of(x))
    for tap in range(area):
        at = divmod(tap, kernel[1])
        part = e.reshape(slice_axis(x, 2, tap, tap + 1), (batch, channels, *counts))
        for axis, (i, n, d, s, whole) in enumerate(zip(at, counts, gaps, step, full, strict=True), 2):
            part = _spread(part, axis, i * d, n, s, whole)
        total = e.add(total, part)
    for axis, (p, n) in enumerate(zip(border, size, strict=True), 2):
        total = slice_axis(total, axis, p, p + n)
    return total


def _spread(x: Tensor, axis: int, start: int, n: int, stride: int, whole: int) -> Tensor:
    """The n elements of an axis put `stride` apart into an axis of size `whole`, zeros between."""
    e, shape = current(), shape_of(x)
    if stride > 1:
        x = e.reshape(x, (*shape[: axis + 1], 1, *shape[axis + 1 :]))
        rank = len(shape) + 1
        x = e.pad(x, (0,) * rank, tuple(stride - 1 if i == axis + 1 else 0 for i in range(rank)), 0)
        x = e.reshape(x, (*shape[:axis], n * stride, *shape[axis + 1 :]))
        x = slice_axis(x, axis, 0, (n - 1) * stride + 1)
    low = tuple(start if i == axis else 0 for i in range(len(shape)))
    high = tuple(whole - start - shape_of(x)[axis] if i == axis else 0 for i in range(len(shape)))
    return e.pad(x, low, high, 0)


def _block_arguments(
    who: str, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints
) -> list[tuple[int, ...]]:
    return [
        per_dimension(kernel, 2, who, "kernel_size"),
        per_dimension(dilation, 2, who, "dilation"),
        per_dimension(padding, 2, who, "padding", least=0),
        per_dimension(stride, 2, who, "stride"),
    ]


def _check_blocks(who: str, counts: Sequence[Any], size: Sequence[Any]) -> None:
    if any(not is_unknown(n) and n < 1 for n in counts):
        raise ValueError(f"{who}: the block is larger than the padded image {shape_str(tuple(size))}")


# ---------------------------------------------------------------------- space and channels
@op
def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Channels laid out in blocks: height and width grow by the block size, channels shrink by its square.

    Args:
        x: `[batch, height, width, channels]`.
        block_size: int of at least 2.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> depth_to_space([[[[1, 2, 3, 4]]]], 2).tolist()
    [[[[1], [2]], [[3], [4]]]]
    """
    return _traded("depth_to_space", x, block_size, data_format, to_space=True)


@op
def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Blocks laid out as channels: the inverse of `depth_to_space`.

    Args:
        x: `[batch, height, width, channels]`.
        block_size: int of at least 2; it divides height and width.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> space_to_depth([[[[1], [2]], [[3], [4]]]], 2).tolist()
    [[[[1, 2, 3, 4]]]]
    """
    return _traded("space_to_depth", x, block_size, data_format, to_space=False)


def _traded(who: str, x: Any, block: int, data_format: str, to_space: bool) -> Tensor:
    e, x = current(), convert(x)
    check_rank(x, 4, who)
    if not isinstance(block, int) or block < 2:
        raise ValueError(f"{who}: `block_size` must be an int of at least 2. Received: block_size={block!r}")
    last = channels_last(data_format, who)
    if not last:
        x = e.transpose(x, (0, 2, 3, 1))
    n, h, w, c = shape_of(x)
    divided = (c, block * block) if to_space else (h, block)
    if not to_space and not is_unknown(w) and w % block:
        divided = (w, block)
    if not is_unknown(divided[0]) and divided[0] % divided[1]:
        raise ValueError(
            f"{who}: {divided[0]} is not a multiple of {divided[1]}. Received: block_size={block}, "
            f"x.shape={shape_str((n, h, w, c))}"
        )
    if to_space:
        c //= block * block
        x = e.transpose(e.reshape(x, (n, h, w, block, block, c)), (0, 1, 3, 2, 4, 5))
        x = e.reshape(x, (n, h * block, w * block, c))
    else:
        h, w = h // block, w // block
        x = e.transpose(e.reshape(x, (n, h, block, w, block, c)), (0, 1, 3, 2, 4, 5))
        x = e.reshape(x, (n, h, w, block * block * c))
    return x if last else e.transpose(x, (0, 3, 1, 2))


# ---------------------------------------------------------------------- complex numbers, quality
@op
def polar(abs_: Any, angle: Any) -> Tensor:
    """Complex numbers from their moduli and arguments (in radians).

    >>> polar([2.0], [0.0]).tolist()
    [(2+0j)]
    """
    e = current()
    size, direction = (
        cast(x, "float64" if dtype_of(x) == "float64" else "float32") for x in promote_floats(abs_, angle)
    )
    return e.complex(e.mul(size, e.cos(direction)), e.mul(size, e.sin(direction)))


@op
def psnr(x1: Any, x2: Any, max_val: float) -> Tensor:
    """Peak signal-to-noise ratio in decibels: 10 log10(max_val^2 / mean squared difference).

    Args:
        x1: array-like.
        x2: of the same shape.
        max_val: largest value a signal can have.

    >>> psnr([0.0, 0.0], [1.0, 1.0], 1.0).tolist()
    0.0
    """
    e = current()
    a, b = promote_floats(x1, x2)
    if not same_shapes(shape_of(a), shape_of(b)):
        raise ValueError(
            "psnr: both signals must have the same shape. "
            f"Received: {shape_str(shape_of(a))} and {shape_str(shape_of(b))}"
        )
    gap = e.sub(a, b)
    count: Any = 1
    for d in shape_of(gap):
        count = count * d
    error = e.div(e.reduce_sum(e.mul(gap, gap), tuple(range(len(shape_of(gap))))), scalar(count, gap))
    peak = scalar(20.0 * math.log10(max_val), error)
    return e.sub(peak, e.mul(scalar(10.0 / math.log(10.0), error), e.log(error)))
