"""Branches, loops, maps and gradients: eager, compiled, symbolic."""

import numpy as np
import pytest

import keras
from keras import KerasTensor, Variable, ops
from keras.backend.tracing import Compiled

X = np.arange(6, dtype="float32").reshape(3, 2)


@pytest.fixture(params=["eager", "compiled"])
def run(request, engine):
    """Calls a function of arrays on the engine, as it is or compiled; results as host arrays."""

    def call(f, *args):
        tensors = [ops.convert_to_tensor(x) for x in args]
        out = (Compiled(f) if request.param == "compiled" else f)(*tensors)
        return keras.tree.map_structure(ops.convert_to_numpy, out)

    return call


def test_cond(run):
    def f(x):
        return ops.cond(ops.sum(x) > 0, lambda: {"a": x + 1, "b": x}, lambda: {"a": x - 1, "b": x * 2})

    np.testing.assert_array_equal(run(f, X)["a"], X + 1)
    np.testing.assert_array_equal(run(f, -X)["b"], -X * 2)


def test_cond_with_a_python_bool_takes_one_branch(run):
    np.testing.assert_array_equal(run(lambda x: ops.cond(True, lambda: x, lambda: 1 / 0), X), X)


@pytest.mark.parametrize(("index", "want"), [(0, 1.0), (1, 20.0), (2, -1.0), (7, -1.0), (-3, 1.0)])
def test_switch(run, index, want):
    branches = [lambda x: x, lambda x: x * 20, lambda x: -x]
    assert run(lambda i: ops.switch(i, branches, np.float32(1.0)), np.int32(index)) == want


def test_while_loop(run):
    def f(x):
        return ops.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s * x), (0, ops.ones_like(x)))

    count, power = run(f, X)
    assert count == 4
    np.testing.assert_array_equal(power, X**4)


def test_while_loop_of_one_variable_and_with_a_limit(run):
    assert run(lambda x: ops.while_loop(lambda v: v < 100, lambda v: v * 2, x), np.float32(3)) == 192
    assert (
        run(lambda x: ops.while_loop(lambda v: True, lambda v: v + 1, x, maximum_iterations=5), np.int32(0))
        == 5
    )


def test_while_loop_gives_a_tuple(engine):
    assert type(ops.while_loop(lambda i, s: i < 4, lambda i, s: [i + 1, s * 2], [0, 1.0])) is tuple


def test_fori_loop(run):
    f = lambda x: ops.fori_loop(1, 4, lambda i, s: s + ops.cast(i, "float32") * x, ops.zeros_like(x))  # noqa: E731
    np.testing.assert_array_equal(run(f, X), X * 6)


def test_counters_are_ints_outside_of_graphs(engine):
    x = ops.convert_to_tensor(X)
    by_operators = ops.fori_loop(1, 4, lambda i, s: s + i * x, ops.zeros_like(x))
    np.testing.assert_array_equal(ops.convert_to_numpy(by_operators), X * 6)
    _, power = ops.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * (x + i)), (0, x))
    np.testing.assert_array_equal(ops.convert_to_numpy(power), X * X * (X + 1) * (X + 2))


@pytest.mark.parametrize("reverse", [False, True])
def test_scan(run, reverse):
    def f(x):
        return ops.scan(
            lambda s, row: (s + row, {"sum": s, "row": row * 2}), ops.zeros((2,)), x, reverse=reverse
        )

    last, ys = run(f, X)
    rows = X[::-1] if reverse else X
    before = np.concatenate([np.zeros((1, 2)), np.cumsum(rows, 0)[:-1]])
    np.testing.assert_array_equal(last, X.sum(0))
    np.testing.assert_array_equal(ys["sum"], before[::-1] if reverse else before)
    np.testing.assert_array_equal(ys["row"], X * 2)


def test_scan_by_length_without_outputs(run):
    assert run(lambda x: ops.scan(lambda s, _: (s * 2, None), x, length=5)[0], np.float32(1)) == 32


def test_map_and_vectorized_map(run):
    np.testing.assert_array_equal(run(lambda x: ops.map(lambda r: ops.sum(r * r), x), X), (X * X).sum(1))
    np.testing.assert_array_equal(
        run(lambda x: ops.vectorized_map(lambda r: ops.sum(r * r), x), X), (X * X).sum(1)
    )
    pair = run(lambda x, y: ops.vectorized_map(lambda t: t["a"] - t["b"], {"a": x, "b": y}), X, X * 2)
    np.testing.assert_array_equal(pair, -X)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
@pytest.mark.parametrize("reverse", [False, True])
def test_associative_scan(run, n, reverse):
    x = np.arange(1, n + 1, dtype="float32")
    got = run(lambda v: ops.associative_scan(lambda a, b: a + b, v, reverse=reverse), x)
    np.testing.assert_array_equal(got, np.cumsum(x[::-1])[::-1] if reverse else np.cumsum(x))


def test_associative_scan_keeps_the_order_of_what_does_not_commute(run):
    matrices = np.random.default_rng(0).normal(size=(5, 2, 2)).astype("float32")
    got = run(lambda v: ops.associative_scan(ops.matmul, v), matrices)
    want = [matrices[0]]
    for m in matrices[1:]:
        want.append(want[-1] @ m)
    np.testing.assert_allclose(got, np.stack(want), rtol=1e-5, atol=1e-6)


def test_vectorize(run):
    np.testing.assert_array_equal(run(lambda x: ops.vectorize(lambda a, b: a - b)(x, X[0]), X), X - X[0])
    dots = run(lambda x: ops.vectorize(lambda a, b: ops.sum(a * b), signature="(n),(n)->()")(x, X[1]), X)
    np.testing.assert_array_equal(dots, X @ X[1])


# ---------------------------------------------------------------------- gradients
def test_value_and_grad_of_tensors(run):
    def f(x, y):
        return ops.value_and_grad(lambda a, b: ops.sum(a * a * b), [x, y])

    value, (dx, dy) = run(f, X, X + 1)
    np.testing.assert_allclose(value, (X * X * (X + 1)).sum(), rtol=1e-6)
    np.testing.assert_allclose(dx, 2 * X * (X + 1), rtol=1e-6)
    np.testing.assert_allclose(dy, X * X, rtol=1e-6)


def test_value_and_grad_of_variables_with_aux(run):
    v, unused = Variable(np.float32([1.0, 2.0])), Variable(np.float32(1.0))

    def f(x):
        def loss():
            y = x * v
            return ops.sum(y * y), {"y": y}

        return ops.value_and_grad(loss, {"v": v, "unused": unused}, has_aux=True)

    (value, aux), grads = run(lambda x: [*f(x)[0], f(x)[1]["v"]], X)[:2], f(X)[1]
    np.testing.assert_allclose(value, ((X * [1, 2]) ** 2).sum())
    np.testing.assert_allclose(aux["y"], X * [1, 2])
    np.testing.assert_allclose(ops.convert_to_numpy(grads["v"]), (2 * X * X * [1, 2]).sum(0))
    assert grads["unused"] is None


def test_value_and_grad_wants_a_scalar(engine):
    with pytest.raises(ValueError, match=r"value_and_grad.*scalar.*\(3, 2\)"):
        ops.value_and_grad(lambda x: x * 2, [ops.convert_to_tensor(X)])


def test_stop_gradient(run):
    _, (dx,) = run(lambda x: ops.value_and_grad(lambda a: ops.sum(a * ops.stop_gradient(a)), [x]), X)
    np.testing.assert_array_equal(dx, X)


def test_custom_gradient(run):
    @ops.custom_gradient
    def clipped(x):
        def grad(upstream):
            return ops.clip(upstream, -1.0, 1.0)

        return x * 10, grad

    value, (dx,) = run(lambda x: ops.value_and_grad(lambda a: ops.sum(clipped(a) * 5), [x]), X)
    assert value == (X * 50).sum()
    np.testing.assert_array_equal(dx, np.ones_like(X))


def test_custom_gradient_of_two_inputs_and_a_captured_tensor(run):
    @ops.custom_gradient
    def product(a, b):
        twice = a * 2
        return a * b, lambda upstream: (upstream * b, upstream * twice)

    _, (da, db) = run(lambda x: ops.value_and_grad(lambda a, b: ops.sum(product(a, b)), [x, x + 1]), X)
    np.testing.assert_array_equal(da, X + 1)
    np.testing.assert_array_equal(db, X * 2)


def test_gradient_through_loops(run):
    def f(x):
        def value(a):
            y = ops.scan(lambda s, row: (s * row, s), ops.ones((2,)), a)[0]
            z = ops.cond(ops.sum(a) > 0, lambda: y * 3, lambda: y)
            return ops.sum(z)

        return ops.value_and_grad(value, [x])

    x = X + 1
    value, (dx,) = run(f, x)
    np.testing.assert_allclose(value, 3 * x.prod(0).sum())
    np.testing.assert_allclose(dx, 3 * x.prod(0) / x, rtol=1e-6)


def test_jvp(run):
    y, dy = run(lambda x, t: ops.jvp(lambda a: ops.sin(a) * a, [x], [t]), X, np.ones_like(X) * 2)
    np.testing.assert_allclose(y, np.sin(X) * X, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(dy, 2 * (np.cos(X) * X + np.sin(X)), rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------------- symbolic
def test_jvp_is_a_step_of_a_model(engine):
    """Values of sin(x) + cos(x) and of its derivative, cos(x) - sin(x)."""
    x, t = keras.Input((2,)), keras.Input((2,))
    y, dy, aux = ops.jvp(
        lambda a: (ops.sin(a) + ops.cos(a), ops.mean(a, -1, keepdims=True)), [x], [t], has_aux=True
    )
    assert (y.shape, dy.shape, aux.shape) == ((None, 2), (None, 2), (None, 1))
    y, dy, aux = keras.Model([x, t], [y, dy, aux])([X, 2 * X])
    np.testing.assert_allclose(ops.convert_to_numpy(y), np.sin(X) + np.cos(X), rtol=1e-5)
    np.testing.assert_allclose(
        ops.convert_to_numpy(dy), 2 * X * (np.cos(X) - np.sin(X)), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(ops.convert_to_numpy(aux), X.mean(-1, keepdims=True), rtol=1e-6)


def test_symbolic_shapes():
    x = KerasTensor((None, 3))
    carry, ys = ops.scan(lambda s, row: (s + row, row * 2), ops.zeros((3,)), x)
    assert (carry.shape, ys.shape) == ((3,), (None, 3))
    assert ops.scan(lambda s, row: (s, row), 0.0, x, length=4)[1].shape == (4, 3)
    assert ops.map(lambda r: ops.sum(r), x).shape == (None,)
    assert ops.while_loop(lambda i, t: i < 3, lambda i, t: (i + 1, t * 2), (0, x))[1].shape == (None, 3)
    assert ops.cond(ops.sum(x) > 0, lambda: x, lambda: x * 2).shape == (None, 3)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: ops.cond(x > 0, lambda: x, lambda: x), "cond: `pred` must be a scalar"),
        (lambda x: ops.scan(lambda s, r: s, 0.0, x), "scan: `f` must return a pair"),
        (lambda x: ops.scan(lambda s, r: (s, r), 0.0, x, length=7), "scan: `xs` and `length` disagree"),
        (lambda x: ops.switch(0, [], x), "switch: expected at least one branch"),
    ],
)
def test_errors(engine, f, message):
    with pytest.raises((ValueError, TypeError), match=message):
        f(ops.convert_to_tensor(X))


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: ops.cond(ops.sum(x) > 0, lambda: x, lambda: x[:, :1]), "cond: the two branches"),
        (lambda x: ops.while_loop(lambda t: False, lambda t: t[:, :1], x), "while_loop: the body must keep"),
        (lambda x: ops.scan(lambda s, r: (r, s), 0.0, x), "scan: the function must keep"),
    ],
)
def test_symbolic_errors(f, message):
    with pytest.raises((ValueError, TypeError), match=message):
        f(KerasTensor((None, 3)))


def test_a_number_in_a_loop_is_what_the_body_makes_of_it(engine):
    """As in the Python loop that it stands for: 0 becomes 0.5, not 0 again and again."""
    i, half, whole = ops.while_loop(lambda i, *_: i < 4, lambda i, s, n: (i + 1, s + 0.5, n * 2), (0, 0, 1))
    assert [float(ops.convert_to_numpy(x)) for x in (i, half, whole)] == [4.0, 2.0, 16.0]
    assert [ops.dtype(x) for x in (i, half, whole)] == ["int32", "float32", "int32"]
    assert float(ops.convert_to_numpy(ops.while_loop(lambda x: x < 3, lambda x: x + 0.75, 0))) == 3.0


def as_the_engines_own(x):
    """Takes the engine's tensors only, as functions of TensorFlow's do."""
    if isinstance(x, KerasTensor):
        raise TypeError("not a tensor of this engine")
    return x


def test_a_number_in_a_while_loop_whose_body_uses_the_engine_itself(engine):
    rounds = keras.Variable(0.0)

    def body(i, x):
        rounds.assign_add(1.0)
        return i + ops.sum(as_the_engines_own(x)), x

    total, _ = ops.while_loop(lambda i, x: i < 4, body, (0, ops.full((3,), 0.5)))
    assert float(total) == 4.5  # a float, though it began as an int
    assert float(rounds) == 3


def test_a_mistake_is_not_hidden_by_what_the_engines_own_functions_say(engine):
    def body(i, x):
        as_the_engines_own(x)
        raise ValueError("the mistake")

    with pytest.raises(ValueError, match="the mistake"):
        ops.while_loop(lambda i, x: i < 4, body, (ops.zeros(()), ops.ones((3,))))
