"""Losses and metrics of symbolic tensors: steps of a functional model, and what is added to its training loss."""

import numpy as np
import pytest

import keras
from keras import KerasTensor, layers, losses, metrics, ops

FUNCTIONS = [
    *(
        getattr(losses, n)
        for n in [
            "mean_squared_error",
            "mean_absolute_error",
            "mean_absolute_percentage_error",
            "mean_squared_logarithmic_error",
            "huber",
            "log_cosh",
            "cosine_similarity",
            "binary_crossentropy",
            "categorical_crossentropy",
            "kl_divergence",
            "poisson",
            "hinge",
            "squared_hinge",
            "categorical_hinge",
            "binary_focal_crossentropy",
            "categorical_focal_crossentropy",
        ]
    ),
    *(getattr(metrics, n) for n in ("categorical_accuracy", "pearson_correlation")),
]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_one_value_per_row(f):
    y = f(KerasTensor((None, 4)), KerasTensor((None, 4)))
    assert y.shape == (None,)
    x = keras.Input((4,))
    model = keras.Model(x, f(x * x, x))
    data = np.random.default_rng(0).uniform(0.1, 0.9, (3, 4)).astype("float32")
    want = ops.convert_to_numpy(f(data * data, data))
    np.testing.assert_allclose(ops.convert_to_numpy(model(data)), want, rtol=1e-6)


def test_an_added_symbolic_loss_trains(engine):
    x = keras.Input((3,))
    code = layers.Dense(2, name="code")(x)
    y = layers.Dense(3, name="back")(code)
    model = keras.Model(x, y)
    model.add_loss(losses.mean_squared_error(x, y))
    model.add_loss(0.5 * ops.sum(code * code, axis=-1))
    model.compile("sgd")
    data = np.random.default_rng(1).normal(size=(8, 3)).astype("float32")
    kernels = [w.numpy() for w in model.weights]
    hidden = data @ kernels[0] + kernels[1]
    error = hidden @ kernels[2] + kernels[3] - data
    want = (error**2).mean() + 0.5 * (hidden**2).sum(1).mean()
    history = model.fit(data, epochs=5, batch_size=8, verbose=0).history["loss"]
    np.testing.assert_allclose(history[0], want, rtol=1e-5)
    assert history[-1] < history[0]
