"""Which value of a metric is the best so far: one rule for early stopping, checkpoints and learning rates."""

import math
import warnings
from typing import Any

import numpy as np

from keras.callbacks.callback import Callback, Logs
from keras.errors import unknown

#: Names (or parts of names) of quantities that should fall, and that should rise.
_FALLING = (
    "loss",
    "error",
    "mse",
    "mae",
    "mape",
    "msle",
    "rmse",
    "crossentropy",
    "divergence",
    "hinge",
    "logcosh",
)
_RISING = (
    "acc", "auc", "precision", "recall", "f1", "fbeta", "iou", "top_k", "r2", "similarity", "pearson", "concordance",
    "true_positives", "true_negatives", "sensitivity", "specificity", "dice",
)  # fmt: skip
_MODES = ("auto", "min", "max")


class BestTracker:
    """The best value seen so far and when it was seen.

    Args:
        monitor: name in the logs.
        mode: `"min"`, `"max"` or `"auto"`, which asks the metric, or else its name. Anything else is taken for
            `"auto"`, with a warning.
        min_delta: a smaller change is no improvement.
        best: the value to beat at first.
        who: name of the callback, for messages.

    >>> tracker = BestTracker("val_loss")
    >>> tracker.update(0.5, epoch=0), tracker.update(0.7, epoch=1), tracker.best
    (True, False, 0.5)
    """

    def __init__(
        self,
        monitor: str,
        mode: str = "auto",
        min_delta: float = 0.0,
        best: float | None = None,
        who: str = "callback",
    ) -> None:
        self.monitor = monitor
        self.min_delta = abs(min_delta)
        self.best = best
        self.epoch: int | None = None
        self._mode = _known_mode(mode, who)
        self._who = who
        self._warned = False

    @property
    def mode(self) -> str:
        """`"auto"` until the direction has been found out."""
        return self._mode

    def direction(self, model: Any = None) -> str:
        """`"min"` or `"max"`. Raises ValueError when neither the metric nor its name tells."""
        if self._mode == "auto":
            self._mode = _guess_mode(self.monitor, model, self._who)
        return self._mode

    def value(self, logs: Logs | None) -> float | None:
        """The monitored value; None, with one warning, if it is not in the logs."""
        logs = logs or {}
        if self.monitor in logs:
            return float(logs[self.monitor])
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"{self._who} watches `{self.monitor}`, which is not among the results: {', '.join(logs) or 'none'}."
                + (
                    " Pass validation_data or validation_split to fit()."
                    if self.monitor.startswith("val_")
                    else ""
                ),
                stacklevel=4,
            )
        return None

    def is_better(self, value: float, than: float | None, model: Any = None) -> bool:
        """Whether `value` improves on another by more than `min_delta`; anything improves on nothing."""
        if than is None:
            return not math.isnan(value)
        if self.direction(model) == "min":
            return value < than - self.min_delta
        return value > than + self.min_delta

    def update(self, value: float, epoch: int, model: Any = None) -> bool:
        """Take a new value; True if it is the best."""
        self.direction(model)
        if not self.is_better(value, self.best, model):
            return False
        self.best, self.epoch = value, epoch
        return True


class MonitorCallback(Callback):
    """Base of callbacks that watch one result.

    Args:
        monitor: name in the logs.
        mode: `"min"`, `"max"` or `"auto"`.
        baseline: the value to beat at first.
        min_delta: a smaller change is no improvement.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        self.monitor = monitor
        self.min_delta = abs(min_delta)
        self.tracker = BestTracker(monitor, mode, min_delta, baseline, type(self).__name__)
        self.mode = self.tracker.mode

    @property
    def best(self) -> float | None:
        """The best value so far."""
        return self.tracker.best

    @best.setter
    def best(self, value: float | None) -> None:
        self.tracker.best = value

    @property
    def monitor_op(self) -> np.ufunc:
        """`np.less` or `np.greater`: what a better value is, compared with the best. For subclasses."""
        return np.less if self.tracker.direction(self.model) == "min" else np.greater


def _known_mode(mode: str, who: str) -> str:
    if mode in _MODES:
        return mode
    # from here over the tracker, the base class and the callback to the program's own line
    warnings.warn(f'{who}: {unknown("mode", mode, _MODES)} "auto" is used instead.', stacklevel=5)
    return "auto"


def _guess_mode(monitor: str, model: Any, who: str) -> str:
    name = monitor.removeprefix("val_")
    for metric in _metrics_of(model):
        direction = getattr(metric, "direction", None) or getattr(metric, "_direction", None)
        if direction in ("up", "down") and (name == metric.name or name.endswith(f"_{metric.name}")):
            return "max" if direction == "up" else "min"
    name = name.lower()
    if name.endswith("loss") or any(part in name for part in _FALLING):
        return "min"
    if any(part in name for part in _RISING):
        return "max"
    raise ValueError(
        f"{who}: is a larger `{monitor}` better or a smaller one? Its name does not tell. "
        f"Say it: {who}(..., mode='max') or mode='min'."
    )


def _metrics_of(model: Any) -> list[Any]:
    found: list[Any] = []
    for metric in getattr(model, "metrics", None) or []:
        found.extend(getattr(metric, "metrics", None) or [metric])
    return found
