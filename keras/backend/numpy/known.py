"""What a call comes down to when shapes and dtypes are known beforehand: mostly one of NumPy's own functions.

Methods of the engine take arrays of any kind, and see to each: results without axes must be arrays, narrow floats are
widened, large arrays shared between cores. A linked program knows what it has and leaves that out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])
Function = Callable[..., Any]

#: Dtypes NumPy computes sums and products in as they are.
PLAIN = frozenset(("float32", "float64", "complex64", "complex128"))


def known(choose: Callable[..., Function | None]) -> Callable[[F], F]:
    """Give a method its short form: `choose(*arguments)`, with specs in place of arrays, is the function or None."""

    def enter(method: F) -> F:
        method.known = choose  # type: ignore[attr-defined]
        return method

    return enter


def short_form(method: Callable[..., Any], *args: Any) -> Function | None:
    """A function that serves in place of `method` for these arguments, among which specs stand for arrays; or None."""
    choose = getattr(method, "known", None)
    return choose(*args) if choose is not None else None


def takes_out(function: F) -> F:
    """Mark a short form that takes `out=` as NumPy's universal functions do: one of its operands may be the result."""
    function.takes_out = True  # type: ignore[attr-defined]
    return function


def writes_into(function: Function) -> bool:
    """Whether a short form takes `out=`."""
    return isinstance(function, np.ufunc) or getattr(getattr(function, "func", function), "takes_out", False)


class Remembered:
    """A function of arrays (or None) that short forms call again and again with those of variables.

    These cannot be written into: what follows from them is worked out once for as long as they are the same.
    """

    def __init__(self, function: Function) -> None:
        self._function = function
        self._known: tuple[tuple[Any, ...], Any] | None = None

    def __call__(self, *arrays: Any) -> Any:
        if self._known is not None and all(map(operator.is_, self._known[0], arrays)):
            return self._known[1]
        result = self._function(*arrays)
        if not any(x is not None and x.flags.writeable for x in arrays):
            self._known = arrays, result
        return result
