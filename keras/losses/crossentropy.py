"""Cross-entropies of class probabilities or logits: binary, categorical (one-hot targets) and sparse (integer targets).

Probabilities that came straight from a softmax or sigmoid are traced back to their logits by the ops underneath, which
is exact where the logarithm of a probability would have to be clipped: predictions are handed on as they are.
"""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.backend.masks import set_mask
from keras.backend.spec import UNKNOWN, shape_str
from keras.losses.loss import LossFunctionWrapper
from keras.losses.precision import loss_function
from keras.losses.shapes import check_same_shape, match
from keras.ops.dispatch import as_float, axis_of, composed, dtype_of, ndim_of, shape_of

Tensor = Any


@loss_function("losses_binary_crossentropy")
def binary_crossentropy(
    y_true: Tensor, y_pred: Tensor, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """`mean(-y_true * log(y_pred) - (1 - y_true) * log(1 - y_pred))` along `axis`.

    Args:
        y_true: labels 0 or 1 (or probabilities), shape `(batch, ..., d)`.
        y_pred: probabilities, or logits if `from_logits`; same shape.
        from_logits: whether `y_pred` holds logits.
        label_smoothing: in [0, 1]: how far labels are moved towards 0.5.
        axis: the axis of the mean.

    Returns:
        The shape without `axis`.

    Raises:
        ValueError: the shapes differ.

    >>> [round(v, 4) for v in binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).tolist()]
    [0.6931]
    """
    y_true, y_pred = match(y_true, y_pred, "binary_crossentropy")
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


@loss_function("losses_categorical_crossentropy")
def categorical_crossentropy(
    y_true: Tensor, y_pred: Tensor, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """`-sum(y_true * log(y_pred))` along `axis`; probabilities are first divided by their sum.

    Args:
        y_true: one-hot labels (or probabilities), shape `(batch, ..., classes)`.
        y_pred: probabilities, or logits if `from_logits`; same shape.
        from_logits: whether `y_pred` holds logits.
        label_smoothing: in [0, 1]: how far labels are moved towards the uniform distribution.
        axis: the axis of the classes.

    Returns:
        The shape without `axis`.

    Raises:
        ValueError: the shapes differ; integer labels belong to `sparse_categorical_crossentropy`.

    >>> [round(v, 4) for v in categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).tolist()]
    [0.6931]
    """
    y_pred = as_float(y_pred)
    y_true = ops.cast(ops.convert_to_tensor(y_true), dtype_of(y_pred))
    check_one_hot_shape(shape_of(y_true), shape_of(y_pred), axis, "categorical_crossentropy")
    if label_smoothing:
        classes = shape_of(y_pred)[axis]
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / classes
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


@composed("losses_sparse_categorical_crossentropy")
def sparse_categorical_crossentropy(
    y_true: Tensor, y_pred: Tensor, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Tensor:
    """`-log(y_pred[label])`: categorical cross-entropy of integer labels.

    Args:
        y_true: class numbers, shape `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities, or logits if `from_logits`; shape `(batch, ..., classes)`.
        from_logits: whether `y_pred` holds logits.
        ignore_class: a label whose entries count neither in the loss nor in its mean.
        axis: the axis of the classes.

    Returns:
        The shape of `y_pred` without `axis`.

    Raises:
        ValueError: `y_true` does not have one label per row of `y_pred`.

    >>> [round(v, 4) for v in sparse_categorical_crossentropy([1, 0], [[0.5, 0.5], [1.0, 0.0]]).tolist()]
    [0.6931, 0.0]
    """
    y_pred = as_float(y_pred)
    labels = ops.cast(ops.convert_to_tensor(y_true), "int32")
    check_label_shape(shape_of(labels), shape_of(y_pred), axis, "sparse_categorical_crossentropy")
    if ndim_of(labels) == ndim_of(y_pred):
        labels = ops.squeeze(labels, -1)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(labels, y_pred, from_logits=from_logits, axis=axis)
    valid = ops.not_equal(labels, ignore_class)
    labels = ops.where(valid, labels, ops.zeros_like(labels))
    values = ops.sparse_categorical_crossentropy(labels, y_pred, from_logits=from_logits, axis=axis)
    values = ops.where(valid, values, ops.zeros_like(values))
    set_mask(values, valid)
    return values


def check_one_hot_shape(target: tuple[Any, ...], output: tuple[Any, ...], axis: int, who: str) -> None:
    """Raise ValueError unless targets of this shape have one value per class, as the predictions have."""
    rows = shape_of_rows(output, axis) if output else ()
    if output and output[axis] != 1 and target in (rows, (*rows, 1)):
        raise ValueError(
            f"{who}: targets of shape {shape_str(target)} look like class numbers, for predictions "
            f"of shape {shape_str(output)}. Use sparse_categorical_crossentropy, or one-hot targets: "
            f"`keras.utils.to_categorical(y, {output[axis]})`."
        )
    check_same_shape(target, output, who)


def shape_of_rows(output: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
    """The shape of predictions without the axis of the classes."""
    axis = axis_of(axis, len(output), "cross-entropy")
    return output[:axis] + output[axis + 1 :]


def check_label_shape(target: tuple[Any, ...], output: tuple[Any, ...], axis: int, who: str) -> None:
    """Raise ValueError unless targets of this shape are one class number per row of predictions."""
    rows = shape_of_rows(output, axis) if output else ()
    given = target[:-1] if len(target) == len(output) and target[-1:] == (1,) else target
    if (
        output
        and len(given) == len(rows)
        and all(UNKNOWN in (i, j) or i == j for i, j in zip(given, rows, strict=True))
    ):
        return
    one_hot = " One-hot targets belong to categorical_crossentropy." if target == output else ""
    raise ValueError(
        f"{who}: expected one class number per row, shape {shape_str(rows)}, for predictions of shape "
        f"{shape_str(output)}. Received: targets of shape {shape_str(target)}.{one_hot}"
    )


class BinaryCrossentropy(LossFunctionWrapper):
    """Cross-entropy of independent yes/no labels.

    Args:
        from_logits: whether predictions are logits; recommended, and exact, when the last layer has no activation.
        label_smoothing: in [0, 1]: how far labels are moved towards 0.5.
        axis: the axis of the mean.
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> round(float(BinaryCrossentropy()([[0.0], [1.0]], [[0.5], [0.5]])), 4)
    0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction=reduction, name=name, dtype=dtype, **settings)


class CategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of one-hot labels.

    Args:
        from_logits: whether predictions are logits.
        label_smoothing: in [0, 1]: how far labels are moved towards the uniform distribution.
        axis: the axis of the classes.
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction=reduction, name=name, dtype=dtype, **settings)


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of integer labels.

    Args:
        from_logits: whether predictions are logits.
        ignore_class: a label whose entries count neither in the loss nor in its mean.
        reduction: how per-sample values become one number.
        axis: the axis of the classes.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        settings = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(
            sparse_categorical_crossentropy, reduction=reduction, name=name, dtype=dtype, **settings
        )
