"""The table of pull-backs, and the forms in which rules are written.

A rule answers, for one call of a primitive or kernel: given the gradient `dy` of a scalar by the result, what is the
gradient by each argument? It gets the engine to compute on, `dy`, the result, and the arguments as they were:

    @rule("mul", broadcasts=True)
    def _(e, dy, y, a, b):
        return lambda: e.mul(dy, b), lambda: e.mul(dy, a)

It returns one entry per argument (bare, if there is only one): a tensor, None for no gradient, or a function of no
arguments when the work is better left undone for an argument nobody differentiates by. Trailing entries may be left
out. Primitives with several results get lists for `dy` and `y`; a result nobody used has a gradient of zeros, and
integers have none. A rule that needs the sizes of tensors but not their values says so with `linear`: it is given
`(shape, dtype)` in their place and no result, and the memory is free as soon as the forward pass is done with it.

A kernel whose pull-back needs more than its result has a `forward` of its own, in primitives:
`(engine, *arguments) -> (result, kept)`; its rule is given what was kept in place of the result.

For complex tensors the gradient is d/d(real part) + i d/d(imaginary part).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

from keras.backend import select

Tensor = Any


class Rule(NamedTuple):
    """A pull-back and how to call it."""

    function: Callable[..., Any]
    linear: bool
    broadcasts: bool


RULES: dict[str, Rule] = {}
FORWARDS: dict[str, Callable[..., tuple[Any, Any]]] = {}


def rule(name: str, broadcasts: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a rule `(engine, dy, y, *arguments)`; `broadcasts`: sum gradients back to the shapes of their arguments."""
    return _enter(name, linear=False, broadcasts=broadcasts)


def linear(name: str, broadcasts: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a rule `(engine, dy, *arguments)` that sees specs instead of tensors."""
    return _enter(name, linear=True, broadcasts=broadcasts)


def forward(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the forward pass of a kernel that keeps something for its rule."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        FORWARDS[name] = function
        return function

    return enter


def _enter(name: str, linear: bool, broadcasts: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        RULES[name] = Rule(function, linear, broadcasts)
        return function

    return enter


# ---------------------------------------------------------------------- what many rules need
def kernel(e: Any, name: str, *args: Any) -> Any:
    """A kernel on an engine: its own version, else the shared body."""
    native = e.native(name)
    result = NotImplemented if native is None else native(*args)
    if result is not NotImplemented:
        return result
    kernels = importlib.import_module("keras.ops.dispatch").KERNELS  # above this module; loaded by now
    with select.scope(e):
        return kernels[name].body(*args)


def scalar(e: Any, value: Any, like: Tensor) -> Tensor:
    """A scalar tensor of the dtype of `like`."""
    return e.full((), value, e.spec(like)[1])


def sum_to(e: Any, x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The transpose of broadcasting from `shape`: sums over the axes it was stretched along."""
    wide = e.spec(x)[0]
    if wide == shape:
        return x
    extra = len(wide) - len(shape)
    axes = tuple(i for i, n in enumerate(wide) if i < extra or (shape[i - extra] == 1 and n != 1))
    return e.reshape(e.reduce_sum(x, axes) if axes else x, shape)


def spread(e: Any, x: Tensor, axes: tuple[int, ...], shape: tuple[int, ...]) -> Tensor:
    """A tensor whose `axes` were reduced away, stretched again to `shape`."""
    return e.broadcast_to(keep(e, x, axes, shape), shape)


def keep(e: Any, x: Tensor, axes: tuple[int, ...], shape: tuple[int, ...]) -> Tensor:
    """A tensor whose `axes` were reduced away, with those axes put back at size 1."""
    return e.reshape(x, tuple(1 if i in axes else n for i, n in enumerate(shape)))


def conj(e: Any, x: Tensor) -> Tensor:
    """Complex conjugate; the identity on real dtypes."""
    return e.complex(e.real(x), e.neg(e.imag(x))) if e.spec(x)[1].startswith("complex") else x


def square(e: Any, x: Tensor) -> Tensor:
    """x * x."""
    return e.mul(x, x)


def swap_last(e: Any, x: Tensor) -> Tensor:
    """A (batch of) matrices transposed."""
    n = len(e.spec(x)[0])
    return e.transpose(x, (*range(n - 2), n - 1, n - 2))
