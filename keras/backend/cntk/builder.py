"""Building a CNTK graph: operands, which may be smaller than the tensors they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.backend.cntk.install import load

Spec = tuple[tuple[int, ...], str]
Shape = tuple[int, ...]


class Operand:
    """A tensor of a graph: a CNTK node that broadcasts to the shape of `spec`.

    Args:
        node: of CNTK; bools are 0 and 1 in the graph's dtype.
        spec: what it stands for.
        data: the value, when it is known.
        swapped: the node whose last two axes this one has swapped, if it is such a one.
    """

    __slots__ = ("data", "node", "spec", "swapped")

    def __init__(self, node: Any, spec: Spec, data: np.ndarray | None = None, swapped: Any = None) -> None:
        self.node, self.spec, self.data, self.swapped = node, spec, data, swapped

    @property
    def shape(self) -> Shape:
        return self.spec[0]


class Builder:
    """A graph of one dtype under construction."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype
        self.c = load()
        self._graph = self.c.Graph(dtype)
        self._inputs: set[int] = set()

    def input(self, spec: Spec) -> Operand:
        """The next argument of the graph."""
        node = self._graph.input(spec[0])
        self._inputs.add(id(node))
        return Operand(node, spec)

    def constant(self, data: np.ndarray, spec: Spec | None = None) -> Operand:
        """A known tensor; one that has the same value everywhere is a scalar that broadcasts."""
        spec = spec or (data.shape, data.dtype.name)
        if data.size > 1 and (data == data.flat[0]).all():
            data = data.reshape(-1)[0]
        array = np.ascontiguousarray(data, self.dtype)
        return Operand(self._graph.constant(array, np.shape(data)), spec, array)

    def scalar(self, value: float) -> Any:
        """The node of a number."""
        return self.constant(np.asarray(value, self.dtype)).node

    def full(self, x: Operand) -> Any:
        """The node of an operand in its whole shape."""
        if tuple(x.node.shape) == x.shape:
            return x.node
        if len(x.node.shape) < len(x.shape):
            short = (1,) * (len(x.shape) - len(x.node.shape)) + tuple(x.node.shape)
            node = self.c.reshape(x.node, short)
        else:
            node = x.node
        if tuple(node.shape) != x.shape:
            zeros = self._graph.constant(np.zeros(x.shape, self.dtype), x.shape)
            node = self.c.binary("Plus", node, zeros)
        x.node = node
        return node

    def compile(self, outputs: list[Operand]) -> Any:
        """The graph as a function of its inputs; CNTK wants distinct outputs that are not inputs."""
        nodes, seen = [], set(self._inputs)
        for y in outputs:
            node = y.node
            if id(node) in seen or y.data is not None:
                node = self.c.unary("Alias", node)
            seen.add(id(node))
            nodes.append(node)
        return self._graph.compile(nodes, [node.shape for node in nodes])
