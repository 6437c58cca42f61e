"""How far a loop has come, on whatever stdout is: a bar on a terminal, plain whole lines everywhere else.

A log file or a notebook never sees a backspace, a carriage return or an escape sequence. There one line is printed
when a stage ends, and lines that come too fast are left out.
"""

import importlib.util
import logging
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

from keras import config

_FILLED, _EMPTY, _ASCII = "\u2501", "\u2500", ("=", ".")


class Progbar:
    """Shows the progress of a loop of known or unknown length, with running means of named values.

    Args:
        target: how many steps there are; None if unknown.
        width: of the bar, in characters.
        verbose: 0 nothing, 1 a bar on a terminal and one line at the end elsewhere, 2 one line at the end.
        interval: least number of seconds between two drawings.
        stateful_metrics: names whose values are shown as they are; the others are averaged over the steps.
        stateless_metrics: names whose values are averaged; by default all that are not stateful.
        unit_name: what a step is called.

    Raises:
        ValueError: both stateful_metrics and stateless_metrics are given.

    >>> bar = Progbar(2, verbose=0)
    >>> bar.add(1, [("loss", 4.0)]); bar.add(1, [("loss", 2.0)])
    >>> bar.values()
    {'loss': 3.0}
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Any = None,
        stateless_metrics: Any = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Progbar: give stateful_metrics or stateless_metrics, not both; what is not in the one is the other. "
                f"Received: stateful_metrics={stateful_metrics}, stateless_metrics={stateless_metrics}"
            )
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.title = ""  # put before the plain line
        self.seen = 0
        self._stateful = set(stateful_metrics or ())
        self._stateless = None if stateless_metrics is None else set(stateless_metrics)
        self._sums: dict[str, tuple[float, float]] = {}  # name -> (weighted sum, weight)
        self._start = time.monotonic()
        self._drawn = 0.0
        self._screen: _Screen | None = _screen() if verbose == 1 else None
        self.text = ""

    def add(self, n: int, values: Any = None) -> None:
        """Count `n` more steps."""
        self.update(self.seen + n, values)

    def update(self, current: int, values: Any = None, finalize: bool | None = None) -> None:
        """Show that `current` steps are done.

        Args:
            current: steps done so far.
            values: `(name, value)` pairs or a dict: values of the steps since the last update.
            finalize: whether this is the last update; by default when `current` reaches `target`.
        """
        self._take(values, max(current - self.seen, 1))
        self.seen = current
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        if not self.verbose or not (finalize or (self._screen is not None and self.due())):
            return
        self._drawn = time.monotonic()
        if finalize:
            self.text = self._line()
            self._finish()
        elif self._screen is not None:
            self._screen.draw(*self._bar_parts(self._screen.fancy))

    def due(self) -> bool:
        """Whether the bar may be drawn again now; callers may spare themselves computing values otherwise."""
        return self._screen is not None and time.monotonic() - self._drawn >= self.interval

    def values(self) -> dict[str, float]:
        """The values by name as they are shown."""
        return {name: total / weight for name, (total, weight) in self._sums.items()}

    def close(self) -> None:
        """Leave the line as it is, when the loop ends before its time."""
        if self._screen is not None:
            self._screen.close()
            self._screen = None

    def _take(self, values: Any, steps: int) -> None:
        for name, value in values.items() if isinstance(values, Mapping) else values or ():
            mean = name in self._stateless if self._stateless is not None else name not in self._stateful
            total, weight = self._sums.get(name, (0.0, 0.0)) if mean else (0.0, 0.0)
            self._sums[name] = (total + float(np.mean(value)) * steps, weight + steps)

    def _finish(self) -> None:
        if self._screen is not None:
            self._screen.draw(*self._bar_parts(self._screen.fancy), whole=True)
            self.close()
        elif self.verbose:
            self._emit(self.text)

    def _emit(self, text: str) -> None:
        write_line(text)

    def _line(self) -> str:
        title = f"{self.title} - " if self.title else ""
        return f"{title}{self._count()} - {self._times()}{format_values(self.values())}"

    def _bar_parts(self, fancy: bool) -> tuple[str, str, str, str]:
        full, empty = (_FILLED, _EMPTY) if fancy else _ASCII
        done = self.width * min(self.seen, self.target) // self.target if self.target else 0
        bar = (full * done, empty * (self.width - done)) if self.target else ("", "")
        return self._count(), *bar, f"{self._times()}{format_values(self.values())}"

    def _count(self) -> str:
        return f"{self.seen}/{self.target if self.target is not None else 'Unknown'}"

    def _times(self) -> str:
        elapsed = time.monotonic() - self._start
        per_step = elapsed / max(self.seen, 1)
        if self._screen is not None and self.target and 0 < self.seen < self.target:
            elapsed = per_step * (self.target - self.seen)  # a moving bar shows what is left
        return f"{_clock(elapsed)} {_per_step(per_step)}/{self.unit_name}"


def format_values(values: Mapping[str, float]) -> str:
    """` - loss: 0.1234 - mae: 1.0000e-04`: small numbers keep four digits too.

    >>> format_values({"loss": 0.5, "lr": 1e-4})
    ' - loss: 0.5000 - lr: 1.0000e-04'
    """
    return "".join(
        f" - {name}: {value:.4f}" if abs(value) > 1e-3 or value == 0 else f" - {name}: {value:.4e}"
        for name, value in values.items()
    )


def on_terminal() -> bool:
    """Whether stdout is a terminal that shows a bar."""
    stream = sys.stdout
    if stream is None or not config.is_interactive_logging_enabled():
        return False
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # a replaced or closed stdout
        return False


def write_line(text: str) -> None:
    """One whole line to stdout; to the `keras` logger when interactive logging is off."""
    if config.is_interactive_logging_enabled():
        say(text)
    else:
        logging.getLogger("keras").info(text)


def say(text: str, end: str = "\n") -> None:
    """Print to stdout, with escapes for what its encoding lacks. Nothing is said on one that a program has closed.

    >>> say("dénse")
    dénse
    """
    if getattr(sys.stdout, "closed", False):
        return
    flush = hasattr(sys.stdout, "flush")  # what a program puts in stdout's place may have `write` alone
    with _going_on():
        try:
            print(text, end=end, flush=flush)
        except UnicodeEncodeError as error:
            plain = text.encode(error.encoding, "backslashreplace").decode(error.encoding)
            print(plain, end=end, flush=flush)


@contextmanager
def _going_on() -> Iterator[None]:
    """A log whose disk is full and a terminal that is gone end no training; a closed pipe does, for that is how it is asked to."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError:
        pass


class LineLimiter:
    """Lets a burst of lines through and then a steady trickle, so that fast epochs do not fill a log.

    Args:
        burst: lines that may come at once.
        per_second: how fast the allowance grows back.
    """

    def __init__(self, burst: int = 30, per_second: float = 1.0) -> None:
        self._burst = burst
        self._rate = per_second
        self._allowance = float(burst)
        self._last = time.monotonic()

    def allows(self) -> bool:
        """Whether one more line may be printed now; if so it is counted."""
        now = time.monotonic()
        self._allowance = min(self._burst, self._allowance + (now - self._last) * self._rate)
        self._last = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


class _Screen(Protocol):
    """One line of a terminal that is drawn again and again, cut to fit but for the `whole` last time."""

    fancy: bool

    def draw(self, count: str, done: str, rest: str, tail: str, whole: bool = False) -> None: ...

    def close(self) -> None: ...


def _screen() -> "_Screen | None":
    if not on_terminal():
        return None
    # Rich writes what a screen without Unicode cannot show.
    if importlib.util.find_spec("rich") is None or not _is_unicode():
        return _PlainScreen()
    from rich.errors import LiveError  # an optional package, wanted only on a terminal

    try:
        return _RichScreen()
    except LiveError:  # the user's own rich display is on the screen
        return _PlainScreen()


def _is_unicode() -> bool:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return encoding.lower().replace("-", "").startswith("utf")


class _PlainScreen:
    """A line rewritten with carriage returns."""

    def __init__(self) -> None:
        self.fancy = _is_unicode()
        self._length = 0

    def draw(self, count: str, done: str, rest: str, tail: str, whole: bool = False) -> None:
        line = " ".join(part for part in (count, done + rest, tail) if part)
        line = line if whole else line[: shutil.get_terminal_size().columns - 1]
        say("\r" + line.ljust(self._length), end="")
        self._length = len(line)

    def close(self) -> None:
        if self._length:
            say("")


class _RichScreen:
    """A live line of rich: text printed meanwhile goes above it."""

    fancy = True

    def __init__(self) -> None:
        from rich.live import Live
        from rich.text import Text

        self._text = Text
        # Redraws come from the loop alone: a refreshing thread would compete with the computation.
        self._live = Live(auto_refresh=False, vertical_overflow="crop")
        self._live.start()

    def draw(self, count: str, done: str, rest: str, tail: str, whole: bool = False) -> None:
        text = self._text(no_wrap=not whole, overflow="fold" if whole else "ellipsis")
        text.append(f"{count} ", "bold")
        text.append(done, "green").append(rest, "dim")
        text.append(f" {tail}" if done + rest else tail)
        with _going_on():
            self._live.update(text, refresh=True)

    def close(self) -> None:
        with _going_on():
            self._live.stop()


def _clock(seconds: float) -> str:
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole >= 60 else f"{whole}s"


def _per_step(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"
