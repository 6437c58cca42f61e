"""Gradient descent, with momentum if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.state import Variable
from keras.optimizers.kernels import momentum_update
from keras.optimizers.optimizer import Optimizer, Rate

Tensor = Any


class SGD(Optimizer):
    """`v = momentum * v - lr * g`, `p += v`; without momentum `p -= lr * g`.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        momentum: in [0, 1]: share of the last step that is kept.
        nesterov: whether the gradient's step is taken after the momentum's (Nesterov).
        weight_decay: as in `Optimizer`, like all arguments not named here.

    >>> import keras
    >>> v = keras.Variable([1.0, 2.0], name="v")
    >>> keras.optimizers.SGD(learning_rate=0.5).apply([keras.ops.convert_to_tensor([1.0, -1.0])], [v])
    >>> [round(x, 3) for x in v.numpy().tolist()]
    [0.5, 2.5]
    """

    def __init__(
        self,
        learning_rate: Rate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        self.momentum = momentum
        self.nesterov = nesterov
        if not 0 <= momentum <= 1:
            raise ValueError(f"SGD: momentum must lie in [0, 1]. Received: {momentum}")

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum else []

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        i = self.index_of(variable)
        if not self.momentum:
            variable.assign(ops.subtract(variable, ops.multiply(gradient, learning_rate)))
            return
        velocity = self.momentums[i]
        p, v = momentum_update(
            variable.value, gradient, velocity.value, learning_rate, self.momentum, self.nesterov
        )
        variable.assign(p)
        velocity.assign(v)
