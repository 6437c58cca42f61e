"""Cross-entropies that care less, or differently, about samples already well classified."""

from __future__ import annotations

from typing import Any

from keras import config, ops
from keras.losses.crossentropy import check_label_shape
from keras.losses.loss import LossFunctionWrapper
from keras.losses.precision import loss_function
from keras.losses.shapes import check_same_shape, match
from keras.ops.dispatch import as_float, dtype_of, ndim_of, shape_of

Tensor = Any


@loss_function("losses_binary_focal_crossentropy")
def binary_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """`mean((1 - p_t)**gamma * binary cross-entropy)` along `axis`; `p_t` is the probability of the right label.

    Args:
        y_true: labels 0 or 1, shape `(batch, ..., d)`.
        y_pred: probabilities, or logits if `from_logits`; same shape.
        apply_class_balancing: whether label 1 weighs `alpha` and label 0 `1 - alpha`.
        alpha: weight of label 1.
        gamma: focusing parameter; 0 gives the plain cross-entropy.
        from_logits: whether `y_pred` holds logits.
        label_smoothing: in [0, 1]: how far labels are moved towards 0.5.
        axis: the axis of the mean.

    Returns:
        The shape without `axis`.

    >>> round(binary_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).tolist()[0], 4)
    0.1733
    """
    y_true, y_pred = match(y_true, y_pred, "binary_focal_crossentropy")
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    entropy = ops.binary_crossentropy(y_true, y_pred)
    p_t = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    values = ops.power(1.0 - p_t, gamma) * entropy
    if apply_class_balancing:
        values = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * values
    return ops.mean(values, axis=axis)


@loss_function("losses_categorical_focal_crossentropy")
def categorical_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """`-sum(alpha * (1 - y_pred)**gamma * y_true * log(y_pred))` along `axis`.

    Args:
        y_true: one-hot labels, shape `(batch, ..., classes)`.
        y_pred: probabilities, or logits if `from_logits`; same shape.
        alpha: weight, a number or one per class.
        gamma: focusing parameter; 0 gives the plain cross-entropy times `alpha`.
        from_logits: whether `y_pred` holds logits.
        label_smoothing: in [0, 1]: how far labels are moved towards the uniform distribution.
        axis: the axis of the classes.

    Returns:
        The shape without `axis`.

    >>> round(categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).tolist()[0], 4)
    0.0433
    """
    y_pred = as_float(y_pred)
    y_true = ops.cast(ops.convert_to_tensor(y_true), dtype_of(y_pred))
    check_same_shape(shape_of(y_true), shape_of(y_pred), "categorical_focal_crossentropy")
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / shape_of(y_pred)[axis]
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    y_pred = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0 - config.epsilon())
    focus = ops.multiply(ops.power(1.0 - y_pred, gamma), alpha)
    return -ops.sum(focus * y_true * ops.log(y_pred), axis=axis)


@loss_function("losses_categorical_generalized_cross_entropy")
def categorical_generalized_cross_entropy(y_true: Tensor, y_pred: Tensor, q: float) -> Tensor:
    """`(1 - y_pred[label]**q) / q`: between cross-entropy (q -> 0) and absolute error (q = 1), robust to wrong labels.

    Args:
        y_true: class numbers, shape `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities, shape `(batch, ..., classes)`.
        q: in (0, 1).

    Returns:
        The shape of `y_pred` without its last axis.

    Raises:
        ValueError: `q` is not between 0 and 1.

    >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5).tolist()
    [1.0]
    """
    if not 0 < q < 1:
        raise ValueError(f"categorical_generalized_cross_entropy: q must be between 0 and 1. Received: q={q}")
    y_pred = as_float(y_pred)
    labels = ops.cast(ops.convert_to_tensor(y_true), "int32")
    check_label_shape(shape_of(labels), shape_of(y_pred), -1, "categorical_generalized_cross_entropy")
    if ndim_of(labels) == ndim_of(y_pred):
        labels = ops.squeeze(labels, -1)
    one_hot = ops.one_hot(labels, shape_of(y_pred)[-1], dtype=dtype_of(y_pred))
    right = ops.sum(y_pred * one_hot, axis=-1)
    possible = ops.greater(right, 0.0)  # a power has no gradient at 0
    power = ops.where(possible, ops.power(ops.where(possible, right, 1.0), q), 0.0)
    return (1.0 - power) / q


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Binary cross-entropy with a weight `(1 - p_t)**gamma` that fades for samples already right.

    Args:
        apply_class_balancing: whether label 1 weighs `alpha` and label 0 `1 - alpha`.
        alpha: weight of label 1.
        gamma: focusing parameter.
        from_logits: whether predictions are logits.
        label_smoothing: in [0, 1]: how far labels are moved towards 0.5.
        axis: the axis of the mean.
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> round(float(BinaryFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.1733
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_focal_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """Categorical cross-entropy with a weight `alpha * (1 - y_pred)**gamma`.

    Args:
        alpha: weight, a number or one per class.
        gamma: focusing parameter.
        from_logits: whether predictions are logits.
        label_smoothing: in [0, 1]: how far labels are moved towards the uniform distribution.
        axis: the axis of the classes.
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> round(float(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.0433
    """

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_focal_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """`(1 - y_pred[label]**q) / q` of integer labels, robust to wrong ones.

    Args:
        q: in (0, 1).
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    Raises:
        ValueError: `q` is not between 0 and 1.

    >>> float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
    1.0
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(
                f"CategoricalGeneralizedCrossEntropy: q must be between 0 and 1. Received: q={q}"
            )
        super().__init__(
            categorical_generalized_cross_entropy, reduction=reduction, name=name, dtype=dtype, q=q
        )
