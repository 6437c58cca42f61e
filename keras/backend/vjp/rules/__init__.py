"""The pull-backs, one file per group of primitives. Importing this package fills the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras.backend.vjp.rules import (  # noqa: F401 (they enter their rules)
    elementwise,
    indexing,
    kernels,
    linalg,
    movement,
    recurrent,
    reduction,
    window,
)
from keras.backend.vjp.table import FORWARDS, RULES

Tensor = Any


def pull_back_of(name: str) -> Callable[..., list[Tensor | None]]:
    """The rule of `name` as a function `(engine, output gradients, outputs, *arguments) -> input gradients`."""
    rule = RULES[name]

    def pull_back(e: Any, dys: Sequence[Tensor], ys: Sequence[Tensor], *args: Any) -> list[Tensor | None]:
        dy, y = (dys[0], ys[0]) if len(ys) == 1 else (dys, ys)
        if rule.linear:
            pulled = rule.function(e, dy, *(e.spec(a) if e.is_tensor(a) else a for a in args))
        else:
            pulled = rule.function(e, dy, y, *args)
        pulled = pulled if isinstance(pulled, tuple) else (pulled,)
        return [g() if callable(g) else g for g in pulled]

    return pull_back


__all__ = ["FORWARDS", "RULES", "pull_back_of"]
