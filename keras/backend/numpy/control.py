"""Control flow, state and compilation: Python decides at once, and writes of a compiled call happen together."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.backend import select
from keras.backend.numpy.arrays import NAMES, Array, dtype_of_name
from keras.backend.state import RecordingScope, recording

if TYPE_CHECKING:
    from keras.backend.engine import Engine

Shape = tuple[int, ...]
Spec = tuple[Shape, str]


class Cell:
    """Where a variable's array is. Arrays are replaced, never written into, so a tensor once read stays as it was."""

    __slots__ = ("array",)

    def __init__(self, array: Array) -> None:
        self.array = array


class Control:
    """Control flow, state and compilation."""

    @property
    def inside(self: Any) -> Engine:
        """The engine that compiled functions run on."""
        return self

    # ------------------------------------------------------------------ control flow
    def cond(
        self,
        pred: Array,
        true_fn: Callable[..., Sequence[Array]],
        false_fn: Callable[..., Sequence[Array]],
        operands: Sequence[Array],
    ) -> list[Array]:
        return list(true_fn(*operands) if pred else false_fn(*operands))

    def while_loop(
        self, test: Callable[..., Array], body: Callable[..., Sequence[Array]], init: Sequence[Array]
    ) -> list[Array]:
        state = list(init)
        while test(*state):
            state = list(body(*state))
        return state

    def stop_gradient(self, x: Array) -> Array:
        return x

    # ------------------------------------------------------------------ state
    def variable(self, value: Array, dtype: str, name: str) -> Cell:
        return Cell(_kept(np.array(value, dtype_of_name(dtype))))

    def read(self, cell: Cell) -> Array:
        return cell.array

    def write(self, cell: Cell, value: Array) -> None:
        cell.array = _kept(np.array(value))

    # ------------------------------------------------------------------ compilation
    def trace_and_compile(
        self, f: Callable[..., Sequence[Array]], specs: Sequence[Spec], jit_compile: bool | None = None
    ) -> Callable[..., list[Array]]:
        def run(*arguments: Array) -> list[Array]:
            inputs = [np.asarray(x) if isinstance(x, np.generic) else x for x in arguments]
            if recording() is not None or select.current() not in (self, self.inside):
                return list(f(*inputs))  # inside another compiled call, or on a tape: a part of that
            with (
                np.errstate(all="ignore"),
                select.scope(self.inside),
                RecordingScope(self._read_cell) as scope,
            ):
                outputs = list(f(*inputs))
            self._commit(scope, inputs)
            return outputs

        return run

    def _read_cell(self: Any, variable: Any) -> Array:
        return self.read(variable.cell(self))

    def _commit(self: Any, scope: RecordingScope, inputs: Sequence[Array]) -> None:
        cells = [variable.cell(self) for variable in scope.written]
        # An input belongs to the caller, and a view may keep something large alive or change with its base.
        values = [
            x if x.flags.owndata and not any(x is y for y in inputs) else np.array(x)
            for x in scope.written.values()
        ]
        for x in values:
            _kept(x)
        # One call into C, which Ctrl-C cannot interrupt: all cells get their new array or none does.
        collections.deque(map(setattr, cells, itertools.repeat("array"), values), maxlen=0)

    def host_call(
        self,
        fn: Callable[..., Sequence[Array]],
        out_specs: Sequence[Spec],
        xs: Sequence[Array],
        bwd: Callable[..., Sequence[Array]] | None = None,
    ) -> list[Array]:
        outputs = [np.asarray(y) for y in fn(*xs)]
        for y, spec in zip(outputs, out_specs, strict=True):
            if (y.shape, NAMES[y.dtype]) != spec:
                raise ValueError(
                    f"host_call: the function returned {NAMES[y.dtype]}{list(y.shape)} where "
                    f"{spec[1]}{list(spec[0])} was declared"
                )
        return outputs


def _kept(array: Array) -> Array:
    """The array made read-only: it is a variable's value from now on."""
    array.flags.writeable = False
    return array
