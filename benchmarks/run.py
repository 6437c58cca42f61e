"""All workloads, all contestants, one table of ratios; also written to docs/benchmarks.md and, as JSON, to out/.

    python benchmarks/run.py --keras3 .venv-keras3/bin/python
    python benchmarks/run.py --quick --workloads "tiny MLP" --contestants tensorflow "Keras 3 jax"

Contestants are this library on each installed engine (by the engine's name), Keras 3 on each of its backends, and
TensorFlow by hand. Each is a process of its own, started one after the other and then asked in turns. A workload that is
run again replaces what the JSON file knew of it, so that a long run may be made in pieces.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness import Timing, Worker, WorkerError, interleave
from report import facts, markdown, ratios
from workloads import WORKLOADS

HERE = Path(__file__).parent
LEAST_STEPS = 20  # of which a figure is made, however short the epochs
#: Steps, and seconds at most, that each has made before its steps are timed: some engines compile on the way.
WARM_STEPS, WARM_SECONDS = 1200, 4.0
KERAS_3_BACKENDS = ("tensorflow", "jax", "torch")


class Contestant(NamedTuple):
    """How its worker is started."""

    python: str
    script: str
    engine: str


def contestants(keras3: str | None) -> dict[str, Contestant]:
    """Those that can run here, by name."""
    from keras.backend import select

    found = {name: Contestant(sys.executable, "contestant.py", name) for name in select.available()}
    if keras3:
        python = str(
            Path(keras3).absolute()
        )  # a worker runs in its own folder; a link must stay one, it is the venv
        for name in KERAS_3_BACKENDS:
            found[f"Keras 3 {name}"] = Contestant(python, "contestant.py", name)
    if "tensorflow" in found:
        found["by hand"] = Contestant(sys.executable, "by_hand.py", "tensorflow")
    return found


class Plan(NamedTuple):
    """How much is measured."""

    rounds: int
    epochs: int
    patience: float
    say: Callable[[str], None]


def measure(workload: str, field: dict[str, Contestant], plan: Plan) -> dict[str, dict[str, Any]]:
    """Figures by contestant: lists of (wall, cpu) seconds by measurement, the peak in MB, or why there is none."""
    found: dict[str, dict[str, Any]] = {name: {} for name in field}
    workers = {}
    for name, contestant in field.items():
        plan.say(f"{workload}: {name}: first epoch")
        worker = Worker(
            contestant.python,
            HERE / contestant.script,
            workload,
            KERAS_BACKEND=contestant.engine,
            TF_CPP_MIN_LOG_LEVEL="3",
        )
        try:
            found[name]["first"] = [worker.query(["first"], 2 * plan.patience)]
            step = worker.query(["steps", 1], plan.patience)
            worker.query(["steps", _epochs_to_warm(step[0], WORKLOADS[workload].steps)], plan.patience)
            workers[name] = worker
            plan.say(
                f"{workload}: {name}: {found[name]['first'][0][0]:.1f} s; then {1e3 * step[0]:.2f} ms a step"
            )
        except WorkerError as error:
            found[name]["failed"] = str(error)
            plan.say(f"{workload}: {name}: {error}")
            worker.close()
    epochs = max(plan.epochs, -(-LEAST_STEPS // WORKLOADS[workload].steps))
    for label, request, rounds in (
        ("steps", ["steps", epochs], plan.rounds),
        ("predict 1", ["predict", 1, 32, 20], plan.rounds),
        ("predict 4096", ["predict", 4096, 32, 1], max(1, plan.rounds // 2)),
        ("predict 4096 at once", ["predict", 4096, 4096, 1], max(1, plan.rounds // 2)),
        ("save", ["save"], max(1, plan.rounds // 2)),
        ("load", ["load"], max(1, plan.rounds // 2)),
    ):
        plan.say(f"{workload}: {label}")
        _ask_all(workers, found, label, request, rounds)
    for name, worker in workers.items():
        found[name]["peak"] = worker.query(["peak"])
        worker.close()
    return found


def _epochs_to_warm(step: float, steps: int) -> int:
    """Until nothing is compiled any more, if that takes no longer than a few seconds.

    Args:
        step: seconds of one.
        steps: in an epoch.
    """
    return max(1, min(math.ceil(WARM_STEPS / steps), int(WARM_SECONDS / (step * steps))))


def _ask_all(
    workers: dict[str, Worker], found: dict[str, dict[str, Any]], label: str, request: Any, rounds: int
) -> None:
    """Put one request to all in turns; who has no such measurement, or fails at it, is left out of it."""
    able = {}
    for name, worker in list(workers.items()):
        try:
            if worker.query(request, 300) is not None:  # also the warm-up
                able[name] = worker
        except WorkerError as error:
            found[name]["failed"] = f"{label}: {error}"
            workers.pop(name).close()
    turns = {name: (lambda w=w: w.ask(request)) for name, w in able.items()}
    for name, timings in interleave(turns, rounds, warm_up=0).items():
        found[name][label] = timings


def medians(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The lists of timings as medians, with the spread of the steps' wall time."""
    result: dict[str, dict[str, Any]] = {}
    for name, figures in found.items():
        result[name] = {}
        for label, value in figures.items():
            if not isinstance(value, list):
                result[name][label] = value
                continue
            walls, cpus = zip(*value, strict=True)
            timing = Timing(statistics.median(walls), statistics.median(cpus))
            result[name][label] = {**timing._asdict(), "spread": (max(walls) - min(walls)) / timing.wall}
    return result


def console(total: int) -> Callable[[str], None]:
    """A function that shows what is going on: a line that changes where `rich` is installed, else a line each."""
    try:
        from rich.console import Console
    except ImportError:
        return lambda text: print(text, file=sys.stderr, flush=True)
    out = Console(stderr=True)
    if not out.is_terminal:
        return lambda text: print(text, file=sys.stderr, flush=True)
    status = out.status("")
    status.start()
    return status.update


def chosen(names: Sequence[str] | None, known: Sequence[str], what: str) -> list[str]:
    for name in names or ():
        if name not in known:
            raise SystemExit(f"There is no {what} {name!r} here. Known: {', '.join(known)}")
    return list(names or known)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keras3", help="the Python of an environment with benchmarks/keras3.txt")
    parser.add_argument("--workloads", nargs="+", help=f"some of: {', '.join(WORKLOADS)}")
    parser.add_argument("--contestants", nargs="+", help="some of them, by name")
    parser.add_argument("--quick", action="store_true", help="two rounds, one epoch each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patience", type=float, default=60, help="seconds an epoch may take")
    parser.add_argument("--json", type=Path, default=HERE.parent / "out" / "benchmarks.json")
    parser.add_argument("--page", type=Path, default=HERE.parent / "docs" / "benchmarks.md")
    parser.add_argument("--report", action="store_true", help="only write the page anew from the JSON file")
    arguments = parser.parse_args()

    known: dict[str, Any] = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
    if not arguments.report:
        field = contestants(arguments.keras3)
        field = {n: field[n] for n in chosen(arguments.contestants, list(field), "contestant")}
        workloads = chosen(arguments.workloads, list(WORKLOADS), "workload")
        rounds = 2 if arguments.quick else arguments.rounds
        plan = Plan(rounds, 1 if arguments.quick else 2, arguments.patience, console(len(workloads)))
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        for workload in workloads:
            runnable = {n: c for n, c in field.items() if n != "by hand" or workload in by_hand()}
            figures = medians(measure(workload, runnable, plan))
            known["facts"] = facts(arguments.keras3)
            known.setdefault("workloads", {})[workload] = {"rounds": rounds, "figures": figures}
            whole = json.dumps(known, indent=1)
            arguments.json.with_suffix(".part").write_text(whole)
            os.replace(arguments.json.with_suffix(".part"), arguments.json)
    print(ratios(known["workloads"]))
    arguments.page.write_text(markdown(known))


def by_hand() -> frozenset[str]:
    """The workloads that by_hand.py has, without importing TensorFlow to find out."""
    text = (HERE / "by_hand.py").read_text()
    models = text[text.index("MODELS = {") :]
    return frozenset(name for name in WORKLOADS if f'"{name}":' in models)


if __name__ == "__main__":
    main()
