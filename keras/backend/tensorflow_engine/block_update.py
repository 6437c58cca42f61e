"""Writing a block at a place known at run time only, in graphs that are to be compiled by XLA.

Under `tf.function(jit_compile=True)`, TensorFlow's public `TensorStridedSliceUpdate` wants a place known beforehand; a
loop that fills a cache, one token at a time, has none (TensorFlow 2.21). XLA's own operation takes any place. It has no public
name, and no gradient in TensorFlow.
"""

from __future__ import annotations

from typing import Any

from keras.backend.tensorflow_engine import importing
from keras.backend.tensorflow_engine.leaf import raw
from keras.backend.tensorflow_engine.loading import tf

Tensor = Any


def updated(x: Tensor, update: Tensor, begin: Tensor) -> Tensor:
    """`x` with `update` written from `begin`, which leaves room for it."""
    xla = importing.load("tensorflow.compiler.tf2xla.ops.gen_xla_ops")
    return xla.xla_dynamic_update_slice(x, update, begin)


@tf.RegisterGradient("XlaDynamicUpdateSlice")
def _gradient(operation: Any, dy: Tensor) -> list[Tensor | None]:
    _, update, begin = operation.inputs
    outside = updated(dy, raw.ZerosLike(x=update), begin)
    return [outside, raw.Slice(input=dy, begin=begin, size=tf.shape(update)), None]
