"""Epochs over arrays in memory, many steps in one call of the engine.

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
from keras.training.data import ArraySource, Batch, Stream
from keras.training.pace import Pace
from keras.training.prefetch import Prefetch
from keras.training.runners import Piece, Runner, StepRunner
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
        self._picks = current().picks_rows and _bytes_of(source) * source.num_batches <= KEPT_BYTES
        self._kept: dict[int, Any] = {}

    def epoch(self) -> Iterator[Piece]:
        """The pieces of the next epoch; each must be run before the next is asked for."""
        rows = self._stream.epoch(rows=True)
        first, following = 0, next(rows, None)
        try:
            while following is not None:
                taken: list[Rows] = []
                length = self._pinned or min(self._pace.length, self._most)
                while (
                    following is not None
                    and len(taken) < length
                    and (self._pinned or _alike(taken, following))
                ):
                    taken.append(following)
                    # The stream is not asked for more than is run: it tells the end of the data when it is asked.
                    following = next(rows, None) if len(taken) < length else None
                yield Piece(first, first + len(taken) - 1, partial(self._run, taken), self._each)
                first += len(taken)
                following = following if following is not None else next(rows, None)
        finally:
            rows.close()  # type: ignore[attr-defined]

    def report(self, verbose: bool) -> None:
        """Nothing: the data is there."""

    def _run(self, taken: Sequence[Rows]) -> Sequence[Any]:
        results: Sequence[Any] = []
        start = time.perf_counter()
        for part in _of_equal_size(taken):
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
        numbers = np.stack([np.arange(r.start, r.stop) if isinstance(r, slice) else r for r in part])
        return self._step.many(whole, ahead=ahead, picked=Picked(numbers.astype(np.int32), self._kept))


def _of_equal_size(taken: Sequence[Rows]) -> Iterator[Sequence[Rows]]:
    """A chunk cut where the batches become smaller."""
    start = 0
    for i in range(1, len(taken) + 1):
        if i == len(taken) or _size(taken[i]) != _size(taken[start]):
            yield taken[start:i]
            start = i


def _alike(taken: Sequence[Rows], following: Rows) -> bool:
    return not taken or _size(taken[-1]) == _size(following)


def _size(rows: Rows) -> int:
    return rows.stop - rows.start if isinstance(rows, slice) else len(rows)


def _bytes_of(source: ArraySource) -> int:
    """Bytes in a batch."""
    arrays = [x for x in tree.flatten((source.x, source.y, source.sample_weight)) if x is not None]
    return sum(x.nbytes // max(1, len(x)) for x in arrays) * source.batch_size


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
    if not isinstance(source, ArraySource) or not isinstance(step, Compiled):
        return StepRunner(step, stream if model.run_eagerly else Prefetch(stream), per_piece, reweigh)
    pinned = per_piece if per_piece > 1 else None
    acting = [] if pinned else callbacks.acting(stage)
    if acting:
        pinned = 1
        _tell(model, stage, acting, callbacks)
    pace = model._memory.pace(step)
    return ChunkRunner(step, source, stream, pace, pinned, callbacks.wants_batches(stage), planned)


def _tell(model: Any, stage: str, acting: Sequence[Any], callbacks: CallbackList) -> None:
    """Say once that callbacks cost speed, and how to spare it."""
    names = ", ".join(dict.fromkeys(type(c).__name__ for c in acting))
    if callbacks.params.get("verbose") and model._memory.first_time(("acting", stage, names)):
        write_line(
            f"Running step by step, for {names} may act between batches. If it only looks at the logs of batches, say "
            "so with the attribute `acts_between_batches = False`, and many steps run in one call."
        )
