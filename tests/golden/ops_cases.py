"""The calls of ops whose results are taken from real Keras: read by `make_ops.py` there, and by the tests here.

A case is an op's name with its arguments; arrays among them are handed over as tensors, everything else as it is.
Inputs are computed from formulas, so that only results need storing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTS = ("int8", "uint8", "int32", "int64")
ALL = ("bool", *INTS, *FLOATS)


class Array(NamedTuple):
    """A tensor argument: values, the dtype they are given as, and whether its shape is always wholly known."""

    values: np.ndarray
    dtype: str
    fixed: bool = False


class Case(NamedTuple):
    op: str
    id: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    tol: float  # what tolerances are multiplied by
    symbolic: bool  # whether the symbolic result is compared, with an unknown first dimension
    compiled: bool  # whether the op can be part of a compiled function


FAMILIES: dict[str, list[Case]] = {}
_family: list[Case] = []


def words(text: str) -> list[str]:
    """Names written with blanks between them."""
    return text.split()


def family(name: str) -> None:
    """The cases that follow belong to this family: one golden file."""
    global _family
    _family = FAMILIES.setdefault(name, [])


def case(
    op: str, *args: Any, tol: float = 1.0, symbolic: bool = True, compiled: bool = True, **kwargs: Any
) -> None:
    number = sum(c.op == op for c in _family)
    _family.append(Case(op, f"{op}-{number}", args, kwargs, tol, symbolic, compiled))


def a(shape: Any, dtype: str = "float32", kind: str = "any", seed: float = 0.0) -> Array:
    """Values without pattern, made of sines: any (-3..3), positive (0..3), unit (-1..1), large (1..4)."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    n = int(np.prod(shape))
    wave = np.sin(np.arange(n) * 1.7 + seed * 0.61 + 0.3) * 0.97
    values = {
        "any": wave * 3,
        "positive": (wave + 1) * 1.5 + 0.05,
        "unit": wave,
        "large": (wave + 1) * 1.5 + 1.05,
        "index": np.floor((wave + 1) * 1.5),
    }[kind].reshape(shape)
    if dtype == "bool":
        values = (values > np.median(values)) if n > 1 else values > 0
    elif "int" in dtype:
        values = np.floor(values * 2)
        if dtype.startswith("u"):
            values = np.abs(values)
    elif dtype in ("float16", "bfloat16"):
        values = np.round(values * 64) / 64  # exact in both
    return Array(np.asarray(values, dtype="float64"), dtype)


def w(shape: Any, dtype: str = "float32", seed: float = 2.0) -> Array:
    """A weight: its shape is always known."""
    return a(shape, dtype, "unit", seed)._replace(fixed=True)


def lit(values: Any, dtype: str = "float32") -> Array:
    """Given values."""
    return Array(np.asarray(values, dtype="float64"), dtype)


NAN, INF = float("nan"), float("inf")
SPECIAL = [NAN, INF, -INF, 0.0, -0.0, 1.5, -2.5, 1e-8, 3e4]

# ---------------------------------------------------------------------- one tensor, element by element
family("elementwise")
_EVERYWHERE = words(
    "abs absolute fabs sign signbit square nan_to_num exp expm1 arctan sin cos tan sinh cosh tanh arcsinh sinc i0 "
    "floor ceil trunc round real imag conjugate angle deg2rad rad2deg cbrt isfinite isinf isnan isposinf isneginf "
    "isreal logical_not exp2 relu relu6 copy zeros_like ones_like"
)
_POSITIVE = words("log log10 log2 log1p sqrt")
_UNIT = words("arcsin arccos arctanh")
_FLOAT_ONLY = words(
    "erf erfc sigmoid softplus softsign silu gelu elu selu celu hard_sigmoid hard_silu hard_tanh hard_shrink "
    "leaky_relu log_sigmoid log_softmax softmax soft_shrink sparse_plus sparse_sigmoid squareplus tanh_shrink normalize "
    "negative"
)
_SIGNED = ("int8", "int32", "int64", *FLOATS)
for _op in _EVERYWHERE:
    for _d in ALL:
        if _op in ("round", "real", "sign", "relu", "relu6") and _d == "bool":
            continue
        if _op == "conjugate" and _d == "bool":
            continue
        if _op == "i0" and _d == "bfloat16":
            continue
        case(_op, a((2, 3), _d), tol=4 if _op in ("sinh", "cosh", "tan", "i0", "cbrt", "exp2") else 1)
for _op in _POSITIVE:
    for _d in ALL:
        case(_op, a((2, 3), _d, "positive"))
for _op in _UNIT:
    for _d in ALL:
        case(_op, a((2, 3), _d, "unit"), tol=4)
for _d in ALL:
    case("arccosh", a((2, 3), _d, "large"), tol=4)
for _op in _FLOAT_ONLY:
    for _d in _SIGNED if _op == "negative" else FLOATS:
        # Some of Keras's constants are float32 even for float64.
        case(_op, a((2, 3), _d), tol=1e4 if _d == "float64" and _op in ("gelu", "leaky_relu") else 4)
for _d in FLOATS:
    case("rsqrt", a((2, 3), _d, "positive"))
    case("reciprocal", a((2, 3), _d, "positive"))
    case("erfinv", a((2, 3), _d, "unit"), tol=10)
    case("glu", a((2, 4), _d))
    case("threshold", a((2, 3), _d), 0.5, -1.0)
for _op in words("bitwise_not bitwise_invert"):
    for _d in INTS:
        case(_op, a((2, 3), _d))
# Where Keras itself is wrong (angle of NaN, sparsemax) or less exact (erfinv near 0) other tests ask NumPy and SciPy.
_NO_SPECIAL = (
    "angle",
    "erfinv",
    "relu6",
    "softmax",
    "log_softmax",
    "sparsemax",
    "normalize",
    "glu",
    "i0",
    "cbrt",
    "sinc",
    "zeros_like",
)
for _op in (*_EVERYWHERE, *_POSITIVE, *_UNIT, "arccosh", *_FLOAT_ONLY, "rsqrt", "reciprocal", "erfinv"):
    if _op not in _NO_SPECIAL:
        case(_op, lit(SPECIAL, "float32"), tol=4)
case("nan_to_num", lit(SPECIAL), nan=7.0, posinf=8.0, neginf=-9.0)
case("nan_to_num", lit([NAN, INF, -INF, 1.0], "float16"))
case("round", lit([0.5, 1.5, 2.5, -0.5, 1.2345, -1.2355]), decimals=3)
case("round", lit([1234.5, -1255.0]), decimals=-1)
case("round", lit([1234, -1255, 15, 25], "int32"), decimals=-1)
case("relu", lit([-1.0, 0.0, NAN]))
case("gelu", a((2, 3)), approximate=False)
case("gelu", a((2, 3)), False, tol=4)
case("elu", a((2, 3)), alpha=0.5)
case("celu", a((2, 3)), alpha=2.0)
case("leaky_relu", a((2, 3)), negative_slope=0.1)
case("hard_shrink", a((2, 3)), threshold=1.0)
case("soft_shrink", a((2, 3)), threshold=1.0)
case("squareplus", a((2, 3)), b=2)
case("softmax", a((2, 3, 2)), axis=1)
case("softmax", a((2, 3, 2)), axis=(1, 2))
case("softmax", a((2, 3)), axis=None)
case("softmax", lit([[-INF, 0.0, 1.0], [100.0, 0.0, -100.0]]))
case("log_softmax", a((2, 3, 2)), axis=0)
case("log_softmax", a((2, 3)), axis=None)
case("log_softmax", lit([[1000.0, 0.0, -1000.0]]))
case("normalize", a((2, 3)), axis=0)
case("normalize", a((2, 3)), axis=-1, order=1)
case("normalize", lit([[0.0, 0.0], [1e-9, 0.0]]))
case("normalize", a((2, 3)), axis=-1, order=3)
case("glu", a((4, 3)), axis=0)
case("exp", lit([90.0, -110.0, 0.0]))
case("log1p", lit([1e-7, -1e-8, 1e-3]))
case("expm1", lit([1e-7, -1e-8, 1e-3]))
case("sigmoid", lit([-100.0, 100.0, -20.0]))
case("softplus", lit([-100.0, 100.0, -20.0]))
case("sinh", lit([1e-6, -1e-3, 20.0, -89.0]), tol=4)
case("arcsinh", lit([1e-6, -1e-3, 1e10, -1e30]), tol=4)
case("arccosh", lit([1.0, 1.0000001, 1e10, 1e30]), tol=4)
case("i0", lit([-25.0, -9.0, 19.9, 20.1, 50.0], "float64"))
case("i0", lit([-25.0, -9.0, 19.9, 20.1, 50.0], "float32"), tol=20)
case("view_as_real", a((2, 3)))
case("view_as_complex", a((3, 2)))
case("polar", a((2, 3), kind="positive"), a((2, 3)))

# ---------------------------------------------------------------------- two tensors, element by element
family("binary")
_ARITHMETIC = words(
    "add subtract multiply divide true_divide maximum minimum fmax fmin arctan2 hypot logaddexp logaddexp2"
)
_ORDER = words(
    "equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor isclose"
)
_PAIRS = [
    ("int8", "uint8"),
    ("int32", "float16"),
    ("bool", "int32"),
    ("bfloat16", "float16"),
    ("int64", "float32"),
]
_PAIRS += [
    ("uint8", "uint8"),
    ("float16", "float32"),
    ("float64", "float32"),
    ("int64", "int32"),
    ("bool", "float32"),
]
_PAIRS += [("float32", "float32"), ("int32", "int32"), ("bfloat16", "bfloat16"), ("int64", "int64")]
for _op in (*_ARITHMETIC, *_ORDER, "divide_no_nan"):
    for _d, _e in _PAIRS:
        case(
            _op,
            a((2, 3), _d),
            a((2, 3), _e, seed=5),
            tol=1e4 if _op == "logaddexp2" and _d == "float64" else 2,
        )
for _op in (*_ARITHMETIC, *_ORDER, "floor_divide", "mod", "power"):
    case(_op, a((2, 3)), a((3,), seed=2, kind="positive"), tol=4)
    case(_op, a((2, 1, 3), kind="positive"), a((4, 1), seed=2), tol=4)
    case(_op, a((2, 3), "int32"), a((2, 3), "int32", "large", seed=2), tol=4)
    if _op not in (
        "arctan2",
        "hypot",
        "logaddexp",
        "logaddexp2",
    ):  # where Keras takes Python scalars for float32
        case(_op, a((2, 3), "float16", "positive"), 2.0, tol=4)
    case(_op, a((2, 3), "int32", "large"), 2, tol=4)
    case(_op, 3, a((2, 3), "float32", "large"), tol=4)
    case(_op, a((), kind="positive"), a((2,), seed=2), tol=4)
for _op in _ARITHMETIC + _ORDER:
    if _op not in ("hypot", "isclose"):  # with infinities NumPy's, unlike Keras's
        case(_op, lit(SPECIAL), lit([NAN, INF, INF, 0.0, 0.0, -INF, NAN, -1.0, 2.0]), tol=4)
case("isclose", lit([1.0, 1.0, 1.0]), lit([1.0001, 1.1, 1.0]), rtol=1e-2)
case("allclose", lit([1.0, 2.0]), lit([1.0, 2.0]))
case("allclose", lit([1.0, 2.0]), lit([1.0, 2.1]))
for _d in ("int32", "int64", "uint8", "float16", "float32", "float64"):
    case("floor_divide", a((2, 3), _d), a((2, 3), _d, "large", seed=3))
    case("mod", a((2, 3), _d), a((2, 3), _d, "large", seed=3), tol=10)
    case("fmod", a((2, 3), _d), a((2, 3), _d, "large", seed=3), tol=10)
    case("power", a((2, 3), _d, "large"), a((2, 3), _d, "large", seed=3), tol=4)
case("mod", lit([-7, 7, -7, 7], "int32"), lit([3, 3, -3, -3], "int32"))
case("fmod", lit([-7, 7, -7, 7], "int32"), lit([3, 3, -3, -3], "int32"))
case("floor_divide", lit([-7, 7, -7, 7], "int32"), lit([3, 3, -3, -3], "int32"))
case("divide", lit([1.0, -1.0, 0.0]), lit([0.0, 0.0, 0.0]))
case("divide_no_nan", lit([1.0, -1.0, 0.0]), lit([0.0, 2.0, 0.0]))
case("power", lit([0.0, -2.0, 2.0, INF]), lit([0.0, 3.0, -1.0, -1.0]))
for _op in words("bitwise_and bitwise_or bitwise_xor"):
    for _d, _e in (("int32", "int32"), ("uint8", "uint8"), ("int8", "int64"), ("int64", "int64")):
        case(_op, a((2, 3), _d), a((2, 3), _e, seed=4))
for _op in words("left_shift right_shift bitwise_left_shift bitwise_right_shift"):
    case(_op, a((2, 3), "int32"), a((2, 3), "int32", "positive", seed=4))
    case(_op, a((2, 3), "int32"), 2)
    case(_op, a((2, 3), "uint8"), a((2, 3), "uint8", "positive", seed=4))
case("gcd", lit([12, 18, 0, -8], "int32"), lit([18, 5, 7, 12], "int32"))
case("gcd", lit([12, 18, 0, 8], "int64"), lit([18], "int32"))
case("lcm", lit([12, 18, 0, -8], "int32"), lit([18, 5, 7, 12], "int32"))
case("ldexp", a((4,)), lit([1, 2, -1, 0], "int32"))
case("ldexp", a((4,), "float16"), lit([1, 2, -1, 0], "int32"))
case("heaviside", lit([-1.0, 0.0, 2.0]), lit(0.5))
case("heaviside", lit([-1, 0, 2], "int32"), lit(3, "int32"))
case("nextafter", lit([1.0, -1.0, 0.0, 3.0]), lit([2.0, 0.0, -1.0, 3.0]))
case("nextafter", lit([1.0, -1.0, 0.0, 3.0], "float64"), lit([2.0, 0.0, -1.0, 3.0], "float64"))
for _d in ("int32", "float32", "float16", "int64"):
    case("clip", a((2, 3), _d), -1, 2)
case("clip", a((2, 3)), a((3,), seed=1), a((3,), seed=1, kind="large"))
case("clip", a((2, 3), "int32"), -0.5, 1.5)
case("where", lit([1, 0, 1], "bool"), a((2, 3)), a((2, 3), seed=3))
case("where", lit([1, 0, 1], "bool"), a((2, 3), "int32"), 1.5)
case("where", a((2, 3), "bool"), 1, 0)
case("where", a((2, 3), "bool"), a((2, 3), "float16"), a((2, 3), "int64"))
case("where", a((2, 3), "bool"), a((2, 3), "float16"), 0.0)
case("where", a((2, 3), "bool"), symbolic=False, compiled=False)
case("select", [a((3,), "bool"), a((3,), "bool", seed=2)], [a((3,)), a((3,), seed=3)], 7.0, symbolic=False)
case("isin", a((2, 3), "int32"), lit([1, 2, 5], "int32"))
case("isin", a((2, 3), "int32"), lit([1, 2, 5], "int32"), invert=True)

# ---------------------------------------------------------------------- reductions
family("reduction")
for _op in words("sum mean prod max min amax amin any all var std ptp count_nonzero median"):
    for _d in ALL:
        if _op == "ptp" and _d == "bool":
            continue
        case(_op, a((2, 3, 4), _d, "large" if _op == "prod" else "any"), axis=1, tol=8)
    if _op == "count_nonzero":
        for _axis in (None, -1, (0, 2)):
            case(_op, a((2, 3, 4), "int32"), axis=_axis)
        continue
    for _axis in (None, 0, -1, (0, 2), (-1, 1)):
        for _keep in (False, True):
            case(_op, a((2, 3, 4), kind="unit"), axis=_axis, keepdims=_keep, tol=8)
case("max", a((2, 3)), axis=1, initial=1.5)
case("min", a((2, 3)), axis=1, initial=-1.5)
case("max", lit(np.zeros((2, 0))), axis=1, initial=-1.0, symbolic=False)
case("sum", lit(np.zeros((2, 0))), axis=1, symbolic=False)
case("prod", lit(np.zeros((2, 0))), axis=1, symbolic=False)
case("all", lit(np.zeros((2, 0)), "bool"), axis=1, symbolic=False)
case("any", lit(np.zeros((2, 0)), "bool"), axis=1, symbolic=False)
case("max", lit([1.0, NAN, 3.0]))
case("sum", a(()))
for _op in words("argmax argmin"):
    for _d in ALL:
        case(_op, a((2, 3, 4), _d), axis=1)
    for _axis in (None, 0, -1):
        case(_op, a((2, 3, 4)), axis=_axis)
        case(_op, a((2, 3, 4)), axis=_axis, keepdims=True)
for _op in words("cumsum cumprod"):
    for _d in ALL:
        case(_op, a((2, 3), _d), axis=1, tol=4)
    case(_op, a((2, 3)), tol=4)
    case(_op, a((2, 3)), axis=0, tol=4)
    case(_op, a((2, 3), "int32"), axis=-1, dtype="float32", tol=4)
    case(_op, a((2, 3), "bool"), axis=-1, dtype="bool")
_HOLES = [[1.0, NAN, -2.0, 3.0], [NAN, NAN, NAN, NAN], [4.0, 0.5, -1.0, NAN]]
for _op in words("nansum nanprod nanmax nanmin nanmean nanvar nanstd nanmedian"):
    for _axis in (None, 0, -1):
        case(_op, lit(_HOLES), axis=_axis, tol=4)
        case(_op, lit(_HOLES[::2]), axis=_axis, keepdims=True, tol=4)
    for _d in ("bool", "int8", "int32", "int64", "float16", "bfloat16", "float64"):
        case(_op, a((2, 3), _d), axis=1, tol=8)
for _op in words("nanargmax nanargmin"):
    for _axis in (None, 0, -1):
        case(_op, lit(_HOLES[::2]), axis=_axis)
    case(_op, a((2, 3), "int32"), axis=1)
    case(_op, lit(_HOLES), axis=1, symbolic=False)
for _op in words("nancumsum nancumprod"):
    for _axis in (None, 0, -1):
        case(_op, lit(_HOLES), axis=_axis)
case("logsumexp", a((2, 3, 4)), axis=1)
case("logsumexp", a((2, 3, 4)), axis=(0, 2), keepdims=True)
case("logsumexp", a((2, 3, 4)))
case("logsumexp", a((2, 3), "float64"), axis=-1)
case("logsumexp", lit([[-INF, -INF], [1000.0, 0.0], [INF, 0.0]]), axis=1)
for _d in FLOATS:
    case("moments", a((2, 3, 4), _d), axes=[1], tol=8)
case("moments", a((2, 3, 4)), axes=[0, 2], keepdims=True)
case("moments", lit([-741.0, 353.0, 1099.0, -1807.0], "float16"), axes=[0])
case("trapezoid", a((2, 5)))
case("trapezoid", a((2, 5)), dx=0.5, axis=0)
case("trapezoid", a((2, 5), "int32"), x=lit([0.0, 1.0, 3.0, 4.0, 7.0]))
case("diff", a((2, 5)))
case("diff", a((2, 5), "int32"), n=2)
case("diff", a((4, 2)), axis=0)
case("diff", a((2, 5), "bool"))
case("average", a((2, 3)), axis=1)
case("average", a((2, 3)), axis=1, weights=lit([1.0, 2.0, 3.0]))
case("average", a((2, 3), "int32"), weights=a((2, 3), kind="positive"))
case("average", a((2, 3), "float16"), weights=a((2, 3), "float32", kind="positive"), axis=0, tol=100)

# ---------------------------------------------------------------------- shapes
family("shaping")
for _d in ("bool", "int32", "float16", "float32"):
    case("reshape", a((2, 6), _d), (2, 3, 2))
case("reshape", a((2, 6)), (-1, 3))
case("reshape", a((2, 6)), (2, -1))
case("reshape", a((2, 6)), 12, symbolic=False)
case("reshape", a((2, 6)), -1)
case("ravel", a((2, 6)))
case("expand_dims", a((2, 3)), 0)
case("expand_dims", a((2, 3)), -1)
case("expand_dims", a((2, 3)), (0, -1))
case("expand_dims", a((2, 3)), [1, 2])
case("squeeze", a((2, 1, 3, 1)))
case("squeeze", a((2, 1, 3, 1)), axis=1)
case("squeeze", a((2, 1, 3, 1)), axis=(1, -1))
case("broadcast_to", a((3,)), (2, 3), symbolic=False)
case("broadcast_to", a((1, 3)), (4, 2, 3), symbolic=False)
case("transpose", a((2, 3, 4)))
case("transpose", a((2, 3, 4)), axes=(1, 0, 2))
case("transpose", a((2, 3, 4)), axes=(0, -1, 1))
case("moveaxis", a((2, 3, 4)), 0, -1)
case("moveaxis", a((2, 3, 4)), (0, 1), (-1, 0))
case("swapaxes", a((2, 3, 4)), 1, -1)
case("flip", a((2, 3)))
case("flip", a((2, 3)), axis=1)
case("flip", a((2, 3, 2)), axis=(0, -1))
case("fliplr", a((2, 3)))
case("flipud", a((2, 3)))
case("roll", a((2, 3)), 1)
case("roll", a((2, 3)), -2, axis=1)
case("roll", a((2, 3)), (1, 1), axis=(0, 1))
for _k in (0, 1, 3, -1):
    case("rot90", a((2, 3, 2)), k=_k, symbolic=_k != 0)
case("rot90", a((2, 3, 4)), axes=(2, 1))
case("concatenate", [a((2, 3)), a((2, 3), seed=2)])
case("concatenate", [a((2, 3)), a((2, 2), seed=2)], axis=-1)
case("concatenate", [a((2, 3), "int32"), a((2, 2), "float16")], axis=1)
case("concatenate", [a((2, 3), "bool"), a((2, 2), "int8")], axis=1)
case("stack", [a((2, 3)), a((2, 3), seed=2)])
case("stack", [a((2, 3)), a((2, 3), seed=2)], axis=-1)
case("stack", [a((2, 3), "int32"), a((2, 3), "float32", seed=2)], axis=1)
case("vstack", [a((2, 3)), a((1, 3), seed=2)])
case("hstack", [a((3,)), a((2,), seed=2)])
case("hstack", [a((2, 3)), a((2, 2), seed=2)])
case("dstack", [a((3,)), a((3,), seed=2)], symbolic=False)
case("dstack", [a((2, 3)), a((2, 3), seed=2)])
case("append", a((2, 3)), a((1, 3)), axis=0)
case("append", a((2, 3)), a((2, 2), "float64"))
case("meshgrid", a((3,)), a((2,)))
case("meshgrid", a((3,)), a((2,)), a((4,)), indexing="ij")
case("split", a((4, 6)), 2, symbolic=False)
case("split", a((4, 6)), 3, axis=1)
case("split", a((4, 6)), [1, 3], axis=-1)
case("split", a((4, 6)), [2, 9], axis=1, symbolic=False)
case("array_split", a((4, 7)), 3, axis=1)
case("hsplit", a((4, 6)), 2)
case("vsplit", a((4, 6)), 2, symbolic=False)
case("dsplit", a((2, 3, 4)), 2)
case("unstack", a((2, 3)), axis=1)
case("repeat", a((2, 3)), 2)
case("repeat", a((2, 3)), 2, axis=1)
case("repeat", a((2, 3)), [1, 0, 2], axis=1)
case("repeat", a((2, 3)), [2], axis=-1)
case("tile", a((2, 3)), 2)
case("tile", a((2, 3)), (2, 1, 3))
case("tile", a((2, 3)), [1, 2])
case("pad", a((2, 3)), 1)
case("pad", a((2, 3)), ((1, 0), (0, 2)))
case("pad", a((2, 3)), ((1, 0), (0, 2)), constant_values=1.5)
case("pad", a((2, 3)), (1, 2))
case("pad", a((2, 3), "int32"), ((1, 0), (0, 2)), constant_values=7)
case("pad", a((3, 4)), ((2, 1), (0, 3)), mode="reflect")
case("pad", a((3, 4)), ((2, 1), (0, 3)), mode="symmetric")
case("diag", a((3,)), symbolic=False)
case("diag", a((3,), "int32"), k=1, symbolic=False)
case("diag", a((3,)), k=-2, symbolic=False)
case("diag", a((3, 4)), k=1, symbolic=False)
case("diag", a((3, 4)), k=-1, symbolic=False)
case("diagflat", a((2, 2)), k=1, symbolic=False)
case("diagonal", a((3, 4)))
case("diagonal", a((3, 4)), offset=1)
case("diagonal", a((3, 4)), offset=-2)
case("diagonal", a((2, 3, 4)), offset=1, axis1=2, axis2=1)
case("diagonal", a((2, 3, 4)), offset=5, axis1=1, axis2=2, symbolic=False)
case("trace", a((3, 4)))
case("trace", a((2, 3, 4), "int8"), offset=1, axis1=1, axis2=2)
for _k in (-1, 0, 1):
    case("tril", a((2, 3, 4)), k=_k)
    case("triu", a((2, 3, 4), "int32"), k=_k)
case("view", a((2, 4)), dtype="int32")
case("view", a((2, 4), "int32"), dtype="uint8")
case("view", a((2, 4), "uint8"), dtype="int32")
case("depth_to_space", a((2, 2, 3, 8)), 2)
case("depth_to_space", a((2, 8, 2, 3)), 2, data_format="channels_first")
case("space_to_depth", a((2, 4, 6, 3)), 2)
case("space_to_depth", a((2, 3, 4, 6)), 2, data_format="channels_first")
case("unfold", a((2, 3, 5, 6)), 3)
case("unfold", a((2, 3, 5, 6)), (2, 3), dilation=(1, 2), padding=(1, 0), stride=(2, 1))
case("fold", a((2, 12, 20)), (5, 6), 2)
case("fold", a((2, 12, 9)), (5, 6), (2, 2), padding=1, stride=(3, 3), symbolic=False)
case("rearrange", a((2, 6, 4)), "b (h w) c -> b h w c", h=2)
case("rearrange", a((2, 6, 4)), "b n c -> b (c n)")
case("rearrange", a((2, 6, 4)), "... c -> c ...", symbolic=False)

# ---------------------------------------------------------------------- creation
family("creation")
for _d in (None, "int32", "float16", "bool"):
    case("zeros", (2, 3), dtype=_d)
    case("ones", (2, 3), dtype=_d)
    case("eye", 3, dtype=_d)
    case("tri", 3, dtype=_d)
    case("full", (2,), 7, dtype=_d)
case("full", (2, 3), a((3,)))
case("full_like", a((2, 3), "int32"), 2)
case("full_like", a((2, 3)), 2.5, dtype="float16")
case("zeros_like", a((2, 3)), dtype="int32")
case("ones_like", a((2, 3), "bool"))
case("eye", 3, 4, k=1)
case("eye", 3, M=2, k=-1)
case("identity", 3)
case("tri", 3, 4, k=1, dtype="int32")
case("tri", 3, M=2, k=-1)
for _args in ((5,), (1, 7), (1, 7, 2), (7, 1, -2), (0, 1, 0.25), (3.0,), (2, 2)):
    case("arange", *_args)
case("arange", 0, 5, dtype="float16")
case("arange", 1.5, 5, dtype="int32")
case("linspace", 0, 10, 5)
case("linspace", 0, 10, num=5, endpoint=False)
case("linspace", 0, 10, num=5, dtype="int32")
case("linspace", a((3,)), a((3,), seed=2), num=4)
case("linspace", a((3,)), a((3,), seed=2), num=4, axis=-1)
case("linspace", 0.0, 1.0, num=1)
case("linspace", 2.0, 3.0, num=5, retstep=True)
case("logspace", 0, 2, num=5, tol=10)
case("logspace", 0, 2, num=5, base=2, endpoint=False, tol=10)
case("geomspace", 1, 1000, num=4, tol=10)
case("geomspace", -1, -8, num=4, tol=10)
case("vander", a((4,)), tol=4)
case("vander", a((4,), "int32"), N=3, increasing=True)
case("array", a((2, 3), "int32"))
case("convert_to_tensor", [[1, 2], [3, 4]])
case("convert_to_tensor", [1.5, 2])
case("convert_to_tensor", [True, False])
case("convert_to_tensor", 3)
case("convert_to_tensor", [1, 2], dtype="float16")
for _d in ALL:
    for _e in ("bool", "uint8", "int32", "float16", "float32"):
        case("cast", lit([0.0, 1.0, 2.0], _d), _e)
case("cast", lit([1.7, -1.7, 0.2]), "int32")
case("saturate_cast", lit([-300.0, 300.5, 7.0]), "int8")
case("saturate_cast", lit([-300, 300, 7], "int32"), "uint8")
case("saturate_cast", lit([1e20, -1e20, 7.0]), "int32")
for _op in words("bartlett blackman hamming hanning"):
    for _n in (1, 2, 5, 8):
        case(_op, _n, tol=10)
case("kaiser", 7, 14.0, tol=10)
case("kaiser", 4, 0.5, tol=10)
case("meshgrid", a((2,), "int32"), a((3,)))
case("size", a((2, 3)), symbolic=False)

# ---------------------------------------------------------------------- indexing
family("indexing")
case("take", a((3, 4)), lit([0, 2], "int32"), axis=1)
case("take", a((3, 4)), lit([[0, 2], [1, -1]], "int32"), axis=0)
case("take", a((3, 4)), lit([0, -2, 11], "int64"))
case("take", a((3, 4)), 2, axis=1)
case("take", a((2, 3, 4), "int32"), lit([1], "uint8"), axis=-2)
case("take_along_axis", a((3, 4)), lit([[0, 1], [3, -1], [2, 2]], "int32"), axis=1)
case("take_along_axis", a((3, 4)), lit([[0, 1, 2, 0]], "int64"), axis=0)
case("take_along_axis", a((3, 4)), lit([0, 5, 11], "int32"), symbolic=False)
case(
    "take_along_axis", a((2, 1, 4)), lit(np.arange(6).reshape(1, 3, 2) % 4, "int32"), axis=-1, symbolic=False
)
for _key in (
    0,
    -1,
    slice(1, None),
    slice(None, None, -1),
    (slice(None), 1),
    (slice(None), slice(0, 4, 2)),
    (slice(None), slice(-1, None, -2)),
    (None, slice(None), 2),
    (Ellipsis, 0),
    (Ellipsis, None),
    (1, Ellipsis),
):
    case("get_item", a((3, 4, 2)), _key, symbolic=False)
case("get_item", a((3, 4, 2)), (slice(None), 1))
case("get_item", a((3, 4, 2)), (slice(None), slice(0, 4, 2), None))
for _d in ("int32", "float16", "float32", "bool", "uint8"):
    case("sort", a((2, 5), _d))
    case("argsort", a((2, 5), _d))
case("sort", a((3, 4)), axis=0)
case("argsort", a((3, 4)), axis=0)
case("argsort", lit([1.0, 0.0, 1.0, 0.0]))
case("top_k", a((2, 5)), 2)
case("top_k", a((5,), "int32"), 3, symbolic=False)
case("top_k", lit([[2.0, 3.0, 3.0, 1.0]]), 3)
case("in_top_k", lit([0, 2, 1], "int32"), a((3, 4)), 2)
case("in_top_k", lit([0, 2, 7], "int32"), lit([[1.0, 1.0, 0.0], [NAN, 1.0, INF], [1.0, 2.0, 3.0]]), 1)
case("searchsorted", lit([1.0, 3.0, 5.0]), lit([[0.0, 3.0], [4.0, 9.0]]), symbolic=False)
case("searchsorted", lit([1, 3, 3, 5], "int32"), lit([3, 5], "int32"), side="right", symbolic=False)
case("digitize", a((2, 3)), lit([-1.0, 0.0, 1.0]))
case("digitize", a((2, 3), "int32"), lit([-1.0, 0.0, 1.0]))
case("nonzero", lit([[0, 1], [2, 0]], "int32"), symbolic=False, compiled=False)
case("unravel_index", lit([3, 5, -1], "int32"), (2, 3), symbolic=False)
case("unique", lit([3, 1, 3, 2], "int32"), symbolic=False, compiled=False)
case("unique", lit([3, 1, 3, 2], "int32"), size=5, return_counts=True, symbolic=False, compiled=False)
case("unique", lit([3, 1, 3, 2], "int32"), size=2, symbolic=False, compiled=False)
case("unique", lit([1.0, NAN, 1.0, NAN]), symbolic=False, compiled=False)
case("bincount", lit([1, 2, 2, 5], "int32"), symbolic=False, compiled=False)
case("bincount", lit([1, 2, 2, 5], "int32"), minlength=8, symbolic=False, compiled=False)
case("bincount", lit([1, 2, 2, 5], "int32"), weights=a((4,)), symbolic=False, compiled=False)
case("bincount", lit([[1, 2, 2], [0, 0, 5]], "int32"), symbolic=False, compiled=False)
case("one_hot", lit([0, 2, -1, 7], "int32"), 3)
case("one_hot", lit([[0, 2], [1, 1]], "int64"), 3, axis=1)
case("one_hot", lit([0, 2], "uint8"), 3, dtype="int32")
case("one_hot", lit([[0, 2], [1, 1]], "int32"), 3, axis=0, dtype="bool", symbolic=False)
case("one_hot", lit([0.0, 2.0, 1.5], "float16"), 3)
case("multi_hot", lit([[0, 1], [1, 3]], "int32"), 4)
case("multi_hot", lit([0, 2], "int32"), 4, symbolic=False)
case("multi_hot", lit([[0.0, 1.0]], "float16"), 4, symbolic=False)
case(
    "multi_hot",
    lit(np.arange(12).reshape(2, 2, 3) % 5, "int32"),
    num_classes=5,
    dtype="int32",
    symbolic=False,
)
case("slice", a((3, 4)), (1, 0), (2, 3), symbolic=False)
case("slice", a((3, 4)), lit([1, 2], "int32"), (-1, 2), symbolic=False, compiled=False)
case("slice_update", a((3, 4)), (1, 2), a((2, 2), seed=3), symbolic=False)
case("slice_update", a((3, 4)), lit([1, 2], "int32"), a((2, 2), seed=3), symbolic=False)
case("scatter", lit([[0], [2], [0]], "int32"), lit([1.0, 2.0, 3.0]), (4,), symbolic=False)
case("scatter", lit([[0, 1], [1, 0]], "int32"), lit([5, 6], "int32"), (2, 2), symbolic=False)
case("scatter", lit([[0], [1]], "int32"), a((2, 3)), (3, 3), symbolic=False)
for _r in (None, "add", "max", "min", "mul"):
    case("scatter_update", a((4, 2)), lit([[0], [2]], "int32"), a((2, 2), seed=7), reduction=_r)
case("scatter_update", a((2, 2)), lit([[0, 1], [1, 0]], "int32"), lit([9.0, 8.0]))
for _op in words("segment_sum segment_max segment_min segment_prod"):
    case(_op, a((5, 2)), lit([0, 0, 1, 1, 2], "int32"), num_segments=4)
    case(_op, a((5,), "int32"), lit([0, 2, 0, 2, 2], "int32"), num_segments=3)
case("segment_sum", a((5,)), lit([0, 2, 0, -1, 7], "int32"), num_segments=3)
case("segment_sum", a((5,)), lit([0, 2, 0, 2, 2], "int32"), symbolic=False, compiled=False)
case("histogram", a((20,)), bins=4, symbolic=False, tol=10)
case("histogram", a((20,)), bins=4, range=(-1.0, 2.0), symbolic=False, tol=10)

# ---------------------------------------------------------------------- products and statistics
family("products")
for _d, _e in _PAIRS:
    case("matmul", a((2, 3), _d), a((3, 2), _e, seed=2), tol=8)
    case("dot", a((2, 3), _d), a((3, 2), _e, seed=2), tol=8)
case("matmul", a((3,)), a((3,), seed=2))
case("matmul", a((3,)), a((3, 2), seed=2))
case("matmul", a((2, 3)), a((3,), seed=2))
case("matmul", a((2, 4, 3)), a((3, 5), seed=2))
case("matmul", a((2, 1, 4, 3)), a((5, 3, 2), seed=2), symbolic=False)
case("matmul", a((2, 3), "int8"), a((3, 2), "int8"))
case("dot", a((3,)), a((3,), seed=2), symbolic=False)
case("dot", a((2, 3)), a((3,), seed=2))
case("dot", a((2, 4, 3)), a((5, 3, 2), seed=2), symbolic=False)
case("dot", a(()), a((2, 3)))
case("inner", a((2, 3)), a((4, 3), seed=2))
case("inner", a((3,), "int32"), a((3,), "int32", seed=2), symbolic=False)
case("vdot", a((3,)), a((3,), seed=2), symbolic=False)
case("outer", a((2, 2)), a((3,), seed=2))
case("outer", a((3,), "int32"), a((2,), "float16"))
case("tensordot", a((2, 3, 4)), a((3, 4, 5)), tol=4)
case("tensordot", a((2, 3, 4)), a((4, 5)), axes=1, tol=4)
case("tensordot", a((2, 3, 4)), a((4, 2, 5)), axes=([0, 2], [1, 0]), symbolic=False, tol=4)
case("kron", a((2, 3)), a((2, 2), seed=2), symbolic=False)
case("cross", a((2, 3)), a((2, 3), seed=2))
case("cross", a((2, 2)), a((2, 2), seed=2))
case("cross", a((2, 3)), a((2, 2), seed=2))
case("cross", a((3, 2), "int32"), a((3, 2), "int32", seed=2), axis=0, symbolic=False)
for _text, _shapes in (
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
    ("bij,bkj->bki", [(2, 3, 4), (2, 5, 4)]),
    ("...ij,...jk->...ik", [(2, 1, 3, 4), (5, 4, 2)]),
    ("ij->ji", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->i", [(2, 3)]),
    ("i,j->ij", [(2,), (3,)]),
    ("i,i->i", [(3,), (3,)]),
    ("i,i", [(3,), (3,)]),
    ("btnh,bsnh->bnts", [(2, 3, 2, 4), (2, 5, 2, 4)]),
    ("bnts,bsnh->btnh", [(2, 2, 3, 5), (2, 5, 2, 4)]),
    ("abc,cd,def->abef", [(2, 3, 4), (4, 2), (2, 3, 2)]),
    ("ab...,bc...->ac...", [(2, 3, 4), (3, 5, 4)]),
):
    case(
        "einsum",
        _text,
        *(a(s, seed=i) for i, s in enumerate(_shapes)),
        tol=8,
        symbolic="..." not in _text and "," in _text and "i,i" not in _text and "i,j" not in _text,
    )
case("einsum", "ij,jk->ik", a((2, 3), "int8"), a((3, 2), "int8"))
case("einsum", "ij,jk->ik", a((2, 3), "int32"), a((3, 2), "float16"), tol=4)
for _method in ("linear", "lower", "higher", "midpoint", "nearest"):
    case("quantile", a((3, 5)), 0.3, axis=1, method=_method)
    case("nanquantile", lit(_HOLES[::2]), 0.3, axis=1, method=_method, symbolic=False)
case("quantile", a((3, 5)), [0.25, 0.8], axis=0)
case("quantile", a((3, 5)), lit([0.25, 0.8]), axis=(0, 1), keepdims=True, symbolic=False)
case("quantile", a((3, 5), "int32"), 0.5)
case("percentile", a((3, 5)), 30, axis=1)
case("nanpercentile", lit(_HOLES[::2]), 30, axis=1, symbolic=False)
case("nanquantile", lit(_HOLES), [0.2, 0.9], axis=1, symbolic=False)
case("corrcoef", a((3, 5)), tol=8, symbolic=False)
case("corrcoef", a((3, 5), "int32"), tol=8, symbolic=False)
for _mode in ("valid", "same", "full"):
    case("correlate", a((5,)), a((3,), seed=2), mode=_mode, symbolic=False, tol=4)
    if _mode != "valid":
        case("correlate", a((3,)), a((4,), seed=2), mode=_mode, symbolic=False, tol=4)
case("correlate", a((5,), "int32"), a((3,), "int32", seed=2), symbolic=False)
case("cdist", a((3, 4)), a((2, 4), seed=2), tol=10)
case("cdist", a((2, 3, 4)), a((2, 5, 4), seed=2), tol=10)

# ---------------------------------------------------------------------- neural networks
family("nn")
for _d in ("float16", "float32", "float64"):
    case(
        "conv", a((2, 5, 5, 2), _d), w((3, 3, 2, 4), _d), padding="same", tol=20, data_format="channels_last"
    )
for _padding in ("valid", "same"):
    for _s in (1, 2):
        case("conv", a((2, 7, 3)), w((3, 3, 4), seed=2), _s, _padding, data_format="channels_last", tol=8)
        case(
            "conv",
            a((2, 6, 7, 2)),
            w((3, 2, 2, 4), seed=2),
            (_s, 1),
            _padding,
            data_format="channels_last",
            tol=8,
        )
        case(
            "depthwise_conv",
            a((2, 6, 7, 2)),
            w((3, 2, 2, 2), seed=2),
            _s,
            _padding,
            data_format="channels_last",
            tol=8,
        )
        case(
            "conv_transpose",
            a((2, 4, 5, 3)),
            w((3, 2, 4, 3), seed=2),
            _s,
            _padding,
            data_format="channels_last",
            tol=8,
        )
        case(
            "conv_transpose",
            a((2, 4, 3)),
            w((2, 4, 3), seed=2),
            3,
            _padding,
            data_format="channels_last",
            tol=8,
        )
        case("max_pool", a((2, 7, 6, 3)), 3, _s, _padding, data_format="channels_last")
        case("average_pool", a((2, 7, 6, 3)), (2, 3), _s, _padding, data_format="channels_last")
    case(
        "conv",
        a((2, 7, 3)),
        w((3, 3, 4), seed=2),
        1,
        _padding,
        dilation_rate=2,
        data_format="channels_last",
        tol=8,
    )
    case("conv", a((2, 6, 6, 4)), w((3, 3, 2, 6), seed=2), 1, _padding, data_format="channels_last", tol=8)
    case(
        "conv",
        a((1, 4, 5, 4, 2)),
        w((2, 3, 2, 2, 3), seed=2),
        (1, 2, 1),
        _padding,
        data_format="channels_last",
        tol=8,
    )
    case(
        "depthwise_conv", a((2, 7, 3)), w((3, 3, 2), seed=2), 1, _padding, data_format="channels_last", tol=8
    )
    case("max_pool", a((2, 7, 3)), 2, None, _padding, data_format="channels_last")
    case("average_pool", a((2, 7, 3), "float16"), 2, None, _padding, data_format="channels_last")
    case("max_pool", a((1, 4, 5, 4, 2)), 2, None, _padding, data_format="channels_last")
    case(
        "separable_conv",
        a((2, 6, 7, 2)),
        w((3, 2, 2, 2), seed=2),
        w((1, 1, 4, 5), seed=3),
        1,
        _padding,
        data_format="channels_last",
        tol=10,
    )
case("conv", a((2, 2, 5, 5)), w((3, 3, 2, 4), seed=1), data_format="channels_first", tol=8, symbolic=False)
case("max_pool", a((2, 2, 5, 5)), 2, data_format="channels_first", symbolic=False)
case(
    "conv_transpose",
    a((2, 4, 3)),
    w((3, 4, 3), seed=2),
    2,
    "valid",
    output_padding=1,
    data_format="channels_last",
    tol=8,
)
case(
    "conv_transpose",
    a((2, 4, 3)),
    w((3, 4, 3), seed=2),
    2,
    "same",
    output_padding=1,
    data_format="channels_last",
    tol=8,
)
case(
    "conv_transpose",
    a((2, 4, 3)),
    w((2, 4, 3), seed=2),
    1,
    "valid",
    dilation_rate=2,
    data_format="channels_last",
    tol=8,
)
for _size in (1, 2, 3, 5):
    case(
        "adaptive_average_pool",
        a((2, 7, 6, 3)),
        (_size, 2),
        data_format="channels_last",
        symbolic=False,
        tol=4,
    )
    case("adaptive_max_pool", a((2, 7, 6, 3)), (_size, 2), data_format="channels_last", symbolic=False)
for _d in FLOATS:
    case("batch_normalization", a((2, 3, 4), _d), a(4, _d), a(4, _d, "positive"), -1, tol=20)
    case("layer_normalization", a((2, 3, 4), _d), tol=20)
    case("rms_normalization", a((2, 3, 4), _d), tol=20)
case(
    "batch_normalization",
    a((2, 3, 4)),
    a(3),
    a(3, kind="positive"),
    1,
    a(3, seed=1),
    a(3, seed=2),
    0.01,
    tol=4,
)
case("layer_normalization", a((2, 3, 4)), a(4), a(4, seed=2), tol=4)
case("layer_normalization", a((2, 3, 4)), a((3, 4)), a((3, 4), seed=2), axis=(1, 2), epsilon=0.1, tol=4)
case("layer_normalization", a((2, 3, 4)), a(3), a(3, seed=2), axis=1, tol=4)
case("rms_normalization", a((2, 3, 4)), a(4), epsilon=0.1, tol=4)
case("rms_normalization", a((2, 3, 4)), a(3), axis=1, symbolic=False, tol=4)
_P = a((4, 3), kind="positive")
_P = Array(_P.values / _P.values.sum(-1, keepdims=True), "float32")
_T = lit(np.eye(3)[[0, 2, 1, 1]])
for _logits in (False, True):
    _o = a((4, 3)) if _logits else _P
    case("binary_crossentropy", _T, _o, from_logits=_logits)
    case("categorical_crossentropy", _T, _o, from_logits=_logits)
    case("categorical_crossentropy", _T, _o, from_logits=_logits, axis=0, symbolic=False)
    case("sparse_categorical_crossentropy", lit([0, 2, 1, 1], "int32"), _o, from_logits=_logits)
    case("sparse_categorical_crossentropy", lit([[0], [2], [1], [1]], "int64"), _o, from_logits=_logits)
case("binary_crossentropy", lit([0.0, 1.0, 0.3]), lit([0.0, 1.0, 0.5]))
case("categorical_crossentropy", lit([[0.0, 1.0]]), lit([[1.0, 0.0]]))
case("sparse_categorical_crossentropy", lit([1], "int32"), lit([[1.0, 0.0]]))
_q, _k, _v = (a((2, 3, 2, 4), seed=i) for i in range(3))
case("dot_product_attention", _q, _k, _v, tol=8)
case("dot_product_attention", _q, a((2, 5, 2, 4), seed=4), a((2, 5, 2, 4), seed=5), scale=0.3, tol=8)
case("dot_product_attention", _q, _k, _v, is_causal=True, tol=8)
case("dot_product_attention", _q, _k, _v, bias=a((2, 2, 3, 3)), tol=8)
case("dot_product_attention", _q, _k, _v, mask=a((2, 1, 3, 3), "bool"), tol=8)
case("dot_product_attention", _q, _k, _v, attn_logits_soft_cap=1.5, tol=8)
case("psnr", a((2, 3)), a((2, 3), seed=1), 2.0)
_L = a((2, 6, 4), seed=9)
_N = lit([6, 4], "int32")
case("ctc_loss", lit([[1, 2, 2], [3, 1, 0]], "int32"), _L, lit([3, 2], "int32"), _N, tol=10)
case("ctc_loss", lit([[1, 2, 2], [0, 1, 0]], "int32"), _L, lit([3, 2], "int32"), _N, mask_index=3, tol=10)
case("ctc_decode", _L, _N, tol=4)
case("ctc_decode", _L, _N, merge_repeated=False, tol=4)
case("ctc_decode", _L, _N, mask_index=3, tol=4)
case("ctc_decode", _L, _N, strategy="beam_search", beam_width=20, top_paths=2, tol=10, symbolic=False)
case("ctc_decode", _L, _N, strategy="beam_search", beam_width=20, mask_index=3, tol=10)

# ---------------------------------------------------------------------- spectra
family("spectra")
case("fft", (a((2, 4)), a((2, 4), seed=2)), tol=4)
case("fft", (a((2, 5)), a((2, 5), seed=2)), tol=8)
case("fft2", (a((2, 4, 3)), a((2, 4, 3), seed=2)), tol=8)
case("ifft2", (a((2, 4, 3)), a((2, 4, 3), seed=2)), tol=8)
case("rfft", a((2, 6)), tol=4)
case("rfft", a((2, 6)), fft_length=8, tol=4)
case("rfft", a((2, 6)), fft_length=5, tol=4)
case("irfft", (a((2, 4)), a((2, 4), seed=2)), tol=4)
case("irfft", (a((2, 4)), a((2, 4), seed=2)), fft_length=7, tol=4)
case("irfft", (a((2, 4)), a((2, 4), seed=2)), fft_length=12, tol=4)
case("extract_sequences", a((2, 10)), 4, 3)
case("stft", a((2, 32)), 8, 4, 8, tol=8)
case("stft", a((2, 32)), 6, 3, 8, window="hamming", center=False, tol=8)
case("stft", a((2, 32)), 8, 4, 8, window=None, tol=8)
case("istft", (a((2, 9, 5)), a((2, 9, 5), seed=3)), 8, 4, 8, tol=20)
case("istft", (a((2, 9, 5)), a((2, 9, 5), seed=3)), 8, 4, 8, length=30, tol=20)
case("istft", (a((2, 9, 5)), a((2, 9, 5), seed=3)), 8, 4, 8, window=None, tol=20)

# ---------------------------------------------------------------------- linear algebra
family("linalg")
_M = a((2, 3, 3))
_S = Array(_M.values @ np.swapaxes(_M.values, -1, -2) + np.eye(3), "float32")
_S64 = Array(_S.values, "float64")
for _s in (_S, _S64):
    for _op in words("cholesky inv det logdet slogdet cholesky_inverse pinv"):
        case(_op, _s, tol=50, symbolic=_op != "slogdet")
    case("solve", _s, a((2, 3, 2), _s.dtype), tol=50)
    case("solve_triangular", _s, a((2, 3, 2), _s.dtype), lower=True, tol=50)
    case("solve_triangular", _s, a((2, 3, 2), _s.dtype), tol=50)
case("cholesky", _S, upper=True, tol=50)
case("det", _M, tol=50)
case("slogdet", _M, tol=50, symbolic=False)
case("solve", Array(_S.values[0], "float32"), a((3,)), tol=50, symbolic=False)
case("svd", _M, compute_uv=False, tol=50)
case("matrix_rank", lit([[1.0, 2.0], [2.0, 4.0]]), symbolic=False)
case("lstsq", a((5, 3), kind="positive"), a((5, 2)), tol=200, symbolic=False)
case("pinv", a((2, 4, 3)), tol=100)
for _ord in (None, 1, 2, 3, 0, INF, -INF):
    case("norm", a((2, 3)), ord=_ord, axis=1, tol=4)
for _ord in (None, "fro", "nuc", 1, -1, 2, -2, INF, -INF):
    case("norm", Array(_S.values + a((2, 3, 3)).values, "float32"), ord=_ord, axis=(1, 2), tol=20)
case("norm", a((2, 3, 4)), tol=4)
case("norm", a((2, 3), "int32"), tol=4)
case("norm", a((2, 3)), axis=0, keepdims=True, tol=4)


# ---------------------------------------------------------------------- images
family("image")
_I = a((2, 5, 6, 3), kind="positive")
_RGB = Array(_I.values / 3.1, "float32")
for _method in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"):
    for _size in ((8, 9), (3, 4), (5, 12)):
        # TensorFlow's bicubic reads its kernel from a table of 1024 values.
        _tol = 1e3 if _method == "bicubic" else 20
        case("image.resize", _I, _size, interpolation=_method, data_format="channels_last", tol=_tol)
        if _method != "nearest":
            case(
                "image.resize",
                _I,
                _size,
                interpolation=_method,
                antialias=True,
                data_format="channels_last",
                tol=20,
            )
for _d in ("uint8", "int32", "float16"):
    case(
        "image.resize",
        a((5, 6, 3), _d, "large", seed=4),
        (7, 4),
        data_format="channels_last",
        tol=20,
        symbolic=False,
    )
case(
    "image.resize",
    a((5, 6, 3), "uint8", "large"),
    (7, 4),
    "nearest",
    data_format="channels_last",
    symbolic=False,
)
for _size in ((4, 4), (8, 3), (3, 8)):
    case("image.resize", _I, _size, crop_to_aspect_ratio=True, data_format="channels_last", tol=20)
    case(
        "image.resize",
        _I,
        _size,
        pad_to_aspect_ratio=True,
        fill_value=1.5,
        data_format="channels_last",
        tol=20,
    )
case("image.resize", a((2, 3, 5, 6)), (4, 4), data_format="channels_first", tol=20)
for _method in ("linear", "cubic", "lanczos3", "lanczos5"):
    for _anti in (False, True):
        case(
            "image.scale_and_translate",
            a((5, 6, 3)),
            (7, 4, 3),
            lit([1.5, 0.7]),
            lit([-0.5, 0.3]),
            (0, 1),
            _method,
            antialias=_anti,
            tol=40,
            symbolic=False,
        )
case("image.rgb_to_grayscale", _RGB, data_format="channels_last")
case("image.rgb_to_grayscale", a((5, 6, 3), "uint8", "large"), data_format="channels_last", symbolic=False)
case("image.rgb_to_grayscale", a((3, 5, 6)), data_format="channels_first", symbolic=False)
case("image.rgb_to_hsv", _RGB, data_format="channels_last", tol=4)
case(
    "image.rgb_to_hsv",
    lit([[[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [1.0, 0.0, 1.0]]]),
    data_format="channels_last",
    symbolic=False,
)
case("image.hsv_to_rgb", _RGB, data_format="channels_last", tol=4)
for _padding in ("valid", "same"):
    for _kwargs in ({}, {"strides": 1}, {"strides": (2, 1)}, {"strides": 1, "dilation_rate": 2}):
        case("image.extract_patches", _I, (2, 3), padding=_padding, data_format="channels_last", **_kwargs)
    case(
        "image.extract_patches_3d",
        a((2, 4, 5, 4, 2)),
        (2, 3, 2),
        padding=_padding,
        data_format="channels_last",
    )
    case(
        "image.extract_patches_3d",
        a((2, 4, 5, 4, 2)),
        2,
        strides=(1, 2, 1),
        padding=_padding,
        data_format="channels_last",
    )
case("image.extract_patches", a((3, 5, 6)), 2, data_format="channels_first", symbolic=False)
case("image.extract_patches", a((1, 4, 4, 4, 2)), (2, 2, 2), data_format="channels_last", symbolic=False)
case("image.pad_images", _I, 1, 2, 3, 4, data_format="channels_last")
case("image.pad_images", _I, 1, 2, target_height=9, target_width=8, data_format="channels_last")
case("image.crop_images", _I, 1, 2, 1, 0, data_format="channels_last")
case("image.crop_images", _I, 1, 2, target_height=3, target_width=2, data_format="channels_last")
_PLACES = lit([[[-0.6, 0.2, 1.5], [2.7, 4.4, 5.1]], [[0.5, 1.2, -1.5], [2.5, 6.4, 3.1]]])
for _mode in ("constant", "nearest", "wrap"):  # Keras reflects wrongly below 0
    for _order in (0, 1):
        case(
            "image.map_coordinates",
            a((5, 6)),
            _PLACES,
            _order,
            fill_mode=_mode,
            fill_value=0.5,
            tol=20,
            symbolic=False,
        )
case("image.map_coordinates", a((5, 6), "int32"), _PLACES, 1, symbolic=False)
_TURN = lit([[0.9, 0.2, 0.3, -0.1, 1.1, -0.4, 0.0, 0.0], [1.3, 0.0, -1.0, 0.2, 0.8, 0.6, 0.01, -0.02]])
for _mode in ("constant", "nearest", "wrap", "reflect"):
    case(
        "image.affine_transform",
        _I,
        _TURN,
        fill_mode=_mode,
        fill_value=0.5,
        data_format="channels_last",
        tol=100,
    )
case(
    "image.affine_transform",
    a((5, 6, 3)),
    lit([0.9, 0.2, 0.3, -0.1, 1.1, -0.4, 0.0, 0.0]),
    "nearest",
    data_format="channels_last",
    symbolic=False,
)
_CORNERS = lit([[0, 0], [5, 0], [0, 4], [5, 4]])
case(
    "image.perspective_transform",
    a((5, 6, 3)),
    _CORNERS,
    lit([[0.5, 0.2], [4.5, 0.4], [0.3, 4.4], [5.2, 3.3]]),
    data_format="channels_last",
    tol=1e3,
    symbolic=False,
)
case("image.gaussian_blur", _I, (3, 3), (1.0, 1.0), data_format="channels_last", tol=4)
case("image.gaussian_blur", _I, (5, 5), (0.7, 1.5), data_format="channels_last", tol=4)
case("image.sobel_edges", _I, data_format="channels_last", tol=4)
case("image.sobel_edges", a((2, 3, 5, 6)), data_format="channels_first", tol=4)
case(
    "image.ssim",
    a((2, 12, 13, 3), kind="positive"),
    a((2, 12, 13, 3), kind="positive", seed=1),
    3.0,
    data_format="channels_last",
    tol=100,
)
case(
    "image.ssim",
    a((8, 9, 1), kind="unit"),
    a((8, 9, 1), seed=1),
    filter_size=5,
    data_format="channels_last",
    tol=100,
    symbolic=False,
)


# ---------------------------------------------------------------------- control flow
family("control")
case("map", lambda x: x * x + 1, a((3, 2)))
case("vectorized_map", lambda x: x * 2 - 1, a((3, 2)), symbolic=False)
case("scan", lambda s, x: (s + x, s * x), a((2,)), a((3, 2), seed=1), symbolic=False)
case("scan", lambda s, x: (s + x, s * x), a((2,)), a((3, 2), seed=1), reverse=True, symbolic=False)
case("associative_scan", lambda x, y: x + y, a((5, 2)), symbolic=False)
case("associative_scan", lambda x, y: x * y, a((5, 2)), reverse=True, axis=0, symbolic=False)
case("while_loop", lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (0, a((2, 3))), symbolic=False)
case("fori_loop", 0, 3, lambda i, x: x * 2, a((2, 3)), symbolic=False)
case("cond", lit(1, "bool"), lambda: 1.0, lambda: 2.0, symbolic=False)
case("switch", lit(1, "int32"), [lambda x: x + 1, lambda x: x * 3], a((2,)), symbolic=False)
case("stop_gradient", a((2, 3)))
case("shape", a((2, 3)), symbolic=False)
case("ndim", a((2, 3)), symbolic=False)
case("empty_like", a((0, 3)), symbolic=False)
case("empty", (2, 0))
case("lu_factor", Array(_S.values[0], "float32"), tol=50)
for _name, _same in (("conj", "conjugate"), ("swish", "silu"), ("hard_swish", "hard_silu")):
    case(_name, a((2, 3)))
