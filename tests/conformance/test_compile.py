"""Compiled functions: what goes in and comes out, and that they are traced once."""

from typing import Any

import numpy as np
import pytest

from keras.backend.dtypes import to_numpy_dtype
from keras.backend.engine import Engine
from keras.backend.state import Variable
from tests.conformance.rows import ALL, needs

COVERS = {"trace_and_compile", "host_call", "looped"}
S = ((2,), "float32")


def test_is_traced_once_and_not_run_in_python_again(engine: Engine) -> None:
    calls: list[Any] = []

    def f(x: Any) -> list[Any]:
        calls.append(engine.spec(x))
        return [engine.add(x, x)]

    step = engine.trace_and_compile(f, [S])
    results = [engine.to_numpy(step(np.full(2, i, "float32"))[0]).tolist() for i in range(4)]
    assert results == [[0, 0], [2, 2], [4, 4], [6, 6]]
    assert all(c == S for c in calls)


@pytest.mark.parametrize("dtype", ALL)
def test_takes_host_arrays_and_tensors_of_every_dtype(
    engine: Engine, dtype: str, request: pytest.FixtureRequest
) -> None:
    needs(engine, request, dtype)
    array = np.array([[0, 1]]).astype(to_numpy_dtype(dtype))
    step = engine.trace_and_compile(lambda x: [engine.concat([x, x], 0)], [((1, 2), dtype)])
    for x in (array, engine.constant(array, dtype)):
        (y,) = step(x)
        assert engine.is_tensor(y)
        assert engine.spec(y) == ((2, 2), dtype)
        np.testing.assert_array_equal(engine.to_numpy(y), np.concatenate([array, array]))


def test_takes_scalars_and_no_arguments(engine: Engine) -> None:
    step = engine.trace_and_compile(lambda x: [engine.add(x, x)], [((), "float32")])
    assert float(engine.to_numpy(step(np.float32(1.5))[0])) == 3
    constant = engine.trace_and_compile(lambda: [engine.full((2,), 1.0, "float32")], [])
    assert engine.to_numpy(constant()[0]).tolist() == [1, 1]


def test_returns_inputs_duplicates_and_nothing(engine: Engine) -> None:
    step = engine.trace_and_compile(lambda x, y: [y, x, y], [S, S])
    outputs = step(np.zeros(2, "float32"), np.ones(2, "float32"))
    assert [engine.to_numpy(t).tolist() for t in outputs] == [[1, 1], [0, 0], [1, 1]]
    assert isinstance(outputs, list)
    assert engine.trace_and_compile(lambda x: [], [S])(np.ones(2, "float32")) == []


def test_closes_over_tensors_and_arrays(engine: Engine) -> None:
    c = engine.constant(np.array([10.0, 20.0], "float32"), "float32")
    d = np.array([1.0, 2.0], "float32")
    step = engine.trace_and_compile(
        lambda x: [engine.add(engine.add(x, c), engine.constant(d, "float32"))], [S]
    )
    assert engine.to_numpy(step(np.ones(2, "float32"))[0]).tolist() == [12, 23]


def test_compiled_functions_nest(engine: Engine) -> None:
    inner = engine.trace_and_compile(lambda x: [engine.mul(x, x)], [S])
    outer = engine.trace_and_compile(lambda x: [engine.add(inner(x)[0], x)], [S])
    assert engine.to_numpy(outer(np.array([2.0, 3.0], "float32"))[0]).tolist() == [6, 12]


@pytest.mark.parametrize("jit", [None, False, True])
def test_jit_compile_changes_no_result(engine: Engine, jit: bool | None) -> None:
    def f(x: Any) -> list[Any]:
        return [engine.tanh(engine.matmul(x, x)), engine.reduce_sum(x, (0, 1))]

    x = np.array([[0.1, 0.2], [0.3, -0.4]], "float32")
    outputs = engine.trace_and_compile(f, [((2, 2), "float32")], jit)(x)
    np.testing.assert_allclose(engine.to_numpy(outputs[0]), np.tanh(x @ x), 1e-5)
    np.testing.assert_allclose(engine.to_numpy(outputs[1]), x.sum(), 1e-5)


def test_an_error_while_tracing_comes_out_as_it_is(engine: Engine) -> None:
    def f(x: Any) -> list[Any]:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        engine.trace_and_compile(f, [S])(np.ones(2, "float32"))


# ---------------------------------------------------------------------- host code
def test_host_call_eager_and_compiled(engine: Engine, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "host_call")

    def host(x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        assert isinstance(x, np.ndarray)
        assert x.dtype == np.float32
        return [np.cumsum(x), np.array([y.sum(dtype=np.int32)])]

    def f(x: Any, y: Any) -> list[Any]:
        outputs = engine.host_call(host, [((3,), "float32"), ((1,), "int32")], [x, y])
        assert [engine.spec(t) for t in outputs] == [((3,), "float32"), ((1,), "int32")]
        return outputs

    x, y = np.array([1, 2, 3], "float32"), np.array([4, 5], "int32")
    eager = f(engine.constant(x, "float32"), engine.constant(y, "int32"))
    compiled = engine.trace_and_compile(f, [((3,), "float32"), ((2,), "int32")])(x, y)
    for outputs in (eager, compiled):
        assert [engine.to_numpy(t).tolist() for t in outputs] == [[1, 3, 6], [9]]


@pytest.mark.parametrize("dtype", ALL)
def test_host_call_in_every_dtype(engine: Engine, dtype: str, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "host_call", dtype)
    x = np.array([[0, 1, 1]]).astype(to_numpy_dtype(dtype))

    def f(x: Any) -> list[Any]:
        return engine.host_call(lambda a: [a[:, ::-1]], [((1, 3), dtype)], [x])

    (y,) = engine.trace_and_compile(f, [((1, 3), dtype)])(x)
    assert engine.spec(y) == ((1, 3), dtype)
    np.testing.assert_array_equal(engine.to_numpy(y), x[:, ::-1])


def test_host_call_runs_at_every_call(engine: Engine, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "host_call")
    seen: list[float] = []

    def host(x: np.ndarray) -> list[np.ndarray]:
        seen.append(float(x))
        return [x]

    step = engine.trace_and_compile(
        lambda x: engine.host_call(host, [((), "float32")], [x]), [((), "float32")]
    )
    for i in range(3):
        engine.to_numpy(step(np.float32(i))[0])
    assert seen[-3:] == [0, 1, 2]


# ---------------------------------------------------------------------- many runs in one call
def test_looped_runs_the_steps_in_turn(engine: Engine) -> None:
    v = Variable(np.zeros(2, "float32"))

    def f(x: Any, k: Any) -> list[Any]:
        new = engine.add(engine.read_variable(v), x)
        engine.write_variable(v, new)
        return [new, k]

    step = engine.trace_and_compile(f, [S, ((), "int32")])
    loop = engine.looped(step)
    x = np.arange(8, dtype="float32").reshape(4, 2)
    for rows in (slice(0, 3), slice(3, 4)):  # several, one
        sums, numbers = loop([x[rows], np.arange(4, dtype="int32")[rows]])
        assert isinstance(sums, np.ndarray)
        np.testing.assert_array_equal(sums, np.cumsum(x, 0)[rows])
        assert numbers.tolist() == list(range(4))[rows]
    np.testing.assert_array_equal(v.numpy(), x.sum(0))
    step(x[0], np.int32(0))  # may still be called alone
    np.testing.assert_array_equal(v.numpy(), x.sum(0) + x[0])


@pytest.mark.parametrize("jit", [None, True])
def test_looped_gives_what_single_calls_give(engine: Engine, jit: bool | None) -> None:
    def f(x: Any) -> list[Any]:
        value = engine.read_variable(v)
        engine.write_variable(v, engine.tanh(engine.matmul(value, x)))
        return [engine.reduce_sum(value, (0, 1))]

    xs = np.random.default_rng(0).normal(size=(200, 2, 2)).astype("float32")
    found = []
    for lengths in ([200], [1, 3, 150, 46]):
        v = Variable(np.eye(2, dtype="float32"))
        loop, start, sums = engine.looped(engine.trace_and_compile(f, [((2, 2), "float32")], jit)), 0, []
        for n in lengths:
            sums += loop([xs[start : start + n]], 200 - start - n)[0].tolist()
            start += n
        found.append((sums, v.numpy().tolist()))
    assert found[0] == found[1]
