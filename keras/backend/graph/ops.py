"""What a node does: a function of arrays, mostly a primitive or kernel of the library with its static arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras.backend.numpy.eager import FRESH

Spec = tuple[tuple[int, ...], str]


class Slot:
    """Stands for a tensor in a template of arguments."""

    def __repr__(self) -> str:
        return "_"


SLOT = Slot()


class Slots(tuple):
    """Stands for a list of tensors: that many slots."""


Template = tuple[Any, ...]


def fill(template: Template, values: Sequence[Any]) -> list[Any]:
    """The arguments, with these values in the slots."""
    supply = iter(values)
    return [
        next(supply) if a is SLOT else [next(supply) for _ in a] if type(a) is Slots else a for a in template
    ]


class ArrayOp:
    """A function of arrays with results of known specs.

    Args:
        label: for messages and printed graphs.
        function: arrays in, one array (or as many as there are specs) out.
        out_specs: of the results.
        several: whether the function returns a sequence, also of one.
        fresh: whether the results are known to be arrays whose memory nobody else has.
    """

    def __init__(
        self,
        label: str,
        function: Callable[..., Any],
        out_specs: tuple[Spec, ...],
        several: bool,
        fresh: bool = False,
    ) -> None:
        self.label, self.function, self.out_specs = label, function, out_specs
        self.several, self.fresh = several, fresh

    def __str__(self) -> str:
        return self.label


class Primitive(ArrayOp):
    """A primitive or kernel by name."""

    def __init__(
        self,
        name: str,
        template: Template,
        method: Callable[..., Any],
        out_specs: tuple[Spec, ...],
        several: bool,
    ) -> None:
        function = method if all(a is SLOT for a in template) else _with_statics(method, template)
        super().__init__(name, function, out_specs, several, name in FRESH)
        self.name, self.template, self.method = name, template, method

    def __str__(self) -> str:
        statics = [str(a) for a in self.template if a is not SLOT and type(a) is not Slots]
        return f"{self.name}{{{', '.join(statics)}}}" if statics else self.name


def _with_statics(method: Callable[..., Any], template: Template) -> Callable[..., Any]:
    return lambda *arrays: method(*fill(template, arrays))
