"""Cells are read and written directly, also inside graphs.

Within a graph that is being traced, writes are held back until its end, so that a call performs all of them or none: an
operation that fails takes the whole step with it. A variable that is read again after it was written gets its value
first. Each loop body and branch holds back its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras.backend.engine import Engine
from keras.backend.spec import KerasTensor
from keras.backend.state import Variable
from keras.backend.tensorflow_engine.cells import Cell
from keras.backend.tensorflow_engine.leaf import DTYPES, raw
from keras.backend.tensorflow_engine.loading import tf
from keras.backend.tensorflow_engine.stages import has_graphs

Tensor = Any


class HeldWrites:
    """Writes of one graph, by cell, not yet in the graph."""

    def __init__(self) -> None:
        self._graph = tf.compat.v1.get_default_graph()
        self._held: dict[int, tuple[Cell, Tensor]] = {}
        self._read: dict[int, tuple[Tensor, Cell]] = {}
        self._updates: list[Update] = []
        self._once: dict[Any, tuple[Tensor, Any]] = {}

    def is_current(self) -> bool:
        """Whether its graph is being built, and no function of the user's inside it."""
        return tf.compat.v1.get_default_graph() is self._graph

    def once(self, key: Any, compute: Callable[[], Tensor]) -> Tensor:
        """What `compute` gave when it was first called with this key while the graph was built."""
        if key not in self._once:
            self._once[key] = compute(), compute  # what the key names by its id lives as long
        return self._once[key][0]

    def note_read(self, value: Tensor, cell: Cell) -> None:
        self._read[id(value)] = (value, cell)

    def cells_of(self, values: Sequence[Tensor]) -> list[Cell] | None:
        """The cells these tensors were read from in this graph; None unless all of them were."""
        cells = [self._read[id(x)][1] for x in values if id(x) in self._read]
        return cells if len(cells) == len(values) else None

    def offer(self, update: Update) -> None:
        """Use the update in place of the writes of its results, if those are what is written in the end."""
        self._updates.append(update)

    def hold(self, cell: Cell, value: Tensor) -> None:
        self._held[id(cell)] = (cell, value)

    def release(self, cell: Cell) -> None:
        """Write one cell now, if it is waiting."""
        if id(cell) in self._held:
            _, value = self._held.pop(id(cell))
            with self._graph.as_default():
                cell.variable.assign(value, read_value=False)

    def release_all(self, after: Sequence[Tensor]) -> None:
        """Write what is waiting, when all of it and the tensors `after` have been computed."""
        fused = [
            u
            for u in self._updates
            if all(self._is_held(c, x) for c, x in zip(u.cells, u.results, strict=True))
        ]
        for update in fused:
            for cell in update.cells:
                del self._held[id(cell)]
        needed = [*after, *(x for _, x in self._held.values()), *(x for u in fused for x in u.inputs)]
        with tf.control_dependencies(needed):
            computed = tf.no_op()  # the one gate: n writes that each wait for n values would be n * n edges
        with tf.control_dependencies([computed]):
            for cell, value in self._held.values():
                cell.variable.assign(value, read_value=False)
            for update in fused:
                update.run()

    def _is_held(self, cell: Cell, value: Tensor) -> bool:
        return id(cell) in self._held and self._held[id(cell)][1] is value


@dataclass(frozen=True)
class Update:
    """An operation that changes cells in place, in one pass, as writing `results` to them would."""

    cells: Sequence[Cell]
    results: Sequence[Tensor]
    inputs: Sequence[Tensor]
    run: Callable[[], Any]


_graphs: ContextVar[tuple[HeldWrites, ...]] = ContextVar("keras_tensorflow_held_writes", default=())


@contextmanager
def holding_writes() -> Iterator[HeldWrites]:
    """Hold back the writes made in the block, which builds one graph; the caller releases them at the graph's end."""
    writes = HeldWrites()
    token = _graphs.set((*_graphs.get(), writes))
    try:
        yield writes
    finally:
        _graphs.reset(token)


class Replay:
    """State as a function saw it the first time, for when a gradient runs it again.

    The first run reads and writes as ever. Later ones read what the first one read, of the cells it wrote (seeds, moving
    averages), and write nothing. Weights, which it only reads, are read again: their gradients pass through the reading.
    """

    def __init__(self) -> None:
        self._read: dict[int, Tensor] = {}
        self._written: dict[int, Cell] = {}
        self._again: dict[int, Tensor] | None = None

    @contextmanager
    def run(self) -> Iterator[None]:
        token = _replays.set((*_replays.get(), self))
        try:
            yield
        finally:
            _replays.reset(token)
            self._again = {i: self._read[i] for i in self._written if i in self._read}

    def read(self, cell: Cell) -> Tensor | None:
        return None if self._again is None else self._again.get(id(cell))

    def note_read(self, cell: Cell, value: Tensor) -> None:
        if id(cell) not in self._written:
            self._read.setdefault(id(cell), value)

    def takes_write(self, cell: Cell, value: Tensor) -> bool:
        """Whether the write stays inside the run."""
        if self._again is not None:
            self._again[id(cell)] = value
            return True
        self._written[id(cell)] = cell
        return False


_replays: ContextVar[tuple[Replay, ...]] = ContextVar("keras_tensorflow_replays", default=())


def current_writes() -> HeldWrites | None:
    """Those of the graph being traced."""
    graphs = _graphs.get()
    return graphs[-1] if graphs and graphs[-1].is_current() else None


class StatePart(Engine):
    """No recording scope is needed: TensorFlow orders reads and writes in a graph by itself."""

    records_state = False

    def __init__(self) -> None:
        super().__init__()
        tf.register_tensor_conversion_function(Variable, _variable_to_tensor)

    def variable(self, value: np.ndarray, dtype: str, name: str) -> Cell:
        return Cell(np.asarray(value, DTYPES[dtype].as_numpy_dtype))

    def cell_of(self, x: Any) -> Cell | None:
        return Cell.around(x) if has_graphs() and isinstance(x, tf.Variable) else None

    def read(self, cell: Cell) -> Tensor:
        replays, graphs = _replays.get(), _graphs.get()
        for replay in reversed(replays):
            seen = replay.read(cell)
            if seen is not None:
                return seen
        for writes in graphs:
            writes.release(cell)
        value = cell.variable.value() if has_graphs() else cell.read()
        if graphs and graphs[-1].is_current():
            graphs[-1].note_read(value, cell)
        for replay in replays:
            replay.note_read(cell, value)
        return value

    def write(self, cell: Cell, value: Tensor) -> None:
        if any(replay.takes_write(cell, value) for replay in reversed(_replays.get())):
            return
        graphs, mine = _graphs.get(), current_writes()
        for writes in graphs:
            if writes is not mine:
                writes.release(cell)
        if mine is not None:
            mine.hold(cell, value)
        elif not tf.executing_eagerly():
            cell.variable.assign(value, read_value=False)
        elif has_graphs():  # without its checks, which cost more than this
            raw.AssignVariableOp(resource=cell.handle, value=value)
        else:
            cell.fill(value)

    def variable_attribute(self, variable: Variable, name: str) -> Any:
        if name == "_should_act_as_resource_variable":  # TensorFlow then looks at `handle`
            return True
        if name in _OF_A_TF_VARIABLE:
            return getattr(variable.cell(self).variable, name)
        return super().variable_attribute(variable, name)


#: What TensorFlow itself asks of an object that stands for a resource variable.
_OF_A_TF_VARIABLE = frozenset(
    {"handle", "read_value", "_handle_name", "_shared_name", "_unique_id", "_in_graph_mode"}
)


def _variable_to_tensor(
    variable: Variable, dtype: tf.DType | None = None, name: str | None = None, as_ref: bool = False
) -> Any:
    """A variable in the user's own TensorFlow code: `tf.matmul(x, layer.kernel)`."""
    value = variable.value
    if isinstance(value, KerasTensor):  # while shapes are inferred, for which any numbers do
        value = tf.zeros(value.shape, DTYPES[value.dtype])
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        return NotImplemented
    return value
