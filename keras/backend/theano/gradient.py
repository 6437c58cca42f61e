"""The pull-back of a node for `pytensor.grad`: the library's own rule, applied to variables of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Constant, Variable

from keras.backend import select
from keras.backend.graph.ops import fill
from keras.backend.theano.ops import Primitive, differentiable
from keras.backend.theano.tensor import Tensor
from keras.backend.theano.types import spec_of
from keras.backend.vjp import pull_back_of


def pull_back(
    op: Primitive, inputs: Sequence[Variable], outputs: Sequence[Variable], cotangents: Sequence[Variable]
) -> list[Variable | None]:
    """Gradients by the inputs of a node, given those by its outputs."""
    engine: Any = select.get("theano")
    results = [_tensor(y) for y in outputs]
    given = [
        (engine.full(*y.spec[:1], 0, y.spec[1]) if isinstance(g.type, DisconnectedType) else _tensor(g))
        if differentiable(y.spec[1])
        else None
        for g, y in zip(cotangents, results, strict=True)
    ]
    args = fill(op.template, [_tensor(x) for x in inputs])
    if op.name == "concat":  # whose rule has the tensors last
        args = [args[1], *args[0]]
    with select.scope(engine):
        pulled = list(pull_back_of(op.name)(engine, given, results, *args))
    pulled += [None] * (len(args) - len(pulled))
    by_tensor = [g for g, a in zip(pulled, args, strict=True) if engine.is_tensor(a)]
    return [
        None if g is None else _summed(engine, g, x).variable for g, x in zip(by_tensor, inputs, strict=True)
    ]


def _tensor(x: Variable) -> Tensor:
    return Tensor(x.data) if isinstance(x, Constant) else Tensor(None, x, spec_of(x))


def _summed(engine: Any, gradient: Tensor, like: Variable) -> Tensor:
    """Over the axes its argument was stretched along."""
    shape = spec_of(like)[0]
    wide = gradient.spec[0]
    extra = len(wide) - len(shape)
    axes = tuple(i for i, n in enumerate(wide) if i < extra or (shape[i - extra] == 1 and n != 1))
    return engine.reshape(engine.reduce_sum(gradient, axes), shape) if axes else gradient
