"""Metrics made of counts of right and wrong yes/no decisions: the four counts, precision and recall."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.backend.masks import get_mask
from keras.metrics.metric import Metric
from keras.metrics.thresholds import Counts, are_even, count, select, settle_thresholds

Tensor = Any


class _ThresholdMetric(Metric):
    """Keeps some of the four counts, at given thresholds."""

    kept: tuple[str, ...] = ()
    true_positives: Any
    false_positives: Any
    true_negatives: Any
    false_negatives: Any

    def __init__(
        self,
        thresholds: Any,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.top_k = top_k
        self.class_id = class_id
        default = 0.5 if top_k is None else -1e10
        self._levels = settle_thresholds(thresholds, default, self.name)
        self._even = are_even(self._levels)
        for part in self.kept:
            setattr(self, part, self.add_variable((len(self._levels),), "zeros", name=part))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: labels 0 or 1.
            y_pred: probabilities, same shape.
            sample_weight: weights aligned from the batch axis on, or None.
        """
        counts = self._count(y_true, y_pred, sample_weight)
        for part in self.kept:
            getattr(self, part).assign_add(getattr(counts, part))

    def _count(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Counts:
        mask, dtype = get_mask(y_pred), getattr(self, self.kept[0]).dtype
        y_true, y_pred = select(y_true, y_pred, self.class_id, self.top_k, dtype, self.name)
        return count(y_true, y_pred, self._levels, sample_weight, mask, even=self._even, who=self.name)

    def _per_threshold(self, values: Tensor) -> Tensor:
        """One number when there is one threshold, else a vector."""
        return values[0] if len(self._levels) == 1 else ops.convert_to_tensor(values)


class _Count(_ThresholdMetric):
    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(thresholds, name=name, dtype=dtype)
        self.thresholds = thresholds

    @property
    def accumulator(self) -> Any:
        """The variable that holds the counts."""
        return getattr(self, self.kept[0])

    def result(self) -> Tensor:
        return self._per_threshold(self.accumulator.value)


class TruePositives(_Count):
    """How many labels 1 were predicted as 1.

    Args:
        thresholds: a number or several in [0, 1]: above, a prediction says 1; 0.5 if None.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(TruePositives()([0, 1, 1, 1], [0.1, 0.9, 0.2, 0.7]))
    2.0
    """

    kept = ("true_positives",)


class FalsePositives(_Count):
    """How many labels 0 were predicted as 1.

    Args:
        thresholds: a number or several in [0, 1]: above, a prediction says 1; 0.5 if None.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(FalsePositives()([0, 0, 1], [0.1, 0.9, 0.2]))
    1.0
    """

    kept = ("false_positives",)


class TrueNegatives(_Count):
    """How many labels 0 were predicted as 0.

    Args:
        thresholds: a number or several in [0, 1]: above, a prediction says 1; 0.5 if None.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(TrueNegatives()([0, 0, 1], [0.1, 0.9, 0.2]))
    1.0
    """

    kept = ("true_negatives",)


class FalseNegatives(_Count):
    """How many labels 1 were predicted as 0.

    Args:
        thresholds: a number or several in [0, 1]: above, a prediction says 1; 0.5 if None.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(FalseNegatives()([0, 1, 1], [0.1, 0.9, 0.2]))
    1.0
    """

    kept = ("false_negatives",)


class Precision(_ThresholdMetric):
    """`true positives / (true positives + false positives)`: how many of the predicted ones are right.

    Args:
        thresholds: a number or several in [0, 1]: above, a prediction says 1; 0.5 if None.
        top_k: if given, a sample's `top_k` largest scores say 1 (above the threshold, if that is given too).
        class_id: if given, only this class counts.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(Precision()([0, 1, 1, 1], [0.9, 0.9, 0.2, 0.2]))
    0.5
    """

    kept = ("true_positives", "false_positives")

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name=name, dtype=dtype)
        self.thresholds = thresholds

    def result(self) -> Tensor:
        said = ops.add(self.true_positives, self.false_positives)
        return self._per_threshold(ops.divide_no_nan(self.true_positives, said))


class Recall(_ThresholdMetric):
    """`true positives / (true positives + false negatives)`: how many of the ones were found.

    Args:
        thresholds: a number or several in [0, 1]: above, a prediction says 1; 0.5 if None.
        top_k: if given, a sample's `top_k` largest scores say 1 (above the threshold, if that is given too).
        class_id: if given, only this class counts.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(Recall()([0, 1, 1], [0.9, 0.9, 0.2]))
    0.5
    """

    kept = ("true_positives", "false_negatives")

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name=name, dtype=dtype)
        self.thresholds = thresholds

    def result(self) -> Tensor:
        actual = ops.add(self.true_positives, self.false_negatives)
        return self._per_threshold(ops.divide_no_nan(self.true_positives, actual))
