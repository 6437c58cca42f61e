"""Compiled functions over trees of tensors: traced once per input spec, then called without ceremony.

A `Compiled` flattens its arguments, looks the spec up, and hands flat tensors to what the engine compiled. Traces have
concrete shapes; the ragged last batch is a second trace. Only where shapes go on changing, as with texts of all lengths
or batches of all sizes, one trace with open dimensions serves further ones, if the engine can and the function asks
nothing of these dimensions.
"""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from keras import tree
from keras.backend import dtypes
from keras.backend.engine import Shape, Spec
from keras.backend.select import current, scope
from keras.backend.spec import OPEN, UNKNOWN, KerasTensor, Open, is_unknown
from keras.backend.state import Variable

Tensor = Any

#: Traces that differ in sizes only, after which one with open dimensions is tried.
ALIKE = 4
#: Signatures whose traces are kept; what was called longest ago goes first.
KEPT = 256


class Compiled:
    """`f` compiled by the engine in force, once per structure, shape and dtype of its arguments.

    Leaves that are neither tensors, variables nor arrays (None, bools, numbers, strings) are static: they belong to the
    signature, and the function sees them as they are. The same holds for such leaves in the result.

    Args:
        f: pure apart from reads and writes of `Variable`s.
        jit_compile: passed on to `Engine.trace_and_compile`.
        on_trace: called with the signature before each trace, for logs and tests.
        repeatable: whether `f` has no effects besides, such as printing or counting its calls, so that an engine may trace
            it twice to find what an earlier run of the program compiled.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        jit_compile: bool | None = None,
        on_trace: Callable[[Any], None] | None = None,
        repeatable: bool = False,
    ) -> None:
        self._f, self._repeatable = f, repeatable
        self._jit_compile = jit_compile
        self._on_trace = on_trace
        self._traces: OrderedDict[Any, _Trace] = OrderedDict()
        self._latest: _Trace | None = None
        self._alike: dict[Any, list[Any]] = {}
        self._closed: set[Any] = set()

    @property
    def trace_count(self) -> int:
        """How many signatures have been traced."""
        return len({id(trace) for trace in self._traces.values()})

    def __call__(self, *args: Any) -> Any:
        latest = self._latest
        if latest is not None and latest.serves(args):
            return latest.pack(latest.run(*args))
        dynamic, signature = self._signature(args, 0)
        trace = self._latest = self._kept(signature) or self._new(args, signature)
        return trace.pack(trace.run(*dynamic))

    def many(self, *args: Any, ahead: int = 0, picked: Picked | None = None) -> Results:
        """Run for every index of the leading axis of all arrays in the arguments, in turn, in one call of the engine.

        Args:
            args: as for a call, but each host array has one more axis in front; or, with `picked`, whole arrays.
            ahead: how many runs are to come in later calls, as far as that is known.
            picked: the rows of the arrays that each run gets, for an engine that `picks_rows`.

        Returns:
            The results of the runs, in order.
        """
        dynamic, signature = self._signature(args, 1, () if picked is None else picked.rows.shape[1:])
        trace = self._kept(signature) or self._new(args, signature)
        if trace.loop is None:
            trace.loop = current().looped(trace.run)
        outputs = trace.loop(dynamic, ahead) if picked is None else trace.loop(dynamic, ahead, picked)
        return Results(len(dynamic[0] if picked is None else picked.rows), outputs, trace.pack)

    def _signature(
        self, args: Any, axes: int, head: tuple[int, ...] = ()
    ) -> tuple[list[Any], tuple[Any, ...]]:
        """The tensors and arrays in the arguments, and what they are compiled for; `head` replaces `axes` axes of arrays."""
        engine = current()
        dynamic: list[Any] = []
        key: list[Any] = [engine.name]
        leaves = tree.flatten(args)
        for x in leaves:
            if isinstance(x, Variable):
                x = x.value
            if isinstance(x, np.ndarray):
                dynamic.append(x)
                shape = (*head, *x.shape[axes:]) if axes else x.shape
                key.append((shape, dtypes.standardize(x.dtype)))
            elif engine.is_tensor(x):
                dynamic.append(x)
                key.append(_for_key(*engine.spec(x)))
            else:
                key.append(("static", type(x), x))
        nested = len(leaves) != len(args) or not all(map(operator.is_, leaves, args))
        key.append(tree.signature(args) if nested else len(args))
        return dynamic, tuple(key)

    def _kept(self, signature: tuple[Any, ...]) -> _Trace | None:
        trace = self._traces.get(signature)
        if trace is not None:
            with suppress(KeyError):  # another thread has just put it out
                self._traces.move_to_end(signature)
        return trace

    def _new(self, args: Any, signature: tuple[Any, ...]) -> _Trace:
        """A trace for a signature: with open dimensions if many were alike, else for just these sizes."""
        kind, opened = self._opened(signature)
        trace = self._kept(opened)
        if trace is None and opened != signature:
            try:
                trace = self._trace(args, opened)
            except Exception:  # its own error, if it has one, comes with concrete sizes
                self._closed.add(kind)
        if trace is None:
            trace = self._trace(args, signature)
        self._traces[signature] = trace
        while len(self._traces) > KEPT:
            self._traces.popitem(last=False)
        return trace

    def _opened(self, signature: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        """What signatures that differ in sizes only have in common, and this one, the sizes open that have differed."""
        engine = current()
        kind = tuple((len(k[0]), k[1]) if type(k) is tuple and type(k[0]) is tuple else k for k in signature)
        if not engine.opens_sizes or self._jit_compile or kind in self._closed:
            return kind, signature
        alike = self._alike.setdefault(kind, [])
        if len(alike) <= KEPT:
            alike.append(signature)
        if len(alike) <= ALIKE:
            return kind, signature
        opened: list[Any] = []
        for own, *others in zip(signature, *alike, strict=True):
            if type(own) is tuple and type(own[0]) is tuple:
                sizes = zip(own[0], *(o[0] for o in others), strict=True)
                own = (tuple(n if len({n, *ns}) == 1 else OPEN for n, *ns in sizes), own[1])
            opened.append(own)
        # Sizes of 0 and 1 are special: what is of size 1 broadcasts.
        small = any(
            n < 2
            for own, other in zip(signature, opened, strict=True)
            if own is not other
            for n, m in zip(own[0], other[0], strict=True)
            if m is OPEN
        )
        return kind, signature if small else tuple(opened)

    def _trace(self, args: Any, signature: tuple[Any, ...]) -> _Trace:
        if self._on_trace is not None:
            self._on_trace(signature)
        kinds = signature[1:-1]
        specs = [k for k in kinds if k[0] != "static"]
        structure = tree.map_structure(lambda _: None, args)
        opened = any(OPEN in shape for shape, _ in specs)
        trace = _Trace(specs if len(specs) == len(args) == len(kinds) and not opened else None)

        def flat(*tensors: Tensor) -> list[Tensor]:
            engine = current()
            supply = iter(tensors)
            full = [k[2] if k[0] == "static" else next(supply) for k in kinds]
            outputs = self._f(*tree.unflatten(structure, full))
            out_leaves = [_as_output(x) for x in tree.flatten(outputs)]
            if opened and any(isinstance(x, (Open, KerasTensor)) for x in out_leaves):
                raise TypeError("A size that is left open is among the results.")
            if trace.packer is None:
                trace.packer = _packer(outputs, [None if engine.is_tensor(x) else (x,) for x in out_leaves])
            return [x for x in out_leaves if engine.is_tensor(x)]

        engine = current()
        compiling = engine.trace_or_recall if self._repeatable else engine.trace_and_compile
        trace.run = compiling(flat, specs, self._jit_compile)
        self._traces[signature] = trace
        return trace


def infer(f: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Symbolic results of a function that needs real tensors, by the engine's own tracing.

    Args:
        f: the function.
        args: its arguments, with symbolic tensors among them.
        kwargs: its keyword arguments, likewise.

    Returns:
        What `f` returns, with a symbolic tensor for each tensor; None if the engine cannot tell.
    """
    leaves = tree.flatten((args, kwargs))
    specs = [(x.dims, x.dtype) for x in leaves if isinstance(x, KerasTensor)]
    structure = tree.map_structure(lambda _: None, (args, kwargs))
    found: list[Any] = []

    def flat(*tensors: Tensor) -> list[Tensor]:
        supply = iter(tensors)
        full = [next(supply) if isinstance(x, KerasTensor) else x for x in leaves]
        args, kwargs = tree.unflatten(structure, full)
        found[:] = [f(*args, **kwargs)]
        return [_as_output(x) for x in tree.flatten(found[0])]

    with scope(None):
        results = current().infer(flat, specs)
    return results and tree.unflatten(
        tree.map_structure(lambda _: None, found[0]), [KerasTensor(*spec) for spec in results]
    )


class Picked:
    """Rows of host arrays, for many runs.

    Args:
        rows: numbers of rows, a line for each run.
        kept: where the engine keeps copies of the arrays; it lives as long as they are in use.
    """

    def __init__(self, rows: np.ndarray, kept: dict[int, Any]) -> None:
        self.rows, self.kept = rows, kept


class _Trace:
    """What one signature was compiled to.

    Args:
        specs: of the arguments, if each of them is an array or a tensor.
    """

    run: Callable[..., list[Tensor]]
    loop: Callable[..., list[np.ndarray]] | None = None
    packer: Callable[[list[Tensor]], Any] | None = None  # known when the function has been run once

    def __init__(self, specs: Sequence[tuple[tuple[int, ...], str]] | None) -> None:
        self._engine = current()
        self._specs = None if specs is None else [(s, dtypes.to_numpy_dtype(s[1])) for s in specs]

    def serves(self, args: tuple[Any, ...]) -> bool:
        """Whether it is what was compiled for these; if in doubt, no. Costs a fraction of making a signature."""
        engine = self._engine
        if self._specs is None or len(args) != len(self._specs) or current() is not engine:
            return False
        for x, (spec, dtype) in zip(args, self._specs, strict=True):
            if type(x) is np.ndarray:
                if x.dtype is not dtype or x.shape != spec[0]:
                    return False
            elif not engine.is_tensor(x) or engine.spec(x) != spec:
                return False
        return True

    def pack(self, outputs: list[Tensor]) -> Any:
        assert self.packer is not None
        return self.packer(outputs)


class Results(Sequence[Any]):
    """The results of many runs, put together when they are asked for, with host arrays for tensors."""

    def __init__(self, count: int, stacked: list[np.ndarray], pack: Callable[[list[Tensor]], Any]) -> None:
        self._count, self._stacked, self._pack = count, stacked, pack

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, i: Any) -> Any:
        return self._pack([column[i] for column in self._stacked])


def _for_key(shape: Shape, dtype: str) -> Spec:
    """A spec for a signature: the sizes of a graph that runs around this one are all alike to it."""
    if UNKNOWN in shape:
        shape = tuple(OPEN if isinstance(d, Open) else UNKNOWN if is_unknown(d) else d for d in shape)
    return shape, dtype


def _as_output(x: Any) -> Any:
    """Variables as their values, and NumPy's scalars (`array[0]`) as tensors: they change from call to call."""
    if isinstance(x, Variable):
        return x.value
    return current().constant(np.asarray(x), dtypes.standardize(x.dtype)) if isinstance(x, np.generic) else x


def _packer(structure: Any, static: list[Any]) -> Callable[[list[Tensor]], Any]:
    """A function that puts flat outputs back into the structure the traced function returned."""
    if type(structure) is list and not any(static) and not any(map(tree.is_nested, structure)):
        return list
    shape = tree.map_structure(lambda _: None, structure)

    def pack(outputs: list[Tensor]) -> Any:
        supply = iter(outputs)
        return tree.unflatten(shape, [next(supply) if s is None else s[0] for s in static])

    return pack
