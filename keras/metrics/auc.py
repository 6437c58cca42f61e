"""Metrics of a whole curve of thresholds: the area under it, and its best point under a constraint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras import config, ops
from keras.backend.masks import get_mask
from keras.errors import unknown
from keras.losses.shapes import match
from keras.metrics.metric import Metric
from keras.metrics.thresholds import are_even, count, select, settle_thresholds
from keras.ops.dispatch import shape_of

Tensor = Any

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "minoring", "majoring")
_COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
_AUC_SETTINGS = (
    "num_thresholds",
    "curve",
    "summation_method",
    "multi_label",
    "num_labels",
    "label_weights",
    "from_logits",
)
_EDGE = 1e-7  # the outermost thresholds lie this far outside [0, 1]


class _CurveMetric(Metric):
    """Keeps all four counts along the thresholds of a curve."""

    true_positives: Any
    false_positives: Any
    true_negatives: Any
    false_negatives: Any

    def _add_counts(self, shape: tuple[int, ...]) -> None:
        for part in _COUNTS:
            setattr(self, part, self.add_variable(shape, "zeros", name=part))

    def _rate(self, part: Any, other: Any) -> Tensor:
        """`part / (part + other)`, 0 where both are."""
        return ops.divide_no_nan(part, ops.add(part, other))

    def _recall(self) -> Tensor:
        return self._rate(self.true_positives, self.false_negatives)

    def _precision(self) -> Tensor:
        return self._rate(self.true_positives, self.false_positives)

    def _specificity(self) -> Tensor:
        return self._rate(self.true_negatives, self.false_positives)


class AUC(_CurveMetric):
    """Area under the ROC curve or the precision-recall curve, by a sum over thresholds.

    Args:
        num_thresholds: how many thresholds the curve has; more are more exact.
        curve: `"ROC"`, `"PR"` or `"PRGAIN"`.
        summation_method: `"interpolation"`, or `"minoring"`/`"majoring"` for a lower/upper bound.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.
        thresholds: values in [0, 1] to use instead of evenly spaced ones.
        multi_label: whether the last axis holds labels whose areas are computed apart and averaged.
        num_labels: number of labels, when `multi_label`; else that of the first batch.
        label_weights: weights of the labels.
        from_logits: whether predictions are logits.

    >>> metric = AUC(num_thresholds=3)
    >>> metric.update_state([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])
    >>> float(metric.result())
    0.75
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if curve not in CURVES:
            raise ValueError(unknown("AUC curve", curve, CURVES))
        if summation_method not in SUMMATIONS:
            raise ValueError(unknown("AUC summation_method", summation_method, SUMMATIONS))
        if thresholds is None and num_thresholds <= 1:
            raise ValueError(f"AUC: num_thresholds must be greater than 1. Received: {num_thresholds}")
        self.curve = curve
        self.summation_method = summation_method
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = label_weights
        self.from_logits = from_logits
        self._given_thresholds = thresholds
        self._levels, self._even = _curve_levels(thresholds, num_thresholds, self.name)
        self.num_thresholds = len(self._levels)
        if not multi_label:
            self._add_counts((self.num_thresholds,))
        elif num_labels:
            self._build_labels(num_labels)

    @property
    def thresholds(self) -> list[float]:
        """All thresholds of the curve, from just below 0 to just above 1."""
        return list(self._levels)

    def get_config(self) -> dict[str, Any]:
        """The arguments; `thresholds` as given, without the ends of the curve."""
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in _AUC_SETTINGS},
            "thresholds": self._given_thresholds,
        }

    def build(self, y_true_shape: tuple[Any, ...], y_pred_shape: tuple[Any, ...]) -> None:
        if self.multi_label and not hasattr(self, "true_positives"):
            self._build_labels(y_pred_shape[-1])

    def _build_labels(self, labels: int) -> None:
        weights = self.label_weights
        if weights is not None and len(weights) != labels:
            raise ValueError(f"AUC {self.name!r}: {len(weights)} label_weights for {labels} labels")
        self._add_counts((self.num_thresholds, labels))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: labels 0 or 1.
            y_pred: probabilities (or logits, if `from_logits`), same shape.
            sample_weight: weights aligned from the batch axis on, or None.
        """
        mask = get_mask(y_pred)
        y_true, y_pred = match(y_true, ops.cast(ops.convert_to_tensor(y_pred), config.floatx()), self.name)
        self._build_once(y_true, y_pred)
        if self.multi_label and shape_of(y_pred)[-1] != self.true_positives.shape[1]:
            raise ValueError(
                f"AUC {self.name!r}: expected {self.true_positives.shape[1]} labels in the last axis. "
                f"Received: predictions of shape {shape_of(y_pred)}"
            )
        counts = count(
            y_true,
            ops.sigmoid(y_pred) if self.from_logits else y_pred,
            self._levels,
            sample_weight,
            mask,
            even=self._even,
            per_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
            who=self.name,
        )
        for part in _COUNTS:
            getattr(self, part).assign_add(getattr(counts, part))

    def result(self) -> Tensor:
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._average(self._interpolated_pr_area())
        x, y = self._curve_points()
        left, right = y[:-1], y[1:]
        heights = {
            "interpolation": lambda: ops.add(left, right) / 2.0,
            "minoring": lambda: ops.minimum(left, right),
            "majoring": lambda: ops.maximum(left, right),
        }[self.summation_method]()
        return self._average(ops.sum(ops.multiply(ops.subtract(x[:-1], x[1:]), heights), axis=0))

    def _curve_points(self) -> tuple[Tensor, Tensor]:
        if self.curve == "ROC":
            return self._rate(self.false_positives, self.true_negatives), self._recall()
        if self.curve == "PR":
            return self._recall(), self._precision()
        return self._gains()

    def _gains(self) -> tuple[Tensor, Tensor]:
        """Recall and precision on a scale where always saying "yes" is 0 (Flach and Kull, 2015)."""
        positives = ops.add(self.true_positives, self.false_negatives)
        negatives = ops.add(self.false_positives, self.true_negatives)
        odds = ops.divide_no_nan(positives, negatives)
        missed = ops.divide_no_nan(self.false_negatives, self.true_positives)
        recall = ops.clip(ops.subtract(1.0, ops.multiply(odds, missed)), 0.0, 1.0)
        recall = ops.where(ops.greater(self.true_positives, 0.0), recall, 0.0)
        false_alarms = ops.divide_no_nan(self.false_positives, self.true_positives)
        return recall, ops.subtract(1.0, ops.multiply(odds, false_alarms))

    def _interpolated_pr_area(self) -> Tensor:
        """True positives are linear in predicted positives between thresholds (Davis and Goadrich, 2006)."""
        tp = ops.convert_to_tensor(self.true_positives)
        said = ops.add(tp, self.false_positives)
        found = tp[:-1] - tp[1:]
        slope = ops.divide_no_nan(found, ops.maximum(said[:-1] - said[1:], 0.0))
        intercept = tp[1:] - slope * said[1:]
        both = ops.logical_and(said[:-1] > 0, said[1:] > 0)
        ratio = ops.where(both, ops.divide_no_nan(said[:-1], ops.maximum(said[1:], 0.0)), 1.0)
        actual = ops.maximum(tp[1:] + ops.convert_to_tensor(self.false_negatives)[1:], 0.0)
        return ops.sum(ops.divide_no_nan(slope * (found + intercept * ops.log(ratio)), actual), axis=0)

    def _average(self, areas: Tensor) -> Tensor:
        """The (weighted) mean over labels, when there are any."""
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return ops.mean(areas)
        weights = ops.cast(self.label_weights, self.true_positives.dtype)
        return ops.divide_no_nan(ops.sum(areas * weights), ops.sum(weights))


def _curve_levels(thresholds: Sequence[float] | None, number: int, who: str) -> tuple[list[float], bool]:
    """Ascending thresholds from just below 0 to just above 1, and whether they are evenly spaced."""
    if thresholds is None:
        inner = [(i + 1) / (number - 1) for i in range(number - 2)]
        return [-_EDGE, *inner, 1.0 + _EDGE], True
    inner = sorted(settle_thresholds(thresholds, 0.5, who))
    even = are_even([0.0, *inner, 1.0])
    return [-_EDGE, *inner, 1.0 + _EDGE], even


class _BestPoint(_CurveMetric):
    """The best value of one rate where another one is at least `minimum`."""

    def __init__(
        self, minimum: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if not 0 <= minimum <= 1:
            raise ValueError(f"{self.name}: the constraint must lie in [0, 1]. Received: {minimum}")
        if num_thresholds <= 0:
            raise ValueError(f"{self.name}: num_thresholds must be positive. Received: {num_thresholds}")
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        self._minimum = minimum
        self.thresholds = [0.5] if num_thresholds == 1 else np.linspace(0.0, 1.0, num_thresholds).tolist()
        self._even = num_thresholds > 1
        self._add_counts((num_thresholds,))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch of labels 0 or 1 and probabilities."""
        mask, dtype = get_mask(y_pred), self.true_positives.dtype
        y_true, y_pred = select(y_true, y_pred, self.class_id, None, dtype, self.name)
        counts = count(y_true, y_pred, self.thresholds, sample_weight, mask, even=self._even, who=self.name)
        for part in _COUNTS:
            getattr(self, part).assign_add(getattr(counts, part))

    def _best(self, wanted: Tensor, constrained: Tensor) -> Tensor:
        return ops.max(ops.where(ops.greater_equal(constrained, self._minimum), wanted, 0.0))


class SensitivityAtSpecificity(_BestPoint):
    """The best sensitivity (recall) among thresholds whose specificity is at least the one given.

    Args:
        specificity: in [0, 1].
        num_thresholds: how many thresholds are tried.
        class_id: if given, only this class counts.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(SensitivityAtSpecificity(0.5)([0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9]))
    1.0
    """

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def result(self) -> Tensor:
        return self._best(self._recall(), self._specificity())


class SpecificityAtSensitivity(_BestPoint):
    """The best specificity among thresholds whose sensitivity (recall) is at least the one given.

    Args:
        sensitivity: in [0, 1].
        num_thresholds: how many thresholds are tried.
        class_id: if given, only this class counts.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(SpecificityAtSensitivity(0.5)([0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9]))
    1.0
    """

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def result(self) -> Tensor:
        return self._best(self._specificity(), self._recall())


class PrecisionAtRecall(_BestPoint):
    """The best precision among thresholds whose recall is at least the one given.

    Args:
        recall: in [0, 1].
        num_thresholds: how many thresholds are tried.
        class_id: if given, only this class counts.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(PrecisionAtRecall(0.5)([0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9]))
    1.0
    """

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall

    def result(self) -> Tensor:
        return self._best(self._precision(), self._recall())


class RecallAtPrecision(_BestPoint):
    """The best recall among thresholds whose precision is at least the one given.

    Args:
        precision: in [0, 1].
        num_thresholds: how many thresholds are tried.
        class_id: if given, only this class counts.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(RecallAtPrecision(0.9)([0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9]))
    0.5
    """

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision

    def result(self) -> Tensor:
        return self._best(self._recall(), self._precision())
