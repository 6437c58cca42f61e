"""What is trained when nothing is trainable any more: a model that was frozen for the sake of another one trains on.

Adversarial pairs are written so: the judge is compiled; then it is frozen, and the model around it compiled; and both are
trained in turns. A change of `trainable` takes effect at once here. But where it leaves nothing to train, what was
trainable when `compile` was called is trained, as in Keras 2, for nobody trains a model that he wants to stay as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import Any, TypeVar

from keras.layers.tracking import forget

F = TypeVar("F", bound=Callable[..., Any])


def frozen_parts(model: Any) -> list[Any]:
    """Layers and variables that are not trainable now."""
    return [part for part in model._memory.parts(fresh=True) if not part.trainable]


def trains(method: F) -> F:
    """Makes a method of a model train what was trainable when `compile` was called, where nothing is now."""

    @wraps(method)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        with _as_compiled(self) if self._memory.all_frozen() else nullcontext():
            return method(self, *args, **kwargs)

    return run  # type: ignore[return-value]


@contextmanager
def _as_compiled(model: Any) -> Iterator[None]:
    before = [(part, part.trainable) for part in model._memory.parts(fresh=True)]
    model.trainable = True
    for part in model._frozen:
        part.trainable = False
    try:
        yield
    finally:
        for part, trainable in before:  # parts come after what holds them
            part.trainable = trainable
        forget()
