"""Models are pickled whole: architecture, weights, compile arguments and the optimizer's state."""

import copy
import pickle

import numpy as np
import pytest

import keras

X = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]], "float32")
Y = np.array([[1.0, 0.0], [0.0, 2.0]], "float32")


def sequential():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


def functional():
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(2)(inputs) + 1.0)


@pytest.mark.parametrize("make", [sequential, functional])
def test_a_trained_model_goes_on_where_it_was(engine, make):
    model = make()
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(X, Y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    for _ in range(2):
        np.testing.assert_allclose(again.train_on_batch(X, Y), model.train_on_batch(X, Y), rtol=1e-6)


def test_a_model_that_is_not_compiled(engine):
    model = sequential()
    before = model.predict(X, verbose=0)
    again = pickle.loads(pickle.dumps([model]))[0]
    assert not again.compiled
    np.testing.assert_array_equal(again.predict(X, verbose=0), before)


def test_classes_of_ones_own_are_looked_up():
    class Descent(keras.optimizers.SGD):
        pass

    model = sequential()
    model.compile(Descent(0.5), "mse")
    data = pickle.dumps(model)
    with keras.utils.custom_object_scope({"Descent": Descent}):
        assert type(pickle.loads(data).optimizer) is Descent
    with pytest.raises(ValueError, match="Descent"):
        pickle.loads(data)


def test_code_is_not_pickled():
    with pytest.raises(TypeError, match="lambda"):
        pickle.dumps(keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x)]))


def test_a_deep_copy_keeps_lambdas_and_has_weights_of_its_own(engine):
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2), keras.layers.Lambda(lambda x: 2.0 * x)]
    )
    before = model.predict(X, verbose=0)
    again = copy.deepcopy(model)
    model.set_weights([np.zeros((3, 2)), np.zeros(2)])
    np.testing.assert_array_equal(again.predict(X, verbose=0), before)


@pytest.mark.parametrize("make", [sequential, functional])
def test_a_deep_copy_of_a_trained_model_trains_alone(engine, make):
    model = make()
    model.compile("adam", "mse")
    model.train_on_batch(X, Y)
    before = model.predict(X, verbose=0)
    again = copy.deepcopy(model)
    losses = [float(again.train_on_batch(X, Y)) for _ in range(3)]
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)
    assert np.any(again.predict(X, verbose=0) != before)
    np.testing.assert_allclose([model.train_on_batch(X, Y) for _ in range(3)], losses, rtol=1e-6)
