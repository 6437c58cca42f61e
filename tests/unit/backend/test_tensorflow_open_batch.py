"""Ops in a `tf.function` or data set of the user's own, whose tracing leaves the size of the batch open."""

import numpy as np
import pytest

import keras
from keras import ops, tree
from keras.backend import select

X = np.arange(20.0, dtype="float32").reshape(5, 4)


@pytest.fixture
def tf():
    import tensorflow

    with select.using("tensorflow"):
        yield tensorflow


def traced(tf, f):
    return tf.function(f, input_signature=[tf.TensorSpec([None, 4], "float32")])(X)


RIGHT = {
    "mean": lambda x: ops.mean(x, 0),
    "var": lambda x: ops.var(x),
    "moments": lambda x: ops.moments(x, [0]),
    "layer_normalization": lambda x: ops.layer_normalization(x, axis=(0, 1)),
    "zeros_like": ops.zeros_like,
    "ones_like": ops.ones_like,
    "isnan": lambda x: ops.isnan(ops.cast(x, "int32")),
    "strided": lambda x: ops.image.extract_patches(
        ops.reshape(x, (-1, 2, 2, 1)), 2, strides=1, padding="same", data_format="channels_last"
    ),
    "reshape": lambda x: ops.reshape(x, (ops.shape(x)[0], 2, 2)),
    "loss": lambda x: keras.losses.MeanSquaredError()(x, 2.0 * x),
    "masked loss": lambda x: keras.losses.mean_absolute_error(x, 2.0 * x),
}


@pytest.mark.parametrize("name", RIGHT)
def test_as_with_a_known_batch(tf, name):
    want = tree.map_structure(ops.convert_to_numpy, RIGHT[name](ops.convert_to_tensor(X)))
    got = tree.map_structure(ops.convert_to_numpy, traced(tf, RIGHT[name]))
    for w, g in zip(tree.flatten(want), tree.flatten(got), strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-6)


REFUSED = {
    "get_item": lambda x: ops.get_item(x, slice(1, 3)),
    "roll": lambda x: ops.roll(x, 1, axis=0),
    "associative_scan": lambda x: ops.associative_scan(lambda a, b: a + b, x),
    "cumprod": lambda x: ops.cumprod(x, axis=0),
    "trapezoid": lambda x: ops.trapezoid(x, axis=0),
    "diagonal": lambda x: ops.diagonal(x),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_rather_than_wrong(tf, name):
    with pytest.raises((ValueError, TypeError), match=f"{name}: .*not known"):
        traced(tf, REFUSED[name])


L = keras.layers
SAME = {"padding": "same"}
IMAGES = {
    "convolution": lambda: [L.Conv2D(4, 3, **SAME), L.Conv2D(5, 2, strides=2, **SAME)],
    "depthwise": lambda: [L.SeparableConv2D(4, 3, strides=2, **SAME), L.DepthwiseConv2D(2, **SAME)],
    "groups": lambda: [L.Conv2D(4, 3, strides=2, **SAME), L.Conv2D(4, 3, groups=2, **SAME)],
    "pooling": lambda: [L.MaxPooling2D(3, 2, **SAME), L.AveragePooling2D(2, **SAME), L.MaxPooling2D(2, 1)],
    "transposed": lambda: [L.Conv2DTranspose(2, 3, strides=2, **SAME), L.Conv2DTranspose(2, 3, strides=2)],
    "one axis": lambda: [L.TimeDistributed(L.Conv1D(2, 3, strides=2, **SAME))],
}


@pytest.mark.parametrize("name", IMAGES)
def test_images_of_open_sizes(tf, name):
    """As an exported fully convolutional net, or a data set, calls them."""
    model = keras.Sequential(IMAGES[name]())
    images = np.random.default_rng(0).random((2, 7, 6, 2), dtype="float32")
    batch = 2 if name == "one axis" else None
    model(images)
    function = tf.function(model, input_signature=[tf.TensorSpec((batch, 7 if batch else None, None, 2))])
    for x in (images, images[:, :, :5]):
        np.testing.assert_allclose(function(x), model(x), rtol=1e-5, atol=1e-6)


def test_a_broadcast_to_a_size_that_is_not_known_is_refused(tf):
    with pytest.raises(TypeError, match="not known"):
        traced(tf, lambda x: ops.broadcast_to(ops.ones((1, 4)), ops.shape(x)))


STACKS = {
    "LSTM": lambda: [L.LSTM(4)],
    "LSTM sequences": lambda: [L.LSTM(4, return_sequences=True, recurrent_dropout=0.2)],
    "GRU backwards": lambda: [L.GRU(4, go_backwards=True)],
    "GRU unrolled": lambda: [L.GRU(4, unroll=True)],
    "SimpleRNN": lambda: [L.SimpleRNN(4)],
    "stacked cells": lambda: [L.RNN([L.LSTMCell(3), L.GRUCell(4)])],
    "Bidirectional": lambda: [L.Bidirectional(L.LSTM(3))],
    "masked": lambda: [L.Masking(), L.GRU(4)],
    "convolution": lambda: [L.Conv1D(4, 3, padding="same"), L.MaxPooling1D(2), L.Flatten(), L.Dense(2)],
    "shapes": lambda: [L.Reshape((3, 5)), L.Permute((2, 1)), L.UpSampling1D(2)],
    "time": lambda: [L.TimeDistributed(L.Dense(2)), L.ZeroPadding1D(1), L.GlobalAveragePooling1D()],
}


def as_in_a_function_of(tf, model, signature):
    x = np.random.default_rng(0).random((3, 5, 3), dtype="float32")
    function = tf.function(model, input_signature=[tf.TensorSpec(signature, "float32")])
    for data in (x, x[:2]):
        np.testing.assert_allclose(function(data), model(data), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", STACKS)
def test_layers_with_an_open_batch(tf, name):
    """As a saved signature calls them."""
    as_in_a_function_of(tf, keras.Sequential([L.Input((5, 3)), *STACKS[name]()]), (None, 5, 3))


def test_sequences_with_an_open_batch_and_open_time(tf):
    layers = [
        L.LSTM(4, return_sequences=True),
        L.SimpleRNN(3, return_sequences=True),
        L.Bidirectional(L.GRU(3)),
    ]
    as_in_a_function_of(tf, keras.Sequential([L.Input((None, 3)), *layers]), (None, None, 3))


class Attended(L.Layer):
    def __init__(self):
        super().__init__()
        self.attention = L.MultiHeadAttention(2, 4)

    def call(self, x):
        return self.attention(x, x)


OPEN_TIME = {
    "attention": Attended,
    "layer normalisation": L.LayerNormalization,
    "group normalisation": lambda: L.GroupNormalization(3),
    "loss of classes": lambda: L.Lambda(
        lambda x: ops.sparse_categorical_crossentropy(ops.argmax(-x, -1), x, from_logits=True)
    ),
    "sums of products": lambda: L.EinsumDense("btc,cd->btd", (None, 4)),
    "heads": lambda: L.Lambda(lambda x: ops.reshape(x, (*ops.shape(x)[:2], 3, 1))),
}


@pytest.mark.parametrize("name", OPEN_TIME)
def test_with_an_open_batch_and_open_time(tf, name):
    layer = OPEN_TIME[name]()
    layer(np.zeros((3, 5, 3), "float32"))
    as_in_a_function_of(tf, layer, (None, None, 3))


def test_dropout_of_open_sizes(tf):
    layer = L.Dropout(0.5)
    function = tf.function(
        lambda x: layer(x, training=True), input_signature=[tf.TensorSpec((None, None), "float32")]
    )
    y = function(np.ones((30, 40), "float32")).numpy()
    assert set(np.unique(y)) == {0.0, 2.0}
    assert abs(y.mean() - 1) < 0.1
