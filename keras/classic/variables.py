"""Variables of Keras 2: made, filled, read and updated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from keras import config, ops, random
from keras.backend.spec import KerasTensor
from keras.backend.state import Variable, to_host
from keras.classic.dimensions import at_shape, is_open
from keras.classic.symbolic import is_symbolic
from keras.ops.dispatch import convert

Tensor = Any
Shape = Sequence[Any]


# ---------------------------------------------------------------------- making
def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Variable:
    """A variable that begins with a value.

    Args:
        value: array-like of any shape.
        dtype: default that of an array or a tensor, else floatx.
        name: last part of its path.
        constraint: applied by optimizers after each update.

    Returns:
        The variable, of the value's shape.

    >>> variable([1, 2]).numpy().tolist()
    [1.0, 2.0]
    """
    if dtype is None:
        dtype = value.dtype if hasattr(value, "dtype") else config.floatx()
    made = Variable(value, dtype=dtype, name=name)
    made.constraint = constraint
    return made


def is_variable(x: Any) -> bool:
    """Whether x is a variable.

    >>> is_variable(variable(1.0)), is_variable(constant(1.0))
    (True, False)
    """
    return isinstance(x, Variable)


def constant(value: Any, dtype: Any = None, shape: Shape | None = None, name: str | None = None) -> Tensor:
    """A tensor that holds a value.

    Args:
        value: array-like.
        dtype: default floatx.
        shape: a scalar or a single number fills it; other values must have as many elements.
        name: accepted for compatibility.

    Returns:
        A tensor of that shape.

    >>> constant(2, shape=(3,)).tolist()
    [2.0, 2.0, 2.0]
    """
    x = convert(np.asarray(to_host(value)), dtype or config.floatx())
    if shape is None:
        return x
    return ops.broadcast_to(x, tuple(shape)) if ops.size(x) == 1 else ops.reshape(x, tuple(shape))


def zeros(shape: Shape, dtype: Any = None, name: str | None = None) -> Any:
    """A variable of zeros.

    Args:
        shape: tuple of ints; with a dimension of a symbolic tensor in it, the result is a symbolic tensor.
        dtype: default floatx.
        name: last part of its path.

    Returns:
        The variable, of that shape.

    >>> zeros((2,)).numpy().tolist()
    [0.0, 0.0]
    """
    return _filled(ops.zeros, shape, dtype, name)


def ones(shape: Shape, dtype: Any = None, name: str | None = None) -> Any:
    """A variable of ones.

    Args:
        shape: tuple of ints; with a dimension of a symbolic tensor in it, the result is a symbolic tensor.
        dtype: default floatx.
        name: last part of its path.

    Returns:
        The variable, of that shape.

    >>> ones((2,)).numpy().tolist()
    [1.0, 1.0]
    """
    return _filled(ops.ones, shape, dtype, name)


def _filled(make: Any, shape: Shape, dtype: Any, name: str | None) -> Any:
    dtype = dtype or config.floatx()
    if is_open(shape):
        return at_shape(lambda s: make(s, dtype), shape)
    return Variable(np.asarray(to_host(make(tuple(shape), dtype))), dtype=dtype, name=name)


def eye(size: Any, dtype: Any = None, name: str | None = None) -> Variable:
    """A variable with ones on the diagonal.

    Args:
        size: number of rows and columns, or a pair of them.
        dtype: default floatx.
        name: last part of its path.

    Returns:
        The variable `[rows, columns]`.

    >>> eye(2).numpy().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    rows, columns = size if isinstance(size, (list, tuple)) else (size, size)
    return Variable(np.eye(rows, columns), dtype=dtype or config.floatx(), name=name)


def zeros_like(x: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Zeros of x's shape, and of its dtype unless told otherwise.

    >>> zeros_like([1.0, 2.0]).tolist()
    [0.0, 0.0]
    """
    return ops.zeros_like(x, dtype)


def ones_like(x: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Ones of x's shape, and of its dtype unless told otherwise.

    >>> ones_like([1.0, 2.0]).tolist()
    [1.0, 1.0]
    """
    return ops.ones_like(x, dtype)


def random_uniform_variable(
    shape: Shape, low: float, high: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Variable:
    """A variable that begins with draws from the uniform distribution over [low, high).

    Args:
        shape: tuple of ints.
        low, high: bounds.
        dtype: a float; default floatx.
        name: last part of its path.
        seed: an int, for the same draws every time.

    Returns:
        The variable, of that shape.

    >>> random_uniform_variable((2, 3), 0, 1).shape
    (2, 3)
    """
    return Variable(to_host(random.uniform(shape, low, high, dtype, seed)), dtype=dtype, name=name)


def random_normal_variable(
    shape: Shape, mean: float, scale: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Variable:
    """A variable that begins with draws from the normal distribution.

    Args:
        shape: tuple of ints.
        mean: the distribution's mean.
        scale: its standard deviation.
        dtype: a float; default floatx.
        name: last part of its path.
        seed: an int, for the same draws every time.

    Returns:
        The variable, of that shape.

    >>> random_normal_variable((2, 3), 0, 1).shape
    (2, 3)
    """
    return Variable(to_host(random.normal(shape, mean, scale, dtype, seed)), dtype=dtype, name=name)


# ---------------------------------------------------------------------- reading and writing
def get_value(x: Any) -> Any:
    """The value of a variable or a tensor as an array; what is neither comes back as it is.

    >>> get_value(variable([1.0, 2.0])).tolist()
    [1.0, 2.0]
    """
    if isinstance(x, KerasTensor):
        raise ValueError(
            f"{x!r} is symbolic: it has a value only once its placeholders have. "
            "Compile a function of them: `K.function([placeholder, ...], [x])`."
        )
    return x if isinstance(x, (int, float, bool, np.generic)) else to_host(x)


def eval(x: Any) -> Any:
    """The value of a variable or a tensor as an array.

    Raises:
        ValueError: x is symbolic.

    >>> eval(constant([1.0, 2.0]) * 2.0).tolist()
    [2.0, 4.0]
    """
    return get_value(x)


def batch_get_value(tensors: Iterable[Any]) -> list[Any]:
    """The values of several variables or tensors as arrays.

    >>> [v.tolist() for v in batch_get_value([variable(1.0), variable(2.0)])]
    [1.0, 2.0]
    """
    return [get_value(x) for x in tensors]


def set_value(x: Variable, value: Any) -> None:
    """Write a value into a variable.

    Args:
        x: the variable.
        value: array-like of its shape.

    Raises:
        ValueError: the value has another shape.

    >>> v = variable(1.0)
    >>> set_value(v, 3)
    >>> float(v)
    3.0
    """
    x.assign(np.asarray(to_host(value)))


def batch_set_value(tuples: Iterable[tuple[Variable, Any]]) -> None:
    """Write values into variables.

    Args:
        tuples: pairs (variable, array-like of its shape).

    >>> v = variable(1.0)
    >>> batch_set_value([(v, 3.0)])
    >>> float(v)
    3.0
    """
    for x, value in tuples:
        set_value(x, value)


class Update(NamedTuple):
    """A variable and the symbolic tensor it is to become, for `K.function(updates=...)`."""

    variable: Variable
    value: Any


def update(x: Variable, new_x: Any) -> Any:
    """x becomes new_x.

    Args:
        x: the variable.
        new_x: array-like of its shape.

    Returns:
        The variable, written already; for a symbolic `new_x` the pair that `K.function(updates=...)` writes at each call.

    >>> float(update(variable(1.0), 5.0))
    5.0
    """
    return Update(x, new_x) if is_symbolic(new_x) else x.assign(new_x)


def update_add(x: Variable, increment: Any) -> Any:
    """x becomes x + increment.

    Args:
        x: the variable.
        increment: array-like that broadcasts to its shape.

    Returns:
        As `update`.

    >>> float(update_add(variable(1.0), 5.0))
    6.0
    """
    return update(x, ops.add(x, increment))


def update_sub(x: Variable, decrement: Any) -> Any:
    """x becomes x - decrement.

    Args:
        x: the variable.
        decrement: array-like that broadcasts to its shape.

    Returns:
        As `update`.

    >>> float(update_sub(variable(1.0), 5.0))
    -4.0
    """
    return update(x, ops.subtract(x, decrement))


def moving_average_update(x: Variable, value: Any, momentum: Any) -> Any:
    """x becomes momentum x + (1 - momentum) value.

    Args:
        x: the variable.
        value: array-like of its shape.
        momentum: from 0 to 1.

    Returns:
        As `update`.

    >>> float(moving_average_update(variable(1.0), 5.0, 0.75))
    2.0
    """
    return update(x, ops.add(ops.multiply(x, momentum), ops.multiply(value, 1 - momentum)))
