"""Callbacks that change the optimizer's learning rate between epochs."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.callbacks.callback import Callback, Logs
from keras.callbacks.monitor import MonitorCallback
from keras.utils.progress import write_line


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of each epoch; `logs["learning_rate"]` shows it.

    Args:
        schedule: `f(epoch, rate)` that returns the new rate; `f(epoch)` works too.
        verbose: 1 says what is set.

    >>> LearningRateScheduler(lambda epoch, rate: rate * 0.9).verbose
    0
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate."""
        now = _rate_of(self.model, "LearningRateScheduler")
        rate = self.schedule(epoch, now) if self._takes_rate() else self.schedule(epoch)
        if np.ndim(rate) != 0 or not isinstance(rate, (float, int, np.generic, np.ndarray)):
            raise ValueError(
                f"LearningRateScheduler: the schedule must return a float. Received: {rate!r} in epoch {epoch}."
            )
        self.model.optimizer.learning_rate = float(rate)
        if self.verbose > 0:
            write_line(f"Epoch {epoch + 1}: LearningRateScheduler sets the learning rate to {float(rate):g}.")

    def _takes_rate(self) -> bool:
        try:
            inspect.signature(self.schedule).bind(0, 0.0)
        except TypeError:  # a function of the epoch alone
            return False
        except ValueError:  # a built-in that does not tell
            return True
        return True

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the rate into the logs."""
        if logs is not None:
            logs["learning_rate"] = _rate_of(self.model, "LearningRateScheduler")


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by a factor when a result has stopped improving.

    Args:
        monitor: name of the result.
        factor: new rate = rate * factor; below 1.
        patience: how many epochs without improvement to wait.
        verbose: 1 says what is set.
        mode: `"min"`, `"max"` or `"auto"`.
        min_delta: a smaller change is no improvement.
        cooldown: how many epochs after a reduction do not count.
        min_lr: the rate never falls below this.

    Raises:
        ValueError: a factor of 1 or more.

    >>> ReduceLROnPlateau(factor=0.5).patience
    10
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        min_delta = kwargs.pop("epsilon", min_delta)  # its name in Keras 2
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau: `factor` must be below 1. Received: factor={factor}")
        if kwargs:
            raise TypeError(f"ReduceLROnPlateau: unknown arguments {sorted(kwargs)}")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._reset()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget an earlier run."""
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at the result; write the rate into the logs."""
        if logs is not None:
            logs["learning_rate"] = _rate_of(self.model, "ReduceLROnPlateau")
        value = self.tracker.value(logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.tracker.update(value, epoch, self.model):
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def in_cooldown(self) -> bool:
        """Whether a reduction was made so lately that nothing counts yet."""
        return self.cooldown_counter > 0

    def _reduce(self, epoch: int) -> None:
        rate = _rate_of(self.model, "ReduceLROnPlateau")
        if rate <= float(np.float32(self.min_lr)):
            return
        rate = max(rate * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = rate
        self.cooldown_counter = self.cooldown
        self.wait = 0
        if self.verbose > 0:
            write_line(f"Epoch {epoch + 1}: ReduceLROnPlateau reduces the learning rate to {rate:g}.")

    def _reset(self) -> None:
        self.cooldown_counter = 0
        self.wait = 0
        self.tracker.best = None


def _rate_of(model: Any, who: str) -> float:
    """The optimizer's learning rate, as a float."""
    if not hasattr(model.optimizer, "learning_rate"):
        raise ValueError(f"{who}: the optimizer {type(model.optimizer).__name__} has no learning rate.")
    return float(np.asarray(model.optimizer.learning_rate))
