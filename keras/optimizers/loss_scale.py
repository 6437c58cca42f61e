"""Dynamic loss scaling: keeps small gradients of a 16-bit model from vanishing."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.state import Variable
from keras.optimizers.guard import only_if
from keras.optimizers.optimizer import Optimizer
from keras.serializable import serialize

Tensor = Any

#: Settings of every optimizer, with the values that do nothing.
_IDLE = {
    name: parameter.default
    for name, parameter in inspect.signature(Optimizer.__init__).parameters.items()
    if parameter.default is not inspect.Parameter.empty and name != "name"
}


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss by a scale and gradients by its inverse; adapts the scale, and skips steps that overflow.

    Args:
        inner_optimizer: the optimizer that moves the variables.
        initial_scale: what the scale begins with.
        dynamic_growth_steps: after so many finite steps in a row the scale doubles; an overflow halves it.
        name: name of the optimizer.

    >>> import keras
    >>> optimizer = LossScaleOptimizer(keras.optimizers.SGD(0.5), initial_scale=4.0)
    >>> float(optimizer.scale_loss(2.0))
    8.0
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not initial_scale > 0:
            raise ValueError(f"LossScaleOptimizer: initial_scale must be positive. Received: {initial_scale}")
        super().__init__(0.0, name=name, **_unknown(kwargs))
        self.inner_optimizer = inner_optimizer
        inner_optimizer.loss_scale_factor = None  # the scale of this one takes its place
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        self.step_counter = self.add_variable((), dtype="int64", name="step_counter")
        self.dynamic_scale = self.add_variable((), float(self.initial_scale), name="dynamic_scale")
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Any:
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    def scale_loss(self, loss: Tensor) -> Tensor:
        scale = self.dynamic_scale if self.built else self.initial_scale
        loss = ops.convert_to_tensor(loss)
        return ops.multiply(loss, ops.cast(scale, ops.dtype(loss)))

    def _apply(self, grads: list[Tensor], variables: list[Variable]) -> None:
        finite = ops.convert_to_tensor(True)
        for grad in grads:
            finite = ops.logical_and(finite, ops.all(ops.isfinite(grad)))
        inverse = ops.divide(1.0, self.dynamic_scale)
        unscaled = [
            ops.multiply(g, ops.cast(inverse, v.dtype)) for g, v in zip(grads, variables, strict=True)
        ]
        with only_if(finite, [*variables, *self.inner_optimizer.variables]):
            self.inner_optimizer.apply(unscaled, variables)
        self._adapt(finite)

    def _adapt(self, finite: Tensor) -> None:
        counted = ops.add(self.step_counter, 1)
        grown = ops.logical_and(finite, ops.equal(counted, self.dynamic_growth_steps))
        scale = self.dynamic_scale.value
        smaller_or_same = ops.where(finite, scale, ops.multiply(scale, 0.5))
        self.dynamic_scale.assign(ops.where(grown, ops.multiply(scale, 2.0), smaller_or_same))
        going_on = ops.logical_and(finite, ops.logical_not(grown))
        self.step_counter.assign(ops.where(going_on, counted, ops.zeros_like(counted)))

    def finalize_variable_values(self, var_list: Any) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }


def _unknown(arguments: dict[str, Any]) -> dict[str, Any]:
    """What is left for `Optimizer` to refuse: none of its settings acts here, on gradients that are still scaled.

    Files of Keras before 3.12 hold them all, with values that do nothing.
    """
    left = dict(arguments)
    if not left.pop("dynamic", True):
        raise ValueError(
            "LossScaleOptimizer: the scale is always dynamic, dynamic=False was given. "
            "For a fixed scale use any optimizer with loss_scale_factor."
        )
    for name, idle in _IDLE.items():
        if left.pop(name, idle) not in (None, idle):
            raise ValueError(
                f"LossScaleOptimizer: {name} belongs to the inner optimizer; pass it there. "
                f"Received: {name}={arguments[name]!r}"
            )
    return left
