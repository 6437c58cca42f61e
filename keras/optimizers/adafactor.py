"""Adafactor: Adam's second moment in a row and a column instead of a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.state import Variable
from keras.optimizers.optimizer import Optimizer, Rate

Tensor = Any


class Adafactor(Optimizer):
    """Steps divided by factored running averages of `g**2`, in proportion to the size of the variable.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_2_decay: `1 - t**beta_2_decay` is the decay of the averages at step t.
        epsilon_1: added to the squared gradient.
        epsilon_2: the least size of a variable.
        clip_threshold: the greatest root mean square of a step before scaling.
        relative_step: for compatibility; the rate falls as `1 / sqrt(t)` in any case.
        weight_decay: as in `Optimizer`, like all arguments not named here.

    >>> import keras
    >>> v = keras.Variable([1.0, 2.0], name="v")
    >>> keras.optimizers.Adafactor(learning_rate=0.1).apply([keras.ops.convert_to_tensor([1.0, -1.0])], [v])
    >>> [round(x, 3) for x in v.numpy().tolist()]
    [0.842, 2.158]
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
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
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._rows: list[Variable] = []
        self._columns: list[Variable] = []
        self._velocities: list[Variable] = []
        for variable in variables:
            self._add_slots(variable)

    def _add_slots(self, variable: Variable) -> None:
        # Files hold all three for every variable; for vectors the first two are placeholders that never move.
        shape, name = variable.shape, variable.path.replace("/", "_")
        factored = len(shape) >= 2
        rows, columns = (shape[:-1], (*shape[:-2], shape[-1])) if factored else ((), ())
        self._rows.append(self.add_variable(rows, dtype=variable.dtype, name=f"{name}_row"))
        self._columns.append(self.add_variable(columns, dtype=variable.dtype, name=f"{name}_column"))
        self._velocities.append(self.add_variable_from_reference(variable, "velocity"))

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        i = self.index_of(variable)
        step = self.local_step(variable.dtype)
        # Keras 3.15 lowers the rate whatever `relative_step` says, and its numbers are what this must give.
        rate = ops.minimum(learning_rate, ops.divide(1.0, ops.sqrt(step)))
        rate = ops.multiply(rate, ops.maximum(_rms(variable.value), self.epsilon_2))
        decay = ops.subtract(1.0, ops.power(step, self.beta_2_decay))
        square = ops.add(ops.square(gradient), self.epsilon_1)
        v = (
            self._factored(i, square, decay)
            if len(variable.shape) >= 2
            else _mix(self._velocities[i], square, decay)
        )
        self._velocities[i].assign(v)
        move = ops.divide(gradient, ops.sqrt(v))
        move = ops.divide(move, ops.maximum(ops.divide(_rms(move), self.clip_threshold), 1.0))
        variable.assign(ops.subtract(variable, ops.multiply(move, rate)))

    def _factored(self, i: int, square: Tensor, decay: Tensor) -> Tensor:
        """The running average of `square` as an outer product of its rows and columns."""
        row = _mix(self._rows[i], ops.mean(square, axis=-1), decay)
        column = _mix(self._columns[i], ops.mean(square, axis=-2), decay)
        self._rows[i].assign(row)
        self._columns[i].assign(column)
        share = ops.divide(row, ops.mean(row, axis=-1, keepdims=True))
        return ops.multiply(ops.expand_dims(share, -1), ops.expand_dims(column, -2))


def _mix(old: Any, new: Tensor, share: Tensor) -> Tensor:
    return ops.add(ops.multiply(old, share), ops.multiply(new, ops.subtract(1.0, share)))


def _rms(x: Tensor) -> Tensor:
    return ops.sqrt(ops.mean(ops.square(x)))
