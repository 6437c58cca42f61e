"""The tape itself: nodes that remember a call, traced tensors that point to them, and the sweep backwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.backend import select
from keras.backend.dtypes import is_complex, is_float
from keras.backend.operators import TensorOperators
from keras.backend.vjp.table import Rule, sum_to

if TYPE_CHECKING:
    from keras.backend.vjp.engine import TapeEngine

Tensor = Any
Spec = tuple[tuple[int, ...], str]


class Node:
    """One recorded call; without a rule, a leaf: something gradients are wanted by."""

    __slots__ = ("args", "order", "parents", "results", "rule", "y")

    def __init__(
        self,
        order: int,
        rule: Rule | None,
        args: Sequence[Any],
        parents: Sequence[tuple[int, Node, int]],
        y: Any,
        results: Sequence[Spec] | None = None,
    ) -> None:
        self.order = order  # later calls have larger numbers: the order of the sweep
        self.rule = rule
        self.args = args  # as the inner engine got them, or their specs where the rule is linear
        self.parents = parents  # (place among the arguments, the node it came from, which of its results)
        self.y = y  # the result, or what a rule of its own kind kept; None where the rule is linear
        self.results = results  # of a call with several results: their specs


class Traced(TensorOperators):
    """A tensor of a tape: a tensor of the engine below, and the node it is a result of."""

    __slots__ = ("index", "node", "tape", "value")

    def __init__(self, tape: TapeEngine, value: Tensor, node: Node, index: int = 0) -> None:
        self.tape = tape
        self.value = value
        self.node = node
        self.index = index

    @property
    def shape(self) -> tuple[int, ...]:
        return self.tape.inner.spec(self.value)[0]

    @property
    def dtype(self) -> str:
        return self.tape.inner.spec(self.value)[1]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def numpy(self) -> np.ndarray:
        """The value as a host array."""
        return self.tape.to_numpy(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.numpy(), dtype)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __repr__(self) -> str:
        return f"<traced {self.value!r}>"


def sweep(
    tape: TapeEngine, results: Sequence[Traced], gradients: Sequence[Tensor], leaves: Sequence[Node]
) -> list[Tensor | None]:
    """Gradients by the leaves, given those by some results. The tape forgets each call once it is behind."""
    e = tape.inner
    pending: dict[Node, dict[int, Tensor]] = {}
    for result, dy in zip(results, gradients, strict=True):
        _collect(e, pending, result.node, result.index, dy)
    with select.scope(e):  # rules of the user's making call public ops
        for node in _latest_first(pending):
            if node.rule is None:
                continue
            given = pending.pop(node, None)
            if given is not None:
                _pull_back(e, node, given, pending)
            node.args = node.parents = ()
            node.y = None
    return [pending[leaf][0] if leaf in pending else None for leaf in leaves]


def _latest_first(nodes: Iterable[Node]) -> list[Node]:
    """All calls these depend on, and themselves, later ones first."""
    found = set(nodes)
    waiting = list(found)
    while waiting:
        for _, parent, _ in waiting.pop().parents:
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return sorted(found, key=attrgetter("order"), reverse=True)


def _pull_back(e: Any, node: Node, given: dict[int, Tensor], pending: dict[Node, dict[int, Tensor]]) -> None:
    """Apply one rule and hand the gradients on."""
    rule = node.rule
    assert rule is not None
    dy: Any = given[0] if node.results is None else _one_each(e, given, node.results)
    pulled = rule.function(e, dy, *node.args) if rule.linear else rule.function(e, dy, node.y, *node.args)
    if not isinstance(pulled, tuple):
        pulled = (pulled,)
    for place, parent, index in node.parents:
        dx = pulled[place] if place < len(pulled) else None
        if callable(dx):
            dx = dx()
        if dx is None:
            continue
        if rule.broadcasts:
            argument = node.args[place]
            dx = sum_to(e, dx, argument[0] if rule.linear else e.spec(argument)[0])
        _collect(e, pending, parent, index, dx)


def _one_each(e: Any, given: dict[int, Tensor], results: Sequence[Spec]) -> list[Tensor | None]:
    """Gradients of all results of a call: zeros for those nobody used, None for integers."""
    return [
        given[i] if i in given else e.full(shape, 0, dtype) if differentiable(dtype) else None
        for i, (shape, dtype) in enumerate(results)
    ]


def _collect(e: Any, pending: dict[Node, dict[int, Tensor]], node: Node, index: int, dx: Tensor) -> None:
    """Add a gradient to what a result has received so far."""
    received = pending.setdefault(node, {})
    received[index] = e.add(received[index], dx) if index in received else dx


def differentiable(dtype: str) -> bool:
    """Whether tensors of this dtype have gradients."""
    return is_float(dtype) or is_complex(dtype)
