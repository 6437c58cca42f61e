"""Elements by their position: taking, indexing, sorting, searching, distinct values."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import UNKNOWN, Unknown, broadcast, is_unknown, largest, shape_str, smallest
from keras.ops.dispatch import axis_of, cast, convert, dtype_of, kernel, ndim_of, op, promote, shape_of
from keras.ops.settling import (
    as_index,
    as_number,
    host_value,
    need_size,
    scalar,
    static_int,
    static_shape,
    wrapped_index,
)

Tensor = Any


# ---------------------------------------------------------------------- taking
@op
def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """x's elements, or slices, at the given indices.

    Args:
        x: array-like.
        indices: integers of any shape; negative ones count from the end.
        axis: along which; x is taken flat by default.

    Returns:
        Tensor of shape `x.shape[:axis] + indices.shape + x.shape[axis + 1:]`.

    >>> take([10, 20, 30], [2, 0]).tolist()
    [30, 10]
    """
    e, x = current(), convert(x)
    indices = as_index(indices, "take")
    if axis is None:
        x, axis = e.reshape(x, (math.prod(shape_of(x)),)), 0
    return take_wrapped(x, indices, axis_of(axis, ndim_of(x), "take"))


@kernel
def take_wrapped(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """`take` where negative indices count from the end."""
    return current().take(x, wrapped_index(indices, shape_of(x)[axis]), axis)


@op
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """For every position of `indices`, the element of x at that index along the axis.

    Args:
        x: array-like.
        indices: integers of x's rank; the other axes broadcast. Negative ones count from the end.
        axis: along which; x and the indices are taken flat by default.

    >>> take_along_axis([[1, 2], [3, 4]], [[0], [1]], axis=1).tolist()
    [[1], [4]]
    """
    e, x = current(), convert(x)
    indices = as_index(indices, "take_along_axis")
    if axis is None:
        x = e.reshape(x, (math.prod(shape_of(x)),))
        indices, axis = e.reshape(indices, (math.prod(shape_of(indices)),)), 0
    shape, wanted = shape_of(x), shape_of(indices)
    if len(shape) != len(wanted):
        raise ValueError(
            "take_along_axis: `x` and `indices` must have the same rank. "
            f"Received: shapes {shape_str(shape)} and {shape_str(wanted)}"
        )
    a = axis_of(axis, len(shape), "take_along_axis")
    others = broadcast(
        "take_along_axis", (*shape[:a], 1, *shape[a + 1 :]), (*wanted[:a], 1, *wanted[a + 1 :])
    )
    full_x, full_indices = ((*others[:a], s[a], *others[a + 1 :]) for s in (shape, wanted))
    x = x if _is(shape, full_x) else e.broadcast_to(x, full_x)
    indices = indices if _is(wanted, full_indices) else e.broadcast_to(indices, full_indices)
    return e.take_along(x, wrapped_index(indices, shape[a]), a)


def _is(shape: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two shapes are known to be equal."""
    return all(a is b or (a == b and not isinstance(a, Unknown)) for a, b in zip(shape, other, strict=True))


@op
def get_item(x: Any, key: Any) -> Tensor:
    """`x[key]` as in NumPy: ints, slices, None, `...`, integer tensors, bool masks, and tuples of these.

    >>> get_item([[1, 2, 3], [4, 5, 6]], (slice(None), slice(None, None, 2))).tolist()
    [[1, 3], [4, 6]]
    """
    x = convert(x)
    keys = list(key) if isinstance(key, tuple) else [key]
    keys = [np.asarray(k) if isinstance(k, list) else k for k in keys]
    keys = _unmasked(keys)
    used = builtins.sum(k is not None and k is not Ellipsis for k in keys)
    shape = shape_of(x)
    if used > len(shape):
        raise IndexError(f"get_item: {used} indices for a tensor of shape {shape_str(shape)}")
    dots = [i for i, k in enumerate(keys) if k is Ellipsis]
    if len(dots) > 1:
        raise IndexError("get_item: only one `...` is possible")
    at = dots[0] if dots else len(keys)
    keys[at : at + len(dots)] = [slice(None)] * (len(shape) - used)
    return _basic_then_advanced(x, keys)


def _unmasked(keys: list[Any]) -> list[Any]:
    """Bool masks as the integer indices of their True elements."""
    out: list[Any] = []
    for k in keys:
        if _is_array(k) and dtype_of(k) == "bool":
            mask = host_value(k, "get_item", "key")
            out.extend(i.astype("int32") for i in np.nonzero(mask))
        else:
            out.append(k)
    return out


def _is_array(k: Any) -> bool:
    return (hasattr(k, "dtype") or current().is_tensor(k)) and not isinstance(k, np.bool_)


def _basic_then_advanced(x: Tensor, keys: list[Any]) -> Tensor:
    """Slices and ints first, in one strided slice; then what is indexed by tensors."""
    e, shape = current(), shape_of(x)
    starts, stops, steps, flips, result, arrays = [], [], [], [], [], {}
    axis = 0
    for k in keys:
        if k is None:
            result.append(1)
            continue
        size = shape[axis]
        if isinstance(k, slice):
            start, stop, step, backwards = _bounds(k, size)
            if backwards:
                flips.append(axis)
            result.append(_length(start, stop, step))
        elif (_is_array(k) and ndim_of(k) > 0) or (_is_array(k) and e.is_tensor(k) and not _known(k)):
            start, stop, step = 0, size, 1
            arrays[len(result)] = k
            result.append(size)
        else:
            start = _one(k, size, axis, shape)
            stop, step = start + 1, 1
        starts.append(start)
        stops.append(stop)
        steps.append(step)
        axis += 1
    y = e.slice(x, tuple(starts), tuple(stops), tuple(steps))
    if flips:
        y = e.flip(y, tuple(flips))
    y = e.reshape(y, tuple(result))
    return _advanced(y, arrays) if arrays else y


def _known(k: Tensor) -> bool:
    """Whether a tensor's value can be read here."""
    try:
        current().to_numpy(k)
    except (RuntimeError, TypeError):
        return False
    return True


def _one(k: Any, size: Any, axis: int, shape: tuple[Any, ...]) -> int:
    """A scalar index, made non-negative."""
    value = current().to_numpy(k) if current().is_tensor(k) else k
    i = static_int(value, "get_item", "key")
    if isinstance(size, Unknown):
        return i if i >= 0 else size + i
    if not -size <= i < size:
        raise IndexError(
            f"get_item: index {i} is out of range for axis {axis} of a tensor of shape {shape_str(shape)}"
        )
    return i % size


def _bounds(k: slice, size: Any) -> tuple[Any, Any, int, bool]:
    """Start, stop and positive step of a slice, and whether the result is to be reversed."""
    step = 1 if k.step is None else static_int(k.step, "get_item", "step")
    if step == 0:
        raise ValueError("get_item: a slice's step must not be 0")
    ends = [None if end is None else static_int(end, "get_item", "key") for end in (k.start, k.stop)]
    if any(isinstance(d, Unknown) for d in (size, *ends)):
        return _bounds_of_the_run(ends[0], ends[1], step, size)
    start, stop, _ = k.indices(size)
    n = len(range(start, stop, step))
    if n == 0:
        return 0, 0, 1, False
    last = start + (n - 1) * step
    return (start, last + 1, step, False) if step > 0 else (last, start + 1, -step, True)


def _bounds_of_the_run(start: Any, stop: Any, step: int, size: Any) -> tuple[Any, Any, int, bool]:
    """`_bounds` where a number is not known yet."""
    if step < 0:
        if (start, stop, step) != (None, None, -1):
            need_size(size if isinstance(size, Unknown) else UNKNOWN, "get_item")
        return 0, size, 1, True
    first = 0 if start is None else _place(start, size)
    return first, size if stop is None else largest(first, _place(stop, size)), step, False


def _place(i: Any, size: Any) -> Any:
    """Where an end of a slice lies, inside the axis."""
    return largest(size + i, 0) if i < 0 else smallest(i, size)


def _length(start: Any, stop: Any, step: int) -> Any:
    return stop if start == 0 and step == 1 else -((start - stop) // step)


def _advanced(x: Tensor, arrays: dict[int, Any]) -> Tensor:
    """Indexing by integer tensors, which broadcast together; their axes must be adjacent, or they come first."""
    e, shape = current(), shape_of(x)
    axes = list(arrays)
    index = [wrapped_index(as_index(arrays[a], "get_item", "key"), shape[a]) for a in axes]
    if len(axes) == 1:
        return e.take(x, index[0], axes[0])
    index = [cast(i, "int32") for i in index]
    common = broadcast("get_item", *map(shape_of, index))
    rest = [a for a in range(len(shape)) if a not in axes]
    y = e.transpose(x, (*axes, *rest))
    flat = e.reshape(y, (math.prod(shape[a] for a in axes), *(shape[a] for a in rest)))
    position = e.full(common, 0, "int32")
    for i, a in zip(index, axes, strict=True):
        position = e.add(e.mul(position, scalar(shape[a], position)), e.broadcast_to(i, common))
    y = e.take(flat, position, 0)
    adjacent = axes == list(range(axes[0], axes[-1] + 1))
    if not adjacent or axes[0] == 0:
        return y
    n, before = len(common), axes[0]
    order = (*range(n, n + before), *range(n), *range(n + before, ndim_of(y)))
    return e.transpose(y, order)


# ---------------------------------------------------------------------- sorting
@op
def sort(x: Any, axis: int | None = -1) -> Tensor:
    """x in ascending order along an axis; None: flat.

    >>> sort([3, 1, 2]).tolist()
    [1, 2, 3]
    """
    e, x = current(), convert(x)
    if axis is None:
        x, axis = e.reshape(x, (math.prod(shape_of(x)),)), 0
    if dtype_of(x) == "bool":
        return cast(sort(cast(x, "int32"), axis), "bool")
    return e.sort(x, axis_of(axis, ndim_of(x), "sort"))


@op
def argsort(x: Any, axis: int | None = -1) -> Tensor:
    """int32 indices that sort x in ascending order along an axis, equal elements in their old order; None: flat.

    >>> argsort([3, 1, 2]).tolist()
    [1, 2, 0]
    """
    e, x = current(), as_number(x)
    if ndim_of(x) == 0:
        return e.full((), 0, "int32")
    if axis is None:
        x, axis = e.reshape(x, (math.prod(shape_of(x)),)), 0
    return e.argsort(x, axis_of(axis, ndim_of(x), "argsort"))


@op
def argpartition(x: Any, kth: int, axis: int | None = -1) -> Tensor:
    """int32 indices that put the kth smallest element in its place, smaller ones before it, larger ones after.

    Args:
        x: array-like.
        kth: int; negative ones count from the end.
        axis: along which; None: flat.

    >>> argpartition([30, 10, 20], 1).tolist()
    [1, 2, 0]
    """
    x = convert(x)
    size = math.prod(shape_of(x)) if axis is None else shape_of(x)[axis_of(axis, ndim_of(x), "argpartition")]
    if not is_unknown(size) and not -size <= static_int(kth, "argpartition", "kth") < size:
        raise ValueError(f"argpartition: `kth`={kth} is out of range for {size} elements")
    return argsort(x, axis)


# ---------------------------------------------------------------------- searching
@op
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Tensor:
    """Where each value is to be put into an ascending vector to keep it ascending, as int32.

    Args:
        sorted_sequence: ascending vector.
        values: array-like of any shape.
        side: `"left"`: before equal elements; `"right"`: after them.

    >>> searchsorted([1, 3, 5], [3, 4]).tolist()
    [1, 2]
    """
    if side not in ("left", "right"):
        raise ValueError(f'searchsorted: `side` must be "left" or "right". Received: side={side!r}')
    e = current()
    a, v = promote(sorted_sequence, values)
    if ndim_of(a) != 1:
        raise ValueError(
            f"searchsorted: `sorted_sequence` must be a vector. Received: shape {shape_str(shape_of(a))}"
        )
    if dtype_of(a) == "bool":
        a, v = cast(a, "int32"), cast(v, "int32")
    n = shape_of(a)[0]
    if is_unknown(n) or n <= FEW:
        column = e.reshape(v, (*shape_of(v), 1))
        return e.reduce_sum(cast(_before(a, column, side), "int32"), (ndim_of(v),))
    place = e.full(shape_of(v), 0, "int32")  # how many elements are known to come before: binary search
    for bit in reversed(builtins.range(n.bit_length())):
        further = e.add(place, scalar(1 << bit, place))
        last = e.minimum(further, scalar(n, place))
        below = _before(e.take(a, e.sub(last, scalar(1, place)), 0), v, side)
        place = e.select(e.logical_and(e.equal(last, further), below), further, place)
    return place


#: Up to so many elements, comparing with each is cheaper than a search.
FEW = 16


def _before(a: Tensor, v: Tensor, side: str) -> Tensor:
    """Whether elements `a` of an ascending vector, NaN last, belong before `v`."""
    e = current()
    if side == "left":
        return e.logical_or(e.less(a, v), e.logical_and(e.equal(a, a), e.logical_not(e.equal(v, v))))
    after = e.logical_or(e.less(v, a), e.logical_and(e.equal(v, v), e.logical_not(e.equal(a, a))))
    return e.logical_not(after)


@op
def digitize(x: Any, bins: Any) -> Tensor:
    """Index of the bin each element falls into, as int32: i where bins[i - 1] <= x < bins[i].

    Args:
        x: array-like.
        bins: ascending vector of borders.

    >>> digitize([0.5, 2.0], [0.0, 1.0, 2.0]).tolist()
    [1, 3]
    """
    return searchsorted(bins, x, "right")


@op
def nonzero(x: Any) -> tuple[Tensor, ...]:
    """int32 indices of the elements that are not 0, one vector per axis. Not inside a compiled function.

    >>> [i.tolist() for i in nonzero([0, 3, 0, 4])]
    [[1, 3]]
    """
    e, x = current(), convert(x)
    if not ndim_of(x):
        raise ValueError("nonzero: a scalar has no axes to give indices for. Received: x.shape=()")
    if e.name == "abstract":
        return tuple(e.full((UNKNOWN,), 0, "int32") for _ in shape_of(x))
    found = np.nonzero(host_value(x, "nonzero", "x"))
    return tuple(e.constant(i.astype("int32"), "int32") for i in found)


@op
def unravel_index(indices: Any, shape: Any) -> tuple[Tensor, ...]:
    """Flat indices as one index tensor per axis.

    Args:
        indices: integers of any shape; negative ones count from the end.
        shape: the shape of the tensor they are indices of.

    >>> [i.tolist() for i in unravel_index([3, 5], (2, 3))]
    [[1, 1], [0, 2]]
    """
    e = current()
    flat = as_index(indices, "unravel_index")
    dtype = dtype_of(indices)
    dims = static_shape(shape, "unravel_index")
    flat = wrapped_index(flat, math.prod(dims))
    out = []
    for d in reversed(dims):
        size = scalar(d, flat)
        out.append(cast(e.mod(flat, size), dtype if dtypes.is_int(dtype) else "int32"))
        flat = e.floordiv(flat, size)
    return tuple(reversed(out))


# ---------------------------------------------------------------------- distinct values
@op
def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The distinct elements of x, or its distinct slices along an axis, in ascending order; NaN equals nothing.

    Args:
        x: array-like.
        sorted: accepted for compatibility; the result is always sorted.
        return_index: return where each was first found, too.
        return_inverse: return for each element of x its index in the result, too.
        return_counts: return how often each occurs, too.
        axis: along which slices are compared; x is taken flat by default.
        size: cut or fill the result to so many; without it the call is not possible inside a compiled function.
            Where there is nothing more, indices repeat the first and counts are 0.
        fill_value: what fills; 0 by default.

    >>> unique([3, 1, 3]).tolist()
    [1, 3]
    """
    e, x = current(), convert(x)
    if e.name == "abstract":
        return _unique_spec(x, (return_index, return_inverse, return_counts), axis, size)
    axis = None if axis is None else axis_of(axis, ndim_of(x), "unique")
    host = host_value(x, "unique", "x")
    values, *rest = np.unique(
        host, return_index=True, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    index, inverse, counts = rest
    inverse = inverse.reshape(host.shape if axis is None else (host.shape[axis],))
    if size is not None:
        fill = 0 if fill_value is None else fill_value
        values, index, counts = (
            _sized(v, size, filler, 0 if axis is None or i else axis)
            for i, (v, filler) in enumerate(((values, fill), (index, index[:1].sum()), (counts, 0)))
        )
    dtype = dtype_of(x)
    outputs = [e.constant(values.astype(host.dtype), dtype)]
    for wanted, v in ((return_index, index), (return_inverse, inverse), (return_counts, counts)):
        if wanted:
            outputs.append(e.constant(v.astype("int32"), "int32"))
    return tuple(outputs) if len(outputs) > 1 else outputs[0]


def _sized(values: np.ndarray, size: int, fill: Any, axis: int) -> np.ndarray:
    n = values.shape[axis]
    if n >= size:
        return np.take(values, np.arange(size), axis)
    shape = (*values.shape[:axis], size - n, *values.shape[axis + 1 :])
    return np.concatenate([values, np.full(shape, fill, values.dtype)], axis)


def _unique_spec(x: Tensor, wanted: tuple[bool, ...], axis: int | None, size: int | None) -> Any:
    e, shape = current(), shape_of(x)
    n = UNKNOWN if size is None else size
    a = None if axis is None else axis_of(axis, len(shape), "unique")
    outputs = [e.full((n,) if a is None else (*shape[:a], n, *shape[a + 1 :]), 0, dtype_of(x))]
    for given, dims in zip(wanted, ((n,), shape if a is None else (shape[a],), (n,)), strict=True):
        if given:
            outputs.append(e.full(dims, 0, "int32"))
    return tuple(outputs) if len(outputs) > 1 else outputs[0]
