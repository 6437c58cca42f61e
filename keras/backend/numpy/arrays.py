"""What arrays are made of and how they are moved: dtypes, constants, shapes, slices."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.backend import dtypes
from keras.backend.numpy.known import known

Array = np.ndarray
Shape = tuple[int, ...]

#: Elements, in blocks of which work of many steps is done, so that they stay in a cache between them. Smaller ones would
#: stay in a nearer cache, but each call gives up the interpreter's lock, and two threads that wait for it in turns are
#: slower than one: measured, Adam took 0.62 ms with this, 0.94 with a quarter, and the error function 5.5 and 10.8.
BLOCK = 1 << 17

#: The NumPy dtype of a dtype name.
dtype_of_name = functools.cache(dtypes.to_numpy_dtype)


class _Names(dict[np.dtype[Any], str]):
    """`dtype.name`, remembered: NumPy computes it anew each time, which costs as much as a small addition."""

    def __missing__(self, dtype: np.dtype[Any]) -> str:
        self[dtype] = dtype.name
        return dtype.name


NAMES = _Names()
#: Of the dtypes that tensors have; V is that of bfloat16 and float8.
KINDS = frozenset("biufcV")


def as_array(x: Any) -> Array:
    """NumPy makes scalars of results without axes; an array again."""
    return x if type(x) is np.ndarray else np.asarray(x)


def narrow(x: Array) -> bool:
    """Whether `x` holds 16 or 8 bit floats, whose sums and products are taken in float32."""
    return x.dtype.itemsize <= 2 and x.dtype.kind not in "iub"


def in_float32(f: Callable[..., Any]) -> Callable[..., Any]:
    """A primitive on arrays, computed in float32 when they hold narrow floats (BLAS and LAPACK know none)."""

    @functools.wraps(f)
    def method(self: Any, x: Array, *rest: Any, **static: Any) -> Any:
        if not narrow(x):
            return f(self, x, *rest, **static)
        wide = [y.astype(np.float32) if isinstance(y, np.ndarray) and y.dtype == x.dtype else y for y in rest]
        out = f(self, x.astype(np.float32), *wide, **static)
        return tuple(_back(y, x) for y in out) if isinstance(out, tuple) else _back(out, x)

    return method


def _back(y: Array, like: Array) -> Array:
    return y.astype(like.dtype) if y.dtype == np.float32 else y


def _plain_cast(x: tuple[Shape, str], dtype: str) -> Callable[..., Array] | None:
    to = dtype_of_name(dtype)
    return None if dtypes.is_complex(x[1]) else lambda x, _: x.astype(to, copy=False)


def at_once(n: int, f: Callable[[slice], Any], microseconds: float = 0.0) -> None:
    """Do what concerns `range(n)` in one go, where there is nobody to share it with."""
    f(slice(0, n))


class Arrays:
    """Leaf and movement primitives. Results may be views: nobody writes into a tensor."""

    def constant(self, array: Array, dtype: str) -> Array:
        return _cast(np.asarray(array), dtype_of_name(dtype), copy=True)

    def to_numpy(self, x: Array) -> Array:
        return x

    def is_tensor(self, x: Any) -> bool:
        return isinstance(x, np.ndarray) and x.dtype.kind in KINDS

    def spec(self, x: Array) -> tuple[Shape, str]:
        return x.shape, NAMES[x.dtype]

    @known(_plain_cast)
    def cast(self, x: Array, dtype: str) -> Array:
        return _cast(x, dtype_of_name(dtype), copy=x.dtype.kind == "c")  # of which the real part is a view

    def bitcast(self, x: Array, dtype: str) -> Array:
        return np.ascontiguousarray(x).view(dtype_of_name(dtype)) if x.ndim else x.view(dtype_of_name(dtype))

    def full(self, shape: Shape, value: float | int | bool, dtype: str) -> Array:
        if not shape:
            return np.array(value, dtype_of_name(dtype))
        if value == 0:
            return np.zeros(shape, dtype_of_name(dtype))  # untouched pages cost nothing
        return np.full(shape, value, dtype_of_name(dtype))

    def iota(self, n: int, dtype: str) -> Array:
        return np.arange(n).astype(dtype_of_name(dtype))

    @known(lambda x, shape: np.ndarray.reshape)
    def reshape(self, x: Array, shape: Shape) -> Array:
        return x.reshape(shape)

    @known(lambda x, axes: np.ndarray.transpose)
    def transpose(self, x: Array, axes: Shape) -> Array:
        return x.transpose(axes)

    def broadcast_to(self, x: Array, shape: Shape) -> Array:
        return np.broadcast_to(x, shape)

    def slice(self, x: Array, starts: Shape, stops: Shape, steps: Shape) -> Array:
        index: Any = (*map(slice, starts, stops, steps), ...)
        return x[index]

    def pad(self, x: Array, low: Shape, high: Shape, value: float | int | bool) -> Array:
        if not any(low) and not any(high):
            return x
        shape = tuple(a + n + b for a, n, b in zip(low, x.shape, high, strict=True))
        out = np.zeros(shape, x.dtype) if value == 0 else np.full(shape, value, x.dtype)
        out[tuple(slice(a, a + n) for a, n in zip(low, x.shape, strict=True))] = x
        return out

    def concat(self, xs: Sequence[Array], axis: int) -> Array:
        return np.concatenate(xs, axis)

    def flip(self, x: Array, axes: Shape) -> Array:
        return as_array(np.flip(x, axes))

    def dynamic_slice(self, x: Array, starts: Sequence[Array], sizes: Shape) -> Array:
        return x[self._block(x.shape, starts, sizes)]

    def dynamic_update(self, x: Array, update: Array, starts: Sequence[Array]) -> Array:
        out = x.copy()
        out[self._block(x.shape, starts, update.shape)] = update
        return out

    def _block(self, shape: Shape, starts: Sequence[Array], sizes: Shape) -> tuple[Any, ...]:
        firsts = [min(max(int(s), 0), n - size) for s, n, size in zip(starts, shape, sizes, strict=True)]
        return (*(slice(a, a + size) for a, size in zip(firsts, sizes, strict=True)), ...)


def _cast(x: Array, dtype: np.dtype[Any], copy: bool) -> Array:
    if x.dtype.kind == "c" and dtype.kind not in "cb":
        x = x.real
    return x.astype(dtype, copy=copy)
