"""The functions that the step of a recurrence may end with, and their slopes, told by what the function gave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Tensor = Any


class Gate(NamedTuple):
    """A function of one element.

    Args:
        value: of it, `(engine, x) -> y`.
        pull_back: `(engine, dy, y) -> dx`.
    """

    value: Callable[[Any, Tensor], Tensor]
    pull_back: Callable[[Any, Tensor, Tensor], Tensor]


def _number(e: Any, value: float, like: Tensor) -> Tensor:
    return e.full((), value, e.spec(like)[1])


def _tanh_back(e: Any, dy: Tensor, y: Tensor) -> Tensor:
    return e.mul(dy, e.sub(_number(e, 1, y), e.mul(y, y)))


def _sigmoid_back(e: Any, dy: Tensor, y: Tensor) -> Tensor:
    return e.mul(dy, e.mul(y, e.sub(_number(e, 1, y), y)))


def _relu(e: Any, x: Tensor) -> Tensor:
    return e.maximum(x, _number(e, 0, x))


def _relu_back(e: Any, dy: Tensor, y: Tensor) -> Tensor:
    zero = _number(e, 0, y)
    return e.select(e.less(zero, y), dy, zero)


def _hard_sigmoid(width: int) -> Gate:
    """From 0 to 1 along a line of so many numbers."""

    def forward(e: Any, x: Tensor) -> Tensor:
        y = e.add(e.div(x, _number(e, width, x)), _number(e, 0.5, x))
        return e.minimum(e.maximum(y, _number(e, 0, x)), _number(e, 1, x))

    def back(e: Any, dy: Tensor, y: Tensor) -> Tensor:
        zero, one = _number(e, 0, y), _number(e, 1, y)
        inside = e.logical_and(e.less(zero, y), e.less(y, one))
        return e.select(inside, e.div(dy, _number(e, width, y)), zero)

    return Gate(forward, back)


#: By the names of `keras.activations`.
GATES = {
    "tanh": Gate(lambda e, x: e.tanh(x), _tanh_back),
    "sigmoid": Gate(lambda e, x: e.sigmoid(x), _sigmoid_back),
    "relu": Gate(_relu, _relu_back),
    "hard_sigmoid": _hard_sigmoid(6),
    "keras2_hard_sigmoid": _hard_sigmoid(5),
    "linear": Gate(lambda e, x: x, lambda e, dy, y: dy),
}
