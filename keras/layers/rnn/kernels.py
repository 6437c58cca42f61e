"""Whole-sequence LSTM, GRU and simple recurrence as kernels: one input projection for all steps, then a scan over time.

An engine may override them by a native loop. Shapes: x [batch, time, features], states [batch, units],
mask [batch, time] bool or None (a masked step keeps the state and repeats the last output), drop [batch, units] or None
(what the state is multiplied with on its way into products). Activations are names of `keras.backend.gates`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras.backend.gates import GATES
from keras.backend.select import current
from keras.ops.dispatch import dtype_of, kernel
from keras.ops.numpy.joining import equal_parts
from keras.ops.settling import filled_like

Tensor = Any


@kernel
def lstm(
    x: Tensor,
    h0: Tensor,
    c0: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: Tensor | None,
    mask: Tensor | None,
    drop: Tensor | None,
    reverse: bool,
    activation: str,
    recurrent_activation: str,
) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs [batch, time, units] and the last h and c. Gates i, f, c, o (Hochreiter & Schmidhuber 1997)."""
    e = current()
    z = _project(x, kernel, bias)
    act, gate = GATES[activation].value, GATES[recurrent_activation].value

    def step(states: Sequence[Tensor], zt: Tensor) -> tuple[Tensor, list[Tensor]]:
        h, c = states
        i, f, g, o = equal_parts(e.add(zt, e.matmul(_dropped(h, drop), recurrent_kernel)), 4, 1)
        c = e.add(e.mul(gate(e, f), c), e.mul(gate(e, i), act(e, g)))
        h = e.mul(gate(e, o), act(e, c))
        return h, [h, c]

    outputs, (h, c) = _scan(step, z, [h0, c0], mask, reverse)
    return outputs, h, c


@kernel
def gru(
    x: Tensor,
    h0: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: Tensor | None,
    mask: Tensor | None,
    drop: Tensor | None,
    reverse: bool,
    activation: str,
    recurrent_activation: str,
    reset_after: bool,
) -> tuple[Tensor, Tensor]:
    """Outputs [batch, time, units] and the last h. Gates z, r, h (Cho et al. 2014).

    `reset_after` applies the reset gate to the projected state, with a bias [2, 3 units] of its own (the cuDNN form).
    """
    e = current()
    units = e.spec(h0)[0][-1]
    input_bias, state_bias = bias, None
    if reset_after and bias is not None:
        input_bias, state_bias = _row(bias, 0), _row(bias, 1)
    z = _project(x, kernel, input_bias)
    one = e.full((), 1.0, e.spec(h0)[1])
    act, gate = GATES[activation].value, GATES[recurrent_activation].value
    gates_kernel, new_kernel = (
        _columns(recurrent_kernel, 0, 2 * units),
        _columns(recurrent_kernel, 2 * units, 3 * units),
    )

    def step(states: Sequence[Tensor], xt: Tensor) -> tuple[Tensor, list[Tensor]]:
        (before,) = states
        h = _dropped(before, drop)
        xz, xr, xh = equal_parts(xt, 3, 1)
        if reset_after:
            projected = e.matmul(h, recurrent_kernel)
            hz, hr, hh = equal_parts(projected if state_bias is None else e.add(projected, state_bias), 3, 1)
            update, reset = gate(e, e.add(xz, hz)), gate(e, e.add(xr, hr))
            new = act(e, e.add(xh, e.mul(reset, hh)))
        else:
            hz, hr = equal_parts(e.matmul(h, gates_kernel), 2, 1)
            update, reset = gate(e, e.add(xz, hz)), gate(e, e.add(xr, hr))
            new = act(e, e.add(xh, e.matmul(e.mul(reset, h), new_kernel)))
        h = e.add(e.mul(update, before), e.mul(e.sub(one, update), new))
        return h, [h]

    outputs, (h,) = _scan(step, z, [h0], mask, reverse)
    return outputs, h


@kernel
def simple_rnn(
    x: Tensor,
    h0: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: Tensor | None,
    mask: Tensor | None,
    drop: Tensor | None,
    reverse: bool,
    activation: str,
) -> tuple[Tensor, Tensor]:
    """Outputs [batch, time, units] and the last h = activation(x W + h U + b) (Elman 1990)."""
    e = current()
    z = _project(x, kernel, bias)
    act = GATES[activation].value

    def step(states: Sequence[Tensor], zt: Tensor) -> tuple[Tensor, list[Tensor]]:
        h = act(e, e.add(zt, e.matmul(_dropped(states[0], drop), recurrent_kernel)))
        return h, [h]

    outputs, (h,) = _scan(step, z, [h0], mask, reverse)
    return outputs, h


def _project(x: Tensor, weights: Tensor, bias: Tensor | None) -> Tensor:
    """`x @ weights + bias` for all steps at once, time first: [time, batch, columns]."""
    e = current()
    batch, time, features = e.spec(x)[0]
    z = e.matmul(e.reshape(e.transpose(x, (1, 0, 2)), (time * batch, features)), weights)
    z = z if bias is None else e.add(z, bias)
    return e.reshape(z, (time, batch, e.spec(weights)[0][1]))


def _scan(
    step: Callable[[Sequence[Tensor], Tensor], tuple[Tensor, list[Tensor]]],
    z: Tensor,
    states: list[Tensor],
    mask: Tensor | None,
    reverse: bool,
) -> tuple[Tensor, list[Tensor]]:
    """Run `step` over time; returns the outputs, batch first, and the last states."""
    e = current()
    time, batch = e.spec(z)[0][:2]
    if mask is None:

        def plain(carry: list[Tensor], xs: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
            y, new = step(carry, xs[0])
            return new, [y]

        states, (ys,) = e.scan(plain, states, [z], time, reverse)
    else:
        keep = e.reshape(e.transpose(mask, (1, 0)), (time, batch, 1))
        nothing = filled_like(states[0], 0.0, dtype_of(states[0]))

        def masked(carry: list[Tensor], xs: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
            zt, kt = xs
            last, *old = carry
            y, new = step(old, zt)
            y = e.select(kt, y, last)
            return [y, *(e.select(kt, a, b) for a, b in zip(new, old, strict=True))], [y]

        (_, *states), (ys,) = e.scan(masked, [nothing, *states], [z, keep], time, reverse)
    return e.transpose(ys, (1, 0, 2)), states


def _dropped(h: Tensor, drop: Tensor | None) -> Tensor:
    return h if drop is None else current().mul(h, drop)


def _columns(x: Tensor, start: int, stop: int) -> Tensor:
    e = current()
    rows = e.spec(x)[0][0]
    return e.slice(x, (0, start), (rows, stop), (1, 1))


def _row(x: Tensor, i: int) -> Tensor:
    e = current()
    width = e.spec(x)[0][1]
    return e.reshape(e.slice(x, (i, 0), (i + 1, width), (1, 1)), (width,))
