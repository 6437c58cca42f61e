"""Arguments of `compile`, `fit` and their like: misspelt names are told with the one that was meant, numbers are checked."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from keras.errors import did_you_mean, shorten

F = TypeVar("F", bound=Callable[..., Any])

_BY_DATASET = "how data are read ahead is said to them: `PyDataset(workers=..., max_queue_size=...)`"
#: Arguments of Keras 2 without a meaning today, and what takes their place.
_FORMER = {
    "workers": _BY_DATASET,
    "use_multiprocessing": _BY_DATASET,
    "max_queue_size": _BY_DATASET,
    "sample_weight_mode": "weights of single steps in time are known by their shape",
    "target_tensors": "targets are given to `fit`",
}


def teach(method: F) -> F:
    """Make a method say "did you mean" about keyword arguments it does not have, and warn about those of Keras 2.

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
            kwargs = _without_former(f"{type(self).__name__}.{method.__name__}()", known, kwargs)
        if not known.issuperset(kwargs):
            wrong = next(name for name in kwargs if name not in known)
            raise TypeError(
                f"{type(self).__name__}.{method.__name__}() has no argument `{wrong}`.{did_you_mean(wrong, names)}"
            )
        return method(self, *args, **kwargs)

    return checked  # type: ignore[return-value]


def _without_former(what: str, known: frozenset[str], arguments: dict[str, Any]) -> dict[str, Any]:
    former = {name: value for name, value in arguments.items() if name in _FORMER and name not in known}
    for name, value in former.items():
        if value is not None:
            warnings.warn(f"{what}: `{name}` of Keras 2 is left out; {_FORMER[name]}.", stacklevel=3)
    return {name: value for name, value in arguments.items() if name not in former}


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
