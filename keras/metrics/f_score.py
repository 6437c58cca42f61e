"""The harmonic mean of precision and recall, per class."""

from __future__ import annotations

from typing import Any

from keras import config, ops
from keras.backend.masks import get_mask
from keras.errors import unknown
from keras.losses.reduction import apply_mask
from keras.losses.shapes import align_weights, match
from keras.metrics.metric import Metric

Tensor = Any

AVERAGES = ("micro", "macro", "weighted")


class FBetaScore(Metric):
    """`(1 + beta**2) * precision * recall / (beta**2 * precision + recall)`.

    Args:
        average: `"micro"` (all classes as one), `"macro"` (mean over classes), `"weighted"` (by their number of
            labels), or None for one value per class.
        beta: how much more recall matters than precision.
        threshold: above it a prediction says 1; if None, the largest score of a row does.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> metric = FBetaScore(beta=2.0, threshold=0.5)
    >>> metric.update_state([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])
    >>> [round(v, 4) for v in metric.result().tolist()]
    [1.0, 1.0]
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average is not None and average not in AVERAGES:
            raise ValueError(unknown(f"average of {self.name}", average, AVERAGES))
        if not isinstance(beta, float) or beta <= 0:
            raise ValueError(f"{self.name}: beta must be a positive float. Received: beta={beta!r}")
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise ValueError(f"{self.name}: threshold must be a float in (0, 1]. Received: {threshold!r}")
        self.average = average
        self.beta = beta
        self.threshold = threshold

    def build(self, y_true_shape: tuple[Any, ...], y_pred_shape: tuple[Any, ...]) -> None:
        if len(y_pred_shape) != 2 or not isinstance(y_pred_shape[1], int):
            raise ValueError(
                f"{self.name}: predictions must be of shape (batch, classes). Received: {y_pred_shape}"
            )
        shape = () if self.average == "micro" else (y_pred_shape[1],)
        self.true_positives = self.add_variable(shape, dtype=self.dtype, name="true_positives")
        self.false_positives = self.add_variable(shape, dtype=self.dtype, name="false_positives")
        self.false_negatives = self.add_variable(shape, dtype=self.dtype, name="false_negatives")
        self.intermediate_weights = self.add_variable(shape, dtype=self.dtype, name="intermediate_weights")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: labels 0 or 1, shape `(batch, classes)`.
            y_pred: scores, same shape.
            sample_weight: one weight per sample, or None.
        """
        mask = get_mask(y_pred)
        y_true, y_pred = match(y_true, ops.cast(ops.convert_to_tensor(y_pred), self.dtype), self.name)
        self._build_once(y_true, y_pred)
        if sample_weight is not None:
            sample_weight = ops.cast(ops.convert_to_tensor(sample_weight), self.dtype)
        weights = apply_mask(sample_weight, mask, self.dtype, "sum")
        axis = None if self.average == "micro" else 0
        said = ops.cast(self._decide(y_pred), self.dtype)

        def total(x: Tensor) -> Tensor:
            x = x if weights is None else x * align_weights(weights, x, self.name)
            return ops.sum(x, axis=axis)

        self.true_positives.assign_add(total(said * y_true))
        self.false_positives.assign_add(total(said * (1.0 - y_true)))
        self.false_negatives.assign_add(total((1.0 - said) * y_true))
        self.intermediate_weights.assign_add(total(y_true))

    def _decide(self, y_pred: Tensor) -> Tensor:
        if self.threshold is not None:
            return ops.greater(y_pred, self.threshold)
        largest = ops.equal(y_pred, ops.max(y_pred, axis=-1, keepdims=True))
        return ops.logical_and(
            largest, ops.greater(ops.absolute(y_pred), 1e-9)
        )  # a row of zeros says nothing

    def result(self) -> Tensor:
        if not self.built:
            return ops.zeros((), dtype=self.dtype)
        epsilon = config.epsilon()
        tp = ops.convert_to_tensor(self.true_positives)
        precision = ops.divide(tp, ops.add(ops.add(tp, self.false_positives), epsilon))
        recall = ops.divide(tp, ops.add(ops.add(tp, self.false_negatives), epsilon))
        weight = self.beta**2
        both = ops.multiply(ops.multiply(1.0 + weight, precision), recall)
        score = ops.divide(both, ops.add(ops.add(ops.multiply(weight, precision), recall), epsilon))
        if self.average == "weighted":
            labels = ops.convert_to_tensor(self.intermediate_weights)
            shares = ops.divide(labels, ops.add(ops.sum(labels), epsilon))
            return ops.sum(ops.multiply(score, shares))
        return score if self.average is None else ops.mean(score)


class F1Score(FBetaScore):
    """`2 * precision * recall / (precision + recall)`.

    Args:
        average: `"micro"`, `"macro"`, `"weighted"`, or None for one value per class.
        threshold: above it a prediction says 1; if None, the largest score of a row does.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> metric = F1Score(threshold=0.5)
    >>> metric.update_state([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])
    >>> [round(v, 4) for v in metric.result().tolist()]
    [1.0, 1.0]
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)
