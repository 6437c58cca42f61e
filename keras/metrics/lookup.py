"""Metrics by name, and what `"accuracy"` means for a given loss and output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import serializable
from keras.backend.state import to_snake_case
from keras.metrics.accuracy import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from keras.metrics.metric import Metric
from keras.metrics.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from keras.metrics.reduction import MeanMetricWrapper

Shape = tuple[Any, ...]

_SHORT = {
    "bce": "BinaryCrossentropy",
    "kld": "KLDivergence",
    "mae": "MeanAbsoluteError",
    "mse": "MeanSquaredError",
    "rmse": "RootMeanSquaredError",
    "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
}
#: Short names; and the names of functions for which a class keeps the running mean.
ALIASES: dict[str, str] = {
    **_SHORT,
    **{short.upper(): name for short, name in _SHORT.items()},
    "binary_accuracy": "BinaryAccuracy",
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_accuracy": "CategoricalAccuracy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "categorical_hinge": "CategoricalHinge",
    "concordance_correlation": "ConcordanceCorrelation",
    "cosine_similarity": "CosineSimilarity",
    "fbeta_score": "FBetaScore",
    "hinge": "Hinge",
    "kl_divergence": "KLDivergence",
    "logcosh": "LogCoshError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_error": "MeanSquaredError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "pearson_correlation": "PearsonCorrelation",
    "poisson": "Poisson",
    "sparse_categorical_accuracy": "SparseCategoricalAccuracy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "sparse_top_k_categorical_accuracy": "SparseTopKCategoricalAccuracy",
    "squared_hinge": "SquaredHinge",
    "top_k_categorical_accuracy": "TopKCategoricalAccuracy",
}
_ACCURACY = ("accuracy", "acc")
_CROSSENTROPY = ("crossentropy", "ce")


def get(identifier: Any) -> Any:
    """The metric a user means.

    Args:
        identifier: None, a name (`"mse"`, `"AUC"`), a config, a class, a metric or a function.

    Returns:
        A `Metric` or a function; None for None.

    Raises:
        ValueError: an unknown name, with the nearest known one.

    >>> get("mse").name, get("AUC").curve
    ('mean_squared_error', 'ROC')
    """
    return serializable.get(identifier, "metrics", "metric", ALIASES)


def serialize(metric: Any) -> Any:
    """A metric as plain data.

    >>> serialize(get("mse"))["class_name"]
    'MeanSquaredError'
    """
    return serializable.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The metric of a config or a name.

    Args:
        config: what `serialize` returned, or a name.
        custom_objects: classes and functions of yours by the names the config uses.

    >>> deserialize(serialize(get("mse"))).name
    'mean_squared_error'
    """
    return serializable.get(config, "metrics", "metric", ALIASES, custom_objects)


def resolve(identifier: Any, loss: Any, y_true_shape: Shape, y_pred_shape: Shape) -> Metric:
    """The metric object for one entry of `compile(metrics=...)`, built for the shapes of its output.

    `"accuracy"` and `"crossentropy"` are binary when the last dimension of the output is 1, sparse when the targets
    have one class number per row, categorical otherwise; they follow the loss in taking predictions as logits.

    Args:
        identifier: a name, a function, a metric, a class or a config.
        loss: the loss of the same output (object or function), or None.
        y_true_shape: shape of the targets, None for unknown dimensions.
        y_pred_shape: shape of the predictions.

    Returns:
        A built metric; one made from a name bears that name.

    >>> resolve("acc", None, (None,), (None, 10))
    <SparseCategoricalAccuracy name=acc>
    """
    metric = _metric(identifier, bool(getattr(loss, "from_logits", False)), y_true_shape, y_pred_shape)
    if not metric.built:
        metric.build(tuple(y_true_shape), tuple(y_pred_shape))
        metric.built = True
    return metric


def _metric(identifier: Any, from_logits: bool, y_true_shape: Shape, y_pred_shape: Shape) -> Metric:
    if isinstance(identifier, str) and identifier in _ACCURACY + _CROSSENTROPY:
        kind = kind_of(y_true_shape, y_pred_shape)
        if identifier in _CROSSENTROPY:
            return _ENTROPIES[kind](name=identifier, from_logits=from_logits)
        if kind == "binary":
            return BinaryAccuracy(name=identifier, threshold=0.0 if from_logits else 0.5)
        return (SparseCategoricalAccuracy if kind == "sparse" else CategoricalAccuracy)(name=identifier)
    metric = get(identifier)
    if isinstance(metric, Metric):
        if isinstance(identifier, str):
            metric.name = identifier
        return metric
    if isinstance(identifier, str):
        return MeanMetricWrapper(metric, name=identifier)
    return MeanMetricWrapper(metric, name=to_snake_case(getattr(metric, "__name__", type(metric).__name__)))


def kind_of(y_true_shape: Shape, y_pred_shape: Shape) -> str:
    """`"binary"`, `"sparse"` or `"categorical"`: what targets and predictions of these shapes look like."""
    if not y_pred_shape or y_pred_shape[-1] == 1:
        return "binary"
    if len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1:
        return "sparse"
    return "categorical"


_ENTROPIES: dict[str, Any] = {
    "binary": BinaryCrossentropy,
    "sparse": SparseCategoricalCrossentropy,
    "categorical": CategoricalCrossentropy,
}
