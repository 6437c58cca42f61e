"""Losses by name: `"mse"`, `"sparse_categorical_crossentropy"`, configs, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import serializable

_SHORT = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mse": "mean_squared_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
}
#: Short names, and names that files written by Keras 2 hold.
ALIASES: dict[str, str] = {
    **_SHORT,
    **{short.upper(): name for short, name in _SHORT.items()},
    "cosine_proximity": "cosine_similarity",
    "logcosh": "log_cosh",
    "huber_loss": "huber",
    "kullback_leibler_divergence": "kl_divergence",
}


def get(identifier: Any) -> Any:
    """The loss a user means.

    Args:
        identifier: None, a name (`"mse"`, `"MeanSquaredError"`), a config, a class, a loss or a function.

    Returns:
        A `Loss` or a function `fn(y_true, y_pred)`; None for None.

    Raises:
        ValueError: an unknown name, with the nearest known one.

    >>> get("mse").__name__, get("MeanSquaredError").name
    ('mean_squared_error', 'mean_squared_error')
    """
    return serializable.get(identifier, "losses", "loss", ALIASES)


def serialize(loss: Any) -> Any:
    """A loss as plain data.

    >>> serialize(get("mse"))["config"]
    'mean_squared_error'
    """
    return serializable.serialize(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The loss of a config or a name.

    Args:
        name: what `serialize` returned, or a name.
        custom_objects: classes and functions of yours by the names the config uses.

    >>> deserialize(serialize(get("Huber"))).name
    'huber_loss'
    """
    return serializable.get(name, "losses", "loss", ALIASES, custom_objects)
