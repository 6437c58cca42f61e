"""Batches of many sizes on TensorFlow: one trace with open sizes serves them, and the numbers are those of one for each."""

import numpy as np
import pytest

import keras
from keras import layers, ops
from keras.backend import select, tracing
from keras.backend.spec import OPEN, Open
from keras.ops.dispatch import shape_of

LENGTHS = (12, 9, 20, 16, 7, 8, 5, 11, 1, 14)


@pytest.fixture(autouse=True)
def tensorflow():
    with select.using("tensorflow"):
        yield


class Batches(keras.utils.PyDataset):
    def __init__(self, width):
        super().__init__()
        rng = np.random.default_rng(1)
        self.batches = []
        for n in LENGTHS:
            x = rng.integers(1, 50, (4, n)) * (rng.random((4, n)) < 0.8)
            y = rng.integers(0, 9, (4, n, 1)) if width == "steps" else rng.standard_normal((4, 1))
            self.batches.append((x.astype("int32"), y.astype("int32" if width == "steps" else "float32")))

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, i):
        return self.batches[i]


def sequence(*middle, mask=False):
    return keras.Sequential([layers.Input((None,)), layers.Embedding(50, 8, mask_zero=mask), *middle])


MODELS = {
    "lstm": lambda: sequence(layers.LSTM(4), layers.Dense(1)),
    "masked": lambda: sequence(layers.GRU(4), layers.Dense(1), mask=True),
    "both ways": lambda: sequence(layers.Bidirectional(layers.SimpleRNN(4)), layers.Dense(1)),
    "both ways at every step": lambda: sequence(
        layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
        layers.GlobalMaxPooling1D(),
        layers.Dense(1),
        mask=True,
    ),
    "dropout": lambda: sequence(
        layers.SpatialDropout1D(0.2), layers.Dropout(0.2), layers.GlobalAveragePooling1D(), layers.Dense(1)
    ),
    "convolution": lambda: sequence(
        layers.Conv1D(4, 3, padding="same"),
        layers.Conv1D(4, 3, padding="causal"),
        layers.GlobalMaxPooling1D(),
        layers.Dense(1),
    ),
    "steps": lambda: sequence(layers.LSTM(4, return_sequences=True), layers.Dense(9, activation="softmax")),
}


def trained(name, monkeypatch, alike):
    monkeypatch.setattr(tracing, "ALIKE", alike)
    keras.utils.set_random_seed(3)
    model, steps = MODELS[name](), name == "steps"
    model.compile(
        "adam",
        "sparse_categorical_crossentropy" if steps else "mse",
        metrics=["accuracy" if steps else "mae"],
    )
    data = Batches(name)
    history = model.fit(data, epochs=2, shuffle=False, verbose=0).history
    predictions = [model.predict(x, verbose=0) for x, _ in data.batches]
    return history, model.get_weights(), predictions, model._memory.trace_counts


@pytest.mark.parametrize("name", MODELS)
def test_the_numbers_are_those_of_a_trace_for_each_size(name, monkeypatch):
    *one, counts = trained(name, monkeypatch, 4)
    *each, many = trained(name, monkeypatch, 1000)
    assert counts["train"] == 4 + 2  # the open one, and one for the length of 1
    assert many["train"] == len(LENGTHS)
    for a, b in zip(keras.tree.flatten(one), keras.tree.flatten(each), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def dense():
    return keras.Sequential(
        [
            layers.Input((3,)),
            layers.Dense(8, "gelu", kernel_regularizer="l2", activity_regularizer="l1"),
            layers.BatchNormalization(),
            layers.Dense(2, "softmax"),
        ]
    )


def attending():
    inputs = layers.Input((6, 4))
    x = layers.MultiHeadAttention(2, 3, dropout=0.1)(inputs, inputs, use_causal_mask=True)
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x + inputs))
    return keras.Model(inputs, layers.Dense(2, "softmax")(x))


def pictures():
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(2, "softmax"),
        ]
    )


def fed_by_numbers(make, alike, monkeypatch):
    """Weights and logs after batches of as many numbers of samples as there are batches."""
    monkeypatch.setattr(tracing, "ALIKE", alike)
    keras.utils.set_random_seed(3)
    model, rng = make(), np.random.default_rng(1)
    model.compile(
        "adam", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"]
    )
    logs = []
    for n in LENGTHS * 2:
        x = rng.normal(size=(n, *model.input_shape[1:])).astype("float32")
        y, weight = rng.integers(0, 2, n), rng.random(n)
        logs.append(model.train_on_batch(x, y, sample_weight=weight))
        logs.append(list(model.fit(x, y, batch_size=64, verbose=0).history.values()))
        logs.append(model.evaluate(x, y, sample_weight=weight, verbose=0))
        logs.append(model.predict_on_batch(x))
    return logs, model.get_weights(), model._memory.trace_counts


@pytest.mark.parametrize("make", [dense, attending, pictures])
def test_batches_of_many_numbers_of_samples_share_a_trace(make, monkeypatch):
    *one, counts = fed_by_numbers(make, 4, monkeypatch)
    *each, many = fed_by_numbers(make, 1000, monkeypatch)
    assert (counts["train"], many["train"]) == (4 + 2, len(LENGTHS))
    for a, b in zip(keras.tree.flatten(one), keras.tree.flatten(each), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_recurrent_layers_are_not_left_to_a_loop():
    compiled = tracing.Compiled(layers.LSTM(4))
    for n in LENGTHS[:6]:
        compiled(np.ones((2, n, 3), "float32"))
    ops_of_open = {op.type for op in compiled._latest.run.concrete.graph.get_operations()}
    assert compiled.trace_count == 5
    assert ops_of_open & {"PyFunc", "EagerPyFunc", "PyFuncStateless"}
    assert not ops_of_open & {"While", "StatelessWhile"}


SIZED = {
    "length": lambda x: x * ops.cast(x.shape[1] + 1, "float32"),
    "reversed half": lambda x: x[:, : ops.shape(x)[1] // 2],
    "positions": lambda x: x + ops.arange(ops.shape(x)[1], dtype="float32"),
    "branch": lambda x: x if ops.shape(x)[1] > 6 else -x,
    "zeros": lambda x: ops.concatenate([x, ops.zeros((2, ops.shape(x)[1]))], 0),
    "same": lambda x: layers.MaxPooling1D(2, padding="same")(x[..., None]),
    "spread": lambda x: ops.sum(ops.broadcast_to(ops.mean(x, 1, keepdims=True), ops.shape(x))),
    "resized": lambda x: ops.image.resize(x[..., None, None], (2 * ops.shape(x)[1], 3), "bilinear"),
    "enlarged": lambda x: layers.UpSampling2D((2, 1), interpolation="bilinear")(x[:, :, None, None]),
    "its shape": lambda x: (ops.shape(x), x)[1] * ops.convert_to_tensor(ops.shape(x)[1], "float32"),
    "outer": lambda x: ops.reshape(ops.einsum("bi,bj->bij", x, x), (2, -1)),
}


@pytest.mark.parametrize("name", SIZED)
def test_what_depends_on_a_size_is_right_for_each(name):
    compiled = tracing.Compiled(SIZED[name])
    for n in LENGTHS:
        x = np.arange(2.0 * n, dtype="float32").reshape(2, n)
        np.testing.assert_allclose(compiled(x), SIZED[name](ops.convert_to_tensor(x)), rtol=1e-5)


def test_nothing_is_concluded_from_an_open_size():
    for use in (
        lambda: OPEN + 1,
        lambda: OPEN // 2,
        lambda: OPEN < 3,
        lambda: bool(OPEN),
        lambda: range(OPEN),
        lambda: 3 * OPEN,
    ):
        with pytest.raises(TypeError, match="left open"):
            use()


def test_axes_that_a_size_left_open_is_joined_to_are_open():
    seen = []

    def f(x):
        n = shape_of(x)[1]
        if isinstance(n, Open):
            seen.append(isinstance(3 * n, Open) and isinstance(2 * n * n, Open))
            for use in (lambda: n + 1, lambda: 0 * n, lambda: n < 3, lambda: 3 * n // 2, lambda: bool(n * n)):
                with pytest.raises(TypeError, match="left open"):
                    use()
        return x

    compiled = tracing.Compiled(f)
    for n in LENGTHS[:6]:
        compiled(np.ones((2, n), "float32"))
    assert seen == [True]
