"""Means of the margin losses."""

from __future__ import annotations

from typing import Any

from keras.losses.margin import categorical_hinge, hinge, squared_hinge
from keras.metrics.reduction import MeanMetricWrapper


class Hinge(MeanMetricWrapper):
    """The mean of `max(1 - y_true * y_pred, 0)`.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(Hinge()([[-1.0, 1.0]], [[0.0, 3.0]]))
    0.5
    """

    def __init__(self, name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name=name, dtype=dtype)


class SquaredHinge(MeanMetricWrapper):
    """The mean of `max(1 - y_true * y_pred, 0)**2`.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(SquaredHinge()([[-1.0, 1.0]], [[1.0, 3.0]]))
    2.0
    """

    def __init__(self, name: str = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name=name, dtype=dtype)


class CategoricalHinge(MeanMetricWrapper):
    """The mean of `max(1 + best wrong score - right score, 0)`.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[2.0, 2.5]]))
    0.5
    """

    def __init__(self, name: str = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name=name, dtype=dtype)
