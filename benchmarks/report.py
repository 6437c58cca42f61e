"""The page of results: tables of ratios, then the figures, with the machine and the versions they come from."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

Figures = dict[str, dict[str, Any]]

_VERSIONS = """
import importlib.metadata as metadata
for name in ("keras", "tensorflow-cpu", "tensorflow", "jax", "torch", "numpy"):
    try:
        print(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        pass
"""
_PACKAGES = ("tensorflow-cpu", "tensorflow", "pytensor", "numpy", "onednn-cpu-gomp")


def facts(keras3: str | None) -> dict[str, str]:
    """The machine and the versions."""
    import keras

    found = {
        "machine": f"{_cpu()}, {os.cpu_count()} cores, {_memory_gb():.0f} GB, {platform.system()}",
        "this library": f"keras {keras.__version__}, Python {platform.python_version()}, " + _installed(),
    }
    if keras3:
        done = subprocess.run([keras3, "-I", "-c", _VERSIONS], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            found["the other side"] = ", ".join(done.stdout.splitlines())
    return found


def _installed() -> str:
    parts = []
    for name in _PACKAGES:
        try:
            parts.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(parts)


def _cpu() -> str:
    """The processor, and the widest vectors it knows of those that kernels are written for."""
    from keras.backend.processor import processor

    chip = processor()
    widest = next((f for f in ("avx512_vnni", "avx512f", "avx2") if f in chip.flags), "")
    name = chip.model or platform.processor() or platform.machine()
    return f"{name} ({widest})" if widest else name


def _memory_gb() -> float:
    return (
        os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if sys.platform == "linux" else 0.0
    )


# ---------------------------------------------------------------------- tables
def ours(figures: Figures) -> list[str]:
    return [name for name in figures if not name.startswith("Keras 3") and name != "by hand"]


def best_of_keras_3(figures: Figures, label: str, part: str = "wall") -> float | None:
    found = [f[label][part] for name, f in figures.items() if name.startswith("Keras 3") and label in f]
    return min(found) if found else None


def ratios(workloads: dict[str, Any]) -> str:
    """How many times sooner than the best Keras 3 backend each of our engines is, in one table."""
    engines = list(dict.fromkeys(name for w in workloads.values() for name in ours(w["figures"])))
    head = ["", *engines, "by hand"]
    rows = []
    for label, title in (("steps", "a step"), ("first", "first result"), ("predict 1", "predict, one row")):
        for workload, entry in workloads.items():
            figures = entry["figures"]
            best = best_of_keras_3(figures, label)
            cells = [_ratio(best, figures.get(n, {}).get(label)) for n in (*engines, "by hand")]
            rows.append([f"{workload}: {title}", *cells])
    return _table(head, rows)


def _ratio(best: float | None, timing: Any) -> str:
    return f"{best / timing['wall']:.2f}" if best is not None and timing else "-"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * widths[0], *("-" * (w - 1) + ":" for w in widths[1:])]
    return "\n".join([line(head), line(rule), *map(line, rows)])


#: Columns of the table of a workload: title, and what is shown of a contestant's figures.
_COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "step, wall ms": lambda f: _ms(f, "steps", "wall"),
    "spread": lambda f: f"{f['steps']['spread']:.0%}" if "steps" in f else "-",
    "step, cpu ms": lambda f: _ms(f, "steps", "cpu"),
    "first result, s": lambda f: f"{f['first']['wall']:.1f}" if "first" in f else "-",
    "cpu s": lambda f: f"{f['first']['cpu']:.1f}" if "first" in f else "-",
    "predict 1 row, ms": lambda f: _ms(f, "predict 1", "wall"),
    "4,096 rows by 32": lambda f: _ms(f, "predict 4096", "wall"),
    "at once": lambda f: _ms(f, "predict 4096 at once", "wall"),
    "save, ms": lambda f: _ms(f, "save", "wall"),
    "load, ms": lambda f: _ms(f, "load", "wall"),
    "peak, MB": lambda f: f"{f['peak']:.0f}" if "peak" in f else "-",
}


def _ms(figures: dict[str, Any], label: str, part: str) -> str:
    if label not in figures:
        return "-"
    value = 1e3 * figures[label][part]
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _of_workload(name: str, entry: dict[str, Any]) -> str:
    figures = entry["figures"]
    rows = [[contestant, *(show(f) for show in _COLUMNS.values())] for contestant, f in figures.items()]
    failed = [f"* {contestant}: {f['failed']}" for contestant, f in figures.items() if "failed" in f]
    parts = [f"### {name}", f"Rounds: {entry['rounds']}.", _table(["", *_COLUMNS], rows)]
    return "\n\n".join([*parts, *(["Not measured to the end:", "\n".join(failed)] if failed else [])])


def markdown(known: dict[str, Any]) -> str:
    """The page."""
    parts = "\n\n".join(_of_workload(name, entry) for name, entry in known["workloads"].items())
    about = "\n".join(f"* {key}: {value}" for key, value in known["facts"].items())
    return f"""# Benchmarks

Written by `make bench` (`benchmarks/run.py`, which says how to run a part of it); do not edit. Models and data are in
`benchmarks/workloads.py`; all data is random. "By hand" is a loop written for TensorFlow alone, `benchmarks/by_hand.py`.

{about}

Each contestant is a process; they are asked in turns, and a figure is the median of the rounds. Spread is the largest less
the smallest, by the median. A step is one of the later epochs of a `fit`. The first result is the end of the first epoch,
counted from the start of the process: import, build, compile, train.

## How many times faster than the best Keras 3 backend (wall time)

{ratios(known["workloads"])}

## Figures

{parts}
"""
