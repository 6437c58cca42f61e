"""What `predict` does, on every engine; also in larger and smaller batches than were asked for."""

import itertools
from typing import Any

import numpy as np
import pytest

import keras
from keras import ops
from keras.training import merging
from keras.training.merging import row_limit
from keras.utils import PyDataset
from tests.unit.training.models import data, small, two_outputs


# ---------------------------------------------------------------------- predict
def test_predictions_are_nested_like_the_outputs(engine: Any) -> None:
    x, _ = data(10)
    a, b = two_outputs().predict(x, batch_size=4, verbose=0)
    assert (a.shape, b.shape) == ((10, 1), (10, 3))
    inputs = keras.Input((4,))
    model = keras.Model(inputs, {"b": keras.layers.Dense(2)(inputs), "a": [inputs]})
    found = model.predict(x, batch_size=4, verbose=0)
    assert found["b"].shape == (10, 2)
    np.testing.assert_array_equal(found["a"][0], x)
    assert all(isinstance(p, np.ndarray) for p in (a, b, found["b"]))


def test_predict_takes_whatever_fit_takes(engine: Any) -> None:
    x, y = data(10)
    model = small()
    expected = model.predict(x, verbose=0)

    class Batches(PyDataset):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return x[5 * index : 5 * index + 5], y[5 * index : 5 * index + 5]

    for given in (
        Batches(),
        Batches(workers=2),
        ((x[i : i + 5], y[i : i + 5]) for i in (0, 5)),
        x.tolist(),
        [x],
    ):
        np.testing.assert_allclose(model.predict(given, verbose=0), expected, rtol=1e-5)
    assert model.predict(x, batch_size=3, steps=2, verbose=0).shape == (6, 1)
    with pytest.raises(ValueError, match="0 samples"):
        model.predict(x[:0], verbose=0)


def test_layers_added_after_a_prediction_count(engine: Any) -> None:
    x = data(4)[0]
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    assert model.predict(x, verbose=0).shape == (4, 3)
    model.add(keras.layers.Dense(2))
    assert model.predict(x, verbose=0).shape == (4, 2)
    model.pop()
    model.compile("sgd", "mse")
    assert model.fit(x, np.zeros((4, 3)), verbose=0).epoch == [0]
    assert model.predict_on_batch(x).shape == (4, 3)


def test_predict_needs_no_compile(engine: Any) -> None:
    x, y = data(4)
    model = keras.Sequential([keras.layers.Dense(1)])
    assert model.predict(x, verbose=0).shape == (4, 1)
    with pytest.raises(ValueError, match=r"call `compile\(optimizer=..., loss=...\)` first"):
        model.fit(x, y)


class Counting(keras.Model):
    """Makes what its `metrics` lists in `compile`, as many models with a step of their own do."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def compile(self, **settings: Any) -> None:
        super().compile(**settings)
        self.tracker = keras.metrics.Mean()

    @property
    def metrics(self) -> list[Any]:
        return [self.tracker]

    def call(self, x: Any) -> Any:
        return self.dense(x)


def test_predict_asks_no_model_for_its_metrics_that_was_not_compiled(engine: Any) -> None:
    x, _ = data(4)
    assert Counting().predict(x, verbose=0).shape == Counting().predict_on_batch(x).shape == (4, 2)


# ---------------------------------------------------------------------- prediction in larger batches
@pytest.mark.parametrize("use_bias", [False, True])
def test_predictions_follow_every_change_of_weights(engine: Any, use_bias: bool) -> None:
    """What a compiled prediction remembers of weights: kernels in another layout, the factors of a normalisation."""
    layers, rng = keras.layers, np.random.default_rng(0)
    stack = [layers.Conv2D(4, 3, use_bias=use_bias), layers.BatchNormalization(), layers.ReLU()]
    stack += [layers.Conv2D(4, 3, use_bias=use_bias), layers.BatchNormalization(scale=False)]
    model = keras.Sequential([keras.Input((7, 7, 3)), *stack, layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", "mse")
    x, y = rng.normal(size=(6, 7, 7, 3)).astype("float32"), np.zeros((6, 2), "float32")
    moved = [rng.uniform(0.5, 1.5, w.shape) for w in model.get_weights()]

    def changes() -> Any:
        yield
        yield model.fit(x, y, epochs=2, verbose=0)
        yield model.layers[0].kernel.assign(2.0 * ops.convert_to_numpy(model.layers[0].kernel))
        yield model.layers[1].moving_variance.assign(np.full(4, 3.0))
        yield model.set_weights(moved)

    seen = []
    for _ in changes():
        found = model.predict(x[:1], verbose=0)
        np.testing.assert_array_equal(model.predict(x[:1], verbose=0), found)
        with keras.backend.using("numpy"):
            twin = keras.models.clone_model(model)
            twin.set_weights(model.get_weights())
            np.testing.assert_allclose(found, ops.convert_to_numpy(twin(x[:1])), rtol=1e-4, atol=1e-5)
        seen.append(found)
    assert all(np.abs(a - b).max() > 1e-4 for a, b in itertools.pairwise(seen))


def wide(*stack: Any) -> Any:
    return keras.Sequential([keras.Input((4,)), *stack])


def by_rows(model: Any, x: Any, batch_size: int) -> np.ndarray:
    """What every batch gives by itself."""
    starts = range(0, len(x), batch_size)
    return np.concatenate([model.predict_on_batch(x[i : i + batch_size]) for i in starts])


@pytest.mark.parametrize("rows", [9, 16, 33, 100])
def test_predictions_are_merged_where_rows_are_independent(engine: Any, rows: int) -> None:
    x, _ = data(rows)
    model = wide(
        keras.layers.Dense(8, "relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(3, "softmax"),
    )
    apart = by_rows(model, x, 8)
    before = model._memory.trace_counts["predict"]
    np.testing.assert_allclose(model.predict(x, batch_size=8, verbose=0), apart, rtol=2e-6)
    assert model._memory.trace_counts["predict"] == before + 1  # one size for all, the last one too


@pytest.mark.parametrize("rows", [100, 70])
def test_large_batches_are_cut_where_rows_are_independent(
    engine: Any, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "MOST_ELEMENTS", 5 * 11)  # a row has 8 and 3
    x, _ = data(rows)
    model = wide(keras.layers.Dense(8, "relu"), keras.layers.Dense(3, "softmax"))
    apart = by_rows(model, x, 32)
    before = model._memory.trace_counts["predict"]
    for batch_size in (70, 2000):
        y = model.predict(x, batch_size=batch_size, verbose=0)
        np.testing.assert_allclose(y, apart, rtol=2e-6)
    assert model._memory.trace_counts["predict"] == before  # all in batches of 32 rows


def test_structures_are_merged_too(engine: Any) -> None:
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    c = keras.layers.Concatenate()([a, b]) * 2
    model = keras.Model({"a": a, "b": b}, {"sum": c, "dense": keras.layers.Dense(1)(c)})
    x = {"a": np.ones((21, 2), "float32"), "b": np.arange(63, dtype="float32").reshape(21, 3)}
    merged = model.predict(x, batch_size=4, verbose=0)
    assert merged["sum"].tolist() == (2 * np.concatenate([x["a"], x["b"]], 1)).tolist()
    assert merged["dense"].shape == (21, 1)


def _functional(f: Any) -> Any:
    x = keras.Input((4,))
    return keras.Model(x, f(x))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: keras.layers.Dropout(0.5)(x, training=True),
        lambda x: x - ops.mean(x, axis=0),
        lambda x: keras.layers.Lambda(lambda x: x - ops.mean(x, axis=0))(x),
        lambda x: keras.layers.Dense(2, activation=lambda x: x - ops.mean(x, axis=0))(x),
        lambda x: keras.layers.Softmax(axis=0)(x),
        lambda x: keras.layers.Softmax(axis=-2)(x),
        lambda x: keras.layers.Concatenate(axis=0)([x, x]),
        lambda x: keras.layers.BatchNormalization()(x, training=True),
        lambda x: x + np.arange(4, dtype="float32"),
        lambda x: _functional(lambda y: ops.cumsum(y, axis=0))(x),
    ],
)
def test_rows_that_may_depend_on_each_other_are_not_merged(f: Any) -> None:
    assert row_limit(_functional(f)) == 0


def test_models_with_code_of_their_own_are_not_merged() -> None:
    class Own(keras.Sequential):
        def predict_step(self, data: Any) -> Any:
            return super().predict_step(data) * 2

    assert row_limit(Own([keras.Input((4,)), keras.layers.Dense(1)])) == 0
    assert row_limit(wide(keras.layers.Dense(1))) > 1000
    x, _ = data(20)
    model = Own([keras.Input((4,)), keras.layers.Dense(1)])
    assert np.array_equal(model.predict(x, batch_size=8, verbose=0), by_rows(model, x, 8))


def test_large_models_are_not_merged() -> None:
    x = keras.Input((512, 512, 3))
    assert row_limit(keras.Model(x, keras.layers.Conv2D(64, 3, padding="same")(x))) < 2
