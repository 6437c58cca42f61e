"""Tensors as such: making, reading, casting, slicing, scattering."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.backend import dtypes
from keras.backend import select as engines
from keras.backend.abstract import ABSTRACT
from keras.backend.select import current
from keras.backend.spec import UNKNOWN, KerasTensor, Open, is_unknown, shape_str
from keras.backend.state import Variable, to_host
from keras.ops import dispatch
from keras.ops.dispatch import axis_of, convert, dtype_of, holds_tensors, ndim_of, op, shape_of
from keras.ops.settling import as_index, host_value, sized, slice_axis, static_shape

Tensor = Any


# ---------------------------------------------------------------------- making and reading
@op
def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Tensor:
    """Any array-like as a tensor of the engine in force.

    Args:
        x: numbers, nested lists, arrays, tensors, variables.
        dtype: by default x's own; Python floats become `floatx`, ints int32.
        sparse, ragged: not supported; must not be true.

    >>> convert_to_tensor([1.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    if sparse or ragged:
        raise ValueError(
            "convert_to_tensor: sparse and ragged tensors are not supported; use a dense tensor and a mask"
        )
    return convert(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values of a tensor, a variable or an array-like as a NumPy array on the host, which is the caller's to write.

    Raises:
        TypeError: x is symbolic. RuntimeError: inside a compiled function.

    >>> convert_to_numpy([1, 2]).tolist()
    [1, 2]
    """
    if isinstance(x, KerasTensor):
        x._no_value()
    # A copy: on NumPy's engine the array may be the tensor itself, or a view that cannot be written.
    return np.array(to_host(convert(x) if isinstance(x, (list, tuple)) and holds_tensors(x) else x))


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor: of the engine in force, or symbolic. Variables are not.

    >>> is_tensor(convert_to_tensor([1.0])), is_tensor([1.0])
    (True, False)
    """
    return isinstance(x, KerasTensor) or current().is_tensor(x)


def shape(x: Any) -> tuple[Any, ...]:
    """Shape as a tuple; a dimension that a symbolic tensor does not know is None, one that a graph will know a tensor.

    Inside a layer whose shapes are being inferred it is an object that absorbs arithmetic, so that
    `shape(x)[0] * 2` can be handed to `reshape` there, too.

    >>> shape([[1, 2, 3]])
    (1, 3)
    """
    if isinstance(x, KerasTensor):
        return x.dims if engines.inner() is ABSTRACT else x.shape
    return tuple(d if isinstance(d, int) or d is UNKNOWN else _size(d) for d in shape_of(x))


def _size(d: Any) -> Any:
    """A size that only a running graph knows as its tensor, for code that is written in the words of an engine."""
    size = None if isinstance(d, Open) else current().adopt(d)
    return d if size is None else size


def dtype(x: Any) -> str:
    """Name of x's dtype.

    >>> dtype([1.5])
    'float32'
    """
    return x.dtype if isinstance(x, (KerasTensor, Variable)) else dtype_of(x)


def ndim(x: Any) -> int:
    """Number of axes.

    >>> ndim([[1, 2]])
    2
    """
    return x.ndim if isinstance(x, KerasTensor) else ndim_of(x)


@op
def size(x: Any) -> Tensor:
    """Number of elements, an int32 scalar.

    >>> size([[1, 2, 3]]).tolist()
    3
    """
    n: Any = 1
    for d in shape_of(x):
        n = n * d
    return current().full((), n, "int32")


# ---------------------------------------------------------------------- dtypes
@op
def cast(x: Any, dtype: Any) -> Tensor:
    """x as another dtype: floats lose their fraction on the way to ints; bool is "not 0".

    >>> cast([1.7, -1.7], "int32").tolist()
    [1, -1]
    """
    return (
        convert(x, dtype)
        if not isinstance(x, (list, tuple))
        else dispatch.cast(convert(x), dtypes.standardize(dtype))
    )


@op
def saturate_cast(x: Any, dtype: Any) -> Tensor:
    """As `cast`, but what is out of the dtype's range becomes its lowest or largest value.

    >>> saturate_cast([300, -5], "uint8").tolist()
    [255, 0]
    """
    e, x = current(), convert(x)
    target, source = dtypes.standardize(dtype), dtype_of(x)
    if target != "bool" and source != "bool" and not dtypes.is_complex(source):
        (low, high), (least, most) = dtypes.limits(target), dtypes.limits(source)
        if low > least:
            x = e.maximum(x, e.full((), _inner(low, source, up=True), source))
        if high < most:
            x = e.minimum(x, e.full((), _inner(high, source, up=False), source))
    return dispatch.cast(x, target)


def _inner(bound: float, dtype: str, up: bool) -> Any:
    """A bound of an integer dtype as a number of `dtype`, rounded into the range."""
    if not dtypes.is_float(dtype):
        return bound
    kind = dtypes.to_numpy_dtype(dtype)
    value = np.asarray(bound).astype(kind)
    if (value < bound) if up else (value > bound):
        value = np.nextafter(value, kind.type(0))
    return float(value)


@op
def view(x: Any, dtype: Any = None) -> Tensor:
    """x's bytes read as another dtype; the last axis grows or shrinks if the sizes differ.

    >>> view(convert_to_tensor([1.0]), "int32").tolist()
    [1065353216]
    """
    x = convert(x)
    target = dtype_of(x) if dtype is None else dtypes.standardize(dtype)
    old, new, dims = dtypes.itemsize(dtype_of(x)), dtypes.itemsize(target), shape_of(x)
    if old != new and (not dims or (not is_unknown(dims[-1]) and dims[-1] * old % new)):
        raise ValueError(
            f"view: the last axis of {dtype_of(x)} {shape_str(dims)} does not divide into {target}"
        )
    return current().bitcast(x, target)


# ---------------------------------------------------------------------- slices
@op
def slice(inputs: Any, start_indices: Any, shape: Any) -> Tensor:
    """The block of a given shape that begins at the given indices.

    Args:
        inputs: array-like.
        start_indices: one per axis; Python ints or an integer tensor. The block is moved to fit.
        shape: shape of the block; -1 stands for the rest of an axis.

    >>> slice([[1, 2, 3], [4, 5, 6]], (0, 1), (2, 2)).tolist()
    [[2, 3], [5, 6]]
    """
    e, x = current(), convert(inputs)
    dims, sizes = shape_of(x), static_shape(shape, "slice", infer=True)
    starts = _starts("slice", start_indices, len(dims))
    if len(sizes) != len(dims):
        raise ValueError(
            f"slice: `shape` must have one entry per axis ({len(dims)}). Received: shape={sizes}"
        )
    if all(isinstance(s, int) for s in starts):
        sizes = tuple(
            d - s if not is_unknown(n) and n == -1 else n for d, s, n in zip(dims, starts, sizes, strict=True)
        )
        for d, s, n in zip(dims, starts, sizes, strict=True):
            if not is_unknown(d) and not is_unknown(n) and not 0 <= s <= d - n:
                raise ValueError(
                    f"slice: a block of shape {shape_str(sizes)} at {tuple(starts)} is not inside {shape_str(dims)}"
                )
        return e.slice(
            x, tuple(starts), tuple(s + n for s, n in zip(starts, sizes, strict=True)), (1,) * len(dims)
        )
    if any(not is_unknown(n) and n == -1 for n in sizes):
        if current() is not ABSTRACT:
            return slice(x, [int(host_value(i, "slice", "start_indices")) for i in starts], shape)
        sizes = tuple(UNKNOWN if n == -1 else n for n in sizes)
    return e.dynamic_slice(x, [_index(s) for s in starts], sizes)


@op
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Tensor:
    """`inputs` with the block that begins at the given indices replaced.

    Args:
        inputs: array-like.
        start_indices: one per axis; Python ints or an integer tensor. The block is moved to fit.
        updates: the block, of the rank of `inputs`.

    >>> slice_update([0, 0, 0], [1], [5]).tolist()
    [0, 5, 0]
    """
    x = convert(inputs)
    block = convert(updates, dtype_of(x))
    starts = _starts("slice_update", start_indices, ndim_of(x))
    return current().dynamic_update(x, block, [_index(s) for s in starts])


def _starts(who: str, given: Any, rank: int) -> list[Any]:
    """Start indices as a list of Python ints and scalar tensors."""
    e = current()
    if e.is_tensor(given) and not isinstance(given, np.ndarray):
        if ndim_of(given) != 1:
            raise ValueError(
                f"{who}: `start_indices` must have one entry per axis ({rank}). Received: shape {shape_str(shape_of(given))}"
            )
        given = unstack(sized(given, 0, rank))
    starts = [int(s) if hasattr(s, "__index__") and not e.is_tensor(s) else s for s in given]
    starts = [int(s) if isinstance(s, (np.ndarray, np.generic)) else s for s in starts]
    if len(starts) != rank:
        raise ValueError(
            f"{who}: `start_indices` must have one entry per axis ({rank}). Received: {len(starts)}"
        )
    if any(not isinstance(s, int) and ndim_of(s) for s in starts):
        raise ValueError(f"{who}: `start_indices` must be whole numbers. Received: start_indices={given}")
    return starts


def _index(i: Any) -> Tensor:
    return dispatch.cast(convert(i), "int32")


@op
def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The slices along an axis, as a list.

    Args:
        x: array-like.
        num: how many there are; needed only where x's shape does not say.
        axis: which axis; the slices do not have it.

    >>> [row.tolist() for row in unstack([[1, 2], [3, 4]])]
    [[1, 2], [3, 4]]
    """
    x = convert(x)
    dims = shape_of(x)
    axis = axis_of(axis, len(dims), "unstack")
    n = dims[axis]
    if is_unknown(n):
        if num is None:
            raise ValueError(f"unstack: axis {axis} of {shape_str(dims)} has no known size; give `num`")
        n = num
    elif num is not None and num != n:
        raise ValueError(f"unstack: axis {axis} of {shape_str(dims)} has {n} slices. Received: num={num}")
    rest = dims[:axis] + dims[axis + 1 :]
    return [current().reshape(slice_axis(x, axis, i, i + 1), rest) for i in range(n)]


# ---------------------------------------------------------------------- scattering
@op
def scatter(indices: Any, values: Any, shape: Any) -> Tensor:
    """Zeros with values added at the given places.

    Args:
        indices: integers `[..., k]`, each naming a place in the leading k axes.
        values: `[..., *shape[k:]]`; those that fall on one place are added.
        shape: shape of the result.

    >>> scatter([[0], [2]], [5, 7], (3,)).tolist()
    [5, 0, 7]
    """
    x = convert(values)
    blank = current().full(static_shape(shape, "scatter"), 0, dtype_of(x))
    return current().scatter_nd(blank, as_index(indices, "scatter"), x, "add")


_REDUCTIONS = {None: "set", "add": "add", "mul": "mul", "min": "min", "max": "max"}


@op
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Tensor:
    """`inputs` with values at the given places replaced, or combined with what is there.

    Args:
        inputs: array-like.
        indices: integers `[..., k]`, each naming a place in the leading k axes.
        updates: `[..., *inputs.shape[k:]]`.
        reduction: None replaces; `"add"`, `"mul"`, `"min"`, `"max"` combine.

    >>> scatter_update([1, 2, 3], [[0], [2]], [10, 30]).tolist()
    [10, 2, 30]
    """
    if reduction not in _REDUCTIONS:
        raise ValueError(
            f"scatter_update: `reduction` must be None, add, mul, min or max. Received: {reduction!r}"
        )
    x = convert(inputs)
    return current().scatter_nd(
        x, as_index(indices, "scatter_update"), convert(updates, dtype_of(x)), _REDUCTIONS[reduction]
    )
