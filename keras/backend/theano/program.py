"""Programs of PyTensor graphs: shared variables are the cells, and nodes of PyTensor's own run by their `perform`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Apply, Constant, Variable

from keras.backend.graph import program
from keras.backend.graph.ops import ArrayOp

Spec = tuple[tuple[int, ...], str]


class Program(program.Program):
    """A PyTensor graph as one Python function."""

    constants = Constant
    cells = SharedVariable

    def _storage(self, cell: SharedVariable) -> list[np.ndarray]:
        return cell.container.storage

    def _function(self, node: Apply) -> Callable[..., Any]:
        return node.op.function if isinstance(node.op, ArrayOp) else foreign(node)

    def _layer(self, node: Apply) -> str:
        return getattr(node.op, "layer", "")

    def _spec(self, x: Variable) -> Spec:
        return tuple(x.type.shape), x.type.dtype


def foreign(node: Apply) -> Callable[..., list[np.ndarray]]:
    """A node of PyTensor's own, from the user's code, run by its `perform`."""
    op: Any = node.op
    op.prepare_node(node, None, None, "py")

    def run(*arrays: np.ndarray) -> list[np.ndarray]:
        storage: list[list[Any]] = [[None] for _ in node.outputs]
        op.perform(node, list(arrays), storage)
        return [np.asarray(y[0], v.type.dtype) for y, v in zip(storage, node.outputs, strict=True)]

    return run


def leaves(outputs: Iterable[Variable]) -> list[Variable]:
    """What a graph begins with, constants excepted."""
    outputs = list(outputs)
    found = {x: None for node in program.sorted_nodes(outputs) for x in node.inputs}
    found.update(dict.fromkeys(outputs))
    return [x for x in found if x.owner is None and not isinstance(x, Constant)]
