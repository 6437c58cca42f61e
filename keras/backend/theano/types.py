"""PyTensor types of specs: PyTensor's own, and one for the narrow floats it does not have."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from pytensor.graph.basic import Constant, Variable
from pytensor.graph.type import Type
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorConstant

from keras.backend.numpy.arrays import NAMES, dtype_of_name

Spec = tuple[tuple[int, ...], str]


class NarrowType(Type):
    """Arrays of bfloat16 or an 8-bit float, with a static shape."""

    __props__ = ("shape", "dtype")

    def __init__(self, dtype: str, shape: tuple[int, ...]) -> None:
        self.dtype, self.shape = dtype, shape

    def filter(self, data: Any, strict: bool = False, allow_downcast: bool | None = None) -> np.ndarray:
        array = np.asarray(data, dtype_of_name(self.dtype))
        if array.shape != self.shape:
            raise TypeError(f"expected an array of shape {self.shape}. Received: {array.shape}")
        return array

    def __str__(self) -> str:
        return f"{self.dtype}{list(self.shape)}"


@functools.lru_cache(4096)
def _type(shape: tuple[int, ...], dtype: str) -> Any:
    kind = NarrowType if dtype == "bfloat16" or dtype.startswith("float8") else TensorType
    return kind(dtype, shape)


def type_of(spec: Spec) -> Any:
    """The type of variables of a spec."""
    return _type(*spec)


def constant(array: np.ndarray) -> Constant:
    """An array as a constant of a graph."""
    kind = type_of((array.shape, NAMES[array.dtype]))
    return TensorConstant(kind, array) if isinstance(kind, TensorType) else Constant(kind, array)


def spec_of(variable: Variable) -> Spec:
    """The spec of a variable; ValueError when PyTensor does not know its shape."""
    shape = variable.type.shape
    if None in shape:
        raise ValueError(
            f"The PyTensor variable {variable} has shape {shape}: this engine compiles for shapes it knows. Fix it "
            "with `pytensor.tensor.specify_shape(x, shape)`."
        )
    return tuple(shape), variable.type.dtype
