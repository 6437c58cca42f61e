"""What a training step costs on TensorFlow, ours against Keras 3.15.1, on the same models and data.

    python benchmarks/train_step.py --contestant .venv-keras3/bin/python

Two ways of training are timed: `fit` over one epoch, divided by its steps, and `train_on_batch`.
"""

import argparse
import sys
from typing import Any

from harness import Timing, Worker, interleave, serve, summarise, table

STEPS = {"mlp": 50, "cnn": 20}
BATCH = {"mlp": 128, "cnn": 64}


def build(workload: str) -> tuple[Any, Any, Any]:
    """A compiled model and data for one epoch, written against the API both contestants have."""
    import numpy as np

    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    if workload == "mlp":
        stack = [
            keras.Input((784,)),
            layers.Dense(512, activation="relu"),
            layers.Dense(512, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    else:
        stack = [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.4),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.4),
            layers.Dense(10, activation="softmax"),
        ]
    model = keras.Sequential(stack)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    count = BATCH[workload] * STEPS[workload]
    x = rng.random((count, *stack[0].shape[1:]), dtype="float32")
    return model, x, rng.integers(0, 10, count).astype("int32")


def work(workload: str) -> None:
    """The worker: a request is the way to train."""
    from harness import timed

    model, x, y = build(workload)
    batch = BATCH[workload]

    def train_on_batches() -> None:
        for start in range(0, len(x), batch):
            model.train_on_batch(x[start : start + batch], y[start : start + batch])

    ways = {
        "fit": lambda: model.fit(x, y, batch_size=batch, epochs=1, verbose=0),
        "train_on_batch": train_on_batches,
    }
    serve(lambda way: Timing(*timed(ways[way])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contestant", help="the Python of an environment with Keras 3")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--engine", default="tensorflow")
    parser.add_argument("--worker", choices=STEPS)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments.worker)
        return
    pythons = {"ours": sys.executable}
    if arguments.contestant:
        pythons["Keras 3.15.1"] = arguments.contestant
    rows = []
    for workload, steps in STEPS.items():
        environment = {"KERAS_BACKEND": arguments.engine, "TF_CPP_MIN_LOG_LEVEL": "3"}
        workers = {
            name: Worker(python, __file__, "--worker", workload, **environment)
            for name, python in pythons.items()
        }
        for way in ("fit", "train_on_batch"):
            turns = {name: (lambda w=w, way=way: w.ask(way)) for name, w in workers.items()}
            rows += summarise(f"{workload} {way}", interleave(turns, arguments.rounds, warm_up=2), steps)
        for worker in workers.values():
            worker.close()
    print(f"one step on {arguments.engine}, median of {arguments.rounds} interleaved rounds")
    print(table(rows, reference=list(pythons)[-1]))


if __name__ == "__main__":
    main()
