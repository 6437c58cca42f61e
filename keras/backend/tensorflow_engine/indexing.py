"""Gather, scatter and order."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.backend.engine import Engine
from keras.backend.tensorflow_engine.leaf import ints, product, raw
from keras.backend.tensorflow_engine.loading import tf
from keras.errors import out_of_bounds

Tensor = Any

_MANY = 2**16  # elements of graphs that XLA is hardly chosen for, which has no use for branches
_BITS = {"float32": "int32", "float64": "int64"}


def bounded(f: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A primitive that gathers along an axis, whose eager complaint about an index is that of all engines."""

    @functools.wraps(f)
    def method(self: Any, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        try:
            return f(self, x, indices, axis)
        except tf.errors.InvalidArgumentError:
            at, size = self.to_numpy(indices), x.shape[axis]
            if not at.size or (at.min() >= 0 and at.max() < size):
                raise
            raise out_of_bounds(int(at.min()), int(at.max()), axis, size) from None

    return method


class IndexingPart(Engine):
    """Order is NumPy's: NaN is greater than everything, which TensorFlow's own sort does not promise."""

    # ------------------------------------------------------------------ gather and scatter
    @bounded
    def take(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        return raw.GatherV2(params=x, indices=self._index(indices), axis=ints(axis))

    @bounded
    def take_along(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        last = x.shape.rank - 1
        if axis == last == 1:
            return raw.GatherV2(params=x, indices=self._index(indices), axis=ints(1), batch_dims=1)
        order = list(range(last + 1))
        order[axis], order[last] = last, axis
        moved = self.transpose(x, tuple(order))
        at = self.transpose(self._index(indices), tuple(order))
        shape, places = self.spec(moved)[0], self.spec(at)[0]
        rows = math.prod(shape[:-1])
        flat = raw.GatherV2(
            params=self.reshape(moved, (rows, shape[-1])),
            indices=self.reshape(at, (rows, places[-1])),
            axis=ints(1),
            batch_dims=1,
        )
        return self.transpose(self.reshape(flat, places), tuple(order))

    def gather_nd(self, x: Tensor, indices: Tensor) -> Tensor:
        return raw.GatherNd(params=x, indices=self._index(indices))

    def scatter_nd(self, x: Tensor, indices: Tensor, updates: Tensor, mode: str) -> Tensor:
        if 0 in x.shape:  # nothing to write into, which TensorFlow calls an error
            return x
        if mode not in _SCATTER or (x.dtype == tf.bool and mode != "set"):
            return super().scatter_nd(x, indices, updates, mode)
        return getattr(raw, _SCATTER[mode])(tensor=x, indices=self._index(indices), updates=updates)

    def _index(self, indices: Tensor) -> Tensor:
        return indices if indices.dtype in (tf.int32, tf.int64) else self.cast(indices, "int64")

    # ------------------------------------------------------------------ order
    def argsort(self, x: Tensor, axis: int) -> Tensor:
        last = x.shape.rank - 1
        order = list(range(last + 1))
        order[axis], order[last] = last, axis
        key = self.transpose(self._key(x), tuple(order))
        # Bitwise not reverses the order of the keys, and top_k puts equal ones in the order of their indices.
        places = raw.TopKV2(input=raw.Invert(x=key), k=ints(self.spec(x)[0][axis])).indices
        return self.transpose(places, tuple(order))

    def top_k(self, x: Tensor, k: int) -> tuple[Tensor, Tensor]:
        def plain() -> tuple[Tensor, Tensor]:
            return tuple(raw.TopKV2(input=x, k=ints(k)))

        def careful() -> tuple[Tensor, Tensor]:
            places = raw.TopKV2(input=self._key(x), k=ints(k)).indices
            return self.take_along(x, places, x.shape.rank - 1), places

        return careful() if x.dtype == tf.bool else self._unless_nan(x, plain, careful)

    def _unless_nan(self, x: Tensor, plain: Callable[[], Any], careful: Callable[[], Any]) -> Any:
        """`plain()`, but `careful()` for NaN. In a graph a large `x` is summed up to see when it runs; a small one is not."""
        if not x.dtype.is_floating:
            return plain()
        values = self.peek(x)
        if values is not None:
            return careful() if np.isnan(values).any() else plain()
        if None in x.shape or product(x.shape) < _MANY:
            return careful()
        return tf.cond(raw.IsNan(x=raw.Sum(input=x, axis=ints(tuple(range(x.shape.rank))))), careful, plain)

    def _key(self, x: Tensor) -> Tensor:
        """Integers in the order of `x`: those of a float's bits, negative ones turned round; NaN comes last."""
        if x.dtype == tf.bool:
            return self.cast(x, "int32")
        if not x.dtype.is_floating:
            return x
        if x.dtype.name not in _BITS:
            x = self.cast(x, "float32")
        zero, nan = tf.constant(0, x.dtype), tf.constant(math.nan, x.dtype)
        x = raw.SelectV2(condition=raw.Equal(x=x, y=zero), t=zero, e=x)  # -0 is 0
        x = raw.SelectV2(condition=raw.IsNan(x=x), t=nan, e=x)  # one NaN, and a positive one
        bits = raw.Bitcast(input=x, type=_BITS[x.dtype.name])
        turned = raw.BitwiseXor(x=bits, y=tf.constant(bits.dtype.max, bits.dtype))
        return raw.SelectV2(condition=raw.Less(x=bits, y=tf.constant(0, bits.dtype)), t=turned, e=bits)


_SCATTER = {
    "set": "TensorScatterUpdate",
    "add": "TensorScatterAdd",
    "min": "TensorScatterMin",
    "max": "TensorScatterMax",
}
