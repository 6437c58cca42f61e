"""Several tensors made one, and one made several: joining, splitting, repeating.

Tensors that are joined are promoted to one dtype.
"""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.backend.abstract import ABSTRACT
from keras.backend.select import current
from keras.backend.spec import UNKNOWN, KerasTensor, is_unknown, largest, shape_str, smallest
from keras.ops.dispatch import axis_of, convert, dtype_of, kernel, ndim_of, op, promote, shape_of
from keras.ops.numpy.shaping import ravel
from keras.ops.settling import check_rank, host_value, slice_axis, static_int, static_shape

Tensor = Any


# ---------------------------------------------------------------------- joining
def _joinable(xs: Any, who: str) -> list[Tensor]:
    if not isinstance(xs, (list, tuple)):
        xs = list(xs)
    if not xs:
        raise ValueError(f"{who}: expected at least one tensor. Received: an empty list")
    return promote(*xs)


@op
def concatenate(xs: Any, axis: int = 0) -> Tensor:
    """Tensors joined along an axis they have.

    Args:
        xs: list of array-likes whose other dimensions agree.
        axis: int; None joins them flat.

    >>> concatenate([[1, 2], [3]]).tolist()
    [1, 2, 3]
    """
    tensors = _joinable(xs, "concatenate")
    if axis is None:
        tensors, axis = [ravel(x) for x in tensors], 0
    return current().concat(tensors, axis_of(axis, ndim_of(tensors[0]), "concatenate"))


@op
def stack(x: Any, axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis.

    Args:
        x: list of array-likes.
        axis: where the new axis is in the result.

    >>> stack([[1, 2], [3, 4]], axis=1).tolist()
    [[1, 3], [2, 4]]
    """
    tensors = _joinable(x, "stack")
    shapes = [shape_of(t) for t in tensors]
    for s in shapes[1:]:
        known = [
            (a, b) for a, b in zip(s, shapes[0], strict=False) if not is_unknown(a) and not is_unknown(b)
        ]
        if len(s) != len(shapes[0]) or any(a != b for a, b in known):
            raise ValueError(f"stack: shapes must be equal. Received: {', '.join(map(shape_str, shapes))}")
    a = axis_of(axis, len(shapes[0]) + 1, "stack")
    return stacked(a, *tensors)


@kernel
def stacked(axis: int, *tensors: Tensor) -> Tensor:
    """Tensors of one shape and dtype joined along a new axis."""
    e, shape = current(), shape_of(tensors[0])
    if axis < len(shape):
        # Joined along the axis that comes after, and cut there: one step less for each tensor.
        joined = e.concat(list(tensors), axis)
        return e.reshape(joined, (*shape[:axis], len(tensors), *shape[axis:]))
    return e.concat([e.reshape(t, (*shape_of(t), 1)) for t in tensors], axis)


@op
def vstack(xs: Any) -> Tensor:
    """Tensors joined along the first axis, vectors as rows.

    >>> vstack([[1, 2], [3, 4]]).tolist()
    [[1, 2], [3, 4]]
    """
    return current().concat([_at_least(t, 2) for t in _joinable(xs, "vstack")], 0)


@op
def hstack(xs: Any) -> Tensor:
    """Tensors joined along the second axis; vectors along their only one.

    >>> hstack([[1, 2], [3]]).tolist()
    [1, 2, 3]
    """
    tensors = [_at_least(t, 1) for t in _joinable(xs, "hstack")]
    return current().concat(tensors, 0 if ndim_of(tensors[0]) == 1 else 1)


@op
def dstack(xs: Any) -> Tensor:
    """Tensors joined along the third axis.

    >>> dstack([[1, 2], [3, 4]]).tolist()
    [[[1, 3], [2, 4]]]
    """
    return current().concat([_at_least(t, 3) for t in _joinable(xs, "dstack")], 2)


def _at_least(x: Tensor, rank: int) -> Tensor:
    """x with the axes NumPy's `atleast_nd` adds."""
    shape = shape_of(x)
    if len(shape) >= rank:
        return x
    if rank < 3:
        return current().reshape(x, (1,) * (rank - len(shape)) + shape)
    return current().reshape(x, {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}[len(shape)])


@op
def append(x1: Any, x2: Any, axis: int | None = None) -> Tensor:
    """x2 joined to the end of x1.

    Args:
        x1: array-like.
        x2: array-like.
        axis: along which; both are taken flat by default.

    >>> append([1, 2], [[3]]).tolist()
    [1, 2, 3]
    """
    a, b = promote(x1, x2)
    if axis is None:
        return current().concat([ravel(a), ravel(b)], 0)
    return current().concat([a, b], axis_of(axis, ndim_of(a), "append"))


@op
def meshgrid(*x: Any, indexing: str = "xy") -> list[Tensor]:
    """Coordinates of a grid: each vector spread over the axes of the others.

    Args:
        *x: vectors (or scalars).
        indexing: `"xy"`: the first two axes of the results are exchanged; `"ij"`: they are not.

    >>> [g.tolist() for g in meshgrid([1, 2], [3, 4, 5], indexing="ij")]
    [[[1, 1, 1], [2, 2, 2]], [[3, 4, 5], [3, 4, 5]]]
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f'meshgrid: `indexing` must be "xy" or "ij". Received: indexing={indexing!r}')
    e = current()
    vectors = [ravel(v) for v in x]
    axes = list(range(len(vectors)))
    if indexing == "xy" and len(axes) > 1:
        axes[0], axes[1] = 1, 0
    shape = [UNKNOWN] * len(vectors)
    for v, a in zip(vectors, axes, strict=True):
        shape[a] = shape_of(v)[0]
    grid = []
    for v, a in zip(vectors, axes, strict=True):
        line = e.reshape(v, tuple(shape[a] if i == a else 1 for i in range(len(shape))))
        grid.append(e.broadcast_to(line, tuple(shape)))
    return grid


# ---------------------------------------------------------------------- splitting
@op
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """x cut along an axis.

    Args:
        x: array-like.
        indices_or_sections: the number of equal parts, or the indices at which to cut, whose values must be known.
        axis: int.

    Returns:
        List of tensors.

    Raises:
        ValueError: the axis does not divide into so many equal parts.

    >>> [part.tolist() for part in split([1, 2, 3, 4], 2)]
    [[1, 2], [3, 4]]
    """
    return _split("split", x, indices_or_sections, axis)


def _split(who: str, x: Any, parts: Any, axis: int) -> list[Tensor]:
    x = convert(x)
    shape = shape_of(x)
    axis = axis_of(axis, len(shape), who)
    size = shape[axis]
    places = _places(parts, who)
    if places is None:
        n = static_int(parts, who, "indices_or_sections")
        if n < 1 or (not is_unknown(size) and size % n):
            raise ValueError(
                f"{who}: axis {axis} of size {size} does not divide into {n} equal parts. "
                f"Received: x.shape={shape_str(shape)}"
            )
        return list(equal_parts(x, n, axis))
    return _cut(x, places, axis)


@kernel
def equal_parts(x: Tensor, n: int, axis: int) -> tuple[Tensor, ...]:
    """x cut along an axis into n parts of one size."""
    width = shape_of(x)[axis] // n
    return tuple(slice_axis(x, axis, i * width, (i + 1) * width) for i in range(n))


def _cut(x: Tensor, at: Sequence[Any], axis: int) -> list[Tensor]:
    size = shape_of(x)[axis]
    if current() is not ABSTRACT or not is_unknown(size):
        at = [largest(0, smallest(i + size if i < 0 else i, size)) for i in at]
    return [slice_axis(x, axis, a, largest(a, b)) for a, b in itertools.pairwise([0, *at, size])]


@op
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """As `split`, but the parts need not be equal: the first ones are longer by one.

    >>> [part.tolist() for part in array_split([1, 2, 3], 2)]
    [[1, 2], [3]]
    """
    x = convert(x)
    axis = axis_of(axis, ndim_of(x), "array_split")
    places = _places(indices_or_sections, "array_split")
    if places is not None:
        return _cut(x, places, axis)
    size, n = shape_of(x)[axis], static_int(indices_or_sections, "array_split", "indices_or_sections")
    if n < 1:
        raise ValueError(f"array_split: expected at least one part. Received: indices_or_sections={n}")
    return _cut(x, [i * (size // n) + smallest(i, size % n) for i in range(1, n)], axis)


@op
def hsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """`split` along the second axis; along the only one of a vector.

    >>> [part.tolist() for part in hsplit([[1, 2], [3, 4]], 2)]
    [[[1], [3]], [[2], [4]]]
    """
    return _split("hsplit", x, indices_or_sections, 0 if len(shape_of(x)) == 1 else 1)


@op
def vsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """`split` along the first axis.

    >>> [part.tolist() for part in vsplit([[1, 2], [3, 4]], 2)]
    [[[1, 2]], [[3, 4]]]
    """
    return _split("vsplit", x, indices_or_sections, 0)


@op
def dsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """`split` along the third axis.

    >>> [part.shape for part in dsplit([[[1, 2, 3, 4]]], 2)]
    [(1, 1, 2), (1, 1, 2)]
    """
    return _split("dsplit", x, indices_or_sections, 2)


def _places(parts: Any, who: str) -> list[int] | None:
    """The indices at which to cut; None where `parts` is a number of parts."""
    if not isinstance(parts, (list, tuple)):
        if not (isinstance(parts, np.ndarray) or current().is_tensor(parts)) or not ndim_of(parts):
            return None
        check_rank(parts, 1, who, "indices_or_sections")
        parts = host_value(parts, who, "indices_or_sections")
    return [int(i) for i in parts]


# ---------------------------------------------------------------------- repeating
@op
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Each element several times in a row.

    Args:
        x: array-like.
        repeats: how often; an int, or one per element of the axis.
        axis: along which; x is taken flat by default.

    >>> repeat([1, 2], 2).tolist()
    [1, 1, 2, 2]
    """
    e, x = current(), convert(x)
    if axis is None:
        x, axis = ravel(x), 0
    shape = shape_of(x)
    axis = axis_of(axis, len(shape), "repeat")
    if is_unknown(repeats) and e is ABSTRACT:
        return KerasTensor((*shape[:axis], UNKNOWN, *shape[axis + 1 :]), dtype_of(x))
    counts = repeats if isinstance(repeats, int) else host_value(repeats, "repeat", "repeats")
    if np.asarray(counts).dtype.kind not in "biu":
        raise TypeError(f"repeat: `repeats` must be whole numbers. Received: repeats={repeats}")
    if np.any(np.less(counts, 0)):
        raise ValueError(f"repeat: `repeats` must not be negative. Received: repeats={repeats}")
    if np.size(counts) == 1:
        n = int(np.reshape(counts, ()))
        wide = e.reshape(x, (*shape[: axis + 1], 1, *shape[axis + 1 :]))
        wide = e.broadcast_to(wide, (*shape[: axis + 1], n, *shape[axis + 1 :]))
        return e.reshape(wide, (*shape[:axis], shape[axis] * n, *shape[axis + 1 :]))
    if not is_unknown(shape[axis]) and np.shape(counts) != (shape[axis],):
        raise ValueError(
            f"repeat: expected an int or {shape[axis]} numbers, one per element of axis {axis}. "
            f"Received: repeats of shape {np.shape(counts)}"
        )
    rows = np.repeat(np.arange(np.size(counts)), counts)
    return e.take(x, e.constant(rows.astype("int32"), "int32"), axis)


@op
def tile(x: Any, repeats: Any) -> Tensor:
    """x laid side by side.

    Args:
        x: array-like.
        repeats: how often, per axis from the last one on; an int is taken for the last axis.

    >>> tile([1, 2], 2).tolist()
    [1, 2, 1, 2]
    """
    e, x = current(), convert(x)
    times = static_shape(repeats, "tile", "repeats")
    shape = shape_of(x)
    rank = builtins.max(len(shape), len(times))
    shape, times = (1,) * (rank - len(shape)) + shape, (1,) * (rank - len(times)) + times
    pairs = list(zip(times, shape, strict=True))
    wide = e.reshape(x, tuple(d for _, s in pairs for d in (1, s)))
    wide = e.broadcast_to(wide, tuple(d for pair in pairs for d in pair))
    return e.reshape(wide, tuple(n * s for n, s in pairs))
