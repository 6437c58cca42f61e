"""Pull-backs of reductions, running reductions and contractions."""

from __future__ import annotations

import math
from typing import Any

from keras.backend.vjp.table import conj, keep, linear, rule, spread, sum_to, swap_last


@linear("reduce_sum")
def _(e: Any, dy: Any, x: Any, axes: Any) -> Any:
    return spread(e, dy, axes, x[0])


@rule("reduce_max")
def _(e: Any, dy: Any, y: Any, x: Any, axes: Any) -> Any:
    return _extremum(e, dy, y, x, axes)


@rule("reduce_min")
def _(e: Any, dy: Any, y: Any, x: Any, axes: Any) -> Any:
    return _extremum(e, dy, y, x, axes)


def _extremum(e: Any, dy: Any, y: Any, x: Any, axes: Any) -> Any:
    """Elements that are all the maximum (or minimum) share equally."""
    shape, dtype = e.spec(x)
    hit = e.cast(e.equal(x, keep(e, y, axes, shape)), dtype)
    share = e.div(dy, e.reduce_sum(hit, axes))
    return e.mul(hit, keep(e, share, axes, shape))


@rule("reduce_prod")
def _(e: Any, dy: Any, y: Any, x: Any, axes: Any) -> Any:
    # The product of all others: of those before times of those after, so that zeros need no division.
    shape, dtype = e.spec(x)
    kept = tuple(i for i in range(len(shape)) if i not in axes)
    order = kept + tuple(axes)
    outer, n = tuple(shape[i] for i in kept), math.prod(shape[i] for i in axes)
    if n == 0:
        return e.full(shape, 0, dtype)
    flat, last = e.reshape(e.transpose(x, order), (*outer, n)), len(outer)
    before = _shifted(e, e.cumprod(flat, last))
    after = e.flip(_shifted(e, e.cumprod(e.flip(flat, (last,)), last)), (last,))
    others = e.reshape(e.mul(before, after), tuple(shape[i] for i in order))
    others = e.transpose(others, tuple(sorted(range(len(order)), key=order.__getitem__)))
    return e.mul(others, keep(e, dy, axes, shape))


def _shifted(e: Any, x: Any) -> Any:
    """The last axis moved up by one place, with a 1 in front."""
    *outer, n = e.spec(x)[0]
    none = (0,) * len(outer)
    kept = e.slice(x, (*none, 0), (*outer, n - 1), (1,) * (len(outer) + 1))
    return e.pad(kept, (*none, 1), (*none, 0), 1)


@linear("cumsum")
def _(e: Any, dy: Any, x: Any, axis: Any) -> Any:
    return e.flip(e.cumsum(e.flip(dy, (axis,)), axis), (axis,))


@rule("cumprod")
def _(e: Any, dy: Any, y: Any, x: Any, axis: Any) -> Any:
    # dx[i] = (product before i) s[i] with s[i] = dy[i] + x[i + 1] s[i + 1], a recurrence solved by doubling.
    shape = e.spec(x)[0]
    order = (*(i for i in range(len(shape)) if i != axis), axis)
    x, y, dy = (e.transpose(t, order) for t in (x, y, dy))
    *outer, n = e.spec(x)[0]
    none, ones = (0,) * len(outer), (1,) * (len(outer) + 1)

    def later(t: Any, step: int, value: int) -> Any:
        kept = e.slice(t, (*none, min(step, n)), (*outer, n), ones)
        return e.pad(kept, (*none, 0), (*none, min(step, n)), value)

    factor, total, step = later(x, 1, 0), dy, 1
    while step < n:
        total = e.add(total, e.mul(factor, later(total, step, 0)))
        factor = e.mul(factor, later(factor, step, 0))
        step *= 2
    dx = e.mul(_shifted(e, y), total) if n else dy
    return e.transpose(dx, tuple(sorted(range(len(order)), key=order.__getitem__)))


@rule("matmul")
def _(e: Any, dy: Any, y: Any, a: Any, b: Any) -> Any:
    shape_a, shape_b = e.spec(a)[0], e.spec(b)[0]

    def by_a() -> Any:
        return sum_to(e, e.matmul(dy, swap_last(e, conj(e, b))), shape_a)

    def by_b() -> Any:
        if len(shape_b) > 2:
            return sum_to(e, e.matmul(swap_last(e, conj(e, a)), dy), shape_b)
        rows = math.prod(shape_a[:-1])  # one weight for all matrices of `a`: a single product sums over them
        flat, columns = e.reshape(a, (rows, shape_a[-1])), e.reshape(dy, (rows, shape_b[-1]))
        return e.matmul(swap_last(e, conj(e, flat)), columns)

    return by_a, by_b


@rule("dot_general")
def _(e: Any, dy: Any, y: Any, a: Any, b: Any, contract: Any, batch: Any) -> Any:
    free = [
        tuple(i for i in range(len(e.spec(x)[0])) if i not in contract[side] and i not in batch[side])
        for side, x in enumerate((a, b))
    ]
    lead = tuple(range(len(batch[0])))
    of_a = tuple(range(len(lead), len(lead) + len(free[0])))  # where the free axes of a and b are in dy
    of_b = tuple(range(len(lead) + len(of_a), len(lead) + len(of_a) + len(free[1])))

    def by(side: int, other: Any, mine: Any, others: Any) -> Any:
        # dy . other over other's free axes: batch, my free axes, then contracted axes as they are ordered in `other`.
        out = e.dot_general(dy, conj(e, other), (others, free[1 - side]), (lead, batch[1 - side]))
        theirs = contract[1 - side]
        remaining = sorted(theirs)
        places = (*batch[side], *free[side], *(contract[side][theirs.index(i)] for i in remaining))
        return e.transpose(out, tuple(sorted(range(len(places)), key=places.__getitem__)))

    return lambda: by(0, b, of_a, of_b), lambda: by(1, a, of_b, of_a)
