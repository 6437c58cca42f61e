"""Movement: every dtype, every rank that occurs, empty tensors."""

import numpy as np

from tests.conformance.rows import ALL, five_tests, row, rows, t

X = np.arange(24).reshape(2, 3, 4) % 7 - 3
E = np.zeros((0, 3))
DEEP = np.arange(24).reshape(2, 1, 3, 1, 2, 1, 2)
N = (0,) * 7


def _slice(x, starts, stops, steps):
    return x[tuple(map(slice, starts, stops, steps))]


def _pad(x, low, high, value):
    return np.pad(x, list(zip(low, high, strict=True)), constant_values=value) if low else x


def _dynamic_slice(x, starts, sizes):
    at = [min(max(int(s), 0), n - k) for s, n, k in zip(starts, x.shape, sizes, strict=True)]
    return x[tuple(slice(a, a + k) for a, k in zip(at, sizes, strict=True))]


def _dynamic_update(x, update, starts):
    x, sizes = x.copy(), update.shape
    at = [min(max(int(s), 0), n - k) for s, n, k in zip(starts, x.shape, sizes, strict=True)]
    x[tuple(slice(a, a + k) for a, k in zip(at, sizes, strict=True))] = update
    return x


def i(value, dtype="int32"):
    return np.array(value, dtype)


ROWS = rows(
    row("transpose", t(DEEP), (6, 0, 5, 2, 1, 3, 4), want=np.transpose, label="deep", grad=True),
    row("broadcast_to", t(DEEP), (2, 2, 3, 1, 2, 2, 2), want=np.broadcast_to, label="deep", grad=True),
    row(
        "slice",
        t(DEEP),
        N,
        (2, 1, 3, 1, 1, 1, 2),
        (1, 1, 2, 1, 1, 1, 1),
        want=_slice,
        label="deep",
        grad=True,
    ),
    row("pad", t(DEEP), (1, 0, 0, 0, 0, 0, 1), (0, 1, 0, 2, 0, 0, 0), 5, want=_pad, label="deep", grad=True),
    row("concat", [t(DEEP), t(DEEP)], 3, want=np.concatenate, label="deep", grad=True),
    row("flip", t(DEEP), (0, 2, 6), want=np.flip, label="deep", grad=True),
    row("reshape", t(X), (4, 6), want=np.reshape, dtypes=ALL, grad=True),
    row("reshape", t(X), (2, 1, 12), want=np.reshape),
    row("reshape", t([[5]]), (), want=np.reshape),
    row("reshape", t(3), (1, 1), want=np.reshape),
    row("reshape", t(E), (3, 0, 2), want=np.reshape),
    row("transpose", t(X), (2, 0, 1), want=np.transpose, dtypes=ALL, grad=True),
    row("transpose", t(X), (0, 1, 2), want=np.transpose),
    row("transpose", t(3), (), want=np.transpose),
    row("transpose", t(E), (1, 0), want=np.transpose),
    row("transpose", t(X.reshape(1, 2, 3, 2, 2)), (4, 2, 0, 3, 1), want=np.transpose),
    row("broadcast_to", t([[1], [2]]), (3, 2, 4), want=np.broadcast_to, dtypes=ALL, grad=True),
    row("broadcast_to", t(2), (2, 3), want=np.broadcast_to, grad=True),
    row("broadcast_to", t(2), (), want=np.broadcast_to),
    row("broadcast_to", t([[1]]), (0, 3), want=np.broadcast_to),
    row("slice", t(X), (0, 1, 1), (2, 3, 4), (1, 1, 1), want=_slice, dtypes=ALL, grad=True),
    row("slice", t(X), (0, 0, 1), (2, 3, 4), (1, 2, 2), want=_slice, dtypes=ALL, grad=True),
    row("slice", t(X), (1, 0, 2), (1, 3, 2), (1, 1, 1), want=_slice, label="empty"),
    row("slice", t(X), (1, 0, 2), (1, 3, 4), (1, 1, 5), want=_slice, label="empty"),
    row("slice", t(3), (), (), (), want=_slice),
    row("pad", t(X[0]), (1, 0), (2, 3), 0, want=_pad, dtypes=ALL, grad=True),
    row("pad", t(X), (0, 1, 0), (0, 0, 0), -2.5, want=_pad),
    row("pad", t(X), (0, 0, 0), (0, 0, 0), 1, want=_pad, label="nothing"),
    row("pad", t(E), (1, 1), (1, 1), float("-inf"), want=_pad),
    row("pad", t(3), (), (), 0, want=_pad),
    row("concat", [t(X), t(X[:, :1]), t(X)], 1, want=np.concatenate, dtypes=ALL, grad=True),
    row("concat", [t(X)], 0, want=np.concatenate),
    row("concat", [t(E), t(E + 1), t([[1, 2, 3]])], 0, want=np.concatenate),
    row("flip", t(X), (1,), want=np.flip, dtypes=ALL, grad=True),
    row("flip", t(X), (0, 2), want=np.flip),
    row("flip", t(X), (), want=np.flip),
    row("flip", t(E), (0, 1), want=np.flip),
    row("dynamic_slice", t(X), [i(1), i(1), i(2)], (1, 2, 2), want=_dynamic_slice, dtypes=ALL, grad=True),
    row("dynamic_slice", t(X), [i(0), i(-5), i(9)], (2, 2, 3), want=_dynamic_slice, label="clamped"),
    row("dynamic_slice", t(X), [i(0, "int64"), i(2, "int64"), i(0, "int64")], (2, 1, 4), want=_dynamic_slice),
    row("dynamic_slice", t(X), [i(1), i(0), i(0)], (2, 0, 4), want=_dynamic_slice, label="empty"),
    row("dynamic_slice", t(3), [], (), want=_dynamic_slice),
    row(
        "dynamic_update", t(X), t([[[1, 2]]]), [i(1), i(2), i(1)], want=_dynamic_update, dtypes=ALL, grad=True
    ),
    row("dynamic_update", t(X), t(X[:, :2] + 1), [i(0), i(9), i(-1)], want=_dynamic_update, label="clamped"),
    row("dynamic_update", t(X), t(X + 1), [i(0), i(0), i(0)], want=_dynamic_update, label="whole"),
    row("dynamic_update", t(X), t(X[:0]), [i(0), i(0), i(0)], want=_dynamic_update, label="empty"),
    row("dynamic_update", t(3), t(4), [], want=_dynamic_update),
)

test_eager, test_compiled, test_spec, test_default, test_gradient = five_tests(ROWS)
