"""Shapes changed: reshaped, repeated, joined, cut."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

from keras import config, ops
from keras.backend.abstract import ABSTRACT
from keras.backend.select import current
from keras.backend.spec import UNKNOWN, KerasTensor
from keras.classic.checked import Axes, Dtype, Shape, checked
from keras.classic.checks import dims_of
from keras.classic.dimensions import at_shape, is_open, remainder
from keras.classic.symbolic import is_symbolic, recorded
from keras.ops.dispatch import convert, dtype_of, ndim_of, shape_of
from keras.ops.settling import static_int

Tensor = Any


@checked
def reshape(x: Any, shape: Shape) -> Tensor:
    """x's elements, in row-major order, in another shape.

    Args:
        x: any shape.
        shape: ints, one of which may be -1 ("what remains"); dimensions from `K.shape` may stand in it.

    Returns:
        A tensor of that shape.

    >>> reshape([1.0, 2.0, 3.0, 4.0], (2, -1)).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    shape = dims_of(shape)
    if is_open(shape):
        return at_shape(_reshaped, remainder(shape, x), x)
    return _reshaped(tuple(shape), x)


def _reshaped(shape: tuple[Any, ...], x: Any) -> Tensor:
    if current() is ABSTRACT and UNKNOWN in shape and -1 in shape:  # what remains is not known either
        return KerasTensor([UNKNOWN if d == -1 else d for d in shape], dtype_of(x))
    return ops.reshape(x, shape)


@checked
def permute_dimensions(x: Any, pattern: Sequence[int] | None) -> Tensor:
    """x with its axes in another order.

    Args:
        x: any shape.
        pattern: for each axis of the result, which axis of x it is; None for the reverse order.

    Returns:
        A tensor whose axis i is x's axis `pattern[i]`.

    >>> permute_dimensions([[1.0, 2.0]], (1, 0)).tolist()
    [[1.0], [2.0]]
    """
    return ops.transpose(x, pattern if pattern is None else tuple(pattern))


@checked
def flatten(x: Any) -> Tensor:
    """x's elements, in row-major order, along one axis.

    >>> flatten([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    return ops.reshape(x, (-1,))


@checked
@recorded
def batch_flatten(x: Any) -> Tensor:
    """`[batch, ...]` as `[batch, n]`.

    >>> batch_flatten([[[1.0, 2.0], [3.0, 4.0]]]).tolist()
    [[1.0, 2.0, 3.0, 4.0]]
    """
    x = convert(x)
    if not ndim_of(x):
        raise ValueError("batch_flatten: `x` must have a batch axis. Received: a scalar")
    batch, *rest = shape_of(x)
    return ops.reshape(x, (batch, math.prod(rest)))


@checked
def expand_dims(x: Any, axis: int = -1) -> Tensor:
    """x with an axis of size 1 put in.

    >>> expand_dims([1.0, 2.0]).tolist()
    [[1.0], [2.0]]
    """
    return ops.expand_dims(x, axis)


@checked
def squeeze(x: Any, axis: int) -> Tensor:
    """x without an axis of size 1.

    >>> squeeze([[1.0, 2.0]], 0).tolist()
    [1.0, 2.0]
    """
    return ops.squeeze(x, axis)


@checked
def concatenate(tensors: Sequence[Any], axis: int = -1) -> Tensor:
    """Tensors joined along an axis; in the others they have equal sizes.

    >>> concatenate([[1.0, 2.0], [3.0]]).tolist()
    [1.0, 2.0, 3.0]
    """
    return ops.concatenate(list(tensors), axis)


@checked
def stack(x: Sequence[Any], axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis.

    >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    return ops.stack(list(x), axis)


@checked
def repeat_elements(x: Any, rep: int, axis: int) -> Tensor:
    """Each slice along an axis `rep` times, one after the other.

    >>> repeat_elements([1.0, 2.0], 2, 0).tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    return ops.repeat(x, static_int(rep, "repeat_elements", "rep", least=0), axis)


@checked
@recorded
def repeat(x: Any, n: int) -> Tensor:
    """`[batch, features]` as `[batch, n, features]`, the same at every step.

    >>> repeat([[1.0, 2.0]], 2).tolist()
    [[[1.0, 2.0], [1.0, 2.0]]]
    """
    x = convert(x)
    if ndim_of(x) != 2:
        raise ValueError(f"repeat: expected a tensor [batch, features]. Received: `x` of rank {ndim_of(x)}")
    return ops.repeat(ops.expand_dims(x, 1), static_int(n, "repeat", "n", least=0), 1)


@checked
def tile(x: Any, n: Shape) -> Tensor:
    """x side by side with itself.

    Args:
        x: any shape.
        n: how often along each axis; dimensions from `K.shape` may stand in it.

    Returns:
        A tensor whose axis i is `n[i]` times as long.

    >>> tile([1.0, 2.0], 2).tolist()
    [1.0, 2.0, 1.0, 2.0]
    """
    n = [n] if is_symbolic(n) else dims_of(n)
    if is_open(n):
        return at_shape(_tiled, n, x)
    return ops.tile(x, tuple(n))


def _tiled(n: tuple[Any, ...], x: Any) -> Tensor:
    if current() is not ABSTRACT or UNKNOWN not in n:
        return ops.tile(x, n)
    x = convert(x)
    dims = shape_of(x)
    dims, n = (1,) * (len(n) - len(dims)) + dims, (1,) * (len(dims) - len(n)) + tuple(n)
    return KerasTensor([d * k for d, k in zip(dims, n, strict=True)], x.dtype)


@checked
def reverse(x: Any, axes: Axes) -> Tensor:
    """x back to front along one or several axes.

    >>> reverse([1.0, 2.0, 3.0], 0).tolist()
    [3.0, 2.0, 1.0]
    """
    return ops.flip(x, axes)


@checked
@recorded
def slice(x: Any, start: Sequence[int], size: Sequence[int]) -> Tensor:
    """A block cut out of x.

    Args:
        x: any shape.
        start: where it begins, one int per axis.
        size: how long it is along each axis; -1 for up to the end.

    Returns:
        A tensor of shape `size`.

    >>> slice([1.0, 2.0, 3.0, 4.0], [1], [2]).tolist()
    [2.0, 3.0]
    """
    x = convert(x)
    if not len(start) == len(size) == ndim_of(x):
        raise ValueError(
            f"slice: `start` and `size` need one int per axis ({ndim_of(x)}). Received: start={start}, size={size}"
        )
    cut = tuple(
        builtins.slice(a, None if isinstance(n, int) and n == -1 else a + n)
        for a, n in zip(start, size, strict=True)
    )
    return ops.get_item(x, cut)


@checked
def arange(start: float, stop: float | None = None, step: float = 1, dtype: Dtype = "int32") -> Tensor:
    """start, start + step, ... up to but without stop.

    Args:
        start: the first number; the end, beginning with 0, if there is no `stop`.
        stop: the end.
        step: the distance.
        dtype: name; the default also leaves floats as they are.

    Returns:
        `[n]`.

    >>> arange(1, 6, 2).tolist()
    [1, 3, 5]
    """
    if stop is None and isinstance(start, (int, float)):
        start = builtins.max(start, 0)
    if is_symbolic(start):  # the size of an axis
        return at_shape(lambda s: ops.cast(ops.cumsum(ops.ones(s, "int32")) - 1, dtype), [start])
    numbers = ops.arange(start, stop, step)
    return numbers if dtype == "int32" else ops.cast(numbers, dtype)


@checked
def one_hot(indices: Any, num_classes: int) -> Tensor:
    """1 at the place each index names, 0 elsewhere.

    Args:
        indices: ints of any shape.
        num_classes: how many places.

    Returns:
        Floats `[*indices.shape, num_classes]`.

    >>> one_hot([2, 0], 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return ops.one_hot(indices, num_classes, dtype=config.floatx())
