"""Functions between arithmetic and signal processing: error function, segments, top-k, Fourier transforms."""

from __future__ import annotations

import builtins
import math
from typing import Any

from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import UNKNOWN, shape_str
from keras.ops import kernels
from keras.ops.dispatch import as_float, axes_of, cast, convert, dtype_of, ndim_of, op, shape_of
from keras.ops.settling import (
    as_index,
    as_number,
    check_rank,
    host_value,
    kept,
    promote_floats,
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
    x = as_float(x)
    return current().sub(scalar(1.0, x), current().erf(x))


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
    x = as_float(x)
    axes = axes_of(axis, ndim_of(x), "logsumexp")
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
    if not shape or k < 0 or (shape[-1] is not UNKNOWN and k > shape[-1]):
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
    targets, scores = as_index(targets, "in_top_k", "targets"), as_float(predictions)
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
    if not shape or (
        shape_of(ids)[0] is not UNKNOWN and shape[0] is not UNKNOWN and shape[0] != shape_of(ids)[0]
    ):
        raise ValueError(
            f"{who}: expected one id per slice of `data`. "
            f"Received: data.shape={shape_str(shape)}, segment_ids.shape={shape_str(shape_of(ids))}"
        )
    if n is None:
        n = UNKNOWN if e.name == "abstract" else int(host_value(ids, who, "segment_ids").max(initial=-1)) + 1
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
    """Pairs (real, imaginary) along the last axis as complex numbers.

    >>> view_as_complex([[1.0, 2.0]]).tolist()
    [(1+2j)]
    """
    e, x = current(), as_float(x)
    shape = shape_of(x)
    if not shape or (shape[-1] is not UNKNOWN and shape[-1] != 2):
        raise ValueError(
            f"view_as_complex: the last axis must have 2 elements. Received: x.shape={shape_str(shape)}"
        )
    last = len(shape) - 1
    re, im = (e.reshape(slice_axis(x, last, i, i + 1), shape[:-1]) for i in (0, 1))
    return e.complex(re, im)


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


# ---------------------------------------------------------------------- Fourier transforms
def _pair(x: Any, who: str) -> tuple[Tensor, Tensor]:
    """Real and imaginary parts given as a pair."""
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(
            f"{who}: `x` must be a pair (real part, imaginary part). Received: {type(x).__name__}"
        )
    re, im = promote_floats(*x)
    if shape_of(re) != shape_of(im) or not shape_of(re):
        raise ValueError(
            f"{who}: both parts must have one shape, of rank 1 or more. "
            f"Received: {shape_str(shape_of(re))} and {shape_str(shape_of(im))}"
        )
    return re, im


@op
def fft(x: Any) -> tuple[Tensor, Tensor]:
    """Discrete Fourier transform along the last axis.

    Args:
        x: pair (real part, imaginary part).

    Returns:
        Pair of the same shape.

    >>> re, im = fft(([1.0, 0.0], [0.0, 0.0]))
    >>> re.tolist()
    [1.0, 1.0]
    """
    re, im = current().fft(*_pair(x, "fft"), False)
    return re, im


@op
def fft2(x: Any) -> tuple[Tensor, Tensor]:
    """Discrete Fourier transform along the last two axes of a pair (real part, imaginary part).

    >>> re, im = fft2(([[1.0, 0.0]], [[0.0, 0.0]]))
    >>> re.tolist()
    [[1.0, 1.0]]
    """
    return _both_axes(_pair(x, "fft2"), "fft2", False)


@op
def ifft2(x: Any) -> tuple[Tensor, Tensor]:
    """Inverse of `fft2`.

    >>> re, im = ifft2(([[1.0, 1.0]], [[0.0, 0.0]]))
    >>> re.tolist()
    [[1.0, 0.0]]
    """
    return _both_axes(_pair(x, "ifft2"), "ifft2", True)


def _both_axes(pair: tuple[Tensor, Tensor], who: str, inverse: bool) -> tuple[Tensor, Tensor]:
    e, n = current(), ndim_of(pair[0])
    if n < 2:
        raise ValueError(f"{who}: expected at least 2 axes. Received: {shape_str(shape_of(pair[0]))}")
    order = (*range(n - 2), n - 1, n - 2)
    rows = e.fft(*pair, inverse)
    re, im = (e.transpose(t, order) for t in rows)
    re, im = (e.transpose(t, order) for t in e.fft(re, im, inverse))
    return re, im


def _fitted(x: Tensor, n: int) -> Tensor:
    """x cut or filled with zeros to length n along its last axis."""
    shape = shape_of(x)
    last, have = len(shape) - 1, shape[-1]
    if have is UNKNOWN or have == n:
        return x
    if have > n:
        return slice_axis(x, last, 0, n)
    return current().pad(x, (0,) * len(shape), (0,) * last + (n - have,), 0)


@op
def rfft(x: Any, fft_length: int | None = None) -> tuple[Tensor, Tensor]:
    """Fourier transform of a real signal along the last axis: the half of it that is not redundant.

    Args:
        x: real tensor `[..., n]`.
        fft_length: cut or fill the signal to this length first.

    Returns:
        Pair (real part, imaginary part), each `[..., fft_length // 2 + 1]`.

    >>> re, im = rfft([1.0, 0.0, 0.0, 0.0])
    >>> re.tolist()
    [1.0, 1.0, 1.0]
    """
    e, x = current(), as_float(x)
    if not ndim_of(x):
        raise ValueError("rfft: expected a tensor of rank 1 or more. Received: a scalar")
    if fft_length is not None:
        x = _fitted(x, static_int(fft_length, "rfft", "fft_length"))
    n = shape_of(x)[-1] if fft_length is None else fft_length
    re, im = e.fft(x, e.full(shape_of(x), 0, dtype_of(x)), False)
    last = ndim_of(x) - 1
    return slice_axis(re, last, 0, n // 2 + 1), slice_axis(im, last, 0, n // 2 + 1)


@op
def irfft(x: Any, fft_length: int | None = None) -> Tensor:
    """Inverse of `rfft`.

    Args:
        x: pair (real part, imaginary part), each `[..., k]`.
        fft_length: length of the signal; 2 (k - 1) by default.

    Returns:
        Real tensor `[..., fft_length]`.

    >>> irfft(([1.0, 1.0, 1.0], [0.0, 0.0, 0.0])).tolist()
    [1.0, 0.0, 0.0, 0.0]
    """
    e = current()
    re, im = _pair(x, "irfft")
    n = 2 * (shape_of(re)[-1] - 1) if fft_length is None else static_int(fft_length, "irfft", "fft_length")
    half = n // 2 + 1
    re, im = _fitted(re, half), _fitted(im, half)
    last = ndim_of(re) - 1
    # The missing frequencies are the conjugates of those from 1 on, backwards.
    stop = n - half + 1
    mirror_re, mirror_im = (e.flip(slice_axis(t, last, 1, stop), (last,)) for t in (re, im))
    # What is not conjugate to anything (the constant, and the highest frequency of an even n) must be real.
    im = e.mul(im, _without_ends(half, n, im))
    y, _ = e.fft(e.concat([re, mirror_re], last), e.concat([im, e.neg(mirror_im)], last), True)
    return y


def _without_ends(half: Any, n: Any, like: Tensor) -> Tensor:
    """1 for the frequencies with an imaginary part, 0 for the others."""
    e = current()
    i = e.iota(half, "int32")
    constant = e.equal(i, e.full((), 0, "int32"))
    alone = e.equal(e.add(i, i), e.full((), n, "int32"))
    return cast(e.logical_not(e.logical_or(constant, alone)), dtype_of(like))


@op
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Tensor:
    """Overlapping pieces of the last axis.

    Args:
        x: `[..., n]`.
        sequence_length: length of a piece.
        sequence_stride: distance from one piece to the next.

    Returns:
        `[..., pieces, sequence_length]`.

    >>> extract_sequences([1, 2, 3, 4], 2, 1).tolist()
    [[1, 2], [2, 3], [3, 4]]
    """
    e, x = current(), convert(x)
    shape = shape_of(x)
    if not shape:
        raise ValueError("extract_sequences: expected a tensor of rank 1 or more. Received: a scalar")
    if shape[-1] is not UNKNOWN and shape[-1] < sequence_length:
        raise ValueError(
            f"extract_sequences: sequence_length={sequence_length} is more than the last axis of {shape_str(shape)}"
        )
    pieces = (shape[-1] - sequence_length) // sequence_stride + 1
    start = e.mul(e.iota(pieces, "int32"), e.full((), sequence_stride, "int32"))
    index = e.add(e.reshape(start, (pieces, 1)), e.iota(sequence_length, "int32"))
    return e.take(x, index, len(shape) - 1)


def _window(window: Any, length: int, fft_length: int, dtype: str, who: str) -> Tensor | None:
    """The window, centred in fft_length points."""
    from keras.ops.numpy.windows import _cosines

    e = current()
    if window is None:
        w = e.full((length,), 1, dtype)
    elif isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise ValueError(
                f'{who}: `window` must be "hann", "hamming", a tensor or None. Received: {window!r}'
            )
        weights = (0.5, -0.5) if window == "hann" else (0.54, -0.46)
        # Periodic: a period has `length` points, so the symmetric window's last is left out.
        w = cast(slice_axis(_cosines(length + 1, weights), 0, 0, length), dtype)
    else:
        w = convert(window, dtype)
        if shape_of(w) != (length,):
            raise ValueError(
                f"{who}: `window` must have shape ({length},). Received: {shape_str(shape_of(w))}"
            )
    left = (fft_length - length) // 2
    return e.pad(w, (left,), (fft_length - length - left,), 0)


def _check_frames(who: str, length: int, fft_length: int, window: Any) -> None:
    if fft_length < length:
        raise ValueError(
            f"{who}: `fft_length` must be at least `sequence_length`. "
            f"Received: sequence_length={length}, fft_length={fft_length}"
        )


@op
def stft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> tuple[Tensor, Tensor]:
    """Short-time Fourier transform: spectra of windowed, overlapping pieces of a signal.

    Args:
        x: real signal `[..., n]`.
        sequence_length: length of the window.
        sequence_stride: distance from one piece to the next.
        fft_length: length of the transforms, at least `sequence_length`.
        window: `"hann"`, `"hamming"`, a vector of `sequence_length` weights, or None.
        center: mirror the signal at its ends, so that piece t is centred at `t * sequence_stride`.

    Returns:
        Pair (real part, imaginary part), each `[..., pieces, fft_length // 2 + 1]`.

    >>> re, im = stft([1.0, 2.0, 3.0, 4.0], 2, 1, 2, center=False)
    >>> re.shape
    (3, 2)
    """
    from keras.ops.numpy.padding import pad

    x = as_float(x)
    _check_frames("stft", sequence_length, fft_length, window)
    if center:
        half = fft_length // 2
        x = pad(x, [(0, 0)] * (ndim_of(x) - 1) + [(half, half)], mode="reflect")
    pieces = extract_sequences(x, fft_length, sequence_stride)
    w = _window(window, sequence_length, fft_length, dtype_of(x), "stft")
    return rfft(current().mul(pieces, w))


@op
def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Tensor:
    """Inverse of `stft`: the pieces added where they overlap, divided by the sum of squared windows.

    Args:
        x: pair (real part, imaginary part), each `[..., pieces, fft_length // 2 + 1]`.
        sequence_length: length of the window.
        sequence_stride: distance from one piece to the next.
        fft_length: length of the transforms.
        length: cut or fill the result to this length.
        window: as given to `stft`.
        center: as given to `stft`.

    Returns:
        Real signal `[..., n]`.

    >>> signal = [1.0, 2.0, 3.0, 4.0]
    >>> istft(stft(signal, 2, 1, 2), 2, 1, 2).round(3).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    e = current()
    _check_frames("istft", sequence_length, fft_length, window)
    pieces = irfft(x, fft_length)
    dtype = dtype_of(pieces)
    w = _window(window, sequence_length, fft_length, dtype, "istft")
    *_, count, _ = shape_of(pieces)
    total = _overlapped(e.mul(pieces, w), sequence_stride)
    power = _overlapped(e.broadcast_to(e.mul(w, w), (count, fft_length)), sequence_stride)
    tiny = e.less(power, scalar(1e-11 if dtype == "float64" else 1e-7, power))
    y = e.div(total, e.select(tiny, scalar(1.0, power), power))
    last = ndim_of(y) - 1
    start = fft_length // 2 if center else 0
    size = shape_of(y)[-1]
    stop = size - start if length is None or size is UNKNOWN else builtins.min(start + length, size)
    y = slice_axis(y, last, start, stop)
    return y if length is None else _fitted(y, length)


def _overlapped(pieces: Tensor, stride: int) -> Tensor:
    """Sum of pieces `[..., count, length]`, each `stride` after the one before: `[..., n]`."""
    e = current()
    *batch, count, length = shape_of(pieces)
    n = (count - 1) * stride + length
    rows = 1
    for d in batch:
        rows = rows * d
    start = e.mul(e.iota(count, "int32"), e.full((), stride, "int32"))
    index = e.add(e.reshape(start, (count, 1)), e.iota(length, "int32"))
    index = e.reshape(index, (count * length, 1))
    flat = e.transpose(e.reshape(pieces, (rows, count * length)), (1, 0))
    total = e.scatter_nd(e.full((n, rows), 0, dtype_of(pieces)), index, flat, "add")
    return e.reshape(e.transpose(total, (1, 0)), (*batch, n))
