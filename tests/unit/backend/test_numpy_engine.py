"""What is particular to the numpy engine: its own versions against the shared bodies, dtypes, state, no warnings."""

import warnings
from typing import Any

import numpy as np
import pytest

import keras
from keras.backend import select
from keras.backend.engine import PRIMITIVES
from keras.backend.kernels import onednn
from keras.backend.kernels.parallel import POOL
from keras.backend.numpy.engine import NumPyEngine
from keras.backend.state import Variable
from keras.backend.tracing import Compiled
from keras.layers.rnn import kernels as rnn_kernels  # noqa: F401 (they enter themselves)
from keras.ops.dispatch import KERNELS
from keras.optimizers import kernels as optimizer_kernels  # noqa: F401 (they enter themselves)

E = select.get("numpy")
rng = np.random.default_rng(11)
FLOATS = ["float16", "bfloat16", "float32", "float64"]
TOLERANCE = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 3e-6, "float64": 1e-12}


def normal(*shape: int, dtype: str = "float32") -> Any:
    return E.constant(rng.normal(size=shape), dtype)


#: Kernel: tensors' shapes, static arguments.
KERNEL_ROWS: dict[str, tuple[list[Any], tuple[Any, ...]]] = {
    **{n: ([(4, 5)], ()) for n in ("relu", "softplus", "silu")},
    "clip": ([(4, 5), (), ()], ()),
    "clip large": ([(90, 95), (), ()], ()),
    "relu large": ([(90, 95)], ()),
    "gelu": ([(4, 5)], (True,)),
    "gelu exact": ([(4, 5)], (False,)),
    "softmax": ([(4, 5)], (0,)),
    "softmax_grad": ([(4, 5), (4, 5)], (1,)),
    "log_softmax": ([(4, 5)], (1,)),
    "logsumexp": ([(4, 5, 2)], ((0, 2),)),
    "softmax_cross_entropy": ([(4, 5), (4, 5)], ()),
    "depthwise_conv": ([(2, 6, 5, 3), (2, 3, 3, 2)], ((1, 2), ((1, 0), (0, 1)), (2, 1))),
    "moments": ([(4, 5, 3)], ((0, 2),)),
    "layer_norm": ([(4, 5, 3), (5, 3), (5, 3)], ((1, 2), 1e-3)),
    "rms_norm": ([(4, 5, 3), (5,)], ((1,), 1e-3)),
    "batch_norm": ([(4, 3, 5), (3,), "variance", (3,), (3,)], (1, 1e-3)),
    "batch_norm_training": ([(4, 3, 5), (3,), (3,)], (1, 1e-3)),
    "batch_norm_training large": ([(40, 31, 50), (50,), (50,)], (2, 1e-3)),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", KERNEL_ROWS)
def test_kernel_equals_its_body(name: str, dtype: str) -> None:
    shapes, static = KERNEL_ROWS[name]
    name = name.split()[0]
    tensors = [E.abs(normal(3, dtype=dtype)) if s == "variance" else normal(*s, dtype=dtype) for s in shapes]
    with select.using("numpy"):
        ours = getattr(E, name)(*tensors, *static)
        body = KERNELS[name].body(*(t.astype("float64") for t in tensors), *static)
    for a, b in zip(_listed(ours), _listed(body), strict=True):
        assert E.spec(a) == (b.shape, dtype)
        scale = max(1, np.abs(b).max())
        np.testing.assert_allclose(a.astype("float64"), b, atol=TOLERANCE[dtype] * scale)


def _listed(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, tuple) else [outputs]


@pytest.mark.parametrize("count", [5, 40_000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_updates_equal_their_bodies(dtype: str, count: int) -> None:
    p, g, m = (normal(count // 5, 5, dtype=dtype) for _ in range(3))
    v, lr, step = E.abs(m), np.array(0.01, dtype), np.array(3, dtype)
    g, p = np.asfortranarray(g), np.asfortranarray(p)
    calls = [
        ("momentum_update", (p, g, m, lr, 0.9, False)),
        ("momentum_update", (p, g, m, lr, 0.9, True)),
        ("rmsprop_update", (p, g, v, lr, 0.9, 1e-7)),
        ("adam_update", (p, g, m, v, lr, 0.9, 0.999, 1e-7, step)),
    ]
    before = [x.copy() for x in (p, g, m, v)]
    for name, args in calls:
        with select.using("numpy"):
            body = KERNELS[name].body(*args)
        for ours, theirs in zip(getattr(E, name)(*args), body, strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours, theirs, rtol=10 * np.finfo(dtype).eps, atol=1e-7)
    for x, y in zip((p, g, m, v), before, strict=True):
        np.testing.assert_array_equal(x, y)


def test_sparse_cross_entropy_equals_its_body() -> None:
    labels, logits = rng.integers(0, 5, (3, 4)).astype("int32"), normal(3, 4, 5)
    with select.using("numpy"):
        body = KERNELS["sparse_softmax_cross_entropy"].body(labels, logits)
    np.testing.assert_allclose(E.sparse_softmax_cross_entropy(labels, logits), body, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32", "bool"])
@pytest.mark.parametrize("index", ["int32", "int64", "uint8"])
def test_one_hot_equals_its_body(axis: int, dtype: str, index: str) -> None:
    x = rng.integers(-1 if index.startswith("int") else 0, 6, (3, 4)).astype(index)
    with select.using("numpy"):
        body = KERNELS["one_hot"].body(x, 5, axis, dtype)
    ours = E.one_hot(x, 5, axis, dtype)
    assert (ours.dtype, ours.shape) == (body.dtype, body.shape)
    np.testing.assert_array_equal(ours, body)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_wrapped_index_equals_its_body(dtype: str) -> None:
    for x in (np.arange(4), np.array([-4, 3, -1]), np.array(-2), np.zeros((2, 0))):
        given = x.astype(dtype)
        ours = E.wrapped_index(given, 4)
        np.testing.assert_array_equal(ours, np.arange(4)[given])
        assert (ours.dtype, type(ours)) == (dtype, np.ndarray)


def test_every_own_kernel_is_tested() -> None:
    own = {name for name in KERNELS if E.native(name) is not None}
    apart = {
        "sparse_softmax_cross_entropy",
        "one_hot",
        "wrapped_index",
        "adam_update",
        "momentum_update",
        "rmsprop_update",
    }
    apart |= {"lstm", "gru", "simple_rnn"}  # in test_sequences.py
    apart |= {"batch_norm_training_grad", "take_wrapped"}  # in tests/conformance/test_kernels.py
    assert own - set(KERNEL_ROWS) == apart


@pytest.mark.parametrize("dtype", FLOATS)
def test_primitives_keep_narrow_dtypes(dtype: str) -> None:
    x = normal(3, 4, dtype=dtype)
    m = normal(4, 2, dtype=dtype)
    image = normal(2, 5, 5, 3, dtype=dtype)
    results = [
        *(getattr(E, n)(x) for n in ("exp", "tanh", "erf", "sigmoid", "floor", "round", "sign", "abs", "asin", "atan")),
        *(getattr(E, n)(x, x) for n in ("add", "div", "maximum", "atan2", "mod", "floordiv")),
        *(getattr(E, n)(x, (0,)) for n in ("reduce_sum", "reduce_max", "reduce_prod", "reduce_min")),
        *(getattr(E, n)(x, 1) for n in ("cumsum", "cumprod", "sort")),
        E.matmul(x, m),
        E.dot_general(x, m, ((1,), (0,)), ((), ())),
        E.conv(image, normal(3, 3, 3, 2, dtype=dtype), (1, 1), ((1, 1), (0, 0)), (1, 1), 1),
        E.reduce_window(image, (2, 2), (2, 2), ((0, 1), (0, 1)), "max"),
        E.reduce_window(image, (2, 2), (2, 2), ((0, 1), (0, 1)), "sum"),
        E.take(x, np.array([0, 2]), 1),
        E.pad(x, (1, 0), (0, 1), float("-inf")),
        E.select(x > 0, x, x),
        E.top_k(x, 2)[0],
        E.fft(x, x, False)[0],
        E.solve(normal(3, 3, dtype=dtype), x),
    ]  # fmt: skip
    assert {E.spec(y)[1] for y in results} == {dtype}


def test_sums_of_narrow_floats_do_not_stall() -> None:
    ones = E.full((5000,), 1, "float16")
    assert float(E.reduce_sum(ones, (0,))) == 5000
    assert float(E.matmul(E.reshape(ones, (1, 5000)), E.reshape(ones, (5000, 1)))[0, 0]) == 5000


def test_long_sums_keep_their_digits() -> None:
    x = (5 + rng.normal(size=(300, 301, 4))).astype("float32")
    for axes in ((0,), (0, 1), (1, 2), (2,), (0, 1, 2)):
        np.testing.assert_allclose(E.reduce_sum(x, axes), x.astype("float64").sum(axes), rtol=1e-6)
    mean, variance = E.moments(x, (0, 1))
    np.testing.assert_allclose(mean, x.astype("float64").mean((0, 1)), rtol=1e-6)
    np.testing.assert_allclose(variance, x.astype("float64").var((0, 1)), rtol=2e-6)


def test_results_without_axes_are_arrays() -> None:
    x, n, b = np.array(2.0, "float32"), np.array(3, "int32"), np.array(True)
    results = [
        *(getattr(E, name)(x) for name in ("neg", "exp", "rsqrt", "sigmoid", "erf", "relu", "real", "imag", "silu")),
        *(getattr(E, name)(x, x) for name in ("add", "less", "equal", "pow", "atan2", "mod")),
        *(getattr(E, name)(n, n) for name in ("add", "bitwise_and", "shift_left", "floordiv")),
        *(getattr(E, name)(np.ones(3, "float32"), (0,)) for name in ("reduce_sum", "reduce_max", "reduce_prod")),
        E.logical_not(b),
        E.select(b, x, x),
        E.argmax(np.ones(3), 0),
        E.take(np.ones(3), n - n, 0),
        E.reshape(x[None], ()),
        E.random_uniform(np.array([1, 2], "uint32"), (), "float32"),
        E.random_normal(np.array([1, 2], "uint32"), (), "float64"),
        E.random_bits(np.array([1, 2], "uint32"), ()),
        E.slice(x, (), (), ()),
        E.dynamic_slice(x, [], ()),
        E.full((), 1, "float32"),
        E.cast(x, "int32"),
        E.logsumexp(np.ones(3), (0,)),
    ]  # fmt: skip
    assert {type(y) for y in results} == {np.ndarray}
    assert {y.shape for y in results} == {()}


def test_values_are_ieee_and_no_warning_escapes() -> None:
    x = np.array([0.0, 1.0, -1.0, np.inf, np.nan], "float32")
    zero = np.zeros(5, "float32")
    huge = np.full(5, 3e38, "float32")

    def everything() -> Any:
        e = select.current()
        return [
            e.div(x, zero),
            e.log(x),
            e.sqrt(x),
            e.exp(huge),
            e.add(huge, huge),
            e.cast(x, "int32"),
            e.cast(huge, "float16"),
            e.mod(x, zero),
            e.floordiv(e.cast(zero, "int32"), e.cast(zero, "int32")),
            e.reduce_sum(huge, (0,)),
            e.pow(x, np.full(5, -1, "float32")),
            e.constant(np.array(1e300), "float32"),
            e.matmul(huge[None], huge[:, None]),
        ]

    with warnings.catch_warnings(), select.using("numpy"):
        warnings.simplefilter("error")
        eager = everything()
        compiled = E.trace_and_compile(everything, [])()
        E.value_and_grad(
            lambda t: (select.current().reduce_sum(select.current().log(t), (0,)), None), [], [x]
        )
    for a, b in zip(eager, compiled, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(eager[0], [np.nan, np.inf, -np.inf, np.inf, np.nan])
    assert np.geterr()["divide"] == "warn"


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "bfloat16", "int8", "complex64", "complex128", "bool"]
)
def test_select_moves_bits_untouched(dtype: str) -> None:
    odd = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-40, -2.5, 7])
    with np.errstate(all="ignore"):
        a = E.constant(np.resize(odd, (70, 50)), dtype)
        b = E.constant(np.resize(odd[::-1], (70, 50)), dtype)
    condition = rng.random((70, 50)) > 0.5
    zero, minus = (
        E.full((), 0, dtype),
        E.neg(E.full((), 0, dtype)) if dtype != "bool" else E.full((), 1, dtype),
    )
    cases = [(a, b), (a, zero), (zero, b), (a, minus), (minus, b), (zero, zero), (a[0], b), (a, b[:, :1])]
    for x, y in cases:
        ours = E.select(condition, x, y)
        expected = np.where(condition, x, y)
        assert ours.dtype == expected.dtype
        assert ours.shape == expected.shape
        assert ours.tobytes() == expected.tobytes()
    row = E.select(condition[:, :1], a, b)
    assert row.tobytes() == np.where(condition[:, :1], a, b).tobytes()


def test_indices_out_of_range_are_errors() -> None:
    x = np.ones((3, 2))
    for bad in (3, -1):
        at = np.array([0, bad], "int32")
        with pytest.raises(IndexError):
            E.take(x, at, 0)
        with pytest.raises((IndexError, ValueError)):
            E.scatter_nd(x, at[:, None], np.ones((2, 2)), "add")


def test_constants_do_not_alias() -> None:
    mine = np.ones(3, "float32")
    tensor = E.constant(mine, "float32")
    mine[0] = 5
    assert tensor.tolist() == [1, 1, 1]


@pytest.mark.parametrize("shape", [(10, 1), (10, 7), (2000, 3)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_scatter_add_is_a_loop_of_additions(shape: Any, dtype: str) -> None:
    for count in (1, 5, 400):
        x = rng.integers(0, 9, shape).astype(dtype)
        rows = rng.integers(0, min(shape[0], 50), (count, 1))
        updates = rng.integers(0, 9, (count, shape[1])).astype(dtype)
        expected = x.copy()
        for i, u in zip(rows[:, 0], updates, strict=True):
            expected[i] += u
        result = E.scatter_nd(x, rows, updates, "add")
        assert result.dtype == x.dtype
        np.testing.assert_array_equal(result, expected)


def test_scatter_of_nothing_and_of_everything() -> None:
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(E.scatter_nd(x, np.zeros((0, 1), int), np.zeros((0, 3)), "add"), x)
    whole = E.scatter_nd(x, np.zeros((2, 0), int), np.ones((2, 2, 3)), "add")
    np.testing.assert_array_equal(whole, x + 2)


# ---------------------------------------------------------------------- state
def stopping_below_zero(error: type[BaseException]) -> Any:
    """A function that passes its argument on while the graph runs, and fails when it is negative."""

    def host(x: np.ndarray) -> list[np.ndarray]:
        if x < 0:
            raise error("on purpose")
        return [x]

    return lambda x: E.host_call(host, [((), "float32")], [x])[0]


def test_a_compiled_call_writes_all_or_nothing() -> None:
    with select.using("numpy"):
        a, b = Variable(np.zeros(2), dtype="float32"), Variable(np.zeros(()), dtype="float32")
        check = stopping_below_zero(KeyboardInterrupt)

        def step(x: Any) -> Any:
            E.write_variable(a, E.add(a.value, x))
            seen = a.value
            total = check(E.reduce_sum(a.value, (0,)))
            E.write_variable(b, total)
            return [seen]

        run = E.trace_and_compile(step, [((2,), "float32")])
        assert run(np.array([1, 2], "float32"))[0].tolist() == [1, 2]
        with pytest.raises(KeyboardInterrupt):
            run(np.array([-9, 2], "float32"))
        assert a.numpy().tolist() == [1, 2]
        assert float(b) == 3
        # Of many runs in one call, those before the one that fails count.
        rows = np.array([[1, 1], [2, 2], [-99, 0], [5, 5]], "float32")
        with pytest.raises(KeyboardInterrupt):
            E.looped(run)([rows])
        assert a.numpy().tolist() == [4, 5]
        assert float(b) == 9
        with pytest.raises(ValueError, match="read-only"):
            a.value[0] = 1


def test_a_variable_keeps_its_own_memory() -> None:
    with select.using("numpy"):
        v = Variable(np.zeros((2, 2)), dtype="float32")
        mine = np.ones((2, 2), "float32")
        E.write_variable(v, mine)
        mine[:] = 7
        assert v.numpy().tolist() == [[1, 1], [1, 1]]

        def keep(x: Any) -> Any:
            select.current().write_variable(v, x)
            return []

        run = E.trace_and_compile(keep, [((2, 2), "float32")])
        for given in (mine, np.ones((2, 4), "float32")[:, ::2]):
            run(given)
            before = v.numpy()
            given[:] = 9
            np.testing.assert_array_equal(v.numpy(), before)
        with pytest.raises(ValueError, match="read-only"):
            v.value[0, 0] = 1


def test_variables_are_kept_in_the_order_kernels_take() -> None:
    """Orthogonal initializers give transposed arrays: each call of oneDNN's would copy the weights anew."""
    transposed = np.arange(6, dtype="float32").reshape(2, 3).T
    with select.using("numpy"):
        v = Variable(transposed, dtype="float32")
        for _ in range(2):
            assert v.value.flags.c_contiguous
            np.testing.assert_array_equal(v.value, transposed)
            E.write_variable(v, transposed)


def test_compiled_functions_nest() -> None:
    with select.using("numpy"):
        v = Variable(np.zeros(()), dtype="float32")
        check = stopping_below_zero(ValueError)

        def inner(x: Any) -> Any:
            E.write_variable(v, E.add(v.value, x))
            return [E.mul(x, x)]

        compiled = E.trace_and_compile(inner, [((), "float32")])

        def outer(x: Any) -> Any:
            compiled(x)
            (y,) = compiled(x)
            return [check(E.sub(E.full((), 5, "float32"), y))]

        run = E.trace_and_compile(outer, [((), "float32")])
        run(np.array(2, "float32"))
        assert float(v) == 4
        with pytest.raises(ValueError, match="on purpose"):
            run(np.array(3, "float32"))
        assert float(v) == 4
        # On a tape the function is part of what is differentiated.
        gradient = E.value_and_grad(
            lambda x: (select.current().mul(compiled_square(x), x), None), [], [np.array(3, "float32")]
        )[3][0]
        assert float(gradient) == 27


def compiled_square(x: Any) -> Any:
    e = select.current()
    return e.trace_and_compile(lambda x: [e.mul(x, x)], [e.spec(x)])(x)[0]


def test_a_function_is_traced_once_and_has_no_values_then() -> None:
    runs: list[Any] = []

    def f(x: Any) -> Any:
        runs.append(x)
        return [E.exp(x)]

    with select.using("numpy"):
        run = E.trace_and_compile(f, [((3,), "float32")])
        x = np.array([0, 1, 2], "float32")
        for _ in range(3):
            (y,) = run(x)
            assert type(y) is np.ndarray
            assert y.tobytes() == E.exp(x).tobytes()
        assert len(runs) == 1
        assert E.is_tensor(runs[0])
        assert E.spec(runs[0]) == ((3,), "float32")
        with pytest.raises(RuntimeError, match="being traced"):
            E.to_numpy(runs[0])
        with pytest.raises(RuntimeError, match=r"keras\.ops\.cond"):
            E.trace_and_compile(lambda x: [x] if x[0] > 0 else [], [((3,), "float32")])


def test_arrays_in_a_trace_are_constants() -> None:
    """Tensors made before the trace, results that depend on nothing, arrays on the left of an operator, assigned arrays."""
    before = E.iota(3, "float32")
    with select.using("numpy"):
        v, w = (Variable(np.zeros(3, "float32")) for _ in range(2))

        def f(x: Any) -> Any:
            made = E.mul(E.iota(3, "float32"), before)
            assert type(made) is np.ndarray  # computed at once
            v.assign(before)
            w.assign(before + x)
            return [made, E.add(made, before + x), before]

        made, y, same = E.trace_and_compile(f, [((3,), "float32")])(np.ones(3, "float32"))
        assert made.tolist() == [0, 1, 4]
        assert y.tolist() == [1, 3, 7]
        assert same.tolist() == [0, 1, 2]
        assert v.numpy().tolist() == [0, 1, 2]
        assert w.numpy().tolist() == [1, 2, 3]

        # They stay what they were in the trace, whatever becomes of the arrays that went in and came out.
        run = E.trace_and_compile(
            lambda x: [E.add(x, before), made, E.reshape(made, (3, 1))], [((3,), "float32")]
        )
        before[:] = 9
        for _ in range(2):
            outputs = run(np.ones(3, "float32"))
            assert [y.ravel().tolist() for y in outputs] == [[1, 2, 3], [0, 1, 4], [0, 1, 4]]
            for y in outputs:
                if y.flags.writeable:
                    y[:] = 9
        assert before.flags.writeable


def test_gradients_inside_a_compiled_call() -> None:
    with select.using("numpy"):
        w = Variable(np.array([1.0, 2.0]), dtype="float64")

        def step(x: Any) -> Any:
            e = select.current()
            loss, _, (g,), _ = e.value_and_grad(
                lambda: (select.current().reduce_sum(select.current().mul(w.value, x), (0,)), None), [w], []
            )
            e.write_variable(w, e.sub(w.value, g))
            return [loss]

        run = E.trace_and_compile(step, [((2,), "float64")])
        assert float(run(np.array([3.0, 4.0]))[0]) == 11
        assert w.numpy().tolist() == [-2, -2]


def test_host_call_checks_what_came_back() -> None:
    with pytest.raises(ValueError, match="was declared"):
        E.host_call(lambda a: [a], [((3,), "float32")], [np.ones(2, "float32")])


def test_every_primitive_is_there() -> None:
    assert [n for n in PRIMITIVES if not callable(getattr(NumPyEngine, n, None))] == []
    assert E.cannot == {}
    assert E.describe()["engine"] == "numpy"


# ---------------------------------------------------------------------- all together
def test_a_small_network_of_everything_learns() -> None:
    """A convolution, pooling, a recurrence and a softmax, trained by hand-written descent in a compiled step."""
    digits = rng.normal(size=(3, 8, 8, 1)) * 2
    labels = rng.integers(0, 3, 96).astype("int32")
    images = (digits[labels] + rng.normal(size=(96, 8, 8, 1))).astype("float32")
    with select.using("numpy"):
        shapes = {"conv": (3, 3, 1, 4), "inner": (16, 8), "hidden": (8, 8), "out": (8, 3), "bias": (3,)}
        weights = {n: Variable(rng.normal(size=s) * 0.3, dtype="float32") for n, s in shapes.items()}

        def loss(x: Any, y: Any) -> Any:
            e = select.current()
            h = KERNELS["relu"](e.conv(x, weights["conv"].value, (1, 1), ((1, 1), (1, 1)), (1, 1), 1))
            h = KERNELS["max_pool"](h, (2, 2), (2, 2), ((0, 0), (0, 0)))
            rows = e.transpose(e.reshape(h, (h.shape[0], 4, 16)), (1, 0, 2))

            def cell(carry: Any, row: Any) -> Any:
                total = e.add(
                    e.matmul(row[0], weights["inner"].value), e.matmul(carry[0], weights["hidden"].value)
                )
                gate = e.sigmoid(total)
                state = e.add(
                    e.mul(gate, carry[0]), e.mul(e.sub(e.full((), 1, "float32"), gate), e.tanh(total))
                )
                return [state], [state]

            (state,), _ = e.scan(cell, [e.full((x.shape[0], 8), 0, "float32")], [rows], 4, False)
            logits = e.add(e.matmul(state, weights["out"].value), weights["bias"].value)
            losses = KERNELS["sparse_softmax_cross_entropy"](y, logits)
            return e.div(e.reduce_sum(losses, (0,)), e.full((), x.shape[0], "float32")), None

        def step(x: Any, y: Any) -> Any:
            e = select.current()
            variables = list(weights.values())
            value, _, gradients, _ = e.value_and_grad(lambda: loss(x, y), variables, [])
            for v, g in zip(variables, gradients, strict=True):
                e.write_variable(v, e.sub(v.value, e.mul(g, e.full((), 0.5, "float32"))))
            return [value]

        run = E.trace_and_compile(step, [(images.shape, "float32"), ((96,), "int32")])
        losses = [float(run(images, labels)[0]) for _ in range(60)]
    assert losses[0] > 0.8
    assert losses[-1] < 0.1


@pytest.mark.parametrize("kind", ["mlp", "cnn", "lstm"])
def test_compiled_training_has_the_bits_of_eager_training(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loss, gradients, dropout, moving averages and Adam: by NumPy alone on one core, the same primitives in the same order."""
    monkeypatch.setattr(POOL, "size", 1)
    monkeypatch.setattr(onednn, "library", lambda: None)
    middle: dict[str, Any] = {
        "mlp": lambda: [keras.layers.Flatten(), keras.layers.Dense(6, "relu"), keras.layers.Dropout(0.5)],
        "cnn": lambda: [
            keras.layers.Conv1D(4, 3, activation="gelu"),
            keras.layers.BatchNormalization(),
            keras.layers.MaxPooling1D(2),
            keras.layers.Flatten(),
        ],
        "lstm": lambda: [keras.layers.LSTM(4), keras.layers.LayerNormalization()],
    }
    x, y = rng.normal(size=(20, 8, 3)).astype("float32"), rng.integers(0, 3, 20)
    found = []
    with select.using("numpy"):
        for eagerly in (True, False):
            keras.utils.set_random_seed(3)
            output = keras.layers.Dense(3, activation="softmax")
            model = keras.Sequential([keras.Input((8, 3)), *middle[kind](), output])
            model.compile(
                "adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=eagerly
            )
            history = model.fit(x, y, batch_size=8, epochs=3, verbose=0).history
            found.append(
                (history, [w.tobytes() for w in model.get_weights()], model.predict(x, verbose=0).tobytes())
            )
    assert found[0] == found[1]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_extremes_with_one_number(dtype: str) -> None:
    """Large arrays of floats go another way, through `np.clip`."""
    x = (normal(90, 100) * 3).astype(dtype)
    if dtype != "int32":
        x[0, :4] = np.nan, np.inf, -np.inf, 0.0
    for limit in (np.array(1, dtype), *(np.array(v, dtype) for v in (np.nan, np.inf) if dtype != "int32")):
        for method, function in (("maximum", np.maximum), ("minimum", np.minimum)):
            want = function(x, limit)
            for got in (getattr(E, method)(x, limit), getattr(E, method)(limit, x)):
                assert got.dtype == want.dtype
                np.testing.assert_array_equal(got, want)
            with select.using("numpy"):
                compiled = Compiled(lambda a, b, m=method: getattr(select.current(), m)(a, b))
                np.testing.assert_array_equal(compiled(x, limit), want)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "uint8"])
def test_the_largest_come_first_whether_or_not_they_tie(dtype: str) -> None:
    """NaN before all numbers; the lower index first among equals. Ties and NaN take another way than distinct numbers."""
    for trial in range(200):
        shape = (*rng.integers(1, 5, rng.integers(0, 3)), rng.integers(1, 9))
        x = np.round(rng.normal(size=shape) * (3 if trial % 2 else 100)).astype(dtype)
        if x.dtype.kind == "f" and trial % 5 == 0:
            x.flat[rng.integers(x.size)] = rng.choice([np.nan, -0.0, np.inf])
        k = int(rng.integers(shape[-1] + 1))
        values, places = E.top_k(x, k)
        wide = x.astype("float64")
        keys = (np.broadcast_to(np.arange(shape[-1]), shape), -wide, ~np.isnan(wide))
        want = np.lexsort(keys, axis=-1)[..., :k]
        np.testing.assert_array_equal(places, want)
        np.testing.assert_array_equal(values, np.take_along_axis(x, want, -1))
