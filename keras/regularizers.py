"""Regularizers: penalties on weights or outputs, added to the loss."""

import math
from collections.abc import Mapping
from typing import Any

from keras import ops, serializable
from keras.errors import shorten, unknown
from keras.ops.dispatch import dtype_of, shape_of
from keras.serializable import Serializable

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

Tensor = Any


class Regularizer(Serializable):
    """Base class: a subclass writes `__call__(x)`, which returns a scalar.

    >>> class Negative(Regularizer):
    ...     def __call__(self, x):
    ...         return ops.sum(ops.relu(-x))
    >>> float(Negative()(ops.array([-1.0, 2.0, -3.0])))
    4.0
    """

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty of a tensor of any shape; none here."""
        return 0.0


class L1(Regularizer):
    """`l1 * sum(abs(x))`.

    Args:
        l1: non-negative factor.

    >>> float(L1(0.5)(ops.array([-1.0, 3.0])))
    2.0
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor("L1", "l1", l1, 0.01)

    def __call__(self, x: Tensor) -> Tensor:
        return ops.multiply(self.l1, ops.sum(ops.abs(x)))


class L2(Regularizer):
    """`l2 * sum(square(x))`.

    Args:
        l2: non-negative factor.

    >>> float(L2(0.5)(ops.array([-1.0, 3.0])))
    5.0
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor("L2", "l2", l2, 0.01)

    def __call__(self, x: Tensor) -> Tensor:
        return ops.multiply(self.l2, ops.sum(ops.square(x)))


class L1L2(Regularizer):
    """`l1 * sum(abs(x)) + l2 * sum(square(x))`.

    Args:
        l1: non-negative factor of the absolute values.
        l2: non-negative factor of the squares.

    >>> float(L1L2(l1=0.5, l2=0.5)(ops.array([-1.0, 3.0])))
    7.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor("L1L2", "l1", l1, 0.0)
        self.l2 = _factor("L1L2", "l2", l2, 0.0)

    def __call__(self, x: Tensor) -> Tensor:
        penalty: Tensor = 0.0
        if self.l1:
            penalty = L1(self.l1)(x)
        if self.l2:
            penalty = ops.add(penalty, L2(self.l2)(x))
        return penalty if self.l1 or self.l2 else ops.zeros((), dtype_of(x))


class OrthogonalRegularizer(Regularizer):
    """Keeps rows (or columns) orthogonal: `factor` times the mean absolute cosine of all pairs of them.

    Args:
        factor: non-negative factor.
        mode: `"rows"` or `"columns"`.

    Raises:
        ValueError: if the tensor it is called with is not a matrix.

    >>> float(OrthogonalRegularizer(0.5)(ops.array([[1.0, 0.0], [1.0, 0.0]])))
    0.5
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _factor("OrthogonalRegularizer", "factor", factor, 0.01)
        if mode not in ("rows", "columns"):
            raise ValueError(unknown("mode of OrthogonalRegularizer", mode, ("rows", "columns")))
        self.mode = mode

    def __call__(self, inputs: Tensor) -> Tensor:
        shape = shape_of(inputs)
        if len(shape) != 2:
            raise ValueError(f"OrthogonalRegularizer: expected a matrix, got a tensor of shape {shape}")
        vectors = inputs if self.mode == "rows" else ops.transpose(inputs)
        vectors = ops.normalize(vectors, axis=1)
        count = shape_of(vectors)[0]
        cosines = ops.matmul(vectors, ops.transpose(vectors))
        off_diagonal = ops.multiply(cosines, ops.subtract(1.0, ops.eye(count, dtype=cosines.dtype)))
        pairs = count * (count - 1) / 2
        return ops.divide(ops.multiply(self.factor * 0.5, ops.sum(ops.abs(off_diagonal))), pairs)


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer


def get(identifier: Any) -> Any:
    """The regularizer a user means.

    Args:
        identifier: None, a name such as `"l2"`, a config, a class, a regularizer or a function of a tensor.

    >>> get("l2").l2
    0.01
    """
    return serializable.get(identifier, "regularizers", "regularizer")


def serialize(regularizer: Any) -> Any:
    """The config of a regularizer.

    >>> serialize(L2(0.5))["config"]
    {'l2': 0.5}
    """
    return serializable.serialize(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The regularizer of a config or a name.

    >>> deserialize({"class_name": "L2", "config": {"l2": 0.5}}).l2
    0.5
    """
    return serializable.get(config, "regularizers", "regularizer", custom_objects=custom_objects)


def _factor(who: str, name: str, value: Any, default: float) -> float:
    if value is None:
        return default
    try:
        number = math.nan if isinstance(value, str) else float(value)
    except TypeError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError(f"{who}: {name} must be a non-negative number, got {shorten(value)}")
    return number
