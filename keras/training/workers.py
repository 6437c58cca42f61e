"""Batches of a `PyDataset` computed ahead by threads or processes, and handed out in order."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import count as count_up
from typing import Any

from keras.errors import add_context
from keras.utils import PyDataset

_dataset: Any = None  # in a worker process: its copy


class IndexedBatches:
    """Runs over the indices of a dataset, `max_queue_size` batches ahead of the reader.

    Args:
        dataset: says how many workers of which kind it wants.

    >>> class Squares(PyDataset):
    ...     def __getitem__(self, index):
    ...         return index ** 2
    >>> list(IndexedBatches(Squares(workers=2)).run(4))
    [0, 1, 4, 9]
    """

    def __init__(self, dataset: PyDataset) -> None:
        self._dataset = dataset
        self._executor: Executor | None = None

    def run(self, count: int | None, order: list[int] | None = None) -> Iterator[Any]:
        """The batches of one pass.

        Args:
            count: how many; None for no end.
            order: the indices, if not 0, 1, 2, ...
        """
        indices: Iterator[int] = iter(
            order if order is not None else count_up() if count is None else range(count)
        )
        if self._dataset.workers <= 1 and not self._dataset.use_multiprocessing:
            return (_item(self._dataset, i) for i in indices)
        return self._ahead(indices)

    def close(self) -> None:
        """End the workers; what they have begun is not waited for."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def _ahead(self, indices: Iterator[int]) -> Iterator[Any]:
        self._start()
        waiting: deque[tuple[int, Future[Any]]] = deque()
        size = max(self._dataset.max_queue_size, 1)
        try:
            while True:
                while len(waiting) < size and (index := next(indices, None)) is not None:
                    waiting.append((index, self._submit(index)))
                if not waiting:
                    return
                yield self._result(*waiting.popleft())
        finally:
            for _, future in waiting:
                future.cancel()

    def _start(self) -> None:
        if self._executor is not None and not self._changes_between_passes():
            return
        self.close()
        workers = max(self._dataset.workers, 1)
        if not self._dataset.use_multiprocessing:
            self._executor = ThreadPoolExecutor(workers, thread_name_prefix="keras-data")
            return
        # Forking a process whose engine runs threads hangs sooner or later: workers are spawned, with a copy.
        self._executor = ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(self._pickled(),)
        )

    def _changes_between_passes(self) -> bool:
        """Whether processes need a new copy for each pass, because the dataset shuffles itself."""
        own = type(self._dataset)
        hooks = ("on_epoch_begin", "on_epoch_end")
        return self._dataset.use_multiprocessing and any(
            getattr(own, hook, None) is not getattr(PyDataset, hook) for hook in hooks
        )

    def _pickled(self) -> bytes:
        try:
            return pickle.dumps(self._dataset)
        except Exception as error:  # pickle raises whatever the objects inside raise
            raise TypeError(
                f"{type(self._dataset).__name__} cannot be sent to worker processes: {error}. Define its class in a "
                "module and keep open files and locks out of it, or use threads: use_multiprocessing=False."
            ) from error

    def _submit(self, index: int) -> Future[Any]:
        assert self._executor is not None
        if self._dataset.use_multiprocessing:
            return self._executor.submit(_work, index)
        return self._executor.submit(self._dataset.__getitem__, index)

    def _result(self, index: int, future: Future[Any]) -> Any:
        try:
            return future.result()
        except BrokenProcessPool:
            raise RuntimeError(
                f"{_label(self._dataset, index)}: a worker process died. A script that uses worker processes must "
                "do its work under `if __name__ == '__main__':`, and the dataset's class must be importable by them."
            ) from None
        except Exception as error:
            raise add_context(error, _label(self._dataset, index)) from error.__cause__


def _item(dataset: PyDataset, index: int) -> Any:
    try:
        return dataset[index]
    except Exception as error:
        raise add_context(error, _label(dataset, index)) from error.__cause__


def _label(dataset: PyDataset, index: int) -> str:
    return f"In {type(dataset).__name__}[{index}]"


def _begin(pickled: bytes) -> None:
    """In a new worker process: keep a copy, leave Ctrl-C to the parent, and live no longer than that."""
    global _dataset
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _dataset = pickle.loads(pickled)


def _end_with_parent() -> None:
    """A parent that is killed sends no word, and its workers would wait for the next index for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(index: int) -> Any:
    return _dataset[index]
