"""Tracing and compiling: one `tf.function` graph per input spec, called by the shortest way there is.

`ConcreteFunction.__call__` spends more time in Python than a small graph does in the executor. Outside of tapes and
graphs the compiled function is therefore handed to the eager runtime directly, as TensorFlow does at the end of its own
call.

What computes the same as a function of an earlier run of the program is found on disk (see `shelf`), and traced only when
a tape, a graph, or a loop that is not there wants it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from keras.backend.engine import Engine, Shape, Spec
from keras.backend.graph.describing import describe
from keras.backend.spec import OPEN, UNKNOWN, is_unknown
from keras.backend.tensorflow_engine import forked, xla_cache
from keras.backend.tensorflow_engine.cells import Cell
from keras.backend.tensorflow_engine.choices import Choices
from keras.backend.tensorflow_engine.held import Held
from keras.backend.tensorflow_engine.leaf import DTYPES, as_known, opening
from keras.backend.tensorflow_engine.loading import context, execute, record, tf
from keras.backend.tensorflow_engine.loop import Loop
from keras.backend.tensorflow_engine.quiet import without_notice
from keras.backend.tensorflow_engine.shelf import Entry, Shelf
from keras.backend.tensorflow_engine.sizes import computes_sizes
from keras.backend.tensorflow_engine.state import holding_writes

Tensor = Any


class CompilingPart(Engine):
    """Concrete functions; their writes are made at the end of a call (see `state`)."""

    picks_rows = True
    opens_sizes = True

    def __init__(self) -> None:
        super().__init__()
        xla_cache.switch_on()

    def trace_and_compile(
        self, f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec], jit_compile: bool | None = None
    ) -> Callable[..., list[Tensor]]:
        return Compiled(Recipe(*self._to_trace(f, specs, jit_compile)))

    def trace_or_recall(
        self, f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec], jit_compile: bool | None = None
    ) -> Callable[..., list[Tensor]]:
        opens = any(OPEN in shape for shape, _ in specs)
        found = None if opens or not Shelf.is_open() else describe(f, specs, self.name)
        if found is None:
            return self.trace_and_compile(f, specs, jit_compile)
        cells, shelf = [v.cell(self) for v in found.variables], Shelf(found.digest, jit_compile)
        return compiled_or_kept(Recipe(*self._to_trace(f, specs, jit_compile), cells, shelf))

    def _to_trace(
        self, f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec], jit_compile: bool | None
    ) -> tuple[Callable[[], Any], list[tf.DType], bool | None]:
        """What gives the concrete function of `f`, the dtypes of its arguments, and whether XLA was asked for."""

        def graph(*args: Tensor) -> list[Tensor]:
            with holding_writes() as writes:
                outputs = list(f(*args))
                writes.release_all(outputs)
            return outputs

        # A single call gains nothing by XLA, whatever the graph: it is used on request, and in loops (see `loop`).
        def trace() -> Any:
            function = tf.function(graph, autograph=False, jit_compile=bool(jit_compile))
            signature = [tf.TensorSpec(as_known(shape), DTYPES[dtype]) for shape, dtype in specs]
            with opening(any(OPEN in shape for shape, _ in specs)):
                return function.get_concrete_function(*signature)

        return trace, [DTYPES[dtype] for _, dtype in specs], jit_compile

    def looped(self, step: Callable[..., list[Tensor]]) -> Callable[..., list[np.ndarray]]:
        return Loop(step) if isinstance(step, Compiled) else super().looped(step)

    def infer(self, f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec]) -> list[Spec] | None:
        graph, failed = None, None
        try:
            graph = self._graph_of(f, specs)
        except Exception as error:
            failed = error
        known = graph and [self.spec(y) for y in graph.outputs]
        if any(UNKNOWN in shape for shape, _ in specs) and (graph is None or computes_sizes(graph)):
            tried = self._inferred_by_trial(f, specs)
            known = _merged(known, tried) if known and tried else known or tried
        if known is None and failed is not None:
            raise failed
        return known

    def _graph_of(self, f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec]) -> Any:
        """What TensorFlow traces."""

        def graph(*args: Tensor) -> list[Tensor]:
            with holding_writes():  # and never released
                return list(f(*args))

        signature = [tf.TensorSpec(as_known(shape), DTYPES[dtype]) for shape, dtype in specs]
        return tf.function(graph, autograph=False).get_concrete_function(*signature).graph

    def _inferred_by_trial(
        self, f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec]
    ) -> list[Spec] | None:
        """For code that computes with the sizes of tensors: traces with two sets of sizes; what differs is unknown."""
        trials: list[list[Spec]] = []
        for rows, size in ((32, 64), (64, 96)):  # multiples of 32, which five poolings divide
            try:
                graph = self._graph_of(f, [(_filled(shape, rows, size), dtype) for shape, dtype in specs])
            except Exception:  # there is an error already
                return None
            trials.append([self.spec(y) for y in graph.outputs])
        first, second = trials
        if [(len(s), dtype) for s, dtype in first] != [(len(s), dtype) for s, dtype in second]:
            return None
        return [
            (tuple(a if a == b else UNKNOWN for a, b in zip(one, other, strict=True)), dtype)
            for (one, dtype), (other, _) in zip(first, second, strict=True)
        ]

    def describe(self) -> dict[str, str]:
        devices = ", ".join(d.name for d in tf.config.list_physical_devices())
        return {"engine": self.name, "tensorflow": tf.__version__, "devices": devices}


def _merged(known: list[Spec], tried: list[Spec]) -> list[Spec]:
    """Specs, with the sizes that trials told where they are not known."""
    return [
        (tuple(b if is_unknown(a) else a for a, b in zip(shape, other, strict=True)), dtype)
        for (shape, dtype), (other, _) in zip(known, tried, strict=True)
    ]


def _filled(shape: Shape, rows: int, size: int) -> Shape:
    """A shape with numbers for the unknown: `rows` on the first axis, `size` on others."""
    return tuple((size if i else rows) if d is UNKNOWN else d for i, d in enumerate(shape))


@dataclass(frozen=True)
class Recipe:
    """How a compiled function is come by.

    Args:
        trace: gives the concrete function.
        dtypes: of the arguments.
        jit_compile: as it was asked for.
        cells: of the variables that what is found on the shelf goes by.
        shelf: where its graphs are kept.
        kind: its name there.
        by_xla: whether XLA compiles any of it, which it talks about at the first call.
        choices: how it is to be run; None for what suits its graph.
    """

    trace: Callable[[], Any]
    dtypes: list[tf.DType]
    jit_compile: bool | None
    cells: Sequence[Cell] = ()
    shelf: Shelf | None = None
    kind: str = "step"
    by_xla: bool = False
    choices: Choices | None = None

    def choices_for(self, graph: Any) -> Choices:
        return self.choices or Choices.of(graph, self.jit_compile)


class Compiled:
    """A function of flat tensors (or host arrays) that returns a flat list.

    Args:
        recipe: how it is come by.
        entry: what the runtime has; None is made of the concrete function.

    Attributes:
        choices: how it is run.
    """

    def __init__(self, recipe: Recipe, entry: Entry | None = None) -> None:
        self.dtypes, self.jit_compile = recipe.dtypes, recipe.jit_compile
        self._talks = recipe.by_xla or bool(recipe.jit_compile)
        self._recipe = recipe
        if entry is None:
            self.choices = recipe.choices_for(self.concrete.graph)
            self._call = (self.concrete.function_def.signature.name, len(self.concrete.outputs))
            self._captured = list(self.concrete.captured_inputs)
            self._held = Held.of_graph(self.concrete) if self.choices.on_one_thread else None
        else:
            self.choices, self._held = entry.choices, entry.held
            self._call = (entry.name, entry.results)
            self._captured = [recipe.cells[i].handle for i in entry.captures]
        self._runtime = context.context() if self._held is None else self._held.runtime

    @functools.cached_property
    def concrete(self) -> Any:
        concrete = self._recipe.trace()
        self._kept = concrete.variables  # the graph itself does not keep them alive
        return concrete

    def variant(
        self, kind: str, trace: Callable[[], Any], dtypes: list[tf.DType], by_xla: bool = False
    ) -> Compiled:
        """A function made of this one, which is run like it: from disk if it is there, else traced.

        Args:
            kind: its name.
            trace: gives its concrete function.
            dtypes: of its arguments.
            by_xla: whether XLA compiles any of it.
        """
        choices = Choices(None, self.choices.on_one_thread and not by_xla)
        return compiled_or_kept(
            replace(self._recipe, trace=trace, dtypes=dtypes, kind=kind, by_xla=by_xla, choices=choices)
        )

    def __call__(self, *args: Any) -> list[Tensor]:
        forked.check()
        if not tf.executing_eagerly() or record.could_possibly_record():
            return list(self.concrete(*map(self._tensor, args, self.dtypes)))
        if self._talks:
            self._talks = False
            with without_notice():
                return self(*args)
        name, n = self._call
        inputs = [*map(self._tensor, args, self.dtypes), *self._captured]
        return execute.execute(name, n, inputs, None, self._runtime) if n else self._run_only(name, inputs)

    def _tensor(self, x: Any, dtype: tf.DType) -> Tensor:
        return x if isinstance(x, tf.Tensor) else tf.constant(x, dtype)

    def _run_only(self, name: str, inputs: list[Tensor]) -> list[Tensor]:
        execute.execute(name, 0, inputs, None, self._runtime)
        return []


def compiled_or_kept(recipe: Recipe) -> Compiled:
    """A function from the shelf, or one that is traced now and put there."""
    shelf = recipe.shelf
    entry = None if shelf is None else shelf.get(recipe.kind)
    if entry is None and shelf is not None:
        concrete = recipe.trace()
        choices = recipe.choices_for(concrete.graph)
        shelf.put(recipe.kind, concrete, [c.handle for c in recipe.cells], choices)
        entry = shelf.get(recipe.kind)  # the one that later runs will find: XLA's cache goes by names, too
        recipe = replace(recipe, trace=lambda: concrete, choices=choices)
    return Compiled(recipe, entry)
