"""`get_state_tree` and `set_state_tree`: paths as in real Keras 3.15.1, values there and back, nothing half done."""

from typing import Any

import numpy as np
import pytest

import keras
from keras import layers


def trained() -> keras.Model:
    inputs = keras.Input((3,))
    outputs = layers.Dense(2, name="d")(layers.BatchNormalization(name="bn")(inputs))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(name="adam"), "mse", metrics=["mae"])
    x = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3)
    model.fit(x, x[:, :2], batch_size=4, verbose=0)
    return model


def paths(nested: Any, prefix: str = "") -> list[str]:
    if not isinstance(nested, dict):
        return [prefix[:-1]]
    return [path for name, value in nested.items() for path in paths(value, f"{prefix}{name}/")]


def test_the_paths_are_those_of_keras(engine: Any) -> None:
    tree = trained().get_state_tree()
    assert paths(tree["trainable_variables"]) == ["bn/gamma", "bn/beta", "d/kernel", "d/bias"]
    assert paths(tree["non_trainable_variables"]) == ["bn/moving_mean", "bn/moving_variance"]
    slots = [
        f"adam/{v}_{s}"
        for v in ("bn_gamma", "bn_beta", "d_kernel", "d_bias")
        for s in ("momentum", "velocity")
    ]
    assert paths(tree["optimizer_variables"]) == ["adam/iteration", "adam/learning_rate", *slots]
    counts = [f"{metric}/{v}" for metric in ("loss", "mean_absolute_error") for v in ("total", "count")]
    assert paths(tree["metrics_variables"]) == counts


def test_a_new_model_goes_on_where_the_old_one_was(engine: Any) -> None:
    old, new = trained(), trained()
    x = np.linspace(2, 3, 12, dtype="float32").reshape(4, 3)
    fresh = keras.models.clone_model(new)
    fresh.compile(keras.optimizers.Adam(name="adam"), "mse", metrics=["mae"])
    fresh.set_state_tree(old.get_state_tree("numpy_array"))
    for model in (old, fresh):
        model.fit(x, x[:, :2], verbose=0)
    for a, b in zip(old.get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert int(fresh.optimizer.iterations.numpy()) == 3


def test_what_does_not_fit_changes_nothing() -> None:
    model = trained()
    before = model.get_state_tree("numpy_array")
    kernel = np.zeros((3, 2))
    for tree, message in (
        ({"trainable_variables": {"d": {"kernel": kernel, "bias": np.zeros(3)}}}, "shape"),
        ({"trainable_variables": {"d": {"kernel": kernel, "biass": np.zeros(2)}}}, 'Did you mean "d/bias"'),
        ({"trainable_variables": {"d": {"kernel": kernel}}, "weights": {}}, "part of a state tree"),
    ):
        with pytest.raises(ValueError, match=message):
            model.set_state_tree(tree)
    np.testing.assert_array_equal(
        before["trainable_variables"]["d"]["kernel"], model.get_layer("d").kernel.numpy()
    )
    with pytest.raises(ValueError, match="numpy_arry"):
        model.get_state_tree("numpy_arry")


def test_two_variables_with_one_path_are_an_error() -> None:
    class Twins(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = layers.Dense(1, name="same"), layers.Dense(1, name="same")

        def call(self, x: Any) -> Any:
            return self.a(x) + self.b(x)

    model = Twins()
    model(np.ones((1, 2)))
    with pytest.raises(ValueError, match="two variables have the path"):
        model.get_state_tree()
