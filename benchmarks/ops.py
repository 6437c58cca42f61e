"""What an op costs over the engine's own call: compiled, in a graph of ten; and eagerly, the call alone.

    python benchmarks/ops.py --engine tensorflow --ops matmul conv
    python benchmarks/ops.py --page        # all engines; renews their columns in docs/ops_speed.md

Theano and CNTK are compared with NumPy: a call of a PyTensor function or of a CNTK graph costs more than most ops do. Both
figures are medians of processor time, ours and the direct call in turns. Compiled costs are ratios; of the eager call the
difference is shown, in microseconds, on tensors so small that nothing else matters.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # waiting threads would be counted
if hasattr(os, "sched_setaffinity"):  # and so would those of engines
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from harness import interleave, timed
from op_table import INPUTS, ROWS, Row
from report import facts

import keras
from keras import ops, random
from keras.backend.tracing import Compiled

COPIES = 10  # of the op in a graph
RATIO, MICROSECONDS = 1.05, 15.0  # what is aimed at
ENGINES = ("tensorflow", "numpy", "theano", "cntk")
PAGE = Path(__file__).parents[1] / "docs" / "ops_speed.md"
HEAD = """# What an op costs

<!-- Written by benchmarks/ops.py --page; it keeps the columns of engines it did not measure. -->

Two figures an engine. First the time of a compiled graph of ten calls over that of ten of the engine's own calls in a
graph of its own (aim: at most {ratio}). Then what one eager call costs over the engine's own, in microseconds, on tensors
so small that nothing else counts (aim: at most {microseconds:.0f}). **Bold** is beyond the aim. NumPy has no graphs, and
theano and cntk are held against NumPy's calls, too: there the first figure compares with plain NumPy, the second counts
the whole of what an engine does for one op at once.

Processor time, one core, medians of interleaved rounds. Machine of the last run: {machine}.
"""


class Result(NamedTuple):
    """Of one op on one engine: microseconds of ten calls in a graph, and of one eager call over the direct one."""

    engine: str
    op: str
    direct: float
    ours: float
    overhead: float

    @property
    def ratio(self) -> float:
        return self.ours / self.direct


def modules(engine: str) -> dict[str, Any]:
    """What direct calls on an engine name."""
    import numpy as np

    if engine != "tensorflow":
        return {"np": np}
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return {"np": np, "tf": tf}


def function(row: Row, text: str, names: dict[str, Any]) -> Callable[..., Any]:
    """An expression as a function of the row's inputs."""
    return eval(f"lambda {', '.join(row.letters)}: {text}", names)


def ten(f: Callable[..., Any]) -> Callable[..., list[Any]]:
    """`f` on ten different first inputs, which follow each other, and the same others."""

    def graph(*inputs: Any) -> list[Any]:
        return [f(first, *inputs[COPIES:]) for first in inputs[:COPIES]]

    return graph


def medians(ours: Callable[[], Any], direct: Callable[[], Any], rounds: int) -> tuple[float, float]:
    found = interleave({"ours": lambda: timed(ours), "direct": lambda: timed(direct)}, rounds, warm_up=2)
    return tuple(statistics.median(t.cpu for t in found[n]) for n in ("ours", "direct"))  # type: ignore[return-value]


def repeated(f: Callable[..., Any], inputs: list[Any], times: int) -> Callable[[], Any]:
    def run() -> None:
        for _ in range(times):
            f(*inputs)

    return run


def measure(engine: str, row: Row, text: str, names: dict[str, Any], quick: bool) -> Result:
    ours, direct = function(row, row.ours, names), function(row, text, names)
    large, small = ([INPUTS[n][size]() for n in row.letters] for size in (0, 1))
    rounds = 7 if quick else 25

    inputs = own_tensors(engine, [large[0] + 0 for _ in range(COPIES)] + large[1:])
    graphs = Compiled(ten(ours)), own_graph(engine, ten(direct))
    run = lambda: graphs[0](*inputs[0])  # noqa: E731
    seconds = timed(run).wall and timed(run).wall
    times = max(1, int(0.02 / max(seconds, 1e-6)))
    compiled = medians(*(repeated(g, x, times) for g, x in zip(graphs, inputs, strict=True)), rounds)

    inputs = own_tensors(engine, small)
    seconds = timed(repeated(ours, inputs[0], 5)).wall / 5
    calls = max(5, min(50 if quick else 200, int(0.02 / max(seconds, 1e-6))))
    eager = medians(*(repeated(f, x, calls) for f, x in zip((ours, direct), inputs, strict=True)), rounds)
    overhead = (eager[0] - eager[1]) / calls * 1e6
    return Result(engine, row.name, compiled[1] / times * 1e6, compiled[0] / times * 1e6, overhead)


def own_tensors(engine: str, arrays: list[Any]) -> tuple[list[Any], list[Any]]:
    """What ours is called with, and the direct call."""
    tensors = [ops.convert_to_tensor(a) for a in arrays]
    return tensors, tensors if engine == "tensorflow" else arrays


def own_graph(engine: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """A graph of direct calls for TensorFlow, called as ours is, so that the graphs alone differ; else NumPy's calls."""
    return Compiled(f) if engine == "tensorflow" else f


def report(results: list[Result]) -> None:
    header = ["engine", "op", "direct us", "ours us", "ratio", "eager +us"]
    rows = [
        [r.engine, r.op, f"{r.direct:.0f}", f"{r.ours:.0f}", f"{r.ratio:.2f}", f"{r.overhead:.1f}"]
        for r in results
    ]
    try:
        from rich.console import Console
        from rich.table import Table

        table = Table(*header)
        for result, row in zip(results, rows, strict=True):
            over = result.ratio > RATIO or result.overhead > MICROSECONDS
            table.add_row(*row, style="red" if over else None)
        Console().print(table)
    except ImportError:
        for row in (header, *rows):
            print("".join(f"{cell:<34}" if i == 1 else f"{cell:>12}" for i, cell in enumerate(row)))
    for engine in dict.fromkeys(r.engine for r in results):
        own = [r for r in results if r.engine == engine]
        print(
            f"{engine}: {len(own)} ops; compiled at most {RATIO}: {sum(r.ratio <= RATIO for r in own)}, median ratio "
            f"{statistics.median(r.ratio for r in own):.3f}; eager at most {MICROSECONDS:.0f} us over: "
            f"{sum(r.overhead <= MICROSECONDS for r in own)}, median {statistics.median(r.overhead for r in own):.1f} us"
        )


def write_page(results: list[Result]) -> None:
    """Renew the columns of the engines that were measured."""
    marker = "<!-- figures: "
    figures: dict[str, Any] = {}
    if PAGE.exists() and marker in (old := PAGE.read_text("utf-8")):
        figures = json.loads(old.split(marker)[1].split(" -->")[0])
    for r in results:
        figures.setdefault(r.engine, {})[r.op] = [round(r.ratio, 2), round(r.overhead, 1)]
    engines = [e for e in ENGINES if e in figures]
    lines = [
        HEAD.format(ratio=RATIO, microseconds=MICROSECONDS, machine=facts(None)["machine"]),
        *summary(figures, engines),
        "",
    ]
    header = ["op", *(f"{e}: {what}" for e in engines for what in ("compiled", "eager"))]
    lines += ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    for row in ROWS:
        cells = [f"`{row.name}`"]
        for e in engines:
            for value, aim in zip(figures[e].get(row.name, ("-", "-")), (RATIO, MICROSECONDS), strict=True):
                cells.append(f"**{value}**" if isinstance(value, float) and value > aim else str(value))
        lines.append("| " + " | ".join(cells) + " |")
    PAGE.write_text("\n".join([*lines, "", f"{marker}{json.dumps(figures)} -->", ""]), "utf-8")
    print(f"wrote {PAGE}")


def summary(figures: dict[str, Any], engines: list[str]) -> list[str]:
    """One line an engine: how many ops are within the aims, and the medians."""
    lines = []
    for e in engines:
        ratios, overheads = zip(*figures[e].values(), strict=True)
        lines.append(
            f"* {e}: {sum(r <= RATIO for r in ratios)} of {len(ratios)} within the first aim "
            f"(median {statistics.median(ratios):.2f}), {sum(o <= MICROSECONDS for o in overheads)} within the second "
            f"(median {statistics.median(overheads):.1f} us)."
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", action="append", choices=ENGINES, help="may be given more than once")
    parser.add_argument("--ops", nargs="+", metavar="OP", help="only these", default=[r.name for r in ROWS])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--page", action="store_true", help="renew docs/ops_speed.md")
    chosen = parser.parse_args()
    results = []
    for engine in chosen.engine or ENGINES:
        names = modules(engine)
        with keras.backend.using(engine):
            names |= {"ops": ops, "random": random, "SEED": random.SeedGenerator(1)}
            for row in ROWS:
                if row.name in chosen.ops:
                    results.append(measure(engine, row, row.direct(engine), names, chosen.quick))
    report(results)
    if chosen.page:
        write_page(results)


if __name__ == "__main__":
    main()
