"""Metrics that are a sum or a weighted mean of values, and the wrapper that makes one of any function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops
from keras.backend.masks import get_mask
from keras.losses.loss import keep_settings
from keras.losses.reduction import apply_mask
from keras.losses.shapes import align_weights
from keras.metrics.metric import Metric
from keras.ops.dispatch import ndim_of, shape_of
from keras.ops.settling import number_of_elements, number_of_samples

Tensor = Any


def weigh(
    values: Any, sample_weight: Any, mask: Tensor | None, dtype: str, who: str
) -> tuple[Tensor, Tensor | None]:
    """Values and the weights that apply to them element by element.

    Args:
        values: any array-like; a mask attached to it counts too.
        sample_weight: weights aligned from the batch axis on, or None.
        mask: bool, aligned likewise, or None.
        dtype: dtype of the results.
        who: name of the metric, for messages.

    Returns:
        Values, and weights that broadcast against them or None.
    """
    own_mask = get_mask(values)
    values = ops.cast(ops.convert_to_tensor(values), dtype)
    if sample_weight is not None:
        sample_weight = ops.cast(ops.convert_to_tensor(sample_weight), dtype)
    for m in (mask, own_mask):
        sample_weight = apply_mask(sample_weight, m, dtype, "sum")
    return values, None if sample_weight is None else align_weights(sample_weight, values, who)


class Sum(Metric):
    """The weighted sum of all values.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> metric = Sum()
    >>> metric.update_state([1.0, 3.0], sample_weight=[1.0, 2.0])
    >>> float(metric.result())
    7.0
    """

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add `sum(values * sample_weight)`."""
        values, weights = weigh(values, sample_weight, None, self.dtype, self.name)
        self.total.assign_add(ops.sum(values if weights is None else values * weights))

    def result(self) -> Tensor:
        return ops.cast(self.total, self.dtype)


class Mean(Metric):
    """The weighted mean of all values.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> metric = Mean()
    >>> metric.update_state([1.0, 3.0], sample_weight=[1.0, 3.0])
    >>> float(metric.result())
    2.5
    """

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")
        self.count = self.add_variable((), "zeros", self.dtype, name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take values into the mean.

        Args:
            values: shape `(batch, ...)`; what a sample has beyond the batch axis is averaged first.
            sample_weight: weights aligned from the batch axis on, or None.
        """
        self._update(values, sample_weight, None)

    def _update(self, values: Any, sample_weight: Any, mask: Tensor | None) -> None:
        values, weights = weigh(values, sample_weight, mask, self.dtype, self.name)
        if weights is not None and ndim_of(weights) == 0:
            values = ops.mean(values)  # one weight for the whole batch: it counts as one value
        shape = shape_of(values)
        per_sample = number_of_elements(values, range(1, len(shape)))
        if weights is None:
            self.total.assign_add(ops.sum(values) / per_sample)
            self.count.assign_add(number_of_samples(values))
            return
        self.total.assign_add(ops.sum(values * weights) / per_sample)
        self.count.assign_add(ops.sum(ops.broadcast_to(weights, shape)) / per_sample)

    def result(self) -> Tensor:
        return ops.divide_no_nan(self.total, self.count)


class MeanMetricWrapper(Mean):
    """The weighted mean of a function `fn(y_true, y_pred, **kwargs)` that returns one value per sample.

    Args:
        fn: the function.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.
        **kwargs: passed on to `fn` at each update.

    >>> from keras import ops
    >>> metric = MeanMetricWrapper(lambda y, p: ops.absolute(ops.subtract(y, p)), name="error")
    >>> metric.update_state([1.0, 2.0], [2.0, 5.0])
    >>> float(metric.result())
    2.0
    """

    def __init__(
        self, fn: Callable[..., Tensor], name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, dtype=dtype)  # type: ignore[arg-type]
        self._fn = fn
        self._fn_kwargs = kwargs
        keep_settings(self, kwargs)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take a batch into the mean.

        Args:
            y_true: targets.
            y_pred: predictions; a mask attached to them leaves the masked entries out.
            sample_weight: weights aligned from the batch axis on, or None.
        """
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        self._update(values, sample_weight, get_mask(y_pred))
