"""The same elements in another arrangement: reshaping, moving axes, joining, splitting, repeating, padding.

Dtypes stay; where several tensors are joined they are promoted.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

from keras.backend.abstract import ABSTRACT
from keras.backend.select import current
from keras.backend.spec import UNKNOWN, Unknown, is_unknown, largest, shape_str
from keras.ops.dispatch import axes_of, axis_of, convert, ndim_of, op, shape_of
from keras.ops.settling import slice_axis, static_int, static_shape

Tensor = Any


# ---------------------------------------------------------------------- shape
@op
def reshape(x: Any, newshape: Any) -> Tensor:
    """x's elements, in row-major order, in another shape.

    Args:
        x: array-like.
        newshape: int or tuple of ints; one of them may be -1: what remains.

    >>> reshape([[1, 2, 3], [4, 5, 6]], (3, -1)).tolist()
    [[1, 2], [3, 4], [5, 6]]
    """
    x = convert(x)
    shape = shape_of(x)
    return current().reshape(x, _complete(shape, static_shape(newshape, "reshape", "newshape", infer=True)))


def _complete(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    """`new` with its -1 (or None) worked out from the number of elements."""
    open_axes = [i for i, d in enumerate(new) if d is UNKNOWN or d == -1]
    if not open_axes:
        return new
    total, known = math.prod(old), math.prod(d for i, d in enumerate(new) if i not in open_axes)
    remainders = sum(new[i] is not UNKNOWN for i in open_axes)
    settled = current() is not ABSTRACT and (not is_unknown(total) or remainders > 0)
    if remainders > 1 or (len(open_axes) > 1 and settled):
        raise ValueError(
            f"reshape: only one dimension of `newshape` can be left open. Received: newshape={new}"
        )
    if is_unknown(total) or len(open_axes) > 1:
        return tuple(UNKNOWN if i in open_axes else d for i, d in enumerate(new))
    if known == 0 or total % known:
        raise ValueError(
            f"reshape: a tensor of shape {shape_str(old)} ({total} values) cannot be made {new}: "
            f"{total} is not a multiple of {known}"
        )
    return tuple(total // known if i in open_axes else d for i, d in enumerate(new))


@op
def ravel(x: Any) -> Tensor:
    """x as one axis, in row-major order.

    >>> ravel([[1, 2], [3, 4]]).tolist()
    [1, 2, 3, 4]
    """
    x = convert(x)
    return current().reshape(x, (math.prod(shape_of(x)),))


@op
def expand_dims(x: Any, axis: int | Sequence[int]) -> Tensor:
    """x with axes of size 1 put in.

    Args:
        x: array-like.
        axis: where they are in the result; an int or a tuple of ints.

    >>> expand_dims([1, 2], 0).shape
    (1, 2)
    """
    x = convert(x)
    shape = shape_of(x)
    new = axis if isinstance(axis, (list, tuple)) else (axis,)
    axes = axes_of(list(new), len(shape) + len(new), "expand_dims")
    old = iter(shape)
    return current().reshape(x, tuple(1 if i in axes else next(old) for i in range(len(shape) + len(axes))))


@op
def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Tensor:
    """x without axes of size 1.

    Args:
        x: array-like.
        axis: which of them; all by default.

    Raises:
        ValueError: an axis named has another size than 1.

    >>> squeeze([[[1], [2]]]).shape
    (2,)
    """
    x = convert(x)
    shape = shape_of(x)
    if axis is None:
        axes: tuple[int, ...] = tuple(i for i, d in enumerate(shape) if d == 1)
    else:
        axes = axes_of(axis, len(shape), "squeeze")
        for i in axes:
            if not is_unknown(shape[i]) and shape[i] != 1:
                raise ValueError(
                    f"squeeze: axis {i} has size {shape[i]}, not 1. Received: x.shape={shape_str(shape)}"
                )
    return current().reshape(x, tuple(d for i, d in enumerate(shape) if i not in axes))


@op
def broadcast_to(x: Any, shape: Any) -> Tensor:
    """x repeated to fill `shape`, by NumPy's rules.

    >>> broadcast_to([1, 2], (2, 2)).tolist()
    [[1, 2], [1, 2]]
    """
    x = convert(x)
    new = static_shape(shape, "broadcast_to")
    old = shape_of(x)
    if len(old) > len(new):
        raise ValueError(
            f"broadcast_to: shape {shape_str(old)} does not broadcast to {shape_str(new)}: it has more axes"
        )
    return current().broadcast_to(x, new)


# ---------------------------------------------------------------------- order of axes
@op
def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """x with its axes in another order.

    Args:
        x: array-like.
        axes: output axis i is input axis `axes[i]`; reversed by default.

    >>> transpose([[1, 2], [3, 4]]).tolist()
    [[1, 3], [2, 4]]
    """
    x = convert(x)
    n = ndim_of(x)
    order = tuple(range(n))[::-1] if axes is None else tuple(axis_of(a, n, "transpose", "axes") for a in axes)
    if sorted(order) != list(range(n)):
        raise ValueError(f"transpose: `axes` must name each of the {n} axes once. Received: axes={axes}")
    return current().transpose(x, order)


@op
def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """x with some axes moved; the others keep their order.

    Args:
        x: array-like.
        source: axes to move.
        destination: where each of them goes.

    >>> moveaxis([[[1, 2, 3]]], 0, -1).shape
    (1, 3, 1)
    """
    x = convert(x)
    n = ndim_of(x)
    origins, targets = (
        [axis_of(a, n, "moveaxis", name) for a in (v if isinstance(v, (list, tuple)) else (v,))]
        for name, v in (("source", source), ("destination", destination))
    )
    if len(origins) != len(targets) or len(set(origins)) != len(origins) or len(set(targets)) != len(targets):
        raise ValueError(
            "moveaxis: `source` and `destination` must name equally many distinct axes. "
            f"Received: source={source}, destination={destination}"
        )
    order = [i for i in range(n) if i not in origins]
    for target, origin in sorted(zip(targets, origins, strict=True)):
        order.insert(target, origin)
    return current().transpose(x, tuple(order))


@op
def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """x with two axes exchanged.

    >>> swapaxes([[1, 2], [3, 4]], 0, 1).tolist()
    [[1, 3], [2, 4]]
    """
    x = convert(x)
    order = list(range(ndim_of(x)))
    a, b = (
        axis_of(axis, len(order), "swapaxes", name) for name, axis in (("axis1", axis1), ("axis2", axis2))
    )
    order[a], order[b] = b, a
    return current().transpose(x, tuple(order))


# ---------------------------------------------------------------------- order of elements
@op
def flip(x: Any, axis: int | Sequence[int] | None = None) -> Tensor:
    """x backwards along an axis, some axes, or all of them.

    >>> flip([1, 2, 3]).tolist()
    [3, 2, 1]
    """
    x = convert(x)
    return current().flip(x, axes_of(axis, ndim_of(x), "flip"))


@op
def fliplr(x: Any) -> Tensor:
    """x backwards along its second axis.

    >>> fliplr([[1, 2], [3, 4]]).tolist()
    [[2, 1], [4, 3]]
    """
    x = convert(x)
    return current().flip(x, (axis_of(1, ndim_of(x), "fliplr"),))


@op
def flipud(x: Any) -> Tensor:
    """x backwards along its first axis.

    >>> flipud([[1, 2], [3, 4]]).tolist()
    [[3, 4], [1, 2]]
    """
    x = convert(x)
    return current().flip(x, (axis_of(0, ndim_of(x), "flipud"),))


@op
def roll(x: Any, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Tensor:
    """x with its elements moved on, those past the end coming in again at the start.

    Args:
        x: array-like.
        shift: by how many places; one per axis, or one for all.
        axis: which axes; by default x is rolled as if it were flat.

    >>> roll([1, 2, 3, 4], 1).tolist()
    [4, 1, 2, 3]
    """
    x = convert(x)
    shape = shape_of(x)
    shifts = _as_list(shift, "shift")
    if axis is None:
        flat = _rolled(current().reshape(x, (math.prod(shape),)), builtins.sum(shifts), 0)
        return current().reshape(flat, shape)
    axes = [axis_of(a, len(shape), "roll") for a in _as_list(axis, "axis")]
    shifts = shifts * len(axes) if len(shifts) == 1 else shifts
    for a, n in zip(axes, shifts, strict=True):
        x = _rolled(x, n, a)
    return x


def _rolled(x: Tensor, n: int, axis: int) -> Tensor:
    size = shape_of(x)[axis]
    if not isinstance(size, Unknown) and (size == 0 or n % size == 0):
        return x
    cut = size - n % largest(size, 1)
    return current().concat([slice_axis(x, axis, cut, size), slice_axis(x, axis, 0, cut)], axis)


@op
def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """The tensor turned by k quarter turns in the plane of two axes, from the first towards the second.

    Args:
        array: array-like of rank 2 or more.
        k: number of quarter turns.
        axes: the plane.

    >>> rot90([[1, 2], [3, 4]]).tolist()
    [[2, 4], [1, 3]]
    """
    x = convert(array)
    n = ndim_of(x)
    if n < 2:
        raise ValueError(f"rot90: expected at least 2 axes. Received: array.shape={shape_str(shape_of(x))}")
    if len(axes) != 2:
        raise ValueError(f"rot90: `axes` must name two axes. Received: axes={axes}")
    a, b = (axis_of(i, n, "rot90", "axes") for i in axes)
    if a == b:
        raise ValueError(f"rot90: `axes` must name two different axes. Received: axes={axes}")
    e, k = current(), k % 4
    order = list(range(n))
    order[a], order[b] = b, a
    if k == 0:
        return x
    if k == 2:
        return e.flip(x, tuple(sorted((a, b))))
    return (
        e.transpose(e.flip(x, (b,)), tuple(order)) if k == 1 else e.flip(e.transpose(x, tuple(order)), (b,))
    )


def _as_list(x: Any, name: str) -> list[int]:
    return [static_int(i, "roll", name) for i in (x if isinstance(x, (list, tuple)) else [x])]
