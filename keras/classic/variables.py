"""Variables read and written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from keras import ops
from keras.backend.spec import KerasTensor
from keras.backend.state import Variable, to_host
from keras.classic.symbolic import is_symbolic


def get_value(x: Any) -> Any:
    """The value of a variable or a tensor as an array; what is neither comes back as it is.

    >>> get_value(keras.Variable([1.0, 2.0])).tolist()
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

    >>> eval(keras.Variable([1.0, 2.0]) * 2.0).tolist()
    [2.0, 4.0]
    """
    return get_value(x)


def batch_get_value(tensors: Iterable[Any]) -> list[Any]:
    """The values of several variables or tensors as arrays.

    >>> [v.tolist() for v in batch_get_value([keras.Variable(1.0), keras.Variable(2.0)])]
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

    >>> v = keras.Variable(1.0)
    >>> set_value(v, 3)
    >>> float(v)
    3.0
    """
    x.assign(np.asarray(to_host(value)))


def batch_set_value(tuples: Iterable[tuple[Variable, Any]]) -> None:
    """Write values into variables.

    Args:
        tuples: pairs (variable, array-like of its shape).

    >>> v = keras.Variable(1.0)
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

    >>> float(update(keras.Variable(1.0), 5.0))
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

    >>> float(update_add(keras.Variable(1.0), 5.0))
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

    >>> float(update_sub(keras.Variable(1.0), 5.0))
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

    >>> float(moving_average_update(keras.Variable(1.0), 5.0, 0.75))
    2.0
    """
    return update(x, ops.subtract(x, ops.multiply(ops.subtract(x, value), 1.0 - momentum)))
