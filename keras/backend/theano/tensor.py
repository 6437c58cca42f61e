"""The engine's tensor: an array, or the variable of a PyTensor graph that will have one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pytensor.graph.basic import Variable
from pytensor.tensor.basic import _as_tensor_variable

from keras.backend.numpy.arrays import NAMES
from keras.backend.operators import TensorOperators
from keras.backend.theano.types import constant
from keras.backend.vjp.tape import Traced

Spec = tuple[tuple[int, ...], str]


class Tensor(TensorOperators):
    """A tensor with a value (`array`), or one inside a trace (`variable` only); its spec is known either way."""

    __slots__ = ("_variable", "array", "spec")

    def __init__(
        self, array: np.ndarray | None, variable: Variable | None = None, spec: Spec | None = None
    ) -> None:
        self.array = array
        self._variable = variable
        self.spec: Spec = spec if array is None else (array.shape, NAMES[array.dtype])  # type: ignore[assignment]

    @property
    def variable(self) -> Variable:
        """The tensor in a PyTensor graph; one with a value is a constant there."""
        if self._variable is None:
            self._variable = constant(self.numpy())
        return self._variable

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


@_as_tensor_variable.register(Tensor)
def _in_pytensor(x: Tensor, name: str | None = None, ndim: int | None = None, **_: Any) -> Variable:
    """A tensor in the user's own PyTensor code: `pt.tanh(x)`."""
    return x.variable


@_as_tensor_variable.register(Traced)
def _on_a_tape(x: Traced, name: str | None = None, ndim: int | None = None, **_: Any) -> Variable:
    raise TypeError(
        "PyTensor functions cannot be applied to a tensor whose gradient is being recorded. Use keras.ops, or put the "
        "PyTensor code into a function with `keras.ops.custom_gradient` that gives its gradient."
    )
