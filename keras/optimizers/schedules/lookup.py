"""Schedules as plain data and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import serializable
from keras.optimizers.schedules.schedule import LearningRateSchedule


def serialize(learning_rate_schedule: LearningRateSchedule) -> Any:
    """A schedule as plain data.

    >>> from keras.optimizers.schedules import ExponentialDecay
    >>> serialize(ExponentialDecay(0.1, 10, 0.5))["class_name"]
    'ExponentialDecay'
    """
    return serializable.serialize(learning_rate_schedule)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The schedule of a config.

    Args:
        config: what `serialize` returned.
        custom_objects: classes of yours by the names the config uses.

    >>> from keras.optimizers.schedules import ExponentialDecay
    >>> deserialize(serialize(ExponentialDecay(0.1, 10, 0.5))).decay_steps
    10
    """
    return serializable.get(
        config, "optimizers.schedules", "learning-rate schedule", custom_objects=custom_objects
    )
