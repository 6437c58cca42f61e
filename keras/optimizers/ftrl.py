"""FTRL: follow the regularised leader, for sparse linear models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.state import Variable
from keras.optimizers.optimizer import Optimizer, Rate

Tensor = Any

_NOT_NEGATIVE = (
    "initial_accumulator_value",
    "l1_regularization_strength",
    "l2_regularization_strength",
    "l2_shrinkage_regularization_strength",
)


class Ftrl(Optimizer):
    """Each entry minimises all past linearised losses plus L1 and L2 penalties (McMahan et al., 2013).

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        learning_rate_power: at most 0: how the rate falls with past gradients; 0 for a fixed rate.
        initial_accumulator_value: what the sum of squared gradients begins with.
        l1_regularization_strength: L1 penalty.
        l2_regularization_strength: L2 penalty.
        l2_shrinkage_regularization_strength: L2 penalty on the gradient alone.
        beta: stabilises the first steps.
        weight_decay: as in `Optimizer`, like all arguments not named here.

    >>> import keras
    >>> v = keras.Variable([1.0, 2.0], name="v")
    >>> keras.optimizers.Ftrl(learning_rate=0.1).apply([keras.ops.convert_to_tensor([1.0, -1.0])], [v])
    >>> [round(x, 3) for x in v.numpy().tolist()]
    [0.603, 1.492]
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        if learning_rate_power > 0:
            raise ValueError(f"Ftrl: learning_rate_power must be at most 0. Received: {learning_rate_power}")
        for setting in _NOT_NEGATIVE:
            if getattr(self, setting) < 0:
                raise ValueError(f"Ftrl: {setting} must not be negative. Received: {getattr(self, setting)}")

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        start = float(self.initial_accumulator_value)
        self._accumulators_of_squares, self._linears = [], []
        for variable in variables:
            self._accumulators_of_squares.append(
                self.add_variable_from_reference(variable, "accumulator", start)
            )
            self._linears.append(self.add_variable_from_reference(variable, "linear"))

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        i = self.index_of(variable)
        accumulator, linear = self._accumulators_of_squares[i], self._linears[i]
        power, l1 = -self.learning_rate_power, self.l1_regularization_strength
        l2 = ops.add(self.l2_regularization_strength, ops.divide(self.beta / 2.0, learning_rate))
        shrunk = ops.add(gradient, ops.multiply(variable, 2.0 * self.l2_shrinkage_regularization_strength))
        total = ops.add(accumulator, ops.square(gradient))
        grown = ops.subtract(ops.power(total, power), ops.power(accumulator, power))
        z = ops.add(linear, ops.subtract(shrunk, ops.multiply(ops.divide(grown, learning_rate), variable)))
        quadratic = ops.add(ops.divide(ops.power(total, power), learning_rate), ops.multiply(l2, 2.0))
        variable.assign(ops.divide(ops.subtract(ops.clip(z, -l1, l1), z), quadratic))
        linear.assign(z)
        accumulator.assign(total)
