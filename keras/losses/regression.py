"""Losses of a predicted quantity: squared, absolute, relative, logarithmic, robust and directional errors."""

from __future__ import annotations

import math
from typing import Any

from keras import config, ops
from keras.losses.loss import LossFunctionWrapper
from keras.losses.precision import loss_function
from keras.losses.shapes import match
from keras.ops.dispatch import composed

Tensor = Any


@composed("losses_mean_squared_error")
def mean_squared_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`mean((y_true - y_pred)**2)` over the last axis.

    Args:
        y_true: targets, shape `(batch, ..., d)`.
        y_pred: predictions, same shape.

    Returns:
        Shape `(batch, ...)`.

    Raises:
        ValueError: the shapes differ; one is never broadcast against the other.

    >>> mean_squared_error([[0.0, 1.0]], [[2.0, 1.0]]).tolist()
    [2.0]
    """
    y_true, y_pred = match(y_true, y_pred, "mean_squared_error")
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@composed("losses_mean_absolute_error")
def mean_absolute_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`mean(abs(y_true - y_pred))` over the last axis.

    Args:
        y_true: targets, shape `(batch, ..., d)`.
        y_pred: predictions, same shape.

    Returns:
        Shape `(batch, ...)`.

    >>> mean_absolute_error([[0.0, 1.0]], [[2.0, 1.0]]).tolist()
    [1.0]
    """
    y_true, y_pred = match(y_true, y_pred, "mean_absolute_error")
    return ops.mean(ops.absolute(y_true - y_pred), axis=-1)


@loss_function("losses_mean_absolute_percentage_error")
def mean_absolute_percentage_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`100 * mean(abs((y_true - y_pred) / y_true))` over the last axis; tiny targets count as `epsilon()`.

    Args:
        y_true: targets, shape `(batch, ..., d)`.
        y_pred: predictions, same shape.

    Returns:
        Shape `(batch, ...)`.

    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]]).tolist()
    [25.0]
    """
    y_true, y_pred = match(y_true, y_pred, "mean_absolute_percentage_error")
    scale = ops.maximum(ops.absolute(y_true), config.epsilon())
    return 100.0 * ops.mean(ops.absolute((y_true - y_pred) / scale), axis=-1)


@composed("losses_mean_squared_logarithmic_error")
def mean_squared_logarithmic_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`mean((log(1 + y_true) - log(1 + y_pred))**2)` over the last axis; values below `epsilon()` count as that.

    Args:
        y_true: targets, shape `(batch, ..., d)`.
        y_pred: predictions, same shape.

    Returns:
        Shape `(batch, ...)`.

    >>> mean_squared_logarithmic_error([[3.0]], [[3.0]]).tolist()
    [0.0]
    """
    y_true, y_pred = match(y_true, y_pred, "mean_squared_logarithmic_error")
    least = ops.convert_to_tensor(
        config.epsilon()
    )  # of the dtype `floatx()`: half precision is left here, as in Keras
    log_true = ops.log(ops.maximum(y_true, least) + 1.0)
    log_pred = ops.log(ops.maximum(y_pred, least) + 1.0)
    return ops.mean(ops.square(log_pred - log_true), axis=-1)


@loss_function("losses_huber")
def huber(y_true: Tensor, y_pred: Tensor, delta: float = 1.0) -> Tensor:
    """Quadratic near zero, linear from `delta` on: `mean(e**2 / 2 or delta * (abs(e) - delta / 2))`.

    Args:
        y_true: targets, shape `(batch, ..., d)`.
        y_pred: predictions, same shape.
        delta: where the quadratic part ends.

    Returns:
        Shape `(batch, ...)`.

    >>> huber([[0.0, 0.0]], [[1.0, 3.0]]).tolist()
    [1.5]
    """
    y_true, y_pred = match(y_true, y_pred, "huber")
    error = ops.absolute(y_pred - y_true)
    return ops.mean(
        ops.where(error <= delta, 0.5 * ops.square(error), delta * error - 0.5 * delta * delta), axis=-1
    )


@loss_function("losses_log_cosh")
def log_cosh(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`mean(log(cosh(y_pred - y_true)))` over the last axis, without overflow.

    Args:
        y_true: targets, shape `(batch, ..., d)`.
        y_pred: predictions, same shape.

    Returns:
        Shape `(batch, ...)`.

    >>> log_cosh([[1.0, 2.0]], [[1.0, 2.0]]).tolist()
    [0.0]
    """
    y_true, y_pred = match(y_true, y_pred, "log_cosh")
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)


@composed("losses_cosine_similarity")
def cosine_similarity(y_true: Tensor, y_pred: Tensor, axis: int = -1) -> Tensor:
    """`-sum(normalize(y_true) * normalize(y_pred))` along `axis`: -1 for equal directions, 1 for opposite ones.

    Args:
        y_true: targets, shape `(batch, ..., d)`.
        y_pred: predictions, same shape.
        axis: the axis of the vectors.

    Returns:
        The shape without `axis`.

    >>> cosine_similarity([[0.0, 1.0]], [[0.0, 3.0]]).tolist()
    [-1.0]
    """
    y_true, y_pred = match(y_true, y_pred, "cosine_similarity")
    return -ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


class MeanSquaredError(LossFunctionWrapper):
    """`mean((y_true - y_pred)**2)`.

    Args:
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(MeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[2.0, 1.0], [0.0, 0.0]]))
    1.0
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_squared_error, reduction=reduction, name=name, dtype=dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """`mean(abs(y_true - y_pred))`.

    Args:
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(MeanAbsoluteError()([[0.0, 1.0]], [[2.0, 1.0]]))
    1.0
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_absolute_error, reduction=reduction, name=name, dtype=dtype)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """`100 * mean(abs((y_true - y_pred) / y_true))`.

    Args:
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]))
    25.0
    """

    def __init__(
        self,
        reduction: str = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction=reduction, name=name, dtype=dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """`mean((log(1 + y_true) - log(1 + y_pred))**2)`.

    Args:
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(MeanSquaredLogarithmicError()([[3.0]], [[3.0]]))
    0.0
    """

    def __init__(
        self,
        reduction: str = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction=reduction, name=name, dtype=dtype)


class Huber(LossFunctionWrapper):
    """Quadratic for errors up to `delta`, linear beyond.

    Args:
        delta: where the quadratic part ends.
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(Huber()([[0.0, 0.0]], [[1.0, 3.0]]))
    1.5
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction=reduction, name=name, dtype=dtype, delta=delta)


class LogCosh(LossFunctionWrapper):
    """`mean(log(cosh(y_pred - y_true)))`: half the square of small errors, the magnitude of large ones.

    Args:
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(LogCosh()([[1.0, 2.0]], [[1.0, 2.0]]))
    0.0
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "log_cosh", dtype: Any = None
    ) -> None:
        super().__init__(log_cosh, reduction=reduction, name=name, dtype=dtype)


class CosineSimilarity(LossFunctionWrapper):
    """`-sum(normalize(y_true) * normalize(y_pred))`: to be minimised, -1 is best.

    Args:
        axis: the axis of the vectors.
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(CosineSimilarity()([[0.0, 1.0]], [[0.0, 3.0]]))
    -1.0
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction=reduction, name=name, dtype=dtype, axis=axis)
