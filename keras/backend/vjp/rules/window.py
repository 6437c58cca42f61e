"""Pull-backs of convolution, pooling and the Fourier transform. The three convolutions are each other's."""

from __future__ import annotations

import itertools
from typing import Any

from keras.backend.defaults.composed import lowest
from keras.backend.vjp.table import linear, rule, scalar


@rule("conv")
def _(e: Any, dy: Any, y: Any, x: Any, kernel: Any, *static: Any) -> Any:
    return (
        lambda: e.conv_input_grad(dy, kernel, e.spec(x)[0], *static),
        lambda: e.conv_kernel_grad(x, dy, e.spec(kernel)[0], *static),
    )


@rule("conv_input_grad")
def _(e: Any, dy: Any, y: Any, x: Any, kernel: Any, shape: Any, *static: Any) -> Any:
    return (
        lambda: e.conv(dy, kernel, *static),
        lambda: e.conv_kernel_grad(dy, x, e.spec(kernel)[0], *static),
    )


@rule("conv_kernel_grad")
def _(e: Any, dy: Any, y: Any, x: Any, g: Any, shape: Any, *static: Any) -> Any:
    return lambda: e.conv_input_grad(g, dy, e.spec(x)[0], *static), lambda: e.conv(x, dy, *static)


@rule("reduce_window")
def _(e: Any, dy: Any, y: Any, x: Any, *static: Any) -> Any:
    return e.reduce_window_grad(x, dy, *static)


@rule("reduce_window_grad")
def _(e: Any, dy: Any, y: Any, x: Any, g: Any, window: Any, strides: Any, pads: Any, op: Any) -> Any:
    if op == "sum":
        return None, lambda: e.reduce_window(dy, window, strides, pads, "sum")
    return None, lambda: _at_first_maximum(e, x, dy, window, strides, pads)


def _at_first_maximum(e: Any, x: Any, values: Any, window: Any, strides: Any, pads: Any) -> Any:
    """For every window, the element of `values` at the place where `x` has its first maximum."""
    low, high = (0, *(a for a, _ in pads), 0), (0, *(b for _, b in pads), 0)
    top = e.reduce_window(x, window, strides, pads, "max")
    batch, *out, channels = e.spec(top)[0]
    x, values = e.pad(x, low, high, lowest(e.spec(x)[1])), e.pad(values, low, high, 0)
    steps, found, picked = (1, *strides, 1), None, scalar(e, 0, values)
    for offset in itertools.product(*map(range, window)):
        last = tuple(o + (n - 1) * s + 1 for o, n, s in zip(offset, out, strides, strict=True))
        starts, stops = (0, *offset, 0), (batch, *last, channels)
        hit = e.equal(e.slice(x, starts, stops, steps), top)
        first = hit if found is None else e.logical_and(hit, e.logical_not(found))
        picked = e.select(first, e.slice(values, starts, stops, steps), picked)
        found = hit if found is None else e.logical_or(found, hit)
    return picked


@linear("fft")
def _(e: Any, dy: Any, re: Any, im: Any, inverse: Any) -> Any:
    # The transpose of a transform is the other one, but for the factor 1/n that only the inverse has.
    n = re[0][-1]
    factor = scalar(e, 1 / n if inverse else n, dy[0])
    back = e.fft(*dy, not inverse)
    return tuple(e.mul(part, factor) for part in back)
