"""Comparisons and logic: results are bool tensors, or pick between tensors by one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import is_unknown
from keras.ops.dispatch import cast, convert, dtype_of, op, promote, shape_of
from keras.ops.numpy.indexing import FEW, nonzero, searchsorted
from keras.ops.settling import filled_like, promote_floats, promote_numbers, scalar, wrapped

Tensor = Any


# ---------------------------------------------------------------------- comparisons
@op
def equal(x1: Any, x2: Any) -> Tensor:
    """x1 == x2; NaN equals nothing.

    >>> equal([1, 2], 2).tolist()
    [False, True]
    """
    a, b = promote(*_sides(x1, x2))
    return current().equal(a, b)


@op
def not_equal(x1: Any, x2: Any) -> Tensor:
    """x1 != x2.

    >>> not_equal([1, 2], 2).tolist()
    [True, False]
    """
    a, b = promote(*_sides(x1, x2))
    return current().logical_not(current().equal(a, b))


@op
def less(x1: Any, x2: Any) -> Tensor:
    """x1 < x2.

    >>> less([1, 2], 2).tolist()
    [True, False]
    """
    a, b = promote_numbers(*_sides(x1, x2))
    return current().less(a, b)


@op
def greater(x1: Any, x2: Any) -> Tensor:
    """x1 > x2.

    >>> greater([1, 3], 2).tolist()
    [False, True]
    """
    a, b = promote_numbers(*_sides(x1, x2))
    return current().less(b, a)


@op
def less_equal(x1: Any, x2: Any) -> Tensor:
    """x1 <= x2.

    >>> less_equal([1, 3], 1).tolist()
    [True, False]
    """
    a, b = promote_numbers(*_sides(x1, x2))
    return _less_or_equal(a, b)


@op
def greater_equal(x1: Any, x2: Any) -> Tensor:
    """x1 >= x2.

    >>> greater_equal([1, 3], 3).tolist()
    [False, True]
    """
    a, b = promote_numbers(*_sides(x1, x2))
    return _less_or_equal(b, a)


def _sides(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Both sides; a Python int that the other's dtype cannot hold is not weak, for it is to be compared as what it is."""
    return _beside(x1, x2), _beside(x2, x1)


def _beside(x: Any, other: Any) -> Any:
    if type(x) is not int or type(other) in (bool, int, float):
        return x
    dtype = dtype_of(other)
    return x if wrapped(x, dtype) == x else np.asarray(x)


def _less_or_equal(a: Tensor, b: Tensor) -> Tensor:
    # not (b < a) would be True for NaN.
    e = current()
    if dtypes.is_float(dtype_of(a)):
        return e.logical_or(e.less(a, b), e.equal(a, b))
    return e.logical_not(e.less(b, a))


@op
def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """|x1 - x2| <= atol + rtol |x2|, element by element.

    Args:
        x1: array-like.
        x2: array-like, broadcast against x1.
        rtol: relative tolerance.
        atol: absolute tolerance.
        equal_nan: whether NaN is close to NaN.

    >>> isclose([1.0, 1.1], 1.0 + 1e-7).tolist()
    [True, False]
    """
    e = current()
    a, b = promote_floats(x1, x2)
    size = e.abs(b)
    limit = e.add(scalar(atol, size), e.mul(scalar(rtol, size), size))
    near = _less_or_equal(e.abs(e.sub(a, b)), limit)
    finite = e.less(size, scalar(math.inf, size))
    close = e.logical_or(e.logical_and(near, finite), e.equal(a, b))
    if equal_nan:
        close = e.logical_or(close, e.logical_not(e.logical_or(e.equal(a, a), e.equal(b, b))))
    return close


@op
def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether `isclose` holds everywhere: a scalar bool.

    >>> bool(allclose([1.0, 2.0], [1.0, 2.0]))
    True
    """
    e = current()
    far = e.logical_not(isclose(x1, x2, rtol, atol, equal_nan))
    n = e.reduce_sum(cast(far, "int32"), tuple(range(len(shape_of(far)))))
    return e.equal(n, scalar(0, n))


# ---------------------------------------------------------------------- logic
@op
def logical_and(x1: Any, x2: Any) -> Tensor:
    """Both are non-zero.

    >>> logical_and([True, False], True).tolist()
    [True, False]
    """
    return current().logical_and(convert(x1, "bool"), convert(x2, "bool"))


@op
def logical_or(x1: Any, x2: Any) -> Tensor:
    """At least one is non-zero.

    >>> logical_or([True, False], False).tolist()
    [True, False]
    """
    return current().logical_or(convert(x1, "bool"), convert(x2, "bool"))


@op
def logical_xor(x1: Any, x2: Any) -> Tensor:
    """Just one is non-zero.

    >>> logical_xor([True, False], True).tolist()
    [False, True]
    """
    e = current()
    return e.logical_not(e.equal(convert(x1, "bool"), convert(x2, "bool")))


@op
def logical_not(x: Any) -> Tensor:
    """Whether x is zero.

    >>> logical_not([True, False]).tolist()
    [False, True]
    """
    return current().logical_not(convert(x, "bool"))


# ---------------------------------------------------------------------- kinds of numbers
@op
def isfinite(x: Any) -> Tensor:
    """Neither infinite nor NaN.

    >>> isfinite([1.0, float("inf"), float("nan")]).tolist()
    [True, False, False]
    """
    e, x = current(), convert(x)
    if not _can_be_special(x):
        return filled_like(x, True, "bool")
    x = e.abs(x)
    return e.less(x, scalar(math.inf, x))


@op
def isinf(x: Any) -> Tensor:
    """An infinity of either sign.

    >>> isinf([1.0, float("-inf")]).tolist()
    [False, True]
    """
    e, x = current(), convert(x)
    if not _can_be_special(x):
        return filled_like(x, False, "bool")
    x = e.abs(x)
    return e.equal(x, scalar(math.inf, x))


@op
def isnan(x: Any) -> Tensor:
    """Not a number.

    >>> isnan([1.0, float("nan")]).tolist()
    [False, True]
    """
    e, x = current(), convert(x)
    if not _can_be_special(x):
        return filled_like(x, False, "bool")
    return e.logical_not(e.equal(x, x))


@op
def isposinf(x: Any) -> Tensor:
    """+inf.

    >>> isposinf([float("inf"), float("-inf")]).tolist()
    [True, False]
    """
    return _is_value(x, math.inf)


@op
def isneginf(x: Any) -> Tensor:
    """-inf.

    >>> isneginf([float("inf"), float("-inf")]).tolist()
    [False, True]
    """
    return _is_value(x, -math.inf)


def _is_value(x: Any, value: float) -> Tensor:
    e, x = current(), convert(x)
    if not dtypes.is_float(dtype_of(x)):
        return filled_like(x, False, "bool")
    return e.equal(x, scalar(value, x))


def _can_be_special(x: Tensor) -> bool:
    return dtypes.is_float(dtype_of(x)) or dtypes.is_complex(dtype_of(x))


@op
def isreal(x: Any) -> Tensor:
    """The imaginary part is 0.

    >>> isreal([1.0]).tolist()
    [True]
    """
    e, x = current(), convert(x)
    if not dtypes.is_complex(dtype_of(x)):
        return filled_like(x, True, "bool")
    part = e.imag(x)
    return e.equal(part, scalar(0.0, part))


# ---------------------------------------------------------------------- choice
@op
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where the condition is non-zero, x2 elsewhere; the three broadcast.

    Args:
        condition: array-like, taken as bool.
        x1: array-like; leave both out for the indices at which the condition holds (see `nonzero`).
        x2: array-like.

    Raises:
        ValueError: only one of `x1` and `x2` is given.

    >>> where([True, False], [1, 2], 0).tolist()
    [1, 0]
    """
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError("where: give both `x1` and `x2`, or neither")
    a, b = promote(x1, x2)
    return current().select(convert(condition, "bool"), a, b)


@op
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Tensor:
    """The choice whose condition is the first to hold, element by element.

    Args:
        condlist: list of bool array-likes.
        choicelist: list of array-likes, one per condition.
        default: what to take where no condition holds.

    >>> x = [-1, 5, 20]
    >>> select([less(x, 0), greater(x, 10)], [0, 10], default=x).tolist()
    [0, 5, 10]
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(
            "select: expected as many choices as conditions, at least one. "
            f"Received: {len(condlist)} conditions and {len(choicelist)} choices"
        )
    *choices, result = promote(*choicelist, default)
    for condition, choice in zip(reversed(list(condlist)), reversed(choices), strict=True):
        result = current().select(convert(condition, "bool"), choice, result)
    return result


@op
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether each element of x1 is among those of x2.

    Args:
        x1: array-like.
        x2: array-like, of any shape.
        assume_unique: accepted for compatibility; it changes nothing.
        invert: ask for "is not among".

    Returns:
        Bool tensor of the shape of x1.

    >>> isin([1, 2, 3], [3, 1]).tolist()
    [True, False, True]
    """
    e = current()
    a, b = promote(x1, x2)
    shape = shape_of(a)
    n = math.prod(shape_of(b))
    flat = e.reshape(b, (n,))
    if is_unknown(n) or n <= FEW or dtypes.is_complex(dtype_of(b)) or dtype_of(b) == "bool":
        hits = cast(e.equal(e.reshape(a, (*shape, 1)), flat), "int32")
        times = e.reduce_sum(hits, (len(shape),))
        found = e.less(scalar(0, times), times)
    else:
        ordered = e.sort(flat, 0)
        place = searchsorted(ordered, a)
        found = e.equal(a, e.take(ordered, e.minimum(place, scalar(n - 1, place)), 0))
    return e.logical_not(found) if invert else found
