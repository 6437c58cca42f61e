"""Variables read and written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from keras import ops
from keras.backend.spec import KerasTensor
from keras.backend.state import Variable, to_host
from keras.classic.checked import checked
from keras.classic.symbolic import is_symbolic
from keras.classic.tensors import is_tensor
from keras.ops.dispatch import convert


@checked
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
    return to_host(x) if is_tensor(x) else x


@checked
def eval(x: Any) -> Any:
    """The value of a variable or a tensor as an array.

    Raises:
        ValueError: x is symbolic.

    >>> eval(keras.Variable([1.0, 2.0]) * 2.0).tolist()
    [2.0, 4.0]
    """
    return get_value(x)


@checked
def batch_get_value(tensors: Iterable[Any]) -> list[Any]:
    """The values of several variables or tensors as arrays.

    >>> [v.tolist() for v in batch_get_value([keras.Variable(1.0), keras.Variable(2.0)])]
    [1.0, 2.0]
    """
    return [get_value(x) for x in tensors]


@checked
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
    x.assign(to_host(convert(value)))


@checked
def batch_set_value(tuples: Iterable[tuple[Variable, Any]]) -> None:
    """Write values into variables.

    Args:
        tuples: pairs (variable, array-like of its shape).

    >>> v = keras.Variable(1.0)
    >>> batch_set_value([(v, 3.0)])
    >>> float(v)
    3.0
    """
    for pair in tuples:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise ValueError(
                f"batch_set_value: `tuples` must be pairs (variable, value). Received: {pair!r:.80}"
            )
        set_value(*pair)


class Update(NamedTuple):
    """A variable and the symbolic tensor it is to become, for `K.function(updates=...)`."""

    variable: Variable
    value: Any


@checked
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
    return Update(x, new_x) if is_symbolic(new_x) else x.assign(convert(new_x))


@checked
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


@checked
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


@checked
def moving_average_update(x: Variable, value: Any, momentum: float) -> Any:
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
    return update(x, ops.subtract(x, ops.multiply(ops.subtract(x, value), ops.subtract(1.0, momentum))))
