"""Linear algebra on matrices: the last two axes, batched over the others. Ints and bools become `floatx`."""

from __future__ import annotations

import math
from typing import Any

from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import broadcast, largest, same, shape_str
from keras.ops.dispatch import as_float, axes_of, cast, dtype_of, ndim_of, op, shape_of
from keras.ops.gradients import jvp
from keras.ops.numpy.matrices import diagonal
from keras.ops.settling import kept, promote_floats, scalar

Tensor = Any

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "det",
    "eig",
    "eigh",
    "inv",
    "jvp",
    "lstsq",
    "lu_factor",
    "matrix_rank",
    "norm",
    "pinv",
    "qr",
    "solve",
    "solve_triangular",
    "svd",
]


def _matrix(x: Any, who: str, name: str = "x", square: bool = False) -> Tensor:
    x = as_float(x)
    shape = shape_of(x)
    if len(shape) < 2:
        raise ValueError(f"{who}: `{name}` must have rank 2 or more. Received: shape {shape_str(shape)}")
    m, n = shape[-2:]
    if square and not same(m, n):
        raise ValueError(f"{who}: `{name}` must hold square matrices. Received: shape {shape_str(shape)}")
    return x


def _transposed(x: Tensor) -> Tensor:
    n = ndim_of(x)
    return current().transpose(x, (*range(n - 2), n - 1, n - 2))


def _eye(n: Any, dtype: str) -> Tensor:
    e = current()
    i = e.iota(n, "int32")
    return e.cast(e.equal(e.reshape(i, (n, 1)), e.reshape(i, (1, n))), dtype)


# ---------------------------------------------------------------------- factorisations
@op
def cholesky(x: Any, upper: bool = False) -> Tensor:
    """The triangular factor L of symmetric positive definite matrices x = L L^T.

    Args:
        x: `[..., n, n]`.
        upper: return L^T instead.

    >>> cholesky([[4.0, 0.0], [0.0, 9.0]]).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    factor = current().cholesky(_matrix(x, "cholesky", square=True))
    return _transposed(factor) if upper else factor


@op
def cholesky_inverse(x: Any, upper: bool = False) -> Tensor:
    """The inverse of L L^T, from its factor L.

    Args:
        x: triangular `[..., n, n]`.
        upper: whether x is L^T.

    >>> cholesky_inverse([[2.0, 0.0], [0.0, 1.0]]).tolist()
    [[0.25, 0.0], [0.0, 1.0]]
    """
    e = current()
    x = _matrix(x, "cholesky_inverse", square=True)
    shape = shape_of(x)
    factor = _transposed(x) if upper else x
    identity = e.broadcast_to(_eye(shape[-1], dtype_of(x)), shape)
    inverse = e.triangular_solve(factor, identity, True)
    return e.matmul(_transposed(inverse), inverse)


@op
def lu_factor(x: Any) -> tuple[Tensor, Tensor]:
    """LU factorisation with partial pivoting.

    Args:
        x: `[..., m, n]`.

    Returns:
        Both factors packed in one matrix (L's unit diagonal is not stored), and int32 pivots `[..., min(m, n)]`: at
        step i row i was exchanged with row `pivots[i]`.

    >>> packed, rows = lu_factor([[2.0, 0.0], [1.0, 3.0]])
    >>> packed.tolist()
    [[2.0, 0.0], [0.5, 3.0]]
    """
    packed, pivots = current().lu(_matrix(x, "lu_factor"))
    return packed, pivots


@op
def qr(x: Any, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """x = q r with orthonormal columns of q and upper triangular r.

    Args:
        x: `[..., m, n]`.
        mode: `"reduced"`: q is `[..., m, min(m, n)]`; `"complete"`: it is `[..., m, m]`.

    >>> q, r = qr([[1.0, 2.0], [3.0, 4.0]])
    >>> q.shape, r.shape
    ((2, 2), (2, 2))
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f'qr: `mode` must be "reduced" or "complete". Received: mode={mode!r}')
    q, r = current().qr(_matrix(x, "qr"), mode)
    return q, r


@op
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular value decomposition x = u diag(s) vh.

    Args:
        x: `[..., m, n]`.
        full_matrices: whether u and vh are square.
        compute_uv: return s alone if false.

    Returns:
        `(u, s, vh)`, s in descending order; or s.

    >>> svd([[3.0, 0.0], [0.0, 2.0]], compute_uv=False).tolist()
    [3.0, 2.0]
    """
    out = current().svd(_matrix(x, "svd"), bool(full_matrices), bool(compute_uv))
    return tuple(out) if compute_uv else out


@op
def eig(x: Any) -> tuple[Tensor, Tensor]:
    """Complex eigenvalues and right eigenvectors (columns) of square matrices.

    >>> w, v = eig([[2.0, 0.0], [0.0, 2.0]])
    >>> w.tolist()
    [(2+0j), (2+0j)]
    """
    w, v = current().eig(_matrix(x, "eig", square=True))
    return w, v


@op
def eigh(x: Any) -> tuple[Tensor, Tensor]:
    """Ascending eigenvalues and orthonormal eigenvectors (columns) of symmetric matrices.

    >>> w, v = eigh([[2.0, 0.0], [0.0, 1.0]])
    >>> w.tolist()
    [1.0, 2.0]
    """
    w, v = current().eigh(_matrix(x, "eigh", square=True))
    return w, v


# ---------------------------------------------------------------------- determinants
@op
def slogdet(x: Any) -> tuple[Tensor, Tensor]:
    """Sign and natural logarithm of the size of determinants.

    Args:
        x: `[..., n, n]`.

    Returns:
        `(sign, logarithm)`, each `[...]`; (0, -inf) for a singular matrix.

    >>> sign, size = slogdet([[0.0, 1.0], [1.0, 0.0]])
    >>> sign.tolist(), size.tolist()
    (-1.0, 0.0)
    """
    e = current()
    main, swaps = _lu_diagonal(_matrix(x, "slogdet", square=True))
    last = (ndim_of(main) - 1,)
    sign = e.mul(e.reduce_prod(e.sign(main), last), swaps)
    return sign, e.reduce_sum(e.log(e.abs(main)), last)


def _lu_diagonal(x: Tensor) -> tuple[Tensor, Tensor]:
    """Diagonal of U, and the sign of the row permutation."""
    e = current()
    packed, pivots = e.lu(x)
    n = shape_of(pivots)[-1]
    moved = e.logical_not(e.equal(pivots, e.iota(n, "int32")))
    swaps = e.reduce_sum(cast(moved, "int32"), (ndim_of(pivots) - 1,))
    odd = e.equal(e.mod(swaps, scalar(2, swaps)), scalar(1, swaps))
    one = scalar(1.0, packed)
    return diagonal(packed, 0, -2, -1), e.select(odd, e.neg(one), one)


@op
def logdet(x: Any) -> Tensor:
    """Natural logarithm of the determinants of symmetric positive definite matrices.

    >>> logdet([[1.0, 0.0], [0.0, 1.0]]).tolist()
    0.0
    """
    e = current()
    main = diagonal(e.cholesky(_matrix(x, "logdet", square=True)), 0, -2, -1)
    half = e.reduce_sum(e.log(main), (ndim_of(main) - 1,))
    return e.add(half, half)


@op
def det(x: Any) -> Tensor:
    """Determinants of square matrices.

    >>> det([[2.0, 0.0], [0.0, 3.0]]).tolist()
    6.0
    """
    e = current()
    main, swaps = _lu_diagonal(_matrix(x, "det", square=True))
    return e.mul(e.reduce_prod(main, (ndim_of(main) - 1,)), swaps)


# ---------------------------------------------------------------------- equations
def _matched(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, bool]:
    """Matrices with equal batches; a vector b becomes a column."""
    e = current()
    shape_a, shape_b = shape_of(a), shape_of(b)
    vector = len(shape_b) == len(shape_a) - 1
    if vector:
        b = e.reshape(b, (*shape_b, 1))
        shape_b = shape_of(b)
    batch_a, batch_b = shape_a[:-2], shape_b[:-2]
    if batch_a != batch_b:
        batch = broadcast("solve", batch_a, batch_b)
        a, b = e.broadcast_to(a, (*batch, *shape_a[-2:])), e.broadcast_to(b, (*batch, *shape_b[-2:]))
    return a, b, vector


def _as_vector(y: Tensor, vector: bool) -> Tensor:
    return current().reshape(y, shape_of(y)[:-1]) if vector else y


@op
def solve(a: Any, b: Any) -> Tensor:
    """x with a x = b.

    Args:
        a: square matrices `[..., n, n]`.
        b: `[..., n, k]`, or `[..., n]` with one axis less than a.

    Returns:
        x, of b's shape.

    >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 4.0]).tolist()
    [1.0, 1.0]
    """
    a, b = promote_floats(a, b)
    a = _matrix(a, "solve", "a", square=True)
    _check_sides("solve", a, b)
    a, b, vector = _matched(a, b)
    return _as_vector(current().solve(a, b), vector)


@op
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Tensor:
    """x with a x = b, where only one triangle of a is read.

    Args:
        a: square matrices `[..., n, n]`.
        b: `[..., n, k]`, or `[..., n]` with one axis less than a.
        lower: which triangle.

    >>> solve_triangular([[2.0, 0.0], [0.0, 4.0]], [2.0, 4.0]).tolist()
    [1.0, 1.0]
    """
    a, b = promote_floats(a, b)
    a = _matrix(a, "solve_triangular", "a", square=True)
    _check_sides("solve_triangular", a, b)
    a, b, vector = _matched(a, b)
    return _as_vector(current().triangular_solve(a, b, bool(lower)), vector)


def _check_sides(who: str, a: Tensor, b: Tensor) -> None:
    shape_a, shape_b = shape_of(a), shape_of(b)
    rows = shape_b[-1] if len(shape_b) == len(shape_a) - 1 else shape_b[-2] if len(shape_b) > 1 else None
    if rows is None or not same(rows, shape_a[-2]):
        raise ValueError(
            f"{who}: `b` must have as many rows as `a`. "
            f"Received: a.shape={shape_str(shape_a)}, b.shape={shape_str(shape_b)}"
        )


@op
def inv(x: Any) -> Tensor:
    """Inverses of square matrices.

    >>> inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    x = _matrix(x, "inv", square=True)
    shape = shape_of(x)
    return current().solve(x, current().broadcast_to(_eye(shape[-1], dtype_of(x)), shape))


@op
def pinv(x: Any, rcond: float | None = None) -> Tensor:
    """Pseudo-inverses (Moore and Penrose).

    Args:
        x: `[..., m, n]`.
        rcond: singular values below this share of the largest count as 0; max(m, n) times the resolution by default.

    Returns:
        `[..., n, m]`.

    >>> pinv([[2.0, 0.0], [0.0, 4.0]]).round(4).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    e = current()
    x = _matrix(x, "pinv")
    u, s, vh = e.svd(x, False, True)
    inverse = _inverted(s, x, rcond)
    wide = e.reshape(inverse, (*shape_of(s)[:-1], 1, shape_of(s)[-1]))
    return e.matmul(e.mul(_transposed(vh), wide), _transposed(u))


def _inverted(s: Tensor, x: Tensor, rcond: float | None) -> Tensor:
    """Reciprocals of singular values, 0 for those that are too small."""
    e = current()
    last = ndim_of(s) - 1
    if shape_of(s)[last] == 0:
        return s
    share = _tolerance(x) if rcond is None else rcond
    most = kept(e.reduce_max(s, (last,)), (last,), shape_of(s))
    small = e.logical_not(e.less(e.mul(most, scalar(share, s)), s))
    return e.select(small, scalar(0.0, s), e.div(scalar(1.0, s), e.select(small, scalar(1.0, s), s)))


def _tolerance(x: Tensor) -> Any:
    m, n = shape_of(x)[-2:]
    return largest(m, n) * dtypes.resolution(dtype_of(x))


@op
def lstsq(a: Any, b: Any, rcond: float | None = None) -> Tensor:
    """x that makes |a x - b|^2 least; of several such x the shortest.

    Args:
        a: `[m, n]`.
        b: `[m]` or `[m, k]`.
        rcond: singular values of a below this share of the largest count as 0.

    Returns:
        `[n]` or `[n, k]`.

    >>> lstsq([[2.0, 0.0], [0.0, 4.0]], [2.0, 4.0]).round(4).tolist()
    [1.0, 1.0]
    """
    e = current()
    a, b = promote_floats(a, b)
    a = _matrix(a, "lstsq", "a")
    _check_sides("lstsq", a, b)
    a, b, vector = _matched(a, b)
    u, s, vh = e.svd(a, False, True)
    share = e.matmul(_transposed(u), b)
    scaled = e.mul(share, e.reshape(_inverted(s, a, rcond), (*shape_of(s), 1)))
    return _as_vector(e.matmul(_transposed(vh), scaled), vector)


@op
def matrix_rank(x: Any, tol: float | None = None) -> Tensor:
    """Number of singular values that are not 0, as int32.

    Args:
        x: `[..., m, n]`.
        tol: the least size that counts; max(m, n) times the resolution times the largest by default.

    >>> matrix_rank([[1.0, 0.0], [0.0, 0.0]]).tolist()
    1
    """
    e = current()
    x = _matrix(x, "matrix_rank")
    s = e.svd(x, False, False)
    last = ndim_of(s) - 1
    if shape_of(s)[last] == 0:
        return e.full(shape_of(s)[:last], 0, "int32")
    if tol is None:
        limit = e.mul(kept(e.reduce_max(s, (last,)), (last,), shape_of(s)), scalar(_tolerance(x), s))
    else:
        limit = scalar(tol, s)
    return e.reduce_sum(cast(e.less(limit, s), "int32"), (last,))


# ---------------------------------------------------------------------- norms
_MATRIX_ORDERS = (None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)


@op
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Norm of vectors (one axis) or matrices (two axes).

    Args:
        x: array-like.
        ord: for vectors any number p: (sum |x|^p)^(1/p), also 0 and the infinities; for matrices `"fro"`, `"nuc"`,
            +-1, +-2 and the infinities. By default 2, which for matrices is `"fro"`.
        axis: the axis, or the two axes. By default all: without `ord` x is taken flat.
        keepdims: leave the reduced axes in place.

    >>> norm([3.0, 4.0]).tolist()
    5.0
    """
    e, x = current(), as_float(x)
    shape = shape_of(x)
    axes = axes_of(axis, len(shape), "norm")
    if isinstance(axis, (list, tuple)):  # the order of a matrix's axes matters: rows first
        axes = tuple(a % len(shape) for a in axis)
    if (axis is None and ord is None) or (ord is None and len(axes) == 1):
        y = e.sqrt(e.reduce_sum(_squared(x), tuple(sorted(axes))))
    elif len(axes) == 1:
        y = _vector_norm(x, ord, axes)
    elif len(axes) == 2:
        y = _matrix_norm(x, ord, axes)
    else:
        raise ValueError(
            f"norm: with `ord` expected one axis or two. Received: {len(axes)} axes, ord={ord!r}"
        )
    return kept(y, axes, shape) if keepdims else y


def _squared(x: Tensor) -> Tensor:
    size = current().abs(x) if dtypes.is_complex(dtype_of(x)) else x
    return current().mul(size, size)


def _vector_norm(x: Tensor, order: Any, axes: tuple[int, ...]) -> Tensor:
    e = current()
    if isinstance(order, str):
        raise ValueError(f"norm: vectors have no norm of `ord`={order!r}; expected a number")
    size = e.abs(x)
    if order == math.inf:
        return e.reduce_max(size, axes)
    if order == -math.inf:
        return e.reduce_min(size, axes)
    if order == 0:
        return e.reduce_sum(cast(e.logical_not(e.equal(size, scalar(0.0, size))), dtype_of(size)), axes)
    if order == 1:
        return e.reduce_sum(size, axes)
    if order == 2:
        return e.sqrt(e.reduce_sum(e.mul(size, size), axes))
    total = e.reduce_sum(e.pow(size, scalar(float(order), size)), axes)
    return e.pow(total, scalar(1.0 / order, total))


def _matrix_norm(x: Tensor, order: Any, axes: tuple[int, ...]) -> Tensor:
    e = current()
    if order not in _MATRIX_ORDERS:
        raise ValueError(
            f"norm: matrices have no norm of `ord`={order!r}; expected fro, nuc, 1, -1, 2, -2, inf or -inf"
        )
    if order in (None, "fro"):
        return e.sqrt(e.reduce_sum(_squared(x), tuple(sorted(axes))))
    rest = [i for i in range(ndim_of(x)) if i not in axes]
    x = e.transpose(x, (*rest, *axes))
    last = ndim_of(x) - 1
    if order in ("nuc", 2, -2):
        s = e.svd(x, False, False)
        f = {"nuc": e.reduce_sum, 2: e.reduce_max, -2: e.reduce_min}[order]
        return f(s, (last - 1,))
    sums = e.reduce_sum(e.abs(x), (last - 1,) if order in (1, -1) else (last,))
    return (e.reduce_max if order in (1, math.inf) else e.reduce_min)(sums, (last - 1,))
