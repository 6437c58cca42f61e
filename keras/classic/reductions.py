"""Reductions: sums, means, extremes and their like along axes."""

from __future__ import annotations

from typing import Any

from keras import config, ops
from keras.backend import dtypes
from keras.classic.symbolic import recorded
from keras.ops.dispatch import convert, dtype_of

Tensor = Any


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The largest element along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> max([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [3.0, 5.0]
    """
    return ops.max(x, axis, keepdims=keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The smallest element along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> min([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [1.0, 2.0]
    """
    return ops.min(x, axis, keepdims=keepdims)


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The sum along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> sum([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [4.0, 7.0]
    """
    return ops.sum(x, axis, keepdims=keepdims)


def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The product along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> prod([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [3.0, 10.0]
    """
    return ops.prod(x, axis, keepdims=keepdims)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean; ints and bools count as floatx along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> mean([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [2.0, 3.5]
    """
    return ops.mean(_floats(x), axis, keepdims=keepdims)


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The variance, the mean of the squared distances from the mean along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> var([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [1.0, 2.25]
    """
    return ops.var(_floats(x), axis, keepdims=keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The standard deviation, the square root of the variance along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> std([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [1.0, 1.5]
    """
    return ops.std(_floats(x), axis, keepdims=keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether any element differs from 0 along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> any([[1.0, 0.0], [3.0, 0.0]], axis=0).tolist()
    [True, False]
    """
    return ops.any(ops.cast(x, "bool"), axis, keepdims=keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether all elements differ from 0 along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> all([[1.0, 0.0], [3.0, 0.0]], axis=0).tolist()
    [True, False]
    """
    return ops.all(ops.cast(x, "bool"), axis, keepdims=keepdims)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))) along the axes, without overflow.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> logsumexp([1000.0]).tolist()
    1000.0
    """
    return ops.logsumexp(x, axis, keepdims)


def cumsum(x: Any, axis: int = 0) -> Tensor:
    """The sum of the elements up to each one along the axis; of x's shape.

    >>> cumsum([1.0, 2.0, 3.0]).tolist()
    [1.0, 3.0, 6.0]
    """
    return ops.cumsum(x, axis)


def cumprod(x: Any, axis: int = 0) -> Tensor:
    """The product of the elements up to each one along the axis; of x's shape.

    >>> cumprod([1.0, 2.0, 3.0]).tolist()
    [1.0, 2.0, 6.0]
    """
    return ops.cumprod(x, axis)


def argmax(x: Any, axis: int = -1) -> Tensor:
    """Where the largest element is along the axis, as int32; the result does not have the axis.

    >>> argmax([[1.0, 5.0], [3.0, 2.0]]).tolist()
    [1, 0]
    """
    return ops.argmax(x, axis)


def argmin(x: Any, axis: int = -1) -> Tensor:
    """Where the smallest element is along the axis, as int32; the result does not have the axis.

    >>> argmin([[1.0, 5.0], [3.0, 2.0]]).tolist()
    [0, 1]
    """
    return ops.argmin(x, axis)


@recorded
def _floats(x: Any) -> Tensor:
    x = convert(x)
    return x if dtypes.is_float(dtype_of(x)) else ops.cast(x, config.floatx())
