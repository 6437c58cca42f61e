"""Callbacks that end training: no progress any more, or no numbers any more."""

import math
from typing import Any

from keras.callbacks.callback import Callback, Logs
from keras.callbacks.monitor import MonitorCallback
from keras.utils.progress import write_line


class EarlyStopping(MonitorCallback):
    """Stops training when a result has not improved for some epochs.

    Args:
        monitor: name of the result.
        min_delta: a smaller change is no improvement.
        patience: how many epochs without improvement to wait.
        verbose: 1 says when it stops and what it restores.
        mode: `"min"`, `"max"` or `"auto"`.
        baseline: progress counts only when it beats this value.
        restore_best_weights: go back to the best epoch's weights at the end, also when training ran to its end.
        start_from_epoch: the epochs before this one count for nothing.

    >>> EarlyStopping(patience=3).monitor
    'val_loss'
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.wait = 0
        self.stopped_epoch = 0
        self.best_weights: Any = None
        self.best_epoch = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget an earlier run."""
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at the epoch's result; ask the model to stop after `patience` epochs without progress."""
        value = self.tracker.value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep(epoch)  # so that there is something to restore, should nothing ever improve
        self.wait += 1
        if self.tracker.update(value, epoch, self.model):
            if self.restore_best_weights:
                self._keep(epoch)
            if self.baseline is None or self.tracker.is_better(value, self.baseline, self.model):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Restore the best weights, if asked to."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            write_line(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                write_line(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: Logs | None) -> float | None:
        """The monitored value in `logs`."""
        return self.tracker.value(logs)

    def _keep(self, epoch: int) -> None:
        self.best_weights, self.best_epoch = self.model.get_weights(), epoch

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.tracker.best = None
        self.best_weights = None
        self.best_epoch = 0


class TerminateOnNaN(Callback):
    """Stops training when the loss of a batch is NaN or infinite.

    Args:
        raise_error: raise a RuntimeError rather than stop quietly.

    >>> TerminateOnNaN().raise_error
    False
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"Batch {batch}: the loss is {loss}, training is stopped.")
        write_line(f"Batch {batch}: the loss is {loss}, training is stopped.")
        self.model.stop_training = True
