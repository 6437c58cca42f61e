"""How a graph is best run."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras.backend.tensorflow_engine import one_thread
from keras.backend.tensorflow_engine.xla_rule import part_for_xla


class Choices(NamedTuple):
    """What is chosen by what a graph consists of.

    Args:
        xla_part: what XLA is to compile of its loop (see `xla_rule`).
        on_one_thread: whether its operations are to run on one thread each (see `one_thread`).
    """

    xla_part: str | None
    on_one_thread: bool

    @classmethod
    def of(cls, graph: Any, jit_compile: bool | None) -> Choices:
        """Those for a graph, where XLA was asked for, refused, or left to choose."""
        return cls(part_for_xla(graph, jit_compile), not jit_compile and one_thread.suits(graph))
