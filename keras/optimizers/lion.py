"""Lion: steps of one size, in the direction of a running average."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.state import Variable
from keras.optimizers.optimizer import Optimizer, Rate

Tensor = Any


class Lion(Optimizer):
    """`p -= lr * sign(beta_1 * m + (1 - beta_1) * g)`, `m = beta_2 * m + (1 - beta_2) * g`.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: in (0, 1]: weight of the average in the step.
        beta_2: decay of the average.
        weight_decay: as in `Optimizer`, like all arguments not named here.

    >>> import keras
    >>> v = keras.Variable([1.0, 2.0], name="v")
    >>> keras.optimizers.Lion(learning_rate=0.1).apply([keras.ops.convert_to_tensor([1.0, -1.0])], [v])
    >>> [round(x, 3) for x in v.numpy().tolist()]
    [0.9, 2.1]
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        if not 0 < beta_1 <= 1:
            raise ValueError(f"Lion: beta_1 must lie in (0, 1]. Received: {beta_1}")

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        i = self.index_of(variable)
        momentum = self._momentums[i]
        direction = ops.sign(_mix(momentum, gradient, self.beta_1))
        variable.assign(ops.subtract(variable, ops.multiply(direction, learning_rate)))
        momentum.assign(_mix(momentum, gradient, self.beta_2))


def _mix(old: Any, new: Tensor, share: float) -> Tensor:
    return ops.add(ops.multiply(old, share), ops.multiply(new, 1.0 - share))
