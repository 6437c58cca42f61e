"""Building blocks worth a kernel of an engine's own: activations, normalisation, cross-entropies, pooling.

Arguments are strict, as those of primitives are: equal dtypes, non-negative axes, channels last. The bodies say what a
kernel means; an engine's method of the same name is used instead, and tested against the body. Pull-backs for engines
without autodiff are in `keras.backend.vjp`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras.backend import dtypes
from keras.backend.defaults.coefficients import ERFC_TAIL
from keras.backend.select import current
from keras.ops.dispatch import cast, dtype_of, kernel, ndim_of, shape_of
from keras.ops.settling import elements, in_float32, kept, scalar

Tensor = Any
Axes = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]
Shape = tuple[int, ...]


# ---------------------------------------------------------------------- activations
@kernel
def relu(x: Tensor) -> Tensor:
    """max(x, 0)."""
    return current().maximum(x, scalar(0, x))


@kernel
def clip(x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """min(max(x, low), high), of tensors that broadcast."""
    e = current()
    return e.minimum(e.maximum(x, low), high)


@kernel
def elu(x: Tensor, alpha: float) -> Tensor:
    """x where x > 0, alpha (e^x - 1) elsewhere."""
    e, zero = current(), scalar(0.0, x)
    below = e.expm1(e.minimum(x, zero))  # never e^x of a large x, whose gradient would be NaN
    return e.select(e.less(zero, x), x, below if alpha == 1 else e.mul(scalar(alpha, x), below))


@kernel
def leaky_relu(x: Tensor, negative_slope: float) -> Tensor:
    """x where x > 0, negative_slope x elsewhere."""
    e = current()
    return e.select(e.less(scalar(0.0, x), x), x, e.mul(x, scalar(negative_slope, x)))


@kernel
def erfc(x: Tensor) -> Tensor:
    """1 - erf(x), small as it may be for large x."""
    return in_float32(_erfc, x)


def _erfc(x: Tensor) -> Tensor:
    e, one = current(), scalar(1.0, x)
    near = e.less(x, one)
    centre = e.sub(one, e.erf(e.select(near, x, scalar(0.0, x))))
    end = 28.0 if dtype_of(x) == "float64" else 11.0  # where e^(-x^2) is 0
    outer = e.minimum(e.maximum(x, one), scalar(end, x))
    # x^2 has no digit to lose before e is raised to it: x is a coarse part, whose square is exact, and a small rest.
    coarse = e.mul(e.floor(e.mul(outer, scalar(16.0, x))), scalar(1 / 16, x))
    rest = e.mul(e.sub(outer, coarse), e.add(outer, coarse))
    power = e.mul(e.exp(e.neg(e.mul(coarse, coarse))), e.exp(e.neg(rest)))
    t = e.div(one, e.add(outer, scalar(2.0, x)))
    tail = e.mul(t, polynomial(ERFC_TAIL[dtype_of(x)], e.sub(e.mul(t, scalar(6.0, x)), one)))
    return e.select(near, centre, e.mul(power, tail))


def polynomial(coefficients: Sequence[float], x: Tensor) -> Tensor:
    """Horner's scheme; the constant comes first."""
    e = current()
    y = scalar(coefficients[-1], x)
    for c in coefficients[-2::-1]:
        y = e.add(e.mul(y, x), scalar(c, x))
    return y


@kernel
def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x)."""
    e = current()
    return e.add(e.maximum(x, scalar(0.0, x)), e.log1p(e.exp(e.neg(e.abs(x)))))


@kernel
def silu(x: Tensor) -> Tensor:
    """x sigmoid(x)."""
    return current().mul(x, current().sigmoid(x))


@kernel
def gelu(x: Tensor, approximate: bool) -> Tensor:
    """x times the normal distribution function of x, or its tanh approximation."""
    e = current()
    half, one = scalar(0.5, x), scalar(1.0, x)
    if approximate:
        cubic = e.mul(scalar(0.044715, x), e.mul(x, e.mul(x, x)))
        below = e.tanh(e.mul(scalar(math.sqrt(2.0 / math.pi), x), e.add(x, cubic)))
    else:
        below = e.erf(e.mul(x, scalar(math.sqrt(0.5), x)))
    return e.mul(e.mul(half, x), e.add(one, below))


# ---------------------------------------------------------------------- softmax and cross-entropies
@kernel
def softmax(x: Tensor, axis: int) -> Tensor:
    """e^x divided by its sum along the axis."""
    e, shape = current(), shape_of(x)
    powers = e.exp(e.sub(x, _top(x, (axis,))))
    return e.div(powers, kept(e.reduce_sum(powers, (axis,)), (axis,), shape))


@kernel
def softmax_grad(dy: Tensor, y: Tensor, axis: int) -> Tensor:
    """The gradient by the argument of a softmax with the result `y`: (dy - sum(dy y)) y."""
    e = current()
    share = e.mul(dy, y)
    return e.sub(share, e.mul(y, kept(e.reduce_sum(share, (axis,)), (axis,), shape_of(y))))


@kernel
def log_softmax(x: Tensor, axis: int) -> Tensor:
    """log of softmax."""
    e, shape = current(), shape_of(x)
    x = e.sub(x, _top(x, (axis,)))
    return e.sub(x, kept(e.log(e.reduce_sum(e.exp(x), (axis,))), (axis,), shape))


def _top(x: Tensor, axes: Axes) -> Tensor:
    """The maximum with its axes kept; a constant, for any constant gives the same softmax."""
    return current().stop_gradient(kept(current().reduce_max(x, axes), axes, shape_of(x)))


@kernel
def logsumexp(x: Tensor, axes: Axes) -> Tensor:
    """log of the sum of e^x over the axes (removed)."""
    e = current()
    top = e.stop_gradient(e.reduce_max(x, axes))
    top = e.select(e.less(e.abs(top), scalar(math.inf, top)), top, scalar(0.0, top))  # inf - inf would be NaN
    total = e.reduce_sum(e.exp(e.sub(x, kept(top, axes, shape_of(x)))), axes)
    return e.add(e.log(total), top)


@kernel
def softmax_cross_entropy(labels: Tensor, logits: Tensor) -> Tensor:
    """-sum labels log softmax(logits) over the last axis (removed)."""
    e = current()
    last = ndim_of(logits) - 1
    return e.neg(e.reduce_sum(e.mul(labels, log_softmax(logits, last)), (last,)))


@kernel
def sparse_softmax_cross_entropy(labels: Tensor, logits: Tensor) -> Tensor:
    """-log softmax(logits) at the label, an index into the last axis (removed)."""
    e = current()
    last, shape = ndim_of(logits) - 1, shape_of(labels)
    picked = e.take_along(log_softmax(logits, last), e.reshape(labels, (*shape, 1)), last)
    return e.neg(e.reshape(picked, shape))


@kernel
def sigmoid_cross_entropy(labels: Tensor, logits: Tensor) -> Tensor:
    """-labels log p - (1 - labels) log(1 - p) with p = sigmoid(logits), elementwise."""
    e = current()
    return e.sub(softplus(logits), e.mul(labels, logits))


# ---------------------------------------------------------------------- windows
@kernel
def max_pool(x: Tensor, window: Shape, strides: Shape, pads: Pads) -> Tensor:
    """Largest element of each window, per channel; padding is -inf."""
    return current().reduce_window(x, window, strides, pads, "max")


@kernel
def average_pool(x: Tensor, window: Shape, strides: Shape, pads: Pads) -> Tensor:
    """Mean of each window, per channel; padding is not counted."""
    e = current()
    total = e.reduce_window(x, window, strides, pads, "sum")
    if not any(low or high for low, high in pads):
        return e.div(total, scalar(math.prod(window), x))
    ones = e.full((1, *shape_of(x)[1:-1], 1), 1, dtype_of(x))
    return e.div(total, e.reduce_window(ones, window, strides, pads, "sum"))


@kernel
def depthwise_conv(x: Tensor, kernel: Tensor, strides: Shape, pads: Pads, dilation: Shape) -> Tensor:
    """Each channel with kernels of its own, `[*window, channels, m]`; output channel is `channel * m + i`."""
    e = current()
    *window, channels, m = shape_of(kernel)
    grouped = e.reshape(kernel, (*window, 1, channels * m))
    return e.conv(x, grouped, strides, pads, dilation, channels)


# ---------------------------------------------------------------------- statistics
@kernel
def mean(x: Tensor, axes: Axes) -> Tensor:
    """Mean of floats over the axes (removed)."""
    e = current()
    return e.div(e.reduce_sum(x, axes), elements(x, axes)) if axes else x


@kernel
def variance(x: Tensor, axes: Axes) -> Tensor:
    """Mean squared distance from the mean over the axes (removed)."""
    e = current()
    centred = e.sub(x, kept(mean(x, axes), axes, shape_of(x)))
    if dtypes.is_complex(dtype_of(x)):
        centred = e.cast(e.abs(centred), dtype_of(x))
    return mean(e.mul(centred, centred), axes)


# ---------------------------------------------------------------------- normalisation
@kernel
def moments(x: Tensor, axes: Axes) -> tuple[Tensor, Tensor]:
    """Mean and variance over the axes (removed); 16-bit tensors are summed in float32."""
    return in_float32(_moments, x, axes)


def _moments(x: Tensor, axes: Axes) -> tuple[Tensor, Tensor]:
    e, shape = current(), shape_of(x)
    n = elements(x, axes)
    mean = e.div(e.reduce_sum(x, axes), n)
    centred = e.sub(x, kept(mean, axes, shape))
    return mean, e.div(e.reduce_sum(e.mul(centred, centred), axes), n)


@kernel
def layer_norm(x: Tensor, gamma: Tensor | None, beta: Tensor | None, axes: Axes, epsilon: float) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon) over the axes, times gamma, plus beta, whose axes are just these."""
    e, shape = current(), shape_of(x)
    mean, variance = (kept(t, axes, shape) for t in moments(x, axes))
    y = e.mul(e.sub(x, mean), e.rsqrt(e.add(variance, scalar(epsilon, x))))
    if gamma is not None:
        y = e.mul(y, _aligned(gamma, axes, shape))
    return y if beta is None else e.add(y, _aligned(beta, axes, shape))


@kernel
def rms_norm(x: Tensor, gamma: Tensor | None, axes: Axes, epsilon: float) -> Tensor:
    """x / sqrt(mean of x^2 + epsilon) over the axes, times gamma, whose axes are just these."""
    e, shape = current(), shape_of(x)
    n = elements(x, axes)
    power = e.div(e.reduce_sum(e.mul(x, x), axes), n)
    y = e.mul(x, e.rsqrt(e.add(kept(power, axes, shape), scalar(epsilon, x))))
    return y if gamma is None else e.mul(y, _aligned(gamma, axes, shape))


def _aligned(weight: Tensor, axes: Axes, shape: tuple[Any, ...]) -> Tensor:
    """A weight with the axes `axes`, broadcastable against a tensor of `shape`."""
    if axes == tuple(range(len(shape) - len(axes), len(shape))):
        return weight
    return current().reshape(weight, tuple(d if i in axes else 1 for i, d in enumerate(shape)))


@kernel
def batch_norm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    gamma: Tensor | None,
    beta: Tensor | None,
    axis: int,
    epsilon: float,
) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon) times gamma, plus beta: vectors along `axis`."""
    e = current()
    scale = e.rsqrt(e.add(variance, scalar(epsilon, variance)))
    if gamma is not None:
        scale = e.mul(scale, gamma)
    # One multiplication and one addition per element: the rest is done on the vectors.
    offset = e.neg(e.mul(mean, scale))
    if beta is not None:
        offset = e.add(offset, beta)
    shape = shape_of(x)
    scale, offset = (_aligned(v, (axis,), shape) for v in (scale, offset))
    return e.add(e.mul(x, scale), offset)


@kernel
def batch_norm_training(
    x: Tensor, gamma: Tensor | None, beta: Tensor | None, axis: int, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`batch_norm` of x by its own mean and variance, and these, which are constants to the gradient."""
    e = current()
    mean, variance = moments(x, tuple(i for i in range(ndim_of(x)) if i != axis))
    y = batch_norm(x, mean, variance, gamma, beta, axis, epsilon)
    return y, e.stop_gradient(mean), e.stop_gradient(variance)


@kernel
def batch_norm_training_grad(
    dy: Tensor, x: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor | None, axis: int, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of a scalar by the x, gamma and beta of `batch_norm_training`, given that by its y, and its moments."""
    e, shape = current(), shape_of(x)
    others = tuple(i for i in range(len(shape)) if i != axis)
    n = elements(x, others)
    inverse = e.rsqrt(e.add(variance, scalar(epsilon, variance)))
    scale = inverse if gamma is None else e.mul(inverse, gamma)
    centred = e.sub(x, kept(mean, others, shape))
    total, product = e.reduce_sum(dy, others), e.reduce_sum(e.mul(dy, centred), others)
    slope = e.mul(e.mul(inverse, inverse), e.div(product, n))
    level, slope, factor = (kept(v, others, shape) for v in (e.div(total, n), slope, scale))
    dx = e.mul(factor, e.sub(e.sub(dy, level), e.mul(centred, slope)))
    return dx, e.mul(product, inverse), total


# ---------------------------------------------------------------------- lookup
@kernel
def embedding(table: Tensor, ids: Tensor) -> Tensor:
    """Rows of a table by their non-negative indices: `ids.shape + table.shape[1:]`."""
    return current().take(table, ids, 0)


@kernel
def one_hot(x: Tensor, n: int, axis: int, dtype: str) -> Tensor:
    """1 where the new axis's index equals x, 0 elsewhere; all zeros for an x outside 0..n-1."""
    e, shape = current(), shape_of(x)
    wide = e.reshape(x, (*shape[:axis], 1, *shape[axis:]))
    index = e.reshape(e.iota(n, dtype_of(x)), tuple(n if i == axis else 1 for i in range(len(shape) + 1)))
    return cast(e.equal(wide, index), dtype)
