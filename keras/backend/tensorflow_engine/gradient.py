"""Gradients by TensorFlow's tape, and functions whose gradient is given: custom rules and host code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.backend.engine import Engine, Spec
from keras.backend.state import recording
from keras.backend.tensorflow_engine.leaf import DTYPES, as_known, dense, raw
from keras.backend.tensorflow_engine.loading import tf
from keras.backend.tensorflow_engine.pull_back import with_pull_back
from keras.backend.tensorflow_engine.state import Replay

if TYPE_CHECKING:
    from keras.backend.state import Variable

Tensor = Any


class GradientPart(Engine):
    """Sparse gradients (`tf.IndexedSlices`) are made dense: the engine's tensors are `tf.Tensor`s."""

    def value_and_grad(
        self, f: Callable[..., tuple[Tensor, Any]], variables: Sequence[Variable], tensors: Sequence[Tensor]
    ) -> tuple[Tensor, Any, list[Tensor | None], list[Tensor | None]]:
        cells = [self._source(v) for v in variables]
        inputs = [raw.Identity(input=x) for x in tensors]  # so that only what f gets counts
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            for x in (*cells, *inputs):
                if _has_gradient(x.dtype):
                    tape.watch(x)
            value, aux = f(*inputs)
        gradients = [dense(g) for g in tape.gradient(value, [*cells, *inputs])]
        return value, aux, gradients[: len(cells)], gradients[len(cells) :]

    def _source(self, variable: Variable) -> Any:
        """What the tape watches for a variable: its cell, or the tensor a stateless scope has put in its place."""
        scope = recording()
        if scope is None or not scope.isolates:
            return variable.cell(self).variable
        tensor = raw.Identity(input=scope.get(variable))
        (scope.written if variable in scope.written else scope.read)[variable] = tensor
        return tensor

    def custom_vjp(
        self,
        f: Callable[..., Sequence[Tensor]],
        bwd: Callable[[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]], Sequence[Tensor | None]],
        xs: Sequence[Tensor],
    ) -> list[Tensor]:
        def call(*inputs: Tensor) -> tuple[list[Tensor], Callable[..., list[Tensor | None]]]:
            outputs = list(f(*inputs))

            def pull_back(*gradients: Tensor) -> list[Tensor | None]:
                filled = [
                    tf.zeros_like(y) if g is None else g for g, y in zip(gradients, outputs, strict=True)
                ]
                return list(bwd(inputs, outputs, filled))

            return outputs, pull_back

        return with_pull_back(call, xs)

    def jvp(
        self, f: Callable[..., Sequence[Tensor]], primals: Sequence[Tensor], tangents: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        primals = [raw.Identity(input=x) for x in primals]
        with tf.autodiff.ForwardAccumulator(primals, list(tangents)) as accumulator:
            outputs = list(f(*primals))
        return outputs, [accumulator.jvp(y, tf.UnconnectedGradients.ZERO) for y in outputs]

    def remat(self, f: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            replay = Replay()

            def run(*args: Any, **kwargs: Any) -> Any:
                with replay.run():
                    return f(*args, **kwargs)

            return tf.recompute_grad(run)(*args, **kwargs)

        return call

    # ------------------------------------------------------------------ host code
    def host_call(
        self,
        fn: Callable[..., Sequence[np.ndarray]],
        out_specs: Sequence[Spec],
        xs: Sequence[Tensor],
        bwd: Callable[..., Sequence[np.ndarray]] | None = None,
    ) -> list[Tensor]:
        if bwd is None:
            return self._on_arrays(fn, out_specs, xs)
        n, m = len(xs), len(out_specs)
        smooth = [i for i, x in enumerate(xs) if _has_gradient(x.dtype)]

        def backward(*arrays: np.ndarray) -> list[np.ndarray]:
            pulled = bwd(arrays[:n], arrays[n : n + m], arrays[n + m :])
            return [pulled[i] for i in smooth]

        def pull_back(
            inputs: Sequence[Tensor], outputs: Sequence[Tensor], gradients: Sequence[Tensor]
        ) -> Any:
            specs = [self.spec(inputs[i]) for i in smooth]
            pulled = iter(self._on_arrays(backward, specs, [*inputs, *outputs, *gradients]))
            return [next(pulled) if i in smooth else None for i in range(n)]

        return self.custom_vjp(lambda *inputs: self._on_arrays(fn, out_specs, inputs), pull_back, xs)

    def _on_arrays(
        self, fn: Callable[..., Sequence[np.ndarray]], out_specs: Sequence[Spec], xs: Sequence[Tensor]
    ) -> list[Tensor]:
        if tf.executing_eagerly():
            outputs = fn(*(self.to_numpy(x) for x in xs))
            return [self.constant(y, dtype) for y, (_, dtype) in zip(outputs, out_specs, strict=True)]

        def call(*arrays: np.ndarray) -> list[np.ndarray]:
            outputs = fn(*map(np.asarray, arrays))
            types = (DTYPES[dtype].as_numpy_dtype for _, dtype in out_specs)
            return [np.asarray(y, t) for y, t in zip(outputs, types, strict=True)]

        outputs = tf.numpy_function(call, list(xs), [DTYPES[dtype] for _, dtype in out_specs])
        return [tf.ensure_shape(y, as_known(shape)) for y, (shape, _) in zip(outputs, out_specs, strict=True)]


def _has_gradient(dtype: tf.DType) -> bool:
    return dtype.is_floating or dtype.is_complex
