"""Nadam: Adam with Nesterov momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.state import Variable
from keras.optimizers.kernels import moments_update, one_minus_power
from keras.optimizers.optimizer import Optimizer, Rate

_WARMING = 0.96  # how fast the momentum of the first steps rises to beta_1


Tensor = Any


class Nadam(Optimizer):
    """Adam whose average already contains the coming step, with a momentum that rises in the first steps.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: decay of the average of the gradients.
        beta_2: decay of the average of their squares.
        epsilon: keeps the division from zero.
        weight_decay: as in `Optimizer`, like all arguments not named here.

    >>> import keras
    >>> v = keras.Variable([1.0, 2.0], name="v")
    >>> keras.optimizers.Nadam(learning_rate=0.1).apply([keras.ops.convert_to_tensor([1.0, -1.0])], [v])
    >>> [round(x, 3) for x in v.numpy().tolist()]
    [0.894, 2.106]
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
        self._u_product = self.add_variable((), "ones", name="u_product")

    def begin_step(self) -> None:
        """The product of all momenta so far moves once for all variables."""
        step = self.local_step(self._u_product.dtype)
        self._u_product.assign(ops.multiply(self._u_product, self._momentum_at(step)))

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        i = self.index_of(variable)
        momentum, velocity = self._momentums[i], self._velocities[i]
        step = self.local_step(variable.dtype)
        now, coming = self._momentum_at(step), self._momentum_at(ops.add(step, 1.0))
        product = ops.cast(self._u_product, variable.dtype)
        # Keras 3 rounds the decays to the variable's dtype first, which shows in the fifth digit of v.
        beta_1, beta_2 = (ops.cast(b, variable.dtype) for b in (self.beta_1, self.beta_2))
        m, v = moments_update(gradient, momentum.value, velocity.value, beta_1, beta_2)
        m_hat = ops.add(
            ops.multiply(m, ops.divide(coming, ops.subtract(1.0, ops.multiply(product, coming)))),
            ops.multiply(gradient, ops.divide(ops.subtract(1.0, now), ops.subtract(1.0, product))),
        )
        v_hat = ops.divide(v, one_minus_power(self.beta_2, step))
        move = ops.divide(ops.multiply(m_hat, learning_rate), ops.add(ops.sqrt(v_hat), self.epsilon))
        variable.assign(ops.subtract(variable, move))
        momentum.assign(m)
        velocity.assign(v)

    def _momentum_at(self, step: Tensor) -> Tensor:
        return ops.multiply(ops.subtract(1.0, ops.multiply(ops.power(_WARMING, step), 0.5)), self.beta_1)
