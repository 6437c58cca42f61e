"""Initial values of weights."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from keras import ops, registry, serializable
from keras.initializers.constant import STFT, Constant, Identity, Ones, Zeros
from keras.initializers.initializer import Initializer
from keras.initializers.random import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomInitializer,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)

IdentityInitializer, OrthogonalInitializer, STFTInitializer = Identity, Orthogonal, STFT
constant, identity, ones, stft, zeros = Constant, Identity, Ones, STFT, Zeros
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
glorot_normal, glorot_uniform, he_normal, he_uniform = GlorotNormal, GlorotUniform, HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform
orthogonal, variance_scaling = Orthogonal, VarianceScaling

__all__ = [
    "STFT",
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "STFTInitializer",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "stft",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

# Names of older Keras.
_ALIASES = {"zero": "Zeros", "one": "Ones", "uniform": "RandomUniform", "normal": "RandomNormal"}
__getattr__ = registry.other_names(__name__, _ALIASES)

InitializerLike = Initializer | Callable[..., Any]


def get(identifier: Any) -> InitializerLike | None:
    """The initializer a user means.

    Args:
        identifier: a name such as `"glorot_uniform"`, a config, a class, an initializer, a function
            `(shape, dtype)`, an array or a tensor with the values themselves, or None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.

    >>> type(get("he_normal")).__name__
    'HeNormal'
    """
    if isinstance(identifier, np.ndarray):
        return Constant(identifier)
    if hasattr(identifier, "shape") and ops.is_tensor(identifier):  # asking loads the engine
        return Constant(ops.convert_to_numpy(identifier))
    return serializable.get(identifier, "initializers", "initializer", _ALIASES)


def serialize(initializer: Any) -> Any:
    """The config of an initializer.

    >>> serialize(RandomNormal(seed=3))["config"]
    {'mean': 0.0, 'stddev': 0.05, 'seed': 3}
    """
    return serializable.serialize(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The initializer of a config or a name.

    >>> deserialize({"class_name": "Constant", "config": {"value": 2.0}}).value
    2.0
    """
    return serializable.get(config, "initializers", "initializer", _ALIASES, custom_objects=custom_objects)
