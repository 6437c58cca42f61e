"""Programs written for TensorFlow's Keras: `tf.keras` is this library, and layers may call TensorFlow itself."""

import pkgutil
from typing import Any

import numpy as np
import pytest

import keras
from keras import layers
from keras.backend import select

tf = pytest.importorskip("tensorflow", reason="never: a missing engine fails in conftest")


@pytest.fixture(autouse=True)
def _engine() -> Any:
    with select.using("tensorflow"):
        yield


def test_tf_keras_is_this_library() -> None:
    from tensorflow import keras as by_name
    from tensorflow.keras.models import Sequential
    from tensorflow.keras.optimizers.schedules import ExponentialDecay

    import keras._tf_keras.keras.layers as mirrored

    assert tf.keras.layers.Dense is layers.Dense is mirrored.Dense
    assert by_name.Model is keras.Model
    assert Sequential is keras.Sequential
    assert ExponentialDecay is keras.optimizers.schedules.ExponentialDecay
    assert tf.losses.MeanSquaredError is keras.losses.MeanSquaredError


class Normalised(layers.Layer):
    """Calls TensorFlow, asks tensors what a Keras tensor does not know, and draws random numbers."""

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight(shape=(input_shape[-1], 2), initializer="ones")

    def call(self, x: Any, training: bool = False) -> Any:
        rows = tf.shape(x)[0]
        y = tf.nn.l2_normalize(tf.matmul(x, self.w), axis=x.get_shape().rank - 1)
        if training:
            y += keras.random.normal((1, 2)) * 0.0
        return {"pair": y, "sums": tf.reshape(tf.reduce_sum(y, 1), [rows, 1])}


def test_shapes_of_a_layer_that_calls_tensorflow() -> None:
    x = keras.Input((3,))
    outputs = Normalised()(x)
    assert (outputs["pair"].shape, outputs["sums"].shape) == ((None, 2), (None, 1))
    total = layers.Lambda(lambda t: tf.cast(tf.reduce_sum(t, axis=-1), tf.float64), dtype="float64")(
        outputs["pair"]
    )
    assert (total.shape, total.dtype) == ((None,), "float64")
    model = keras.Model(x, outputs["sums"])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3)), np.ones(4), verbose=0)
    assert model.predict(np.ones((2, 3)), verbose=0).shape == (2, 1)


def test_inside_another_layer_and_a_subclassed_model() -> None:
    class Outer(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.dense = Normalised(), layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.dense(self.inner(x)["pair"])

    assert Outer()(keras.Input((5,))).shape == (None, 3)
    model = Outer()
    model.compile("adam", "mse")
    model.fit(np.ones((4, 5)), np.ones((4, 3)), verbose=0)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x + keras.backend.random_normal(shape=(tf.shape(x)[0], tf.shape(x)[1])),  # as VAEs draw
        lambda x: x + keras.random.normal(tf.shape(x)),
        lambda x: keras.ops.reshape(tf.identity(x), (tf.shape(x)[0] // 2, -1, 4))[:, 0],
        lambda x: tf.tile(x[:1], [keras.backend.shape(x)[0] // 2, 1]),
        lambda x: tf.gather(x, tf.range(keras.ops.shape(x)[0] // 2)),
        lambda x: tf.zeros((x.shape[0] // 2, 4)) + x[::2],
    ],
)
def test_sizes_go_from_keras_to_tensorflow_and_back(call: Any) -> None:
    class Sized(layers.Layer):
        def call(self, x: Any) -> Any:
            return call(x)

    assert Sized()(keras.Input((4,))).shape == (None, 4)
    model = keras.Sequential([layers.Dense(4), Sized()])
    model.compile("sgd", lambda _, y: tf.reduce_mean(y))
    model.fit(np.ones((8, 4)), np.ones((8, 1)), batch_size=8, verbose=0)
    assert model(np.ones((8, 4))).shape[0] in (4, 8)


def test_unknown_lengths_in_code_that_computes_with_sizes() -> None:
    class Halves(layers.Layer):
        def call(self, x: Any) -> Any:
            return tf.concat(tf.split(x, [2, keras.ops.shape(x)[1] - 2], axis=1), axis=1)[:, :2]

    assert Halves()(keras.Input((None, 3))).shape == (None, 2, 3)


@pytest.mark.parametrize(
    "layer",
    [
        lambda f: layers.Dense(3, activation=f),
        lambda f: layers.Activation(f),
        lambda f: layers.LSTM(3, activation=f, return_sequences=True),
        lambda f: layers.Conv1D(3, 2, padding="same", activation=f),
    ],
)
@pytest.mark.parametrize("activation", [tf.nn.relu, lambda x: tf.nn.leaky_relu(x, 0.0)])
def test_tensorflow_s_functions_as_activations(layer: Any, activation: Any) -> None:
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4, 3)), layer(activation)])
    keras.utils.set_random_seed(0)
    same = keras.Sequential([keras.Input((4, 3)), layer("relu")])
    model.compile("sgd", "mse")
    assert model.output_shape == (None, 4, 3)
    np.testing.assert_allclose(model(x), same(x), rtol=1e-5, atol=1e-6)
    model.fit(x, x, verbose=0)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_tape_s_gradients_of_an_embedding_are_applied(compiled: bool) -> None:
    """They come as rows (`tf.IndexedSlices`), some of them twice."""
    layer = layers.Embedding(3, 2, embeddings_initializer="ones")
    optimizer = keras.optimizers.SGD(0.5)

    def step(ids: Any) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(ids))
        gradients = tape.gradient(loss, layer.trainable_variables)
        assert isinstance(gradients[0], tf.IndexedSlices)
        optimizer.apply_gradients(zip(gradients, layer.trainable_variables, strict=True))

    (tf.function(step) if compiled else step)(tf.constant([0, 2, 2]))
    np.testing.assert_allclose(layer.embeddings.numpy(), [[0.5, 0.5], [1, 1], [0, 0]])


@pytest.mark.parametrize("compiled", [False, True])
def test_an_optimizer_moves_tensorflow_s_variables(compiled: bool) -> None:
    """As style transfer moves an image; the numbers are Adam's of Keras 3.15.1."""
    image, optimizer = tf.Variable([1.0, -2.0]), keras.optimizers.Adam(0.1)

    def step() -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(image**2)
        optimizer.apply_gradients([(tape.gradient(loss, image), image)])

    step = tf.function(step) if compiled else step
    step()
    step()
    np.testing.assert_allclose(image.numpy(), [0.80041414, -1.8001684], rtol=1e-6)
    with pytest.raises(TypeError, match="expected variables"):
        keras.optimizers.SGD().apply_gradients([(tf.ones(2), tf.ones(2))])


def test_functions_of_the_users_own_inside_a_step_compute_the_same() -> None:
    """`@tf.function` on `call` or `train_step`: what is written in one is written in its graph."""

    def history(*decorated: str) -> Any:
        def function(f: Any) -> Any:
            return tf.function(f) if f.__name__ in decorated else f

        class Own(keras.Model):
            def __init__(self) -> None:
                super().__init__()
                self.norm, self.dense = (
                    layers.BatchNormalization(),
                    layers.Dense(1, kernel_initializer="ones"),
                )
                self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

            @function
            def call(self, x: Any, training: bool = False) -> Any:
                self.calls.assign_add(1.0)
                return self.dense(self.norm(x, training=training))

            @function
            def train_step(self, data: Any) -> Any:
                x, y = data
                with tf.GradientTape() as tape:
                    loss = self.compute_loss(y=y, y_pred=self(x, training=True))
                gradients = tape.gradient(loss, self.trainable_variables)
                self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
                return {"loss": loss}

        model = Own()
        model.compile(keras.optimizers.Adam(0.1), "mse")
        x = np.arange(24, dtype="float32").reshape(8, 3) % 5
        losses = model.fit(x, x[:, :1], batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"]
        return [
            *losses,
            float(model.calls),
            *model.norm.moving_mean.numpy(),
            float(model.optimizer.iterations),
        ]

    plain = history()
    assert (plain[2], plain[-1]) == (4, 4)
    for decorated in (["call"], ["train_step"], ["call", "train_step"]):
        np.testing.assert_allclose(history(*decorated), plain, rtol=1e-5)


def test_shapes_may_be_tensorflow_s() -> None:
    model = keras.Sequential([layers.Embedding(5, 4), layers.GRU(2)])
    model.build(tf.TensorShape([1, None]))
    assert model.count_params() == 5 * 4 + 3 * 2 * (4 + 2 + 2)
    assert layers.Dense(2).compute_output_shape(tf.TensorShape([None, 3])) == (None, 2)
    assert keras.Input(shape=tf.ones((2, 5, 3)).shape[1:]).shape == (None, 5, 3)
    assert layers.Reshape(tf.TensorShape([3, 1]))(np.ones((2, 3))).shape == (2, 3, 1)
    assert layers.Layer().add_weight(shape=tf.TensorShape([3, 1])).shape == (3, 1)


def test_a_layer_that_says_its_shape_is_believed_on_every_engine() -> None:
    class Host(layers.Layer):
        def call(self, x: Any) -> Any:
            return keras.ops.convert_to_tensor(np.asarray(x).repeat(2, axis=1))

        def compute_output_shape(self, input_shape: Any) -> Any:
            return (input_shape[0], 2 * input_shape[1])

    with select.using("numpy"):
        assert Host()(keras.Input((3,))).shape == (None, 6)


def test_a_mistake_in_such_a_layer_is_reported_as_it_was() -> None:
    class Wrong(layers.Layer):
        def call(self, x: Any) -> Any:
            return tf.matmul(x, tf.ones((7, 2)))

    class Misspelt(layers.Layer):
        def call(self, x: Any) -> Any:
            return x.shapes

    with pytest.raises(ValueError, match=r'Wrong "wrong": Dimensions must be equal, but are 3 and 7'):
        Wrong()(keras.Input((3,)))
    with pytest.raises(AttributeError, match="shapes"):
        Misspelt()(keras.Input((3,)))


@pytest.mark.parametrize("name", ["numpy", "theano", "cntk"])
def test_other_engines_say_what_to_do(name: str) -> None:
    with select.using(name), pytest.raises(TypeError, match=r"keras\.ops"):
        Normalised()(keras.Input((3,)))


def test_walking_through_the_packages_ends() -> None:
    names = [module.name for module in pkgutil.walk_packages(keras.__path__, "keras.")]
    assert len(names) == len(set(names))
    assert max(name.count("_tf_keras") for name in names) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda x, w: x * tf.reduce_mean(w),
        lambda x, w: x * tf.nn.l2_normalize(w),
        lambda x, w: tf.nn.batch_normalization(x, 0.0, 1.0, w, w, 1e-3),
        lambda x, w: tf.nn.conv1d(x[:, :, None], tf.reshape(w, (3, 1, 1)), 1, "SAME")[..., 0],
    ],
)
def test_functions_of_a_weight_alone_in_a_symbolic_call(call):
    class Scaled(keras.layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(shape=(shape[-1],), initializer="ones")

        def call(self, x):
            return call(x, self.w)

    inputs = keras.Input((3,))
    model = keras.Model(inputs, Scaled()(inputs))
    assert model.output.shape == (None, 3)
    x = np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_allclose(model.predict(x, verbose=0), call(tf.constant(x), tf.ones(3)), 1e-6)


def test_gradients_of_a_graph_in_a_lambda() -> None:
    """`tf.gradients` refuses to run outside of graphs, with a RuntimeError."""
    x = keras.Input((3,))
    y = layers.Dense(2, kernel_initializer="ones")(x)
    slope = layers.Lambda(lambda t: tf.gradients(t[0], t[1], unconnected_gradients="zero"))([y, x])
    np.testing.assert_array_equal(
        keras.Model(x, slope).predict(np.ones((2, 3)), verbose=0), np.full((2, 3), 2.0)
    )
