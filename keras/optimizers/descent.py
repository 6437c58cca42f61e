"""A step of an optimizer as programs of Keras 2 ask for it: in the updates of a `K.function`."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras.backend.state import Variable


class Descent(NamedTuple):
    """One step of an optimizer down a symbolic loss."""

    optimizer: Any
    loss: Any
    variables: list[Variable]
