"""Losses that see several outputs at once; the numbers are those of Keras 3.15.1 on TensorFlow."""

from typing import Any

import numpy as np
import pytest

import keras
from keras import layers, ops

X = np.arange(1, 5, dtype="float32").reshape(4, 1)
WIDE = np.tile(X * 4, (1, 2))
TARGETS = {
    "dict": {"b": X * 2, "a": WIDE},
    "tuple": (X * 2, WIDE),
    "nested": {"p": [X * 2, WIDE], "q": X * 3},
}


def both(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.square(y_pred["b"] - y_true["b"]) + ops.abs(y_pred["a"] - y_true["a"]), axis=-1)


class Both(keras.losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return both(y_true, y_pred)


class Pair(keras.losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return both(dict(zip("ba", y_true, strict=True)), dict(zip("ba", y_pred, strict=True)))


def model(kind: str, loss: Any, **settings: Any) -> Any:
    x = keras.Input((1,))
    t = layers.Dense(1, kernel_initializer="ones", name="t")(x)
    o = layers.Dense(2, kernel_initializer="ones", name="o")(x)
    made = keras.Model(x, {"dict": {"b": t, "a": o}, "tuple": (t, o), "nested": {"p": [t, o], "q": t}}[kind])
    made.compile(keras.optimizers.SGD(0.01), loss, **settings)
    return made


BY_PART = {"p": Pair(), "q": "mse"}


@pytest.mark.parametrize(
    ("kind", "loss", "settings", "results", "losses", "kernels"),
    [
        ("dict", [Both()], {}, [15], [14.2757, 10.588119], (1.48061, 1.05)),
        ("dict", [both], {}, [15], [14.2757, 10.588119], (1.48061, 1.05)),
        ("dict", [Both()], {"loss_weights": [0.5]}, [7.5], [7.316259, 6.23288], (1.268942, 1.025)),
        ("dict", [Both()], {"loss_weights": 0.5}, [7.5], [7.316259, 6.23288], (1.268942, 1.025)),
        ("dict", [Both()], {"metrics": {"a": "mae"}}, [15, 7.5], [14.2757, 10.588119], (1.48061, 1.05)),
        ("tuple", [Pair()], {}, [15], [14.2757, 10.588119], (1.48061, 1.05)),
        ("nested", BY_PART, {}, [45, 15, 30], [38.798225, 15.631772], (2.139528, 1.05)),
        ("nested", BY_PART, {"loss_weights": {"p": 1, "q": 1}}, [45, 15, 30], [38.798225, 15.631772], (2.139528, 1.05)),
        ("nested", BY_PART, {"loss_weights": {"p": 0.5, "q": 2.0}}, [67.5, 15, 30], [53.793175, 10.313266], (2.511884, 1.025)),
    ],
)  # fmt: skip
def test_as_in_keras(
    engine: Any, kind: str, loss: Any, settings: Any, results: Any, losses: Any, kernels: Any
) -> None:
    made, y = model(kind, loss, **settings), TARGETS[kind]
    np.testing.assert_allclose(np.ravel(made.evaluate(X, y, verbose=0)), results, rtol=1e-6)
    history = made.fit(X, y, verbose=0, epochs=2, batch_size=2, shuffle=False).history
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-6)
    got = [made.get_layer(name).get_weights()[0][0, 0] for name in ("t", "o")]
    np.testing.assert_allclose(got, kernels, rtol=1e-5)
    if kind == "nested":
        assert made.metrics_names == ["loss", "p_loss", "q_loss"]


def test_a_loss_in_no_list_sees_the_outputs_one_by_one(engine: Any) -> None:
    for loss in (Both(), both):
        with pytest.raises((TypeError, IndexError, ValueError), match='output "a"'):
            model("dict", loss).evaluate(X, TARGETS["dict"], verbose=0)


def test_a_list_of_one_for_a_list_of_outputs_is_an_error() -> None:
    """Keras 3.15.1 takes it for the first output, and trains the others on nothing: that is hardly what was meant."""
    x = keras.Input((1,))
    made = keras.Model(x, [layers.Dense(1)(x), layers.Dense(1)(x)])
    with pytest.raises(ValueError, match="2 outputs"):
        made.compile("sgd", [Pair()])


def test_what_several_outputs_share(engine: Any) -> None:
    made = model("dict", [Both()])
    weights = np.array([1.0, 0.0, 0.0, 2.0])
    made.evaluate(X, TARGETS["dict"], sample_weight=weights, verbose=0)
    with pytest.raises(ValueError, match="take one value"):
        made.evaluate(X, TARGETS["dict"], sample_weight={"a": weights, "b": weights * 2}, verbose=0)
    with pytest.raises(ValueError, match="no targets"):
        made.evaluate(X, {"a": WIDE}, verbose=0)


def test_saved_and_loaded(tmp_path: Any) -> None:
    made = model("nested", {"p": keras.losses.MeanSquaredError(), "q": "mae"})
    made.save(tmp_path / "m.keras")
    assert keras.models.load_model(tmp_path / "m.keras").metrics_names == ["loss", "p_loss", "q_loss"]
