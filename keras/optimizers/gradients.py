"""Clipping of gradients by their norms."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.ops.dispatch import dtype_of

Tensor = Any


def clip_by_norm(grad: Tensor, limit: float) -> Tensor:
    """`grad`, scaled down to the norm `limit` if its own is larger.

    >>> import numpy as np
    >>> clip_by_norm(np.array([6.0, 8.0]), 5.0).tolist()
    [3.0, 4.0]
    """
    norm = ops.sqrt(ops.sum(ops.square(grad)))
    return ops.divide(ops.multiply(grad, limit), ops.maximum(norm, limit))


def clip_by_global_norm(grads: list[Tensor], limit: float) -> list[Tensor]:
    """All gradients, scaled down together to the joint norm `limit` if theirs is larger.

    >>> import numpy as np
    >>> [g.tolist() for g in clip_by_global_norm([np.array([6.0]), np.array([8.0])], 5.0)]
    [[3.0], [4.0]]
    """
    norm = global_norm(grads)
    scale = ops.divide(limit, ops.maximum(norm, limit))
    return [ops.multiply(g, ops.cast(scale, dtype_of(g))) for g in grads]


def global_norm(grads: list[Tensor]) -> Tensor:
    """The norm of all gradients as one vector."""
    total = ops.sum(ops.square(grads[0]))
    for grad in grads[1:]:
        total = ops.add(total, ops.cast(ops.sum(ops.square(grad)), dtype_of(total)))
    return ops.sqrt(total)
