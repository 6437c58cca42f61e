"""Margin losses: targets are -1 and 1 (0 and 1 are converted), predictions are scores."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.losses.loss import LossFunctionWrapper
from keras.losses.precision import loss_function
from keras.losses.shapes import match

Tensor = Any


def signed_labels(y_true: Tensor) -> Tensor:
    """Labels 0 and 1 as -1 and 1; labels that are not all 0 or 1 stay as they are."""
    is_binary = ops.all(ops.logical_or(ops.equal(y_true, 0), ops.equal(y_true, 1)))
    return ops.where(is_binary, 2.0 * y_true - 1.0, y_true)


@loss_function("losses_hinge")
def hinge(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`mean(max(1 - y_true * y_pred, 0))` over the last axis.

    Args:
        y_true: labels -1/1 or 0/1, shape `(batch, ..., d)`.
        y_pred: scores, same shape.

    Returns:
        Shape `(batch, ...)`.

    >>> hinge([[-1.0, 1.0]], [[0.0, 3.0]]).tolist()
    [0.5]
    """
    y_true, y_pred = match(y_true, y_pred, "hinge")
    return ops.mean(_shortfall(y_true, y_pred), axis=-1)


@loss_function("losses_squared_hinge")
def squared_hinge(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`mean(max(1 - y_true * y_pred, 0)**2)` over the last axis.

    Args:
        y_true: labels -1/1 or 0/1, shape `(batch, ..., d)`.
        y_pred: scores, same shape.

    Returns:
        Shape `(batch, ...)`.

    >>> squared_hinge([[-1.0, 1.0]], [[1.0, 3.0]]).tolist()
    [2.0]
    """
    y_true, y_pred = match(y_true, y_pred, "squared_hinge")
    return ops.mean(ops.square(_shortfall(y_true, y_pred)), axis=-1)


def _shortfall(y_true: Tensor, y_pred: Tensor) -> Tensor:
    return ops.maximum(1.0 - signed_labels(y_true) * y_pred, 0.0)


@loss_function("losses_categorical_hinge")
def categorical_hinge(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`max(1 + best wrong score - right score, 0)` along the last axis.

    Args:
        y_true: one-hot labels, shape `(batch, ..., classes)`.
        y_pred: scores, same shape.

    Returns:
        Shape `(batch, ...)`.

    >>> categorical_hinge([[0.0, 1.0]], [[2.0, 2.5]]).tolist()
    [0.5]
    """
    y_true, y_pred = match(y_true, y_pred, "categorical_hinge")
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(LossFunctionWrapper):
    """`mean(max(1 - y_true * y_pred, 0))`.

    Args:
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(Hinge()([[-1.0, 1.0]], [[0.0, 3.0]]))
    0.5
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "hinge", dtype: Any = None
    ) -> None:
        super().__init__(hinge, reduction=reduction, name=name, dtype=dtype)


class SquaredHinge(LossFunctionWrapper):
    """`mean(max(1 - y_true * y_pred, 0)**2)`.

    Args:
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(SquaredHinge()([[-1.0, 1.0]], [[1.0, 3.0]]))
    2.0
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(squared_hinge, reduction=reduction, name=name, dtype=dtype)


class CategoricalHinge(LossFunctionWrapper):
    """`max(1 + best wrong score - right score, 0)`.

    Args:
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[2.0, 2.5]]))
    0.5
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "categorical_hinge", dtype: Any = None
    ) -> None:
        super().__init__(categorical_hinge, reduction=reduction, name=name, dtype=dtype)
