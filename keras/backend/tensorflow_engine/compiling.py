"""Tracing and compiling: one `tf.function` graph per input spec, called by the shortest way there is.

`ConcreteFunction.__call__` spends more time in Python than a small graph does in the executor. Outside of tapes and
graphs the compiled function is therefore handed to the eager runtime directly, as TensorFlow does at the end of its own
call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.backend.engine import Engine, Spec
from keras.backend.spec import OPEN
from keras.backend.tensorflow_engine import xla_cache
from keras.backend.tensorflow_engine.leaf import DTYPES, as_known, opening
from keras.backend.tensorflow_engine.loading import context, execute, record, tf
from keras.backend.tensorflow_engine.loop import Loop
from keras.backend.tensorflow_engine.state import holding_writes

Tensor = Any


class CompilingPart(Engine):
    """Concrete functions; their writes are made at the end of a call (see `state`)."""

    picks_rows = True
    opens_sizes = True

    def __init__(self) -> None:
        super().__init__()
        xla_cache.switch_on()

    def trace_and_compile(
        self, f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec], jit_compile: bool | None = None
    ) -> Callable[..., list[Tensor]]:
        def graph(*args: Tensor) -> list[Tensor]:
            with holding_writes() as writes:
                outputs = list(f(*args))
                writes.release_all(outputs)
            return outputs

        # A single call gains nothing by XLA, whatever the graph: it is used on request, and in loops (see `loop`).
        function = tf.function(graph, autograph=False, jit_compile=bool(jit_compile))
        signature = [tf.TensorSpec(as_known(shape), DTYPES[dtype]) for shape, dtype in specs]
        with opening(any(OPEN in shape for shape, _ in specs)):
            concrete = function.get_concrete_function(*signature)
        return Compiled(concrete, [DTYPES[dtype] for _, dtype in specs], jit_compile)

    def looped(self, step: Callable[..., list[Tensor]]) -> Callable[..., list[np.ndarray]]:
        return Loop(step) if isinstance(step, Compiled) else super().looped(step)

    def infer(self, f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec]) -> list[Spec] | None:
        def graph(*args: Tensor) -> list[Tensor]:
            with holding_writes():  # and never released
                return list(f(*args))

        signature = [tf.TensorSpec(as_known(shape), DTYPES[dtype]) for shape, dtype in specs]
        try:
            concrete = tf.function(graph, autograph=False).get_concrete_function(*signature)
        except Exception:  # the caller has an error that says more
            return None
        return [self.spec(y) for y in concrete.outputs]

    def describe(self) -> dict[str, str]:
        devices = ", ".join(d.name for d in tf.config.list_physical_devices())
        return {"engine": self.name, "tensorflow": tf.__version__, "devices": devices}


class Compiled:
    """A concrete function of flat tensors (or host arrays) that returns a flat list.

    Args:
        concrete: the function.
        dtypes: of its arguments.
        jit_compile: as it was asked for.
    """

    def __init__(self, concrete: Any, dtypes: list[tf.DType], jit_compile: bool | None) -> None:
        self.concrete = concrete
        self.dtypes = dtypes
        self.jit_compile = jit_compile
        self._cells = concrete.variables  # the graph itself does not keep its variables alive
        self._captured = list(concrete.captured_inputs)
        self._context = context.context()
        name = concrete.function_def.signature.name
        self._call = (name, len(concrete.outputs))

    def __call__(self, *args: Any) -> list[Tensor]:
        if not tf.executing_eagerly() or record.could_possibly_record():
            return list(self.concrete(*map(self._tensor, args, self.dtypes)))
        name, n = self._call
        inputs = [*map(self._tensor, args, self.dtypes), *self._captured]
        return execute.execute(name, n, inputs, None, self._context) if n else self._run_only(name, inputs)

    def _tensor(self, x: Any, dtype: tf.DType) -> Tensor:
        return x if isinstance(x, tf.Tensor) else tf.constant(x, dtype)

    def _run_only(self, name: str, inputs: list[Tensor]) -> list[Tensor]:
        execute.execute(name, 0, inputs, None, self._context)
        return []
