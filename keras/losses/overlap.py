"""Losses of overlap between predicted and true regions, for segmentation."""

from __future__ import annotations

from typing import Any

from keras import config, ops
from keras.losses.loss import LossFunctionWrapper
from keras.losses.precision import loss_function
from keras.losses.shapes import match

Tensor = Any
Axis = int | tuple[int, ...] | list[int] | None


@loss_function("losses_dice")
def dice(y_true: Tensor, y_pred: Tensor, axis: Axis = None) -> Tensor:
    """`1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred))`.

    Args:
        y_true: masks of 0 and 1 (or probabilities), any shape.
        y_pred: probabilities, same shape.
        axis: axes of the sums; all if None.

    Returns:
        A scalar, or the shape without `axis`.

    >>> round(float(dice([[1.0, 0.0]], [[1.0, 0.0]])), 4)
    0.0
    """
    y_true, y_pred = match(y_true, y_pred, "dice")
    overlap = ops.sum(y_true * y_pred, axis=axis)
    total = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - ops.divide(2.0 * overlap, total + config.epsilon())


@loss_function("losses_tversky")
def tversky(
    y_true: Tensor, y_pred: Tensor, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None
) -> Tensor:
    """`1 - tp / (tp + alpha * fn + beta * fp)`; `alpha = beta = 0.5` is the Dice loss.

    Args:
        y_true: masks of 0 and 1 (or probabilities), any shape.
        y_pred: probabilities, same shape.
        alpha: price of a false negative.
        beta: price of a false positive.
        axis: axes of the sums; all if None.

    Returns:
        A scalar, or the shape without `axis`.

    >>> round(float(tversky([[1.0, 0.0]], [[1.0, 0.0]])), 4)
    0.0
    """
    y_true, y_pred = match(y_true, y_pred, "tversky")
    right = ops.sum(y_true * y_pred, axis=axis)
    false_positive = ops.sum((1.0 - y_true) * y_pred, axis=axis)
    false_negative = ops.sum(y_true * (1.0 - y_pred), axis=axis)
    return 1.0 - ops.divide(right, right + false_negative * alpha + false_positive * beta + config.epsilon())


class Dice(LossFunctionWrapper):
    """`1 - 2 * overlap / (size of truth + size of prediction)`.

    Args:
        reduction: how per-sample values become one number.
        name: name of the loss.
        axis: axes of the sums; all if None.
        dtype: computation dtype; `floatx()` if None.

    >>> round(float(Dice()([[1.0, 0.0]], [[1.0, 0.0]])), 4)
    0.0
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "dice", axis: Axis = None, dtype: Any = None
    ) -> None:
        super().__init__(dice, reduction=reduction, name=name, dtype=dtype, axis=axis)


class Tversky(LossFunctionWrapper):
    """`1 - tp / (tp + alpha * fn + beta * fp)`.

    Args:
        alpha: price of a false negative.
        beta: price of a false positive.
        reduction: how per-sample values become one number.
        name: name of the loss.
        axis: axes of the sums; all if None.
        dtype: computation dtype; `floatx()` if None.

    >>> round(float(Tversky()([[1.0, 0.0]], [[1.0, 0.0]])), 4)
    0.0
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str = "sum_over_batch_size",
        name: str = "tversky",
        axis: Axis = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            tversky, reduction=reduction, name=name, dtype=dtype, alpha=alpha, beta=beta, axis=axis
        )
