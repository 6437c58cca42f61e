"""Activations by name: `"relu"`, configs, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import serializable
from keras.activations import functions


def get(identifier: Any) -> Any:
    """The activation a user means.

    Args:
        identifier: None (linear), a name, a config, or a function or layer.

    Raises:
        ValueError: an unknown name, with the nearest known one. TypeError: nothing of the kind.

    >>> get("relu").__name__, get(None).__name__
    ('relu', 'linear')
    """
    if identifier is None:
        return functions.linear
    return serializable.get(identifier, "activations", "activation")


def serialize(activation: Any) -> Any:
    """An activation as plain data: the name of one of ours, a config of anything else.

    >>> serialize(get("relu"))
    'relu'
    """
    name = getattr(activation, "__name__", None)
    if name is not None and getattr(functions, name, None) is activation:
        return name
    return serializable.serialize(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The activation of a config or a name.

    Args:
        config: what `serialize` returned, or a name.
        custom_objects: functions and classes of yours by the names the config uses.

    >>> deserialize("tanh").__name__
    'tanh'
    """
    if isinstance(config, dict):
        return serializable.deserialize(config, custom_objects, family="activations")
    return serializable.get(config, "activations", "activation", custom_objects=custom_objects)
