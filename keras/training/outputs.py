"""The names of a model's outputs, and what a user's argument says about each of them.

Losses, metrics, weights, targets and class weights may be given for all outputs at once, by position, or by name.
One rule settles it for all of them: keys of a dict of outputs come first, then the names of the output layers. By position,
the outputs of a dict come in the order of its sorted keys, those of an `OrderedDict` in its own, as in Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

from keras import tree
from keras.errors import shorten, unknown


class Outputs:
    """The outputs of a model, in the order of their leaves.

    Args:
        structure: predictions, or anything nested like them.
        layer_names: names of the layers the outputs come from, if they are known.
        names: names already settled, for a part of the outputs.

    >>> outputs = Outputs({"q": 0, "p": [0, 0]})
    >>> outputs.names
    ['p/output_1', 'p/output_2', 'q']
    >>> outputs.spread({"q": "mse"}, "loss", is_identifier)
    [None, None, 'mse']

    Attributes:
        names: of all outputs.
        structure: as given.
        keyed: whether it is a dict.
        parts: the outputs under each of its keys or places.
    """

    def __init__(
        self, structure: Any, layer_names: Sequence[str] | None = None, names: list[str] | None = None
    ) -> None:
        paths = [path for path, _ in tree.flatten_with_path(structure)]
        layers = list(layer_names) if layer_names is not None and len(layer_names) == len(paths) else []
        self.names = names or _distinct([_label(path, layer) for path, layer in zip_longest(paths, layers)])
        self._aliases = dict(zip(layers, self.names, strict=False))
        self.structure = structure
        self.keyed = isinstance(structure, dict)
        self.parts = self._split(structure) if tree.is_nested(structure) else {}

    def __len__(self) -> int:
        return len(self.names)

    def _split(self, structure: Any) -> dict[str, Outputs]:
        keys = tree.ordered_keys(structure) if self.keyed else range(len(structure))
        parts, start = {}, 0
        for key in keys:
            stop = start + len(tree.flatten(structure[key]))
            parts[str(key)] = Outputs(structure[key], names=self.names[start:stop])
            start = stop
        return parts

    def part(self, key: str) -> tuple[int, Outputs] | None:
        """Several outputs that stand under one key of a dict, and the position of the first; None if there are none."""
        part = self.parts.get(key) if self.keyed else None
        return (self.names.index(part.names[0]), part) if part is not None and len(part) > 1 else None

    def spread(self, value: Any, what: str, whole: Callable[[Any], bool], shared: bool = True) -> list[Any]:
        """What `value` says about each output, None where it says nothing.

        Args:
            value: for all outputs, a list by position, a dict by name, or nested like the outputs.
            what: the argument's name, for messages.
            whole: tells a value that speaks of one output from a container of such.
            shared: whether one value may serve all outputs.

        Raises:
            ValueError: an unknown name, or another number of values than of outputs.
        """
        if value is None:
            return [None] * len(self)
        if isinstance(value, dict) and not whole(value):
            return self._by_name(value, what, whole, shared)
        if len(self) == 1:
            return [_peel(value, whole)]
        if isinstance(value, (list, tuple)) and len(value) == len(self.parts):
            pairs = zip(self.parts.values(), value, strict=True)
            return [leaf for part, v in pairs for leaf in part.spread(v, what, whole, shared)]
        if not (shared and whole(value)):
            raise ValueError(self.count_message(value, what))
        return [value] * len(self)

    def targets(self, y_true: Any, losses: Sequence[Any] | None = None) -> list[Any]:
        """Targets per output, None where there are none.

        Args:
            y_true: for each output, or for each that has a loss.
            losses: of the outputs, if they are known.
        """
        if y_true is None or isinstance(y_true, dict):
            return self.spread(y_true, "y", is_leaf, shared=False)
        given = list(y_true) if isinstance(y_true, (list, tuple)) else [y_true]
        if len(self) == 1 and len(tree.flatten(y_true)) > 1:
            return [y_true]  # one output whose own loss wants several targets
        with_loss = [i for i, loss in enumerate(losses or ()) if loss is not None]
        if len(given) == len(with_loss) < len(self):
            found = dict(zip(with_loss, given, strict=True))
            return [found.get(i) for i in range(len(self))]
        return self.spread(y_true, "y", is_leaf, shared=False)

    def _by_name(
        self, value: dict[Any, Any], what: str, whole: Callable[[Any], bool], shared: bool
    ) -> list[Any]:
        found: dict[str, Any] = {}
        for key, v in value.items():
            part = self.parts.get(key) if self.keyed else None
            if part is not None:
                found.update(zip(part.names, part.spread(v, what, whole, shared), strict=True))
                continue
            name = key if key in self.names else self._aliases.get(key)
            if name is None:
                raise self.unknown(what, key)
            found[name] = _peel(v, whole)
        return [found.get(name) for name in self.names]

    def unknown(self, what: str, key: Any) -> ValueError:
        """The error for a name that is no output's."""
        groups = [k for k, part in self.parts.items() if len(part) > 1] if self.keyed else []
        return ValueError(f"{what}: {unknown('output', key, [*self.names, *groups])}")

    def count_message(self, value: Any, what: str) -> str:
        """What to say where another number of values came than there are outputs."""
        several = isinstance(value, (list, tuple))
        given = f"{len(value)} value(s) came" if several else f"one value came ({_describe(value)})"
        return (
            f"{what}: the model has {len(self)} outputs, {self.names}, but {given}. "
            f"Give a list of {len(self)}, or a dict by name."
        )


def is_identifier(value: Any) -> bool:
    """Whether a value names or is one loss or metric: anything but a container; a config is a dict with a class."""
    return not isinstance(value, (list, tuple, dict)) or (isinstance(value, dict) and "class_name" in value)


def is_identifier_list(value: Any) -> bool:
    """Whether a value is one metric or a flat list of metrics: those of one output."""
    if isinstance(value, (list, tuple)):
        return all(item is not None and is_identifier(item) for item in value)
    return is_identifier(value)


def is_leaf(value: Any) -> bool:
    """Whether a value is no container: the array or the number of one output."""
    return not isinstance(value, (list, tuple, dict))


def _peel(value: Any, whole: Callable[[Any], bool]) -> Any:
    """`[x]` is x where one output is meant."""
    while isinstance(value, (list, tuple)) and len(value) == 1 and not whole(value):
        value = value[0]
    return value


def _describe(value: Any) -> str:
    return f"shape {tuple(value.shape)}" if hasattr(value, "shape") else shorten(value)


def _label(path: tuple[Any, ...], layer: str | None) -> str:
    """Keras 3's: the keys on the way; in place of the last one, where it is a number, the name of the layer."""
    if layer is None:
        return "/".join(key if isinstance(key, str) else f"output_{key + 1}" for key in path) or "output"
    keyed = bool(path) and isinstance(path[-1], str)
    return "/".join(str(key) for key in (path if keyed else (*path[:-1], layer)))


def _distinct(names: list[str]) -> list[str]:
    """Names made unique: a layer shared by two outputs gives `d` and `d_1`."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, -1) + 1
        result.append(name if seen[name] == 0 else f"{name}_{seen[name]}")
    return result
