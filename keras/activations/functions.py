"""The activations whose signature differs from the op's, or that have no op of their own."""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any


def linear(x: Any) -> Tensor:
    """x, unchanged.

    Example:
        >>> from keras import activations
        >>> activations.linear(3.0)
        3.0
    """
    return x


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Tensor:
    """max(x, 0), or with a slope below the threshold and a ceiling.

    Args:
        x: tensor.
        negative_slope: slope below the threshold: `negative_slope * (x - threshold)`.
        max_value: largest value of the result; None for no limit.
        threshold: values at or below it are damped (Glorot et al. 2011).

    Example:
        >>> from keras import activations
        >>> activations.relu([-2.0, 0.5, 9.0], negative_slope=0.5, max_value=6.0).tolist()
        [-1.0, 0.5, 6.0]
    """
    if threshold == 0 and max_value is None:
        return ops.relu(x) if negative_slope == 0 else ops.leaky_relu(x, negative_slope=negative_slope)
    x = ops.convert_to_tensor(x)
    above = ops.where(ops.greater(x, threshold), x, ops.zeros_like(x)) if threshold != 0 else ops.relu(x)
    if max_value is not None:
        above = ops.clip(above, 0.0, max_value)
    if negative_slope == 0:
        return above
    return above - negative_slope * ops.relu(threshold - x)


def keras2_hard_sigmoid(x: Any) -> Tensor:
    """0.2 x + 0.5, limited to [0, 1]: what Keras 2 called hard_sigmoid, as its recurrent layers had it by themselves.

    Files of Keras 2 that name `hard_sigmoid` are read with it. Keras 3 does not know it.

    Example:
        >>> from keras import activations
        >>> activations.keras2_hard_sigmoid([-3.0, 0.0, 1.0]).tolist()
        [0.0, 0.5, 0.699999988079071]
    """
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


def gelu(x: Any, approximate: bool = False) -> Tensor:
    """x * P(X <= x) for a standard normal X (Hendrycks & Gimpel 2016); `approximate` uses a tanh.

    Example:
        >>> from keras import activations
        >>> round(float(activations.gelu(1.0)), 4)
        0.8413
    """
    return ops.gelu(x, approximate=approximate)


def exponential(x: Any) -> Tensor:
    """e^x.

    Example:
        >>> from keras import activations
        >>> float(activations.exponential(0.0))
        1.0
    """
    return ops.exp(x)


def tanh(x: Any) -> Tensor:
    """Hyperbolic tangent.

    Example:
        >>> from keras import activations
        >>> float(activations.tanh(0.0))
        0.0
    """
    return ops.tanh(x)


def mish(x: Any) -> Tensor:
    """x * tanh(softplus(x)) (Misra 2019).

    Example:
        >>> from keras import activations
        >>> round(float(activations.mish(1.0)), 4)
        0.8651
    """
    x = ops.convert_to_tensor(x)
    return x * ops.tanh(ops.softplus(x))
