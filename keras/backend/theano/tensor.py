"""The engine's tensor, which PyTensor's own functions accept."""

from __future__ import annotations

from typing import Any

import numpy as np
from pytensor.graph.basic import Variable
from pytensor.tensor.basic import _as_tensor_variable

from keras.backend.graph.tensor import GraphTensor
from keras.backend.theano.types import constant
from keras.backend.vjp.tape import Traced


class Tensor(GraphTensor):
    """A tensor with a value, or one that stands for a PyTensor variable."""

    __slots__ = ()

    def _literal(self, array: np.ndarray) -> Variable:
        return constant(array)


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
