"""Ctrl-C during `fit`: the first asks the loop to stop after the running step, the second aborts at once."""

from __future__ import annotations

import signal
import threading
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
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
            _active = None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
