"""Random numbers: a Philox stream keyed by the two words of the seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.backend.defaults.random import PRECISION
from keras.backend.numpy.arrays import NAMES, Array, at_once, dtype_of_name

Shape = tuple[int, ...]


_MANY = 1 << 17  # uniform numbers, from which on making them is shared
_STEP = 32  # bytes that a step of a stream gives


def _philox(seed: Array) -> np.random.Philox:
    low, high = (int(word) for word in seed)
    return np.random.Philox(key=low | high << 32)


class Random:
    """Pure in the seed."""

    _share: Callable[..., None]  # that of `Kernels`

    def random_bits(self, seed: Array, shape: Shape) -> Array:
        count = math.prod(shape)
        words = np.asarray(_philox(seed).random_raw((count + 1) // 2), np.uint64)
        return words.view(np.uint32)[:count].reshape(shape)

    def random_uniform(self, seed: Array, shape: Shape, dtype: str) -> Array:
        if dtype in ("float32", "float64"):
            return self._uniform(seed, np.empty(shape, dtype))
        bits = PRECISION[dtype]  # so many that no number rounds to 1
        words = self.random_bits(seed, shape) >> np.uint32(32 - bits)
        return (words * np.float32(2.0**-bits)).astype(dtype_of_name(dtype))

    def _uniform(self, seed: Array, y: Array) -> Array:
        """Fill `y` with the stream's numbers: the same ones, whoever makes them."""
        flat, each = y.reshape(-1), _STEP // y.itemsize

        def part(steps: slice) -> None:
            here = flat[steps.start * each : steps.stop * each]
            np.random.Generator(_philox(seed).advance(steps.start)).random(out=here, dtype=y.dtype.type)

        share = at_once if y.size < _MANY else self._share
        share(math.ceil(y.size / each), part)
        return y

    def random_normal(self, seed: Array, shape: Shape, dtype: str) -> Array:
        wide: Any = np.float64 if dtype == "float64" else np.float32
        x = np.asarray(np.random.Generator(_philox(seed)).standard_normal(shape, dtype=wide))
        return x if NAMES[x.dtype] == dtype else x.astype(dtype_of_name(dtype))
