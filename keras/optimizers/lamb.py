"""LAMB: Adam's direction, with a step in proportion to the norm of the variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.state import Variable
from keras.optimizers.kernels import moments_update, one_minus_power
from keras.optimizers.optimizer import Optimizer, Rate

Tensor = Any


class Lamb(Optimizer):
    """`p -= lr * norm(p) / norm(r) * r`, where `r` is Adam's unbiased direction (You et al., 2019).

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: decay of the average of the gradients.
        beta_2: decay of the average of their squares.
        epsilon: keeps the division from zero.
        weight_decay: as in `Optimizer`, like all arguments not named here.

    >>> import keras
    >>> v = keras.Variable([1.0, 2.0], name="v")
    >>> keras.optimizers.Lamb(learning_rate=0.1).apply([keras.ops.convert_to_tensor([1.0, -1.0])], [v])
    >>> [round(x, 3) for x in v.numpy().tolist()]
    [0.842, 2.158]
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **kwargs,
        )
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ("momentum", "velocity"))

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        i = self.index_of(variable)
        momentum, velocity = self._momentums[i], self._velocities[i]
        step = self.local_step(variable.dtype)
        m, v = moments_update(gradient, momentum.value, velocity.value, self.beta_1, self.beta_2)
        m_hat = ops.divide(m, one_minus_power(self.beta_1, step))
        v_hat = ops.divide(v, one_minus_power(self.beta_2, step))
        direction = ops.divide(m_hat, ops.add(ops.sqrt(v_hat), self.epsilon))
        rate = ops.multiply(learning_rate, _trust(variable.value, direction))
        variable.assign(ops.subtract(variable, ops.multiply(direction, rate)))
        momentum.assign(m)
        velocity.assign(v)


def _trust(variable: Tensor, direction: Tensor) -> Tensor:
    """`norm(variable) / norm(direction)`; 1 when either is zero."""
    size, length = (ops.sqrt(ops.sum(ops.square(x))) for x in (variable, direction))
    both = ops.logical_and(ops.greater(size, 0.0), ops.greater(length, 0.0))
    return ops.where(both, ops.divide(size, ops.where(both, length, 1.0)), 1.0)
