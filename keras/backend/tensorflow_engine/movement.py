"""Movement: reshape, permute, cut, pad, join."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras.backend.engine import Axes, Engine, Shape
from keras.backend.spec import Unknown
from keras.backend.tensorflow_engine.leaf import as_known, for_xla, ints, pairs, raw
from keras.backend.tensorflow_engine.loading import tf

Tensor = Any

_PAD_RANK = 6  # the CPU kernel takes no more


class MovementPart(Engine):
    """Shapes and axes go in as cached int32 tensors (see `ints`)."""

    def reshape(self, x: Tensor, shape: Shape) -> Tensor:
        return raw.Reshape(tensor=x, shape=ints(shape, one_follows=True))

    def transpose(self, x: Tensor, axes: Axes) -> Tensor:
        if tuple(axes) == tuple(range(len(axes))):
            return x
        return raw.Transpose(x=x, perm=ints(axes))

    def broadcast_to(self, x: Tensor, shape: Shape) -> Tensor:
        return raw.BroadcastTo(input=x, shape=ints(tuple(shape)))

    def slice(self, x: Tensor, starts: Shape, stops: Shape, steps: Shape) -> Tensor:
        if all(s == 1 for s in steps):
            size = tuple(b - a if a else b for a, b in zip(starts, stops, strict=True))
            return raw.Slice(input=x, begin=ints(starts), size=ints(size))
        y = raw.StridedSlice(input=x, begin=ints(starts), end=ints(stops), strides=ints(steps))
        if y.shape.rank is None:
            sizes = [-((a - b) // s) for a, b, s in zip(starts, stops, steps, strict=True)]
            y.set_shape(as_known(sizes))
        return y

    def pad(self, x: Tensor, low: Shape, high: Shape, value: float | int | bool) -> Tensor:
        if not any(low) and not any(high):
            return x
        fill = self.full((), value, x.dtype.name)
        if len(low) > _PAD_RANK:
            return self._pad_each(x, low, high, value)
        amounts = tuple(zip(low, high, strict=True))
        y = raw.PadV2(input=x, paddings=pairs(amounts), constant_values=fill)
        if any(isinstance(n, Unknown) for n in (*low, *high)):  # then TensorFlow forgets the known sizes, too
            sizes = [d + a + b for d, a, b in zip(self.spec(x)[0], low, high, strict=True)]
            y.set_shape(as_known(sizes))
        return y

    def _pad_each(self, x: Tensor, low: Shape, high: Shape, value: float | int | bool) -> Tensor:
        """Axis by axis, with the axes on either side taken together."""
        for axis, amounts in enumerate(zip(low, high, strict=True)):
            if any(amounts):
                shape = self.spec(x)[0]
                before, n, after = shape[:axis], shape[axis], shape[axis + 1 :]
                block = self.reshape(x, (math.prod(before), n, math.prod(after)))
                block = self.pad(block, (0, amounts[0], 0), (0, amounts[1], 0), value)
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
        shape = self.spec(update)[0]
        begin = self._starts(x, starts, shape)
        if not tf.executing_eagerly() and for_xla():
            # Lazily: it registers a gradient, for which all that makes graphs is loaded.
            from keras.backend.tensorflow_engine import block_update

            return block_update.updated(x, update, begin)
        end = raw.AddV2(x=begin, y=ints(shape))
        ones = ints((1,) * len(starts))
        return raw.TensorStridedSliceUpdate(input=x, begin=begin, end=end, strides=ones, value=update)

    def _starts(self, x: Tensor, starts: Sequence[Tensor], sizes: Shape) -> Tensor:
        """The starts as one tensor, moved so that a block of `sizes` fits."""
        most = tuple(n - size for n, size in zip(self.spec(x)[0], sizes, strict=True))
        begin = raw.Pack(values=[self.cast(s, "int32") for s in starts])
        return tf.clip_by_value(begin, ints(0), ints(most))
