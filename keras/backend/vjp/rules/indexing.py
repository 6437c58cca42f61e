"""Pull-backs of gather, scatter and order: what was gathered is scattered back, and the other way round."""

from __future__ import annotations

import math
from typing import Any

from keras.backend.vjp.table import rule, scalar


@rule("take")
def _(e: Any, dy: Any, y: Any, x: Any, indices: Any, axis: Any) -> Any:
    shape, dtype = e.spec(x)
    picked = e.spec(indices)[0]
    n, rank = len(shape), len(picked)
    # The places of `indices` first, then the other axes of x in order.
    order = (*range(axis, axis + rank), *range(axis), *range(axis + rank, n - 1 + rank))
    rest = shape[:axis] + shape[axis + 1 :]
    rows = e.reshape(e.transpose(dy, order), (math.prod(picked), *rest))
    at = e.reshape(indices, (math.prod(picked), 1))
    dx = e.scatter_nd(e.full((shape[axis], *rest), 0, dtype), at, rows, "add")
    return e.transpose(dx, (*range(1, axis + 1), 0, *range(axis + 1, n)))


@rule("take_along")
def _(e: Any, dy: Any, y: Any, x: Any, indices: Any, axis: Any) -> Any:
    return _put_along(e, dy, indices, axis, e.spec(x))


def _put_along(e: Any, dy: Any, indices: Any, axis: int, spec: Any) -> Any:
    """The transpose of `take_along`."""
    shape, dtype = spec
    picked = e.spec(indices)[0]
    flat = e.reshape(e.iota(math.prod(shape), "int32"), shape)  # every element's own number
    places = e.reshape(e.take_along(flat, indices, axis), (math.prod(picked), 1))
    zeros = e.full((math.prod(shape),), 0, dtype)
    return e.reshape(e.scatter_nd(zeros, places, e.reshape(dy, (math.prod(picked),)), "add"), shape)


@rule("gather_nd")
def _(e: Any, dy: Any, y: Any, x: Any, indices: Any) -> Any:
    return e.scatter_nd(e.full(*_zeros(e.spec(x))), indices, dy, "add")


@rule("scatter_nd")
def _(e: Any, dy: Any, y: Any, x: Any, indices: Any, updates: Any, mode: Any) -> Any:
    if mode == "add":
        return dy, None, lambda: e.gather_nd(dy, indices)
    if mode == "set":
        zeros = e.full(*_zeros(e.spec(updates)))
        return lambda: e.scatter_nd(dy, indices, zeros, "set"), None, lambda: e.gather_nd(dy, indices)
    return (_scatter_product if mode == "mul" else _scatter_extremum)(e, dy, y, x, indices, updates)


def _scatter_product(e: Any, dy: Any, y: Any, x: Any, indices: Any, updates: Any) -> Any:
    one, zero = scalar(e, 1, x), scalar(e, 0, x)
    factors = e.scatter_nd(e.full(e.spec(x)[0], 1, e.spec(x)[1]), indices, updates, "mul")

    def by_updates() -> Any:  # the product of the others, which division by zero must not spoil
        vanishes = e.equal(updates, zero)
        shape, dtype = e.spec(updates)
        ones = e.select(vanishes, e.full(shape, 1, dtype), e.full(shape, 0, dtype))
        zeros = e.gather_nd(e.scatter_nd(e.full(*_zeros(e.spec(x))), indices, ones, "add"), indices)
        safe = e.select(vanishes, one, updates)
        whole = e.gather_nd(e.scatter_nd(x, indices, safe, "mul"), indices)
        others = e.select(e.equal(zeros, ones), e.div(whole, safe), zero)  # no zero among the others
        return e.mul(e.gather_nd(dy, indices), others)

    return lambda: e.mul(dy, factors), None, by_updates


def _scatter_extremum(e: Any, dy: Any, y: Any, x: Any, indices: Any, updates: Any) -> Any:
    """Ties share equally."""
    one, zero = scalar(e, 1, x), scalar(e, 0, x)
    stayed = e.select(e.equal(x, y), one, zero)
    arrived = e.select(e.equal(updates, e.gather_nd(y, indices)), one, zero)
    share = e.div(dy, e.scatter_nd(stayed, indices, arrived, "add"))
    return lambda: e.mul(share, stayed), None, lambda: e.mul(e.gather_nd(share, indices), arrived)


@rule("sort")
def _(e: Any, dy: Any, y: Any, x: Any, axis: Any) -> Any:
    order = e.argsort(x, axis)
    return e.take_along(dy, e.argsort(order, axis), axis)  # the inverse permutation


@rule("top_k")
def _(e: Any, dy: Any, y: Any, x: Any, k: Any) -> Any:
    return _put_along(e, dy[0], y[1], len(e.spec(x)[0]) - 1, e.spec(x))


def _zeros(spec: Any) -> tuple[Any, int, str]:
    return spec[0], 0, spec[1]
