"""Fourier transforms, on pairs (real part, imaginary part), whole and of pieces of a signal."""

from __future__ import annotations

from typing import Any

from keras.backend.select import current
from keras.backend.spec import is_unknown, largest, same_shapes, shape_str, smallest
from keras.ops.dispatch import as_float, cast, convert, dtype_of, ndim_of, op, shape_of
from keras.ops.settling import (
    filled_like,
    promote_floats,
    scalar,
    sized,
    slice_axis,
    static_int,
)

Tensor = Any


def _pair(x: Any, who: str) -> tuple[Tensor, Tensor]:
    """Real and imaginary parts given as a pair."""
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(
            f"{who}: `x` must be a pair (real part, imaginary part). Received: {type(x).__name__}"
        )
    re, im = promote_floats(*x)
    if not same_shapes(shape_of(re), shape_of(im)) or not shape_of(re):
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
    if is_unknown(have) or is_unknown(n):
        wide = current().pad(x, (0,) * len(shape), (0,) * last + (largest(n - have, 0),), 0)
        return sized(slice_axis(wide, last, 0, n), last, n)
    if have == n:
        return x
    if have > n:
        return slice_axis(x, last, 0, n)
    return current().pad(x, (0,) * len(shape), (0,) * last + (n - have,), 0)


def _check_length(who: str, n: Any) -> None:
    if not is_unknown(n) and n < 1:
        raise ValueError(f"{who}: there is no transform of a signal without elements")


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
        x = _fitted(x, static_int(fft_length, "rfft", "fft_length", least=1))
    n = shape_of(x)[-1] if fft_length is None else fft_length
    _check_length("rfft", n)
    re, im = e.fft(x, filled_like(x, 0, dtype_of(x)), False)
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
    n = (
        2 * (shape_of(re)[-1] - 1)
        if fft_length is None
        else static_int(fft_length, "irfft", "fft_length", least=1)
    )
    _check_length("irfft", n)
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
    sequence_length = static_int(sequence_length, "extract_sequences", "sequence_length", least=1)
    sequence_stride = static_int(sequence_stride, "extract_sequences", "sequence_stride", least=1)
    if not shape:
        raise ValueError("extract_sequences: expected a tensor of rank 1 or more. Received: a scalar")
    if not is_unknown(shape[-1]) and shape[-1] < sequence_length:
        raise ValueError(
            f"extract_sequences: sequence_length={sequence_length} is more than the last axis of {shape_str(shape)}"
        )
    pieces = (shape[-1] - sequence_length) // sequence_stride + 1
    start = e.mul(e.iota(pieces, "int32"), e.full((), sequence_stride, "int32"))
    index = e.add(e.reshape(start, (pieces, 1)), e.iota(sequence_length, "int32"))
    return e.take(x, index, len(shape) - 1)


def _window(window: Any, length: int, fft_length: int, dtype: str, who: str) -> Tensor:
    """The window, centred in fft_length points; None weighs nothing, so all of these points count."""
    from keras.ops.numpy.windows import _cosines

    e = current()
    if window is None:
        return e.full((fft_length,), 1, dtype)
    if isinstance(window, str):
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


def _check_frames(who: str, length: int, stride: int, fft_length: int) -> None:
    for name, n in (("sequence_length", length), ("sequence_stride", stride), ("fft_length", fft_length)):
        static_int(n, who, name, least=1)
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
        window: `"hann"`, `"hamming"`, a vector of `sequence_length` weights; or None, which takes all `fft_length`
            points as they are.
        center: mirror the signal at its ends, so that piece t is centred at `t * sequence_stride`.

    Returns:
        Pair (real part, imaginary part), each `[..., pieces, fft_length // 2 + 1]`.

    >>> re, im = stft([1.0, 2.0, 3.0, 4.0], 2, 1, 2, center=False)
    >>> re.shape
    (3, 2)
    """
    from keras.ops.numpy.padding import pad

    x = as_float(x)
    _check_frames("stft", sequence_length, sequence_stride, fft_length)
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
    """Inverse of `stft`: the pieces added where they overlap, divided by the sum of squared windows, if there is one.

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
    _check_frames("istft", sequence_length, sequence_stride, fft_length)
    pieces = irfft(x, fft_length)
    if ndim_of(pieces) < 2:
        raise ValueError(
            f"istft: both parts must have rank 2 or more, [..., pieces, frequencies]. Received: rank {ndim_of(pieces)}"
        )
    dtype = dtype_of(pieces)
    w = _window(window, sequence_length, fft_length, dtype, "istft")
    *_, count, _ = shape_of(pieces)
    y = _overlapped(e.mul(pieces, w), sequence_stride)
    if window is not None:
        power = _overlapped(e.broadcast_to(e.mul(w, w), (count, fft_length)), sequence_stride)
        tiny = e.less(power, scalar(1e-11 if dtype == "float64" else 1e-7, power))
        y = e.div(y, e.select(tiny, scalar(1.0, power), power))
    last = ndim_of(y) - 1
    length = None if length is None else static_int(length, "istft", "length", least=0)
    start = fft_length // 2 if center else 0
    size = shape_of(y)[-1]
    stop = size - start if length is None else smallest(start + length, size)
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
