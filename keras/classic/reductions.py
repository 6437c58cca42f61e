"""Reductions: sums, means, extremes and their like along axes."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.classic.checked import Axes, checked

Tensor = Any


@checked
def max(x: Any, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The largest element along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> max([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [3.0, 5.0]
    """
    return ops.max(x, axis, keepdims=keepdims)


@checked
def min(x: Any, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The smallest element along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> min([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [1.0, 2.0]
    """
    return ops.min(x, axis, keepdims=keepdims)


@checked
def sum(x: Any, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The sum along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> sum([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [4.0, 7.0]
    """
    return ops.sum(x, axis, keepdims=keepdims)


@checked
def prod(x: Any, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The product along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> prod([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [3.0, 10.0]
    """
    return ops.prod(x, axis, keepdims=keepdims)


@checked
def mean(x: Any, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The mean along the axes; ints and bools count as floatx.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> mean([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [2.0, 3.5]
    """
    return ops.mean(x, axis, keepdims=keepdims)


@checked
def var(x: Any, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The variance, the mean of the squared distances from the mean along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> var([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [1.0, 2.25]
    """
    return ops.var(x, axis, keepdims=keepdims)


@checked
def std(x: Any, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The standard deviation, the square root of the variance along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> std([[1.0, 5.0], [3.0, 2.0]], axis=0).tolist()
    [1.0, 1.5]
    """
    return ops.std(x, axis, keepdims=keepdims)


@checked
def any(x: Any, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Whether any element differs from 0 along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> any([[1.0, 0.0], [3.0, 0.0]], axis=0).tolist()
    [True, False]
    """
    return ops.any(ops.cast(x, "bool"), axis, keepdims=keepdims)


@checked
def all(x: Any, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Whether all elements differ from 0 along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> all([[1.0, 0.0], [3.0, 0.0]], axis=0).tolist()
    [True, False]
    """
    return ops.all(ops.cast(x, "bool"), axis, keepdims=keepdims)


@checked
def logsumexp(x: Any, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))) along the axes, without overflow.

    Args:
        x: any shape.
        axis: an axis or several; default all.
        keepdims: whether they stay, with size 1.

    >>> logsumexp([1000.0]).tolist()
    1000.0
    """
    return ops.logsumexp(x, axis, keepdims)


@checked
def cumsum(x: Any, axis: int = 0) -> Tensor:
    """The sum of the elements up to each one along the axis; of x's shape.

    >>> cumsum([1.0, 2.0, 3.0]).tolist()
    [1.0, 3.0, 6.0]
    """
    return ops.cumsum(x, axis)


@checked
def cumprod(x: Any, axis: int = 0) -> Tensor:
    """The product of the elements up to each one along the axis; of x's shape.

    >>> cumprod([1.0, 2.0, 3.0]).tolist()
    [1.0, 2.0, 6.0]
    """
    return ops.cumprod(x, axis)


@checked
def argmax(x: Any, axis: int = -1) -> Tensor:
    """Where the largest element is along the axis, as int32; the result does not have the axis.

    >>> argmax([[1.0, 5.0], [3.0, 2.0]]).tolist()
    [1, 0]
    """
    return ops.argmax(x, axis)


@checked
def argmin(x: Any, axis: int = -1) -> Tensor:
    """Where the smallest element is along the axis, as int32; the result does not have the axis.

    >>> argmin([[1.0, 5.0], [3.0, 2.0]]).tolist()
    [0, 1]
    """
    return ops.argmin(x, axis)
