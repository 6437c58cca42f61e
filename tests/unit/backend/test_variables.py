"""What a `Variable` may be made of."""

from typing import Any

import numpy as np
import pytest

import keras
from keras.backend.state import Variable


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "bfloat16"])
def test_an_initializer_by_name(engine, dtype):
    variable = keras.Variable("ones", shape=(2, 3), dtype=dtype)
    assert (variable.shape, variable.dtype) == ((2, 3), dtype)
    np.testing.assert_array_equal(variable.numpy().astype("float32"), np.ones((2, 3)))


def test_an_initializer_by_name_needs_a_shape_and_is_known():
    with pytest.raises(ValueError, match="needs a shape"):
        keras.Variable("ones")
    with pytest.raises(ValueError, match='Did you mean "zero'):
        keras.Variable("zeroes", shape=(2,))


@pytest.mark.parametrize(
    ("argument", "value"), [("name", 3), ("name", "a/b"), ("aggregation", "all"), ("synchronization", "off")]
)
def test_wrong_arguments_are_told(argument, value):
    with pytest.raises(ValueError, match=argument):
        keras.Variable(1.0, **{argument: value})


@pytest.mark.parametrize("read_before", [False, True])
def test_complex_values_are_refused_by_a_real_variable(engine: Any, read_before: bool) -> None:
    v = Variable(np.ones(2, "float32"), name="v")
    if read_before:
        v.value  # noqa: B018 (it has a cell from now on)
    with pytest.raises(TypeError, match="complex values; the variable is float32"):
        v.assign(np.array([1j, 0]))
    v.assign([2, 3])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(v), [2, 3])
