"""What is done with tapes: values with gradients, and forward derivatives from two of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from keras import tree
from keras.backend import select
from keras.backend.vjp.engine import TapeEngine
from keras.backend.vjp.tape import sweep

if TYPE_CHECKING:
    from keras.backend.engine import Engine
    from keras.backend.state import Variable

Tensor = Any


def value_and_grad(
    engine: Engine,
    f: Callable[..., tuple[Tensor, Any]],
    variables: Sequence[Variable],
    tensors: Sequence[Tensor],
) -> tuple[Tensor, Any, list[Tensor | None], list[Tensor | None]]:
    """`FlowDefaults.value_and_grad` on any engine: one pass forward on a tape, one sweep back."""
    tape = TapeEngine(engine)
    watched = [tape.watch(v) for v in variables]
    inputs = [tape.leaf(x) for x in tensors]
    with select.scope(tape):
        value, aux = f(*inputs)
    aux = tree.map_structure(tape.untraced, aux)
    gradients: dict[Any, Tensor] = {}
    if tape.is_traced(value):
        shape, dtype = tape.spec(value)
        nodes = watched + [x.node for x in inputs if tape.is_traced(x)]
        result, value = value, value.value
        found = sweep(tape, [result], [engine.full(shape, 1, dtype)], nodes)
        gradients = dict(zip(nodes, found, strict=True))
    return (
        value,
        aux,
        [gradients.get(node) for node in watched],
        [gradients.get(x.node) if tape.is_traced(x) else None for x in inputs],
    )


def jvp(
    engine: Engine, f: Callable[..., Sequence[Tensor]], primals: Sequence[Tensor], tangents: Sequence[Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    """`FlowDefaults.jvp`: the pull-back of f is linear in what is pulled back, and its transpose is the answer."""
    outer = TapeEngine(engine)
    inner = TapeEngine(outer)
    inputs = [inner.leaf(x) for x in primals]
    with select.scope(inner):
        results = list(f(*inputs))
    outputs = [inner.untraced(y) for y in results]
    traced = [y for y in results if inner.is_traced(y)]
    seeds = [outer.leaf(engine.full(shape, 0, dtype)) for shape, dtype in map(inner.spec, traced)]
    pulled = sweep(inner, traced, seeds, [x.node for x in inputs if inner.is_traced(x)])
    directions = [t for x, t in zip(inputs, tangents, strict=True) if inner.is_traced(x)]
    linear: list[tuple[Any, Tensor]] = [
        (p, t) for p, t in zip(pulled, directions, strict=True) if outer.is_traced(p)
    ]
    pushed = iter(sweep(outer, [p for p, _ in linear], [t for _, t in linear], [s.node for s in seeds]))
    answers = [next(pushed) if inner.is_traced(y) else None for y in results]
    zeros = (engine.full(engine.spec(y)[0], 0, engine.spec(y)[1]) for y in outputs)
    return outputs, [z if t is None else t for t, z in zip(answers, zeros, strict=True)]
