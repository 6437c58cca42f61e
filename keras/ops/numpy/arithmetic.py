"""Functions of two tensors, element by element: arithmetic, extremes, powers.

Operands are array-likes that broadcast as in NumPy; the result has their common dtype by Keras's promotion rules, in
which Python scalars are weak.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import broadcast
from keras.ops import kernels
from keras.ops.dispatch import cast, convert, dtype_of, op, promote, shape_of
from keras.ops.settling import promote_floats, promote_numbers, scalar

Tensor = Any


# ---------------------------------------------------------------------- arithmetic
@op
def add(x1: Any, x2: Any) -> Tensor:
    """x1 + x2; bools add as `or`.

    >>> add([1, 2], 0.5).tolist()
    [1.5, 2.5]
    """
    e = current()
    a, b = promote(x1, x2)
    return e.logical_or(a, b) if e.dtype(a) == "bool" else e.add(a, b)


@op
def subtract(x1: Any, x2: Any) -> Tensor:
    """x1 - x2.

    >>> subtract([1, 2], 1).tolist()
    [0, 1]
    """
    a, b = promote(x1, x2)
    if dtype_of(a) == "bool":
        raise TypeError("subtract: bool tensors do not subtract; use `logical_xor`, or cast to a number")
    return current().sub(a, b)


@op
def multiply(x1: Any, x2: Any) -> Tensor:
    """x1 x2; bools multiply as `and`.

    >>> multiply([1, 2], [3, 4]).tolist()
    [3, 8]
    """
    e = current()
    a, b = promote(x1, x2)
    return e.logical_and(a, b) if e.dtype(a) == "bool" else e.mul(a, b)


@op
def divide(x1: Any, x2: Any) -> Tensor:
    """x1 / x2 as a float: x/0 is a signed infinity, 0/0 is NaN.

    >>> divide([1, 2], 2).tolist()
    [0.5, 1.0]
    """
    a, b = promote_floats(x1, x2)
    return current().div(a, b)


@op
def true_divide(x1: Any, x2: Any) -> Tensor:
    """The same as `divide`.

    >>> true_divide(1, 2).tolist()
    0.5
    """
    return divide.body(x1, x2)  # type: ignore[attr-defined]


@op
def divide_no_nan(x1: Any, x2: Any) -> Tensor:
    """x1 / x2, and 0 where x2 is 0.

    >>> divide_no_nan([1.0, 2.0], [0.0, 2.0]).tolist()
    [0.0, 1.0]
    """
    e = current()
    a, b = promote_floats(x1, x2)
    zero = e.equal(b, scalar(0.0, b))
    return e.select(zero, scalar(0.0, a), e.div(a, e.select(zero, scalar(1.0, b), b)))


@op
def floor_divide(x1: Any, x2: Any) -> Tensor:
    """x1 / x2 rounded towards -inf, in the common dtype.

    >>> floor_divide([7, -7], 2).tolist()
    [3, -4]
    """
    a, b = promote_numbers(x1, x2)
    return current().floordiv(a, b)


@op
def mod(x1: Any, x2: Any) -> Tensor:
    """Remainder of `floor_divide`: it has the sign of x2.

    >>> mod([7, -7], 3).tolist()
    [1, 2]
    """
    a, b = promote_numbers(x1, x2)
    return current().mod(a, b)


@op
def fmod(x1: Any, x2: Any) -> Tensor:
    """Remainder of the division rounded towards 0: it has the sign of x1.

    >>> fmod([7, -7], 3).tolist()
    [1, -1]
    """
    e = current()
    a, b = promote_numbers(x1, x2)
    if dtypes.is_unsigned(dtype_of(a)):
        return e.mod(a, b)
    size = e.mod(e.abs(a), e.abs(b))
    return e.select(e.less(a, scalar(0, a)), e.neg(size), size)


@op
def power(x1: Any, x2: Any) -> Tensor:
    """x1 to the power x2; integers stay integers.

    >>> power([2, 3], 2).tolist()
    [4, 9]
    """
    a, b = promote_numbers(x1, x2)
    return current().pow(a, b)


@op
def ldexp(x1: Any, x2: Any) -> Tensor:
    """x1 2^x2, as a float.

    Raises:
        TypeError: x2 is not an integer.

    >>> ldexp([1.0, 3.0], [2, 1]).tolist()
    [4.0, 6.0]
    """
    e = current()
    a, b = convert(x1), convert(x2)
    if not dtypes.is_int(dtype_of(b)):
        raise TypeError(f"ldexp: `x2` must be integers. Received: dtype {dtype_of(b)}")
    a = cast(a, dtypes.result_type(dtype_of(a), dtype_of(b), float))
    return e.mul(a, e.pow(scalar(2.0, a), cast(b, dtype_of(a))))


# ---------------------------------------------------------------------- extremes
@op
def maximum(x1: Any, x2: Any) -> Tensor:
    """The larger; NaN where either is NaN.

    >>> maximum([1, 5], 3).tolist()
    [3, 5]
    """
    e = current()
    a, b = promote(x1, x2)
    return e.logical_or(a, b) if e.dtype(a) == "bool" else e.maximum(a, b)


@op
def minimum(x1: Any, x2: Any) -> Tensor:
    """The smaller; NaN where either is NaN.

    >>> minimum([1, 5], 3).tolist()
    [1, 3]
    """
    e = current()
    a, b = promote(x1, x2)
    return e.logical_and(a, b) if e.dtype(a) == "bool" else e.minimum(a, b)


@op
def fmax(x1: Any, x2: Any) -> Tensor:
    """The larger; where one is NaN, the other.

    >>> fmax([1.0, float("nan")], 3.0).tolist()
    [3.0, 3.0]
    """
    return _but_nan(maximum, x1, x2)


@op
def fmin(x1: Any, x2: Any) -> Tensor:
    """The smaller; where one is NaN, the other.

    >>> fmin([1.0, float("nan")], 3.0).tolist()
    [1.0, 3.0]
    """
    return _but_nan(minimum, x1, x2)


def _but_nan(choose: Callable[[Any, Any], Tensor], x1: Any, x2: Any) -> Tensor:
    e = current()
    a, b = promote(x1, x2)
    if not dtypes.is_float(dtype_of(a)):
        return choose(a, b)
    broadcast(choose.__name__, shape_of(a), shape_of(b))
    a, b = e.select(e.equal(a, a), a, b), e.select(e.equal(b, b), b, a)
    return choose(a, b)


@op
def clip(x: Any, x_min: Any, x_max: Any) -> Tensor:
    """x limited to [x_min, x_max].

    Args:
        x: any array-like.
        x_min: lower limits, broadcast against x.
        x_max: upper limits, broadcast against x.

    Returns:
        A tensor of the common dtype; of x's, if that is a float.

    >>> clip([-1, 2, 7], 0, 5).tolist()
    [0, 2, 5]
    """
    dtype = dtype_of(x)
    if dtypes.is_float(dtype):  # limits computed by NumPy come in float64
        return kernels.clip(*(convert(v, dtype) for v in (x, x_min, x_max)))
    return kernels.clip(*promote_numbers(x, x_min, x_max))


@op
def heaviside(x1: Any, x2: Any) -> Tensor:
    """0 where x1 < 0, x2 where x1 is 0, 1 where x1 > 0; NaN stays NaN.

    >>> heaviside([-1.0, 0.0, 2.0], 0.5).tolist()
    [0.0, 0.5, 1.0]
    """
    e = current()
    a, b = promote_floats(x1, x2, wide=True)
    zero, one = scalar(0.0, a), scalar(1.0, a)
    step = e.select(e.less(a, zero), zero, e.select(e.less(zero, a), one, b))
    return e.select(e.equal(a, a), step, a)


# ---------------------------------------------------------------------- of two sides and two logarithms
@op
def hypot(x1: Any, x2: Any) -> Tensor:
    """sqrt(x1^2 + x2^2), without overflow in between.

    >>> hypot([3.0], [4.0]).tolist()
    [5.0]
    """
    e = current()
    a, b = (e.abs(x) for x in promote_floats(x1, x2, wide=True))
    large, small = e.maximum(a, b), e.minimum(a, b)
    # A ratio only where there is one to take: not 0/0, and not inf/inf.
    plain = e.logical_and(e.less(scalar(0.0, large), large), e.less(large, scalar(math.inf, large)))
    ratio = e.select(plain, e.div(small, e.select(plain, large, scalar(1.0, large))), scalar(0.0, large))
    size = e.mul(large, e.sqrt(e.add(scalar(1.0, ratio), e.mul(ratio, ratio))))
    infinite = scalar(math.inf, large)
    either = e.logical_or(e.equal(a, infinite), e.equal(b, infinite))
    return e.select(either, infinite, size)


@op
def arctan2(x1: Any, x2: Any) -> Tensor:
    """The angle of the point (x=x2, y=x1) in [-pi, pi].

    >>> arctan2([0.0], [1.0]).tolist()
    [0.0]
    """
    a, b = promote_floats(x1, x2)
    return current().atan2(a, b)


@op
def logaddexp(x1: Any, x2: Any) -> Tensor:
    """log(e^x1 + e^x2), without overflow.

    >>> logaddexp([0.0], [float("-inf")]).tolist()
    [0.0]
    """
    e = current()
    a, b = promote_floats(x1, x2)
    high, low = e.maximum(a, b), e.minimum(a, b)
    same = e.equal(a, b)  # inf - inf would be NaN
    gap = e.select(same, scalar(0.0, a), e.sub(low, high))
    return e.add(high, e.log1p(e.exp(gap)))


@op
def logaddexp2(x1: Any, x2: Any) -> Tensor:
    """log2(2^x1 + 2^x2), without overflow.

    >>> logaddexp2([1.0], [1.0]).tolist()
    [2.0]
    """
    e = current()
    a, b = promote_floats(x1, x2)
    factor = scalar(math.log(2.0), a)
    high, low = e.maximum(a, b), e.minimum(a, b)
    gap = e.select(e.equal(a, b), scalar(0.0, a), e.sub(low, high))
    return e.add(high, e.div(e.log1p(e.exp(e.mul(gap, factor))), factor))


@op
def nextafter(x1: Any, x2: Any) -> Tensor:
    """The floating-point number after x1 in the direction of x2.

    >>> bool(nextafter(1.0, 2.0) > 1.0)
    True
    """
    e = current()
    a, b = promote_floats(x1, x2)
    dtype = dtype_of(a)
    word = "int16" if dtype in ("float16", "bfloat16") else "int64" if dtype == "float64" else "int32"
    bits = e.bitcast(a, word)
    zero = scalar(0.0, a)
    one = scalar(1, bits)
    away = e.equal(e.less(zero, a), e.less(a, b))  # the magnitude grows: same side of a as of 0
    moved = e.bitcast(e.select(away, e.add(bits, one), e.sub(bits, one)), dtype)
    tiny = e.bitcast(one, dtype)
    from_zero = e.select(e.less(zero, b), tiny, e.neg(tiny))
    moved = e.select(e.equal(a, zero), from_zero, moved)
    same = e.equal(a, b)
    nan = e.logical_not(e.logical_and(e.equal(a, a), e.equal(b, b)))
    return e.select(nan, e.add(a, b), e.select(same, b, moved))
