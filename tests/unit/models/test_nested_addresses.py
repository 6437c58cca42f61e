"""How a config names the calls of a model in a model. The addresses are those that Keras 3.15.1 writes for the same models."""

import copy
from typing import Any

import numpy as np
import pytest

import keras
from keras import layers

X = np.linspace(-1.0, 1.0, 12, dtype="float32").reshape(3, 4)


def inner() -> Any:
    x = keras.Input((4,), name="a")
    return keras.Model(x, layers.Dense(4, name="dense")(x), name="inner")


def sequential() -> Any:
    return keras.Sequential([keras.Input((4,)), layers.Dense(4)], name="inner")


def between(nested: Any) -> Any:
    b = keras.Input((4,), name="b")
    return keras.Model(b, layers.Dense(1, name="d")(nested(b)))


def last(nested: Any) -> Any:
    b = keras.Input((4,), name="b")
    return keras.Model(b, nested(b))


def both(nested: Any) -> Any:
    b = keras.Input((4,), name="b")
    first = nested(b)
    return keras.Model(b, [layers.Dense(1, name="d")(first), nested(layers.ReLU(name="r")(b))])


def sources(config: dict[str, Any], name: str) -> list[Any]:
    nodes = [node for entry in config["layers"] if entry["name"] == name for node in entry["inbound_nodes"]]
    return [node["args"][0]["config"]["keras_history"] for node in nodes]


@pytest.mark.parametrize(
    ("model", "of_d", "outputs"),
    [
        (between(inner()), [["inner", 0, 0]], ["d", 0, 0]),
        (last(inner()), [], ["inner", 1, 0]),
        (both(inner()), [["inner", 0, 0]], [["d", 0, 0], ["inner", 2, 0]]),
        (between(sequential()), [["inner", 0, 0]], ["d", 0, 0]),
        (last(sequential()), [], ["inner", 0, 0]),
        (both(sequential()), [["inner", 0, 0]], [["d", 0, 0], ["inner", 1, 0]]),
    ],
)
def test_addresses_and_back(model: Any, of_d: list[Any], outputs: list[Any]) -> None:
    config = model.get_config()
    assert sources(config, "d") == of_d
    assert config["output_layers"] == outputs
    again = keras.Model.from_config(config)
    again.set_weights(model.get_weights())
    for mine, wanted in zip(keras.tree.flatten(again(X)), keras.tree.flatten(model(X)), strict=True):
        np.testing.assert_allclose(np.asarray(mine), np.asarray(wanted))


def test_a_file_that_counts_such_calls_from_one() -> None:
    """This library did so, up to now."""
    model = between(inner())
    config = copy.deepcopy(model.get_config())
    sources(config, "d")[0][1] = 1
    again = keras.Model.from_config(config)
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(np.asarray(again(X)), np.asarray(model(X)))
