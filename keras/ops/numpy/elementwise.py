"""Functions of one tensor, element by element: sign, size, rounding, complex parts.

Unless said otherwise an argument is any array-like, ints and bools become `floatx`, and the result has the
argument's shape.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

from keras.backend import dtypes
from keras.backend.select import current
from keras.ops.dispatch import as_float, cast, convert, dtype_of, op
from keras.ops.settling import as_number, filled_like, scalar

Tensor = Any


# ---------------------------------------------------------------------- sign and size
@op
def absolute(x: Any) -> Tensor:
    """|x|, in x's dtype; the modulus, as a float, of a complex x.

    >>> absolute([-1, 2]).tolist()
    [1, 2]
    """
    x = convert(x)
    dtype = dtype_of(x)
    return x if dtype == "bool" or dtypes.is_unsigned(dtype) else current().abs(x)


abs = absolute


@op
def fabs(x: Any) -> Tensor:
    """|x| as a float.

    >>> fabs([-1, 2]).tolist()
    [1.0, 2.0]
    """
    x = as_float(x)
    if dtypes.is_complex(dtype_of(x)):
        raise TypeError(f"fabs: `x` must be real. Received: dtype {dtype_of(x)}")
    return current().abs(x)


@op
def negative(x: Any) -> Tensor:
    """-x, in x's dtype; bools have no negative (see `logical_not`).

    >>> negative([1, -2]).tolist()
    [-1, 2]
    """
    x = convert(x)
    dtype = dtype_of(x)
    if dtype == "bool":
        raise TypeError("negative: a bool tensor has no negative; use `logical_not`. Received: dtype bool")
    return current().sub(scalar(0, x), x) if dtypes.is_unsigned(dtype) else current().neg(x)


@op
def sign(x: Any) -> Tensor:
    """-1, 0 or 1 in x's dtype; NaN stays NaN.

    >>> sign([-3.0, 0.0, 2.0]).tolist()
    [-1.0, 0.0, 1.0]
    """
    x = convert(x)
    dtype = dtype_of(x)
    if dtype == "bool":
        return x
    if dtypes.is_unsigned(dtype):
        return current().minimum(x, scalar(1, x))
    return current().sign(x)


@op
def signbit(x: Any) -> Tensor:
    """Whether the sign bit is set: True for negatives and for -0.0.

    >>> signbit([-0.0, 0.0, -2.0]).tolist()
    [True, False, True]
    """
    e, x = current(), convert(x)
    dtype = dtype_of(x)
    if dtype == "bool" or dtypes.is_unsigned(dtype):
        return filled_like(x, False, "bool")
    if not dtypes.is_float(dtype):
        return e.less(x, scalar(0, x))
    zero, one = scalar(0.0, x), scalar(1.0, x)
    # 1 / -0 is -inf: the only way to see the sign of a zero without looking at its bits.
    return e.select(e.equal(x, zero), e.less(e.div(one, x), zero), e.less(x, zero))


@op
def reciprocal(x: Any) -> Tensor:
    """1 / x.

    >>> reciprocal([2.0, 4.0]).tolist()
    [0.5, 0.25]
    """
    x = as_float(x)
    return current().div(scalar(1.0, x), x)


@op
def square(x: Any) -> Tensor:
    """x * x, in x's dtype; bools become int32.

    >>> square([1, -3]).tolist()
    [1, 9]
    """
    x = as_number(x)
    return current().mul(x, x)


@op
def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """x with NaN and the infinities replaced.

    Args:
        x: any array-like; ints and bools are returned as they are.
        nan: what replaces NaN.
        posinf: what replaces +inf; the dtype's largest number by default.
        neginf: what replaces -inf; the dtype's lowest number by default.

    >>> nan_to_num([1.0, float("nan"), float("inf")], posinf=9.0).tolist()
    [1.0, 0.0, 9.0]
    """
    e, x = current(), convert(x)
    dtype = dtype_of(x)
    if not dtypes.is_float(dtype):
        return x
    low, high = dtypes.limits(dtype)
    for value, new in (
        (math.inf, high if posinf is None else posinf),
        (-math.inf, low if neginf is None else neginf),
    ):
        x = e.select(e.equal(x, scalar(value, x)), scalar(new, x), x)
    return e.select(e.equal(x, x), x, scalar(nan, x))


# ---------------------------------------------------------------------- rounding
@op
def floor(x: Any) -> Tensor:
    """Largest integer not above x, as a float.

    >>> floor([1.7, -1.2]).tolist()
    [1.0, -2.0]
    """
    return current().floor(as_float(x))


@op
def ceil(x: Any) -> Tensor:
    """Smallest integer not below x, as a float.

    >>> ceil([1.2, -1.7]).tolist()
    [2.0, -1.0]
    """
    e, x = current(), as_float(x)
    return e.neg(e.floor(e.neg(x)))


@op
def trunc(x: Any) -> Tensor:
    """x without its fraction, in x's dtype.

    >>> trunc([1.7, -1.7]).tolist()
    [1.0, -1.0]
    """
    e, x = current(), convert(x)
    if not dtypes.is_float(dtype_of(x)):
        return x
    down = e.floor(x)
    return e.select(e.less(x, scalar(0.0, x)), e.neg(e.floor(e.neg(x))), down)


@op
def round(x: Any, decimals: int = 0) -> Tensor:
    """Nearest number with `decimals` digits after the point, halves to even, in x's dtype.

    Args:
        x: any array-like.
        decimals: digits to keep; negative ones round to tens, hundreds, ...

    >>> round([1.26, 2.5], decimals=0).tolist()
    [1.0, 2.0]
    """
    e, x = current(), convert(x)
    dtype = dtype_of(x)
    if not dtypes.is_float(dtype):
        if decimals >= 0 or dtype == "bool":
            return x
        return cast(round(cast(x, "float64"), decimals), dtype)
    if decimals == 0:
        return e.round(x)
    factor = scalar(10.0 ** builtins.abs(decimals), x)
    return (
        e.div(e.round(e.mul(x, factor)), factor) if decimals > 0 else e.mul(e.round(e.div(x, factor)), factor)
    )


# ---------------------------------------------------------------------- complex numbers
@op
def real(x: Any) -> Tensor:
    """Real part; a real x itself.

    >>> real([1.0]).tolist()
    [1.0]
    """
    x = convert(x)
    return current().real(x) if dtypes.is_complex(dtype_of(x)) else x


@op
def imag(x: Any) -> Tensor:
    """Imaginary part; zeros for a real x.

    >>> imag([1.0]).tolist()
    [0.0]
    """
    x = convert(x)
    if dtypes.is_complex(dtype_of(x)):
        return current().imag(x)
    return filled_like(x, 0, dtype_of(x))


@op
def conjugate(x: Any) -> Tensor:
    """Complex conjugate; a real x itself.

    >>> conjugate([1.0]).tolist()
    [1.0]
    """
    e, x = current(), convert(x)
    dtype = dtype_of(x)
    return cast(e.complex(e.real(x), e.neg(e.imag(x))), dtype) if dtypes.is_complex(dtype) else x


conj = conjugate


@op
def angle(x: Any) -> Tensor:
    """Argument of a complex x, in radians; 0 or pi for a real one.

    >>> angle([2.0, -1.0]).round(4).tolist()
    [0.0, 3.1415998935699463]
    """
    e, x = current(), convert(x)
    if dtypes.is_complex(dtype_of(x)):
        return e.atan2(e.imag(x), e.real(x))
    x = as_float(x)
    return e.atan2(scalar(0.0, x), x)
