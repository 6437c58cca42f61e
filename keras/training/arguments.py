"""Misspelt arguments of `compile`, `fit` and their like are told with the name that was meant."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from keras.errors import did_you_mean

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
