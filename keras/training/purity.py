"""Whether a model consists of the library's own code, of which it is known that tracing it has no effects besides.

A user's layer may print, count its calls, or draw numbers while it is traced: it is traced once and no more. The library's
own may be traced a second time, to find what an earlier run of the program has compiled.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras.backend.state import Variable

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)
#: Attributes of models about runs there have been: their steps hold what the engine made of them.
_RUNS = frozenset({"_memory", "history", "train_function", "test_function", "predict_function"})
_PACKAGES = frozenset({"keras", "builtins", "collections", "functools", "numpy"})
_HARMLESS = (bool, int, float, complex, str, bytes, type(None), np.ndarray, np.generic, np.dtype, Variable)


def is_librarys_own(model: Any) -> bool:
    """Whether nothing in the model, down to its activations and metrics, is a class or function of others."""
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        x = waiting.pop()
        if id(x) in seen or isinstance(x, _HARMLESS):
            continue
        seen.add(id(x))
        if isinstance(x, (dict, list, tuple, set, frozenset)):
            waiting.extend(_inside(x))
        elif isinstance(x, functools.partial):
            waiting.extend((x.func, x.args, x.keywords))
        elif not _is_ours(x if isinstance(x, _FUNCTIONS) else type(x)):
            return False
        elif not isinstance(x, _FUNCTIONS):
            waiting.extend(_attributes(x))
        elif isinstance(x, types.MethodType):
            waiting.append(x.__self__)
    return True


def _inside(x: Any) -> Iterator[Any]:
    if isinstance(x, dict):
        yield from x.keys()
        yield from x.values()
    else:
        yield from x


def _attributes(x: Any) -> Iterator[Any]:
    yield from (v for name, v in getattr(x, "__dict__", {}).items() if name not in _RUNS)
    for kind in type(x).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            yield getattr(x, name, None)


def _is_ours(x: Any) -> bool:
    """Whether a class or function is the library's, or Python's own."""
    return (getattr(x, "__module__", None) or "").partition(".")[0] in _PACKAGES
