"""Functions of one element at a time. CNTK broadcasts as NumPy does, so operands stay as small as they are.

Not here, because CNTK 2.7 has no IEEE arithmetic for them (tests/unit/backend/test_cntk_traps.py shows each): `log` (of 0
and negatives -85.1), `sqrt` (of negatives and NaN 0), `pow`, and `div` by anything that might be 0 (x / 0 is 0).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from keras.backend.cntk.builder import Builder, Operand
from keras.backend.cntk.lowering.table import Spec, lowering


def _unary(name: str, op: str) -> None:
    lowering(name)(lambda b, out, x: Operand(b.c.unary(op, x.node), out))


def _binary(name: str, op: str) -> None:
    lowering(name)(lambda b, out, x, y: Operand(b.c.binary(op, x.node, y.node), out))


for _name, _op in (
    *(("neg", "Negate"), ("abs", "Abs"), ("floor", "Floor"), ("exp", "Exp"), ("sin", "Sin"), ("cos", "Cos")),
    *(("asin", "Asin"), ("atan", "Atan"), ("sigmoid", "Sigmoid"), ("tanh", "Tanh"), ("softplus", "Softplus")),
):
    _unary(_name, _op)
for _name, _op in (
    *(("add", "Plus"), ("sub", "Minus"), ("mul", "ElementTimes"), ("equal", "Equal"), ("less", "Less")),
    ("logical_and", "ElementTimes"),
):
    _binary(_name, _op)


def _ordinary_divisor(specs: Sequence[Spec], values: Sequence[np.ndarray | None]) -> bool:
    divisor = values[1]
    return divisor is not None and bool((np.abs(divisor) > 1e-30).all())  # false for NaN, too


@lowering("div", accepts=_ordinary_divisor)
def _div(b: Builder, out: Spec, x: Operand, y: Operand) -> Operand:
    return Operand(b.c.binary("ElementDivide", x.node, y.node), out)


def _extreme(op: str) -> Callable[..., Operand]:
    """ElementMax(a, b) is NaN when b is, and b when a is NaN: a constant goes first, and a NaN in `a` is put back."""

    def build(b: Builder, out: Spec, x: Operand, y: Operand) -> Operand:
        for first, second in ((x, y), (y, x)):
            if first.data is not None and not np.isnan(first.data).any():
                return Operand(b.c.binary(op, first.node, second.node), out)
        larger = b.c.binary(op, x.node, y.node)
        return Operand(b.c.select(b.c.binary("NotEqual", x.node, x.node), x.node, larger), out)

    return build


lowering("maximum")(_extreme("ElementMax"))
lowering("minimum")(_extreme("ElementMin"))


@lowering("relu")
def _relu(b: Builder, out: Spec, x: Operand) -> Operand:
    # CNTK's ReLU of -inf is NaN in float32, and of NaN 0 in float64.
    return Operand(b.c.binary("ElementMax", b.scalar(0), x.node), out)


@lowering("logical_or")
def _logical_or(b: Builder, out: Spec, x: Operand, y: Operand) -> Operand:
    return Operand(b.c.binary("ElementMax", x.node, y.node), out)


@lowering("logical_not")
def _logical_not(b: Builder, out: Spec, x: Operand) -> Operand:
    return Operand(b.c.binary("Minus", b.scalar(1), x.node), out)


@lowering("select")
def _select(b: Builder, out: Spec, condition: Operand, x: Operand, y: Operand) -> Operand:
    return Operand(b.c.select(condition.node, x.node, y.node), out)


@lowering("cast")
def _cast(b: Builder, out: Spec, x: Operand, dtype: str) -> Operand:
    if dtype == "bool" and x.spec[1] != "bool":
        return Operand(b.c.binary("NotEqual", x.node, b.scalar(0)), out)
    return Operand(x.node, out, x.data)


@lowering("softmax")
def _softmax(b: Builder, out: Spec, x: Operand, axis: int) -> Operand:
    return Operand(b.c.softmax(b.full(x), axis, False), out)


@lowering("log_softmax")
def _log_softmax(b: Builder, out: Spec, x: Operand, axis: int) -> Operand:
    return Operand(b.c.softmax(b.full(x), axis, True), out)
