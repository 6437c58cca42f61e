"""The cntk engine put together."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.backend.cntk.host import HostEngine
from keras.backend.cntk.install import load
from keras.backend.cntk.lowering import LOWERINGS
from keras.backend.cntk.placement import native_dtype
from keras.backend.cntk.program import Program
from keras.backend.cntk.segment import Segment
from keras.backend.engine import Engine
from keras.backend.graph.engine import GraphEngine
from keras.backend.graph.nodes import Node, Value
from keras.backend.graph.ops import SLOT, Primitive
from keras.backend.graph.tensor import GraphTensor
from keras.backend.numpy.arrays import NAMES

#: Graphs of single calls that are kept; the oldest goes first.
_REMEMBERED = 2048


class Tensor(GraphTensor):
    """A tensor of the cntk engine."""

    __slots__ = ()


class CNTKEngine(GraphEngine):
    """CNTK 2.7's graphs; the host for what they cannot do."""

    name = "cntk"
    _tensor = Tensor
    _program_class = Program

    def __init__(self) -> None:
        super().__init__()
        self._bare = HostEngine()
        load()
        self._calls: OrderedDict[Any, Callable[..., Any] | None] = OrderedDict()

    def describe(self) -> dict[str, str]:
        return {"engine": self.name, "cntk": "2.7", "numpy": np.__version__, "device": "cpu"}

    # ------------------------------------------------------------------ calls on arrays
    def _run(self, name: str, values: Sequence[Any]) -> Any:
        lowering = LOWERINGS.get(name)
        if lowering is None or lowering.moves:
            return super()._run(name, values)
        key = (name, *map(_signature, values))
        calls = self._calls
        try:
            run = calls[key]
        except KeyError:
            run = calls[key] = self._single(name, values)
            if len(calls) > _REMEMBERED:
                calls.popitem(last=False)
        return super()._run(name, values) if run is None else run(values)

    def _single(self, name: str, values: Sequence[Any]) -> Callable[..., Any] | None:
        """A graph of one call, or None when the host does it."""
        arrays = [a for a in values if isinstance(a, np.ndarray)]
        template = tuple(SLOT if isinstance(a, np.ndarray) else a for a in values)
        specs = tuple((a.shape, NAMES[a.dtype]) for a in arrays)
        out_specs, several = self._specs(name, template, specs)
        dtype = native_dtype(name, specs, [None] * len(arrays), out_specs)
        if dtype is None:
            return None
        op = Primitive(name, template, getattr(self._bare, name), out_specs, several)
        node = Node(op, [Value(spec) for spec in specs], "")
        run = Segment([node], dtype, node.outputs).run
        places = [i for i, a in enumerate(values) if isinstance(a, np.ndarray)]
        return lambda values: run(*(values[i] for i in places))[0]

    # ------------------------------------------------------------------ by their shared bodies
    def dot_general(self, a: Any, b: Any, contract: Any, batch: Any) -> Any:
        """Moved about and multiplied, so that the product is CNTK's."""
        return Engine.dot_general(self, a, b, contract, batch)


def _signature(a: Any) -> Any:
    return (a.shape, a.dtype) if type(a) is np.ndarray else a
