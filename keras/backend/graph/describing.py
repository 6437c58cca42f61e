"""What a function computes, as a text: the same for functions that compute the same, in whichever run of a program.

An engine that keeps compiled functions on disk finds them by it. The function is traced to a graph of primitives and
kernels, which costs a tenth of what tracing for TensorFlow does; no variable is read and nothing is computed but
constants.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.backend import select
from keras.backend.graph.nodes import Constant, Value
from keras.backend.graph.ops import SLOT, Primitive, Slots
from keras.backend.graph.program import sorted_nodes
from keras.backend.graph.state import Trace
from keras.backend.graph.tensor import GraphTensor
from keras.backend.numpy.engine import NumPyEngine
from keras.backend.state import Variable

Spec = tuple[tuple[int, ...], str]
Tensor = Any

_PLAIN = (int, float, complex, str, bytes, type(None))


class Description:
    """A function of tensors and variables.

    Args:
        digest: of all that it computes.
        variables: those that it reads or writes, in the order of the text.
    """

    def __init__(self, digest: str, variables: list[Variable]) -> None:
        self.digest, self.variables = digest, variables


def describe(
    f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec], engine_name: str
) -> Description | None:
    """What `f` computes from tensors of `specs`; it is called once, and must do nothing besides.

    Args:
        f: as for `Engine.trace_and_compile`.
        specs: of its arguments.
        engine_name: whose variables it uses.

    Returns:
        None if it holds what has no text: host code, loops, tensors of the engine's own.
    """
    try:
        return _described(f, specs, _Describer(engine_name))
    except Exception:  # if it is an error of the function's, it comes again when the engine traces it
        return None


class _Describer(NumPyEngine):
    """Variables are names; they belong to another engine."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name  # type: ignore[misc]

    def _read_symbolic(self, variable: Variable) -> Tensor:
        spec = (variable.shape, variable._dtype)
        return GraphTensor(None, Value(spec), spec)


def _described(
    f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec], engine: _Describer
) -> Description | None:
    with select.scope(engine):
        arguments = [engine._placeholder(spec) for spec in specs]
        with Trace(engine._read_symbolic) as trace:
            outputs = [engine._lifted(y) for y in f(*arguments)]
            written = [engine._lifted(y) for y in trace.written.values()]
    numbers = {v: i for i, v in enumerate({**trace.read, **trace.written})}
    text = _Text()
    for given in (*arguments, *(trace.read.get(v) for v in numbers)):
        text.name(None if given is None else given.variable)
    text.add("given", list(specs), [(v.shape, v._dtype) for v in numbers])
    results = [y.variable for y in (*outputs, *written)]
    for node in sorted_nodes(results):
        if not text.takes(node):
            return None
    text.add("gives", [text.of(y) for y in results], [numbers[v] for v in trace.written])
    return Description(text.digest(), list(numbers))


class _Text:
    """The text, of which only a digest is kept."""

    def __init__(self) -> None:
        self._names: dict[Value, int] = {}
        self._hash = hashlib.sha256()

    def digest(self) -> str:
        return self._hash.hexdigest()

    def add(self, *parts: Any) -> None:
        self._hash.update(repr(parts).encode())

    def name(self, x: Value | None) -> None:
        """An argument, or a variable that is read, by its place; None is one that is only written."""
        self.add(x is not None)
        if x is not None:
            self._names[x] = len(self._names)

    def of(self, x: Value) -> int:
        """The number of a value; a constant gets one when it is first met, and its array is part of the text."""
        if x not in self._names:
            assert isinstance(x, Constant)
            self._names[x] = len(self._names)
            self.add("constant", x.spec)
            self._hash.update(np.ascontiguousarray(x.data).tobytes())
        return self._names[x]

    def takes(self, node: Any) -> bool:
        """Add a node; False if it has no text."""
        op = node.op
        if not isinstance(op, Primitive) or not all(map(_is_plain, op.template)):
            return False
        self.add(op.name, op.template, [self.of(x) for x in node.inputs], op.out_specs)
        for y in node.outputs:
            self._names[y] = len(self._names)
        return True


def _is_plain(a: Any) -> bool:
    """Whether what is printed of an argument is all there is to it."""
    if a is SLOT or type(a) is Slots or type(a) in _PLAIN or type(a) is bool:
        return True
    return type(a) in (tuple, list) and all(map(_is_plain, a))
