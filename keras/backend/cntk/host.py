"""What runs on the host: NumPy and oneDNN on all cores, and optimizer updates in one pass of compiled code."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.backend.cntk.install import load
from keras.backend.kernels.arrays import ParallelEngine
from keras.backend.numpy.arrays import Array
from keras.backend.numpy.updates import corrected_rate


class HostEngine(ParallelEngine):
    """The parallel NumPy engine with the module's updates; narrow floats take the inherited ones."""

    def momentum_update(
        self, param: Array, grad: Array, velocity: Array, lr: Array, momentum: float, nesterov: bool
    ) -> tuple[Array, Array]:
        if not _served(param):
            return super().momentum_update(param, grad, velocity, lr, momentum, nesterov)
        return load().momentum(*_flat(param, grad, velocity), lr, momentum, nesterov)

    def rmsprop_update(
        self, param: Array, grad: Array, velocity: Array, lr: Array, rho: float, epsilon: float
    ) -> tuple[Array, Array]:
        if not _served(param):
            return super().rmsprop_update(param, grad, velocity, lr, rho, epsilon)
        return load().rmsprop(*_flat(param, grad, velocity), lr, rho, epsilon)

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
        if not _served(param):
            return super().adam_update(param, grad, m, v, lr, beta_1, beta_2, epsilon, step)
        rate = corrected_rate(param.dtype.type, lr, beta_1, beta_2, step)
        return load().adam(*_flat(param, grad, m, v), rate, beta_1, beta_2, epsilon)


def _served(param: Array) -> bool:
    return param.dtype.char in "fd"


def _flat(*arrays: Array) -> Any:
    return map(np.ascontiguousarray, arrays)
