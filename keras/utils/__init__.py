"""Helpers around training: data, labels, progress, seeds, saved objects."""

from keras.backend.facts import clear_session as clear_session
from keras.backend.facts import standardize_dtype as standardize_dtype
from keras.backend.spec import is_keras_tensor as is_keras_tensor
from keras.config import disable_interactive_logging as disable_interactive_logging
from keras.config import enable_interactive_logging as enable_interactive_logging
from keras.config import is_interactive_logging_enabled as is_interactive_logging_enabled
from keras.serializable import CustomObjectScope as CustomObjectScope
from keras.serializable import custom_object_scope as custom_object_scope
from keras.serializable import deserialize as deserialize_keras_object
from keras.serializable import get_custom_objects as get_custom_objects
from keras.serializable import get_registered_name as get_registered_name
from keras.serializable import get_registered_object as get_registered_object
from keras.serializable import register_keras_serializable as register_keras_serializable
from keras.serializable import serialize as serialize_keras_object
from keras.utils import legacy as legacy
from keras.utils.numerical import normalize as normalize
from keras.utils.numerical import to_categorical as to_categorical
from keras.utils.packing import pack_x_y_sample_weight as pack_x_y_sample_weight
from keras.utils.packing import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from keras.utils.progress import Progbar as Progbar
from keras.utils.pydataset import PyDataset as PyDataset
from keras.utils.pydataset import Sequence as Sequence
from keras.utils.random_seed import set_random_seed as set_random_seed
from keras.utils.sequences import pad_sequences as pad_sequences

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "legacy",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "standardize_dtype",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
