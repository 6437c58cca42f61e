"""What a callback can reach from its code: whether it may act between two batches, or only looks at their logs.

A callback that only collects numbers need not interrupt the engine after every step. Few say so themselves, so their
code is read, cautiously: whatever is not plainly harmless counts as acting.
"""

from __future__ import annotations

import builtins
import inspect
import io
import numbers
from collections import deque
from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from keras.callbacks.callback import Callback

#: Names by which a callback gets at the model, or at what only makes sense at the time of the step.
_TELLING = frozenset(
    {"model", "_model", "time", "perf_counter", "monotonic", "process_time", "datetime", "sleep"}
)
_PLAIN = (type(None), numbers.Number, str, bytes, np.ndarray, np.generic, io.IOBase)
_HARMLESS = (*_PLAIN, ModuleType, type)


def may_act(callback: Any) -> bool:
    """Whether a callback may do more than look at logs.

    >>> class Losses(Callback):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.seen = []
    ...     def on_train_batch_end(self, batch, logs=None):
    ...         self.seen.append(logs["loss"])
    >>> class Stop(Callback):
    ...     def on_train_batch_end(self, batch, logs=None):
    ...         self.model.stop_training = True
    >>> may_act(Losses()), may_act(Stop())
    (False, True)
    """
    declared = getattr(callback, "acts_between_batches", None)
    if declared is not None:
        return bool(declared)
    if not isinstance(callback, Callback):
        return True
    return any(_reaches_out(function, callback) for function in _run_at_batches(callback))


def is_the_librarys(callback: Any, moment: str) -> bool:
    """Whether a callback's method is one that this library wrote, rather than that of a subclass of yours.

    What the class says of itself, such as that it is idle between batches, holds for the library's own methods only.

    >>> is_the_librarys(Callback(), "on_train_batch_end")
    True
    """
    method = getattr(callback, moment, None)
    written_in = getattr(getattr(method, "__func__", method), "__module__", None) or ""
    return written_in.startswith("keras.callbacks.")


_OF_EVERY_CALLBACK = frozenset(vars(Callback()))


def _run_at_batches(callback: Callback) -> list[Any]:
    """The functions behind its batch methods, and its own methods that these use."""
    waiting = [name for name in dir(callback) if name.startswith("on_") and "batch" in name]
    found: dict[str, Any] = {}
    while waiting:
        name = waiting.pop()
        function = _function(callback, name)
        if name not in found and function is not None:
            found[name] = function
            waiting += _names(function.__code__) if isinstance(function, FunctionType) else ()
    return list(found.values())


def _function(callback: Callback, name: str) -> Any:
    """What a name stands for in a callback, if that runs code; None for data and for what every callback has."""
    value = vars(callback).get(name)
    if value is None:
        value = inspect.getattr_static(type(callback), name, None)
        if value is inspect.getattr_static(Callback, name, None):
            return None
    value = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
    return value if callable(value) and not isinstance(value, type) else None


def _reaches_out(function: Any, callback: Callback) -> bool:
    if not isinstance(function, FunctionType):
        return not _is_plain(function)
    names = set(_names(function.__code__))
    if names & _TELLING:
        return True
    parts = [v for n, v in vars(callback).items() if n in names and n not in _OF_EVERY_CALLBACK]
    held = [cell.cell_contents for cell in function.__closure__ or () if cell.cell_contents is not function]
    held += [v for n, v in function.__globals__.items() if n in names and not hasattr(builtins, n)]
    return not (
        all(
            _is_plain(v) or isinstance(v, FunctionType) for v in parts
        )  # functions are looked at by themselves
        and all(isinstance(v, _HARMLESS) or _is_plain(v) or _is_plain_function(v) for v in held)
    )


def _is_plain_function(value: Any) -> bool:
    """A function that is called: what it uses in turn must be plainly harmless."""
    if not isinstance(value, FunctionType) or value.__closure__:
        return False
    names = set(_names(value.__code__))
    used = [v for name, v in value.__globals__.items() if name in names and not hasattr(builtins, name)]
    return not names & _TELLING and all(isinstance(v, _HARMLESS) for v in used)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    yield from code.co_freevars
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_plain(value: Any, depth: int = 3) -> bool:
    if isinstance(value, _PLAIN):
        return True
    if isinstance(value, BuiltinFunctionType):  # also `numbers.append`
        return isinstance(value.__self__, ModuleType) or _is_plain(value.__self__, depth)
    if depth and isinstance(value, (list, tuple, set, frozenset, deque)):
        return all(_is_plain(part, depth - 1) for part in value)
    return bool(depth) and isinstance(value, dict) and all(_is_plain(v, depth - 1) for v in value.values())
