"""One contestant's process: a workload on whichever Keras is installed here, on the engine KERAS_BACKEND names.

    KERAS_BACKEND=tensorflow python benchmarks/contestant.py "tiny MLP"

A request is a list: the name of what is to be measured, and its arguments.
"""

import time

BEGAN = time.perf_counter()  # importing is part of the first result

import resource  # noqa: E402
import shutil  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from harness import Timing, serve, timed  # noqa: E402
from workloads import WORKLOADS, first_rows  # noqa: E402


class Contest:
    """What can be measured of a workload; `first` comes first."""

    def __init__(self, workload: str) -> None:
        self._workload = WORKLOADS[workload]
        self._folder = Path(tempfile.mkdtemp(prefix="keras-benchmark-"))
        self._rows: dict[int, Any] = {}

    def first(self) -> Timing:
        """From the start of the process to the end of the first epoch: import, build, compile, train."""
        self._arguments = self._workload.fit_arguments()
        self._model = self._workload.build()
        self._model.fit(**self._arguments, epochs=1, verbose=0)
        return Timing(time.perf_counter() - BEGAN, time.process_time())

    def steps(self, epochs: int) -> Timing:
        """A step of the later epochs of a `fit`: the median over epochs of an epoch's time by its steps."""
        import keras

        found: list[Timing] = []
        last = Timing(0.0, 0.0)

        def end(*_: Any) -> None:
            nonlocal last
            now = Timing(time.perf_counter(), time.process_time())
            found.append(Timing(now.wall - last.wall, now.cpu - last.cpu))
            last = now

        clock = keras.callbacks.LambdaCallback(on_epoch_end=end)
        self._model.fit(**self._arguments, epochs=1 + epochs, verbose=0, callbacks=[clock])
        steps = self._workload.steps
        return Timing(*(statistics.median(parts) / steps for parts in zip(*found[1:], strict=True)))

    def predict(self, rows: int, batch: int, repeats: int) -> Timing:
        """One call, the median of some."""
        if rows not in self._rows:
            x, _ = self._workload.data(np_generator(), min(rows, 256))
            self._rows[rows] = first_rows(x, rows)
        x = self._rows[rows]
        found = [timed(lambda: self._model.predict(x, batch_size=batch, verbose=0)) for _ in range(repeats)]
        return Timing(*map(statistics.median, zip(*found, strict=True)))

    def save(self) -> Timing:
        return timed(lambda: self._model.save(self._folder / "model.keras"))

    def load(self) -> Timing:
        import keras

        return timed(lambda: keras.models.load_model(self._folder / "model.keras"))

    def peak(self) -> float:
        """The most memory this process has had, in MB."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def np_generator() -> Any:
    import numpy as np

    return np.random.default_rng(1)


def answers(contest: Any) -> Callable[[Any], Any]:
    """What `serve` wants of a contest; None where it has no such measurement."""

    def answer(request: Any) -> Any:
        name, *arguments = request
        method = getattr(contest, name, None)
        return None if method is None else method(*arguments)

    return answer


if __name__ == "__main__":
    contest = Contest(sys.argv[1])
    try:
        serve(answers(contest))
    finally:
        contest.close()
