"""Blocks of assignments that happen on a condition, or that leave no trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from keras import ops
from keras.backend.state import Variable

Tensor = Any


@contextmanager
def only_if(condition: Tensor, variables: Sequence[Variable]) -> Iterator[None]:
    """Assignments to `variables` inside the block take effect only where the scalar bool `condition` is true.

    Both cases are computed, and one is selected: no engine needs a branch with side effects.
    """
    before = [ops.copy(v.value) for v in variables]
    yield
    for variable, old in zip(variables, before, strict=True):
        variable.assign(ops.where(condition, variable.value, old))


@contextmanager
def holding(variables: Sequence[Variable], values: Sequence[Any]) -> Iterator[None]:
    """Inside the block the variables begin with `values`; afterwards they are what they were.

    Raises:
        ValueError: not one value per variable.
    """
    if len(values) != len(variables):
        raise ValueError(f"expected {len(variables)} values, one per variable. Received: {len(values)}")
    before = [ops.copy(v.value) for v in variables]
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    try:
        yield
    finally:
        for variable, old in zip(variables, before, strict=True):
            variable.assign(old)
