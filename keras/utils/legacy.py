"""Configs in Keras 2's short form, class name and arguments, which programs of both eras still read and write.

Keras Tuner, for one, keeps its search spaces in it.
"""

from collections.abc import Mapping
from inspect import isfunction
from typing import Any

from keras.errors import shorten
from keras.serializable import deserialize, get_registered_name, get_registered_object


def serialize_keras_object(instance: Any) -> Any:
    """An object as `{"class_name": ..., "config": ...}`, a function as its name.

    Args:
        instance: an object with a `get_config`, a function, or None.

    Returns:
        The dict, the name, or None.

    Raises:
        ValueError: if it is none of these.

    >>> keras.utils.legacy.serialize_keras_object(keras.regularizers.L1(0.5))
    {'class_name': 'L1', 'config': {'l1': 0.5}}
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config"):
        return {"class_name": get_registered_name(type(instance)), "config": instance.get_config()}
    if hasattr(instance, "__name__"):
        return get_registered_name(instance)
    raise ValueError(
        f"serialize_keras_object: expected None, a function, or an object with a get_config method. "
        f"Received: {shorten(instance)}"
    )


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """The object or function that `serialize_keras_object` described.

    Args:
        identifier: `{"class_name": ..., "config": ...}`, a name, a function, which is returned as it is, or None.
        module_objects: classes and functions by the names the config uses.
        custom_objects: more of them, looked in first.
        printable_module_name: what the message calls them.

    Returns:
        The object; for the name of a class, one made without arguments.

    Raises:
        ValueError: if nothing has this name, or `identifier` is something else.

    >>> keras.utils.legacy.deserialize_keras_object({"class_name": "L1", "config": {"l1": 0.5}}).l1
    0.5
    """
    if identifier is None or isfunction(identifier):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier, {**(module_objects or {}), **(custom_objects or {})})
    if not isinstance(identifier, str):
        raise ValueError(
            f"deserialize_keras_object: expected a {printable_module_name} as a config, a name or a function. "
            f"Received: {shorten(identifier)}"
        )
    found = get_registered_object(identifier, custom_objects, module_objects)
    if found is None:
        raise ValueError(
            f"deserialize_keras_object: no {printable_module_name} is called {shorten(identifier)!r}. "
            f"Give it: custom_objects={{{shorten(identifier)!r}: ...}}."
        )
    return found() if isinstance(found, type) else found
