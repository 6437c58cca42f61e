"""Linear algebra, batched. Factors that are unique up to signs are compared through what is unique."""

import numpy as np
import scipy.linalg

from tests.conformance.rows import WIDE, five_tests, row, rows, t

rng = np.random.default_rng(9)
S = rng.uniform(-1, 1, (2, 3, 3))
S = S + 2 * np.eye(3)
H = S + S.swapaxes(-1, -2)
PD = S @ S.swapaxes(-1, -2) + np.eye(3)
TALL, FLAT = rng.uniform(-1, 1, (2, 4, 3)), rng.uniform(-1, 1, (2, 3, 4))
B = rng.uniform(-1, 1, (2, 3, 2))
LOW = np.tril(S)


def _batched(f):
    def each(a):
        results = [f(m) for m in a.reshape(-1, *a.shape[-2:])]
        if not isinstance(results[0], tuple):
            return np.stack(results).reshape(*a.shape[:-2], *results[0].shape)
        return tuple(np.stack(c).reshape(*a.shape[:-2], *c[0].shape) for c in zip(*results, strict=True))

    return each


def _triangle(lower):
    return lambda a: np.tril(a) if lower else np.triu(a)


def _lower_of(a):
    return np.linalg.cholesky(np.tril(a) + np.tril(a, -1).swapaxes(-1, -2))


def _eigh(a):
    return tuple(np.linalg.eigh(np.tril(a) + np.tril(a, -1).swapaxes(-1, -2)))


def _lu(a):
    packed, pivots = scipy.linalg.lu_factor(a)
    return packed, pivots.astype("int32")


def _squared(e, x):
    return e.mul(x, x)


def _eigh_view(e, w, v):
    return [w, _squared(e, v)]


def _product(e, *factors):
    out = factors[0]
    for f in factors[1:]:
        out = e.matmul(out, f)
    return out


def _qr_view(e, q, r):
    return [_product(e, q, r), _squared(e, q), _squared(e, r)]


def _svd_view(e, u, s, vh):
    return [s, _squared(e, u), _squared(e, vh)]


def _leading_svd_view(e, u, s, vh):
    """Columns that belong to singular values; those that only complete a basis are arbitrary."""
    k = e.spec(s)[0][-1]
    (*b, m, _), (*_, n) = e.spec(u)[0], e.spec(vh)[0]
    none, ones = (0,) * (len(b) + 2), (1,) * (len(b) + 2)
    u = e.slice(u, none, (*b, m, k), ones)
    vh = e.slice(vh, none, (*b, k, n), ones)
    return [s, _squared(e, u), _squared(e, vh)]


def _eig_view(e, w, v):
    """Sums over all eigenvalues do not depend on their order."""
    return [e.reduce_sum(w, (len(e.spec(w)[0]) - 1,)), e.reduce_sum(e.mul(w, w), (len(e.spec(w)[0]) - 1,))]


def _svd(a, full, uv):
    return np.linalg.svd(a, full_matrices=full, compute_uv=uv)


ROWS = rows(
    row("cholesky", t(PD), want=_lower_of, dtypes=WIDE, loose=10),
    row("cholesky", t(PD[0]), want=_lower_of, dtypes=WIDE, loose=10),
    row("cholesky", t([[4.0]]), want=_lower_of),
    *(row("qr", t(a), mode, want=lambda a, mode: tuple(np.linalg.qr(a, mode)), view=_qr_view, dtypes=WIDE, loose=10,
          label=mode) for a in (S, TALL, FLAT) for mode in ("reduced", "complete")),
    *(row("qr", t(a), "reduced", want=lambda a, mode: tuple(np.linalg.qr(a, mode)), view=_qr_view, grad=True)
      for a in (S, TALL)),
    *(row("svd", t(a), False, True, want=_svd, view=_svd_view, dtypes=WIDE, loose=10, grad=True)
      for a in (S, TALL, FLAT)),
    *(row("svd", t(a), True, True, want=_svd, view=_leading_svd_view, dtypes=WIDE, loose=10, label="full")
      for a in (S, TALL, FLAT)),
    *(row("svd", t(a), False, False, want=_svd, dtypes=WIDE, loose=10, grad=True, label="values") for a in (S, TALL)),
    row("eigh", t(H), want=_eigh, view=_eigh_view, dtypes=WIDE, loose=10),
    row("eigh", t(H[0]), want=_eigh, view=_eigh_view, dtypes=WIDE, loose=10),
    row("eig", t(S), want=lambda a: tuple(np.linalg.eig(a.astype(complex))), view=_eig_view, dtypes=WIDE, loose=10),
    row("eig", t([[0.0, 1.0], [-1.0, 0.0]]), want=lambda a: tuple(np.linalg.eig(a)), view=_eig_view, dtypes=WIDE),
    *(row("lu", t(a), want=_batched(_lu), dtypes=WIDE, loose=10, grad=True) for a in (S, TALL, FLAT)),
    row("lu", t([[1e-8, 1.0], [1.0, 1.0]]), want=_lu, dtypes=WIDE),
    *(row("triangular_solve", t(S), t(B), low, want=lambda a, b, low: np.linalg.solve(_triangle(low)(a), b),
          dtypes=WIDE, loose=20, grad=True, label="lower" if low else "upper") for low in (True, False)),
    row("triangular_solve", t(LOW[0]), t(B[0]), True, want=lambda a, b, low: np.linalg.solve(a, b)),
    row("solve", t(S), t(B), want=np.linalg.solve, dtypes=WIDE, loose=20, grad=True),
    row("solve", t(S[0]), t(B[0]), want=np.linalg.solve, dtypes=WIDE, loose=20, grad=True),
    row("solve", t([[1e-8, 1.0], [1.0, 1.0]]), t([[1.0], [2.0]]), want=np.linalg.solve, label="pivots"),
)  # fmt: skip

test_eager, test_compiled, test_spec, test_default, test_gradient = five_tests(ROWS)
