"""The primitives on arrays put together, once bare and once with NumPy's floating point warnings off."""

from __future__ import annotations

import numpy as np

from keras.backend.engine import PRIMITIVES, Engine
from keras.backend.numpy.arrays import Arrays
from keras.backend.numpy.elementwise import Elementwise
from keras.backend.numpy.indexing import Indexing
from keras.backend.numpy.kernels import Kernels
from keras.backend.numpy.linalg import LinearAlgebra
from keras.backend.numpy.pooling import Pooling
from keras.backend.numpy.random import Random
from keras.backend.numpy.reduction import Reduction
from keras.backend.numpy.updates import Updates


class BareNumPyEngine(
    Arrays,
    Indexing,
    Reduction,
    Kernels,
    Pooling,
    LinearAlgebra,
    Random,
    Updates,
    Engine,
):
    """Runs inside compiled functions, where warnings have been turned off for the whole call."""

    name = "numpy"


class EagerNumPyEngine(BareNumPyEngine):
    """Runs eager calls: each primitive turns NumPy's warnings off for itself, for `1 / 0` is simply infinity."""


_KERNELS = [name for part in (Kernels, Updates) for name in vars(part) if not name.startswith("_")]
#: Primitives about functions, state and placement; every engine has its own.
_OTHERS = frozenset(
    (
        *(
            "cond",
            "while_loop",
            "scan",
            "vmap",
            "value_and_grad",
            "custom_vjp",
            "jvp",
            "remat",
            "stop_gradient",
        ),
        *("device_scope", "synchronize", "variable", "read", "write", "trace_and_compile", "host_call"),
    )
)
#: What makes tensors, and tells what they are.
LEAVES = frozenset(("constant", "full", "iota", "to_numpy", "is_tensor", "spec"))
#: What takes tensors: all other primitives, and kernels.
CALLS = frozenset((*PRIMITIVES, *_KERNELS)) - _OTHERS - LEAVES
#: Of these, what only moves data.
_MOVES = frozenset(
    (
        *("take", "take_wrapped", "take_along", "concat"),
        *("reshape", "transpose", "broadcast_to", "slice", "pad", "flip"),
    )
)
_OWN_ARRAYS = (
    *("matmul", "relu", "clip", "sigmoid", "softplus", "silu", "gelu", "softmax", "log_softmax"),
    *("conv", "conv_input_grad", "conv_kernel_grad", "reduce_window", "reduce_window_grad"),
    *("layer_norm", "rms_norm", "batch_norm", "batch_norm_training", "batch_norm_training_grad"),
    *("concat", "take", "take_wrapped", "take_along", "one_hot"),
    *("argmax", "argsort", "sort", "cumsum", "cumprod"),
    "cast",  # in graphs, where there is none to the dtype a tensor has
)
#: What always makes arrays of its own.
FRESH = frozenset((*vars(Elementwise), *vars(Updates), *_OWN_ARRAYS)) - {"real", "imag"}

for _name in CALLS - _MOVES | {"constant", "full"}:
    setattr(EagerNumPyEngine, _name, np.errstate(all="ignore")(getattr(BareNumPyEngine, _name)))
