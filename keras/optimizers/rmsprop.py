"""RMSprop: steps divided by the running size of the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.state import Variable
from keras.optimizers.kernels import rmsprop_update
from keras.optimizers.optimizer import Optimizer, Rate

Tensor = Any


class RMSprop(Optimizer):
    """`v = rho * v + (1 - rho) * g**2`, `p -= lr * g / sqrt(v + epsilon)`.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        rho: decay of the average of squares.
        momentum: share of the last step that is kept.
        epsilon: keeps the division from zero.
        centered: whether the squared average gradient is taken from the average of squares.
        weight_decay: as in `Optimizer`, like all arguments not named here.

    >>> import keras
    >>> v = keras.Variable([1.0, 2.0], name="v")
    >>> keras.optimizers.RMSprop(learning_rate=0.1).apply([keras.ops.convert_to_tensor([1.0, -1.0])], [v])
    >>> [round(x, 3) for x in v.numpy().tolist()]
    [0.684, 2.316]
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum else []
        self._averages_of_gradient = (
            self.add_optimizer_variables(variables, "average_gradient") if self.centered else []
        )

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        i = self.index_of(variable)
        velocity = self._velocities[i]
        if not self.momentum and not self.centered:
            p, v = rmsprop_update(
                variable.value, gradient, velocity.value, learning_rate, self.rho, self.epsilon
            )
            variable.assign(p)
            velocity.assign(v)
            return
        v = self._running(velocity, ops.square(gradient))
        if self.centered:
            v = ops.subtract(v, ops.square(self._running(self._averages_of_gradient[i], gradient)))
        move = ops.divide(ops.multiply(gradient, learning_rate), ops.sqrt(ops.add(v, self.epsilon)))
        if self.momentum:
            move = ops.add(ops.multiply(self._momentums[i], self.momentum), move)
            self._momentums[i].assign(move)
        variable.assign(ops.subtract(variable, move))

    def _running(self, slot: Variable, new: Tensor) -> Tensor:
        value = ops.add(ops.multiply(slot, self.rho), ops.multiply(new, 1.0 - self.rho))
        slot.assign(value)
        return value
