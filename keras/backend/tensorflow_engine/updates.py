"""Optimizer updates in one pass over memory.

TensorFlow's fused kernels change variables in place, while ours are pure functions. The override computes the pure result
and offers the fused operation along with it: if, at the end of the graph, exactly those results are to be written to the
cells the arguments were read from, the fused operation is put there instead, and the pure one, unused, is pruned. For
small variables the composed kernels are faster.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from keras.backend.engine import Engine
from keras.backend.tensorflow_engine.cells import Cell
from keras.backend.tensorflow_engine.leaf import raw
from keras.backend.tensorflow_engine.loading import tf
from keras.backend.tensorflow_engine.state import Update, current_writes

Tensor = Any

#: From this many elements on the fused kernels measured faster (TensorFlow 2.21, two cores).
FUSED_SIZE = 2**16


class UpdatesPart(Engine):
    """Overrides of the kernels in `keras.optimizers.kernels`."""

    def adam_update(
        self,
        param: Tensor,
        grad: Tensor,
        m: Tensor,
        v: Tensor,
        lr: Tensor,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        step: Tensor,
    ) -> Any:
        cells = _cells((param, m, v))
        if cells is None:
            return NotImplemented
        power_1, power_2 = _power(beta_1, step), _power(beta_2, step)
        rate = lr * tf.sqrt(1 - power_2) / (1 - power_1)
        new_m = m + (grad - m) * (1 - beta_1)
        new_v = v + (tf.square(grad) - v) * (1 - beta_2)
        new_param = param - rate * new_m / (tf.sqrt(new_v) + epsilon)

        def run() -> Any:
            return raw.ResourceApplyAdam(
                var=cells[0].handle, m=cells[1].handle, v=cells[2].handle,
                beta1_power=power_1, beta2_power=power_2, lr=lr,
                beta1=beta_1, beta2=beta_2, epsilon=epsilon, grad=grad,
            )  # fmt: skip

        return _offered(cells, (new_param, new_m, new_v), (grad, lr, power_1, power_2), run)

    def momentum_update(
        self, param: Tensor, grad: Tensor, velocity: Tensor, lr: Tensor, momentum: float, nesterov: bool
    ) -> Any:
        cells = _cells((param, velocity))
        if cells is None:
            return NotImplemented
        step = grad * lr
        new_velocity = velocity * momentum - step
        new_param = param + (new_velocity * momentum - step if nesterov else new_velocity)

        def run() -> Any:
            return raw.ResourceApplyKerasMomentum(
                var=cells[0].handle,
                accum=cells[1].handle,
                lr=lr,
                grad=grad,
                momentum=momentum,
                use_nesterov=nesterov,
            )

        return _offered(cells, (new_param, new_velocity), (grad, lr), run)


def _power(base: float, step: Tensor) -> Tensor:
    """`base**step`, once in a graph: it is the same for all variables."""
    writes = current_writes()
    assert writes is not None
    return writes.once((base, id(step)), lambda: tf.pow(tf.constant(base, step.dtype), step))


def _cells(values: Sequence[Tensor]) -> list[Cell] | None:
    """The cells of large tensors that were read in the graph being traced; None: leave it to the body."""
    writes = current_writes()
    if writes is None or math.prod(values[0].shape) < FUSED_SIZE:
        return None
    return writes.cells_of(values)


def _offered(
    cells: Sequence[Cell],
    results: tuple[Tensor, ...],
    inputs: Sequence[Tensor],
    run: Callable[[], Any],
) -> tuple[Tensor, ...]:
    writes = current_writes()
    assert writes is not None
    writes.offer(Update(cells, results, inputs, run))
    return results
