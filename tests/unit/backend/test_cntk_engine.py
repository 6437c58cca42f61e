"""The cntk engine: what runs where, deep graphs, the module's arrays and errors, updates, memory."""

import ctypes
import gc
import os
import threading
from pathlib import Path

import numpy as np
import pytest

import keras
from keras import ops
from keras.backend import select
from keras.backend.cntk import placement
from keras.backend.cntk.builder import Builder
from keras.backend.cntk.install import load, places
from keras.backend.cntk.placement import native_dtype
from keras.backend.cntk.program import Program
from keras.backend.cntk.segment import Segment
from keras.backend.tracing import Compiled

F32, F64, INT, BOOL = ((2, 3), "float32"), ((2, 3), "float64"), ((2, 3), "int32"), ((2, 3), "bool")


@pytest.fixture
def cntk():
    with select.using("cntk") as engine:
        yield engine


def programs(f, *arrays):
    """The programs that compiling and calling `f` makes."""
    # Those before are held, so that a new one does not get the id of one that has gone.
    before = {id(p): p for p in gc.get_objects() if isinstance(p, Program)}
    compiled = Compiled(f)
    compiled(*arrays)
    return [p for p in gc.get_objects() if isinstance(p, Program) and id(p) not in before]


def place(name, *specs, out=None, values=None):
    return native_dtype(name, specs, values or [None] * len(specs), [out or specs[0]])


def test_floats_run_on_cntk_and_what_it_has_not_on_the_host():
    assert place("add", F32, F32) == "float32"
    assert place("add", F64, F64) == "float64"
    assert place("less", F32, F32, out=BOOL) == "float32"
    assert place("add", INT, INT) is None
    assert place("add", ((2, 3), "bfloat16"), ((2, 3), "bfloat16")) is None
    assert place("cast", F32, out=F64) is None
    assert place("add", ((1,) * 6, "float32"), ((1,) * 6, "float32")) is None
    assert place("add", ((0, 3), "float32"), ((0, 3), "float32")) is None


def test_calls_that_numpy_does_sooner_run_on_the_host():
    middling, large = ((64, 128), "float32"), ((1024, 1024), "float32")
    assert place("tanh", F32) == place("add", middling) == "float32"
    assert place("tanh", middling) is None
    assert place("add", large) is None


def test_many_alike_calls_count_together(cntk):
    gates = ((32, 128), "float32")
    assert native_dtype("sigmoid", [gates], [None], [gates], calls=1) == "float32"
    assert native_dtype("sigmoid", [gates], [None], [gates], calls=80) is None

    def f(x, times):
        for _ in range(times):
            x = ops.sigmoid(x)
        return x

    x = np.zeros(gates[0], "f")
    (few,) = programs(lambda x: f(x, 1), x)
    (many,) = programs(lambda x: f(x, 80), x)
    assert [type(node) for node in few.nodes] == [Segment]
    assert [node.op.name for node in many.nodes] == ["sigmoid"] * 80


def test_large_products_are_shared_between_the_cores_of_the_host(monkeypatch):
    monkeypatch.setattr(placement.POOL, "size", 2)
    batch, weights = ((128, 512), "float32"), ((512, 512), "float32")
    assert place("matmul", F32, ((3, 2), "float32"), out=((2, 2), "float32")) == "float32"
    assert place("matmul", batch, weights, out=batch) is None


def test_all_of_it_may_be_the_cores(monkeypatch):
    """The same network trained by the core and where it is fast; the layers' products are then CNTK's."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(256, 512)).astype("f"), rng.integers(0, 10, 256)
    losses = []
    for placed in ("fast", "core"):
        monkeypatch.setenv("KERAS_CNTK_PLACEMENT", placed)
        product = ((128, 512), "float32"), ((512, 512), "float32")
        assert place("matmul", *product, out=product[0]) == (None if placed == "fast" else "float32")
        with select.using("cntk"):
            keras.utils.set_random_seed(0)
            dense = [keras.layers.Dense(512, "tanh"), keras.layers.Dense(10, "softmax")]
            model = keras.Sequential(dense)
            model.compile("adam", "sparse_categorical_crossentropy")
            losses.append(model.fit(x, y, batch_size=128, epochs=5, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    monkeypatch.setenv("KERAS_CNTK_PLACEMENT", "elsewhere")
    with pytest.raises(ValueError, match="KERAS_CNTK_PLACEMENT is 'fast'"):
        place("matmul", *product, out=product[0])


def test_division_needs_a_divisor_that_is_known_and_not_zero():
    assert place("div", F32, F32, values=[None, np.float32([2, -3, 1e-3])]) == "float32"
    assert place("div", F32, F32) is None
    assert place("div", F32, F32, values=[None, np.float32([2, 0, 1])]) is None


def test_a_function_of_floats_is_one_segment(cntk):
    (program,) = programs(
        lambda x: ops.tanh(ops.matmul(x, ops.ones((3, 4))) + 1.0) * 2.0, np.ones((2, 3), "f")
    )
    assert [type(node) for node in program.nodes] == [Segment]


def test_host_nodes_part_segments_and_the_values_are_right(cntk):
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("f")
    table = np.float32([[1, 2, 3], [4, 5, 6]])

    def f(x):
        row = ops.argmax(x, axis=1) % 2  # integers: on the host
        return ops.tanh(x) + ops.take(table, row, axis=0) * 2.0, row

    y, row = Compiled(f)(x)
    want = x.argmax(1) % 2
    np.testing.assert_array_equal(row, want)
    np.testing.assert_allclose(y, np.tanh(x) + table[want] * 2, rtol=1e-6)


def test_a_few_calls_beside_the_hosts_are_the_hosts_too(cntk):
    def some(calls):
        def f(x):
            y = ops.argmax(x, 1)  # of the host
            for i in range(calls):
                x = x + float(i)
            return x, y

        return f

    x = ops.ones((4, 4))
    for calls, segments in ((3, 0), (9, 1)):
        (program,) = programs(some(calls), x)
        assert sum(isinstance(node, Segment) for node in program.nodes) == segments
    (program,) = programs(lambda x: x + 1.0, x)  # nothing else to do
    assert [type(node) for node in program.nodes] == [Segment]


def test_a_graph_of_many_thousand_ops_is_built_and_does_not_overflow_the_stack(cntk):
    def f(x):
        for _ in range(3000):
            x = x + 1.0
        return x

    np.testing.assert_array_equal(Compiled(f)(np.zeros(3, "f")), np.full(3, 3000, "f"))


def test_the_module_refuses_arrays_that_do_not_fit():
    builder = Builder("float32")
    x = builder.input(((2, 3), "float32"))
    program = builder.compile([x])
    for wrong in (np.zeros((2, 3)), np.zeros((3, 3), "f"), np.zeros((4, 3), "f")[::2]):
        with pytest.raises(ValueError, match="C-contiguous array of the graph's dtype with 6 elements"):
            program([wrong])
    with pytest.raises(ValueError, match="no such op: Nonsense"):
        load().unary("Nonsense", x.node)
    whole, short = np.zeros(6, "f"), np.zeros(5, "f")
    with pytest.raises(ValueError, match="arrays of one size"):
        load().momentum(whole, whole, whole, whole, short, 0.1, 0.9, False)
    with pytest.raises(ValueError, match="arrays of one size"):
        load().keep(whole > 0, whole, short)


def test_cntks_own_exceptions_become_pythons_and_leave_it_usable():
    builder = Builder("float32")
    a, b = builder.input(((2, 3), "float32")), builder.input(((4, 5), "float32"))
    with pytest.raises((RuntimeError, ValueError)):
        load().binary("Plus", a.node, b.node)
    with select.using("cntk"):
        assert float(ops.sum(ops.ones((2, 3)))) == 6


def updates(dtype, shape):
    """Calls of every update: name and arguments."""
    rng = np.random.default_rng(3)
    p, g, m, v = (rng.normal(size=shape).astype(dtype) for _ in range(4))
    v, lr, step = np.abs(v), np.asarray(0.01, dtype), np.asarray(3, dtype)
    return (
        ("adam_update", (p, g, m, v, lr, 0.9, 0.999, 1e-7, step)),
        ("momentum_update", (p, g, m, lr, 0.9, False)),
        ("momentum_update", (p, g, m, lr, 0.9, True)),
        ("rmsprop_update", (p, g, v, lr, 0.9, 1e-7)),
    )


def test_a_large_update_by_all_cores_is_the_same_bit_for_bit(cntk, monkeypatch):
    host = cntk._bare
    monkeypatch.setattr(placement.POOL, "size", 2)
    for name, args in updates("float32", (400, 701)):
        rows = [[a[i] if np.ndim(a) == 2 else a for a in args] for i in range(400)]
        parts = [getattr(host, name)(*row) for row in rows]
        for got, want in zip(getattr(host, name)(*args), zip(*parts, strict=True), strict=True):
            np.testing.assert_array_equal(got, np.stack(want))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_updates_equal_the_numpy_engines(dtype, cntk):
    host, plain = cntk._bare, select.get("numpy")._bare
    for name, args in updates(dtype, (5, 7)):
        for got, want in zip(getattr(host, name)(*args), getattr(plain, name)(*args), strict=True):
            assert got.dtype == dtype
            np.testing.assert_allclose(got, want, rtol=2e-6 if dtype == "float32" else 1e-14, atol=1e-8)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "window", "strides", "pads"),
    [
        ((3, 8, 6, 5), (2, 2), (2, 2), ((0, 0), (0, 0))),
        ((2, 9, 7, 3), (2, 3), (2, 3), ((0, 0), (0, 0))),  # the last rows and columns belong to no window
        ((2, 9, 7, 40), (3, 3), (1, 2), ((1, 1), (0, 1))),
        ((2, 9, 7, 1), (2, 1), (3, 2), ((0, 0), (0, 0))),  # neither do those between windows
        ((0, 4, 4, 2), (2, 2), (2, 2), ((0, 0), (0, 0))),
        ((130, 34, 34, 8), (2, 2), (2, 2), ((0, 0), (0, 0))),
    ],
)
def test_gradients_of_max_pooling_equal_the_numpy_engines(shape, window, strides, pads, dtype, cntk):
    rng = np.random.default_rng(7)
    x = rng.integers(0, 4, shape).astype(dtype)  # many ties
    x[x == 3] = rng.choice([3, np.nan, -np.inf, np.inf], p=[0.7, 0.1, 0.1, 0.1], size=(x == 3).sum())
    y = select.get("numpy")._bare.reduce_window(x, window, strides, pads, "max")
    dy = rng.normal(size=y.shape).astype(dtype)
    args = (x, dy, window, strides, pads, "max")
    got, want = (select.get(e)._bare.reduce_window_grad(*args) for e in ("cntk", "numpy"))
    assert got.dtype == dtype
    rounding = 1e-6 if dtype == "float32" else 1e-15  # shares are added in another order
    np.testing.assert_allclose(got, want, rounding, rounding)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_masked_elements_equal_the_numpy_engines(dtype, cntk):
    rng = np.random.default_rng(7)
    mask = rng.random((210, 701)) > 0.5
    x = rng.choice([1.5, np.nan, np.inf, -0.0], size=mask.shape).astype(dtype)
    for zero in (0.0, -0.0):
        args = (mask, x, np.asarray(zero, dtype))
        got, want = cntk._bare.select(*args), np.where(*args)
        assert got.tobytes() == want.astype(dtype).tobytes()
    got = cntk._bare.select(mask.T, x.T, np.asarray(0, dtype))
    np.testing.assert_array_equal(got, np.where(mask.T, x.T, 0))


def test_graphs_are_freed(cntk):
    def cycle(i):
        Compiled(lambda x: ops.tanh(ops.matmul(x, ops.ones((64, 64)))) + float(i))(np.ones((8, 64), "f"))

    for i in range(20):
        cycle(i)
    gc.collect()
    before = _resident()
    for i in range(150):
        cycle(i)
    gc.collect()
    assert _resident() - before < 6 << 20  # kept, 150 graphs would take more


def _resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_other_threads_compute_on_one_core_each():
    """OpenMP's number of threads is kept by calling thread, and CNTK's small loops on two wait for each other."""
    iomp = ctypes.CDLL(str(places.libs(places.root()) / "libiomp5.so"))
    found = []

    def work():
        with select.using("cntk"):
            y = Compiled(lambda x: ops.tanh(x) + 1.0)(np.zeros((2, 3), "f"))
            found.extend([iomp.omp_get_max_threads(), float(ops.sum(y))])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [1, 6.0]
