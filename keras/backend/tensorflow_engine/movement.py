"""Movement: reshape, permute, cut, pad, join."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras.backend.engine import Axes, Engine, Shape
from keras.backend.spec import OPEN, UNKNOWN, Open, Unknown
from keras.backend.tensorflow_engine.leaf import for_xla, ints, raw
from keras.backend.tensorflow_engine.loading import tf

Tensor = Any

_PAD_RANK = 6  # the CPU kernel takes no more


class MovementPart(Engine):
    """Shapes and axes go in as cached int32 tensors (see `ints`)."""

    def reshape(self, x: Tensor, shape: Shape) -> Tensor:
        # With equal numbers around them, two unknown sizes or more are x's own.
        if (
            not tf.executing_eagerly()
            and sum(d is UNKNOWN for d in shape) > 1
            and _runs(x.shape) == _runs(shape)
        ):
            own = iter([n for n, d in zip(tf.unstack(tf.shape(x)), x.shape, strict=True) if d is None])
            return raw.Reshape(tensor=x, shape=tf.stack([next(own) if d is UNKNOWN else d for d in shape]))
        return raw.Reshape(tensor=x, shape=ints(shape, one_follows=True))

    def transpose(self, x: Tensor, axes: Axes) -> Tensor:
        if tuple(axes) == tuple(range(len(axes))):
            return x
        return raw.Transpose(x=x, perm=ints(axes))

    def broadcast_to(self, x: Tensor, shape: Shape) -> Tensor:
        if not any(isinstance(d, Unknown) for d in shape):
            return raw.BroadcastTo(input=x, shape=ints(shape))
        # A size that is not known can only be x's own.
        own, shift = tf.shape(x), len(shape) - x.shape.rank
        if any(
            (isinstance(d, Open) and d is not OPEN)
            or (isinstance(d, Unknown) and (i < shift or x.shape[i - shift] is not None))
            for i, d in enumerate(shape)
        ):
            raise TypeError("The size to broadcast to is not known.")
        sizes = [own[i - shift] if isinstance(d, Unknown) else d for i, d in enumerate(shape)]
        return raw.BroadcastTo(input=x, shape=tf.stack(sizes))

    def slice(self, x: Tensor, starts: Shape, stops: Shape, steps: Shape) -> Tensor:
        # Up to the end where it is not known: of a batch that others left open.
        whole = sum(1 << i for i, stop in enumerate(stops) if isinstance(stop, Unknown))
        if all(s == 1 for s in steps) and not any(isinstance(d, Open) for d in stops):
            size = tuple(b - a for a, b in zip(starts, stops, strict=True))
            return raw.Slice(input=x, begin=ints(starts), size=ints(size))
        if any(
            isinstance(d, Open) and (d is not OPEN or x.shape[i] is not None) for i, d in enumerate(stops)
        ):
            raise TypeError("Where to stop is left open.")
        ends = tuple(-1 if isinstance(stop, Unknown) else stop for stop in stops)
        return raw.StridedSlice(
            input=x, begin=ints(starts), end=ints(ends), strides=ints(steps), end_mask=whole
        )

    def pad(self, x: Tensor, low: Shape, high: Shape, value: float | int | bool) -> Tensor:
        if not any(low) and not any(high):
            return x
        if any(isinstance(n, Unknown) for n in (*low, *high)):
            raise TypeError("The padding depends on sizes that are not known.")
        fill = self.full((), value, x.dtype.name)
        if len(low) > _PAD_RANK:
            return self._pad_each(x, low, high, fill)
        flat = tuple(n for pair in zip(low, high, strict=True) for n in pair)
        amounts = raw.Reshape(tensor=ints(flat), shape=ints((len(low), 2)))
        return raw.PadV2(input=x, paddings=amounts, constant_values=fill)

    def _pad_each(self, x: Tensor, low: Shape, high: Shape, fill: Tensor) -> Tensor:
        """Axis by axis, with the axes on either side taken together."""
        for axis, amounts in enumerate(zip(low, high, strict=True)):
            if any(amounts):
                before, n, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
                block = self.reshape(x, (math.prod(before), n, math.prod(after)))
                block = raw.PadV2(input=block, paddings=[(0, 0), amounts, (0, 0)], constant_values=fill)
                x = self.reshape(block, (*before, n + sum(amounts), *after))
        return x

    def concat(self, xs: Sequence[Tensor], axis: int) -> Tensor:
        return xs[0] if len(xs) == 1 else raw.ConcatV2(values=list(xs), axis=ints(axis))

    def flip(self, x: Tensor, axes: Axes) -> Tensor:
        return raw.ReverseV2(tensor=x, axis=ints(axes)) if axes else x

    def dynamic_slice(self, x: Tensor, starts: Sequence[Tensor], sizes: Shape) -> Tensor:
        return raw.Slice(input=x, begin=self._starts(x, starts, sizes), size=ints(sizes)) if sizes else x

    def dynamic_update(self, x: Tensor, update: Tensor, starts: Sequence[Tensor]) -> Tensor:
        if not starts:
            return update
        begin = self._starts(x, starts, tuple(update.shape))
        if not tf.executing_eagerly() and for_xla():
            # Lazily: it registers a gradient, for which all that makes graphs is loaded.
            from keras.backend.tensorflow_engine import block_update

            return block_update.updated(x, update, begin)
        end = raw.AddV2(x=begin, y=ints(tuple(update.shape)))
        ones = ints((1,) * len(starts))
        return raw.TensorStridedSliceUpdate(input=x, begin=begin, end=end, strides=ones, value=update)

    def _starts(self, x: Tensor, starts: Sequence[Tensor], sizes: Shape) -> Tensor:
        """The starts as one tensor, moved so that a block of `sizes` fits."""
        most = tuple(n - size for n, size in zip(x.shape, sizes, strict=True))
        begin = raw.Pack(values=[self.cast(s, "int32") for s in starts])
        return tf.clip_by_value(begin, ints(0), ints(most))


def _runs(shape: Any) -> list[int]:
    """Products of the known sizes before, between and behind the unknown ones."""
    runs = [1]
    for d in shape:
        if d is None or isinstance(d, Unknown):
            runs.append(1)
        else:
            runs[-1] *= d
    return runs
