"""Elementwise primitives: mostly NumPy's universal functions by another name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.backend.defaults.elementwise import ElementwiseDefaults
from keras.backend.numpy.arrays import BLOCK, Array, as_array
from keras.backend.numpy.known import known, takes_out

#: Integers that hold the bits of elements of so many bytes; a bit pattern times 0 or 1 is 0 or the pattern.
BITS = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}
_FEW = 2048  # elements; below, the simplest call is the fastest
_SHARED = 1 << 19  # elements of a selection, from which on it is shared
_MANY = 8192  # elements; from there on `np.clip` with one limit at infinity is up to 3 times as fast as `np.maximum`


def _unary(function: Callable[[Array], Any]) -> Callable[[Any, Array], Array]:
    @known(lambda x: function if x[0] else None)
    def method(self: Any, x: Array) -> Array:
        y = function(x)
        return y if type(y) is np.ndarray else np.asarray(y)

    return method


def _binary(function: Callable[[Array, Array], Any]) -> Callable[[Any, Array, Array], Array]:
    @known(lambda a, b: function if a[0] or b[0] else None)
    def method(self: Any, a: Array, b: Array) -> Array:
        y = function(a, b)
        return y if type(y) is np.ndarray else np.asarray(y)

    return method


def clips(x: Any, limit: Any) -> bool:
    """Whether `np.clip` is the fastest way to hold one number against all of `x`: both are arrays, or specs."""
    if type(x) is tuple:
        return not limit[0] and x[1] in ("float32", "float64") and math.prod(x[0]) >= _MANY
    return not limit.ndim and x.size >= _MANY and x.dtype.char in "fd"


@takes_out
def above(x: Array, low: Any, out: Array | None = None) -> Array:
    """max(x, low) of a large array and one number."""
    return np.clip(x, low, np.inf, out)


@takes_out
def below(x: Array, high: Any, out: Array | None = None) -> Array:
    """min(x, high) of a large array and one number."""
    return np.clip(x, -np.inf, high, out)


def _extreme(
    function: Callable[[Array, Array], Any], clipped: Callable[[Array, Array], Array]
) -> Callable[[Any, Array, Array], Array]:
    """`np.maximum` or `np.minimum`: both compare with one number at a third of the speed of `np.clip`."""

    def short(a: Any, b: Any) -> Any:
        if clips(a, b):
            return clipped
        if clips(b, a):
            return lambda a, b: clipped(b, a)
        return function if a[0] or b[0] else None

    @known(short)
    def method(self: Any, a: Array, b: Array) -> Array:
        if clips(a, b):
            return clipped(a, b)
        if clips(b, a):
            return clipped(b, a)
        y = function(a, b)
        return y if type(y) is np.ndarray else np.asarray(y)

    return method


def _in_blocks(body: Callable[[Any, Array], Array], engine: Any, x: Array) -> Array:
    """A shared body of many steps, run on blocks that stay in the cache between them."""
    if x.size <= BLOCK:
        return body(engine, x)
    flat, y = np.ascontiguousarray(x).reshape(-1), np.empty(x.size, x.dtype)
    for start in range(0, x.size, BLOCK):
        y[start : start + BLOCK] = body(engine, flat[start : start + BLOCK])
    return y.reshape(x.shape)


def _selected(condition: Array, x: Array, y: Array, z: Array) -> None:
    """Fill `z` with the integers `x` where the condition holds, `y` elsewhere: each one number, or of its shape."""
    if not y.ndim and not y:
        np.multiply(x, condition, out=z)
    elif not x.ndim and not x:
        np.multiply(y, ~condition, out=z)
    else:
        np.bitwise_xor(x, y, out=z)
        z *= condition
        z ^= y


class Elementwise:
    """Unary and binary primitives; operands of a binary have one dtype."""

    _share: Callable[..., None]  # that of `Kernels`

    neg, abs, sign = _unary(np.negative), _unary(np.abs), _unary(np.sign)
    floor, round, sqrt = _unary(np.floor), _unary(np.rint), _unary(np.sqrt)
    exp, log, expm1, log1p = _unary(np.exp), _unary(np.log), _unary(np.expm1), _unary(np.log1p)
    sin, cos, tanh = _unary(np.sin), _unary(np.cos), _unary(np.tanh)
    asin, atan = _unary(np.arcsin), _unary(np.arctan)
    logical_not, bitwise_not = _unary(np.logical_not), _unary(np.invert)
    real, imag = _unary(np.real), _unary(np.imag)

    add, sub, mul, div = _binary(np.add), _binary(np.subtract), _binary(np.multiply), _binary(np.divide)
    pow, floordiv, mod = _binary(np.power), _binary(np.floor_divide), _binary(np.mod)
    atan2 = _binary(np.arctan2)
    maximum, minimum = _extreme(np.maximum, above), _extreme(np.minimum, below)
    equal, less = _binary(np.equal), _binary(np.less)
    logical_and, logical_or = _binary(np.logical_and), _binary(np.logical_or)
    bitwise_and, bitwise_or = _binary(np.bitwise_and), _binary(np.bitwise_or)
    bitwise_xor = _binary(np.bitwise_xor)
    shift_left, shift_right = _binary(np.left_shift), _binary(np.right_shift)

    def rsqrt(self, x: Array) -> Array:
        y = np.sqrt(x)
        return (
            np.divide(1, y, out=y) if type(y) is np.ndarray else as_array(1 / y)
        )  # `reciprocal` takes twice as long

    def complex(self, re: Array, im: Array) -> Array:
        y = np.empty(np.broadcast_shapes(re.shape, im.shape), np.result_type(re, np.complex64))
        y.real, y.imag = re, im
        return y

    def select(self, condition: Array, a: Array, b: Array) -> Array:
        bits, shape = BITS.get(a.dtype.itemsize), condition.shape
        if condition.size < _FEW or bits is None or not (a.shape in ((), shape) and b.shape in ((), shape)):
            return np.where(condition, a, b)
        # `np.where` branches on every element; arithmetic on the bits does not, and is 3 to 8 times as fast.
        x, y, z = a.view(bits), b.view(bits), np.empty(shape, bits)

        def part(at: slice) -> None:
            _selected(condition[at], x[at] if x.ndim else x, y[at] if y.ndim else y, z[at])

        if condition.size < _SHARED:
            _selected(condition, x, y, z)
        else:
            self._share(len(z), part)
        return z.view(a.dtype)

    def erf(self, x: Array) -> Array:
        return _in_blocks(ElementwiseDefaults.erf, self, x)

    def erfinv(self, x: Array) -> Array:
        return _in_blocks(ElementwiseDefaults.erfinv, self, x)

    def _horner(self, coefficients: Sequence[float], x: Array) -> Array:
        y = np.full(x.shape, coefficients[-1], x.dtype)
        for c in coefficients[-2::-1]:
            y *= x
            y += c
        return y
