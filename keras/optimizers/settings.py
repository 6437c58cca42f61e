"""The arguments all optimizers share: checks, and what older configs call them."""

from __future__ import annotations

import inspect
import math
from typing import Any

from keras.errors import did_you_mean, shorten
from keras.optimizers.schedules import InverseTimeDecay
from keras.serializable import serialize

_OLD_NAMES = {"lr": "learning_rate"}
_GONE = {"jit_compile", "is_legacy_optimizer"}


def check_settings(optimizer: Any, unknown_arguments: dict[str, Any]) -> None:
    """Raise ValueError for settings that contradict each other, lie out of range, or do not exist."""
    who = type(optimizer).__name__
    _check_names(type(optimizer), who, unknown_arguments)
    clips = {name: getattr(optimizer, name) for name in ("clipnorm", "clipvalue", "global_clipnorm")}
    if sum(value is not None for value in clips.values()) > 1:
        raise ValueError(
            f"{who}: only one of clipnorm, clipvalue and global_clipnorm may be given. Received: {clips}"
        )
    if optimizer.use_ema and not 0 <= optimizer.ema_momentum <= 1:
        raise ValueError(f"{who}: ema_momentum must lie in [0, 1]. Received: {optimizer.ema_momentum}")
    _check_count(who, "ema_overwrite_frequency", optimizer.ema_overwrite_frequency, 1)
    _check_count(who, "gradient_accumulation_steps", optimizer.gradient_accumulation_steps, 2)


def rate_of(who: str, rate: Any) -> float:
    """A constant learning rate as a float. Raises ValueError for what is no number, and NaN."""
    try:
        value = math.nan if isinstance(rate, (str, bytes)) else float(rate)
    except (TypeError, ValueError):
        value = math.nan
    if math.isnan(value):
        raise ValueError(
            f"{who}: learning_rate must be a number, a LearningRateSchedule or a function without arguments. "
            f"Received: {shorten(rate)} of type {type(rate).__name__}"
        )
    return value


def modernised(config: dict[str, Any]) -> dict[str, Any]:
    """A config in today's terms: Keras 2 wrote `lr`, a hyperbolic `decay` and switches of its own engine.

    >>> modernised({"lr": 0.1, "jit_compile": True, "decay": 0.0})
    {'learning_rate': 0.1}
    """
    config = {_OLD_NAMES.get(k, k): v for k, v in config.items() if k not in _GONE}
    decay = config.pop("decay", None)
    if decay:
        config["learning_rate"] = serialize(_decaying(config["learning_rate"], decay))
    return config


def take_rate(who: str, rate: Any, arguments: dict[str, Any]) -> Any:
    """A learning rate, or what Keras 2's `lr` and `decay` say it is; these are taken out of the other arguments."""
    rate = arguments.pop("lr", rate)
    decay = arguments.pop("decay", None)
    return _decaying(rate_of(who, rate), decay) if decay else rate


def _decaying(rate: float, decay: float) -> InverseTimeDecay:
    """rate / (1 + decay * step), as Keras 2 had it in every optimizer."""
    return InverseTimeDecay(rate, decay_steps=1, decay_rate=decay)


def _check_count(who: str, name: str, value: Any, least: int) -> None:
    if value is not None and (not isinstance(value, int) or value < least):
        raise ValueError(f"{who}: {name} must be None or an int of at least {least}. Received: {value!r}")


def _check_names(cls: type, who: str, arguments: dict[str, Any]) -> None:
    if not arguments:
        return
    known = [
        name
        for c in cls.__mro__
        if "__init__" in vars(c) and c is not object
        for name in inspect.signature(c).parameters
        if name not in ("args", "kwargs")
    ]
    hints = [did_you_mean(name, known) for name in arguments]
    raise ValueError(f"{who} has no argument {', '.join(map(repr, arguments))}.{''.join(hints)}")
