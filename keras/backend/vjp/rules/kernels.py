"""Pull-backs of kernels (`keras.ops.kernels`): whole layers' worth of arithmetic with a short derivative."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from keras.backend.gates import GATES
from keras.backend.vjp.table import keep, kernel, linear, rule, scalar, square


# ---------------------------------------------------------------------- activations
@rule("relu")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return GATES["relu"].pull_back(e, dy, y)


@rule("erfc")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.mul(dy, e.mul(scalar(e, -2 / math.sqrt(math.pi), x), e.exp(e.neg(square(e, x)))))


@rule("softplus")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    return e.mul(dy, e.sigmoid(x))


@rule("silu")
def _(e: Any, dy: Any, y: Any, x: Any) -> Any:
    s = e.sigmoid(x)
    return e.mul(dy, e.add(s, e.mul(y, e.sub(scalar(e, 1, s), s))))


@rule("gelu")
def _(e: Any, dy: Any, y: Any, x: Any, approximate: Any) -> Any:
    one, half = scalar(e, 1, x), scalar(e, 0.5, x)
    if approximate:  # x (1 + t) / 2 with t = tanh(c (x + k x^3))
        c, k = math.sqrt(2 / math.pi), 0.044715
        x2 = square(e, x)
        t = e.tanh(e.mul(e.mul(scalar(e, c, x), x), e.add(one, e.mul(scalar(e, k, x), x2))))
        inner = e.mul(scalar(e, c, x), e.add(one, e.mul(scalar(e, 3 * k, x), x2)))
        slope = e.mul(e.mul(x, e.sub(one, square(e, t))), inner)
        return e.mul(dy, e.mul(half, e.add(e.add(one, t), slope)))
    below = e.mul(half, e.add(one, e.erf(e.mul(x, scalar(e, math.sqrt(0.5), x)))))
    density = e.mul(e.exp(e.mul(square(e, x), scalar(e, -0.5, x))), scalar(e, 1 / math.sqrt(2 * math.pi), x))
    return e.mul(dy, e.add(below, e.mul(x, density)))


# ---------------------------------------------------------------------- softmax and cross-entropies
@rule("softmax")
def _(e: Any, dy: Any, y: Any, x: Any, axis: Any) -> Any:
    return kernel(e, "softmax_grad", dy, y, axis)


@rule("log_softmax")
def _(e: Any, dy: Any, y: Any, x: Any, axis: Any) -> Any:
    total = keep(e, e.reduce_sum(dy, (axis,)), (axis,), e.spec(y)[0])
    return e.sub(dy, e.mul(e.exp(y), total))


@rule("logsumexp")
def _(e: Any, dy: Any, y: Any, x: Any, axes: Any) -> Any:
    shape, zero = e.spec(x)[0], scalar(e, 0, y)
    empty = e.equal(y, scalar(e, float("-inf"), y))  # all of them -inf: no share for anyone
    top = keep(e, e.select(empty, zero, y), axes, shape)
    return e.mul(e.exp(e.sub(x, top)), keep(e, dy, axes, shape))


@rule("softmax_cross_entropy")
def _(e: Any, dy: Any, y: Any, labels: Any, logits: Any) -> Any:
    shape = e.spec(logits)[0]
    last = (len(shape) - 1,)
    log_p = _log_softmax(e, logits)
    wide = keep(e, dy, last, shape)

    def by_logits() -> Any:
        mass = keep(e, e.reduce_sum(labels, last), last, shape)
        return e.mul(wide, e.sub(e.mul(e.exp(log_p), mass), labels))

    return lambda: e.neg(e.mul(wide, log_p)), by_logits


@rule("sparse_softmax_cross_entropy")
def _(e: Any, dy: Any, y: Any, labels: Any, logits: Any) -> Any:
    shape, dtype = e.spec(logits)
    last = (len(shape) - 1,)
    classes = e.iota(shape[-1], e.spec(labels)[1])
    hit = e.cast(e.equal(keep(e, labels, last, shape), classes), dtype)
    return None, e.mul(keep(e, dy, last, shape), e.sub(e.exp(_log_softmax(e, logits)), hit))


def _log_softmax(e: Any, x: Any) -> Any:
    shape = e.spec(x)[0]
    last = (len(shape) - 1,)
    x = e.sub(x, keep(e, e.reduce_max(x, last), last, shape))
    return e.sub(x, keep(e, e.log(e.reduce_sum(e.exp(x), last)), last, shape))


@rule("sigmoid_cross_entropy")
def _(e: Any, dy: Any, y: Any, labels: Any, logits: Any) -> Any:
    return lambda: e.neg(e.mul(dy, logits)), lambda: e.mul(dy, e.sub(e.sigmoid(logits), labels))


# ---------------------------------------------------------------------- windows
@rule("max_pool")
def _(e: Any, dy: Any, y: Any, x: Any, window: Any, strides: Any, pads: Any) -> Any:
    return e.reduce_window_grad(x, dy, window, strides, pads, "max")


@linear("average_pool")
def _(e: Any, dy: Any, x: Any, window: Any, strides: Any, pads: Any) -> Any:
    shape, dtype = x
    if any(low or high for low, high in pads):
        count = e.reduce_window(e.full((1, *shape[1:-1], 1), 1, dtype), window, strides, pads, "sum")
    else:
        count = scalar(e, math.prod(window), dy)
    blank = e.full(shape, 0, dtype)  # its values are of no concern to a sum
    return e.reduce_window_grad(blank, e.div(dy, count), window, strides, pads, "sum")


@rule("depthwise_conv")
def _(e: Any, dy: Any, y: Any, x: Any, kernel: Any, strides: Any, pads: Any, dilation: Any) -> Any:
    shape = e.spec(kernel)[0]  # [*window, channels, multiplier]: as many groups as channels
    grouped = (*shape[:-2], 1, shape[-2] * shape[-1])
    static = (strides, pads, dilation, shape[-2])
    return (
        lambda: e.conv_input_grad(dy, e.reshape(kernel, grouped), e.spec(x)[0], *static),
        lambda: e.reshape(e.conv_kernel_grad(x, dy, grouped, *static), shape),
    )


# ---------------------------------------------------------------------- normalisation
def in_float32(function: Callable[..., Any]) -> Callable[..., Any]:
    """A rule computed in float32 when its tensors have 16 bits: the counts in it may be too large for them."""

    @functools.wraps(function)
    def wide(e: Any, dy: Any, y: Any, x: Any, *rest: Any) -> Any:
        dtype = e.spec(x)[1]
        if dtype not in ("float16", "bfloat16"):
            return function(e, dy, y, x, *rest)

        def up(t: Any) -> Any:
            if isinstance(t, (list, tuple)):
                return type(t)(map(up, t))
            return e.cast(t, "float32") if e.is_tensor(t) and e.spec(t)[1] == dtype else t

        pulled = function(e, up(dy), up(y), up(x), *map(up, rest))
        pulled = pulled if isinstance(pulled, tuple) else (pulled,)
        return tuple(functools.partial(_narrowed, e, g, dtype) for g in pulled)

    return wide


def _narrowed(e: Any, gradient: Any, dtype: str) -> Any:
    return e.cast(gradient() if callable(gradient) else gradient, dtype)


@rule("moments")
@in_float32
def _(e: Any, dy: Any, y: Any, x: Any, axes: Any) -> Any:
    shape = e.spec(x)[0]
    n = scalar(e, math.prod(shape[i] for i in axes), x)
    centred = e.sub(x, keep(e, y[0], axes, shape))
    of_mean, of_variance = (keep(e, e.div(g, n), axes, shape) for g in dy)
    return e.add(of_mean, e.mul(e.mul(scalar(e, 2, x), of_variance), centred))


@rule("layer_norm")
@in_float32
def _(e: Any, dy: Any, y: Any, x: Any, gamma: Any, beta: Any, axes: Any, epsilon: Any) -> Any:
    shape = e.spec(x)[0]
    n = scalar(e, math.prod(shape[i] for i in axes), x)

    def mean(t: Any) -> Any:
        return keep(e, e.div(e.reduce_sum(t, axes), n), axes, shape)

    centred = e.sub(x, mean(x))
    inverse = e.rsqrt(e.add(mean(square(e, centred)), scalar(e, epsilon, x)))
    normal = e.mul(centred, inverse)

    def by_x() -> Any:
        g = dy if gamma is None else e.mul(dy, _wide(e, gamma, axes, shape))
        return e.mul(inverse, e.sub(e.sub(g, mean(g)), e.mul(normal, mean(e.mul(g, normal)))))

    return by_x, lambda: _narrow(e, e.mul(dy, normal), gamma, axes), lambda: _narrow(e, dy, beta, axes)


@rule("rms_norm")
@in_float32
def _(e: Any, dy: Any, y: Any, x: Any, gamma: Any, axes: Any, epsilon: Any) -> Any:
    shape = e.spec(x)[0]
    n = scalar(e, math.prod(shape[i] for i in axes), x)

    def mean(t: Any) -> Any:
        return keep(e, e.div(e.reduce_sum(t, axes), n), axes, shape)

    inverse = e.rsqrt(e.add(mean(square(e, x)), scalar(e, epsilon, x)))
    normal = e.mul(x, inverse)

    def by_x() -> Any:
        g = dy if gamma is None else e.mul(dy, _wide(e, gamma, axes, shape))
        return e.mul(inverse, e.sub(g, e.mul(normal, mean(e.mul(g, normal)))))

    return by_x, lambda: _narrow(e, e.mul(dy, normal), gamma, axes)


def _wide(e: Any, x: Any, axes: Any, shape: Any) -> Any:
    """A scale or offset whose axes are `axes` of the normalised tensor."""
    return e.reshape(x, tuple(n if i in axes else 1 for i, n in enumerate(shape)))


def _narrow(e: Any, x: Any, like: Any, axes: Any) -> Any:
    """The transpose of `_wide` and broadcasting."""
    others = tuple(i for i in range(len(e.spec(x)[0])) if i not in axes)
    return e.reshape(e.reduce_sum(x, others), e.spec(like)[0])


@rule("batch_norm")
@in_float32
def _(
    e: Any, dy: Any, y: Any, x: Any, mean: Any, variance: Any, gamma: Any, beta: Any, axis: Any, epsilon: Any
) -> Any:
    shape = e.spec(x)[0]
    others = tuple(i for i in range(len(shape)) if i != axis)
    inverse = e.rsqrt(e.add(variance, scalar(e, epsilon, variance)))
    scale = inverse if gamma is None else e.mul(inverse, gamma)
    total = e.reduce_sum(dy, others)

    def product() -> Any:  # sum of dy (x - mean)
        centred = e.sub(x, keep(e, mean, others, shape))
        return e.reduce_sum(e.mul(dy, centred), others)

    def by_variance() -> Any:
        slope = e.mul(e.mul(scale, square(e, inverse)), scalar(e, -0.5, inverse))
        return e.mul(product(), slope)

    return (
        lambda: e.mul(dy, keep(e, scale, others, shape)),
        lambda: e.neg(e.mul(total, scale)),
        by_variance,
        lambda: e.mul(product(), inverse),
        lambda: total,
    )


@rule("batch_norm_training")
def _(e: Any, dys: Any, ys: Any, x: Any, gamma: Any, beta: Any, axis: Any, epsilon: Any) -> Any:
    return kernel(e, "batch_norm_training_grad", dys[0], x, *ys[1:], gamma, axis, epsilon)


# ---------------------------------------------------------------------- lookup
@rule("embedding")
def _(e: Any, dy: Any, y: Any, table: Any, ids: Any) -> Any:
    (rows, *row), dtype = e.spec(table)
    count = math.prod(e.spec(ids)[0])
    at, flat = e.reshape(ids, (count, 1)), e.reshape(dy, (count, *row))
    return e.scatter_nd(e.full((rows, *row), 0, dtype), at, flat, "add")
