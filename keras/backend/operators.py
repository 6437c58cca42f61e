"""Python operators for the library's own tensor-like objects: symbolic tensors, traced tensors, variables.

The implementations are the public ops; they register themselves here because this module lies below them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

#: Public ops by name, filled by `keras.ops.dispatch.op`.
OPS: dict[str, Callable[..., Any]] = {}


def public_op(name: str) -> Callable[..., Any]:
    """The public op `name`, importing `keras.ops` if nobody has yet."""
    if name not in OPS:
        importlib.import_module("keras.ops")
    return OPS[name]


def _binary(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def forward(self: Any, other: Any) -> Any:
        return public_op(name)(self, other)

    def reflected(self: Any, other: Any) -> Any:
        return public_op(name)(other, self)

    return forward, reflected


def _equality(name: str) -> Callable[..., Any]:
    def method(self: Any, other: Any) -> Any:
        if other is None or isinstance(other, str):  # no numbers: Python then compares identities
            return NotImplemented
        return public_op(name)(self, other)

    return method


def _unary(name: str) -> Callable[..., Any]:
    def method(self: Any) -> Any:
        return public_op(name)(self)

    return method


#: NumPy's functions behind the operators, and our ops.
_UFUNCS = {
    **{
        n: n for n in ("add", "subtract", "multiply", "floor_divide", "power", "matmul", "equal", "not_equal")
    },
    **{n: n for n in ("less", "less_equal", "greater", "greater_equal")},
    "divide": "true_divide",
    "remainder": "mod",
    **{f"bitwise_{n}": f"logical_{n}" for n in ("and", "or", "xor")},
    "invert": "logical_not",
}


class TensorOperators:
    """`+ - * / @ [] < ...` through the public ops, with their promotion rules."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        # `array + this` asks NumPy first: what has an operator here goes to the op, the rest works on host values.
        if method == "__call__" and not kwargs and ufunc.__name__ in _UFUNCS:
            return public_op(_UFUNCS[ufunc.__name__])(*inputs)
        try:
            arrays = [np.asarray(x) if isinstance(x, TensorOperators) else x for x in inputs]
        except RuntimeError:
            # `array += this` in a function that is being traced: the name is bound to the sum, as TensorFlow has it.
            in_place = method == "__call__" and list(kwargs) == ["out"] and kwargs["out"][0] is inputs[0]
            if in_place and ufunc.__name__ in _UFUNCS:
                return public_op(_UFUNCS[ufunc.__name__])(*inputs)
            raise
        return getattr(ufunc, method)(*arrays, **kwargs)

    __add__, __radd__ = _binary("add")
    __sub__, __rsub__ = _binary("subtract")
    __mul__, __rmul__ = _binary("multiply")
    __truediv__, __rtruediv__ = _binary("true_divide")
    __floordiv__, __rfloordiv__ = _binary("floor_divide")
    __mod__, __rmod__ = _binary("mod")
    __pow__, __rpow__ = _binary("power")
    __matmul__, __rmatmul__ = _binary("matmul")
    __and__, __rand__ = _binary("logical_and")
    __or__, __ror__ = _binary("logical_or")
    __xor__, __rxor__ = _binary("logical_xor")
    __lt__ = _binary("less")[0]
    __le__ = _binary("less_equal")[0]
    __gt__ = _binary("greater")[0]
    __ge__ = _binary("greater_equal")[0]
    __eq__ = _equality("equal")
    __ne__ = _equality("not_equal")
    __neg__ = _unary("negative")
    __pos__ = _unary("copy")
    __abs__ = _unary("absolute")
    __invert__ = _unary("logical_not")
    __hash__ = object.__hash__

    def __getitem__(self, key: Any) -> Any:
        return public_op("get_item")(self, key)

    def __round__(self, ndigits: int | None = None) -> Any:
        return public_op("round")(self, decimals=ndigits or 0)
