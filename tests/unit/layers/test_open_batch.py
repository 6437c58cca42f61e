"""Layers that compute with the batch size, which nobody knows while their shapes are inferred.

The shapes are those that Keras 3.15.1 infers on TensorFlow, the numbers NumPy's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import keras
from keras import ops
from keras.backend.engine import Engine

Tensor = Any
Body = Callable[[Tensor, Any], Tensor]

CASES: list[tuple[str, Body, tuple[Any, ...], str, Callable[[np.ndarray, int], Any]]] = [
    ("arange", lambda x, n: ops.arange(n), (None,), "int32", lambda x, n: np.arange(n)),
    ("arange by two", lambda x, n: ops.arange(0, n, 2), (None,), "int32", lambda x, n: np.arange(0, n, 2)),
    (
        "arange in float",
        lambda x, n: ops.arange(n, dtype="float32"),
        (None,),
        "float32",
        lambda x, n: np.arange(n),
    ),
    (
        "places in a flat tensor",
        lambda x, n: ops.reshape(ops.arange(n)[:, None] * ops.shape(x)[1] + 2, (-1, 1)),
        (None, 1),
        "int32",
        lambda x, n: np.arange(n)[:, None] * 6 + 2,
    ),
    ("cast", lambda x, n: ops.cast(n, "float32") * 2.0, (), "float32", lambda x, n: n * 2.0),
    ("mean by hand", lambda x, n: ops.sum(x) / ops.cast(n, x.dtype), (), "float32", lambda x, n: x.sum() / n),
    ("divided", lambda x, n: ops.divide(x, n), (None, 6), "float32", lambda x, n: x / n),
    ("times a fraction", lambda x, n: x * (n * 0.5), (None, 6), "float32", lambda x, n: x * (n * 0.5)),
    ("over the square", lambda x, n: x / n**2, (None, 6), "float32", lambda x, n: x / n**2),
    ("share", lambda x, n: x * (1 / n), (None, 6), "float32", lambda x, n: x / n),
    (
        "at least one",
        lambda x, n: ops.maximum(n // 2, 1),
        (),
        "int32",
        lambda x, n: max(n // 2, 1),
    ),
    ("stacked", lambda x, n: ops.stack([n, 6]), (2,), "int32", lambda x, n: [n, 6]),
    ("in a list", lambda x, n: ops.array([n, 2]), (2,), "int32", lambda x, n: [n, 2]),
    ("size", lambda x, n: ops.prod(ops.shape(x)), (), "int32", lambda x, n: n * 6),
    (
        "repeat",
        lambda x, n: ops.repeat(ops.ones((1, 2)), n, axis=0),
        (None, 2),
        "float32",
        lambda x, n: np.ones((n, 2)),
    ),
    (
        "segments",
        lambda x, n: ops.segment_sum(x, ops.arange(n), num_segments=n),
        (None, 6),
        "float32",
        lambda x, n: x,
    ),
    (
        "grid",
        lambda x, n: ops.meshgrid(ops.arange(n), ops.arange(6))[0],
        (6, None),
        "int32",
        lambda x, n: np.meshgrid(np.arange(n), np.arange(6))[0],
    ),
    (
        "what remains",
        lambda x, n: ops.reshape(x, (n, -1, 2)),
        (None, None, 2),
        "float32",
        lambda x, n: x.reshape(n, -1, 2),
    ),
    (
        "pairs",
        lambda x, n: ops.equal(ops.arange(n), n - 1),
        (None,),
        "bool",
        lambda x, n: np.arange(n) == n - 1,
    ),
]


class Computed(keras.layers.Layer):
    """A layer whose call is a function of the input and its batch size."""

    def __init__(self, body: Body) -> None:
        super().__init__()
        self.body = body

    def call(self, x: Tensor) -> Tensor:
        return self.body(x, ops.shape(x)[0])


@pytest.mark.parametrize(("name", "body", "shape", "dtype", "expected"), CASES, ids=[c[0] for c in CASES])
def test_the_batch_size_is_a_number_for_ops(
    engine: Engine, name: str, body: Body, shape: Any, dtype: str, expected: Any
) -> None:
    layer = Computed(body)
    symbolic = layer(keras.Input((6,)))
    assert (symbolic.shape, symbolic.dtype) == (shape, dtype)
    x = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    y = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, expected(x, 4), rtol=1e-5)
    assert str(y.dtype) == dtype


def test_it_stays_weak_beside_half_precision() -> None:
    layer = Computed(lambda x, n: x * n * 0.5 / n)
    assert layer(keras.Input((6,), dtype="float16")).dtype == "float32"  # autocast
    assert (
        keras.layers.Lambda(lambda x: x / ops.shape(x)[0], dtype="float16")(keras.Input((6,))).dtype
        == "float16"
    )


def test_a_model_trains_with_it(engine: Engine) -> None:
    """Each sample against all others, as contrastive losses do."""
    inputs = keras.Input((3,))
    similar = Computed(lambda x, n: ops.matmul(x, ops.transpose(x)) - 1e9 * ops.eye(n))(inputs)
    nearest = Computed(lambda x, n: ops.cast(ops.argmax(x, axis=-1) + 0 * ops.arange(n), "float32"))(similar)
    model = keras.Model(inputs, nearest)
    x = np.array([[1, 0, 0], [0, 1, 0], [0.9, 0.1, 0], [0, 0.8, 0.3]], "float32")
    assert model.predict(x, verbose=0).tolist() == [2.0, 3.0, 0.0, 1.0]
