"""Random tensors. A shape may hold dimensions from `K.shape`: the draws are then made whenever the graph runs."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras import random as draws
from keras.backend import dtypes
from keras.classic.checked import Dtype, Seed, Shape, checked
from keras.classic.checks import dims_of
from keras.classic.dimensions import at_shape, is_open

Tensor = Any


@checked
def random_normal(
    shape: Shape, mean: Any = 0.0, stddev: Any = 1.0, dtype: Dtype = None, seed: Seed = None
) -> Tensor:
    """Draws from the normal distribution.

    Args:
        shape: of the result.
        mean: the distribution's mean.
        stddev: its standard deviation.
        dtype: a float; default floatx.
        seed: an int, for the same draws every time.

    Returns:
        A tensor of that shape.

    >>> random_normal((2, 3)).shape
    (2, 3)
    """
    return _drawn(lambda s: draws.normal(s, mean, stddev, dtype, seed), shape)


@checked
def random_uniform(
    shape: Shape, minval: Any = 0.0, maxval: Any = 1.0, dtype: Dtype = None, seed: Seed = None
) -> Tensor:
    """Draws from the uniform distribution over [minval, maxval).

    Args:
        shape: of the result.
        minval, maxval: bounds.
        dtype: a float or an int; default floatx.
        seed: an int, for the same draws every time.

    Returns:
        A tensor of that shape.

    >>> random_uniform((2, 3)).shape
    (2, 3)
    """
    whole = dtype is not None and dtypes.is_int(dtypes.standardize(dtype))
    draw = draws.randint if whole else draws.uniform
    return _drawn(lambda s: draw(s, minval, maxval, dtype, seed), shape)


@checked
def random_bernoulli(shape: Shape, p: Any = 0.0, dtype: Dtype = None, seed: Seed = None) -> Tensor:
    """1 with probability p, else 0.

    Args:
        shape: of the result.
        p: from 0 to 1.
        dtype: default floatx.
        seed: an int, for the same draws every time.

    Returns:
        A tensor of that shape.

    >>> random_bernoulli((3,), p=1.0).tolist()
    [1.0, 1.0, 1.0]
    """
    return _drawn(lambda s: _bernoulli(s, p, dtype, seed), shape)


@checked
def random_binomial(shape: Shape, p: Any = 0.0, dtype: Dtype = None, seed: Seed = None) -> Tensor:
    """Another name of `random_bernoulli`: one trial each.

    >>> random_binomial((3,), p=1.0).tolist()
    [1.0, 1.0, 1.0]
    """
    return random_bernoulli(shape, p, dtype, seed)


@checked
def truncated_normal(
    shape: Shape, mean: Any = 0.0, stddev: Any = 1.0, dtype: Dtype = None, seed: Seed = None
) -> Tensor:
    """Draws from the normal distribution, none of them further than two standard deviations from the mean.

    Args:
        shape: of the result.
        mean: the distribution's mean.
        stddev: its standard deviation before truncation.
        dtype: a float; default floatx.
        seed: an int, for the same draws every time.

    Returns:
        A tensor of that shape.

    >>> truncated_normal((2, 3)).shape
    (2, 3)
    """
    return _drawn(lambda s: draws.truncated_normal(s, mean, stddev, dtype, seed), shape)


def _drawn(draw: Any, shape: Shape) -> Tensor:
    shape = dims_of(shape)
    return at_shape(draw, shape) if is_open(shape) else draw(tuple(shape))


def _bernoulli(shape: tuple[Any, ...], p: Any, dtype: Any, seed: Any) -> Tensor:
    uniform = draws.uniform(shape, seed=seed)
    return ops.cast(ops.less(uniform, p), dtype or ops.dtype(uniform))
