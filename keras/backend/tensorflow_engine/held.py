"""Compiled functions in the runtime, for as long as somebody has them."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from keras.backend.tensorflow_engine import one_thread
from keras.backend.tensorflow_engine.in_place import writing_in_place
from keras.backend.tensorflow_engine.loading import context, tf


class Held:
    """Functions in the runtime as long as somebody has this.

    Args:
        functions: names, and what they name, serialized; those that are called come before those that call them.
        on_one_thread: whether they are for the runtime whose operations run on one thread each.

    Attributes:
        runtime: where they are.
    """

    _known: weakref.WeakValueDictionary[str, Held] = weakref.WeakValueDictionary()

    def __init__(self, functions: Sequence[tuple[str, bytes]], on_one_thread: bool) -> None:
        self.runtime = one_thread.runtime() if on_one_thread else context.context()
        for _, data in functions:
            self.runtime.add_function_def(_Serialized(data))
        names = [name for name, _ in functions]
        weakref.finalize(self, _remove, self.runtime, names).atexit = False

    @classmethod
    def of(cls, name: str, functions: Sequence[bytes], on_one_thread: bool) -> Held:
        """Of the function with this name, the last one, and those that it calls; they are numbered in their names."""
        held = cls._known.get(name)
        if held is None:
            stem = name.rpartition("_")[0]
            numbered = [(f"{stem}_{i}", data) for i, data in enumerate(functions)]
            held = cls._known[name] = cls(numbered, on_one_thread)
        return held

    @classmethod
    def of_graph(cls, concrete: Any) -> Held:
        """Of a concrete function and those that it calls, for one thread; the runtime counts who has each."""
        functions = functions_of(concrete, on_one_thread=True)
        return cls([(f.signature.name, f.SerializeToString()) for f in functions], on_one_thread=True)


def functions_of(concrete: Any, on_one_thread: bool) -> list[Any]:
    """Those that a concrete function calls, and it itself, as the runtime they are for needs them."""
    functions = [*concrete.graph.as_graph_def().library.function, concrete.function_def]
    return [writing_in_place(f) for f in functions] if on_one_thread else functions


class _Serialized:
    """A message as the runtime asks for it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def SerializeToString(self) -> bytes:
        return self._data


def _remove(runtime: Any, names: Sequence[str]) -> None:
    for name in names:
        with suppress(tf.errors.OpError):
            runtime.remove_function(name)
