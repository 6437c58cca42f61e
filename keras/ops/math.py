"""Functions between arithmetic and signal processing: error function, segments, top-k, distances."""

from __future__ import annotations

import math
from typing import Any

from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import UNKNOWN, is_unknown, same, shape_str
from keras.ops import kernels
from keras.ops.dispatch import as_float, axes_of, cast, convert, dtype_of, ndim_of, op, shape_of
from keras.ops.settling import (
    as_index,
    as_number,
    check_rank,
    host_value,
    kept,
    promote_floats,
    real_float,
    scalar,
    slice_axis,
    static_int,
)

Tensor = Any


# ---------------------------------------------------------------------- elementwise
@op
def rsqrt(x: Any) -> Tensor:
    """1 / sqrt(x).

    >>> rsqrt([4.0]).tolist()
    [0.5]
    """
    return current().rsqrt(as_float(x))


@op
def erf(x: Any) -> Tensor:
    """Error function: 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x.

    >>> erf([0.0]).tolist()
    [0.0]
    """
    return current().erf(as_float(x))


@op
def erfc(x: Any) -> Tensor:
    """1 - erf(x).

    >>> erfc([0.0]).tolist()
    [1.0]
    """
    return kernels.erfc(as_float(x))


@op
def erfinv(x: Any) -> Tensor:
    """Inverse of erf on (-1, 1); the infinities at the ends, NaN outside.

    >>> erfinv([0.0]).tolist()
    [0.0]
    """
    return current().erfinv(as_float(x))


# ---------------------------------------------------------------------- reductions
@op
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """log of the sum of e^x over axes, without overflow.

    Args:
        x: array-like.
        axis: which axes; all by default.
        keepdims: leave the reduced axes in place.

    >>> round(float(logsumexp([0.0, 0.0])), 4)
    0.6931
    """
    x = real_float(x, "logsumexp")
    axes = axes_of(axis, ndim_of(x), "logsumexp")
    if 0 in [shape_of(x)[a] for a in axes]:  # there is no largest element: log 0
        rest = tuple(d for i, d in enumerate(shape_of(x)) if i not in axes)
        y = current().full(rest, -math.inf, dtype_of(x))
    else:
        y = kernels.logsumexp(x, axes) if axes else x
    return kept(y, axes, shape_of(x)) if keepdims else y


@op
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """The k largest elements along the last axis, and their int32 indices.

    Args:
        x: array-like of rank 1 or more.
        k: how many.
        sorted: accepted for compatibility; they always come in descending order.

    >>> values, indices = top_k([10, 30, 20], 2)
    >>> values.tolist(), indices.tolist()
    ([30, 20], [1, 2])
    """
    x = convert(x)
    k = static_int(k, "top_k", "k")
    shape = shape_of(x)
    if not shape or k < 0 or (not is_unknown(shape[-1]) and k > shape[-1]):
        raise ValueError(f"top_k: k={k} does not fit the last axis. Received: x.shape={shape_str(shape)}")
    values, indices = current().top_k(x, k)
    return values, indices


@op
def in_top_k(targets: Any, predictions: Any, k: int) -> Tensor:
    """Whether the score of the true class is among the k highest.

    Args:
        targets: integer classes `[batch]`.
        predictions: scores `[batch, classes]`.
        k: how many count; equal scores at the border all do.

    Returns:
        Bool `[batch]`; False where the class does not exist or its score is not finite.

    >>> in_top_k([1, 0], [[0.1, 0.9], [0.1, 0.9]], 1).tolist()
    [True, False]
    """
    e = current()
    targets, scores = as_index(targets, "in_top_k", "targets", floats=True), as_float(predictions)
    check_rank(targets, 1, "in_top_k", "targets")
    check_rank(scores, 2, "in_top_k", "predictions")
    rows, classes = shape_of(scores)
    column = e.reshape(targets, (shape_of(targets)[0], 1))
    hit = e.equal(column, e.iota(classes, dtype_of(targets)))
    own = e.reduce_sum(e.select(hit, scores, scalar(0.0, scores)), (1,))
    own_column = e.reshape(own, (rows, 1))
    above = e.reduce_sum(cast(e.less(own_column, scores), "int32"), (1,))
    exists = e.less(scalar(0, above), e.reduce_sum(cast(hit, "int32"), (1,)))
    finite = e.less(e.abs(own), scalar(math.inf, own))
    return e.logical_and(e.logical_and(e.less(above, scalar(k, above)), finite), exists)


# ---------------------------------------------------------------------- segments
@op
def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Sums of the slices with equal ids.

    Args:
        data: `[n, ...]`.
        segment_ids: integers `[n]`; slices with an id outside 0..num_segments-1 are left out.
        num_segments: how many sums; by default one more than the largest id, which must then be known.
        sorted: accepted for compatibility.

    >>> segment_sum([1, 2, 4], [0, 0, 1]).tolist()
    [3, 4]
    """
    return _segments("segment_sum", data, segment_ids, num_segments, "add")


@op
def segment_prod(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """Products of the slices with equal ids; arguments as in `segment_sum`. An empty segment gives 1.

    >>> segment_prod([1, 2, 4], [0, 0, 1]).tolist()
    [2, 4]
    """
    return _segments("segment_prod", data, segment_ids, num_segments, "mul")


@op
def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Maxima of the slices with equal ids; arguments as in `segment_sum`. An empty segment gives the lowest value.

    >>> segment_max([1, 2, 4], [0, 0, 1]).tolist()
    [2, 4]
    """
    return _segments("segment_max", data, segment_ids, num_segments, "max")


@op
def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Minima of the slices with equal ids; arguments as in `segment_sum`. An empty segment gives the largest value.

    >>> segment_min([1, 2, 4], [0, 0, 1]).tolist()
    [1, 4]
    """
    return _segments("segment_min", data, segment_ids, num_segments, "min")


def _segments(who: str, data: Any, ids: Any, n: int | None, mode: str) -> Tensor:
    e, x = current(), as_number(data)
    ids = cast(as_index(ids, who, "segment_ids"), "int32")
    check_rank(ids, 1, who, "segment_ids")
    shape = shape_of(x)
    if not shape or not same(shape[0], shape_of(ids)[0]):
        raise ValueError(
            f"{who}: expected one id per slice of `data`. "
            f"Received: data.shape={shape_str(shape)}, segment_ids.shape={shape_str(shape_of(ids))}"
        )
    if n is None:
        n = UNKNOWN if e.name == "abstract" else int(host_value(ids, who, "segment_ids").max(initial=-1)) + 1
    else:
        n = static_int(n, who, "num_segments", least=0)
    low, high = dtypes.limits(dtype_of(x))
    start = {"add": 0, "mul": 1, "max": low, "min": high}[mode]
    # One row more than asked for takes what belongs nowhere.
    top = scalar(n, ids)
    inside = e.logical_and(e.less(scalar(-1, ids), ids), e.less(ids, top))
    places = e.reshape(e.select(inside, ids, top), (shape_of(ids)[0], 1))
    blank = e.full((n + 1, *shape[1:]), start, dtype_of(x))
    return slice_axis(e.scatter_nd(blank, places, x, mode), 0, 0, n)


# ---------------------------------------------------------------------- distances
@op
def cdist(x: Any, y: Any) -> Tensor:
    """Euclidean distances between the rows of two (batches of) matrices.

    Args:
        x: `[..., n, features]`.
        y: `[..., m, features]`.

    Returns:
        `[..., n, m]`.

    >>> cdist([[0.0, 0.0]], [[3.0, 4.0]]).tolist()
    [[5.0]]
    """
    e = current()
    a, b = promote_floats(x, y)
    if ndim_of(a) < 2 or ndim_of(b) < 2:
        raise ValueError(
            f"cdist: expected matrices. Received: shapes {shape_str(shape_of(a))} and {shape_str(shape_of(b))}"
        )
    (*batch_a, n, d), (*batch_b, m, _) = shape_of(a), shape_of(b)
    gaps = e.sub(e.reshape(a, (*batch_a, n, 1, d)), e.reshape(b, (*batch_b, 1, m, shape_of(b)[-1])))
    return e.sqrt(e.reduce_sum(e.mul(gaps, gaps), (ndim_of(gaps) - 1,)))


# ---------------------------------------------------------------------- complex numbers as pairs
@op
def view_as_complex(x: Any) -> Tensor:
    """Pairs (real, imaginary) along the last axis as complex numbers of twice 32 bits.

    >>> view_as_complex([[1.0, 2.0]]).tolist()
    [(1+2j)]
    """
    e, x = current(), as_float(x)
    shape = shape_of(x)
    if not shape or (not is_unknown(shape[-1]) and shape[-1] != 2):
        raise ValueError(
            f"view_as_complex: the last axis must have 2 elements. Received: x.shape={shape_str(shape)}"
        )
    last = len(shape) - 1
    re, im = (e.reshape(slice_axis(x, last, i, i + 1), shape[:-1]) for i in (0, 1))
    return e.complex(cast(re, "float32"), cast(im, "float32"))


@op
def view_as_real(x: Any) -> Tensor:
    """Complex numbers as pairs (real, imaginary) along a new last axis.

    >>> view_as_real(view_as_complex([[1.0, 2.0]])).tolist()
    [[1.0, 2.0]]
    """
    e, x = current(), convert(x)
    shape = shape_of(x)
    parts = [e.real(x), e.imag(x)] if dtypes.is_complex(dtype_of(x)) else [x, e.full(shape, 0, dtype_of(x))]
    return e.concat([e.reshape(p, (*shape, 1)) for p in parts], len(shape))
