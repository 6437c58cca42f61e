"""A second runtime, whose operations run on one thread each, for graphs that consist of small ones.

To share out a convolution of one image, and to wait until all threads are done, takes longer than the convolution. One row
of ResNet-20 takes 1.14 ms on two threads and 0.68 on one, of MNIST's CNN 0.21 and 0.10, of a small transformer 0.37 and
0.21; a step of a small CNN (16x16x3, batches of 32) 1.03 and 0.54 (TensorFlow 2.21, two cores of an AMD Zen 5).

The number of threads belongs to a runtime, hence the second. It computes on the same variables, and what it returns is a
tensor like any other. Runtimes share the threads of the first one, unless TensorFlow is told otherwise before that begins.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Any

from keras.backend.processor import usable_cores
from keras.backend.tensorflow_engine.leaf import has_gpu, product
from keras.backend.tensorflow_engine.loading import context
from keras.backend.tensorflow_engine.work import has_open_sizes, largest, multiplications
from keras.backend.tensorflow_engine.xla_rule import XLA_OPS

#: Multiplications in a product or convolution for which two cores break even; the more there are, the sooner they gain.
_EVEN = 2**24
#: Elements of the largest tensor that is for one thread, variables left aside, and of the variables that may be written.
_ELEMENTS = 2**18
#: What a graph may consist of: nothing that belongs to a runtime, as tables and host code do.
_OPS = XLA_OPS | frozenset(
    (
        *("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"),
        *(f"DepthwiseConv2dNative{part}" for part in ("", "BackpropInput", "BackpropFilter")),
        *("MaxPool", "MaxPoolGrad", "AvgPool", "AvgPoolGrad", "FusedBatchNormV3", "FusedBatchNormGradV3"),
        *("SpaceToBatchND", "BatchToSpaceND", "ShapeN", "Bitcast", "StatelessRandomGetKeyCounter"),
        *("StatelessRandomUniformV2", "StatelessRandomNormalV2"),
    )
)

_SETTING = "TF_OVERRIDE_GLOBAL_THREADPOOL"
#: Whether the second runtime will have a thread of its own.
_is_told = not context.context()._initialized and os.environ.setdefault(_SETTING, "1") in ("1", "true")
_lock = threading.Lock()
_second: Any = None


def suits(graph: Any) -> bool:
    """Whether the operations of a graph are better run by one thread each."""
    operations = graph.get_operations()
    if has_open_sizes(graph.inputs) or not all(op.type in _OPS and not op.device for op in operations):
        return False
    most = _EVEN // usable_cores()
    counts = [multiplications(op) for op in operations]
    small = all(n <= most for n in counts) and largest(operations, variables=False) <= _ELEMENTS
    return small and any(counts) and _writes_little(operations) and runtime() is not None


def _writes_little(operations: Sequence[Any]) -> bool:
    """Whether what writing costs (see `in_place`) is less than what is gained, which is most where there are convolutions."""
    written = sum(product(op.inputs[1].shape) for op in operations if op.type == "AssignVariableOp")
    return written == 0 or (written <= _ELEMENTS and any("Conv" in op.type for op in operations))


def runtime() -> Any:
    """The second one; None where there is one core only, or a GPU, or where TensorFlow had begun before it was told."""
    global _second
    if not _is_told or usable_cores() == 1 or has_gpu():
        return None
    with _lock:
        if _second is None:
            second = context.Context(config=context.context().config)
            second.intra_op_parallelism_threads = 1
            second.ensure_initialized()
            _second = second
    return _second
