"""Placeholders, and questions about tensors: what they are, their shape, their dtype."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from keras import config, ops
from keras.backend.select import current
from keras.backend.spec import KerasTensor
from keras.backend.state import Variable, to_host
from keras.classic.checked import Dtype, Shape, checked
from keras.classic.checks import dims_of
from keras.classic.symbolic import is_source, recorded
from keras.layers import Input
from keras.ops.dispatch import convert

Tensor = Any


@checked
def placeholder(
    shape: Shape = None,
    ndim: int | None = None,
    dtype: Dtype = None,
    sparse: bool = False,
    name: str | None = None,
    ragged: bool = False,
) -> KerasTensor:
    """A symbolic tensor whose value is given when a function or a model is called.

    Args:
        shape: with the batch, None for any size.
        ndim: number of axes of any size, in place of `shape`.
        dtype: default floatx.
        sparse, ragged: accepted for compatibility; must be false.
        name: shown in messages.

    Returns:
        A symbolic tensor of that shape.

    >>> placeholder((None, 3)).shape, placeholder(ndim=2).shape
    ((None, 3), (None, None))
    """
    if shape is None:
        shape = (None,) * (ndim or 0)
    return Input(batch_shape=tuple(dims_of(shape)), dtype=dtype, sparse=sparse, ragged=ragged, name=name)


@checked
def is_placeholder(x: Any) -> bool:
    """Whether x is a symbolic tensor that nothing computes.

    >>> x = placeholder((2,))
    >>> is_placeholder(x), is_placeholder(x + 1)
    (True, False)
    """
    return isinstance(x, KerasTensor) and is_source(x)


@checked
def is_tensor(x: Any) -> bool:
    """Whether x is a tensor, a variable or a symbolic tensor.

    >>> is_tensor(placeholder((2,))), is_tensor([1.0])
    (True, False)
    """
    return isinstance(x, Variable) or ops.is_tensor(x)


@checked
def is_sparse(tensor: Any) -> bool:
    """Whether a tensor is sparse: never, since all tensors here are dense.

    >>> is_sparse(placeholder((2,)))
    False
    """
    return False


@checked
def to_dense(tensor: Any) -> Tensor:
    """The tensor itself, dense as all are; a SciPy matrix becomes a tensor `[rows, columns]`.

    >>> to_dense(np.ones(2)).tolist()
    [1.0, 1.0]
    """
    return convert(tensor.toarray()) if hasattr(tensor, "toarray") else tensor


# ---------------------------------------------------------------------- shape and dtype
@checked
def int_shape(x: Any) -> tuple[int | None, ...]:
    """Shape as a tuple, None where it is not known.

    >>> int_shape(placeholder((None, 3)))
    (None, 3)
    """
    return tuple(d if isinstance(d, int) else None for d in ops.shape(x))


@checked
def get_variable_shape(x: Any) -> tuple[int | None, ...]:
    """Another name of `int_shape`.

    >>> get_variable_shape(np.zeros((2, 3)))
    (2, 3)
    """
    return int_shape(x)


@checked
def ndim(x: Any) -> int:
    """Number of axes.

    >>> ndim([[1.0, 2.0]])
    2
    """
    return ops.ndim(x)


@checked
def size(x: Any, name: str | None = None) -> Tensor:
    """Number of elements, as an int32 scalar.

    >>> int(size([[1.0, 2.0]]))
    2
    """
    return ops.size(x)


@checked
def count_params(x: Any) -> int:
    """Number of elements of a variable or a tensor, as an int.

    >>> count_params(np.zeros((2, 3)))
    6
    """
    return math.prod(ops.shape(x))


@checked
def dtype(x: Any) -> str:
    """Name of x's dtype.

    >>> dtype(placeholder((2,)))
    'float32'
    """
    return ops.dtype(x)


@checked
def cast(x: Any, dtype: Dtype) -> Tensor:
    """x as another dtype: floats lose their fraction on the way to ints; bool is "not 0".

    >>> cast([1.7, -1.7], "int32").tolist()
    [1, -1]
    """
    return ops.cast(x, dtype)


@checked
def cast_to_floatx(x: Any) -> Any:
    """x as floatx: tensors stay tensors, anything else becomes an array.

    >>> str(cast_to_floatx(np.array([1.5], "float64")).dtype)
    'float32'
    """
    engine = current()
    if isinstance(x, (Variable, KerasTensor)) or (engine.is_tensor(x) and not isinstance(x, np.ndarray)):
        return ops.cast(x, config.floatx())
    return to_host(convert(x, config.floatx()))


@checked
def identity(x: Any, name: str | None = None) -> Tensor:
    """x, as a tensor of its own.

    >>> identity([1.0]).tolist()
    [1.0]
    """
    return ops.copy(x)


@checked
def print_tensor(x: Any, message: Any = "", summarize: int = 3) -> Tensor:
    """Print x whenever it is computed.

    Args:
        x: a tensor of any shape.
        message: printed before it, with a blank between them.
        summarize: how many elements are printed at each end of an axis; -1 prints all.

    Returns:
        x; only what is computed from it is sure to print.

    >>> y = print_tensor(np.array([1.0, 2.0]), message="x is")
    x is [1. 2.]
    """
    return _printed(x, message, summarize)


@recorded
def _printed(x: Any, message: Any, summarize: int) -> Tensor:
    x = convert(x)

    def show(value: np.ndarray) -> list[np.ndarray]:
        kept = value.size + 1 if summarize < 0 else summarize
        text = np.array2string(value, threshold=2 * kept, edgeitems=kept)
        print(f"{message} {text}" if str(message) else text)
        return [value]

    (y,) = current().host_call(show, [current().spec(x)], [x], lambda xs, ys, dys: dys)
    return y
