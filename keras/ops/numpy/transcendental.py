"""Functions of one tensor, element by element: exponentials, logarithms, roots, angles, Bessel.

Unless said otherwise an argument is any array-like, ints and bools become `floatx`, and the result has the
argument's shape.
"""

from __future__ import annotations

import math
from typing import Any

from keras.backend import dtypes
from keras.backend.select import current
from keras.ops.dispatch import as_float, cast, convert, dtype_of, op
from keras.ops.kernels import polynomial
from keras.ops.settling import float_dtype, in_float32, real_float, scalar

Tensor = Any


# ---------------------------------------------------------------------- exponentials and logarithms
@op
def exp(x: Any) -> Tensor:
    """e^x.

    >>> exp([0, 1]).round(4).tolist()
    [1.0, 2.7183001041412354]
    """
    return current().exp(as_float(x))


@op
def exp2(x: Any) -> Tensor:
    """2^x.

    >>> exp2([0, 3]).tolist()
    [1.0, 8.0]
    """
    x = as_float(x)
    return current().pow(scalar(2.0, x), x)


@op
def expm1(x: Any) -> Tensor:
    """e^x - 1, accurate near 0.

    >>> bool(expm1(1e-6) > 0)
    True
    """
    return current().expm1(as_float(x))


@op
def log(x: Any) -> Tensor:
    """Natural logarithm: -inf at 0, NaN below.

    >>> log([1.0]).tolist()
    [0.0]
    """
    return current().log(as_float(x))


@op
def log10(x: Any) -> Tensor:
    """Logarithm to the base 10.

    >>> log10([1.0, 0.0]).tolist()
    [0.0, -inf]
    """
    x = as_float(x)
    return current().div(current().log(x), scalar(math.log(10.0), x))


@op
def log1p(x: Any) -> Tensor:
    """log(1 + x), accurate near 0.

    >>> log1p([0.0]).tolist()
    [0.0]
    """
    return current().log1p(as_float(x))


@op
def log2(x: Any) -> Tensor:
    """Logarithm to the base 2.

    >>> log2([1.0, 2.0]).tolist()
    [0.0, 1.0]
    """
    x = as_float(x)
    return current().div(current().log(x), scalar(math.log(2.0), x))


# ---------------------------------------------------------------------- roots
@op
def sqrt(x: Any) -> Tensor:
    """Square root; NaN for negatives.

    >>> sqrt([4, 9]).tolist()
    [2.0, 3.0]
    """
    return current().sqrt(as_float(x))


@op
def cbrt(x: Any) -> Tensor:
    """Real cube root, also of negatives.

    >>> cbrt([-8.0, 27.0]).round(4).tolist()
    [-2.0, 3.0]
    """
    e, x = current(), convert(x)
    x = real_float(cast(x, float_dtype(x, wide=True)), "cbrt")
    return e.mul(e.sign(x), e.pow(e.abs(x), scalar(1.0 / 3.0, x)))


# ---------------------------------------------------------------------- angles
@op
def sin(x: Any) -> Tensor:
    """Sine; x in radians.

    >>> sin([0.0]).tolist()
    [0.0]
    """
    return current().sin(as_float(x))


@op
def cos(x: Any) -> Tensor:
    """Cosine; x in radians.

    >>> cos([0.0]).tolist()
    [1.0]
    """
    return current().cos(as_float(x))


@op
def tan(x: Any) -> Tensor:
    """Tangent; x in radians.

    >>> tan([0.0]).tolist()
    [0.0]
    """
    e, x = current(), as_float(x)
    return e.div(e.sin(x), e.cos(x))


@op
def arcsin(x: Any) -> Tensor:
    """Arc sine in [-pi/2, pi/2]; NaN outside [-1, 1].

    >>> arcsin([0.0]).tolist()
    [0.0]
    """
    return current().asin(as_float(x))


@op
def arccos(x: Any) -> Tensor:
    """Arc cosine in [0, pi]; NaN outside [-1, 1].

    >>> arccos([1.0]).tolist()
    [0.0]
    """
    e, x = current(), as_float(x)
    one = scalar(1.0, x)
    if dtypes.is_complex(dtype_of(x)):
        return e.sub(scalar(math.pi / 2, x), e.asin(x))
    # Half the angle has tangent sqrt(1 - x) / sqrt(1 + x); pi/2 - asin(x) would lose the digits near 1.
    half = e.atan2(e.sqrt(e.sub(one, x)), e.sqrt(e.add(one, x)))
    return e.add(half, half)


@op
def arctan(x: Any) -> Tensor:
    """Arc tangent in [-pi/2, pi/2].

    >>> arctan([0.0]).tolist()
    [0.0]
    """
    return current().atan(as_float(x))


@op
def deg2rad(x: Any) -> Tensor:
    """Degrees to radians: x pi / 180.

    >>> deg2rad([180.0]).round(4).tolist()
    [3.1415998935699463]
    """
    x = convert(x)
    x = cast(x, float_dtype(x, wide=True))
    return current().mul(x, scalar(math.pi / 180.0, x))


@op
def rad2deg(x: Any) -> Tensor:
    """Radians to degrees: 180 x / pi.

    >>> rad2deg([0.0]).tolist()
    [0.0]
    """
    x = convert(x)
    x = cast(x, float_dtype(x, wide=True))
    return current().mul(x, scalar(180.0 / math.pi, x))


# ---------------------------------------------------------------------- hyperbolic functions
@op
def sinh(x: Any) -> Tensor:
    """Hyperbolic sine, accurate near 0.

    >>> sinh([0.0]).tolist()
    [0.0]
    """
    e, x = current(), as_float(x)
    if dtypes.is_complex(dtype_of(x)):
        return e.mul(e.sub(e.exp(x), e.exp(e.neg(x))), scalar(0.5, x))
    half, one = scalar(0.5, x), scalar(1.0, x)
    near = e.less(e.abs(x), one)
    t = e.expm1(e.select(near, x, scalar(0.0, x)))
    small = e.mul(half, e.add(t, e.div(t, e.add(one, t))))
    root = e.exp(e.mul(half, e.abs(x)))  # e^(|x|/2): its square overflows only where sinh does
    large = e.sub(e.mul(e.mul(half, root), root), e.div(half, e.mul(root, root)))
    return e.select(near, small, e.mul(e.sign(x), large))


@op
def cosh(x: Any) -> Tensor:
    """Hyperbolic cosine.

    >>> cosh([0.0]).tolist()
    [1.0]
    """
    e, x = current(), as_float(x)
    half = scalar(0.5, x)
    if dtypes.is_complex(dtype_of(x)):
        return e.mul(e.add(e.exp(x), e.exp(e.neg(x))), half)
    root = e.exp(e.mul(half, e.abs(x)))
    return e.add(e.mul(e.mul(half, root), root), e.div(half, e.mul(root, root)))


@op
def tanh(x: Any) -> Tensor:
    """Hyperbolic tangent.

    >>> tanh([0.0]).tolist()
    [0.0]
    """
    return current().tanh(as_float(x))


@op
def arcsinh(x: Any) -> Tensor:
    """Inverse of sinh: log(x + sqrt(x^2 + 1)), accurate near 0.

    >>> arcsinh([0.0]).tolist()
    [0.0]
    """
    e, x = current(), as_float(x)
    one = scalar(1.0, x)
    if dtypes.is_complex(dtype_of(x)):
        return e.log(e.add(x, e.sqrt(e.add(e.mul(x, x), one))))
    far = e.less(scalar(_far(x), x), e.abs(x))
    a = e.select(far, one, e.abs(x))
    a2 = e.mul(a, a)
    near_value = e.log1p(e.add(a, e.div(a2, e.add(one, e.sqrt(e.add(one, a2))))))
    far_value = e.add(e.log(e.select(far, e.abs(x), one)), scalar(math.log(2.0), x))
    return e.mul(e.sign(x), e.select(far, far_value, near_value))


@op
def arccosh(x: Any) -> Tensor:
    """Inverse of cosh on [1, inf): NaN below 1.

    >>> arccosh([1.0]).tolist()
    [0.0]
    """
    e, x = current(), as_float(x)
    one = scalar(1.0, x)
    if dtypes.is_complex(dtype_of(x)):
        return e.log(e.add(x, e.mul(e.sqrt(e.sub(x, one)), e.sqrt(e.add(x, one)))))
    far = e.less(scalar(_far(x), x), x)
    t = e.select(e.less(x, one), scalar(math.nan, x), e.sub(e.select(far, one, x), one))
    near_value = e.log1p(e.add(t, e.sqrt(e.mul(t, e.add(t, scalar(2.0, x))))))
    far_value = e.add(e.log(e.select(far, x, one)), scalar(math.log(2.0), x))
    return e.select(far, far_value, near_value)


@op
def arctanh(x: Any) -> Tensor:
    """Inverse of tanh on [-1, 1]: the infinities at the ends, NaN outside.

    >>> arctanh([0.0, 1.0]).tolist()
    [0.0, inf]
    """
    e, x = current(), as_float(x)
    if dtypes.is_complex(dtype_of(x)):
        one = scalar(1.0, x)
        difference = e.sub(e.log(e.add(one, x)), e.log(e.sub(one, x)))
    else:
        difference = e.sub(e.log1p(x), e.log1p(e.neg(x)))
    return e.mul(scalar(0.5, x), difference)


def _far(x: Tensor) -> float:
    """Where x^2 + 1 is x^2 in every digit, long before x^2 overflows."""
    return 1e8 if dtype_of(x) == "float64" else 100.0 if dtype_of(x) == "float16" else 1e5


# ---------------------------------------------------------------------- special functions
@op
def sinc(x: Any) -> Tensor:
    """sin(pi x) / (pi x), and 1 at 0.

    >>> sinc([0.0]).tolist()
    [1.0]
    """
    e, x = current(), as_float(x)
    zero = e.equal(x, scalar(0.0, x))
    angle = e.mul(e.select(zero, scalar(1.0, x), x), scalar(math.pi, x))
    return e.select(zero, scalar(1.0, x), e.div(e.sin(angle), angle))


#: I0(x) = sum (x^2/4)^k / k!^2 for small x; sqrt(2 pi x) e^-x I0(x) = sum ((2k-1)!!)^2 / (k! (8x)^k) for large.
_I0_SERIES = [1.0 / math.factorial(k) ** 2 for k in range(40)]
_I0_TAIL = [math.prod((2 * j - 1) ** 2 / (8 * j) for j in range(1, k + 1)) for k in range(26)]
_I0_BORDER = 20.0


@op
def i0(x: Any) -> Tensor:
    """Modified Bessel function of the first kind and order 0.

    >>> i0([0.0]).tolist()
    [1.0]
    """
    x = convert(x)
    x = real_float(cast(x, float_dtype(x, wide=True)), "i0")
    return in_float32(_i0, x)


def _i0(x: Tensor) -> Tensor:
    e = current()
    a, half = e.abs(x), scalar(0.5, x)
    near = e.less(a, scalar(_I0_BORDER, x))
    q = e.mul(e.select(near, a, scalar(0.0, x)), half)
    small = polynomial(_I0_SERIES, e.mul(q, q))
    far = e.select(near, scalar(_I0_BORDER, x), a)
    tail = polynomial(_I0_TAIL, e.div(scalar(1.0, x), far))
    root = e.exp(e.mul(far, half))  # e^(x/2) twice overflows only where the product does
    large = e.mul(e.mul(root, e.div(tail, e.sqrt(e.mul(far, scalar(2.0 * math.pi, x))))), root)
    return e.select(near, small, large)
