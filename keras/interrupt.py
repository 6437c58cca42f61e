"""Ctrl-C where work must not be cut in the middle: the first one waits for the end of a step or an import, the second does not."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_active: StopOnInterrupt | None = None


class StopOnInterrupt:
    """While the block runs, the first Ctrl-C only sets `asked`.

    A handler of the user's own, and a `fit` in another thread, are left alone. A `fit` inside a `fit` shares
    the outer one's.

    >>> with StopOnInterrupt() as interrupt:
    ...     interrupt.asked
    False
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> StopOnInterrupt:
        global _active
        if _active is not None and threading.current_thread() is threading.main_thread():
            return _active
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            self._before = signal.signal(signal.SIGINT, self._handle)
            _active = self
        return self

    def __exit__(self, *exc: object) -> None:
        global _active
        before, told = self._before, self.asked
        if before is not None:
            _active = self._before = None  # first: whatever interrupts this, nobody shares what is over
            signal.signal(signal.SIGINT, before)
            if self.asked and not told:  # since nobody can ask any more
                raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@contextmanager
def undisturbed() -> Iterator[None]:
    """The block comes to its end before Ctrl-C counts. Cut in the middle, an import leaves a package that nobody can use.

    >>> with undisturbed():
    ...     import json
    """
    outer = _active
    with StopOnInterrupt() as interrupt:
        yield
    if interrupt.asked and interrupt is not outer:
        raise KeyboardInterrupt
