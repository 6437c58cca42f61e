"""Sparse data: the numbers of dense arrays, which are those of Keras 3.15.1; SciPy's matrices a batch at a time."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import keras
from keras import layers
from keras.training.sparse import SparseRows
from tests.processes import run_python

X = sp.random(10, 6, density=0.4, random_state=0, dtype="float32").tocsr()
Y = np.asarray(X.sum(axis=1) * 2 + 1, "float32")
FORMATS = [
    "csr_matrix",
    "csc_matrix",
    "coo_matrix",
    "lil_matrix",
    "dok_matrix",
    "bsr_matrix",
    "dia_matrix",
    "csr_array",
    "coo_array",
]


def model() -> Any:
    x = keras.Input((6,))
    made = keras.Model(x, layers.Dense(1, kernel_initializer="ones", use_bias=False)(x))
    made.compile(keras.optimizers.SGD(0.05), "mse")
    return made


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format(engine: Any, kind: str) -> None:
    x = getattr(sp, kind)(X)
    history = model().fit(x, Y, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["loss"], [5.614516735076904, 4.497725486755371], rtol=1e-6)
    assert model().evaluate(x, Y, batch_size=4, verbose=0) == pytest.approx(5.857415199279785, rel=1e-6)
    rows = model().predict(x, batch_size=4, verbose=0)
    assert rows.shape == (10, 1)
    np.testing.assert_allclose(rows[:3, 0], [1.2634010, 1.6532847, 2.6543996], rtol=1e-6)


def test_single_batches(engine: Any) -> None:
    """Keras 3.15.1 refuses these; here they are what they are for arrays."""
    for x in (X, sp.dok_matrix(X)):
        assert model().train_on_batch(x, Y) == pytest.approx(5.857415, rel=1e-6)
        assert model().test_on_batch(x, Y) == pytest.approx(5.857415, rel=1e-6)
        np.testing.assert_allclose(
            model().predict_on_batch(x), X.toarray().sum(axis=1, keepdims=True), rtol=1e-6
        )


def test_other_ways_in(engine: Any) -> None:
    def fit(*args: Any, **settings: Any) -> Any:
        history = model().fit(*args, verbose=0, **settings).history
        return [history[name][0] for name in ("loss", "val_loss") if name in history]

    arrays: Any = {"batch_size": 4, "shuffle": False}
    halves = [(X[i : i + 5], Y[i : i + 5]) for i in (0, 5)]
    assert fit(X, Y, validation_split=0.3, **arrays) == pytest.approx([6.316584, 3.899452], rel=1e-6)
    assert fit(X, Y, validation_data=(X, Y), **arrays) == pytest.approx([5.614517, 4.689363], rel=1e-6)
    assert fit(X, Y, sample_weight=np.arange(10), **arrays) == pytest.approx([19.415218], rel=1e-6)
    assert fit(X, sp.csc_matrix(Y), **arrays) == pytest.approx([5.614517], rel=1e-6)
    assert fit(iter(halves)) == pytest.approx([5.755538], rel=1e-6)
    for other, loss in (("float64", 5.857415), ("int32", 15.311076), ("bool", 2.168869)):
        assert model().evaluate(X.astype(other), Y, verbose=0) == pytest.approx(loss, rel=1e-6)
    with pytest.raises(ValueError, match="x: 10, y: 5"):
        fit(X, Y[:5])


def test_beside_arrays(engine: Any) -> None:
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    joined = layers.Concatenate()([a, b])
    made = keras.Model({"a": a, "b": b}, layers.Dense(1, kernel_initializer="ones")(joined))
    made.compile("sgd", "mse")
    assert made.evaluate({"a": X, "b": X.toarray()}, Y, verbose=0) == pytest.approx(1.0, rel=1e-5)


def test_shuffled_rows_are_those_of_an_array(engine: Any) -> None:
    def losses(x: Any) -> Any:
        keras.utils.set_random_seed(3)
        return model().fit(x, Y, batch_size=3, epochs=3, verbose=0).history["loss"]

    np.testing.assert_allclose(losses(X), losses(X.toarray()), rtol=1e-6)


def test_never_dense_as_a_whole(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    real = SparseRows.__getitem__
    monkeypatch.setattr(SparseRows, "__getitem__", lambda self, rows: taken.append(0) or real(self, rows))
    monkeypatch.setattr(SparseRows, "__array__", lambda *_: pytest.fail("the whole matrix was made dense"))
    wide = sp.random(40, 200_000, density=1e-5, random_state=0, dtype="float32", format="csr")
    made = keras.Sequential([keras.Input((wide.shape[1],)), layers.Dense(1, kernel_initializer="zeros")])
    made.compile("sgd", "mse")
    made.fit(
        wide,
        np.ones((40, 1)),
        batch_size=2,
        steps_per_epoch=2,
        validation_split=0.5,
        validation_steps=1,
        verbose=0,
    )
    assert made.predict(wide, batch_size=2, steps=1, verbose=0).shape == (2, 1)
    assert taken


def test_scipy_is_not_imported_for_other_data() -> None:
    code = (
        "import sys, numpy as np, keras; m = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]);"
        "m.compile('sgd', 'mse'); m.fit(np.ones((4, 2)), np.ones(4), verbose=0); m.predict(np.ones((4, 2)), verbose=0);"
        "assert 'scipy.sparse' not in sys.modules"
    )
    run_python(code, KERAS_BACKEND="numpy")


@pytest.mark.parametrize("batched", [False, True])
def test_sparse_tensors_of_tensorflow(batched: bool) -> None:
    import tensorflow as tf

    x = tf.sparse.from_dense(X.toarray())
    data: Any = (x, Y)
    if batched:
        data = (tf.data.Dataset.from_tensor_slices(data).batch(4),)
    with keras.backend.using("tensorflow"):
        settings = {} if batched else {"batch_size": 4, "shuffle": False}
        history = model().fit(*data, epochs=2, verbose=0, **settings).history
        np.testing.assert_allclose(history["loss"], [5.614516735076904, 4.497725486755371], rtol=1e-6)
        np.testing.assert_allclose(model().predict(x, verbose=0), X.sum(axis=1), rtol=1e-5)
