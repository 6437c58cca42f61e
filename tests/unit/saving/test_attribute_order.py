"""Weights of a model of one's own class: where each layer stands depends on its attribute's place in the alphabet.

Keras walks through the property `layers` like an attribute, between those before and those after it. The groups are those
of files that Keras 3.15.1 wrote of the same model.
"""

from pathlib import Path

import h5py
import numpy as np
import pytest

import keras

Dense = keras.layers.Dense
X = np.ones((1, 2), "float32")
GROUPS = {
    "first": "first/vars/0",
    "norm": "layers/dense_1/vars/0",
    "seq": "layers/sequential/layers/dense/vars/0",
    "zz": "layers/dense_2/vars/0",
    "private": "layers/dense_3/vars/0",
}


@keras.saving.register_keras_serializable(package="test_attribute_order")
class Own(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first, self.norm, self.seq, self.zz = (
            Dense(2),
            Dense(2),
            keras.Sequential([Dense(2)]),
            [Dense(2)],
        )
        self._private = Dense(2)

    def call(self, x):
        return self._private(self.zz[0](self.seq(self.norm(self.first(x)))))

    def kernels(self):
        layers = {
            "first": self.first,
            "norm": self.norm,
            "seq": self.seq.layers[0],
            "zz": self.zz[0],
            "private": self._private,
        }
        return {name: layer.kernel.numpy() for name, layer in layers.items()}


def made() -> Own:
    model = Own()
    model(X)
    return model


def test_groups_are_those_of_keras(tmp_path: Path) -> None:
    model = made()
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5") as file:
        for name, kernel in model.kernels().items():
            np.testing.assert_array_equal(file[GROUPS[name]], kernel)


@pytest.mark.parametrize("by_attribute", [False, True], ids=["as-keras", "by-attribute"])
def test_reading(tmp_path: Path, by_attribute: bool) -> None:
    """Also files that have every layer under its attribute, as this library wrote them, and Keras reads."""
    model, path = made(), tmp_path / "m.weights.h5"
    model.save_weights(path)
    if by_attribute:
        with h5py.File(path, "r+") as file:
            for old, new in (
                ("dense_1", "norm"),
                ("sequential", "seq"),
                ("dense_2", "zz/dense"),
                ("dense_3", "_private"),
            ):
                file.move(f"layers/{old}", new)
            del file["layers"]
    other = made()
    other.load_weights(path)
    for name, kernel in model.kernels().items():
        np.testing.assert_array_equal(other.kernels()[name], kernel, err_msg=name)


def test_a_missing_layer_is_told(tmp_path: Path) -> None:
    model, path = made(), tmp_path / "m.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "r+") as file:
        del file["layers/dense_1"]
    with pytest.raises(ValueError, match=r"norm .* the file has nothing for it"):
        made().load_weights(path)
