"""`K.rnn`: a step function run along time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops, tree
from keras.backend.spec import UNKNOWN
from keras.classic.checked import checked
from keras.classic.symbolic import recorded
from keras.ops.dispatch import convert, ndim_of, shape_of

Tensor = Any


@checked
def rnn(
    step_function: Callable[[Any, list[Tensor]], tuple[Any, Sequence[Tensor]]],
    inputs: Any,
    initial_states: Sequence[Any],
    go_backwards: bool = False,
    mask: Any = None,
    constants: Sequence[Any] | None = None,
    unroll: bool = False,
    input_length: int | None = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Any, Any, list[Tensor]]:
    """`output, states = step_function(input, states)` for each step in turn.

    Args:
        step_function: takes the input of one step `[batch, ...]` and the list of states and constants; returns an
            output `[batch, ...]` and the new states.
        inputs: `[batch, time, ...]`, or a tree of such tensors.
        initial_states: list of tensors `[batch, ...]`.
        go_backwards: begin with the last step; the outputs come in the order they are made.
        mask: `[batch, time]`, false for steps that leave the states as they are and repeat the output before.
        constants: tensors that every step gets after its states.
        unroll, input_length: accepted for compatibility; engines decide.
        time_major: whether time is the first axis of inputs, mask and outputs.
        zero_output_for_mask: whether the output of a masked step is 0.
        return_all_outputs: false: the outputs are the last one only.

    Returns:
        `(last output, outputs [batch, time, ...], states)`.

    Raises:
        ValueError: there is no time axis.

    >>> def step(x, states):
    ...     total = states[0] + x
    ...     return total, [total]
    >>> last, outputs, states = rnn(step, np.array([[[1.0], [2.0]]]), [np.zeros((1, 1))])
    >>> last.tolist(), outputs.tolist()
    ([[3.0]], [[[1.0], [3.0]]])
    """
    settings = (go_backwards, time_major, zero_output_for_mask, return_all_outputs)
    return _rnn(
        step_function,
        inputs,
        list(initial_states),
        mask,
        [] if constants is None else list(constants),
        settings,
    )


@recorded
def _rnn(
    step_function: Callable[..., Any],
    inputs: Any,
    initial: list[Any],
    mask: Any,
    constants: list[Any],
    settings: tuple[bool, bool, bool, bool],
) -> tuple[Any, Any, list[Tensor]]:
    go_backwards, time_major, zero_output, all_outputs = settings
    if not tree.flatten(inputs):
        raise ValueError("rnn: `inputs` must be a tensor, or a structure of tensors. Received: an empty one")
    xs = tree.map_structure(lambda x: _by_time(x, time_major), inputs)
    states = tree.map_structure(convert, initial)
    constants = [convert(c) for c in constants]
    steps: dict[str, Any] = {"x": xs}
    if mask is not None:
        steps["mask"] = ops.cast(_mask_by_time(mask, time_major), "bool")
    if go_backwards:
        steps = tree.map_structure(lambda x: ops.flip(x, 0), steps)

    def run(x: Any, states: list[Tensor]) -> tuple[Any, list[Tensor]]:
        output, new = step_function(x, [*states, *constants])
        if len(new) != len(states):
            raise ValueError(
                f"rnn: `step_function` must return as many states as it is given, {len(states)}, besides `constants`. "
                f"Received: {len(new)}"
            )
        return output, list(new)

    if mask is None:
        carry, outputs = ops.scan(lambda s, now: run(now["x"], s)[::-1], states, steps)
    else:
        first = tree.map_structure(lambda x: ops.get_item(x, 0), steps["x"])
        nothing = tree.map_structure(
            ops.zeros_like, run(first, states)[0]
        )  # what its shape is, only a step knows

        def masked(carry: Any, now: dict[str, Any]) -> Any:
            before, states = carry
            output, new = run(now["x"], states)
            idle = nothing if zero_output else before
            output = tree.map_structure(lambda y, z: _where(now["mask"], y, z), output, idle)
            new = tree.map_structure(lambda y, z: _where(now["mask"], y, z), new, states)
            return (output, new), output

        (_, carry), outputs = ops.scan(masked, (nothing, states), steps)
    last = tree.map_structure(lambda y: ops.get_item(y, -1), outputs)
    if not all_outputs:
        outputs = tree.map_structure(lambda y: ops.expand_dims(y, 0), last)
    return last, tree.map_structure(lambda y: y if time_major else _swapped(y), outputs), carry


def _by_time(x: Any, time_major: bool) -> Tensor:
    x = convert(x)
    if ndim_of(x) < (2 if time_major else 3) and ndim_of(x) < 2:
        raise ValueError(f"rnn: `inputs` need a batch and a time axis. Received: rank {ndim_of(x)}")
    return x if time_major else _swapped(x)


def _swapped(x: Tensor) -> Tensor:
    return ops.swapaxes(x, 0, 1)


def _mask_by_time(mask: Any, time_major: bool) -> Tensor:
    mask = convert(mask)
    if ndim_of(mask) > 2 and shape_of(mask)[-1] in (1, UNKNOWN):
        mask = ops.squeeze(mask, -1)
    if ndim_of(mask) != 2:
        raise ValueError(f"rnn: `mask` must be [batch, time]. Received: rank {ndim_of(mask)}")
    return mask if time_major else _swapped(mask)


def _where(mask: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    """By sample: the mask `[batch]` against tensors `[batch, ...]`."""
    shape = (*shape_of(mask), *(1,) * (ndim_of(yes) - 1))
    return ops.where(ops.reshape(mask, shape), yes, no)
