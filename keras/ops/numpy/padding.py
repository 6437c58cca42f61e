"""Borders around a tensor."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras import tree
from keras.backend.select import current
from keras.backend.spec import Unknown
from keras.ops.dispatch import convert, op, shape_of
from keras.ops.settling import filled_like, static_int, wrapped

Tensor = Any


@op
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Tensor:
    """x with a border.

    Args:
        x: array-like.
        pad_width: `((before, after), ...)` per axis, one pair for all axes, or one int for all sides.
        mode: `"constant"`; or mirrored `"reflect"` (without the edge) or `"symmetric"` (with it); `"edge"`, `"wrap"`.
        constant_values: what the border holds in mode `"constant"`; 0 by default.

    >>> pad([1, 2], 1).tolist()
    [0, 1, 2, 0]
    >>> pad([1, 2, 3], ((2, 0),), mode="reflect").tolist()
    [3, 2, 1, 2, 3]
    """
    x = convert(x)
    shape = shape_of(x)
    widths = _pad_widths(pad_width, len(shape))
    if mode not in ("constant", "reflect", "symmetric", "edge", "wrap"):
        raise ValueError(
            f"pad: `mode` must be constant, reflect, symmetric, edge or wrap. Received: mode={mode!r}"
        )
    if mode == "constant":
        return _pad_constant(x, widths, 0 if constant_values is None else constant_values)
    if constant_values is not None:
        raise ValueError(f'pad: `constant_values` goes with mode "constant". Received: mode={mode!r}')
    for axis, (low, high) in enumerate(widths):
        if low or high:
            x = _pad_axis(x, axis, low, high, mode)
    return x


def _pad_widths(pad_width: Any, rank: int) -> list[tuple[Any, Any]]:
    try:
        widths = tree.map_structure(_width, pad_width)
        known = not any(isinstance(n, Unknown) for n in tree.flatten(widths))
        table = np.broadcast_to(np.asarray(widths, dtype="int64" if known else object), (rank, 2))
    except (ValueError, TypeError, RuntimeError):
        raise ValueError(
            f"pad: `pad_width` must be an int, a pair, or one pair per axis ({rank} here). Received: {pad_width}"
        ) from None
    if (table < 0).any():
        raise ValueError(f"pad: `pad_width` must not be negative. Received: {pad_width}")
    return [(static_int(a, "pad", "pad_width"), static_int(b, "pad", "pad_width")) for a, b in table]


def _width(n: Any) -> Any:
    """A width, also one that the engine computes from sizes."""
    e = current()
    return e.as_size(n) if e.is_tensor(n) and shape_of(n) == () else n


def _pad_constant(x: Tensor, widths: list[tuple[int, int]], value: Any) -> Tensor:
    e = current()
    low, high = tuple(a for a, _ in widths), tuple(b for _, b in widths)
    dtype = e.dtype(x)
    if isinstance(value, (bool, int, float)):
        return e.pad(x, low, high, wrapped(value, dtype))
    inside = e.pad(filled_like(x, True, "bool"), low, high, False)
    return e.select(inside, e.pad(x, low, high, 0), convert(value, dtype))


def _pad_axis(x: Tensor, axis: int, low: int, high: int, mode: str) -> Tensor:
    e = current()
    size = shape_of(x)[axis]
    if any(isinstance(d, Unknown) for d in (low, size, high)):
        return e.take(x, _places(low, size, high, mode), axis)
    limit = size - 1 if mode == "reflect" else size
    if size == 0 or (mode != "edge" and builtins.max(low, high) > limit):
        raise ValueError(f'pad: mode "{mode}" can add at most {limit} on axis {axis} of size {size}')
    sides: list[Sequence[int]]
    if mode == "edge":
        sides = [[0] * low, [size - 1] * high]
    elif mode == "wrap":
        sides = [range(size - low, size), range(high)]
    elif mode == "reflect":
        sides = [range(low, 0, -1), range(size - 2, size - 2 - high, -1)]
    else:
        sides = [range(low - 1, -1, -1), range(size - 1, size - 1 - high, -1)]
    rows = np.array([*sides[0], *range(size), *sides[1]], dtype="int32")
    return e.take(x, e.constant(rows, "int32"), axis)


def _places(low: Any, size: Any, high: Any, mode: str) -> Tensor:
    """For each element of a padded axis, where on the axis it comes from, if only the run will know how many there are."""
    e = current()
    p = e.sub(e.iota(low + size + high, "int32"), e.full((), low, "int32"))
    zero, last = e.full((), 0, "int32"), e.full((), size - 1, "int32")
    if mode == "edge":
        return e.minimum(e.maximum(p, zero), last)
    if mode == "reflect":
        return e.sub(last, e.abs(e.sub(last, e.abs(p))))
    before, after = e.less(p, zero), e.less(last, p)
    period = e.full((), size, "int32")
    if mode == "wrap":
        return e.select(before, e.add(p, period), e.select(after, e.sub(p, period), p))
    back = e.sub(e.add(last, period), p)  # 2 size - 1 - p
    return e.select(before, e.sub(e.neg(p), e.full((), 1, "int32")), e.select(after, back, p))
