"""Kernels of `keras.ops.kernels` for which TensorFlow's own measured faster than the shared body.

The cross-entropies, gelu, silu, the norms and attention were tried too: their bodies, made of these kernels, are as
fast or faster (TensorFlow 2.21, two cores).
"""

from __future__ import annotations

from typing import Any

from keras.backend.engine import Engine
from keras.backend.tensorflow_engine.leaf import DTYPES, raw
from keras.backend.tensorflow_engine.loading import tf

Tensor = Any


class KernelsPart(Engine):
    """Same meaning and signature as the bodies."""

    def relu(self, x: Tensor) -> Tensor:
        return raw.Relu(features=x)

    def elu(self, x: Tensor, alpha: float) -> Tensor:
        return raw.Elu(features=x) if alpha == 1 else NotImplemented

    def leaky_relu(self, x: Tensor, negative_slope: float) -> Tensor:
        if x.dtype == tf.float64 or negative_slope > 1:  # the slope is a float32, and the larger one is taken
            return NotImplemented
        return raw.LeakyRelu(features=x, alpha=negative_slope)

    def softplus(self, x: Tensor) -> Tensor:
        return raw.Softplus(features=x)

    def softmax(self, x: Tensor, axis: int) -> Tensor:
        return (
            raw.Softmax(logits=x) if axis == x.shape.rank - 1 < 5 else NotImplemented
        )  # oneDNN: at most 5 axes

    def log_softmax(self, x: Tensor, axis: int) -> Tensor:
        return raw.LogSoftmax(logits=x) if axis == x.shape.rank - 1 < 5 else NotImplemented

    def one_hot(self, x: Tensor, n: int, axis: int, dtype: str) -> Tensor:
        if n >= 2**31:  # raw.OneHot takes an int32
            return NotImplemented
        to = DTYPES[dtype]
        on, off = tf.constant(True if to.is_bool else 1, to), tf.constant(False if to.is_bool else 0, to)
        return raw.OneHot(indices=self.cast(x, "int64"), depth=n, on_value=on, off_value=off, axis=axis)
