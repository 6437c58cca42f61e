"""Control flow inside a graph: nodes that hold programs of their own, run as often as it takes.

A branch or a loop body is traced in a scope of its own, whose writes of variables become results of the node. What it
uses from outside is found in the graph and becomes an input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.backend.engine import Engine, Spec
from keras.backend.graph.ops import ArrayOp
from keras.backend.graph.program import Program, sorted_nodes
from keras.backend.graph.state import Trace, tracing
from keras.backend.graph.tensor import GraphTensor as Tensor
from keras.backend.numpy.arrays import NAMES
from keras.backend.state import RecordingScope, recording


class FlowPart(Engine):
    """Functions take and return flat lists. With concrete values everything is Python's own."""

    _tensor: type[Tensor]
    _array_op: type[ArrayOp]
    _lifted: Callable[[Any], Tensor]
    _known: Callable[[np.ndarray], Any]
    _spec_of: Callable[[Any], Spec]
    _applied: Callable[[ArrayOp, Sequence[Tensor]], list[Tensor]]
    _program: Callable[[Sequence[Any], Sequence[Any]], Program]

    def cond(
        self,
        pred: Tensor,
        true_fn: Callable[..., Sequence[Tensor]],
        false_fn: Callable[..., Sequence[Tensor]],
        operands: Sequence[Tensor],
    ) -> list[Tensor]:
        pred = self._lifted(pred)
        if pred.array is not None:
            return list((true_fn if pred.array else false_fn)(*operands))
        outer = self._trace()
        branches = [Inner(self, outer, lambda f=f: f(*operands)) for f in (true_fn, false_fn)]
        written = list(dict.fromkeys(v for b in branches for v in b.trace.written))
        for b in branches:
            b.outputs += [self._lifted((b.trace if v in b.trace.written else outer).get(v)) for v in written]
        captured = list(dict.fromkeys(x for b in branches for x in b.captured()))
        yes, no = (self._program(captured, [y.variable for y in b.outputs]) for b in branches)

        def run(pred: np.ndarray, *values: np.ndarray) -> list[np.ndarray]:
            return (yes if pred else no)(*values)

        specs = tuple(y.spec for y in branches[0].outputs)
        op = self._array_op("cond", run, specs, True)
        results = self._applied(op, [pred, *map(self._lifted_inside, captured)])
        count = len(results) - len(written)
        for v, value in zip(written, results[count:], strict=True):
            outer.set(v, value)
        return results[:count]

    def while_loop(
        self, test: Callable[..., Tensor], body: Callable[..., Sequence[Tensor]], init: Sequence[Tensor]
    ) -> list[Tensor]:
        if tracing() is None:
            state = list(init)
            while self.to_numpy(test(*state)):
                state = list(body(*state))
            return state
        outer, state = self._trace(), [self._lifted(x) for x in init]
        first = Inner(self, outer, lambda *s: [test(*s), *body(*s)], [x.spec for x in state])
        written = list(first.trace.written)
        if written:
            state += [self._lifted(outer.get(v)) for v in written]
        specs = [x.spec for x in state]
        more = Inner(self, outer, lambda *s: [test(*s[: len(init)])], specs, written)
        step = Inner(self, outer, lambda *s: body(*s[: len(init)]), specs, written)
        step.outputs += [self._lifted(step.trace.get(v)) for v in written]
        captured = list(dict.fromkeys((*more.captured(), *step.captured())))
        proceed, advance = more.program(captured), step.program(captured)
        n = len(state)

        def run(*values: np.ndarray) -> list[np.ndarray]:
            now, rest = list(values[:n]), values[n:]
            while proceed(*now, *rest)[0]:
                now = advance(*now, *rest)
            return now

        op = self._array_op("while_loop", run, tuple(specs), True)
        results = self._applied(op, [*state, *map(self._lifted_inside, captured)])
        for v, value in zip(written, results[len(init) :], strict=True):
            outer.set(v, value)
        return results[: len(init)]

    def scan(
        self,
        f: Callable[[list[Tensor], list[Tensor]], tuple[Sequence[Tensor], Sequence[Tensor]]],
        init: Sequence[Tensor],
        xs: Sequence[Tensor],
        length: int,
        reverse: bool,
    ) -> tuple[list[Tensor], list[Tensor]]:
        if tracing() is None or length < 1:
            return super().scan(f, init, xs, length, reverse)
        carry, rows = [self._lifted(x) for x in init], [self._lifted(x) for x in xs]
        outer, n = self._trace(), len(carry)
        row_specs = [(x.spec[0][1:], x.spec[1]) for x in rows]
        counts: list[int] = []

        def body(*state: Tensor) -> list[Tensor]:
            new, ys = f(list(state[:n]), list(state[n : n + len(rows)]))
            counts[:] = [len(ys)]
            return [*new, *ys]

        first = Inner(self, outer, body, [*(x.spec for x in carry), *row_specs])
        written = list(first.trace.written)
        if written:
            return super().scan(f, init, xs, length, reverse)  # rare: unrolled
        captured = first.captured()
        step = first.program(captured)
        y_specs = tuple(((length, *y.spec[0]), y.spec[1]) for y in first.outputs[n:])
        order = range(length - 1, -1, -1) if reverse else range(length)

        def run(*values: np.ndarray) -> list[np.ndarray]:
            now, sequences, rest = list(values[:n]), values[n : n + len(rows)], values[n + len(rows) :]
            stacked: list[np.ndarray] = []
            for t in order:
                results = step(*now, *(s[t : t + 1].reshape(s.shape[1:]) for s in sequences), *rest)
                now, ys = results[:n], results[n:]
                if not stacked:
                    stacked = [np.empty((length, *y.shape), y.dtype) for y in ys]
                for whole, y in zip(stacked, ys, strict=True):
                    whole[t] = y
            return [*now, *stacked]

        specs = (*(x.spec for x in carry), *y_specs)
        op = self._array_op("scan", run, specs, True)
        results = self._applied(op, [*carry, *rows, *map(self._lifted_inside, captured)])
        return results[:n], results[n:]

    # ------------------------------------------------------------------ host code
    def host_call(
        self,
        fn: Callable[..., Sequence[np.ndarray]],
        out_specs: Sequence[Spec],
        xs: Sequence[Tensor],
        bwd: Callable[..., Sequence[np.ndarray]] | None = None,
    ) -> list[Tensor]:
        specs = tuple((tuple(shape), dtype) for shape, dtype in out_specs)

        def run(*arrays: np.ndarray) -> list[np.ndarray]:
            return _checked([np.asarray(y) for y in fn(*arrays)], specs)

        xs = [self._lifted(x) for x in xs]
        if all(x.array is not None for x in xs) and tracing() is None:
            return [self._known(y) for y in run(*(x.numpy() for x in xs))]
        return self._applied(self._array_op("host_call", run, specs, True), xs)

    # ------------------------------------------------------------------ helpers
    def _trace(self) -> RecordingScope:
        scope = recording()
        if tracing() is None or scope is None:
            raise RuntimeError("A tensor of a trace was used after the trace had ended.")
        return scope

    def _lifted_inside(self, x: Any) -> Tensor:
        return self._tensor(None, x, self._spec_of(x))


def _checked(outputs: list[np.ndarray], specs: Sequence[Spec]) -> list[np.ndarray]:
    """What the user's function returned, if it is what was declared."""
    for y, (shape, dtype) in zip(outputs, specs, strict=True):
        if (y.shape, NAMES[y.dtype]) != (shape, dtype):
            raise ValueError(
                f"host_call: the function returned {NAMES[y.dtype]}{list(y.shape)} where "
                f"{dtype}{list(shape)} was declared"
            )
    return outputs


class Inner:
    """A function traced in a scope of its own, on placeholders of `specs`.

    The last placeholders stand for the variables `written`, which the loop carries along.
    """

    def __init__(
        self,
        engine: Any,
        outer: RecordingScope,
        f: Callable[..., Sequence[Tensor]],
        specs: Sequence[Spec] = (),
        written: Sequence[Any] = (),
    ) -> None:
        self._engine = engine
        self.placeholders = [engine._placeholder(spec) for spec in specs]
        with Trace(outer.get) as self.trace:
            for v, x in zip(reversed(written), reversed(self.placeholders), strict=False):
                self.trace.read[v] = x
            self.outputs = [engine._lifted(y) for y in f(*self.placeholders)]

    def captured(self) -> list[Any]:
        """What the function uses from outside: results of nodes made elsewhere, arguments, shared variables."""
        given = {x.variable for x in self.placeholders}
        own, found = self.trace.nodes, {}
        outputs = [y.variable for y in self.outputs]
        inner = set(given)
        for node in sorted_nodes(outputs, given):
            if node in own or any(x in inner for x in node.inputs):
                inner.update(node.outputs)
        for node in sorted_nodes(outputs, given):
            if node.outputs and node.outputs[0] in inner:
                found.update(dict.fromkeys(x for x in node.inputs if x not in inner))
        found.update(dict.fromkeys(y for y in outputs if y not in inner))
        return [x for x in found if not isinstance(x, self._engine._program_class.constants)]

    def program(self, captured: Sequence[Any]) -> Program:
        """The function as a program of the placeholders and what it captures."""
        return self._engine._program(
            [*(x.variable for x in self.placeholders), *captured], [y.variable for y in self.outputs]
        )
