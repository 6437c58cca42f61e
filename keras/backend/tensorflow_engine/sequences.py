"""LSTM, GRU and simple recurrence by oneDNN on the host, in graphs too: a loop of TensorFlow's spends two to three times as long.

With both cores on a sequence each, 80 steps of an LSTM of 128 units, batch 32, take 15 ms forward and back; fused by XLA
they took 40 (TensorFlow 2.21, two cores). Graphs that are to be compiled by XLA cannot hold host code and have the shared
bodies, as has everything on a GPU.
"""

from __future__ import annotations

import importlib
from typing import Any

from keras.backend.kernels.sequences import Prepared, SequencesPart
from keras.backend.tensorflow_engine.leaf import for_xla, has_gpu
from keras.backend.tensorflow_engine.loading import record, tf
from keras.backend.tensorflow_engine.pull_back import with_pull_back

Tensor = Any


class HostSequencesPart(SequencesPart):
    """The same calls, with gradients for TensorFlow's tape."""

    def _sequence(self, name: str, args: tuple[Any, ...]) -> Any:
        call = self._as_sequence(name, args) if _on_host() else None
        return NotImplemented if call is None else tuple(self._recorded(name, args, call))

    def _recorded(self, name: str, args: tuple[Any, ...], call: Prepared) -> list[Tensor]:
        keep = record.could_possibly_record()
        specs = [*call.results, call.kept] if keep else call.results
        n = len(call.results)

        def run(*xs: Tensor) -> Any:
            ys = call.run(self, "forward", specs, xs, keep)

            def pull_back(*dys: Tensor) -> list[Tensor]:
                if record.could_possibly_record():  # for a second derivative
                    return _by_body(name, args, xs, dys)
                if keep:
                    return call.run(self, "backward", call.specs, [*xs, *ys, *dys])
                return call.run(self, "both_ways", call.specs, [*xs, *dys])

            return ys[:n], pull_back

        return with_pull_back(run, call.xs)


def _by_body(
    name: str, args: tuple[Any, ...], xs: tuple[Tensor, ...], dys: tuple[Tensor, ...]
) -> list[Tensor]:
    """Gradients by way of the shared body, which can be differentiated again."""
    body = (
        importlib.import_module("keras.ops.dispatch").KERNELS[name].body
    )  # above this module; loaded by now
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(xs)
        ys = body(*xs, *args[len(xs) :])
    return tape.gradient(ys, xs, list(dys), tf.UnconnectedGradients.ZERO)


def _on_host() -> bool:
    return not (for_xla() or has_gpu())
