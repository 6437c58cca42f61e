"""Masks as tensors of the graph: outputs of models, inputs of ops and layers; the values are those of Keras 3.15.1."""

from typing import Any

import numpy as np
import pytest

import keras
from keras import layers, ops

WORDS = np.array([[1, 0, 2]])
STEPS = np.array([[[1, 2], [0, 0], [3, 4]]], "float32")
KEPT = [[True, False, True]]


def embedded() -> tuple[Any, Any]:
    x = keras.Input((3,))
    return x, layers.Embedding(5, 2, mask_zero=True, embeddings_initializer="ones")(x)


def values(inputs: Any, outputs: Any, data: Any = WORDS) -> Any:
    return keras.Model(inputs, outputs).predict(data, verbose=0)


def test_of_the_masking_layers(engine: Any) -> None:
    x = keras.Input((3, 2))
    for mask in (layers.Masking().compute_mask(x), layers.Masking()(x)._keras_mask):
        assert (mask.shape, mask.dtype) == ((None, 3), "bool")
        assert values(x, mask, STEPS).tolist() == KEPT
    x, y = embedded()
    assert values(x, layers.Embedding(5, 2, mask_zero=True).compute_mask(x)).tolist() == KEPT
    outputs, mask = values(x, [y, y._keras_mask])
    assert outputs.shape == (1, 3, 2)
    assert mask.tolist() == KEPT


@pytest.mark.parametrize(
    "layer",
    [
        lambda y: layers.LSTM(2, return_sequences=True)(y),
        lambda y: layers.Bidirectional(layers.GRU(2, return_sequences=True))(y),
        lambda y: layers.TimeDistributed(layers.Dense(2))(y),
        lambda y: layers.Dropout(0.5)(layers.Dense(3)(y)),
        lambda y: layers.Add()([y, y]),
        lambda y: layers.MultiHeadAttention(1, 2)(y, y),
    ],
)
def test_where_layers_hand_it_through(engine: Any, layer: Any) -> None:
    x, y = embedded()
    assert values(x, ops.where(layer(y)._keras_mask, 1, 0)).tolist() == [[1, 0, 1]]


def test_of_joined_inputs(engine: Any) -> None:
    x, y = embedded()
    z = keras.Input((3, 2))
    mask = layers.Concatenate(axis=1)([y, z])._keras_mask
    assert values([x, z], mask, [WORDS, STEPS]).tolist() == [[True, False, True, True, True, True]]
    mask = layers.Concatenate(axis=1)([y, layers.Dense(2)(y)])._keras_mask
    assert values(x, mask).tolist() == [KEPT[0] * 2]


def test_in_ops_and_as_an_argument(engine: Any) -> None:
    x, y = embedded()
    mask = y._keras_mask
    assert values(x, ops.sum(ops.cast(mask, "float32"), axis=1)).tolist() == [2]
    summed = layers.Dense(2, kernel_initializer="ones")(ops.add(y, 0.0))  # the mask ends at an op
    mean = layers.GlobalAveragePooling1D()
    np.testing.assert_allclose(
        values(x, mean(summed * [[[1.0], [9.0], [1.0]]], mask=mask)), [[2, 2]], rtol=1e-6
    )


def test_saved_and_loaded(tmp_path: Any) -> None:
    x, y = embedded()
    model = keras.Model(x, [layers.LSTM(2)(y), ops.cast(y._keras_mask, "int32")])
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    for one, other in zip(model.predict(WORDS, verbose=0), again.predict(WORDS, verbose=0), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


class Counting(layers.Layer):
    """Its mask counts with sizes, which the graph does not have: it is inferred, but no tensor of the graph."""

    def call(self, x: Any) -> Any:
        return x

    def compute_mask(self, x: Any, previous_mask: Any = None) -> Any:
        return ops.ones((x.shape[0], 3), "bool")


def test_a_mask_that_needs_sizes_is_no_hindrance(engine: Any) -> None:
    x = keras.Input((3, 2))
    assert values(x, layers.LSTM(2)(Counting()(x)), STEPS).shape == (1, 2)
