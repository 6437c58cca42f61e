"""The theano engine put together, and how a primitive is called: at once on arrays, or as a node of the graph."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor
from pytensor.graph.basic import Constant, Variable

from keras.backend import select
from keras.backend.engine import PRIMITIVES, Engine
from keras.backend.kernels.arrays import ParallelEngine
from keras.backend.kernels.memory import keep_freed_memory
from keras.backend.numpy.engine import NumPyEngine
from keras.backend.numpy.kernels import Kernels
from keras.backend.numpy.updates import Updates
from keras.backend.spec import ABSTRACT, KerasTensor
from keras.backend.state import current_path
from keras.backend.theano.flow import FlowPart
from keras.backend.theano.ops import SLOT, ArrayOp, Primitive, Slots, Spec, Template, fill
from keras.backend.theano.program import Program, leaves
from keras.backend.theano.state import StatePart
from keras.backend.theano.tensor import Tensor
from keras.backend.theano.types import spec_of

Shape = tuple[int, ...]


class TheanoEngine(StatePart, FlowPart, Engine):
    """PyTensor graphs of the library's primitives, run by NumPy."""

    name = "theano"

    def __init__(self) -> None:
        keep_freed_memory()
        self._eager = NumPyEngine()
        self._bare = ParallelEngine()
        self._out_specs: dict[Any, tuple[tuple[Spec, ...], bool]] = {}

    def describe(self) -> dict[str, str]:
        return {
            "engine": self.name,
            "pytensor": pytensor.__version__,
            "numpy": np.__version__,
            "device": "cpu",
        }

    # ------------------------------------------------------------------ leaves
    def constant(self, array: np.ndarray, dtype: str) -> Tensor:
        return Tensor(self._eager.constant(array, dtype))

    def full(self, shape: Shape, value: float | int | bool, dtype: str) -> Tensor:
        return Tensor(self._eager.full(shape, value, dtype))

    def iota(self, n: int, dtype: str) -> Tensor:
        return Tensor(self._eager.iota(n, dtype))

    def to_numpy(self, x: Any) -> np.ndarray:
        return self._lifted(x).numpy()

    def is_tensor(self, x: Any) -> bool:
        return type(x) is Tensor or isinstance(x, Variable)

    def spec(self, x: Any) -> Spec:
        return x.spec if type(x) is Tensor else self._lifted(x).spec

    def stop_gradient(self, x: Tensor) -> Tensor:
        return x

    # ------------------------------------------------------------------ calling
    def _call(self, name: str, args: Sequence[Any]) -> Any:
        values: list[Any] = []
        for a in args:
            if type(a) is Tensor:
                if a.array is None:
                    return self._node(name, args)
                a = a.array
            elif type(a) is list or type(a) is tuple:
                if a and any(map(self.is_tensor, a)):
                    a = [self._lifted(x) for x in a]
                    if any(x.array is None for x in a):
                        return self._node(name, args)
                    a = [x.array for x in a]
            elif isinstance(a, Variable):
                return self._call(name, [self._lifted(x) if isinstance(x, Variable) else x for x in args])
            values.append(a)
        return self._wrapped(getattr(self._eager, name)(*values))

    def _wrapped(self, y: Any) -> Any:
        if type(y) is np.ndarray:
            return Tensor(y)
        if isinstance(y, np.generic):
            return Tensor(np.asarray(y))
        return type(y)(map(self._wrapped, y)) if isinstance(y, (tuple, list)) else y

    def _lifted(self, x: Any) -> Tensor:
        """A tensor for a variable of the user's own PyTensor code, with its value if it depends on constants only."""
        if type(x) is Tensor:
            return x
        if isinstance(x, np.ndarray):
            return Tensor(x)
        if isinstance(x, Constant):
            return Tensor(np.asarray(x.data))
        if leaves([x]):
            return Tensor(None, x, spec_of(x))
        return Tensor(Program([], [x])()[0])

    # ------------------------------------------------------------------ graphs
    def _node(self, name: str, args: Sequence[Any]) -> Any:
        """A call with a traced argument, as a node."""
        inputs: list[Tensor] = []
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
        op = Primitive(name, tuple(template), getattr(self._bare, name), specs, several)
        outputs = self._applied(op, inputs)
        return tuple(outputs) if several else outputs[0]

    def _applied(self, op: ArrayOp, inputs: Sequence[Tensor]) -> list[Tensor]:
        """The results of an Op on tensors."""
        op.layer = current_path()
        node = op.make_node(*(x.variable for x in inputs))
        self._note(node)
        return [Tensor(None, y, spec) for y, spec in zip(node.outputs, op.out_specs, strict=True)]

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


#: Primitives this engine does in its own way, not by a call on arrays.
_OWN = frozenset(
    (
        *("constant", "to_numpy", "is_tensor", "spec", "full", "iota", "stop_gradient"),
        *("cond", "while_loop", "scan", "vmap", "value_and_grad", "custom_vjp", "jvp", "remat"),
        *("device_scope", "synchronize", "variable", "read", "write", "trace_and_compile", "host_call"),
    )
)


def _routed(name: str) -> Callable[..., Any]:
    """A method that calls primitive or kernel `name`."""
    signature = inspect.signature(getattr(NumPyEngine, name))

    def method(self: TheanoEngine, *args: Any, **named: Any) -> Any:
        if named:
            args = signature.bind(self, *args, **named).args[1:]
        return self._call(name, args)

    return functools.wraps(getattr(NumPyEngine, name))(method)


def _complete() -> None:
    kernels = [n for part in (Kernels, Updates) for n in vars(part) if not n.startswith("_")]
    for name in {*PRIMITIVES, *kernels} - _OWN:
        setattr(TheanoEngine, name, _routed(name))


_complete()
