"""Pull-backs of linear algebra (Giles 2008, "An extended collection of matrix derivative results"), batched."""

from __future__ import annotations

from typing import Any

from keras.backend.vjp.table import conj, rule, scalar, swap_last


def adjoint(e: Any, x: Any) -> Any:
    """Conjugate transpose of the last two axes."""
    return swap_last(e, conj(e, x))


def triangle(e: Any, x: Any, lower: bool, diagonal: float = 1) -> Any:
    """The lower (or upper) triangle of the last two axes, its diagonal multiplied by `diagonal`."""
    *_, m, n = e.spec(x)[0]
    row, column = e.reshape(e.iota(m, "int32"), (m, 1)), e.reshape(e.iota(n, "int32"), (1, n))
    inside = e.less(column, row) if lower else e.less(row, column)
    weight = e.select(inside, scalar(e, 1, x), scalar(e, 0, x))
    weight = e.select(e.equal(row, column), scalar(e, diagonal, x), weight)
    return e.mul(x, weight)


def eye(e: Any, n: int, dtype: str) -> Any:
    """The identity matrix."""
    i = e.iota(n, "int32")
    return e.cast(e.equal(e.reshape(i, (n, 1)), e.reshape(i, (1, n))), dtype)


def columns(e: Any, x: Any) -> Any:
    """A (batch of) vectors as rows that scale columns: `[.., 1, n]`."""
    shape = e.spec(x)[0]
    return e.reshape(x, (*shape[:-1], 1, shape[-1]))


def rows(e: Any, x: Any) -> Any:
    """A (batch of) vectors as columns that scale rows: `[.., n, 1]`."""
    return e.reshape(x, (*e.spec(x)[0], 1))


def symmetric(e: Any, x: Any) -> Any:
    """(x + x^H) / 2."""
    return e.mul(e.add(x, adjoint(e, x)), scalar(e, 0.5, x))


@rule("solve")
def _(e: Any, dy: Any, y: Any, a: Any, b: Any) -> Any:
    db = e.solve(adjoint(e, a), dy)
    return lambda: e.neg(e.matmul(db, adjoint(e, y))), db


@rule("triangular_solve")
def _(e: Any, dy: Any, y: Any, a: Any, b: Any, lower: Any) -> Any:
    db = e.triangular_solve(adjoint(e, a), dy, not lower)
    return lambda: triangle(e, e.neg(e.matmul(db, adjoint(e, y))), lower), db


@rule("cholesky")
def _(e: Any, dy: Any, y: Any, a: Any) -> Any:
    # L^-H phi(L^H dL) L^-1, made symmetric: a is, and only one of its triangles is read.
    inner = triangle(e, e.matmul(adjoint(e, y), dy), lower=True, diagonal=0.5)
    upper = adjoint(e, y)
    left = e.triangular_solve(upper, inner, False)
    return symmetric(e, adjoint(e, e.triangular_solve(upper, adjoint(e, left), False)))


@rule("lu")
def _(e: Any, dy: Any, y: Any, a: Any) -> Any:
    packed, pivots = y
    (*batch, m, n), dtype = e.spec(a)
    low = e.add(_resized(e, triangle(e, packed, lower=True, diagonal=0), m), eye(e, m, dtype))
    up = _resized(e, triangle(e, packed, lower=False), n)
    if n > m:  # both factors square: the identity goes on where a has no rows, or no columns, left
        up = e.add(up, e.broadcast_to(_resized(e, eye(e, n - m, dtype), n, at_end=True), (*batch, n, n)))
    dlow, dup = triangle(e, dy[0], lower=True, diagonal=0), triangle(e, dy[0], lower=False)
    left = triangle(e, e.matmul(adjoint(e, low), dlow), lower=True, diagonal=0)
    right = triangle(e, e.matmul(dup, adjoint(e, up)), lower=False)
    middle = e.triangular_solve(adjoint(e, low), e.add(left, right), False)
    permuted = adjoint(e, e.triangular_solve(up, adjoint(e, middle), False))
    return _unswapped(e, permuted, pivots)


def _resized(e: Any, x: Any, n: int, at_end: bool = False) -> Any:
    """Matrices cut or, with zeros, enlarged to n by n."""
    *batch, rows_, columns_ = e.spec(x)[0]
    kept = (*batch, min(rows_, n), min(columns_, n))
    x = e.slice(x, (0,) * len(kept), kept, (1,) * len(kept))
    none, missing = (0,) * len(kept), (*(0 for _ in batch), n - kept[-2], n - kept[-1])
    return e.pad(x, *((missing, none) if at_end else (none, missing)), 0)


def _unswapped(e: Any, x: Any, pivots: Any) -> Any:
    """Rows of `x` put back to where they were before the swaps that `pivots` lists."""
    *batch, m, n = e.spec(x)[0]
    place = e.broadcast_to(e.iota(m, "int32"), (*batch, m))
    order = place  # order[i]: which row of the original is row i now
    for i in range(min(m, n)):
        starts, stops = (0,) * len(batch) + (i,), (*batch, i + 1)
        pivot = e.slice(pivots, starts, stops, (1,) * len(stops))
        mine = e.slice(order, starts, stops, (1,) * len(stops))
        theirs = e.take_along(order, pivot, len(batch))
        order = e.select(e.equal(place, pivot), mine, order)
        order = e.select(e.equal(place, e.full((), i, "int32")), theirs, order)
    back = e.argsort(order, len(batch))
    back = e.broadcast_to(e.reshape(back, (*batch, m, 1)), (*batch, m, n))
    return e.take_along(x, back, len(batch))


@rule("eigh")
def _(e: Any, dy: Any, y: Any, a: Any) -> Any:
    w, v = y
    dw, dv = dy
    gap = e.sub(columns(e, w), rows(e, w))
    inverse = _inverse_or_zero(e, gap)
    inner = e.matmul(adjoint(e, v), dv)
    inner = e.mul(inner, e.cast(inverse, e.spec(inner)[1]))
    n, dtype = e.spec(a)[0][-1], e.spec(inner)[1]
    inner = e.add(inner, e.mul(eye(e, n, dtype), e.cast(columns(e, dw), dtype)))
    return symmetric(e, e.matmul(e.matmul(v, inner), adjoint(e, v)))


def _inverse_or_zero(e: Any, x: Any) -> Any:
    zero, one = scalar(e, 0, x), scalar(e, 1, x)
    nothing = e.equal(x, zero)
    return e.select(nothing, zero, e.div(one, e.select(nothing, one, x)))


@rule("qr")
def _(e: Any, dy: Any, y: Any, a: Any, mode: Any) -> Any:
    q, r = y
    dq, dr = dy
    m, n = e.spec(a)[0][-2:]
    if m < n or (mode == "complete" and m > n):
        raise NotImplementedError(
            f"qr: only the reduced factors of a matrix at least as tall as wide have a gradient. "
            f"Received: mode={mode!r}, a matrix of {m} by {n}"
        )
    inner = e.sub(e.matmul(r, adjoint(e, dr)), e.matmul(adjoint(e, dq), q))
    inner = triangle(e, inner, lower=True)  # its reflection below makes it Hermitian
    inner = e.add(inner, triangle(e, adjoint(e, inner), lower=False, diagonal=0))
    left = e.add(dq, e.matmul(q, inner))
    return adjoint(e, e.triangular_solve(r, adjoint(e, left), False))


@rule("svd")
def _(e: Any, dy: Any, y: Any, a: Any, full: Any, uv: Any) -> Any:
    if not uv:  # singular values alone need their vectors after all
        u, _, vh = e.svd(a, False, True)
        return e.matmul(e.mul(u, e.cast(columns(e, dy), e.spec(u)[1])), vh)
    m, n = e.spec(a)[0][-2:]
    if full and m != n:
        raise NotImplementedError(
            f"svd: the extra columns of full factors have no gradient; use full_matrices=False. "
            f"Received: a matrix of {m} by {n}"
        )
    u, s, vh = y
    du, ds, dv = dy[0], dy[1], adjoint(e, dy[2])
    v, k, dtype = adjoint(e, vh), min(m, n), e.spec(a)[1]
    squares = e.mul(s, s)
    f = e.cast(_inverse_or_zero(e, e.sub(columns(e, squares), rows(e, squares))), dtype)
    wide_s = e.cast(s, dtype)
    inverse = e.cast(_inverse_or_zero(e, s), dtype)

    def skew(x: Any) -> Any:
        return e.sub(x, adjoint(e, x))

    of_u = e.mul(e.mul(f, skew(e.matmul(adjoint(e, u), du))), columns(e, wide_s))
    of_v = e.mul(e.mul(f, skew(e.matmul(adjoint(e, v), dv))), rows(e, wide_s))
    middle = e.add(e.add(of_u, of_v), e.mul(eye(e, k, dtype), e.cast(columns(e, ds), dtype)))
    da = e.matmul(e.matmul(u, middle), vh)
    if m > k:  # the part of du outside the columns of u
        outside = e.sub(du, e.matmul(u, e.matmul(adjoint(e, u), du)))
        da = e.add(da, e.matmul(e.mul(outside, columns(e, inverse)), vh))
    if n > k:
        outside = e.sub(dv, e.matmul(v, e.matmul(vh, dv)))
        da = e.add(da, e.matmul(e.mul(u, columns(e, inverse)), adjoint(e, outside)))
    return da
