"""Files that name classes and functions the user has registered."""

import json

import h5py
import numpy as np
import pytest

import keras
from keras.saving import register_keras_serializable

X = np.ones((4, 2), "float32")


@register_keras_serializable("test_registered")
class MyDense(keras.layers.Dense):
    pass


@register_keras_serializable("test_registered")
def distance(y, p):
    return keras.ops.mean(abs(y - p), axis=-1)


@register_keras_serializable("test_registered")
class Graph(keras.Model):
    def __init__(self, **kwargs):
        x = keras.Input((2,))
        super().__init__(inputs=x, outputs=MyDense(1, name="last")(x), **kwargs)

    def get_config(self):
        return {"name": self.name}


@register_keras_serializable("test_registered")
class Around(keras.layers.Layer):
    """Its config holds a layer as it is: writing plain data is the library's work."""

    def __init__(self, layer, **kwargs):
        super().__init__(**kwargs)
        self.layer = layer

    def call(self, x):
        return self.layer(x)

    def get_config(self):
        return {**super().get_config(), "layer": self.layer}


@register_keras_serializable("test_registered")
class Plain(keras.Model):
    def twice(self, x):
        return 2 * self(x)


def plain():
    x = keras.Input((2,))
    return Plain(x, MyDense(1)(x))


def functional():
    x = keras.Input((2,))
    return keras.Model(x, Around(MyDense(1))(x))


def sequential():
    return keras.Sequential([keras.Input((2,)), MyDense(1)])


@pytest.mark.parametrize("make", [functional, sequential, plain, Graph])
@pytest.mark.parametrize("options", [{}, {"layout": "keras2"}])
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_whole_model_comes_back(tmp_path, make, ending, options):
    model = make()
    model.compile(keras.optimizers.SGD(0.5), loss=distance, metrics=[distance])
    path = tmp_path / f"m{ending}"
    model.save(path, **options)
    copy = keras.models.load_model(path)
    assert [isinstance(copy, c) for c in (Graph, Plain)] == [make is Graph, make is plain]
    np.testing.assert_allclose(copy.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)
    results = [m.evaluate(X, X[:, :1], verbose=0) for m in (model, copy)]
    assert results[0] == pytest.approx(results[1])


def test_h5_files_use_the_names_of_keras(tmp_path):
    """As Keras 3.15.1 writes them."""
    model = sequential()
    model.compile("sgd", loss=distance, metrics=[distance])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        config = json.loads(file.attrs["model_config"])
        training = json.loads(file.attrs["training_config"])
    assert config["config"]["layers"][1]["class_name"] == "test_registered>MyDense"
    assert training["loss"] == "test_registered>distance"
    assert training["metrics"] == ["test_registered>distance"]


def test_a_function_without_its_package():
    """As Keras before 3.7 wrote it."""
    config = {
        "module": "builtins",
        "class_name": "function",
        "config": "distance",
        "registered_name": "function",
    }
    assert keras.saving.deserialize_keras_object(config) is distance


def test_weights_of_a_model_without_any_yet(tmp_path):
    model = keras.Sequential([keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="has no weights yet"):
        model.save_weights(tmp_path / "m.weights.h5")
    assert not (tmp_path / "m.weights.h5").exists()
