"""Cells and variables: what is written is read, in every dtype, eagerly and across compiled calls."""

from typing import Any

import numpy as np
import pytest

from keras.backend.dtypes import to_numpy_dtype
from keras.backend.engine import Engine
from keras.backend.state import Variable
from tests.conformance.rows import ALL, needs

COVERS = {"variable", "read", "write"}


def number(engine: Engine, v: float, dtype: str = "float32") -> Any:
    return engine.full((), v, dtype)


def value(engine: Engine, variable: Variable) -> Any:
    return engine.to_numpy(engine.read_variable(variable)).tolist()


@pytest.mark.parametrize("dtype", ALL)
def test_a_cell_keeps_what_is_written(engine: Engine, dtype: str, request: pytest.FixtureRequest) -> None:
    needs(engine, request, dtype)
    first, second = (np.array(v).astype(to_numpy_dtype(dtype)) for v in ([[1, 0]], [[0, 3]]))
    cell = engine.variable(first, dtype, "v")
    np.testing.assert_array_equal(engine.to_numpy(engine.read(cell)), first)
    engine.write(cell, engine.constant(second, dtype))
    np.testing.assert_array_equal(engine.to_numpy(engine.read(cell)), second)
    assert engine.spec(engine.read(cell)) == ((1, 2), dtype)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1, 1, 1)])
def test_a_cell_of_any_shape(engine: Engine, shape: tuple[int, ...]) -> None:
    cell = engine.variable(np.zeros(shape, "float32"), "float32", "v")
    engine.write(cell, engine.full(shape, 1.0, "float32"))
    assert engine.spec(engine.read(cell)) == (shape, "float32")


@pytest.mark.parametrize("name", ["v", "model/dense_1/kernel", "a b:c (d)", "ü"])
def test_a_cell_of_any_name(engine: Engine, name: str) -> None:
    cell = engine.variable(np.ones(2, "float32"), "float32", name)
    assert engine.to_numpy(engine.read(cell)).tolist() == [1, 1]


def test_a_tensor_read_before_a_write_keeps_its_value(engine: Engine) -> None:
    cell = engine.variable(np.ones(3, "float32"), "float32", "v")
    before = engine.read(cell)
    engine.write(cell, engine.full((3,), 5.0, "float32"))
    assert engine.to_numpy(before).tolist() == [1, 1, 1]


def test_cells_do_not_share_memory(engine: Engine) -> None:
    a = engine.variable(np.ones(3, "float32"), "float32", "a")
    b = engine.variable(np.zeros(3, "float32"), "float32", "b")
    engine.write(b, engine.read(a))
    engine.write(a, engine.full((3,), 7.0, "float32"))
    assert engine.to_numpy(engine.read(b)).tolist() == [1, 1, 1]


def test_a_compiled_function_sees_and_makes_changes(engine: Engine) -> None:
    v = Variable(np.zeros(2, "float32"))

    def f(x: Any) -> list[Any]:
        engine.write_variable(v, engine.add(engine.read_variable(v), x))
        return [engine.read_variable(v)]

    step = engine.trace_and_compile(f, [((2,), "float32")])
    one = np.ones(2, "float32")
    assert engine.to_numpy(step(one)[0]).tolist() == [1, 1]
    engine.write_variable(v, engine.full((2,), 10.0, "float32"))
    assert engine.to_numpy(step(one)[0]).tolist() == [11, 11]
    assert value(engine, v) == [11, 11]


def test_reads_and_writes_happen_in_order(engine: Engine) -> None:
    a, b = Variable(np.float32(2)), Variable(np.float32(3))

    def f() -> list[Any]:
        old = engine.read_variable(a)
        engine.write_variable(a, engine.read_variable(b))  # swap
        engine.write_variable(b, old)
        engine.write_variable(a, engine.mul(engine.read_variable(a), engine.read_variable(a)))
        return [engine.add(engine.read_variable(a), engine.read_variable(b)), old]

    outputs = engine.trace_and_compile(f, [])()
    assert [float(engine.to_numpy(y)) for y in outputs] == [11, 2]
    assert (value(engine, a), value(engine, b)) == (9, 2)


def test_a_variable_first_touched_in_a_trace_is_an_ordinary_one(engine: Engine) -> None:
    made: list[Variable] = []

    def f(x: Any) -> list[Any]:
        if not made:
            made.append(Variable(np.ones(2, "float32")))
        engine.write_variable(made[0], engine.add(engine.read_variable(made[0]), x))
        return []

    step = engine.trace_and_compile(f, [((2,), "float32")])
    for _ in range(2):
        assert step(np.ones(2, "float32")) == []
    assert value(engine, made[0]) == [3, 3]


def test_a_compiled_function_keeps_its_variables_alive(engine: Engine) -> None:
    def build() -> Any:
        v = Variable(np.ones(2, "float32"))
        cells = [v]

        def f(x: Any) -> list[Any]:
            return [engine.add(engine.read_variable(cells.pop() if cells else v), x)]

        return engine.trace_and_compile(f, [((2,), "float32")])

    step = build()
    assert engine.to_numpy(step(np.ones(2, "float32"))[0]).tolist() == [2, 2]


def test_a_call_that_fails_writes_nothing(engine: Engine, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "host_call")
    first, last, fail = Variable(np.float32(1)), Variable(np.float32(1)), [True]

    def host(x: np.ndarray) -> list[np.ndarray]:
        if fail[0]:
            raise ArithmeticError("on purpose")
        return [x]

    def f(x: Any) -> list[Any]:
        engine.write_variable(first, engine.add(engine.read_variable(first), x))
        (y,) = engine.host_call(host, [((), "float32")], [x])
        engine.write_variable(last, engine.add(engine.read_variable(last), x))
        return [y]

    fail[0] = False
    step = engine.trace_and_compile(f, [((), "float32")])
    step(np.float32(1))
    before = (value(engine, first), value(engine, last))
    fail[0] = True
    with pytest.raises(Exception, match="on purpose"):
        step(np.float32(1))
    assert (value(engine, first), value(engine, last)) == before
    fail[0] = False
    step(np.float32(1))
    assert (value(engine, first), value(engine, last)) == (before[0] + 1, before[1] + 1)


def test_a_trace_that_fails_writes_nothing(engine: Engine) -> None:
    v = Variable(np.float32(1))

    def f(x: Any) -> list[Any]:
        engine.write_variable(v, x)
        raise ArithmeticError("on purpose")

    with pytest.raises(ArithmeticError, match="on purpose"):
        engine.trace_and_compile(f, [((), "float32")])(np.float32(5))
    assert value(engine, v) == 1


def test_writes_inside_loops_and_branches(engine: Engine, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "while_loop", "cond")
    v, w = Variable(np.float32(1)), Variable(np.float32(0))

    def f(n: Any) -> list[Any]:
        engine.write_variable(v, engine.add(engine.read_variable(v), number(engine, 1)))  # 2

        def body(i: Any) -> list[Any]:
            engine.write_variable(v, engine.mul(engine.read_variable(v), number(engine, 2)))
            engine.write_variable(w, engine.add(engine.read_variable(w), engine.read_variable(v)))
            return [engine.add(i, number(engine, 1, "int32"))]

        (i,) = engine.while_loop(lambda i: engine.less(i, n), body, [number(engine, 0, "int32")])
        engine.write_variable(v, engine.add(engine.read_variable(v), number(engine, 1)))

        def double() -> list[Any]:
            engine.write_variable(v, engine.add(engine.read_variable(v), engine.read_variable(v)))
            return [number(engine, 1)]

        engine.cond(engine.less(number(engine, 0, "int32"), n), double, lambda: [number(engine, 0)], [])
        return [i, engine.read_variable(v)]

    step = engine.trace_and_compile(f, [((), "int32")])
    i, inside = step(np.int32(3))
    assert (int(engine.to_numpy(i)), float(engine.to_numpy(inside))) == (3, 34)
    assert (value(engine, v), value(engine, w)) == (34, 4 + 8 + 16)
    step(np.int32(0))
    assert (value(engine, v), value(engine, w)) == (36, 28)
