"""A model that was frozen after `compile`, for the sake of another one, trains as it was compiled."""

from typing import Any

import numpy as np
import pytest

import keras
from keras import layers

X = np.linspace(-1, 1, 64, dtype="float32").reshape(16, 4)
Y = (X.sum(axis=1, keepdims=True) > 0).astype("float32")
NOISE = np.linspace(0, 1, 48, dtype="float32").reshape(16, 3)


def judge() -> Any:
    """With a layer that is frozen from the start, and one that has statistics."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(4, name="fixed", trainable=False),
            layers.BatchNormalization(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    return model


def around(inner: Any) -> Any:
    inner.trainable = False
    noise = keras.Input((3,))
    pair = keras.Model(noise, inner(layers.Dense(4, name="maker")(noise)))
    pair.compile("adam", "binary_crossentropy")
    return pair


@pytest.mark.parametrize("fit", [False, True])
def test_an_adversarial_pair(engine: Any, fit: bool) -> None:
    """The judge learns as one that nothing was built around; the pair moves its other part alone."""
    frozen, free = judge(), judge()
    pair = around(frozen)
    for _ in range(3):
        for model in (frozen, free):
            if fit:
                model.fit(X, Y, batch_size=8, shuffle=False, verbose=0)
            else:
                model.train_on_batch(X, Y)
        after = frozen.get_weights()
        for a, b in zip(after, free.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        maker = pair.get_layer("maker").get_weights()
        pair.train_on_batch(NOISE, np.ones((16, 1), "float32"))
        np.testing.assert_equal(frozen.get_weights(), after)
        assert (pair.get_layer("maker").get_weights()[0] != maker[0]).any()
    assert not frozen.trainable
    assert not frozen.trainable_variables
    assert len(frozen.weights) == 8
    np.testing.assert_equal(frozen.get_layer("fixed").get_weights(), judge().get_layer("fixed").get_weights())


def test_each_layer_frozen_by_itself() -> None:
    model = judge()
    for layer in model.layers:
        layer.trainable = False
    before = model.get_weights()
    model.train_on_batch(X, Y)
    moved = [(a != b).any() for a, b in zip(before, model.get_weights(), strict=True)]
    assert moved == [False, False, True, True, True, True, True, True]
    assert model.trainable
    assert not any(layer.trainable for layer in model.layers)


def test_the_flags_are_put_back_after_an_error() -> None:
    model = judge()
    model.trainable = False
    with pytest.raises(ValueError, match="shape"):
        model.fit(X[:, :3], Y, verbose=0)
    assert not model.trainable
    assert not model.trainable_variables


def test_frozen_before_compile_stays_frozen() -> None:
    model = judge()
    model.trainable = False
    model.compile("adam", "binary_crossentropy")
    before = model.get_weights()
    with pytest.warns(UserWarning, match="has no trainable weights"):
        model.fit(X, Y, verbose=0)
    np.testing.assert_equal(model.get_weights(), before)
