"""Connectionist temporal classification: label sequences without alignment."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.losses.loss import LossFunctionWrapper
from keras.ops.dispatch import as_float, ndim_of, shape_of

Tensor = Any

_BLANK = 0
_NEVER = -1e30  # stands for log 0, and has gradients that are numbers


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
    lengths = ops.sum(ops.cast(ops.not_equal(y_true, _BLANK), "int32"), axis=1, keepdims=True)
    # A path visits blank, label 1, blank, label 2, ..., blank; it may leave out a blank between different labels.
    path = ops.pad(ops.expand_dims(y_true, -1), ((0, 0), (0, 0), (1, 0)), constant_values=_BLANK)
    path = ops.pad(ops.reshape(path, (-1, 2 * shape_of(y_true)[1])), ((0, 0), (0, 1)), constant_values=_BLANK)
    may_skip = ops.logical_and(ops.not_equal(path, _BLANK), ops.not_equal(path, _shifted(path, 2, _BLANK)))
    emitted = ops.take_along_axis(ops.log_softmax(y_pred), ops.expand_dims(path, 1), axis=2)
    reached = _log_probability_of_states(ops.transpose(emitted, (1, 0, 2)), may_skip)
    last_blank = ops.take_along_axis(reached, 2 * lengths, axis=1)
    last_label = ops.take_along_axis(reached, ops.maximum(2 * lengths - 1, 0), axis=1)
    last_label = ops.where(ops.greater(lengths, 0), last_label, _NEVER)
    return -ops.squeeze(ops.logaddexp(last_blank, last_label), -1)


def _log_probability_of_states(emitted: Tensor, may_skip: Tensor) -> Tensor:
    """Of being in each state of the path after the last step: the forward algorithm, on logarithms.

    Args:
        emitted: log probabilities of the states' labels, shape `(time, batch, states)`.
        may_skip: which states can be entered from the one before the previous, shape `(batch, states)`.
    """

    def step(reached: Tensor, now: Tensor) -> tuple[Tensor, None]:
        entered = ops.logaddexp(reached, _shifted(reached, 1, _NEVER))
        entered = ops.logaddexp(entered, ops.where(may_skip, _shifted(reached, 2, _NEVER), _NEVER))
        reached = ops.maximum(entered + now, _NEVER)
        return reached, None

    start = ops.less(ops.arange(shape_of(emitted)[2]), 2)
    reached, _ = ops.scan(step, ops.where(start, emitted[0], _NEVER), emitted[1:])
    return reached


def _shifted(x: Tensor, by: int, fill: float) -> Tensor:
    """The columns moved to the right."""
    return ops.pad(x, ((0, 0), (by, 0)), constant_values=fill)[:, : shape_of(x)[1]]


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
