"""`keras.Operation` as a base class of the user's own."""

import numpy as np
import pytest

import keras


class Mix(keras.Operation):
    def __init__(self, factor, name=None):
        super().__init__(name)
        self.factor = factor

    def call(self, x, y=1.0):
        return self.factor * x + y, y


class OnHost(keras.Operation):
    """Its `call` cannot run on symbolic tensors."""

    def call(self, x):
        return keras.ops.convert_to_tensor(np.asarray(keras.ops.convert_to_numpy(x)) + 1)

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, x.dtype)


def test_called_on_values(engine):
    out, y = Mix(3.0)(keras.ops.ones((2,)), y=2.0)
    assert keras.ops.convert_to_numpy(out).tolist() == [5.0, 5.0]
    assert y == 2.0


def test_called_on_symbolic_tensors(engine):
    x, y = keras.Input((2,)), keras.Input((2,))
    op = Mix(3.0, name="mix")
    first, _ = op(x, y=y)
    assert (first.shape, op.name) == ((None, 2), "mix")
    model = keras.Model([x, y], first)
    values = [np.ones((1, 2), "f"), np.full((1, 2), 4, "f")]
    assert model.predict(values, verbose=0).tolist() == [[7.0, 7.0]]
    again = keras.Model(x, model([x, x]))
    assert keras.ops.convert_to_numpy(again(values[0])).tolist() == [[4.0, 4.0]]


def test_an_output_spec_of_its_own(engine):
    x = keras.Input((2,))
    assert OnHost()(x).shape == (None, 2)
    model = keras.Model(x, OnHost()(x))
    assert keras.ops.convert_to_numpy(model(np.ones((1, 2), "f"))).tolist() == [[2.0, 2.0]]


def test_without_a_call():
    with pytest.raises(NotImplementedError, match="has no `call` method"):
        keras.Operation()(1.0)
