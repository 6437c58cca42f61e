"""Work shared by the cores: chunks handed out to a few threads, which sleep when there is none.

NumPy's and BLAS's loops run without the interpreter lock, so threads do run side by side. The calling thread works too
and waits only for chunks somebody has begun: on a busy machine it does nearly all itself. BLAS's own threads spin while
they wait for each other, which on two busy cores made a training step four times as slow.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np

from keras.backend.processor import usable_cores

ELEMENTS = 1 << 17  # of a result, from which on it is worth waking a thread
_LAG = 90.0  # microseconds until another thread has begun, and until this one has noticed that it has ended
_EVEN = 32  # rows or columns: kernels of products like multiples of it
_MOST = 0.15  # of the whole, that the calling thread does in advance


def cores() -> int:
    """How many threads to use: `OMP_NUM_THREADS`, else the cores this process may run on."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(int(asked), usable_cores()) if asked.isdigit() and int(asked) else usable_cores()


class _Job:
    """Chunks of one call: taken one by one by whoever comes."""

    def __init__(self, f: Callable[[int], None], count: int) -> None:
        self.f, self.count = f, count
        self.left = iter(range(count))  # `next` on it is atomic
        self.finished: list[BaseException | None] = []
        self.over = threading.Event()

    def work(self) -> None:
        for i in self.left:
            error: BaseException | None = None
            try:
                self.f(i)
            except BaseException as e:  # handed to the caller, Ctrl-C included
                error = e
            self.finished.append(error)
            if len(self.finished) == self.count:
                self.over.set()


class _Pool:
    """Sleeping threads, started at the first use (and again in a forked process)."""

    def __init__(self) -> None:
        self.size = cores()
        self._process = -1
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._lock = threading.Lock()
        self._here = threading.local()

    def run(self, f: Callable[[int], None], count: int) -> None:
        """`f(0), ..., f(count - 1)`, in any order and side by side."""
        if self.size == 1 or count == 1 or getattr(self._here, "working", False):
            for i in range(count):
                f(i)
            return
        if self._process != os.getpid():
            self._start()
        job = _Job(f, count)
        for _ in range(min(self.size, count) - 1):
            self._jobs.put(job)
        job.work()
        if len(job.finished) < count:
            job.over.wait()
        for error in job.finished:
            if error is not None:
                raise error

    def _start(self) -> None:
        with self._lock:
            if self._process == os.getpid():
                return
            self._jobs = SimpleQueue()
            self.size = 1 + self._started(self.size - 1)
            self._process = os.getpid()

    def _started(self, wanted: int) -> int:
        """How many threads there are to be had, where processes are limited or the interpreter is about to end."""
        for i in range(wanted):
            thread = threading.Thread(target=self._serve, args=(self._jobs,), name=f"keras-{i}", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return i
        return wanted

    def _serve(self, jobs: SimpleQueue[_Job]) -> None:
        self._here.working = True
        with np.errstate(all="ignore"):
            while True:
                jobs.get().work()


POOL = _Pool()


def split(n: int, f: Callable[[slice], Any], chunks: int | None = None, microseconds: float = 0.0) -> None:
    """`f(slice)` for slices that make up `range(n)`, side by side.

    Args:
        n: length of what is split.
        f: writes its part of the result.
        chunks: how many; default one for each core.
        microseconds: about as long as all of it takes on one core, if that is not long. The calling thread, which begins
            first and takes the first part, gets more then: if it ends last, it need not be woken.
    """
    count = max(1, min(n, chunks or POOL.size))
    bounds = [n * i // count for i in range(count + 1)]
    if microseconds and count > 1:
        more = min(_MOST, _LAG * (count - 1) / count / microseconds)
        first = n * (1 / count + more)
        first = min(n - count + 1, round(first / _EVEN) * _EVEN if n > 4 * _EVEN else round(first))
        bounds[1:] = [first + (n - first) * i // (count - 1) for i in range(count)]
    POOL.run(lambda i: f(slice(bounds[i], bounds[i + 1])), count)


def ways(elements: int) -> int:
    """Into how many parts work on so many elements is split."""
    return POOL.size if elements >= ELEMENTS else 1
