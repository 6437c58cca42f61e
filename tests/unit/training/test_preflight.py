"""Mistakes that would train without a word: refused or warned about before the first step, alike on every engine."""

import time
import warnings
from typing import Any

import numpy as np
import pytest

import keras
from keras.training.preflight import Preflight


def model_of(units: int, activation: Any = None, loss: Any = "mse", **settings: Any) -> Any:
    model = keras.Sequential(
        [keras.Input((4,), name="features"), keras.layers.Dense(units, activation, name="out")]
    )
    model.compile("sgd", loss, **settings)
    return model


X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
LABELS = np.arange(12) % 3


def steps_done(model: Any) -> int:
    return int(model.optimizer.iterations)


# ---------------------------------------------------------------------- refused
@pytest.mark.parametrize(
    "loss", ["mse", "mae", "huber", "binary_crossentropy", keras.losses.MeanSquaredError()]
)
@pytest.mark.parametrize(("units", "width"), [(1, 3), (3, 1)])
def test_targets_that_would_be_broadcast(engine: Any, loss: Any, units: int, width: int) -> None:
    model = model_of(units, "sigmoid", loss)
    with pytest.raises(ValueError, match=rf'output "out".*shape \(12, {width}\).*shape \(12, {units}\)'):
        model.fit(X, np.zeros((12, width)), verbose=0)
    assert steps_done(model) == 0
    with pytest.raises(ValueError, match='output "out"'):
        model.evaluate(X, np.zeros((12, width)), verbose=0)
    with pytest.raises(ValueError, match='output "out"'):
        model_of(units, "sigmoid", loss).train_on_batch(X, np.zeros((12, width)))


def test_targets_of_one_rank_less_are_fine(engine: Any) -> None:
    assert model_of(1).fit(X, np.zeros(12), verbose=0).epoch == [0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (5, r"label 5 at index \(11,\) is outside the classes 0 to 2"),
        (-1, r"label -1.*ignore_class=-1"),
        (0.5, "not a whole number"),
    ],
)
def test_labels_outside_the_classes(engine: Any, wrong: float, message: str) -> None:
    labels = LABELS.astype("float32")
    labels[-1] = wrong
    model = model_of(3, "softmax", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=message):
        model.fit(X, labels, batch_size=4, verbose=0)  # the label is in the last batch
    assert steps_done(model) == 0


def test_labels_that_count_from_one(engine: Any) -> None:
    with pytest.raises(ValueError, match="count from 1: subtract 1"):
        model_of(3, "softmax", "sparse_categorical_crossentropy").fit(X, LABELS + 1, verbose=0)


def test_binary_labels(engine: Any) -> None:
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        model_of(1, "sigmoid", "binary_crossentropy").fit(X, LABELS, verbose=0)


def test_a_generator_is_checked_at_its_first_batch(engine: Any) -> None:
    model = model_of(3, "softmax", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="outside the classes"):
        model.fit(((X, LABELS + 3) for _ in range(2)), verbose=0)


def test_a_loss_of_the_users_decides_for_itself(engine: Any) -> None:
    def loss(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(keras.ops.square(y_pred - y_true[:, :1]), axis=-1)

    assert model_of(1, None, loss).fit(X, np.zeros((12, 3)), verbose=0).epoch == [0]


def test_which_of_several_outputs(engine: Any) -> None:
    x = keras.Input((4,))
    model = keras.Model(x, [keras.layers.Dense(1, name="a")(x), keras.layers.Dense(2, name="b")(x)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match='targets of output "b"'):
        model.fit(X, [np.zeros((12, 1)), np.zeros((12, 1))], verbose=0)
    with pytest.raises(ValueError, match="y: the model has 2 outputs"):
        model.fit(X, np.zeros((12, 1)), verbose=0)


# ---------------------------------------------------------------------- warned about
def warned(call: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with np.errstate(all="ignore"):
            call()
    return [str(w.message) for w in caught]


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_inputs_that_are_not_finite(engine: Any, value: float, word: str) -> None:
    x = X.copy()
    x[7, 2] = value
    messages = warned(lambda: model_of(1).fit(x, np.zeros(12), epochs=2, verbose=0))
    assert len(messages) == 1
    assert f'x (input "features") holds {word} (first in sample 7)' in messages[0]


def test_targets_and_weights_that_are_not_finite(engine: Any) -> None:
    y, weights = np.zeros(12), np.ones(12)
    y[3], weights[2] = np.nan, np.inf
    messages = warned(lambda: model_of(1).fit(X, y, sample_weight=weights, verbose=0))
    assert [m.partition(":")[0] for m in messages] == [
        "sample_weight holds infinity (first in sample 2)",
        'y (output "out") holds NaN (first in sample 3)',
    ]


def test_a_loss_of_ones_own_may_leave_nan_out(engine: Any) -> None:
    def known(y: Any, p: Any) -> Any:
        return keras.ops.mean(keras.ops.where(keras.ops.isnan(y), 0.0, keras.ops.square(y - p)))

    y = np.zeros(12)
    y[3] = np.nan
    assert not warned(lambda: model_of(1, loss=known).fit(X, y, verbose=0))


def test_inputs_that_are_not_finite_are_named_in_a_dict(engine: Any) -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    model = keras.Model({"a": a, "b": b}, keras.layers.Dense(1)(keras.layers.Add()([a, b])))
    model.compile("sgd", "mse")
    x = X.copy()
    x[0] = np.nan
    messages = warned(lambda: model.fit({"a": X, "b": x}, np.zeros(12), verbose=0))
    assert messages[0].startswith("x['b'] holds NaN")


@pytest.mark.parametrize(
    ("units", "activation", "loss", "y", "message"),
    [
        (
            3,
            None,
            "sparse_categorical_crossentropy",
            LABELS,
            'no activation, .* expects probabilities.*"softmax"',
        ),
        (1, None, "binary_crossentropy", LABELS % 2, 'no activation, .*"sigmoid"'),
        (
            3,
            "softmax",
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            LABELS,
            "ends in softmax, but .* from_logits=True",
        ),
        (1, "sigmoid", keras.losses.BinaryCrossentropy(from_logits=True), LABELS % 2, "ends in sigmoid"),
        (1, "softmax", "mse", LABELS % 2, "one element, so the result is 1 everywhere. Did you mean sigmoid"),
        (
            1,
            "softmax",
            "binary_crossentropy",
            LABELS % 2,
            "one element, so the result is 1 everywhere. Did you mean sigmoid",
        ),
    ],
)
def test_activations_that_do_not_fit_the_loss(
    engine: Any, units: int, activation: Any, loss: Any, y: Any, message: str
) -> None:
    with pytest.warns(UserWarning, match=message):
        model_of(units, activation, loss).fit(X, y, verbose=0)


@pytest.mark.parametrize(
    ("units", "activation", "loss"),
    [
        (3, "softmax", "sparse_categorical_crossentropy"),
        (3, None, keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
        (3, "linear", keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
    ],
)
def test_what_fits_is_not_warned_about(engine: Any, units: int, activation: Any, loss: Any) -> None:
    assert warned(lambda: model_of(units, activation, loss).fit(X, LABELS, verbose=0)) == []


def test_the_activation_may_be_a_layer_of_its_own(engine: Any) -> None:
    stack = [keras.Input((4,)), keras.layers.Dense(3), keras.layers.Softmax()]
    model = keras.Sequential(stack)
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert warned(lambda: model.fit(X, LABELS, verbose=0)) == []
    model = keras.Sequential([*stack[:2], keras.layers.Activation("softmax")])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert "ends in softmax" in warned(lambda: model.fit(X, LABELS, verbose=0))[0]


def test_sorted_labels_with_a_validation_split(engine: Any) -> None:
    model = model_of(3, "softmax", "sparse_categorical_crossentropy")
    with pytest.warns(UserWarning, match=r"validation_split takes the last rows.*\[2\].*shuffle"):
        model.fit(X, np.sort(LABELS), validation_split=0.4, verbose=0)
    one_hot = model_of(3, "softmax", "categorical_crossentropy")
    with pytest.warns(UserWarning, match="validation_split takes the last rows"):
        one_hot.fit(X, np.eye(3)[np.sort(LABELS)], validation_split=0.4, verbose=0)
    assert warned(lambda: model.fit(X, LABELS, validation_split=0.4, verbose=0)) == []


def test_class_weights_that_lack_classes(engine: Any) -> None:
    model = model_of(3, "softmax", "sparse_categorical_crossentropy")
    with pytest.warns(
        UserWarning, match=r"class_weight of output \"out\" says nothing about the classes \[2\]"
    ):
        model.fit(X, LABELS, class_weight={0: 1.0, 1: 2.0}, verbose=0)


# ---------------------------------------------------------------------- cost
def test_a_large_data_set_costs_milliseconds() -> None:
    model = model_of(3, "softmax", "sparse_categorical_crossentropy")
    x = np.zeros((1_000_000, 4), "float32")
    y = np.zeros(1_000_000, "int64")
    predictions = model.compute_output_spec(keras.KerasTensor((None, 4)))
    model._compile_loss.build(predictions)
    started = time.perf_counter()
    Preflight(model, predictions).check(x, y)
    assert time.perf_counter() - started < 0.05


def test_a_model_without_trainable_weights(engine: Any) -> None:
    judge = model_of(1, "sigmoid", "binary_crossentropy")
    judge.trainable = False
    judge.compile("sgd", "binary_crossentropy")
    before = judge.get_weights()
    with pytest.warns(UserWarning, match=r"has no trainable weights.*set `trainable` to True"):
        judge.train_on_batch(X, LABELS % 2)
    assert warned(lambda: judge.fit(X, LABELS % 2, verbose=0)) == [], "it is said once"
    np.testing.assert_equal(judge.get_weights(), before)
    judge.trainable = True
    judge.compile("sgd", "binary_crossentropy")
    assert warned(lambda: judge.train_on_batch(X, LABELS % 2)) == []
    assert any((a != b).any() for a, b in zip(judge.get_weights(), before, strict=True))


def test_an_id_that_is_nan(engine: Any) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Embedding(5, 2)])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="holds NaN"), pytest.raises(ValueError, match="holds the id nan"):
        model.fit(np.full((4, 2), np.nan), np.zeros((4, 2, 2)), verbose=0)


def test_a_cast_at_the_end_is_not_taken_for_a_missing_activation(engine: Any) -> None:
    """Under mixed precision the last layer is a linear `Activation` of float32."""
    inputs = keras.Input((4,))
    x = keras.layers.Dense(3, activation="softmax")(inputs)
    model = keras.Model(inputs, keras.layers.Activation("linear", dtype="float32")(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, LABELS, verbose=0)


def test_an_output_may_be_none(engine: Any) -> None:
    """As of a language model, whose second one is a loss if there are targets."""

    class Language(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(1, kernel_initializer="ones")

        def call(self, x: Any, targets: Any = None) -> Any:
            return self.dense(x), None

        def train_step(self, data: Any) -> dict[str, Any]:
            logits, _ = self(data[0])
            return {"mean": keras.ops.mean(logits)}

    model = Language()
    model.compile("sgd")
    history = model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0).history
    assert history == {"mean": [3.0]}
