"""Random numbers as pure functions of a seed: the same seed and shape give the same numbers."""

from __future__ import annotations

import math
from typing import Any

from keras.backend.defaults.composed import Composed

Tensor = Any

#: Bits of the significand: so many random bits give every multiple of 2^-bits in [0, 1), and none rounds to 1.
PRECISION = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}


class RandomDefaults(Composed):
    """`seed` is a uint32 tensor of two words."""

    def random_bits(self, seed: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Independent uniform uint32 words (Philox on the host: equal on all engines that keep this body)."""
        return self._on_host("random_bits", seed, shape=shape)[0]

    def random_uniform(self, seed: Tensor, shape: tuple[int, ...], dtype: str) -> Tensor:
        """Uniform floats in [0, 1)."""
        bits = PRECISION[dtype]
        if dtype != "float64":
            word = self.cast(self.random_bits(seed, shape), "float64")
            return self.cast(self._leading(word, bits), dtype)
        words = self.cast(self.random_bits(seed, (2, *shape)), "float64")
        high, low = (self.reshape(self.take(words, self.full((), i, "int32"), 0), shape) for i in (0, 1))
        return self.add(
            self._leading(high, 27), self.mul(self._leading(low, 26), self._scalar(2.0**-27, low))
        )

    def _leading(self, word: Tensor, bits: int) -> Tensor:
        """The leading bits of a 32-bit word (held in a float64) as a fraction in [0, 1)."""
        whole = self.floor(self.mul(word, self._scalar(2.0 ** (bits - 32), word)))
        return self.mul(whole, self._scalar(2.0**-bits, word))

    def random_normal(self, seed: Tensor, shape: tuple[int, ...], dtype: str) -> Tensor:
        """Standard normal floats."""
        wide = dtype if dtype == "float64" else "float32"
        u = self.random_uniform(seed, shape, wide)
        centred = self.add(
            u, self._scalar(2.0 ** -(PRECISION[wide] + 1), u)
        )  # inside (0, 1), symmetric about 1/2
        x = self.erfinv(self.sub(self.add(centred, centred), self._scalar(1, u)))
        return self.cast(self.mul(x, self._scalar(math.sqrt(2), x)), dtype)
