"""The optimizer as users meet it: it owns a learning rate, slots beside every variable, and applies gradients.

What all optimizers share is here: the order of the work in a step (unscale, accumulate, clip, decay, update, average,
constrain), the variables and their names in files, and the learning rate that callbacks may set. A subclass makes its
slots in `build` and moves one variable in `update_step`.
"""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from keras import ops
from keras.backend.state import Variable, auto_name, to_snake_case
from keras.interrupt import undisturbed
from keras.optimizers.descent import Descent
from keras.optimizers.gradients import clip_by_global_norm, clip_by_norm
from keras.optimizers.guard import holding, only_if
from keras.optimizers.kernels import once, one_step
from keras.optimizers.schedules.schedule import LearningRateSchedule
from keras.optimizers.settings import check_settings, modernised, rate_of, take_rate
from keras.optimizers.variables import OwnsVariables
from keras.serializable import Serializable, serialize

Tensor = Any
Rate = float | LearningRateSchedule | Callable[[], Any]


class Optimizer(OwnsVariables, Serializable):
    """Base of all optimizers.

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        weight_decay: if given, variables shrink by this share of the learning rate in every step.
        clipnorm: if given, the greatest norm of each gradient.
        clipvalue: if given, the greatest magnitude of each entry of a gradient.
        global_clipnorm: if given, the greatest norm of all gradients together.
        use_ema: whether to keep moving averages of the variables.
        ema_momentum: how slowly the averages move.
        ema_overwrite_frequency: if given, after so many steps the variables take the values of their averages.
        loss_scale_factor: if given, the loss is multiplied by it (`scale_loss`), and gradients divided again.
        gradient_accumulation_steps: if given, variables move only once in so many steps, by the mean gradient.
        name: name of the optimizer; made from the class name if None.
        **kwargs: `lr` and `decay` of Keras 2: a rate that becomes `lr / (1 + decay * step)`.

    >>> import keras
    >>> v = keras.Variable([1.0, 2.0], name="v")
    >>> optimizer = keras.optimizers.SGD(learning_rate=0.5)
    >>> optimizer.apply([keras.ops.convert_to_tensor([1.0, 0.0])], [v])
    >>> v.numpy().tolist()
    [0.5, 2.0]
    """

    def __init__(
        self,
        learning_rate: Rate,
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
        self.name = name or auto_name(to_snake_case(type(self).__name__))
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        learning_rate = take_rate(type(self).__name__, learning_rate, kwargs)
        check_settings(self, kwargs)
        self.built = False
        self._trainable_variables: list[Variable] = []
        self._index: dict[int, int] = {}
        self._shared: dict[int, Variable] = {}
        self._variables: list[Variable] = []
        self._not_decayed: tuple[set[int], list[str]] = (set(), [])
        self._warned = False
        self._iterations = self.add_variable((), dtype="int64", name="iteration")
        self._learning_rate: Any = learning_rate
        if not callable(learning_rate):
            self._learning_rate = self.add_variable(
                (), rate_of(type(self).__name__, learning_rate), name="learning_rate"
            )

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """A copy that serves the copies of the variables."""
        copied = memo[id(self)] = object.__new__(type(self))
        copied.__dict__.update(copy.deepcopy(self.__dict__, memo))
        copied._index = {id(v): i for i, v in enumerate(copied._trainable_variables)}
        ids, patterns = self._not_decayed
        copied._not_decayed = ({id(memo[i]) for i in ids if i in memo}, list(patterns))
        return copied

    # ------------------------------------------------------------------ what a subclass writes
    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots; called once, before any trace. A subclass calls `super().build(variables)` first."""
        if self.built:
            return
        self._trainable_variables = [self._own(v) for v in variables]
        self._index = {id(v): i for i, v in enumerate(self._trainable_variables)}
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(
                self._trainable_variables, "average"
            )
        if self.gradient_accumulation_steps:
            self._accumulators = self.add_optimizer_variables(
                self._trainable_variables, "gradient_accumulator"
            )
        self.built = True

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        """Move one variable (and its slots) by its gradient; both tensors are of the variable's dtype."""
        raise NotImplementedError(
            f"{type(self).__name__} must write update_step(gradient, variable, learning_rate)"
        )

    def begin_step(self) -> None:
        """What is done once in a step, before the first variable; for slots all variables share."""

    # ------------------------------------------------------------------ learning rate
    @property
    def iterations(self) -> Any:
        """How many times the variables have moved."""
        if self.gradient_accumulation_steps:
            return ops.floor_divide(self._iterations, self.gradient_accumulation_steps)
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """The current rate: a variable that may be assigned, or the value of the schedule or function."""
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            return rate(self._iterations)  # of accumulated gradients, too, every call counts
        return rate() if callable(rate) else rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if callable(value):
            if isinstance(self._learning_rate, Variable):
                self._variables = [v for v in self._variables if v is not self._learning_rate]
            self._learning_rate = value
        elif isinstance(self._learning_rate, Variable):
            # What a traced step computes is no number yet.
            is_known = value is None or isinstance(value, (int, float, str, np.generic))
            self._learning_rate.assign(rate_of(type(self).__name__, value) if is_known else value)
        else:
            raise TypeError(
                f"optimizer {self.name!r} was made with {type(self._learning_rate).__name__} as its learning_rate, "
                "so the rate cannot be set. Make the optimizer with a number to set it later."
            )

    lr = learning_rate  # its name in Keras 2

    # ------------------------------------------------------------------ a step
    def apply_gradients(self, grads_and_vars: Iterable[tuple[Tensor, Variable]]) -> Any:
        """`apply` for pairs of gradient and variable; returns the number of steps so far."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def get_updates(self, loss: Any, params: Iterable[Variable]) -> list[Descent]:
        """One step down a symbolic loss, for `keras.backend.function(updates=...)`, as in Keras 2.

        Args:
            loss: symbolic tensor; the sum of its elements is differentiated.
            params: variables to move.
        """
        return [Descent(self, loss, [self._own(v) for v in params])]

    def apply(
        self, grads: Iterable[Tensor | None], trainable_variables: Iterable[Variable] | None = None
    ) -> None:
        """Move the variables by their gradients.

        Args:
            grads: one per variable, of its shape; None where there is none.
            trainable_variables: the variables; those the optimizer was built with if None.

        Raises:
            ValueError: all gradients are None, their number differs from that of the variables, or a variable is
                none of those the optimizer was built with.
        """
        grads = list(grads)
        if trainable_variables is None:
            if not self.built:
                raise ValueError(
                    f"optimizer {self.name!r}: pass `trainable_variables`, or call build(variables) first"
                )
            variables = self._trainable_variables
        else:
            variables = [self._own(v) for v in trainable_variables]
            self.build(variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"optimizer {self.name!r}: expected one gradient per variable. "
                f"Received: {len(grads)} gradients for {len(variables)} variables"
            )
        with undisturbed():
            pairs = self._usable(grads, variables)
            if pairs:
                self._apply([g for g, _ in pairs], [v for _, v in pairs])
            else:
                self._iterations.assign_add(1)  # every variable was replaced: that is a step, too

    def _usable(self, grads: list[Any], variables: list[Variable]) -> list[tuple[Tensor, Variable]]:
        """Pairs with a gradient, in the variable's dtype; a variable that its gradient replaces is dealt with."""
        missing = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
        if len(missing) == len(variables):
            raise ValueError(
                f"optimizer {self.name!r}: no gradient for any variable. The loss does not depend on them: "
                "compute it from the model's outputs, inside the function that is differentiated."
            )
        if missing and not self._warned:
            self._warned = True
            warnings.warn(
                f"optimizer {self.name!r}: no gradient for {', '.join(missing)}; the loss does not depend on them, "
                "and they stay as they are.",
                stacklevel=4,
            )
        pairs = []
        for grad, variable in zip(grads, variables, strict=True):
            if grad is None:
                continue
            self.index_of(variable)
            if variable.overwrite_with_gradient:
                self._replace(variable, grad)
                continue
            grad = ops.cast(ops.convert_to_tensor(grad), variable.dtype)
            pairs.append(
                (ops.divide(grad, self.loss_scale_factor) if self.loss_scale_factor else grad, variable)
            )
        return pairs

    def _replace(self, variable: Variable, grad: Tensor) -> None:
        """Take the gradient as the new value; of accumulated ones the largest, entry by entry."""
        steps = self.gradient_accumulation_steps
        if not steps:
            variable.assign(grad)
            return
        accumulator = self._accumulators[self.index_of(variable)]
        due, largest = self._is_due(steps), ops.maximum(accumulator, ops.cast(grad, variable.dtype))
        variable.assign(ops.where(due, largest, variable))
        accumulator.assign(ops.where(due, ops.zeros_like(largest), largest))

    def _is_due(self, steps: int) -> Tensor:
        """Whether this call is the last of `steps`, in which the variables move."""
        return ops.equal(ops.mod(ops.add(self._iterations, 1), steps), 0)

    def _apply(self, grads: list[Tensor], variables: list[Variable]) -> None:
        if self.gradient_accumulation_steps:
            self._accumulate(grads, variables, self.gradient_accumulation_steps)
        else:
            self._update(self._clip(grads), variables)
        if self.use_ema:
            self._move_averages()
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))
        self._iterations.assign_add(1)

    def _accumulate(self, grads: list[Tensor], variables: list[Variable], steps: int) -> None:
        """Add gradients up; in one call of `steps`, move the variables by the mean."""
        accumulators = [self._accumulators[self.index_of(v)] for v in variables]
        due = self._is_due(steps)
        sums = [ops.add(a, g) for a, g in zip(accumulators, grads, strict=True)]
        for accumulator, total in zip(accumulators, sums, strict=True):
            accumulator.assign(ops.where(due, ops.zeros_like(total), total))
        kept = {id(v) for v in (*self._accumulators, self._iterations)}
        touched = [*variables, *(v for v in self.variables if id(v) not in kept)]
        with only_if(due, touched):
            self._update(self._clip([ops.divide(total, steps) for total in sums]), variables)

    def _update(self, grads: list[Tensor], variables: list[Variable]) -> None:
        """One step of all variables by final gradients."""
        rates: dict[str, Tensor] = {}
        rate = self.learning_rate
        for dtype in {v.dtype for v in variables}:
            rates[dtype] = ops.cast(ops.convert_to_tensor(rate), dtype)
        self._decay(variables, rates)
        with one_step():
            self.begin_step()
            for grad, variable in zip(grads, variables, strict=True):
                self.update_step(grad, variable, rates[variable.dtype])

    def _clip(self, grads: list[Tensor]) -> list[Tensor]:
        if self.clipnorm and self.clipnorm > 0:
            return [clip_by_norm(g, self.clipnorm) for g in grads]
        if self.global_clipnorm and self.global_clipnorm > 0:
            return clip_by_global_norm(grads, self.global_clipnorm)
        if self.clipvalue and self.clipvalue > 0:
            return [ops.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        return grads

    def local_step(self, dtype: str) -> Tensor:
        """The number of the current step, counted from 1, in a float dtype."""
        return once(("step", id(self), dtype), lambda: ops.add(ops.cast(self.iterations, dtype), 1.0))

    # ------------------------------------------------------------------ weight decay
    def exclude_from_weight_decay(
        self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Keep variables from decaying; to be called before the optimizer is built.

        Args:
            var_list: variables.
            var_names: regular expressions; variables whose path matches one are meant.

        Raises:
            ValueError: the optimizer is built already.
        """
        if self.built:
            raise ValueError(
                f"optimizer {self.name!r}: exclude_from_weight_decay() must be called before it is built"
            )
        self._not_decayed = ({id(v) for v in var_list or ()}, list(var_names or ()))

    def _decays(self, variable: Variable) -> bool:
        ids, patterns = self._not_decayed
        return id(variable) not in ids and not any(re.search(p, variable.path) for p in patterns)

    def _decay(self, variables: Iterable[Variable], rates: Mapping[str, Tensor]) -> None:
        if self.weight_decay is None:
            return
        for variable in variables:
            if self._decays(variable):
                share = ops.multiply(rates[variable.dtype], self.weight_decay)
                variable.assign(ops.subtract(variable, ops.multiply(variable, share)))

    # ------------------------------------------------------------------ moving averages
    def _move_averages(self) -> None:
        momentum = self._average_momentum()
        for variable, average in zip(
            self._trainable_variables, self._model_variables_moving_average, strict=True
        ):
            keep = ops.cast(momentum, average.dtype)
            average.assign(
                ops.add(ops.multiply(average, keep), ops.multiply(variable, ops.subtract(1.0, keep)))
            )
        if self.ema_overwrite_frequency:
            due = ops.equal(ops.mod(ops.add(self.iterations, 1), self.ema_overwrite_frequency), 0)
            with only_if(due, self._trainable_variables):
                self.finalize_variable_values(self._trainable_variables)

    def _average_momentum(self) -> Tensor:
        """`ema_momentum`; 0 in the first step, when the averages hold nothing yet."""
        return ops.where(ops.equal(self.iterations, 0), 0.0, self.ema_momentum)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Give variables the values of their moving averages, if there are any; called at the end of `fit`."""
        if self.use_ema:
            for variable in var_list:
                variable.assign(self._model_variables_moving_average[self.index_of(variable)])

    # ------------------------------------------------------------------ loss scaling
    def scale_loss(self, loss: Tensor) -> Tensor:
        """The loss to differentiate: multiplied by `loss_scale_factor`, if there is one."""
        return ops.multiply(loss, self.loss_scale_factor) if self.loss_scale_factor else loss

    # ------------------------------------------------------------------ stateless use, config
    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Tensor], trainable_variables: Sequence[Any]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """What a step would give for these values; no variable changes.

        Args:
            optimizer_variables: values of `variables`.
            grads: one gradient per trainable variable.
            trainable_variables: values of the variables the optimizer was built with.

        Returns:
            New values of the trainable variables, and of the optimizer's own.
        """
        own, trained = self.variables, self._trainable_variables
        with holding([*own, *trained], [*optimizer_variables, *trainable_variables]):
            self.apply(grads, trained)
            return [v.value for v in trained], [v.value for v in own]

    def _base_config(self) -> dict[str, Any]:
        rate = self._learning_rate
        return {
            "name": self.name,
            "learning_rate": float(rate.numpy()) if isinstance(rate, Variable) else serialize(rate),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
    ) -> Self:
        """An optimizer from its config; configs of Keras 2 are understood."""
        return super().from_config(modernised(config), custom_objects, safe_mode)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
