"""Connectionist temporal classification (Graves et al., 2006): loss of, and decoding of, unaligned label sequences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from keras.backend.select import current
from keras.backend.spec import is_unknown
from keras.ops import kernels
from keras.ops.dispatch import as_float, axis_of, cast, dtype_of, op, shape_of
from keras.ops.settling import as_index, check_rank, kept, scalar, slice_axis

Tensor = Any

#: The logarithm of an impossible event: finite, so that gradients are, too.
_NEVER = -1e30


@op
def ctc_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> Tensor:
    """-log of the probability of the labels, summed over all alignments with the frames.

    Args:
        target: integer labels `[batch, labels]`; those beyond `target_length` do not matter.
        output: logits `[batch, frames, classes]`.
        target_length: `[batch]`.
        output_length: `[batch]`.
        mask_index: the class that stands for "no label".

    Returns:
        `[batch]`, at least float32; infinity where the labels do not fit into the frames (its gradient is 0).

    >>> loss = ctc_loss([[1]], [[[0.0, 0.0]]], [1], [1])
    >>> round(float(loss[0]), 4)
    0.6931
    """
    e = current()
    labels, logits = as_index(target, "ctc_loss", "target", floats=True), _logits(output)
    check_rank(labels, 2, "ctc_loss", "target")
    check_rank(logits, 3, "ctc_loss", "output")
    of_target, of_output = (
        cast(as_index(v, "ctc_loss", name, floats=True), "int32")
        for name, v in (("target_length", target_length), ("output_length", output_length))
    )
    batch, frames, classes = shape_of(logits)
    blank = axis_of(mask_index, classes, "ctc_loss", "mask_index") if not is_unknown(classes) else mask_index
    labels = e.maximum(cast(labels, "int32"), e.full((), 0, "int32"))  # what follows the labels may be -1
    states, skips = _states(labels, blank)
    n = shape_of(states)[1]
    log_p = kernels.log_softmax(logits, 2)
    index = e.broadcast_to(e.reshape(states, (shape_of(states)[0], 1, n)), (batch, frames, n))
    steps = e.transpose(e.take_along(log_p, index, 2), (1, 0, 2))  # [frames, batch, states]
    alpha = _paths(steps, skips, of_output)
    last = e.mul(of_target, scalar(2, of_target))  # the blank after the last label, and that label
    ends = e.reshape(last, (shape_of(last)[0], 1))
    place = e.iota(n, "int32")
    final = e.logical_or(e.equal(place, ends), e.equal(place, e.sub(ends, scalar(1, ends))))
    total = kernels.logsumexp(e.select(final, alpha, scalar(_NEVER, alpha)), (1,))
    return e.select(e.less(total, scalar(_NEVER / 2, total)), scalar(math.inf, total), e.neg(total))


def _logits(x: Any) -> Tensor:
    """Floats wide enough for sums of logarithms."""
    x = as_float(x)
    return cast(x, "float32") if dtype_of(x) in ("float16", "bfloat16") else x


def _states(labels: Tensor, blank: Any) -> tuple[Tensor, Tensor]:
    """Labels with blanks around each, `[batch, 2 labels + 1]`, and where a path may skip the blank before."""
    e = current()
    batch, count = shape_of(labels)
    blanks = e.full((batch, count, 1), blank, "int32")
    pairs = e.concat([blanks, e.reshape(labels, (batch, count, 1))], 2)
    states = e.concat([e.reshape(pairs, (batch, 2 * count)), e.full((batch, 1), blank, "int32")], 1)
    two_back = e.concat([e.full((batch, 2), blank, "int32"), slice_axis(states, 1, 0, 2 * count - 1)], 1)
    return states, e.logical_not(e.equal(states, two_back))


def _paths(steps: Tensor, skips: Tensor, lengths: Tensor) -> Tensor:
    """log of the sum over all paths to each state at the last frame of each sample."""
    e = current()
    frames, batch, n = shape_of(steps)
    never = scalar(_NEVER, steps)
    at_start = e.less(e.iota(n, "int32"), e.full((), 2, "int32"))
    first = e.reshape(slice_axis(steps, 0, 0, 1), (batch, n))
    alpha = e.select(at_start, first, never)
    column = e.reshape(lengths, (shape_of(lengths)[0], 1))

    def shifted(x: Tensor, by: int) -> Tensor:
        return e.concat([e.full((batch, by), _NEVER, dtype_of(x)), slice_axis(x, 1, 0, n - by)], 1)

    def step(carry: list[Tensor], rows: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        alpha, t = carry
        ways = _log_add(alpha, shifted(alpha, 1))
        ways = _log_add(ways, e.select(skips, shifted(alpha, 2), never))
        moved = e.add(ways, rows[0])
        running = e.less(t, column)
        return [e.select(running, moved, alpha), e.add(t, scalar(1, t))], []

    if not is_unknown(frames) and frames < 2:
        return alpha
    rest = slice_axis(steps, 0, 1, frames)
    (alpha, _), _ = e.scan(step, [alpha, e.full((), 1, "int32")], [rest], frames - 1, False)
    return alpha


def _log_add(a: Tensor, b: Tensor) -> Tensor:
    """log(e^a + e^b)."""
    e = current()
    gap = e.neg(e.abs(e.sub(a, b)))
    return e.add(e.maximum(a, b), e.log1p(e.exp(gap)))


@op
def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> tuple[Tensor, Tensor]:
    """The label sequences that logits say are likely.

    Args:
        inputs: logits `[batch, frames, classes]`.
        sequence_lengths: `[batch]`.
        strategy: `"greedy"`: the best class of each frame; `"beam_search"`: the best sequences, over all alignments.
        beam_width: how many sequences the beam search keeps.
        top_paths: how many it returns.
        merge_repeated: greedy: whether a class repeated in neighbouring frames is one label.
        mask_index: the class that stands for "no label"; None for the last one.

    Returns:
        int32 labels `[paths, batch, frames]`, -1 beyond the end of a sequence; and scores: for greedy the negative sum
        of the best logits `[batch, 1]`, for beam search the log-probabilities `[batch, paths]`.

    >>> labels, scores = ctc_decode([[[0.0, 2.0], [0.0, 2.0], [1.0, 0.0]]], [3])
    >>> labels.tolist(), scores.tolist()
    ([[[1, -1, -1]]], [[-5.0]])
    """
    x = _logits(inputs)
    check_rank(x, 3, "ctc_decode", "inputs")
    lengths = cast(as_index(sequence_lengths, "ctc_decode", "sequence_lengths", floats=True), "int32")
    classes = shape_of(x)[2]
    index = -1 if mask_index is None else mask_index
    blank = index if is_unknown(classes) else axis_of(index, classes, "ctc_decode", "mask_index")
    if strategy == "greedy":
        return _greedy(x, lengths, merge_repeated, blank)
    if strategy == "beam_search":
        return _beam_search(x, lengths, beam_width, top_paths, blank)
    raise ValueError(
        f'ctc_decode: `strategy` must be "greedy" or "beam_search". Received: strategy={strategy!r}'
    )


def _greedy(x: Tensor, lengths: Tensor, merge_repeated: bool, blank: Any) -> tuple[Tensor, Tensor]:
    e = current()
    batch, frames, _ = shape_of(x)
    best = e.argmax(x, 2)
    valid = e.less(e.iota(frames, "int32"), e.reshape(lengths, (shape_of(lengths)[0], 1)))
    top = e.select(valid, e.reduce_max(x, (2,)), scalar(0.0, x))
    scores = e.neg(kept(e.reduce_sum(top, (1,)), (1,), (batch, frames)))
    keep = e.logical_and(valid, e.logical_not(e.equal(best, scalar(blank, best))))
    if merge_repeated:
        before = e.concat([e.full((batch, 1), -1, "int32"), slice_axis(best, 1, 0, frames - 1)], 1)
        keep = e.logical_and(keep, e.logical_not(e.equal(best, before)))
    labels = e.select(keep, best, scalar(-1, best))
    order = e.argsort(cast(e.logical_not(keep), "int32"), 1)  # stable: what is kept comes first, in its order
    return e.reshape(e.take_along(labels, order, 1), (1, batch, frames)), scores


def _beam_search(x: Tensor, lengths: Tensor, width: int, paths: int, blank: Any) -> tuple[Tensor, Tensor]:
    """Prefix beam search, on the host: the sequences it compares grow as they will."""
    e = current()
    if not 1 <= paths <= width:
        raise ValueError(f"ctc_decode: `top_paths` must be 1 to `beam_width`. Received: {paths} and {width}")
    batch, frames, _ = shape_of(x)
    dtype = dtype_of(x)
    log_p = kernels.log_softmax(x, 2)

    def search(rows: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
        labels = np.full((paths, len(rows), rows.shape[1]), -1, "int32")
        scores = np.full((len(rows), paths), -np.inf, rows.dtype)
        for b, (row, n) in enumerate(zip(rows, counts, strict=True)):
            for i, (prefix, score) in enumerate(_prefixes(row[:n].astype("float64"), width, blank)[:paths]):
                labels[i, b, : len(prefix)] = prefix
                scores[b, i] = score
        return [labels, scores]

    specs = [((paths, batch, frames), "int32"), ((batch, paths), dtype)]
    labels, scores = e.host_call(search, specs, [log_p, lengths])
    return labels, scores


Beam = dict[tuple[int, ...], tuple[float, float]]


def _prefixes(log_p: np.ndarray, width: int, blank: int) -> list[tuple[tuple[int, ...], float]]:
    """The best label sequences of one sample with their log-probabilities, the best first."""
    beam: Beam = {(): (0.0, -math.inf)}  # of paths that end in a blank, and in the last label
    for frame in log_p:
        new: Beam = {}
        for prefix, (in_blank, in_label) in beam.items():
            total = float(np.logaddexp(in_blank, in_label))
            _extend(new, prefix, total + frame[blank], -math.inf)
            for c, value in enumerate(frame):
                if c == blank:
                    continue
                if prefix and prefix[-1] == c:  # the same label goes on, unless a blank came between
                    _extend(new, prefix, -math.inf, in_label + value)
                    _extend(new, (*prefix, c), -math.inf, in_blank + value)
                else:
                    _extend(new, (*prefix, c), -math.inf, total + value)
        ranked = sorted(new.items(), key=lambda item: -np.logaddexp(*item[1]))
        beam = dict(ranked[:width])
    return [(prefix, float(np.logaddexp(*ends))) for prefix, ends in beam.items()]


def _extend(beam: Beam, prefix: tuple[int, ...], in_blank: float, in_label: float) -> None:
    before = beam.get(prefix, (-math.inf, -math.inf))
    beam[prefix] = (float(np.logaddexp(before[0], in_blank)), float(np.logaddexp(before[1], in_label)))
