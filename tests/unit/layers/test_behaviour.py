"""What single layers do beyond their numbers: masks, adapt, functions, old names, inputs of a graph."""

import json
from typing import Any

import numpy as np
import pytest

import keras
from keras import layers as L
from keras import ops
from keras.backend.engine import Engine
from keras.backend.masks import get_mask

SERIES = np.array([[[1.0], [2.0], [0.0]], [[3.0], [0.0], [0.0]]], "float32")
KEPT = [[True, True, False], [True, False, False]]


def mask_of(x: Any) -> Any:
    mask = get_mask(x)
    return None if mask is None else ops.convert_to_numpy(mask).tolist()


# ---------------------------------------------------------------------- merging
@pytest.mark.parametrize("layer", [L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum])
def test_a_batch_of_one_stretches_in_a_model(engine: Engine, layer: Any) -> None:
    """As in a Perceiver, whose latent array is the same for all rows."""
    a, b = keras.Input((3, 2)), keras.Input((3, 2))
    model = keras.Model([a, b], layer()([a, b]))
    x, y = np.arange(24.0, dtype="float32").reshape(4, 3, 2), np.ones((1, 3, 2), "float32")
    together = layer()([x, np.repeat(y, 4, axis=0)])
    np.testing.assert_array_equal(ops.convert_to_numpy(model([x, y])), ops.convert_to_numpy(together))
    with pytest.raises(ValueError, match="the same batch size"):
        layer()([x, y])


# ---------------------------------------------------------------------- masks
def test_embedding_masks_zero(engine: Engine) -> None:
    y = L.Embedding(5, 2, mask_zero=True)(np.array([[1, 2, 0], [3, 0, 0]]))
    assert mask_of(y) == KEPT
    assert mask_of(L.Embedding(5, 2)(np.array([[1, 0]]))) is None


def test_masks_travel(engine: Engine) -> None:
    x = L.Masking()(SERIES)
    assert mask_of(x) == KEPT
    y = L.Dropout(0.5)(L.Activation("relu")(L.Dense(3)(x)))
    assert mask_of(y) == KEPT
    assert mask_of(L.Flatten()(x)) is None


def test_masks_travel_through_symbolic_layers() -> None:
    x = L.Masking()(keras.Input((3, 1)))
    assert get_mask(L.Dense(2)(x)).shape == (None, 3)


@pytest.mark.parametrize(
    "merge", [L.Add, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Subtract, L.Concatenate]
)
def test_a_merged_place_counts_where_any_input_counts(engine: Engine, merge: Any) -> None:
    a, b = L.Masking()(SERIES), L.Masking()(SERIES[:, ::-1])
    assert mask_of(merge()([a, b])) == [[True, True, True], [True, False, True]]
    everything = None if merge is not L.Concatenate else [[True] * 3] * 2
    assert mask_of(merge()([a, SERIES])) == everything
    assert mask_of(merge()([SERIES, SERIES])) is None


def test_masks_are_joined_along_time(engine: Engine) -> None:
    joined = L.Concatenate(axis=1)([L.Masking()(SERIES), SERIES])
    assert mask_of(joined) == [[*row, True, True, True] for row in KEPT]


def test_pooling_and_products_end_a_mask(engine: Engine) -> None:
    x = L.Masking()(SERIES)
    pooled = L.GlobalAveragePooling1D()(x)
    assert mask_of(pooled) is None
    np.testing.assert_allclose(ops.convert_to_numpy(pooled), [[1.5], [3.0]])
    assert mask_of(L.Dot(1)([x, x])) is None


def test_softmax_of_a_masked_row(engine: Engine) -> None:
    x = np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]], "float32")
    mask = np.array([[True, False, True], [False, False, False]])
    y = ops.convert_to_numpy(L.Softmax()(x, mask=mask))
    np.testing.assert_allclose(y, [[0.11920291, 0.0, 0.880797], [0.0, 0.0, 0.0]], rtol=1e-6)


def test_time_distributed_masks(engine: Engine) -> None:
    x = L.Masking()(SERIES)
    assert mask_of(L.TimeDistributed(L.Dense(2))(x)) == KEPT
    words = L.Embedding(9, 2, mask_zero=True)(np.array([[[1, 2], [3, 0], [0, 0]]]))
    pooled = L.TimeDistributed(L.GlobalAveragePooling1D())(words)
    assert mask_of(pooled) == [[True, True, False]]


# ---------------------------------------------------------------------- normalisation
def test_batch_normalization_frozen(engine: Engine) -> None:
    layer = L.BatchNormalization()
    layer.build((None, 2))
    layer.trainable = False
    x = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x, training=True)), x / np.sqrt(1.001), rtol=1e-6)
    assert layer.moving_mean.numpy().tolist() == [0.0, 0.0]


def test_batch_normalization_mask_of_another_rank(engine: Engine) -> None:
    with pytest.raises(ValueError, match="a mask of the input's shape without the last axis"):
        L.BatchNormalization()(np.ones((2, 3), "float32"), mask=np.ones((2, 3), bool), training=True)


def test_batch_normalization_does_not_overflow_in_half_precision(engine: Engine) -> None:
    x = np.full((4, 2), 300.0, "float32") + np.arange(8).reshape(4, 2)
    for layer in (L.BatchNormalization(dtype="mixed_float16"), L.LayerNormalization(dtype="mixed_float16")):
        options = {"training": True} if isinstance(layer, L.BatchNormalization) else {}
        assert np.isfinite(ops.convert_to_numpy(layer(x, **options))).all()


def test_adapt(engine: Engine) -> None:
    data = np.random.RandomState(0).normal(3.0, 2.0, (50, 4, 3))
    layer = L.Normalization()
    layer.adapt(data)
    np.testing.assert_allclose(ops.convert_to_numpy(layer.mean), data.mean((0, 1))[None, None], rtol=1e-5)
    y = ops.convert_to_numpy(layer(data.astype("float32")))
    np.testing.assert_allclose(y.mean((0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std((0, 1)), 1, atol=1e-5)


def test_adapt_to_batches_is_adapt_to_all(engine: Engine) -> None:
    data = np.random.RandomState(0).normal(1e3, 1.0, (50, 3)).astype("float32")
    whole, batches, pairs = L.Normalization(), L.Normalization(), L.Normalization()
    whole.adapt(data)
    batches.adapt(iter(np.split(data, [7, 30])))
    pairs.adapt([(data[i : i + 10], np.zeros(10)) for i in range(0, 50, 10)])
    for a, b, c in zip(*(x.get_weights() for x in (whole, batches, pairs)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
        np.testing.assert_allclose(a, c, rtol=1e-5)


def test_rescaling_with_a_number_for_each_channel(engine: Engine) -> None:
    x = np.ones((2, 3, 4, 5), "float32")
    keras.config.set_image_data_format("channels_first")
    try:
        y = keras.layers.Rescaling([1.0, 2.0, 3.0], offset=[0.0, 0.0, 1.0])(x)
    finally:
        keras.config.set_image_data_format("channels_last")
    np.testing.assert_array_equal(np.asarray(y)[:, :, 0, 0], [[1, 2, 4]] * 2)


def test_adapt_forgets_and_refuses(engine: Engine) -> None:
    layer = L.Normalization()
    layer.adapt(np.ones((2, 3)))
    layer.adapt(np.zeros((2, 3)))
    assert layer.get_weights()[0].tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match=r"statistics of shape \(1, 3\).*Received: data of shape \(2, 4\)"):
        layer.adapt(np.ones((2, 4)))
    with pytest.raises(ValueError, match="nothing to adapt"):
        L.Normalization(mean=0.0, variance=1.0).adapt(np.ones((2, 3)))
    with pytest.raises(ValueError, match="no batch, or empty ones"):
        L.Normalization().adapt(iter([]))


def test_adapted_statistics_are_weights(engine: Engine) -> None:
    layer, copy = L.Normalization(), L.Normalization()
    layer.adapt(np.array([[1.0], [3.0]]))
    copy.build((None, 1))
    copy.set_weights(layer.get_weights())
    assert ops.convert_to_numpy(copy(np.array([[1.0]], "float32"))).tolist() == [[-1.0]]
    assert layer.get_config()["mean"] is None


# ---------------------------------------------------------------------- Lambda
@keras.saving.register_keras_serializable("tests")
def halve(x: Any, by: float = 2.0) -> Any:
    return x / by


def test_lambda(engine: Engine) -> None:
    layer = L.Lambda(halve, arguments={"by": 4.0}, name="half")
    assert ops.convert_to_numpy(layer(np.array([4.0], "float32"))).tolist() == [1.0]
    copy = L.Lambda.from_config(json.loads(json.dumps(layer.get_config())))
    assert copy.function is halve
    assert copy.arguments == {"by": 4.0}


def test_lambda_sees_training_and_mask(engine: Engine) -> None:
    seen = []
    layer = L.Lambda(lambda x, mask=None, training=None: seen.append((mask is not None, training)) or x)
    layer(L.Masking()(SERIES), training=True)
    assert seen == [(True, True)]


def test_lambda_mask(engine: Engine) -> None:
    x = L.Masking()(SERIES)
    assert mask_of(L.Lambda(lambda x: x * 1, mask=lambda x, mask: mask)(x)) == KEPT
    assert mask_of(L.Lambda(lambda x: x * 1)(x)) is None


def test_lambda_with_a_declared_shape_is_not_run_symbolically() -> None:
    def only_real(x: Any) -> Any:
        return np.asarray(x)[:, :2]

    assert L.Lambda(only_real, output_shape=(2,))(keras.Input((5,))).shape == (None, 2)
    assert L.Lambda(only_real, output_shape=lambda s: (s[0], 2))(keras.Input((5,))).shape == (None, 2)


def test_code_in_a_config_is_never_run() -> None:
    old = {"name": "l", "function": ["4wEAAAA=\n", None, None], "function_type": "lambda", "arguments": {}}
    with pytest.raises(ValueError, match=r"never run.*register"):
        L.Lambda.from_config(old)
    new = {"name": "l", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA=\n"}}}
    with pytest.raises((ValueError, TypeError)):
        L.Lambda.from_config(new)


def test_lambda_of_keras_2_by_name() -> None:
    old = {
        "name": "l",
        "function": "tests>halve",
        "function_type": "function",
        "module": "somewhere",
        "output_shape": None,
        "output_shape_type": "raw",
        "output_shape_module": None,
        "arguments": {},
    }
    assert L.Lambda.from_config(old).function is halve


# ---------------------------------------------------------------------- inputs
def test_input() -> None:
    x = keras.Input((3, None), batch_size=4, dtype="int32", name="x")
    assert (x.shape, x.dtype, x.name) == ((4, 3, None), "int32", "x")
    assert keras.Input(batch_shape=(2, 3)).shape == (2, 3)
    assert keras.Input(tensor=x).shape == (4, 3, None)
    assert keras.Input((), dtype="float64").dtype == "float64"


def test_input_layer_reads_configs_of_both_versions() -> None:
    layer = L.InputLayer((3,), name="x")
    assert layer.get_config() == {
        "batch_shape": (None, 3),
        "dtype": "float32",
        "sparse": False,
        "ragged": False,
        "name": "x",
        "optional": False,
    }
    assert L.InputLayer.from_config(layer.get_config()).batch_shape == (None, 3)
    old = {"batch_input_shape": [None, 3], "dtype": "float32", "sparse": False, "ragged": False, "name": "x"}
    assert L.InputLayer.from_config(old).batch_shape == (None, 3)


# ---------------------------------------------------------------------- old names and odd arguments
def test_names_of_keras_2_in_programs() -> None:
    assert L.LeakyReLU(alpha=0.2).negative_slope == 0.2
    assert "alpha" not in L.LeakyReLU(alpha=0.2).get_config()
    assert "input_length" not in L.Embedding(3, 4, input_length=7).get_config()
    assert L.Dense(3, input_shape=(4,)).get_config().get("input_shape") is None
    assert L.BatchNormalization(axis=[3]).axis == 3


def test_embedding_takes_a_table(engine: Engine) -> None:
    table = np.arange(6, dtype="float32").reshape(3, 2)
    for weights in (table, [table]):
        y = L.Embedding(3, 2, weights=weights)(np.array([2, 0]))
        assert ops.convert_to_numpy(y).tolist() == [[4.0, 5.0], [0.0, 1.0]]


def test_embedding_indices_are_not_rounded_to_half_precision(engine: Engine) -> None:
    table = np.arange(3000, dtype="float32")[:, None] % 7
    layer = L.Embedding(3000, 1, weights=table, dtype="mixed_float16")
    y = layer(np.array([[2049.0]], "float32"))
    assert ops.convert_to_numpy(y).tolist() == [[[float(2049 % 7)]]]


def test_keyword_spellings_of_pairs() -> None:
    assert L.Cropping2D(1).cropping == ((1, 1), (1, 1))
    assert L.ZeroPadding2D((1, 2)).padding == ((1, 1), (2, 2))
    assert L.ZeroPadding3D(1).padding == ((1, 1), (1, 1), (1, 1))
    assert L.ZeroPadding1D(2).padding == (2, 2)
    assert L.Conv2D(1, 3, padding="SAME").padding == "same"


def test_functions_are_their_layers(engine: Engine) -> None:
    a, b = np.array([[1.0, 2.0]], "float32"), np.array([[3.0, 5.0]], "float32")
    expected = {
        "add": [[4, 7]],
        "subtract": [[-2, -3]],
        "multiply": [[3, 10]],
        "average": [[2, 3.5]],
        "maximum": [[3, 5]],
        "minimum": [[1, 2]],
        "concatenate": [[1, 2, 3, 5]],
        "dot": [[13]],
    }
    for name, value in expected.items():
        assert ops.convert_to_numpy(getattr(L, name)([a, b])).tolist() == value, name


def test_flatten_of_unknown_sizes() -> None:
    assert L.Flatten()(keras.Input((None, 3))).shape == (None, None)
    assert L.Reshape((-1, 3))(keras.Input((None, 6))).shape == (None, None, 3)
    assert L.Reshape((6,))(keras.Input((None, 3))).shape == (None, 6)
    assert L.GlobalMaxPooling2D()(keras.Input((None, None, 3))).shape == (None, 3)
    assert L.UpSampling2D(2)(keras.Input((None, 4, 3))).shape == (None, None, 8, 3)
    assert L.Cropping2D(1)(keras.Input((None, 4, 3))).shape == (None, None, 2, 3)
    assert L.Conv2DTranspose(2, 3, strides=2)(keras.Input((None, 4, 3))).shape == (None, None, 9, 2)


def test_spectral_normalization_bounds_the_kernel(engine: Engine) -> None:
    layer = L.SpectralNormalization(L.Dense(5), power_iterations=50)
    layer.build((None, 7))
    layer.layer.kernel.assign(np.random.RandomState(0).normal(size=(7, 5)) * 3)
    layer(np.ones((1, 7), "float32"), training=True)
    np.testing.assert_allclose(np.linalg.norm(layer.layer.kernel.numpy(), 2), 1.0, rtol=1e-3)


def test_time_distributed_trains_its_layer_with_the_flag(engine: Engine) -> None:
    layer = L.TimeDistributed(L.Dropout(0.5, seed=0))
    x = np.ones((4, 50, 2), "float32")
    assert (ops.convert_to_numpy(layer(x, training=True)) == 0).any()
    assert (ops.convert_to_numpy(layer(x)) == 1).all()


def test_one_layer_on_every_engine_has_equal_first_weights() -> None:
    kernels = []
    for name in ("numpy", "tensorflow"):
        with keras.backend.using(name):
            layer = L.Dense(3, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
            layer.build((None, 4))
            kernels.append(layer.kernel.numpy())
    np.testing.assert_array_equal(*kernels)


def test_normalization_of_a_constant_is_bounded(engine: Engine) -> None:
    """As in Keras, a variance of 0 counts as a deviation of epsilon, 1e-7."""
    layer = L.Normalization(mean=1.0, variance=0.0)
    y = ops.convert_to_numpy(layer(np.full((1, 2), 2.0, "float32")))
    np.testing.assert_allclose(y, 1e7, rtol=1e-6)
    back = L.Normalization(mean=1.0, variance=0.0, invert=True)
    np.testing.assert_allclose(ops.convert_to_numpy(back(y)), 2.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("equation", "shape", "sizes", "fan_in", "fan_out"),
    [
        ("abc,cde->abde", (None, 7, 50), (None, 40, 30), 50, 1200),
        ("abcd,cde->abe", (None, 7, 50, 40), (None, 30), 2000, 30),
        ("abc,bcd->abd", (None, 50, 40), (50, 30), 40, 1500),
        ("...x,yx->...y", (None, 50), (30,), 50, 30),
        ("abc,bc->abc", (None, 50, 40), (50, 40), 1, 2000),
    ],
)
def test_einsum_kernels_are_scaled_by_the_axes_they_sum_over(equation, shape, sizes, fan_in, fan_out):
    """What is summed over counts as inputs, the rest as outputs, as in Keras 3.15."""
    for mode, fan in (("fan_in", fan_in), ("fan_out", fan_out)):
        scaling = keras.initializers.VarianceScaling(1.0, mode, "untruncated_normal", seed=1)
        layer = keras.layers.EinsumDense(equation, sizes, kernel_initializer=scaling)
        layer.build(shape)
        np.testing.assert_allclose(np.mean(np.square(layer.kernel.numpy())), 1 / fan, rtol=0.15)
        assert layer.kernel_initializer.input_axes is None


class Cached(L.MultiHeadAttention):
    """As libraries that generate text write it: with the projections and the inner function of Keras's layer."""

    def call(self, query: Any, value: Any, key: Any = None, attention_mask: Any = None) -> Any:
        q, k, v = self._query_dense(query), self._key_dense(value), self._value_dense(value)
        y, self.scores = self._compute_attention(
            query=q, key=k, value=v, attention_mask=attention_mask, return_attention_scores=True
        )
        return self._output_dense(y)


class Doubled(L.MultiHeadAttention):
    def _compute_attention(self, *args: Any, **kwargs: Any) -> Any:
        y, scores = super()._compute_attention(*args, **kwargs)
        return 2 * y, scores


def test_subclasses_of_attention_know_its_parts(engine: Engine) -> None:
    x = np.random.RandomState(0).normal(size=(2, 3, 4)).astype("float32")
    mask = np.tril(np.ones((3, 3), bool))[None]
    plain, cached, doubled = (kind(2, 5) for kind in (L.MultiHeadAttention, Cached, Doubled))
    want, scores = plain(x, x, attention_mask=mask, return_attention_scores=True)
    for layer in (cached, doubled):
        layer(x, x)
        layer.set_weights(plain.get_weights())
    np.testing.assert_allclose(ops.convert_to_numpy(cached(x, x, attention_mask=mask)), want, 1e-5, 1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(cached.scores), scores, 1e-5, 1e-6)
    bias = ops.convert_to_numpy(plain.output_dense.bias)
    twice = ops.convert_to_numpy(doubled(x, x, attention_mask=mask)) - bias
    np.testing.assert_allclose(twice, 2 * (ops.convert_to_numpy(want) - bias), 1e-5, 1e-6)
    assert (plain._num_heads, plain._key_dim, plain._value_dim) == (2, 5, 5)
    assert [w.path for w in cached.weights] == [
        w.path.replace("multi_head_attention", "cached") for w in plain.weights
    ]
    cached._query_dense = plain.query_dense
    assert cached.query_dense is plain.query_dense


def test_projections_of_attention_have_the_variance_of_their_inputs():
    layer = keras.layers.MultiHeadAttention(num_heads=8, key_dim=16, kernel_initializer="lecun_normal")
    layer.build((None, 10, 32), (None, 10, 48))
    kernels = [w.numpy() for w in layer.weights if len(w.shape) == 3]
    expected = [32**-0.5, 48**-0.5, 48**-0.5, 128**-0.5]
    np.testing.assert_allclose([np.std(k) for k in kernels], expected, rtol=0.1)
