"""What layers tell of their calls, as in Keras 2."""

import numpy as np
import pytest

import keras
from keras import layers


def test_calls_by_number():
    lstm = layers.LSTM(3)
    inputs = keras.Input((5, 2)), keras.Input((7, 2))
    outputs = [lstm(x) for x in inputs]
    assert lstm.get_input_at(1) is inputs[1]
    assert lstm.get_output_at(0) is outputs[0]
    assert lstm.get_input_shape_at(0) == (None, 5, 2)
    assert lstm.get_output_shape_at(-1) == lstm.output_shape == (None, 3)
    assert len(lstm.inbound_nodes) == 2
    with pytest.raises(AttributeError, match="called 2 times, so it has no single `input_shape`"):
        lstm.input_shape  # noqa: B018
    with pytest.raises(ValueError, match=r"called 2 times on symbolic tensors. Received: node_index=2"):
        lstm.get_output_at(2)


def test_several_inputs_have_several_shapes():
    add = layers.Concatenate()
    assert not hasattr(add, "output_shape")
    add([keras.Input((3,)), keras.Input((4,))])
    assert add.input_shape == [(None, 3), (None, 4)]
    assert add.output_shape == (None, 7)


def test_a_layer_may_use_the_names_itself():
    class Patches(layers.Layer):
        def __init__(self, input_shape):
            super().__init__()
            self.input_shape = input_shape

        def call(self, x):
            return x

    patches = Patches(8)
    patches(keras.Input((4,)))
    assert patches.input_shape == 8


def test_models_have_those_of_their_graph():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    assert model.layers[0].input_shape == model.input_shape == (None, 4)


def test_symbolic_tensors_are_no_lists():
    """Programs tell several outputs from one by `hasattr(model.output, "__len__")`."""
    batch, known = keras.Input((3,)), keras.KerasTensor((2, 3))
    assert not hasattr(batch, "__len__")
    with pytest.raises(TypeError, match=r"has no len\(\): its first dimension is not known"):
        len(batch)
    assert hasattr(known, "__len__")
    assert len(known) == 2
    assert batch._keras_shape == (None, 3)


def test_thresholded_relu(engine, tmp_path):
    """As in tf-keras 2.21, files of whose models hold it."""
    layer = layers.ThresholdedReLU(theta=0.5)
    x = np.array([[-1.0, 0.0, 0.5, 0.75, np.nan]], "float32")
    np.testing.assert_array_equal(layer(x), [[0, 0, 0, 0.75, np.nan]])
    config = {"name": "t", "trainable": True, "dtype": "float32", "theta": 2.0}
    assert keras.layers.deserialize({"class_name": "ThresholdedReLU", "config": config}).theta == 2.0
    model = keras.Sequential([keras.Input((5,)), layer])
    model.save(tmp_path / "m.h5")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "m.h5").predict(x, verbose=0), layer(x))
    with pytest.raises(ValueError, match="`theta` to be a number of at least 0"):
        layers.ThresholdedReLU(-1)
