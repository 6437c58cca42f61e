"""Trees of tensors as the flat lists an engine sees, and back."""

from __future__ import annotations

from typing import Any

from keras import tree
from keras.ops.dispatch import convert

Tensor = Any
Tree = Any


class Structure:
    """The structure a function returned, learnt while it runs; None leaves are not tensors and stay outside."""

    def __init__(self) -> None:
        self.like: Any = None

    def flat(self, outputs: Tree) -> list[Tensor]:
        self.like = tree.map_structure(lambda x: x is not None, outputs)
        return [convert(x) for x in tree.flatten(outputs) if x is not None]

    def built(self, tensors: list[Tensor]) -> Tree:
        supply = iter(tensors)
        return tree.map_structure(lambda present: next(supply) if present else None, self.like)
