"""Gather, scatter and order. NaN sorts last; ties keep their order."""

import numpy as np

from tests.conformance.rows import ALL, COMPLEX, FLOATS, INTS, five_tests, row, rows, t

X = np.arange(24).reshape(2, 3, 4) * 5 % 24 - 11
NAN, INF = float("nan"), float("inf")
UNORDERED = [[3, -1, 2, -1, 3, 0, 7], [0, 0, 1, 0, 1, 0, 5]]
SPECIAL = [NAN, 1, -INF, INF, -0.0, NAN, 0.0, -1e-8, 1e-8, INF]
SORTABLE = ("bool", *INTS, *FLOATS)


def i(*values, dtype="int32"):
    return np.array(values[0] if len(values) == 1 else values, dtype)


def _take(x, indices, axis):
    return np.take(x, indices, axis)


def _gather_nd(x, indices):
    return x[tuple(np.moveaxis(indices, -1, 0))]


def _scatter_nd(x, indices, updates, mode):
    x, at = x.copy(), tuple(np.moveaxis(indices, -1, 0))
    if mode == "set":
        x[at] = updates
        return x
    how = {"add": np.add, "mul": np.multiply, "min": np.minimum, "max": np.maximum}[mode]
    if x.dtype == bool and mode == "mul":
        how = np.logical_and
    how.at(x, at, updates)
    return x


def _argsort(x, axis):
    return np.argsort(x, axis, kind="stable").astype("int32")


def _top_k(x, k):
    wide = x.astype(np.int64) if x.dtype == bool else x
    flipped = np.flip(np.argsort(np.flip(wide, -1), -1, kind="stable"), -1)
    order = (x.shape[-1] - 1 - flipped)[..., :k]
    return np.take_along_axis(x, order, -1), order.astype("int32")


ROWS = rows(
    *(row("take", t(X), i(2, 0, 2), 1, want=_take, dtypes=ALL, grad=True),),
    row("take", t(X), i([[0, 1], [1, 1]]), 0, want=_take, grad=True),
    row("take", t(X), i(3), 2, want=_take, grad=True),
    row("take", t(X), i([], dtype="int32"), 1, want=_take),
    *(row("take", t(X), i(1, 0, dtype=d), 0, want=_take, label=d) for d in INTS),
    row("take_along", t(X), i(np.argsort(X, 1)), 1, want=np.take_along_axis, dtypes=ALL, grad=True),
    row("take_along", t(X), i(np.argsort(X, 2)[..., :2]), 2, want=np.take_along_axis, grad=True),
    row("take_along", t(X), i([[[0, 1, 0, 1]] * 3]), 0, want=np.take_along_axis, grad=True),
    row("take_along", t(X), i(np.zeros((2, 3, 0))), 2, want=np.take_along_axis),
    row("take_along", t(X), i(np.argsort(X, 2), dtype="uint8"), 2, want=np.take_along_axis),
    row("gather_nd", t(X), i([[0, 1, 2], [1, 2, 3], [0, 1, 2]]), want=_gather_nd, dtypes=ALL, grad=True),
    row("gather_nd", t(X), i([[[0, 1]], [[1, 2]]]), want=_gather_nd, grad=True),
    row("gather_nd", t(X), i([1]), want=_gather_nd),
    row("gather_nd", t(X), i(np.zeros((0, 2))), want=_gather_nd),
    row("gather_nd", t(X), i([[1, 1]], dtype="int64"), want=_gather_nd),
    row("scatter_nd", t(X), i([[0, 1], [1, 2]]), t([[1, 2, 3, 4], [5, 6, 7, 8]]), "set",
        want=_scatter_nd, dtypes=ALL, grad=True, label="set"),
    row("scatter_nd", t(X), i([[0, 1, 1], [0, 1, 1], [1, 2, 3]]), t([1, 2, 3]), "add",
        want=_scatter_nd, dtypes=(*INTS, *FLOATS, *COMPLEX), grad=True, label="add"),
    row("scatter_nd", t(X), i([[1], [1]]), t(np.stack([X[0], X[1]])), "add", want=_scatter_nd, grad=True, label="add"),
    *(row("scatter_nd", t(X), i([[0, 1, 1], [0, 1, 1], [1, 2, 3]]), t([3, 2, -4]), m,
          want=_scatter_nd, dtypes=("int32", *FLOATS), label=m) for m in ("mul", "min", "max")),
    *(row("scatter_nd", t(X), i([[0, 1, 1], [1, 2, 3]]), t([3.5, -14.5]), m,
          want=_scatter_nd, grad=True, label=m) for m in ("mul", "min", "max")),
    *(row("scatter_nd", t(X), i(np.zeros((0, 2))), t(np.zeros((0, 4))), m, want=_scatter_nd, label=f"{m}-empty")
      for m in ("set", "add", "mul", "min", "max")),
    row("argsort", t(UNORDERED), 1, want=_argsort, dtypes=SORTABLE),
    row("argsort", t(UNORDERED), 0, want=_argsort, dtypes=("int32", "float32")),
    row("argsort", t(SPECIAL), 0, want=_argsort, dtypes=FLOATS, label="special"),
    row("argsort", t([2**63 - 1, -(2**63), 0, -1]), 0, want=_argsort, dtypes=INTS, label="extreme"),
    row("argsort", t(np.zeros((2, 0))), 1, want=_argsort),
    row("argsort", t(X[:1]), 0, want=_argsort, label="size-1"),
    row("sort", t(UNORDERED), 1, want=np.sort, dtypes=SORTABLE),
    row("sort", t(X), 1, want=np.sort, grad=True),
    row("sort", t(SPECIAL), 0, want=np.sort, dtypes=FLOATS, label="special"),
    row("sort", t([2**63 - 1, -(2**63), 0, -1]), 0, want=np.sort, dtypes=INTS, label="extreme"),
    row("top_k", t(UNORDERED), 3, want=_top_k, dtypes=SORTABLE),
    row("top_k", t(X), 2, want=_top_k, grad=True),
    row("top_k", t(X), 4, want=_top_k, label="all"),
    row("top_k", t(SPECIAL), 4, want=_top_k, dtypes=FLOATS, label="special"),
)  # fmt: skip

test_eager, test_compiled, test_spec, test_default, test_gradient = five_tests(ROWS)
