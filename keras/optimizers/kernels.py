"""The updates of the common optimizers as kernels: pure, strict, and open to a fused version of an engine's own.

Arguments are tensors of one dtype (`lr` and `step` scalar ones) and Python floats; the results are the new values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from keras import ops
from keras.ops.dispatch import kernel

Tensor = Any

_found: ContextVar[dict[Any, tuple[Tensor, Any]] | None] = ContextVar("keras_step_of_optimizer", default=None)


@contextmanager
def one_step() -> Iterator[None]:
    """The block is one step of all variables: what is the same for all of them is computed `once`."""
    token = _found.set({})
    try:
        yield
    finally:
        _found.reset(token)


def once(key: Any, compute: Callable[[], Tensor]) -> Tensor:
    """What `compute` gave when it was first called with this key in the step."""
    found = _found.get()
    if found is None:
        return compute()
    if key not in found:
        found[key] = compute(), compute  # what the key names by its id lives as long
    return found[key][0]


@kernel
def momentum_update(
    param: Tensor, grad: Tensor, velocity: Tensor, lr: Tensor, momentum: float, nesterov: bool
) -> tuple[Tensor, Tensor]:
    """`v = momentum * v - lr * g`; `p += v`, or `p += momentum * v - lr * g` (Nesterov). Returns `p, v`."""
    step = ops.multiply(grad, lr)
    velocity = ops.subtract(ops.multiply(velocity, momentum), step)
    move = ops.subtract(ops.multiply(velocity, momentum), step) if nesterov else velocity
    return ops.add(param, move), velocity


@kernel
def rmsprop_update(
    param: Tensor, grad: Tensor, velocity: Tensor, lr: Tensor, rho: float, epsilon: float
) -> tuple[Tensor, Tensor]:
    """`v = rho * v + (1 - rho) * g**2`; `p -= lr * g / sqrt(v + epsilon)`. Returns `p, v`."""
    velocity = ops.add(ops.multiply(velocity, rho), ops.multiply(ops.square(grad), 1.0 - rho))
    move = ops.divide(ops.multiply(grad, lr), ops.sqrt(ops.add(velocity, epsilon)))
    return ops.subtract(param, move), velocity


@kernel
def adam_update(
    param: Tensor,
    grad: Tensor,
    m: Tensor,
    v: Tensor,
    lr: Tensor,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    step: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Moving averages `m` of `g` and `v` of `g**2`; `p -= lr_t * m / (sqrt(v) + epsilon)`. Returns `p, m, v`.

    `lr_t = lr * sqrt(1 - beta_2**step) / (1 - beta_1**step)`; `step` counts from 1 and is of the dtype of `param`.
    """
    m, v = moments_update(grad, m, v, beta_1, beta_2)
    move = ops.divide(
        ops.multiply(m, corrected_rate(lr, beta_1, beta_2, step)), ops.add(ops.sqrt(v), epsilon)
    )
    return ops.subtract(param, move), m, v


def moments_update(grad: Tensor, m: Tensor, v: Tensor, beta_1: Any, beta_2: Any) -> tuple[Tensor, Tensor]:
    """The next moving averages of the gradient and of its square; the decays are floats or scalar tensors."""
    m = ops.add(m, ops.multiply(ops.subtract(grad, m), 1.0 - beta_1))
    v = ops.add(v, ops.multiply(ops.subtract(ops.square(grad), v), 1.0 - beta_2))
    return m, v


def corrected_rate(lr: Tensor, beta_1: float, beta_2: float, step: Tensor) -> Tensor:
    """The learning rate with which averages that began at zero give the step of unbiased ones."""

    def rate() -> Tensor:
        unbias = ops.divide(ops.sqrt(one_minus_power(beta_2, step)), one_minus_power(beta_1, step))
        return ops.multiply(lr, unbias)

    return once((id(lr), id(step), beta_1, beta_2), rate)


def one_minus_power(base: float, step: Tensor) -> Tensor:
    """`1 - base**step`."""
    return ops.subtract(1.0, ops.power(base, step))
