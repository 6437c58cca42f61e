"""The linker: a graph as one straight Python function over NumPy.

Nodes are sorted, and each becomes a line `v7 = f3(v5, v6)` of a generated function; what is not needed any more is
forgotten on the way. Nothing is compiled but that function, so a graph of a thousand nodes is ready in some milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from keras.backend.graph.fusing import fused
from keras.backend.graph.joining import joined
from keras.backend.graph.nodes import Cell, Constant, users_of
from keras.backend.graph.ops import SLOT, ArrayOp, Primitive, Slots, fill
from keras.backend.numpy.known import short_form, writes_into

Spec = tuple[tuple[int, ...], str]
Variable = Any  # of the graph: a `Value`, or what the engine's graph library calls a variable

_LINE = 3  # of the first node in the generated function
_LARGE = 1 << 12  # elements, from which on it pays to write a result into memory that is done with


class Program:
    """A function of arrays that computes `outputs` from `inputs` (and from shared variables, at their present value).

    Args:
        inputs: variables of the graph whose values are given.
        outputs: what is wanted.
    """

    #: Kinds of variables that are known, and that hold the array of a variable of the library's.
    constants: ClassVar[Any] = Constant
    cells: ClassVar[Any] = Cell
    #: Whether NumPy computes in it, which then must neither warn nor start threads.
    uses_numpy = True

    def __init__(self, inputs: Sequence[Variable], outputs: Sequence[Variable]) -> None:
        nodes = fused(sorted_nodes(outputs, inputs), outputs, self._spec)
        self.nodes = self._arranged(joined(nodes, self._spec), outputs)
        self._makers = {y: node for node in self.nodes for y in node.outputs}
        self._users = users_of(self.nodes)
        self._names: dict[Variable, str] = {}
        self._scope: dict[str, Any] = {}
        self._run = self._link(inputs, outputs)

    def __call__(self, *arrays: np.ndarray) -> list[np.ndarray]:
        try:
            return self._run(*arrays)
        except Exception as error:
            self._explain(error)
            raise

    def fresh(self, x: Variable) -> bool:
        """Whether the value of `x` is known to be an array made by this program whose memory nobody else has."""
        return x in self._makers and getattr(self._makers[x].op, "fresh", False)

    # ------------------------------------------------------------------ what an engine may do otherwise
    def _arranged(self, nodes: list[Any], outputs: Sequence[Variable]) -> list[Any]:
        """The nodes in the order they run, each after those it needs; some may be joined to one."""
        return nodes

    def _storage(self, cell: Variable) -> list[np.ndarray]:
        """The one-element list with the array of a variable."""
        return cell.storage

    def _function(self, node: Any) -> Callable[..., Any]:
        """What runs a node: arrays in, a result (or as many as the op says) out."""
        return node.op.function

    def _layer(self, node: Any) -> str:
        """The layer whose call made a node, for messages."""
        return node.layer

    def _spec(self, x: Variable) -> Spec:
        return x.spec

    # ------------------------------------------------------------------ code
    def _link(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable]
    ) -> Callable[..., list[np.ndarray]]:
        arguments = [self._name(x) for x in inputs]
        last = self._last_uses(outputs)
        lines = []
        for i, node in enumerate(self.nodes):
            line = self._line(i, node, last.get(i, ()))
            dead = [self._names[x] for x in last.get(i, ())]
            lines.append(f"  {line}; del {', '.join(dead)}" if dead else f"  {line}")
        shared = [x for x in self._names if isinstance(x, self.cells)]
        shared += [x for x in outputs if isinstance(x, self.cells) and x not in self._names]
        reads = [f"{self._name(x)} = {self._cell(x)}[0]" for x in shared]
        results = ", ".join(self._name(y) for y in outputs)
        source = [
            f"def run({', '.join(arguments)}):",
            f"  {'; '.join(reads) or 'pass'}",
            *lines,
            f"  return [{results}]",
        ]
        code = compile("\n".join(source), "<linked graph>", "exec")
        exec(code, self._scope)
        return self._scope["run"]

    def _last_uses(self, outputs: Sequence[Variable]) -> dict[int, list[Variable]]:
        """For every node, by number, the results nobody needs after it."""
        kept, seen = set(outputs), set()
        last: dict[int, list[Variable]] = {}
        for i in reversed(range(len(self.nodes))):
            for x in (*self.nodes[i].outputs, *self.nodes[i].inputs):
                if (
                    x not in seen
                    and x not in kept
                    and x.owner is not None
                    and not isinstance(x, self.constants)
                ):
                    last.setdefault(i, []).append(x)
                seen.add(x)
        return {i: [x for x in xs if x in self._makers] for i, xs in last.items()}

    def _line(self, i: int, node: Any, dying: Sequence[Variable]) -> str:
        op, arguments = node.op, [self._name(x) for x in node.inputs]
        results = [self._name(y) for y in node.outputs]
        if isinstance(op, Primitive):
            args = fill(op.template, [self._spec(x) for x in node.inputs])
            self._scope[f"f{i}"] = short_form(op.method, *args) or op.method
            supply = iter(arguments)
            arguments = [self._argument(a, supply, f"s{i}_{k}") for k, a in enumerate(op.template)]
            place = self._place(node, dying) if writes_into(self._scope[f"f{i}"]) else None
            if place is not None:
                arguments.append(f"out={self._name(place)}")
        else:
            self._scope[f"f{i}"] = self._function(node)
        targets = f"{results[0]}" if not several(op) else f"[{', '.join(results)}]"
        return f"{targets} = f{i}({', '.join(arguments)})"

    def _place(self, node: Any, dying: Sequence[Variable]) -> Variable | None:
        """An operand whose memory the result may take: nobody needs it after this node, and nobody has a view of it."""
        spec = self._spec(node.outputs[0])
        if math.prod(spec[0]) < _LARGE:
            return None
        for x in node.inputs:
            own = x in dying and isinstance(self._makers[x].op, Primitive) and self.fresh(x)
            if own and self._spec(x) == spec and all(getattr(u.op, "fresh", False) for u in self._users[x]):
                return x
        return None

    def _argument(self, a: Any, supply: Any, name: str) -> str:
        if a is SLOT:
            return next(supply)
        if type(a) is Slots:
            return f"[{', '.join(next(supply) for _ in a)}]"
        self._scope[name] = a
        return name

    def _name(self, x: Variable) -> str:
        name = self._names.get(x)
        if name is None:
            name = self._names[x] = f"v{len(self._names)}"
            if isinstance(x, self.constants):
                self._scope[name] = x.data
        return name

    def _cell(self, x: Variable) -> str:
        name = f"cell_{self._names[x]}"
        self._scope[name] = self._storage(x)
        return name

    # ------------------------------------------------------------------ errors
    def _explain(self, error: Exception) -> None:
        """Say in which op of which layer it happened."""
        line, trace = None, error.__traceback__
        while trace is not None:
            if (
                trace.tb_frame.f_code.co_filename == "<linked graph>"
                and trace.tb_frame.f_globals is self._scope
            ):
                line = trace.tb_lineno
            trace = trace.tb_next
        if line is None or not 0 <= line - _LINE < len(self.nodes):
            return
        node = self.nodes[line - _LINE]
        where = self._layer(node)
        shapes = ", ".join(f"{dtype}{list(shape)}" for shape, dtype in map(self._spec, node.inputs))
        error.add_note(f"while running {node.op}({shapes})" + (f" in layer {where!r}" if where else ""))


def several(op: Any) -> bool:
    """Whether the function of a node returns a sequence of results."""
    return op.several if isinstance(op, ArrayOp) else True


def sorted_nodes(outputs: Iterable[Variable], inputs: Iterable[Variable] = ()) -> list[Any]:
    """The nodes `outputs` depend on, down to `inputs`, each after those it needs."""
    given, done = set(inputs), set()
    order: list[Any] = []
    stack: list[tuple[Any, bool]] = [
        (y.owner, False) for y in outputs if y.owner is not None and y not in given
    ]
    stack.reverse()
    while stack:
        node, ready = stack.pop()
        if node in done:
            continue
        if ready:
            done.add(node)
            order.append(node)
            continue
        stack.append((node, True))
        stack.extend(
            (x.owner, False)
            for x in reversed(node.inputs)
            if x.owner is not None and x.owner not in done and x not in given
        )
    return order
