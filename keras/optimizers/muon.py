"""Muon: momentum made orthogonal, for matrices; AdamW for everything else."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from keras import ops
from keras.backend.state import Variable
from keras.ops.dispatch import shape_of
from keras.optimizers.kernels import adam_update
from keras.optimizers.optimizer import Optimizer, Rate

Tensor = Any

_TINY = 1e-7


class Muon(Optimizer):
    """`p -= lr * orthogonalised(momentum)` for kernels of rank 2; other variables take AdamW's step.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        adam_beta_1: `beta_1` of AdamW.
        adam_beta_2: `beta_2` of AdamW.
        adam_weight_decay: weight decay of the variables AdamW moves.
        epsilon: keeps the division from zero.
        weight_decay: as in `Optimizer`, like all arguments not named here.
        exclude_layers: regular expressions: variables whose path matches one are left to AdamW.
        exclude_embeddings: whether embeddings are left to AdamW.
        muon_a: coefficient of the Newton-Schulz iteration, as `muon_b` and `muon_c`.
        muon_b: see `muon_a`.
        muon_c: see `muon_a`.
        adam_lr_ratio: AdamW's learning rate, as a share of Muon's.
        momentum: decay of Muon's momentum.
        ns_steps: number of Newton-Schulz iterations.
        nesterov: whether the gradient's step is taken after the momentum's.
        rms_rate: root mean square of a step at rate 1; None scales by the shape instead.

    >>> import keras
    >>> v = keras.Variable([1.0, 2.0], name="v")
    >>> keras.optimizers.Muon(learning_rate=0.1).apply([keras.ops.convert_to_tensor([1.0, -1.0])], [v])
    >>> [round(x, 3) for x in v.numpy().tolist()]
    [0.9, 2.099]
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
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
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate
        self.exclude_layers = list(exclude_layers or [])

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums: list[Variable] = []
        self._velocities: list[Variable | None] = []
        for variable in variables:
            self._momentums.append(self.add_variable_from_reference(variable, "momentum"))
            by_adam = self._by_adam(variable)
            self._velocities.append(
                self.add_variable_from_reference(variable, "velocity") if by_adam else None
            )

    def _by_adam(self, variable: Variable) -> bool:
        path = variable.path
        if len(variable.shape) != 2 or (self.exclude_embeddings and "embedding" in path.lower()):
            return True
        return any(re.search(pattern, path) for pattern in self.exclude_layers)

    def _decay(self, variables: Iterable[Variable], rates: Mapping[str, Tensor]) -> None:
        for variable in variables:
            decay = self.adam_weight_decay if self._by_adam(variable) else self.weight_decay
            if decay is not None and self._decays(variable):
                share = ops.multiply(rates[variable.dtype], decay)
                variable.assign(ops.subtract(variable, ops.multiply(variable, share)))

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        i = self.index_of(variable)
        momentum, velocity = self._momentums[i], self._velocities[i]
        if velocity is None:
            self._muon_step(gradient, variable, momentum, learning_rate)
            return
        p, m, v = adam_update(
            variable.value,
            gradient,
            momentum.value,
            velocity.value,
            ops.multiply(learning_rate, float(self.adam_lr_ratio)),
            self.adam_beta_1,
            self.adam_beta_2,
            self.epsilon,
            self.local_step(variable.dtype),
        )
        variable.assign(p)
        momentum.assign(m)
        velocity.assign(v)

    def _muon_step(self, gradient: Tensor, variable: Variable, momentum: Variable, rate: Tensor) -> None:
        m = ops.add(ops.multiply(momentum, self.momentum), gradient)
        momentum.assign(m)
        direction = ops.add(gradient, ops.multiply(m, self.momentum)) if self.nesterov else m
        rows, columns = variable.shape
        if self.rms_rate is None:
            size = math.sqrt(max(1.0, rows / columns))
        else:
            size = self.rms_rate * math.sqrt(max(rows, columns))
        move = ops.multiply(self._orthogonalised(direction), ops.multiply(rate, size))
        variable.assign(ops.subtract(variable, move))

    def _orthogonalised(self, x: Tensor) -> Tensor:
        """The nearest matrix with orthonormal rows or columns, nearly: an odd polynomial, iterated."""
        rows, columns = shape_of(x)
        tall = rows > columns
        x = ops.transpose(x) if tall else x
        x = ops.divide(x, ops.add(ops.sqrt(ops.sum(ops.square(x))), _TINY))
        for _ in range(self.ns_steps):
            a = ops.matmul(x, ops.transpose(x))
            b = ops.add(ops.multiply(a, self.muon_b), ops.multiply(ops.matmul(a, a), self.muon_c))
            x = ops.add(ops.multiply(x, self.muon_a), ops.matmul(b, x))
        return ops.transpose(x) if tall else x
