"""Callbacks that write results down: in memory, to a CSV file, to a server."""

import csv
import json
import math
import os
import warnings
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Any

import numpy as np

from keras.callbacks.callback import Callback, Logs


class History(Callback):
    """What `fit` returns: `history["loss"]` is the list of the losses of the epochs, and so on; `epoch` their numbers.

    >>> history = History()
    >>> history.on_train_begin()
    >>> history.on_epoch_end(0, {"loss": 0.5})
    >>> history.epoch, history.history
    ([0], {'loss': [0.5]})
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the epochs of an earlier `fit`; what has been recorded stays."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Append the results of an epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def __repr__(self) -> str:
        last = ", ".join(
            f"{k}={v[-1]:.4g}" for k, v in self.history.items() if v and isinstance(v[-1], float)
        )
        return f"<History of {len(self.epoch)} epochs{f': {last}' if last else ''}>"


class CSVLogger(Callback):
    """Writes the results of each epoch as a row of a CSV file, `epoch` first.

    Args:
        filename: path of the file.
        separator: between the columns.
        append: go on with a file that is there rather than write a new one.

    Raises:
        OSError: by `fit`, if the file cannot be written, as on a full disk; rows that were written stay.

    >>> CSVLogger("log.csv").separator
    ','
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self.keys: list[str] | None = None
        self._file: IO[str] | None = None
        self._writer: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Open the file."""
        old = self.append and os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        self.keys = self._header() if old else None
        self._needs_header = not old
        self._file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115 (closed in on_train_end)
        self._writer = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write a row; columns an epoch has no value for (validation every other epoch) hold `NA`."""
        try:
            self._write(epoch, logs or {})
        except OSError as error:  # which names no file
            with suppress(OSError):  # it tries once more to write what is left
                self.on_train_end()
            raise OSError(error.errno, f"CSVLogger: {error.strerror}", self.filename) from error

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the file."""
        file, self._file, self._writer = self._file, None, None
        if file is not None:
            file.close()

    def _write(self, epoch: int, logs: Logs) -> None:
        if self._writer is None:
            self._open_writer(logs)
        self._writer.writerow(
            {"epoch": epoch, **{key: _cell(logs.get(key, "NA")) for key in self.keys or ()}}
        )
        self._file.flush()  # type: ignore[union-attr]

    def _open_writer(self, logs: Logs) -> None:
        if self.keys is None:
            validates = self.model is not None and getattr(self.model, "_validates", False)
            missing = (
                [f"val_{key}" for key in logs]
                if validates and not any(k.startswith("val_") for k in logs)
                else []
            )
            self.keys = sorted([*logs, *missing])
        assert self._file is not None
        self._writer = csv.DictWriter(
            self._file, ["epoch", *self.keys], delimiter=self.separator, extrasaction="ignore"
        )
        if self._needs_header:
            self._writer.writeheader()

    def _header(self) -> list[str]:
        with open(self.filename, newline="") as file:
            return [key for key in next(csv.reader(file, delimiter=self.separator)) if key != "epoch"]


class RemoteMonitor(Callback):
    """Posts the results of each epoch to a server.

    Args:
        root: address of the server.
        path: path on it.
        field: name of the form field that holds the JSON; unused with `send_as_json`.
        headers: HTTP headers.
        send_as_json: post the JSON itself rather than a form.

    >>> RemoteMonitor(root="http://localhost:9000").path
    '/publish/epoch/end/'
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Post the results; a server that does not answer costs a warning, not the training."""
        from urllib import error, parse, request  # 30 ms that few programs need

        text = json.dumps({"epoch": epoch, **{k: _plain(v) for k, v in (logs or {}).items()}})
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else parse.urlencode({self.field: text})
        headers = {"Content-Type": kind, **(self.headers or {})}
        post = request.Request(self.root + self.path, data=body.encode(), headers=headers)
        try:
            request.urlopen(post, timeout=10).close()
        except (error.URLError, OSError, ValueError) as problem:
            warnings.warn(f"RemoteMonitor: could not reach {self.root}: {problem}", stacklevel=2)


def _plain(value: Any) -> Any:
    """Numbers of NumPy as Python's; NaN, which JSON does not have, as None."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cell(value: Any) -> Any:
    if isinstance(value, str) or np.ndim(value) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"' if isinstance(value, Iterable) else value
