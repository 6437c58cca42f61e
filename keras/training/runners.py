"""How the steps of an epoch are run: one by one, or many in one call; the loop only sees pieces of an epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from keras.training.data import Batch
from keras.utils import pack_x_y_sample_weight


class Batches(Protocol):
    """What gives the batches of an epoch: a `Stream`."""

    def epoch(self) -> Iterator[Batch]: ...


class Piece(NamedTuple):
    """Some steps of an epoch: the numbers of the first and the last, and what runs them and returns the logs of each.

    With `each`, callbacks hear of every step; else of the piece as if it were one.
    """

    first: int
    last: int
    run: Callable[[], Sequence[Any]]
    each: bool = False


class Runner(Protocol):
    """What runs epochs."""

    def epoch(self) -> Iterator[Piece]: ...


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
                yield Piece(first, first + len(taken) - 1, lambda taken=taken: self._run(taken))  # type: ignore[misc]
                first += len(taken)
        finally:
            batches.close()  # type: ignore[attr-defined]

    def _run(self, batches: list[Batch]) -> list[Any]:
        logs = None
        for batch in batches:
            logs = self._step(pack_x_y_sample_weight(*(self._reweigh(batch) if self._reweigh else batch)))
        return [logs]


def _some(batches: Iterator[Batch], count: int) -> list[Batch]:
    taken: list[Batch] = []
    while len(taken) < count and (batch := next(batches, None)) is not None:
        taken.append(batch)
    return taken
