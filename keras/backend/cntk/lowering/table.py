"""The table of what CNTK does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Spec = tuple[tuple[int, ...], str]


@dataclass(frozen=True)
class Lowering:
    """How one primitive or kernel is built.

    Args:
        build: `(builder, result spec, *arguments)` to operand; tensors among the arguments are operands.
        accepts: `(specs, values)` of the tensors of a call to whether CNTK does it right; values are arrays where known, else None.
        moves: whether it only moves elements, which is mostly free on the host.
    """

    build: Callable[..., Any]
    accepts: Callable[[Sequence[Spec], Sequence[np.ndarray | None]], bool]
    moves: bool


LOWERINGS: dict[str, Lowering] = {}


def always(specs: Sequence[Spec], values: Sequence[np.ndarray | None]) -> bool:
    """Every call of the primitive."""
    return True


def lowering(
    *names: str, moves: bool = False, accepts: Callable[..., bool] = always
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the decorated function for these primitives."""

    def enter(build: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            LOWERINGS[name] = Lowering(build, accepts, moves)
        return build

    return enter
