"""From scores to weights."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.ops.dispatch import cast, dtype_of

Tensor = Any


def masked_softmax(logits: Tensor, mask: Tensor | None, axis: int = -1) -> Tensor:
    """Softmax in which masked-out entries get (next to) nothing."""
    if mask is not None:
        low = -3e4 if dtype_of(logits) == "float16" else -1e9
        logits = logits + (1.0 - cast(mask, dtype_of(logits))) * low
    return ops.softmax(logits, axis=axis)
