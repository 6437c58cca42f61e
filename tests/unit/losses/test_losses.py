"""What losses refuse, how weights and masks count, and what names mean."""

import numpy as np
import pytest

import keras.losses.reduction as reduction
from keras import config, losses, ops
from keras.backend import masks
from keras.backend.dtypes import to_numpy_dtype
from keras.backend.logits import get_logits, set_logits
from keras.losses.shapes import align_weights, squeeze_or_expand_to_same_rank

ELEMENTWISE = [
    losses.mean_squared_error,
    losses.mean_absolute_error,
    losses.mean_absolute_percentage_error,
    losses.mean_squared_logarithmic_error,
    losses.huber,
    losses.log_cosh,
    losses.cosine_similarity,
    losses.hinge,
    losses.squared_hinge,
    losses.categorical_hinge,
    losses.kl_divergence,
    losses.poisson,
    losses.binary_crossentropy,
    losses.binary_focal_crossentropy,
    losses.categorical_focal_crossentropy,
    losses.dice,
    losses.tversky,
]


@pytest.mark.parametrize("fn", ELEMENTWISE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("shapes", [((4, 3), (4, 1)), ((4, 1), (4, 3)), ((4, 3), (2, 3)), ((4,), (4, 3))])
def test_shapes_that_would_broadcast_are_refused(engine, fn, shapes):
    target, output = shapes
    with pytest.raises(ValueError, match=fn.__name__) as error:
        fn(np.zeros(target, "float32"), np.zeros(output, "float32"))
    assert str(target) in str(error.value)
    assert str(output) in str(error.value)


def test_refusal_says_what_to_do(engine):
    with pytest.raises(ValueError, match=r"last layer 3 unit\(s\)"):
        losses.MeanSquaredError()(np.zeros((4, 3)), np.zeros((4, 1)))


@pytest.mark.parametrize("shapes", [((4,), (4, 1)), ((4, 1), (4,)), ((4, 1), (4, 1)), ((), (4, 3))])
def test_shapes_that_mean_the_same_are_accepted(engine, shapes):
    target, output = shapes
    assert losses.mean_squared_error(np.ones(target, "float32"), np.zeros(output, "float32")).shape == (4,)


def test_class_numbers_for_one_hot_loss(engine):
    with pytest.raises(ValueError, match=r"look like class numbers.*sparse_categorical_crossentropy"):
        losses.categorical_crossentropy(np.array([0, 1]), np.ones((2, 3), "float32"))


def test_one_hot_targets_for_sparse_loss(engine):
    with pytest.raises(ValueError, match="One-hot targets belong to categorical_crossentropy"):
        losses.sparse_categorical_crossentropy(np.ones((2, 3)), np.ones((2, 3), "float32"))


def test_sparse_equals_dense_on_another_axis(engine):
    labels = np.array([[0, 2], [1, 1]])
    scores = np.random.default_rng(0).uniform(0.1, 1, (2, 3, 2)).astype("float32")
    one_hot = np.moveaxis(np.eye(3, dtype="float32")[labels], -1, 1)
    sparse = losses.sparse_categorical_crossentropy(labels, scores, axis=1)
    dense = losses.categorical_crossentropy(one_hot, scores, axis=1)
    np.testing.assert_allclose(ops.convert_to_numpy(sparse), ops.convert_to_numpy(dense), rtol=1e-6)


def test_sample_weights_weigh_samples_however_many_steps(engine):
    """Keras 3 would weigh the steps here, because the batch happens to be as long as a sequence."""
    true, pred = np.zeros((2, 2, 1), "float32"), np.array([[[1.0], [1.0]], [[2.0], [2.0]]], "float32")
    value = losses.MeanSquaredError(reduction="sum")(true, pred, sample_weight=np.array([1.0, 0.0]))
    assert float(value) == 2.0


def test_weights_of_other_shapes_are_refused(engine):
    with pytest.raises(ValueError, match=r"mean_squared_error: sample weights of shape \(3,\)"):
        losses.MeanSquaredError()(np.zeros((2, 3)), np.zeros((2, 3)), sample_weight=np.ones(3))
    with pytest.raises(ValueError, match="one per sample"):
        align_weights(ops.ones((2, 4)), ops.ones((2,)), "loss")


def test_per_sample_weights_with_a_mask_over_steps(engine):
    pred = ops.convert_to_tensor(np.ones((2, 3, 1), "float32"))
    masks.set_mask(pred, ops.convert_to_tensor([[True, True, False], [True, False, False]]))
    value = losses.MeanSquaredError(reduction="sum")(
        np.zeros((2, 3, 1)), pred, sample_weight=np.array([1.0, 10.0])
    )
    assert float(value) == 12.0


def test_ignored_class_does_not_count_in_the_mean(engine):
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    value = loss(np.array([1, -1]), np.array([[0.5, 0.5], [0.9, 0.1]], "float32"))
    np.testing.assert_allclose(float(value), np.log(2), rtol=1e-6)


def test_cross_entropy_uses_the_logits_of_a_softmax(engine):
    logits = ops.convert_to_tensor(np.array([[50.0, 0.0, 0.0]], "float32"))
    probabilities = ops.softmax(logits)
    one_hot = np.array([[0.0, 1.0, 0.0]], "float32")
    assert float(losses.CategoricalCrossentropy()(one_hot, probabilities)) == pytest.approx(50.0)
    assert float(losses.SparseCategoricalCrossentropy()(np.array([1]), probabilities)) == pytest.approx(50.0)
    clipped = losses.CategoricalCrossentropy()(one_hot, ops.convert_to_numpy(probabilities).copy())
    assert float(clipped) == pytest.approx(-np.log(1e-7), rel=1e-4)


def test_cross_entropy_uses_the_logits_of_a_sigmoid(engine):
    probabilities = ops.sigmoid(ops.convert_to_tensor(np.array([[-60.0]], "float32")))
    assert float(losses.BinaryCrossentropy()(np.ones((1, 1)), probabilities)) == pytest.approx(60.0)


def test_sigmoid_logits_are_no_softmax_logits():
    """Keras 3.15 on TensorFlow takes them for such and gives another loss."""
    probabilities, logits = np.array([[0.5]]), np.array([[0.0]])
    set_logits(probabilities, logits, "sigmoid")
    assert get_logits(probabilities, "softmax") is None
    assert get_logits(probabilities, "sigmoid") is logits
    assert get_logits(probabilities.copy(), "sigmoid") is None


def test_dtype_of_the_computation(engine):
    value = losses.MeanSquaredError(dtype="float64")(np.zeros((2, 2), "float32"), np.ones((2, 2), "float32"))
    assert ops.dtype(value) == "float64"
    config.set_floatx("float64")
    assert losses.MeanSquaredError().dtype == "float64"


def test_own_loss_class_and_function(engine):
    class Worst(losses.Loss):
        def __init__(self, power=1, **kwargs):
            super().__init__(**kwargs)
            self.power = power

        def call(self, y_true, y_pred):
            return ops.max(ops.absolute(y_true - y_pred), axis=-1) ** self.power

    loss = Worst(power=2, reduction="sum")
    assert float(loss([[0.0, 0.0], [1.0, 1.0]], [[2.0, 1.0], [1.0, 0.0]])) == 5.0
    assert loss.get_config() == {"name": loss.name, "reduction": "sum", "dtype": None, "power": 2}
    assert Worst.from_config(loss.get_config()).power == 2
    assert float(losses.LossFunctionWrapper(losses.huber, delta=0.5)([[0.0]], [[1.0]])) == 0.375


def test_names():
    assert losses.get("mse") is losses.get("MSE") is losses.mean_squared_error
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert losses.get(None) is None
    assert losses.get(losses.Huber).name == "huber_loss"
    assert losses.deserialize(losses.serialize(losses.mean_squared_error)) is losses.mean_squared_error
    with pytest.raises(ValueError, match='Did you mean "sparse_categorical_crossentropy"'):
        losses.get("sparse_categorical_crossentropi")
    with pytest.raises(ValueError, match='Did you mean "mean_with_sample_weight"'):
        losses.MeanSquaredError(reduction="mean_with_sample_weights")
    with pytest.raises(TypeError, match="loss"):
        losses.get(3)


def test_config_of_keras_is_read():
    """As real Keras 3.15.1 writes it."""
    saved = {
        "module": "keras.losses",
        "class_name": "SparseCategoricalCrossentropy",
        "config": {
            "name": "sparse_categorical_crossentropy",
            "reduction": "sum_over_batch_size",
            "from_logits": True,
            "ignore_class": None,
        },
        "registered_name": None,
    }
    assert losses.deserialize(saved).from_logits is True


def test_squeeze_or_expand():
    def shapes(a, b, **kwargs):
        return tuple(x.shape for x in squeeze_or_expand_to_same_rank(np.zeros(a), np.zeros(b), **kwargs))

    assert shapes((4, 1), (4,)) == ((4, 1), (4, 1))
    assert shapes((4, 1), (4,), expand_rank_1=False) == ((4,), (4,))
    assert shapes((4, 5, 1), (4, 5)) == ((4, 5), (4, 5))
    assert shapes((4, 5), (4,)) == ((4, 5), (4,))
    assert shapes((4, 5, 1, 1), (4, 5)) == ((4, 5, 1, 1), (4, 5))


def test_all_masked_is_zero_not_nan(engine):
    value = reduction.reduce_weighted_values(ops.ones((3,)), mask=ops.convert_to_tensor([False] * 3))
    assert float(value) == 0.0


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_gradient_does_not_vanish_where_a_probability_does(engine, activation):
    logits = ops.convert_to_tensor(np.array([[90.0, -90.0]], "float32"))
    target = np.array([[0.0, 1.0]], "float32")
    loss = (
        losses.CategoricalCrossentropy()
        if activation == "softmax"
        else losses.BinaryCrossentropy(reduction="sum")
    )
    value, (grad,) = ops.value_and_grad(lambda x: loss(target, getattr(ops, activation)(x)), [logits])
    scale = 1.0 if activation == "softmax" else 0.5
    np.testing.assert_allclose(float(value), 180.0 * scale, rtol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(grad), [[scale, -scale]], rtol=1e-6)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"])
@pytest.mark.parametrize("name", ["MeanSquaredError", "BinaryCrossentropy", "CosineSimilarity", "Dice"])
def test_result_is_of_the_dtype_of_the_loss(engine, name, reduction):
    y_true, y_pred = np.eye(2, dtype="float32"), np.full((2, 2), 0.5, "float32")
    weights = None if name == "Dice" else np.array([1.0, 2.0])
    for dtype in ("bfloat16", "float16", "float64"):
        loss = getattr(losses, name)(dtype=dtype, reduction=reduction)
        assert ops.dtype(loss(y_true, y_pred)) == dtype
        assert ops.dtype(loss(y_true, y_pred, sample_weight=weights)) == dtype


#: What Keras 3.15.1 gives for bfloat16 predictions.
BFLOAT16 = {
    "mean_squared_error": [0.046875, 0.126953125],
    "mean_absolute_error": [0.2001953125, 0.333984375],
    "mean_absolute_percentage_error": [100139008.0, 166723584.0],
    "mean_squared_logarithmic_error": [0.022987810894846916, 0.061737339943647385],
    "hinge": [0.8671875, 1.0],
    "categorical_hinge": [0.5, 0.80078125],
    "binary_crossentropy": [0.228515625, 0.423828125],
    "categorical_crossentropy": [0.357421875, 0.69140625],
    "kl_divergence": [0.357421875, 0.69140625],
    "poisson": [0.451171875, 0.5625],
    "log_cosh": [0.0260009765625, 0.0625],
    "huber": [0.0234375, 0.0634765625],
    "cosine_similarity": [-0.94921875, -0.80859375],
    "categorical_focal_crossentropy": [0.008056640625, 0.043212890625],
    "dice": 0.3984375,
    "tversky": 0.3984375,
}


@pytest.mark.parametrize("name", BFLOAT16)
@pytest.mark.parametrize("target", ["bfloat16", "float32", "int32"])
def test_functions_of_bfloat16_arrays_keep_the_dtype(engine, name, target):
    """All but one: `mean_squared_logarithmic_error` compares with a float32 number, in Keras too."""
    y_true = np.array([[0, 1, 0], [1, 0, 0]]).astype(to_numpy_dtype(target))
    y_pred = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]]).astype(to_numpy_dtype("bfloat16"))
    value = getattr(losses, name)(y_true, y_pred)
    wide = name == "mean_squared_logarithmic_error"
    assert ops.dtype(value) == ("float32" if wide else "bfloat16")
    expected = BFLOAT16[name]
    np.testing.assert_allclose(
        ops.convert_to_numpy(value).astype("float32"),
        expected,
        rtol=1e-5 if wide else 0.05,
        atol=0 if wide else 3e-3,
    )


def test_smoothed_labels_keep_the_dtype(engine):
    y_true, y_pred = (np.array([[0.0, 1.0]]).astype(to_numpy_dtype("bfloat16")) for _ in range(2))
    for name in (
        "binary_crossentropy",
        "categorical_crossentropy",
        "binary_focal_crossentropy",
        "categorical_focal_crossentropy",
    ):
        assert ops.dtype(getattr(losses, name)(y_true, y_pred, label_smoothing=0.1)) == "bfloat16"


def test_settings_are_attributes():
    assert losses.CategoricalCrossentropy(label_smoothing=0.1, axis=1).label_smoothing == 0.1
    assert losses.SparseCategoricalCrossentropy(ignore_class=3).ignore_class == 3
    assert losses.BinaryFocalCrossentropy(gamma=3.0).gamma == 3.0
    assert losses.Tversky(alpha=0.2, beta=0.3).beta == 0.3
    assert losses.Circle(margin=0.3).margin == 0.3


def test_ctc_of_a_blank_among_the_labels(engine):
    """Between other labels a 0 need not take a frame; values of Keras 3.15.1."""
    logits = ((np.arange(24).reshape(2, 4, 3) * 7) % 5 / 3).astype("float32")
    value = losses.CTC()(np.array([[1, 2, 1, 0], [1, 2, 0, 2]]), logits)
    np.testing.assert_allclose(float(value), 3.2964844703674316, rtol=1e-5)
    value = losses.CTC()(np.array([[1, 2, 1, 0], [1, 2, 2, 0]]), logits)
    np.testing.assert_allclose(float(value), 4.294477939605713, rtol=1e-5)


def test_generalized_cross_entropy_of_an_impossible_label(engine):
    loss, label = losses.CategoricalGeneralizedCrossEntropy(q=0.5), np.array([0, 1])
    y_pred = ops.convert_to_tensor(np.array([[0.0, 1.0], [0.0, 1.0]], "float32"))
    value, (grad,) = ops.value_and_grad(lambda p: loss(label, p), [y_pred])
    assert float(value) == 1.0
    np.testing.assert_allclose(ops.convert_to_numpy(grad), [[0.0, 0.0], [0.0, -0.5]])


def test_a_dtype_policy_by_name(engine):
    loss = losses.MeanSquaredError(dtype="mixed_float16")
    assert loss.dtype == "float16"
    assert ops.dtype(loss(np.ones((2, 2)), np.zeros((2, 2)))) == "float16"
