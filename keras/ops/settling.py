"""Small steps between what a user writes and what a primitive takes, shared by the op bodies."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras import config
from keras.backend import dtypes
from keras.backend.abstract import ABSTRACT
from keras.backend.select import current
from keras.backend.spec import SIZE_NOT_KNOWN, UNKNOWN, KerasTensor, Unknown, is_unknown, shape_str
from keras.ops.dispatch import (
    INEXACT,
    as_float,
    axes_of,
    cast,
    convert,
    dtype_of,
    kernel,
    ndim_of,
    promote,
    shape_of,
    unsuitable,
)

Tensor = Any
Shape = tuple[Any, ...]


def scalar(value: Any, like: Tensor) -> Tensor:
    """A number as a tensor of the dtype of `like`. Raises TypeError for anything else, which may be a user's setting."""
    if type(value) in _NUMBERS or isinstance(value, (Unknown, numbers.Number)):
        return current().full((), value, dtype_of(like))
    try:
        x = convert(value, dtype_of(like))
    except (TypeError, ValueError):
        x = None
    if x is None or shape_of(x) != ():
        raise unsuitable(value, f"must be a number. Received: {value!r}")
    return x


_NUMBERS = frozenset((float, int, bool))


def wrapped(value: Any, dtype: str) -> Any:
    """A Python number as a tensor of `dtype` can hold it: what does not fit among integers wraps around, as in a cast."""
    if type(value) not in (int, float) or not dtypes.is_int(dtype):
        return value
    least, most = dtypes.limits(dtype)
    if least <= value <= most:
        return value
    with np.errstate(invalid="ignore"):
        return int(np.asarray(value).astype(dtype))


def kept(y: Tensor, axes: Sequence[int], shape: Shape) -> Tensor:
    """A reduced tensor with its reduced axes put back as ones; `shape` is that of the tensor reduced."""
    return current().reshape(y, tuple(1 if i in axes else d for i, d in enumerate(shape)))


def reduced(
    primitive: Callable[[Tensor, tuple[int, ...]], Tensor], x: Tensor, axis: Any, keepdims: bool, who: str
) -> Tensor:
    """A reduction primitive with `axis` (None, negative, a sequence) and `keepdims` settled."""
    shape = shape_of(x)
    axes = axes_of(axis, len(shape), who)
    y = primitive(x, axes) if axes else x
    return kept(y, axes, shape) if keepdims else y


def count(shape: Shape, axes: Sequence[int]) -> Any:
    """How many elements the axes hold together; UNKNOWN if one of them is."""
    return math.prod(shape[a] for a in axes)


def float_dtype(x: Any, wide: bool = False) -> str:
    """The dtype in which a function of floats works on `x`: its own if it is a float, else `floatx`.

    `wide` gives int64 the float64 that holds most of its values.
    """
    dtype = dtype_of(x)
    if wide and dtype == "int64":
        return "float64"
    return dtype if dtypes.is_float(dtype) or dtypes.is_complex(dtype) else config.floatx()


def real_float(x: Any, who: str, name: str = "x") -> Tensor:
    """`as_float`, and TypeError for complex numbers."""
    x = as_float(x)
    if dtypes.is_complex(dtype_of(x)):
        raise TypeError(f"{who}: `{name}` must be real. Received: dtype {dtype_of(x)}")
    return x


def promote_floats(*xs: Any, wide: bool = False) -> list[Tensor]:
    """`promote`, and ints and bools become floats, as `float_dtype` has it."""
    tensors = promote(*xs)
    if dtype_of(tensors[0]) in INEXACT:
        return tensors
    dtype = float_dtype(tensors[0], wide)
    # A Python number is a float at once: the common dtype may be an unsigned one, and the number negative.
    return [convert(float(x) if type(x) is int else t, dtype) for x, t in zip(xs, tensors, strict=True)]


def promote_numbers(*xs: Any) -> list[Tensor]:
    """`promote`, and bools become int32: arithmetic that bools do not have."""
    tensors = promote(*xs)
    return [current().cast(x, "int32") for x in tensors] if dtype_of(tensors[0]) == "bool" else tensors


def as_number(x: Any) -> Tensor:
    """A tensor on which arithmetic is defined: bools become int32."""
    x = convert(x)
    return cast(x, "int32") if dtype_of(x) == "bool" else x


def as_index(x: Any, who: str, name: str = "indices", floats: bool = False) -> Tensor:
    """An integer tensor (int32 or int64). Raises TypeError for floats, unless whole numbers may come as `floats`."""
    x = convert(x)
    dtype = dtype_of(x)
    if dtype in ("int32", "int64"):
        return x
    if dtypes.is_float(dtype) and (floats or 0 in shape_of(x)):  # an empty list has no dtype of its own
        return cast(x, "int32")
    if not (dtypes.is_int(dtype) or dtype == "bool"):
        raise TypeError(f"{who}: `{name}` must be integers. Received: dtype {dtype}")
    return cast(x, "int64" if dtype in ("uint32", "uint64") else "int32")


@kernel
def wrapped_index(indices: Tensor, size: Any) -> Tensor:
    """Integer indices with negative ones counted from the end of an axis of `size`."""
    e = current()
    values = e.peek(indices)
    if values is not None and (not values.size or values.min() >= 0):
        return indices
    zero = scalar(0, indices)
    return e.select(e.less(indices, zero), e.add(indices, scalar(size, indices)), indices)


def in_float32(f: Callable[..., Any], x: Tensor, *rest: Any) -> Any:
    """`f(x, ...)` computed in float32 when `x` has 16 bits, for sums that would lose their digits."""
    dtype = dtype_of(x)
    if dtype not in ("float16", "bfloat16"):
        return f(x, *rest)
    y = f(cast(x, "float32"), *rest)
    return tuple(cast(t, dtype) for t in y) if isinstance(y, tuple) else cast(y, dtype)


def static_int(value: Any, who: str, name: str, least: int | None = None) -> Any:
    """A Python int, or what stands for one that is not known yet.

    Raises TypeError for anything that is not an integer, ValueError for one below `least`.
    """
    if is_unknown(value):
        return value
    try:
        number = _index(value)
        if isinstance(number, Unknown):
            return number
    except (AttributeError, TypeError, RuntimeError):
        raise TypeError(f"{who}: `{name}` must be an int. Received: {name}={value!r}") from None
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{who}: `{name}` must fit into 64 bits. Received: {name}={value!r}")
    if least is not None and number < least:
        raise ValueError(f"{who}: `{name}` must be at least {least}. Received: {name}={value!r}")
    return number


def _index(value: Any) -> Any:
    """An integer as Python's, also from a tensor; one that only a running graph knows, such as `tf.shape(x)[0]`, stays one."""
    e = current()
    return e.as_size(value) if e.is_tensor(value) else value.__index__()


def check_number(value: Any, who: str, name: str) -> None:
    """TypeError unless `value` is a number of Python's or NumPy's."""
    if not isinstance(value, numbers.Number):
        raise TypeError(f"{who}: `{name}` must be a number. Received: {name}={value!r}")


def check_text(value: Any, who: str, name: str) -> None:
    """TypeError unless `value` is a string."""
    if not isinstance(value, str):
        raise TypeError(f"{who}: `{name}` must be a string. Received: {name}={value!r}")


def vector_elements(vector: Tensor) -> list[Any]:
    """The elements of a vector, or the scalar itself: numbers if they are known, else tensors."""
    e = current()
    try:
        return list(np.ravel(e.to_numpy(vector)))
    except (RuntimeError, TypeError):
        pass
    if not shape_of(vector):
        return [vector]
    count = shape_of(vector)[0]
    return [e.reshape(e.slice(vector, (i,), (i + 1,), (1,)), ()) for i in range(count)]


def static_shape(shape: Any, who: str, name: str = "shape", infer: bool = False) -> Shape:
    """A shape argument (an int, a sequence of ints, a tensor or array of them) as a tuple.

    None stands for an unknown dimension; -1 is let through where `infer` says that it means something.
    """
    if shape is None or is_unknown(shape) or (hasattr(shape, "__index__") and not hasattr(shape, "__len__")):
        shape = (shape,)
    try:
        if current().is_tensor(shape):
            shape = vector_elements(shape)
        dims = tuple(UNKNOWN if d is None else d if isinstance(d, Unknown) else _index(d) for d in shape)
    except (AttributeError, TypeError, RuntimeError):
        raise TypeError(
            f"{who}: `{name}` must be an int or a sequence of ints. Received: {name}={shape!r}"
        ) from None
    if not infer and any(d is None for d in shape) and current() is not ABSTRACT:
        raise TypeError(
            f"{who}: `{name}` must be known outside of symbolic models. Received: {name}={shape!r}"
        )
    if any(not isinstance(d, Unknown) and d < (-1 if infer else 0) for d in dims):
        raise ValueError(f"{who}: `{name}` has a negative dimension. Received: {name}={shape_str(dims)}")
    return dims


def host_value(x: Any, who: str, name: str) -> np.ndarray:
    """The concrete value of an argument that decides a shape. Raises inside a trace."""
    e = current()
    if not e.is_tensor(x):
        return np.asarray(x)
    try:
        return e.to_numpy(x)
    except (RuntimeError, TypeError):
        raise ValueError(
            f"{who}: the shape of the result depends on the values of `{name}`, which are not known inside a "
            f"compiled function or a symbolic model. Pass Python numbers or an array."
        ) from None


def check_function(f: Any, who: str, name: str) -> None:
    """TypeError unless `f` can be called."""
    if not callable(f):
        raise TypeError(f"{who}: `{name}` must be a function. Received: {name}={f!r}")


def check_rank(x: Tensor, ranks: int | Sequence[int], who: str, name: str = "x") -> None:
    """ValueError unless `x` has one of the ranks."""
    ranks = (ranks,) if isinstance(ranks, int) else tuple(ranks)
    if ndim_of(x) not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise ValueError(f"{who}: `{name}` must have rank {wanted}. Received: shape {shape_str(shape_of(x))}")


def elements(x: Tensor, axes: Sequence[int]) -> Tensor:
    """How many elements the axes of `x` hold together, in x's dtype."""
    return scalar(count(shape_of(x), axes), x)


def number_of_samples(x: Tensor) -> float | Tensor:
    """The size of the first axis, as `number_of_elements` gives it; 1 for a scalar."""
    return number_of_elements(x, range(min(1, len(shape_of(x)))))


def number_of_elements(x: Tensor, axes: Sequence[int] | None = None) -> float | Tensor:
    """How many elements the axes (default all) hold together: a number, or a tensor if only a running graph knows.

    Of a symbolic tensor, which has no value to be divided or weighed, any number.
    """
    shape = shape_of(x)
    axes = range(len(shape)) if axes is None else axes
    n = count(shape, axes)
    if isinstance(n, int):
        return float(n)
    return 1.0 if isinstance(x, KerasTensor) else elements(x, axes)


def filled_like(x: Tensor, value: Any, dtype: str) -> Tensor:
    """A tensor of the shape of `x`."""
    return current().full(shape_of(x), value, dtype)


def need_size(size: Any, who: str) -> None:
    """ValueError if Python needs a size that an engine's own tracing has left open."""
    if isinstance(size, Unknown) and current() is not ABSTRACT:
        raise ValueError(f"{who}: {SIZE_NOT_KNOWN}")


def sized(x: Tensor, axis: int, size: Any) -> Tensor:
    """`x`, of which it is known that `axis` has `size` elements, where arithmetic with unknown sizes cannot tell."""
    if current() is not ABSTRACT or not is_unknown(x.dims[axis]):
        return x
    return KerasTensor((*x.dims[:axis], size, *x.dims[axis + 1 :]), x.dtype)


def slice_axis(x: Tensor, axis: int, start: int, stop: Any, step: int = 1) -> Tensor:
    """`x[..., start:stop:step, ...]` along one axis, bounds already non-negative and inside."""
    shape = shape_of(x)
    starts, stops, steps = [0] * len(shape), list(shape), [1] * len(shape)
    starts[axis], stops[axis], steps[axis] = start, stop, step
    return current().slice(x, tuple(starts), tuple(stops), tuple(steps))
