"""Moving data about: reversal, reinterpretation, and slices whose place is only known at run time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras.backend.defaults.composed import Composed

Tensor = Any


class MovementDefaults(Composed):
    """Movement primitives from `take` and `select`."""

    def bitcast(self, x: Tensor, dtype: str) -> Tensor:
        """The same bits read as `dtype`; the last axis grows or shrinks by the ratio of the item sizes."""
        return self._on_host("bitcast", x, dtype=dtype)[0]

    def flip(self, x: Tensor, axes: tuple[int, ...]) -> Tensor:
        """Reverse the order along `axes`."""
        for axis in axes:
            n = self.spec(x)[0][axis]
            x = self.take(x, self.sub(self.full((), n - 1, "int32"), self.iota(n, "int32")), axis)
        return x

    def dynamic_slice(self, x: Tensor, starts: Sequence[Tensor], sizes: tuple[int, ...]) -> Tensor:
        """The block of `sizes` that begins at `starts`, one integer scalar tensor per axis, clamped so that it fits."""
        for axis, (start, size) in enumerate(zip(starts, sizes, strict=True)):
            n = self.spec(x)[0][axis]
            if size < n:
                x = self.take(x, self.add(self._clamped(start, n - size), self.iota(size, "int32")), axis)
        return x

    def dynamic_update(self, x: Tensor, update: Tensor, starts: Sequence[Tensor]) -> Tensor:
        """`x` with the block that begins at `starts` (clamped so that it fits) replaced by `update`, of equal rank."""
        shape, inside = self.spec(x)[0], None
        for axis, start in enumerate(starts):
            n, size = shape[axis], self.spec(update)[0][axis]
            if size == n:
                continue
            place = self.sub(self.iota(n, "int32"), self._clamped(start, n - size))
            last = self.full((), size - 1, "int32")
            zero = self.full((), 0, "int32")
            hit = self.logical_not(self.logical_or(self.less(place, zero), self.less(last, place)))
            hit = self.reshape(hit, (1,) * axis + (n,) + (1,) * (len(shape) - axis - 1))
            inside = hit if inside is None else self.logical_and(inside, hit)
            if size == 0:
                return x
            update = self.take(update, self.minimum(self.maximum(place, zero), last), axis)
        return update if inside is None else self.select(inside, update, x)

    def _clamped(self, start: Tensor, most: int) -> Tensor:
        start = self.cast(start, "int32")
        return self.minimum(self.maximum(start, self.full((), 0, "int32")), self.full((), most, "int32"))
