"""A second runtime, whose operations run on one thread each, for graphs that consist of small ones: a model on one sample.

To share out a convolution of one image, and to wait until all threads are done, takes longer than the convolution. One row
of ResNet-20 takes 1.14 ms on two threads and 0.68 on one, of MNIST's CNN 0.21 and 0.10, of a small transformer 0.37 and 0.21
(TensorFlow 2.21, two cores of an AMD Zen 5).

The number of threads belongs to a runtime, hence the second. It computes on the same variables, and what it returns is a
tensor like any other. Runtimes share the threads of the first one, unless TensorFlow is told otherwise before that begins.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from keras.backend.tensorflow_engine.leaf import has_gpu
from keras.backend.tensorflow_engine.loading import context
from keras.backend.tensorflow_engine.work import has_open_sizes, largest, multiplications
from keras.backend.tensorflow_engine.xla_rule import XLA_OPS

#: Multiplications in a product or convolution that one thread does at least as fast; on two cores it still does with 2**24.
_MULTIPLICATIONS = 2**22
#: Elements of the largest tensor likewise, variables left aside.
_ELEMENTS = 2**17
#: What a graph may consist of: nothing that belongs to a runtime, as tables and host code do, and nothing that it changes.
_OPS = frozenset(
    (
        *(op for op in XLA_OPS if not op.startswith(("Assign", "ResourceApply"))),
        *("Conv2D", "DepthwiseConv2dNative", "MaxPool", "AvgPool"),
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
    counts = [multiplications(op) for op in operations]
    small = all(n <= _MULTIPLICATIONS for n in counts) and largest(operations, variables=False) <= _ELEMENTS
    return small and any(counts)


def runtime() -> Any:
    """The second one; None where there is but one processor, or one of another kind, or TensorFlow has begun unasked."""
    global _second
    if not _is_told or os.cpu_count() == 1 or has_gpu():
        return None
    with _lock:
        if _second is None:
            second = context.Context(config=context.context().config)
            second.intra_op_parallelism_threads = 1
            second.ensure_initialized()
            _second = second
    return _second
