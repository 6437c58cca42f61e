"""The text of a function tells apart what computes something else, and nothing more."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import keras
from keras import ops
from keras.backend.graph.describing import describe

ROW = ((3,), "float32")


def digest(f: Callable[..., Any], *specs: Any) -> str | None:
    found = describe(lambda *xs: [f(*xs)], specs or (ROW,), "numpy")
    return found and found.digest


def test_functions_that_compute_the_same_have_the_same_text() -> None:
    once, again = (digest(lambda x: ops.exp(x) * np.float32(2) + 1) for _ in range(2))
    assert once == again is not None


@pytest.mark.parametrize(
    "other",
    [
        lambda x: ops.exp(x) * 2 + 3,
        lambda x: ops.exp(x) * 2 - 1,
        lambda x: ops.sin(x) * 2 + 1,
        lambda x: 2 * ops.exp(x) * 2 + 1,
        lambda x: ops.stop_gradient(ops.exp(x) * 2 + 1)[::-1],
        lambda x: ops.exp(x) * np.array([2, 2, 2.0], "float32") + 1,
    ],
)
def test_functions_that_compute_something_else_have_another(other: Callable[..., Any]) -> None:
    assert digest(other) not in (None, digest(lambda x: ops.exp(x) * 2 + 1))


def test_specs_count() -> None:
    specs = [((3,), "float32"), ((4,), "float32"), ((3,), "float64"), ((3, 1), "float32")]
    assert len({digest(ops.exp, spec) for spec in specs}) == len(specs)


def test_static_arguments_count() -> None:
    square = ((3, 3), "float32")
    reductions = [(ops.sum, 0), (ops.sum, 1), (ops.max, 0), (ops.flip, 0), (ops.flip, 1)]
    assert len({digest(lambda x, f=f, a=a: f(x, axis=a), square) for f, a in reductions}) == len(reductions)


def test_variables_are_told_apart_by_their_places() -> None:
    a, b = keras.Variable([1.0, 2.0, 3.0]), keras.Variable([4.0, 5.0, 6.0])

    def swap(x: Any) -> Any:
        before = a.value
        a.assign(b.value)
        b.assign(before)
        return x

    def copy(x: Any) -> Any:
        a.assign(b.value)
        b.assign(a.value)
        return x

    same = digest(lambda x: x + a - b)
    assert same == digest(lambda x: x + b - a)  # whichever is read first
    assert same not in (digest(lambda x: x + a - a), digest(lambda x: x - a + b))
    assert digest(swap) != digest(copy)
    assert a.numpy().tolist() == [1.0, 2.0, 3.0]


def test_variables_are_found() -> None:
    a, b = keras.Variable([1.0, 2.0, 3.0]), keras.Variable(0.0)

    def count(x: Any) -> list[Any]:
        b.assign_add(1.0)
        return [x * a]

    found = describe(count, (ROW,), "numpy")
    assert found is not None
    assert [id(v) for v in found.variables] == [id(b), id(a)]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ops.while_loop(lambda i: i < ops.sum(x), lambda i: (i + 1,), (0.0,))[0],
        lambda x: ops.cond(ops.sum(x) > 0, lambda: x, lambda: -x),
        lambda x: x if x[0] > 0 else -x,
    ],
    ids=["loop", "branch", "error"],
)
def test_what_has_no_text(f: Callable[..., Any]) -> None:
    assert digest(f) is None
