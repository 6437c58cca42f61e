"""Reductions and running reductions; NaN propagates, 16-bit sums do not stall."""

import numpy as np

from tests.conformance.rows import COMPLEX, FLOATS, INTS, WIDE, five_tests, row, rows, t

X = np.arange(24).reshape(2, 3, 4) * 7 % 24 - 11
P = (np.arange(12).reshape(3, 4) % 5 - 2.25) / 2
NAN, INF = float("nan"), float("inf")
SPECIAL = [
    [NAN, 1, 2],
    [1, NAN, 2],
    [3, 2, NAN],
    [INF, 1, -INF],
    [-INF, -INF, -INF],
    [NAN, INF, 1],
    [INF, NAN, NAN],
]
EXTREMES = [[-(2**63), 2**63 - 1, 3], [0, -1, 100]]
SUMS = (("reduce_sum", np.sum), ("reduce_prod", np.prod))
ENDS = (("reduce_max", np.max), ("reduce_min", np.min))
RUNNING = (("cumsum", np.cumsum), ("cumprod", np.cumprod))


def _own(f):
    """In the input's dtype: integers wrap."""
    return lambda x, axes: f(x, axis=axes, dtype=x.dtype) if x.dtype != bool else f(x, axis=axes).astype(bool)


def _argmax(x, axis):
    return np.argmax(x, axis).astype("int32")


ROWS = rows(
    *(row(n, t(X), axes, want=_own(f), dtypes=(*INTS, *WIDE), label=str(axes))
      for n, f in SUMS for axes in ((), (0,), (2,), (0, 2), (0, 1, 2))),
    *(row(n, t(P), (1,), want=_own(f), dtypes=FLOATS, grad=True) for n, f in SUMS),
    *(row(n, t(P), (0, 1), want=_own(f), dtypes=FLOATS, grad=True) for n, f in SUMS),
    *(row(n, t(SPECIAL), (1,), want=_own(f), dtypes=FLOATS, label="special") for n, f in SUMS),
    *(row(n, t(X[:1] + 2j), (1, 2), want=_own(f), dtypes=COMPLEX, loose=10) for n, f in SUMS),
    *(row(n, t(np.zeros((2, 0, 3))), (1,), want=_own(f), dtypes=("int32", *FLOATS), label="empty") for n, f in SUMS),
    *(row(n, t(3.5), (), want=_own(f), label="scalar") for n, f in SUMS),
    row("reduce_sum", t(np.ones((2, 5000))), (1,), want=_own(np.sum), dtypes=FLOATS, label="long"),
    row("reduce_prod", t([[0, 2, 3], [0, 0, 3], [1, 2, 3]]), (1,), want=_own(np.prod), grad=True, label="zeros"),
    *(row(n, t(X), axes, want=lambda x, a, f=f: f(x, a), dtypes=(*INTS, *FLOATS), grad=True, label=str(axes))
      for n, f in ENDS for axes in ((0,), (2,), (0, 2), (0, 1, 2))),
    *(row(n, t(SPECIAL), (1,), want=lambda x, a, f=f: f(x, a), dtypes=FLOATS, label="special") for n, f in ENDS),
    *(row(n, t(EXTREMES), (1,), want=lambda x, a, f=f: f(x, a), dtypes=INTS, label="extreme") for n, f in ENDS),
    *(row(n, t([[True, False], [False, False], [True, True]]), (1,), want=lambda x, a, f=f: f(x, a), dtypes=("bool",))
      for n, f in ENDS),
    *(row(n, t(X[:, :1]), (1,), want=lambda x, a, f=f: f(x, a), label="size-1") for n, f in ENDS),
    *(row(n, t(np.zeros((0, 3))), (1,), want=lambda x, a, f=f: f(x, a), label="empty-rows") for n, f in ENDS),
    row("argmax", t(X), 1, want=_argmax, dtypes=(*INTS, *FLOATS)),
    row("argmax", t([[1, 3, 3], [5, 5, 0]]), 1, want=_argmax, dtypes=(*INTS, *FLOATS), label="first"),
    row("argmax", t(SPECIAL), 1, want=_argmax, dtypes=FLOATS, label="special"),
    row("argmax", t(EXTREMES), 0, want=_argmax, dtypes=INTS, label="extreme"),
    row("argmax", t([[False, True], [False, False]]), 1, want=_argmax, dtypes=("bool",)),
    row("argmax", t(np.zeros((0, 3))), 1, want=_argmax, label="empty-rows"),
    *(row(n, t(X % 4 - 1), 1, want=_own(f), dtypes=(*INTS, *FLOATS)) for n, f in RUNNING),
    *(row(n, t(P), 0, want=_own(f), dtypes=FLOATS, grad=True) for n, f in RUNNING),
    *(row(n, t(X[0, 0] * 0.1), 0, want=_own(f), grad=True) for n, f in RUNNING),
    *(row(n, t(np.zeros((2, 0))), 1, want=_own(f), label="empty") for n, f in RUNNING),
    row("cumprod", t([2, 0, 3, 0.5]), 0, want=_own(np.cumprod), grad=True, label="zeros"),
)  # fmt: skip

test_eager, test_compiled, test_spec, test_default, test_gradient = five_tests(ROWS)
