"""What a callback can reach from its code: whether it may act between two batches, or only looks at their logs.

A callback that only collects numbers need not interrupt the engine after every step. Few say so themselves, so their
code is read, cautiously: whatever is not plainly harmless counts as acting.
"""

from __future__ import annotations

import builtins
import io
import numbers
from collections import deque
from collections.abc import Callable, Iterator
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
    own = {name: value for name, value in vars(callback).items() if name not in _OF_EVERY_CALLBACK}
    values = [v for v in own.values() if not isinstance(v, FunctionType)]
    functions = [*_functions_of(type(callback)), *(v for v in own.values() if isinstance(v, FunctionType))]
    return not all(map(_is_plain, values)) or any(map(_reaches_out, functions))


_OF_EVERY_CALLBACK = frozenset(vars(Callback()))


def _functions_of(kind: type) -> Iterator[Callable[..., Any]]:
    for base in kind.__mro__:
        if base is Callback:
            return
        for value in vars(base).values():
            value = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            if isinstance(value, FunctionType):
                yield value


def _reaches_out(function: Any) -> bool:
    names = set(_names(function.__code__))
    if names & _TELLING:
        return True
    held = [cell.cell_contents for cell in function.__closure__ or () if cell.cell_contents is not function]
    held += [v for name, v in function.__globals__.items() if name in names and not hasattr(builtins, name)]
    return not all(isinstance(v, _HARMLESS) or _is_plain(v) or _is_plain_function(v) for v in held)


def _is_plain_function(value: Any) -> bool:
    return isinstance(value, FunctionType) and not value.__closure__ and not _reaches_out_further(value)


def _reaches_out_further(function: FunctionType) -> bool:
    """A function that is called: what it uses in turn must be plainly harmless."""
    names = set(_names(function.__code__))
    used = [v for name, v in function.__globals__.items() if name in names and not hasattr(builtins, name)]
    return bool(names & _TELLING) or not all(isinstance(v, _HARMLESS) for v in used)


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
