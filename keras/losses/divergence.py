"""Losses between distributions: Kullback-Leibler and Poisson."""

from __future__ import annotations

from typing import Any

from keras import config, ops
from keras.losses.loss import LossFunctionWrapper
from keras.losses.precision import loss_function
from keras.losses.shapes import match
from keras.ops.dispatch import composed

Tensor = Any


@composed("losses_kl_divergence")
def kl_divergence(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`sum(y_true * log(y_true / y_pred))` along the last axis, both clipped to `[epsilon(), 1]`.

    Args:
        y_true: probabilities, shape `(batch, ..., d)`.
        y_pred: probabilities, same shape.

    Returns:
        Shape `(batch, ...)`.

    >>> kl_divergence([[0.5, 0.5]], [[0.5, 0.5]]).tolist()
    [0.0]
    """
    y_true, y_pred = match(y_true, y_pred, "kl_divergence")
    y_true = ops.clip(y_true, config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


@loss_function("losses_poisson")
def poisson(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`mean(y_pred - y_true * log(y_pred))` over the last axis.

    Args:
        y_true: counts, shape `(batch, ..., d)`.
        y_pred: expected counts, same shape.

    Returns:
        Shape `(batch, ...)`.

    >>> poisson([[0.0, 0.0]], [[1.0, 2.0]]).tolist()
    [1.5]
    """
    y_true, y_pred = match(y_true, y_pred, "poisson")
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


class KLDivergence(LossFunctionWrapper):
    """`sum(y_true * log(y_true / y_pred))`.

    Args:
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
    0.0
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(kl_divergence, reduction=reduction, name=name, dtype=dtype)


class Poisson(LossFunctionWrapper):
    """`mean(y_pred - y_true * log(y_pred))`.

    Args:
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(Poisson()([[0.0, 0.0]], [[1.0, 2.0]]))
    1.5
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "poisson", dtype: Any = None
    ) -> None:
        super().__init__(poisson, reduction=reduction, name=name, dtype=dtype)
