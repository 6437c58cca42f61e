"""Kernels of `keras.ops.kernels` for which TensorFlow's own measured faster than the shared body.

The other cross-entropy, gelu, silu, the other norms and attention in graphs were tried too: their bodies, made of these
kernels, are as fast or faster (TensorFlow 2.21, two cores).
"""

from __future__ import annotations

import functools
import math
from typing import Any

from keras.backend.engine import Axes, Engine, Shape
from keras.backend.tensorflow_engine.leaf import ints, raw
from keras.backend.tensorflow_engine.loading import tf
from keras.backend.tensorflow_engine.pull_back import PullBack, with_pull_back

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

    def erfc(self, x: Tensor) -> Tensor:
        return raw.Erfc(x=x)

    def softplus(self, x: Tensor) -> Tensor:
        return raw.Softplus(features=x)

    def sigmoid_cross_entropy(self, labels: Tensor, logits: Tensor) -> Tensor:
        """In graphs, the logarithm takes half of what `Softplus` does; TensorFlow's gradient of it would take twice."""
        eager = tf.executing_eagerly()  # where fewer calls are faster
        return NotImplemented if eager else with_pull_back(_sigmoid_cross_entropy, [labels, logits])[0]

    def sparse_softmax_cross_entropy(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Of matrices, whose labels `take_along` takes as they are here: the body would add an axis, and take it away."""
        if logits.shape.rank != 2:
            return NotImplemented
        return raw.Neg(x=self.take_along(self.log_softmax(logits, 1), labels, 1))

    def softmax(self, x: Tensor, axis: int) -> Tensor:
        # oneDNN's, which may be behind it, has at most 5 axes (TensorFlow 2.21).
        return raw.Softmax(logits=x) if axis == x.shape.rank - 1 < 5 else NotImplemented

    def log_softmax(self, x: Tensor, axis: int) -> Tensor:
        return raw.LogSoftmax(logits=x) if axis == x.shape.rank - 1 < 5 else NotImplemented

    def mean(self, x: Tensor, axes: Axes) -> Tensor:
        return raw.Mean(input=x, axis=ints(axes)) if axes else x

    def variance(self, x: Tensor, axes: Axes) -> Tensor:
        if x.dtype.is_complex:
            return NotImplemented
        offset = raw.Sub(x=x, y=raw.Mean(input=x, axis=ints(axes), keep_dims=True))
        return raw.Mean(input=raw.Square(x=offset), axis=ints(axes))

    def batch_norm_training(
        self, x: Tensor, gamma: Tensor | None, beta: Tensor | None, axis: int, epsilon: float
    ) -> Any:
        """Of images and sequences; what has no other axes is left to the body, which XLA makes one piece of code."""
        shape, dtype = self.spec(x)
        whole = all(isinstance(d, int) and d for d in shape)
        if len(shape) < 3 or axis != len(shape) - 1 or dtype != "float32" or not whole:
            return NotImplemented
        channels, count = shape[-1], math.prod(shape[:-1])
        gamma = self.full((channels,), 1, dtype) if gamma is None else gamma
        beta = self.full((channels,), 0, dtype) if beta is None else beta
        flat = x if len(shape) == 4 else self.reshape(x, (shape[0], count // shape[0], 1, channels))
        y, mean, variance, *_ = raw.FusedBatchNormV3(
            x=flat, scale=gamma, offset=beta, mean=[], variance=[], epsilon=epsilon
        )
        if count > 1:  # it divides by the count less one
            variance = raw.Mul(x=variance, y=self.full((), (count - 1) / count, dtype))
        return self.reshape(y, shape), self.stop_gradient(mean), self.stop_gradient(variance)

    def one_hot(self, x: Tensor, n: int, axis: int, dtype: str) -> Tensor:
        if n >= 2**31:  # raw.OneHot takes an int32
            return NotImplemented
        on, off = self.full((), 1, dtype), self.full((), 0, dtype)
        if x.dtype not in (tf.int32, tf.uint8):
            x = self.cast(x, "int64")
        return raw.OneHot(indices=x, depth=ints(n), on_value=on, off_value=off, axis=axis)

    def stacked(self, axis: int, *tensors: Tensor) -> Tensor:
        return raw.Pack(values=list(tensors), axis=axis)

    def equal_parts(self, x: Tensor, n: int, axis: int) -> tuple[Tensor, ...]:
        """The gradient of slices would be as many tensors with zeros all around, to be added up."""
        return tuple(raw.Split(axis=ints(axis), value=x, num_split=n))

    def attention(
        self, q: Tensor, k: Tensor, v: Tensor, bias: Any, mask: Any, scale: Any, causal: bool
    ) -> Tensor:
        """Outside of graphs, four calls in place of nine."""
        if not tf.executing_eagerly() or bias is not None or mask is not None or causal:
            return NotImplemented
        q = raw.Mul(x=q, y=self.full((), scale, self.dtype(q)))
        scores = self.products(("bthd", "bshd"), "bhts", q, k)
        if scores is NotImplemented:
            return scores
        return self.products(("bhts", "bshd"), "bthd", raw.Softmax(logits=scores), v)

    def products(self, inputs: tuple[str, ...], output: str, *tensors: Tensor) -> Tensor:
        """One call in place of five, which is what counts outside of graphs."""
        fits = tf.executing_eagerly() and tensors[0].dtype in (tf.float32, tf.float64)
        if not fits or not _plain(inputs, tuple(self.spec(x)[0] for x in tensors)):
            return NotImplemented
        return raw.Einsum(inputs=list(tensors), equation=f"{','.join(inputs)}->{output}")


@functools.lru_cache(maxsize=1024)
def _plain(inputs: tuple[str, ...], shapes: tuple[Shape, ...]) -> bool:
    """Whether `Einsum` does it: two operands at most, no diagonals, and no axis of size 1 for one of another size."""
    sizes = set(zip("".join(inputs), (n for shape in shapes for n in shape), strict=True))
    once = all(len(set(letters)) == len(letters) for letters in inputs)
    return len(inputs) <= 2 and once and len(sizes) == len({c for c, _ in sizes})


def _sigmoid_cross_entropy(labels: Tensor, logits: Tensor) -> tuple[list[Tensor], PullBack]:
    rest = raw.Log1p(x=raw.Exp(x=raw.Neg(x=raw.Abs(x=logits))))
    loss = raw.AddV2(x=raw.Sub(x=raw.Relu(features=logits), y=raw.Mul(x=labels, y=logits)), y=rest)

    def pull_back(g: Tensor) -> list[Tensor]:
        by_logits = raw.Sub(x=raw.Sigmoid(x=logits), y=labels)
        return [raw.Neg(x=raw.Mul(x=g, y=logits)), raw.Mul(x=g, y=by_logits)]

    return [loss], pull_back
