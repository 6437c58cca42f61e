"""Losses that see several outputs at once, in the structure in which the model returns them, and several on one output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from keras import tree
from keras.errors import shorten
from keras.training.outputs import Outputs, is_identifier


class Whole(NamedTuple):
    """A loss, the outputs it sees, and its weight; the name is that of their key, empty for all outputs."""

    name: str
    loss: Any
    first: int
    outputs: Outputs
    weight: Any = None

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


def several(given: Any, outputs: Outputs) -> bool:
    """Whether `loss` of `compile` gives an output more than one loss, by a list in which more than its own is.

    As in Keras 3.15, a list of another type than the outputs it stands for holds losses that all see them:
    `[whole, ("mse", "mae")]` for a tuple of two. What can be read as one loss per output is.
    """
    if is_identifier(given):
        return False
    if isinstance(given, dict):
        parts = outputs.parts if outputs.keyed else {}
        return any(several(v, parts[key]) for key, v in given.items() if key in parts)
    if len(given) == 1:
        return several(given[0], outputs)
    if not outputs.parts:
        return bool(given)
    if len(given) == len(outputs.parts) and all(
        _one_each(v, part) for v, part in zip(given, outputs.parts.values(), strict=True)
    ):
        return False
    return any(not is_identifier(v) for v in given)


def _one_each(given: Any, outputs: Outputs) -> bool:
    """Whether a value gives every output at most one loss."""
    if is_identifier(given):
        return True
    if isinstance(given, dict):
        return outputs.keyed and all(
            key in outputs.parts and _one_each(v, outputs.parts[key]) for key, v in given.items()
        )
    if len(given) == 1:
        return _one_each(given[0], outputs)
    return len(given) == len(outputs.parts) and all(map(_one_each, given, outputs.parts.values()))


def nested(given: Any, weights: Any, outputs: Outputs, path: str = "", first: int = 0) -> list[Whole]:
    """Each loss of such an argument with the outputs it sees.

    Args:
        given: `loss` of `compile`, or a part of it.
        weights: of the losses, nested like them; or a number for all; or None.
        outputs: those it is for.
        path: the keys that lead to them.
        first: the place of the first one among all.

    Raises:
        ValueError: an unknown name, or another number of losses or weights than there are places for.
    """
    if given is None:
        return []
    if is_identifier(given):
        names = map(str, outputs.structure) if outputs.keyed else outputs.names
        name = outputs.names[0] if len(outputs) == 1 else path or "_".join(names)
        return [Whole(name, given, first, outputs, weights)]
    keys = list(given) if isinstance(given, dict) else list(range(len(given)))
    pairs = zip(keys, given.values() if isinstance(given, dict) else given, _each(weights, keys), strict=True)
    parts = _parts(given, outputs)
    if parts is None:
        return [whole for _, loss, w in pairs for whole in nested(loss, w, outputs, path, first)]
    found = []
    for key, loss, w in pairs:
        offset, part = parts[str(key)]
        found += nested(loss, w, part, f"{path}/{key}" if path else str(key), first + offset)
    return found


def _parts(given: Any, outputs: Outputs) -> dict[str, tuple[int, Outputs]] | None:
    """Under each key or place of a container of losses, the outputs meant and their offset; None if each means all."""
    parts = {}
    offset = 0
    for key, part in outputs.parts.items():
        parts[key] = (offset, part)
        offset += len(part)
    if isinstance(given, dict):
        for key in given:
            if not outputs.keyed or key not in parts:
                raise outputs.unknown("loss", key)
        return parts
    if parts and len(given) == len(outputs) and all(map(is_identifier, given)):
        leaves = tree.flatten(outputs.structure)
        return {str(i): (i, Outputs(x, names=[outputs.names[i]])) for i, x in enumerate(leaves)}
    if not parts or not isinstance(outputs.structure, type(given)):
        return None
    if len(given) != len(parts):
        raise ValueError(outputs.count_message(given, "loss"))
    return parts


def _each(weights: Any, keys: Sequence[Any]) -> list[Any]:
    """The weights of the losses under some keys or at some places."""
    if isinstance(weights, dict) and set(weights) <= set(keys):
        return [weights.get(key) for key in keys]
    if isinstance(weights, (list, tuple)) and len(weights) == len(keys):
        return list(weights)
    if isinstance(weights, (dict, list, tuple)):
        raise ValueError(
            f"loss_weights: expected them nested like the losses, {list(keys)} here. Received: {shorten(weights)}"
        )
    return [weights] * len(keys)
