"""Overlap of predicted and true regions: intersection over union, from a confusion matrix."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend import dtypes
from keras.losses.shapes import align_weights
from keras.metrics.metric import Metric
from keras.ops.dispatch import dtype_of, shape_of

Tensor = Any


def confusion_matrix(
    labels: Tensor, predictions: Tensor, num_classes: int, weights: Tensor | None, dtype: str
) -> Tensor:
    """`[i, j]`: the weight of entries of class i that were predicted as j.

    Args:
        labels: class numbers, shape `(n,)`; pairs with a number outside the classes are not counted.
        predictions: class numbers, same shape.
        num_classes: number of classes.
        weights: shape `(n,)`, or None; each loses its fraction when `dtype` is an int.
        dtype: dtype of the result.

    Returns:
        Shape `(num_classes, num_classes)`.

    >>> confusion_matrix([0, 1, 1], [0, 1, 0], 2, None, "int32").tolist()
    [[1, 0], [1, 1]]
    """
    labels, predictions = ops.convert_to_tensor(labels), ops.convert_to_tensor(predictions)
    inside = [ops.logical_and(x >= 0, x < num_classes) for x in (labels, predictions)]
    counted = ops.cast(ops.logical_and(*inside), dtype)
    counted = counted if weights is None else counted * ops.cast(weights, dtype)
    cells = ops.clip(labels * num_classes + predictions, 0, num_classes * num_classes - 1)
    matrix = ops.segment_sum(counted, cells, num_segments=num_classes * num_classes)
    return ops.reshape(matrix, (num_classes, num_classes))


class IoU(Metric):
    """`true positives / (true positives + false positives + false negatives)`, averaged over some classes.

    Args:
        num_classes: number of classes.
        target_class_ids: the classes to average over; one that never occurs does not count.
        name: name of the metric.
        dtype: dtype of the counts; int64 if None.
        ignore_class: a label whose entries do not count.
        sparse_y_true: whether targets are class numbers, rather than one-hot.
        sparse_y_pred: whether predictions are class numbers, rather than scores.
        axis: the axis of the classes, where there is one.

    >>> metric = IoU(num_classes=2, target_class_ids=[0])
    >>> metric.update_state([0, 0, 1, 1], [0, 1, 0, 1])
    >>> round(float(metric.result()), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int64")
        if target_class_ids and max(target_class_ids) >= num_classes:
            raise ValueError(
                f"{self.name}: target_class_ids={target_class_ids} are outside the {num_classes} classes"
            )
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        shape = (num_classes, num_classes)
        self.total_cm = self.add_variable(shape, "zeros", self.dtype, name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: class numbers, or one-hot labels unless `sparse_y_true`.
            y_pred: class numbers, or scores unless `sparse_y_pred`.
            sample_weight: weights aligned from the batch axis on, or None.
        """
        labels = self._class_numbers(y_true, self.sparse_y_true)
        predictions = self._class_numbers(y_pred, self.sparse_y_pred)
        weights = None if sample_weight is None else self._weights(sample_weight, labels)
        if self.ignore_class is not None:
            valid = ops.cast(ops.not_equal(labels, self.ignore_class), "float32")
            weights = valid if weights is None else weights * valid
        flat = [None if x is None else ops.reshape(x, (-1,)) for x in (labels, predictions, weights)]
        self.total_cm.assign_add(confusion_matrix(flat[0], flat[1], self.num_classes, flat[2], self.dtype))

    def _weights(self, sample_weight: Any, labels: Tensor) -> Tensor:
        sample_weight = ops.convert_to_tensor(sample_weight)
        if not dtypes.is_float(self.dtype) and dtypes.is_float(dtype_of(sample_weight)):
            warnings.warn(
                f"{self.name}: float sample weights are rounded towards 0, as the counts are {self.dtype}; "
                'pass dtype="float32" to keep fractions.',
                stacklevel=4,
            )
        weights = align_weights(ops.cast(sample_weight, "float32"), labels, self.name)
        return ops.broadcast_to(weights, shape_of(labels))

    def _class_numbers(self, x: Any, sparse: bool) -> Tensor:
        x = ops.convert_to_tensor(x)
        return ops.cast(x if sparse else ops.argmax(x, axis=self.axis), "int32")

    def result(self) -> Tensor:
        matrix = ops.cast(self.total_cm, "float32")
        right = ops.diagonal(matrix)
        union = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - right
        values, union = (ops.take(x, self.target_class_ids) for x in (ops.divide_no_nan(right, union), union))
        occurred = ops.cast(ops.greater(union, 0), "float32")
        return ops.divide_no_nan(ops.sum(values), ops.sum(occurred))


class BinaryIoU(IoU):
    """Intersection over union of yes/no predictions.

    Args:
        target_class_ids: the classes (0, 1) to average over.
        threshold: from it on, a prediction says 1.
        name: name of the metric.
        dtype: dtype of the counts; int64 if None.

    >>> round(float(BinaryIoU(target_class_ids=[1])([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 4)
    0.5
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_classes=2, target_class_ids=target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch of labels 0 or 1 and probabilities."""
        said = ops.cast(ops.greater_equal(ops.convert_to_tensor(y_pred), self.threshold), "int32")
        super().update_state(y_true, said, sample_weight)


class MeanIoU(IoU):
    """Intersection over union, averaged over all classes that occur.

    Args:
        num_classes: number of classes.
        name: name of the metric.
        dtype: dtype of the counts; int64 if None.
        ignore_class: a label whose entries do not count.
        sparse_y_true: whether targets are class numbers, rather than one-hot.
        sparse_y_pred: whether predictions are class numbers, rather than scores.
        axis: the axis of the classes, where there is one.

    >>> round(float(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes=num_classes,
            target_class_ids=range(num_classes),
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=sparse_y_true,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )


class OneHotIoU(IoU):
    """Intersection over union of one-hot targets and scores, averaged over some classes.

    Args:
        num_classes: number of classes.
        target_class_ids: the classes to average over.
        name: name of the metric.
        dtype: dtype of the counts; int64 if None.
        ignore_class: a label whose entries do not count.
        sparse_y_pred: whether predictions are class numbers, rather than scores.
        axis: the axis of the classes.

    >>> float(OneHotIoU(num_classes=2, target_class_ids=[1])([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]]))
    0.5
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes=num_classes,
            target_class_ids=target_class_ids,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )


class OneHotMeanIoU(MeanIoU):
    """Intersection over union of one-hot targets and scores, averaged over all classes that occur.

    Args:
        num_classes: number of classes.
        name: name of the metric.
        dtype: dtype of the counts; int64 if None.
        ignore_class: a label whose entries do not count.
        sparse_y_pred: whether predictions are class numbers, rather than scores.
        axis: the axis of the classes.

    >>> float(OneHotMeanIoU(num_classes=2)([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]]))
    0.25
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes=num_classes,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )
