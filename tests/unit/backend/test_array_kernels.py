"""The kernels that share work between cores give what the numpy engine's bodies give, and fail as they do."""

import threading
from typing import Any

import numpy as np
import pytest

from keras.backend.kernels import onednn, parallel, pooling, softmax
from keras.backend.kernels.arrays import ParallelEngine
from keras.backend.kernels.products import product
from keras.backend.kernels.tails import Norm, Tail
from keras.backend.numpy.eager import BareNumPyEngine
from keras.backend.numpy.known import short_form
from tests.processes import run_python

FAST, BODY = ParallelEngine(), BareNumPyEngine()
rng = np.random.default_rng(5)


def normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape).astype("float32")


@pytest.fixture(autouse=True)
def _two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel.POOL, "size", 2)


def agree(name: str, *args: Any, rtol: float = 1e-5, atol: float = 1e-5) -> None:
    with np.errstate(all="ignore"):
        fast, body = getattr(FAST, name)(*args), getattr(BODY, name)(*args)
    if not isinstance(fast, tuple):
        fast, body = (fast,), (body,)
    for got, want in zip(fast, body, strict=True):
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        largest = np.abs(want[np.isfinite(want)]).max(initial=1)
        np.testing.assert_allclose(got, want, rtol, atol * float(largest))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((300, 200), (200, 150)),
        ((64, 300), (300, 500)),
        ((8, 100, 90), (90, 120)),
        ((6, 120, 90), (6, 90, 110)),
        ((2, 3, 120, 90), (2, 3, 90, 110)),
        ((3, 120, 130), (1, 130, 110)),
        ((1, 5), (5, 2)),
    ],
)
def test_matmul(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    agree("matmul", normal(*a), normal(*b))
    agree("matmul", normal(*a).astype("float64"), normal(*b).astype("float64"))


CONVOLUTIONS = [
    ((9, 13, 13, 32), (3, 3, 32, 8), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    ((8, 28, 28, 1), (3, 3, 1, 32), (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
    ((2, 9, 8, 6), (3, 2, 3, 8), (2, 1), ((1, 2), (0, 1)), (1, 2), 2),
    ((3, 40, 40, 32), (3, 3, 1, 64), (1, 1), ((1, 1), (1, 1)), (1, 1), 32),
    ((3, 20, 5), (4, 5, 7), (3,), ((2, 1),), (2,), 1),
    ((2, 5, 6, 7, 3), (2, 3, 2, 3, 4), (1, 2, 1), ((1, 0), (0, 0), (1, 1)), (1, 1, 1), 1),
    ((0, 5, 5, 2), (2, 2, 2, 3), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
]


@pytest.mark.parametrize("by_onednn", [True, False])
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution_and_its_gradients(case: Any, by_onednn: bool, monkeypatch: Any) -> None:
    if not by_onednn:
        monkeypatch.setattr(onednn, "library", lambda: None)
    x, kernel, *static = case
    a, k = normal(*x), normal(*kernel)
    agree("conv", a, k, *static)
    dy = normal(*BODY.conv(a, k, *static).shape)
    agree("conv_input_grad", dy, k, x, *static)
    agree("conv_kernel_grad", a, dy, kernel, *static)


POOLINGS = [
    ((9, 40, 40, 16), (3, 2), (2, 2), ((1, 1), (0, 0))),
    ((130, 26, 26, 32), (2, 2), (2, 2), ((0, 0), (0, 0))),
    ((2, 9, 8, 3), (3, 3), (1, 2), ((1, 1), (2, 0))),
    ((3, 20, 5), (4,), (3,), ((2, 1),)),
    ((2, 5, 6, 7, 3), (2, 3, 2), (1, 2, 1), ((1, 0), (0, 0), (1, 1))),
    ((2, 4, 4, 1), (2, 2), (2, 2), ((2, 0), (0, 0))),  # a window in the padding
    ((0, 4, 4, 1), (2, 2), (2, 2), ((0, 0), (0, 0))),
]


@pytest.mark.parametrize("by_onednn", [True, False])
@pytest.mark.parametrize("op", ["max", "sum"])
@pytest.mark.parametrize("case", POOLINGS)
def test_pooling(case: Any, op: str, by_onednn: bool, monkeypatch: Any) -> None:
    if not by_onednn:
        monkeypatch.setattr(onednn, "library", lambda: None)
    shape, *static = case
    x = np.maximum(normal(*shape), 0)  # with many equal numbers
    for y in (x, np.asfortranarray(x), x.astype("float64")):
        agree("reduce_window", y, *static, op)
        dy = rng.normal(size=BODY.reduce_window(y, *static, op).shape).astype(y.dtype)
        agree("reduce_window_grad", y, dy, *static, op)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, np.finfo("float32").min])
def test_pooling_of_what_is_no_finite_number(odd: float) -> None:
    """oneDNN 3.2 passes over NaN, and has no number below the least finite one: the day it has, the checks may go."""
    static = ((2, 2), (2, 2), ((0, 0), (0, 0)), "max")
    x = normal(70, 26, 26, 32)
    x[1, 2, 2, 3] = x[60, 4:6, 4:6] = odd
    agree("reduce_window", x, *static)
    agree("reduce_window_grad", x, normal(70, 13, 13, 32), *static)
    small, y = np.full((1, 2, 2, 1), -np.inf, "float32"), np.empty((1, 1, 1, 1), "float32")
    assert not pooling.pool(small, y, *static[:3])
    assert y[0, 0, 0, 0] == np.finfo("float32").min
    small[0, 0, 0, 0] = np.nan
    assert not pooling.pool(small, y, *static[:3])


@pytest.mark.parametrize("by_onednn", [True, False])
@pytest.mark.parametrize(
    ("shape", "axis"), [((40, 20, 200), 2), ((700, 300), 1), ((300, 700), 0), ((3, 5), 1)]
)
def test_softmax(shape: tuple[int, ...], axis: int, by_onednn: bool, monkeypatch: Any) -> None:
    if not by_onednn:
        monkeypatch.setattr(onednn, "library", lambda: None)
    x = 10 * normal(*shape)
    for y in (x, np.asfortranarray(x), x.astype("float64"), x.astype("float16")):
        agree("softmax", y, axis)
        agree("softmax_grad", normal(*shape).astype(y.dtype), BODY.softmax(y, axis), axis, rtol=1e-4)


def test_softmax_of_what_is_no_finite_number() -> None:
    """oneDNN 3.2 makes NaN of a NaN alone, and not of the row."""
    x = normal(700, 300)
    x[0, 3], x[1, 2], x[2], x[3, 0], x[4], x[5, 0] = np.nan, np.inf, -np.inf, -np.inf, 1e38, -1e38
    agree("softmax", x, 1)
    with np.errstate(all="ignore"):
        agree("softmax_grad", normal(700, 300), BODY.softmax(x, 1), 1)
    y = np.empty((1, 300), "float32")
    assert not softmax.shares(x[:1], y)
    assert np.isnan(y).sum() == 1


@pytest.mark.parametrize("shape", [(5,), (800, 700)])
def test_selection(shape: tuple[int, ...]) -> None:
    condition, one, two = rng.random(shape) < 0.4, normal(*shape), normal(*shape)
    one.flat[1], two.flat[2], zero = np.nan, np.inf, np.zeros((), "float32")
    for a, b in [
        (one, two),
        (one, zero),
        (zero, two),
        (zero + 3, zero),
        (zero, zero - 1),
        (zero + 2, zero + 7),
    ]:
        np.testing.assert_array_equal(FAST.select(condition, a, b), np.where(condition, a, b))
        np.testing.assert_array_equal(BODY.select(condition, a, b), np.where(condition, a, b))
    for a, b in [(one[:1], two), (one.astype("complex64"), two.astype("complex64"))]:
        np.testing.assert_array_equal(FAST.select(condition, a, b), np.where(condition, a, b))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [0, 9, 200_003])
def test_shared_random_numbers_are_those_of_one_stream(size: int, dtype: str) -> None:
    seed = np.array([7, 2**32 - 1], "uint32")
    stream = np.random.Generator(np.random.Philox(key=7 | (2**32 - 1) << 32))
    want = stream.random(size, dtype=np.dtype(dtype).type)
    for engine in (FAST, BODY):
        np.testing.assert_array_equal(engine.random_uniform(seed, (size,), dtype), want)


@pytest.mark.parametrize("size", [7, 300_001])
def test_adam(size: int) -> None:
    p, g, m, v = normal(size), normal(size), normal(size), np.abs(normal(size))
    agree("adam_update", p, g, m, v, np.float32(0.01), 0.9, 0.999, 1e-7, np.float32(3), atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 200_000), (500, 300), (3, 4)])
@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "erf", "softplus", "silu"])
def test_elementwise(name: str, shape: tuple[int, int]) -> None:
    agree(name, normal(*shape))


def test_binaries_broadcast_when_split() -> None:
    for a, b in [((500, 300), (300,)), ((500, 300), ()), ((500, 1), (1, 300)), ((1, 300), (500, 300))]:
        agree("div", normal(*a), np.abs(normal(*b)) + 1)


def test_an_error_in_a_thread_comes_out() -> None:
    def f(at: slice) -> None:
        if at.start:
            raise ArithmeticError("on purpose")

    with pytest.raises(ArithmeticError, match="on purpose"):
        parallel.split(100, f)
    done: list[int] = []
    parallel.split(100, lambda at: done.extend(range(at.start, at.stop)), 7)
    assert sorted(done) == list(range(100))


def test_splitting_inside_a_split_and_of_nothing() -> None:
    done: list[int] = []
    parallel.split(4, lambda at: parallel.split(2, lambda inner: done.append(inner.start)), 4)
    assert len(done) >= 4
    parallel.split(0, lambda at: done.clear())
    assert done == []


@pytest.mark.parametrize("allowed", [0, 1])
def test_work_is_done_by_as_many_threads_as_can_be_started(
    monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    start, begun = threading.Thread.start, []

    def limited(thread: threading.Thread) -> None:
        if len(begun) == allowed:
            raise RuntimeError("can't start new thread")
        begun.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    pool = parallel._Pool()
    pool.size = 4
    done: list[int] = []
    for _ in range(2):
        pool.run(done.append, 8)
    assert sorted(done) == sorted([*range(8)] * 2)
    assert pool.size == 1 + allowed


@pytest.mark.parametrize(
    "way", ["as they are", "a transposed", "b transposed", "both", "every other row", "every other column"]
)
def test_products_of_any_layout(way: str) -> None:
    """oneDNN takes matrices that lie as they are or transposed; NumPy the others."""
    a, b = normal(40, 30), normal(30, 50)
    if way in ("a transposed", "both"):
        a = np.asfortranarray(a)
    if way in ("b transposed", "both"):
        b = np.asfortranarray(b)
    if way == "every other row":
        a = normal(80, 30)[::2]
    if way == "every other column":
        b = normal(30, 100)[:, ::2]
    whole = np.zeros((40, 60), "float32")
    product(a, b, whole[:, :50])
    np.testing.assert_allclose(whole[:, :50], a.astype("float64") @ b, 1e-5, 1e-5)
    assert not whole[:, 50:].any()


def test_products_without_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onednn, "library", lambda: None)
    a, b, y = normal(4, 3), normal(3, 5), np.zeros((4, 5), "float32")
    product(a, b, y)
    np.testing.assert_allclose(y, a @ b, 1e-6)


@pytest.mark.parametrize("by_onednn", [True, False])
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution_with_a_bias(case: Any, by_onednn: bool, monkeypatch: Any) -> None:
    if not by_onednn:
        monkeypatch.setattr(onednn, "library", lambda: None)
    x, kernel, *static = case
    a, k, b = normal(*x), normal(*kernel), normal(kernel[-1])
    y = BODY.conv(a, k, *static)
    np.testing.assert_allclose(FAST.conv_and(a, k, b, *static, Tail(bias=True)), y + b, 1e-5, 1e-4)
    dy = normal(*y.shape)
    got = FAST.conv_weight_grads(a, dy, kernel, *static)
    want = BODY.conv_kernel_grad(a, dy, kernel, *static), dy.sum(tuple(range(dy.ndim - 1)))
    for g, w in zip(got, want, strict=True):
        assert (g.shape, g.dtype) == (w.shape, w.dtype)
        np.testing.assert_allclose(g, w, 1e-5, 1e-5 * max(1, float(np.abs(w).max(initial=0))))


TAILS = [
    Tail(),
    Tail(bias=True),
    Tail(norm=Norm(True, True, 1e-3)),
    Tail(bias=True, norm=Norm(False, True, 0.5)),
    Tail(norm=Norm(True, False, 1e-3), added=True),
    Tail(bias=True, norm=Norm(False, False, 1e-3), added=True, relu=True),
    Tail(bias=True, added=True, relu=True),
    Tail(added=True),
    Tail(relu=True),
]


def arrays_of(tail: Tail, shape: tuple[int, ...]) -> list[np.ndarray]:
    """A bias; mean, variance, gamma and beta; what is added: those the tail has."""
    channels = shape[-1]
    gamma, beta = (tail.norm.gamma, tail.norm.beta) if tail.norm else (False, False)
    there = (tail.bias, tail.norm, tail.norm, gamma, beta)
    vectors = [np.abs(normal(channels)) + 0.1 for given in there if given]
    return [*vectors, normal(*shape)] if tail.added else vectors


def one_by_one(tail: Tail, y: np.ndarray, arrays: list[np.ndarray]) -> np.ndarray:
    """What a tail says, in float64."""
    supply, y = iter(arrays), y.astype("float64")
    if tail.bias:
        y = y + next(supply)
    if tail.norm:
        y = (y - next(supply)) / np.sqrt(next(supply) + tail.norm.epsilon)
        y = y * next(supply) if tail.norm.gamma else y
        y = y + next(supply) if tail.norm.beta else y
    if tail.added:
        y = y + next(supply)
    return np.maximum(y, 0) if tail.relu else y


@pytest.mark.parametrize("by_onednn", [True, False])
@pytest.mark.parametrize("tail", TAILS, ids=str)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_what_follows_a_convolution(case: Any, tail: Tail, by_onednn: bool, monkeypatch: Any) -> None:
    if not by_onednn:
        monkeypatch.setattr(onednn, "library", lambda: None)
    x, kernel, *static = case
    a, k = normal(*x), normal(*kernel)
    y = BODY.conv(a, k, *static)
    arrays = arrays_of(tail, y.shape)
    got = FAST.conv_and(a, k, *arrays, *static, tail)
    assert (got.shape, got.dtype) == (y.shape, y.dtype)
    want = one_by_one(tail, y, arrays)
    np.testing.assert_allclose(got, want, 1e-4, 1e-5 * max(1, float(np.abs(want).max(initial=0))))


@pytest.mark.parametrize("tail", TAILS, ids=str)
def test_a_small_convolution_has_a_plan_of_its_own(tail: Tail) -> None:
    """Which knows its kernel and moments while they are the same arrays, and sees new values of all others."""
    static = ((2, 1), ((1, 0), (0, 1)), (1, 1), 1)
    x, kernel = normal(1, 9, 8, 5), normal(3, 2, 5, 6)
    arrays = arrays_of(tail, (1, 4, 8, 6))
    specs = [(z.shape, "float32") for z in (x, kernel, *arrays)]
    run = short_form(FAST.conv_and, *specs, *static, tail)
    assert run is not None
    for change in ("nothing", "new arrays", "written into", "kept", "kept", "written into again"):
        if change == "new arrays":
            kernel, arrays = kernel + 1, [z + 1 for z in arrays]
        for z in (kernel, *arrays):
            z.flags.writeable = True
            if "written" in change:
                z *= 2
            z.flags.writeable = change != "kept"
        want = one_by_one(tail, BODY.conv(x, kernel, *static), arrays)
        if change == "written into again":  # as nobody does with the array of a variable: it is replaced
            kernel, arrays = kernel.copy(), [z.copy() for z in arrays]
        np.testing.assert_allclose(run(x, kernel, *arrays, *static, tail), want, 1e-4, 1e-4)


def test_relu_in_passing_keeps_nan() -> None:
    tail = Tail(relu=True)
    x, kernel = normal(1, 4, 4, 3), normal(1, 1, 3, 2)
    x[0, 1, 2, 0] = np.nan
    static = ((1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    specs = [(z.shape, "float32") for z in (x, kernel)]
    for f in (FAST.conv_and, short_form(FAST.conv_and, *specs, *static, tail)):
        got = np.isnan(f(x, kernel, *static, tail))
        assert got[0, 1, 2].all()
        assert got.sum() == 2


def test_onednn_starts_no_threads() -> None:
    """A primitive made while OpenMP has two threads runs on two, which wait for each other: 4 ms on a busy machine."""
    program = (
        "import os, numpy as np\n"
        "from keras.backend.kernels import onednn\n"
        "from keras.backend.kernels.arrays import ParallelEngine\n"
        "from keras.backend.kernels.parallel import POOL\n"
        "POOL.size, engine, ones = 1, ParallelEngine(), np.ones\n"
        "x, dy = ones((4, 8, 8, 3), 'f'), ones((4, 6, 6, 16), 'f')\n"
        "static = ((3, 3, 3, 16), (1, 1), ((0, 0), (0, 0)), (1, 1), 1)\n"
        "assert onednn.library() is not None\n"
        "before = len(os.listdir('/proc/self/task'))\n"
        "engine.conv_kernel_grad(x, dy, *static)\n"
        "assert len(os.listdir('/proc/self/task')) == before\n"
    )
    run_python(program, OMP_NUM_THREADS="2")
