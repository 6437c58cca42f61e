"""What runs on CNTK: the calls it has, does right, and does not do many times slower than NumPy.

CNTK computes in float32 and float64 (bools are 0 and 1 there). Integers, narrow and complex floats, and whatever has no
lowering run on the host, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from keras.backend.cntk.lowering import LOWERINGS
from keras.backend.graph.ops import Spec

#: CNTK's elementwise kernels fail on more axes than these if none can be merged.
_RANK = 5
#: Nanoseconds an element that CNTK's kernels take longer than NumPy's (docs/engines/cntk.md), one thread each.
_SLOWER = {
    **dict.fromkeys(
        ("exp", "sigmoid", "softplus", "softmax", "log_softmax", "sin", "cos", "asin", "atan"), 9.0
    ),
    "tanh": 20.0,
    **dict.fromkeys(("maximum", "minimum", "relu", "floor"), 4.0),
    **dict.fromkeys(("select", "reduce_sum", "transpose"), 2.0),
    "matmul": 0.0,
}
_SLIGHTLY_SLOWER = 0.5
#: Nanoseconds beyond which a call is left to NumPy. Entering CNTK takes 20 microseconds, and copies what goes in and out.
_TOO_MUCH = 100_000


def native_dtype(
    name: str,
    in_specs: Sequence[Spec],
    values: Sequence[np.ndarray | None],
    out_specs: Sequence[Spec],
) -> str | None:
    """The dtype CNTK computes a call in, or None when it runs on the host.

    Args:
        name: of the primitive or kernel.
        in_specs: of the tensors, in order.
        values: of the tensors: arrays where they are constants.
        out_specs: of the results.
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
    if max(map(math.prod, shapes)) * _SLOWER.get(name, _SLIGHTLY_SLOWER) > _TOO_MUCH:
        return None
    return dtypes.pop() if found.accepts(in_specs, values) else None
