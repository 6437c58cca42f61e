"""Functions whose gradient is given, as by `tf.custom_gradient`, which keeps every graph it was used in for good.

It enters each gradient in a registry that forgets nothing: a model of one LSTM left 9 MB behind (TensorFlow 2.21). Here
one gradient is registered, and the function it calls is kept with the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras.backend.tensorflow_engine.leaf import raw
from keras.backend.tensorflow_engine.loading import record, tf

Tensor = Any
PullBack = Callable[..., Sequence[Tensor | None]]

_NAME = "KerasPullBack"
_KEPT = "_keras_pull_backs"  # an attribute of graphs: functions by the name of the operation they belong to


def with_pull_back(f: Callable[..., tuple[Sequence[Tensor], PullBack]], xs: Sequence[Tensor]) -> list[Tensor]:
    """The outputs of `f(*xs)`, which returns with them a function from their gradients to those by `xs`."""
    if tf.executing_eagerly():
        return list(tf.custom_gradient(f)(*xs))
    outputs, pull_back = f(*xs)
    n, through = len(outputs), [*outputs, *xs]

    def pull_through(*gradients: Tensor) -> list[Tensor | None]:
        return [None] * n + list(pull_back(*gradients[:n]))

    graph = tf.compat.v1.get_default_graph()
    with record.stop_recording(), graph.gradient_override_map({"IdentityN": _NAME}):
        results = raw.IdentityN(input=through)
    if not hasattr(graph, _KEPT):
        setattr(graph, _KEPT, {})
    getattr(graph, _KEPT)[results[0].op.name] = pull_through
    record.record_operation(_NAME, results, through, pull_through)
    return results[:n]


@tf.RegisterGradient(_NAME)
def _pull_through(operation: Any, *gradients: Tensor) -> list[Tensor | None]:
    return getattr(operation.graph, _KEPT)[operation.name](*gradients)
