"""What all default bodies share: they see an engine through its primitives, and make scalars of a tensor's dtype."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from keras.backend.dtypes import is_float

Tensor = Any

_LIMITS: dict[str, tuple[Any, Any]] = {
    "bool": (False, True),
    **{f"int{n}": (-(2 ** (n - 1)), 2 ** (n - 1) - 1) for n in (8, 16, 32, 64)},
    **{f"uint{n}": (0, 2**n - 1) for n in (8, 16, 32, 64)},
}


class Composed:
    """Base of the mixins. The primitives their bodies call are those of the engine that inherits them."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def _scalar(self, value: Any, like: Tensor) -> Tensor:
        """A scalar tensor of the dtype of `like`."""
        return self.full((), value, self.spec(like)[1])

    def _horner(self, coefficients: Sequence[float], x: Tensor) -> Tensor:
        """The polynomial with these coefficients, constant first."""
        y = self._scalar(coefficients[-1], x)
        for c in coefficients[-2::-1]:
            y = self.add(self.mul(y, x), self._scalar(c, x))
        return y


def in_float32(body: Callable[[Any, Tensor], Tensor]) -> Callable[[Any, Tensor], Tensor]:
    """Run a unary body in float32 when its argument has 16 bits: the steps in between need the digits."""

    @functools.wraps(body)
    def method(self: Any, x: Tensor) -> Tensor:
        dtype = self.spec(x)[1]
        if dtype not in ("float16", "bfloat16"):
            return body(self, x)
        return self.cast(body(self, self.cast(x, "float32")), dtype)

    return method


def lowest(dtype: str) -> float | int | bool:
    """The value no other value of `dtype` is below."""
    return float("-inf") if is_float(dtype) else _LIMITS[dtype][0]


def highest(dtype: str) -> float | int | bool:
    """The value no other value of `dtype` is above."""
    return float("inf") if is_float(dtype) else _LIMITS[dtype][1]
