"""Variables and tensors made: from values, filled, at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras import config, ops, random
from keras.backend.spec import Unknown
from keras.backend.state import Variable, to_host
from keras.classic.checked import Dtype, Seed, Shape, checked
from keras.classic.checks import dims_of
from keras.classic.dimensions import at_shape, is_open
from keras.ops.dispatch import convert, shape_of
from keras.ops.settling import static_int

Tensor = Any


@checked
def variable(value: Any, dtype: Dtype = None, name: str | None = None, constraint: Any = None) -> Variable:
    """A variable that begins with a value.

    Args:
        value: array-like of any shape.
        dtype: default floatx.
        name: last part of its path.
        constraint: applied by optimizers after each update.

    Returns:
        The variable, of the value's shape.

    >>> variable([1, 2]).numpy().tolist()
    [1.0, 2.0]
    """
    # Arrays and numbers stay on the host: in the `call` of a layer the engine's own tensors have no value.
    plain = isinstance(value, (np.ndarray, np.generic, int, float)) and np.asarray(value).dtype.kind in "biuf"
    made = Variable(value if plain else to_host(convert(value)), dtype=dtype or config.floatx(), name=name)
    made.constraint = constraint
    return made


@checked
def is_variable(x: Any) -> bool:
    """Whether x is a variable.

    >>> is_variable(variable(1.0)), is_variable(constant(1.0))
    (True, False)
    """
    return isinstance(x, Variable)


@checked
def constant(value: Any, dtype: Dtype = None, shape: Shape | None = None, name: str | None = None) -> Tensor:
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
    x = convert(value, dtype or config.floatx())
    if shape is None:
        return x
    shape = tuple(dims_of(shape))
    return ops.broadcast_to(x, shape) if ops.size(x) == 1 else ops.reshape(x, shape)


@checked
def zeros(shape: Shape, dtype: Dtype = None, name: str | None = None) -> Any:
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
    return _filled(ops.zeros, np.zeros, shape, dtype, name)


@checked
def ones(shape: Shape, dtype: Dtype = None, name: str | None = None) -> Any:
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
    return _filled(ops.ones, np.ones, shape, dtype, name)


def _filled(make: Any, host: Any, shape: Shape, dtype: Any, name: str | None) -> Any:
    dtype, shape = dtype or config.floatx(), dims_of(shape)
    if is_open(shape):
        return at_shape(lambda s: make(s, dtype), shape)
    tensor = make(tuple(shape), dtype)
    if any(isinstance(d, Unknown) for d in shape_of(tensor)):
        return tensor
    # The op checks the shape; its tensor has no value in the `call` of a layer, so the value is the host's.
    return Variable(host(shape_of(tensor)), dtype=dtype, name=name)


@checked
def eye(size: Any, dtype: Dtype = None, name: str | None = None) -> Variable:
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
    sizes = size if isinstance(size, (list, tuple)) and len(size) == 2 else (size, size)
    rows, columns = (static_int(n, "eye", "size", least=0) for n in sizes)
    return Variable(np.eye(rows, columns), dtype=dtype or config.floatx(), name=name)


@checked
def zeros_like(x: Any, dtype: Dtype = None, name: str | None = None) -> Tensor:
    """Zeros of x's shape, and of its dtype unless told otherwise.

    >>> zeros_like([1.0, 2.0]).tolist()
    [0.0, 0.0]
    """
    return ops.zeros_like(x, dtype)


@checked
def ones_like(x: Any, dtype: Dtype = None, name: str | None = None) -> Tensor:
    """Ones of x's shape, and of its dtype unless told otherwise.

    >>> ones_like([1.0, 2.0]).tolist()
    [1.0, 1.0]
    """
    return ops.ones_like(x, dtype)


@checked
def random_uniform_variable(
    shape: Shape, low: Any, high: Any, dtype: Dtype = None, name: str | None = None, seed: Seed = None
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


@checked
def random_normal_variable(
    shape: Shape, mean: Any, scale: Any, dtype: Dtype = None, name: str | None = None, seed: Seed = None
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
