"""Imports of TensorFlow's modules at less cost: nothing is computed twice, and what nobody asks for is left out.

Measured on TensorFlow 2.21, of 0.6 s that loading the engine takes: the collector of cycles, which runs over and over while
a thousand thousand objects are made that all stay, 0.09 s; modules of raw ops (`gen_*`) that others import and do
not use, 0.08 s; the same type annotations compiled 13,000 times, 0.1 s.
"""

from __future__ import annotations

import gc
import importlib
import re
import sys
import threading
import typing
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

#: Modules that define functions and nothing else, on modules that are loaded by then: nobody can tell when it is done.
_DEFERRED = re.compile(r"tensorflow\.(.+\.)?gen_\w+_ops")


class _Lean:
    """While it is entered, by whichever threads, imports of TensorFlow's modules are cheap."""

    def __init__(self) -> None:
        self._inside, self._lock = 0, threading.Lock()
        self._parts = (_Annotations(), _Collector(), _Finder())

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                for part in self._parts:
                    part.begin()

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                for part in self._parts:
                    part.end()


class _Annotations:
    """Types that TensorFlow's modules name as strings are compiled once.

    The modules of raw ops declare their type variables with 13,000 strings, some twenty different ones, and `typing`
    compiles each.
    """

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        self._convert: Any = getattr(typing, "_type_convert", None)

    def begin(self) -> None:
        if self._convert is not None:
            typing._type_convert = self._remembered  # type: ignore[attr-defined]

    def end(self) -> None:
        if self._convert is not None:
            typing._type_convert = self._convert  # type: ignore[attr-defined]

    def _remembered(self, arg: Any, *args: Any, **named: Any) -> Any:
        if type(arg) is not str or not arg.startswith("_atypes."):
            return self._convert(arg, *args, **named)
        if arg not in self._known:
            self._known[arg] = self._convert(arg, *args, **named)
        return self._known[arg]


class _Collector:
    """The collector of cycles waits: modules and their functions stay."""

    _was_on = False

    def begin(self) -> None:
        self._was_on = gc.isenabled()
        gc.disable()

    def end(self) -> None:
        if not self._was_on:
            return
        if not gc.get_freeze_count():  # else what the program froze would thaw
            gc.freeze()  # and back: among the oldest, which are looked through least
            gc.unfreeze()
        gc.enable()


class _Finder(MetaPathFinder):
    """Finds deferred modules where they are, and gives them a loader that waits until something is asked of them."""

    def begin(self) -> None:
        sys.meta_path.insert(0, self)

    def end(self) -> None:
        sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not _DEFERRED.fullmatch(fullname):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _DeferringLoader(spec.loader)
        return spec


class _DeferringLoader(Loader):
    """Makes an empty module that fills itself when it is first asked for a name.

    Args:
        loader: fills it.
    """

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        module.__class__ = _Deferred


class _Deferred(ModuleType):
    """A module that is not loaded yet."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":  # tools look for wrappers and the like
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        with _filling:
            if type(self) is _Deferred and self not in _being_filled:
                self._fill()
        return ModuleType.__getattribute__(self, name)

    def _fill(self) -> None:
        _being_filled.append(self)
        try:
            with lean:
                self.__loader__.exec_module(self)  # type: ignore[union-attr]
            self.__class__ = ModuleType  # type: ignore[assignment]
        finally:
            _being_filled.remove(self)


_filling = threading.RLock()
_being_filled: list[ModuleType] = []

lean = _Lean()


def load(name: str) -> ModuleType:
    """The module of TensorFlow's with this name."""
    if name in sys.modules:
        return importlib.import_module(name)
    with lean:  # only where there is something to load: each end of it holds up the collector of cycles
        return importlib.import_module(name)
