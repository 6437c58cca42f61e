"""Convolution, pooling and the Fourier transform, against loops over the definition."""

import functools
import itertools

import numpy as np

from tests.conformance.rows import FLOATS, WIDE, five_tests, row, rows, t

rng = np.random.default_rng(5)


def _places(shape, window, strides, pads, dilation):
    """(output shape, output position, offset in the window, input position) of every tap that lies inside the input."""
    return _spatial_places(tuple(shape[1:-1]), tuple(window), strides, pads, dilation)


@functools.cache
def _spatial_places(spatial, window, strides, pads, dilation):
    return list(_each_place(spatial, window, strides, pads, dilation))


def _each_place(spatial, window, strides, pads, dilation):
    out = [
        (n + low + high - (k - 1) * d - 1) // s + 1
        for n, k, s, (low, high), d in zip(spatial, window, strides, pads, dilation, strict=True)
    ]
    for o in itertools.product(*map(range, out)):
        for k in itertools.product(*map(range, window)):
            at = tuple(
                i * s - p[0] + j * d for i, j, s, p, d in zip(o, k, strides, pads, dilation, strict=True)
            )
            if all(0 <= i < n for i, n in zip(at, spatial, strict=True)):
                yield out, o, k, at


def _grouped(groups, width, features):
    for g in range(groups):
        yield slice(g * width, (g + 1) * width), slice(g * features // groups, (g + 1) * features // groups)


def _conv(x, kernel, strides, pads, dilation, groups):
    *window, width, features = kernel.shape
    y = None
    for out, o, k, at in _places(x.shape, window, strides, pads, dilation):
        y = np.zeros((len(x), *out, features)) if y is None else y
        for inner, outer in _grouped(groups, width, features):
            y[(slice(None), *o, outer)] += x[(slice(None), *at, inner)] @ kernel[(*k, slice(None), outer)]
    return y


def _conv_input_grad(dy, kernel, shape, strides, pads, dilation, groups):
    *window, width, features = kernel.shape
    dx = np.zeros(shape)
    for _, o, k, at in _places(shape, window, strides, pads, dilation):
        for inner, outer in _grouped(groups, width, features):
            dx[(slice(None), *at, inner)] += dy[(slice(None), *o, outer)] @ kernel[(*k, slice(None), outer)].T
    return dx


def _conv_kernel_grad(x, dy, shape, strides, pads, dilation, groups):
    *window, width, features = shape
    dk = np.zeros(shape)
    for _, o, k, at in _places(x.shape, window, strides, pads, dilation):
        for inner, outer in _grouped(groups, width, features):
            dk[(*k, slice(None), outer)] += x[(slice(None), *at, inner)].T @ dy[(slice(None), *o, outer)]
    return dk


def _reduce_window(x, window, strides, pads, op):
    y = None
    for out, o, _, at in _places(x.shape, window, strides, pads, (1,) * len(window)):
        if y is None:
            y = np.full((len(x), *out, x.shape[-1]), -np.inf if op == "max" else 0.0)
        here = (slice(None), *o)
        y[here] = (np.maximum if op == "max" else np.add)(y[here], x[(slice(None), *at)])
    return y


def _reduce_window_grad(x, dy, window, strides, pads, op):
    y, dx, free = _reduce_window(x, window, strides, pads, op), np.zeros(x.shape), np.ones(dy.shape, bool)
    for _, o, _, at in _places(x.shape, window, strides, pads, (1,) * len(window)):
        here, there = (slice(None), *o), (slice(None), *at)
        hit = (x[there] == y[here]) & free[here] if op == "max" else True
        dx[there] += np.where(hit, dy[here], 0)
        free[here] &= ~np.asarray(hit) if op == "max" else True
    return dx


def _fft(re, im, inverse):
    z = (np.fft.ifft if inverse else np.fft.fft)(re + 1j * im)
    return z.real, z.imag


def _u(*shape):
    return rng.uniform(-1, 1, shape)


#: input, kernel, strides, pads, dilation, groups
CONVS = {
    "1d": (_u(2, 7, 3), _u(3, 3, 4), (1,), ((0, 0),), (1,), 1),
    "1d-same": (_u(2, 7, 2), _u(3, 2, 3), (2,), ((1, 1),), (1,), 1),
    "1d-causal-dilated": (_u(1, 8, 2), _u(3, 2, 2), (1,), ((4, 0),), (2,), 1),
    "1d-groups": (_u(1, 6, 4), _u(2, 2, 6), (1,), ((0, 1),), (1,), 2),
    "2d": (_u(2, 4, 5, 2), _u(3, 2, 2, 3), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    "2d-same": (_u(2, 3, 4, 2), _u(3, 3, 2, 2), (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
    "2d-strided": (_u(1, 7, 6, 2), _u(3, 2, 2, 3), (2, 3), ((0, 2), (1, 0)), (1, 1), 1),
    "2d-dilated": (_u(1, 5, 6, 2), _u(3, 2, 2, 2), (1, 1), ((1, 0), (2, 1)), (2, 3), 1),
    "2d-dilated-small": (_u(1, 4, 4, 1), _u(2, 2, 1, 2), (1, 1), ((0, 0), (0, 0)), (3, 3), 1),
    "2d-dilated-strided": (_u(1, 7, 7, 2), _u(2, 2, 2, 2), (2, 2), ((0, 0), (1, 1)), (2, 2), 1),
    "2d-groups": (_u(2, 3, 3, 4), _u(2, 3, 2, 4), (1, 1), ((1, 1), (1, 1)), (1, 1), 2),
    "2d-groups-strided": (_u(1, 4, 5, 6), _u(2, 2, 2, 3), (2, 2), ((0, 0), (0, 1)), (1, 1), 3),
    "2d-depthwise": (_u(1, 4, 4, 3), _u(2, 3, 1, 6), (1, 1), ((1, 1), (1, 1)), (1, 1), 3),
    "2d-depthwise-dilated": (_u(1, 6, 6, 2), _u(2, 2, 1, 2), (1, 1), ((0, 0), (1, 0)), (2, 2), 2),
    "2d-1x1": (_u(2, 3, 3, 4), _u(1, 1, 4, 2), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    "2d-1x1-strided": (_u(1, 5, 4, 2), _u(1, 1, 2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1), 1),
    "3d": (_u(1, 2, 3, 3, 2), _u(2, 2, 3, 2, 2), (1, 1, 1), ((0, 0), (0, 1), (1, 1)), (1, 1, 1), 1),
    "3d-strided": (_u(1, 4, 4, 3, 2), _u(2, 2, 2, 2, 2), (2, 2, 1), ((0, 0), (1, 0), (0, 0)), (1, 1, 1), 1),
    "3d-dilated-groups": (
        _u(1, 4, 4, 4, 2),
        _u(2, 2, 2, 1, 2),
        (1, 1, 1),
        ((0, 0), (1, 1), (0, 0)),
        (2, 1, 2),
        2,
    ),
    "4d": (_u(1, 2, 3, 2, 3, 1), _u(2, 2, 1, 2, 1, 2), (1, 1, 1, 1), ((0, 0),) * 4, (1, 1, 1, 1), 1),
}
#: input, window, strides, pads
POOLS = {
    "1d": (_u(2, 8, 3), (2,), (2,), ((0, 0),)),
    "1d-overlapping": (_u(2, 7, 2), (3,), (1,), ((1, 1),)),
    "2d": (_u(2, 6, 4, 3), (2, 2), (2, 2), ((0, 0), (0, 0))),
    "2d-same": (_u(1, 5, 7, 2), (2, 3), (2, 2), ((0, 1), (1, 1))),
    "2d-uneven": (_u(1, 6, 6, 2), (3, 2), (1, 2), ((2, 0), (0, 1))),
    "2d-padding-only": (_u(1, 3, 3, 1), (2, 2), (2, 2), ((2, 0), (0, 1))),
    "3d": (_u(1, 4, 2, 4, 2), (2, 2, 2), (2, 2, 2), ((0, 0), (0, 0), (0, 0))),
    "3d-padded": (_u(1, 3, 4, 5, 1), (2, 3, 2), (1, 2, 2), ((1, 0), (1, 1), (0, 1))),
}
GENTLE = ("2d", "2d-same", "2d-groups", "1d", "3d", "2d-depthwise")


def _conv_rows(label, x, kernel, strides, pads, dilation, groups):
    dtypes = FLOATS if label in GENTLE else WIDE
    static = (strides, pads, dilation, groups)
    dy = rng.uniform(-1, 1, _conv(x, kernel, *static).shape)
    options = {
        "dtypes": dtypes,
        "grad": True,
        "label": label,
        "loose": 3,
        "atol": 3e-2 if "float16" in dtypes else None,
    }
    return [
        *row("conv", t(x), t(kernel), *static, want=_conv, **options),
        *row("conv_input_grad", t(dy), t(kernel), x.shape, *static, want=_conv_input_grad, **options),
        *row("conv_kernel_grad", t(x), t(dy), kernel.shape, *static, want=_conv_kernel_grad, **options),
    ]


def _pool_rows(label, x, window, strides, pads):
    made = []
    for op in ("max", "sum"):
        dy = rng.uniform(-1, 1, _reduce_window(x, window, strides, pads, op).shape)
        options = {"dtypes": FLOATS if label == "2d" else WIDE, "label": f"{op}-{label}", "loose": 2}
        empty = label == "2d-padding-only" and op == "max"  # -inf there: no derivative to compare
        made += row(
            "reduce_window", t(x), window, strides, pads, op, want=_reduce_window, grad=not empty, **options
        )
        made += row(
            "reduce_window_grad", t(x), t(dy), window, strides, pads, op, want=_reduce_window_grad, **options
        )
    return made


TIES = np.array([1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0]).reshape(1, 2, 4, 1)

ROWS = rows(
    *(_conv_rows(label, *case) for label, case in CONVS.items()),
    *(_pool_rows(label, *case) for label, case in POOLS.items()),
    row("conv", t(np.zeros((0, 4, 4, 2))), t(_u(2, 2, 2, 3)), (1, 1), ((0, 0),) * 2, (1, 1), 1,
        want=lambda *_: np.zeros((0, 3, 3, 3)), label="empty-batch"),
    row("reduce_window", t(np.zeros((0, 4, 4, 2))), (2, 2), (2, 2), ((0, 0),) * 2, "max",
        want=lambda *_: np.zeros((0, 2, 2, 2)), label="empty-batch"),
    row("reduce_window", t(np.arange(16).reshape(1, 4, 4, 1)), (2, 2), (2, 2), ((0, 0),) * 2, "sum",
        want=lambda *a: _reduce_window(*a).astype("int32"), dtypes=("int32",), label="integers"),
    *(row("reduce_window", t(4e-6 * rng.permutation(n).reshape(shape)), (2,) * rank, (2,) * rank, ((0, 0),) * rank,
          "max", want=_reduce_window, grad=True, label=f"near-{rank}d")
      for rank, n, shape in ((1, 8, (1, 8, 1)), (2, 16, (1, 4, 4, 1)), (3, 32, (1, 4, 2, 4, 1)))),
    row("reduce_window_grad", t(TIES), t([[[[2.0], [3.0]]]]), (2, 2), (2, 2), ((0, 0),) * 2, "max",
        want=_reduce_window_grad, label="ties"),
    *(row("fft", t(_u(2, n)), t(_u(2, n)), inverse, want=_fft, dtypes=FLOATS if n == 4 else WIDE, grad=n == 4,
          loose=5, atol=1e-2 if n == 4 else None, label=f"{n}-{inverse}")
      for n in (1, 4, 5, 12) for inverse in (False, True)),
    row("fft", t(np.zeros((0, 4))), t(np.zeros((0, 4))), False, want=_fft, label="empty"),
)  # fmt: skip

test_eager, test_compiled, test_spec, test_default, test_gradient = five_tests(ROWS)
