"""Losses, metrics, layers and Lambdas written with Keras 2's backend, trained and compared with NumPy."""

import numpy as np
import pytest

import keras
from keras import backend as K
from keras import layers


@pytest.fixture(autouse=True)
def _seed(engine):
    keras.utils.set_random_seed(2)


def rows(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_losses_and_metrics_of_ones_own(engine):
    def huber(y_true, y_pred, clip=0.5):
        error = K.abs(y_true - y_pred)
        return K.mean(K.switch(error < clip, 0.5 * K.square(error), clip * (error - 0.5 * clip)), axis=-1)

    def recall(y_true, y_pred):
        hits = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
        return hits / (K.sum(K.round(K.clip(y_true, 0, 1))) + K.epsilon())

    def same_class(y_true, y_pred):
        return K.cast(K.equal(K.argmax(y_true, axis=-1), K.argmax(y_pred, axis=-1)), K.floatx())

    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="sigmoid")])
    model.compile("sgd", huber, metrics=[recall, same_class])
    x, y = rows(32, 4), np.eye(3, dtype="float32")[np.random.default_rng(0).integers(0, 3, 32)]
    before = model.evaluate(x, y, batch_size=32, verbose=0, return_dict=True)
    p = model.predict(x, verbose=0)
    error = np.abs(p - y)
    expected = np.where(error < 0.5, 0.5 * error**2, 0.5 * (error - 0.25)).mean()
    assert before["loss"] == pytest.approx(expected, rel=1e-5)
    assert before["same_class"] == pytest.approx((p.argmax(-1) == y.argmax(-1)).mean())
    assert before["recall"] == pytest.approx(np.round(p * y).sum() / y.sum(), rel=1e-5)
    history = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_a_layer_of_ones_own(engine):
    class Linear(layers.Layer):
        def __init__(self, units, **kwargs):
            self.units = units
            super().__init__(**kwargs)

        def build(self, input_shape):
            self.kernel = self.add_weight(
                name="kernel", shape=(input_shape[1], self.units), initializer="uniform", trainable=True
            )
            super().build(input_shape)

        def call(self, x):
            return K.dot(x, self.kernel)

        def compute_output_shape(self, input_shape):
            return (input_shape[0], self.units)

    model = keras.Sequential([keras.Input((4,)), Linear(3), layers.Activation(K.tanh)])
    assert model.output_shape == (None, 3)
    x = rows(5, 4)
    expected = np.tanh(x @ model.layers[0].kernel.numpy())
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-6)


def test_attention_over_time(engine):
    class Attention(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(name="w", shape=(int(input_shape[-1]), 1), initializer="glorot_uniform")
            self.supports_masking = True

        def call(self, x, mask=None):
            scores = K.squeeze(K.tanh(K.dot(x, self.w)), -1)
            weights = K.exp(scores)
            if mask is not None:
                weights *= K.cast(mask, K.floatx())
            weights /= K.cast(K.sum(weights, axis=1, keepdims=True) + K.epsilon(), K.floatx())
            return K.sum(x * K.expand_dims(weights), axis=1)

        def compute_mask(self, inputs, mask=None):
            return None

    model = keras.Sequential([
        keras.Input((6,), dtype="int32"), layers.Embedding(10, 4, mask_zero=True), Attention(), layers.Dense(1),
    ])  # fmt: skip
    model.compile("adam", "mse")
    ids = np.array([[3, 4, 5, 0, 0, 0]])
    same = np.array([[3, 4, 5, 0, 0, 0]])
    table = model.layers[0].get_weights()[0]
    table[0] += 100.0  # what is masked does not count
    before = model.predict(ids, verbose=0)
    model.layers[0].set_weights([table])
    np.testing.assert_allclose(model.predict(same, verbose=0), before, rtol=1e-5)
    model.fit(ids, np.ones((1, 1)), epochs=2, verbose=0)


def test_lambdas(engine):
    def antirectifier(x):
        x = x - K.mean(x, axis=1, keepdims=True)
        x = K.l2_normalize(x, axis=1)
        return K.concatenate([K.relu(x), K.relu(-x)], axis=1)

    def distance(pair):
        a, b = pair
        return K.sqrt(K.maximum(K.sum(K.square(a - b), axis=1, keepdims=True), K.epsilon()))

    a, b = keras.Input((5,)), keras.Input((5,))
    twice = layers.Lambda(antirectifier)
    model = keras.Model([a, b], layers.Lambda(distance)([twice(a), twice(b)]))
    assert model.output_shape == (None, 1)

    def reference(x):
        x = x - x.mean(1, keepdims=True)
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
        return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], 1)

    x, y = rows(3, 5), rows(3, 5, seed=1)
    expected = np.linalg.norm(reference(x) - reference(y), axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict([x, y], verbose=0), expected, rtol=1e-4)


def test_sampling_of_a_variational_autoencoder(engine):
    def sampling(args):
        mean, log_var = args
        epsilon = K.random_normal(shape=(K.shape(mean)[0], K.int_shape(mean)[1]))
        return mean + K.exp(0.5 * log_var) * epsilon

    x = keras.Input((4,))
    mean, log_var = layers.Dense(2)(x), layers.Dense(2)(x)
    z = layers.Lambda(sampling, output_shape=(2,), name="z")([mean, log_var])
    model = keras.Model(x, layers.Dense(4)(z))
    assert z.shape == (None, 2)
    model.compile("adam", "mse")
    model.fit(rows(10, 4), rows(10, 4), epochs=2, batch_size=4, verbose=0)
    a, b = (model.predict(rows(3, 4), verbose=0) for _ in range(2))
    assert (a != b).any()


def test_ctc_in_a_lambda(engine):
    def cost(args):
        y_pred, labels, input_length, label_length = args
        return K.ctc_batch_cost(labels, y_pred[:, 2:, :], input_length, label_length)

    x = keras.Input((10, 3))
    y = layers.Dense(5, activation="softmax")(x)
    labels, of_input, of_label = (
        keras.Input((4,)),
        keras.Input((1,), dtype="int32"),
        keras.Input((1,), dtype="int32"),
    )
    loss = layers.Lambda(cost, output_shape=(1,), name="ctc")([y, labels, of_input, of_label])
    model = keras.Model([x, labels, of_input, of_label], loss)
    model.compile(keras.optimizers.Adam(0.05), loss=lambda y_true, y_pred: y_pred)
    inputs = [rows(6, 10, 3), np.tile([[0, 2, 1, 0]], (6, 1)), np.full((6, 1), 8), np.full((6, 1), 3)]
    history = model.fit(inputs, np.zeros((6, 1)), epochs=12, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_a_step_function_of_ones_own(engine):
    """A recurrent layer written with `K.rnn`."""

    class Decay(layers.Layer):
        def build(self, input_shape):
            self.kernel = self.add_weight(name="kernel", shape=(int(input_shape[-1]), 3))

        def call(self, x):
            def step(now, states):
                h = K.tanh(K.dot(now, self.kernel) + 0.5 * states[0])
                return h, [h]

            start = K.zeros_like(K.dot(x[:, 0], self.kernel))
            last, outputs, _ = K.rnn(step, x, [start])
            return K.concatenate([last, K.max(outputs, axis=1)])

    model = keras.Sequential([keras.Input((5, 2)), Decay(), layers.Dense(1)])
    x = rows(4, 5, 2)
    kernel, h, seen = model.layers[0].kernel.numpy(), np.zeros((4, 3)), []
    for t in range(5):
        h = np.tanh(x[:, t] @ kernel + 0.5 * h)
        seen.append(h)
    found = K.function(model.inputs, model.layers[0].output)(x)
    np.testing.assert_allclose(found, np.concatenate([h, np.max(seen, 0)], 1), rtol=1e-4, atol=1e-5)
    model.compile("adam", "mse")
    history = model.fit(x, rows(4, 1), epochs=15, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_images_of_any_size(engine):
    """Deep dream at several scales: the model's input has no fixed size."""
    model = keras.Sequential([
        keras.Input((None, None, 3)), layers.Conv2D(4, 3, activation="tanh"), layers.Conv2D(2, 3, padding="same"),
    ])  # fmt: skip
    x = model.output
    loss = K.sum(K.square(x[:, 2:-2, 2:-2, :])) / K.prod(K.cast(K.shape(x), "float32"))
    grads = K.gradients(loss, model.input)[0]
    fetch = K.function([model.input], [loss, grads])
    for size in ((12, 14), (16, 18)):
        image = rows(1, *size, 3)
        value, gradient = fetch([image])
        d = rows(*image.shape, seed=1)
        slope = (fetch([image + 1e-2 * d])[0] - fetch([image - 1e-2 * d])[0]) / 2e-2
        assert (gradient * d).sum() == pytest.approx(slope, rel=2e-2)
        assert value > 0
    assert fetch.trace_count == 2


def test_output_shape_from_another_tensor(engine):
    x = keras.Input((4, 4, 2))
    kernel = rows(3, 3, 5, 2)
    y = K.conv2d_transpose(x, kernel, (K.shape(x)[0], 8, 8, 5), strides=(2, 2), padding="same")
    assert y.shape == (None, 8, 8, 5)
    image = rows(3, 4, 4, 2)
    direct = K.eval(K.conv2d_transpose(image, kernel, (3, 8, 8, 5), strides=(2, 2), padding="same"))
    np.testing.assert_allclose(K.function([x], y)(image), direct, rtol=1e-4, atol=1e-6)


def test_saving(engine, tmp_path):
    """What is a plain op of Keras 3 is saved as one; the rest refuses, and never becomes another op of its name."""
    x = keras.Input((3,))
    h = layers.Dense(4)(x)
    y = K.l2_normalize(K.relu(h, alpha=0.25, max_value=2.0), axis=-1) + K.mean(h, axis=1, keepdims=True)
    model = keras.Model(x, K.sqrt(K.softplus(y)))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        again.predict(rows(5, 3), verbose=0), model.predict(rows(5, 3), verbose=0), rtol=1e-6
    )
    with pytest.raises(ValueError, match=r"'backend_repeat' .* has no form"):
        keras.Model(x, K.repeat(h, 2)).to_json()
    penalty = keras.Model(x, K.gradients(K.sum(K.tanh(h)), x)[0])
    with pytest.raises(ValueError, match=r"K\.gradients.*save_weights"):
        penalty.to_json()
    penalty.save_weights(tmp_path / "w.weights.h5")
    before = penalty.predict(rows(2, 3), verbose=0)
    penalty.set_weights([w * 0 for w in penalty.get_weights()])
    penalty.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(penalty.predict(rows(2, 3), verbose=0), before)


def test_noise_of_unknown_size(engine):
    x = keras.Input((4, 5))
    y = K.dropout(x, 0.5, noise_shape=(K.shape(x)[0], 1, 5))
    found = K.function([x], y)(np.ones((30, 4, 5)))
    assert (found == found[:, :1]).all()
    assert set(found.ravel()) == {0.0, 2.0}


class Shifted(keras.layers.Layer):
    """Makes what it needs in `call`, without a word of shapes, as layers of Keras 2 do."""

    def call(self, x):
        return x + K.zeros((3,)) + K.ones((1, 3)) + K.variable(np.array([1.0, 2.0, 3.0])) + K.eye(3)[0]


def test_variables_made_in_a_call(engine):
    x = keras.Input((3,))
    model = keras.Model(x, keras.layers.Dense(1, kernel_initializer="ones")(Shifted()(x)))
    model.compile("sgd", "mse")
    for rows in (1, 2, 40):  # traced anew, and run again
        np.testing.assert_allclose(model.predict(np.zeros((rows, 3)), verbose=0), np.full((rows, 1), 10.0))
    model.fit(np.zeros((8, 3)), np.full((8, 1), 10.0), verbose=0)
    np.testing.assert_allclose(model.predict(np.zeros((1, 3)), verbose=0), [[10.0]], rtol=1e-6)
