"""Callbacks that write the model to disk: every so often, when it is best, or to go on after a crash."""

import json
import os
import shutil
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from keras.callbacks.callback import Callback, Logs
from keras.callbacks.monitor import MonitorCallback
from keras.callbacks.reach import is_the_librarys
from keras.utils.progress import write_line

SaveFreq = str | int

_METADATA = "training_metadata.json"


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after epochs or batches.

    Args:
        filepath: where to; may hold `{epoch}`, `{batch}` and results by name: `"best-{epoch:02d}-{val_loss:.2f}.h5"`.
        monitor: name of the result that tells what is best.
        verbose: 1 says when it saves.
        save_best_only: save only when the result has improved.
        save_weights_only: `model.save_weights` rather than `model.save`.
        mode: `"min"`, `"max"` or `"auto"`.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: the value to beat at first.
        period: with `save_freq="epoch"`, how many epochs go by from one look to the next.

    Raises:
        ValueError: another `save_freq` or `period`, or a filepath of the wrong kind.

    >>> ModelCheckpoint("model.h5", monitor="loss").save_freq
    'epoch'
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: SaveFreq = "epoch",
        initial_value_threshold: float | None = None,
        period: int = 1,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        if not isinstance(period, int) or period < 1:
            raise ValueError(
                f"ModelCheckpoint: `period` must be a positive whole number. Received: {period!r}"
            )
        self.period = period
        self._epochs_since = 0
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = _checked_freq(save_freq, "ModelCheckpoint")
        _declare(self)
        self._counter = _BatchCounter(self.save_freq)
        self._current_epoch = 0
        self._check_suffix()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remember the epoch for the file's name."""
        self._current_epoch = epoch
        self._counter.new_epoch()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save, if it is time."""
        if self._should_save_on_batch(batch):
            self._save_model(self._current_epoch, batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if it is time."""
        if self.save_freq != "epoch":
            return
        self._epochs_since += 1
        if self._epochs_since >= self.period:
            self._epochs_since = 0
            self._save_model(epoch, None, logs or {})

    # These three and `_current_epoch` have Keras's names: subclasses, W&B's for one, call them or write their own.
    def _should_save_on_batch(self, batch: int) -> bool:
        return self._counter.is_due(batch)

    def _save_model(self, epoch: int, batch: int | None, logs: Logs) -> None:
        path = self._get_file_path(epoch, batch, logs)
        why = self._why_save(epoch, logs)
        if self.verbose > 0:
            write_line(f"Epoch {epoch + 1}: {why[1]}{f', saving model to {path}' if why[0] else ''}")
        if not why[0]:
            return
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _why_save(self, epoch: int, logs: Logs) -> tuple[bool, str]:
        """Whether to save, and the words for it."""
        if not self.save_best_only:
            return True, "end of period"
        value, before = self.tracker.value(logs), self.best
        if value is None:
            return True, f"{self.monitor} is not known"
        if self.tracker.update(value, epoch, self.model):
            return True, f"{self.monitor} improved from {_number(before)} to {_number(value)}"
        return False, f"{self.monitor} did not improve from {_number(before)}"

    def _get_file_path(self, epoch: int, batch: int | None, logs: Logs | None) -> str:
        places: dict[str, Any] = {"epoch": epoch + 1, **(logs or {})}
        if batch is not None:
            places["batch"] = batch + 1
        try:
            return self.filepath.format(**places)
        except KeyError as missing:
            raise KeyError(
                f"ModelCheckpoint: filepath {self.filepath!r} asks for {missing}. Known here: {', '.join(places)}"
            ) from None
        except (ValueError, IndexError, AttributeError) as error:
            raise ValueError(
                f"ModelCheckpoint: filepath {self.filepath!r} cannot be filled in: {error}. "
                "Braces hold names, as in {epoch:02d}; a brace of the file's own name is written twice."
            ) from None

    def _check_suffix(self) -> None:
        allowed = (".weights.h5", ".h5", ".hdf5") if self.save_weights_only else (".keras", ".h5", ".hdf5")
        if not self.filepath.endswith(allowed):
            kind = "save_weights_only=True" if self.save_weights_only else "whole models"
            raise ValueError(
                f"ModelCheckpoint: filepath must end in {' or '.join(allowed)} for {kind}. "
                f"Received: filepath={self.filepath!r}"
            )


class BackupAndRestore(Callback):
    """Writes the state of training to a directory, and goes on from it when the same `fit` is started again.

    Weights, optimizer state, the seeds of dropout and the like, and the number of finished epochs come back; rows of
    arrays are shuffled as they would have been. The backup is deleted after a `fit` that ran to its end.

    Args:
        backup_dir: directory for the backup, for one run of training only.
        save_freq: `"epoch"`, a number of batches, or False for never (restore only).
        double_checkpoint: keep the backup before the last one too, and use it if the last cannot be read.
        delete_checkpoint: delete the backup at the end of training.

    Raises:
        ValueError: no directory, or another `save_freq`.

    >>> BackupAndRestore("backup").save_freq
    'epoch'
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: SaveFreq = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError("BackupAndRestore: `backup_dir` must not be empty.")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq if save_freq is False else _checked_freq(save_freq, "BackupAndRestore")
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        _declare(self)
        self._counter = _BatchCounter(self.save_freq)
        self._current_epoch = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Restore a backup that is there, and tell `fit` which epoch to begin with."""
        backups = [directory for directory in self._places() if (directory / _METADATA).exists()]
        for directory in backups:
            try:
                return self._load(directory)
            except (OSError, KeyError, ValueError) as error:  # damaged
                if directory == backups[-1]:
                    raise
                warnings.warn(f"BackupAndRestore: {error} The backup before it is used.", stacklevel=2)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remember the epoch."""
        self._current_epoch = epoch
        self._counter.new_epoch()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if it is time."""
        if self.save_freq == "epoch":
            self._save(epoch + 1, 0)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save, if it is time."""
        if self._counter.is_due(batch):
            self._save(self._current_epoch, batch + 1)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Delete the backup, unless training was interrupted."""
        if self.delete_checkpoint and not getattr(self.model, "_interrupted", False):
            self._delete()

    def _delete(self) -> None:
        """Remove the backups, and their directory if nothing of anyone else lies there."""
        for directory in (*self._places(), self._new()):
            shutil.rmtree(directory, ignore_errors=True)
        with suppress(OSError):
            os.rmdir(self.backup_dir)

    def _new(self) -> Path:
        return Path(self.backup_dir, "new")

    def _places(self) -> list[Path]:
        return [Path(self.backup_dir, "latest"), Path(self.backup_dir, "previous")]

    def _save(self, epoch: int, batch: int) -> None:
        """A whole new directory, put in the place of the old one: a crash leaves one that can be read."""
        latest, previous = self._places()
        new = self._new()
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        self.model.save_weights(str(new / "model.weights.h5"), overwrite=True)
        metadata = {"epoch": epoch, "batch": batch, "seeds": [v.numpy().tolist() for v in _seeds(self.model)]}
        (new / _METADATA).write_text(json.dumps(metadata), "utf-8")
        shutil.rmtree(previous, ignore_errors=True)
        if latest.exists():
            latest.rename(previous)
        new.rename(latest)
        if not self.double_checkpoint:
            shutil.rmtree(previous, ignore_errors=True)

    def _load(self, directory: Path) -> None:
        metadata = json.loads((directory / _METADATA).read_text("utf-8"))
        self.model.load_weights(str(directory / "model.weights.h5"))
        for variable, seed in zip(_seeds(self.model), metadata.get("seeds", ()), strict=False):
            variable.assign(seed)
        self.model._initial_epoch = metadata["epoch"]


def _seeds(model: Any) -> list[Any]:
    """The states of a model's seed generators, which files of weights leave out."""
    weights = {id(v) for v in model.weights}
    return [v for v in model.variables if id(v) not in weights]


def _declare(callback: Any) -> None:
    """Say of a callback that it is idle between batches, if its batches are not counted and no subclass acts there."""
    idle = callback.save_freq in ("epoch", False)
    callback.takes_lazy_logs = idle
    if not idle:
        callback.acts_between_batches = True
    elif all(is_the_librarys(callback, f"on_train_batch_{moment}") for moment in ("begin", "end")):
        callback.acts_between_batches = False


class _BatchCounter:
    """Counts batches over epochs and says when `every` of them have gone by."""

    def __init__(self, every: Any) -> None:
        self._every = every if isinstance(every, int) and not isinstance(every, bool) else 0
        self._since = 0
        self._last = -1

    def new_epoch(self) -> None:
        self._last = -1

    def is_due(self, batch: int) -> bool:
        if not self._every:
            return False
        self._since += batch - self._last
        self._last = batch
        if self._since < self._every:
            return False
        self._since = 0
        return True


def _checked_freq(save_freq: Any, who: str) -> SaveFreq:
    if save_freq == "epoch" or (
        isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq > 0
    ):
        return save_freq
    raise ValueError(
        f'{who}: `save_freq` must be "epoch" or a number of batches. Received: save_freq={save_freq!r}'
    )


def _number(value: float | None) -> str:
    return "None" if value is None else f"{value:.5f}"
