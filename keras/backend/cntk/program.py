"""A program whose nodes run on CNTK, many as one segment, wherever they can."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from typing import Any

from keras.backend.cntk.lowering import LOWERINGS
from keras.backend.cntk.placement import native_dtype
from keras.backend.cntk.segment import Segment
from keras.backend.graph import program
from keras.backend.graph.nodes import Constant, Node, Value
from keras.backend.graph.ops import Primitive, Spec

#: Nodes of a segment. CNTK takes time with the square of it to build a graph, and recurses as deep as the graph is.
_LONGEST = 256
#: And at least, in a program of which a part runs on the host anyway: entering CNTK takes as long as so many calls there.
_SHORTEST = 8
_HOST = "host"


class Program(program.Program):
    """Host nodes and segments in turns."""

    def _arranged(self, nodes: list[Node], outputs: Sequence[Value]) -> list[Any]:
        places = placed(nodes)
        if all(place == _HOST for place in places.values()):
            return nodes
        arranged = _Schedule(nodes, places, outputs).run()
        self.uses_numpy = not all(isinstance(node, Segment) for node in arranged)
        return arranged


def placed(nodes: Sequence[Node]) -> dict[Node, str]:
    """`"host"` or the dtype CNTK computes it in, for every node."""
    places: dict[Node, str] = {}
    calls = Counter(map(_kind, nodes))
    for node in nodes:
        places[node] = _HOST
        op = node.op
        if not isinstance(op, Primitive):
            continue
        values = [x.data if isinstance(x, Constant) else None for x in node.inputs]
        dtype = native_dtype(op.name, [x.spec for x in node.inputs], values, op.out_specs, calls[_kind(node)])
        if dtype is None or (LOWERINGS[op.name].moves and not _inside(node, places, dtype)):
            continue
        places[node] = dtype
    return places


def _kind(node: Node) -> tuple[str, tuple[Spec, ...]]:
    """What alike calls have in common."""
    return str(node.op), tuple(x.spec for x in node.inputs)


def _inside(node: Node, places: dict[Node, str], dtype: str) -> bool:
    """Whether an input comes from CNTK; else moving data about costs nothing, or less, on the host."""
    return any(x.owner is not None and places.get(x.owner) == dtype for x in node.inputs)


class _Schedule:
    """Takes whatever is ready: host nodes first, then as many of CNTK's as there are."""

    def __init__(self, nodes: list[Node], places: dict[Node, str], outputs: Sequence[Value]) -> None:
        self._nodes, self._places = nodes, places
        self._number = {node: i for i, node in enumerate(nodes)}
        made = {y for node in nodes for y in node.outputs}
        self._users: dict[Value, list[Node]] = {}
        self._waiting: dict[Node, int] = {}
        self._wanted = set(outputs)
        self._mixed = _HOST in places.values()
        self._ready: dict[str, list[int]] = {_HOST: [], "float32": [], "float64": []}
        for node in nodes:
            before = {x for x in node.inputs if x in made}
            for x in before:
                self._users.setdefault(x, []).append(node)
            self._waiting[node] = len(before)
            if not before:
                self._enter(node)

    def run(self) -> list[Any]:
        """All nodes in order, those of a segment as one."""
        order: list[Any] = []
        while any(self._ready.values()):
            host = self._ready[_HOST]
            while host:
                node = self._nodes[heapq.heappop(host)]
                order.append(node)
                self._leave(node)
            dtype = max(("float32", "float64"), key=lambda d: len(self._ready[d]))
            group = self._group(dtype)
            if len(group) < _SHORTEST and self._mixed:
                order += group
            elif group:
                order.append(Segment(group, dtype, self._used_outside(group)))
        return order

    def _group(self, dtype: str) -> list[Node]:
        ready = self._ready[dtype]
        group: list[Node] = []
        while ready and len(group) < _LONGEST:
            node = self._nodes[heapq.heappop(ready)]
            group.append(node)
            self._leave(node)
        return group

    def _used_outside(self, group: list[Node]) -> list[Value]:
        inside = set(group)
        return [
            y
            for node in group
            for y in node.outputs
            if y in self._wanted or any(user not in inside for user in self._users.get(y, ()))
        ]

    def _enter(self, node: Node) -> None:
        heapq.heappush(self._ready[self._places[node]], self._number[node])

    def _leave(self, node: Node) -> None:
        for y in node.outputs:
            for user in self._users.get(y, ()):
                self._waiting[user] -= 1
                if not self._waiting[user]:
                    self._enter(user)
