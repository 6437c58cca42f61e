"""A graph: nodes that apply an op to values, and the values they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from keras.backend.numpy.arrays import NAMES

Spec = tuple[tuple[int, ...], str]


class Value:
    """The result of a node, or (without `owner`) an argument of the graph."""

    __slots__ = ("owner", "spec")

    def __init__(self, spec: Spec, owner: Node | None = None) -> None:
        self.spec, self.owner = spec, owner

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.spec[1]}{list(self.spec[0])}>"


class Constant(Value):
    """A value that is known."""

    __slots__ = ("data",)

    def __init__(self, data: np.ndarray) -> None:
        super().__init__((data.shape, NAMES[data.dtype]))
        self.data = data


class Cell(Value):
    """The place of a variable: `storage[0]` is its array, replaced but never written into."""

    __slots__ = ("storage",)

    def __init__(self, spec: Spec, array: np.ndarray) -> None:
        super().__init__(spec)
        self.storage = [array]


class Node:
    """`op` applied to `inputs`."""

    __slots__ = ("inputs", "layer", "op", "outputs")

    def __init__(self, op: Any, inputs: Sequence[Value], layer: str) -> None:
        self.op, self.inputs, self.layer = op, list(inputs), layer
        self.outputs = [Value(spec, self) for spec in op.out_specs]


def users_of(nodes: Iterable[Any]) -> dict[Any, list[Any]]:
    """The nodes that take a value, for every value that one takes."""
    users: dict[Any, list[Any]] = {}
    for node in nodes:
        for x in node.inputs:
            users.setdefault(x, []).append(node)
    return users
