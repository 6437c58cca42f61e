"""Connectionist temporal classification: label sequences without alignment."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.losses.loss import LossFunctionWrapper
from keras.ops.dispatch import as_float, composed, ndim_of, shape_of

Tensor = Any


@composed("losses_ctc")
def ctc(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """`-log P(label sequence | logits)`, summed over all alignments; class 0 is the blank and the padding of labels.

    Args:
        y_true: class numbers padded with 0, shape `(batch, max label length)`.
        y_pred: logits, shape `(batch, time, classes)`.

    Returns:
        Shape `(batch,)`.

    Raises:
        ValueError: the ranks are not 2 and 3.

    >>> ctc([[1, 2]], [[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]]).shape
    (1,)
    """
    y_pred = as_float(y_pred)
    y_true = ops.cast(ops.convert_to_tensor(y_true), "int32")
    if ndim_of(y_true) != 2 or ndim_of(y_pred) != 3:
        raise ValueError(
            "ctc: expected targets of shape (batch, label length) and logits of shape (batch, time, classes). "
            f"Received: ranks {ndim_of(y_true)} and {ndim_of(y_pred)}"
        )
    lengths = ops.sum(ops.cast(ops.not_equal(y_true, 0), "int32"), axis=1)
    batch, frames, _ = shape_of(y_pred)
    return ops.ctc_loss(y_true, y_pred, lengths, ops.full((batch,), frames, "int32"))


class CTC(LossFunctionWrapper):
    """Negative log-likelihood of a label sequence, summed over all its alignments with the time steps.

    Args:
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.

    >>> float(CTC()([[1, 2]], [[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])) > 0
    True
    """

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "ctc", dtype: Any = None) -> None:
        super().__init__(ctc, reduction=reduction, name=name, dtype=dtype)
