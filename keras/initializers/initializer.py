"""The base of all initializers: values made on the host, so that building a model needs no engine."""

from typing import Any

import numpy as np

from keras import config
from keras.backend import dtypes, select, state
from keras.errors import shorten
from keras.ops.dispatch import convert
from keras.serializable import Serializable

Tensor = Any
Shape = tuple[int, ...]


class Initializer(Serializable):
    """Base class. A subclass writes one of two methods, and gets the other from it:

    - `__call__(shape, dtype=None)`, with ops, as in Keras;
    - `host(shape, dtype)`, with NumPy, as all initializers of the library do: equal seeds then give equal
      weights on every engine.

    >>> from keras import ops
    >>> class Sevens(Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return 7 * ops.ones(shape, dtype)
    >>> Sevens()((2,), "int32").tolist()
    [7, 7]
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # What the subclass wrote decides, not what it inherits.
        if "__call__" in vars(cls) and "host" not in vars(cls):
            cls.host = Initializer.host  # type: ignore[method-assign]
        elif "host" in vars(cls) and "__call__" not in vars(cls):
            cls.__call__ = Initializer.__call__  # type: ignore[method-assign]

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        """A tensor of initial values.

        Args:
            shape: tuple of ints.
            dtype: the result's dtype; `floatx` by default.
        """
        if type(self).host is Initializer.host:
            raise NotImplementedError(
                f"{type(self).__name__} must have a method `__call__(self, shape, dtype=None)`"
            )
        dtype = dtypes.standardize(dtype or config.floatx())
        return convert(self.host(_checked(shape, type(self).__name__), dtype), dtype)

    def host(self, shape: Shape, dtype: Any) -> np.ndarray:
        """The initial values as a NumPy array.

        Args:
            shape: tuple of ints.
            dtype: the dtype's name.
        """
        with select.scope(None):  # real values, also while shapes are being inferred
            return state.to_host(self(shape, dtype=dtype))

    def clone(self) -> "Initializer":
        """An initializer made from this one's config; without a seed it draws one of its own."""
        return self.from_config(self.get_config())


def _checked(shape: Any, who: str) -> Shape:
    try:
        return tuple(int(size) for size in shape)
    except TypeError:
        raise TypeError(f"{who}: the shape must be a tuple of ints, got {shorten(shape)}") from None
