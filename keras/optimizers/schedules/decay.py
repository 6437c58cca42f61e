"""Schedules that lower the learning rate: exponential, stepwise, polynomial, hyperbolic, cosine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras import config, ops
from keras.optimizers.schedules.schedule import LearningRateSchedule

Tensor = Any


def _as_float(step: Any) -> Tensor:
    return ops.cast(ops.convert_to_tensor(step), config.floatx())


def _check_positive(who: str, name: str, value: float) -> None:
    if value <= 0:
        raise ValueError(f"{who}: {name} must be positive. Received: {name}={value}")


class ExponentialDecay(LearningRateSchedule):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: after so many steps the rate has been multiplied by `decay_rate` once.
        decay_rate: the factor.
        staircase: whether `step / decay_steps` is rounded down.
        name: name of the schedule.

    >>> round(float(ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)), 4)
    0.025
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        _check_positive(name, "decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name or type(self).__name__  # tf.keras 2 wrote None

    def __call__(self, step: Any) -> Tensor:
        done = ops.divide(_as_float(step), self.decay_steps)
        done = ops.floor(done) if self.staircase else done
        return ops.multiply(self.initial_learning_rate, ops.power(self.decay_rate, done))


class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[i]` up to and including step `boundaries[i]`; the last value afterwards.

    Args:
        boundaries: increasing steps.
        values: one rate more than boundaries.
        name: name of the schedule.

    Raises:
        ValueError: the lengths do not fit.

    >>> schedule = PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.25])
    >>> [float(schedule(step)) for step in (10, 11, 21)]
    [1.0, 0.5, 0.25]
    """

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                f"{name}: expected one value more than boundaries. "
                f"Received: {len(boundaries)} boundaries and {len(values)} values"
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name or type(self).__name__  # tf.keras 2 wrote None

    def __call__(self, step: Any) -> Tensor:
        step = _as_float(step)
        rate = ops.convert_to_tensor(self.values[0], dtype=config.floatx())
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            rate = ops.where(ops.greater(step, boundary), value, rate)
        return rate


class PolynomialDecay(LearningRateSchedule):
    """From `initial_learning_rate` to `end_learning_rate` as `(1 - step / decay_steps) ** power`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: the number of steps of the decay.
        end_learning_rate: the rate at its end.
        power: 1 for a straight line.
        cycle: whether to begin again, with a longer decay, instead of staying at the end.
        name: name of the schedule.

    >>> round(float(PolynomialDecay(0.1, decay_steps=10, end_learning_rate=0.0)(5)), 4)
    0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        _check_positive(name, "decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name or type(self).__name__  # tf.keras 2 wrote None

    def __call__(self, step: Any) -> Tensor:
        done = ops.divide(_as_float(step), self.decay_steps)
        if self.cycle:
            done = ops.divide(done, ops.maximum(ops.ceil(done), 1.0))
        left = ops.subtract(1.0, ops.minimum(done, 1.0))
        span = self.initial_learning_rate - self.end_learning_rate
        return ops.add(ops.multiply(span, ops.power(left, self.power)), self.end_learning_rate)


class InverseTimeDecay(LearningRateSchedule):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: how often the decay takes effect.
        decay_rate: how strong it is.
        staircase: whether `step / decay_steps` is rounded down.
        name: name of the schedule.

    >>> round(float(InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0)(10)), 4)
    0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        _check_positive(name, "decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name or type(self).__name__  # tf.keras 2 wrote None

    def __call__(self, step: Any) -> Tensor:
        done = ops.divide(_as_float(step), self.decay_steps)
        done = ops.floor(done) if self.staircase else done
        return ops.divide(self.initial_learning_rate, ops.add(ops.multiply(done, self.decay_rate), 1.0))


class CosineDecay(LearningRateSchedule):
    """Half a cosine wave down to `alpha` of the rate, after a straight warm-up if one is asked for.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: the number of steps of the decay.
        alpha: what is left at the end, as a share of the rate the decay began with.
        name: name of the schedule.
        warmup_target: the rate at the end of the warm-up; no warm-up if None.
        warmup_steps: the number of steps of the warm-up.

    >>> round(float(CosineDecay(0.1, decay_steps=10)(5)), 4)
    0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        _check_positive(name, "decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name or type(self).__name__  # tf.keras 2 wrote None
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Tensor:
        step = _as_float(step)
        if self.warmup_target is None:
            return self._decayed(step, self.initial_learning_rate)
        decayed = self._decayed(ops.subtract(step, self.warmup_steps), self.warmup_target)
        if self.warmup_steps == 0:
            return decayed
        slope = (self.warmup_target - self.initial_learning_rate) / self.warmup_steps
        warming = ops.add(ops.multiply(step, slope), self.initial_learning_rate)
        return ops.where(ops.less(step, self.warmup_steps), warming, decayed)

    def _decayed(self, step: Tensor, rate: float) -> Tensor:
        done = ops.clip(ops.divide(step, self.decay_steps), 0.0, 1.0)
        return ops.multiply(rate, _cosine(done, self.alpha, 1.0))


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay that begins again, each time longer by `t_mul` and lower by `m_mul` (SGDR).

    Args:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: the number of steps of the first decay.
        t_mul: factor of the length from one decay to the next.
        m_mul: factor of the height from one decay to the next.
        alpha: what is left at the end of a decay, as a share of the initial rate.
        name: name of the schedule.

    >>> schedule = CosineDecayRestarts(0.1, first_decay_steps=10)
    >>> [round(float(schedule(step)), 4) for step in (0, 5, 10)]
    [0.1, 0.05, 0.1]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        _check_positive(name, "first_decay_steps", first_decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name or type(self).__name__  # tf.keras 2 wrote None

    def __call__(self, step: Any) -> Tensor:
        done = ops.divide(_as_float(step), self.first_decay_steps)
        if self.t_mul == 1.0:
            restart = ops.floor(done)
            done = ops.subtract(done, restart)
        else:
            grown = ops.subtract(
                1.0, ops.multiply(done, 1.0 - self.t_mul)
            )  # t_mul ** (number of decays so far)
            restart = ops.floor(ops.divide(ops.log(grown), math.log(self.t_mul)))
            length = ops.power(self.t_mul, restart)
            before = ops.divide(ops.subtract(1.0, length), 1.0 - self.t_mul)
            done = ops.divide(ops.subtract(done, before), length)
        height = ops.power(self.m_mul, restart)
        return ops.multiply(self.initial_learning_rate, _cosine(done, self.alpha, height))


def _cosine(done: Tensor, alpha: float, height: Any) -> Tensor:
    """From `height` at 0 to `alpha` at 1."""
    wave = ops.multiply(ops.multiply(ops.add(ops.cos(ops.multiply(done, math.pi)), 1.0), 0.5), height)
    return ops.add(ops.multiply(wave, 1.0 - alpha), alpha)
