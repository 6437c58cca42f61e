"""What a graph with gradients in it computes, step by step: each part of it once.

A `Gradient` is a step that runs the part of the graph between some tensors and a loss, and back. A program that wants
the loss, or anything else of that part, takes it from there instead of computing it again: dropout is then the same in
the loss and in its gradient, and a forward pass is paid for once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops, tree
from keras.backend.masks import get_mask, set_mask
from keras.backend.spec import KerasTensor
from keras.backend.state import Variable
from keras.classic.symbolic import sources_of
from keras.models.graph import Graph
from keras.ops.node import Node, Operation

Tensor = Any


class Gradient(Operation):
    """The gradients of a sum of a loss, as a step of a graph.

    It takes the values of `tensors`, then those of `sources`; it returns one gradient for each of `tensors`, then one
    for each of `variables`.

    Args:
        loss: symbolic tensor; what is differentiated is the sum of its elements.
        tensors: symbolic tensors, none of which follows from another.
        variables: the variables to differentiate by.
    """

    def __init__(
        self, loss: KerasTensor, tensors: Sequence[KerasTensor], variables: Sequence[Variable]
    ) -> None:
        super().__init__()
        self.loss, self.tensors, self.variables = loss, list(tensors), list(variables)
        self.sources = sources_of([loss], tensors)
        self.graph = Graph([*self.tensors, *self.sources], [loss])
        self._programs: dict[tuple[int, ...], Program] = {}

    def symbolic(self) -> list[KerasTensor]:
        """Record the step; the gradients as symbolic tensors."""
        wrt: list[Any] = [*self.tensors, *self.variables]
        gradients = [KerasTensor(w.dims if isinstance(w, KerasTensor) else w.shape, w.dtype) for w in wrt]
        Node(self, (*self.tensors, *self.sources), {}, gradients)
        return gradients

    def __call__(self, *values: Tensor) -> list[Tensor]:
        return self.run(values, [])[0]

    def run(
        self, values: Sequence[Tensor], wanted: Sequence[KerasTensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """The gradients, and the values of the tensors `wanted` on the way to the loss."""
        n = len(self.tensors)
        program = self._program(wanted)

        def loss(*leaves: Tensor) -> tuple[Tensor, list[Tensor]]:
            for leaf, value in zip(leaves, values, strict=False):
                set_mask(leaf, get_mask(value))
            total, *others = program.run([*leaves, *values[n:]])
            return ops.sum(total), others

        wrt = [*values[:n], *self.variables]
        (_, others), gradients = ops.value_and_grad(loss, wrt, has_aux=True)
        filled = [ops.zeros_like(w) if g is None else g for g, w in zip(gradients, wrt, strict=True)]
        return filled, others

    def _program(self, wanted: Sequence[KerasTensor]) -> Program:
        key = tuple(id(t) for t in wanted)
        if key not in self._programs:
            self._programs[key] = Program(self.graph.inputs, [self.loss, *wanted])
        return self._programs[key]


class Program:
    """The steps from `inputs` to `outputs`.

    Args:
        inputs: symbolic tensors whose values are given.
        outputs: symbolic tensors that follow from them.

    Raises:
        ValueError: an output does not follow from the inputs.
    """

    def __init__(self, inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)
        self._known = {id(t): t for t in inputs}
        self._steps: list[tuple[Node, list[KerasTensor]]] = []
        self._nodes = Graph(self.inputs, self.outputs).nodes
        self._add_gradients(self._nodes)
        self._add(self.outputs)

    def _add_gradients(self, nodes: Sequence[Node]) -> None:
        """Gradients first, and of these the last ones first: another's loss may lie on their way."""
        for node in reversed(nodes):
            gradient = node.operation
            if not isinstance(gradient, Gradient) or id(node.output_tensors[0]) in self._known:
                continue
            self._add_gradients(self._missing(node.inputs))
            self._add(node.inputs)
            self._step(node, self._wanted_from(gradient))

    def _missing(self, tensors: Sequence[KerasTensor]) -> list[Node]:
        return Graph(list(self._known.values()), tensors).nodes

    def _add(self, tensors: Sequence[KerasTensor]) -> None:
        for node in self._missing(tensors):
            self._step(node, [])

    def _step(self, node: Node, exports: list[KerasTensor]) -> None:
        self._steps.append((node, exports))
        self._known.update((id(t), t) for t in (*node.output_tensors, *exports))

    def _wanted_from(self, gradient: Gradient) -> list[KerasTensor]:
        """Tensors between a gradient's inputs and its loss that someone else needs."""
        inside = {id(n) for n in gradient.graph.nodes}
        used = {id(t) for n in self._nodes if id(n) not in inside for t in n.inputs}
        used.update(id(t) for t in self.outputs)
        return [
            t
            for n in gradient.graph.nodes
            for t in n.output_tensors
            if id(t) in used and id(t) not in self._known
        ]

    def run(self, values: Sequence[Tensor]) -> list[Tensor]:
        """The outputs for these values of the inputs."""
        table: dict[int, Tensor] = {id(t): v for t, v in zip(self.inputs, values, strict=True)}

        def value(x: Any) -> Any:
            return table[id(x)] if isinstance(x, KerasTensor) else x

        for node, exports in self._steps:
            operation: Any = node.operation
            args, kwargs = tree.map_structure(value, node.args), tree.map_structure(value, node.kwargs)
            if isinstance(operation, Gradient):
                results, others = operation.run(args, exports)
                table.update((id(t), y) for t, y in zip(exports, others, strict=True))
            else:
                results = tree.flatten(operation(*args, **kwargs))
            for t, y in zip(tree.flatten(node.outputs), results, strict=True):
                table[id(t)] = y
        return [table[id(t)] for t in self.outputs]
