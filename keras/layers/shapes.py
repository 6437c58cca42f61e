"""Shapes of nested tensors, for building a layer and telling what it gives."""

from __future__ import annotations

from typing import Any

from keras import tree
from keras.backend.select import current
from keras.backend.spec import KerasTensor


def is_tensor_tree(x: Any) -> bool:
    """Whether a structure holds tensors, and nothing else."""
    leaves = tree.flatten(x)
    return bool(leaves) and all(isinstance(t, KerasTensor) or current().is_tensor(t) for t in leaves)


def shape_tree(x: Any) -> Any:
    """The shapes of a structure of tensors, nested like it."""

    def shape(t: Any) -> tuple[Any, ...]:
        return t.shape if isinstance(t, KerasTensor) else KerasTensor(*current().spec(t)).shape

    return tree.map_structure(shape, x)


def batch_unknown(shapes: Any) -> Any:
    """Shapes with None for the first size."""
    return tree.map_shape_structure(lambda s: (None, *s[1:]) if s else s, shapes)


def as_shape(s: Any) -> Any:
    """Lists from JSON back to tuples."""
    return None if s is None else tree.map_shape_structure(tuple, s)


def take_input_shape(kwargs: dict[str, Any]) -> tuple[Any, ...] | None:
    """The batch shape from the ways Keras 2 programs give it to a first layer."""
    batch = kwargs.pop("batch_size", None)
    if "batch_input_shape" in kwargs:
        return tuple(kwargs.pop("batch_input_shape"))
    if "input_shape" in kwargs:
        shape = kwargs.pop("input_shape")
        kwargs.pop("input_dim", None)
        return (batch, *(shape if isinstance(shape, (tuple, list)) else (shape,)))
    if "input_dim" in kwargs:
        return (batch, kwargs.pop("input_dim"))
    return None
