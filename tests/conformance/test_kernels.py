"""Kernels: whatever an engine runs in place of a shared body equals the body, and so do its gradients.

The reference is the body on the numpy engine in float64, so an engine without kernels of its own is tested too: its
bodies agree with the reference engine's. What the bodies mean is tested with the ops they serve.
"""

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from keras.backend import select
from keras.backend.dtypes import to_numpy_dtype
from keras.backend.engine import PRIMITIVES, SERVICES, Engine
from keras.backend.state import Variable
from keras.ops.dispatch import KERNELS
from keras.ops.nn.attention import _groups
from tests.conformance.rows import FLOATS, WIDE, close, finite_differences, needs, weighted_sum, weights_for

MODULES = ("keras.ops.kernels", "keras.layers.rnn.kernels", "keras.optimizers.kernels")
for module in MODULES:
    importlib.import_module(module)

rng = np.random.default_rng(2)
NAN, INF = float("nan"), float("inf")


@dataclasses.dataclass(frozen=True)
class Case:
    """A kernel's arguments: float64 arrays take the dtype under test, other arrays stay as they are."""

    name: str
    args: tuple[Any, ...]
    grad: bool = True
    label: str = ""
    dtypes: tuple[str, ...] = FLOATS

    def __str__(self) -> str:
        return f"{self.name}-{self.label}" if self.label else self.name


def u(*shape: int) -> np.ndarray:
    return rng.uniform(-1, 1, shape)


def probabilities(*shape: int) -> np.ndarray:
    x = rng.uniform(0.1, 1, shape)
    return x / x.sum(-1, keepdims=True)


def ids(n: int, *shape: int, dtype: str = "int32") -> np.ndarray:
    return rng.integers(0, n, shape).astype(dtype)


X = 3 * u(3, 4, 5)
SPECIAL = np.array([[NAN, INF, -INF, 0.0], [1e-8, -1e-8, 80.0, -80.0], [1e4, -1e4, 20.0, -20.0]])
LOGITS = np.array([[1e3, -1e3, 0.0], [50.0, 50.0, 50.0], [-INF, 0.0, 1.0]])
MASK = np.array([[True, True, False], [True, True, True]])
RNN = (u(2, 3, 4), u(2, 3), u(2, 3))
USUAL = ("tanh", "sigmoid")
MOMENTS, RATE = (u(2, 3), u(2, 3), np.abs(u(2, 3))), np.array(0.1)

CASES = [
    *(Case(n, (X + 0.01,)) for n in ("relu", "softplus", "silu", "erfc")),
    *(Case(n, (SPECIAL,), grad=False, label="special") for n in ("relu", "softplus", "erfc")),
    *(Case(n, (np.zeros((0, 3)),), grad=False, label="empty") for n in ("relu", "softplus", "silu")),
    *(Case("clip", (x, np.array(-0.52), np.array(0.74)), label=str(x.size)) for x in (X, 3 * u(91, 101))),
    Case("clip", (X, u(4, 1) - 1, u(5) + 1), label="broadcast"),
    Case("clip", (SPECIAL, np.array(-1.0), np.array(INF)), grad=False, label="special"),
    *(Case("gelu", (X, approximate), label=str(approximate)) for approximate in (True, False)),
    *(Case("elu", (X + 0.01, alpha), label=str(alpha)) for alpha in (1.0, 0.5)),
    *(Case("leaky_relu", (X + 0.01, slope), label=str(slope)) for slope in (0.2, 2.0)),
    *(Case(n, (SPECIAL, 1.0), grad=False, label="special") for n in ("elu", "leaky_relu")),
    *(Case(n, (X, axis), label=str(axis)) for n in ("softmax", "log_softmax") for axis in (0, 1, 2)),
    *(Case(n, (LOGITS, 1), grad=False, label="extreme") for n in ("softmax", "log_softmax")),
    *(Case(n, (np.ones((2, 1)), 1), label="size-1") for n in ("softmax", "log_softmax")),
    *(Case("logsumexp", (X, axes), label=str(axes)) for axes in ((2,), (0, 2), (0, 1, 2))),
    Case("softmax_cross_entropy", (probabilities(3, 5), X[:, 0])),
    Case("softmax_cross_entropy", (probabilities(2, 3, 4), u(2, 3, 4)), label="rank-3"),
    Case("softmax_cross_entropy", (np.eye(3), np.array([[1e3, 0, 0], [1e3, 0, 0], [5.0, 5, 5]])), False, "extreme"),
    Case("sparse_softmax_cross_entropy", (ids(5, 3), X[:, 0])),
    Case("sparse_softmax_cross_entropy", (ids(4, 2, 3, dtype="int64"), u(2, 3, 4)), label="rank-3"),
    Case("sparse_softmax_cross_entropy", (np.array([2, 0], "uint8"), LOGITS[:2]), False, "big"),
    Case("sigmoid_cross_entropy", (probabilities(3, 4), u(3, 4))),
    Case("sigmoid_cross_entropy", (np.array([0.0, 1, 0.5, 1]), np.array([1e3, 1e3, -50, -1e3])), False, "extreme"),
    Case("max_pool", (u(2, 6, 4, 3), (2, 2), (2, 2), ((0, 0), (0, 0)))),
    Case("max_pool", (u(2, 7, 3), (3,), (2,), ((1, 1),)), label="1d-same"),
    Case("average_pool", (u(2, 6, 4, 3), (2, 2), (2, 2), ((0, 0), (0, 0)))),
    Case("average_pool", (u(2, 7, 3), (3,), (2,), ((1, 1),)), label="1d-same"),
    Case("average_pool", (u(1, 5, 6, 2), (3, 3), (1, 2), ((1, 1), (0, 1))), label="same"),
    Case("average_pool", (u(1, 5, 6, 2), (3, 3), (1, 2), ((2, 0), (1, 1))), label="uneven"),
    Case("average_pool", (u(1, 4, 4, 3, 1), (2, 2, 2), (2, 2, 2), ((0, 0), (0, 0), (0, 1))), label="3d"),
    Case("depthwise_conv", (u(2, 5, 5, 2), u(3, 2, 2, 2), (1, 1), ((1, 1), (0, 1)), (1, 1))),
    Case("depthwise_conv", (u(1, 6, 6, 2), u(2, 2, 2, 1), (2, 2), ((0, 0), (0, 0)), (1, 1)), label="strided"),
    Case("depthwise_conv", (u(1, 6, 6, 2), u(2, 2, 2, 1), (1, 1), ((1, 1), (0, 0)), (2, 2)), label="dilated"),
    Case("depthwise_conv", (u(1, 6, 5, 1), u(2, 2, 1, 2), (1, 2), ((0, 0), (0, 0)), (1, 1)), label="uneven-strides"),
    Case("depthwise_conv", (u(1, 6, 2), u(3, 2, 2), (1,), ((2, 0),), (1,)), label="1d"),
    *(Case(n, (X, axes), label=str(axes)) for n in ("moments", "mean", "variance") for axes in ((2,), (0, 1), (0, 1, 2))),
    *(Case(n, (X, ()), label="no-axes") for n in ("mean", "variance")),
    *(Case(n, (SPECIAL, (1,)), grad=False, label="special") for n in ("mean", "variance")),
    *(Case(n, (np.ones((2, 0)), (1,)), grad=False, label="empty") for n in ("mean", "variance")),
    *(Case("stacked", (axis, X, u(3, 4, 5), X), label=str(axis)) for axis in (0, 1, 3)),
    *(Case("equal_parts", (X, n, axis), label=str(axis)) for n, axis in ((3, 0), (2, 1), (5, 2))),
    *(Case("products", (tuple(letters.split(",")), out, *xs), label=f"{letters}-{out}".replace(",", "-")) for letters, out, *xs in (
        ("bthd,bshd", "bhts", u(2, 3, 2, 4), u(2, 5, 2, 4)), ("abc", "ca", u(2, 3, 4)), ("ab,bc", "ca", u(2, 3), u(3, 4)),
        ("ab,cd", "da", u(2, 3), u(4, 5)), ("ab,ab", "a", u(2, 3), u(1, 3)), ("aab,b", "a", u(2, 2, 3), u(3)),
        ("ab,bc,cd", "ad", u(2, 3), u(3, 4), u(4, 2)), ("a,a", "", u(4), u(4)))),
    *(Case("layer_norm", (X, u(5), u(5), (2,), 1e-3)) for _ in range(1)),
    Case("layer_norm", (X, None, None, (1, 2), 1e-3), label="plain"),
    Case("layer_norm", (X, u(4), None, (1,), 1e-3), label="inner"),
    Case("rms_norm", (X, u(5), (2,), 1e-3)),
    Case("rms_norm", (X, None, (1, 2), 1e-3), label="plain"),
    Case("batch_norm", (X, u(5), np.abs(u(5)) + 0.1, u(5), u(5), 2, 1e-3)),
    Case("batch_norm", (X, u(4), np.abs(u(4)) + 0.1, None, None, 1, 1e-3), label="inner"),
    Case("batch_norm", (u(2, 3, 3, 2), u(2), np.abs(u(2)) + 0.1, u(2), u(2), 3, 1e-3), label="image"),
    *(Case("batch_norm_training", (x, *(u(x.shape[axis]) if w else None for w in (gamma, beta)), axis, 1e-3), label=label)
      for label, x, gamma, beta, axis in (
        ("plain", u(6, 3), False, False, 1), ("sequence", X, True, True, 2), ("inner", X, True, False, 1),
        ("image", u(3, 4, 2, 2), False, True, 3), ("volume", u(2, 2, 3, 2, 2), True, True, 4),
        ("one", u(1, 1, 1, 3), True, True, 3))),
    *(Case("softmax_grad", (X, np.abs(X), axis), label=str(axis)) for axis in (0, 2)),
    Case("batch_norm_training_grad", (X, X * 2, u(5), np.abs(u(5)), u(5), 2, 1e-3)),
    Case("batch_norm_training_grad", (X, X * 2, u(4), np.abs(u(4)), None, 1, 1e-3), label="inner"),
    Case("attention", (u(2, 3, 2, 4), u(2, 5, 2, 4), u(2, 5, 2, 4), None, None, 0.5, False)),
    Case("attention", (u(1, 4, 2, 3), u(1, 4, 2, 3), u(1, 4, 2, 3), u(2, 4, 4), None, 0.5, True), label="causal-bias"),
    Case("attention", (*(u(2, 3, 1, 2) for _ in range(3)), None, MASK[:, None, None], 1.0, False), label="mask"),
    Case("embedding", (u(6, 3), ids(6, 2, 4))),
    Case("one_hot", (ids(4, 2, 3), 4, 2, "float32"), grad=False),
    *(Case("take_wrapped", (X, ids(3, 2, 2) - 1, axis), label=str(axis)) for axis in (0, 2)),
    Case("wrapped_index", (ids(5, 2, 3), 5), grad=False),
    Case("wrapped_index", (ids(9, 4, dtype="int64") - 5, 5), grad=False, label="negative"),
    Case("wrapped_index", (ids(5, 0), 5), grad=False, label="empty"),
    Case("one_hot", (np.array([[-1, 0, 5]], "int64"), 3, 1, "int32"), grad=False, label="outside"),
    Case("one_hot", (ids(4, 2, dtype="uint8"), 4, 0, "bool"), grad=False, label="bool"),
    *(Case("lstm", (*RNN, u(4, 12), u(3, 12), u(12), mask, drop, back, *functions), drop is None, label)
      for label, mask, drop, back, functions in (
        ("plain", None, None, False, USUAL), ("reverse", None, None, True, USUAL), ("mask", MASK, None, False, USUAL),
        ("drop", None, u(2, 3), True, USUAL), ("linear", MASK, None, False, ("linear", "hard_sigmoid")))),
    Case("lstm", (u(1, 7, 2), u(1, 2), u(1, 2), u(2, 8), u(2, 8), None, None, None, False, *USUAL), label="long-no-bias"),
    *(Case("gru", (u(2, 3, 4), u(2, 3), u(4, 9), u(3, 9), u(2, 9) if after else u(9), mask, drop, back, *functions, after),
           drop is None, f"{label}-{after}")
      for after in (True, False)
      for label, mask, drop, back, functions in (
        ("plain", None, None, False, USUAL), ("reverse", None, None, True, USUAL), ("mask", MASK, None, False, USUAL),
        ("drop", MASK, u(2, 3), True, USUAL), ("linear", None, None, False, ("linear", "hard_sigmoid")))),
    Case("gru", (u(1, 7, 2), u(1, 2), u(2, 6), u(2, 6), None, None, None, False, *USUAL, True), label="long-no-bias"),
    *(Case("simple_rnn", (u(2, 3, 4), u(2, 3), u(4, 3), u(3, 3), bias, mask, drop, back, act), drop is None, f"{act}-{back}")
      for act, bias, mask, drop, back in (
        ("tanh", u(3), None, None, False), ("sigmoid", None, MASK, u(2, 3), True), ("relu", u(3) + 2, MASK, None, False))),
    Case("adam_update", (u(2, 3), *MOMENTS, RATE, 0.9, 0.999, 1e-7, np.array(3.0)), False, dtypes=WIDE),
    Case("momentum_update", (u(2, 3), u(2, 3), u(2, 3), RATE, 0.9, False), False, dtypes=WIDE),
    Case("momentum_update", (u(2, 3), u(2, 3), u(2, 3), RATE, 0.9, True), False, "nesterov", WIDE),
    Case("rmsprop_update", (*MOMENTS, RATE, 0.9, 1e-7), False, dtypes=WIDE),
]  # fmt: skip
#: 16 bits: a chain of roundings is compared with one of float64.
LOOSE = {"bfloat16": 4, "float16": 4, "float32": 5, "float64": 1e3}
ATOL = {"bfloat16": 3e-2, "float16": 4e-3, "float32": 5e-6, "float64": 1e-9}


def as_dtype(case: Case, dtype: str) -> list[Any]:
    def settle(a: Any) -> Any:
        return a.astype(to_numpy_dtype(dtype)) if isinstance(a, np.ndarray) and a.dtype == np.float64 else a

    return [settle(a) for a in case.args]


def flat(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def run(f: Callable[..., Any], engine: Engine, args: list[Any]) -> list[Any]:
    return flat(f(*(engine.constant(a, str(a.dtype)) if isinstance(a, np.ndarray) else a for a in args)))


def reference(case: Case, args: list[Any]) -> list[np.ndarray]:
    """The shared body on the numpy engine, in float64."""
    wide = [a.astype(np.float64) if isinstance(a, np.ndarray) and a.dtype.kind in "fV" else a for a in args]
    with select.using("numpy") as host, np.errstate(all="ignore"):
        return [np.asarray(host.to_numpy(y)) for y in run(KERNELS[case.name].body, host, wide)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("case", "dtype"), [(c, d) for c in CASES for d in c.dtypes], ids=str)
def test_kernel(engine: Engine, case: Case, dtype: str, request: pytest.FixtureRequest) -> None:
    needs(engine, request, dtype)
    args = as_dtype(case, dtype)
    expected = reference(case, args)
    places = [i for i, a in enumerate(args) if isinstance(a, np.ndarray)]

    def traced(*tensors: Any) -> list[Any]:
        full = list(args)
        for i, x in zip(places, tensors, strict=True):
            full[i] = x
        return flat(KERNELS[case.name](*full))

    eager = run(KERNELS[case.name], engine, args)
    specs = [(args[i].shape, str(args[i].dtype)) for i in places]
    compiled = engine.trace_and_compile(traced, specs)(*(args[i] for i in places))
    for outputs, how in ((eager, "eager"), (compiled, "compiled")):
        for got, want in zip(outputs, expected, strict=True):
            assert engine.spec(got)[1] in (dtype, case.args[-1]) or case.name in ("moments", "wrapped_index")
            close(
                engine.to_numpy(got), want, LOOSE[dtype], ATOL[dtype], f"{case}: {how} differs from the body"
            )


@pytest.mark.parametrize("case", [c for c in CASES if c.grad], ids=str)
def test_kernel_gradient(engine: Engine, case: Case, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "value_and_grad", "float64")
    args = as_dtype(case, "float64")
    smooth = [i for i, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype == np.float64]
    weights = weights_for(reference(case, args))
    if case.name == "batch_norm_training":  # the moments are constants to the gradient
        weights[1:] = [None, None]

    def put(values: Any) -> list[Any]:
        full = list(args)
        for i, v in zip(smooth, values, strict=True):
            full[i] = v
        return full

    def scalar(values: Any) -> float:
        pairs = zip(reference(case, put(values)), weights, strict=True)
        return float(sum(np.sum(y * w) for y, w in pairs if w is not None))

    def on_engine(*tensors: Any) -> tuple[Any, None]:
        inner = select.current()
        return weighted_sum(inner, run(KERNELS[case.name], inner, put(tensors)), weights), None

    gradients = engine.value_and_grad(on_engine, [], [engine.constant(args[i], "float64") for i in smooth])[3]
    for got, want in zip(gradients, finite_differences(scalar, [args[i] for i in smooth]), strict=True):
        got = np.zeros(want.shape) if got is None else engine.to_numpy(got)
        np.testing.assert_allclose(got, want, 1e-5, 1e-6, err_msg=f"{case}: gradient")


@pytest.mark.parametrize(
    "shape", [(8, 5, 4, 3), (8, 20, 3), (8, 33, 30, 3), (2, 4, 5, 4, 3), (1, 1, 1, 3)], ids=str
)
def test_batch_norm_training_in_float32(engine: Engine, shape: tuple[int, ...]) -> None:
    """Where engines have kernels of their own: results, and gradients of y alone, against the body in float64."""
    args = [u(*shape) + 3, u(3) + 1.5, u(3)]
    weights = u(*shape)

    def run_on(e: Engine, dtype: str) -> list[np.ndarray]:
        def loss(*tensors: Any) -> tuple[Any, Any]:
            ys = KERNELS["batch_norm_training"](*tensors, len(shape) - 1, 1e-3)
            return weighted_sum(select.current(), ys, [weights, None, None]), list(ys)

        _, ys, _, found = e.value_and_grad(loss, [], [e.constant(a.astype(dtype), dtype) for a in args])
        return [np.asarray(e.to_numpy(y)) for y in (*ys, *found)]

    with select.using("numpy") as host:
        want = run_on(host, "float64")
    rounding = np.prod(shape[:-1]) * 2.0**-23  # of as many terms of about 1 as each sum has
    tolerances = [2e-5] * 4 + [
        max(2e-5, rounding)
    ] * 2  # y and its moments, the gradient by x; those by gamma and beta
    for got, w, tolerance in zip(run_on(engine, "float32"), want, tolerances, strict=True):
        np.testing.assert_allclose(got, w, 2e-5, tolerance)


ATTENTIONS = [
    (None, None, False),
    (u(1, 4, 4), None, True),
    (u(6, 2, 4, 4), u(6, 1, 4, 4) > 0, False),
    (u(1, 2, 4, 4), u(4, 4) > 0, True),
]


@pytest.mark.parametrize("others", ATTENTIONS, ids=["plain", "shared-bias", "bias-and-mask", "shared"])
def test_attention_group_by_group(engine: Engine, others: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of six rows with 32 scores each, three groups of two are made where 64 scores are many."""
    bias, mask, causal = others
    args = [u(6, 4, 2, 3), u(6, 4, 2, 3), u(6, 4, 2, 3), bias, mask, 0.5, causal]
    case = Case("attention", tuple(args))
    whole = reference(case, args)
    weights = weights_for(whole)
    tensors = [engine.constant(a, "float64") for a in args[:3]]

    def loss(*tensors: Any) -> tuple[Any, None]:
        inner = select.current()
        y = run(KERNELS["attention"], inner, [*tensors, *args[3:]])
        return weighted_sum(inner, y, weights), None

    want = engine.value_and_grad(loss, [], tensors)[3]
    monkeypatch.setattr("keras.ops.nn.attention._MANY_SCORES", 64)
    assert _groups((6, 4, 2, 3), 4) == 3
    got = run(KERNELS["attention"], engine, args)
    np.testing.assert_allclose(engine.to_numpy(got[0]), whole[0], 1e-12, 1e-15)
    for a, b in zip(engine.value_and_grad(loss, [], tensors)[3], want, strict=True):
        np.testing.assert_allclose(engine.to_numpy(a), engine.to_numpy(b), 1e-9, 1e-12)


@pytest.mark.parametrize("name", ["adam_update", "momentum_update"])
@pytest.mark.parametrize("shape", [(3, 4), (300, 301)], ids=str)
def test_updates_of_variables_in_compiled_steps(engine: Engine, name: str, shape: tuple[int, ...]) -> None:
    """Engines may do them in place."""
    slots, gradient = [u(*shape) for _ in range(2)] + [np.abs(u(*shape))], u(*shape)
    slots, rate = slots[: 3 if name == "adam_update" else 2], np.array(0.1)

    def update(e: Engine, values: Any, gradient: Any, step: Any) -> list[Any]:
        if name == "adam_update":
            p, m, v = values
            return flat(KERNELS[name](p, gradient, m, v, e.constant(rate, "float64"), 0.9, 0.999, 1e-7, step))
        return flat(KERNELS[name](values[0], gradient, values[1], e.constant(rate, "float64"), 0.9, True))

    variables = [Variable(s, dtype="float64") for s in slots]

    def training_step(gradient: Any, step: Any) -> list[Any]:
        values = [engine.read_variable(v) for v in variables]
        new = update(engine, values, engine.mul(gradient, step), step)
        for v, x in zip(variables, new, strict=True):
            engine.write_variable(v, x)
        return [engine.reduce_sum(values[0], (0, 1))]

    compiled = engine.trace_and_compile(training_step, [(shape, "float64"), ((), "float64")])
    for i in (1.0, 2.0, 3.0):
        (before,) = compiled(gradient, np.float64(i))
        np.testing.assert_allclose(float(engine.to_numpy(before)), slots[0].sum(), 1e-9, 1e-9)
        with select.using("numpy") as host:
            tensors = [host.constant(s, "float64") for s in slots]
            slots = [
                np.array(y)
                for y in update(host, tensors, gradient * i, host.constant(np.float64(i), "float64"))
            ]
    for v, want in zip(variables, slots, strict=True):
        np.testing.assert_allclose(engine.to_numpy(engine.read_variable(v)), want, 1e-9, 1e-12)


def test_every_kernel_has_a_case() -> None:
    assert {c.name for c in CASES} >= set(KERNELS)


def test_what_an_engine_adds_is_a_kernel(engine: Engine) -> None:
    """A public method that is neither primitive, service nor kernel would never be called."""
    public = {n for n in dir(type(engine)) if not n.startswith("_") and callable(getattr(type(engine), n))}
    assert public - set(PRIMITIVES) - set(KERNELS) <= SERVICES
