"""Optimizers by name, configs, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import registry, serializable
from keras.errors import shorten
from keras.optimizers.optimizer import Optimizer


def get(identifier: Any) -> Optimizer | None:
    """The optimizer a user means.

    Args:
        identifier: None, a name in any case (`"adam"`, `"AdamW"`), a config, a class or an optimizer.

    Returns:
        An optimizer; None for None.

    Raises:
        ValueError: an unknown name, with the nearest known one.
        TypeError: nothing of the kind.

    >>> type(get("rmsprop")).__name__
    'RMSprop'
    """
    return None if identifier is None else _optimizer(identifier, None)


def serialize(optimizer: Optimizer) -> Any:
    """An optimizer as plain data, without its slots.

    >>> serialize(get("sgd"))["config"]["momentum"]
    0.0
    """
    return serializable.serialize(optimizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Optimizer:
    """The optimizer of a config.

    Args:
        config: what `serialize` returned, or a name.
        custom_objects: classes of yours by the names the config uses.

    >>> deserialize(serialize(get("sgd"))).nesterov
    False
    """
    return _optimizer(config, custom_objects)


def _optimizer(identifier: Any, custom_objects: Mapping[str, Any] | None) -> Optimizer:
    if isinstance(identifier, str) and identifier.lower() in registry.names_of("optimizers"):
        identifier = identifier.lower()
    optimizer = serializable.get(identifier, "optimizers", "optimizer", custom_objects=custom_objects)
    if isinstance(optimizer, Optimizer):
        return optimizer
    raise TypeError(f"optimizer: expected a name, a config or an Optimizer. Received: {shorten(optimizer)}")
