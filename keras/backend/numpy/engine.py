"""The numpy engine put together, once bare and once with NumPy's floating point warnings off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.backend.engine import PRIMITIVES, Engine
from keras.backend.numpy.arrays import Array, Arrays
from keras.backend.numpy.control import Control
from keras.backend.numpy.indexing import Indexing
from keras.backend.numpy.kernels import Kernels
from keras.backend.numpy.linalg import LinearAlgebra
from keras.backend.numpy.pooling import Pooling
from keras.backend.numpy.random import Random
from keras.backend.numpy.reduction import Reduction
from keras.backend.numpy.updates import Updates

if TYPE_CHECKING:
    from keras.backend.state import Variable


class BareNumPyEngine(
    Arrays,
    Indexing,
    Reduction,
    Kernels,
    Pooling,
    LinearAlgebra,
    Random,
    Updates,
    Control,
    Engine,
):
    """Runs inside compiled functions, where warnings have been turned off for the whole call."""

    name = "numpy"

    def describe(self) -> dict[str, str]:
        return {"engine": self.name, "numpy": np.__version__, "device": "cpu"}


class NumPyEngine(BareNumPyEngine):
    """Runs eager calls: each primitive turns NumPy's warnings off for itself, for `1 / 0` is simply infinity."""

    def __init__(self) -> None:
        self._bare = BareNumPyEngine()

    @property
    def inside(self) -> Engine:
        return self._bare

    def value_and_grad(self, f: Any, variables: Sequence[Variable], tensors: Sequence[Array]) -> Any:
        with np.errstate(all="ignore"):
            return self._bare.value_and_grad(f, variables, tensors)

    def jvp(self, f: Any, primals: Sequence[Array], tangents: Sequence[Array]) -> Any:
        with np.errstate(all="ignore"):
            return self._bare.jvp(f, primals, tangents)


#: These move data or call the user's functions, whose warnings are the user's.
_NOT_GUARDED = frozenset(
    (
        *("to_numpy", "is_tensor", "spec", "iota", "take", "take_along"),
        *("reshape", "transpose", "broadcast_to", "slice", "pad", "concat", "flip"),
        *("cond", "while_loop", "scan", "vmap", "stop_gradient", "remat", "device_scope", "synchronize"),
        *("variable", "read", "write", "trace_and_compile", "host_call", "custom_vjp"),
    )
)


def _guard() -> None:
    kernels = [name for name in (*vars(Kernels), *vars(Updates)) if not name.startswith("_")]
    for name in {*PRIMITIVES, *kernels} - _NOT_GUARDED - set(vars(NumPyEngine)):
        function: Any = getattr(BareNumPyEngine, name)
        setattr(NumPyEngine, name, np.errstate(all="ignore")(function))


_guard()
