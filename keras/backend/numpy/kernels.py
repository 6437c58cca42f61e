"""Kernels (`keras.ops.kernels`) in few passes over memory: temporaries are written into, not made anew."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.backend.numpy import batch_norm
from keras.backend.numpy.arrays import Array, as_array, at_once, dtype_of_name, in_float32
from keras.backend.numpy.convolution import Convolution
from keras.backend.numpy.elementwise import Elementwise, above, clips
from keras.backend.numpy.known import known
from keras.backend.numpy.reduction import sum_over

Axes = tuple[int, ...]
Shape = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


def _relu(x: tuple[Shape, str]) -> Any:
    zero = dtype_of_name(x[1]).type(0)
    if clips(x, ((), x[1])):
        return functools.partial(above, low=zero)
    return (lambda x: np.maximum(x, zero)) if x[0] else None


class Kernels(Convolution, Elementwise):
    """Same meaning as the shared bodies of the same name; also the primitives these are made of."""

    #: Does what concerns `range(n)`; an engine with threads does parts of it side by side.
    _share: Callable[..., None] = staticmethod(at_once)

    # ------------------------------------------------------------------ activations
    @known(_relu)
    def relu(self, x: Array) -> Array:
        return self.maximum(x, np.zeros((), x.dtype))

    @known(lambda x, low, high: np.clip if clips(x, low) and clips(x, high) else None)
    def clip(self, x: Array, low: Array, high: Array) -> Array:
        if clips(x, low) and clips(x, high):
            return np.clip(x, low, high)
        return as_array(np.minimum(np.maximum(x, low), high))

    @in_float32
    def sigmoid(self, x: Array) -> Array:
        y = np.asarray(np.negative(x))
        np.exp(y, out=y)  # overflows to infinity where the result is 0
        y += 1
        return np.divide(1, y, out=y)

    @in_float32
    def softplus(self, x: Array) -> Array:
        y = np.asarray(np.abs(x))
        for step in (np.negative, np.exp, np.log1p):
            step(y, out=y)
        y += np.maximum(x, x.dtype.type(0))
        return y

    @in_float32
    def silu(self, x: Array) -> Array:
        y = self.sigmoid(x)
        y *= x
        return y

    @in_float32
    def gelu(self, x: Array, approximate: bool) -> Array:
        if approximate:
            c = math.sqrt(2 / math.pi)
            y = np.asarray(x * x)
            y *= 0.044715 * c
            y += c
            y *= x
            np.tanh(y, out=y)
        else:
            y = np.asarray(self.erf(np.asarray(x * x.dtype.type(math.sqrt(0.5)))))
        y += 1
        y *= x
        y *= 0.5
        return y

    # ------------------------------------------------------------------ indices
    def take_wrapped(self, x: Array, indices: Array, axis: int) -> Array:
        return as_array(x.take(indices, axis))  # whose indices are such

    def wrapped_index(self, indices: Array, size: int) -> Array:
        if not indices.size or indices.min() >= 0:  # which is seldom otherwise
            return indices
        return as_array(np.where(indices < 0, indices + indices.dtype.type(size), indices))

    def one_hot(self, x: Array, n: int, axis: int, dtype: str) -> Array:
        flat = x.reshape(-1)
        y = np.zeros((flat.size, n), dtype_of_name(dtype))
        rows = np.flatnonzero((flat >= 0) & (flat < n))
        y[rows, flat[rows]] = 1
        return np.moveaxis(y.reshape(*x.shape, n), -1, axis)

    # ------------------------------------------------------------------ softmax and cross-entropies
    @in_float32
    def softmax(self, x: Array, axis: int) -> Array:
        y = x - np.maximum.reduce(x, axis, keepdims=True, initial=-np.inf)  # there may be no elements
        np.exp(y, out=y)
        y /= np.add.reduce(y, axis, keepdims=True)
        return y

    @in_float32
    def softmax_grad(self, dy: Array, y: Array, axis: int) -> Array:
        dx = dy * y
        dx -= y * np.add.reduce(dx, axis, keepdims=True)
        return dx

    @in_float32
    def log_softmax(self, x: Array, axis: int) -> Array:
        y = x - np.maximum.reduce(x, axis, keepdims=True, initial=-np.inf)
        y -= np.log(np.add.reduce(np.exp(y), axis, keepdims=True))
        return y

    @in_float32
    def logsumexp(self, x: Array, axes: Axes) -> Array:
        top = np.maximum.reduce(x, axes, keepdims=True)
        top = np.where(np.isfinite(top), top, top.dtype.type(0))
        y = np.asarray(x - top)
        total = np.log(np.add.reduce(np.exp(y, out=y), axes))
        return as_array(total + top.reshape(total.shape))

    @in_float32
    def softmax_cross_entropy(self, labels: Array, logits: Array) -> Array:
        return as_array(-np.add.reduce(labels * self.log_softmax(logits, logits.ndim - 1), -1))

    def sparse_softmax_cross_entropy(self, labels: Array, logits: Array) -> Array:
        log_p = self.log_softmax(logits, logits.ndim - 1)
        return as_array(-np.take_along_axis(log_p, labels[..., None], -1)[..., 0])

    # ------------------------------------------------------------------ windows
    def depthwise_conv(self, x: Array, kernel: Array, strides: Shape, pads: Pads, dilation: Shape) -> Array:
        *window, channels, m = kernel.shape
        return self.conv(x, kernel.reshape(*window, 1, channels * m), strides, pads, dilation, channels)

    # ------------------------------------------------------------------ normalisation
    @in_float32
    def moments(self, x: Array, axes: Axes) -> tuple[Array, Array]:
        mean, centred = _centred(x, axes)
        return mean.reshape(_without(x.shape, axes)), _mean_square(centred, axes, keep=False)

    @in_float32
    def layer_norm(
        self, x: Array, gamma: Array | None, beta: Array | None, axes: Axes, epsilon: float
    ) -> Array:
        _, y = _centred(x, axes)
        y *= _inverse_root(_mean_square(y, axes, keep=True), epsilon)
        if gamma is not None:
            y *= _aligned(gamma, axes, x.shape)
        if beta is not None:
            y += _aligned(beta, axes, x.shape)
        return y

    @in_float32
    def rms_norm(self, x: Array, gamma: Array | None, axes: Axes, epsilon: float) -> Array:
        y = np.asarray(x * _inverse_root(_mean_square(x, axes, keep=True), epsilon))
        if gamma is not None:
            y *= _aligned(gamma, axes, x.shape)
        return y

    @known(functools.partial(batch_norm.at_one_shape, at_once))
    @in_float32
    def batch_norm(
        self,
        x: Array,
        mean: Array,
        variance: Array,
        gamma: Array | None,
        beta: Array | None,
        axis: int,
        epsilon: float,
    ) -> Array:
        scale, offset = batch_norm.scale_and_offset(mean, variance, gamma, beta, epsilon)
        y = x * _aligned(scale, (axis,), x.shape)
        y += _aligned(offset, (axis,), x.shape)
        return y

    @in_float32
    def batch_norm_training(
        self, x: Array, gamma: Array | None, beta: Array | None, axis: int, epsilon: float
    ) -> tuple[Array, Array, Array]:
        y, mean, variance = batch_norm.forward(_last(x, axis), gamma, beta, epsilon, self._share)
        return np.moveaxis(y, -1, axis), mean, variance

    @in_float32
    def batch_norm_training_grad(
        self,
        dy: Array,
        x: Array,
        mean: Array,
        variance: Array,
        gamma: Array | None,
        axis: int,
        epsilon: float,
    ) -> tuple[Array, Array, Array]:
        given = _last(dy, axis), _last(x, axis), mean, variance, gamma
        dx, dgamma, dbeta = batch_norm.backward(*given, epsilon, self._share)
        return np.moveaxis(dx, -1, axis), dgamma, dbeta


def _last(x: Array, axis: int) -> Array:
    return np.moveaxis(x, axis, -1)


def _centred(x: Array, axes: Axes) -> tuple[Array, Array]:
    """The mean with its axes kept, and x minus it."""
    mean = sum_over(x, axes, keepdims=True) / _count(x, axes)
    return as_array(mean), as_array(x - mean)


def _mean_square(x: Array, axes: Axes, keep: Any) -> Array:
    return as_array(sum_over(x * x, axes, keep) / _count(x, axes))


def _count(x: Array, axes: Axes) -> Any:
    return x.dtype.type(math.prod(x.shape[i] for i in axes))


def _inverse_root(variance: Array, epsilon: float) -> Array:
    return as_array(1 / np.sqrt(variance + variance.dtype.type(epsilon)))


def _without(shape: Shape, axes: Axes) -> Shape:
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def _aligned(weight: Array, axes: Axes, shape: Shape) -> Array:
    """A weight whose axes are `axes`, broadcastable against `shape`."""
    return weight.reshape(tuple(n if i in axes else 1 for i, n in enumerate(shape)))
