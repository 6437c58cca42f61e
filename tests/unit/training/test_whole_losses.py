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
    "deep": {"p": {"t": X * 2, "o": WIDE}, "q": X * 3},
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
    outputs = {"dict": {"b": t, "a": o}, "tuple": (t, o), "nested": {"p": [t, o], "q": t}}
    made = keras.Model(x, (outputs | {"deep": {"p": {"t": t, "o": o}, "q": t}})[kind])
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


def first(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.square(y_pred["t"] - y_true["t"]), axis=-1)


@pytest.mark.parametrize(
    ("kind", "loss", "weights", "results", "losses", "kernels"),
    [
        ("dict", [Both(), {"a": "mae"}], None,
         {"loss": 22.5, "b_a_loss": 15, "a_loss": 7.5}, [21.728825, 17.823746], (1.48061, 1.1)),
        ("dict", [Both(), {"a": "mae", "b": "mse"}], [0.5, {"a": 2.0, "b": 3.0}],
         {"loss": 45, "b_a_loss": 15, "a_loss": 7.5, "b_loss": 7.5}, [36.874153, 18.297745], (1.91116, 1.125)),
        ("dict", {"a": ["mse", "mae"], "b": "mse"}, {"a": [0.1, 2.0], "b": 1.0},
         {"loss": 29.25, "a_loss": 67.5 + 7.5, "b_loss": 7.5}, [28.348917, 23.726685], (1.48061, 1.187746)),
        ("tuple", [Pair(), ("mse", None)], None,
         {"loss": 22.5, "t_o_loss": 15, "t_loss": 7.5}, [19.734974, 9.398495], (1.759686, 1.05)),
        ("tuple", [Pair(), ["mse", "mae"]], [2.0, [0.5, 1.0]],
         {"loss": 41.25, "t_o_loss": 15, "t_loss": 7.5, "o_loss": 7.5}, [36.880077, 22.813448], (1.839936, 1.15)),
        ("deep", {"p": {"t": "mse", "o": "mae"}, "q": "mse"}, None,
         {"loss": 45, "p/o_loss": 7.5, "p/t_loss": 7.5, "q_loss": 30}, [38.798225, 15.631772], (2.139528, 1.05)),
        ("deep", {"p": [first, {"o": "mse"}], "q": "mse"}, {"p": [0.5, {"o": 2.0}], "q": 1.0},
         {"loss": 168.75, "p_loss": 7.5, "p/o_loss": 67.5, "q_loss": 30}, [151.631271, 67.478928], (2.069981, 2.441831)),
    ],
)  # fmt: skip
def test_several_losses_on_one_output(
    engine: Any, kind: str, loss: Any, weights: Any, results: Any, losses: Any, kernels: Any
) -> None:
    """Where one output has two losses of its own, its entry in the logs is their sum; Keras's is the last of them."""
    made, y = model(kind, loss, loss_weights=weights), TARGETS[kind]
    got = made.evaluate(X, y, verbose=0)
    assert made.metrics_names == list(results)
    np.testing.assert_allclose(got, list(results.values()), rtol=1e-6)
    history = made.fit(X, y, verbose=0, epochs=2, batch_size=2, shuffle=False).history
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-6)
    got = [made.get_layer(name).get_weights()[0][0, 0] for name in ("t", "o")]
    np.testing.assert_allclose(got, kernels, rtol=1e-5)


def test_several_losses_of_the_only_output(engine: Any) -> None:
    x = keras.Input((1,))
    made = keras.Model(x, layers.Dense(1, kernel_initializer="ones", name="t")(x))
    made.compile("sgd", ["mse", "mae"], loss_weights=[1.0, 2.0])
    np.testing.assert_allclose(made.evaluate(X, X * 2, verbose=0), [7.5 + 2 * 2.5, 7.5 + 2.5])
    assert made.metrics_names == ["loss", "t_loss"]


@pytest.mark.parametrize(
    ("kind", "loss", "weights", "message"),
    [
        ("dict", [Both(), {"c": "mae"}], None, 'Unknown output "c"'),
        ("deep", {"p": {"u": "mae"}}, None, 'Unknown output "u"'),
        ("tuple", [Pair(), ("mse", "mae", "mse")], None, "2 outputs"),
        ("tuple", [Pair(), ("mse", "mae")], [1.0], "nested like the losses"),
    ],
)
def test_several_losses_that_do_not_fit(kind: str, loss: Any, weights: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model(kind, loss, loss_weights=weights)


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


def test_another_number_of_predictions_than_of_outputs(engine: Any) -> None:
    class Halves(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return super().compute_loss(x, y, [y_pred, y_pred], sample_weight, training)

    x = keras.Input((1,))
    made = Halves(x, layers.Dense(1)(x))
    made.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"losses are for 1 output.*Received: 2 predictions"):
        made.evaluate(X, [X, X], verbose=0)
