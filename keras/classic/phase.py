"""The learning phase of Keras 2, 1 in training and 0 in inference: asked for, fixed, and chosen by.

A layer's call knows its training flag, which goes first. Outside of one, the phase is a placeholder that `K.function`
fills: with the value given for it, else with what `set_learning_phase` said, else with 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from keras.backend.facts import ON_CLEAR
from keras.backend.spec import KerasTensor
from keras.classic.checked import checked
from keras.classic.flow import switch
from keras.classic.symbolic import forced, is_symbolic
from keras.layers import Input, Layer
from keras.layers.context import training_in_force
from keras.ops.core import convert_to_tensor

Tensor = Any

_fixed: ContextVar[int | None] = ContextVar("keras_learning_phase", default=None)
_placeholder: list[KerasTensor] = []


def learning_phase() -> Any:
    """1 in training, 0 in inference, as far as it is decided; else the placeholder that `K.function` fills.

    Returns:
        An int inside a layer's call or after `set_learning_phase`, else a symbolic bool scalar.

    >>> learning_phase().shape
    ()
    """
    flag = training_in_force()
    if flag is not None:
        return int(flag)
    fixed = _fixed.get()
    return phase_placeholder() if fixed is None else fixed


def phase_placeholder() -> KerasTensor:
    """The one placeholder of the learning phase.

    >>> phase_placeholder() is phase_placeholder()
    True
    """
    if not _placeholder:
        _placeholder.append(Input(batch_shape=(), dtype="bool", name="keras_learning_phase"))
    return _placeholder[0]


def fixed_phase() -> int:
    """What `set_learning_phase` said, else 0.

    >>> with learning_phase_scope(1):
    ...     fixed_phase()
    1
    """
    return _fixed.get() or 0


@checked
def set_learning_phase(value: Any) -> None:
    """Fix the learning phase, until `clear_session()`.

    Args:
        value: 0 or 1.

    Raises:
        ValueError: anything else.

    >>> set_learning_phase(1)
    >>> learning_phase()
    1
    >>> keras.backend.clear_session()
    """
    _fixed.set(_checked("set_learning_phase", value))


@contextmanager
def learning_phase_scope(value: Any) -> Iterator[None]:
    """Fix the learning phase inside a `with` block.

    Args:
        value: 0 or 1.

    >>> with learning_phase_scope(1):
    ...     in_train_phase("train", "test")
    'train'
    """
    token = _fixed.set(_checked("learning_phase_scope", value))
    try:
        yield
    finally:
        _fixed.reset(token)


def _checked(who: str, value: Any) -> int:
    if not isinstance(value, (int, float, np.generic)) or value not in (0, 1):
        raise ValueError(f"{who}: expected 0 (inference) or 1 (training). Received: {value!r}")
    return int(value)


@checked
def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`x` in training, `alt` otherwise.

    Args:
        x: a tensor, or a function of no arguments that returns one.
        alt: likewise.
        training: the phase, as a bool, a number or a tensor; default the learning phase.

    Returns:
        One of the two; a symbolic tensor that becomes one of the two if the phase is not decided yet. Where neither is
        symbolic, an undecided phase counts as inference.

    >>> in_train_phase(1.0, 2.0, training=True)
    1.0
    """
    training = learning_phase() if training is None else training
    if training is phase_placeholder():
        x, alt = forced(x), forced(alt)
        return ByPhase()(x, alt) if is_symbolic(x) or is_symbolic(alt) else alt
    if isinstance(training, (bool, int, float)):
        return forced(x if training else alt)
    return switch(training, x, alt)


@checked
def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`x` in inference, `alt` in training: `in_train_phase` the other way round.

    >>> in_test_phase(1.0, 2.0, training=True)
    2.0
    """
    return in_train_phase(alt, x, training=training)


class ByPhase(Layer):
    """The first argument in training, the second otherwise: what `in_train_phase` puts into a graph.

    >>> float(ByPhase()(np.float32(1), np.float32(2), training=True))
    1.0
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.supports_masking = True

    def call(self, x: Any, alt: Any, training: bool | None = None) -> Tensor:
        """One of the two, as a tensor."""
        return convert_to_tensor(x if training else alt)


def _forget() -> None:
    _fixed.set(None)


ON_CLEAR.append(_forget)
