"""Activations: their own options, and names to functions and back."""

import numpy as np
import pytest

from keras import activations, ops

X = np.array([-3.0, -1.0, 0.0, 0.5, 2.0, 9.0], "float32")


def host(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize(
    ("kwargs", "want"),
    [
        ({}, [0, 0, 0, 0.5, 2, 9]),
        ({"max_value": 6}, [0, 0, 0, 0.5, 2, 6]),
        ({"negative_slope": 0.5}, [-1.5, -0.5, 0, 0.5, 2, 9]),
        ({"threshold": 1.0}, [0, 0, 0, 0, 2, 9]),
        ({"threshold": 1.0, "negative_slope": 0.5, "max_value": 6.0}, [-2, -1, -0.5, -0.25, 2, 6]),
    ],
)
def test_relu(engine, kwargs, want):
    np.testing.assert_allclose(host(activations.relu(X, **kwargs)), want)


def test_gelu_is_exact_by_default(engine):
    exact, rough = (host(ops.gelu(X, approximate=a)) for a in (False, True))
    np.testing.assert_array_equal(host(activations.gelu(X)), exact)
    np.testing.assert_array_equal(host(activations.gelu(X, approximate=True)), rough)


def test_mish_and_exponential(engine):
    np.testing.assert_allclose(
        host(activations.mish(X)), X * np.tanh(np.log1p(np.exp(X))), rtol=1e-5, atol=1e-7
    )
    np.testing.assert_allclose(host(activations.exponential(X)), np.exp(X), rtol=1e-6)


@pytest.mark.parametrize(
    "name", [n for n in activations.__all__ if n not in ("get", "serialize", "deserialize")]
)
def test_names(engine, name):
    f = activations.get(name)
    assert f is getattr(activations, name)
    kept = {"swish": "silu", "hard_swish": "hard_silu"}.get(name, name)
    assert activations.serialize(f) == kept
    assert activations.deserialize(kept) is f
    x = np.abs(X)
    y = f(x, 1.0, 0.0) if name == "threshold" else f(x)
    assert host(y).dtype == np.float32


def test_anything_callable_will_do():
    def mine(x):
        return x

    assert activations.get(mine) is mine
    assert activations.get(None) is activations.linear


def test_unknown_names():
    with pytest.raises(ValueError, match=r'Unknown activation "rellu".*Did you mean "relu"'):
        activations.get("rellu")
    with pytest.raises(TypeError, match="activation"):
        activations.get(3)
