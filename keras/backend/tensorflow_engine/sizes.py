"""Sizes of tensors that a graph knows only when it runs, which other code left open (`tf.TensorSpec([None, 4])`).

They stand in shapes where there would be a number, and become tensors where an operation takes the shape.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from keras.backend.spec import SIZE_NOT_KNOWN, Open, Unknown
from keras.backend.tensorflow_engine.loading import tf

Tensor = Any


def once_in_graph(key: Any, make: Callable[[], Tensor]) -> Tensor:
    """A tensor of the graph being traced, made when it is first needed there: a third of all nodes are constants."""
    graph = tf.compat.v1.get_default_graph()
    known = getattr(graph, "_keras_constants", None)
    if known is None:
        known = graph._keras_constants = {}
    if key not in known:
        known[key] = make()
    return known[key]


def computes_sizes(graph: Any) -> bool:
    """Whether a size was asked for while a graph was traced."""
    return any(isinstance(key, Size) for key in getattr(graph, "_keras_constants", ()))


def of_axis(x: Tensor, axis: int, closed: bool) -> Any:
    """The size of an axis that is not known: to be computed with; or, if not `closed`, one nothing may be concluded from."""

    def make() -> Tensor:
        return once_in_graph(("shape", x.ref()), lambda: tf.shape(x))[axis]

    return Size(make) if closed else OpenSize(make)


class Computed(Unknown):
    """A number of the running graph.

    Args:
        make: gives it as a scalar tensor; of int32, or of float64 for a float.
        kind: int or float.
    """

    def __init__(self, make: Callable[[], Tensor], kind: type = int) -> None:
        super().__init__(kind)
        self._make = make

    @property
    def tensor(self) -> Tensor:
        """The number, as a tensor of the graph in which it is asked for."""
        return once_in_graph(self, self._make)

    def _computed(self, f: Callable[..., Tensor], *others: Any) -> Any:
        """`f` of this number and others; what nobody knows absorbs them."""
        if not all(isinstance(x, (Computed, int, float)) for x in others):
            return next((x for x in others if isinstance(x, Unknown)), NotImplemented)
        numbers = (self, *others)
        kind = float if any(_is_float(x) for x in numbers) else int
        return type(self)(lambda: f(*(_as_tensor(x, kind) for x in numbers)), kind)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown)  # they may be equal, and there is nothing to tell them apart by

    __hash__ = object.__hash__  # so that no cache takes one for another

    def __reduce__(self) -> Any:
        raise TypeError("A size of a graph cannot be kept.")


def _operation(f: Callable[[Any, Any], Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A method of numbers, and the one for the number on the right."""

    def left(self: Any, other: Any) -> Any:
        return self._computed(f, other)

    def right(self: Any, other: Any) -> Any:
        return self._computed(lambda a, b: f(b, a), other)

    return left, right


class Size(Computed):
    """One to compute with. What is decided while tracing is decided as for any unknown size: comparing is false."""

    __add__, __radd__ = _operation(operator.add)
    __sub__, __rsub__ = _operation(operator.sub)
    __mul__, __rmul__ = _operation(operator.mul)
    __floordiv__, __rfloordiv__ = _operation(operator.floordiv)
    __mod__, __rmod__ = _operation(operator.mod)
    __pow__, __rpow__ = _operation(operator.pow)
    _smaller, _ = _operation(lambda a, b: tf.minimum(a, b))
    _larger, _ = _operation(lambda a, b: tf.maximum(a, b))

    def __index__(self) -> int:
        raise TypeError(SIZE_NOT_KNOWN)

    __int__ = __float__ = __index__

    def __neg__(self) -> Any:
        return self._computed(operator.neg)

    def __truediv__(self, other: Any) -> Any:
        return self._computed(operator.truediv, 1.0 * other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._computed(lambda a, b: b / a, 1.0 * other)


class OpenSize(Computed, Open):
    """One that a function compiled for all sizes leaves open: it can be asked for in a shape, alone or in a product."""

    def _multiplied(self, other: Any) -> Any:
        return self._refuse() if other == 0 else self._computed(operator.mul, other)

    __mul__ = __rmul__ = _multiplied  # type: ignore[assignment]


def _is_float(x: Any) -> bool:
    return x.kind is float if isinstance(x, Computed) else isinstance(x, float)


def _as_tensor(x: Any, kind: type) -> Tensor:
    x = x.tensor if isinstance(x, Computed) else tf.constant(x)
    return tf.cast(x, tf.float64 if kind is float else tf.int32)
