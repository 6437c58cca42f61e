"""Pull-backs of elementwise primitives. At a kink the gradient is TensorFlow's choice, and 0 for abs and relu."""

from __future__ import annotations

import math
from typing import Any

from keras.backend.gates import GATES
from keras.backend.vjp.table import conj, linear, rule, scalar, square


# ---------------------------------------------------------------------- unary
@linear("neg")
def _(e: Any, dy: Any, x: Any) -> Any:
    return e.neg(dy)


@rule("abs")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    if not e.spec(x)[1].startswith("complex"):
        return e.mul(dy, e.sign(x))
    zero = e.equal(y, scalar(e, 0, y))
    share = e.div(dy, e.select(zero, scalar(e, 1, y), y))
    share = e.select(zero, scalar(e, 0, y), share)
    return e.complex(e.mul(share, e.real(x)), e.mul(share, e.imag(x)))


@linear("sign")
def _(e: Any, dy: Any, x: Any) -> Any:
    return e.full(x[0], 0, x[1])


@rule("exp")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.mul(dy, conj(e, y))


@rule("expm1")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.mul(dy, e.add(y, scalar(e, 1, y)))


@rule("log")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.div(dy, conj(e, x))


@rule("log1p")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.div(dy, e.add(scalar(e, 1, x), x))


@rule("sqrt")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.div(e.mul(dy, scalar(e, 0.5, y)), conj(e, y))


@rule("rsqrt")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.mul(e.mul(dy, scalar(e, -0.5, y)), e.mul(y, square(e, y)))


@rule("sin")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.mul(dy, e.cos(conj(e, x)))


@rule("cos")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.neg(e.mul(dy, e.sin(conj(e, x))))


@rule("tanh")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.mul(dy, e.sub(scalar(e, 1, y), square(e, conj(e, y))))


@rule("sigmoid")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return GATES["sigmoid"].pull_back(e, dy, y)


@rule("asin")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.mul(dy, e.rsqrt(e.sub(scalar(e, 1, x), square(e, x))))


@rule("atan")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.div(dy, e.add(scalar(e, 1, x), square(e, x)))


@rule("erf")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.mul(dy, e.mul(scalar(e, 2 / math.sqrt(math.pi), x), e.exp(e.neg(square(e, x)))))


@rule("erfinv")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.mul(dy, e.mul(scalar(e, math.sqrt(math.pi) / 2, y), e.exp(square(e, y))))


@linear("cast")
def _(e: Any, dy: Any, x: Any, dtype: str) -> Any:
    return e.cast(dy, x[1])


# ---------------------------------------------------------------------- binary
@linear("add", broadcasts=True)
def _(e: Any, dy: Any, a: Any, b: Any) -> Any:
    return dy, dy


@linear("sub", broadcasts=True)
def _(e: Any, dy: Any, a: Any, b: Any) -> Any:
    return dy, lambda: e.neg(dy)


@rule("mul", broadcasts=True)
def _(e: Any, dy: Any, y: Any, a: Any, b: Any) -> Any:
    return lambda: e.mul(dy, conj(e, b)), lambda: e.mul(dy, conj(e, a))


@rule("div", broadcasts=True)
def _(e: Any, dy: Any, y: Any, a: Any, b: Any) -> Any:
    return lambda: e.div(dy, conj(e, b)), lambda: e.neg(e.div(e.mul(dy, conj(e, y)), conj(e, b)))


@rule("pow", broadcasts=True)
def _(e: Any, dy: Any, y: Any, a: Any, b: Any) -> Any:
    zero, one = scalar(e, 0, a), scalar(e, 1, a)

    def by_base() -> Any:  # b a^(b - 1), and 0 where b is 0 even at a = 0
        constant = e.equal(b, zero)
        slope = e.mul(b, e.pow(a, e.sub(e.select(constant, one, b), one)))
        return e.mul(dy, e.select(constant, zero, slope))

    def by_exponent() -> Any:  # a^b log a, and 0 where the logarithm does not exist
        positive = e.less(zero, a)
        return e.mul(dy, e.mul(y, e.select(positive, e.log(e.select(positive, a, one)), zero)))

    return by_base, by_exponent


@rule("maximum", broadcasts=True)
def _(e: Any, dy: Any, y: Any, a: Any, b: Any) -> Any:
    second, zero = e.less(a, b), scalar(e, 0, dy)  # a tie counts for the first
    return lambda: e.select(second, zero, dy), lambda: e.select(second, dy, zero)


@rule("minimum", broadcasts=True)
def _(e: Any, dy: Any, y: Any, a: Any, b: Any) -> Any:
    second, zero = e.less(b, a), scalar(e, 0, dy)
    return lambda: e.select(second, zero, dy), lambda: e.select(second, dy, zero)


@rule("mod", broadcasts=True)
def _(e: Any, dy: Any, y: Any, a: Any, b: Any) -> Any:
    return dy, lambda: e.neg(e.mul(dy, e.floordiv(a, b)))


@rule("atan2", broadcasts=True)
def _(e: Any, dy: Any, y: Any, a: Any, b: Any) -> Any:
    share = e.div(dy, e.add(square(e, a), square(e, b)))
    return lambda: e.mul(share, b), lambda: e.neg(e.mul(share, a))


@rule("select", broadcasts=True)
def _(e: Any, dy: Any, y: Any, condition: Any, a: Any, b: Any) -> Any:
    zero = scalar(e, 0, dy)
    return None, lambda: e.select(condition, dy, zero), lambda: e.select(condition, zero, dy)


# ---------------------------------------------------------------------- complex numbers
@linear("real")
def _(e: Any, dy: Any, x: Any) -> Any:
    return e.cast(dy, x[1])


@linear("imag")
def _(e: Any, dy: Any, x: Any) -> Any:
    zeros = e.full(x[0], 0, e.spec(dy)[1])
    return e.complex(zeros, dy) if x[1].startswith("complex") else zeros


@linear("complex")
def _(e: Any, dy: Any, re: Any, im: Any) -> Any:
    return lambda: e.real(dy), lambda: e.imag(dy)
