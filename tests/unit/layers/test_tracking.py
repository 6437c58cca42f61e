"""What belongs to a layer and in which order, for layers written in the manner of Keras 2. Orders are those of Keras 3.15.1."""

import copy
from typing import Any

import numpy as np
import pytest

import keras
from keras import layers as L
from keras.backend.engine import Engine


class Projections(L.Layer):
    """Reserves its attributes before the constructor of Layer is called, in another order than it makes them."""

    def __init__(self, **kwargs: Any) -> None:
        self.wq = self.wk = self.bq = None
        self.last = self.first = None
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        self.wq = self.add_weight(shape=(2, 2), name="wq")
        self.bq = self.add_weight(shape=(2,), name="bq")
        self.wk = self.add_weight(shape=(2, 2), name="wk")
        self.first = L.Dense(3, name="first")
        self.first.build((None, 2))
        self.last = L.Dense(4, name="last")
        self.last.build((None, 2))

    def call(self, x: Any) -> Any:
        return self.last(keras.ops.matmul(x, self.wq) + self.bq) + keras.ops.sum(self.wk)


class Tied(L.Embedding):
    """Hands its table to the layers after it."""

    def call(self, x: Any) -> Any:
        return [super().call(x), self.embeddings]


class Scores(L.Layer):
    def call(self, inputs: Any) -> Any:
        x, table = inputs
        return keras.ops.softmax(keras.ops.matmul(x, keras.ops.transpose(table)))


def test_weights_are_in_the_order_they_were_made() -> None:
    layer = Projections()
    layer.build((None, 2))
    shapes = [v.shape for v in layer.weights]
    assert shapes == [(2, 2), (2,), (2, 2), (2, 3), (3,), (2, 4), (4,)]
    assert [v.name for v in layer.weights[:3]] == ["wq", "bq", "wk"]


@pytest.mark.parametrize("symbolic", [True, False])
def test_weights_can_be_given_to_any_layer(engine: Engine, symbolic: bool) -> None:
    given = [np.arange(6.0).reshape(3, 2), np.ones(2)]
    if symbolic:
        layer = keras.Sequential([L.Dense(2, weights=given, input_shape=(3,))]).layers[0]
    else:
        layer = L.Dense(2, weights=given)
        layer(np.ones((1, 3)))
    assert [w.tolist() for w in layer.get_weights()] == [w.tolist() for w in given]


def test_a_copied_layer_shares_the_weights_and_has_not_been_called(tmp_path: Any) -> None:
    x = keras.Input((4, 3))
    pool = L.MaxPooling1D(2, name="pool")
    other = copy.copy(pool)
    other.name = "other"
    y = L.Concatenate(name="both")([pool(x), other(L.Dense(3, name="dense")(x))])
    model = keras.Model(x, y)
    assert other.output is not pool.output
    names = [layer.name for layer in model.layers]
    assert names == [layer.name for layer in keras.Model.from_config(model.get_config()).layers]
    assert len(names) == 5

    dense = L.Dense(2)
    dense.build((None, 3))
    twin = copy.copy(dense)
    assert twin.kernel is dense.kernel
    twin.add_weight(shape=(1,))
    assert len(dense.weights) == 2


def test_a_layer_may_return_a_variable(engine: Engine) -> None:
    x = keras.Input((None,))
    embedded, table = Tied(5, 4)(x)
    assert table.shape == (5, 4)
    model = keras.Model(x, [Scores()([embedded, table]), table])
    scores, values = model.predict(np.array([[1, 2, 3]]), verbose=0)
    held = model.layers[1].embeddings.numpy()
    logits = held[[1, 2, 3]] @ held.T
    expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(scores[0], expected, rtol=1e-5)
    np.testing.assert_array_equal(values, held)

    trained = keras.Model(x, model.outputs[0])
    trained.compile("sgd", "sparse_categorical_crossentropy")
    trained.fit(np.array([[1, 2, 3]]), np.array([[[2], [3], [4]]]), verbose=0)
    assert (trained.get_weights()[0][4] != held[4]).all()  # trained only as a row of the scores


def test_weights_made_in_a_frozen_layer_say_so() -> None:
    """As in Keras 3.15.1, where a layer above does not change those below it by its argument."""
    layer = L.Dense(2, trainable=False)
    layer.build((None, 3))
    assert [w.trainable for w in layer.weights] == [False, False]
    layer.trainable = True
    assert [w.trainable for w in layer.weights] == [True, True]
    model = keras.Sequential([keras.Input((3,)), L.Dense(2)], trainable=False)
    assert [w.trainable for w in model.weights] == [True, True]
    assert model.trainable_weights == []


@pytest.mark.parametrize(
    "make",
    [
        lambda layer: layer.add_weight(shape=(), initializer="zeros"),
        lambda layer: setattr(layer, "inner", keras.layers.Dense(2)),
        lambda layer: setattr(layer, "inner", {"a": [keras.Variable(1.0)]}),
        lambda layer: setattr(layer, "inner", keras.metrics.Mean()),
        lambda layer: setattr(layer, "inner", keras.random.SeedGenerator(1)),
    ],
    ids=["weight", "layer", "nested", "metric", "seeds"],
)
def test_call_makes_no_state(make: Any) -> None:
    class Layer(keras.layers.Layer):
        def call(self, x):
            make(self)
            return x

    for x in (np.ones((3, 2), "float32"), keras.Input((2,))):
        with pytest.raises(ValueError, match=r"`call` makes state.*in `build`"):
            Layer()(x)
    make(Layer())  # elsewhere there is nothing against it


def test_what_call_may_set() -> None:
    """Attributes that are no state, state that is known already, and that of layers which are built on the way."""

    class Late(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = keras.layers.Dense(2)
            self.both = None

        def call(self, x):
            self.seen, self.count = x, [1]
            self.both = [self.inner, self.inner]
            return self.inner(x)

    layer = Late()
    layer(np.ones((3, 2), "float32"))
    assert [w.path for w in layer.weights] == ["late/dense/kernel", "late/dense/bias"]
