"""Label and row conversions; values by hand and from NumPy."""

from typing import Any

import numpy as np
import pytest

import keras
from keras import ops
from keras.utils import (
    normalize,
    pack_x_y_sample_weight,
    pad_sequences,
    set_random_seed,
    to_categorical,
    unpack_x_y_sample_weight,
)


def test_to_categorical_of_any_shape() -> None:
    assert to_categorical([0, 2]).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert to_categorical([[1], [0]], 2).tolist() == [[0, 1], [1, 0]]
    assert to_categorical([[0, 1], [1, 0]]).shape == (2, 2, 2)
    assert to_categorical(np.array([1.0, 0.0])).dtype == "float64"
    assert to_categorical([], 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("x", "classes", "error", "message"),
    [
        ([0, 3], 3, ValueError, "label 3 is not one of 3 classes"),
        ([-1, 0], None, ValueError, "label -1"),
        ([0.5], None, ValueError, "whole numbers"),
        (["a"], None, TypeError, "whole numbers"),
    ],
)
def test_to_categorical_refuses(x: Any, classes: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        to_categorical(x, classes)


def test_tensors_stay_tensors(engine: Any) -> None:
    """As in Keras 3.15.1: so that labels can be encoded in a traced function too."""
    rows = to_categorical(ops.array([[0], [2]]), 3)
    assert ops.is_tensor(rows)
    assert ops.convert_to_numpy(rows).tolist() == [[1, 0, 0], [0, 0, 1]]
    rows = normalize(ops.array([[3, 4], [0, 0]]))
    assert ops.is_tensor(rows)
    np.testing.assert_allclose(ops.convert_to_numpy(rows), [[0.6, 0.8], [0, 0]], rtol=1e-6)


def test_labels_encoded_in_a_pipeline_of_tensorflow() -> None:
    import tensorflow as tf

    with keras.backend.using("tensorflow"):
        data = tf.data.Dataset.from_tensor_slices([2, 0]).map(lambda y: to_categorical(y, 3))
        assert [row.tolist() for row in data.as_numpy_iterator()] == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize(("axis", "order"), [(-1, 2), (0, 2), (1, 1), (0, np.inf)])
def test_normalize(axis: int, order: float) -> None:
    x = np.random.default_rng(0).normal(size=(4, 3))
    x[0] = 0
    rows = normalize(x, axis, order)
    lengths = np.linalg.norm(rows, order, axis)
    assert np.allclose(lengths[np.linalg.norm(x, order, axis) > 0], 1)
    assert not np.isnan(rows).any()


@pytest.mark.parametrize("data", [1, (1,), (1, 2), (1, 2, 3), (1, None, 3), {"a": 1}])
def test_packing_and_unpacking(data: Any) -> None:
    x, y, w = unpack_x_y_sample_weight(data)
    again = pack_x_y_sample_weight(x, y, w)
    assert unpack_x_y_sample_weight(again) == (x, y, w)
    assert pack_x_y_sample_weight([1, 2]) == ([1, 2],)


def test_too_many_parts() -> None:
    with pytest.raises(ValueError, match="a tuple of 4"):
        unpack_x_y_sample_weight((1, 2, 3, 4))


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, None, True])
def test_seed_must_be_a_number(seed: Any) -> None:
    with pytest.raises(ValueError, match="set_random_seed"):
        set_random_seed(seed)


#: What Keras 3.15.1 gives for [[1, 2, 3], [], [4, 5]] and value 9, by padding, truncating and length.
PADDED = {
    ("pre", "pre", None): [[1, 2, 3], [9, 9, 9], [9, 4, 5]],
    ("pre", "pre", 2): [[2, 3], [9, 9], [4, 5]],
    ("pre", "pre", 4): [[9, 1, 2, 3], [9, 9, 9, 9], [9, 9, 4, 5]],
    ("pre", "post", 2): [[1, 2], [9, 9], [4, 5]],
    ("post", "pre", None): [[1, 2, 3], [9, 9, 9], [4, 5, 9]],
    ("post", "pre", 2): [[2, 3], [9, 9], [4, 5]],
    ("post", "post", 2): [[1, 2], [9, 9], [4, 5]],
    ("post", "post", 4): [[1, 2, 3, 9], [9, 9, 9, 9], [4, 5, 9, 9]],
}


@pytest.mark.parametrize("settings", PADDED)
def test_pad_sequences(settings: tuple[str, str, int | None]) -> None:
    padding, truncating, maxlen = settings
    found = pad_sequences([[1, 2, 3], [], [4, 5]], maxlen, padding=padding, truncating=truncating, value=9)
    assert found.tolist() == PADDED[settings]
    assert found.dtype == "int32"


def test_pad_sequences_of_vectors_and_of_text() -> None:
    assert pad_sequences([[[1, 2], [3, 4]], [[5, 6]]], dtype="float32")[1].tolist() == [[0, 0], [5, 6]]
    assert pad_sequences([["a"], ["b", "c"]], dtype=object, value="-").tolist() == [["-", "a"], ["b", "c"]]
    with pytest.raises(ValueError, match="padding"):
        pad_sequences([[1]], padding="before")
    with pytest.raises(ValueError, match="no length"):
        pad_sequences([1, 2])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="in sequence 1"):
        pad_sequences([[[1, 2]], [[1, 2, 3]]])
