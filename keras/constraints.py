"""Constraints: projections of a weight, applied after each update."""

from collections.abc import Mapping
from typing import Any

from keras import config, ops, registry, serializable
from keras.serializable import Serializable

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

Tensor = Any
Axis = int | list[int] | tuple[int, ...]


class Constraint(Serializable):
    """Base class: a subclass writes `__call__(w)`, which returns a tensor of the shape of `w`.

    >>> class Clip(Constraint):
    ...     def __call__(self, w):
    ...         return ops.clip(w, -1.0, 1.0)
    >>> Clip()(ops.array([-3.0, 0.5])).tolist()
    [-1.0, 0.5]
    """

    def __call__(self, w: Tensor) -> Tensor:
        """The weight after projection; itself here."""
        return w


class MaxNorm(Constraint):
    """Shrinks vectors longer than `max_value` to that length.

    Args:
        max_value: the greatest Euclidean length.
        axis: the axis or axes over which the length is taken: 0 for the input weights of each unit of a Dense
            kernel, (0, 1, 2) for the filters of a Conv2D.

    >>> MaxNorm(5.0)(ops.array([[3.0, 6.0], [4.0, 8.0]])).tolist()
    [[3.0, 3.0], [4.0, 4.0]]
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Tensor) -> Tensor:
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0, self.max_value) / (config.epsilon() + norms))


class NonNeg(Constraint):
    """Puts zero in the place of negative weights.

    >>> NonNeg()(ops.array([-3.0, 0.5])).tolist()
    [0.0, 0.5]
    """

    def __call__(self, w: Tensor) -> Tensor:
        return ops.relu(w)


class UnitNorm(Constraint):
    """Scales vectors to length one.

    Args:
        axis: the axis or axes over which the length is taken.

    >>> UnitNorm()(ops.array([[8.0, 0.0], [0.0, -4.0]])).tolist()
    [[1.0, 0.0], [0.0, -1.0]]
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = axis

    def __call__(self, w: Tensor) -> Tensor:
        return w / (config.epsilon() + _norms(w, self.axis))


class MinMaxNorm(Constraint):
    """Moves the length of vectors towards the range from `min_value` to `max_value`.

    Args:
        min_value: the least length.
        max_value: the greatest length.
        rate: how far to go at each step: 1 enforces the range at once.
        axis: the axis or axes over which the length is taken.

    >>> MinMaxNorm(5.0, 10.0)(ops.array([[1.5, 12.0], [2.0, 16.0]])).tolist()
    [[3.0, 6.0], [4.0, 8.0]]
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axis = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Tensor) -> Tensor:
        norms = _norms(w, self.axis)
        wanted = self.rate * ops.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (wanted / (config.epsilon() + norms))


max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm

# Names of older Keras.
_ALIASES = {"maxnorm": "MaxNorm", "nonneg": "NonNeg", "unitnorm": "UnitNorm"}
__getattr__ = registry.other_names(__name__, _ALIASES)


def get(identifier: Any) -> Any:
    """The constraint a user means.

    Args:
        identifier: None, a name such as `"non_neg"`, a config, a class, a constraint or a function of a
            tensor.

    >>> get("max_norm").max_value
    2
    """
    return serializable.get(identifier, "constraints", "constraint", _ALIASES)


def serialize(constraint: Any) -> Any:
    """The config of a constraint.

    >>> serialize(UnitNorm())["config"]
    {'axis': 0}
    """
    return serializable.serialize(constraint)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The constraint of a config or a name.

    >>> deserialize({"class_name": "UnitNorm", "config": {"axis": 1}}).axis
    1
    """
    return serializable.get(config, "constraints", "constraint", _ALIASES, custom_objects=custom_objects)


def _norms(w: Tensor, axis: Axis) -> Tensor:
    """Euclidean lengths, keeping the axes."""
    return ops.sqrt(
        ops.sum(ops.square(w), axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=True)
    )
