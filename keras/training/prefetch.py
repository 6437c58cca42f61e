"""Batches fetched ahead on a thread, while the engine computes; and how long training has waited for its data.

A thread is begun only where it can pay: when the first batches took a good part of the time. Until then, and for data
that is simply there, batches are fetched where they are used.
"""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections.abc import Generator, Iterator
from itertools import islice
from typing import Any

import numpy as np

from keras import tree
from keras.training.data import Batch, Stream

#: Batches that are measured before a thread is begun; the first is not, for the first step compiles.
PROBED = 6
#: Share of the time that goes into data from which a thread pays, and the seconds a batch must take for that.
SHARE, SECONDS = 0.1, 2e-4
#: Batches that wait to be used.
DEPTH = 2


class Prefetch:
    """The batches of a stream.

    Args:
        stream: gives them.

    >>> from keras.training.data import IterableSource
    >>> waiting = Prefetch(Stream(IterableSource([[[1.0]], [[2.0]]])))
    >>> [x.tolist() for x, _, _ in waiting.epoch()]
    [[1.0], [2.0]]
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._on_thread = False
        self.waited = 0.0  # seconds in which nothing was computed for want of data
        self.total = 0.0  # seconds of all epochs

    def epoch(self) -> Iterator[Batch]:
        """The batches of the next epoch."""
        batches, began, before = self._stream.epoch(), time.perf_counter(), self.total
        try:
            used = 0 if self._on_thread else (yield from self._probed(batches))
            if self._on_thread:
                yield from self._ahead(batches, used)
            yield from self._timed(batches)
        finally:
            batches.close()  # type: ignore[attr-defined]
            self.total = before + time.perf_counter() - began

    def report(self) -> str:
        """One line on where the time went."""
        where = ", fetched ahead on a thread" if self._on_thread else ""
        return f"{self.share:.0%} of {self.total:.2f} s were spent waiting for data{where}"

    @property
    def share(self) -> float:
        """The part of the time that was spent waiting."""
        return self.waited / self.total if self.total else 0.0

    def _timed(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        while True:
            start = time.perf_counter()
            batch = next(batches, None)
            self.waited += time.perf_counter() - start
            if batch is None:
                return
            yield batch

    def _probed(self, batches: Iterator[Batch]) -> Generator[Batch, None, int]:
        """The first batches, fetched in turn with the steps; then it is known whether a thread pays. Returns how many."""
        timed = self._timed(batches)
        yield from islice(timed, 1)
        start, before, count = time.perf_counter(), self.waited, 0
        for batch in islice(timed, PROBED):
            count += 1
            yield batch
        data = self.waited - before
        if count == PROBED:
            self._on_thread = data > SHARE * (time.perf_counter() - start) and data > SECONDS * count
        return 1 + count

    def _ahead(self, batches: Iterator[Batch], used: int) -> Iterator[Batch]:
        """What is left of an epoch after `used` batches, from a thread that is some batches ahead.

        The end of an epoch, of which datasets are told, is left to the reader where the length is known.
        """
        ready: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(DEPTH)
        stop = threading.Event()
        length = self._stream.length

        def fetch() -> None:
            error = None
            try:
                for batch in batches if length is None else islice(batches, max(length - used, 0)):
                    if stop.is_set():
                        return
                    ready.put((_copied(batch), None))
            except BaseException as e:  # raised again where the batch is asked for
                error = e
            ready.put((None, error))

        thread = threading.Thread(
            target=contextvars.copy_context().run, args=(fetch,), name="keras-data", daemon=True
        )
        thread.start()
        try:
            while True:
                start = time.perf_counter()
                batch, error = ready.get()
                self.waited += time.perf_counter() - start
                if error is not None:
                    raise error
                if batch is None:
                    return
                yield batch
        finally:
            stop.set()
            while thread.is_alive():
                _emptied(ready)
                thread.join(0.01)


def _copied(batch: Batch) -> Batch:
    """A dataset may fill its arrays anew for the next batch."""
    return tree.map_structure(lambda x: x.copy() if isinstance(x, np.ndarray) else x, batch)


def _emptied(ready: queue.Queue[Any]) -> None:
    while True:
        try:
            ready.get_nowait()
        except queue.Empty:
            return
