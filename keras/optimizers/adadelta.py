"""Adadelta: steps in the units of the variables, without a rate to tune."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.state import Variable
from keras.optimizers.optimizer import Optimizer, Rate

Tensor = Any


class Adadelta(Optimizer):
    """`p -= lr * g * rms(past steps) / rms(past gradients)`, over running averages.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        rho: decay of the averages.
        epsilon: keeps the division from zero.
        weight_decay: as in `Optimizer`, like all arguments not named here.

    >>> import keras
    >>> v = keras.Variable([1.0, 2.0], name="v")
    >>> keras.optimizers.Adadelta(learning_rate=1.0).apply([keras.ops.convert_to_tensor([1.0, -1.0])], [v])
    >>> [round(x, 3) for x in v.numpy().tolist()]
    [0.999, 2.001]
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.95,
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
        self.rho = rho
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        names = ("accumulated_grad", "accumulated_delta_var")
        self._squared_gradients, self._squared_moves = self.add_optimizer_variables(variables, names)

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        i = self.index_of(variable)
        squared_gradient, squared_move = self._squared_gradients[i], self._squared_moves[i]
        g = self._running(squared_gradient, gradient)
        size = ops.divide(self._root(squared_move), self._root(g))
        move = ops.multiply(gradient, size)
        squared_gradient.assign(g)
        squared_move.assign(self._running(squared_move, move))
        variable.assign(ops.subtract(variable, ops.multiply(move, learning_rate)))

    def _running(self, slot: Variable, x: Tensor) -> Tensor:
        return ops.add(ops.multiply(slot, self.rho), ops.multiply(ops.square(x), 1.0 - self.rho))

    def _root(self, x: Any) -> Tensor:
        return ops.sqrt(ops.add(x, self.epsilon))
