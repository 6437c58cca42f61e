"""LSTM, GRU and simple recurrence over whole sequences by oneDNN, forward and back.

A call is split along the batch: each core goes through all steps with its own rows, and none waits for another. What the
way back needs is kept in one array, laid out by oneDNN, which only `backward` for the same call can read.
"""

from __future__ import annotations

import functools
import itertools
import math
from ctypes import c_float
from typing import Any, NamedTuple

import numpy as np

from keras.backend.kernels import onednn
from keras.backend.kernels.memory import fresh, recycled
from keras.backend.kernels.onednn import BACKWARD, INFERENCE, TRAINING, Plan, Step, Stock
from keras.backend.kernels.parallel import POOL

Shape = tuple[int, ...]
Arrays = dict[int, np.ndarray]  # by number of argument

_X, _H, _C, KERNEL, _RECURRENT, _BIAS = 1, 2, 3, 33, 34, 41
_Y, _LAST_H, _LAST_C, _KEPT = 17, 18, 19, 64
_SEQUENCES, _STATES, _WEIGHTS = {_X, _Y}, {_H, _C, _LAST_H, _LAST_C}, {KERNEL, _RECURRENT, _BIAS}
#: The gradient by each.
_D = {
    _X: 129,
    _H: 130,
    _C: 131,
    KERNEL: 161,
    _RECURRENT: 162,
    _BIAS: 169,
    _Y: 145,
    _LAST_H: 146,
    _LAST_C: 147,
}
_BY_ROW = {a for x in _SEQUENCES | _STATES for a in (x, _D[x])}
_BY_PART = {_D[x] for x in _WEIGHTS}
#: In the order the C functions take them; the peephole and projection weights of LSTMs are absent.
_ORDER = {
    "lstm": (_X, _H, _C, KERNEL, _RECURRENT, None, None, _BIAS, _Y, _LAST_H, _LAST_C),
    "gru": (_X, _H, KERNEL, _RECURRENT, _BIAS, _Y, _LAST_H),
    "lbr_gru": (_X, _H, KERNEL, _RECURRENT, _BIAS, _Y, _LAST_H),
    "vanilla_rnn": (_X, _H, KERNEL, _RECURRENT, _BIAS, _Y, _LAST_H),
}
_GATES = {"lstm": 4, "gru": 3, "lbr_gru": 3, "vanilla_rnn": 1}
#: Numbers of the functions that a step of `vanilla_rnn` may end with.
ACTIVATIONS = {"relu": 0x20, "tanh": 0x21, "sigmoid": 0x29}

_FORWARD_IN_TIME, _BACK_IN_TIME = 1, 2
_OVERWRITE = 1  # gradients by weights are set, not added to what is there
_ROWS = 32  # of a batch at once: with more nothing is faster, and oneDNN takes memory for each
_PRODUCTS = 3 << 22  # multiplications of a call from which on a thread is worth waking: 0.4 ms on one core
_LINE = 16  # elements of a cache line, on the bounds of which arrays begin


class Call(NamedTuple):
    """Sizes of a call.

    Args:
        kind: `lstm`, `gru`, `lbr_gru`, whose reset gate comes after the product with the state, or `vanilla_rnn`.
        reverse: from the last step to the first.
        activation: of `vanilla_rnn`.
    """

    kind: str
    batch: int
    time: int
    features: int
    units: int
    reverse: bool
    activation: str = ""

    @property
    def bias(self) -> Shape:
        """The shape of the layer's bias."""
        return (2, 3 * self.units) if self.kind == "lbr_gru" else (_GATES[self.kind] * self.units,)

    @property
    def inputs(self) -> tuple[int, ...]:
        return tuple(a for a in _ORDER[self.kind] if a is not None and a not in self.results)

    @property
    def results(self) -> tuple[int, ...]:
        return (_Y, _LAST_H, _LAST_C) if self.kind == "lstm" else (_Y, _LAST_H)

    def shape(self, a: int) -> Shape:
        """Of an argument, as oneDNN counts its axes."""
        gates = _GATES[self.kind]
        if a in _SEQUENCES:
            return self.time, self.batch, self.features if a == _X else self.units
        if a in _STATES:
            return 1, 1, self.batch, self.units
        if a == _BIAS:
            return 1, 1, 4 if self.kind == "lbr_gru" else gates, self.units
        return 1, 1, self.features if a == KERNEL else self.units, gates, self.units

    def strides(self, a: int) -> list[int] | None:
        """Of an array with the batch first, where there is one."""
        if a not in _SEQUENCES:
            return None
        width = self.shape(a)[-1]
        return [width, self.time * width, 1]


class SequencePlan(Plan):
    """One pass over a sequence: `purpose` is training, inference or backward. Arrays are batch first."""

    def __init__(self, purpose: int, call: Call) -> None:
        super().__init__()
        names = (*call.inputs, *call.results)
        plain = {a: self._layout(call.shape(a), call.strides(a)) for a in names}
        descriptor = self._descriptor(purpose, call, plain)
        results: tuple[int, ...] = call.results
        if purpose == BACKWARD:
            results = tuple(_D[a] for a in call.inputs)
            plain.update({_D[a]: plain[a] for a in names})
        before: list[Step] = []
        after: list[Step] = []
        self._memories = {a: self._memory(layout) for a, layout in plain.items()}
        arguments = dict(self._memories)
        for a, layout in plain.items():
            steps, inwards = (after, False) if a in results else (before, True)
            wanted = self._wanted(descriptor, a)
            arguments[a] = self._reordered(layout, self._memories[a], wanted, steps, inwards)
        if purpose != INFERENCE:
            layout = self._wanted(descriptor, _KEPT)
            self.kept = self._bytes(layout) // 4
            self._memories[_KEPT] = arguments[_KEPT] = self._memory(layout)
        self._steps = [*before, self._step(descriptor, list(arguments.items())), *after]

    def __call__(self, arrays: Arrays) -> None:
        """Read and write arrays by number; all are float32 and C-contiguous."""
        self._execute(self._steps, [self._memories[a] for a in arrays], list(arrays.values()))

    def _descriptor(self, purpose: int, call: Call, plain: dict[int, Any]) -> Any:
        lib, direction = self._lib, _BACK_IN_TIME if call.reverse else _FORWARD_IN_TIME
        free = {a: self._any_layout(call.shape(a)) for a in (KERNEL, _RECURRENT)}
        order = [None if a is None else free.get(a) or plain[a] for a in _ORDER[call.kind]]
        function, slope = [], []
        if call.kind == "vanilla_rnn":
            function, slope = [ACTIVATIONS[call.activation]], [c_float(0), c_float(0)]
        forward = self._object(
            *(f"{call.kind}_forward_primitive_desc_create", lib.engine),
            *(INFERENCE if purpose == INFERENCE else TRAINING, *function, direction),
            *(*order, 0, *slope, lib.attributes),
        )
        if purpose != BACKWARD:
            return forward
        return self._object(
            *(f"{call.kind}_backward_primitive_desc_create", lib.engine, BACKWARD, *function, direction),
            *(*order, *order, _OVERWRITE, *slope, forward, lib.attributes),
        )


_stock = Stock(SequencePlan, 64)


def able(call: Call) -> bool:
    """Whether oneDNN is there and can do it."""
    if onednn.library() is None or min(call.batch, call.time, call.features, call.units) < 1:
        return False
    with _stock.plan(TRAINING, _of(call, _parts(call)[0])) as plan:
        return plan is not None


def kept_size(call: Call) -> int:
    """Elements of what the way back needs."""
    return _bounds(call)[-1]


# ---------------------------------------------------------------------- passes
def forward(call: Call, keep: bool, *inputs: np.ndarray) -> list[np.ndarray]:
    """Outputs, last states and, with `keep`, what the way back needs, for x, states, kernels and bias."""
    given = _given(call, call.inputs, inputs)
    made = {_Y: fresh((call.batch, call.time, call.units))}
    made |= {a: fresh((call.batch, call.units)) for a in call.results[1:]}
    if keep:
        made[_KEPT] = recycled(kept_size(call))
    _run(TRAINING if keep else INFERENCE, call, given, made)
    return list(made.values())


def backward(call: Call, *arrays: np.ndarray) -> list[np.ndarray]:
    """Gradients by x, states, kernels and bias, for these, all that `forward` kept, and gradients by its results."""
    names = (*call.inputs, *call.results, _KEPT, *(_D[a] for a in call.results))
    given, parts = _given(call, names, arrays), len(_parts(call))
    made = {_D[a]: fresh((parts, *given[a].shape) if a in _WEIGHTS else given[a].shape) for a in call.inputs}
    _run(BACKWARD, call, given, made)
    for a in _WEIGHTS:  # always added in the same order
        total, *others = made[_D[a]]
        for other in others:
            total += other
        made[_D[a]] = total
    if call.kind == "lbr_gru":
        made[_D[_BIAS]] = made[_D[_BIAS]][[0, 1, 2, 0, 1, 3]].reshape(call.bias)
    return list(made.values())


def both_ways(call: Call, *arrays: np.ndarray) -> list[np.ndarray]:
    """Gradients by x, states, kernels and bias, for these and gradients by the results."""
    n = len(call.inputs)
    return backward(call, *arrays[:n], *forward(call, True, *arrays[:n]), *arrays[n:])


def _given(call: Call, names: tuple[int, ...], arrays: tuple[np.ndarray, ...]) -> Arrays:
    given = {a: np.ascontiguousarray(x) for a, x in zip(names, arrays, strict=True)}
    if call.kind == "lbr_gru":  # oneDNN has one bias of gates whose two are only added up
        both = given[_BIAS].reshape(2, 3, call.units)
        given[_BIAS] = np.concatenate([both[0, :2] + both[1, :2], both[:, 2]])
    return given


def _run(purpose: int, call: Call, given: Arrays, made: Arrays) -> None:
    """Fill the arrays `made`, part by part."""
    parts, bounds = _parts(call), _bounds(call)

    def part(i: int) -> None:
        at, kept = parts[i], slice(bounds[i], bounds[i + 1])

        def own(a: int, x: np.ndarray) -> np.ndarray:
            return x[kept] if a == _KEPT else x[at] if a in _BY_ROW else x[i] if a in _BY_PART else x

        arrays = {a: own(a, x) for a, x in (given | made).items()}
        with _stock.plan(purpose, _of(call, at)) as plan:
            plan(arrays)

    if _is_large(call):
        POOL.run(part, len(parts))
    else:
        for i in range(len(parts)):
            part(i)


# ---------------------------------------------------------------------- parts of the batch
def _parts(call: Call) -> tuple[slice, ...]:
    return _split(call.batch, POOL.size if _is_large(call) else 1)


def _is_large(call: Call) -> bool:
    width = (call.features + call.units) * call.units * _GATES[call.kind]
    return call.batch * call.time * width >= _PRODUCTS


@functools.lru_cache(256)
def _split(batch: int, ways: int) -> tuple[slice, ...]:
    count = min(batch, ways * math.ceil(batch / (ways * _ROWS)))
    bounds = [batch * i // count for i in range(count + 1)]
    return tuple(map(slice, bounds[:-1], bounds[1:]))


def _of(call: Call, at: slice) -> Call:
    """The same for a part of the batch."""
    return call._replace(batch=at.stop - at.start)


def _bounds(call: Call) -> list[int]:
    """Where the parts of what is kept begin, and the end."""
    sizes = (_kept_size(_of(call, at)) for at in _parts(call))
    return list(itertools.accumulate(sizes, initial=0))


@functools.lru_cache(256)
def _kept_size(call: Call) -> int:
    with _stock.plan(TRAINING, call) as plan:
        return -(-plan.kept // _LINE) * _LINE
