"""Loss functions give results of the dtype of the predictions.

Everywhere but in NumPy itself a Python number takes the dtype of the tensor it meets; NumPy makes float32 of `1.0 - x` when x is
bfloat16, which is a dtype of another package.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from keras import ops
from keras.losses.shapes import as_float
from keras.ops.dispatch import composed, dtype_of

F = TypeVar("F", bound=Callable[..., Any])


def loss_function(name: str) -> Callable[[F], F]:
    """`composed(name)` for a function of `(y_true, y_pred, ...)`, whose result gets the dtype of `y_pred`.

    Args:
        name: of the step in graphs.

    Returns:
        A decorator.

    >>> @loss_function("losses_half")
    ... def half(y_true, y_pred):
    ...     return 0.5 * (y_pred - y_true)
    >>> half(1, ops.ones((1,), "bfloat16")).dtype.name
    'bfloat16'
    """

    def decorate(body: F) -> F:
        @composed(name)
        @functools.wraps(body)
        def call(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Any:
            y_pred = as_float(y_pred)
            return ops.cast(body(y_true, y_pred, *args, **kwargs), dtype_of(y_pred))

        return call  # type: ignore[return-value]

    return decorate
