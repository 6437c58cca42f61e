"""Functions of whole numbers, element by element: divisors, bits.

Operands are array-likes that broadcast as in NumPy; the result has their common dtype by Keras's promotion rules, in
which Python scalars are weak.
"""

from __future__ import annotations

from typing import Any

from keras.backend import dtypes
from keras.backend.select import current
from keras.ops.dispatch import cast, convert, dtype_of, dtype_or_type, op, promote
from keras.ops.settling import scalar

Tensor = Any


# ---------------------------------------------------------------------- whole numbers
@op
def gcd(x1: Any, x2: Any) -> Tensor:
    """Greatest common divisor of integers, non-negative.

    >>> gcd([12, 5], 18).tolist()
    [6, 1]
    """
    a, b = _whole("gcd", x1, x2)
    return _gcd(a, b)


def _gcd(a: Tensor, b: Tensor) -> Tensor:
    """Euclid's algorithm on non-negative integers of one shape."""
    e = current()
    zero = scalar(0, a)

    def test(a: Tensor, b: Tensor) -> Tensor:
        some = cast(e.less(zero, b), "int32")
        return e.less(scalar(0, some), e.reduce_sum(some, tuple(range(len(e.spec(b)[0])))))

    def body(a: Tensor, b: Tensor) -> list[Tensor]:
        done = e.equal(b, zero)
        rest = e.mod(a, e.select(done, scalar(1, b), b))
        return [e.select(done, a, b), e.select(done, zero, rest)]

    return e.while_loop(test, body, [a, b])[0]


def _whole(who: str, x1: Any, x2: Any) -> list[Tensor]:
    """Magnitudes of two integer tensors, broadcast to one shape."""
    e = current()
    a, b = _integers(who, x1, x2)
    if not dtypes.is_unsigned(dtype_of(a)):
        a, b = e.abs(a), e.abs(b)
    zero = scalar(0, a)
    zeros = e.mul(e.add(a, b), zero)
    return [e.add(a, zeros), e.add(b, zeros)]


@op
def lcm(x1: Any, x2: Any) -> Tensor:
    """Least common multiple of integers, non-negative.

    >>> lcm([4, 5], 6).tolist()
    [12, 30]
    """
    e = current()
    a, b = _whole("lcm", x1, x2)
    divisor = _gcd(a, b)
    return e.mul(e.floordiv(a, e.maximum(divisor, scalar(1, divisor))), b)


def _integers(who: str, x: Any, y: Any) -> list[Tensor]:
    """Two integer tensors of one dtype; bools beside integers count as 0 and 1. Raises TypeError for anything else."""
    tensors = promote(x, y)
    if dtypes.is_int(dtype_of(tensors[0])):
        return tensors
    for name, value in (("first", x), ("second", y)):
        kind = dtype_or_type(value)
        found = kind if isinstance(kind, str) else kind.__name__
        if not (found == "int" or dtypes.is_int(found)):
            raise TypeError(f"{who}: expected integers, but the {name} argument has dtype {found}")
    return tensors


# ---------------------------------------------------------------------- bits
@op
def bitwise_and(x: Any, y: Any) -> Tensor:
    """Bits set in both integers (or `and` of bools).

    >>> bitwise_and([6, 5], 3).tolist()
    [2, 1]
    """
    return _bitwise("bitwise_and", x, y)


@op
def bitwise_or(x: Any, y: Any) -> Tensor:
    """Bits set in either integer (or `or` of bools).

    >>> bitwise_or([6, 5], 3).tolist()
    [7, 7]
    """
    return _bitwise("bitwise_or", x, y)


@op
def bitwise_xor(x: Any, y: Any) -> Tensor:
    """Bits set in just one of the integers (or `xor` of bools).

    >>> bitwise_xor([6, 5], 3).tolist()
    [5, 6]
    """
    return _bitwise("bitwise_xor", x, y)


def _bitwise(primitive: str, x: Any, y: Any) -> Tensor:
    e = current()
    if dtype_of(x) == dtype_of(y) == "bool":
        a, b = convert(x), convert(y)
        if primitive == "bitwise_xor":
            return e.logical_not(e.equal(a, b))
        return e.logical_and(a, b) if primitive == "bitwise_and" else e.logical_or(a, b)
    a, b = promote(x, y)
    if not dtypes.is_int(dtype_of(a)):
        raise TypeError(
            f"{primitive}: expected integers or bools. Received: dtypes {dtype_of(x)} and {dtype_of(y)}"
        )
    return getattr(e, primitive)(a, b)


@op
def bitwise_not(x: Any) -> Tensor:
    """Every bit inverted: -x - 1 for signed integers (or `not` of bools).

    >>> bitwise_not([0, 5]).tolist()
    [-1, -6]
    """
    e, x = current(), convert(x)
    dtype = dtype_of(x)
    if dtype == "bool":
        return e.logical_not(x)
    if not dtypes.is_int(dtype):
        raise TypeError(f"bitwise_not: expected integers or bools. Received: dtype {dtype}")
    return e.bitwise_not(x)


bitwise_invert = bitwise_not


@op
def left_shift(x: Any, y: Any) -> Tensor:
    """x 2^y on integers: bits moved to the left.

    >>> left_shift([1, 3], 2).tolist()
    [4, 12]
    """
    a, b = _integers("left_shift", x, y)
    return current().shift_left(a, b)


@op
def right_shift(x: Any, y: Any) -> Tensor:
    """x / 2^y rounded down on integers: bits moved to the right, the sign kept.

    >>> right_shift([8, -8], 2).tolist()
    [2, -2]
    """
    a, b = _integers("right_shift", x, y)
    return current().shift_right(a, b)


bitwise_left_shift = left_shift
bitwise_right_shift = right_shift
