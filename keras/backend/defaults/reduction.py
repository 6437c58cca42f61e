"""Reductions, running reductions and the general contraction."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from keras.backend.defaults.composed import Composed, highest
from keras.backend.dtypes import is_float

Tensor = Any
Axes = tuple[int, ...]


class ReductionDefaults(Composed):
    """All in the input's dtype; reduced axes are removed."""

    def reduce_prod(self, x: Tensor, axes: Axes) -> Tensor:
        """Product over `axes`; 1 over an empty one."""
        shape, dtype = self.spec(x)
        kept = tuple(i for i in range(len(shape)) if i not in axes)
        n = math.prod(shape[i] for i in axes)
        out = tuple(shape[i] for i in kept)
        x = self.reshape(self.transpose(x, kept + axes), (*out, n))
        if n == 0:
            return self.full(out, 1, dtype)
        while n > 1:  # a halving tree: the odd one out joins the second half as 1
            half = (n + 1) // 2
            rest = self.pad(
                self._last(x, half, n), (0,) * (len(out) + 1), (0,) * len(out) + (2 * half - n,), 1
            )
            x, n = self.mul(self._last(x, 0, half), rest), half
        return self.reshape(x, out)

    def reduce_min(self, x: Tensor, axes: Axes) -> Tensor:
        """Minimum over non-empty `axes`; NaN propagates."""
        dtype = self.spec(x)[1]
        if is_float(dtype):
            return self.neg(self.reduce_max(self.neg(x), axes))
        if dtype == "bool":
            return self.logical_not(self.reduce_max(self.logical_not(x), axes))
        top = self._scalar(
            highest(dtype) if dtype.startswith("u") else -1, x
        )  # top - x reverses the order, never wraps
        return self.sub(top, self.reduce_max(self.sub(top, x), axes))

    def cumsum(self, x: Tensor, axis: int) -> Tensor:
        """Running sum along `axis`."""
        return self._running(x, axis, self.add, 0)

    def cumprod(self, x: Tensor, axis: int) -> Tensor:
        """Running product along `axis`."""
        return self._running(x, axis, self.mul, 1)

    def dot_general(
        self, a: Tensor, b: Tensor, contract: tuple[Axes, Axes], batch: tuple[Axes, Axes]
    ) -> Tensor:
        """Sum of products over `contract=(axes of a, axes of b)`, one by one over `batch`.

        Shape: batch axes, then the free axes of `a`, then those of `b`, each in their own order.
        """
        a, free_a = self._as_matrix(a, batch[0], contract[0], contracted_last=True)
        b, free_b = self._as_matrix(b, batch[1], contract[1], contracted_last=False)
        out = self.matmul(a, b)
        return self.reshape(out, self.spec(out)[0][:-2] + free_a + free_b)

    def _as_matrix(
        self, x: Tensor, batch: Axes, contract: Axes, contracted_last: bool
    ) -> tuple[Tensor, tuple[int, ...]]:
        """`[*batch, free, contracted]` or `[*batch, contracted, free]`, and the sizes of the free axes."""
        shape = self.spec(x)[0]
        order, rows, columns = _order(len(shape), batch, contract, contracted_last)
        sizes = [
            *map(shape.__getitem__, batch),
            *(math.prod([shape[i] for i in axes]) for axes in (rows, columns)),
        ]
        free = tuple([shape[i] for i in (rows if contracted_last else columns)])
        return self.reshape(self.transpose(x, order), tuple(sizes)), free

    def _running(
        self, x: Tensor, axis: int, combine: Callable[[Tensor, Tensor], Tensor], neutral: int
    ) -> Tensor:
        """Inclusive scan by doubling: after step s every element has combined its 2s predecessors."""
        shape = self.spec(x)[0]
        none, step = (0,) * len(shape), 1
        size = int(shape[axis])  # raises where an engine's own tracing has left it open
        while step < size:
            stops = (*shape[:axis], shape[axis] - step, *shape[axis + 1 :])
            low = (*none[:axis], step, *none[axis + 1 :])
            x = combine(x, self.pad(self.slice(x, none, stops, (1,) * len(shape)), low, none, neutral))
            step *= 2
        return x

    def _last(self, x: Tensor, start: int, stop: int) -> Tensor:
        """Columns [start, stop) of the last axis."""
        shape = self.spec(x)[0]
        lead = (0,) * (len(shape) - 1)
        return self.slice(x, (*lead, start), (*shape[:-1], stop), (1,) * len(shape))


@functools.lru_cache(maxsize=1024)
def _order(rank: int, batch: Axes, contract: Axes, contracted_last: bool) -> tuple[Axes, Axes, Axes]:
    """Of the axes of a product's operand as matrices: their order, and which of them are rows and columns."""
    free = tuple(i for i in range(rank) if i not in batch and i not in contract)
    rows, columns = (free, contract) if contracted_last else (contract, free)
    return batch + rows + columns, rows, columns
