"""Reductions and contractions."""

from __future__ import annotations

import functools
import math
import string
from typing import Any

import numpy as np

from keras.backend.engine import Axes, Engine
from keras.backend.tensorflow_engine.leaf import VIA_WIDER, ints, raw, through
from keras.backend.tensorflow_engine.loading import tf

Tensor = Any

_VIA_BOOL = {"bool": "int32"}
_FEW = 1 << 14


class ReductionPart(Engine):
    """Reduced axes are removed. `cumprod` keeps the shared body: TensorFlow's gradient of its own divides by zero."""

    @through(_VIA_BOOL)
    def reduce_sum(self, x: Tensor, axes: Axes) -> Tensor:
        return raw.Sum(input=x, axis=ints(axes)) if axes else x

    @through(_VIA_BOOL)
    def reduce_prod(self, x: Tensor, axes: Axes) -> Tensor:
        return raw.Prod(input=x, axis=ints(axes)) if axes else x

    @through(_VIA_BOOL)
    def reduce_max(self, x: Tensor, axes: Axes) -> Tensor:
        return raw.Max(input=x, axis=ints(axes))

    @through(_VIA_BOOL)
    def reduce_min(self, x: Tensor, axes: Axes) -> Tensor:
        return raw.Min(input=x, axis=ints(axes))

    @through(_VIA_BOOL)
    def cumsum(self, x: Tensor, axis: int) -> Tensor:
        return raw.Cumsum(x=x, axis=ints(axis))

    def argmax(self, x: Tensor, axis: int) -> Tensor:
        values = self.peek(x)
        if values is not None and values.size <= _FEW:  # the call is what costs
            return tf.constant(np.argmax(values, axis).astype(np.int32))

        def plain() -> Tensor:
            if axis == x.shape.rank - 1 and x.dtype != tf.bool:
                # A third faster than ArgMax (TensorFlow 2.21).
                return raw.Squeeze(input=raw.TopKV2(input=x, k=ints(1)).indices, axis=[axis])
            return raw.ArgMax(input=x, dimension=ints(axis), output_type=tf.int32)

        def careful() -> Tensor:
            # The kernel passes over NaN: mark the first NaN or else the first maximum.
            most = raw.Max(input=x, axis=ints((axis,)), keep_dims=True)
            marks = raw.LogicalOr(x=raw.Equal(x=x, y=most), y=raw.IsNan(x=x))
            return raw.ArgMax(input=marks, dimension=ints(axis), output_type=tf.int32)

        return self._unless_nan(x, plain, careful)

    def dot_general(
        self, a: Tensor, b: Tensor, contract: tuple[Axes, Axes], batch: tuple[Axes, Axes]
    ) -> Tensor:
        known = None not in (*a.shape, *b.shape)
        if a.dtype.is_floating and (tf.executing_eagerly() or not known):
            # Eagerly one call instead of five, which is what counts; with unknown sizes it need not ask for them.
            return raw.Einsum(inputs=[a, b], equation=_equation(a.shape.rank, b.shape.rank, contract, batch))
        if not batch[0] or not a.dtype.is_floating:
            return super().dot_general(a, b, contract, batch)
        # A last axis that stays last is cheap to move, and the product takes matrices of either kind.
        adj_x, adj_y = a.shape.rank - 1 not in contract[0], b.shape.rank - 1 in contract[1]
        x, free_a = self._as_matrix(a, batch[0], contract[0], contracted_last=not adj_x)
        y, free_b = self._as_matrix(b, batch[1], contract[1], contracted_last=adj_y)
        out = raw.BatchMatMulV2(x=x, y=y, adj_x=adj_x, adj_y=adj_y)
        return self.reshape(out, self.spec(out)[0][:-2] + free_a + free_b)

    @through(VIA_WIDER)
    def matmul(self, a: Tensor, b: Tensor) -> Tensor:
        if b.shape.rank > 2:
            return raw.BatchMatMulV2(x=a, y=b)
        if a.shape.rank == 2:
            return raw.MatMul(a=a, b=b)
        # One large product instead of many small ones.
        *lead, width = self.spec(a)[0]
        flat = raw.MatMul(a=self.reshape(a, (math.prod(lead), width)), b=b)
        return self.reshape(flat, (*lead, self.spec(b)[0][-1]))


@functools.lru_cache(maxsize=1024)
def _equation(rank_a: int, rank_b: int, contract: tuple[Axes, Axes], batch: tuple[Axes, Axes]) -> str:
    """A contraction in the letters of `Einsum`."""
    a, b = list(string.ascii_lowercase[:rank_a]), list(string.ascii_uppercase[:rank_b])
    for i, j in zip((*batch[0], *contract[0]), (*batch[1], *contract[1]), strict=True):
        b[j] = a[i]
    shared = [a[i] for i in batch[0]]
    free = [c for letters, other in ((a, b), (b, a)) for c in letters if c not in other]
    return f"{''.join(a)},{''.join(b)}->{''.join(shared + free)}"
