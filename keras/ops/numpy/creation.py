"""Tensors out of nothing: constants, ranges, grids of numbers, matrices of zeros and ones."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from keras import config
from keras.backend import dtypes
from keras.backend.abstract import ABSTRACT
from keras.backend.select import current
from keras.backend.spec import UNKNOWN, Unknown, largest
from keras.ops.dispatch import (
    as_float,
    axis_of,
    cast,
    convert,
    dtype_of,
    dtype_or_type,
    ndim_of,
    op,
    shape_of,
)
from keras.ops.numpy.shaping import moveaxis
from keras.ops.settling import filled_like, need_size, scalar, static_int, static_shape, wrapped

Tensor = Any


def _dtype(dtype: Any, default: str | None = None) -> str:
    return (default or config.floatx()) if dtype is None else dtypes.standardize(dtype)


# ---------------------------------------------------------------------- filled tensors
@op
def array(x: Any, dtype: Any = None) -> Tensor:
    """A tensor with the values of any array-like.

    Args:
        x: numbers, nested lists, arrays, tensors.
        dtype: by default x's own; Python floats become `floatx`, ints int32.

    >>> array([1, 2]).tolist()
    [1, 2]
    """
    return convert(x, dtype)


@op
def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor of zeros; `floatx` by default.

    >>> zeros((2,)).tolist()
    [0.0, 0.0]
    """
    return current().full(static_shape(shape, "zeros"), 0, _dtype(dtype))


@op
def ones(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor of ones; `floatx` by default.

    >>> ones((2,), "int32").tolist()
    [1, 1]
    """
    return current().full(static_shape(shape, "ones"), 1, _dtype(dtype))


@op
def empty(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor whose values do not matter (they are zeros); `floatx` by default.

    >>> empty((2, 3)).shape
    (2, 3)
    """
    return current().full(static_shape(shape, "empty"), 0, _dtype(dtype))


@op
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """A tensor filled with one value, or with an array-like that broadcasts.

    Args:
        shape: tuple of ints.
        fill_value: scalar or array-like.
        dtype: `floatx` by default.

    >>> full((2,), 7, "int32").tolist()
    [7, 7]
    """
    return _filled("full", static_shape(shape, "full"), fill_value, _dtype(dtype))


def _filled(who: str, shape: tuple[Any, ...], value: Any, dtype: str) -> Tensor:
    if isinstance(value, (bool, int, float)):
        return current().full(shape, wrapped(value, dtype), dtype)
    value = convert(value, dtype)
    if ndim_of(value) > len(shape):
        raise ValueError(f"{who}: `fill_value` of shape {shape_of(value)} does not broadcast to {shape}")
    return current().broadcast_to(value, shape)


@op
def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Zeros of x's shape, and dtype unless another is given.

    >>> zeros_like([1, 2]).tolist()
    [0, 0]
    """
    return filled_like(x, 0, _dtype(dtype, dtype_of(x)))


@op
def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Ones of x's shape, and dtype unless another is given.

    >>> ones_like([1.5, 2.5]).tolist()
    [1.0, 1.0]
    """
    return filled_like(x, 1, _dtype(dtype, dtype_of(x)))


@op
def empty_like(x: Any, dtype: Any = None) -> Tensor:
    """A tensor like x whose values do not matter (they are zeros).

    >>> empty_like([1, 2]).shape
    (2,)
    """
    return filled_like(x, 0, _dtype(dtype, dtype_of(x)))


@op
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """A tensor of x's shape, and dtype unless another is given, filled with a value.

    >>> full_like([1, 2], 7).tolist()
    [7, 7]
    """
    return _filled("full_like", shape_of(x), fill_value, _dtype(dtype, dtype_of(x)))


@op
def copy(x: Any) -> Tensor:
    """A tensor with x's values. Tensors are never changed in place, so nothing is really copied.

    >>> copy([1, 2]).tolist()
    [1, 2]
    """
    return convert(x)


# ---------------------------------------------------------------------- ranges
@op
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Numbers from `start` up to, not including, `stop`.

    Args:
        start: first number; or the end, if `stop` is left out.
        stop: the end.
        step: distance, 1 by default.
        dtype: by default that of the arguments together.

    Returns:
        Vector of ceil((stop - start) / step) numbers.

    >>> arange(1, 7, 2).tolist()
    [1, 3, 5]
    """
    given = [v for v in (start, stop, step) if v is not None]
    if dtype is None:
        kinds = [dtype_or_type(v) for v in given]
        dtype = dtypes.result_type(*kinds, *(() if step is not None else (int,)))
    dtype = dtypes.standardize(dtype)
    if stop is None:
        start, stop = 0, start
    first, end, by = (number(v, "arange") for v in (start, stop, 1 if step is None else step))
    if any(isinstance(v, Unknown) for v in (first, end, by)):
        return _counted(first, end, by, dtype)
    if by == 0:
        raise ValueError("arange: `step` must not be 0")
    if not all(map(math.isfinite, (first, end, by))):
        raise ValueError(
            f"arange: the numbers must be finite. Received: start={first}, stop={end}, step={by}"
        )
    n = builtins.max(math.ceil((end - first) / by), 0)
    e = current()
    if first == 0 and by == 1:
        return e.iota(n, dtype)
    if all(float(v).is_integer() for v in (first, by)) and not dtypes.is_float(dtype):
        values = np.arange(n, dtype="int64") * int(by) + int(first)
    else:
        values = first + by * np.arange(n, dtype="float64")
    return e.constant(values.astype(dtypes.to_numpy_dtype(dtype)), dtype)


def _counted(first: Any, end: Any, by: Any, dtype: str) -> Tensor:
    """`arange` with sizes among its numbers, which a model being built or a graph does not know."""
    e = current()
    if e is not ABSTRACT and any(isinstance(v, float) for v in (first, end, by)):
        need_size(UNKNOWN, "arange")
    steps = e.iota(largest(-((first - end) // by), 0), dtype)
    if first == 0 and by == 1:
        return steps
    return e.add(e.mul(steps, scalar(by, steps)), scalar(first, steps))


def number(x: Any, who: str) -> Any:
    """A Python number out of one, or out of a scalar tensor; an integer may be one that only the run will know."""
    if isinstance(x, (int, float, Unknown)):
        return x
    e = current()
    try:
        if e is not ABSTRACT and e.is_tensor(x) and shape_of(x) == () and dtypes.is_int(dtype_of(x)):
            return e.as_size(x)
        value = np.asarray(e.to_numpy(x) if e.is_tensor(x) else x)
    except (RuntimeError, TypeError):
        raise ValueError(
            f"{who}: the length of the result depends on a tensor whose value is not known here; pass a number"
        ) from None
    if value.size != 1:
        raise ValueError(f"{who}: expected numbers. Received: an array of shape {value.shape}")
    return value.item()


def _ends(who: str, start: Any, stop: Any, dtype: Any) -> tuple[Tensor, Tensor, str]:
    """Both ends as floats of one shape, and the dtype of the result."""
    kinds = [dtype_or_type(v) for v in (start, stop)]
    result = dtypes.result_type(*kinds, float) if dtype is None else dtypes.standardize(dtype)
    work = result if dtypes.is_float(result) else config.floatx()
    a, b = convert(start, work), convert(stop, work)
    return a, b, result


def _between(start: Any, stop: Any, num: int, endpoint: bool, dtype: str, axis: int) -> tuple[Tensor, Tensor]:
    """`num` evenly spaced numbers along a new axis, and the spacing."""
    e = current()
    a, b = start, stop
    gap = e.sub(b, a)
    parts = num - 1 if endpoint else num
    step = e.div(gap, e.full((), parts, dtype)) if parts > 0 else e.full(shape_of(gap), math.nan, dtype)
    shape = shape_of(gap)
    index = e.reshape(e.iota(num, dtype), (num, *(1,) * len(shape)))
    share = e.div(index, e.full((), builtins.max(parts, 1), dtype))
    # From whichever end is nearer, so that both are hit exactly.
    upward = e.add(a, e.mul(share, gap))
    downward = e.sub(b, e.mul(e.sub(e.full((), 1.0, dtype), share), gap))
    values = (
        e.select(e.less(share, e.full((), 0.5, dtype)), upward, downward) if endpoint and num > 1 else upward
    )
    return moveaxis(values, 0, axis_of(axis, ndim_of(values), "linspace")), step


@op
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` evenly spaced numbers from `start` to `stop`.

    Args:
        start: scalar or array-like.
        stop: scalar or array-like.
        num: how many.
        endpoint: whether `stop` is the last of them.
        retstep: return the spacing too.
        dtype: a float by default.
        axis: where the new axis is.

    Returns:
        Tensor with a new axis of size `num`; with `retstep` a pair of it and the spacing.

    >>> linspace(0, 1, 5).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    num = _how_many(num, "linspace")
    a, b, result = _ends("linspace", start, stop, dtype)
    values, step = _between(a, b, num, endpoint, dtype_of(a), axis)
    values = _whole_down(values, result)
    return (values, step) if retstep else values


def _whole_down(values: Tensor, dtype: str) -> Tensor:
    if dtypes.is_int(dtype):
        values = current().floor(values)
    return cast(values, dtype)


def _how_many(num: Any, who: str) -> int:
    num = static_int(num, who, "num")
    if num < 0:
        raise ValueError(f"{who}: `num` must not be negative. Received: num={num}")
    return num


@op
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """base^x for evenly spaced x from `start` to `stop`.

    Args:
        start: exponent of the first number.
        stop: exponent of the last.
        num: how many.
        endpoint: whether base^stop is the last of them.
        base: what is raised.
        dtype: a float by default.
        axis: where the new axis is.

    >>> logspace(0, 2, 3).round(3).tolist()
    [1.0, 10.0, 100.0]
    """
    num = _how_many(num, "logspace")
    a, b, result = _ends("logspace", start, stop, dtype)
    exponents, _ = _between(a, b, num, endpoint, dtype_of(a), axis)
    return cast(current().pow(convert(base, dtype_of(a)), exponents), result)


@op
def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Tensor:
    """`num` numbers from `start` to `stop`, each a fixed multiple of the one before.

    Args:
        start: first number; not 0.
        stop: last number, of the same sign.
        num: how many.
        endpoint: whether `stop` is the last of them.
        dtype: a float by default.
        axis: where the new axis is.

    >>> geomspace(1, 100, 3).round(3).tolist()
    [1.0, 10.0, 100.0]
    """
    num = _how_many(num, "geomspace")
    e = current()
    a, b, result = _ends("geomspace", start, stop, dtype)
    exponents, _ = _between(e.log(e.abs(a)), e.log(e.abs(b)), num, endpoint, dtype_of(a), axis)
    signs = e.sign(e.add(a, e.mul(b, e.full((), 0, dtype_of(a)))))
    signs = moveaxis(e.reshape(signs, (1, *shape_of(signs))), 0, axis)
    return cast(e.mul(e.exp(exponents), signs), result)


# ---------------------------------------------------------------------- matrices
@op
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Ones on the k-th diagonal, zeros elsewhere.

    Args:
        N: rows.
        M: columns; N by default.
        k: which diagonal; positive ones are above the main one.
        dtype: `floatx` by default.

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    e = current()
    difference = _column_less_row(N, M, "eye")
    return e.cast(e.equal(difference, e.full((), k, "int32")), _dtype(dtype))


@op
def identity(n: int, dtype: Any = None) -> Tensor:
    """The identity matrix; `floatx` by default.

    >>> identity(2, "int32").tolist()
    [[1, 0], [0, 1]]
    """
    return eye(n, dtype=dtype)


@op
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Ones on and below the k-th diagonal, zeros above.

    >>> tri(2).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    return current().cast(lower_mask(N, M, k, "tri"), _dtype(dtype))


def lower_mask(n: Any, m: Any, k: int, who: str) -> Tensor:
    """Bool `[n, m]`, True on and below the k-th diagonal."""
    e = current()
    return e.less(_column_less_row(n, m, who), e.full((), k + 1, "int32"))


def _column_less_row(n: Any, m: Any, who: str) -> Tensor:
    """int32 `[n, m]` of column minus row."""
    e = current()
    (n,) = static_shape(n, who, "N")
    (m,) = (n,) if m is None else static_shape(m, who, "M")
    return e.sub(e.reshape(e.iota(m, "int32"), (1, m)), e.reshape(e.iota(n, "int32"), (n, 1)))


@op
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of a vector as the columns of a matrix.

    Args:
        x: vector.
        N: number of columns; as many as x has elements by default.
        increasing: powers from left to right, instead of from right to left.

    >>> vander([1, 2, 3], increasing=True).tolist()
    [[1, 1, 1], [1, 2, 4], [1, 3, 9]]
    """
    e, x = current(), convert(x)
    shape = shape_of(x)
    if len(shape) != 1:
        raise ValueError(f"vander: expected a vector. Received: x.shape={shape}")
    n = shape[0] if N is None else static_int(N, "vander", "N", least=0)
    dtype = dtype_of(x)
    x = as_float(x) if dtype == "bool" else x
    powers = e.iota(n, dtype_of(x))
    powers = powers if increasing else e.flip(powers, (0,))
    return cast(e.pow(e.reshape(x, (*shape, 1)), powers), dtype)
