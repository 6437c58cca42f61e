"""How often predictions are right: equal, above a threshold, the largest, or among the k largest."""

from __future__ import annotations

from typing import Any

from keras import config, ops
from keras.losses.crossentropy import check_label_shape
from keras.losses.shapes import check_same_shape, match
from keras.metrics.reduction import MeanMetricWrapper
from keras.ops.dispatch import as_float, composed, dtype_of, ndim_of, shape_of

Tensor = Any


@composed("metrics_accuracy")
def accuracy(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`y_true == y_pred`, element by element.

    Args:
        y_true: targets, any shape.
        y_pred: predicted values of the same kind, same shape.

    Returns:
        0.0 or 1.0, same shape.

    >>> accuracy([[1, 2]], [[1, 3]]).tolist()
    [[1.0, 0.0]]
    """
    y_true, y_pred = match(y_true, y_pred, "accuracy")
    return _as_numbers(ops.equal(y_true, y_pred))


@composed("metrics_binary_accuracy")
def binary_accuracy(y_true: Tensor, y_pred: Tensor, threshold: float = 0.5) -> Tensor:
    """`y_true == (y_pred > threshold)`, element by element.

    Args:
        y_true: labels 0 or 1, any shape.
        y_pred: probabilities or scores, same shape.
        threshold: above it a prediction says 1.

    Returns:
        0.0 or 1.0, same shape.

    >>> binary_accuracy([[1, 0]], [[0.9, 0.6]]).tolist()
    [[1.0, 0.0]]
    """
    y_true, y_pred = match(y_true, y_pred, "binary_accuracy")
    said = ops.cast(ops.greater(y_pred, threshold), dtype_of(y_true))
    return _as_numbers(ops.equal(y_true, said))


@composed("metrics_categorical_accuracy")
def categorical_accuracy(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`argmax(y_true) == argmax(y_pred)` along the last axis.

    Args:
        y_true: one-hot labels, shape `(batch, ..., classes)`.
        y_pred: probabilities or scores, same shape.

    Returns:
        0.0 or 1.0, shape `(batch, ...)`.

    >>> categorical_accuracy([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]]).tolist()
    [1.0, 0.0]
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    check_same_shape(shape_of(y_true), shape_of(y_pred), "categorical_accuracy")
    return _as_numbers(ops.equal(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1)))


@composed("metrics_sparse_categorical_accuracy")
def sparse_categorical_accuracy(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`y_true == argmax(y_pred)` along the last axis.

    Args:
        y_true: class numbers, shape `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities or scores, shape `(batch, ..., classes)`.

    Returns:
        0.0 or 1.0, shape `(batch, ...)`.

    >>> sparse_categorical_accuracy([1, 0], [[0.1, 0.9], [0.2, 0.8]]).tolist()
    [1.0, 0.0]
    """
    labels, y_pred = _labels(y_true, y_pred, "sparse_categorical_accuracy")
    return _as_numbers(ops.equal(labels, ops.cast(ops.argmax(y_pred, axis=-1), "int32")))


@composed("metrics_top_k_categorical_accuracy")
def top_k_categorical_accuracy(y_true: Tensor, y_pred: Tensor, k: int = 5) -> Tensor:
    """Whether the right class is among the `k` largest scores.

    Args:
        y_true: one-hot labels, shape `(batch, ..., classes)`.
        y_pred: probabilities or scores, same shape.
        k: how many classes may be named.

    Returns:
        0.0 or 1.0, shape `(batch, ...)`.

    >>> top_k_categorical_accuracy([[0, 0, 1]], [[0.5, 0.1, 0.4]], k=2).tolist()
    [1.0]
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    check_same_shape(shape_of(y_true), shape_of(y_pred), "top_k_categorical_accuracy")
    return _in_top_k(ops.cast(ops.argmax(y_true, axis=-1), "int32"), y_pred, k)


@composed("metrics_sparse_top_k_categorical_accuracy")
def sparse_top_k_categorical_accuracy(
    y_true: Tensor, y_pred: Tensor, k: int = 5, from_sorted_ids: bool = False
) -> Tensor:
    """Whether the right class is among the `k` largest scores.

    Args:
        y_true: class numbers, shape `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities or scores, shape `(batch, ..., classes)`; class numbers, the best first, if
            `from_sorted_ids`.
        k: how many classes may be named.
        from_sorted_ids: whether `y_pred` holds sorted class numbers.

    Returns:
        0.0 or 1.0, shape `(batch, ...)`.

    >>> sparse_top_k_categorical_accuracy([2], [[0.5, 0.1, 0.4]], k=2).tolist()
    [1.0]
    """
    labels, y_pred = _labels(y_true, y_pred, "sparse_top_k_categorical_accuracy")
    if not from_sorted_ids:
        return _in_top_k(labels, y_pred, k)
    named = ops.cast(y_pred[..., :k], "int32")
    return _as_numbers(ops.any(ops.equal(named, ops.expand_dims(labels, -1)), axis=-1))


def _labels(y_true: Tensor, y_pred: Tensor, who: str) -> tuple[Tensor, Tensor]:
    y_pred = ops.convert_to_tensor(y_pred)
    labels = ops.cast(ops.convert_to_tensor(y_true), "int32")
    check_label_shape(shape_of(labels), shape_of(y_pred), -1, who)
    return (ops.squeeze(labels, -1) if ndim_of(labels) == ndim_of(y_pred) else labels), y_pred


def _in_top_k(labels: Tensor, scores: Tensor, k: int) -> Tensor:
    """Fewer than `k` scores are larger than the right one: ties are in."""
    scores = as_float(scores)
    right = ops.take_along_axis(scores, ops.expand_dims(labels, -1), axis=-1)
    larger = ops.sum(ops.cast(ops.greater(scores, right), "int32"), axis=-1)
    return _as_numbers(ops.less(larger, k))


def _as_numbers(correct: Tensor) -> Tensor:
    return ops.cast(correct, config.floatx())


class Accuracy(MeanMetricWrapper):
    """How often predictions equal targets.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(Accuracy()([[1], [2]], [[1], [3]]))
    0.5
    """

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name=name, dtype=dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often yes/no predictions are right.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.
        threshold: above it a prediction says 1; 0.5 for probabilities, 0 for logits.

    >>> float(BinaryAccuracy()([[1], [0]], [[0.9], [0.6]]))
    0.5
    """

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name=name, dtype=dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the class with the largest score is that of the one-hot label.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(CategoricalAccuracy()([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]]))
    0.5
    """

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name=name, dtype=dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the class with the largest score is that of the integer label.

    Args:
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(SparseCategoricalAccuracy()([1, 0], [[0.1, 0.9], [0.2, 0.8]]))
    0.5
    """

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name=name, dtype=dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the right class (one-hot labels) is among the `k` largest scores.

    Args:
        k: how many classes may be named.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.

    >>> float(TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.5, 0.1, 0.4]]))
    1.0
    """

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name=name, dtype=dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the right class (integer labels) is among the `k` largest scores.

    Args:
        k: how many classes may be named.
        name: name of the metric.
        dtype: dtype of the result; `floatx()` if None.
        from_sorted_ids: whether predictions are class numbers, the best first, rather than scores.

    >>> float(SparseTopKCategoricalAccuracy(k=2)([2], [[0.5, 0.1, 0.4]]))
    1.0
    """

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        settings = {"k": k, "from_sorted_ids": from_sorted_ids}
        super().__init__(sparse_top_k_categorical_accuracy, name=name, dtype=dtype, **settings)
