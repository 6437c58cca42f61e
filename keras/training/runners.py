"""How the steps of an epoch are run: one by one, or many in one call; the loop only sees pieces of an epoch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

from keras.training.data import Batch
from keras.training.prefetch import Prefetch
from keras.utils import pack_x_y_sample_weight
from keras.utils.progress import write_line

#: From this part of the time, and this long, waiting for data is mentioned to the user.
TOLD_SHARE, TOLD_SECONDS = 0.3, 2.0

_logger = logging.getLogger("keras")


class Batches(Protocol):
    """What gives the batches of an epoch: a `Stream`."""

    def epoch(self) -> Iterator[Batch]: ...


class Piece(NamedTuple):
    """Some steps of an epoch: the numbers of the first and the last, and what runs them and returns the logs of each.

    With `each`, callbacks hear of every step; else of the piece as if it were one, that ends with the step `heard`: as in Keras
    the one it would end with if the data had not been at its end.
    """

    first: int
    last: int
    heard: int
    run: Callable[[], Sequence[Any]]
    each: bool = False


class Runner(Protocol):
    """What runs epochs."""

    def epoch(self) -> Iterator[Piece]: ...

    def report(self, verbose: bool) -> None: ...


class StepRunner:
    """Runs an epoch step by step, `per_piece` steps between two calls of the callbacks.

    Args:
        step: from a packed batch to logs.
        stream: gives the batches.
        per_piece: `steps_per_execution`.
        reweigh: from a batch to one with other sample weights; or None.
    """

    def __init__(
        self,
        step: Callable[[Any], Any],
        stream: Batches,
        per_piece: int = 1,
        reweigh: Callable[[Batch], Batch] | None = None,
    ) -> None:
        self._step = step
        self._stream = stream
        self._per_piece = per_piece
        self._reweigh = reweigh

    def epoch(self) -> Iterator[Piece]:
        """The pieces of the next epoch; each must be run before the next is asked for."""
        first, batches = 0, self._stream.epoch()
        try:
            while taken := _some(batches, self._per_piece):
                heard = first + self._per_piece - 1
                yield Piece(first, first + len(taken) - 1, heard, partial(self._run, taken))
                first += len(taken)
        finally:
            batches.close()  # type: ignore[attr-defined]

    def report(self, verbose: bool) -> None:
        """Tell how much of the time went into waiting for data."""
        if isinstance(self._stream, Prefetch):
            report_waiting(self._stream, verbose)

    def _run(self, batches: list[Batch]) -> list[Any]:
        """The results of all steps."""
        return [
            self._step(pack_x_y_sample_weight(*(self._reweigh(b) if self._reweigh else b))) for b in batches
        ]


def _some(batches: Iterator[Batch], count: int) -> list[Batch]:
    taken: list[Batch] = []
    while len(taken) < count and (batch := next(batches, None)) is not None:
        taken.append(batch)
    return taken


def report_waiting(data: Prefetch, verbose: bool) -> None:
    """Tell how much of the time went into waiting for data: the log always, the user if it is worth knowing."""
    if not data.total:
        return
    _logger.info(data.report())
    if verbose and data.share > TOLD_SHARE and data.waited > TOLD_SECONDS:
        write_line(f"{data.report()}: more workers, or arrays in memory, would make training faster.")
