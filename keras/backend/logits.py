"""Which logits a tensor of probabilities came from, so that a cross-entropy can be computed from the logits.

`log(softmax(x))` is exact and its gradient never vanishes, while the logarithm of a stored probability must be clipped.
`keras.ops.softmax` (last axis) and `keras.ops.sigmoid` note their argument here and the cross-entropies look it up;
both ways give the same number wherever no probability is below `epsilon()`.

The note is an attribute of the tensor where the engine's tensors take attributes, for its lifetime is then that of the
graph or tape it belongs to; plain arrays take none, and refer to nothing, so a side table keyed by identity serves.
"""

from __future__ import annotations

import weakref
from typing import Any

Tensor = Any

_ATTRIBUTE = "_logits_note"
_notes: dict[int, tuple[weakref.ref[Any], tuple[str, Tensor]]] = {}


def set_logits(probabilities: Tensor, logits: Tensor, activation: str) -> None:
    """Note that `probabilities` is `activation` (`"softmax"` or `"sigmoid"`) of `logits`."""
    note = (activation, logits)
    try:
        setattr(probabilities, _ATTRIBUTE, note)
        return
    except AttributeError:
        pass
    key = id(probabilities)
    try:
        _notes[key] = (weakref.ref(probabilities, lambda _: _notes.pop(key, None)), note)
    except TypeError:  # a NumPy scalar: neither attributes nor weak references
        return


def get_logits(tensor: Tensor, activation: str) -> Tensor | None:
    """The logits of `tensor`, if it came straight from `activation`; else None."""
    note = getattr(tensor, _ATTRIBUTE, None)
    if note is None:
        entry = _notes.get(id(tensor))
        note = entry[1] if entry is not None and entry[0]() is tensor else None
    return note[1] if note is not None and note[0] == activation else None
