"""Window functions: the weights a signal is multiplied by before its spectrum is taken."""

from __future__ import annotations

import math
from typing import Any

from keras import config
from keras.backend.select import current
from keras.ops.dispatch import convert, op
from keras.ops.numpy.creation import number
from keras.ops.numpy.transcendental import i0
from keras.ops.settling import scalar

Tensor = Any


def _length(x: Any, who: str) -> int:
    """Number of points of a window, given as an int or a scalar tensor with a known value."""
    n = number(x, who)
    if isinstance(n, str) or int(n) != n:
        raise TypeError(f"{who}: `x`, the number of points, must be an int. Received: x={x!r}")
    return max(int(n), 0)


def _cosines(n: int, weights: tuple[float, ...]) -> Tensor:
    """Sum of weights[k] cos(2 pi k t) over n points from t=0 to t=1; a single point is 1."""
    e = current()
    dtype = config.floatx()
    if n == 1:
        return e.full((1,), 1.0, dtype)
    points = e.iota(n, dtype)
    y = e.full((n,), weights[0], dtype)
    for k, w in enumerate(weights[1:], 1):
        wave = e.cos(e.mul(points, scalar(2.0 * math.pi * k / max(n - 1, 1), points)))
        y = e.add(y, e.mul(scalar(w, y), wave))
    return y


@op
def bartlett(x: Any) -> Tensor:
    """Triangular window of x points, 0 at both ends.

    >>> bartlett(3).tolist()
    [0.0, 1.0, 0.0]
    """
    n, e = _length(x, "bartlett"), current()
    dtype = config.floatx()
    if n == 1:
        return e.full((1,), 1.0, dtype)
    points = e.mul(e.iota(n, dtype), e.full((), 2.0 / max(n - 1, 1), dtype))
    one = e.full((), 1.0, dtype)
    return e.sub(one, e.abs(e.sub(points, one)))


@op
def blackman(x: Any) -> Tensor:
    """Blackman window of x points: 0.42 - 0.5 cos(2 pi t) + 0.08 cos(4 pi t).

    >>> blackman(3).round(4).tolist()
    [-0.0, 1.0, -0.0]
    """
    return _cosines(_length(x, "blackman"), (0.42, -0.5, 0.08))


@op
def hamming(x: Any) -> Tensor:
    """Hamming window of x points: 0.54 - 0.46 cos(2 pi t).

    >>> hamming(1).tolist()
    [1.0]
    """
    return _cosines(_length(x, "hamming"), (0.54, -0.46))


@op
def hanning(x: Any) -> Tensor:
    """Hann window of x points: 0.5 - 0.5 cos(2 pi t).

    >>> hanning(3).tolist()
    [0.0, 1.0, 0.0]
    """
    return _cosines(_length(x, "hanning"), (0.5, -0.5))


@op
def kaiser(x: Any, beta: Any) -> Tensor:
    """Kaiser window of x points: i0(beta sqrt(1 - s^2)) / i0(beta) for s from -1 to 1.

    Args:
        x: number of points.
        beta: shape; 0 is a rectangle, larger ones are narrower.

    >>> kaiser(1, 14.0).tolist()
    [1.0]
    """
    n, e = _length(x, "kaiser"), current()
    dtype = config.floatx()
    if n == 1:
        return e.full((1,), 1.0, dtype)
    beta = convert(beta, dtype)
    half = max(n - 1, 1) / 2
    s = e.div(e.sub(e.iota(n, dtype), e.full((), half, dtype)), e.full((), half, dtype))
    one = e.full((), 1.0, dtype)
    inside = e.maximum(e.sub(one, e.mul(s, s)), e.full((), 0.0, dtype))
    return e.div(i0(e.mul(beta, e.sqrt(inside))), i0(beta))
