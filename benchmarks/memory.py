"""Does memory stay? Models are built, fitted, asked and deleted again and again: what a process grows by, per cycle.

    python benchmarks/memory.py

Each engine gets a process of its own. Nobody calls the collector, so that memory goes up and down as it comes by itself;
the growth is of the largest resident memory, from the second third of the cycles to the last.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import Any

import numpy as np

KINDS = ("mlp", "cnn", "lstm")


def resident() -> float:
    """Memory of this process now, in kB."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


def layers_of(kind: str) -> list[Any]:
    """A small model, its input first."""
    import keras
    from keras import layers

    if kind == "mlp":
        return [keras.Input((20,)), layers.Dense(64, activation="relu"), layers.Dropout(0.2), layers.Dense(1)]
    if kind == "cnn":
        return [
            keras.Input((12, 12, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ]
    return [keras.Input((10,)), layers.Embedding(50, 8), layers.LSTM(16), layers.Dense(1)]


def cycle(kind: str) -> None:
    """One life of a model: two epochs with a ragged last batch, predictions, gone."""
    import keras

    model = keras.Sequential(layers_of(kind))
    rng = np.random.default_rng(0)
    shape = (70, *model.inputs[0].shape[1:])
    x = rng.integers(0, 50, shape) if kind == "lstm" else rng.random(shape, dtype="float32")
    model.compile("adam", "mse")
    model.fit(x, rng.random((70, 1), dtype="float32"), epochs=2, verbose=0)
    model.predict(x[:40], verbose=0)


def growth(kind: str, cycles: int) -> dict[str, float]:
    """kB gained a cycle, and kB in the end."""
    found = []
    for _ in range(cycles):
        cycle(kind)
        found.append(resident())
    third = cycles // 3
    middle, last = max(found[third : 2 * third]), max(found[2 * third :])
    return {"growth": (last - middle) / third, "end": found[-1]}


def measured(engine: str, kind: str, cycles: int) -> dict[str, float]:
    """`growth` in a fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, "--worker", kind, "--cycles", str(cycles)],
        env={**os.environ, "KERAS_BACKEND": engine, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    from keras.backend import select

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", nargs="+", choices=select.known(), default=list(select.available()))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--worker", choices=KINDS)
    arguments = parser.parse_args()
    if arguments.worker:
        print(json.dumps(growth(arguments.worker, arguments.cycles)))
        return
    print(f"{'engine':<14}{'model':<8}{'kB a cycle':>12}{'MB in the end':>15}   ({arguments.cycles} cycles)")
    for engine in arguments.engines:
        for kind in arguments.kinds:
            found = measured(engine, kind, arguments.cycles)
            print(f"{engine:<14}{kind:<8}{found['growth']:>12.1f}{found['end'] / 1024:>15.0f}", flush=True)


if __name__ == "__main__":
    main()
