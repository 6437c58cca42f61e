"""What the loops cost: chunks of steps against single ones, a run of two steps, predictions of few and of many rows.

    KERAS_BACKEND=tensorflow python benchmarks/loops.py
    python benchmarks/loops.py --engines numpy tensorflow theano --rounds 9

The model is the tiny MLP of `workloads.py`, where the loop is most of the time. All in one process, in turns.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from harness import Row, interleave, summarise, table, timed
from workloads import WORKLOADS

ROWS = 4096


def measure(engine: str, rounds: int) -> list[Row]:
    """The rows of one engine."""
    import numpy as np

    import keras

    with keras.backend.using(engine):
        keras.utils.set_random_seed(1)
        workload = WORKLOADS["tiny MLP"]
        model, arguments = workload.build(), workload.fit_arguments()
        each = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
        each.acts_between_batches = True
        x = np.random.default_rng(0).random((ROWS, 20), dtype="float32")
        y = x[:, :1]
        few = {"x": x[:64], "y": y[:64], "verbose": 0}

        def rows(label: str, steps: int, ways: Mapping[str, Callable[[], Any]]) -> list[Row]:
            turns = {name: (lambda run=run: timed(run)) for name, run in ways.items()}
            return summarise(label, interleave(turns, rounds, warm_up=3), steps)

        return [
            *rows(
                f"{engine}: a step of fit",
                3 * workload.steps,
                {
                    "step by step": lambda: model.fit(**arguments, epochs=3, verbose=0, callbacks=[each]),
                    "chunks": lambda: model.fit(**arguments, epochs=3, verbose=0),
                },
            ),
            *rows(
                f"{engine}: a run of two steps",
                1,
                {"fit": lambda: model.fit(**few), "evaluate": lambda: model.evaluate(**few)},
            ),
            *rows(
                f"{engine}: predict",
                1,
                {
                    "4,096 rows at once": lambda: model.predict(x, batch_size=ROWS, verbose=0),
                    "4,096 rows by 32": lambda: model.predict(x, batch_size=32, verbose=0),
                    "one row": lambda: model.predict(x[:1], verbose=0),
                    "predict_on_batch": lambda: model.predict_on_batch(x[:1]),
                    "model(x)": lambda: model(x[:1]),
                },
            ),
        ]


def main() -> None:
    import keras

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", nargs="+", default=[keras.backend.backend()])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    for engine in arguments.engines:
        found = measure(engine, arguments.rounds)
        for label in dict.fromkeys(row.workload for row in found):
            own = [row for row in found if row.workload == label]
            print(table(own, reference=own[0].contestant))


if __name__ == "__main__":
    main()
