"""Means of the errors of a predicted quantity."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.backend.masks import get_mask
from keras.losses.regression import (
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from keras.losses.shapes import match
from keras.metrics.reduction import Mean, MeanMetricWrapper
from keras.ops.dispatch import composed

Tensor = Any


class MeanSquaredError(MeanMetricWrapper):
    """The mean of `(y_true - y_pred)**2`.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(MeanSquaredError()([[0.0, 1.0]], [[2.0, 1.0]]))
    2.0
    """

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name=name, dtype=dtype)


class RootMeanSquaredError(Mean):
    """The root of the mean of `(y_true - y_pred)**2`.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(RootMeanSquaredError()([[0.0, 1.0]], [[2.0, 3.0]]))
    2.0
    """

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take the squared errors of a batch into the mean."""
        mask = get_mask(y_pred)
        y_true, y_pred = match(y_true, y_pred, self.name)
        self._update(ops.square(y_true - y_pred), sample_weight, mask)

    def result(self) -> Tensor:
        return ops.sqrt(super().result())


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of `abs(y_true - y_pred)`.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(MeanAbsoluteError()([[0.0, 1.0]], [[2.0, 1.0]]))
    1.0
    """

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, name=name, dtype=dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean of `100 * abs((y_true - y_pred) / y_true)`.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]))
    25.0
    """

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_percentage_error, name=name, dtype=dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of `(log(1 + y_true) - log(1 + y_pred))**2`.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(MeanSquaredLogarithmicError()([[3.0]], [[3.0]]))
    0.0
    """

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_logarithmic_error, name=name, dtype=dtype)


class LogCoshError(MeanMetricWrapper):
    """The mean of `log(cosh(y_pred - y_true))`.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(LogCoshError()([[1.0, 2.0]], [[1.0, 2.0]]))
    0.0
    """

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, name=name, dtype=dtype)


@composed("metrics_cosine_similarity")
def cosine_similarity(y_true: Tensor, y_pred: Tensor, axis: int = -1) -> Tensor:
    """`sum(normalize(y_true) * normalize(y_pred))` along `axis`: 1 for equal directions. (The loss has a minus sign.)

    Args:
        y_true: targets, shape `(batch, ..., d)`.
        y_pred: predictions, same shape.
        axis: the axis of the vectors.

    Returns:
        The shape without `axis`.

    >>> cosine_similarity([[0.0, 1.0]], [[0.0, 3.0]]).tolist()
    [1.0]
    """
    y_true, y_pred = match(y_true, y_pred, "cosine_similarity")
    return ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


class CosineSimilarity(MeanMetricWrapper):
    """The mean of the cosine of the angle between targets and predictions.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.
        axis: the axis of the vectors.

    >>> float(CosineSimilarity()([[0.0, 1.0]], [[0.0, 3.0]]))
    1.0
    """

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name=name, dtype=dtype, axis=axis)
