"""`Layer` itself: being built, dtypes, trainability, shapes, losses; and what layers hold before their first call."""

from typing import Any

import numpy as np
import pytest

import keras
from keras import layers as L
from keras import ops
from keras.backend.engine import Engine


class Twice(L.Layer):
    """Cannot run on symbolic tensors."""

    def call(self, x: Any, y: Any = None) -> Any:
        raise RuntimeError("not to be called")

    def compute_output_shape(self, x_shape: Any, y_shape: Any = None) -> Any:
        return [(*x_shape, 2), x_shape]


class Adds(L.Layer):
    def call(self, x: Any) -> Any:
        self.add_loss(ops.sum(x))
        return x


@pytest.mark.parametrize(
    "layer",
    [L.ReLU, L.Softmax, L.Identity, L.Masking, L.UnitNormalization, L.MaxPooling2D, L.GlobalMaxPooling1D],
)
def test_a_layer_without_state_is_built_from_the_start(layer: Any) -> None:
    class Builds(layer):
        def build(self, input_shape: Any) -> None:
            self.seen = input_shape

    assert layer().built
    assert not Builds().built
    assert layer.from_config(layer().get_config()).built
    assert not L.Dense(2).built


@pytest.mark.parametrize(
    ("quiet", "noisy"),
    [
        (lambda: L.Dropout(0), lambda: L.Dropout(0.5)),
        (lambda: L.GaussianNoise(0), lambda: L.GaussianNoise(0.5)),
        (lambda: L.SpatialDropout1D(0.0), lambda: L.SpatialDropout1D(0.5)),
        (lambda: L.Attention(), lambda: L.Attention(dropout=0.5)),
    ],
)
def test_state_of_random_numbers_only_where_there_is_randomness(quiet: Any, noisy: Any) -> None:
    assert len(quiet().variables) == 0
    assert len(noisy().variables) == 1


def test_the_dtype_policy_can_be_set() -> None:
    layer = L.Dense(2)
    layer.dtype_policy = "mixed_bfloat16"
    assert (layer.dtype_policy.name, layer.compute_dtype, layer.dtype) == (
        "mixed_bfloat16",
        "bfloat16",
        "float32",
    )
    policies = keras.dtype_policies.DTypePolicyMap("float32", {"wide": "float64"})
    assert L.Dense(2, dtype=policies, name="wide").compute_dtype == "float64"
    narrow = L.Dense(2, dtype=policies, name="narrow")
    narrow.dtype_policy = "float16"
    assert policies["narrow"].name == narrow.compute_dtype == "float16"


def test_trainable_reaches_the_variables_and_comes_back() -> None:
    layer = L.BatchNormalization()
    layer.build((None, 2))
    layer.trainable = False
    assert not layer.gamma.trainable
    layer.trainable = True
    assert [v.trainable for v in layer.weights] == [True, True, False, False]


def test_a_frozen_variable_keeps_its_place_in_files() -> None:
    layer = L.BatchNormalization()
    layer.build((None, 2))
    layer.gamma.trainable = False
    assert [v.name for v in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert [v.name for v in layer.trainable_weights] == ["beta"]


def test_declared_shapes_stand_in_for_a_call_that_cannot_be_traced() -> None:
    x = keras.Input((3,))
    for outputs in (Twice()(x), Twice()(x, y=x), Twice().compute_output_spec(x)):
        assert isinstance(outputs, list)
        assert [y.shape for y in outputs] == [(None, 3, 2), (None, 3)]


def test_output_shapes_by_name() -> None:
    assert L.Dense(2).compute_output_shape(input_shape=(4, 3)) == (4, 2)
    layer = L.MultiHeadAttention(2, 2)
    assert layer.compute_output_shape(query_shape=(2, 3, 4), value_shape=(2, 5, 4)) == (2, 3, 4)
    assert L.MultiHeadAttention(2, 2).compute_output_shape((2, 3, 4), (2, 5, 4), None) == (2, 3, 4)


def test_build_may_have_open_arguments() -> None:
    class Open(L.Layer):
        def build(self, input_shape: Any, **kwargs: Any) -> None:
            self.seen = input_shape, kwargs

        def call(self, x: Any) -> Any:
            return x

    layer = Open()
    layer(keras.Input((3,)))
    assert layer.seen == ((None, 3), {})
    assert layer.get_build_config() == {"input_shape": (None, 3)}


def test_none_by_position_is_filled_in(engine: Engine) -> None:
    class Scaled(L.Layer):
        def call(self, x: Any, mask: Any = None, training: Any = None) -> Any:
            return x * (2.0 if training else 1.0) if mask is None else x * ops.cast(mask, x.dtype)[..., None]

    x = keras.Input((3,))
    model = keras.Model(x, Scaled()(x, None, None))
    ones = np.ones((2, 3), "float32")
    assert ops.convert_to_numpy(model(ones)).tolist() == ones.tolist()
    assert ops.convert_to_numpy(model(ones, training=True)).tolist() == (2 * ones).tolist()
    ids = keras.Input((2,), dtype="int32")
    masked = keras.Model(ids, Scaled()(L.Embedding(3, 1, "ones", mask_zero=True)(ids), None))
    assert ops.convert_to_numpy(masked(np.array([[1, 0]])))[0].tolist() == [[1.0], [0.0]]


def test_a_convolution_takes_another_kernel() -> None:
    class Doubled(L.Conv2D):
        def convolution_op(self, inputs: Any, kernel: Any) -> Any:
            return super().convolution_op(inputs, kernel * 2)

    class Replaced(L.Conv1D):
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.convolution_op = lambda inputs, kernel: inputs @ kernel[0]

    x = np.arange(8.0, dtype="float32").reshape(1, 2, 2, 2)
    layer = Doubled(1, 1, kernel_initializer="ones", bias_initializer="ones", activation="relu")
    assert ops.convert_to_numpy(layer(x)).ravel().tolist() == [3.0, 11.0, 19.0, 27.0]
    layer = Replaced(1, 2, kernel_initializer="ones", padding="causal")
    assert ops.convert_to_numpy(layer(x[0])).ravel().tolist() == [1.0, 5.0, 9.0, 13.0]


def test_build_takes_shapes_of_the_arguments_of_call() -> None:
    class Other(L.Layer):
        def build(self, x_shape: Any, z_shape: Any) -> None: ...

        def call(self, x: Any, y: Any) -> Any:
            return x

    with pytest.raises(
        ValueError, match=r"among \['x_shape', 'y_shape'\].*Received: build\(x_shape, z_shape\)"
    ):
        Other()(np.ones((2, 3)), np.ones((2, 3)))


def test_losses_are_those_of_real_calls(engine: Engine) -> None:
    layer = Adds()
    layer(keras.Input((1,)))
    assert layer.losses == []
    model = keras.Sequential([layer])
    model(np.ones((1, 1), "float32"))
    assert [float(x) for x in model.losses] == [1.0]
    regularized = L.Identity(activity_regularizer="l2")
    regularized(keras.Input((5,)))
    assert regularized.losses == []
    regularized(np.full((4, 5), 2.0, "float32"))
    np.testing.assert_allclose(float(regularized.losses[0]), 0.2, rtol=1e-6)


def test_activity_of_an_empty_batch_is_no_loss() -> None:
    layer = L.Identity(activity_regularizer="l2")
    layer(np.ones((0, 5), "float32"))
    assert float(layer.losses[0]) == 0.0


def test_an_embedding_holds_the_table_it_was_given() -> None:
    table = np.arange(6.0).reshape(3, 2)
    for weights in (table, [table]):
        layer = L.Embedding(3, 2, weights=weights)
        assert layer.built
        assert layer.embeddings.numpy().tolist() == table.tolist()
    layer = L.Embedding(3, 2)
    layer.build()
    assert layer.embeddings.shape == (3, 2)


def test_an_activation_can_be_taken_away(engine: Engine) -> None:
    layer = L.Dense(1, "relu", kernel_initializer="ones")
    x = np.array([[-1.0, -2.0]], "float32")
    assert float(layer(x)[0, 0]) == 0.0
    layer.activation = None
    assert float(layer(x)[0, 0]) == -3.0


def test_einsum_bias_before_trailing_axes(engine: Engine) -> None:
    layer = L.EinsumDense("bc...,cde->bde...", (3, 4), bias_axes="de", bias_initializer="ones")
    y = layer(np.zeros((2, 1, 2), "float32"))
    assert layer.bias.shape == (3, 4, 1)
    assert ops.convert_to_numpy(y).tolist() == np.ones((2, 3, 4, 2)).tolist()


def test_layer_normalization_by_the_deviation_alone(engine: Engine) -> None:
    x = np.array([[1.0, 2.0, 4.0]], "float32")
    layer = L.LayerNormalization(rms_scaling=True)
    y = ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, x / np.sqrt(x.var() + 1e-3), rtol=1e-6)
    assert [w.name for w in layer.weights] == ["gamma"]
    assert layer.get_config()["rms_scaling"] is True
    over_two = L.LayerNormalization(axis=[1, 2], rms_scaling=True)
    x = np.array([[[1.0, 2.0, 4.0], [1.0, 0.0, 7.0]]], "float32")
    over_two.build(x.shape)
    gamma = np.arange(1.0, 7.0).reshape(2, 3)
    over_two.gamma.assign(gamma)
    np.testing.assert_allclose(
        ops.convert_to_numpy(over_two(x)), gamma * x / np.sqrt(x.var() + 1e-3), rtol=1e-5
    )


@pytest.mark.parametrize("make", [L.LayerNormalization, lambda **kw: L.GroupNormalization(2, **kw)])
def test_inputs_too_large_for_half_precision_are_normalised(engine: Engine, make: Any) -> None:
    x = np.full((2, 4, 8), 70000.0, "float32")
    x[0, 0, 0] = 1.0
    y = ops.convert_to_numpy(make(dtype="mixed_float16")(x))
    assert y.dtype == "float16"
    assert np.isfinite(y.astype("float32")).all()


def test_input_wraps_a_symbolic_tensor() -> None:
    hidden = L.Dense(4)(keras.Input((3,)))
    assert keras.Input(tensor=hidden) is hidden
    assert keras.Model(hidden, L.Dense(2)(hidden)).input_shape == (None, 4)


class Counter(L.Layer):
    """A cell with one state and no `get_initial_state`."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.state_size = units

    def call(self, x: Any, states: Any) -> Any:
        y = ops.sum(x, -1, keepdims=True) + states[0]
        return y, [y]


def test_states_of_stacked_cells_with_one_state(engine: Engine) -> None:
    x = np.ones((2, 3, 4), "float32")
    y, first, second = L.RNN([Counter(2), Counter(3)], return_state=True)(x)
    assert ops.convert_to_numpy(first).tolist() == [[12.0] * 2] * 2
    assert ops.convert_to_numpy(second).tolist() == ops.convert_to_numpy(y).tolist() == [[48.0] * 3] * 2


@pytest.mark.parametrize("kind", [L.LayerNormalization, L.RMSNormalization])
def test_the_order_of_normalised_axes_does_not_matter(engine: Engine, kind: Any) -> None:
    x = np.arange(24, dtype="float32").reshape(2, 3, 4)
    sorted_, unsorted = kind(axis=[-2, -1]), kind(axis=[-1, -2])
    for layer in (sorted_, unsorted):
        layer.build(x.shape)
        layer.weights[0].assign(np.arange(12.0).reshape(3, 4))
    assert unsorted.axis == [-2, -1]
    np.testing.assert_allclose(ops.convert_to_numpy(unsorted(x)), ops.convert_to_numpy(sorted_(x)))


@pytest.mark.parametrize("kind", [L.LSTM, L.GRU])
def test_recurrent_layers_take_sequences_of_ints(engine: Engine, kind: Any) -> None:
    x, layer = np.array([[[1, 2], [3, 4]]]), kind(2)
    expected = layer(x.astype("float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), ops.convert_to_numpy(expected), rtol=1e-6)


class HandsOn(L.BatchNormalization):
    def call(self, *args: Any, **kwargs: Any) -> Any:
        return super().call(*args, **kwargs)


class ByPosition(L.Layer):
    def __call__(self, x: Any, training: Any = None, mask: Any = None) -> Any:
        return super().__call__(x, training, mask)

    def call(self, x: Any, training: Any = None, mask: Any = None) -> Any:
        return x + 1 if training else x


def test_a_call_of_any_arguments_is_built_for_the_first() -> None:
    layer = HandsOn()
    assert layer(keras.Input((3,))).shape == (None, 3)
    assert [v.shape for v in layer.weights] == [(3,)] * 4
    np.testing.assert_allclose(HandsOn()(np.array([[1.0], [3.0]]), training=True), [[-1.0], [1.0]], atol=1e-3)


def test_training_passed_on_by_position() -> None:
    x = keras.Input((3,))
    model = keras.Model(x, ByPosition()(x))
    ones = np.ones((1, 3))
    for training, expected in ((None, 1.0), (False, 1.0), (True, 2.0)):
        assert np.asarray(model(ones, training=training)).tolist() == [[expected] * 3]
        assert np.asarray(ByPosition()(ones, training)).tolist() == [[expected] * 3]


class AddsUp(L.Layer):
    def call(self, x: Any) -> Any:
        total = ops.convert_to_tensor(np.zeros((1, 3), "float32"))
        total += x
        total *= x
        return total


def test_adding_up_in_a_call(engine: Engine) -> None:
    x = keras.Input((3,))
    model = keras.Model(x, AddsUp()(L.Dense(3, kernel_initializer="identity")(x)))
    assert model.predict(np.full((2, 3), 3.0), verbose=0).tolist() == [[9.0] * 3] * 2
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 3)), np.zeros((2, 3)), verbose=0)
    assert (model.get_weights()[1] < 0).all()


class Tempered(L.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.temperature = self.add_weight((), name="temperature")
        self.dense = L.Dense(3, name="dense")

    def call(self, x: Any) -> Any:
        return self.dense(x) * self.temperature


class Block(L.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = Tempered(name="inner")

    def call(self, x: Any) -> Any:
        return self.inner(x)


def test_a_weight_made_in_the_constructor_does_not_settle_the_path() -> None:
    """The paths of Keras 3.15.1; without the block's name, those of two blocks would be equal."""
    block = Block(name="block")
    block(np.ones((1, 2), "f"))
    expected = ["inner/temperature", "block/inner/dense/kernel", "block/inner/dense/bias"]
    assert [w.path for w in block.weights] == expected
    assert block.inner.path == "block/inner"


def test_what_a_class_says_of_its_outputs_stands_in_for_a_call_that_needs_values(engine: Engine) -> None:
    class Even(L.Layer):
        def call(self, x: Any) -> Any:
            if float(ops.sum(x)) < 0:
                raise AssertionError("expected a positive sum")
            return x[:, ::2]

        def compute_output_spec(self, x: Any) -> Any:
            return keras.KerasTensor((x.shape[0], (x.shape[1] + 1) // 2), x.dtype)

    class Asks(Even):
        def compute_output_spec(self, x: Any) -> Any:
            return super(Even, self).compute_output_spec(x)  # which runs `call`

    inputs = keras.Input((5,))
    outputs = Even()(inputs)
    assert outputs.shape == (None, 3)
    model = keras.Model(inputs, outputs)
    np.testing.assert_array_equal(ops.convert_to_numpy(model(np.ones((2, 5)))), np.ones((2, 3)))
    with pytest.raises(Exception, match="asks"):
        Asks()(inputs)


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "message"),
    [
        (("matrix",), {}, ValueError, r"Give the name by keyword: add_weight\(shape=..., name='matrix'\)"),
        (("matrix",), {"shape": (3, 4), "initializer": "zeros"}, ValueError, "expected a shape first"),
        (((3,),), {"shape": (3,)}, TypeError, "received `shape` by position and by keyword"),
        (((3,), "zeros", "float32", True), {}, TypeError, "takes shape, initializer, dtype by position"),
    ],
)
def test_arguments_of_add_weight_by_position(args: Any, kwargs: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        L.Layer().add_weight(*args, **kwargs)
    weight = L.Layer().add_weight((2,), "ones", "int32", name="w")
    assert (weight.shape, weight.dtype, weight.numpy().tolist()) == ((2,), "int32", [1, 1])
