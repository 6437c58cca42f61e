"""Leaves: the first eight names an engine needs."""

from typing import Any

import numpy as np
import pytest

from keras.backend.dtypes import to_numpy_dtype
from keras.backend.engine import Engine
from tests.conformance.rows import ALL, FLOATS, INTS, five_tests, row, rows, t

COVERS = {"constant", "to_numpy", "is_tensor", "spec"}
NAN, INF = float("nan"), float("inf")


def _cast(x: np.ndarray, dtype: str) -> np.ndarray:
    return (x != 0) if dtype == "bool" else x.astype(to_numpy_dtype(dtype))


def _numbers(x: np.ndarray, dtype: str) -> np.ndarray:
    return np.ascontiguousarray(x).view(to_numpy_dtype(dtype))


ROWS = rows(
    *(row("cast", t([0, 1, 2, 100]), d, want=_cast, dtypes=("bool", *INTS, *FLOATS), label=f"to-{d}") for d in ALL),
    row("cast", t([2.9, -2.9, 0.5, -0.5]), "int32", want=_cast, dtypes=FLOATS, label="truncates"),
    row("cast", t([-1, 300, -300, 70000]), "uint8", want=_cast, dtypes=("int32", "int64"), label="wraps"),
    row("cast", t([0.0, -0.0, 0.25, NAN, INF]), "bool", want=_cast, dtypes=FLOATS),
    row("cast", t([0, 1j, 1, NAN]), "bool", want=_cast, dtypes=("complex64",)),
    row("cast", t([1 + 2j, -3j]), "float32", want=lambda x, d: x.real, dtypes=("complex64", "complex128")),
    row("cast", t([1e300, -1e-300, 0.1, NAN, INF]), "float32", want=lambda x, d: x, dtypes=("float64",), atol=0),
    row("cast", t([1.5, -2.0]), "float32", want=lambda x, d: x, grad=True),
    row("cast", t(np.zeros((0, 3))), "int32", want=_cast),
    *(row("full", (2, 3), 1, d, want=lambda s, v, d: np.full(s, v, to_numpy_dtype(d)), label=d) for d in ALL),
    row("full", (), -1.5, "float64", want=lambda s, v, d: np.full(s, v)),
    row("full", (0, 2), 1.0, "float32", want=lambda s, v, d: np.full(s, v)),
    row("full", (0, 2**33), 1.0, "float32", want=lambda s, v, d: np.full(s, v)),  # beyond 32 bits
    row("full", (2,), NAN, "float32", want=lambda s, v, d: np.full(s, v)),
    row("full", (2,), -INF, "bfloat16", want=lambda s, v, d: np.full(s, v)),
    row("full", (2,), 2.0, "int32", want=lambda s, v, d: np.full(s, 2, "int32"), label="float-for-int"),
    *(row("iota", n, d, want=lambda n, d: np.arange(n), label=f"{n}-{d}") for d in (*INTS, *FLOATS) for n in (0, 1, 7)),
    row("iota", 3000, "float16", want=lambda n, d: np.arange(n), label="rounds-each"),
    row("bitcast", t([1.0, -2.5, 0.0]), "int32", want=lambda x, d: _numbers(x.astype("float32"), d)),
    row("bitcast", t([1, -2, 2**30]), "float32", want=lambda x, d: _numbers(x.astype("int32"), d), dtypes=("int32",)),
    row("bitcast", t([1, -2]), "int64", want=lambda x, d: _numbers(x, d), dtypes=("uint64",)),
    row("bitcast", t([[1, -2, 3]]), "uint8", want=_numbers, dtypes=("int32", "int64", "int16"), label="narrow"),
    row("bitcast", t([[1, -2, 3, 4]]), "int32", want=_numbers, dtypes=("int8", "int16"), label="widen"),
    row("bitcast", t([1.0, -3.0]), "uint16", want=lambda x, d: _numbers(x.astype("float16"), d), dtypes=("float16",)),
)  # fmt: skip

test_eager, test_compiled, test_spec, test_default, test_gradient = five_tests(ROWS)

VALUES = {"c": [[1 + 2j, -0.5j]], "f": [[0.5, -2.0]], "i": [[5, -7]], "u": [[5, 200]], "b": [[True, False]]}


@pytest.mark.parametrize("dtype", ALL)
def test_constant_goes_in_and_comes_out_unchanged(engine: Engine, dtype: str) -> None:
    kind = "f" if dtype.startswith("b") and dtype != "bool" else dtype[0]
    array = np.array(VALUES[kind], to_numpy_dtype(dtype))
    x = engine.constant(array, dtype)
    assert engine.spec(x) == ((1, 2), dtype)
    back = engine.to_numpy(x)
    assert isinstance(back, np.ndarray)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1, 1)])
def test_constant_of_any_shape(engine: Engine, shape: tuple[int, ...]) -> None:
    x = engine.constant(np.ones(shape, "float32"), "float32")
    assert engine.spec(x) == (shape, "float32")
    assert engine.to_numpy(x).shape == shape


def test_constant_converts_to_the_dtype(engine: Engine) -> None:
    assert engine.to_numpy(engine.constant(np.array([1.7, -1.7]), "int32")).tolist() == [1, -1]
    assert engine.to_numpy(engine.constant(np.float64(2.5), "float32")).dtype == np.float32


def test_constant_and_variable_do_not_alias_the_array(engine: Engine) -> None:
    for n in (3, 100_000):
        array = np.zeros(n, "float32")
        x, cell = engine.constant(array, "float32"), engine.variable(array, "float32", "v")
        array[:] = 1
        assert engine.to_numpy(x).max() == 0
        assert engine.to_numpy(engine.read(cell)).max() == 0


def test_is_tensor(engine: Engine) -> None:
    assert engine.is_tensor(engine.constant(np.ones(2, "float32"), "float32"))
    assert engine.is_tensor(engine.add(engine.full((), 1.0, "float32"), engine.full((), 1.0, "float32")))
    for other in (1, 1.0, [1.0], None, "x", object()):
        assert not engine.is_tensor(other)


def test_to_numpy_inside_a_trace_says_that_there_is_no_value(engine: Engine) -> None:
    seen: list[Any] = []

    def f(x: Any) -> list[Any]:
        try:
            seen.append(engine.to_numpy(x))
        except RuntimeError as error:
            seen.append(str(error))
        return [x]

    engine.trace_and_compile(f, [((2,), "float32")])(np.ones(2, "float32"))
    assert isinstance(seen[0], np.ndarray) or "trac" in seen[0]
