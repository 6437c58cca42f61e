"""Why a step is compiled again: what is new in the signature of its batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Signature = tuple[Any, ...]


def why_again(signature: Signature, known: Sequence[Signature]) -> str:
    """What distinguishes a signature from the one among those known that is most like it.

    Args:
        signature: the engine's name, the specs of the arrays and the structure, as `Compiled` makes them.
        known: the signatures the step was compiled for before, at least one.

    >>> before = ("numpy", ((8, 4), "float32"), ((8,), "int32"), ())
    >>> why_again(("numpy", ((3, 4), "float32"), ((3,), "int32"), ()), [before])
    'array 1 of the batch is (3, 4) float32, was (8, 4) float32; array 2 of the batch is (3,) int32, was (8,) int32'
    """

    def unlike(other: Signature) -> int:
        return sum(a != b for a, b in zip(signature, other, strict=False)) + abs(len(signature) - len(other))

    nearest = min(known, key=unlike)
    if signature[0] != nearest[0]:
        return f"the engine is {signature[0]}, was {nearest[0]}"
    if len(signature) != len(nearest) or signature[-1] != nearest[-1]:
        return "the batch has another structure"
    pairs = list(zip(signature[1:-1], nearest[1:-1], strict=True))
    changed = [(i, a, b) for i, (a, b) in enumerate(pairs, 1) if a != b]
    return "; ".join(f"array {i} of the batch is {_text(a)}, was {_text(b)}" for i, a, b in changed)


def _text(spec: Any) -> str:
    return repr(spec[2]) if spec[0] == "static" else f"{spec[0]} {spec[1]}"
