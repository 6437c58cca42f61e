"""What follows a convolution and is done in passing: a bias, normalisation by known moments, a sum, relu.

Alone, each of these takes a pass over a large array, and for a small one a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from keras.backend.numpy.arrays import Array
from keras.backend.numpy.batch_norm import scale_and_offset


class Norm(NamedTuple):
    """Normalisation of channels: whether there is a gamma and a beta, and what is added to the variance."""

    gamma: bool
    beta: bool
    epsilon: float


class Tail(NamedTuple):
    """What is done to the result of a convolution, in this order; false or None for what is not.

    Its arrays, in the same order: the bias; mean, variance, gamma and beta; what is added, of the result's shape.
    """

    bias: bool = False
    norm: Norm | None = None
    added: bool = False
    relu: bool = False

    def __str__(self) -> str:
        names = ("bias", self.bias), ("batch_norm", self.norm), ("add", self.added), ("relu", self.relu)
        return ", ".join(name for name, there in names if there)

    def steps(self) -> tuple[str, ...]:
        """What of it oneDNN does, as `ConvolutionPlan` calls it."""
        vectors = ("scale", "offset") if self.norm else ("bias",) if self.bias else ()
        return (*vectors, "sum") if self.added else vectors

    def parts(self, arrays: Sequence[Array]) -> tuple[Sequence[Array], Sequence[Array]]:
        """The vectors among its arrays, and what is added, if anything is."""
        count = len(arrays) - self.added
        return arrays[:count], arrays[count:]

    def vectors(self, *given: Array) -> Sequence[Array]:
        """What oneDNN takes of the vectors."""
        if self.norm is None:
            return given
        bias, (mean, variance, gamma, beta) = self._moments(given)
        scale, offset = scale_and_offset(mean, variance, gamma, beta, self.norm.epsilon)
        return scale, offset if bias is None else offset + bias * scale

    def _moments(self, vectors: Sequence[Array]) -> tuple[Array | None, list[Any]]:
        """The bias, and mean, variance, gamma and beta."""
        supply = iter(vectors)
        there = (self.bias, True, True, self.norm and self.norm.gamma, self.norm and self.norm.beta)
        bias, *moments = (next(supply) if given else None for given in there)
        return bias, moments

    def apply(self, e: Any, y: Array, arrays: Sequence[Array]) -> Array:
        """The same by methods of the engine, one after the other."""
        vectors, added = self.parts(arrays)
        if self.norm:
            bias, moments = self._moments(vectors)
            y = y if bias is None else e.add(y, bias)
            y = e.batch_norm(y, *moments, y.ndim - 1, self.norm.epsilon)
        elif self.bias:
            y = e.add(y, *vectors)
        for x in added:
            y = e.add(y, x)
        return e.relu(y) if self.relu else y


def rectified(y: Array) -> Array:
    """Relu in place. oneDNN's own makes zeros of NaN, which must be seen."""
    return np.maximum(y, np.float32(0), out=y)
