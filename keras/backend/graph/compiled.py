"""A traced function as what is called: once, or many times in a row."""

from __future__ import annotations

import collections
import itertools
import operator
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from keras.backend import select
from keras.backend.graph.tensor import GraphTensor as Tensor
from keras.backend.kernels.blas import one_thread
from keras.backend.numpy.arrays import dtype_of_name
from keras.backend.state import RecordingScope, recording


class Compiled:
    """All results and new values of variables by one program; the latter are put in place at its end.

    Args:
        engine: that traced it.
        f: what was traced.
        arguments: placeholders it was given.
        outputs: what it returned.
        trace: which variables it read, and what it wrote.
    """

    def __init__(
        self,
        engine: Any,
        f: Any,
        arguments: Sequence[Tensor],
        outputs: Sequence[Tensor],
        trace: RecordingScope,
    ) -> None:
        self._engine, self._f = engine, f
        self._variables = list({**trace.read, **trace.written})  # keeps them alive
        self._places = [engine._storage(v.cell(engine)) for v in trace.written]
        self._out_specs = [y.spec for y in outputs]
        results = [y.variable for y in outputs]
        values = [engine._lifted(y).variable for y in trace.written.values()]
        self._program = engine._program([x.variable for x in arguments], results + values)
        fresh = self._program.fresh
        self._clear = all(map(fresh, results))
        self._sound = (
            self._clear and all(map(fresh, values)) and len({*results, *values}) == len(results + values)
        )

    def is_a_part(self) -> bool:
        """Whether it is called inside another compiled function or on a tape: the function is then a part of that."""
        return recording() is not None or select.current() is not self._engine

    def __call__(self, *args: Any) -> list[Any]:
        if self.is_a_part():
            return list(self._f(*args))
        arrays = [x if type(x) is np.ndarray else _array(x) for x in args]
        with self._running():
            outputs = self._step(arrays)
        self._seal()
        if not self._clear:
            given = {id(_owner(x)) for x in arrays}  # memory of the caller's, who may write into it
            outputs = [y.copy() if id(_owner(y)) in given else y for y in outputs]
        return self._engine._all_known(outputs)

    def many(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """A run for every index of the leading axis of `arrays`, on the state the one before left; results stacked."""
        count = len(arrays[0]) if arrays else 0
        whole = [np.empty((count, *shape), dtype_of_name(dtype)) for shape, dtype in self._out_specs]
        try:
            with self._running():
                for i, row in enumerate(zip(*map(_rows, arrays), strict=True)):
                    for column, y in zip(whole, self._step(row), strict=True):
                        column[i] = y
        finally:
            self._seal()
        return whole

    def _running(self) -> AbstractContextManager[None]:
        return _NumPyRunning() if self._program.uses_numpy else nullcontext()

    def _step(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """One run: the results, when the new values are in place."""
        outputs = self._program(*arrays)
        if self._sound and not self._places:
            return outputs
        values = outputs[len(self._out_specs) :]
        del outputs[len(self._out_specs) :]
        if not self._sound:
            outputs = [y if type(y) is np.ndarray else np.asarray(y) for y in outputs]
            values = self._owned(values, (*arrays, *outputs))
        # One call into C, which Ctrl-C cannot interrupt: all cells get their new array or none does.
        collections.deque(map(operator.setitem, self._places, itertools.repeat(0), values), maxlen=0)
        return outputs

    def _owned(self, values: Sequence[Any], others: Iterable[np.ndarray]) -> list[np.ndarray]:
        """The values as arrays that have their memory to themselves."""
        taken = {id(_owner(x)) for x in others}
        owned = []
        for x in map(np.asarray, values):
            if not x.flags.owndata or id(x) in taken:
                x = np.array(x)
            taken.add(id(x))
            owned.append(x)
        return owned

    def _seal(self) -> None:
        """Values of variables are read-only."""
        for place in self._places:
            place[0].setflags(write=False)


class _NumPyRunning:
    """NumPy neither warns nor starts threads inside the block."""

    def __enter__(self) -> None:
        self._quiet, self._alone = np.errstate(all="ignore"), one_thread()
        self._quiet.__enter__()
        self._alone.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._alone.__exit__(*error)
        self._quiet.__exit__(*error)


def _rows(x: np.ndarray) -> Iterable[np.ndarray]:
    """The array at every index of its first axis, as arrays."""
    return x if x.ndim > 1 else map(np.asarray, x)


def _array(x: Any) -> np.ndarray:
    return x.numpy() if isinstance(x, Tensor) else np.asarray(x)


def _owner(x: np.ndarray) -> Any:
    """What the memory of an array belongs to."""
    return x if x.base is None else x.base
