"""Updates of many small variables as one: the same numbers, for a call's price instead of a call's for each."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.backend.graph.ops import ArrayOp, Primitive, Spec, fill

Variable = Any  # of the graph

#: Updates (`keras.optimizers.kernels`), and how many of their arguments are arrays of the variable's shape, first of all.
_ARRAYS = {"adam_update": 4, "momentum_update": 3, "rmsprop_update": 3}
_SMALL = 1 << 13  # elements; joining costs two copies, which only small arrays are worth


class Joined:
    """Updates that differ in their arrays only, as one node: elementwise, they may as well be one of a longer array."""

    layer = ""

    def __init__(self, nodes: Sequence[Any], specs: Sequence[Spec]) -> None:
        first = nodes[0]
        count = _ARRAYS[first.op.name]
        self.inputs = [x for node in nodes for x in node.inputs[:count]] + first.inputs[count:]
        self.outputs = [y for node in nodes for y in node.outputs]
        out_specs = tuple(spec for node in nodes for spec in node.op.out_specs)
        run = _on_all(first.op, count, [shape for shape, _ in specs])
        self.op = ArrayOp(f"{len(nodes)} x {first.op}", run, out_specs, True, fresh=True)


def joined(nodes: Sequence[Any], spec_of: Callable[[Variable], Spec]) -> list[Any]:
    """The nodes, each after those it needs, with small updates of a kind joined."""
    # How many updates there are on the way to a node: those of a stage do not depend on each other.
    stages: dict[Any, int] = {}
    kinds: dict[Any, list[Any]] = {}
    for node in nodes:
        before = [x.owner for x in node.inputs if x.owner in stages]
        stages[node] = max((stages[b] + _is_small_update(b, spec_of) for b in before), default=0)
        if _is_small_update(node, spec_of):
            dtype, shared = spec_of(node.inputs[0])[1], node.inputs[_ARRAYS[node.op.name] :]
            kind = (stages[node], node.op.name, node.op.template, dtype, *map(id, shared))
            kinds.setdefault(kind, []).append(node)
    groups = {group[0]: group for group in kinds.values() if len(group) > 1}
    if not groups:
        return list(nodes)
    members = {node for group in groups.values() for node in group}
    order = sorted(nodes, key=lambda node: (stages[node], node in members))
    return [
        Joined(groups[node], [spec_of(member.inputs[0]) for member in groups[node]])
        if node in groups
        else node
        for node in order
        if node in groups or node not in members
    ]


def _is_small_update(node: Any, spec_of: Callable[[Variable], Spec]) -> bool:
    op = node.op
    return (
        isinstance(op, Primitive)
        and op.name in _ARRAYS
        and np.prod(spec_of(node.inputs[0])[0], dtype=int) <= _SMALL
    )


def _on_all(op: Primitive, count: int, shapes: Sequence[tuple[int, ...]]) -> Callable[..., list[np.ndarray]]:
    """The function of a joined node. New values are parts of long arrays, which serve again when they come back."""
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes]).tolist()
    places = [(slice(a, b), shape) for a, b, shape in zip([0, *ends], ends, shapes, strict=False)]
    method, template, arrays = op.method, op.template, count * len(shapes)
    made: dict[
        int, tuple[np.ndarray, list[np.ndarray]]
    ] = {}  # by place among the arguments; the gradient's is 1

    def long(i: int, parts: Sequence[np.ndarray]) -> np.ndarray:
        known = made.get(i)
        if known is not None and all(map(operator.is_, parts, known[1])):
            return known[0]
        return np.concatenate(parts, axis=None)

    def run(*values: np.ndarray) -> list[np.ndarray]:
        given = [long(i, values[i:arrays:count]) for i in range(count)]
        results = method(*fill(template, (*given, *values[arrays:])))
        parts = [[y[at].reshape(shape) for at, shape in places] for y in results]
        for i, y, of_y in zip((0, 2, 3), results, parts, strict=False):
            made[i] = y, of_y
        return [part for of_one in zip(*parts, strict=True) for part in of_one]

    return run
