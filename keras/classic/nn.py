"""Activations, dropout, normalisation and biases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras import activations, ops, random
from keras.backend.spec import shape_str
from keras.classic.checked import Axes, Seed, Shape, checked
from keras.classic.checks import dims_of
from keras.classic.enlarging import normalize_data_format
from keras.classic.symbolic import is_symbolic, recorded
from keras.ops.dispatch import as_float, axes_of, axis_of, convert, ndim_of, shape_of
from keras.ops.settling import check_number, static_int

Tensor = Any


# ---------------------------------------------------------------------- activations
@checked
def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Tensor:
    """x above the threshold, alpha (x - threshold) below it; with `max_value`, limited to [0, max_value] above it.

    Args:
        x: any shape.
        alpha: slope below the threshold.
        max_value: None for no limit.
        threshold: see above.

    Returns:
        A tensor of x's shape.

    >>> relu([-2.0, 1.0, 9.0], alpha=0.5, max_value=6.0).tolist()
    [-1.0, 1.0, 6.0]
    """
    y = ops.relu(x) if threshold == 0 else ops.where(ops.greater(x, threshold), x, ops.zeros_like(x))
    if max_value is not None:
        y = ops.clip(y, 0.0, max_value)
    return y if alpha == 0 else ops.subtract(y, ops.multiply(ops.relu(ops.subtract(threshold, x)), alpha))


@checked
def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x above 0, alpha (e^x - 1) below. Any shape.

    >>> elu([2.0, 0.0]).tolist()
    [2.0, 0.0]
    """
    return ops.elu(x, alpha)


@checked
def softmax(x: Any, axis: int = -1) -> Tensor:
    """e^x / sum of e^x along the axis; of x's shape.

    >>> softmax([0.0, 0.0]).tolist()
    [0.5, 0.5]
    """
    return ops.softmax(x, axis)


@checked
def softplus(x: Any) -> Tensor:
    """log(1 + e^x). Any shape.

    >>> round(float(softplus(0.0)), 4)
    0.6931
    """
    return ops.softplus(x)


@checked
def softsign(x: Any) -> Tensor:
    """x / (1 + |x|). Any shape.

    >>> softsign([1.0]).tolist()
    [0.5]
    """
    return ops.softsign(x)


@checked
def sigmoid(x: Any) -> Tensor:
    """1 / (1 + e^-x). Any shape.

    >>> sigmoid([0.0]).tolist()
    [0.5]
    """
    return ops.sigmoid(x)


@checked
def hard_sigmoid(x: Any) -> Tensor:
    """0.2 x + 0.5, limited to [0, 1]; Keras 3's has another slope, 1/6. Any shape.

    >>> hard_sigmoid([-3.0, 0.0, 3.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return activations.keras2_hard_sigmoid(x)


@checked
def tanh(x: Any) -> Tensor:
    """The hyperbolic tangent. Any shape.

    >>> tanh([0.0]).tolist()
    [0.0]
    """
    return ops.tanh(x)


# ---------------------------------------------------------------------- dropout, norms, biases
@checked
def dropout(x: Any, level: float, noise_shape: Shape = None, seed: Seed = None) -> Tensor:
    """A share of x's elements at random made 0, the others divided by 1 - level.

    Args:
        x: any shape.
        level: the share, from 0 to 1.
        noise_shape: shape of the decisions, which broadcast against x; default x's. None, or an element of `K.shape(x)`,
            stands for x's own size.
        seed: an int, for the same decisions every time.

    Returns:
        A tensor of x's shape.

    >>> dropout([1.0, 2.0], 0.0).tolist()
    [1.0, 2.0]
    """
    sizes = None if noise_shape is None else [None if is_symbolic(n) else n for n in dims_of(noise_shape)]
    check_number(level, "dropout", "level")
    return random.dropout(x, level, sizes, seed)


@checked
def l2_normalize(x: Any, axis: Axes = None) -> Tensor:
    """x / sqrt(sum of x^2) along the axes.

    Args:
        x: any shape.
        axis: an axis or several; default all.

    Returns:
        A tensor of x's shape.

    >>> l2_normalize([3.0, 4.0]).tolist()
    [0.6000000238418579, 0.800000011920929]
    """
    total = ops.sum(ops.square(x), axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(total, 1e-12)))


@checked
def in_top_k(predictions: Any, targets: Any, k: int) -> Tensor:
    """Whether each target is among the k classes with the largest predictions.

    Args:
        predictions: `[batch, classes]`.
        targets: int classes `[batch]`.
        k: how many.

    Returns:
        Bools `[batch]`.

    >>> in_top_k([[0.1, 0.9, 0.5]], [2], 2).tolist()
    [True]
    """
    return ops.in_top_k(targets, predictions, static_int(k, "in_top_k", "k", least=0))


@checked
@recorded
def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Tensor:
    """x plus a bias per channel, or per place and channel.

    Args:
        x: `[batch, *spatial, channels]`, or with the channels second.
        bias: `[channels]`, or `[*spatial, channels]`.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        A tensor of x's shape.

    Raises:
        ValueError: the bias has another number of axes.

    >>> bias_add([[1.0, 2.0]], [10.0, 20.0]).tolist()
    [[11.0, 22.0]]
    """
    last = normalize_data_format(data_format) == "channels_last"
    x, bias = convert(x), convert(bias)
    rank, shape = ndim_of(x), shape_of(bias)
    if len(shape) not in (1, rank - 1):
        raise ValueError(
            f"bias_add: the bias must have 1 axis or {rank - 1}, for an x of shape {shape_str(shape_of(x))}. "
            f"Received: bias of shape {shape_str(shape)}"
        )
    if last:
        return ops.add(x, ops.reshape(bias, (*(1,) * (rank - len(shape)), *shape)))
    spatial = shape[:-1] if len(shape) > 1 else (1,) * (rank - 2)
    return ops.add(x, ops.reshape(bias, (1, shape[-1], *spatial)))


@checked
def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Tensor:
    """gamma (x - mean) / sqrt(var + epsilon) + beta.

    Args:
        x: any shape.
        mean, var: `[channels]`, or shapes that broadcast against x.
        beta, gamma: likewise, or None for 0 and 1.
        axis: where x's channels are.
        epsilon: added to the variance.

    Returns:
        A tensor of x's shape.

    >>> batch_normalization([[3.0]], [1.0], [3.0], [10.0], [2.0], epsilon=1.0).tolist()
    [[12.0]]
    """
    return _normalized(x, mean, var, beta, gamma, axis, epsilon)


@recorded
def _normalized(x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int, epsilon: float) -> Tensor:
    x = as_float(x)
    rank = ndim_of(x)

    def along(v: Any) -> Tensor:
        v = convert(v)
        if ndim_of(v) != 1 or rank < 2:
            return v
        return ops.reshape(
            v, [-1 if i == axis_of(axis, rank, "batch_normalization") else 1 for i in range(rank)]
        )

    scale = ops.rsqrt(ops.add(along(var), epsilon))
    scale = scale if gamma is None else ops.multiply(scale, along(gamma))
    y = ops.multiply(ops.subtract(x, along(mean)), scale)
    return y if beta is None else ops.add(y, along(beta))


@checked
@recorded
def normalize_batch_in_training(
    x: Any, gamma: Any, beta: Any, reduction_axes: Sequence[int], epsilon: float = 1e-3
) -> tuple[Tensor, Tensor, Tensor]:
    """x with its own mean and variance taken out, and gamma and beta put in.

    Args:
        x: any shape.
        gamma, beta: of the shape of the axes that remain; None for 1 and 0.
        reduction_axes: over which mean and variance are taken.
        epsilon: added to the variance.

    Returns:
        The normalised x, the mean and the variance; the latter two of the shape of the axes that remain. The variance is
        the mean squared distance on every engine (Keras 2 on TensorFlow: n / (n - 1) times that, for images).

    >>> y, mean, var = normalize_batch_in_training([[0.0], [2.0]], None, None, [0], epsilon=0.0)
    >>> y.tolist(), mean.tolist(), var.tolist()
    ([[-1.0], [1.0]], [1.0], [1.0])
    """
    x = as_float(x)
    axes = axes_of(tuple(reduction_axes), ndim_of(x), "normalize_batch_in_training", "reduction_axes")
    mean, var = ops.moments(x, axes)
    kept = [1 if i in axes else d for i, d in enumerate(shape_of(x))]
    rest = [d for i, d in enumerate(shape_of(x)) if i not in axes]

    def along(v: Any) -> Any:
        flat = v is None or math.prod(shape_of(v)) != math.prod(rest)
        return v if flat else ops.reshape(v, kept)

    y = _normalized(x, along(mean), along(var), along(beta), along(gamma), -1, epsilon)
    return y, mean, var
