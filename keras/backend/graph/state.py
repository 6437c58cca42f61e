"""State and compilation: a variable is a cell of the graph, whose array a compiled function reads and replaces."""

from __future__ import annotations

import collections
import itertools
import operator
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.backend import select
from keras.backend.engine import Engine, Spec
from keras.backend.graph.nodes import Cell
from keras.backend.graph.tensor import GraphTensor as Tensor
from keras.backend.kernels.blas import one_thread
from keras.backend.kernels.memory import keep_freed_memory
from keras.backend.numpy.arrays import dtype_of_name
from keras.backend.state import RecordingScope, recording

if TYPE_CHECKING:
    from keras.backend.state import Variable


_tracing: ContextVar[Trace | None] = ContextVar("keras_graph_trace", default=None)


class Trace(RecordingScope):
    """State of a trace, and the nodes made in it."""

    def __init__(self, reader: Callable[[Variable], Tensor]) -> None:
        super().__init__(reader)
        self.nodes: set[Any] = set()

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
        array = _kept(np.array(value, dtype_of_name(dtype)))
        return self._cell((array.shape, dtype), array, name)

    def read(self, cell: Any) -> Any:
        return self._known(self._storage(cell)[0])

    def write(self, cell: Any, value: Tensor) -> None:
        self._storage(cell)[0] = _kept(np.array(self.to_numpy(value)))

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


class Compiled:
    """A traced function: all results and new values of variables by one program, the latter put in place at its end."""

    def __init__(
        self, engine: Any, f: Any, arguments: Sequence[Tensor], outputs: Sequence[Tensor], trace: Trace
    ) -> None:
        self._engine, self._f = engine, f
        self._variables = list({**trace.read, **trace.written})  # keeps them alive
        self._places = [engine._storage(v.cell(engine)) for v in trace.written]
        self._count = len(outputs)
        wanted = [y.variable for y in (*outputs, *trace.written.values())]
        self._program = engine._program([x.variable for x in arguments], wanted)
        self._specs = [x.spec for x in arguments]

    def __call__(self, *args: Any) -> list[Tensor]:
        if recording() is not None or select.current() is not self._engine:
            return list(self._f(*args))
        arrays = [_array(x) for x in args]
        with np.errstate(all="ignore"), one_thread():
            results = [y if type(y) is np.ndarray else np.asarray(y) for y in self._program(*arrays)]
        given = {id(_owner(x)) for x in arrays}  # memory of the caller's, who may write into it
        outputs = [y.copy() if id(_owner(y)) in given else y for y in results[: self._count]]
        taken = {id(y) for y in outputs} | given
        values = results[self._count :]
        new = [x if x.flags.owndata and id(x) not in taken else np.array(x) for x in values]
        if len({id(x) for x in new}) < len(new):  # one value for two variables
            new = [x if all(x is not y for y in new[:i]) else x.copy() for i, x in enumerate(new)]
        for x in new:
            _kept(x)
        # One call into C, which Ctrl-C cannot interrupt: all cells get their new array or none does.
        places = self._places
        collections.deque(map(operator.setitem, places, itertools.repeat(0), new), maxlen=0)
        return [self._engine._known(y) for y in outputs]


def _array(x: Any) -> np.ndarray:
    if isinstance(x, Tensor):
        return x.numpy()
    return x if type(x) is np.ndarray else np.asarray(x)


def _owner(x: np.ndarray) -> Any:
    """What the memory of an array belongs to."""
    return x if x.base is None else x.base


def _kept(array: np.ndarray) -> np.ndarray:
    """The array made read-only: it is a variable's value from now on."""
    array.flags.writeable = False
    return array
