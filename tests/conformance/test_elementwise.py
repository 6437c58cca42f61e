"""Unary, binary and ternary functions: ordinary, tiny, huge and special values; integers wrap."""

import numpy as np
import scipy.special as special

from tests.conformance.rows import COMPLEX, FLOATS, INTS, SIGNED, UNSIGNED, WIDE, five_tests, row, rows, t

NAN, INF = float("nan"), float("inf")
ORDINARY = [[-2.4, -1.25, -0.4], [0.2, 0.7, 3.1]]
INSIDE = [[-0.9, -0.5, -0.1], [0.01, 0.3, 0.95]]
POSITIVE = [[0.1, 0.5, 1.0], [1.5, 2.5, 30.0]]
SPECIAL = [NAN, INF, -INF, 0.0, -0.0]
TINY = [1e-8, -1e-8, 1e-6, -1e-6, 1e-4, -1e-4]
HUGE = [1e4, -1e4, 1e30, -1e30, 88.0, -88.0, 700.0, -700.0]
EXTREMES = [-(2**63), 2**63 - 1, -7, -1, 0, 1, 2, 7, 100]
Z = [1 + 2j, -0.5j, -3 + 0.25j, 2.0]

UNARY = [
    ("neg", np.negative, ORDINARY, SPECIAL + TINY + HUGE),
    ("abs", np.abs, ORDINARY, SPECIAL + TINY + HUGE),
    ("sign", np.sign, ORDINARY, SPECIAL + TINY + HUGE),
    ("floor", np.floor, ORDINARY, SPECIAL + TINY + HUGE),
    ("round", np.round, ORDINARY, [*SPECIAL, *TINY, *HUGE, 0.5, 1.5, 2.5, -0.5, -1.5]),
    ("exp", np.exp, ORDINARY, SPECIAL + TINY + HUGE),
    ("log", np.log, POSITIVE, [*SPECIAL, *TINY, 1e30, -1.0]),
    ("sqrt", np.sqrt, POSITIVE, [*SPECIAL, *TINY, 1e30, -1.0]),
    ("sin", np.sin, ORDINARY, SPECIAL + TINY + [50.0, -50.0]),
    ("cos", np.cos, ORDINARY, SPECIAL + TINY + [50.0, -50.0]),
    ("tanh", np.tanh, ORDINARY, SPECIAL + TINY + HUGE),
    ("asin", np.arcsin, INSIDE, [*SPECIAL, *TINY, 1.0, -1.0, 1.01]),
    ("expm1", np.expm1, ORDINARY, SPECIAL + TINY + HUGE),
    ("log1p", np.log1p, INSIDE, [*SPECIAL, *TINY, 1e30, -1.0, -1.5]),
    ("rsqrt", lambda x: 1 / np.sqrt(x), POSITIVE, [NAN, INF, 0.0, 1e-4, 1e30, -1.0]),
    ("sigmoid", special.expit, ORDINARY, SPECIAL + TINY + HUGE),
    ("atan", np.arctan, ORDINARY, SPECIAL + TINY + HUGE),
    ("erf", special.erf, ORDINARY, SPECIAL + TINY + HUGE),
    ("erfinv", special.erfinv, INSIDE, [*TINY, NAN, 0.0, 1.0, -1.0, 1.5]),
]
#: Accuracy beyond which the kernels of usual engines do not go near the ends of their range.
LOOSE = {"erfinv": 10}


def _wrapping(f):
    """In the integers' own dtype, as NumPy does it."""
    return lambda a, b: np.asarray(f(a, b)).astype(a.dtype)


def _floordiv(a, b):
    return np.floor_divide(a, b) if a.dtype.kind in "iu" else np.floor(a / b)


def _part(name):
    return lambda x: (
        getattr(x, name).copy() if x.dtype.kind == "c" else (x if name == "real" else np.zeros_like(x))
    )


A, B = [[-2.4], [0.75], [4.1]], [[1.5, -0.5, 3.25, 2.0]]
POWERS = [[0.25], [1.0], [2.5]], [[1.5, -0.5, 3.0, 0.5]]
SPECIAL_A = [NAN, 1, INF, -INF, 0, -0.0, 5, -5, 1e30, 1e-8, INF]
SPECIAL_B = [1, NAN, INF, INF, 1, 1.0, 3, 3, 1e-30, 1e8, -INF]
ARITHMETIC = [
    ("add", np.add),
    ("sub", np.subtract),
    ("mul", np.multiply),
    ("maximum", np.maximum),
    ("minimum", np.minimum),
]
SMOOTH = [*ARITHMETIC, ("div", np.divide), ("atan2", np.arctan2)]
ORDER = [("equal", np.equal), ("less", np.less)]
BITS = [("bitwise_and", np.bitwise_and), ("bitwise_or", np.bitwise_or), ("bitwise_xor", np.bitwise_xor)]
LOGIC = [("logical_and", np.logical_and), ("logical_or", np.logical_or)]
PAIRS = np.array(np.meshgrid(EXTREMES, EXTREMES)).reshape(2, -1)
FACTORS = np.array(np.meshgrid([-7, -4, 0, 3, 7, 100], [-3, -1, 0, 1, 2, 7])).reshape(2, -1)
BOOLS = np.array([[True, True, False, False], [True, False, True, False]])

ROWS = rows(
    *(row(n, t(x), want=f, dtypes=FLOATS, grad=True, loose=LOOSE.get(n, 1)) for n, f, x, _ in UNARY),
    *(row(n, t(x), want=f, dtypes=FLOATS, loose=LOOSE.get(n, 1), atol=1e-37, label="special") for n, f, _, x in UNARY),
    *(row(n, t(0.5), want=f, label="scalar") for n, f, _, _ in UNARY),
    *(row(n, t(np.zeros((0, 2))), want=f, label="empty") for n, f, _, _ in UNARY),
    *(row(n, t(Z), want=f, dtypes=COMPLEX) for n, f in (("neg", np.negative), ("abs", np.abs), ("exp", np.exp),
                                                       ("log", np.log), ("sqrt", np.sqrt), ("sin", np.sin))),
    *(row(n, t(EXTREMES), want=f, dtypes=INTS) for n, f in (("neg", np.negative), ("abs", np.abs), ("sign", np.sign),
                                                          ("bitwise_not", np.invert))),
    *(row(n, t([True, False]), want=np.logical_not, dtypes=("bool",)) for n in ("logical_not", "bitwise_not")),
    *(row(n, t(Z), want=_part(n), dtypes=COMPLEX) for n in ("real", "imag")),
    *(row(n, t(ORDINARY), want=_part(n), dtypes=FLOATS) for n in ("real", "imag")),
    row("complex", t([1.0, -2.0]), t([0.5, 3.0]), want=lambda re, im: re + 1j * im, dtypes=WIDE),
    row("stop_gradient", t(ORDINARY), want=lambda x: x, dtypes=(*FLOATS, *INTS)),
    # binaries
    *(row(n, t(A), t(B), want=f, dtypes=FLOATS, grad=True) for n, f in SMOOTH),
    *(row(n, t(SPECIAL_A), t(SPECIAL_B), want=f, dtypes=FLOATS, atol=1e-37, label="special") for n, f in SMOOTH),
    *(row(n, t(2.5), t(-1.5), want=f, grad=True, label="scalars") for n, f in SMOOTH),
    *(row(n, t(np.zeros((0, 3))), t([[1.0]]), want=f, label="empty") for n, f in SMOOTH),
    *(row(n, t(PAIRS[0]), t(PAIRS[1]), want=_wrapping(f), dtypes=INTS) for n, f in ARITHMETIC),
    *(row(n, t(Z), t([[2.0], [1j]]), want=f, dtypes=COMPLEX) for n, f in
      (("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("div", np.divide), ("equal", np.equal))),
    *(row(n, t(BOOLS[0]), t(BOOLS[1]), want=f, dtypes=("bool",)) for n, f in (*ORDER, *BITS, *LOGIC)),
    row("div", t([1, -1, 0, INF, 1]), t([0.0, 0.0, 0.0, INF, -0.0]), want=np.divide, dtypes=FLOATS, label="by-zero"),
    *(row(n, t([*SPECIAL_A, 2, 2, 3]), t([*SPECIAL_B, 2, 3, 2]), want=f, dtypes=FLOATS) for n, f in ORDER),
    *(row(n, t(PAIRS[0]), t(PAIRS[1]), want=f, dtypes=INTS) for n, f in ORDER),
    *(row(n, t(PAIRS[0]), t(PAIRS[1]), want=f, dtypes=INTS) for n, f in BITS),
    row("atan2", t([0, -0.0, 1, -1, 0, -0.0, INF, -INF]), t([1, 1, 0, 0, -1, -1, -INF, INF]), want=np.arctan2,
        dtypes=FLOATS, label="quadrants"),
    row("pow", t(POWERS[0]), t(POWERS[1]), want=np.power, dtypes=FLOATS, grad=True),
    row("pow", t([-2, -2, 0, 0, 0, NAN, 1, -1, INF, 0.5]), t([3, 2, 0, 2, -1, 0, NAN, INF, -1, 2000]), want=np.power,
        dtypes=FLOATS, label="special"),
    row("pow", t([[-3], [0], [2], [7]]), t([[0, 1, 2, 5, 6]]), want=_wrapping(np.power), dtypes=INTS),
    row("floordiv", t(A), t(B), want=_floordiv, dtypes=FLOATS),
    row("floordiv", t([1, -1, 0, NAN, 5, 1e-8]), t([0.0, 0.0, 0.0, 2, INF, -1]), want=_floordiv, dtypes=FLOATS,
        label="special"),
    row("floordiv", t(FACTORS[0]), t(FACTORS[1]), want=_wrapping(np.floor_divide), dtypes=SIGNED),
    row("floordiv", t(np.abs(FACTORS[0])), t(np.abs(FACTORS[1])), want=_wrapping(np.floor_divide), dtypes=UNSIGNED),
    row("floordiv", t([2**63 - 1, 2**62 + 1]), t([2, 3]), want=np.floor_divide, dtypes=("int64",), label="exact"),
    row("mod", t(A), t(B), want=np.mod, dtypes=FLOATS, grad=True),
    row("mod", t([1, NAN, 5, -5, 0.0]), t([0.0, 2, INF, INF, 3]), want=np.mod, dtypes=FLOATS, label="special"),
    row("mod", t(FACTORS[0]), t(FACTORS[1]), want=_wrapping(np.mod), dtypes=SIGNED),
    row("mod", t(np.abs(FACTORS[0])), t(np.abs(FACTORS[1])), want=_wrapping(np.mod), dtypes=UNSIGNED),
    row("shift_left", t([[-5], [0], [1], [93]]), t([[0, 1, 3, 7]]), want=_wrapping(np.left_shift), dtypes=INTS),
    row("shift_right", t([[-(2**63)], [-5], [0], [93]]), t([[0, 1, 3, 7]]), want=_wrapping(np.right_shift),
        dtypes=INTS),
    row("select", np.array([[True], [False], [True]]), t([[1, 2, 3, 4]]), t(-5), want=np.where,
        dtypes=("bool", *INTS, *FLOATS, *COMPLEX), grad=True),
    row("select", np.array(True), t([1, NAN]), t([[3], [INF]]), want=np.where, dtypes=FLOATS, label="scalar"),
    row("select", np.zeros((0, 2), bool), t([[1.0, 2.0]]), t(1.0), want=np.where, label="empty"),
)  # fmt: skip

test_eager, test_compiled, test_spec, test_default, test_gradient = five_tests(ROWS)
