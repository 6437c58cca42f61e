"""Epochs as chunks, many steps in one call of the engine: over arrays in memory, and over batches that come one by one.

The engine runs a compiled step for every batch of a chunk and hands the logs of all of them back. Chunks are as long as
takes some tens of milliseconds, so that the progress bar, Ctrl-C and callbacks that look at the clock stay responsive.
The length changes no number: batches, their order and the compiled code are those of single steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from keras import tree
from keras.backend.select import current
from keras.backend.tracing import Compiled, Picked
from keras.callbacks import CallbackList
from keras.layers.tracking import remembering
from keras.training.data import ArraySource, Batch, Stream, joined
from keras.training.pace import CHUNK_SECONDS, FixedPace, Pace
from keras.training.prefetch import Prefetch
from keras.training.runners import Piece, Runner, StepRunner, report_waiting
from keras.training.sparse import SparseRows
from keras.utils import pack_x_y_sample_weight
from keras.utils.progress import write_line

Rows = slice | np.ndarray

#: Bytes of data in a chunk: its batches are copied together.
CHUNK_BYTES = 2**26
#: Bytes of data of which an engine may keep a copy of its own for the length of a run.
KEPT_BYTES = 2**29


class ChunkRunner:
    """Runs the epochs of an `ArraySource`; the counterpart of `StepRunner`.

    Args:
        step: the compiled step.
        source: the data.
        stream: of `source`.
        pace: says how long chunks are.
        pinned: the length of all chunks, if it is not to adapt; callbacks then hear of chunks.
        each: whether callbacks hear of every step of a chunk.
        planned: how many steps of full batches are to come in all epochs.
    """

    def __init__(
        self,
        step: Compiled,
        source: ArraySource,
        stream: Stream,
        pace: Pace,
        pinned: int | None = None,
        each: bool = False,
        planned: int = 0,
    ) -> None:
        self._step, self._source, self._stream = step, source, stream
        self._pace, self._pinned = pace, pinned
        self._each = each and pinned is None
        self._planned = planned
        self._most = max(1, CHUNK_BYTES // max(1, _bytes_of(source)))
        small = _bytes_of(source) * source.num_batches <= KEPT_BYTES
        self._picks = current().picks_rows and small and not _has_sparse(source)
        self._kept: dict[int, Any] = {}

    def epoch(self) -> Iterator[Piece]:
        """The pieces of the next epoch; each must be run before the next is asked for."""
        rows = self._stream.epoch(rows=True)
        first, following = 0, next(rows, None)
        try:
            while following is not None:
                taken: list[Rows] = []
                size = _size(following)
                length = self._pinned or min(self._pace.length, self._most)
                while (
                    following is not None
                    and len(taken) < length
                    and (self._pinned or _size(following) == size)
                ):
                    taken.append(following)
                    # The stream is not asked for more than is run: it tells the end of the data when it is asked.
                    following = next(rows, None) if len(taken) < length else None
                last = first + len(taken) - 1
                heard = first + self._pinned - 1 if self._pinned else last
                yield Piece(first, last, heard, partial(self._run, taken), self._each)
                first += len(taken)
                following = following if following is not None else next(rows, None)
        finally:
            rows.close()  # type: ignore[attr-defined]

    def report(self, verbose: bool) -> None:
        """Nothing: the data is there."""

    def _run(self, taken: Sequence[Rows]) -> Sequence[Any]:
        results: Sequence[Any] = []
        start = time.perf_counter()
        for part in _of_equal_size(taken) if self._pinned else [taken]:
            full = _size(part[0]) == self._source.batch_size
            self._planned -= len(part) if full else 0
            ahead = max(self._planned, 0) if full else 0
            with remembering():
                results = self._many(part, ahead)
        self._pace.took(len(taken), time.perf_counter() - start)
        return results

    def _many(self, part: Sequence[Rows], ahead: int) -> Sequence[Any]:
        source = self._source
        if not self._picks:
            return self._step.many(pack_x_y_sample_weight(*source.take_many(part)), ahead=ahead)
        whole = pack_x_y_sample_weight(source.x, source.y, source.sample_weight)
        picked = Picked(_numbers(part), self._kept)
        return self._step.many(whole, ahead=ahead, picked=picked)


class StreamRunner:
    """Runs epochs of batches that a dataset or generator gives; the counterpart of `ChunkRunner`.

    A chunk is made of batches that are alike and that come within the time it takes to train on them.

    Args:
        step: the compiled step.
        stream: gives the batches; how many is known.
        pace: says how long chunks are.
        each: whether callbacks hear of every step of a chunk.
        planned: how many steps are to come in all epochs.
        reweigh: from a batch to one with other sample weights; or None.
    """

    def __init__(
        self,
        step: Compiled,
        stream: Prefetch,
        pace: Pace,
        each: bool = False,
        planned: int = 0,
        reweigh: Callable[[Batch], Batch] | None = None,
    ) -> None:
        self._step, self._stream, self._pace, self._each = step, stream, pace, each
        self._planned, self._reweigh = planned, reweigh
        self._waiting: list[Any] = []  # a batch unlike those before it, or what was raised instead of a batch
        self._kinds: set[Any] = set()
        self.report = partial(report_waiting, stream)

    def epoch(self) -> Iterator[Piece]:
        """The pieces of the next epoch; each must be run before the next is asked for."""
        first, batches = 0, self._stream.epoch()
        try:
            while taken := self._some(batches):
                last = first + len(taken) - 1
                yield Piece(first, last, last, partial(self._run, taken), self._each)
                first += len(taken)
        finally:
            batches.close()  # type: ignore[attr-defined]

    def _some(self, batches: Iterator[Batch]) -> list[Any]:
        taken: list[Any] = []
        until = time.perf_counter() + CHUNK_SECONDS
        length = self._pace.length
        while len(taken) < length and (not taken or time.perf_counter() < until):
            batch = self._waiting.pop() if self._waiting else self._next(batches)
            if taken and (isinstance(batch, BaseException) or _kind(batch) != _kind(taken[0])):
                self._waiting.append(batch)
                break
            if isinstance(batch, BaseException):  # after the steps before it have run
                raise batch
            if batch is None:
                break
            if length > 1:  # a dataset may fill its arrays anew for the next batch
                batch = tree.map_structure(lambda x: x.copy() if isinstance(x, np.ndarray) else x, batch)
            if not taken:
                length = min(length, max(1, CHUNK_BYTES // max(1, _nbytes(batch))))
            taken.append(batch)
        return taken

    def _next(self, batches: Iterator[Batch]) -> Any:
        try:
            batch = next(batches, None)
        except BaseException as error:
            return error
        if batch is None:
            return None
        batch = pack_x_y_sample_weight(*(self._reweigh(batch) if self._reweigh else batch))
        engine = current()
        return tree.map_structure(lambda x: engine.to_numpy(x) if engine.is_tensor(x) else x, batch)

    def _run(self, taken: Sequence[Any]) -> Sequence[Any]:
        start = time.perf_counter()
        self._planned -= len(taken)
        self._kinds.add(_kind(taken[0]))
        stacked = tree.map_structure(lambda *xs: None if xs[0] is None else np.stack(xs), *taken)
        # Where batches come in several shapes, how many of each are to come is not known.
        ahead = max(self._planned, 0) if len(self._kinds) == 1 else 0
        with remembering():
            results = self._step.many(stacked, ahead=ahead)
        self._pace.took(len(taken), time.perf_counter() - start)
        return results


def _kind(batch: Any) -> Any:
    """What batches of one chunk have in common; nothing is like the end of the data."""
    if batch is None:
        return None
    leaves = tree.flatten(batch)
    return tree.signature(batch), tuple(None if x is None else (x.shape, x.dtype) for x in leaves)


def _of_equal_size(taken: Sequence[Rows]) -> Iterator[Sequence[Rows]]:
    """A chunk cut where the batches become smaller."""
    start = 0
    for i in range(1, len(taken) + 1):
        if i == len(taken) or _size(taken[i]) != _size(taken[start]):
            yield taken[start:i]
            start = i


def _numbers(parts: Sequence[Rows]) -> np.ndarray:
    """Of the rows of batches of equal size, a line for each."""
    rows = joined(parts)
    flat = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
    return flat.astype(np.int32).reshape(len(parts), -1)


def _size(rows: Rows) -> int:
    return rows.stop - rows.start if isinstance(rows, slice) else len(rows)


def _bytes_of(source: ArraySource) -> int:
    """Bytes in a batch."""
    return _nbytes((source.x, source.y, source.sample_weight)) * source.batch_size // max(1, source.samples)


def _has_sparse(source: ArraySource) -> bool:
    arrays = tree.flatten((source.x, source.y, source.sample_weight))
    return any(isinstance(x, SparseRows) for x in arrays)


def _nbytes(arrays: Any) -> int:
    return sum(x.nbytes for x in tree.flatten(arrays) if x is not None)


def make_runner(
    model: Any,
    stage: str,
    step: Any,
    stream: Stream,
    callbacks: CallbackList,
    planned: int = 0,
    reweigh: Callable[[Batch], Batch] | None = None,
) -> Runner:
    """What runs the epochs of a stream: in chunks where everything allows it.

    Args:
        model: the model.
        stage: `"train"` or `"test"`.
        step: what the model's `make_..._function` gave.
        stream: gives the batches.
        callbacks: may want to act after each step.
        planned: how many steps of full batches are to come in all epochs.
        reweigh: from a batch to one with other sample weights; or None.
    """
    source, per_piece = stream.source, model.steps_per_execution
    in_memory = isinstance(source, ArraySource)
    if not isinstance(step, Compiled) or (not in_memory and (per_piece > 1 or stream.length is None)):
        return StepRunner(step, stream if model.run_eagerly else Prefetch(stream), per_piece, reweigh)
    pinned = per_piece if per_piece > 1 else None
    acting = [] if pinned else callbacks.acting(stage)
    if acting:
        pinned = 1
        _tell(model, stage, acting, callbacks)
    pace, each = model._memory.pace(step), callbacks.wants_batches(stage)
    if isinstance(source, ArraySource):
        return ChunkRunner(step, source, stream, pace, pinned, each, planned)
    return StreamRunner(step, Prefetch(stream), FixedPace(1) if pinned else pace, each, planned, reweigh)


def _tell(model: Any, stage: str, acting: Sequence[Any], callbacks: CallbackList) -> None:
    """Say once that callbacks cost speed, and how to spare it."""
    names = ", ".join(dict.fromkeys(type(c).__name__ for c in acting))
    if callbacks.params.get("verbose") and model._memory.first_time(("acting", stage, names)):
        write_line(
            f"Running step by step, for {names} may act between batches. If it only looks at the logs of batches, say "
            "so with the attribute `acts_between_batches = False`, and many steps run in one call."
        )
