"""Indices as vectors of zeros and ones."""

from __future__ import annotations

from typing import Any

from keras import config
from keras.backend import dtypes
from keras.backend.select import current
from keras.ops import kernels
from keras.ops.dispatch import axis_of, cast, ndim_of, op
from keras.ops.settling import as_index, scalar, static_int

Tensor = Any


@op
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Tensor:
    """A 1 at the index given, 0 elsewhere, along a new axis.

    Args:
        x: whole numbers of any shape; one outside 0..num_classes-1 gives zeros only.
        num_classes: size of the new axis.
        axis: where the new axis is.
        dtype: `floatx` by default.
        sparse: not supported; must be false.

    >>> one_hot([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    return _one_hot("one_hot", x, num_classes, axis, dtype, sparse)


def _one_hot(who: str, x: Any, num_classes: int, axis: int, dtype: Any, sparse: bool) -> Tensor:
    if sparse:
        raise ValueError(f"{who}: sparse results are not supported; use sparse=False")
    x = as_index(x, who, "x", floats=True)
    name = config.floatx() if dtype is None else dtypes.standardize(dtype)
    return kernels.one_hot(
        x, static_int(num_classes, who, "num_classes", least=0), axis_of(axis, ndim_of(x) + 1, who), name
    )


@op
def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Tensor:
    """A 1 at each of the indices of a sample, 0 elsewhere.

    Args:
        inputs: whole numbers `[n]`, or `[batch, n, ...]`, of which the second axis holds the indices of a sample.
        num_classes: size of the axis of classes.
        axis: where that axis is, before the axis of indices is taken away.
        dtype: `floatx` by default.
        sparse: not supported; must be false.
        **kwargs: `num_tokens`, an old name of `num_classes`.

    >>> multi_hot([0, 2], 4).tolist()
    [1.0, 0.0, 1.0, 0.0]
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if kwargs:
        raise TypeError(f"multi_hot: unexpected arguments {sorted(kwargs)}")
    if num_classes is None:
        raise ValueError("multi_hot: `num_classes` must be given")
    hot = _one_hot("multi_hot", inputs, num_classes, axis, "int32", sparse)
    e = current()
    count = e.reduce_sum(hot, (1 if ndim_of(hot) > 2 else 0,))
    return cast(
        e.less(scalar(0, count), count), config.floatx() if dtype is None else dtypes.standardize(dtype)
    )
