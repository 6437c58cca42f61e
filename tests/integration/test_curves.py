"""The same weights and data train the same way on every engine: 20 steps, losses compared with the numpy engine's."""

import functools

import numpy as np
import pytest

import keras
from keras import layers

STEPS = 20


def mlp():
    return [
        keras.Input((20,)),
        layers.Dense(32, activation="relu"),
        layers.Dense(32, activation="tanh"),
        layers.Dense(4),
    ]


def cnn():
    return [
        keras.Input((12, 12, 2)),
        layers.Conv2D(8, 3, activation="relu", padding="same"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.Conv2D(8, 3, strides=2),
        layers.Flatten(),
        layers.Dense(4),
    ]


def lstm():
    return [
        keras.Input((9,), dtype="int32"),
        layers.Embedding(12, 8, mask_zero=True),
        layers.LSTM(8),
        layers.Dense(4),
    ]


def transformer():
    x = keras.Input((6, 8))
    y = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    y = layers.LayerNormalization()(y + layers.Dense(8)(layers.Dense(16, activation="gelu")(y)))
    return keras.Model(x, layers.Dense(4)(layers.GlobalAveragePooling1D()(y)))


def losses(make):
    keras.utils.set_random_seed(5)
    model = make()
    model = keras.Sequential(model) if isinstance(model, list) else model
    model.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    rng = np.random.default_rng(0)
    shape = (STEPS * 16, *model.input_shape[1:])
    x = rng.integers(0, 12, shape) if make is lstm else rng.normal(size=shape).astype("float32")
    y = rng.integers(0, 4, len(x))
    return [model.train_on_batch(x[i : i + 16], y[i : i + 16]) for i in range(0, len(x), 16)]


@functools.cache
def reference(make):
    with keras.backend.using("numpy"):
        return losses(make)


@pytest.mark.parametrize("make", [mlp, cnn, lstm, transformer])
def test_curves_agree(engine, make):
    got = np.array(losses(make), float)
    np.testing.assert_allclose(got, np.array(reference(make), float), rtol=0, atol=1e-4)
