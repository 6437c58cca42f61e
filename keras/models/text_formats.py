"""Architectures as JSON and YAML text; weights are not included."""

from __future__ import annotations

import json
from typing import Any

from keras.config_reader import written_by
from keras.serializable import deserialize, serialize


def to_yaml(model: Any, **kwargs: Any) -> str:
    """The architecture as YAML."""
    plain = json.loads(json.dumps(serialize(model)))
    return _yaml().safe_dump(plain, sort_keys=False, **kwargs)


def model_from_config(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """A model from what `keras.saving.serialize_keras_object(model)` gave.

    Raises:
        TypeError: the config is a list (that is `Sequential.from_config`'s) or not a dict.
    """
    if not isinstance(config, dict):
        raise TypeError(
            f"model_from_config expects a dict. Received: {type(config).__name__}; see `Sequential.from_config`."
        )
    with written_by(config.get("keras_version")):
        return deserialize(config, custom_objects, family="models")


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """A model from the text `model.to_json()` wrote, here or in Keras 2 or 3.

    Raises:
        ValueError: the text is not JSON.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> keras.models.model_from_json(model.to_json()).count_params()
        8
    """
    try:
        config = json.loads(json_string)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"model_from_json: the text is not JSON: {error}") from None
    return model_from_config(config, custom_objects)


def model_from_yaml(yaml_string: str, custom_objects: Any = None) -> Any:
    """A model from the text `model.to_yaml()` wrote; only plain data is read, never Python objects.

    Raises:
        ValueError: the text is not YAML, or asks for Python objects. ImportError: pyyaml is missing.
    """
    yaml = _yaml()
    try:
        config = yaml.safe_load(yaml_string)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"model_from_yaml: the text is not plain YAML: {error}") from None
    return model_from_config(config, custom_objects)


def _yaml() -> Any:
    try:
        import yaml  # optional: loaded when a model is written to or read from YAML
    except ImportError:
        raise ImportError('YAML needs the package pyyaml: pip install "keras[yaml]"') from None
    return yaml
