"""Arguments of `compile`, `fit` and their like: misspelt names are told with the one that was meant, numbers are checked."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from keras.errors import did_you_mean, shorten

F = TypeVar("F", bound=Callable[..., Any])


def teach(method: F) -> F:
    """Make a method say "did you mean" about keyword arguments it does not have.

    >>> class Model:
    ...     @teach
    ...     def fit(self, epochs=1):
    ...         pass
    >>> Model().fit(epoch=3)
    Traceback (most recent call last):
    TypeError: Model.fit() has no argument `epoch`. Did you mean "epochs"?
    """
    names = list(inspect.signature(method).parameters)[1:]
    known = frozenset(names)

    @wraps(method)
    def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not known.issuperset(kwargs):
            wrong = next(name for name in kwargs if name not in known)
            raise TypeError(
                f"{type(self).__name__}.{method.__name__}() has no argument `{wrong}`.{did_you_mean(wrong, names)}"
            )
        return method(self, *args, **kwargs)

    return checked  # type: ignore[return-value]


def whole(name: str, value: Any, least: int = 1) -> int:
    """A setting that counts something. Raises ValueError unless it is a whole number of at least `least` (0 or 1).

    >>> whole("epochs", 1.5)
    Traceback (most recent call last):
    ValueError: epochs must be a positive whole number. Received: 1.5
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        kind = "a positive whole number" if least else "a whole number, 0 or more"
        raise ValueError(f"{name} must be {kind}. Received: {shorten(value)}")
    return int(value)
