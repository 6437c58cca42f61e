"""Weights in bfloat16, which HDF5 has no type for: the layout is that of Keras 3.15.1, which reads such files."""

import h5py
import numpy as np
import pytest

import keras
from keras.saving import hdf5


def test_files_hold_two_bytes_of_no_type(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, dtype="bfloat16")])
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5") as file:
        kernel = file["layers/dense/vars/0"]
        assert (kernel.dtype.str, kernel.attrs["dtype"]) == ("|V2", "bfloat16")
    before = model.get_weights()
    model.set_weights([np.zeros((2, 1)), np.zeros(1)])
    model.load_weights(tmp_path / "m.weights.h5")
    assert [w.tolist() for w in model.get_weights()] == [w.tolist() for w in before]


@pytest.mark.parametrize("bits", ["V2", "uint16"])
def test_what_files_hold_is_read(tmp_path, bits):
    """Without a note in the `.h5` files of Keras 3; as numbers in files of this library from before."""
    values = np.array([[1.5, -2.0]], "float32").astype(keras.backend.dtypes.to_numpy_dtype("bfloat16"))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("w", data=values.view(bits))
        if bits == "uint16":
            data.attrs["dtype"] = "bfloat16"
    with hdf5.reading(tmp_path / "a.h5") as file:
        assert np.asarray(file["w"].read(), "float32").tolist() == [[1.5, -2.0]]
