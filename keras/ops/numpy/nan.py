"""Reductions that leave NaN out: each replaces NaN by what changes nothing, and reduces as usual."""

from __future__ import annotations

import math
from typing import Any

from keras.backend import dtypes
from keras.backend.select import current
from keras.ops.dispatch import as_float, axes_of, cast, convert, dtype_of, ndim_of, op, shape_of
from keras.ops.numpy.reduction import check_choice, cumprod, cumsum, max, min, position, prod, sum
from keras.ops.numpy.statistics import (
    _METHODS,
    _between_elements,
    _hundredths,
    _merged,
    _quantile_shape,
    check_share,
)
from keras.ops.settling import in_float32, kept, scalar

Tensor = Any
Axis = int | tuple[int, ...] | list[int] | None


def _replaced(x: Any, value: float) -> Tensor:
    """x with `value` in the place of NaN; a tensor that cannot hold NaN is returned as it is."""
    e, x = current(), convert(x)
    return e.select(e.equal(x, x), x, scalar(value, x)) if dtypes.is_float(dtype_of(x)) else x


# ---------------------------------------------------------------------- sums and products
@op
def nansum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`sum` of what is not NaN.

    >>> nansum([1.0, float("nan"), 2.0]).tolist()
    3.0
    """
    return sum(_replaced(x, 0.0), axis, keepdims)


@op
def nanprod(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`prod` of what is not NaN.

    >>> nanprod([3.0, float("nan"), 2.0]).tolist()
    6.0
    """
    return prod(_replaced(x, 1.0), axis, keepdims)


@op
def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """`cumsum` with NaN counted as 0.

    >>> nancumsum([1.0, float("nan"), 2.0]).tolist()
    [1.0, 1.0, 3.0]
    """
    return cumsum(_replaced(x, 0.0), axis, dtype)


@op
def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """`cumprod` with NaN counted as 1.

    >>> nancumprod([3.0, float("nan"), 2.0]).tolist()
    [3.0, 3.0, 6.0]
    """
    return cumprod(_replaced(x, 1.0), axis, dtype)


# ---------------------------------------------------------------------- extremes
@op
def nanmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`max` of what is not NaN; NaN if there is nothing else.

    >>> nanmax([1.0, float("nan"), 2.0]).tolist()
    2.0
    """
    return _nan_where_empty(max(_replaced(x, -math.inf), axis, keepdims), x, axis, keepdims)


@op
def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`min` of what is not NaN; NaN if there is nothing else.

    >>> nanmin([1.0, float("nan"), 2.0]).tolist()
    1.0
    """
    return _nan_where_empty(min(_replaced(x, math.inf), axis, keepdims), x, axis, keepdims)


def _nan_where_empty(y: Tensor, x: Any, axis: Axis, keepdims: bool) -> Tensor:
    e, x = current(), convert(x)
    if not dtypes.is_float(dtype_of(x)):
        return y
    n = sum(cast(e.equal(x, x), "int32"), axis, keepdims)
    return e.select(e.equal(n, scalar(0, n)), scalar(math.nan, y), y)


@op
def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """int32 index of the first largest element that is not NaN; -1 if there is none.

    Args:
        x: array-like.
        axis: along which; x is taken flat by default.
        keepdims: leave the reduced axes in place.

    >>> nanargmax([1.0, float("nan"), 2.0]).tolist()
    2
    """
    return _nan_position("nanargmax", convert(x), axis, keepdims)


@op
def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """int32 index of the first smallest element that is not NaN; -1 if there is none.

    Args:
        x: array-like.
        axis: along which; x is taken flat by default.
        keepdims: leave the reduced axes in place.

    >>> nanargmin([3.0, float("nan"), 2.0]).tolist()
    2
    """
    x = convert(x)
    if not dtypes.is_float(dtype_of(x)):
        from keras.ops.numpy.reduction import argmin

        return argmin(x, axis, keepdims)
    return _nan_position("nanargmin", current().neg(x), axis, keepdims)


def _nan_position(who: str, x: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    e = current()
    i = position(_replaced(x, -math.inf), axis, keepdims, who)
    if not dtypes.is_float(dtype_of(x)):
        return i
    n = sum(cast(e.equal(x, x), "int32"), axis, keepdims)
    return e.select(e.equal(n, scalar(0, n)), scalar(-1, i), i)


# ---------------------------------------------------------------------- means and spreads
@op
def nanmean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`mean` of what is not NaN; NaN if there is nothing else.

    >>> nanmean([1.0, float("nan"), 2.0]).tolist()
    1.5
    """
    return _over_numbers("nanmean", _mean, x, axis, keepdims)


@op
def nanvar(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`var` of what is not NaN; NaN if there is nothing else.

    >>> nanvar([1.0, float("nan"), 3.0]).tolist()
    1.0
    """
    return _over_numbers("nanvar", _variance, x, axis, keepdims)


@op
def nanstd(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Square root of `nanvar`.

    >>> nanstd([1.0, float("nan"), 3.0]).tolist()
    1.0
    """
    return _over_numbers("nanstd", lambda x, axes: current().sqrt(_variance(x, axes)), x, axis, keepdims)


def _over_numbers(who: str, f: Any, x: Any, axis: Axis, keepdims: bool) -> Tensor:
    x = as_float(x)
    axes = axes_of(axis, ndim_of(x), who)
    y = in_float32(f, x, axes)
    return kept(y, axes, shape_of(x)) if keepdims else y


def _mean(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    return current().div(current().reduce_sum(_replaced(x, 0.0), axes), _numbers(x, axes))


def _numbers(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """How many elements are not NaN."""
    e = current()
    return e.reduce_sum(cast(e.equal(x, x), dtype_of(x)), axes)


def _variance(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    e = current()
    # Only what was NaN counts for nothing: an infinity has no distance from the mean, and the result is NaN.
    centred = e.select(e.equal(x, x), e.sub(x, kept(_mean(x, axes), axes, shape_of(x))), scalar(0.0, x))
    return e.div(e.reduce_sum(e.mul(centred, centred), axes), _numbers(x, axes))


# ---------------------------------------------------------------------- quantiles
@op
def nanmedian(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`median` of what is not NaN; NaN if there is nothing else.

    >>> nanmedian([1.0, float("nan"), 3.0]).tolist()
    2.0
    """
    return _nanquantile("nanmedian", x, 0.5, axis, "linear", keepdims)


@op
def nanquantile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """`quantile` of what is not NaN; NaN if there is nothing else.

    Args:
        x: array-like.
        q: share from 0 to 1, or a vector of them.
        axis: which axes; all by default.
        method: as in `quantile`.
        keepdims: leave the reduced axes in place.

    >>> nanquantile([0.0, float("nan"), 10.0], 0.25).tolist()
    2.5
    """
    check_share(q, 1, "nanquantile")
    return _nanquantile("nanquantile", x, q, axis, method, keepdims)


@op
def nanpercentile(
    x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`nanquantile` with q from 0 to 100.

    >>> nanpercentile([0.0, float("nan"), 10.0], 25).tolist()
    2.5
    """
    check_share(q, 100, "nanpercentile")
    return _nanquantile("nanpercentile", x, _hundredths(q), axis, method, keepdims)


def _nanquantile(who: str, x: Any, q: Any, axis: Axis, method: str, keepdims: bool) -> Tensor:
    if method not in _METHODS:
        raise ValueError(f"{who}: `method` must be one of {', '.join(_METHODS)}. Received: method={method!r}")
    e, x = current(), as_float(x)
    shape = shape_of(x)
    axes = axes_of(axis, len(shape), who)
    check_choice(shape, axes, who)
    rows = _merged(x, axes)
    last = ndim_of(rows) - 1
    n = kept(e.reduce_sum(cast(e.equal(rows, rows), dtype_of(rows)), (last,)), (last,), shape_of(rows))
    rows = e.sort(_replaced(rows, math.inf), last)
    none = e.equal(n, scalar(0.0, n))
    y = _between_elements(rows, q, e.maximum(n, scalar(1.0, n)), method)
    y = e.select(none, scalar(math.nan, y), y)
    return _quantile_shape(y, q, axes, shape, keepdims)
