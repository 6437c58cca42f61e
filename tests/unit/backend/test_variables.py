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


def test_repr_shows_the_value_where_there_is_one(engine: Any) -> None:
    """As Keras 3.15.1 writes it; inside a scope the variable may hold another value, or none yet."""
    v = Variable([1.0, 2.0, 3.0], name="v")
    v.assign_add([1.0, 1.0, 1.0])
    assert repr(v) == "<Variable path=v, shape=(3,), dtype=float32, value=[2. 3. 4.]>"
    with keras.StatelessScope():
        assert repr(v) == "<Variable path=v, shape=(3,), dtype=float32>"


def test_repr_in_a_graph_of_the_engine_s_own() -> None:
    import tensorflow as tf

    seen = []
    with keras.backend.using("tensorflow"):
        v = Variable(1.0, name="v")
        tf.function(lambda x: seen.append(repr(v)) or v + x)(1.0)
    assert seen[0].startswith("<Variable path=v, shape=(), dtype=float32")


def test_a_stateless_scope_begins_with_other_values(engine: Any) -> None:
    v = Variable([1.0, 2.0], name="v")
    with keras.StatelessScope(state_mapping=[(v, keras.ops.array([3.0, 4.0]))]) as scope:
        v.assign_add([1.0, 1.0])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(scope.get_current_value(v)), [4, 5])
    np.testing.assert_array_equal(v.numpy(), [1, 2])
    with keras.StatelessScope(state_mapping=None):
        np.testing.assert_array_equal(v.numpy(), [1, 2])


def test_what_a_stateless_scope_cannot_begin_with() -> None:
    v = Variable([1.0, 2.0], name="v")
    with pytest.raises(ValueError, match=r"pairs \(variable, value\). Received: v"):
        keras.StatelessScope(state_mapping=[("v", 1.0)])
    with pytest.raises(ValueError, match="the variable's shape is"):
        keras.StatelessScope(state_mapping=[(v, [1.0, 2.0, 3.0])])


@pytest.mark.parametrize("attribute", ["constraint", "regularizer"])
def test_constraints_and_regularizers_are_functions(attribute: str) -> None:
    v = Variable([1.0, 2.0], name="v")
    for function in (keras.constraints.NonNeg(), keras.regularizers.L1(), abs, None):
        setattr(v, attribute, function)
        assert getattr(v, attribute) is function
    with pytest.raises(ValueError, match=f"`{attribute}` must be a function.*Received: nonneg"):
        setattr(v, attribute, "nonneg")
