"""What a learning-rate schedule is: a function of the step."""

from __future__ import annotations

from typing import Any

from keras.serializable import Serializable

Tensor = Any


class LearningRateSchedule(Serializable):
    """Base of all schedules: subclass it and write `__call__(step)`.

    `step` may be a Python int, a variable or a tensor inside a compiled step: use `keras.ops`.

    >>> class Halves(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 1.0 / 2**step
    >>> Halves()(2)
    0.25
    """

    def __call__(self, step: Any) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} must write __call__(self, step)")
