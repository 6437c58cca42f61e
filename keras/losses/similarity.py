"""The circle loss: embeddings of one class are pulled together, those of different classes pushed apart."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.backend.masks import set_mask
from keras.losses.loss import LossFunctionWrapper
from keras.ops.dispatch import as_float, composed, shape_of

Tensor = Any

_NEVER = -1e30  # stands for log 0: exp of it is 0, and its gradient is 0 rather than NaN


@composed("losses_circle")
def circle(
    y_true: Tensor,
    y_pred: Tensor,
    ref_labels: Tensor | None = None,
    ref_embeddings: Tensor | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Tensor:
    """`softplus(logsumexp(positive pairs) + logsumexp(negative pairs))` of weighted cosine similarities, per sample.

    Args:
        y_true: class numbers, shape `(batch,)` or `(batch, 1)`.
        y_pred: L2-normalised embeddings, shape `(batch, d)`.
        ref_labels: class numbers of the references; those of the batch if None.
        ref_embeddings: embeddings to compare with; those of the batch if None.
        remove_diagonal: whether the references are the batch itself, so that a sample is not its own positive.
        gamma: scale.
        margin: how far similarities may stay from their ideal.

    Returns:
        Shape `(batch,)`; samples without a positive or negative partner are masked.

    >>> circle([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).shape
    (3,)
    """
    y_pred = as_float(y_pred)
    labels = ops.reshape(ops.cast(ops.convert_to_tensor(y_true), "int32"), (-1, 1))
    ref_embeddings = y_pred if ref_embeddings is None else as_float(ref_embeddings)
    ref_labels = labels if ref_labels is None else ops.cast(ops.convert_to_tensor(ref_labels), "int32")
    positive, negative = _pairs(labels, ops.reshape(ref_labels, (1, -1)), remove_diagonal)

    similarity = ops.matmul(y_pred, ops.transpose(ref_embeddings))
    positive_weight = ops.maximum(1.0 + margin - similarity, 0.0)
    negative_weight = ops.maximum(similarity + margin, 0.0)
    p_loss = _masked_logsumexp(-gamma * positive_weight * (similarity - (1.0 - margin)), positive)
    n_loss = _masked_logsumexp(gamma * negative_weight * (similarity - margin), negative)
    values = ops.softplus(p_loss + n_loss)
    set_mask(values, values > 0)
    return values


def _pairs(labels: Tensor, ref_labels: Tensor, remove_diagonal: bool) -> tuple[Tensor, Tensor]:
    """Which references are of the sample's class, and which are not: two bool tensors `(batch, references)`."""
    same = ops.equal(labels, ref_labels)
    different = ops.logical_not(same)
    if remove_diagonal:
        rows, columns = shape_of(same)
        same = ops.logical_and(same, ops.logical_not(ops.eye(rows, columns, dtype="bool")))
    return same, different


def _masked_logsumexp(x: Tensor, mask: Tensor) -> Tensor:
    return ops.logsumexp(ops.where(mask, x, _NEVER), axis=1)


class Circle(LossFunctionWrapper):
    """Metric learning on L2-normalised embeddings and integer labels.

    Args:
        gamma: scale.
        margin: how far similarities may stay from their ideal.
        remove_diagonal: whether a sample is kept from being its own positive.
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(Circle()([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])) >= 0
    True
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str = "sum_over_batch_size",
        name: str = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            circle,
            reduction=reduction,
            name=name,
            dtype=dtype,
            gamma=gamma,
            margin=margin,
            remove_diagonal=remove_diagonal,
        )
