"""Small models and data for the tests of training."""

from typing import Any

import numpy as np

import keras


def data(rows: int = 20) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 4)).astype("float32")
    return x, x[:, :1] * 2 + 1


def small(**settings: Any) -> Any:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "tanh"), keras.layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **settings})
    return model


def two_outputs() -> Any:
    x = keras.Input((4,), name="x")
    a, b = keras.layers.Dense(1, name="a")(x), keras.layers.Dense(3, "softmax", name="b")(x)
    return keras.Model(x, [a, b])
