"""The cntk engine: training steps against TensorFlow's, and the MLP's against the official package's; calls of one op.

    python benchmarks/cntk_engine.py
    python benchmarks/cntk_engine.py --official ~/.pyenv/versions/3.6.15/bin/python

Ratios are those of steps taken in turns, an epoch each. `--official` names a Python 3.6 with `cntk==2.7`; it finds the
engine's stand-in for MPI by itself. Memory over many models: `memory.py --engines cntk --cycles 1000`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import Worker, interleave, summarise, table, timed

HERE = Path(__file__).parent
WORKLOADS = ("MNIST MLP", "MNIST CNN", "LSTM", "transformer")
CALLS = 2000


def worker(workload: str, engine: str) -> Worker:
    """The process of an engine, after its first epoch."""
    environment = {"KERAS_BACKEND": engine, "TF_CPP_MIN_LOG_LEVEL": "3"}
    started = Worker(sys.executable, HERE / "contestant.py", workload, **environment)
    started.query(["first"])
    return started


def official(python: str) -> Worker:
    """The process of the official package."""
    from keras.backend.cntk.install import places

    own = Path(python).parents[1] / "lib"
    libraries = os.pathsep.join(map(str, (places.libs(places.root()), own, own.resolve())))
    return Worker(os.path.abspath(python), HERE / "official_cntk.py", LD_LIBRARY_PATH=libraries)


def steps(workload: str, rounds: int, python36: str | None) -> str:
    """The table of one workload."""
    workers = {engine: worker(workload, engine) for engine in ("tensorflow", "cntk")}
    if python36 and workload == "MNIST MLP":
        workers["official CNTK"] = official(python36)
    turns = {name: (lambda w=w: w.ask(["steps", 1])) for name, w in workers.items()}
    rows = summarise(workload, interleave(turns, rounds))
    for w in workers.values():
        w.close()
    return table(rows, reference="tensorflow")


def calls() -> str:
    """Microseconds of processor time that calls of one op take, on arrays of 4 x 4."""
    import numpy as np

    from keras import backend, ops
    from keras.backend.cntk.builder import Builder, Operand
    from keras.backend.tracing import Compiled

    array = np.ones((4, 4), "float32")
    builder = Builder("float32")
    x = builder.input(((4, 4), "float32"))
    core = builder.compile([Operand(builder.c.unary("Tanh", x.node), x.spec)])
    with backend.using("cntk"):
        tensor, compiled = ops.convert_to_tensor(array), Compiled(ops.tanh)
        ways: dict[str, Callable[[], Any]] = {
            "a graph of the module": lambda: core([array]),
            "a compiled function": lambda: compiled(tensor),
            "eagerly": lambda: ops.tanh(tensor),
        }
        lines = [f"{name:<24}{_microseconds(run):>8.1f} us" for name, run in ways.items()]
    return "\n".join(["tanh, 4 x 4", *lines])


def _microseconds(run: Callable[[], Any]) -> float:
    def many() -> None:
        for _ in range(CALLS):
            run()

    many()
    return 1e6 * statistics.median(timed(many).cpu for _ in range(9)) / CALLS


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workloads", nargs="*", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--official", metavar="PYTHON", help="a Python 3.6 with cntk 2.7")
    chosen = parser.parse_args()
    for workload in chosen.workloads:
        print(steps(workload, chosen.rounds, chosen.official), flush=True)
    print(calls())


if __name__ == "__main__":
    main()
