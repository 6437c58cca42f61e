"""Activation functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import config_reader, serializable
from keras.activations.functions import exponential, gelu, keras2_hard_sigmoid, linear, mish, relu, tanh
from keras.ops.nn import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    swish,
    tanh_shrink,
    threshold,
)

__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "keras2_hard_sigmoid",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]

#: Further names in configs of Keras 2 and in users' programs.
_ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}
#: Names that mean something else in files of Keras 2.
_IN_KERAS_2 = {**_ALIASES, "hard_sigmoid": "keras2_hard_sigmoid"}


def _aliases() -> Mapping[str, str]:
    return _IN_KERAS_2 if config_reader.reads_keras_2() else _ALIASES


def get(identifier: Any) -> Any:
    """The activation a name, config or callable stands for; None is `linear`.

    Raises:
        ValueError: an unknown name, with the nearest known one.

    Example:
        >>> from keras import activations
        >>> activations.get("relu") is activations.relu
        True
    """
    return (
        linear
        if identifier is None
        else serializable.get(identifier, "activations", "activation", _aliases())
    )


def serialize(activation: Any) -> Any:
    """An activation as plain data: the bare name for the library's own.

    Example:
        >>> from keras import activations
        >>> activations.serialize(activations.relu)
        'relu'
    """
    name = getattr(activation, "__name__", None)
    return name if name in __all__ and globals()[name] is activation else serializable.serialize(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The activation that `serialize` wrote."""
    if isinstance(config, str):
        return serializable.get(config, "activations", "activation", _aliases(), custom_objects)
    return serializable.deserialize(config, custom_objects, family="activations")
