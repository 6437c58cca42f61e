"""The progress of `fit`, `evaluate` and `predict` on the console."""

import time
from collections.abc import Callable
from typing import Any

from keras.callbacks.callback import Callback, Logs
from keras.utils.progress import LineLimiter, Progbar, on_terminal, write_line

#: Shared by all runs of the process: many short fits are as noisy as many short epochs.
_limiter = LineLimiter()


class ProgbarLogger(Callback):
    """Prints progress: a bar on a terminal, one line an epoch elsewhere. `fit` adds one unless `verbose=0`.

    >>> ProgbarLogger().params is None
    True
    """

    #: Batch logs may come as a function: they are computed only when the bar is due.
    takes_lazy_logs = True

    def __init__(self) -> None:
        super().__init__()
        self._bar: _EpochBar | None = None
        self._in_fit = False
        self._held = ""  # the last epoch's line, if it came too fast to be printed
        self._began = 0.0

    def set_params(self, params: dict[str, Any]) -> None:
        """Take `verbose`, `epochs` and `steps`."""
        super().set_params(params)
        self._verbose = int(params.get("verbose", 1))
        self._epochs = params.get("epochs", 1)
        self._steps = params.get("steps")

    # ------------------------------------------------------------------ fit
    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Remember that validation is part of the epoch's line."""
        self._in_fit = True
        self._held = ""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Begin the epoch's bar."""
        if not self._verbose:
            return
        title = f"Epoch {epoch + 1}/{self._epochs}" if self._epochs > 1 else ""
        if title and self._verbose == 1 and on_terminal():
            write_line(title)
        self._bar = _EpochBar(self._steps, self._verbose, title, self._print)

    def on_train_batch_end(self, batch: int, logs: Logs | Callable[[], Logs] | None = None) -> None:
        """Move the bar."""
        self._move(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Finish the epoch's line, with the results of validation."""
        if self._bar is not None:
            self._steps = self._steps or self._bar.seen  # data of unknown length: the next epoch knows it
        self._finish(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Print the last epoch's line if it was held back."""
        self._on_abort()
        if self._held:
            write_line(self._held)
        self._held = ""
        self._in_fit = False

    # ------------------------------------------------------------------ evaluate, predict
    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Begin the bar, unless this is validation."""
        if not self._in_fit:
            self._start()

    def on_test_batch_end(self, batch: int, logs: Logs | Callable[[], Logs] | None = None) -> None:
        """Move the bar, unless this is validation."""
        if not self._in_fit:
            self._move(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Finish the line, unless this is validation."""
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Begin the bar."""
        self._start()

    def on_predict_batch_end(self, batch: int, logs: Logs | Callable[[], Logs] | None = None) -> None:
        """Move the bar."""
        self._move(batch, None)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Finish the bar; away from a terminal a quick prediction is not worth a line."""
        if self._verbose == 1 and not on_terminal() and time.monotonic() - self._began < 1:
            self._bar = None
        self._finish({})

    # ------------------------------------------------------------------ helpers
    def _start(self) -> None:
        self._began = time.monotonic()
        self._bar = _EpochBar(self._steps, self._verbose, "", write_line) if self._verbose else None

    def _move(self, batch: int, logs: Logs | Callable[[], Logs] | None) -> None:
        bar = self._bar
        if bar is None:
            return
        done = min(
            batch + 1, self._steps or batch + 1
        )  # a last execution may have had fewer steps than the others
        if bar.due():
            bar.show(done, logs() if callable(logs) else logs)
        else:
            bar.seen = done

    def _finish(self, logs: Logs | None) -> None:
        if self._bar is not None:
            self._bar.show(self._bar.seen, logs, finalize=True)
        self._bar = None

    def _print(self, text: str) -> None:
        """One epoch's line: always with `verbose=2`, else unless lines come too fast."""
        allowed = self._verbose == 2 or _limiter.allows()
        self._held = "" if allowed else text
        if allowed:
            write_line(text)

    def _on_abort(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None


class _EpochBar(Progbar):
    """A bar whose values are running means already, and whose plain line goes where the logger wants it."""

    def __init__(self, target: int | None, verbose: int, title: str, emit: Callable[[str], None]) -> None:
        super().__init__(target, verbose=verbose)
        self.title = title
        self._emit = emit  # type: ignore[method-assign,assignment]

    def show(self, current: int, logs: Logs | None, finalize: bool = False) -> None:
        self._sums = {name: (float(value), 1.0) for name, value in (logs or {}).items()}
        self.seen = current
        if finalize:
            self.target = current  # the epoch may have been shorter, or of unknown length
        self.update(current, finalize=finalize)
