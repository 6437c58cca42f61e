"""Which logits a tensor of probabilities came from, so that a cross-entropy can be computed from the logits.

`log(softmax(x))` is exact and its gradient never vanishes, while the logarithm of a stored probability must be clipped.
`keras.ops.softmax` (last axis) and `keras.ops.sigmoid` note their argument here and the cross-entropies look it up;
both ways give the same number wherever no probability is below `epsilon()`.
"""

from __future__ import annotations

from typing import Any

from keras.backend.notes import Notes

Tensor = Any

_logits = Notes("_logits_note")


def set_logits(probabilities: Tensor, logits: Tensor, activation: str) -> None:
    """Note that `probabilities` is `activation` (`"softmax"` or `"sigmoid"`) of `logits`."""
    _logits.put(probabilities, (activation, logits))


def get_logits(tensor: Tensor, activation: str) -> Tensor | None:
    """The logits of `tensor`, if it came straight from `activation`; else None."""
    note = _logits.of(tensor)
    return note[1] if note is not None and note[0] == activation else None
