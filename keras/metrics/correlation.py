"""How well predictions follow targets: correlation coefficients and the coefficient of determination."""

from __future__ import annotations

from typing import Any

from keras import config, ops
from keras.backend.masks import get_mask
from keras.errors import unknown
from keras.losses.reduction import apply_mask
from keras.losses.shapes import align_weights, match
from keras.metrics.metric import Metric
from keras.metrics.reduction import MeanMetricWrapper
from keras.ops.dispatch import composed
from keras.ops.settling import number_of_elements

Tensor = Any

AGGREGATIONS = ("uniform_average", "variance_weighted_average")


@composed("metrics_pearson_correlation")
def pearson_correlation(y_true: Tensor, y_pred: Tensor, axis: int = -1) -> Tensor:
    """`cov(y_true, y_pred) / (std(y_true) * std(y_pred))` along `axis`.

    Args:
        y_true: targets, shape `(batch, ..., d)`.
        y_pred: predictions, same shape.
        axis: the axis of the series.

    Returns:
        Values in [-1, 1], the shape without `axis`.

    >>> [round(v, 4) for v in pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]]).tolist()]
    [1.0]
    """
    y_true, y_pred = match(y_true, y_pred, "pearson_correlation")
    a = y_true - ops.mean(y_true, axis=axis, keepdims=True)
    b = y_pred - ops.mean(y_pred, axis=axis, keepdims=True)
    a = a / ops.std(a, axis=axis, keepdims=True)
    b = b / ops.std(b, axis=axis, keepdims=True)
    return ops.mean(a * b, axis=axis)


@composed("metrics_concordance_correlation")
def concordance_correlation(y_true: Tensor, y_pred: Tensor, axis: int = -1) -> Tensor:
    """`2 * cov / (var(y_true) + var(y_pred) + (mean(y_true) - mean(y_pred))**2)` along `axis`.

    Args:
        y_true: targets, shape `(batch, ..., d)`.
        y_pred: predictions, same shape.
        axis: the axis of the series.

    Returns:
        Values in [-1, 1], the shape without `axis`; 1 only where predictions equal targets.

    >>> [round(v, 4) for v in concordance_correlation([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]]).tolist()]
    [1.0]
    """
    y_true, y_pred = match(y_true, y_pred, "concordance_correlation")
    mean_a, mean_b = (ops.mean(x, axis=axis, keepdims=True) for x in (y_true, y_pred))
    variances = ops.var(y_true, axis=axis, keepdims=True) + ops.var(y_pred, axis=axis, keepdims=True)
    covariance = ops.mean((y_true - mean_a) * (y_pred - mean_b), axis=axis, keepdims=True)
    ratio = 2.0 * covariance / (variances + ops.square(mean_a - mean_b) + config.epsilon())
    return ops.squeeze(ratio, axis=axis)


class PearsonCorrelation(MeanMetricWrapper):
    """The mean Pearson correlation of the rows of targets and predictions.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.
        axis: the axis of the series.

    >>> round(float(PearsonCorrelation()([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]])), 4)
    1.0
    """

    def __init__(self, name: str = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name=name, dtype=dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean concordance correlation of the rows of targets and predictions.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.
        axis: the axis of the series.

    >>> round(float(ConcordanceCorrelation()([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]])), 4)
    1.0
    """

    def __init__(self, name: str = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name=name, dtype=dtype, axis=axis)


class R2Score(Metric):
    """`1 - sum((y_true - y_pred)**2) / sum((y_true - mean(y_true))**2)`: the share of variance explained.

    Args:
        class_aggregation: `"uniform_average"` or `"variance_weighted_average"` over the outputs, or None for one
            value per output.
        num_regressors: number of inputs, for the adjusted score; 0 for the plain one.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> metric = R2Score()
    >>> metric.update_state([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
    >>> round(float(metric.result()), 4)
    0.5714
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation is not None and class_aggregation not in AGGREGATIONS:
            raise ValueError(unknown(f"class_aggregation of {self.name}", class_aggregation, AGGREGATIONS))
        if num_regressors < 0:
            raise ValueError(f"{self.name}: num_regressors must not be negative. Received: {num_regressors}")
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), name="num_samples")

    def build(self, y_true_shape: tuple[Any, ...], y_pred_shape: tuple[Any, ...]) -> None:
        if len(y_pred_shape) != 2 or not isinstance(y_pred_shape[1], int):
            raise ValueError(
                f"{self.name}: predictions must be of shape (batch, outputs). Received: {y_pred_shape}"
            )
        shape = (y_pred_shape[1],)
        self.squared_sum = self.add_variable(shape, name="squared_sum")
        self.sum = self.add_variable(shape, name="sum")
        self.total_mse = self.add_variable(shape, name="residual")
        self.count = self.add_variable(shape, name="count")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: targets, shape `(batch, outputs)`.
            y_pred: predictions, same shape.
            sample_weight: one weight per sample or for all, or None.
        """
        mask, dtype = get_mask(y_pred), self.num_samples.dtype
        y_true, y_pred = match(y_true, ops.cast(ops.convert_to_tensor(y_pred), dtype), self.name)
        self._build_once(y_true, y_pred)
        if sample_weight is not None:
            sample_weight = ops.cast(ops.convert_to_tensor(sample_weight), dtype)
        weights = apply_mask(sample_weight, mask, dtype, "sum")
        ones = ops.ones_like(y_true[:, :1])  # also a single weight is one for each sample
        weights = ones if weights is None else ones * align_weights(weights, y_true, self.name)
        weighted = y_true * weights
        self.sum.assign_add(ops.sum(weighted, axis=0))
        self.squared_sum.assign_add(ops.sum(y_true * weighted, axis=0))
        self.total_mse.assign_add(ops.sum(ops.square(y_true - y_pred) * weights, axis=0))
        self.count.assign_add(ops.sum(weights, axis=0))
        self.num_samples.assign_add(number_of_elements(y_true))

    def result(self) -> Tensor:
        if not self.built:
            return ops.zeros((), dtype=self.num_samples.dtype)
        mean = ops.divide(self.sum, self.count)
        variation = ops.subtract(self.squared_sum, ops.multiply(self.sum, mean))
        scores = ops.subtract(1.0, ops.divide(self.total_mse, variation))
        scores = ops.where(ops.isinf(scores), 0.0, scores)  # a constant target: nothing to explain
        score = self._aggregate(scores, variation)
        if self.num_regressors == 0:
            return score
        n = ops.convert_to_tensor(self.num_samples)
        factor = ops.divide(n - 1.0, n - float(self.num_regressors) - 1.0)
        return ops.where(n > self.num_regressors + 1, ops.subtract(1.0, (1.0 - score) * factor), score)

    def _aggregate(self, scores: Tensor, variation: Tensor) -> Tensor:
        if self.class_aggregation is None:
            return scores
        if self.class_aggregation == "uniform_average":
            return ops.mean(scores)
        return ops.sum(scores * ops.divide(variation, ops.sum(variation)))
