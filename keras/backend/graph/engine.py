"""How a primitive is called on a graph engine: at once on arrays, or as a node of the graph."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from keras.backend import select
from keras.backend.abstract import ABSTRACT
from keras.backend.engine import PRIMITIVES, Engine
from keras.backend.graph.flow import FlowPart
from keras.backend.graph.nodes import Node, Value
from keras.backend.graph.ops import SLOT, ArrayOp, Primitive, Slots, Spec, Template, fill
from keras.backend.graph.program import Program
from keras.backend.graph.state import StatePart, tracing
from keras.backend.graph.tensor import GraphTensor
from keras.backend.kernels.arrays import ParallelEngine
from keras.backend.kernels.sequences import SequencesPart
from keras.backend.numpy.eager import CALLS, EagerNumPyEngine
from keras.backend.spec import KerasTensor
from keras.backend.state import current_path

Shape = tuple[int, ...]
Tensor = Any


class GraphEngine(StatePart, FlowPart, SequencesPart, Engine):
    """Every primitive and kernel: on arrays by `_run`, on what is being traced by `_node`."""

    _tensor: type[GraphTensor] = GraphTensor
    _primitive: type[Primitive] = Primitive
    _array_op: type[ArrayOp] = ArrayOp
    _program_class: type[Program] = Program
    #: Variables of the graph that users may pass where a tensor is expected.
    _foreign: ClassVar[tuple[type, ...]] = ()

    def __init__(self) -> None:
        self._eager: Engine = EagerNumPyEngine()
        self._bare: Engine = ParallelEngine()
        self._out_specs: dict[Any, tuple[tuple[Spec, ...], bool]] = {}

    # ------------------------------------------------------------------ leaves
    def constant(self, array: np.ndarray, dtype: str) -> Tensor:
        return self._known(self._eager.constant(array, dtype))

    def full(self, shape: Shape, value: float | int | bool, dtype: str) -> Tensor:
        return self._known(self._eager.full(shape, value, dtype))

    def iota(self, n: int, dtype: str) -> Tensor:
        return self._known(self._eager.iota(n, dtype))

    def _known(self, array: np.ndarray) -> Tensor:
        """The tensor with this value."""
        return self._tensor(array)

    def _all_known(self, arrays: list[np.ndarray]) -> list[Tensor]:
        """The tensors with these values."""
        return list(map(self._known, arrays))

    def to_numpy(self, x: Any) -> np.ndarray:
        return self._lifted(x).numpy()

    def peek(self, x: Any) -> np.ndarray | None:
        return x.array if type(x) is self._tensor else None

    def is_tensor(self, x: Any) -> bool:
        return type(x) is self._tensor or isinstance(x, self._foreign)

    def spec(self, x: Any) -> Spec:
        return x.spec if type(x) is self._tensor else self._lifted(x).spec

    def stop_gradient(self, x: Tensor) -> Tensor:
        return x

    # ------------------------------------------------------------------ calling
    def _call(self, name: str, args: Sequence[Any]) -> Any:
        values: list[Any] = []
        for a in args:
            if type(a) is self._tensor:
                if a.array is None:
                    return self._node(name, args)
                a = a.array
            elif type(a) is list or type(a) is tuple:
                if a and any(map(self.is_tensor, a)):
                    a = [self._lifted(x) for x in a]
                    if any(x.array is None for x in a):
                        return self._node(name, args)
                    a = [x.array for x in a]
            elif isinstance(a, self._foreign):
                return self._call(
                    name, [self._lifted(x) if isinstance(x, self._foreign) else x for x in args]
                )
            values.append(a)
        return self._wrapped(self._run(name, values))

    def _run(self, name: str, values: Sequence[Any]) -> Any:
        """A call whose tensors are arrays, all with a value."""
        return getattr(self._eager, name)(*values)

    def _wrapped(self, y: Any) -> Any:
        if type(y) is np.ndarray:
            return self._known(y)
        if isinstance(y, np.generic):
            return self._known(np.asarray(y))
        return type(y)(map(self._wrapped, y)) if isinstance(y, (tuple, list)) else y

    def _lifted(self, x: Any) -> GraphTensor:
        """A tensor for an array, or for a variable of the user's own graph."""
        if type(x) is self._tensor:
            return x
        if isinstance(x, np.ndarray):
            trace = tracing()
            return (
                self._tensor(x)
                if trace is None
                else trace.constants.setdefault(id(x), (x, self._tensor(x)))[1]
            )
        raise TypeError(f"expected a tensor of engine {self.name!r}. Received: {type(x).__name__}")

    # ------------------------------------------------------------------ graphs
    def _placeholder(self, spec: Spec) -> GraphTensor:
        """A tensor for an argument of a graph."""
        return self._tensor(None, Value(spec), spec)

    def _spec_of(self, variable: Any) -> Spec:
        return variable.spec

    def _program(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> Program:
        return self._program_class(inputs, outputs)

    def _made(self, op: ArrayOp, inputs: Sequence[Any]) -> Any:
        """A node that applies an op to variables of the graph."""
        return Node(op, inputs, current_path())

    def _node(self, name: str, args: Sequence[Any]) -> Any:
        """A call with a traced argument, as a node."""
        if name in _BY_PARTS:
            return getattr(Engine, name)(self, *args)
        inputs: list[GraphTensor] = []
        template: list[Any] = []
        for a in args:
            if self.is_tensor(a) or isinstance(a, np.ndarray):
                inputs.append(self._lifted(a))
                template.append(SLOT)
            elif isinstance(a, (list, tuple)) and a and any(map(self.is_tensor, a)):
                inputs.extend(map(self._lifted, a))
                template.append(Slots((SLOT,) * len(a)))
            else:
                template.append(tuple(a) if isinstance(a, list) else a)
        specs, several = self._specs(name, tuple(template), tuple(x.spec for x in inputs))
        if name in _SHAPING and specs[0] == inputs[0].spec:
            return inputs[0]
        if name == "transpose" and template[1] == tuple(range(len(specs[0][0]))):
            return inputs[0]
        op = self._primitive(name, tuple(template), getattr(self._bare, name), specs, several)
        outputs = self._applied(op, inputs)
        return tuple(outputs) if several else outputs[0]

    def _applied(self, op: ArrayOp, inputs: Sequence[GraphTensor]) -> list[GraphTensor]:
        """The results of an op on tensors, in the graph."""
        node = self._made(op, [x.variable for x in inputs])
        self._note(node)
        return [self._tensor(None, y, spec) for y, spec in zip(node.outputs, op.out_specs, strict=True)]

    def _specs(self, name: str, template: Template, specs: tuple[Spec, ...]) -> tuple[tuple[Spec, ...], bool]:
        """Specs of the results of a call, and whether it has a tuple of them: by the abstract engine, remembered."""
        key = (name, template, specs)
        found = self._out_specs.get(key)
        if found is None:
            args = fill(template, [KerasTensor(*spec) for spec in specs])
            with select.scope(ABSTRACT):
                outputs = self._abstract(name)(*args)
            several = isinstance(outputs, (tuple, list))
            outputs = outputs if several else [outputs]
            found = tuple(ABSTRACT.spec(y) for y in outputs), several
            self._out_specs[key] = found
        return found

    def _abstract(self, name: str) -> Callable[..., Any]:
        if name in PRIMITIVES:
            return getattr(ABSTRACT, name)
        return (
            importlib.import_module("keras.ops.dispatch").KERNELS[name].body
        )  # above this module; loaded by now


#: The shared bodies of these do at every run what depends on sizes only, and so could be done once.
_BY_PARTS = frozenset(("dot_general",))
#: These leave a tensor as it is if its shape and dtype stay.
_SHAPING = frozenset(("reshape", "broadcast_to", "cast"))


def _routed(name: str) -> Callable[..., Any]:
    """A method that calls primitive or kernel `name`."""
    signature = inspect.signature(getattr(EagerNumPyEngine, name))

    def method(self: GraphEngine, *args: Any, **named: Any) -> Any:
        if named:
            args = signature.bind(self, *args, **named).args[1:]
        return self._call(name, args)

    return functools.wraps(getattr(EagerNumPyEngine, name))(method)


for _name in CALLS:
    setattr(GraphEngine, _name, _routed(_name))
