"""How much there is to compute in a graph, by which the ways to run it are chosen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from keras.backend.tensorflow_engine.leaf import product
from keras.backend.tensorflow_engine.loading import tf

_CONVOLUTION = re.compile("(?:(DepthwiseConv2dNative)|Conv2D)(?:Backprop(Input|Filter))?")


def multiplications(op: tf.Operation) -> Any:
    """Those of a matrix product or a convolution, UNKNOWN if they cannot be counted; none of another operation."""
    if "MatMul" in op.type:
        turned = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
        return product([*_sizes(op.outputs[0]), *_sizes(op.inputs[0])[-2 if turned else -1 :][:1]])
    convolution = _CONVOLUTION.fullmatch(op.type)
    if convolution is None:
        return 0
    depthwise, gradient = convolution.groups()
    images = op.inputs[2] if gradient else op.outputs[0]  # one multiplication for each number in a kernel
    kernel = op.outputs[0] if gradient == "Filter" else op.inputs[1]
    return product([*_sizes(images), *_sizes(kernel)[: 2 if depthwise else 3]])


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
