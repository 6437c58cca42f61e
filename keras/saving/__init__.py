"""Files: whole models and weights, in the formats of Keras 2 and 3; and the registry of names that files may use."""

from keras.saving.api import load_model, load_weights, save_model, save_weights
from keras.serializable import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from keras.serializable import deserialize as deserialize_keras_object
from keras.serializable import serialize as serialize_keras_object

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
