"""Random numbers: Philox counters keyed by the seed."""

from __future__ import annotations

from typing import Any

from keras.backend.engine import Engine, Shape
from keras.backend.tensorflow_engine.leaf import DTYPES, ints, raw
from keras.backend.tensorflow_engine.loading import tf

Tensor = Any

_PHILOX = 1


class RandomPart(Engine):
    """Pure in the seed, and the same inside and outside compiled functions; XLA's numbers are others (TensorFlow 2.21)."""

    def random_bits(self, seed: Tensor, shape: Shape) -> Tensor:
        key, counter = self._key_and_counter(seed)
        return raw.StatelessRandomUniformFullIntV2(
            shape=ints(shape), key=key, counter=counter, alg=ints(_PHILOX), dtype=tf.uint32
        )

    def random_uniform(self, seed: Tensor, shape: Shape, dtype: str) -> Tensor:
        key, counter = self._key_and_counter(seed)
        return raw.StatelessRandomUniformV2(
            shape=ints(shape), key=key, counter=counter, alg=ints(_PHILOX), dtype=DTYPES[dtype]
        )

    def random_normal(self, seed: Tensor, shape: Shape, dtype: str) -> Tensor:
        key, counter = self._key_and_counter(seed)
        return raw.StatelessRandomNormalV2(
            shape=ints(shape), key=key, counter=counter, alg=ints(_PHILOX), dtype=DTYPES[dtype]
        )

    def _key_and_counter(self, seed: Tensor) -> tuple[Tensor, Tensor]:
        key, counter = raw.StatelessRandomGetKeyCounter(seed=raw.Bitcast(input=seed, type=tf.int32))
        return key, counter
