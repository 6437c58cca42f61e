"""Measure contestants side by side: one worker process each, asked in turns, so that a busy machine hits all alike.

A worker is a Python file that calls `serve(answer)`; it may run in another environment, and needs nothing but this
file. What is compared are medians, as ratios; the spread shows how far to trust them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

#: What this process was started with, before this library set anything in it for its engines; less what would hand a worker
#: this library for another, or keep it from caching what it compiles.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}


class Timing(NamedTuple):
    """Seconds on the clock, and seconds of processor time over all threads."""

    wall: float
    cpu: float


def timed(run: Callable[[], Any]) -> Timing:
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return Timing(time.perf_counter() - wall, time.process_time() - cpu)


def serve(answer: Callable[[Any], Any]) -> None:
    """The worker's side: answer each request, a line of JSON, with another (a timing); print nothing else."""
    out = sys.stdout
    with redirect_stdout(sys.stderr):
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line))), file=out, flush=True)


class WorkerError(RuntimeError):
    """A worker ended, by itself or because it took too long."""


class Worker:
    """A contestant: a script running in some environment, until `close`."""

    def __init__(self, python: str, script: str | Path, *arguments: str, **environment: str) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed by `close`)
        self._process = subprocess.Popen(
            [python, str(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=Path(script).parent,
            env={**ENVIRONMENT, **environment},
        )

    def ask(self, request: Any) -> Timing:
        """A timing."""
        return Timing(*self.query(request))

    def query(self, request: Any, patience: float | None = None) -> Any:
        """Any answer.

        Raises:
            WorkerError: there is none, or not within `patience` seconds.
        """
        impatient = threading.Timer(patience or 0, self._process.kill)
        if patience is not None:
            impatient.start()
        try:
            print(json.dumps(request), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline() if self._process.stdout else ""
        except BrokenPipeError:
            answer = ""
        finally:
            impatient.cancel()
        if not answer:
            raise WorkerError(self._last_words(patience))
        return json.loads(answer)

    def _last_words(self, patience: float | None) -> str:
        if self._process.wait() == -9 and patience is not None:
            return f"stopped after {patience:.0f} s"
        self._errors.seek(0)
        said = [line.strip() for line in self._errors.read().splitlines() if line.strip()]
        return said[-1][:200] if said else f"ended early: {self._process.args}"

    def close(self) -> None:
        try:
            self._process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._errors.close()


def interleave(
    contestants: Mapping[str, Callable[[], Timing]], rounds: int, warm_up: int = 1
) -> dict[str, list[Timing]]:
    """A B, B A, A B, ...: every contestant once a round, in alternating order; the warm-up rounds are not kept."""
    found: dict[str, list[Timing]] = {name: [] for name in contestants}
    for i in range(warm_up + rounds):
        for name in list(contestants)[:: 1 if i % 2 else -1]:
            timing = contestants[name]()
            if i >= warm_up:
                found[name].append(timing)
    return found


class Row(NamedTuple):
    """One contestant in one workload, in milliseconds a step."""

    workload: str
    contestant: str
    wall: float
    cpu: float
    spread: float


def summarise(workload: str, found: Mapping[str, Sequence[Timing]], steps: int = 1) -> list[Row]:
    """Medians; the spread is (largest - smallest) / median of the wall time."""
    rows = []
    for name, timings in found.items():
        wall = statistics.median(t.wall for t in timings)
        cpu = statistics.median(t.cpu for t in timings)
        spread = (max(t.wall for t in timings) - min(t.wall for t in timings)) / wall
        rows.append(Row(workload, name, 1e3 * wall / steps, 1e3 * cpu / steps, spread))
    return rows


def table(rows: Sequence[Row], reference: str) -> str:
    """Text with one line a row; the ratios are to the contestant `reference` of the same workload."""
    base = {row.workload: row for row in rows if row.contestant == reference}
    lines = [
        f"{'workload':<24}{'contestant':<24}{'wall ms':>10}{'cpu ms':>10}{'spread':>8}{'wall':>8}{'cpu':>8}"
    ]
    for row in rows:
        own = base[row.workload]
        lines.append(
            f"{row.workload:<24}{row.contestant:<24}{row.wall:>10.2f}{row.cpu:>10.2f}{row.spread:>8.0%}"
            f"{row.wall / own.wall:>7.2f}x{row.cpu / own.cpu:>7.2f}x"
        )
    return "\n".join(lines)
