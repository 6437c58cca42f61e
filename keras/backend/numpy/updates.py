"""Optimizer updates (`keras.optimizers.kernels`), block by block: each array passes through memory once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from keras.backend.numpy.arrays import BLOCK, Array


class Updates:
    """The new values are new arrays: the old ones may be in use elsewhere."""

    def momentum_update(
        self, param: Array, grad: Array, velocity: Array, lr: Array, momentum: float, nesterov: bool
    ) -> tuple[Array, Array]:
        new = np.empty(param.shape, param.dtype), np.empty(param.shape, param.dtype)
        for (p, g, v), (new_p, new_v) in _blocks((param, grad, velocity), new):
            step = g * lr
            np.multiply(v, momentum, out=new_v)
            new_v -= step
            if nesterov:
                np.multiply(new_v, momentum, out=new_p)
                new_p -= step
                new_p += p
            else:
                np.add(p, new_v, out=new_p)
        return new

    def rmsprop_update(
        self, param: Array, grad: Array, velocity: Array, lr: Array, rho: float, epsilon: float
    ) -> tuple[Array, Array]:
        new = np.empty(param.shape, param.dtype), np.empty(param.shape, param.dtype)
        for (p, g, v), (new_p, new_v) in _blocks((param, grad, velocity), new):
            square = g * g
            square *= 1.0 - rho
            np.multiply(v, rho, out=new_v)
            new_v += square
            root = np.sqrt(np.add(new_v, epsilon, out=square), out=square)
            np.divide(g * lr, root, out=root)
            np.subtract(p, root, out=new_p)
        return new

    def adam_update(
        self,
        param: Array,
        grad: Array,
        m: Array,
        v: Array,
        lr: Array,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        step: Array,
    ) -> tuple[Array, Array, Array]:
        rate = corrected_rate(param.dtype.type, lr, beta_1, beta_2, step)
        new = (
            np.empty(param.shape, param.dtype),
            np.empty(param.shape, param.dtype),
            np.empty(param.shape, param.dtype),
        )
        for (p, g, m0, v0), (new_p, new_m, new_v) in _blocks((param, grad, m, v), new):
            change = g - m0
            change *= 1.0 - beta_1
            np.add(m0, change, out=new_m)
            np.multiply(g, g, out=change)
            change -= v0
            change *= 1.0 - beta_2
            np.add(v0, change, out=new_v)
            np.sqrt(new_v, out=change)
            change += epsilon
            np.divide(new_m * rate, change, out=change)
            np.subtract(p, change, out=new_p)
        return new


def corrected_rate(kind: type[np.generic], lr: Array, beta_1: float, beta_2: float, step: Array) -> Array:
    """Adam's learning rate at a step, in a dtype: for averages that began at zero."""
    one: Any = kind(1)
    decay_1, decay_2 = kind(beta_1) ** step, kind(beta_2) ** step
    return lr * (np.sqrt(one - decay_2) / (one - decay_1))


def _blocks(
    inputs: tuple[Array, ...], outputs: tuple[Array, ...]
) -> Iterator[tuple[list[Array], list[Array]]]:
    """Corresponding parts of inputs and of (fresh) outputs."""
    if outputs[0].ndim and outputs[0].size <= BLOCK:
        yield list(inputs), list(outputs)
        return
    flat_in = [np.ascontiguousarray(x).reshape(-1) for x in inputs]
    flat_out = [y.reshape(-1) for y in outputs]
    for start in range(0, flat_out[0].size, BLOCK):
        at = slice(start, start + BLOCK)
        yield [x[at] for x in flat_in], [y[at] for y in flat_out]
