"""What masked places mean to the layers that look at masks. The numbers follow from the definitions by hand."""

from typing import Any

import numpy as np
import pytest

import keras
from keras import layers as L
from keras import ops
from keras.backend.engine import Engine
from keras.backend.masks import get_mask

A = np.array([[[0.0, 0.0], [1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]], "float32")
B = np.array([[[0.0, 0.0], [0.0, 0.0], [1.0, 2.0], [3.0, 4.0]]], "float32")
KEPT = [[False, True, True, True]]


def numbers(x: Any) -> Any:
    return ops.convert_to_numpy(x).tolist()


@pytest.mark.parametrize(
    ("merge", "sign", "last", "one_mask"),
    [
        (L.Multiply, 1, [9, 16], [[0, 0], [0, 0], [1, 2], [9, 16]]),
        (L.Maximum, -1, [-3, -4], [[0, 0], [0, 0], [-1, -2], [-3, -4]]),
        (L.Minimum, 1, [3, 4], [[0, 0], [0, 0], [1, 2], [3, 4]]),
    ],
)
def test_masked_places_are_left_out_of_a_merge(
    engine: Engine, merge: Any, sign: int, last: Any, one_mask: Any
) -> None:
    a = L.Masking()(sign * A)
    assert numbers(merge()([a, sign * B])) == [one_mask]
    both = merge()([a, L.Masking()(sign * B)])
    assert numbers(both) == [[[0, 0], [sign, 2 * sign], [sign, 2 * sign], last]]
    assert numbers(get_mask(both)) == KEPT


def test_masked_merge_of_different_ranks(engine: Engine) -> None:
    """The mask of time steps goes along with the axes that the deeper input adds."""
    deep = np.array([[[[2.0, 3.0]], [[5.0, 7.0]]]], "float32")  # batch, rows, time=1 stretched, features
    flat = L.Masking()(np.array([[[0.0, 0.0], [1.0, 2.0]]], "float32"))
    assert numbers(L.Multiply()([flat, deep])) == [[[[2, 3], [2, 6]], [[5, 7], [5, 14]]]]


def test_masked_merge_in_a_model(engine: Engine) -> None:
    a, b = keras.Input((4, 2)), keras.Input((4, 2))
    model = keras.Model([a, b], L.Multiply()([L.Masking()(a), b]))
    assert model.predict([A, B], verbose=0).tolist() == [[[0, 0], [0, 0], [1, 2], [9, 16]]]


def test_a_merge_checks_its_masks() -> None:
    a, b = keras.Input((3,)), keras.Input((3,))
    for layer in (L.Add(), L.Concatenate()):
        with pytest.raises(ValueError, match="`mask` to be a list of 2"):
            layer.compute_mask([a, b], a)
        with pytest.raises(
            ValueError, match=r"`mask` to be a list of 2, one for each input\. Received: a list of 1"
        ):
            layer.compute_mask([a, b], [None])
        with pytest.raises(ValueError, match="`inputs` to be a list"):
            layer.compute_mask(a, [None])


def test_the_mask_of_softmax_broadcasts_as_arrays_do(engine: Engine) -> None:
    x = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], "float32")
    half = 1 / (1 + np.e)
    expected = [[0.0, half, 1 - half]] * 2
    for mask in ([False, True, True], [[False, True, True]], [0.5, 1.0, 1.0]):
        np.testing.assert_allclose(
            ops.convert_to_numpy(L.Softmax()(x, mask=np.array(mask))), expected, rtol=1e-6
        )
    for shape in ((3, 3), (1, 2, 3), (4,)):
        with pytest.raises(ValueError, match="a mask that broadcasts to the input"):
            L.Softmax()(x, mask=np.ones(shape, bool))


def test_a_mask_of_time_steps_reaches_softmax(engine: Engine) -> None:
    y = L.Softmax()(L.Masking()(np.array([[[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]]], "float32")))
    assert numbers(y) == [[[0.5, 0.5], [0.0, 0.0], [0.5, 0.5]]]


def attention() -> Any:
    layer = L.MultiHeadAttention(num_heads=2, key_dim=2)
    layer.build((3, 5, 8), (3, 3, 8))
    draw = np.random.default_rng(1)
    layer.set_weights([draw.normal(size=w.shape) for w in layer.get_weights()])
    return layer


@pytest.mark.parametrize("causal", [False, True])
def test_attention_leaves_out_masked_queries_and_values(engine: Engine, causal: bool) -> None:
    draw = np.random.default_rng(0)
    queries = np.array([[1, 2, 3, 0, 0], [3, 3, 1, 1, 2], [1, 0, 0, 0, 0]])
    values = np.array([[5, 4, 0], [3, 0, 0], [2, 1, 1]])
    words, others = L.Embedding(4, 8, mask_zero=True), L.Embedding(6, 8, mask_zero=True)
    for table in (words, others):
        table.build()
        table.set_weights([draw.normal(size=table.embeddings.shape)])
    layer = attention()
    y = layer(words(queries), others(values), use_causal_mask=causal)
    # Sums over the features of the output of Keras 3.15.1 with these weights.
    expected = np.array(
        [
            [6.238, -7.239, -9.715, -0.534, -0.534],
            [-6.897, -6.897, -6.897, -6.897, -6.897],
            [13.005, 12.490, 12.490, 12.490, 12.490],
        ]
    )
    if causal:
        expected[0, 0], expected[2, 0] = 5.291, 8.114
    np.testing.assert_allclose(ops.convert_to_numpy(y).sum(-1), expected, atol=1e-3)
    mask = (queries != 0)[:, :, None] & (values != 0)[:, None]
    if causal:
        mask &= np.tril(np.ones((5, 3), bool))
    by_hand = layer(words(queries) + 0.0, others(values) + 0.0, attention_mask=mask)
    np.testing.assert_allclose(ops.convert_to_numpy(y), ops.convert_to_numpy(by_hand), atol=1e-5)


def test_attention_masks_of_two_to_four_axes(engine: Engine) -> None:
    x = np.random.default_rng(0).normal(size=(3, 5, 8)).astype("float32")
    layer, mask = attention(), np.tril(np.ones((5, 5)))
    two, three, four = (
        ops.convert_to_numpy(layer(x, x, attention_mask=m))
        for m in (mask, np.tile(mask, (3, 1, 1)), np.tile(mask, (3, 2, 1, 1)))
    )
    np.testing.assert_allclose(two, three, atol=1e-6)
    np.testing.assert_allclose(two, four, atol=1e-6)


def test_attention_checks_its_lists() -> None:
    x = np.ones((1, 2, 2), "float32")
    for layer in (L.Attention(), L.AdditiveAttention()):
        with pytest.raises(ValueError, match=r"a list \[query, value\]"):
            layer(x)
        for mask in (x, [x]):
            with pytest.raises(ValueError, match=r"a list \[query mask, value mask\]"):
                layer([x, x], mask=mask)
    assert L.Attention().compute_mask(inputs=[x, x], mask=[None, np.array([True, False])]) is None


def test_batch_normalization_masks_places_whatever_the_axis(engine: Engine) -> None:
    x = np.array([[[1.0, 2.0], [9.0, 9.0]], [[3.0, 6.0], [np.nan, 9.0]]], "float32")
    layer = L.BatchNormalization(axis=1, momentum=0.0)
    layer(x, mask=np.array([[True, False], [True, False]]), training=True)
    np.testing.assert_allclose(layer.moving_mean.numpy(), [3.0, 0.0], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.numpy(), [3.5, 0.0], rtol=1e-6)


def test_batch_normalization_stretches_a_mask(engine: Engine) -> None:
    layer = L.BatchNormalization(momentum=0.0)
    y = layer(np.ones((1, 2, 3, 4), "float32"), mask=np.ones((1, 2, 1)), training=True)
    np.testing.assert_allclose(ops.convert_to_numpy(y), np.zeros((1, 2, 3, 4)), atol=1e-6)
    assert layer.moving_mean.numpy().tolist() == [1.0] * 4
    assert layer.moving_variance.numpy().tolist() == [0.0] * 4


@pytest.mark.parametrize("shape", [(4, 6), (5, 5), (4, 6, 2), (4,)])
def test_time_distributed_checks_its_mask(engine: Engine, shape: Any) -> None:
    layer = L.TimeDistributed(L.Dense(2))
    x = np.zeros((4, 5, 3), "float32")
    assert ops.shape(layer(x, mask=np.ones((4, 5, 1), bool))) == (4, 5, 2)
    with pytest.raises(ValueError, match="begins with the input's batch and time"):
        layer(x, mask=np.ones(shape, bool))


def test_one_output_of_several_masked_inputs_has_the_first_mask(engine):
    class Sum(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, inputs):
            return inputs[0] + inputs[1]

    ids = np.array([[1, 2, 0], [3, 0, 0]])
    mask = get_mask(Sum()([L.Embedding(5, 2, mask_zero=True)(x) for x in (ids, ids + 1)]))
    assert numbers(mask) == [[True, True, False], [True, False, False]]
