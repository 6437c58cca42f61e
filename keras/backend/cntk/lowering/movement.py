"""Moving elements about."""

from __future__ import annotations

from collections.abc import Sequence

from keras.backend.cntk.builder import Builder, Operand
from keras.backend.cntk.lowering.table import Spec, lowering

Shape = tuple[int, ...]


@lowering("reshape", moves=True)
def _reshape(b: Builder, out: Spec, x: Operand, shape: Shape) -> Operand:
    return Operand(x.node if x.shape == shape else b.c.reshape(b.full(x), shape), out)


@lowering("transpose", moves=True)
def _transpose(b: Builder, out: Spec, x: Operand, axes: Shape) -> Operand:
    rank = len(axes)
    if axes == tuple(range(rank)):
        return Operand(x.node, out)
    node = b.full(x)
    last_two = (*range(rank - 2), rank - 1, rank - 2)
    return Operand(b.c.transpose(node, axes), out, swapped=node if axes == last_two else None)


@lowering("broadcast_to", moves=True)
def _broadcast_to(b: Builder, out: Spec, x: Operand, shape: Shape) -> Operand:
    return Operand(x.node, out, x.data)


@lowering("slice", moves=True)
def _slice(b: Builder, out: Spec, x: Operand, starts: Shape, stops: Shape, steps: Shape) -> Operand:
    cut = [
        i
        for i, (n, *given) in enumerate(zip(x.shape, starts, stops, steps, strict=True))
        if given != [0, n, 1]
    ]
    node = b.full(x)
    if cut:
        node = b.c.slice(node, cut, *([values[i] for i in cut] for values in (starts, stops, steps)))
    return Operand(node, out)


@lowering("pad", moves=True)
def _pad(b: Builder, out: Spec, x: Operand, low: Shape, high: Shape, value: float) -> Operand:
    node = b.full(x)
    return Operand(b.c.pad(node, low, high, value) if any(low) or any(high) else node, out)


@lowering("concat", moves=True)
def _concat(b: Builder, out: Spec, xs: Sequence[Operand], axis: int) -> Operand:
    nodes = [b.full(x) for x in xs]
    return Operand(b.c.concat(nodes, axis) if len(nodes) > 1 else nodes[0], out)
