"""Moments, and tensors scaled by them or by a norm."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from keras import config
from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import same, shape_str
from keras.ops import kernels
from keras.ops.dispatch import as_float, axes_of, axis_of, cast, convert, dtype_of, ndim_of, op, shape_of
from keras.ops.settling import check_number, in_float32, kept, scalar

Tensor = Any
Axis = int | Sequence[int]


@op
def moments(x: Any, axes: Axis, keepdims: bool = False, synchronized: bool = False) -> tuple[Tensor, Tensor]:
    """Mean and variance over axes; 16-bit tensors are summed in float32.

    Args:
        x: array-like.
        axes: which axes.
        keepdims: leave the reduced axes in place.
        synchronized: not supported; must be false.

    >>> mean, variance = moments([1.0, 3.0], axes=[0])
    >>> mean.tolist(), variance.tolist()
    (2.0, 1.0)
    """
    if synchronized:
        raise NotImplementedError(
            "moments: synchronized=True needs several replicas, which do not exist here"
        )
    x = as_float(x)
    axes = axes_of(axes, ndim_of(x), "moments", "axes")
    mean, variance = kernels.moments(x, axes)
    if dtype_of(x) == "float16":  # the largest number rather than infinity, as in Keras
        variance = current().minimum(variance, scalar(dtypes.limits("float16")[1], variance))
    if keepdims:
        return kept(mean, axes, shape_of(x)), kept(variance, axes, shape_of(x))
    return mean, variance


@op
def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon), times scale, plus offset: vectors along an axis.

    Args:
        x: array-like.
        mean: `[n]`, where n is the size of the axis.
        variance: `[n]`.
        axis: which axis.
        offset: `[n]`, or None for 0.
        scale: `[n]`, or None for 1.
        epsilon: keeps the division safe.

    >>> batch_normalization([[1.0], [3.0]], [2.0], [1.0], axis=-1, epsilon=0.0).tolist()
    [[-1.0], [1.0]]
    """
    x = as_float(x)
    axis = axis_of(axis, ndim_of(x), "batch_normalization")
    dtype = dtype_of(x)
    n = shape_of(x)[axis]
    vectors = []
    check_number(epsilon, "batch_normalization", "epsilon")
    for name, v in (("mean", mean), ("variance", variance)):
        if v is None:
            raise TypeError(f"batch_normalization: `{name}` must be given. Received: None")
    for name, v in (("mean", mean), ("variance", variance), ("scale", scale), ("offset", offset)):
        if v is not None:
            v = _vector(convert(v, dtype), n, name)
        vectors.append(v)
    if dtype not in ("float16", "bfloat16"):
        mean, variance, scale, offset = vectors
        return kernels.batch_norm(x, mean, variance, scale, offset, axis, epsilon)
    x, mean, variance, scale, offset = (v if v is None else cast(v, "float32") for v in (x, *vectors))
    return cast(kernels.batch_norm(x, mean, variance, scale, offset, axis, epsilon), dtype)


def _vector(v: Tensor, n: Any, name: str) -> Tensor:
    shape = shape_of(v)
    size: Any = 1
    for d in shape:
        size = size * d
    if not same(n, size):
        raise ValueError(
            f"batch_normalization: `{name}` must be a vector of {n} elements, the size of the axis. "
            f"Received: shape {shape_str(shape)}"
        )
    return v if len(shape) == 1 else current().reshape(v, (size,))


@op
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Axis = -1, epsilon: float | None = None, **kwargs: Any
) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon) over axes, times gamma, plus beta.

    Args:
        x: array-like.
        gamma: of the shape of the axes, or what broadcasts to x; None for 1.
        beta: as gamma; None for 0.
        axis: which axes.
        epsilon: keeps the division safe; the configured one by default.
        **kwargs: `rms_scaling=True` divides by the standard deviation without centring.

    >>> layer_normalization([[1.0, 3.0]]).round(3).tolist()
    [[-1.0, 1.0]]
    """
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise TypeError(f"layer_normalization: unexpected arguments {sorted(kwargs)}")
    x = as_float(x)
    axes = axes_of(axis, ndim_of(x), "layer_normalization")
    epsilon = config.epsilon() if epsilon is None else epsilon
    gamma, beta = (_weight(w, x, axes, "layer_normalization") for w in (gamma, beta))
    if rms_scaling:
        warnings.warn(
            "layer_normalization: rms_scaling=True divides by the standard deviation, without subtracting the mean; "
            "use rms_normalization for the root of the mean square",
            stacklevel=3,
        )
        return _deviation_scaled(x, gamma, axes, epsilon)

    def normalized(t: Tensor, g: Tensor | None, b: Tensor | None) -> Tensor:
        if _of_axes(g, axes) and _of_axes(b, axes):
            return kernels.layer_norm(t, g, b, axes, epsilon)
        y = _scaled(kernels.layer_norm(t, None, None, axes, epsilon), g, axes)
        return y if b is None else current().add(y, _spread(b, axes, shape_of(y)))

    return _in_float32(normalized, x, gamma, beta)


def _weight(w: Any, x: Tensor, axes: tuple[int, ...], who: str) -> Tensor | None:
    """A scale or offset as a tensor whose axes are the normalised ones or, where its shape is another, x's."""
    if w is None:
        return None
    w = convert(w, dtype_of(x))
    shape, given = shape_of(x), shape_of(w)
    wanted = tuple(shape[a] for a in axes)
    if len(given) == len(wanted):
        return w
    if not given:
        return current().broadcast_to(w, wanted)
    if len(given) == 1 and same(given[0], math.prod(wanted)):
        return current().reshape(w, wanted)
    full = (1,) * (len(shape) - len(given)) + given
    if len(full) > len(shape) or not all(d == 1 or same(d, n) for d, n in zip(full, shape, strict=True)):
        raise ValueError(
            f"{who}: expected weights of shape {shape_str(wanted)}, or of one that broadcasts to "
            f"{shape_str(shape)}. Received: {shape_str(given)}"
        )
    return current().reshape(w, full)


def _of_axes(w: Tensor | None, axes: tuple[int, ...]) -> bool:
    """Whether a kernel can take the weight: those of other shapes come after it."""
    return w is None or ndim_of(w) == len(axes)


def _spread(w: Tensor, axes: tuple[int, ...], shape: tuple[Any, ...]) -> Tensor:
    return kernels._aligned(w, axes, shape) if _of_axes(w, axes) else w


def _scaled(y: Tensor, w: Tensor | None, axes: tuple[int, ...]) -> Tensor:
    return y if w is None else current().mul(y, _spread(w, axes, shape_of(y)))


def _deviation_scaled(x: Tensor, gamma: Tensor | None, axes: tuple[int, ...], epsilon: float) -> Tensor:
    e = current()
    _, variance = kernels.moments(x, axes)
    y = e.mul(x, e.rsqrt(e.add(kept(variance, axes, shape_of(x)), scalar(epsilon, x))))
    return _scaled(y, gamma, axes)


def _in_float32(f: Any, x: Tensor, *weights: Tensor | None) -> Tensor:
    """`f(x, *weights)` in float32 when x has 16 bits."""
    dtype = dtype_of(x)
    if dtype not in ("float16", "bfloat16"):
        return f(x, *weights)
    wide = [t if t is None else cast(t, "float32") for t in (x, *weights)]
    return cast(f(*wide), dtype)


@op
def rms_normalization(x: Any, scale: Any = None, axis: Axis = -1, epsilon: float | None = None) -> Tensor:
    """x / sqrt(mean of x^2 + epsilon) over axes, times scale.

    Args:
        x: array-like.
        scale: of the shape of the axes, or what broadcasts to x; None for 1.
        axis: which axes.
        epsilon: keeps the division safe; the configured one by default.

    >>> rms_normalization([[3.0, 3.0]]).round(3).tolist()
    [[1.0, 1.0]]
    """
    x = as_float(x)
    axes = axes_of(axis, ndim_of(x), "rms_normalization")
    epsilon = config.epsilon() if epsilon is None else epsilon
    weight = _weight(scale, x, axes, "rms_normalization")

    def normalized(t: Tensor, w: Tensor | None) -> Tensor:
        if _of_axes(w, axes):
            return kernels.rms_norm(t, w, axes, epsilon)
        return _scaled(kernels.rms_norm(t, None, axes, epsilon), w, axes)

    return _in_float32(normalized, x, weight)


@op
def normalize(x: Any, axis: Axis | None = -1, order: int = 2, epsilon: float | None = None) -> Tensor:
    """x divided by its norm over axes.

    Args:
        x: array-like.
        axis: which axes; None for all.
        order: of the norm: (sum of |x|^order)^(1/order).
        epsilon: the least norm that is divided by; the configured one by default.

    >>> [round(float(v), 4) for v in normalize([3.0, 4.0])]
    [0.6, 0.8]
    """
    x = as_float(x)
    shape = shape_of(x)
    axes = axes_of(axis, len(shape), "normalize")
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"normalize: `order` must be an int of at least 1. Received: order={order}")
    epsilon = config.epsilon() if epsilon is None else epsilon
    return in_float32(lambda t: _normalized(t, axes, order, epsilon), x)


def _normalized(x: Tensor, axes: tuple[int, ...], order: int, epsilon: float) -> Tensor:
    e, shape = current(), shape_of(x)
    if order == 2:
        power = kept(e.reduce_sum(e.mul(x, x), axes), axes, shape)
        return e.mul(x, e.rsqrt(e.maximum(power, scalar(epsilon**2, x))))
    total = e.reduce_sum(e.pow(e.abs(x), scalar(float(order), x)), axes)
    norm = e.pow(kept(total, axes, shape), scalar(1.0 / order, x))
    return e.div(x, e.maximum(norm, scalar(epsilon, x)))
