"""What runs on CNTK: the calls it has, does right, and does not do many times slower than NumPy.

CNTK computes in float32 and float64 (bools are 0 and 1 there). Integers, narrow and complex floats, and whatever has no
lowering run on the host, exactly. With `KERAS_CNTK_PLACEMENT=core` speed does not count: all that CNTK does right is CNTK's.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

import numpy as np

from keras.backend.cntk.lowering import LOWERINGS
from keras.backend.graph.ops import Spec
from keras.backend.kernels.arrays import PRODUCTS
from keras.backend.kernels.parallel import POOL

#: CNTK's elementwise kernels fail on more axes than these if none can be merged.
_RANK = 5
#: Nanoseconds an element that a call takes longer on CNTK, its copies included, than on NumPy (docs/engines/cntk.md).
_SLOWER = {
    **dict.fromkeys(("tanh", "softplus"), 16.0),
    **dict.fromkeys(("maximum", "minimum", "relu", "logical_or", "select"), 7.0),
    **dict.fromkeys(("softmax", "log_softmax", "sin", "cos", "asin"), 6.5),
    **dict.fromkeys(("exp", "sigmoid"), 4.0),
    **dict.fromkeys(("floor", "equal", "less", "reduce_sum", "transpose"), 2.0),
    "matmul": 0.7,
}
_SLIGHTLY_SLOWER = 0.5
#: Nanoseconds a multiplication on one core, where CNTK runs. The host shares large products between all cores.
_MULTIPLICATION = 0.023
#: Nanoseconds longer from which on calls are left to NumPy: all alike in a program, together. It is what entering CNTK
#: two or three times takes.
_TOO_MUCH = 30_000


def native_dtype(
    name: str,
    in_specs: Sequence[Spec],
    values: Sequence[np.ndarray | None],
    out_specs: Sequence[Spec],
    calls: int = 1,
) -> str | None:
    """The dtype CNTK computes a call in, or None when it runs on the host.

    Args:
        name: of the primitive or kernel.
        in_specs: of the tensors, in order.
        values: of the tensors: arrays where they are constants.
        out_specs: of the results.
        calls: how many of these the program has.
    """
    found = LOWERINGS.get(name)
    if found is None:
        return None
    dtypes = {dtype for _, dtype in (*in_specs, *out_specs)} - {"bool"}
    if dtypes not in ({"float32"}, {"float64"}):
        return None
    shapes = [shape for shape, _ in (*in_specs, *out_specs)]
    if any(len(shape) > _RANK or 0 in shape for shape in shapes):
        return None
    if not _all_in_core() and calls * _longer(name, shapes) > _TOO_MUCH:
        return None
    return dtypes.pop() if found.accepts(in_specs, values) else None


def _all_in_core() -> bool:
    asked = os.environ.get("KERAS_CNTK_PLACEMENT", "fast")
    if asked not in ("fast", "core"):
        raise ValueError(f"KERAS_CNTK_PLACEMENT is 'fast' (the default) or 'core'. Received: {asked!r}")
    return asked == "core"


def _longer(name: str, shapes: Sequence[tuple[int, ...]]) -> float:
    """Nanoseconds that a call takes longer on CNTK."""
    longer = max(map(math.prod, shapes)) * _SLOWER.get(name, _SLIGHTLY_SLOWER)
    if name == "matmul":
        multiplications = math.prod(shapes[0]) * shapes[1][-1]
        if multiplications >= PRODUCTS:
            longer += multiplications * _MULTIPLICATION * (1 - 1 / POOL.size)
    return longer
