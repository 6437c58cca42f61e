"""Shapes as Keras 2 programs handle them: `K.shape(x)` of a symbolic tensor is symbolic, and can be handed on.

`K.shape(x)[0]` stands for a dimension nobody knows yet. It computes like a number, and functions that take shapes look
the dimension up in x when the graph runs: shapes are plain ints on every engine, never tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from keras.backend.spec import KerasTensor
from keras.classic.checked import checked
from keras.classic.symbolic import is_symbolic, recorded
from keras.ops import core
from keras.ops.dispatch import convert, ndim_of, shape_of
from keras.ops.node import Node
from keras.ops.numpy.joining import stack

Tensor = Any


class Dimension(KerasTensor):
    """One unknown dimension of a symbolic tensor, as a symbolic int32 scalar."""

    source: KerasTensor
    axis: int


class Shape(KerasTensor):
    """The shape of a symbolic tensor, as a symbolic int32 vector; its known elements are ints."""

    source: KerasTensor

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self[i] for i in range(*key.indices(len(self)))]
        if not isinstance(key, int):
            return super().__getitem__(key)
        known = self.source.shape[key]
        return dimension(self.source, key % len(self)) if known is None else known


@checked
def shape(x: Any) -> Any:
    """The shape of x.

    Args:
        x: a tensor of any shape.

    Returns:
        A tuple of ints; for a symbolic tensor a symbolic int32 vector, whose elements are ints where they are known and
        may stand in the shapes that `K.reshape`, `K.zeros`, `K.random_normal` and others take.

    >>> shape([[1.0, 2.0, 3.0]])
    (1, 3)
    >>> shape(keras.Input((3,)))[1]
    3
    """
    if not is_symbolic(x):
        return core.shape(x)
    vector = _size_vector(x)
    made = Shape(vector.dims, vector.dtype)
    made.source = x
    return _adopt(made, vector)


def dimension(x: KerasTensor, axis: int) -> Dimension:
    """An unknown dimension of a symbolic tensor.

    >>> dimension(keras.Input((3,)), 0).dtype
    'int32'
    """
    scalar = _size_scalar(x, axis)
    made = Dimension((), scalar.dtype)
    made.source, made.axis = x, axis
    return _adopt(made, scalar)


def _adopt(made: Any, recorded_tensor: KerasTensor) -> Any:
    """Let `made` be the output of the step that made another tensor."""
    node = recorded_tensor.node
    Node(node.operation, node.args, node.kwargs, made, register=False)
    return made


@recorded
def _size_vector(x: Any) -> Tensor:
    if not ndim_of(x):
        return convert([], "int32")
    return stack([_size_scalar(x, axis) for axis in range(ndim_of(x))])


@recorded
def _size_scalar(x: Any, axis: int) -> Tensor:
    size = shape_of(x)[axis]
    return convert(size, "int32") if isinstance(size, int) else KerasTensor((), "int32")


def is_open(shape: Any) -> bool:
    """Whether a shape holds unknown dimensions of symbolic tensors.

    >>> x = keras.Input((3,))
    >>> is_open((2, 3)), is_open((keras.backend.shape(x)[0], 3))
    (False, True)
    """
    return isinstance(shape, Shape) or any(is_symbolic(d) for d in shape)


def remainder(shape: Any, x: KerasTensor) -> Any:
    """The shape with -1 worked out, where x's unknown dimensions all stand in it and so cancel.

    >>> x = keras.Input((2, 3))
    >>> remainder((keras.backend.shape(x)[0], -1), x)[1]
    6
    """
    if isinstance(shape, Shape) or -1 not in [d for d in shape if isinstance(d, int)]:
        return shape
    mine = [d.axis for d in shape if isinstance(d, Dimension) and d.source is x]
    unknown = [axis for axis, d in enumerate(x.shape) if d is None]
    if sorted(mine) != unknown or len(mine) != sum(is_symbolic(d) for d in shape):
        return shape
    known = math.prod(d for d in x.shape if d is not None)
    others = math.prod(d for d in shape if isinstance(d, int) and d != -1)
    if others == 0 or known % others:
        return shape
    return [known // others if isinstance(d, int) and d == -1 else d for d in shape]


def at_shape(make: Callable[..., Tensor], shape: Any, *tensors: Any) -> Tensor:
    """`make(shape, *tensors)`, with the shape's symbolic dimensions looked up when the graph runs.

    >>> x = keras.Input((3,))
    >>> at_shape(keras.ops.zeros, keras.backend.shape(x)).shape
    (None, 3)
    """
    entries = [shape[i] for i in range(len(shape))] if isinstance(shape, Shape) else list(shape)
    sources = [d.source if isinstance(d, Dimension) else None for d in entries]
    if any(is_symbolic(d) and s is None for d, s in zip(entries, sources, strict=True)):
        raise ValueError(
            f"A shape may hold ints and elements of `K.shape(x)`, and nothing that was computed. Received: {entries}"
        )
    axes = [d.axis if isinstance(d, Dimension) else d for d in entries]
    return _at_shape(make, axes, sources, *tensors)


@recorded
def _at_shape(
    make: Callable[..., Tensor], axes: Sequence[int], sources: Sequence[Any], *tensors: Any
) -> Tensor:
    sizes = [a if x is None else shape_of(x)[a] for a, x in zip(axes, sources, strict=True)]
    return make(tuple(sizes), *tensors)
