"""What image ops share: one image or a batch of them, channels first or last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.backend.select import current
from keras.backend.spec import shape_str
from keras.ops.dispatch import convert, shape_of
from keras.ops.nn.convolution import channels_last

Tensor = Any


def in_batch(
    who: str, images: Any, data_format: str | None, f: Callable[[Tensor], Tensor], rank: int = 4
) -> Tensor:
    """`f` of images as `[batch, height, width, channels]`, the result in the layout the images had.

    Args:
        who: the op's name, for messages.
        images: `[height, width, channels]` or a batch of them; with channels first if `data_format` says so.
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.
        f: takes and returns a tensor of rank `rank`.
        rank: that of a batch: 4 for images, 5 for volumes.
    """
    e, x = current(), convert(images)
    shape = shape_of(x)
    if len(shape) not in (rank - 1, rank):
        raise ValueError(
            f"{who}: expected a tensor of rank {rank - 1} or {rank}. Received: shape {shape_str(shape)}"
        )
    single = len(shape) == rank - 1
    if single:
        x = e.reshape(x, (1, *shape))
    last = channels_last(data_format, who)
    if not last:
        x = e.transpose(x, (0, *range(2, rank), 1))
    y = f(x)
    if not last:
        y = e.transpose(y, (0, rank - 1, *range(1, rank - 1)))
    return e.reshape(y, shape_of(y)[1:]) if single else y
