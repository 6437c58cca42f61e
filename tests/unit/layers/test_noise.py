"""Random layers: shares, moments, shapes of the choice, seeds; and nothing random outside training."""

from typing import Any

import numpy as np
import pytest

from keras import layers as L
from keras import ops
from keras.backend.engine import Engine
from keras.backend.tracing import Compiled

ONES = np.ones((4, 500, 50), "float32")


def run(layer: Any, x: np.ndarray = ONES) -> np.ndarray:
    return ops.convert_to_numpy(layer(x, training=True))


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: L.Dropout(0.3, seed=seed),
        lambda seed: L.SpatialDropout1D(0.3, seed=seed),
        lambda seed: L.GaussianNoise(0.3, seed=seed),
        lambda seed: L.GaussianDropout(0.3, seed=seed),
        lambda seed: L.AlphaDropout(0.3, seed=seed),
    ],
)
def test_seeds(engine: Engine, make: Any) -> None:
    """A seed gives the same numbers in every run, other numbers in every call, and another seed other numbers."""
    a, b, other = make(1), make(1), make(2)
    first = run(a)
    np.testing.assert_array_equal(first, run(b))
    assert (first != run(a)).any()
    assert (first != run(other)).any()
    np.testing.assert_array_equal(ops.convert_to_numpy(a(ONES)), ONES)
    np.testing.assert_array_equal(ops.convert_to_numpy(a(ONES, training=False)), ONES)
    assert a.weights == []


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout(engine: Engine, rate: float) -> None:
    y = run(L.Dropout(rate, seed=0))
    assert abs((y == 0).mean() - rate) < 0.01
    np.testing.assert_allclose(y[y != 0], 1 / (1 - rate), rtol=1e-6)


def test_dropout_of_all_and_of_none(engine: Engine) -> None:
    assert (run(L.Dropout(1.0)) == 0).all()
    assert (run(L.Dropout(0.0)) == 1).all()
    assert (run(L.GaussianNoise(0.0)) == 1).all()


def test_dropout_with_a_noise_shape(engine: Engine) -> None:
    y = run(L.Dropout(0.5, noise_shape=(None, 1, None), seed=0))
    assert (y == y[:, :1]).all()
    assert 0.3 < (y[:, 0] == 0).mean() < 0.7


def test_dropped_gradients(engine: Engine) -> None:
    layer = L.Dropout(0.5, seed=0)
    x = ops.convert_to_tensor(ONES[0])
    y, (gradient,) = ops.value_and_grad(lambda x: ops.sum(layer(x, training=True)), [x])
    gradient = ops.convert_to_numpy(gradient)
    assert set(np.unique(gradient)) == {0.0, 2.0}
    np.testing.assert_allclose(float(y), gradient.sum(), rtol=1e-5)


@pytest.mark.parametrize(
    ("layer", "shape", "spatial"),
    [
        (L.SpatialDropout1D(0.5, seed=0), (20, 5, 30), (1,)),
        (L.SpatialDropout2D(0.5, seed=0), (20, 3, 4, 30), (1, 2)),
        (L.SpatialDropout2D(0.5, data_format="channels_first", seed=0), (20, 30, 3, 4), (2, 3)),
        (L.SpatialDropout3D(0.5, seed=0), (20, 3, 2, 4, 30), (1, 2, 3)),
    ],
)
def test_spatial_dropout(layer: Any, shape: tuple[int, ...], spatial: tuple[int, ...]) -> None:
    y = run(layer, np.ones(shape, "float32"))
    whole = y.mean(spatial)
    assert set(np.unique(whole)) == {0.0, 2.0}
    assert abs((whole == 0).mean() - 0.5) < 0.1


def test_gaussian_noise(engine: Engine) -> None:
    y = run(L.GaussianNoise(0.5, seed=0)) - 1
    assert abs(y.mean()) < 0.01
    assert abs(y.std() - 0.5) < 0.01


def test_gaussian_dropout(engine: Engine) -> None:
    y = run(L.GaussianDropout(0.2, seed=0))
    assert abs(y.mean() - 1) < 0.01
    assert abs(y.std() - 0.5) < 0.01


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(engine: Engine, rate: float) -> None:
    x = np.random.RandomState(0).normal(size=ONES.shape).astype("float32")
    y = run(L.AlphaDropout(rate, seed=0), x)
    assert abs(y.mean()) < 0.02
    assert abs(y.std() - 1) < 0.02
    values, counts = np.unique(y, return_counts=True)
    assert abs(counts.max() / y.size - rate) < 0.01
    # Two facts of real Keras 3.15.1: dropped units at rate 0.5 are -0.7791938.
    if rate == 0.5:
        np.testing.assert_allclose(values[counts.argmax()], -0.7791938, rtol=1e-6)


def test_activity_regularization(engine: Engine) -> None:
    layer = L.ActivityRegularization(l1=0.5, l2=0.25)
    layer(np.array([[1.0, -2.0], [0.0, 1.0]], "float32"))
    np.testing.assert_allclose(float(layer.losses[0]), (0.5 * 4 + 0.25 * 6) / 2)


def test_compiled_calls_go_on_where_eager_ones_would(engine: Engine) -> None:
    """Each call of a compiled step draws anew, and what it draws is what eager calls draw."""
    layer, eager = L.Dropout(0.5, seed=3), L.Dropout(0.5, seed=3)
    step = Compiled(lambda x: layer(x, training=True))
    x = ONES[0]
    first, second = (ops.convert_to_numpy(step(x)) for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(first, run(eager, x))
    np.testing.assert_array_equal(second, run(eager, x))
