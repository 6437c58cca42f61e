"""True and false positives and negatives at many thresholds at once, the ground of precision, recall and AUC.

Evenly spaced thresholds are served by a histogram of the predictions, whatever their number; others by comparison
with each of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from keras import ops
from keras.backend.spec import shape_str
from keras.losses.reduction import apply_mask
from keras.losses.shapes import align_weights, match
from keras.ops.dispatch import dtype_of, shape_of

Tensor = Any

_NEVER = -1e10  # below every score: what is not among the top k


class Counts(NamedTuple):
    """Weighted counts, each of shape `(thresholds,)`, or `(thresholds, labels)` when labels are kept apart."""

    true_positives: Tensor
    false_positives: Tensor
    true_negatives: Tensor
    false_negatives: Tensor


def settle_thresholds(thresholds: Any, default: float, who: str) -> list[float]:
    """A list of thresholds from None, a number or a sequence. Raises ValueError for values outside [0, 1]."""
    if thresholds is None:
        return [default]
    values = [float(t) for t in np.atleast_1d(np.asarray(thresholds, dtype=float)).ravel()]
    if not values or not all(0 <= t <= 1 for t in values):
        raise ValueError(f"{who}: thresholds must lie in [0, 1]. Received: thresholds={thresholds}")
    return values


def are_even(thresholds: list[float]) -> bool:
    """Whether there are at least three, equally spaced from 0 to 1."""
    n = len(thresholds)
    return n >= 3 and bool(np.allclose(thresholds, np.arange(n) / (n - 1), atol=1e-7))


def select(y_true: Any, y_pred: Any, class_id: int | None, top_k: int | None, dtype: str, who: str) -> Any:
    """Targets and predictions of equal shape; those of one class only; all but the `top_k` below any threshold."""
    y_true, y_pred = match(y_true, ops.cast(ops.convert_to_tensor(y_pred), dtype), who)
    if top_k is not None:
        y_pred = ops.where(_among_top(y_pred, top_k), y_pred, _NEVER)
    if class_id is not None:
        shape = shape_of(y_pred)
        if len(shape) < 2:
            raise ValueError(
                f"{who}: class_id={class_id} needs predictions of shape (samples, classes). Received: {shape_str(shape)}"
            )
        classes = shape[-1]
        if isinstance(classes, int) and not 0 <= class_id < classes:
            raise ValueError(
                f"{who}: class_id={class_id} is outside the {classes} classes of the predictions"
            )
        y_true, y_pred = y_true[..., class_id], y_pred[..., class_id]
    return y_true, y_pred


def _among_top(y_pred: Tensor, k: int) -> Tensor:
    """True at the `k` largest of the last axis; the first ones win ties."""
    classes = shape_of(y_pred)[-1]
    indices = ops.top_k(y_pred, k, sorted=False)[1]
    return ops.greater(ops.sum(ops.one_hot(indices, classes), axis=-2), 0)


def count(
    y_true: Tensor,
    y_pred: Tensor,
    thresholds: list[float],
    sample_weight: Any = None,
    mask: Tensor | None = None,
    even: bool = False,
    per_label: bool = False,
    label_weights: Tensor | None = None,
    who: str = "metric",
) -> Counts:
    """Count right and wrong yes/no decisions at every threshold.

    Args:
        y_true: labels 0 or 1, any shape.
        y_pred: scores, same shape and dtype; a decision is "yes" above the threshold.
        thresholds: ascending.
        sample_weight: weights aligned from the batch axis on, or None.
        mask: bool, aligned likewise, or None.
        even: whether the thresholds are `i / (n - 1)`, so that a histogram will do.
        per_label: whether the last axis is kept apart.
        label_weights: one weight per entry of the last axis, or None.
        who: name of the metric, for messages.

    Returns:
        The counts, in the dtype of `y_pred`.
    """
    dtype = dtype_of(y_pred)
    weights = ops.ones_like(y_pred)
    if sample_weight is not None:
        sample_weight = ops.cast(ops.convert_to_tensor(sample_weight), dtype)
    sample_weight = apply_mask(sample_weight, mask, dtype, "sum")
    if sample_weight is not None:
        weights = weights * align_weights(sample_weight, y_pred, who)
    if label_weights is not None:
        weights = weights * ops.cast(label_weights, dtype)
    labels = shape_of(y_pred)[-1] if per_label else 1
    if not even:
        y_true = ops.cast(ops.not_equal(y_true, 0), dtype)
    positive, negative, score = (
        ops.transpose(ops.reshape(x, (-1, labels)))
        for x in (y_true * weights, (1.0 - y_true) * weights, y_pred)
    )
    above = _above_even if even else _above_any
    true_positives = above(score, positive, thresholds)
    false_positives = above(score, negative, thresholds)
    counts = (
        true_positives,
        false_positives,
        ops.sum(negative, axis=1, keepdims=True) - false_positives,
        ops.sum(positive, axis=1, keepdims=True) - true_positives,
    )
    return Counts(*(ops.transpose(c) if per_label else c[0] for c in counts))


def _above_even(score: Tensor, weight: Tensor, thresholds: list[float]) -> Tensor:
    """`(labels, thresholds)`: the weight of scores above each threshold, through a histogram over all labels."""
    n = len(thresholds)
    labels = shape_of(score)[0]
    score = ops.where(ops.isnan(score), 0.0, score)  # a diverged model must not end in an index error here
    bucket = ops.cast(ops.clip(ops.ceil(score * (n - 1.0)) - 1.0, 0.0, n - 1.0), "int32")
    offset = ops.expand_dims(ops.arange(labels, dtype="int32") * n, 1)
    segments = ops.reshape(bucket + offset, (-1,))
    histogram = ops.segment_sum(ops.reshape(weight, (-1,)), segments, num_segments=labels * n)
    return ops.flip(ops.cumsum(ops.flip(ops.reshape(histogram, (labels, n)), axis=1), axis=1), axis=1)


def _above_any(score: Tensor, weight: Tensor, thresholds: list[float]) -> Tensor:
    """`(labels, thresholds)`: the weight of scores above each threshold, by comparison."""
    levels = ops.reshape(ops.convert_to_tensor(thresholds, dtype=dtype_of(score)), (1, -1, 1))
    above = ops.cast(ops.greater(ops.expand_dims(score, 1), levels), dtype_of(score))
    return ops.squeeze(ops.matmul(above, ops.expand_dims(weight, -1)), -1)
