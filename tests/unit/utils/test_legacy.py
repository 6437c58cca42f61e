"""Keras 2's short configs; what is expected is what Keras 3.15.1's `keras.utils.legacy` gives."""

import pytest

import keras
from keras.utils.legacy import deserialize_keras_object, serialize_keras_object


class Range:
    def __init__(self, low=0, high=1):
        self.low, self.high = low, high

    def get_config(self):
        return {"low": self.low, "high": self.high}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def double(x):
    return 2 * x


def test_short_form():
    assert serialize_keras_object(Range(2, 3)) == {"class_name": "Range", "config": {"low": 2, "high": 3}}
    assert serialize_keras_object(keras.activations.relu) == "relu"
    assert serialize_keras_object(None) is None


@pytest.mark.parametrize("where", ["module_objects", "custom_objects"])
def test_a_class_is_found_where_it_is_given(where):
    config = {"class_name": "Range", "config": {"low": 2, "high": 3}}
    assert deserialize_keras_object(config, **{where: {"Range": Range}}).high == 3
    assert deserialize_keras_object("Range", **{where: {"Range": Range}}).high == 1


def test_functions():
    assert deserialize_keras_object("double", module_objects={"double": double}) is double
    assert deserialize_keras_object(double) is double
    assert deserialize_keras_object(None) is None


def test_what_is_refused():
    with pytest.raises(ValueError, match="no search space is called 'Rang'"):
        deserialize_keras_object("Rang", {"Range": Range}, printable_module_name="search space")
    with pytest.raises(ValueError, match="Unknown class"):
        deserialize_keras_object({"class_name": "Rang", "config": {}}, {"Range": Range})
    with pytest.raises(ValueError, match="a config, a name or a function"):
        deserialize_keras_object(3)
    with pytest.raises(ValueError, match="get_config"):
        serialize_keras_object(3)
