"""What the functions of this package share: telling symbolic tensors, and recording a composed function as one step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from keras.backend.abstract import ABSTRACT
from keras.backend.select import inner
from keras.backend.spec import KerasTensor
from keras.ops.dispatch import composed

F = TypeVar("F", bound=Callable[..., Any])


def is_symbolic(x: Any) -> bool:
    """Whether x belongs to a graph, and is not just the stand-in of a layer's shape inference."""
    return isinstance(x, KerasTensor) and inner() is not ABSTRACT


def recorded(body: F) -> F:
    """Let `body` see settled tensors only: on symbolic arguments it becomes one step of their graph.

    Inside, dimensions can be computed with, known or not; without this, a symbolic tensor's unknown ones are None.
    """

    name = body.__name__.strip("_")  # `relu` in a model's config would be that of `keras.ops`
    return composed(f"backend_{name}")(body)


def trace_back(ends: Iterable[KerasTensor], begin: Iterable[KerasTensor] = ()) -> dict[int, KerasTensor]:
    """All tensors that `ends` follow from, by id, themselves included; nobody looks past those of `begin`."""
    stop = {id(t) for t in begin}
    stack, seen = list(ends), {}
    while stack:
        t = stack.pop()
        if id(t) in seen:
            continue
        seen[id(t)] = t
        if id(t) not in stop and t.node is not None:
            stack.extend(t.node.inputs)
    return seen


def sources_of(ends: Iterable[KerasTensor], begin: Iterable[KerasTensor] = ()) -> list[KerasTensor]:
    """The placeholders that `ends` follow from, not looking past `begin`."""
    begin = list(begin)
    stop = {id(t) for t in begin}
    return [t for key, t in trace_back(ends, begin).items() if key not in stop and is_source(t)]


def is_source(t: KerasTensor) -> bool:
    """Whether a symbolic tensor is a placeholder: nothing computes it."""
    return t.node is None or t.node.is_input


def forced(x: Any) -> Any:
    """What a function without arguments returns; anything else as it is."""
    return x() if callable(x) else x
