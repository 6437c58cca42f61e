"""What runs on the host: NumPy and oneDNN on all cores, and in one pass of compiled code what NumPy needs many for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras.backend.cntk.install import load
from keras.backend.kernels.arrays import ParallelEngine
from keras.backend.kernels.parallel import split, ways
from keras.backend.numpy.arrays import Array
from keras.backend.numpy.updates import corrected_rate

_MANY = 1 << 15  # elements; below, NumPy's call is done sooner


class HostEngine(ParallelEngine):
    """The parallel NumPy engine with the module's loops; what they do not serve takes the inherited bodies."""

    def momentum_update(
        self, param: Array, grad: Array, velocity: Array, lr: Array, momentum: float, nesterov: bool
    ) -> tuple[Array, ...]:
        if not _served(param):
            return super().momentum_update(param, grad, velocity, lr, momentum, nesterov)
        return self._looped(load().momentum, (param, grad, velocity), 2, lr, momentum, nesterov)

    def rmsprop_update(
        self, param: Array, grad: Array, velocity: Array, lr: Array, rho: float, epsilon: float
    ) -> tuple[Array, ...]:
        if not _served(param):
            return super().rmsprop_update(param, grad, velocity, lr, rho, epsilon)
        return self._looped(load().rmsprop, (param, grad, velocity), 2, lr, rho, epsilon)

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
    ) -> tuple[Array, ...]:
        if not _served(param):
            return super().adam_update(param, grad, m, v, lr, beta_1, beta_2, epsilon, step)
        rate = corrected_rate(param.dtype.type, lr, beta_1, beta_2, step)
        return self._looped(load().adam, (param, grad, m, v), 3, rate, beta_1, beta_2, epsilon)

    def _looped(
        self, loop: Callable[..., None], old: tuple[Array, ...], count: int, *numbers: Any
    ) -> tuple[Array, ...]:
        """So many new arrays by one of the module's loops, for the old ones and these numbers."""
        return self._by_blocks(
            lambda xs, ys, _: loop(*map(np.ascontiguousarray, xs), *ys, *numbers), old, count
        )

    def select(self, condition: Array, a: Array, b: Array) -> Array:
        kept = not b.ndim and not b and a.shape == condition.shape and a.size >= _MANY and _served(a)
        if not kept or np.signbit(b) or not (a.flags.c_contiguous and condition.flags.c_contiguous):
            return super().select(condition, a, b)
        y, run = np.empty(a.shape, a.dtype), load().keep
        split(len(a), lambda at: run(condition[at], a[at], y[at]), ways(a.size))
        return y


def _served(param: Array) -> bool:
    return param.dtype.char in "fd"
