"""LSTM, GRU and simple recurrence over whole sequences (`keras.layers.rnn.kernels`), forward and back.

Step by step on a tape they would be some twenty calls a step, each remembered. Here the forward pass keeps the gates,
and the way back adds up what each weight gets in one product over all steps at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras.backend.gates import GATES
from keras.backend.vjp.table import forward, rule, scalar, swap_last

Tensor = Any


# ---------------------------------------------------------------------- LSTM
@forward("lstm")
def _(
    e: Any, x: Any, h: Any, c: Any, kernel: Any, recurrent: Any, bias: Any, mask: Any, drop: Any, *static: Any
) -> Any:
    reverse, activation, recurrent_activation = static
    steps, act, gate = Steps(e, x, mask, drop, reverse), GATES[activation], GATES[recurrent_activation]
    z, units = steps.project(kernel, bias), e.spec(h)[0][1]

    def step(t: int, h: Tensor, c: Tensor) -> tuple[list[Tensor], tuple[Tensor, ...]]:
        h = steps.dropped(h)
        a = e.add(steps.at(z, t), e.matmul(h, recurrent))
        i_f, o = (
            gate.value(e, columns(e, a, 0, 2 * units)),
            gate.value(e, columns(e, a, 3 * units, 4 * units)),
        )
        i, f = columns(e, i_f, 0, units), columns(e, i_f, units, 2 * units)
        g = act.value(e, columns(e, a, 2 * units, 3 * units))
        new = e.add(e.mul(f, c), e.mul(i, g))
        wave = act.value(e, new)
        return [e.mul(o, wave), new], (h, c, i, f, g, o, wave)

    outputs, states, kept = steps.run(step, [h, c])
    return (outputs, *states), (steps, kept)


@rule("lstm")
def _(
    e: Any, dy: Any, saved: Any, x: Any, h0: Any, c0: Any, kernel: Any, recurrent: Any, bias: Any, *rest: Any
) -> Any:
    (steps, kept), act, gate = saved, GATES[rest[-2]], GATES[rest[-1]]
    back = swap_last(e, recurrent)

    def step(t: int, dh: Tensor, dc: Tensor) -> tuple[list[Tensor], Tensor]:
        _, c, i, f, g, o, wave = kept[t]
        dc = e.add(dc, act.pull_back(e, e.mul(dh, o), wave))
        parts = [
            gate.pull_back(e, e.mul(dc, g), i),
            gate.pull_back(e, e.mul(dc, c), f),
            act.pull_back(e, e.mul(dc, i), g),
            gate.pull_back(e, e.mul(dh, wave), o),
        ]
        da = e.concat(parts, 1)
        return [steps.dropped(e.matmul(da, back)), e.mul(dc, f)], da

    (dh, dc), da = steps.run_back(step, dy[0], list(dy[1:]))
    dx, dkernel, dbias = steps.unproject(da, kernel)
    states = steps.flat([kept[t][0] for t in range(steps.time)])
    return dx, dh, dc, dkernel, e.matmul(swap_last(e, states), da), dbias if bias is not None else None


# ---------------------------------------------------------------------- GRU
@forward("gru")
def _(
    e: Any, x: Any, h: Any, kernel: Any, recurrent: Any, bias: Any, mask: Any, drop: Any, *static: Any
) -> Any:
    reverse, activation, recurrent_activation, after = static
    steps, act, gate = Steps(e, x, mask, drop, reverse), GATES[activation], GATES[recurrent_activation]
    units = e.spec(h)[0][1]
    two = after and bias is not None
    z = steps.project(kernel, row(e, bias, 0) if two else bias)
    state_bias = row(e, bias, 1) if two else None
    gates, new_kernel = columns(e, recurrent, 0, 2 * units), columns(e, recurrent, 2 * units, 3 * units)
    one = scalar(e, 1, h)

    def step(t: int, before: Tensor) -> tuple[list[Tensor], tuple[Tensor, ...]]:
        a, h = steps.at(z, t), steps.dropped(before)
        inner = e.matmul(h, recurrent if after else gates)
        if state_bias is not None:
            inner = e.add(inner, state_bias)
        both = gate.value(e, e.add(columns(e, a, 0, 2 * units), columns(e, inner, 0, 2 * units)))
        u, r = columns(e, both, 0, units), columns(e, both, units, 2 * units)
        # What the reset gate is multiplied with, and what comes of it.
        gated = columns(e, inner, 2 * units, 3 * units) if after else h
        part = e.mul(r, gated) if after else e.matmul(e.mul(r, gated), new_kernel)
        n = act.value(e, e.add(columns(e, a, 2 * units, 3 * units), part))
        return [e.add(e.mul(u, before), e.mul(e.sub(one, u), n))], (before, h, u, r, n, gated)

    outputs, states, kept = steps.run(step, [h])
    return (outputs, *states), (steps, kept)


@rule("gru")
def _(
    e: Any, dy: Any, saved: Any, x: Any, h0: Any, kernel: Any, recurrent: Any, bias: Any, *rest: Any
) -> Any:
    (steps, kept), (activation, recurrent_activation, after) = saved, rest[-3:]
    act, gate = GATES[activation], GATES[recurrent_activation]
    units, one = e.spec(h0)[0][1], scalar(e, 1, h0)
    back = swap_last(e, recurrent)
    back_gates = swap_last(e, columns(e, recurrent, 0, 2 * units))
    back_new = swap_last(e, columns(e, recurrent, 2 * units, 3 * units))
    to_state: dict[int, Tensor] = {}  # what the products with the state get, where it differs from da

    def step(t: int, dh: Tensor) -> tuple[list[Tensor], Tensor]:
        before, _, u, r, n, gated = kept[t]
        dn = act.pull_back(e, e.mul(dh, e.sub(one, u)), n)
        du = gate.pull_back(e, e.mul(dh, e.sub(before, n)), u)
        dpart = dn if after else e.matmul(dn, back_new)
        dr, dgated = gate.pull_back(e, e.mul(dpart, gated), r), e.mul(dpart, r)
        if after:
            to_state[t] = e.concat([du, dr, dgated], 1)
            past = e.matmul(to_state[t], back)
        else:
            past = e.add(dgated, e.matmul(e.concat([du, dr], 1), back_gates))
        return [e.add(e.mul(dh, u), steps.dropped(past))], e.concat([du, dr, dn], 1)

    (dh,), da = steps.run_back(step, dy[0], [dy[1]])
    dx, dkernel, dbias = steps.unproject(da, kernel)
    states = steps.flat([kept[t][1] for t in range(steps.time)])
    if after:
        ds = steps.flat([to_state[t] for t in range(steps.time)])
        drecurrent = e.matmul(swap_last(e, states), ds)
        both = [e.reshape(b, (1, 3 * units)) for b in (dbias, e.reduce_sum(ds, (0,)))]
        dbias = e.concat(both, 0)
    else:
        reset = steps.flat([e.mul(kept[t][3], kept[t][1]) for t in range(steps.time)])
        parts = [(states, columns(e, da, 0, 2 * units)), (reset, columns(e, da, 2 * units, 3 * units))]
        drecurrent = e.concat([e.matmul(swap_last(e, s), d) for s, d in parts], 1)
    return dx, dh, dkernel, drecurrent, dbias if bias is not None else None


# ---------------------------------------------------------------------- simple recurrence
@forward("simple_rnn")
def _(
    e: Any, x: Any, h: Any, kernel: Any, recurrent: Any, bias: Any, mask: Any, drop: Any, *static: Any
) -> Any:
    reverse, activation = static
    steps, act = Steps(e, x, mask, drop, reverse), GATES[activation]
    z = steps.project(kernel, bias)

    def step(t: int, h: Tensor) -> tuple[list[Tensor], tuple[Tensor, ...]]:
        h = steps.dropped(h)
        y = act.value(e, e.add(steps.at(z, t), e.matmul(h, recurrent)))
        return [y], (h, y)

    outputs, states, kept = steps.run(step, [h])
    return (outputs, *states), (steps, kept)


@rule("simple_rnn")
def _(
    e: Any, dy: Any, saved: Any, x: Any, h0: Any, kernel: Any, recurrent: Any, bias: Any, *rest: Any
) -> Any:
    (steps, kept), act = saved, GATES[rest[-1]]
    back = swap_last(e, recurrent)

    def step(t: int, dh: Tensor) -> tuple[list[Tensor], Tensor]:
        da = act.pull_back(e, dh, kept[t][1])
        return [steps.dropped(e.matmul(da, back))], da

    (dh,), da = steps.run_back(step, dy[0], [dy[1]])
    dx, dkernel, dbias = steps.unproject(da, kernel)
    states = steps.flat([kept[t][0] for t in range(steps.time)])
    return dx, dh, dkernel, e.matmul(swap_last(e, states), da), dbias if bias is not None else None


# ---------------------------------------------------------------------- steps in time
class Steps:
    """The time axis of a call.

    Args:
        e: the engine.
        x: [batch, time, features].
        mask: of steps that change nothing, or None.
        drop: what the state is multiplied with on its way into products, or None.
        reverse: from the last step to the first.
    """

    def __init__(self, e: Any, x: Tensor, mask: Tensor | None, drop: Tensor | None, reverse: bool) -> None:
        self.e, self._drop = e, drop
        self.batch, self.time, self.features = e.spec(x)[0]
        rows = (self.time * self.batch, self.features)
        self.x = e.reshape(e.transpose(x, (1, 0, 2)), rows)  # time first
        self.keep = None if mask is None else e.reshape(e.transpose(mask, (1, 0)), (self.time, self.batch, 1))
        self.order = range(self.time - 1, -1, -1) if reverse else range(self.time)

    def at(self, x: Tensor, t: int) -> Tensor:
        """One step of a tensor whose first axis is time."""
        shape = self.e.spec(x)[0]
        part = self.e.slice(x, (t, 0, 0), (t + 1, *shape[1:]), (1, 1, 1))
        return self.e.reshape(part, shape[1:])

    def dropped(self, h: Tensor) -> Tensor:
        """A state on its way into a product, or the gradient on its way back."""
        return h if self._drop is None else self.e.mul(h, self._drop)

    def flat(self, parts: Sequence[Tensor]) -> Tensor:
        """Steps one below the other, time first."""
        return self.e.concat(parts, 0)

    def project(self, kernel: Tensor, bias: Tensor | None) -> Tensor:
        """`x @ kernel + bias`, time first."""
        z = self.e.matmul(self.x, kernel)
        z = z if bias is None else self.e.add(z, bias)
        return self.e.reshape(z, (self.time, self.batch, self.e.spec(z)[0][1]))

    def unproject(self, dz: Tensor, kernel: Tensor) -> tuple[Any, Any, Tensor]:
        """Gradients by x, kernel and bias; the first two when asked for."""
        e = self.e

        def by_x() -> Tensor:
            dx = e.reshape(e.matmul(dz, swap_last(e, kernel)), (self.time, self.batch, self.features))
            return e.transpose(dx, (1, 0, 2))

        return by_x, lambda: e.matmul(swap_last(e, self.x), dz), e.reduce_sum(dz, (0,))

    def run(
        self, step: Callable[..., Any], states: list[Tensor]
    ) -> tuple[Tensor, list[Tensor], dict[int, Any]]:
        """`states, kept = step(t, *states)` along time; the first state is also the output.

        A masked step keeps the states and repeats the last output, zeros at first.
        """
        e = self.e
        outputs: dict[int, Tensor] = {}
        kept: dict[int, Any] = {}
        last = e.full(*(lambda spec: (spec[0], 0, spec[1]))(e.spec(states[0])))
        for t in self.order:
            new, kept[t] = step(t, *states)
            if self.keep is not None:
                keep = self.at(self.keep, t)
                last = e.select(keep, new[0], last)
                new = [e.select(keep, a, b) for a, b in zip(new, states, strict=True)]
            else:
                last = new[0]
            states, outputs[t] = new, last
        rows = e.reshape(self.flat([outputs[t] for t in range(self.time)]), (self.time, *e.spec(last)[0]))
        return e.transpose(rows, (1, 0, 2)), states, kept

    def run_back(
        self, step: Callable[..., Any], dy: Tensor, dstates: list[Tensor]
    ) -> tuple[list[Tensor], Tensor]:
        """`dstates, da = step(t, *dstates)` against time, with the gradient of each output added to the first state's.

        Returns:
            The gradients by the initial states, and the `da` of all steps, one below the other.
        """
        e = self.e
        dy = e.transpose(dy, (1, 0, 2))
        zero = scalar(e, 0, dy)
        das: dict[int, Tensor] = {}
        waiting = None  # for the output that masked steps repeat
        for t in reversed(self.order):
            dout = self.at(dy, t)
            if self.keep is None:
                dstates, das[t] = step(t, e.add(dstates[0], dout), *dstates[1:])
                continue
            keep = self.at(self.keep, t)
            dout = dout if waiting is None else e.add(dout, waiting)
            waiting = e.select(keep, zero, dout)
            reached = [e.add(dstates[0], dout), *dstates[1:]]
            before, das[t] = step(t, *(e.select(keep, d, zero) for d in reached))
            dstates = [e.add(b, e.select(keep, zero, d)) for b, d in zip(before, dstates, strict=True)]
        return dstates, self.flat([das[t] for t in range(self.time)])


def columns(e: Any, x: Tensor, start: int, stop: int) -> Tensor:
    """Columns [start, stop) of a matrix."""
    return e.slice(x, (0, start), (e.spec(x)[0][0], stop), (1, 1))


def row(e: Any, x: Tensor, i: int) -> Tensor:
    """One row of a matrix."""
    width = e.spec(x)[0][1]
    return e.reshape(e.slice(x, (i, 0), (i + 1, width), (1, 1)), (width,))
