"""How much there is to compute in a graph, by which the ways to run it are chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from keras.backend.tensorflow_engine.leaf import product
from keras.backend.tensorflow_engine.loading import tf


def multiplications(op: tf.Operation) -> Any:
    """Those of a matrix product or a convolution, UNKNOWN if they cannot be counted; none of another operation."""
    if "MatMul" in op.type:
        turned = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
        each = _sizes(op.inputs[0])[-2 if turned else -1 :][:1]
    elif op.type in ("Conv2D", "DepthwiseConv2dNative"):
        each = _sizes(op.inputs[1])[: 3 if op.type == "Conv2D" else 2]
    else:
        return 0
    return product([*_sizes(op.outputs[0]), *each])


def _sizes(x: Any) -> list[int | None]:
    return [None] if x.shape.rank is None else list(x.shape)


def in_products(operations: Iterable[tf.Operation]) -> Any:
    """Multiplications in all matrix products together."""
    return sum(multiplications(op) for op in operations if "MatMul" in op.type)


def largest(operations: Sequence[tf.Operation], variables: bool = True) -> int:
    """Elements of the largest tensor whose shape is known; without `variables`, of a shape that no variable has."""
    shapes = {y.shape for op in operations for y in op.outputs if y.shape.is_fully_defined()}
    if not variables:
        shapes -= {y.shape for op in operations if op.type == "ReadVariableOp" for y in op.outputs}
    return max(map(product, shapes), default=0)


def has_open_sizes(tensors: Iterable[Any]) -> bool:
    """Whether a dimension of one of them is not known."""
    return any(None in x.shape for x in tensors if x.shape.rank)
