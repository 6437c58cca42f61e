"""Axes reduced to one number each: sums, products, extremes, their positions, running totals.

`axis` may be None (all axes), an int or a tuple of ints, negative ones counting from the last; `keepdims` leaves the
reduced axes in place with size 1.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import Any

from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import shape_str
from keras.ops.dispatch import axes_of, axis_of, cast, convert, dtype_of, op, shape_of
from keras.ops.settling import kept, reduced, scalar

Tensor = Any
Axis = int | tuple[int, ...] | list[int] | None

#: Sums and products of small integers are made in these.
_WIDER = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}


# ---------------------------------------------------------------------- sums and products
@op
def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Sum over axes; integers below 32 bits are added in 32.

    >>> sum([[1, 2], [3, 4]], axis=0).tolist()
    [4, 6]
    """
    x = _widened(x)
    return reduced(current().reduce_sum, x, axis, keepdims, "sum")


@op
def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """Product over axes; integers below 32 bits are multiplied in 32.

    Args:
        x: array-like.
        axis: which axes.
        keepdims: leave the reduced axes in place.
        dtype: of the result, instead of x's.

    >>> prod([[1, 2], [3, 4]]).tolist()
    24
    """
    x = _widened(x) if dtype is None else convert(x, dtype)
    return reduced(current().reduce_prod, x, axis, keepdims, "prod")


def _widened(x: Any) -> Tensor:
    x = convert(x)
    return cast(x, _WIDER.get(dtype_of(x), dtype_of(x)))


@op
def count_nonzero(x: Any, axis: Axis = None) -> Tensor:
    """How many elements are not 0, as int32.

    >>> count_nonzero([0, 3, 0, 4]).tolist()
    2
    """
    x = cast(convert(x, "bool"), "int32")
    return reduced(current().reduce_sum, x, axis, False, "count_nonzero")


# ---------------------------------------------------------------------- truth
@op
def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether at least one element is not 0.

    >>> any([False, True]).tolist()
    True
    """
    n = reduced(current().reduce_sum, cast(convert(x, "bool"), "int32"), axis, keepdims, "any")
    return current().less(scalar(0, n), n)


@op
def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether no element is 0.

    >>> all([False, True]).tolist()
    False
    """
    zeros = current().logical_not(convert(x, "bool"))
    n = reduced(current().reduce_sum, cast(zeros, "int32"), axis, keepdims, "all")
    return current().equal(n, scalar(0, n))


# ---------------------------------------------------------------------- extremes
@op
def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Largest element over axes; NaN if there is one.

    Args:
        x: array-like.
        axis: which axes.
        keepdims: leave the reduced axes in place.
        initial: the result is at least this; needed where there is no element.

    >>> max([[1, 5], [3, 4]], axis=1).tolist()
    [5, 4]
    """
    return _extreme("max", x, axis, keepdims, initial)


@op
def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Smallest element over axes; NaN if there is one.

    Args:
        x: array-like.
        axis: which axes.
        keepdims: leave the reduced axes in place.
        initial: the result is at most this; needed where there is no element.

    >>> min([[1, 5], [3, 4]], axis=1).tolist()
    [1, 3]
    """
    return _extreme("min", x, axis, keepdims, initial)


@op
def amax(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`max` under NumPy's other name.

    >>> amax([1, 5]).tolist()
    5
    """
    return _extreme("amax", x, axis, keepdims, None)


@op
def amin(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`min` under NumPy's other name.

    >>> amin([1, 5]).tolist()
    1
    """
    return _extreme("amin", x, axis, keepdims, None)


def _extreme(who: str, x: Any, axis: Axis, keepdims: bool, initial: Any) -> Tensor:
    e, x = current(), convert(x)
    dtype, shape = dtype_of(x), shape_of(x)
    axes = axes_of(axis, len(shape), who)
    if dtypes.is_complex(dtype):
        raise TypeError(f"{who}: complex numbers have no order. Received: dtype {dtype}")
    if dtype == "bool":
        x = cast(x, "int32")
    largest = who in ("max", "amax")
    if builtins.any(shape[a] == 0 for a in axes):
        if initial is None:
            raise ValueError(
                f"{who}: no elements to choose from; give `initial`. Received: x.shape={shape_str(shape)}"
            )
        y = e.full(tuple(d for i, d in enumerate(shape) if i not in axes), 0, dtype_of(x))
        y = e.add(y, convert(initial, dtype_of(x)))
    else:
        y = (e.reduce_max if largest else e.reduce_min)(x, axes) if axes else x
        if initial is not None:
            limit = convert(initial, dtype_of(x))
            y = e.maximum(y, limit) if largest else e.minimum(y, limit)
    y = cast(y, dtype)
    return kept(y, axes, shape) if keepdims else y


@op
def ptp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Largest minus smallest element over axes.

    >>> ptp([1, 5, 3]).tolist()
    4
    """
    x = convert(x)
    if dtype_of(x) == "bool":
        raise TypeError("ptp: bools do not subtract; cast them first. Received: x of dtype bool")
    return current().sub(max(x, axis, keepdims), min(x, axis, keepdims))


@op
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index of the first largest element, as int32.

    Args:
        x: array-like.
        axis: along which; x is taken flat by default.
        keepdims: leave the reduced axes in place.

    >>> argmax([[1, 5], [7, 4]], axis=1).tolist()
    [1, 0]
    """
    return position(convert(x), axis, keepdims, "argmax")


@op
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index of the first smallest element, as int32.

    Args:
        x: array-like.
        axis: along which; x is taken flat by default.
        keepdims: leave the reduced axes in place.

    >>> argmin([[1, 5], [7, 4]], axis=1).tolist()
    [0, 1]
    """
    return position(_reversed_order(convert(x)), axis, keepdims, "argmin")


def position(x: Tensor, axis: int | None, keepdims: bool, who: str) -> Tensor:
    """Argmax of a tensor, with the axis settled."""
    e, shape = current(), shape_of(x)
    if dtype_of(x) == "bool":
        x = cast(x, "int32")
    if axis is None:
        check_choice(shape, range(len(shape)), who)
        y = e.argmax(e.reshape(x, (math.prod(shape),)), 0)
        return e.reshape(y, (1,) * len(shape)) if keepdims else y
    a = axis_of(axis, len(shape), who)
    check_choice(shape, (a,), who)
    y = e.argmax(x, a)
    return kept(y, (a,), shape) if keepdims else y


def check_choice(shape: tuple[Any, ...], axes: Sequence[int], who: str) -> None:
    """ValueError if the axes are known to hold no element that one could be chosen from."""
    if builtins.any(shape[a] == 0 for a in axes):
        raise ValueError(f"{who}: no elements to choose from. Received: x.shape={shape_str(shape)}")


def _reversed_order(x: Tensor) -> Tensor:
    """A tensor whose largest elements are the smallest of x; nothing overflows."""
    e, dtype = current(), dtype_of(x)
    if dtype == "bool":
        return e.logical_not(x)
    if dtypes.is_int(dtype):
        return e.sub(scalar(dtypes.limits(dtype)[1] if dtypes.is_unsigned(dtype) else -1, x), x)
    return e.neg(x)


# ---------------------------------------------------------------------- running totals
@op
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Sums of the elements so far along an axis.

    Args:
        x: array-like.
        axis: along which; x is taken flat by default.
        dtype: of the result, instead of x's.

    >>> cumsum([1, 2, 3]).tolist()
    [1, 3, 6]
    """
    return _running("cumsum", lambda x, a: current().cumsum(x, a), x, axis, dtype)


@op
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Products of the elements so far along an axis.

    Args:
        x: array-like.
        axis: along which; x is taken flat by default.
        dtype: of the result, instead of x's.

    >>> cumprod([1, 2, 3]).tolist()
    [1, 2, 6]
    """
    return _running("cumprod", lambda x, a: current().cumprod(x, a), x, axis, dtype)


def _running(who: str, f: Callable[[Tensor, int], Tensor], x: Any, axis: int | None, dtype: Any) -> Tensor:
    x = convert(x, dtype)
    if dtype_of(x) == "bool":
        x = cast(x, "int32")
    if axis is None:
        x, axis = current().reshape(x, (math.prod(shape_of(x)),)), 0
    return f(x, axis_of(axis, len(shape_of(x)), who))
