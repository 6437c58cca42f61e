"""Layers kept in lists and dicts inside lists and dicts: tracked, saved and loaded."""

import h5py
import numpy as np
import pytest

import keras

Dense = keras.layers.Dense


@keras.saving.register_keras_serializable(package="test_containers")
class Blocks(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.blocks = [["no layer"], [Dense(3), Dense(2)], Dense(4)]
        self.cells = {"x": (Dense(1),), "y": {"z": [Dense(2)]}}

    def call(self, x):
        for layer in (*self.blocks[1], self.blocks[2], self.cells["x"][0], self.cells["y"]["z"][0]):
            x = layer(x)
        return x


def test_groups_are_named_as_keras_names_them(tmp_path):
    model = Blocks()
    model(np.ones((1, 2)))
    model.save_weights(tmp_path / "m.weights.h5")
    groups = []
    with h5py.File(tmp_path / "m.weights.h5") as file:
        file.visit(lambda name: groups.append(name) if name.endswith("vars/0") else None)
    # Names in a file that Keras 3.15.1 wrote of such a model.
    assert groups == [
        "blocks/container_1/dense/vars/0",
        "blocks/container_1/dense_1/vars/0",
        "blocks/dense/vars/0",
        "cells/container/dense/vars/0",
        "cells/container_1/container/dense/vars/0",
    ]


@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_nested_containers_are_restored(engine, tmp_path, ending):
    x = np.random.default_rng(0).normal(size=(2, 3)).astype("f")
    model = Blocks()
    expected = model.predict(x, verbose=0)
    path = tmp_path / f"m{ending}"
    if ending == ".keras":
        model.save(path)
        copy = keras.models.load_model(path)
    else:
        model.save_weights(path)
        copy = Blocks()
        copy(x)
        copy.load_weights(path)
    np.testing.assert_allclose(copy.predict(x, verbose=0), expected, rtol=1e-6)


def test_a_file_without_a_nested_container_is_told(tmp_path):
    model = Blocks()
    model(np.ones((1, 2)))
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "r+") as file:
        del file["blocks/container_1"]
    with pytest.raises(ValueError, match=r"blocks/container_1/dense .* the file has nothing for it"):
        model.load_weights(tmp_path / "m.weights.h5")


def test_a_container_that_holds_itself(tmp_path):
    class Ring(keras.Model):
        def __init__(self):
            super().__init__()
            self.ring = [Dense(2)]
            self.ring.append(self.ring)

        def call(self, x):
            return self.ring[0](x)

    model = Ring()
    model(np.ones((1, 2)))
    assert len(model.weights) == 2
    model.save_weights(tmp_path / "m.weights.h5")
    saved = model.get_weights()
    model.set_weights([w + 1 for w in saved])
    model.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(model.get_weights()[0], saved[0])


def test_a_layer_may_be_known_by_a_property_in_the_file(tmp_path):
    """Keras 3.15.1 walks properties as well as attributes, and loads this too."""

    class Before(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = Dense(3)

        def call(self, x):
            return self.dense(x)

    class After(keras.Model):
        def __init__(self):
            super().__init__()
            self.a_dense = Dense(3)

        @property
        def dense(self):
            return self.a_dense

        def call(self, x):
            return self.dense(x)

    before, after = Before(), After()
    before(np.ones((2, 2)))
    after(np.ones((2, 2)))
    before.save_weights(tmp_path / "m.weights.h5")
    after.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(after.a_dense.kernel.numpy(), before.dense.kernel.numpy())
