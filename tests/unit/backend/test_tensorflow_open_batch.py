"""Ops in a `tf.function` or data set of the user's own, whose tracing leaves sizes open: they compute with those of the run."""

import inspect

import numpy as np
import pytest

import keras
from keras import backend as K
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


def resized(interpolation, **kwargs):
    return lambda x: ops.image.resize(x[..., None], (3, 7), interpolation, **kwargs)


#: In which both axes may be open.
BOTH_OPEN = {
    "arange": lambda x: ops.arange(ops.shape(x)[1]),
    "K arange": lambda x: K.arange(K.shape(x)[0]),
    "K reshape": lambda x: K.reshape(x, K.concatenate([K.shape(x)[:1], [1], K.shape(x)[1:]])),
    "K reshape to what remains": lambda x: K.reshape(x, (K.shape(x)[0], -1)),
    "K slice": lambda x: K.slice(x, [0, 0], [K.shape(x)[0], 2]),
    "K zeros": lambda x: K.zeros((K.shape(x)[0], 2)),
    "arange by two": lambda x: ops.arange(1, ops.shape(x)[0], 2),
    "argsort": lambda x: ops.argsort(-x, axis=0),
    "array_split": lambda x: ops.array_split(x, 2, 0),
    "reshape to what remains": lambda x: ops.reshape(x, (ops.shape(x)[0], -1, ops.shape(x)[1])),
    "reshape by heads": lambda x: ops.reshape(ops.stack([x] * 4, -1), (-1, ops.shape(x)[1], 2, 2)),
    "average": lambda x: ops.average(x, 0, weights=x[:, 0]),
    "broadcast": lambda x: ops.broadcast_to(ops.sum(x, 0), ops.shape(x)),
    "broadcast of a slice": lambda x: ops.broadcast_to(x[:, :1], ops.shape(x)),
    "concatenate": lambda x: ops.concatenate([x, x[1:]], 0),
    "diagonal": lambda x: [ops.diagonal(x, k) for k in (-1, 0, 1, 9)],
    "diff": lambda x: ops.diff(x, axis=0),
    "eye": lambda x: ops.eye(ops.shape(x)[0]),
    "fft": lambda x: ops.rfft(x, 6),
    "heads": lambda x: ops.reshape(x, (ops.shape(x)[0], 2, ops.shape(x)[1] // 2)),
    "kron": lambda x: ops.kron(x, x),
    "median": lambda x: ops.median(x, axis=0),
    "one_hot": lambda x: ops.one_hot(ops.argmax(x, 1), 4),
    "pad": lambda x: ops.pad(x, ((1, 0), (0, 2))),
    "pad by edges": lambda x: ops.pad(x, ((2, 3), (0, 1)), "edge"),
    "pad reflected": lambda x: ops.pad(x, ((2, 3), (0, 1)), "reflect"),
    "pad symmetric": lambda x: ops.pad(x, ((2, 3), (0, 1)), "symmetric"),
    "pad wrapped": lambda x: ops.pad(x, ((2, 3), (0, 1)), "wrap"),
    "patches": lambda x: ops.image.extract_patches(ops.reshape(x, (1, *ops.shape(x), 1)), 2, padding="same"),
    "pinv": ops.pinv,
    "quantile": lambda x: ops.quantile(x, 0.3, axis=0),
    "random": lambda x: ops.ones_like(keras.random.uniform(ops.shape(x))),
    "repeat": lambda x: ops.repeat(x, 2, axis=1),
    "resize": resized("bilinear"),
    "resize smoothly": resized("bicubic", antialias=True),
    "resize to the nearest": resized("nearest"),
    "resize what is cropped": resized("bilinear", crop_to_aspect_ratio=True),
    "resize what is padded": resized("nearest", pad_to_aspect_ratio=True),
    "roll": lambda x: [ops.roll(x, n, axis=0) for n in (-7, 0, 2)],
    "scan": lambda x: ops.scan(lambda c, y: (c + y, c), ops.zeros_like(x[0]), x),
    "segments": lambda x: ops.segment_sum(x, ops.zeros((ops.shape(x)[0],), "int32"), 2),
    "shape as a vector": lambda x: ops.zeros(ops.convert_to_tensor(ops.shape(x))),
    "slices": lambda x: [x[:3], x[1:-1], x[-2:], x[9:], x[::2], x[1::3, ::-1], x[-1], x[3:1]],
    "slices to a size": lambda x: ops.arange(10)[ops.shape(x)[1] : ops.shape(x)[0]],
    "softmax": ops.softmax,
    "sort": lambda x: ops.sort(-x, axis=0),
    "split": lambda x: ops.split(x, 2, 1),
    "split at": lambda x: ops.split(x, [2, 3, 9], 0),
    "take": lambda x: ops.take(x, [0, -1], axis=0),
    "take_along_axis": lambda x: ops.take_along_axis(x, ops.argsort(-x, axis=1), axis=1),
    "tile": lambda x: ops.tile(x, (2, 3)),
    "top_k": lambda x: ops.top_k(x, 2),
    "trapezoid": lambda x: ops.trapezoid(x, axis=0),
    "tril": ops.tril,
    "what remains": lambda x: ops.reshape(x, (2, -1)),
}


@pytest.mark.parametrize("name", BOTH_OPEN)
def test_as_with_known_sizes(tf, name):
    function = tf.function(BOTH_OPEN[name], input_signature=[tf.TensorSpec([None, None])], autograph=False)
    for x in (X, X[:4], np.tile(X, (1, 2))):
        want = tree.map_structure(ops.convert_to_numpy, BOTH_OPEN[name](ops.convert_to_tensor(x)))
        got = tree.map_structure(ops.convert_to_numpy, function(x))
        for w, g in zip(tree.flatten(want), tree.flatten(got), strict=True):
            np.testing.assert_allclose(g, w, rtol=1e-5, atol=1e-6)


def test_known_sizes_stay_known(tf):
    shapes = []

    def f(x):
        pads = ops.pad(x, ((0, 0), (ops.shape(x)[0], 0)))
        shapes.extend(y.shape for y in (pads, x[1:], ops.reshape(x, (ops.shape(x)[0], 2, 2))))

    tf.function(f, input_signature=[tf.TensorSpec([None, 4])])(X)
    assert [tuple(s) for s in shapes] == [(None, None), (None, 4), (None, 2, 2)]


REFUSED = {
    "associative_scan": lambda x: ops.associative_scan(lambda a, b: a + b, x),
    "cumprod": lambda x: ops.cumprod(x, axis=0),
    "unstack": lambda x: ops.unstack(x),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_rather_than_wrong(tf, name):
    with pytest.raises((ValueError, TypeError), match=f"{name}: .*(not|no) known"):
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
    def __init__(self, **kwargs):
        super().__init__()
        self.attention, self.kwargs = L.MultiHeadAttention(2, 4), kwargs

    def call(self, x):
        return self.attention(x, x, **self.kwargs)


class Placed(L.Layer):
    """As the guides write it."""

    def __init__(self):
        super().__init__()
        self.places = L.Embedding(20, 3)

    def call(self, x):
        length = ops.shape(x)[-2]
        return x * ops.sqrt(ops.cast(length, x.dtype)) + self.places(ops.arange(0, length, 1))


class Counted(L.RNN):
    """A cell of one's own that asks for the batch."""

    class Cell(L.Layer):
        state_size = output_size = 3

        def get_initial_state(self, batch_size=None):
            return ops.ones((batch_size, 3))

        def call(self, x, states):
            return x + states[0], [x + states[0]]

    def __init__(self):
        super().__init__(self.Cell(), return_sequences=True)


OPEN_TIME = {
    "attention": Attended,
    "causal attention": lambda: Attended(use_causal_mask=True),
    "dot attention": lambda: L.Lambda(lambda x: L.Attention()([x, x], use_causal_mask=True)),
    "places": Placed,
    "a cell of one's own": Counted,
    "masked": lambda: keras.Sequential([L.Masking(), L.LSTM(4, return_sequences=True), L.GRU(2)]),
    "zeros for what is masked": lambda: keras.Sequential(
        [L.Masking(), L.GRU(4, return_sequences=True, zero_output_for_mask=True, recurrent_activation="relu")]
    ),
    "twice as long": lambda: L.UpSampling1D(2),
    "reshaped": lambda: L.Reshape((-1, 1)),
    "cut": lambda: L.Cropping1D((1, 0)),
    "pooled": lambda: keras.Sequential([L.MaxPooling1D(2), L.AveragePooling1D(3, 2, padding="same")]),
    "dilated": lambda: L.Conv1D(4, 3, padding="causal", dilation_rate=2),
    "transposed": lambda: L.Conv1DTranspose(4, 3, strides=2, padding="same"),
    "repeated": lambda: L.Lambda(lambda x: L.RepeatVector(3)(x[:, -1])),
    "filled up": lambda: L.Lambda(lambda x: ops.pad(x, [[0, 0], [0, 9 - ops.shape(x)[1]], [0, 0]])),
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


def settings_of(cls):
    """What a metric of this class must be told."""
    given = {
        "num_classes": 3,
        "target_class_ids": [0, 1],
        **dict.fromkeys(("precision", "recall", "sensitivity", "specificity"), 0.5),
    }
    known = inspect.signature(cls).parameters
    return {
        name: value
        for name, value in given.items()
        if name in known and known[name].default is inspect.Parameter.empty
    }


METRICS = sorted(
    name
    for name, cls in ((n, getattr(keras.metrics, n)) for n in keras.metrics.__all__)
    if inspect.isclass(cls)
    and issubclass(cls, keras.metrics.Metric)
    and name not in ("Metric", "MeanMetricWrapper")
)


@pytest.mark.filterwarnings("ignore:.*float sample weights are rounded")
@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("name", METRICS)
def test_metrics_count_what_is_there(tf, name, rank):
    cls, rng = getattr(keras.metrics, name), np.random.default_rng(0)
    shape = (6, 4, 3)[3 - rank :]
    y_pred = rng.random(shape).astype("float32")
    y_true = np.eye(3, dtype="float32")[rng.integers(0, 3, shape[:-1])]
    if name.startswith("Sparse") or name in ("IoU", "MeanIoU"):
        y_true = y_true.argmax(-1).astype("float32")
    if name in ("IoU", "MeanIoU"):
        y_pred = y_pred.argmax(-1).astype("float32")
    data = [y_pred] if name in ("Mean", "Sum") else [y_true, y_pred]
    weights = rng.random(shape[:1]).astype("float32")
    for given in ({}, {"sample_weight": weights}):
        eager, traced = (cls(**settings_of(cls)) for _ in range(2))
        try:
            eager.update_state(*data, **given)
        except ValueError:  # of one rank only
            continue
        traced.update_state(*data)  # makes variables whose shape the data tell
        traced.reset_state()
        arrays = [*data, *given.values()]
        signature = [
            tf.TensorSpec([None] * (a.ndim - 1) + list(a.shape[a.ndim - 1 :] if a is y_pred else [None]))
            for a in arrays
        ]
        names = [None] * len(data) + list(given)

        def update(*tensors, metric=traced, names=names):
            named = {n: t for n, t in zip(names, tensors, strict=True) if n}
            metric.update_state(*tensors[: len(tensors) - len(named)], **named)
            return 0

        tf.function(update, input_signature=signature)(*arrays)
        np.testing.assert_allclose(eager.result(), traced.result(), rtol=1e-5, atol=1e-6)


def test_penalties_and_logged_losses_know_the_batch(tf):
    inputs = keras.Input((4,))
    penalised = keras.layers.Dense(2, activity_regularizer="l2")
    model = keras.Model(inputs, [penalised(inputs), keras.layers.Dense(3)(inputs)])
    model.compile("sgd", ["mse", "mae"])

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def run(x):
        model.compute_loss(x, [x[:, :2], x[:, :3]], model(x))
        return penalised.losses[0]

    for batch in (X, X[:2]):
        y = ops.convert_to_numpy(model(batch)[0])
        np.testing.assert_allclose(run(batch), 0.01 * np.square(y).sum() / len(batch), rtol=1e-5)
    logged = {name: float(v) for name, v in model.get_metrics_result().items()}
    first, second = (
        float(np.mean(np.square(ops.convert_to_numpy(model(b)[0]) - b[:, :2]))) for b in (X, X[:2])
    )
    np.testing.assert_allclose(
        logged[f"{model.output_names[0]}_loss"], (5 * first + 2 * second) / 7, rtol=1e-5
    )


@pytest.mark.parametrize("step", ["train_step", "test_step"])
def test_steps_weigh_batches_by_their_sizes(tf, step):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics=["mse"])

    @tf.function(input_signature=[tf.TensorSpec([None, 4]), tf.TensorSpec([None, 1])])
    def run(x, y):
        return getattr(model, step)((x, y))

    run(X, X[:, :1])
    logs = {name: float(value) for name, value in run(X[:2], X[:2, :1]).items()}
    np.testing.assert_allclose(logs["loss"], logs["mse"], rtol=1e-6)
    errors = np.square(ops.convert_to_numpy(model(X)) - X[:, :1])
    np.testing.assert_allclose(logs["mse"], (errors.sum() + errors[:2].sum()) / 7, rtol=1e-5)
