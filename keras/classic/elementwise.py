"""Functions of single elements: arithmetic and comparisons. Shapes broadcast as in NumPy."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.classic.checked import checked

Tensor = Any


@checked
def abs(x: Any) -> Tensor:
    """|x|. Any shape.

    >>> abs([-1.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    return ops.abs(x)


@checked
def square(x: Any) -> Tensor:
    """x^2. Any shape.

    >>> square([-1.0, 2.0]).tolist()
    [1.0, 4.0]
    """
    return ops.square(x)


@checked
def sqrt(x: Any) -> Tensor:
    """The square root of x, 0 where x is negative. Any shape.

    >>> sqrt([4.0, -1.0]).tolist()
    [2.0, 0.0]
    """
    return ops.sqrt(ops.maximum(x, 0.0))


@checked
def exp(x: Any) -> Tensor:
    """e^x. Any shape.

    >>> exp([0.0]).tolist()
    [1.0]
    """
    return ops.exp(x)


@checked
def log(x: Any) -> Tensor:
    """The natural logarithm of x. Any shape.

    >>> log([1.0]).tolist()
    [0.0]
    """
    return ops.log(x)


@checked
def round(x: Any) -> Tensor:
    """The nearest whole number; halves go to the even one. Any shape.

    >>> round([0.5, 1.5]).tolist()
    [0.0, 2.0]
    """
    return ops.round(x)


@checked
def sign(x: Any) -> Tensor:
    """-1, 0 or 1. Any shape.

    >>> sign([-3.0, 0.0, 2.0]).tolist()
    [-1.0, 0.0, 1.0]
    """
    return ops.sign(x)


@checked
def sin(x: Any) -> Tensor:
    """The sine of x, in radians. Any shape.

    >>> sin([0.0]).tolist()
    [0.0]
    """
    return ops.sin(x)


@checked
def cos(x: Any) -> Tensor:
    """The cosine of x, in radians. Any shape.

    >>> cos([0.0]).tolist()
    [1.0]
    """
    return ops.cos(x)


@checked
def pow(x: Any, a: Any) -> Tensor:
    """x^a. Any shape.

    >>> pow([2.0, 3.0], 2).tolist()
    [4.0, 9.0]
    """
    return ops.power(x, a)


@checked
def clip(x: Any, min_value: Any, max_value: Any) -> Tensor:
    """x limited to [min_value, max_value].

    Args:
        x: any shape.
        min_value: lower bound; None for none.
        max_value: upper bound; None for none, and at least the lower one.

    >>> clip([-1.0, 0.5, 2.0], 0.0, 1.0).tolist()
    [0.0, 0.5, 1.0]
    """
    low = float("-inf") if min_value is None else min_value
    high = float("inf") if max_value is None else max_value
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        high = low if high < low else high
    return ops.clip(x, low, high)


@checked
def equal(x: Any, y: Any) -> Tensor:
    """Where x = y, as bools. Any shapes that broadcast.

    >>> equal([1.0, 2.0], 2.0).tolist()
    [False, True]
    """
    return ops.equal(x, y)


@checked
def not_equal(x: Any, y: Any) -> Tensor:
    """Where x differs from y, as bools. Any shapes that broadcast.

    >>> not_equal([1.0, 2.0], 2.0).tolist()
    [True, False]
    """
    return ops.not_equal(x, y)


@checked
def greater(x: Any, y: Any) -> Tensor:
    """Where x > y, as bools. Any shapes that broadcast.

    >>> greater([1.0, 2.0], 2.0).tolist()
    [False, False]
    """
    return ops.greater(x, y)


@checked
def greater_equal(x: Any, y: Any) -> Tensor:
    """Where x >= y, as bools. Any shapes that broadcast.

    >>> greater_equal([1.0, 2.0], 2.0).tolist()
    [False, True]
    """
    return ops.greater_equal(x, y)


@checked
def less(x: Any, y: Any) -> Tensor:
    """Where x < y, as bools. Any shapes that broadcast.

    >>> less([1.0, 2.0], 2.0).tolist()
    [True, False]
    """
    return ops.less(x, y)


@checked
def less_equal(x: Any, y: Any) -> Tensor:
    """Where x <= y, as bools. Any shapes that broadcast.

    >>> less_equal([1.0, 2.0], 2.0).tolist()
    [True, True]
    """
    return ops.less_equal(x, y)


@checked
def maximum(x: Any, y: Any) -> Tensor:
    """The larger of x and y. Any shapes that broadcast.

    >>> maximum([1.0, 3.0], 2.0).tolist()
    [2.0, 3.0]
    """
    return ops.maximum(x, y)


@checked
def minimum(x: Any, y: Any) -> Tensor:
    """The smaller of x and y. Any shapes that broadcast.

    >>> minimum([1.0, 3.0], 2.0).tolist()
    [1.0, 2.0]
    """
    return ops.minimum(x, y)
