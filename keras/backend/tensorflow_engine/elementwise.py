"""Unary and binary functions: mostly names, and mends where TensorFlow has no kernel or differs from NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.backend.engine import Engine
from keras.backend.tensorflow_engine.leaf import VIA_WIDER, raw, through
from keras.backend.tensorflow_engine.loading import tf

Tensor = Any

_VIA_BOOL = {"bool": "int32"}
_NO_POW = {k: v for k, v in VIA_WIDER.items() if k.startswith("uint")}


# By name, for nothing is asked of TensorFlow that is not called.
def _unary(kernel: str) -> Callable[..., Tensor]:
    return lambda self, x: getattr(raw, kernel)(x=x)


def _binary(kernel: str) -> Callable[..., Tensor]:
    return lambda self, a, b: getattr(raw, kernel)(x=a, y=b)


def _bits(integers: str, bools: str) -> Callable[..., Tensor]:
    return lambda self, a, b: getattr(raw, bools if a.dtype == tf.bool else integers)(x=a, y=b)


class ElementwisePart(Engine):
    """Operands of a binary broadcast. `erfinv` keeps the shared body: TensorFlow's is inaccurate near 0."""

    # ------------------------------------------------------------------ unary
    floor, round, exp, log, sqrt = map(_unary, ("Floor", "Round", "Exp", "Log", "Sqrt"))
    sin, cos, tanh, asin, atan = map(_unary, ("Sin", "Cos", "Tanh", "Asin", "Atan"))
    expm1, log1p, rsqrt, sigmoid = map(_unary, ("Expm1", "Log1p", "Rsqrt", "Sigmoid"))
    logical_not = _unary("LogicalNot")

    def neg(self, x: Tensor) -> Tensor:
        return raw.Sub(x=tf.zeros((), x.dtype), y=x) if x.dtype.is_unsigned else raw.Neg(x=x)

    def abs(self, x: Tensor) -> Tensor:
        if x.dtype.is_complex:
            return raw.ComplexAbs(x=x, Tout=x.dtype.real_dtype)
        return x if x.dtype.is_unsigned or x.dtype == tf.bool else raw.Abs(x=x)

    def sign(self, x: Tensor) -> Tensor:
        return self.cast(self.cast(x, "bool"), x.dtype.name) if x.dtype.is_unsigned else raw.Sign(x=x)

    def erf(self, x: Tensor) -> Tensor:
        if x.dtype == tf.float64:  # whose kernel gives NaN for an infinity (TensorFlow 2.21); erf(6) is 1
            x = tf.clip_by_value(x, tf.constant(-6, x.dtype), tf.constant(6, x.dtype))
        return raw.Erf(x=x)

    def bitwise_not(self, x: Tensor) -> Tensor:
        return raw.LogicalNot(x=x) if x.dtype == tf.bool else raw.Invert(x=x)

    def real(self, x: Tensor) -> Tensor:
        return tf.math.real(x)

    def imag(self, x: Tensor) -> Tensor:
        return tf.math.imag(x) if x.dtype.is_complex else tf.zeros_like(x)

    def stop_gradient(self, x: Tensor) -> Tensor:
        return raw.StopGradient(input=x)

    # ------------------------------------------------------------------ binary
    add, mul, maximum, minimum = map(through(_VIA_BOOL), map(_binary, ("AddV2", "Mul", "Maximum", "Minimum")))
    sub, div, equal = map(_binary, ("Sub", "RealDiv", "Equal"))
    logical_and, logical_or = _binary("LogicalAnd"), _binary("LogicalOr")
    bitwise_and = _bits("BitwiseAnd", "LogicalAnd")
    bitwise_or = _bits("BitwiseOr", "LogicalOr")
    bitwise_xor = _bits("BitwiseXor", "NotEqual")
    shift_left, shift_right = _binary("LeftShift"), _binary("RightShift")
    pow = through(_NO_POW)(_binary("Pow"))

    def less(self, a: Tensor, b: Tensor) -> Tensor:
        return raw.LogicalAnd(x=raw.LogicalNot(x=a), y=b) if a.dtype == tf.bool else raw.Less(x=a, y=b)

    def floordiv(self, a: Tensor, b: Tensor) -> Tensor:
        return self._whole(raw.FloorDiv, a, b)

    def mod(self, a: Tensor, b: Tensor) -> Tensor:
        return self._whole(raw.FloorMod, a, b)

    def _whole(self, kernel: Callable[..., Tensor], a: Tensor, b: Tensor) -> Tensor:
        """Integer division by zero is 0, as in NumPy; TensorFlow's kernel would raise."""
        if not a.dtype.is_integer:
            return kernel(x=a, y=b)
        zero, one = tf.zeros((), b.dtype), tf.ones((), b.dtype)
        nothing = raw.Equal(x=b, y=zero)
        whole = kernel(x=a, y=raw.SelectV2(condition=nothing, t=one, e=b))
        return raw.SelectV2(condition=nothing, t=zero, e=whole)

    def atan2(self, a: Tensor, b: Tensor) -> Tensor:
        return raw.Atan2(y=a, x=b)

    def complex(self, re: Tensor, im: Tensor) -> Tensor:
        return tf.complex(re, im)

    def select(self, condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return raw.SelectV2(condition=condition, t=a, e=b)
