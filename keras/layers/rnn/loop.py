"""The loop over time for any cell: batch-first sequences, masks, both directions, unrolled or scanned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import tree
from keras.backend.abstract import ABSTRACT
from keras.backend.engine import Engine
from keras.backend.select import current, scope
from keras.backend.spec import KerasTensor, Open
from keras.ops.dispatch import dtype_of, shape_of
from keras.ops.settling import filled_like, slice_axis

Tensor = Any
Step = Callable[[Any, list[Tensor]], tuple[Any, list[Tensor]]]


def run(
    step: Step,
    inputs: Any,
    states: Sequence[Tensor],
    mask: Tensor | None = None,
    reverse: bool = False,
    unroll: bool = False,
    zero_output_for_mask: bool = False,
) -> tuple[Any, Any, list[Tensor]]:
    """Apply `outputs, states = step(inputs[:, t], states)` for every t.

    Args:
        step: takes the inputs of one step (a tree) and a flat list of states.
        inputs: tree of [batch, time, ...] tensors.
        states: initial states.
        mask: [batch, time] bool; a masked step keeps the states and repeats the last output (or gives zeros).
        reverse: run from the last step to the first; outputs then come in the order they were made.
        unroll: write the steps out one by one instead of using the engine's loop.

    Returns:
        The last output, all outputs [batch, time, ...] and the last states.
    """
    e = current()
    leaves = [_swap(x) for x in tree.flatten(inputs)]
    time, batch = shape_of(leaves[0])[:2]
    xs = leaves if mask is None else [*leaves, e.transpose(mask, (1, 0))]
    structure: list[Any] = []

    def one(carry: list[Tensor], rows: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        old = carry[n_carried:]
        y, new = step(tree.unflatten(inputs, rows[: len(leaves)]), list(old))
        structure[:] = [tree.map_structure(lambda _: None, y)]
        ys, new = tree.flatten(y), tree.flatten(new)
        if mask is None:
            return [*new], ys
        keep = rows[-1]
        last = carry[:n_carried]
        ys = [
            _where(keep, a, b)
            for a, b in zip(ys, last or [filled_like(a, 0, dtype_of(a)) for a in ys], strict=True)
        ]
        new = [_where(keep, a, b) for a, b in zip(new, old, strict=True)]
        return [*(ys if n_carried else []), *new], ys

    n_carried = 0
    init = list(states)
    if mask is not None and not zero_output_for_mask:
        first = _output_spec(step, inputs, leaves, states)
        init = [e.full((batch, *shape[1:]), 0, dtype) for shape, dtype in first] + init
        n_carried = len(first)
    carry, ys = (_unrolled if unroll else e.scan)(one, init, xs, time, reverse)
    if reverse:
        ys = [e.flip(y, (0,)) for y in ys]
    outputs = tree.unflatten(structure[0], [_swap(y) for y in ys])
    last = tree.unflatten(structure[0], [last_step(y, 0) for y in ys])
    return last, outputs, list(carry[n_carried:])


def _output_spec(
    step: Step, inputs: Any, leaves: list[Tensor], states: Sequence[Tensor]
) -> list[tuple[Any, str]]:
    """Shapes and dtypes of one step's outputs, by running it abstractly."""
    e = current()

    def spec(x: Tensor, drop: int) -> KerasTensor:
        shape, dtype = e.spec(x)
        return KerasTensor(shape[drop:], dtype)

    rows, begin = [spec(x, 1) for x in leaves], [spec(s, 0) for s in states]
    with scope(ABSTRACT):
        y, _ = step(tree.unflatten(inputs, rows), begin)
    return [(t.dims, t.dtype) for t in tree.flatten(y)]


def _unrolled(
    one: Any, init: list[Tensor], xs: list[Tensor], time: int, reverse: bool
) -> tuple[list[Tensor], list[Tensor]]:
    return Engine.scan(current(), one, init, xs, time, reverse)


def _swap(x: Tensor) -> Tensor:
    """Exchange batch and time."""
    n = len(shape_of(x))
    return current().transpose(x, (1, 0, *range(2, n)))


def last_step(x: Tensor, axis: int) -> Tensor:
    """The last of the slices along an axis."""
    e, shape = current(), shape_of(x)
    if isinstance(shape[axis], Open):  # where that is cannot be said
        x, start = e.flip(x, (axis,)), 0
    else:
        start = shape[axis] - 1
    return e.reshape(slice_axis(x, axis, start, start + 1), shape[:axis] + shape[axis + 1 :])


def _where(keep: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """`a` for the batch rows to keep, else `b`."""
    e = current()
    n = len(shape_of(a))
    return e.select(e.reshape(keep, (shape_of(keep)[0], *(1,) * (n - 1))), a, b)
