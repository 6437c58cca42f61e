"""What an op costs over the engine's own call: compiled, in a graph of ten; and eagerly, the call alone.

    python benchmarks/ops.py --engine tensorflow --ops matmul conv

Both are medians of processor time, ours and the direct call in turns. Compiled costs are ratios; of the eager call the
difference is shown, in microseconds, on tensors so small that nothing else matters.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from harness import interleave, timed
from op_table import INPUTS, ROWS, Row

import keras
from keras import ops, random
from keras.backend.tracing import Compiled

COPIES = 10  # of the op in a graph
RATIO, MICROSECONDS = 1.05, 15.0  # what is aimed at


class Result(NamedTuple):
    """Of one op on one engine; None where the table has no direct call to compare with."""

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

    tensors = [ops.convert_to_tensor(a) for a in [large[0] + 0 for _ in range(COPIES)] + large[1:]]
    graphs = Compiled(ten(ours)), own_graph(engine, ten(direct))
    seconds = timed(lambda: graphs[0](*tensors)).wall and timed(lambda: graphs[0](*tensors)).wall
    times = max(1, int(0.02 / max(seconds, 1e-6)))
    compiled = medians(*(repeated(g, tensors, times) for g in graphs), rounds)

    tensors = [ops.convert_to_tensor(a) for a in small]
    calls = 50 if quick else 200
    eager = medians(*(repeated(f, tensors, calls) for f in (ours, direct)), rounds)
    overhead = (eager[0] - eager[1]) / calls * 1e6
    return Result(engine, row.name, compiled[1] / times * 1e6, compiled[0] / times * 1e6, overhead)


def own_graph(engine: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """A graph of direct calls, where the engine has graphs; called as ours is, so that the graphs alone differ."""
    return f if engine == "numpy" else Compiled(f)


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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--engine", action="append", choices=("tensorflow", "numpy"), help="may be given twice"
    )
    parser.add_argument("--ops", nargs="+", metavar="OP", help="only these", default=[r.name for r in ROWS])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    chosen = parser.parse_args()
    results = []
    for engine in chosen.engine or ("tensorflow", "numpy"):
        names = modules(engine)
        with keras.backend.using(engine):
            names |= {"ops": ops, "random": random, "SEED": random.SeedGenerator(1)}
            for row in ROWS:
                text = row.direct(engine)
                if row.name in chosen.ops and text is not None:
                    results.append(measure(engine, row, text, names, chosen.quick))
    report(results)


if __name__ == "__main__":
    main()
