"""Elementwise functions an engine may lack, each from a handful of others, accurate where the textbook formula is not.

No body here depends on a particular rounding (such as `(1 + x) - 1 != x`), because graph compilers rewrite such terms.
A branch that `select` will not take gets a harmless argument, so that its derivative is finite too.
"""

from __future__ import annotations

import math
from typing import Any

from keras.backend.defaults.coefficients import ERF_CENTRE, ERF_TAIL, ERFINV_CENTRE, ERFINV_TAIL
from keras.backend.defaults.composed import Composed, highest, in_float32
from keras.backend.dtypes import is_complex, is_float, real_of

Tensor = Any


class ElementwiseDefaults(Composed):
    """Unary and binary functions; operands of a binary have one dtype and broadcast."""

    # ------------------------------------------------------------------ exponentials and logarithms
    @in_float32
    def expm1(self, x: Tensor) -> Tensor:
        """e^x - 1, accurate near 0."""
        # 2t / (1 - t) with t = tanh(x / 2) has no cancellation for small x; exp(x) - 1 has none elsewhere.
        one = self._scalar(1, x)
        near = self.less(self.abs(x), one)
        t = self.tanh(self.mul(self.select(near, x, self._scalar(0, x)), self._scalar(0.5, x)))
        return self.select(near, self.div(self.add(t, t), self.sub(one, t)), self.sub(self.exp(x), one))

    @in_float32
    def log1p(self, x: Tensor) -> Tensor:
        """log(1 + x), accurate near 0; -inf at -1, NaN below."""
        # log(1 + x) = 2 atanh(s) with s = x / (2 + x): a short odd series while |s| < 0.2.
        near = self.less(self.abs(x), self._scalar(0.33, x))
        inner = self.select(near, x, self._scalar(0, x))
        s = self.div(inner, self.add(self._scalar(2, x), inner))
        terms = 11 if self.spec(x)[1] == "float64" else 6
        series = self._horner([2.0 / (2 * k + 1) for k in range(terms)], self.mul(s, s))
        far = self.log(self.select(near, self._scalar(1, x), self.add(self._scalar(1, x), x)))
        return self.select(near, self.mul(s, series), far)

    def rsqrt(self, x: Tensor) -> Tensor:
        """1 / sqrt(x)."""
        return self.div(self._scalar(1, x), self.sqrt(x))

    @in_float32
    def sigmoid(self, x: Tensor) -> Tensor:
        """1 / (1 + e^-x), with full relative accuracy on both sides."""
        one = self._scalar(1, x)
        z = self.exp(self.neg(self.abs(x)))
        numerator = self.select(self.less(x, self._scalar(0, x)), z, one)
        return self.div(numerator, self.add(one, z))

    # ------------------------------------------------------------------ angles
    @in_float32
    def atan(self, x: Tensor) -> Tensor:
        """Arc tangent in [-pi/2, pi/2]."""
        one = self._scalar(1, x)
        steep = self.less(one, self.abs(x))
        z = self.select(steep, self.div(one, self.select(steep, x, one)), x)
        angle = self.asin(self.div(z, self.sqrt(self.add(one, self.mul(z, z)))))
        right = self._scalar(math.pi / 2, x)
        limit = self.select(self.less(x, self._scalar(0, x)), self.neg(right), right)
        return self.select(steep, self.sub(limit, angle), angle)

    def atan2(self, a: Tensor, b: Tensor) -> Tensor:
        """Angle of the point (x=b, y=a) in [-pi, pi]; zeros and infinities keep their sign as in IEEE."""
        zero, one = self._scalar(0, a), self._scalar(1, a)
        rise, run = self.abs(a), self.abs(b)
        small, big = self.minimum(rise, run), self.maximum(rise, run)
        nothing = self.equal(big, zero)
        ratio = self.div(small, self.select(nothing, one, big))
        diagonal = self.logical_and(self.equal(small, big), self.logical_not(nothing))  # inf / inf too
        angle = self.atan(self.select(diagonal, one, ratio))
        angle = self.select(self.less(run, rise), self.sub(self._scalar(math.pi / 2, a), angle), angle)
        angle = self.select(self._negative(b), self.sub(self._scalar(math.pi, a), angle), angle)
        return self.select(self._negative(a), self.neg(angle), angle)

    def _negative(self, x: Tensor) -> Tensor:
        """The sign bit, also that of -0."""
        zero = self._scalar(0, x)
        is_zero = self.equal(x, zero)
        return self.less(self.select(is_zero, self.div(self._scalar(1, x), x), x), zero)

    # ------------------------------------------------------------------ error function
    @in_float32
    def erf(self, x: Tensor) -> Tensor:
        """2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x."""
        dtype = self.spec(x)[1]
        one, two, size = self._scalar(1, x), self._scalar(2, x), self.abs(x)
        near = self.less(size, one)
        inner = self.select(near, x, self._scalar(0, x))
        square = self.mul(inner, inner)
        centre = self.mul(inner, self._horner(ERF_CENTRE[dtype], self.sub(self.add(square, square), one)))
        # 1 - erf(|x|) = e^(-x^2) p(1 / (|x| + 2)); past 6.5 it is below half a unit of the last place of 1.
        outer = self.minimum(self.maximum(size, one), self._scalar(6.5, x))
        a, b = 1 / 8.5, 1 / 3
        t = self.div(one, self.add(outer, two))
        u = self.sub(self.mul(t, self._scalar(2 / (b - a), x)), self._scalar((a + b) / (b - a), x))
        rest = self.mul(self.exp(self.neg(self.mul(outer, outer))), self._horner(ERF_TAIL[dtype], u))
        tail = self.mul(self.sign(x), self.sub(one, rest))
        return self.select(near, centre, tail)

    @in_float32
    def erfinv(self, x: Tensor) -> Tensor:
        """Inverse of erf on (-1, 1); infinite at the ends, NaN outside."""
        dtype = self.spec(x)[1]
        one = self._scalar(1, x)
        w = self.neg(self.log(self.mul(self.sub(one, x), self.add(one, x))))
        split = self._scalar(6.25, x)
        inner = self.minimum(w, split)
        centre = self._horner(ERFINV_CENTRE[dtype], self.sub(self.mul(inner, self._scalar(0.32, x)), one))
        a, b = 2.5, 6.1 if dtype == "float64" else 4.2
        outer = self.sqrt(self.minimum(self.maximum(w, split), self._scalar(b * b, x)))
        u = self.sub(self.mul(outer, self._scalar(2 / (b - a), x)), self._scalar((a + b) / (b - a), x))
        ratio = self.select(self.less(w, split), centre, self._horner(ERFINV_TAIL[dtype], u))
        end = self.equal(self.abs(x), one)
        return self.mul(x, self.select(end, self._scalar(float("inf"), x), ratio))

    # ------------------------------------------------------------------ integers and bits
    def floordiv(self, a: Tensor, b: Tensor) -> Tensor:
        """Quotient rounded toward -inf; for integers, division by zero gives 0."""
        dtype = self.spec(a)[1]
        if is_float(dtype):
            return self.floor(self.div(a, b))
        if dtype in ("int64", "uint64"):  # float64 cannot hold them
            return self._on_host("floordiv", a, b)[0]
        zero = self._scalar(0, b)
        nothing = self.equal(b, zero)
        divisor = self.cast(self.select(nothing, self._scalar(1, b), b), "float64")
        quotient = self.cast(self.floor(self.div(self.cast(a, "float64"), divisor)), dtype)
        return self.select(nothing, zero, quotient)

    def mod(self, a: Tensor, b: Tensor) -> Tensor:
        """Remainder with the sign of the divisor; for integers, modulo zero gives 0."""
        zero, quotient = self._scalar(0, a), self.floordiv(a, b)
        if not is_float(self.spec(a)[1]):
            rest = self.sub(a, self.mul(quotient, b))
            return self.select(self.equal(b, zero), zero, rest)
        whole = self.mul(quotient, self.select(self.equal(quotient, zero), zero, b))  # x mod inf is x
        rest = self.select(self.equal(quotient, zero), self.sub(a, zero), self.sub(a, whole))
        wrong = self.logical_and(
            self.logical_not(self.equal(rest, zero)),
            self.logical_not(self.equal(self.less(rest, zero), self.less(b, zero))),
        )
        return self.select(wrong, self.add(rest, b), rest)

    def bitwise_not(self, x: Tensor) -> Tensor:
        """All bits of an integer inverted; the negation of a bool."""
        dtype = self.spec(x)[1]
        if dtype == "bool":
            return self.logical_not(x)
        return self.sub(self._scalar(highest(dtype) if dtype.startswith("u") else -1, x), x)

    def bitwise_and(self, a: Tensor, b: Tensor) -> Tensor:
        """Bits set in both integers (or bools)."""
        return self._on_host("bitwise_and", a, b)[0]

    def bitwise_or(self, a: Tensor, b: Tensor) -> Tensor:
        """Bits set in either integer (or bool)."""
        return self._on_host("bitwise_or", a, b)[0]

    def bitwise_xor(self, a: Tensor, b: Tensor) -> Tensor:
        """Bits set in one integer (or bool) only."""
        return self._on_host("bitwise_xor", a, b)[0]

    def shift_left(self, a: Tensor, b: Tensor) -> Tensor:
        """a * 2^b for integers, wrapping; 0 <= b < bits."""
        return self.mul(a, self.pow(self._scalar(2, b), b))

    def shift_right(self, a: Tensor, b: Tensor) -> Tensor:
        """floor(a / 2^b) for integers: arithmetic when signed; 0 <= b < bits."""
        return self._on_host("shift_right", a, b)[0]

    # ------------------------------------------------------------------ complex numbers
    def real(self, x: Tensor) -> Tensor:
        """Real part; the identity on real dtypes."""
        dtype = self.spec(x)[1]
        return self.cast(x, real_of(dtype)) if is_complex(dtype) else x

    def imag(self, x: Tensor) -> Tensor:
        """Imaginary part; zeros for real dtypes."""
        shape, dtype = self.spec(x)
        return self._on_host("imag", x)[0] if is_complex(dtype) else self.full(shape, 0, dtype)

    def complex(self, re: Tensor, im: Tensor) -> Tensor:
        """re + i im, of two float32 or two float64 tensors of one shape."""
        return self._on_host("complex", re, im)[0]
