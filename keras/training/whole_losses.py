"""Losses that see several outputs at once, in the structure in which the model returns them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from keras import tree
from keras.training.outputs import Outputs, is_identifier


class Whole(NamedTuple):
    """A loss, and the outputs it sees; the name is that of their key, empty for all outputs."""

    name: str
    loss: Any
    first: int
    outputs: Outputs

    def pick(self, leaves: Sequence[Any]) -> Any:
        """Of values per output, those of these outputs, nested like them."""
        return tree.unflatten(self.outputs.structure, self._mine(leaves))

    def shared(self, values: Sequence[Any], what: str) -> Any:
        """Of values per output, the one that all of these outputs have. Raises ValueError if there are several."""
        mine = self._mine(values)
        if not all(x is mine[0] or (isinstance(x, float) and x == mine[0]) for x in mine):
            raise ValueError(
                f"{what}: the outputs {self.outputs.names} have one loss together, so they take one value."
            )
        return mine[0]

    def _mine(self, leaves: Sequence[Any]) -> Sequence[Any]:
        return leaves[self.first : self.first + len(self.outputs)]


def split(given: Any, outputs: Outputs) -> tuple[list[Whole], Any]:
    """The losses of several outputs in an argument of `compile`, and what remains of it.

    As in Keras 3.15, a list of one loss is for all outputs of a dict or tuple together, and a loss under a key for all
    outputs under that key. A loss that is in no list sees the outputs one by one.

    Args:
        given: `loss` of `compile`.
        outputs: those of the model.
    """
    if isinstance(given, dict) and not is_identifier(given):
        found = {key: part for key in given if is_identifier(given[key]) and (part := outputs.part(key))}
        rest = {key: loss for key, loss in given.items() if key not in found or loss is None}
        return [Whole(key, given[key], *part) for key, part in found.items() if key not in rest], rest
    alone = isinstance(given, (list, tuple)) and len(given) == 1 and is_identifier(given[0])
    if alone and len(outputs) > 1 and isinstance(outputs.structure, (dict, tuple)):
        return [Whole("", given[0], 0, outputs)], {}
    return [], given
