"""Adam and AdamW: steps from running averages of the gradient and of its square."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.state import Variable
from keras.optimizers.kernels import adam_update, corrected_rate, moments_update
from keras.optimizers.optimizer import Optimizer, Rate

Tensor = Any


class Adam(Optimizer):
    """`p -= lr_t * m / (sqrt(v) + epsilon)`, with unbiased running averages `m` of `g` and `v` of `g**2`.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: decay of the average of the gradients.
        beta_2: decay of the average of their squares.
        epsilon: keeps the division from zero.
        amsgrad: whether the average of squares never shrinks.
        weight_decay: as in `Optimizer`, like all arguments not named here.

    >>> import keras
    >>> v = keras.Variable([1.0, 2.0], name="v")
    >>> keras.optimizers.Adam(learning_rate=0.1).apply([keras.ops.convert_to_tensor([1.0, -1.0])], [v])
    >>> [round(x, 3) for x in v.numpy().tolist()]
    [0.9, 2.1]
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        self.amsgrad = amsgrad

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ("momentum", "velocity"))
        self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat") if self.amsgrad else []

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        i = self.index_of(variable)
        momentum, velocity = self._momentums[i], self._velocities[i]
        step = self.local_step(variable.dtype)
        if self.amsgrad:
            self._amsgrad_step(gradient, variable, learning_rate, i, step)
            return
        p, m, v = adam_update(
            variable.value,
            gradient,
            momentum.value,
            velocity.value,
            learning_rate,
            self.beta_1,
            self.beta_2,
            self.epsilon,
            step,
        )
        variable.assign(p)
        momentum.assign(m)
        velocity.assign(v)

    def _amsgrad_step(self, gradient: Tensor, variable: Variable, rate: Tensor, i: int, step: Tensor) -> None:
        momentum, velocity, largest = self._momentums[i], self._velocities[i], self._velocity_hats[i]
        m, v = moments_update(gradient, momentum.value, velocity.value, self.beta_1, self.beta_2)
        v_hat = ops.maximum(largest, v)
        rate = corrected_rate(rate, self.beta_1, self.beta_2, step)
        variable.assign(
            ops.subtract(variable, ops.divide(ops.multiply(m, rate), ops.add(ops.sqrt(v_hat), self.epsilon)))
        )
        momentum.assign(m)
        velocity.assign(v)
        largest.assign(v_hat)


class AdamW(Adam):
    """Adam with decoupled weight decay: `p -= lr * weight_decay * p` before each step.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        weight_decay: as in `Optimizer`, like all arguments not named here.
        beta_1: decay of the average of the gradients.
        beta_2: decay of the average of their squares.
        epsilon: keeps the division from zero.
        amsgrad: whether the average of squares never shrinks.

    >>> import keras
    >>> v = keras.Variable([1.0, 2.0], name="v")
    >>> keras.optimizers.AdamW(learning_rate=0.1).apply([keras.ops.convert_to_tensor([1.0, -1.0])], [v])
    >>> [round(x, 3) for x in v.numpy().tolist()]
    [0.9, 2.099]
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            amsgrad=amsgrad,
            **kwargs,
        )
        if self.weight_decay is None:
            raise ValueError(
                "AdamW needs a weight_decay; use Adam to train without. Received: weight_decay=None"
            )
