"""Control flow: values eagerly and compiled, and the gradients of loops."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from keras.backend import select
from keras.backend.abstract import ABSTRACT
from keras.backend.engine import Engine
from keras.backend.spec import KerasTensor
from keras.backend.state import Variable
from tests.conformance.rows import finite_differences, needs

COVERS = {"cond", "while_loop", "scan", "vmap", "device_scope", "synchronize", "remat"}
rng = np.random.default_rng(1)


def const(e: Engine, v: Any, dtype: str = "float64") -> Any:
    return e.constant(np.asarray(v), dtype)


def check(
    engine: Engine, f: Callable[..., list[Any]], want: Callable[..., list[Any]], *arrays: np.ndarray
) -> None:
    """`f(e, *tensors)` eagerly, compiled and abstractly."""
    expected = [np.asarray(y) for y in want(*arrays)]
    specs = [(a.shape, str(a.dtype)) for a in arrays]
    eager = f(engine, *(engine.constant(a, str(a.dtype)) for a in arrays))
    compiled = engine.trace_and_compile(lambda *xs: f(engine, *xs), specs)(*arrays)
    with select.scope(ABSTRACT):
        abstract = [ABSTRACT.spec(y) for y in f(ABSTRACT, *(KerasTensor(*s) for s in specs))]
    for outputs in (eager, compiled):
        assert [engine.spec(y) for y in outputs] == abstract
        for got, w in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(engine.to_numpy(got), w, 1e-6)


def check_gradient(
    engine: Engine, f: Callable[..., Any], want: Callable[..., float], *arrays: np.ndarray
) -> None:
    """Gradients of the scalar `f(e, *tensors)`, eagerly and compiled."""

    def gradients(*xs: Any) -> list[Any]:
        return engine.value_and_grad(lambda *ys: (f(select.current(), *ys), None), [], list(xs))[3]

    expected = finite_differences(lambda xs: want(*xs), arrays)
    eager = gradients(*(engine.constant(a, "float64") for a in arrays))
    compiled = engine.trace_and_compile(gradients, [(a.shape, "float64") for a in arrays])(*arrays)
    for outputs in (eager, compiled):
        for got, w in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(engine.to_numpy(got), w, 1e-5, 1e-7)


def total(e: Engine, x: Any) -> Any:
    return e.reduce_sum(x, tuple(range(len(e.spec(x)[0]))))


# ---------------------------------------------------------------------- cond
def branch(e: Engine, p: Any, x: Any) -> list[Any]:
    y = e.add(x, x)
    return e.cond(
        p, lambda a: [e.mul(a, y), const(e, 1, "int32")], lambda a: [e.sub(a, y), const(e, 2, "int32")], [x]
    )


@pytest.mark.parametrize("p", [True, False])
def test_cond(engine: Engine, p: bool, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "cond")
    check(engine, branch, lambda p, x: [x * 2 * x, 1] if p else [-x, 2], np.array(p), np.array([1.5, -2.0]))


@pytest.mark.parametrize("p", [1.0, -1.0])
def test_cond_has_the_gradient_of_its_branch(
    engine: Engine, p: float, request: pytest.FixtureRequest
) -> None:
    needs(engine, request, "cond", "value_and_grad")

    def f(e: Engine, x: Any) -> Any:
        pred = e.less(const(e, 0.0), total(e, x))
        return total(e, e.cond(pred, lambda a: [e.mul(a, a)], lambda a: [e.exp(a)], [x])[0])

    check_gradient(engine, f, lambda x: (x * x if x.sum() > 0 else np.exp(x)).sum(), p * np.array([0.5, 1.0]))


def test_cond_runs_one_branch_only(engine: Engine, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "cond", "host_call")
    ran: list[str] = []

    def note(name: str) -> Callable[..., list[Any]]:
        def host(x: np.ndarray) -> list[np.ndarray]:
            ran.append(name)
            return [x]

        return lambda x: engine.host_call(host, [((), "float32")], [x])

    step = engine.trace_and_compile(
        lambda p, x: engine.cond(p, note("yes"), note("no"), [x]), [((), "bool"), ((), "float32")]
    )
    ran.clear()
    engine.to_numpy(step(np.array(True), np.float32(1))[0])
    assert ran == ["yes"]


# ---------------------------------------------------------------------- while_loop
def collatz(e: Engine, n: Any) -> list[Any]:
    one, two, three = (const(e, i, "int32") for i in (1, 2, 3))

    def body(n: Any, steps: Any) -> list[Any]:
        even = e.equal(e.mod(n, two), const(e, 0, "int32"))
        return [e.select(even, e.floordiv(n, two), e.add(e.mul(three, n), one)), e.add(steps, one)]

    return e.while_loop(lambda n, _: e.less(one, n), body, [n, const(e, 0, "int32")])


@pytest.mark.parametrize(("n", "steps"), [(1, 0), (2, 1), (27, 111)])
def test_while_loop(engine: Engine, n: int, steps: int, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "while_loop")
    check(engine, collatz, lambda _: [np.int32(1), np.int32(steps)], np.array(n, "int32"))


def test_while_loop_has_a_gradient(engine: Engine, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "while_loop", "value_and_grad")

    def f(e: Engine, x: Any, w: Any) -> Any:
        def body(i: Any, a: Any) -> list[Any]:
            return [e.add(i, const(e, 1, "int32")), e.mul(e.sin(a), w)]

        return total(
            e, e.while_loop(lambda i, a: e.less(i, const(e, 3, "int32")), body, [const(e, 0, "int32"), x])[1]
        )

    def want(x: Any, w: Any) -> float:
        for _ in range(3):
            x = np.sin(x) * w
        return x.sum()

    check_gradient(engine, f, want, np.array([0.5, 1.2]), np.array([1.5, -0.7]))


# ---------------------------------------------------------------------- scan
def recurrence(e: Engine, h: Any, w: Any, xs: Any, reverse: bool) -> tuple[list[Any], list[Any]]:
    def step(carry: list[Any], x: list[Any]) -> tuple[list[Any], list[Any]]:
        h = e.tanh(e.add(e.matmul(carry[0], w), x[0]))
        return [h, e.add(carry[1], const(e, 1, "int32"))], [h, carry[1]]

    length = e.spec(xs)[0][0]
    return e.scan(step, [h, const(e, 0, "int32")], [xs], length, reverse)


def recurrence_on_host(h: Any, w: Any, xs: Any, reverse: bool) -> list[Any]:
    hs, order = np.zeros((len(xs), *h.shape)), range(len(xs))[:: -1 if reverse else 1]
    for t in order:
        h = hs[t] = np.tanh(h @ w + xs[t])
    counts = np.arange(len(xs), dtype="int32")[:: -1 if reverse else 1]
    return [h, np.int32(len(xs)), hs, counts]


H, W, XS = rng.uniform(-1, 1, (1, 2)), rng.uniform(-1, 1, (2, 2)), rng.uniform(-1, 1, (9, 1, 2))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [1, 3, 9])
def test_scan(engine: Engine, length: int, reverse: bool, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "scan")

    def f(e: Engine, h: Any, w: Any, xs: Any) -> list[Any]:
        carry, ys = recurrence(e, h, w, xs, reverse)
        return [*carry, *ys]

    check(engine, f, lambda h, w, xs: recurrence_on_host(h, w, xs, reverse), H, W, XS[:length])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [2, 9])
def test_scan_has_a_gradient(
    engine: Engine, length: int, reverse: bool, request: pytest.FixtureRequest
) -> None:
    needs(engine, request, "scan", "value_and_grad")
    weights = rng.uniform(0.5, 1.5, (length, 1, 2))

    def f(e: Engine, h: Any, w: Any, xs: Any) -> Any:
        carry, ys = recurrence(e, h, w, xs, reverse)
        return e.add(total(e, e.mul(ys[0], const(e, weights))), total(e, carry[0]))

    def want(h: Any, w: Any, xs: Any) -> float:
        last, _, hs, _ = recurrence_on_host(h, w, xs, reverse)
        return (hs * weights).sum() + last.sum()

    check_gradient(engine, f, want, H, W, XS[:length])


@pytest.mark.parametrize("reverse", [False, True])
def test_a_long_and_wide_scan_equals_the_default_body(
    engine: Engine, reverse: bool, request: pytest.FixtureRequest
) -> None:
    """Engines may do these differently."""
    needs(engine, request, "scan", "value_and_grad")
    time, batch, units = 64, 32, 64
    rows, keep = 0.1 * rng.standard_normal((time, batch, units)), rng.random((time, batch, 1)) > 0.3
    h, w = rng.standard_normal((batch, units)), 0.1 * rng.standard_normal((units, units))

    def run(default: bool, rows: Any, keep: Any, h: Any, w: Any) -> list[Any]:
        def loss(rows: Any, h: Any, w: Any) -> tuple[Any, Any]:
            e = select.current()

            def step(carry: list[Any], x: list[Any]) -> tuple[list[Any], list[Any]]:
                y = e.tanh(e.add(e.matmul(carry[0], w), x[0]))
                y = e.select(x[1], y, carry[0])
                return [y, e.add(carry[1], const(e, 1, "int32"))], [e.mul(y, y), carry[1]]

            scan = e.default("scan") if default else e.scan
            (last, count), (squares, counts) = scan(
                step, [h, const(e, 0, "int32")], [rows, keep], time, reverse
            )
            return e.add(total(e, squares), total(e, last)), (last, squares, count, counts)

        value, aux, _, gradients = engine.value_and_grad(loss, [], [rows, h, w])
        return [value, *aux, *gradients]

    arrays = (rows, keep, h, w)
    specs = [(a.shape, str(a.dtype)) for a in arrays]
    own, body = (
        engine.trace_and_compile(lambda *xs, d=d: run(d, *xs), specs)(*arrays) for d in (False, True)
    )
    for got, want in zip(own, body, strict=True):
        np.testing.assert_allclose(engine.to_numpy(got), engine.to_numpy(want), 1e-9, 1e-11)


def test_a_long_and_wide_scan_has_a_second_derivative(engine: Engine, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "scan", "value_and_grad")
    x, w = rng.standard_normal((40, 80, 100)), rng.standard_normal(100)

    def total_of_scan(x: Any, w: Any) -> Any:
        e = select.current()
        (last,), _ = e.scan(
            lambda c, r: ([e.tanh(e.add(c[0], e.mul(r[0], w)))], []), [e.reduce_sum(x, (0,))], [x], 40, False
        )
        return total(e, last)

    def penalty(x: Any, w: Any) -> list[Any]:
        def squared_slope(w: Any) -> tuple[Any, None]:
            e = select.current()
            slope = e.value_and_grad(lambda w: (total_of_scan(x, w), None), [], [w])[3][0]
            return total(select.current(), select.current().mul(slope, slope)), None

        return engine.value_and_grad(squared_slope, [], [w])[3]

    arrays = (x, w)
    (compiled,) = engine.trace_and_compile(penalty, [(a.shape, "float64") for a in arrays])(*arrays)
    (eager,) = penalty(*(engine.constant(a, "float64") for a in arrays))
    np.testing.assert_allclose(engine.to_numpy(compiled), engine.to_numpy(eager), 1e-7)


def test_scan_without_inputs_or_outputs(engine: Engine, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "scan")

    def f(e: Engine, x: Any) -> list[Any]:
        carry, ys = e.scan(lambda c, _: ([e.add(c[0], c[0])], []), [x], [], 6, False)
        assert ys == []
        return carry

    check(engine, f, lambda x: [x * 64], np.array([1.0, 2.0]))


# ---------------------------------------------------------------------- vmap
def test_vmap(engine: Engine, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "vmap")

    def f(e: Engine, a: Any, b: Any, c: Any) -> list[Any]:
        def one(a: Any, b: Any, c: Any) -> list[Any]:
            assert (e.spec(a)[0], e.spec(b)[0], e.spec(c)[0]) == ((2, 3), (3,), (3,))
            return [e.add(e.reduce_sum(e.mul(a, b), (1,)), e.reduce_max(c, (0,))), b]

        return e.vmap(one, (1, 0, None), [a, b, c])

    a, b, c = rng.uniform(-1, 1, (2, 4, 3)), rng.uniform(-1, 1, (4, 3)), rng.uniform(-1, 1, (3,))
    check(engine, f, lambda a, b, c: [np.einsum("ink,nk->ni", a, b) + c.max(), b], a, b, c)


def test_vmap_has_a_gradient(engine: Engine, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "vmap", "value_and_grad")

    def f(e: Engine, a: Any, w: Any) -> Any:
        return total(e, e.vmap(lambda row, w: [e.tanh(e.mul(row, w))], (0, None), [a, w])[0])

    check_gradient(
        engine, f, lambda a, w: np.tanh(a * w).sum(), rng.uniform(-1, 1, (3, 2)), rng.uniform(-1, 1, 2)
    )


# ---------------------------------------------------------------------- placement, memory
def test_remat_changes_no_result(engine: Engine, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "remat", "value_and_grad")

    def f(e: Engine, x: Any, w: Any) -> Any:
        return total(e, e.remat(lambda x, w: e.tanh(e.matmul(x, w)))(x, w))

    check_gradient(engine, f, lambda x, w: np.tanh(x @ w).sum(), H, W)


def test_remat_runs_again_with_the_state_of_the_first_time(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    """As a dropout's seed: drawn once, and advanced once."""
    needs(engine, request, "remat", "value_and_grad")
    seed, weight = (Variable(np.float64(v), dtype="float64") for v in (2, 3))

    def step(x: Any) -> list[Any]:
        def noisy(x: Any) -> Any:
            e = select.current()
            factor = e.read_variable(seed)
            e.write_variable(seed, e.mul(factor, const(e, 10.0)))
            again = e.read_variable(seed)  # 10 times the first
            e.write_variable(seed, e.add(again, const(e, 1.0)))
            return e.mul(e.mul(e.mul(x, x), e.mul(factor, again)), e.read_variable(weight))

        def loss(x: Any) -> tuple[Any, None]:
            return select.current().remat(noisy)(x), None

        value, _, by_variables, by_tensors = engine.value_and_grad(loss, [weight], [x])
        return [value, *by_variables, *by_tensors]

    def numbers(outputs: list[Any]) -> list[float]:
        return [float(engine.to_numpy(y)) for y in (*outputs, engine.read_variable(seed))]

    assert numbers(step(const(engine, 5.0))) == [25 * 40 * 3, 25 * 40, 2 * 5 * 40 * 3, 21]
    engine.write_variable(seed, const(engine, 2.0))
    assert numbers(engine.trace_and_compile(step, [((), "float64")])(np.float64(5))) == [3000, 1000, 1200, 21]


def test_device_scope_and_synchronize(engine: Engine) -> None:
    with engine.device_scope("cpu:0"):
        x = engine.full((2,), 1.0, "float32")
        y = engine.add(x, x)
    engine.synchronize(y)
    assert engine.to_numpy(y).tolist() == [2, 2]
