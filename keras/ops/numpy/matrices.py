"""Parts of matrices, and products: diagonals, triangles, dot products of every kind."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

from keras.backend.select import current
from keras.backend.spec import is_unknown, largest, same_shapes, shape_str, smallest
from keras.ops.dispatch import axis_of, cast, convert, dtype_of, ndim_of, op, promote, shape_of
from keras.ops.numpy.creation import lower_mask
from keras.ops.numpy.elementwise import conjugate
from keras.ops.numpy.reduction import sum
from keras.ops.numpy.shaping import moveaxis, ravel
from keras.ops.settling import promote_numbers, scalar, slice_axis, static_int

Tensor = Any


# ---------------------------------------------------------------------- diagonals and triangles
@op
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Diagonals of matrices, as a new last axis.

    Args:
        x: array-like of rank 2 or more.
        offset: which diagonal; positive ones are above the main one.
        axis1: the matrices' rows.
        axis2: the matrices' columns.

    >>> diagonal([[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    e, x, offset = current(), convert(x), static_int(offset, "diagonal", "offset")
    n = ndim_of(x)
    if n < 2:
        raise ValueError(f"diagonal: expected at least 2 axes. Received: x.shape={shape_str(shape_of(x))}")
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    *batch, rows, columns = shape_of(x)
    first, last = (offset, columns - offset) if offset >= 0 else (-offset * columns, columns)
    length = largest(smallest(rows if offset >= 0 else rows + offset, last), 0)
    flat = e.reshape(x, (*batch, rows * columns))
    if length == 0:
        return slice_axis(flat, len(batch), 0, 0)
    stop = first + (length - 1) * (columns + 1) + 1
    return slice_axis(flat, len(batch), first, stop, columns + 1)


@op
def diag(x: Any, k: int = 0) -> Tensor:
    """The k-th diagonal of a matrix, or the matrix with a vector on its k-th diagonal and zeros elsewhere.

    >>> diag([1, 2]).tolist()
    [[1, 0], [0, 2]]
    """
    e, x = current(), convert(x)
    shape = shape_of(x)
    if len(shape) == 2:
        return diagonal(x, k)
    if len(shape) != 1:
        raise ValueError(f"diag: expected a vector or a matrix. Received: x.shape={shape_str(shape)}")
    (n,) = shape
    # Row i of n rows of width n+1 begins one place further along: cutting the last row's tail leaves the diagonal.
    square = e.reshape(slice_axis(e.reshape(_spread(x, n), (n * (n + 1),)), 0, 0, n * n), (n, n))
    border = builtins.abs(static_int(k, "diag", "k"))
    low, high = ((0, border), (border, 0)) if k >= 0 else ((border, 0), (0, border))
    return e.pad(square, low, high, 0) if k else square


def _spread(x: Tensor, n: Any) -> Tensor:
    """`[n, n + 1]` with x in the first column and zeros elsewhere."""
    return current().pad(current().reshape(x, (n, 1)), (0, 0), (0, n), 0)


@op
def diagflat(x: Any, k: int = 0) -> Tensor:
    """The matrix with x's elements on its k-th diagonal.

    >>> diagflat([[1, 2]]).tolist()
    [[1, 0], [0, 2]]
    """
    return diag(ravel(x), k)


@op
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sum of a diagonal.

    Args:
        x: array-like of rank 2 or more.
        offset: which diagonal.
        axis1: the matrices' rows.
        axis2: the matrices' columns.

    >>> trace([[1, 2], [3, 4]]).tolist()
    5
    """
    return sum(diagonal(x, offset, axis1, axis2), -1)


@op
def tril(x: Any, k: int = 0) -> Tensor:
    """Matrices with zeros above the k-th diagonal.

    >>> tril([[1, 2], [3, 4]]).tolist()
    [[1, 0], [3, 4]]
    """
    return _triangle("tril", x, k, lower=True)


@op
def triu(x: Any, k: int = 0) -> Tensor:
    """Matrices with zeros below the k-th diagonal.

    >>> triu([[1, 2], [3, 4]]).tolist()
    [[1, 2], [0, 4]]
    """
    return _triangle("triu", x, k - 1, lower=False)


def _triangle(who: str, x: Any, k: int, lower: bool) -> Tensor:
    e, x = current(), convert(x)
    shape = shape_of(x)
    if len(shape) < 2:
        raise ValueError(f"{who}: expected at least 2 axes. Received: x.shape={shape_str(shape)}")
    mask = lower_mask(shape[-2], shape[-1], k, who)
    zero = scalar(0, x)
    return e.select(mask, x, zero) if lower else e.select(mask, zero, x)


# ---------------------------------------------------------------------- products
@op
def matmul(x1: Any, x2: Any) -> Tensor:
    """Matrix product over the last two axes, batched over the others, which broadcast.

    Args:
        x1: `[..., n, k]`, or a vector `[k]`.
        x2: `[..., k, m]`, or a vector `[k]`.

    Returns:
        `[..., n, m]`, without the axis a vector does not have. int8 times int8 gives int32.

    >>> matmul([[1, 2]], [[3], [4]]).tolist()
    [[11]]
    """
    e = current()
    a, b = _factors(x1, x2)
    shape_a, shape_b = shape_of(a), shape_of(b)
    if not shape_a or not shape_b:
        raise ValueError(
            "matmul: expected tensors of rank 1 or more, not scalars (use `multiply`). "
            f"Received: shapes {shape_str(shape_a)} and {shape_str(shape_b)}"
        )
    if len(shape_a) == 1:
        a = e.reshape(a, (1, *shape_a))
    if len(shape_b) == 1:
        b = e.reshape(b, (*shape_b, 1))
    y = e.matmul(a, b)
    shape = shape_of(y)
    if len(shape_b) == 1:
        y = e.reshape(y, shape[:-1])
    if len(shape_a) == 1:
        y = e.reshape(y, shape[:-2] + (shape[-1:] if len(shape_b) > 1 else ()))
    return y


def _factors(x1: Any, x2: Any) -> list[Tensor]:
    """Promoted; two int8 tensors are multiplied in int32, and bools too."""
    a, b = promote(x1, x2)
    if dtype_of(a) == "int8" and dtype_of(convert(x1)) == dtype_of(convert(x2)) == "int8":
        return [cast(a, "int32"), cast(b, "int32")]
    return [a, b]


@op
def dot(x1: Any, x2: Any) -> Tensor:
    """Sum of products over the last axis of x1 and the next to last of x2 (its last, if x2 is a vector).

    Args:
        x1: array-like.
        x2: array-like; with a scalar on either side this is `multiply`.

    >>> dot([[1, 2]], [3, 4]).tolist()
    [11]
    """
    a, b = promote(x1, x2)
    n, m = ndim_of(a), ndim_of(b)
    if n == 0 or m == 0:
        return _multiply(a, b)
    return _contract("dot", a, b, ((n - 1,), (builtins.max(m - 2, 0),)))


def _multiply(a: Tensor, b: Tensor) -> Tensor:
    return current().logical_and(a, b) if dtype_of(a) == "bool" else current().mul(a, b)


def _contract(who: str, a: Tensor, b: Tensor, axes: tuple[tuple[int, ...], tuple[int, ...]]) -> Tensor:
    sizes_a, sizes_b = ([shape_of(x)[i] for i in ax] for x, ax in zip((a, b), axes, strict=True))
    if not same_shapes(sizes_a, sizes_b):
        raise ValueError(
            f"{who}: the axes summed over must have equal sizes. Received: shapes {shape_str(shape_of(a))} "
            f"(axes {axes[0]}) and {shape_str(shape_of(b))} (axes {axes[1]})"
        )
    if dtype_of(a) != "bool":
        return current().dot_general(a, b, axes, ((), ()))
    return cast(current().dot_general(cast(a, "int32"), cast(b, "int32"), axes, ((), ())), "bool")


@op
def inner(x1: Any, x2: Any) -> Tensor:
    """Sum of products over the last axes of both.

    >>> inner([1, 2], [3, 4]).tolist()
    11
    """
    a, b = promote(x1, x2)
    n, m = ndim_of(a), ndim_of(b)
    return _multiply(a, b) if n == 0 or m == 0 else _contract("inner", a, b, ((n - 1,), (m - 1,)))


@op
def vdot(x1: Any, x2: Any) -> Tensor:
    """Sum of products of two tensors taken flat, the first conjugated if complex.

    >>> vdot([[1, 2]], [[3, 4]]).tolist()
    11
    """
    a, b = promote(x1, x2)
    return _contract("vdot", ravel(conjugate(a)), ravel(b), ((0,), (0,)))


@op
def outer(x1: Any, x2: Any) -> Tensor:
    """Every element of x1, taken flat, times every element of x2.

    >>> outer([1, 2], [3, 4]).tolist()
    [[3, 4], [6, 8]]
    """
    e = current()
    a, b = (ravel(x) for x in promote(x1, x2))
    return _multiply(e.reshape(a, (*shape_of(a), 1)), e.reshape(b, (1, *shape_of(b))))


@op
def tensordot(x1: Any, x2: Any, axes: int | Sequence[Any] = 2) -> Tensor:
    """Sum of products over chosen axes.

    Args:
        x1: array-like.
        x2: array-like.
        axes: the number of last axes of x1 and first axes of x2; or a pair (axes of x1, axes of x2).

    >>> tensordot([[1, 2], [3, 4]], [[1, 0], [0, 1]]).tolist()
    5
    """
    a, b = promote(x1, x2)
    n, m = ndim_of(a), ndim_of(b)
    if isinstance(axes, int):
        if not 0 <= axes <= builtins.min(n, m):
            raise ValueError(f"tensordot: `axes` must be 0 to {builtins.min(n, m)}. Received: axes={axes}")
        of_a: Any = tuple(range(n - axes, n))
        of_b: Any = tuple(range(axes))
    else:
        of_a, of_b = (tuple(v) if isinstance(v, (list, tuple)) else (v,) for v in axes)
        of_a = tuple(axis_of(i, n, "tensordot", "axes") for i in of_a)
        of_b = tuple(axis_of(i, m, "tensordot", "axes") for i in of_b)
        if len(of_a) != len(of_b):
            raise ValueError(f"tensordot: `axes` must name equally many axes of both. Received: axes={axes}")
    return _contract("tensordot", a, b, (of_a, of_b))


@op
def kron(x1: Any, x2: Any) -> Tensor:
    """Kronecker product: blocks of x2, each times an element of x1.

    >>> kron([[1, 2]], [[1, 1]]).tolist()
    [[1, 1, 2, 2]]
    """
    e = current()
    a, b = promote(x1, x2)
    shape_a, shape_b = shape_of(a), shape_of(b)
    rank = builtins.max(len(shape_a), len(shape_b))
    shape_a, shape_b = ((1,) * (rank - len(s)) + s for s in (shape_a, shape_b))
    # All products in a table, whose axes are then paired: TensorFlow does not broadcast six axes in turn.
    table = _multiply(e.reshape(a, (math.prod(shape_a), 1)), e.reshape(b, (1, math.prod(shape_b))))
    pairs = tuple(i for axis in range(rank) for i in (axis, rank + axis))
    table = e.transpose(e.reshape(table, (*shape_a, *shape_b)), pairs)
    return e.reshape(table, tuple(p * q for p, q in zip(shape_a, shape_b, strict=True)))


@op
def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Tensor:
    """Cross product of vectors of 2 or 3 elements.

    Args:
        x1: array-like of rank 1 or more.
        x2: array-like of rank 1 or more; the other axes broadcast.
        axisa: the axis of x1 that holds the vectors.
        axisb: that of x2.
        axisc: that of the result, which has none if both vectors have 2 elements.
        axis: all three at once.

    >>> cross([1, 0, 0], [0, 1, 0]).tolist()
    [0, 0, 1]
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = promote_numbers(x1, x2)
    first, second = ("axisa", "axisb") if axis is None else ("axis", "axis")
    a = moveaxis(a, axis_of(axisa, ndim_of(a), "cross", first), -1)
    b = moveaxis(b, axis_of(axisb, ndim_of(b), "cross", second), -1)
    sizes = shape_of(a)[-1], shape_of(b)[-1]
    if any(not is_unknown(n) and n not in (2, 3) for n in sizes):
        raise ValueError(f"cross: the vectors must have 2 or 3 elements. Received: {sizes[0]} and {sizes[1]}")
    e = current()

    def part(x: Tensor, i: int) -> Tensor:
        shape = shape_of(x)
        if not is_unknown(shape[-1]) and i >= shape[-1]:
            return e.full(shape[:-1], 0, dtype_of(x))
        return e.reshape(slice_axis(x, len(shape) - 1, i, i + 1), shape[:-1])

    def minor(i: int, j: int) -> Tensor:
        return e.sub(e.mul(part(a, i), part(b, j)), e.mul(part(a, j), part(b, i)))

    if sizes == (2, 2):
        return minor(0, 1)
    rows = [minor(1, 2), minor(2, 0), minor(0, 1)]
    y = e.concat([e.reshape(r, (*shape_of(r), 1)) for r in rows], ndim_of(rows[0]))
    return moveaxis(y, -1, axisc)
