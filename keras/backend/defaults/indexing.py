"""Gather, scatter and order, from `take`, comparisons and reductions."""

from __future__ import annotations

import math
from typing import Any

from keras.backend.defaults.composed import Composed, highest, lowest
from keras.backend.dtypes import is_float

Tensor = Any


class IndexingDefaults(Composed):
    """Indices are non-negative integers; out of range ones are an error on the host engine and undefined elsewhere."""

    # ------------------------------------------------------------------ gather and scatter
    def take_along(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        """`out[.., i, ..] = x[.., indices[.., i, ..], ..]`; all dimensions but `axis` are equal. Shape of `indices`."""
        shape, out = self.spec(x)[0], self.spec(indices)[0]
        flat = self._as_index(indices, shape)
        dtype, stride = self.spec(flat)[1], 1
        places = self.mul(flat, self.full((), math.prod(shape[axis + 1 :]), dtype))
        for i in reversed(range(len(shape))):
            if i != axis and shape[i] > 1:
                column = (1,) * i + (shape[i],) + (1,) * (len(shape) - i - 1)
                step = self.mul(self.iota(shape[i], dtype), self.full((), stride, dtype))
                places = self.add(places, self.reshape(step, column))
            stride *= shape[i]
        values = self.take(self.reshape(x, (math.prod(shape),)), self.reshape(places, (math.prod(out),)), 0)
        return self.reshape(values, out)

    def gather_nd(self, x: Tensor, indices: Tensor) -> Tensor:
        """`out[...] = x[indices[..., 0], .., indices[..., k - 1]]`: shape `indices.shape[:-1] + x.shape[k:]`."""
        shape, depth = self.spec(x)[0], self.spec(indices)[0][-1]
        rows = self.reshape(x, (math.prod(shape[:depth]), *shape[depth:]))
        return self.take(rows, self._row_numbers(indices, shape), 0)

    def scatter_nd(self, x: Tensor, indices: Tensor, updates: Tensor, mode: str) -> Tensor:
        """`x` with `updates` put at `indices` (as in `gather_nd`): set, add, mul, min or max.

        Repeated indices accumulate; for `set` the last one stays in this body, any of them on an engine's own. A
        non-finite update may spread to other rows in mode `add`.
        """
        shape, dtype = self.spec(x)
        depth = self.spec(indices)[0][-1]
        rows, width = math.prod(shape[:depth]), math.prod(shape[depth:])
        at = self._row_numbers(indices, shape)
        count = math.prod(self.spec(at)[0])
        if count == 0:
            return x
        at = self.reshape(at, (1, count))
        hits = self.equal(self.reshape(self.iota(rows, self.spec(at)[1]), (rows, 1)), at)
        updates = self.reshape(updates, (count, width))
        flat = self.reshape(x, (rows, width))
        if mode == "set":
            order = self.add(self.iota(count, "int32"), self.full((), 1, "int32"))
            last = self.reduce_max(self.select(hits, order, self.full((), 0, "int32")), (1,))
            source = self.concat([flat, updates], 0)
            own = self.iota(rows, "int32")
            moved = self.add(last, self.full((), rows - 1, "int32"))
            chosen = self.select(self.equal(last, self.full((), 0, "int32")), own, moved)
            return self.reshape(self.take(source, chosen, 0), shape)
        if mode == "add" and is_float(dtype):
            total = self.matmul(self.cast(hits, dtype), updates)
            return self.reshape(self.add(flat, total), shape)
        reduce, combine = {
            "add": (self.reduce_sum, self.add),
            "mul": (self.reduce_prod, self.mul),
            "max": (self.reduce_max, self.maximum),
            "min": (self.reduce_min, self.minimum),
        }[mode]
        neutral = (
            {"add": 0, "mul": 1}[mode]
            if mode in ("add", "mul")
            else (lowest if mode == "max" else highest)(dtype)
        )
        spread = self.reshape(updates, (1, count, width))
        kept = self.select(self.reshape(hits, (rows, count, 1)), spread, self.full((), neutral, dtype))
        return self.reshape(combine(flat, reduce(kept, (1,))), shape)

    def _row_numbers(self, indices: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Row-major numbers of the places that `indices[..., k]` address in the leading k axes of `shape`."""
        *outer, depth = self.spec(indices)[0]
        indices = self._as_index(indices, shape)
        number, stride = self.full(tuple(outer), 0, self.spec(indices)[1]), 1
        for k in reversed(range(depth)):
            starts, stops = (0,) * len(outer) + (k,), (*outer, k + 1)
            column = self.reshape(self.slice(indices, starts, stops, (1,) * len(stops)), tuple(outer))
            number = self.add(number, self.mul(column, self._scalar(stride, indices)))
            stride *= shape[k]
        return number

    def _as_index(self, indices: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Indices in a dtype that can number every element of `shape`."""
        dtype = "int32" if math.prod(shape) < 2**31 else "int64"
        return indices if self.spec(indices)[1] == dtype else self.cast(indices, dtype)

    # ------------------------------------------------------------------ order
    def argsort(self, x: Tensor, axis: int) -> Tensor:
        """int32 indices that sort `x` along `axis`: ascending, stable, NaN last."""
        return self._order(x, axis, descending=False)

    def sort(self, x: Tensor, axis: int) -> Tensor:
        """`x` in ascending order along `axis`, NaN last."""
        return self.take_along(x, self.argsort(x, axis), axis)

    def top_k(self, x: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """The k largest of the last axis, descending, and their int32 indices; of equal ones the lowest index first."""
        shape = self.spec(x)[0]
        order = self._order(x, len(shape) - 1, descending=True)
        best = self.slice(order, (0,) * len(shape), (*shape[:-1], k), (1,) * len(shape))
        return self.take_along(x, best, len(shape) - 1), best

    def _order(self, x: Tensor, axis: int, descending: bool) -> Tensor:
        """Indices that sort along `axis`, by counting for every element those that come before it."""
        if self.spec(x)[1] == "bool":
            x = self.cast(x, "int32")
        shape = self.spec(x)[0]
        n, swap = shape[axis], list(range(len(shape)))
        swap[axis], swap[-1] = swap[-1], swap[axis]
        x = self.transpose(x, tuple(swap))
        lead = self.spec(x)[0][:-1]
        mine, other = self.reshape(x, (*lead, n, 1)), self.reshape(x, (*lead, 1, n))
        position = self.iota(n, "int32")
        row, column = self.reshape(position, (n, 1)), self.reshape(position, (1, n))
        nan_mine = self.logical_not(self.equal(mine, mine))
        nan_other = self.logical_not(self.equal(other, other))
        before = self.less(mine, other) if descending else self.less(other, mine)
        loser = self.logical_and(nan_other, self.logical_not(nan_mine))
        winner = self.logical_and(nan_mine, self.logical_not(nan_other))
        before = self.logical_or(before, loser if descending else winner)
        tied = self.logical_or(self.equal(mine, other), self.logical_and(nan_mine, nan_other))
        before = self.logical_or(before, self.logical_and(tied, self.less(column, row)))
        rank = self.reduce_sum(self.cast(before, "int32"), (len(shape),))
        at = self.equal(self.reshape(rank, (*lead, 1, n)), row)  # [.., r, i]: element i has rank r
        order = self.reduce_sum(self.select(at, column, self.full((), 0, "int32")), (len(shape),))
        return self.transpose(order, tuple(swap))
