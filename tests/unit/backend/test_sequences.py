"""LSTM, GRU and simple recurrence by oneDNN equal the shared bodies in float64: results, gradients, gradients of gradients."""

import threading
from typing import Any

import numpy as np
import pytest

from keras.backend import select
from keras.backend.engine import Engine
from keras.backend.kernels import masked, memory, onednn, parallel, recurrent
from keras.layers.rnn import kernels
from tests.conformance.rows import weighted_sum

rng = np.random.default_rng(7)
#: Name, whether the reset gate comes last or the activation, direction, bias; sizes are batch, time, features and units.
CALLS = [
    ("lstm", None, False, True),
    ("lstm", None, True, True),
    ("lstm", None, False, False),
    ("gru", True, False, True),
    ("gru", True, True, False),
    ("gru", False, False, True),
    ("gru", False, True, False),
    ("simple_rnn", "tanh", False, True),
    ("simple_rnn", "relu", True, True),
    ("simple_rnn", "sigmoid", False, False),
]
SIZES = (5, 7, 6, 8)


@pytest.fixture(autouse=True)
def _two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel.POOL, "size", 2)
    monkeypatch.setattr(recurrent, "_PRODUCTS", 1)


def arguments(name: str, after: Any, bias: bool, sizes: tuple[int, ...] = SIZES) -> list[np.ndarray]:
    n, time, features, units = sizes
    gates, states = {"lstm": (4, 2), "gru": (3, 1), "simple_rnn": (1, 1)}[name]
    shapes = [(n, time, features), *[(n, units)] * states, (features, gates * units), (units, gates * units)]
    if bias:
        shapes.append((2, gates * units) if after is True else (gates * units,))
    return [rng.uniform(-0.5, 0.5, s).astype("float32") for s in shapes]


#: Of five rows with seven steps: padded behind, before, in between, wholly, and not.
MASK = np.array([[c == "x" for c in row] for row in ("xxx....", "..xxxxx", ".x..xx.", ".......", "xxxxxxx")])


def called(
    name: str, after: Any, reverse: bool, tensors: Any, body: bool = False, mask: Any = None
) -> tuple[Any, ...]:
    n = 6 if name == "lstm" else 5
    kernel = getattr(kernels, name)
    mask = None if mask is None else select.current().constant(mask, "bool")
    full = [*tensors, *[None] * (n - len(tensors))]
    return (kernel.body if body else kernel)(*full, mask, None, reverse, *functions(name, after))


def functions(name: str, after: Any) -> list[Any]:
    if name == "simple_rnn":
        return [after]
    return ["tanh", "sigmoid", *([after] if name == "gru" else [])]


def weights(name: str, sizes: tuple[int, ...] = SIZES) -> list[np.ndarray]:
    n, time, _, units = sizes
    shapes = [(n, time, units), *[(n, units)] * (2 if name == "lstm" else 1)]
    return [rng.uniform(-1, 1, s) for s in shapes]


def gradients(
    engine: Engine, call: Any, args: Any, given: Any, body: bool = False, mask: Any = None
) -> list[np.ndarray]:
    """Results, and the gradients of their weighted sum by all arguments."""
    name, after, reverse, _ = call

    def loss(*tensors: Any) -> tuple[Any, Any]:
        ys = called(name, after, reverse, tensors, body, mask)
        return weighted_sum(select.current(), ys, given), list(ys)

    def both(*tensors: Any) -> list[Any]:
        _, ys, _, found = select.current().value_and_grad(loss, [], list(tensors))
        return [*ys, *found]

    specs = [(a.shape, str(a.dtype)) for a in args]
    return [np.asarray(engine.to_numpy(y)) for y in engine.trace_and_compile(both, specs)(*args)]


def expected(call: Any, args: Any, given: Any, mask: Any = None) -> list[np.ndarray]:
    with select.using("numpy") as host:
        return gradients(host, call, [a.astype("float64") for a in args], given, True, mask)


@pytest.mark.parametrize("mask", [None, MASK], ids=["plain", "masked"])
@pytest.mark.parametrize("call", CALLS, ids=str)
def test_results_and_gradients(engine: Engine, call: Any, mask: Any) -> None:
    args, given = arguments(call[0], call[1], call[3]), weights(call[0])
    want = expected(call, args, given, mask)
    for got, y in zip(gradients(engine, call, args, given, mask=mask), want, strict=True):
        np.testing.assert_allclose(got, y, 2e-5, 2e-6)
    eager = called(*call[:3], [engine.constant(a, "float32") for a in args], mask=mask)
    for got, y in zip(eager, want, strict=False):
        np.testing.assert_allclose(engine.to_numpy(got), y, 2e-5, 2e-6)


@pytest.mark.parametrize("call", [CALLS[0], CALLS[3]], ids=str)
def test_batches_in_several_parts(engine: Engine, call: Any) -> None:
    sizes = (301, 3, 2, 4)
    args, given = arguments(call[0], call[1], call[3], sizes), weights(call[0], sizes)
    got = gradients(engine, call, args, given)
    for y, want in zip(got, expected(call, args, given), strict=True):
        np.testing.assert_allclose(y, want, 5e-5, 1e-5)
    again = gradients(engine, call, args, given)
    assert all(np.array_equal(a, b) for a, b in zip(got, again, strict=True))


@pytest.mark.parametrize("call", [CALLS[0], CALLS[3], CALLS[5]], ids=str)
def test_second_derivatives(engine: Engine, call: Any) -> None:
    """The gradient of the sum of the squared gradients."""
    name, after, reverse, _ = call
    args, given = arguments(name, after, True, (2, 3, 2, 2)), weights(name, (2, 3, 2, 2))

    def twice(e: Engine, args: Any, body: bool) -> list[np.ndarray]:
        def loss(*tensors: Any) -> tuple[Any, None]:
            ys = called(name, after, reverse, tensors, body)
            return weighted_sum(select.current(), ys, given), None

        def squared(*tensors: Any) -> tuple[Any, None]:
            now = select.current()
            found = now.value_and_grad(loss, [], list(tensors))[3]
            return weighted_sum(now, [now.mul(g, g) for g in found], [np.ones(a.shape) for a in args]), None

        tensors = [e.constant(a, str(a.dtype)) for a in args]
        return [np.asarray(e.to_numpy(g)) for g in e.value_and_grad(squared, [], tensors)[3]]

    got = twice(engine, args, False)
    with select.using("numpy") as host:
        want = twice(host, [a.astype("float64") for a in args], True)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, 2e-4, 2e-5)


def test_without_onednn(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onednn, "library", lambda: None)
    args, given = arguments("lstm", None, True), weights("lstm")
    for got, want in zip(
        gradients(engine, CALLS[0], args, given), expected(CALLS[0], args, given), strict=True
    ):
        np.testing.assert_allclose(got, want, 2e-5, 2e-6)


def test_what_is_left_to_the_body(engine: Engine) -> None:
    """What is not float32, drops the state, or ends a step with other functions."""
    native, usual = engine.native("lstm"), (False, "tanh", "sigmoid")
    assert native is not None
    args = [engine.constant(a, "float32") for a in arguments("lstm", None, True)]
    assert native(*args, None, None, *usual) is not NotImplemented
    assert native(*args, engine.constant(MASK, "bool"), None, *usual) is not NotImplemented
    assert native(*args, None, args[1], *usual) is NotImplemented
    assert native(*args, None, None, False, "relu", "sigmoid") is NotImplemented
    assert native(*args, None, None, False, "tanh", "hard_sigmoid") is NotImplemented
    assert native(*(engine.cast(a, "float64") for a in args), None, None, *usual) is NotImplemented
    assert native(*(engine.cast(a, "float16") for a in args), None, None, *usual) is NotImplemented
    simple = engine.native("simple_rnn")
    assert simple is not None
    args = [engine.constant(a, "float32") for a in arguments("simple_rnn", "tanh", True)]
    assert simple(*args, None, None, False, "tanh") is not NotImplemented
    assert simple(*args, None, None, False, "linear") is NotImplemented
    assert simple(*args, engine.constant(MASK, "bool"), None, False, "tanh") is NotImplemented


def test_nan_is_not_lost() -> None:
    args = arguments("lstm", None, True)
    args[0][1, 3, 2] = np.nan
    call = recurrent.Call("lstm", *SIZES, False)
    assert recurrent.able(call)
    y = recurrent.forward(call, False, *args)[0]
    assert np.isnan(y[1, 3:]).all()
    assert np.isfinite(np.delete(y, 1, 0)).all()
    assert np.isfinite(y[1, :3]).all()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("kind", ["lstm", "gru", "lbr_gru"])
def test_nothing_comes_through_a_mask(kind: str, reverse: bool) -> None:
    """Neither what is at masked steps, be it NaN, nor anything into the state of a row without steps."""
    x, *others = arguments("lstm" if kind == "lstm" else "gru", kind == "lbr_gru", True)
    call = recurrent.Call(kind, *SIZES, reverse)
    x[~MASK] = np.nan
    y, *states = masked.forward(call, False, MASK, x, *others)
    assert np.isfinite(y).all()
    for state, first in zip(states, others, strict=False):
        np.testing.assert_allclose(state[3], first[3], 0, 1e-30)
    short = recurrent.forward(
        call._replace(batch=1, time=3),
        False,
        x[2:3, [1, 4, 5]],
        *(a[2:3] if a.shape[0] == SIZES[0] else a for a in others),
    )
    np.testing.assert_allclose(y[2, [1, 4, 5]], short[0][0], 1e-6, 1e-7)
    at = y[2, :: -1 if reverse else 1].tolist()
    assert at[0] == [0.0] * SIZES[3]
    assert at[3] == at[2]


def test_plans_serve_other_threads_than_the_one_that_made_them() -> None:
    call = recurrent.Call("gru", 3, 4, 5, 40, False)
    assert recurrent.able(call)
    args = arguments("gru", False, True, (3, 4, 5, 40))
    here = recurrent.forward(call, True, *args)
    there: list[Any] = []
    for _ in range(3):
        thread = threading.Thread(target=lambda: there.append(recurrent.forward(call, True, *args)))
        thread.start()
        thread.join()
    for results in there:
        assert all(np.array_equal(a, b) for a, b in zip(results[:2], here[:2], strict=True))


def test_a_stock_forgets_what_was_not_used_for_long() -> None:
    made: list[int] = []

    def make(key: int) -> object:
        made.append(key)
        if key == 3:
            raise RuntimeError
        return object()

    stock = onednn.Stock(make, limit=2)
    for key in (1, 2, 1, 2):
        with stock.plan(key) as plan:
            assert plan is not None
    assert made == [1, 2]
    for key in (3, 3):
        with stock.plan(key) as plan:
            assert plan is None
    assert made == [1, 2, 3]
    with stock.plan(1) as first, stock.plan(1) as second:
        assert first is not second
    assert made == [1, 2, 3, 1, 1]


def test_memory_is_recycled_when_nobody_looks_at_it() -> None:
    x = memory.recycled(1000)
    address = x.ctypes.data
    assert address % 64 == 0
    part = np.asarray(x, np.float32)[10:20]
    del x
    other = memory.recycled(1000)
    assert other.ctypes.data != address
    del part
    assert memory.recycled(1000).ctypes.data == address
