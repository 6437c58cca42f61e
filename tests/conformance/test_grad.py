"""Gradients: of what, where there are none, higher ones, and rules of one's own."""

from typing import Any

import numpy as np
import pytest

from keras.backend import select
from keras.backend.engine import Engine
from keras.backend.state import Variable
from tests.conformance.rows import needs

COVERS = {"value_and_grad", "stop_gradient", "custom_vjp", "jvp"}
X = np.array([0.5, -1.5, 2.0])


@pytest.fixture
def e(engine: Engine, request: pytest.FixtureRequest) -> Engine:
    needs(engine, request, "value_and_grad")
    return engine


def const(v: Any, dtype: str = "float64") -> Any:
    return select.current().constant(np.asarray(v), dtype)


def total(x: Any) -> Any:
    e = select.current()
    return e.reduce_sum(x, tuple(range(len(e.spec(x)[0]))))


def square(x: Any) -> Any:
    return select.current().mul(x, x)


def read(v: Variable) -> Any:
    return select.current().read_variable(v)


def host(e: Engine, *tensors: Any) -> list[Any]:
    return [None if t is None else e.to_numpy(t).tolist() for t in tensors]


def test_value_aux_and_gradients(e: Engine) -> None:
    v = Variable(np.array([1.0, 2.0, 3.0]), dtype="float64")

    def f(x: Any) -> tuple[Any, Any]:
        y = select.current().mul(x, square(read(v)))
        return total(y), {"y": y, "n": (3, None)}

    value, aux, by_variables, by_tensors = e.value_and_grad(f, [v], [const(X)])
    assert host(e, value) == [float((X * np.array([1, 4, 9])).sum())]
    assert aux["n"] == (3, None)
    np.testing.assert_allclose(e.to_numpy(aux["y"]), X * [1, 4, 9])
    np.testing.assert_allclose(e.to_numpy(by_variables[0]), 2 * X * [1, 2, 3])
    np.testing.assert_allclose(e.to_numpy(by_tensors[0]), [1, 4, 9])


def test_no_arguments(e: Engine) -> None:
    v = Variable(np.float32(3))
    value, aux, by_variables, by_tensors = e.value_and_grad(lambda: (square(read(v)), None), [v], [])
    assert host(e, value, *by_variables) == [9, 6]
    assert (aux, by_tensors) == (None, [])
    assert e.spec(by_variables[0]) == ((), "float32")


def test_none_where_there_is_no_path(e: Engine) -> None:
    used, unused, stopped = (Variable(np.float64(2), dtype="float64") for _ in range(3))

    def f(x: Any, y: Any) -> tuple[Any, Any]:
        e = select.current()
        return e.mul(e.mul(read(used), x), e.stop_gradient(read(stopped))), y

    _, _, by_variables, by_tensors = e.value_and_grad(f, [used, unused, stopped], [const(3.0), const(4.0)])
    assert host(e, *by_variables, *by_tensors) == [6, None, None, 4, None]


def test_integers_and_bools_have_none(e: Engine) -> None:
    count, flag = Variable(np.int32(2), dtype="int32"), Variable(np.array(True), dtype="bool")

    def f(i: Any, x: Any) -> tuple[Any, Any]:
        e = select.current()
        both = e.select(read(flag), e.cast(e.add(i, read(count)), "float64"), const(0.0))
        return e.mul(x, both), None

    value, _, by_variables, by_tensors = e.value_and_grad(f, [count, flag], [const(3, "int32"), const(2.0)])
    assert host(e, value, *by_variables, *by_tensors) == [10, None, None, None, 5]


def test_the_same_tensor_twice_and_a_variable_read_twice(e: Engine) -> None:
    v, x = Variable(np.float64(3), dtype="float64"), const(2.0)

    def f(a: Any, b: Any) -> tuple[Any, Any]:
        e = select.current()
        return e.add(e.mul(square(a), b), e.mul(read(v), read(v))), None

    _, _, by_variables, by_tensors = e.value_and_grad(f, [v, v], [x, x])
    assert host(e, *by_tensors) == [8, 4]
    assert host(e, *by_variables) == [6, 6]


def test_only_what_is_passed_counts(e: Engine) -> None:
    x = const(2.0)
    _, _, _, by_tensors = e.value_and_grad(lambda a: (select.current().mul(a, square(x)), None), [], [x])
    assert host(e, *by_tensors) == [4]


def test_a_write_inside(e: Engine) -> None:
    w, count = Variable(np.float64(3), dtype="float64"), Variable(np.float64(0), dtype="float64")

    def step(x: Any) -> list[Any]:
        def f(x: Any) -> tuple[Any, Any]:
            inner = select.current()
            inner.write_variable(count, inner.add(read(count), const(1.0)))
            return inner.mul(square(read(w)), x), None

        value, _, by_variables, by_tensors = e.value_and_grad(f, [w], [x])
        e.write_variable(w, e.sub(e.read_variable(w), by_variables[0]))
        return [value, *by_variables, *by_tensors, e.read_variable(w)]

    assert host(e, *step(const(0.5))) == [4.5, 3, 9, 0]
    e.write_variable(w, const(3.0))
    compiled = e.trace_and_compile(step, [((), "float64")])
    assert host(e, *compiled(np.float64(0.5))) == [4.5, 3, 9, 0]
    assert host(e, e.read_variable(w), e.read_variable(count)) == [0, 2]


def test_a_variable_written_before(e: Engine) -> None:
    w = Variable(np.float64(3), dtype="float64")

    def step(x: Any) -> list[Any]:
        e.write_variable(w, e.add(e.read_variable(w), x))
        return e.value_and_grad(lambda: (square(read(w)), None), [w], [])[2]

    assert host(e, *e.trace_and_compile(step, [((), "float64")])(np.float64(1))) == [8]


def test_second_derivative(e: Engine) -> None:
    def slope(x: Any) -> Any:
        return select.current().value_and_grad(
            lambda a: (total(select.current().mul(a, square(a))), None), [], [x]
        )[3][0]

    def curvature(x: Any) -> list[Any]:
        return e.value_and_grad(lambda a: (total(slope(a)), None), [], [x])[3]

    np.testing.assert_allclose(e.to_numpy(curvature(const(X))[0]), 6 * X)
    np.testing.assert_allclose(e.to_numpy(e.trace_and_compile(curvature, [((3,), "float64")])(X)[0]), 6 * X)


def test_gradient_of_a_gradient_penalty_by_a_variable(e: Engine) -> None:
    w = Variable(np.float64(3), dtype="float64")

    def penalty() -> tuple[Any, Any]:
        inner = select.current()
        slope = inner.value_and_grad(
            lambda x: (select.current().mul(square(read(w)), square(x)), None), [], [const(2.0)]
        )[3][0]
        return square(slope), None  # (2 w^2 x)^2 = 16 w^4

    assert host(e, *e.value_and_grad(penalty, [w], [])[2]) == [64 * 27]


def test_take_gives_a_dense_gradient(e: Engine) -> None:
    table = Variable(np.zeros((4, 2)), dtype="float64")

    def f(ids: Any) -> tuple[Any, Any]:
        return total(select.current().take(read(table), ids, 0)), None

    def step(ids: Any) -> list[Any]:
        return e.value_and_grad(f, [table], [ids])[2]

    ids, expected = np.array([[1, 3], [1, 1]], "int32"), [[0, 0], [3, 3], [0, 0], [1, 1]]
    for (gradient,) in (step(const(ids, "int32")), e.trace_and_compile(step, [((2, 2), "int32")])(ids)):
        assert e.spec(gradient) == ((4, 2), "float64")
        assert host(e, gradient) == [expected]


def test_gradients_where_a_naive_rule_gives_nan(e: Engine) -> None:
    def safe_log(x: Any) -> tuple[Any, Any]:
        inner = select.current()
        positive = inner.less(const(0.0), x)
        return total(
            inner.select(positive, inner.log(inner.select(positive, x, const(1.0))), const(0.0))
        ), None

    assert host(e, *e.value_and_grad(safe_log, [], [const([0.0, 2.0, -1.0])])[3]) == [[0, 0.5, 0]]
    product = e.value_and_grad(
        lambda x: (select.current().reduce_prod(x, (0,)), None), [], [const([0.0, 2.0, 3.0])]
    )
    assert host(e, *product[3]) == [[6, 0, 0]]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_a_gradient_has_the_dtype_of_its_argument(
    e: Engine, dtype: str, request: pytest.FixtureRequest
) -> None:
    needs(e, request, dtype)
    v = Variable(np.ones(2, "float32"))

    def f(x: Any) -> tuple[Any, Any]:
        inner = select.current()
        return total(inner.mul(inner.cast(x, "float32"), read(v))), None

    _, _, by_variables, by_tensors = e.value_and_grad(f, [v], [const([2.0, 3.0], dtype)])
    assert e.spec(by_variables[0]) == ((2,), "float32")
    assert e.spec(by_tensors[0]) == ((2,), dtype)


def test_an_error_inside_comes_out_and_leaves_nothing_behind(e: Engine) -> None:
    def f(x: Any) -> tuple[Any, Any]:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        e.value_and_grad(f, [], [const(1.0)])
    assert select.current() is e
    assert host(e, *e.value_and_grad(lambda x: (square(x), None), [], [const(3.0)])[3]) == [6]


# ---------------------------------------------------------------------- rules of one's own
def clipped(x: Any, y: Any, rule: Any) -> list[Any]:
    """x * y and x, with a made-up rule."""
    return select.current().custom_vjp(lambda x, y: [select.current().mul(x, y), x], rule, [x, y])


def test_custom_vjp(e: Engine, request: pytest.FixtureRequest) -> None:
    needs(e, request, "custom_vjp")

    def rule(xs: Any, ys: Any, dys: Any) -> list[Any]:
        inner = select.current()
        return [inner.add(inner.mul(dys[0], const(10.0)), inner.mul(dys[1], ys[0])), None]

    def step(x: Any, y: Any) -> list[Any]:
        def f(x: Any, y: Any) -> tuple[Any, Any]:
            product, same = clipped(x, y, rule)
            return select.current().add(product, same), None

        value, _, _, (by_x, by_y) = e.value_and_grad(f, [], [x, y])
        assert by_y is None
        return [value, by_x]

    assert host(e, *clipped(const(2.0), const(3.0), rule)) == [6, 2]
    assert host(e, *step(const(2.0), const(3.0))) == [8, 16]
    assert host(e, *e.trace_and_compile(step, [((), "float64")] * 2)(np.float64(2), np.float64(3))) == [8, 16]


def test_custom_vjp_with_an_unused_output_and_an_integer_input(
    e: Engine, request: pytest.FixtureRequest
) -> None:
    needs(e, request, "custom_vjp")

    def rule(xs: Any, ys: Any, dys: Any) -> list[Any]:
        inner = select.current()
        assert [inner.spec(d) for d in dys] == [inner.spec(y) for y in ys]
        return [inner.mul(inner.add(dys[0], dys[1]), const(7.0)), None]

    def f(x: Any) -> tuple[Any, Any]:
        outputs = select.current().custom_vjp(lambda x, i: [square(x), x], rule, [x, const(1, "int32")])
        return total(outputs[1]), None

    assert host(e, *e.value_and_grad(f, [], [const([1.0, 2.0])])[3]) == [[7, 7]]


def test_host_call_with_a_gradient(e: Engine, request: pytest.FixtureRequest) -> None:
    needs(e, request, "host_call")

    def bwd(inputs: Any, outputs: Any, gradients: Any) -> list[np.ndarray]:
        (x, i), (y, _), (dy, _) = inputs, outputs, gradients
        np.testing.assert_allclose(y, np.sin(x) * i)
        return [np.cos(x) * i * dy, np.zeros_like(i)]

    def f(x: Any) -> tuple[Any, Any]:
        outputs = select.current().host_call(
            lambda x, i: [np.sin(x) * i, i], [((3,), "float64"), ((), "int32")], [x, const(2, "int32")], bwd
        )
        return total(outputs[0]), None

    def step(x: Any) -> list[Any]:
        value, _, _, gradients = e.value_and_grad(f, [], [x])
        return [value, *gradients]

    for value, gradient in (step(const(X)), e.trace_and_compile(step, [((3,), "float64")])(X)):
        np.testing.assert_allclose(e.to_numpy(value), (2 * np.sin(X)).sum())
        np.testing.assert_allclose(e.to_numpy(gradient), 2 * np.cos(X))


def test_host_call_without_a_rule_has_none(e: Engine, request: pytest.FixtureRequest) -> None:
    needs(e, request, "host_call")

    def f(x: Any) -> tuple[Any, Any]:
        inner = select.current()
        return inner.add(x, inner.host_call(lambda a: [a * 2], [((), "float64")], [x])[0]), None

    value, _, _, gradients = e.value_and_grad(f, [], [const(3.0)])
    assert host(e, value, *gradients) == [9, 1]


def test_jvp(e: Engine, request: pytest.FixtureRequest) -> None:
    needs(e, request, "jvp")
    tangent = np.array([1.0, 0.5, -2.0])

    def step(x: Any, t: Any) -> list[Any]:
        def f(x: Any) -> list[Any]:
            inner = select.current()
            return [inner.mul(inner.sin(x), x), total(square(x))]

        outputs, tangents = e.jvp(f, [x], [t])
        return [*outputs, *tangents]

    expected = [np.sin(X) * X, (X * X).sum(), (np.cos(X) * X + np.sin(X)) * tangent, (2 * X * tangent).sum()]
    for outputs in (
        step(const(X), const(tangent)),
        e.trace_and_compile(step, [((3,), "float64")] * 2)(X, tangent),
    ):
        for got, want in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(e.to_numpy(got), want)
