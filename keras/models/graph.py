"""The part of the functional graph between given inputs and outputs: found, checked, ordered, run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import tree
from keras.backend.spec import KerasTensor
from keras.ops.node import Node, Operation

Tensor = Any


class Graph:
    """Nodes between `inputs` and `outputs`, in an order in which they can be run.

    Args:
        inputs: symbolic tensors at which the graph begins (inputs of a model, or inner tensors of another).
        outputs: symbolic tensors it computes.
        visits: positions of the outputs in the order in which they are walked to, which settles that of the layers.

    Raises:
        ValueError: an output does not follow from the inputs.
    """

    def __init__(
        self,
        inputs: Sequence[KerasTensor],
        outputs: Sequence[KerasTensor],
        visits: Sequence[int] | None = None,
    ) -> None:
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.visits = range(len(self.outputs)) if visits is None else visits
        walk = _Walk(self.inputs)
        for i in self.visits:
            walk.visit(self.outputs[i], i)
        self.nodes: list[Node] = walk.order
        self.operations: list[Operation] = _by_depth(self.inputs, walk)
        self._last_use = self._find_last_uses()

    def nodes_of(self, operation: Operation) -> list[Node]:
        """The calls of an operation that belong to this graph, in the order they were made."""
        mine = {id(n) for n in self.nodes}
        made = [n for n in operation._inbound_nodes if id(n) in mine]
        known = {id(n) for n in made}
        return made + [n for n in self.nodes if n.operation is operation and id(n) not in known]

    def _find_last_uses(self) -> list[list[int]]:
        """For each node, which tensors nobody needs after it."""
        keep = {id(t) for t in self.outputs}
        seen: set[int] = set()
        last: list[list[int]] = []
        for node in reversed(self.nodes):
            done = [
                i
                for i in {id(t) for t in (*node.inputs, *node.output_tensors)}
                if i not in seen and i not in keep
            ]
            seen.update(done)
            last.append(done)
        return last[::-1]

    def run(self, values: Sequence[Tensor], call: Callable[..., Any] | None = None) -> list[Tensor]:
        """The outputs for these values of the inputs.

        Args:
            values: one per input, in order.
            call: `call(operation, *args, **kwargs)` in place of calling the operation.
        """
        tensors: dict[int, Tensor] = {id(t): v for t, v in zip(self.inputs, values, strict=True)}

        def value(x: Any) -> Any:
            return tensors[id(x)] if isinstance(x, KerasTensor) else x

        for node, done in zip(self.nodes, self._last_use, strict=True):
            args = tree.map_structure(value, node.args)
            kwargs = tree.map_structure(value, node.kwargs)
            operation: Any = node.operation
            results = call(operation, *args, **kwargs) if call else operation(*args, **kwargs)
            results = tree.flatten(results)
            if len(node.output_tensors) == 1:
                tensors[id(node.output_tensors[0])] = results[0]
            else:
                symbolic = tree.flatten(node.outputs)
                for t, y in zip(symbolic, results, strict=True):
                    if isinstance(t, KerasTensor):
                        tensors[id(t)] = y
            for i in done:
                tensors.pop(i, None)
        return [tensors[id(t)] for t in self.outputs]


class _Walk:
    """Depth-first from the outputs to the inputs. Iterative, since models can be thousands of layers deep."""

    def __init__(self, inputs: list[KerasTensor]) -> None:
        self.inputs = inputs
        self.begin = {id(t) for t in inputs}
        self.order: list[Node] = []  # parents before children
        self.indices: dict[Operation, int] = {}  # operations in the order they are met
        self._done: set[int] = set()

    def visit(self, output: KerasTensor, position: int) -> None:
        if id(output) in self.begin:
            return
        self._meet(output, position)
        stack = [(output.node, iter(output.node.inputs))]
        open_nodes = {id(output.node)}
        if id(output.node) in self._done:
            return
        while stack:
            node, parents = stack[-1]
            for t in parents:
                if id(t) in self.begin:
                    if t.node is not None and t.node.is_input:
                        self.indices.setdefault(t.node.operation, len(self.indices))
                    continue
                self._meet(t, position, node)
                if id(t.node) in self._done or id(t.node) in open_nodes:
                    continue
                open_nodes.add(id(t.node))
                stack.append((t.node, iter(t.node.inputs)))
                break
            else:
                stack.pop()
                self._done.add(id(node))
                self.order.append(node)

    def _meet(self, t: KerasTensor, position: int, consumer: Node | None = None) -> None:
        if t.node is None or t.node.is_input:
            names = [x.name if x.node is None else x.node.operation.name for x in self.inputs]
            missing = t.name if t.node is None else t.node.operation.name
            used = (
                f', used by {type(consumer.operation).__name__} "{consumer.operation.name}"'
                if consumer
                else ""
            )
            raise ValueError(
                f"Graph disconnected: output {position} needs the tensor {missing!r} of shape {t.shape}{used}, "
                f"which does not follow from the model's inputs {names}. Add it to `inputs`, or connect it to them."
            )
        self.indices.setdefault(t.node.operation, len(self.indices))


def _by_depth(inputs: list[KerasTensor], walk: _Walk) -> list[Operation]:
    """Operations from the inputs to the outputs: by distance from the outputs, then in the order they were met.

    This is the order of `model.layers` and of the weights in files.
    """
    node_depth: dict[int, int] = {}
    depth: dict[Operation, int] = {}
    begin = {id(t) for t in inputs}
    for node in reversed(walk.order):
        d = max(node_depth.get(id(node), 0), depth.get(node.operation, 0))
        depth[node.operation] = node_depth[id(node)] = d
        for t in node.inputs:
            if id(t) in begin:
                if t.node is not None and t.node.is_input:
                    depth[t.node.operation] = max(depth.get(t.node.operation, 0), d + 1)
            else:
                node_depth[id(t.node)] = max(node_depth.get(id(t.node), 0), d + 1)
    for t in inputs:
        if t.node is not None and t.node.is_input:
            depth.setdefault(t.node.operation, 0)
            walk.indices.setdefault(t.node.operation, -1)
    return sorted(depth, key=lambda op: (-depth[op], walk.indices[op]))
