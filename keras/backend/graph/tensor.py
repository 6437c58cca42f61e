"""The tensor of a graph engine: an array, or the variable of a graph that will have one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from keras.backend.graph.nodes import Constant
from keras.backend.numpy.arrays import NAMES
from keras.backend.operators import TensorOperators

Spec = tuple[tuple[int, ...], str]


def _sealed(array: np.ndarray) -> np.ndarray:
    """The array as one that stays as it is: whoever has it may write into it, and get it back as a result."""
    if array.flags.writeable:
        array = array.copy()
        array.setflags(write=False)
    return array


class GraphTensor(TensorOperators):
    """A tensor with a value (`array`), or one inside a trace (`variable` only); its spec is known either way."""

    __slots__ = ("_variable", "array", "spec")

    def __init__(self, array: np.ndarray | None, variable: Any = None, spec: Spec | None = None) -> None:
        self.array = array
        self._variable = variable
        self.spec: Spec = spec if array is None else (array.shape, NAMES[array.dtype])  # type: ignore[assignment]

    @property
    def variable(self) -> Any:
        """The tensor in a graph; one with a value is a constant there."""
        if self._variable is None:
            self._variable = self._literal(_sealed(self.numpy()))
        return self._variable

    def _literal(self, array: np.ndarray) -> Any:
        return Constant(array)

    def numpy(self) -> np.ndarray:
        """The value as a host array. Raises RuntimeError inside a trace."""
        if self.array is None:
            shape, dtype = self.spec
            raise RuntimeError(
                f"This tensor ({dtype}{list(shape)}) has no value yet: the function it is used in is being traced, "
                "to be compiled. Use keras.ops on it, or `keras.ops.cond` in place of `if`; to run everything at once "
                "while debugging, compile the model with run_eagerly=True."
            )
        return self.array

    # ------------------------------------------------------------------ as an array
    @property
    def shape(self) -> tuple[int, ...]:
        return self.spec[0]

    @property
    def dtype(self) -> str:
        return self.spec[1]

    @property
    def ndim(self) -> int:
        return len(self.spec[0])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype, copy=copy)

    def __len__(self) -> int:
        if not self.spec[0]:
            raise TypeError("len() of a tensor without axes")
        return self.spec[0][0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __index__(self) -> int:
        return self.numpy().__index__()

    def tolist(self) -> Any:
        """The value as (nested lists of) Python numbers."""
        return self.numpy().tolist()

    def item(self) -> Any:
        """The only element as a Python number."""
        return self.numpy().item()

    def __repr__(self) -> str:
        shape, dtype = self.spec
        value = "(being traced)" if self.array is None else np.array2string(self.array, separator=", ")
        return f"<Tensor {dtype}{list(shape)} {value}>"
