"""The numpy engine put together: arrays at once, and in a trace nodes of a graph."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.backend.graph.engine import GraphEngine
from keras.backend.graph.state import tracing
from keras.backend.graph.tensor import GraphTensor
from keras.backend.numpy.arrays import KINDS, NAMES, Array
from keras.backend.numpy.eager import CALLS, EagerNumPyEngine

Spec = tuple[tuple[int, ...], str]


class NumPyEngine(GraphEngine):
    """Its tensors are arrays; only what is being traced has tensors of another kind."""

    name = "numpy"

    def describe(self) -> dict[str, str]:
        return {"engine": self.name, "numpy": np.__version__, "device": "cpu"}

    def is_tensor(self, x: Any) -> bool:
        return (isinstance(x, np.ndarray) and x.dtype.kind in KINDS) or type(x) is GraphTensor

    def spec(self, x: Any) -> Spec:
        return x.spec if type(x) is GraphTensor else (x.shape, NAMES[x.dtype])

    def dtype(self, x: Any) -> str:
        return x.spec[1] if type(x) is GraphTensor else NAMES[x.dtype]

    def to_numpy(self, x: Any) -> Array:
        return x.numpy() if type(x) is GraphTensor else x

    def peek(self, x: Any) -> Array | None:
        return x if isinstance(x, np.ndarray) else None

    def _known(self, array: Array) -> Any:
        return array

    def _all_known(self, arrays: list[Array]) -> list[Any]:
        return arrays


def _at_once(name: str) -> Callable[..., Any]:
    """A call: on arrays, unless a trace is in progress."""
    eager, routed = getattr(EagerNumPyEngine, name), getattr(GraphEngine, name)

    @functools.wraps(eager)
    def method(self: NumPyEngine, *args: Any, **named: Any) -> Any:
        if tracing() is None:
            return eager(self._eager, *args, **named)
        return routed(self, *args, **named)

    return method


for _name in CALLS:
    setattr(NumPyEngine, _name, _at_once(_name))
