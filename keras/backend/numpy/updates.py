"""Optimizer updates (`keras.optimizers.kernels`), block by block: each array passes through memory once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.backend.numpy.arrays import BLOCK, Array

_MICROSECONDS = 1.2e-3  # an element, about


class Updates:
    """The new values are new arrays: the old ones may be in use elsewhere."""

    _share: Callable[..., None]  # that of `Kernels`

    def momentum_update(
        self, param: Array, grad: Array, velocity: Array, lr: Array, momentum: float, nesterov: bool
    ) -> tuple[Array, ...]:
        def update(old: Sequence[Array], new: Sequence[Array], step: Array) -> None:
            (p, g, v), (new_p, new_v) = old, new
            np.multiply(g, lr, out=step)
            np.multiply(v, momentum, out=new_v)
            new_v -= step
            if nesterov:
                np.multiply(new_v, momentum, out=new_p)
                new_p -= step
                new_p += p
            else:
                np.add(p, new_v, out=new_p)

        return self._by_blocks(update, (param, grad, velocity), 2)

    def rmsprop_update(
        self, param: Array, grad: Array, velocity: Array, lr: Array, rho: float, epsilon: float
    ) -> tuple[Array, ...]:
        def update(old: Sequence[Array], new: Sequence[Array], root: Array) -> None:
            (p, g, v), (new_p, new_v) = old, new
            np.multiply(g, g, out=root)
            root *= 1.0 - rho
            np.multiply(v, rho, out=new_v)
            new_v += root
            np.add(new_v, epsilon, out=root)
            _descend(p, g, lr, np.sqrt(root, out=root), new_p)

        return self._by_blocks(update, (param, grad, velocity), 2)

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
        rate = corrected_rate(param.dtype.type, lr, beta_1, beta_2, step)

        def update(old: Sequence[Array], new: Sequence[Array], root: Array) -> None:
            (p, g, m, v), (new_p, new_m, new_v) = old, new
            np.subtract(g, m, out=new_m)
            new_m *= 1.0 - beta_1
            new_m += m
            np.multiply(g, g, out=new_v)
            new_v -= v
            new_v *= 1.0 - beta_2
            new_v += v
            np.sqrt(new_v, out=root)
            root += epsilon
            _descend(p, new_m, rate, root, new_p)

        return self._by_blocks(update, (param, grad, m, v), 3)

    def _by_blocks(
        self, update: Callable[..., None], old: tuple[Array, ...], count: int
    ) -> tuple[Array, ...]:
        """So many new arrays; `update` gets parts of the old ones, of the new ones, and an array to work with."""
        shape, dtype, size = old[0].shape, old[0].dtype, old[0].size
        new = tuple([np.empty(shape, dtype) for _ in range(count)])
        if shape and size <= BLOCK:
            update(old, new, np.empty(shape, dtype))
            return new
        flat_old = [np.ascontiguousarray(x).reshape(-1) for x in old]
        flat_new = [y.reshape(-1) for y in new]

        def part(at: slice) -> None:
            work = np.empty(min(BLOCK, at.stop - at.start), dtype)
            for start in range(at.start, at.stop, BLOCK):
                here = slice(start, min(start + BLOCK, at.stop))
                update([x[here] for x in flat_old], [y[here] for y in flat_new], work[: here.stop - start])

        self._share(size, part, microseconds=size * _MICROSECONDS)
        return new


def _descend(p: Array, direction: Array, rate: Array, by: Array, new_p: Array) -> None:
    """`p - rate * direction / by`."""
    np.multiply(direction, rate, out=new_p)
    new_p /= by
    np.subtract(p, new_p, out=new_p)


def corrected_rate(kind: type[np.generic], lr: Array, beta_1: float, beta_2: float, step: Array) -> Array:
    """Adam's learning rate at a step, in a dtype: for averages that began at zero."""
    one: Any = kind(1)
    decay_1, decay_2 = kind(beta_1) ** step, kind(beta_2) ** step
    return lr * (np.sqrt(one - decay_2) / (one - decay_1))
