"""The numbers that callbacks get with `steps_per_execution`: those of Keras 3.15.1 on TensorFlow.

An execution ends at the step it would end at if there were enough data: 10 rows in batches of 2, three steps each: 0-2, 3-5.
(At the end of data of unknown length Keras also begins a batch that never is; nobody is told of that here.)
"""

from typing import Any

import numpy as np
import pytest

import keras

EXPECTED = {
    1: "b0 e0 b1 e1 b2 e2 b3 e3 b4 e4",
    2: "b0 e1 b2 e3 b4 e5",
    3: "b0 e2 b3 e5",
    4: "b0 e3 b4 e7",
    5: "b0 e4",
    7: "b0 e6",
}
X, Y = np.ones((10, 3), "float32"), np.ones((10, 1), "float32")


class Told(keras.callbacks.Callback):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.heard: list[str] = []
        setattr(self, f"on_{kind}_batch_begin", lambda i, logs=None: self.heard.append(f"b{i}"))
        setattr(self, f"on_{kind}_batch_end", self.end)
        self.logs: list[Any] = []

    def end(self, i: int, logs: Any = None) -> None:
        self.heard.append(f"e{i}")
        self.logs.append(logs)


def model(steps: int) -> Any:
    built = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    built.compile("sgd", "mse", steps_per_execution=steps)
    return built


def batches() -> Any:
    return ((X[i : i + 2], Y[i : i + 2]) for i in range(0, 10, 2))


@pytest.mark.parametrize("steps", EXPECTED)
@pytest.mark.parametrize("kind", ["train", "test", "predict"])
@pytest.mark.parametrize("source", ["arrays", "generator"])
def test_numbers(engine: Any, steps: int, kind: str, source: str) -> None:
    told = Told(kind)
    run = getattr(model(steps), {"train": "fit", "test": "evaluate", "predict": "predict"}[kind])
    data: dict[str, Any] = {"x": batches()} if source == "generator" else {"x": X, "batch_size": 2}
    if source == "arrays" and kind != "predict":
        data["y"] = Y
    run(**data, callbacks=[told], verbose=0)
    assert " ".join(told.heard) == EXPECTED[steps]


def test_epochs_shorter_than_the_data(engine: Any) -> None:
    told = Told("train")
    with pytest.warns(UserWarning, match="ran out"):
        model(2).fit(X, Y, batch_size=2, epochs=2, steps_per_epoch=3, callbacks=[told], verbose=0)
    assert " ".join(told.heard) == "b0 e1 b2 e3 b0 e1"  # the second epoch finds two batches left


def test_outputs_of_an_execution_are_handed_over_together(engine: Any) -> None:
    told = Told("predict")
    x = np.arange(30, dtype="float32").reshape(10, 3)
    built = model(3)
    whole = built.predict(x, batch_size=2, callbacks=[told], verbose=0)
    assert [logs["outputs"].shape for logs in told.logs] == [(6, 1), (4, 1)]
    np.testing.assert_allclose(whole, x @ np.asarray(built.get_weights()[0]), rtol=1e-5)


def test_the_bar_does_not_run_past_its_end(engine: Any, capsys: Any) -> None:
    model(3).fit(X, Y, batch_size=2, verbose=2)
    text = capsys.readouterr().out
    assert "5/5" in text
    assert "6/" not in text
