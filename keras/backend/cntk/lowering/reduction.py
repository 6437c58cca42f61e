"""Sums and products of matrices. (`reduce_max` passes over NaN in CNTK 2.7, and is not here.)"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.backend.cntk.builder import Builder, Operand
from keras.backend.cntk.lowering.table import Spec, lowering


@lowering("reduce_sum")
def _reduce_sum(b: Builder, out: Spec, x: Operand, axes: tuple[int, ...]) -> Operand:
    node = b.full(x)
    for group in _adjacent(axes):  # CNTK takes no more than two groups of axes in one call
        node = b.c.reduce_sum(node, group)
    return Operand(b.c.reshape(node, out[0]) if axes else node, out)


def _adjacent(axes: Sequence[int]) -> list[list[int]]:
    """Runs of neighbouring axes."""
    groups: list[list[int]] = []
    for axis in sorted(axes):
        if groups and groups[-1][-1] == axis - 1:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    return groups


def _one_batch(specs: Sequence[Spec], values: Sequence[np.ndarray | None]) -> bool:
    (a, _), (b, _) = specs
    return len(b) == 2 or a[:-2] == b[:-2]


@lowering("matmul", accepts=_one_batch)
def _matmul(b: Builder, out: Spec, x: Operand, y: Operand) -> Operand:
    batch = math.prod(y.shape[:-2])
    lead = (batch,) if batch > 1 else ()
    left = _reshaped(b, b.full(x), (*lead, math.prod(x.shape[:-1]) // batch, x.shape[-1]))
    product, right, (k, n) = b.c.times, b.full(y), y.shape[-2:]
    if y.swapped is not None:  # no copy need be made
        product, right, k, n = b.c.times_transposed, y.swapped, n, k
    right = _reshaped(b, right, (*lead, k, n))
    if lead:
        node = b.c.unary("UnpackBatch", product(b.c.unary("ToBatch", left), b.c.unary("ToBatch", right)))
    else:
        node = product(left, right)
    return Operand(b.c.reshape(node, out[0]) if lead else _reshaped(b, node, out[0]), out)


def _reshaped(b: Builder, node: Any, shape: tuple[int, ...]) -> Any:
    return node if tuple(node.shape) == shape else b.c.reshape(node, shape)
