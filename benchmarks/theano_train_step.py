"""A training step on the theano engine against the tensorflow engine: interleaved steps, and the cost of the first one.

python benchmarks/theano_train_step.py
"""

import argparse
import sys
import time
from typing import Any

from harness import Timing, Worker, interleave, serve, summarise, table, timed

BATCH = {"mlp": 128, "cnn": 64, "lstm": 32, "transformer": 32}
STEPS = 5


def build(workload: str) -> tuple[Any, Any, Any]:
    """A compiled model and one batch."""
    import numpy as np

    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    shape = {"mlp": (784,), "cnn": (28, 28, 1), "lstm": (80, 64), "transformer": (32, 64)}[workload]
    x = first = keras.Input(shape)
    if workload == "mlp":
        for _ in range(2):
            x = layers.Dense(512, activation="relu")(x)
    elif workload == "cnn":
        for filters in (32, 64):
            x = layers.MaxPooling2D()(layers.Conv2D(filters, 3, activation="relu")(x))
        x = layers.Dropout(0.4)(layers.Flatten()(x))
        x = layers.Dropout(0.4)(layers.Dense(128, activation="relu")(x))
    elif workload == "lstm":
        x = layers.LSTM(128)(x)
    else:
        x = layers.LayerNormalization()(x + layers.MultiHeadAttention(4, 16)(x, x))
        x = layers.LayerNormalization()(x + layers.Dense(64)(layers.Dense(256, activation="gelu")(x)))
        x = layers.GlobalAveragePooling1D()(x)
    model = keras.Model(first, layers.Dense(10, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    return (
        model,
        rng.random((BATCH[workload], *shape), dtype="float32"),
        rng.integers(0, 10, BATCH[workload]).astype("int32"),
    )


def work(workload: str) -> None:
    """The worker. Requests: "first", what the process has taken up to the end of its first step; "steps"."""
    model, x, y = build(workload)
    began = time.perf_counter()
    model.train_on_batch(x, y)
    first = Timing(time.perf_counter() - began, time.process_time())

    def steps() -> None:
        for _ in range(STEPS):
            model.train_on_batch(x, y)

    serve(lambda request: first if request == "first" else Timing(*timed(steps)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--engines", nargs="+", default=["theano", "tensorflow"])
    parser.add_argument("--workloads", nargs="+", choices=BATCH, default=list(BATCH))
    parser.add_argument("--worker", choices=BATCH)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments.worker)
        return
    rows, firsts = [], []
    for workload in arguments.workloads:
        workers = {
            name: Worker(
                sys.executable, __file__, "--worker", workload, KERAS_BACKEND=name, TF_CPP_MIN_LOG_LEVEL="3"
            )
            for name in arguments.engines
        }
        for name, worker in workers.items():
            timing = worker.ask("first")
            firsts.append(
                f"{workload:<24}{name:<24}first step {timing.wall:.2f} s; "
                f"processor time of the process until then {timing.cpu:.2f} s"
            )
        turns = {name: (lambda w=worker: w.ask("steps")) for name, worker in workers.items()}
        rows += summarise(workload, interleave(turns, arguments.rounds, warm_up=3), STEPS)
        for worker in workers.values():
            worker.close()
    print("\n".join(firsts))
    print(f"one step, median of {arguments.rounds} interleaved rounds of {STEPS}")
    print(table(rows, reference=arguments.engines[-1]))


if __name__ == "__main__":
    main()
