"""What is known of a tensor before it has a value: its shape, of which sizes may be missing, and its dtype.

Dimensions that are not known yet (the batch of a model being built) are `UNKNOWN` inside and None in `KerasTensor.shape`;
they absorb arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from keras.backend import dtypes
from keras.backend.operators import TensorOperators, public_op
from keras.backend.state import auto_name


class Unknown:
    """A number nobody knows yet, a dimension above all. Arithmetic with it is again unknown.

    An op takes it for a scalar tensor. As a number of Python's it is an error.
    """

    def __init__(self, kind: type) -> None:
        self.kind = kind  # int or float, as promotion sees it

    def _absorb(self, *others: Any) -> Any:
        if any(isinstance(x, KerasTensor) for x in others):
            return NotImplemented  # the tensor's own operator takes it in
        return _UNKNOWN_FLOAT if any(isinstance(x, float) for x in others) else self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _absorb
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = __abs__ = _absorb

    _smaller = _larger = _absorb  # of this one and another

    def _divide(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, KerasTensor) else _UNKNOWN_FLOAT

    __truediv__ = __rtruediv__ = _divide

    def _false(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, KerasTensor) else False

    __lt__ = __le__ = __gt__ = __ge__ = _false

    def __index__(self) -> int:
        raise TypeError(
            "A dimension of this symbolic tensor is not known yet (None), so it cannot be used as a number here. "
            "Give the dimension in `Input(shape=...)`, or write the computation without it."
        )

    __int__ = __index__

    def __repr__(self) -> str:
        return "None"

    def __reduce__(self) -> str:
        return "UNKNOWN" if self.kind is int else "_UNKNOWN_FLOAT"


class Open(Unknown):
    """A dimension that one compiled function is to serve all sizes of.

    Nothing may be concluded from it: whatever would compute with it or compare it is an error, and the function is then
    compiled for each size by itself. `UNKNOWN` would absorb the computation, and what depends on it.
    """

    def _refuse(self, other: Any = None) -> Any:
        raise TypeError("This dimension is left open: it cannot be computed with.")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refuse
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = __abs__ = _refuse
    __truediv__ = __rtruediv__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __index__ = __int__ = __float__ = __bool__ = _smaller = _larger = _refuse

    def __reduce__(self) -> str:
        return "OPEN"


#: Of sizes that an engine's tracing has left open.
SIZE_NOT_KNOWN = (
    "the size of an axis is not known in this graph, and the result depends on it. Trace the function with whole shapes; "
    "where the batch is open, the data set's `drop_remainder=True` closes it."
)
UNKNOWN: Any = Unknown(int)
OPEN: Any = Open(int)
_UNKNOWN_FLOAT: Any = Unknown(float)


def is_unknown(d: Any) -> bool:
    """Whether a number is not known yet. One that is left open counts as known: it refuses whatever follows from that."""
    return isinstance(d, Unknown) and not isinstance(d, Open)


def shape_str(shape: Sequence[Any]) -> str:
    """A shape for messages: `(None, 3)`."""
    return str(tuple(None if is_unknown(d) else d for d in shape))


class SymbolicTensorError(TypeError, ValueError):
    """A symbolic tensor was used as a number or array: of the wrong type for Python, without a value for Keras."""


class NoLengthError(TypeError, AttributeError):
    """A symbolic tensor has no length: for `len` the one, for `hasattr` the other."""


class _Length:
    """`len(x)`, where the first dimension is known.

    Where it is not, as in a model's output, there is none: programs ask `hasattr(x, "__len__")` to find a list.
    """

    def __get__(self, x: Any, owner: type) -> Any:
        if x is None:
            return self
        if not x.dims or (is_unknown(x.dims[0]) and not isinstance(x.dims[0], Open)):
            raise NoLengthError(f"{x!r} has no len(): its first dimension is not known.")
        return lambda: int(x.dims[0])


class KerasTensor(TensorOperators):
    """A symbolic tensor: a shape and a dtype, and, in a functional graph, the node it came from.

    Args:
        shape: tuple of ints and None; an int for a vector.
        dtype: name; default `float32`.
        sparse, ragged: accepted for compatibility; must be false.
        name: shown in messages and summaries.

    Example:
        >>> import keras
        >>> keras.KerasTensor((None, 3)).shape
        (None, 3)
    """

    def __init__(
        self,
        shape: int | Sequence[Any],
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        name: str | None = None,
    ) -> None:
        if sparse or ragged:
            raise ValueError(
                "Sparse and ragged symbolic tensors are not supported; use a dense tensor and a mask."
            )
        shape = (shape,) if isinstance(shape, int) else shape
        self.dims: tuple[Any, ...] = tuple(
            UNKNOWN if d is None or isinstance(d, Unknown) else int(d) for d in shape
        )
        self.dtype: str = dtypes.standardize(dtype)
        self.sparse = self.ragged = False
        self._name = name
        self.node: Any = None  # the graph node that made it, and which of the node's outputs it is
        self.index = 0
        self._truth: bool | None = None  # of what `==` or `!=` made of two symbolic tensors

    @property
    def name(self) -> str:
        if self._name is None:
            self._name = auto_name("keras_tensor")
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name

    @property
    def shape(self) -> tuple[int | None, ...]:
        return tuple(None if is_unknown(d) else d for d in self.dims)

    _keras_shape = shape  # its name in Keras 2, which programs knew

    @property
    def ndim(self) -> int:
        return len(self.dims)

    @property
    def size(self) -> int | None:
        n = math.prod(self.dims)
        return None if is_unknown(n) else n

    @property
    def T(self) -> KerasTensor:
        return public_op("transpose")(self)

    def reshape(self, *shape: Any) -> KerasTensor:
        return public_op("reshape")(
            self, shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        )

    def squeeze(self, axis: int | None = None) -> KerasTensor:
        return public_op("squeeze")(self, axis)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    __len__ = _Length()

    def __iter__(self) -> Any:
        if not self.dims or is_unknown(self.dims[0]):
            raise TypeError(
                f"A symbolic tensor cannot be iterated over when its first dimension is unknown. Received: {self!r}"
            )
        return (self[i] for i in range(self.dims[0]))

    def _no_value(self, *_: Any, **__: Any) -> Any:
        raise SymbolicTensorError(
            f"{self!r} is a symbolic tensor: it has a shape and a dtype but no value. It can be passed to Keras layers "
            "and to `keras.ops` functions; put other code (NumPy, TensorFlow, `if`, `float()`) into a layer's `call`."
        )

    def __eq__(self, other: Any) -> Any:
        return self._compared(super().__eq__, other, self is other)

    def __ne__(self, other: Any) -> Any:
        return self._compared(super().__ne__, other, self is not other)

    __hash__ = object.__hash__

    def _compared(self, compare: Callable[[Any], Any], other: Any, truth: bool) -> Any:
        """The symbolic comparison. With another symbolic tensor it is true or false as well, for `x in inputs`."""
        if not isinstance(other, KerasTensor):
            return compare(other)
        try:
            y = compare(other)
        except ValueError:  # shapes that do not broadcast
            return truth
        y._truth = truth
        return y

    def __bool__(self) -> bool:
        return self._no_value() if self._truth is None else self._truth

    __array__ = __float__ = __int__ = __index__ = _no_value
    __tf_tensor__ = __jax_array__ = __dlpack__ = _no_value


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a symbolic tensor."""
    return isinstance(x, KerasTensor)


# ---------------------------------------------------------------------- rules
def smallest(*dims: Any) -> Any:
    """The smallest of some dimensions, as far as they are known."""
    return _of_all(dims, min, "_smaller")


def largest(*dims: Any) -> Any:
    """The largest of some dimensions, as far as they are known."""
    return _of_all(dims, max, "_larger")


def _of_all(dims: Sequence[Any], known: Callable[..., Any], method: str) -> Any:
    numbers = [d for d in dims if not isinstance(d, Unknown)]
    if len(numbers) == len(dims):
        return known(dims)
    first, *others = sorted(dims, key=lambda d: not isinstance(d, Unknown))
    for d in others:
        first = getattr(first, method)(d)
    return first


def broadcast(who: str, *shapes: tuple[Any, ...]) -> tuple[Any, ...]:
    """NumPy's broadcast shape; ValueError naming `who` and the shapes."""
    rank = max((len(s) for s in shapes), default=0)
    out = []
    for column in zip(*((1,) * (rank - len(s)) + tuple(s) for s in shapes), strict=True):
        known = {d for d in column if not isinstance(d, Unknown) and d != 1}
        loose = [d for d in column if isinstance(d, Unknown)]
        if len(known) > 1:
            raise ValueError(
                f"{who}: shapes do not broadcast. Received: {' and '.join(map(shape_str, shapes))}"
            )
        if known and any(isinstance(d, Open) for d in loose):
            raise TypeError(f"{who}: {SIZE_NOT_KNOWN}")
        out.append(known.pop() if known else largest(*loose) if loose else 1)
    return tuple(out)


def same(a: Any, b: Any) -> bool:
    """Whether two dimensions can be equal."""
    return is_unknown(a) or is_unknown(b) or a == b


def same_shapes(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Whether two shapes can be equal."""
    return len(a) == len(b) and all(map(same, a, b))


def window_size(n: Any, k: int, stride: int, low: int, high: int, dilation: int) -> Any:
    """Number of windows along a padded axis of size n."""
    return largest((n + low + high - (k - 1) * dilation - 1) // stride + 1, 0)
