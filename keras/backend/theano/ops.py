"""PyTensor Ops of the engine: a primitive or kernel of the library, with its static arguments, as a node of a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op

from keras.backend.dtypes import is_complex, is_float
from keras.backend.theano.types import type_of

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


class ArrayOp(Op):
    """An Op that is a function of arrays with results of known specs.

    Args:
        label: for messages and printed graphs.
        function: arrays in, one array (or as many as there are specs) out.
        out_specs: of the results.
        several: whether the function returns a sequence, also of one.
    """

    label: str
    function: Callable[..., Any]
    out_specs: tuple[Spec, ...]
    several: bool

    def __init__(
        self, label: str, function: Callable[..., Any], out_specs: tuple[Spec, ...], several: bool
    ) -> None:
        self.label, self.function, self.out_specs, self.several = label, function, out_specs, several
        self.layer = ""  # the layer whose call made the node, for messages

    def make_node(self, *inputs: Variable) -> Apply:
        return Apply(self, inputs, [type_of(spec).make_variable() for spec in self.out_specs])

    def perform(self, node: Apply, inputs: Sequence[np.ndarray], output_storage: Any) -> None:
        results = self.function(*inputs)
        for storage, y in zip(output_storage, results if self.several else [results], strict=True):
            storage[0] = y

    def __str__(self) -> str:
        return self.label


class Primitive(ArrayOp):
    """A primitive or kernel by name; its gradient is the pull-back of `keras.backend.vjp`."""

    name: str
    template: Template

    def __init__(
        self,
        name: str,
        template: Template,
        method: Callable[..., Any],
        out_specs: tuple[Spec, ...],
        several: bool,
    ) -> None:
        function = method if all(a is SLOT for a in template) else _with_statics(method, template)
        super().__init__(name, function, out_specs, several)
        self.name, self.template, self.method = name, template, method

    def __str__(self) -> str:
        statics = [str(a) for a in self.template if a is not SLOT and type(a) is not Slots]
        return f"{self.name}{{{', '.join(statics)}}}" if statics else self.name

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        smooth = [differentiable(dtype) for _, dtype in self.out_specs]
        return [[s and differentiable(x.type.dtype) for s in smooth] for x in node.inputs]

    def pullback(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], cotangents: Sequence[Variable]
    ) -> list[Variable]:
        """The library's rule, for `pytensor.grad` on graphs of the engine's."""
        from keras.backend.theano.gradient import (
            pull_back,
        )  # which needs an engine, and that needs this module

        pulled = pull_back(self, inputs, outputs, cotangents)
        return [DisconnectedType()() if g is None else g for g in pulled]


def _with_statics(method: Callable[..., Any], template: Template) -> Callable[..., Any]:
    return lambda *arrays: method(*fill(template, arrays))


def differentiable(dtype: str) -> bool:
    """Whether tensors of this dtype have gradients."""
    return is_float(dtype) or is_complex(dtype)
