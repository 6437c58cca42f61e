"""The shared bodies, run on an engine that has nothing but the E primitives, against NumPy and SciPy."""

import itertools
from typing import Any

import numpy as np
import pytest
import scipy.special as special

from keras.backend.engine import E_PRIMITIVES, Engine
from keras.backend.numpy.eager import EagerNumPyEngine
from keras.backend.vjp.engine import TapeEngine
from keras.backend.vjp.tape import sweep

NATIVE = EagerNumPyEngine()
_OWN = {n: getattr(EagerNumPyEngine, n) for n in E_PRIMITIVES} | {
    "host_call": lambda self, fn, specs, xs, bwd: fn(*xs)
}
#: The default bodies and nothing else.
BARE: Any = type("Bare", (Engine,), {"name": "bare", **_OWN})()
FLOATS = ["float16", "bfloat16", "float32", "float64"]
EPS = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-23, "float64": 2**-52}
TINY = [0.0, -0.0, 1e-30, -1e-30, 1e-8, -1e-8, 1e-4, -1e-4]
SPECIAL = [np.inf, -np.inf, np.nan]
rng = np.random.default_rng(7)


def tensor(values: Any, dtype: str) -> Any:
    return NATIVE.constant(np.asarray(values), dtype)


def close(actual: Any, expected: Any, units: float, dtype: str) -> None:
    """Within so many units of the last place, with equal signs of zero."""
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    np.testing.assert_allclose(actual, expected, rtol=units * EPS[dtype], atol=1e-45)
    zero = expected == 0
    np.testing.assert_array_equal(np.signbit(actual[zero]), np.signbit(expected[zero]))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("name", "reference", "values", "units"),
    [
        ("expm1", np.expm1, [*TINY, *SPECIAL, *np.linspace(-20, 20, 401)], 4),
        ("log1p", np.log1p, [*TINY, *SPECIAL, -1, -2, -0.999, *np.geomspace(1e-6, 1e4, 99), *np.linspace(-0.9, 1)], 4),
        ("rsqrt", lambda x: 1 / np.sqrt(x), [*TINY, *SPECIAL, -1, *np.geomspace(1e-6, 1e4, 101)], 3),
        ("sigmoid", special.expit, [*TINY, *SPECIAL, *np.linspace(-80, 80, 401)], 3),
        ("atan", np.arctan, [*TINY, *SPECIAL, *np.linspace(-4, 4, 201), 1e30, -1e30], 4),
        ("erf", special.erf, [*TINY, *SPECIAL, *np.linspace(-7, 7, 701)], 4),
        ("erfinv", special.erfinv, [0.0, 1e-4, 1, -1, 1.5, -2, np.nan, *np.linspace(-0.999, 0.999, 401)], 20),
    ],
)  # fmt: skip
def test_unary_body_is_accurate(name: str, reference: Any, values: Any, units: float, dtype: str) -> None:
    x = tensor(values, dtype)
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        expected = reference(wide).astype(x.dtype)
    close(getattr(BARE, name)(x), expected, units, dtype)


def test_erfinv_is_accurate_near_one() -> None:
    for dtype in ("float32", "float64"):
        x = (1 - np.geomspace(EPS[dtype], 0.1, 200)).astype(dtype)
        expected = special.erfinv(x.astype(np.float64))
        close(BARE.erfinv(x), expected, 300 if dtype == "float64" else 8, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_atan2_has_all_quadrants_and_signed_zeros(dtype: str) -> None:
    ends = [0.0, -0.0, 1.0, -1.0, 2.5, -0.3, np.inf, -np.inf, np.nan, 1e-30, 1e30]
    a, b = (tensor(v, dtype) for v in zip(*itertools.product(ends, ends), strict=True))
    close(BARE.atan2(a, b), np.arctan2(a, b), 4, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_float_division_with_remainder(dtype: str) -> None:
    a = tensor([7, -7, 7, -7, 5.5, 0.0, 5, -5, 5, -5, 0.0, np.nan, np.inf, 1], dtype)
    b = tensor([3, 3, -3, -3, 2, 4, np.inf, np.inf, -np.inf, -np.inf, 0, 1, 2, 0], dtype)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(BARE.mod(a, b), np.mod(a, b), rtol=4 * EPS[dtype])
        finite = np.isfinite(b) & (b != 0)
        np.testing.assert_array_equal(BARE.floordiv(a, b)[finite], np.floor(a / b)[finite])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "uint32", "int64", "uint64"])
def test_integer_division_is_exact(dtype: str) -> None:
    info = np.iinfo(dtype)
    ends = [info.max, info.max - 1, info.min, info.min + 1, 7, 1, 2, 3, 0]
    a, b = (np.array(v, dtype) for v in zip(*itertools.product(ends, ends), strict=True))
    overflow = (a == info.min) & (b.astype(object) == -1)
    a, b = a[~overflow], b[~overflow]
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(BARE.floordiv(a, b), np.floor_divide(a, b))
        np.testing.assert_array_equal(BARE.mod(a, b), np.mod(a, b))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint32", "int64"])
def test_bits(dtype: str) -> None:
    info = np.iinfo(dtype)
    a = np.array([info.min, info.max, 0, 1, 5, 100], dtype)
    b = np.array([1, 3, info.max, info.min, 6, 77], dtype)
    n = np.array([0, 1, 2, info.bits - 1, 3, 4], dtype)
    for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
        np.testing.assert_array_equal(getattr(BARE, name)(a, b), getattr(np, name)(a, b))
    np.testing.assert_array_equal(BARE.bitwise_not(a), ~a)
    np.testing.assert_array_equal(BARE.shift_left(a, n), a << n)
    np.testing.assert_array_equal(BARE.shift_right(a, n), a >> n)


def test_bits_of_bools() -> None:
    a, b = np.array([True, True, False, False]), np.array([True, False, True, False])
    np.testing.assert_array_equal(BARE.bitwise_xor(a, b), a ^ b)
    np.testing.assert_array_equal(BARE.bitwise_not(a), ~a)


def test_complex_parts() -> None:
    re, im = np.array([1.0, np.inf, -2.0], "float32"), np.array([0.5, 1.0, np.nan], "float32")
    z = BARE.complex(re, im)
    assert BARE.spec(z) == ((3,), "complex64")
    np.testing.assert_array_equal(BARE.real(z), re)
    np.testing.assert_array_equal(BARE.imag(z), im)
    np.testing.assert_array_equal(BARE.real(re), re)
    np.testing.assert_array_equal(BARE.imag(re), np.zeros(3))


def test_movement() -> None:
    x = rng.normal(size=(4, 5, 6)).astype("float32")
    np.testing.assert_array_equal(BARE.flip(x, (0, 2)), x[::-1, :, ::-1])
    np.testing.assert_array_equal(BARE.bitcast(x, "int32"), x.view("int32"))
    np.testing.assert_array_equal(BARE.bitcast(x, "uint8"), x.view("uint8"))
    at = [np.array(i, "int32") for i in (2, -3, 100)]
    np.testing.assert_array_equal(BARE.dynamic_slice(x, at, (2, 3, 6)), x[2:4, 0:3])
    np.testing.assert_array_equal(BARE.dynamic_slice(x, at, (1, 5, 2)), x[2:3, :, 4:])
    update = np.ones((2, 1, 3), "float32")
    expected = x.copy()
    expected[2:4, 0:1, 3:6] = 1
    np.testing.assert_array_equal(BARE.dynamic_update(x, update, at), expected)
    np.testing.assert_array_equal(BARE.dynamic_update(x, x + 1, at), x + 1)


def test_bitcast_that_does_not_divide() -> None:
    with pytest.raises(ValueError, match="does not divide"):
        BARE.bitcast(np.zeros((2, 3), "uint8"), "int32")


def test_gather() -> None:
    x = rng.normal(size=(3, 4, 5)).astype("float32")
    along = rng.integers(0, 4, (3, 7, 5)).astype("int32")
    np.testing.assert_array_equal(BARE.take_along(x, along, 1), np.take_along_axis(x, along, 1))
    at = np.stack([rng.integers(0, 3, (2, 6)), rng.integers(0, 4, (2, 6))], -1).astype("int64")
    np.testing.assert_array_equal(BARE.gather_nd(x, at), x[at[..., 0], at[..., 1]])


@pytest.mark.parametrize("mode", ["set", "add", "mul", "min", "max"])
@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8"])
def test_scatter_body_agrees_with_numpy(mode: str, dtype: str) -> None:
    x = rng.integers(0, 9, (4, 3, 2)).astype(dtype)
    at = np.array([[0, 1], [3, 2], [0, 1], [2, 0], [0, 1]], "int32")
    updates = rng.integers(0, 9, (5, 2)).astype(dtype)
    np.testing.assert_array_equal(
        BARE.scatter_nd(x, at, updates, mode), NATIVE.scatter_nd(x, at, updates, mode)
    )
    rows, row_updates = at[:, :1], rng.integers(0, 9, (5, 3, 2)).astype(dtype)
    np.testing.assert_array_equal(
        BARE.scatter_nd(x, rows, row_updates, mode), NATIVE.scatter_nd(x, rows, row_updates, mode)
    )


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8", "bool"])
def test_order(dtype: str) -> None:
    x = rng.integers(0, 2 if dtype == "bool" else 5, (3, 8, 4)).astype(dtype)
    if dtype == "float32":
        x[0, 3, :2] = np.nan
        x[1, 2, 0], x[2, 2, 0] = np.inf, -np.inf
    for axis in range(3):
        np.testing.assert_array_equal(BARE.argsort(x, axis), np.argsort(x, axis, kind="stable"))
        np.testing.assert_array_equal(BARE.sort(x, axis), np.sort(x, axis))
    for k in (1, 3, 4):
        for ours, native in zip(BARE.top_k(x, k), NATIVE.top_k(x, k), strict=True):
            np.testing.assert_array_equal(ours, native)
            assert ours.dtype == native.dtype


def test_top_k_gives_the_lowest_index_among_equals() -> None:
    for engine in (BARE, NATIVE):
        values, indices = engine.top_k(np.array([1, 3, 3, 2, 3], "float32"), 4)
        assert values.tolist() == [3, 3, 3, 2]
        assert indices.tolist() == [1, 2, 4, 3]
        lowest = np.full((2, 5), -np.inf, "float32")
        lowest[1, 3] = 0
        assert engine.top_k(lowest, 3)[1].tolist() == [[0, 1, 2], [3, 0, 1]]
        assert engine.top_k(np.array([7, 0, 8, 0, 9], "uint8"), 5)[1].tolist() == [4, 2, 0, 1, 3]


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8", "int8"])
def test_reductions(dtype: str) -> None:
    x = rng.integers(0, 4, (3, 5, 7)).astype(dtype)
    for axes in ((0,), (1, 2), (0, 1, 2), (2, 0)):
        np.testing.assert_array_equal(BARE.reduce_prod(x, axes), np.prod(x, axes, dtype=dtype))
        np.testing.assert_array_equal(BARE.reduce_min(x, axes), np.min(x, axes))
    for axis in range(3):
        np.testing.assert_array_equal(BARE.cumsum(x, axis), np.cumsum(x, axis, dtype=dtype))
        np.testing.assert_array_equal(BARE.cumprod(x, axis), np.cumprod(x, axis, dtype=dtype))


def test_reductions_of_special_values() -> None:
    x = np.array([[1, np.nan, 2], [np.inf, 3, -np.inf], [0.5, 1, 4]], "float32")
    np.testing.assert_array_equal(BARE.reduce_min(x, (1,)), np.min(x, 1))
    np.testing.assert_array_equal(BARE.cumsum(x, 1), NATIVE.cumsum(x, 1))
    np.testing.assert_array_equal(BARE.reduce_prod(x[:, :0], (1,)), np.ones(3))
    bools = np.array([[True, False], [True, True]])
    np.testing.assert_array_equal(BARE.reduce_min(bools, (1,)), [False, True])
    low = np.array([[-128, 127], [3, -128]], "int8")
    np.testing.assert_array_equal(BARE.reduce_min(low, (1,)), [-128, -128])


def test_dot_general() -> None:
    a, b = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(5, 2, 4, 6))
    ours = BARE.dot_general(a, b, ((2, 3), (2, 0)), ((0,), (1,)))
    np.testing.assert_allclose(ours, np.einsum("bixy,ybxj->bij", a, b), rtol=1e-12)
    ours = BARE.dot_general(a, b, ((), ()), ((0, 2), (1, 2)))
    np.testing.assert_allclose(ours, np.einsum("bixy,wbxj->bxiywj", a, b), rtol=1e-12)


CONVS = [  # spatial, window, strides, pads, dilation, channels, features, groups
    ((9,), (3,), (1,), ((1, 1),), (1,), 2, 3, 1),
    ((9,), (3,), (2,), ((0, 2),), (2,), 4, 6, 2),
    ((7, 8), (3, 2), (1, 1), ((0, 0), (0, 0)), (1, 1), 3, 4, 1),
    ((7, 8), (3, 2), (2, 3), ((1, 2), (0, 1)), (1, 1), 4, 4, 4),
    ((6, 6), (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1), 3, 5, 1),
    ((6, 6), (1, 1), (2, 2), ((0, 0), (0, 0)), (1, 1), 3, 5, 1),
    ((5, 4, 6), (2, 2, 3), (1, 2, 2), ((1, 0), (0, 1), (1, 1)), (2, 1, 1), 2, 4, 2),
    ((7, 7), (3, 3), (1, 1), ((1, 1), (1, 1)), (2, 2), 3, 6, 3),
]


def direct_conv(x: Any, k: Any, strides: Any, pads: Any, dilation: Any, groups: int) -> Any:
    """The definition, element by element."""
    x = np.pad(x, ((0, 0), *pads, (0, 0)))
    window, width, features = k.shape[:-2], k.shape[-2], k.shape[-1] // groups
    out = [
        (n - (w - 1) * d - 1) // s + 1
        for n, w, s, d in zip(x.shape[1:-1], window, strides, dilation, strict=True)
    ]
    y = np.zeros((len(x), *out, k.shape[-1]))
    for place in np.ndindex(*out):
        for tap in np.ndindex(*window):
            at = tuple(p * s + t * d for p, s, t, d in zip(place, strides, tap, dilation, strict=True))
            for g in range(groups):
                values = x[(slice(None), *at, slice(g * width, (g + 1) * width))]
                kept = slice(g * features, (g + 1) * features)
                y[(slice(None), *place, kept)] += values @ k[tap][:, kept]
    return y


@pytest.mark.parametrize("case", CONVS)
@pytest.mark.parametrize("on", [BARE, NATIVE], ids=["body", "numpy"])
def test_convolution_and_its_gradients(case: Any, on: Any) -> None:
    spatial, window, strides, pads, dilation, channels, features, groups = case
    x, k = rng.normal(size=(3, *spatial, channels)), rng.normal(size=(*window, channels // groups, features))
    static = (strides, pads, dilation, groups)
    y = on.conv(x, k, *static)
    np.testing.assert_allclose(y, direct_conv(x, k, *static), rtol=1e-10, atol=1e-10)
    dy, dx, dk = rng.normal(size=y.shape), rng.normal(size=x.shape), rng.normal(size=k.shape)
    # A linear map and its transpose: <conv(dx), dy> = <dx, transpose(dy)>.
    pulled = on.conv_input_grad(dy, k, x.shape, *static)
    assert pulled.shape == x.shape
    np.testing.assert_allclose(np.vdot(on.conv(dx, k, *static), dy), np.vdot(dx, pulled), rtol=1e-9)
    pulled = on.conv_kernel_grad(x, dy, k.shape, *static)
    assert pulled.shape == k.shape
    np.testing.assert_allclose(np.vdot(on.conv(x, dk, *static), dy), np.vdot(dk, pulled), rtol=1e-9)


POOLS = [  # spatial, window, strides, pads
    ((8,), (2,), (2,), ((0, 0),)),
    ((7, 8), (3, 2), (2, 1), ((1, 1), (0, 1))),
    ((6, 6), (2, 2), (2, 2), ((0, 0), (0, 0))),
    ((5, 6, 4), (2, 3, 2), (2, 2, 1), ((0, 1), (1, 0), (0, 0))),
    ((9,), (2,), (3,), ((0, 0),)),
]


@pytest.mark.parametrize("case", POOLS)
@pytest.mark.parametrize("op", ["max", "sum"])
@pytest.mark.parametrize("on", [BARE, NATIVE], ids=["body", "numpy"])
def test_pooling(case: Any, op: str, on: Any) -> None:
    spatial, window, strides, pads = case
    x = rng.integers(-4, 4, (2, *spatial, 3)).astype("float32")  # ties
    y = on.reduce_window(x, window, strides, pads, op)
    wide = np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=-np.inf if op == "max" else 0)
    dy = rng.normal(size=y.shape).astype("float32")
    expected, back = np.zeros(y.shape), np.zeros(wide.shape)
    for place in np.ndindex(*y.shape[1:-1]):
        at = tuple(slice(p * s, p * s + w) for p, s, w in zip(place, strides, window, strict=True))
        for n, c in np.ndindex(len(x), 3):
            values = wide[(n, *at, c)]
            expected[(n, *place, c)] = values.max() if op == "max" else values.sum()
            share = np.zeros(values.shape)
            if op == "max":
                share.flat[values.argmax()] = 1
            else:
                share += 1
            back[(n, *at, c)] += share * dy[(n, *place, c)]
    np.testing.assert_array_equal(y, expected)
    inside = tuple(slice(a, a + n) for (a, _), n in zip(pads, spatial, strict=True))
    ours = on.reduce_window_grad(x, dy, window, strides, pads, op)
    np.testing.assert_allclose(ours, back[(slice(None), *inside)], rtol=1e-5, atol=1e-6)


def test_pooling_of_integers() -> None:
    x = np.array([[[-5], [-7], [-1], [-9]]], "int32")
    for engine in (BARE, NATIVE):
        assert engine.reduce_window(x, (2,), (2,), ((1, 1),), "max")[0, :, 0].tolist() == [-5, -1, -9]


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("n", [1, 5, 8])
def test_fft(n: int, inverse: bool) -> None:
    re, im = rng.normal(size=(2, 3, n)), rng.normal(size=(2, 3, n))
    z = (np.fft.ifft if inverse else np.fft.fft)(re + 1j * im)
    for engine in (BARE, NATIVE):
        a, b = engine.fft(re, im, inverse)
        np.testing.assert_allclose(a + 1j * b, z, atol=1e-12)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("on", [BARE, NATIVE], ids=["body", "numpy"])
def test_random_numbers(on: Any, dtype: str) -> None:
    seed = np.array([3, 4], "uint32")
    bits = on.random_bits(seed, (1000, 7))
    assert bits.dtype == np.uint32
    assert abs(bits.mean() / 2**32 - 0.5) < 0.02
    u = on.random_uniform(seed, (40000,), dtype).astype(float)
    assert on.spec(on.random_uniform(seed, (), dtype)) == ((), dtype)
    assert u.min() >= 0
    assert u.max() < 1
    assert abs(u.mean() - 0.5) < 0.01
    assert abs(u.var() - 1 / 12) < 0.005
    x = on.random_normal(seed, (200, 200), dtype).astype(float)
    assert np.isfinite(x).all()
    assert abs(x.mean()) < 0.02
    assert abs(x.std() - 1) < 0.02
    assert abs((x**4).mean() - 3) < 0.2
    np.testing.assert_array_equal(on.random_bits(seed, (7,)), on.random_bits(seed, (7,)))
    assert (on.random_bits(np.array([3, 5], "uint32"), (7,)) != on.random_bits(seed, (7,))).any()


def test_linear_algebra() -> None:
    a, b = rng.normal(size=(2, 5, 5)), rng.normal(size=(2, 5, 3))
    spd = a @ a.transpose(0, 2, 1) + np.eye(5)
    for engine in (BARE, NATIVE):
        low = engine.cholesky(spd)
        np.testing.assert_allclose(low @ low.transpose(0, 2, 1), spd, atol=1e-10)
        np.testing.assert_allclose(a @ engine.solve(a, b), b, atol=1e-10)
        np.testing.assert_allclose(np.tril(a) @ engine.triangular_solve(a, b, True), b, atol=1e-9)
        np.testing.assert_allclose(np.triu(a) @ engine.triangular_solve(a, b, False), b, atol=1e-9)
        w, v = engine.eigh(spd)
        np.testing.assert_allclose(v * w[:, None], spd @ v, atol=1e-9)
        w, v = engine.eig(a)
        np.testing.assert_allclose(v * w[:, None], a @ v, atol=1e-9)
        for mode, columns in (("reduced", 3), ("complete", 5)):
            q, r = engine.qr(b, mode)
            assert q.shape == (2, 5, columns)
            np.testing.assert_allclose(q @ r, b, atol=1e-10)
        u, s, vh = engine.svd(b, False, True)
        np.testing.assert_allclose((u * s[:, None]) @ vh, b, atol=1e-10)
        assert engine.svd(b, True, True)[0].shape == (2, 5, 5)
        np.testing.assert_allclose(engine.svd(b, False, False), s, atol=1e-10)


@pytest.mark.parametrize("n", [1, 4, 70])
def test_lu_pivots_are_row_swaps(n: int) -> None:
    a = rng.normal(size=(3, n, n))
    packed, pivots = NATIVE.lu(a)
    lower, upper = np.tril(packed, -1) + np.eye(n), np.triu(packed)
    for i in range(3):
        swapped = a[i].copy()
        for k, p in enumerate(pivots[i]):
            swapped[[k, p]] = swapped[[p, k]]
        np.testing.assert_allclose(lower[i] @ upper[i], swapped, atol=1e-10)
    wide = np.tril(rng.normal(size=(n, n))) + 3 * np.eye(n)
    np.testing.assert_allclose(wide @ NATIVE.triangular_solve(wide, a[0], True), a[0], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "shapes", "static"),
    [
        ("cholesky", [(3, 3)], ()),
        ("qr", [(4, 3)], ("reduced",)),
        ("svd", [(4, 3)], (False, True)),
        ("svd", [(4, 3)], (False, False)),
        ("eigh", [(3, 3)], ()),
        ("lu", [(3, 3)], ()),
        ("triangular_solve", [(3, 3), (3, 2)], (True,)),
        ("solve", [(3, 3), (3, 2)], ()),
        ("complex", [(3,), (3,)], ()),
    ],
)
def test_gradients_on_the_host_are_the_pull_backs(name: str, shapes: Any, static: Any) -> None:
    seen: list[Any] = []

    class Remembers(type(BARE)):  # type: ignore[misc]
        def host_call(self, fn: Any, out_specs: Any, xs: Any, bwd: Any = None) -> Any:
            seen.extend([bwd, xs, fn(*xs)])
            return seen[2]

    xs = [rng.normal(size=s) for s in shapes]
    if name in ("cholesky", "eigh"):
        xs = [xs[0] @ xs[0].T + np.eye(3)]
    getattr(Remembers(), name)(*xs, *static)
    bwd, inputs, outputs = seen
    dys = [rng.normal(size=y.shape).astype(y.dtype) for y in outputs]

    tape = TapeEngine(NATIVE)
    leaves = [tape.leaf(x) for x in xs]
    results = getattr(tape, name)(*leaves, *static)
    results = list(results) if isinstance(results, tuple) else [results]
    pairs = [(y, dy) for y, dy in zip(results, dys, strict=True) if tape.is_traced(y)]
    expected = sweep(tape, [y for y, _ in pairs], [dy for _, dy in pairs], [x.node for x in leaves])
    for ours, theirs in zip(bwd(inputs, outputs, dys), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_scan_and_vmap() -> None:
    x = np.arange(6.0).reshape(3, 2)

    def step(carry: Any, row: Any) -> Any:
        total = carry[0] + row[0]
        return [total], [total * 2]

    carry, ys = BARE.scan(step, [np.zeros(2)], [x], 3, False)
    np.testing.assert_array_equal(carry[0], x.sum(0))
    np.testing.assert_array_equal(ys[0], 2 * np.cumsum(x, 0))
    _, ys = BARE.scan(step, [np.zeros(2)], [x], 3, True)
    np.testing.assert_array_equal(ys[0], 2 * np.cumsum(x[::-1], 0)[::-1])
    (mapped,) = BARE.vmap(lambda a, b: [a * b], (1, None), [x, np.float64(3)[...]])
    np.testing.assert_array_equal(mapped, 3 * x.T)
    with pytest.raises(ValueError, match="at least one element"):
        BARE.scan(step, [np.zeros(2)], [x[:0]], 0, False)
