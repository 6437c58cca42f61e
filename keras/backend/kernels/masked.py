"""Masked LSTM and GRU by oneDNN, which knows no masks.

The steps that count are moved to the front of their rows, in the order in which they are gone through. Behind them the
state must stay what it was: there one more feature is on, whose weights shut the gates that change it.
"""

from __future__ import annotations

import numpy as np

from keras.backend.kernels import recurrent
from keras.backend.kernels.recurrent import Call

_SHUT = 1e4  # what a gate's sum is moved by: far enough for a sigmoid of exactly 0 or 1


def _inner(call: Call) -> Call:
    """What oneDNN is asked to do."""
    return call._replace(features=call.features + 1, reverse=False)


def able(call: Call) -> bool:
    """Whether oneDNN is there and can do it."""
    return recurrent.able(_inner(call))


def kept_size(call: Call) -> int:
    """Elements of what the way back needs."""
    return recurrent.kept_size(_inner(call))


# ---------------------------------------------------------------------- passes
def forward(call: Call, keep: bool, mask: np.ndarray, *inputs: np.ndarray) -> list[np.ndarray]:
    """Outputs, last states and, with `keep`, what the way back needs, for x, states, kernels and bias."""
    rows = _Rows(mask, call.reverse)
    y, _, *rest = recurrent.forward(_inner(call), keep, *_shut(call, rows, inputs))
    return [rows.spread(y), rows.last(y, inputs[1]), *rest]


def backward(call: Call, mask: np.ndarray, *arrays: np.ndarray) -> list[np.ndarray]:
    """Gradients by x, states, kernels and bias, for these, all that `forward` kept, and gradients by its results."""
    rows, n, results = _Rows(mask, call.reverse), len(call.inputs), len(call.results)
    inputs, (y, *states), kept = arrays[:n], arrays[n : n + results], arrays[n + results]
    dy, dh, *dc = arrays[n + results + 1 :]
    forth = [*_shut(call, rows, inputs), rows.moved(y), *states, kept]
    back = [rows.gathered(dy, dh), np.zeros_like(dh), *dc]
    dx, dh0, *others = recurrent.backward(_inner(call), *forth, *back)
    place = call.inputs.index(recurrent.KERNEL) - 2
    others[place] = others[place][: call.features]
    return [rows.moved_back(dx[..., :-1]), dh0 + dh * rows.empty, *others]


def both_ways(call: Call, mask: np.ndarray, *arrays: np.ndarray) -> list[np.ndarray]:
    """Gradients by x, states, kernels and bias, for these and gradients by the results."""
    n = len(call.inputs)
    return backward(call, mask, *arrays[:n], *forward(call, True, mask, *arrays[:n]), *arrays[n:])


def _shut(call: Call, rows: _Rows, inputs: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """The inputs with one more feature, which keeps the state where no step is left."""
    x, *others = inputs
    wide = np.empty((*x.shape[:2], call.features + 1), np.float32)
    wide[..., :-1] = rows.moved(x)
    wide[..., -1] = rows.idle
    place = call.inputs.index(recurrent.KERNEL) - 1
    kernel = others[place]
    weights = np.zeros((1, kernel.shape[1]), np.float32)
    if call.kind == "lstm":  # nothing is let in, nothing forgotten
        weights[0, : call.units], weights[0, call.units : 2 * call.units] = -_SHUT, _SHUT
    else:
        weights[0, : call.units] = _SHUT
    others[place] = np.concatenate([kernel, weights])
    return [wide, *others]


class _Rows:
    """Where the steps of a batch go.

    Args:
        mask: [batch, time], true for steps that count.
        reverse: whether the last step is the first to be gone through.
    """

    def __init__(self, mask: np.ndarray, reverse: bool) -> None:
        batch, time = mask.shape
        self._reverse = reverse
        mask = self._turned(mask)
        count = np.cumsum(mask, 1)
        self._length = count[:, -1]
        #: Rows without a step that counts, as a column of 0 and 1.
        self.empty = (self._length == 0)[:, None].astype(np.float32)
        #: Places behind the last step of a row.
        self.idle = np.arange(time) >= self._length[:, None]
        order = np.argsort(~mask, 1, kind="stable")
        # Numbers of places in the batch laid out as one row: whole steps are copied, not elements.
        first = time * np.arange(batch)[:, None]
        self._order = (first + (time - 1 - order if reverse else order)).ravel()
        self._source = self._turned(first + np.maximum(count - 1, 0)).ravel()
        self._before = count == 0  # the first step that counts
        self._steps, self._places = np.flatnonzero(mask), (first + count - 1)[mask]
        self._last = (first[:, 0] + self._length - 1)[self._length > 0]

    def moved(self, x: np.ndarray) -> np.ndarray:
        """Steps that count at the front, zeros behind them."""
        y = self._picked(x, self._order)
        y[self.idle] = 0
        return y

    def moved_back(self, y: np.ndarray) -> np.ndarray:
        """Each step at its time."""
        x = np.empty(y.shape, y.dtype)
        x.reshape(-1, y.shape[2])[self._order] = y.reshape(-1, y.shape[2])
        return x

    def spread(self, y: np.ndarray) -> np.ndarray:
        """At every time the output of the last step that counted; zeros before the first."""
        out = self._picked(y, self._source)
        out[self._turned(self._before)] = 0
        return out

    def last(self, y: np.ndarray, h: np.ndarray) -> np.ndarray:
        """The outputs of the last steps, or what the state began with."""
        out = h.copy()
        out[self._length > 0] = y.reshape(-1, y.shape[2])[self._last]
        return out

    def gathered(self, dy: np.ndarray, dh: np.ndarray) -> np.ndarray:
        """Gradients by the outputs of steps, for those by what `spread` and `last` make of them."""
        made = np.zeros(dy.shape, dy.dtype)
        flat = made.reshape(-1, dy.shape[2])
        if self._steps.size:
            shown = np.array(self._turned(dy))
            shown[self._before] = 0  # else they would go to the last step of the row before
            flat[self._places] = np.add.reduceat(shown.reshape(flat.shape), self._steps, 0)
        flat[self._last] += dh[self._length > 0]
        return made

    def _picked(self, x: np.ndarray, places: np.ndarray) -> np.ndarray:
        return np.take(x.reshape(-1, x.shape[2]), places, 0).reshape(x.shape)

    def _turned(self, x: np.ndarray) -> np.ndarray:
        """From the order of time to that of the steps, or the other way."""
        return x[:, ::-1] if self._reverse else x
