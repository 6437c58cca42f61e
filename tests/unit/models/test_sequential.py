"""Sequential models: deferred and immediate building, adding and popping, configs of every era."""

import numpy as np
import pytest

import keras
from keras import layers, ops


def test_deferred_building(engine):
    model = keras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(2)])
    assert not model.built
    with pytest.raises(AttributeError, match="not built"):
        _ = model.output_shape
    y = model(np.ones((3, 5), "f"))
    assert tuple(y.shape) == (3, 2)
    assert model.output_shape == (3, 2)
    assert [v.shape for v in model.weights] == [(5, 4), (4,), (4, 2), (2,)]


def test_add_and_pop():
    model = keras.Sequential()
    model.add(keras.Input((4,)))
    model.add(layers.Dense(3))
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    model.pop()
    assert model.output_shape == (None, 3)
    assert len(model.layers) == 1


def test_keras_2_ways_of_giving_the_input_shape():
    for first in (
        layers.Dense(3, input_shape=(4,)),
        layers.Dense(3, input_dim=4),
        layers.Dense(3, batch_input_shape=(None, 4)),
    ):
        assert keras.Sequential([first]).input_shape == (None, 4)


def test_weight_paths_as_in_keras():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="d")], name="s")
    assert [v.path for v in model.weights] == ["s/d/kernel", "s/d/bias"]


def test_config_round_trip():
    model = keras.Sequential([keras.Input((6, 2)), layers.Conv1D(3, 2), layers.Flatten(), layers.Dense(2)])
    again = keras.Sequential.from_config(model.get_config())
    again.set_weights(model.get_weights())
    x = np.ones((2, 6, 2), "f")
    np.testing.assert_array_equal(again(x), model(x))


def test_config_of_keras_before_2_2_is_a_list():
    config = [
        {"class_name": "Dense", "config": {"units": 3, "batch_input_shape": [None, 4], "activation": "relu"}}
    ]
    assert keras.Sequential.from_config(config).output_shape == (None, 3)


def test_nested_in_sequential(engine):
    inner = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    model = keras.Sequential([keras.Input((4,)), inner, layers.Dense(1)])
    assert model.output_shape == (None, 1)
    assert len(model.weights) == 6
    assert tuple(model(np.ones((2, 4), "f")).shape) == (2, 1)


def test_a_mask_goes_through(engine):
    model = keras.Sequential(
        [keras.Input((4, 1)), layers.Masking(), layers.LSTM(2, return_sequences=True), layers.LSTM(2)]
    )
    x = np.array([[[1.0], [2.0], [0.0], [0.0]]], "f")
    np.testing.assert_allclose(
        ops.convert_to_numpy(model(x)), ops.convert_to_numpy(_short(model)(x[:, :2])), rtol=1e-5, atol=1e-7
    )


def _short(model):
    short = keras.Sequential([keras.Input((2, 1)), layers.LSTM(2, return_sequences=True), layers.LSTM(2)])
    short.set_weights(model.get_weights())
    return short


def test_a_built_sequential_model_as_the_first_layer():
    first = keras.Sequential([keras.Input((3,)), layers.Dense(4)])
    model = keras.Sequential([first, layers.Dense(2)])
    assert model.built
    assert (model.input_shape, model.output_shape) == ((None, 3), (None, 2))


def test_a_stack_that_begins_with_a_built_stack_is_built():
    inner = keras.Sequential([layers.Dense(10, input_shape=(20,))])
    model = keras.Sequential()
    model.add(inner)
    model.add(layers.Dense(2))
    assert (model.input_shape, model.output_shape) == ((None, 20), (None, 2))
    assert len(model.trainable_weights) == 4
    inner.trainable = False
    assert len(model.trainable_weights) == 2


def test_a_stack_that_begins_with_an_unbuilt_stack_waits():
    model = keras.Sequential([keras.Sequential([layers.Dense(3)]), layers.Dense(2)])
    assert not model.built
    assert model(np.ones((2, 4), "f")).shape == (2, 2)


# ---------------------------------------------------------------------- mistakes
def test_building_for_another_shape_than_that_of_the_input():
    model = keras.Sequential([keras.Input((2,), batch_size=3), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"Input of shape \(3, 2\). Received: build\(\(3, 4\)\)"):
        model.build((3, 4))
    model.build((None, 2))


def test_a_class_instead_of_a_layer():
    with pytest.raises(ValueError, match="instantiate"):
        keras.Sequential([layers.Dense])


def test_one_name_twice():
    with pytest.raises(ValueError, match='named "d" already'):
        keras.Sequential([layers.Dense(2, name="d"), layers.Dense(2, name="d")])


def test_an_input_in_the_middle():
    with pytest.raises(ValueError, match="Input must come first"):
        keras.Sequential([layers.Dense(2), keras.Input((2,))])


def test_an_empty_stack(engine):
    with pytest.raises(ValueError, match="no layers yet"):
        keras.Sequential()(np.ones((1, 2), "f"))


def test_layers_that_do_not_fit_name_the_layer_and_the_stack():
    with pytest.raises(ValueError, match=r'Sequential "s".*Conv2D "c"'):
        keras.Sequential([keras.Input((4,)), layers.Conv2D(2, 3, name="c")], name="s")


def test_ids_without_a_row_in_the_same_words_everywhere(engine):
    model = keras.Sequential(
        [keras.Input((3,), dtype="int32"), layers.Embedding(5, 2, name="e"), layers.Flatten()]
    )
    with pytest.raises(ValueError, match=r'Embedding ".*e".*id 9.*rows 0 to 4'):
        model(np.array([[1, 2, 9]]))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r'Embedding ".*e".*id -1.*rows 0 to 4'):
        model.fit(np.array([[1, 2, -1]] * 4), np.zeros((4, 6)), verbose=0)


def test_a_layer_keeps_its_tensors_while_the_stack_grows():
    model = keras.Sequential()
    model.add(keras.layers.Dense(4, input_dim=3))
    first = model.layers[0].output
    model.add(keras.layers.Dropout(0.5))
    model.add(keras.layers.Dense(2))
    assert model.layers[0].output is first
    assert [layer.output.shape for layer in model.layers] == [(None, 4), (None, 4), (None, 2)]
    assert keras.Model(first, model.output).predict(np.ones((5, 4)), verbose=0).shape == (5, 2)
    below = model.layers[1].output
    model.pop()
    assert model.output is below


@pytest.mark.parametrize("begin", [[], [keras.Input((8, 8, 1))]])
def test_images_of_another_size_than_the_first(engine, begin):
    model = keras.Sequential([*begin, keras.layers.Conv2D(1, 3, kernel_initializer="ones")])
    for height, width in ((8, 8), (5, 6), (8, 8)):
        images = np.ones((2, height, width, 1), "float32")
        expected = np.full((2, height - 2, width - 2, 1), 9.0)
        np.testing.assert_allclose(ops.convert_to_numpy(model(images)), expected)
        np.testing.assert_allclose(model.predict(images, verbose=0), expected)
    with pytest.raises(ValueError, match="Conv2D"):
        model(np.ones((2, 8, 8, 2), "float32"))


def test_build_without_a_shape_waits_for_data() -> None:
    model = keras.Sequential([layers.Embedding(5, 3), layers.Flatten(), layers.Dense(2)])
    model.build()
    assert model.built  # as Keras 3.15.1 has it
    assert not model.weights
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    assert model.input_shape == (None, 3)
    assert model.count_params() == 15 + 20


def test_a_stack_keeps_the_shape_it_was_built_for() -> None:
    """As in Keras 3.15.1."""
    model = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    model.build((None, 4))
    model.pop()
    assert (model.built, model.output_shape, len(model.weights)) == (True, (None, 3), 2)
    model.add(layers.Dense(7))
    assert (model.built, model.output_shape, len(model.weights)) == (True, (None, 7), 4)
