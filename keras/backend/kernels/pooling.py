"""Max pooling by oneDNN, forward and back.

oneDNN passes over NaN, and takes what is less than the least finite number for that. The largest element of what is pooled,
and the least of the result, tell whether it matters; such arrays are left to the body.
"""

from __future__ import annotations

import numpy as np

from keras.backend.kernels import onednn
from keras.backend.kernels.onednn import (
    DIFF_SOURCE,
    DIFF_TARGET,
    INFERENCE,
    SOURCE,
    TARGET,
    TRAINING,
    WORKSPACE,
    Plan,
    Shape,
    Stock,
    channels_last,
    dims,
)
from keras.backend.spec import window_size

Pads = tuple[tuple[int, int], ...]

_MAX = 0x1FF  # the algorithm
_LEAST = np.finfo(np.float32).min


class _PoolingPlan(Plan):
    """The largest elements of an array's windows; with `back`, the gradient by the array as well."""

    def __init__(self, back: bool, x: Shape, y: Shape, window: Shape, strides: Shape, pads: Pads) -> None:
        super().__init__()
        whole, pooled = (self._layout(*channels_last(shape)) for shape in (x, y))
        low, high = zip(*pads, strict=True)
        windows = [dims(sizes) for sizes in (strides, window, [0] * len(window), low, high)]
        engine, attributes = self._lib.engine, self._lib.attributes
        forward = self._object(
            *("pooling_forward_primitive_desc_create", engine, TRAINING if back else INFERENCE, _MAX),
            *(whole, pooled, *windows, attributes),
        )
        self._memories = [self._memory(whole), self._memory(pooled)]
        arguments = [(SOURCE, self._memories[0]), (TARGET, self._memories[1])]
        if not back:
            self._steps = [self._step(forward, arguments)]
            return
        backward = self._object(
            *("pooling_backward_primitive_desc_create", engine, _MAX),
            *(whole, pooled, *windows, forward, attributes),
        )
        places = (WORKSPACE, self._lent(self._wanted(forward, WORKSPACE)))  # of what was the largest
        self._memories += [self._memory(pooled), self._memory(whole)]
        gradients = [(DIFF_TARGET, self._memories[2]), (DIFF_SOURCE, self._memories[3])]
        self._steps = [self._step(forward, [*arguments, places]), self._step(backward, [*gradients, places])]

    def __call__(self, *arrays: np.ndarray) -> None:
        """Fill `y` for `x` or, on the way back, `y` and `dx` for `x` and `dy`: they come in the order x, y, dy, dx."""
        self._execute(self._steps, self._memories, arrays)


_stock = Stock(_PoolingPlan, 256)


def result_shape(x: np.ndarray, window: Shape, strides: Shape, pads: Pads) -> Shape | None:
    """The shape of what is pooled; None where NumPy's body serves: without elements, or with a window in the padding."""
    if x.dtype != np.float32 or not 3 <= x.ndim <= 5 or onednn.library() is None:
        return None
    sizes = zip(x.shape[1:-1], window, strides, pads, strict=True)
    out = [window_size(n, k, s, *pad, 1) for n, k, s, pad in sizes]
    if min(x.shape) < 1 or min(out) < 1 or any(max(pad) >= k for k, pad in zip(window, pads, strict=True)):
        return None
    return (len(x), *out, x.shape[-1])


def pool(x: np.ndarray, y: np.ndarray, window: Shape, strides: Shape, pads: Pads) -> bool:
    """Fill `y` with the largest element of each window; False where NumPy's body is to do it. C-contiguous arrays."""
    return _run((x, y), window, strides, pads)


def pull_back(
    x: np.ndarray, dy: np.ndarray, dx: np.ndarray, window: Shape, strides: Shape, pads: Pads
) -> bool:
    """Fill `dx` with each number of `dy` at the first element of its window that is the largest; False as above."""
    return _run((x, np.empty(dy.shape, dy.dtype), dy, dx), window, strides, pads)


def _run(arrays: tuple[np.ndarray, ...], window: Shape, strides: Shape, pads: Pads) -> bool:
    x, y, *more = arrays
    if np.isnan(np.maximum.reduce(x, axis=None)):
        return False
    with _stock.plan(bool(more), x.shape, y.shape, window, strides, pads) as plan:
        if plan is None:
            return False
        plan(*arrays)
    return bool(np.minimum.reduce(y, axis=None) > _LEAST)
