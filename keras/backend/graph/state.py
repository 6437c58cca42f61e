"""State and compilation: a variable is a cell of the graph, whose array a compiled function reads and replaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.backend import select
from keras.backend.engine import Engine, Spec
from keras.backend.graph.compiled import Compiled
from keras.backend.graph.nodes import Cell
from keras.backend.graph.tensor import GraphTensor as Tensor
from keras.backend.kernels.memory import keep_freed_memory
from keras.backend.numpy.arrays import dtype_of_name
from keras.backend.state import RecordingScope, recording

if TYPE_CHECKING:
    from keras.backend.state import Variable


_tracing: ContextVar[Trace | None] = ContextVar("keras_graph_trace", default=None)


class Trace(RecordingScope):
    """State of a trace, the nodes made in it, and the arrays used in it, which are constants."""

    def __init__(self, reader: Callable[[Variable], Tensor]) -> None:
        super().__init__(reader)
        self.nodes: set[Any] = set()
        self.constants: dict[
            int, tuple[np.ndarray, Tensor]
        ] = {}  # by the id of the array, which is kept for that

    def __enter__(self) -> Trace:
        self._outer = _tracing.set(self)
        super().__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        _tracing.reset(self._outer)


def tracing() -> Trace | None:
    """The trace in progress, if any."""
    return _tracing.get()


class StatePart(Engine):
    """Arrays of cells are replaced, never written into, so a tensor once read stays as it was."""

    _tensor: type[Tensor]
    _placeholder: Callable[[Spec], Tensor]
    _lifted: Callable[[Any], Tensor]
    _known: Callable[[np.ndarray], Any]

    def variable(self, value: np.ndarray, dtype: str, name: str) -> Any:
        array = _kept(value, dtype_of_name(dtype))
        return self._cell((array.shape, dtype), array, name)

    def read(self, cell: Any) -> Any:
        return self._known(self._storage(cell)[0])

    def write(self, cell: Any, value: Tensor) -> None:
        self._storage(cell)[0] = _kept(self.to_numpy(value))

    def _cell(self, spec: Spec, array: np.ndarray, name: str) -> Any:
        """The variable of a graph that stands for a variable of the library's and holds its array."""
        return Cell(spec, array)

    def _storage(self, cell: Any) -> list[np.ndarray]:
        return cell.storage

    def _read_symbolic(self, variable: Variable) -> Tensor:
        return self._tensor(None, variable.cell(self), (variable.shape, variable._dtype))

    def _note(self, node: Any) -> None:
        trace = tracing()
        if trace is not None:
            trace.nodes.add(node)

    # ------------------------------------------------------------------ compilation
    def trace_and_compile(
        self, f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec], jit_compile: bool | None = None
    ) -> Callable[..., list[Tensor]]:
        if recording() is not None or select.current() is not self:
            return lambda *xs: list(f(*xs))  # inside another compiled function, or on a tape: a part of that
        keep_freed_memory()
        arguments = [self._placeholder(spec) for spec in specs]
        with Trace(self._read_symbolic) as trace:
            outputs = [self._lifted(y) for y in f(*arguments)]
        return Compiled(self, f, arguments, outputs, trace)

    def looped(self, step: Callable[..., list[Any]]) -> Callable[..., list[np.ndarray]]:
        one_by_one = super().looped(step)
        if not isinstance(step, Compiled):
            return one_by_one
        return lambda arrays, ahead=0: one_by_one(arrays) if step.is_a_part() else step.many(arrays)


def _kept(value: np.ndarray, dtype: np.dtype | None = None) -> np.ndarray:
    """A read-only copy: a variable's value from now on. In C order, as otherwise kernels would copy it at every call."""
    array = np.array(value, dtype, order="C")
    array.flags.writeable = False
    return array
