"""What is the theano engine's own: PyTensor variables among its tensors, `pytensor.grad`, messages, control flow."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import keras
from keras import ops
from keras.backend import select

pytestmark = pytest.mark.skipif(
    "theano" not in select.available(), reason="the theano engine is not installed"
)
S = ((2, 3), "float32")
X = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], "float32")


@pytest.fixture
def e() -> Iterator[Any]:
    with select.using("theano") as engine:
        yield engine


def test_pytensor_functions_on_tensors_eagerly_and_compiled(e: Any) -> None:
    import pytensor.tensor as pt

    def f(x: Any) -> list[Any]:
        return [ops.add(pt.tanh(x), 1.0), pt.sum(x, axis=0)]

    eager = f(e.constant(X, "float32"))
    compiled = e.trace_and_compile(f, [S])(X)
    for y, total in (eager, compiled):
        np.testing.assert_allclose(e.to_numpy(y), np.tanh(X) + 1, 1e-6)
        np.testing.assert_allclose(e.to_numpy(total), X.sum(0), 1e-6)


def test_a_variable_of_unknown_shape_is_refused(e: Any) -> None:
    import pytensor.tensor as pt

    with pytest.raises(ValueError, match="specify_shape"):
        ops.exp(pt.matrix("m"))


def test_pytensor_grad_through_the_librarys_nodes(e: Any) -> None:
    import pytensor
    import pytensor.tensor as pt

    w = pt.tensor("w", dtype="float64", shape=(3, 4))
    loss = ops.sum(ops.square(ops.softmax(ops.matmul(X.astype("float64"), ops.tanh(w)) + 1.0)))
    gradient = pytensor.grad(loss.variable, w)
    value = np.random.default_rng(0).normal(size=(3, 4))
    got = e.trace_and_compile(lambda x: [e._lifted(_with(gradient, w, x.variable))], [((3, 4), "float64")])(
        value
    )[0]

    def of(value: np.ndarray) -> float:
        z = np.exp(X.astype("float64") @ np.tanh(value))
        return float(((z / z.sum(-1, keepdims=True)) ** 2).sum())

    for at in np.ndindex(value.shape):
        step = np.zeros_like(value)
        step[at] = 1e-6
        assert e.to_numpy(got)[at] == pytest.approx((of(value + step) - of(value - step)) / 2e-6, abs=1e-7)


def _with(y: Any, old: Any, new: Any) -> Any:
    from pytensor.graph.replace import clone_replace

    return clone_replace(y, {old: new}, rebuild_strict=False)


def test_a_failing_node_names_its_op_and_layer(e: Any) -> None:
    class Broken(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            engine = select.current()

            def host(a: np.ndarray) -> list[np.ndarray]:
                raise ArithmeticError("on purpose")

            return engine.host_call(host, [engine.spec(x)], [x])[0]

    layer = Broken(name="broken")
    step = e.trace_and_compile(lambda x: [layer(x)], [S])
    with pytest.raises(ArithmeticError, match="on purpose") as caught:
        step(X)
    assert any("host_call" in note and "'broken'" in note for note in caught.value.__notes__)


def test_a_tensor_without_value_says_so(e: Any) -> None:
    with pytest.raises(RuntimeError, match="being traced"):
        e.trace_and_compile(lambda x: [x] if float(ops.sum(x)) else [], [S])


def test_a_loop_of_unknown_length_and_a_branch_inside_it(e: Any) -> None:
    def f(n: Any) -> list[Any]:
        def body(i: Any, total: Any) -> tuple[Any, Any]:
            even = ops.equal(ops.mod(i, 2), 0)
            return ops.add(i, 1), ops.cond(even, lambda: ops.add(total, i), lambda: total)

        return list(ops.while_loop(lambda i, total: ops.less(i, n), body, (np.int32(0), np.int32(0))))

    step = e.trace_and_compile(f, [((), "int32")])
    assert [int(y) for y in step(np.int32(7))] == [7, 12]
    assert [int(y) for y in step(np.int32(0))] == [0, 0]


def test_results_do_not_share_memory_with_variables(e: Any) -> None:
    v = keras.Variable(np.zeros(3, "float32"))

    def f(x: Any) -> list[Any]:
        v.assign(x)
        return [v.value, x]

    array = np.ones(3, "float32")
    outputs = e.trace_and_compile(f, [((3,), "float32")])(array)
    array[:] = 5
    assert v.numpy().tolist() == [1, 1, 1]
    assert e.to_numpy(outputs[0]).tolist() == [1, 1, 1]
