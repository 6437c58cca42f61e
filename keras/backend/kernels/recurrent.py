"""LSTM and GRU over whole sequences by oneDNN, forward and back.

A call is split along the batch: each core goes through all steps with its own rows, and none waits for another. What the
way back needs is kept in one array, laid out by oneDNN, which only `backward` for the same sequence can read.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from keras.backend.kernels import onednn
from keras.backend.kernels.memory import recycled
from keras.backend.kernels.onednn import BACKWARD, INFERENCE, TRAINING, Plan, Stock, Step
from keras.backend.kernels.parallel import POOL

Shape = tuple[int, ...]

_X, _H, _C, _KERNEL, _RECURRENT, _BIAS = 1, 2, 3, 33, 34, 41  # numbers of arguments
_Y, _LAST_H, _LAST_C, _KEPT = 17, 18, 19, 64
#: Of the gradient by an argument.
_GRADIENT = {
    _X: 129,
    _H: 130,
    _C: 131,
    _KERNEL: 161,
    _RECURRENT: 162,
    _BIAS: 169,
    _Y: 145,
    _LAST_H: 146,
    _LAST_C: 147,
}

_FORWARD_IN_TIME, _BACK_IN_TIME = 1, 2
_OVERWRITE = 1  # gradients by weights are set, not added to what is there
_GATES = {"lstm": 4, "gru": 3, "lbr_gru": 3}
_ROWS = 128  # of a batch at once: with more, what a step works on leaves the cache
_LINE = 16  # elements of a cache line, on the bounds of which arrays begin


class Sequence(NamedTuple):
    """Sizes of a call.

    Args:
        kind: `lstm`, `gru`, or `lbr_gru`, whose reset gate comes after the product with the state.
        reverse: from the last step to the first.
    """

    kind: str
    batch: int
    time: int
    features: int
    units: int
    reverse: bool

    @property
    def biases(self) -> int:
        return 3 if self.kind == "gru" else 4

    @property
    def bias(self) -> Shape:
        """The shape of the layer's bias."""
        return (2, 3 * self.units) if self.kind == "lbr_gru" else (_GATES[self.kind] * self.units,)

    def shapes(self) -> dict[int, Shape]:
        """Of the arguments of the primitive, as oneDNN counts their axes."""
        n, t, f, u = self.batch, self.time, self.features, self.units
        state, gates = (1, 1, n, u), _GATES[self.kind]
        shapes = {_X: (t, n, f), _H: state, _C: state, _Y: (t, n, u), _LAST_H: state, _LAST_C: state}
        if self.kind != "lstm":
            del shapes[_C], shapes[_LAST_C]
        weights = {_KERNEL: (1, 1, f, gates, u), _RECURRENT: (1, 1, u, gates, u)}
        return {**shapes, **weights, _BIAS: (1, 1, self.biases, u)}


#: In the order the C functions take them; the peephole and projection weights of LSTMs are absent.
_ORDER = {
    "lstm": (_X, _H, _C, _KERNEL, _RECURRENT, None, None, _BIAS, _Y, _LAST_H, _LAST_C),
    "gru": (_X, _H, _KERNEL, _RECURRENT, _BIAS, _Y, _LAST_H),
}


class SequencePlan(Plan):
    """One pass over a sequence: `purpose` is training, inference or backward. Arrays are time first."""

    def __init__(self, purpose: int, sequence: Sequence) -> None:
        super().__init__()
        shapes = sequence.shapes()
        plain = {a: self._layout(shape) for a, shape in shapes.items()}
        descriptor = self._descriptor(purpose, sequence, plain, shapes)
        self.kept = 0 if purpose == INFERENCE else self._bytes(self._wanted(descriptor, _KEPT)) // 4
        results = [a for a in shapes if a in (_Y, _LAST_H, _LAST_C)]
        if purpose == BACKWARD:
            results = [_GRADIENT[a] for a in shapes if a not in results]
            plain.update({_GRADIENT[a]: layout for a, layout in plain.items()})
        before: list[Step] = []
        after: list[Step] = []
        arguments = []
        self._memories: dict[int, Any] = {}
        for a, layout in plain.items():
            self._memories[a] = given = self._memory(layout)
            steps = after if a in results else before
            used = self._reordered(layout, given, self._wanted(descriptor, a), steps, a not in results)
            arguments.append((a, used))
        if purpose != INFERENCE:
            self._memories[_KEPT] = self._memory(self._wanted(descriptor, _KEPT))
            arguments.append((_KEPT, self._memories[_KEPT]))
        self._steps = [*before, self._step(descriptor, arguments), *after]

    def __call__(self, arrays: dict[int, np.ndarray]) -> None:
        """Read and write arrays by number; all are float32 and C-contiguous."""
        self._execute(self._steps, [self._memories[a] for a in arrays], list(arrays.values()))

    def _descriptor(self, purpose: int, sequence: Sequence, plain: dict[int, Any], shapes: Any) -> Any:
        lib, kind = self._lib, sequence.kind
        direction = _BACK_IN_TIME if sequence.reverse else _FORWARD_IN_TIME
        layouts = {**plain, **{a: self._any_layout(shapes[a]) for a in (_KERNEL, _RECURRENT)}, None: None}
        order = [layouts[a] for a in _ORDER["lstm" if kind == "lstm" else "gru"]]
        forward = self._object(
            *(f"{kind}_forward_primitive_desc_create", lib.engine),
            *(INFERENCE if purpose == INFERENCE else TRAINING, direction, *order, 0, lib.attributes),
        )
        if purpose != BACKWARD:
            return forward
        return self._object(
            *(f"{kind}_backward_primitive_desc_create", lib.engine, BACKWARD, direction),
            *(*order, *order, _OVERWRITE, forward, lib.attributes),
        )


_stock = Stock(SequencePlan, 64)


def sequence(kind: str, batch: int, time: int, features: int, units: int, reverse: bool) -> Sequence | None:
    """The call as oneDNN knows it; None where it is missing or cannot do it."""
    if onednn.library() is None or min(batch, time, features, units) < 1:
        return None
    found = Sequence(kind, batch, time, features, units, reverse)
    with _stock.plan(TRAINING, _of(found, _parts(batch)[0])) as plan:
        return None if plan is None else found


def kept_size(call: Sequence) -> int:
    """Elements of what the way back needs."""
    return _bounds(call)[-1]


# ---------------------------------------------------------------------- passes
def forward(call: Sequence, keep: bool, x: np.ndarray, *rest: np.ndarray) -> list[np.ndarray]:
    """Outputs, last states and, with `keep`, what the way back needs, for x, states, kernels and bias."""
    *states, kernel, recurrent, bias = map(np.ascontiguousarray, rest)
    y = np.empty((call.batch, call.time, call.units), np.float32)
    last = [np.empty_like(s) for s in states]
    kept = recycled(kept_size(call)) if keep else None
    bounds, biases = _bounds(call), _biases(call, bias)

    def part(i: int) -> None:
        at = _parts(call.batch)[i]
        own = _of(call, at)
        arrays = {_X: _time_first(x[at]), _Y: np.empty((own.time, own.batch, own.units), np.float32)}
        arrays |= {_KERNEL: kernel, _RECURRENT: recurrent, _BIAS: biases}
        arrays |= {a: s[at] for a, s in zip((_H, _C), states, strict=False)}
        arrays |= {a: s[at] for a, s in zip((_LAST_H, _LAST_C), last, strict=False)}
        if kept is not None:
            arrays[_KEPT] = kept[bounds[i] : bounds[i + 1]]
        with _stock.plan(TRAINING if keep else INFERENCE, own) as plan:
            plan(arrays)
        y[at] = arrays[_Y].swapaxes(0, 1)

    POOL.run(part, len(bounds) - 1)
    return [y, *last] if kept is None else [y, *last, kept]


def backward(call: Sequence, *arrays: np.ndarray) -> list[np.ndarray]:
    """Gradients by x, states, kernels and bias, for these, the results of `forward`, and gradients by all but the last."""
    n = 2 if call.kind == "lstm" else 1
    x, *rest = arrays[: 4 + n]
    *states, kernel, recurrent, bias = map(np.ascontiguousarray, rest)
    y, *last = arrays[4 + n : 5 + 2 * n]
    kept = np.ascontiguousarray(arrays[5 + 2 * n])
    dy, *dlast = arrays[6 + 2 * n :]
    bounds, biases = _bounds(call), _biases(call, bias)
    dx, dstates = np.empty_like(x), [np.empty_like(s) for s in states]
    weights: list[tuple[np.ndarray, ...]] = [()] * (len(bounds) - 1)

    def part(i: int) -> None:
        at = _parts(call.batch)[i]
        own = _of(call, at)
        weights[i] = tuple(np.empty_like(w) for w in (kernel, recurrent, biases))
        arrays = {_X: _time_first(x[at]), _Y: _time_first(y[at]), _GRADIENT[_Y]: _time_first(dy[at])}
        arrays |= {
            _KERNEL: kernel,
            _RECURRENT: recurrent,
            _BIAS: biases,
            _KEPT: kept[bounds[i] : bounds[i + 1]],
        }
        arrays[_GRADIENT[_X]] = np.empty_like(arrays[_X])
        arrays |= {_GRADIENT[a]: w for a, w in zip((_KERNEL, _RECURRENT, _BIAS), weights[i], strict=True)}
        for names, group in (((_H, _C), states), ((_LAST_H, _LAST_C), last)):
            arrays |= {a: np.ascontiguousarray(s[at]) for a, s in zip(names, group, strict=False)}
        for names, group in (((_H, _C), dstates), ((_LAST_H, _LAST_C), dlast)):
            arrays |= {_GRADIENT[a]: np.ascontiguousarray(s[at]) for a, s in zip(names, group, strict=False)}
        with _stock.plan(BACKWARD, own) as plan:
            plan(arrays)
        dx[at] = arrays[_GRADIENT[_X]].swapaxes(0, 1)

    POOL.run(part, len(weights))
    dkernel, drecurrent, dbiases = (functools.reduce(np.add, w) for w in zip(*weights, strict=True))
    return [dx, *dstates, dkernel, drecurrent, _unbiased(call, dbiases, bias.shape)]


def both_ways(call: Sequence, *arrays: np.ndarray) -> list[np.ndarray]:
    """Gradients by x, states, kernels and bias, for these and gradients by the outputs and last states."""
    n = 6 if call.kind == "lstm" else 5
    xs, dys = arrays[:n], arrays[n:]
    return backward(call, *xs, *forward(call, True, *xs), *dys)


def _time_first(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x.swapaxes(0, 1))


def _biases(call: Sequence, bias: np.ndarray) -> np.ndarray:
    """As oneDNN has them: those of the gates that are only added up, added up."""
    if call.kind != "lbr_gru":
        return bias
    both = bias.reshape(2, 3, call.units)
    return np.concatenate([both[0, :2] + both[1, :2], both[:, 2]])


def _unbiased(call: Sequence, gradient: np.ndarray, shape: Shape) -> np.ndarray:
    if call.kind == "lbr_gru":
        gradient = gradient.reshape(4, call.units)[[0, 1, 2, 0, 1, 3]]
    return gradient.reshape(shape)


# ---------------------------------------------------------------------- parts of the batch
@functools.lru_cache(256)
def _split(batch: int, ways: int) -> tuple[slice, ...]:
    count = min(batch, ways * math.ceil(batch / (ways * _ROWS)))
    bounds = [batch * i // count for i in range(count + 1)]
    return tuple(map(slice, bounds[:-1], bounds[1:]))


def _parts(batch: int) -> tuple[slice, ...]:
    return _split(batch, POOL.size)


def _of(call: Sequence, at: slice) -> Sequence:
    """The same for a part of the batch."""
    return call._replace(batch=at.stop - at.start)


@functools.lru_cache(256)
def _kept_size(call: Sequence) -> int:
    with _stock.plan(TRAINING, call) as plan:
        return -(-plan.kept // _LINE) * _LINE


def _bounds(call: Sequence) -> list[int]:
    """Where the parts of what is kept begin, and the end."""
    sizes = (_kept_size(_of(call, at)) for at in _parts(call.batch))
    return list(itertools.accumulate(sizes, initial=0))
