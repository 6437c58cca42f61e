"""Losses, metrics and targets by position. The numbers are those of a calculation by hand: y is 0 and z is 3 for each row."""

from typing import Any

import numpy as np
import pytest

import keras

X = np.ones((4, 3), "float32")
ZERO, TEN = np.zeros((4, 1), "float32"), np.full((4, 1), 10, "float32")


def model(dictionary: bool) -> Any:
    x = keras.Input((3,))
    z = keras.layers.Dense(1, kernel_initializer="ones", name="z")(x)
    y = keras.layers.Dense(1, kernel_initializer="zeros", name="y")(x)
    return keras.Model(x, {"z": z, "y": y} if dictionary else [z, y])


def evaluated(made: Any, y: Any, **settings: Any) -> Any:
    made.compile("sgd", **settings)
    return made.evaluate(X, y, verbose=0, return_dict=True)


def test_lists_for_a_dict_of_outputs_go_by_sorted_key(engine: Any) -> None:
    logs = evaluated(model(True), (ZERO, TEN), loss=["mse", "mae"], metrics=[["mae"], ["mse"]])
    assert logs == {"loss": 7.0, "y_loss": 0.0, "z_loss": 7.0, "y_mae": 0.0, "z_mse": 49.0}


@pytest.mark.parametrize(
    ("loss", "y", "total"),
    [(["mse", None], ZERO, 9.0), ([None, "mse"], [TEN], 100.0), ({"y": "mse"}, TEN, 100.0)],
)
def test_targets_only_where_there_is_a_loss(engine: Any, loss: Any, y: Any, total: float) -> None:
    assert evaluated(model(False), y, loss=loss)["loss"] == total


def test_metrics_of_the_output_with_a_loss(engine: Any) -> None:
    logs = evaluated(model(False), ZERO, loss=["mse", None], metrics=[["mae"], None])
    assert logs["z_mae"] == 3.0


@pytest.mark.parametrize(
    ("units", "y", "name"),
    [
        (1, np.ones((4, 1)), "binary_crossentropy"),
        (3, np.array([0, 1, 2, 0]), "sparse_categorical_crossentropy"),
        (3, np.eye(3)[[0, 1, 2, 0]], "categorical_crossentropy"),
    ],
)
@pytest.mark.parametrize("word", ["crossentropy", "ce"])
def test_the_crossentropy_that_suits_the_targets(
    engine: Any, units: int, y: Any, name: str, word: str
) -> None:
    x = keras.Input((3,))
    made = keras.Model(x, keras.layers.Dense(units, "sigmoid" if units == 1 else "softmax")(x))
    expected = evaluated(made, y, loss=name)["loss"]
    assert evaluated(made, y, loss=word)["loss"] == pytest.approx(expected, rel=1e-6)
    assert expected > 0


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: (x,)], ids=["list", "tuple"])
def test_a_list_of_one_output_is_the_output(engine, wrap, tmp_path):
    """`Model([x], [y])` of so many programs of Keras 2; types and shapes are those of Keras 3.15.1."""
    i = keras.Input((3,))
    model = keras.Model(wrap(i), wrap(keras.layers.Dense(1, kernel_initializer="ones", name="o")(i)))
    x = np.ones((8, 3), "float32")
    assert (model.input_shape, model.output_shape) == ((None, 3), (None, 1))
    assert type(model.output) is type(wrap(0))
    assert tuple(model(x).shape) == (8, 1)
    assert model.predict(x, verbose=0).tolist() == [[3.0]] * 8
    for loss, y in (
        ("mse", np.zeros((8, 1))),
        (["mse"], [np.zeros((8, 1))]),
        ({"o": "mse"}, np.zeros((8, 1))),
    ):
        model.compile("sgd", loss, metrics=["mae"])
        assert model.evaluate(x, y, verbose=0) == [9.0, 3.0]
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert again.predict(x, verbose=0).tolist() == [[3.0]] * 8
