"""Connectionist temporal classification (Graves et al., 2006) on probabilities, the last class being "no label"."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from keras import config, ops
from keras.backend.state import to_host
from keras.classic.checked import checked
from keras.classic.symbolic import recorded
from keras.ops.dispatch import as_float, shape_of
from keras.ops.settling import as_index, check_rank

Tensor = Any


class SparseLabels(NamedTuple):
    """The elements of a matrix of labels that are there: their places, themselves, and the matrix's shape."""

    indices: np.ndarray
    values: np.ndarray
    dense_shape: np.ndarray


@checked
def ctc_label_dense_to_sparse(labels: Any, label_lengths: Any) -> SparseLabels:
    """The labels that belong to the sequences, without what stands after their ends.

    Args:
        labels: ints `[batch, most labels]`, with values (how many there are depends on them).
        label_lengths: ints `[batch]`.

    Returns:
        `(indices [n, 2], values [n], dense_shape [2])`, arrays, in row-major order.

    >>> ctc_label_dense_to_sparse([[1, 2], [3, 0]], [2, 1]).values.tolist()
    [1, 2, 3]
    """
    who = "ctc_label_dense_to_sparse"
    dense, lengths = (
        as_index(x, who, name) for x, name in ((labels, "labels"), (label_lengths, "label_lengths"))
    )
    check_rank(dense, 2, who, "labels")
    dense, lengths = to_host(dense), to_host(lengths).reshape(-1, 1)
    if len(lengths) != len(dense):
        raise ValueError(
            f"{who}: `label_lengths` must be as many as there are rows of `labels`, {len(dense)}. Received: {len(lengths)}"
        )
    indices = np.argwhere(np.arange(dense.shape[1]) < lengths)
    return SparseLabels(indices, dense[tuple(indices.T)], np.array(dense.shape))


@checked
@recorded
def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Tensor:
    """-log of the probability of the labels, summed over all alignments with the frames.

    Args:
        y_true: int labels `[batch, most labels]`.
        y_pred: probabilities `[batch, frames, classes]`; the last class is "no label".
        input_length: number of frames `[batch, 1]`.
        label_length: number of labels `[batch, 1]`.

    Returns:
        `[batch, 1]`.

    >>> cost = ctc_batch_cost([[0]], [[[0.5, 0.5]]], [[1]], [[1]])
    >>> round(float(cost[0, 0]), 4)
    0.6931
    """
    logits = _log(y_pred, "ctc_batch_cost")
    labels = ops.cast(y_true, "int32")
    check_rank(labels, 2, "ctc_batch_cost", "y_true")
    cost = ops.ctc_loss(
        labels, logits, _column(label_length), _column(input_length), shape_of(logits)[-1] - 1
    )
    return ops.expand_dims(cost, 1)


@checked
@recorded
def ctc_decode(
    y_pred: Any,
    input_length: Any,
    greedy: bool = True,
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = False,
) -> tuple[list[Tensor], Tensor]:
    """The labels that the probabilities say are likely.

    Args:
        y_pred: probabilities `[batch, frames, classes]`; the last class is "no label".
        input_length: number of frames `[batch]`.
        greedy: the best class of each frame; otherwise the best sequences over all alignments, by beam search.
        beam_width: how many sequences the beam search keeps.
        top_paths: how many it returns.
        merge_repeated: beam search: whether equal neighbours in a path become one label, which also loses those that
            "no label" keeps apart; tf-keras always does this, Keras 2.3 only when asked.

    Returns:
        A list of int labels `[batch, frames]`, -1 after the end of a sequence (one tensor, or with beam search one per
        path); and for greedy the negative sum of the best log-probabilities `[batch, 1]`, for beam search the
        log-probabilities of the paths `[batch, top_paths]`.

    >>> labels, scores = ctc_decode([[[0.9, 0.1], [0.9, 0.1], [0.2, 0.8]]], [3])
    >>> labels[0].tolist()
    [[0, -1, -1]]
    """
    logits = _log(y_pred, "ctc_decode")
    lengths = _column(input_length)
    blank = shape_of(logits)[-1] - 1
    if greedy:
        labels, scores = ops.ctc_decode(logits, lengths, "greedy", mask_index=blank)
        return [ops.get_item(labels, 0)], scores
    labels, scores = ops.ctc_decode(logits, lengths, "beam_search", beam_width, top_paths, mask_index=blank)
    paths = [ops.get_item(labels, i) for i in range(top_paths)]
    return [_merged(p) for p in paths] if merge_repeated else paths, scores


def _merged(labels: Tensor) -> Tensor:
    """Labels `[batch, frames]` without those equal to the one before."""
    before = ops.pad(ops.get_item(labels, (slice(None), slice(-1))), [(0, 0), (1, 0)], constant_values=-1)
    keep = ops.not_equal(labels, before)
    order = ops.argsort(ops.cast(ops.logical_not(keep), "int32"), 1)
    return ops.take_along_axis(ops.where(keep, labels, -1), order, 1)


def _column(lengths: Any) -> Tensor:
    return ops.reshape(ops.cast(lengths, "int32"), (-1,))


def _log(y_pred: Any, who: str) -> Tensor:
    y_pred = as_float(y_pred)
    check_rank(y_pred, 3, who, "y_pred")
    return ops.log(ops.add(y_pred, config.epsilon()))
