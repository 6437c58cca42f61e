"""The theano engine put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.type import TensorType

from keras.backend.graph.engine import GraphEngine
from keras.backend.graph.ops import Spec
from keras.backend.graph.tensor import GraphTensor
from keras.backend.state import current_path
from keras.backend.theano.ops import ArrayOp, Primitive
from keras.backend.theano.program import Program, leaves
from keras.backend.theano.tensor import Tensor
from keras.backend.theano.types import spec_of, type_of


class TheanoEngine(GraphEngine):
    """PyTensor graphs of the library's primitives, run by NumPy."""

    name = "theano"
    _tensor = Tensor
    _primitive = Primitive
    _array_op = ArrayOp
    _program_class = Program
    _foreign = (Variable,)

    def describe(self) -> dict[str, str]:
        return {
            "engine": self.name,
            "pytensor": pytensor.__version__,
            "numpy": np.__version__,
            "device": "cpu",
        }

    def _lifted(self, x: Any) -> GraphTensor:
        """A tensor for a variable of the user's own PyTensor code, with its value if it depends on constants only."""
        if not isinstance(x, Variable):
            return super()._lifted(x)
        if isinstance(x, Constant):
            return Tensor(np.asarray(x.data))
        if leaves([x]):
            return Tensor(None, x, spec_of(x))
        return Tensor(Program([], [x])()[0])

    # ------------------------------------------------------------------ PyTensor's graphs
    def _placeholder(self, spec: Spec) -> Tensor:
        return Tensor(None, type_of(spec).make_variable(), spec)

    def _spec_of(self, variable: Variable) -> Spec:
        return tuple(variable.type.shape), variable.type.dtype

    def _made(self, op: Any, inputs: Sequence[Variable]) -> Apply:
        op.layer = current_path()
        return op.make_node(*inputs)

    def _cell(self, spec: Spec, array: np.ndarray, name: str) -> SharedVariable:
        kind = type_of(spec)
        shared = TensorSharedVariable if isinstance(kind, TensorType) else SharedVariable
        cell = shared(kind, array, strict=False, allow_downcast=True, name=name)
        cell.container.storage[0] = array  # the filter of the type may have copied it
        return cell

    def _storage(self, cell: SharedVariable) -> list[np.ndarray]:
        return cell.container.storage
