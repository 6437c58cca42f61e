"""The layer calls that are being run: what the outermost decides for those inside it, and whose `call` is at work."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any


class CallContext:
    """What the outermost call of a layer decides for the calls inside it.

    Args:
        training: the flag in force.
    """

    def __init__(self, training: bool | None) -> None:
        self.training = training
        self.running: Any = None  # the innermost layer that is in its `call`


running_call: ContextVar[CallContext | None] = ContextVar("keras_layer_call", default=None)


def training_in_force() -> bool | None:
    """The training flag of the layer call being run, False if nobody gave one; None outside of any layer's call."""
    context = running_call.get()
    return None if context is None else bool(context.training)
