"""What `checked` looks for in a setting, and the shapes and sizes that may come as one int."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.backend import dtypes
from keras.backend.abstract import ABSTRACT
from keras.backend.select import current
from keras.backend.spec import KerasTensor, is_unknown
from keras.backend.state import Variable
from keras.ops.dispatch import dtype_of, shape_of
from keras.ops.settling import static_int, vector_elements


def _wrong(kind: str, value: Any, who: str, name: str) -> TypeError:
    return TypeError(f"{who}: `{name}` must be {kind}. Received: {name}={value!r}")


def check_truth(value: Any, who: str, name: str) -> None:
    """TypeError unless `value` is a bool, or 0, 1 or None, which programs wrote for one."""
    if not isinstance(value, (bool, np.bool_)) and not (
        value is None or (type(value) is int and value in (0, 1))
    ):
        raise _wrong("true or false", value, who, name)


def check_real(value: Any, who: str, name: str) -> None:
    """TypeError unless `value` is a real number or a scalar tensor: a slope may be a variable."""
    if isinstance(value, int):
        static_int(value, who, name)
    if isinstance(value, numbers.Real):
        return
    try:
        scalar = not shape_of(value) and not dtypes.is_complex(dtype_of(value))
    except (TypeError, ValueError):
        scalar = False
    if not scalar:
        raise _wrong("a number", value, who, name)


def check_sequence(value: Any, who: str, name: str) -> None:
    """TypeError unless `value` has elements in an order."""
    if isinstance(value, (str, dict)) or not hasattr(value, "__iter__"):
        raise _wrong("a sequence", value, who, name)


def check_ints(value: Any, who: str, name: str) -> None:
    """TypeError unless `value` is a sequence of ints."""
    check_sequence(value, who, name)
    for n in value:
        static_int(n, who, name)


def check_sizes(value: Any, who: str, name: str) -> None:
    """TypeError unless `value` is an int or a sequence of ints, ValueError unless these are positive."""
    for n in [value] if isinstance(value, str) or not hasattr(value, "__iter__") else value:
        static_int(n, who, name, least=1)


def check_shape(value: Any, who: str, name: str) -> None:
    """TypeError unless `value` is an int, or a sequence of ints and of unknown dimensions of symbolic tensors."""
    if not isinstance(value, KerasTensor):
        for n in dims_of(value, who, name):
            if not isinstance(n, KerasTensor) and n is not None and not is_unknown(n):
                static_int(n, who, name)


def check_axes(value: Any, who: str, name: str) -> None:
    """TypeError unless `value` is None, an int or a sequence of ints."""
    for axis in value if isinstance(value, (list, tuple)) else () if value is None else (value,):
        static_int(axis, who, name)


def check_dtype(value: Any, who: str, name: str) -> None:
    """TypeError unless `value` can name a dtype, ValueError unless it does."""
    if not (isinstance(value, (str, type)) or isinstance(getattr(value, "name", None), str)) or hasattr(
        value, "shape"
    ):
        raise _wrong("the name of a dtype", value, who, name)
    try:
        dtypes.standardize(value)
    except ValueError as error:
        raise ValueError(f"{who}: `{name}`: {error}") from None


def check_seed(value: Any, who: str, name: str) -> None:
    """TypeError for a tensor with axes; `keras.random` checks the rest."""
    if getattr(value, "shape", ()) != ():
        raise _wrong("an int", value, who, name)


def dims_of(shape: Any, who: str = "", name: str = "shape") -> Any:
    """A shape as a sequence: an int is the length of a vector, and a vector of a graph's is taken apart."""
    if hasattr(shape, "__index__") and not getattr(shape, "shape", ()):
        return (shape,)
    if current() is not ABSTRACT and current().is_tensor(shape) and len(shape_of(shape)) == 1:
        return vector_elements(shape)
    if not isinstance(shape, KerasTensor):
        check_sequence(shape, who, name)
    return shape


def each(sizes: int | Sequence[int], n: int, who: str, name: str) -> tuple[Any, ...]:
    """One size for each of n axes, of one for all or one for each."""
    sizes = tuple(sizes) if hasattr(sizes, "__iter__") else (sizes,) * n
    if len(sizes) != n:
        raise ValueError(f"{who}: `{name}` must be {n} ints, one per spatial axis. Received: {name}={sizes}")
    return sizes


def check_variable(value: Any, who: str, name: str) -> None:
    """TypeError unless `value` is a variable."""
    if not isinstance(value, Variable):
        raise _wrong("a variable", value, who, name)
