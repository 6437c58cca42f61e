"""Every pull-back against central differences in float64, ties against TensorFlow, and tapes put to use."""

import gc
import json
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras.backend import select, vjp
from keras.backend.state import Variable
from keras.backend.vjp.rules import RULES
from keras.layers.rnn import kernels as rnn
from keras.ops import kernels
from keras.ops.dispatch import KERNELS
from keras.ops.nn.attention import attention

E = select.get("numpy")
GOLDEN = Path(__file__).parents[2] / "golden" / "vjp"
rng = np.random.default_rng(3)


def normal(*shape: int) -> Any:
    return rng.normal(size=shape)


def later(*shape: int) -> Any:
    """Numbers for rows that were added, so that the others keep theirs."""
    return np.random.default_rng(shape).normal(size=shape)


def positive(*shape: int) -> Any:
    return rng.uniform(0.5, 2, shape)


def inside(*shape: int) -> Any:
    return rng.uniform(-0.8, 0.8, shape)


def apart(*shape: int) -> Any:
    """Numbers no two of which are near each other: no kink within reach of a finite difference."""
    return rng.permutation(np.prod(shape)).reshape(shape) * 0.37 - 0.18 * np.prod(shape) + 0.05


def ints(n: int, *shape: int) -> Any:
    return rng.integers(0, n, shape).astype("int32")


def weighted(outputs: Any) -> Any:
    """A scalar in which every element of every float output counts differently."""
    e = select.current()
    total = None
    for y in outputs if isinstance(outputs, (list, tuple)) else [outputs]:
        shape, dtype = e.spec(y)
        if not dtype.startswith("float"):
            continue
        weight = e.constant(np.cos(1.7 * np.arange(int(np.prod(shape))) + 0.3).reshape(shape), dtype)
        part = e.reduce_sum(e.mul(y, weight), tuple(range(len(shape))))
        total = part if total is None else e.add(total, part)
    return total


def gradients(f: Callable[..., Any], xs: list[Any]) -> list[Any]:
    with select.using("numpy"):
        value, _, _, found = E.value_and_grad(lambda *ts: (weighted(f(*ts)), None), [], xs)
        np.testing.assert_allclose(value, weighted(f(*xs)), rtol=1e-10)  # taped or not
    return found


def numeric(f: Callable[..., Any], xs: list[Any], which: int, step: float = 1e-5) -> Any:
    """Central differences by one argument."""
    g = np.zeros(xs[which].shape)
    with select.using("numpy"):
        for at in np.ndindex(*xs[which].shape):
            ends = []
            for sign in (1, -1):
                moved = [x.copy() for x in xs]
                moved[which][at] += sign * step
                ends.append(float(weighted(f(*moved))))
            g[at] = (ends[0] - ends[1]) / (2 * step)
    return g


def check(f: Callable[..., Any], xs: list[Any], tolerance: float = 2e-7) -> None:
    xs = [np.array(x) for x in xs]
    found = gradients(f, xs)
    for i, x in enumerate(xs):
        if x.dtype.kind != "f":
            assert found[i] is None
            continue
        expected = numeric(f, xs, i)
        if found[i] is None:
            assert not expected.any()
            continue
        assert found[i].shape == x.shape
        assert found[i].dtype == x.dtype
        scale = max(1.0, float(np.abs(expected).max(initial=0)))
        np.testing.assert_allclose(found[i], expected, atol=tolerance * scale)


spd = (lambda a: a @ a.transpose(0, 2, 1) + 2 * np.eye(4))(normal(2, 4, 4))
SCATTER = np.array([[0, 1], [2, 0], [0, 1], [1, 2]], "int32")
STEPS = np.array([[False, True, False, True], [True, True, False, False]])
DROP = np.array([[0.0, 2.0, 2.0, 0.0, 2.0], [2.0, 0.0, 2.0, 2.0, 2.0]])
MASK = np.array([True, False, True])


def symmetric(a: Any) -> Any:
    e = select.current()
    return e.mul(e.add(a, e.transpose(a, (0, 2, 1))), np.array(0.5))


def eigh_products(a: Any) -> Any:
    """What does not depend on the signs of the eigenvectors."""
    e = select.current()
    w, v = e.eigh(a)
    return w, e.mul(v, v)


def svd_products(a: Any) -> Any:
    e = select.current()
    u, s, vh = e.svd(a, False, True)
    return s, e.matmul(u, vh), e.mul(u, u), e.mul(vh, vh)


def complex_arithmetic(a: Any, b: Any) -> Any:
    e = select.current()
    z = e.complex(a, b)
    w = e.div(e.mul(z, e.exp(z)), e.add(z, e.cast(b, "complex128")))
    w = e.matmul(e.reshape(w, (1, 3)), e.reshape(e.mul(z, w), (3, 1)))
    return e.abs(w), e.real(w), e.imag(e.log(z)), e.cast(e.sqrt(z), "float64")


#: Primitive or kernel: lists of (tensors, static arguments).
ROWS: dict[str, list[tuple[list[Any], tuple[Any, ...]]]] = {
    "neg": [([normal(3)], ())],
    "abs": [([apart(3, 2)], ())],
    "sign": [([apart(4)], ())],
    **{n: [([inside(2, 3)], ())] for n in ("exp", "expm1", "sin", "cos", "tanh", "sigmoid", "erf")},
    **{n: [([inside(2, 3)], ())] for n in ("asin", "atan", "erfinv", "log1p")},
    **{n: [([positive(2, 3)], ())] for n in ("log", "sqrt", "rsqrt")},
    "cast": [([normal(3)], ("float64",))],
    **{n: [([normal(2, 3), normal(3)], ()), ([normal(2, 1), normal(1, 3)], ())] for n in ("add", "sub", "mul")},
    "div": [([normal(2, 3), positive(3)], ()), ([normal(), positive(2)], ())],
    "pow": [([positive(2, 3), normal(3)], ())],
    "maximum": [([apart(4, 3), apart(3) + 0.1], ())],
    "minimum": [([apart(4, 3), apart(3) + 0.1], ())],
    "mod": [([apart(4), positive(4)], ())],
    "atan2": [([normal(3), positive(2, 3)], ())],
    "select": [([MASK, normal(2, 3), normal(1)], ())],
    "reshape": [([normal(2, 3)], ((3, 1, 2),))],
    "transpose": [([normal(2, 3, 4)], ((2, 0, 1),))],
    "broadcast_to": [([normal(2, 1)], ((4, 2, 3),)), ([normal()], ((2,),))],
    "slice": [([normal(5, 6)], ((1, 0), (4, 6), (1, 1))), ([normal(7, 6)], ((1, 1), (7, 6), (3, 2)))],
    "pad": [([normal(2, 3)], ((1, 0), (0, 2), 0.5))],
    "flip": [([normal(2, 3)], ((1,),))],
    "take": [
        ([normal(4, 3), ints(4, 5)], (0,)),
        ([normal(2, 4, 3), ints(4, 2, 3)], (1,)),
        ([normal(4), ints(4)], (0,)),
    ],
    "take_along": [([normal(3, 4), ints(4, 3, 6)], (1,)), ([normal(3, 4, 2), ints(3, 5, 4, 2)], (0,))],
    "gather_nd": [([normal(3, 4, 2), SCATTER], ())],
    "scatter_nd": [
        ([normal(3, 4, 2), SCATTER, normal(4, 2)], ("add",)),
        ([normal(3, 4, 2), SCATTER[:2], normal(2, 2)], ("set",)),
        ([normal(3, 4, 2), SCATTER, normal(4, 2)], ("mul",)),
        ([normal(3, 4, 2), SCATTER, np.array([[0.0, 1], [2, 0], [3, 4], [5, 6]])], ("mul",)),
        ([apart(3, 4, 2), SCATTER, apart(4, 2) + 0.1], ("max",)),
        ([apart(3, 4, 2), SCATTER, apart(4, 2) + 0.1], ("min",)),
    ],
    "sort": [([apart(3, 5)], (1,)), ([apart(3, 5)], (0,))],
    "top_k": [([apart(3, 5)], (2,))],
    "reduce_sum": [([normal(2, 3, 4)], ((0, 2),)), ([normal(2)], ((),))],
    "reduce_max": [([apart(2, 3, 4)], ((0, 2),)), ([apart(3)], ((0,),))],
    "reduce_min": [([apart(2, 3, 4)], ((1,),))],
    "reduce_prod": [
        ([normal(2, 3, 4)], ((0, 2),)),
        ([np.array([[0.0, 2, 3], [0, 0, 4], [1, 2, 3]])], ((1,),)),
        ([normal(2, 3)], ((),)),
    ],
    "cumsum": [([normal(2, 5)], (1,)), ([normal(4, 2)], (0,))],
    "cumprod": [([normal(2, 5)], (1,)), ([np.array([2.0, 0, 3, 0, 5, 6, 7])], (0,)), ([normal(4, 2)], (0,))],
    "matmul": [
        ([normal(3, 4), normal(4, 2)], ()),
        ([normal(5, 3, 4), normal(4, 2)], ()),
        ([normal(5, 1, 3, 4), normal(2, 4, 2)], ()),
        ([normal(3, 4), normal(2, 4, 2)], ()),
    ],
    "dot_general": [
        ([normal(2, 3, 4, 5), normal(5, 2, 4, 6)], (((2, 3), (2, 0)), ((0,), (1,)))),
        ([normal(2, 3), normal(4)], (((), ()), ((), ()))),
        ([normal(3, 2, 4), normal(2, 4, 3)], (((2, 0), (1, 2)), ((1,), (0,)))),
    ],
    "conv": [
        ([normal(2, 7, 3), normal(3, 3, 4)], ((2,), ((1, 1),), (1,), 1)),
        ([normal(2, 5, 6, 4), normal(2, 3, 2, 4)], ((1, 2), ((0, 1), (1, 1)), (2, 1), 2)),
    ],
    "conv_input_grad": [([normal(2, 4, 4), normal(3, 3, 4)], ((2, 7, 3), (2,), ((1, 1),), (1,), 1))],
    "conv_kernel_grad": [([normal(2, 7, 3), normal(2, 4, 4)], ((3, 3, 4), (2,), ((1, 1),), (1,), 1))],
    "reduce_window": [
        ([apart(2, 6, 5, 2)], ((3, 2), (2, 1), ((1, 0), (0, 1)), op)) for op in ("max", "sum")
    ],
    "reduce_window_grad": [
        ([apart(2, 6, 2), normal(2, 3, 2)], ((3,), (2,), ((1, 0),), op)) for op in ("max", "sum")
    ],
    "fft": [([normal(2, 5), normal(2, 5)], (False,)), ([normal(4), normal(4)], (True,))],
    "solve": [([normal(2, 4, 4), normal(2, 4, 3)], ())],
    "triangular_solve": [([normal(2, 4, 4) + 3 * np.eye(4), normal(2, 4, 3)], (low,)) for low in (True, False)],
    "lu": [([normal(2, 5, 5)], ()), ([normal(3, 3)], ()), ([normal(2, 5, 3)], ()), ([normal(3, 5)], ())],
    "qr": [([normal(2, 5, 3)], ("reduced",)), ([normal(3, 3)], ("complete",))],
    "svd": [([normal(2, 4, 3)], (False, False)), ([normal(3, 5)], (False, False))],
    # kernels
    "relu": [([apart(3, 4)], ())],
    **{n: [([normal(3, 4)], ())] for n in ("softplus", "silu", "erfc")},
    "gelu": [([normal(3, 4)], (True,)), ([normal(3, 4)], (False,))],
    "softmax": [([normal(3, 4)], (1,)), ([normal(3, 4)], (0,))],
    "log_softmax": [([normal(3, 4)], (1,))],
    "logsumexp": [([normal(3, 4, 2)], ((0, 2),))],
    "softmax_cross_entropy": [([positive(3, 4), normal(3, 4)], ())],
    "sparse_softmax_cross_entropy": [([ints(4, 3), normal(3, 4)], ())],
    "sigmoid_cross_entropy": [([inside(3, 4), normal(3, 4)], ())],
    "max_pool": [([apart(2, 6, 5, 2)], ((2, 3), (2, 1), ((0, 0), (1, 1))))],
    "average_pool": [
        ([normal(2, 6, 5, 2)], ((2, 3), (2, 1), ((0, 0), (1, 1)))),
        ([normal(2, 6, 2)], ((2,), (2,), ((0, 0),))),
    ],
    "depthwise_conv": [([normal(2, 5, 5, 3), normal(3, 2, 3, 2)], ((2, 1), ((1, 1), (0, 1)), (1, 1)))],
    "moments": [([normal(3, 4, 2)], ((0, 1),))],
    "batch_norm": [([normal(5, 2, 3), normal(3), positive(3), normal(3), normal(3)], (2, 1e-3))],
    "embedding": [([normal(6, 3), ints(6, 2, 5)], ())],
}  # fmt: skip


def call(name: str) -> Callable[..., Any]:
    """The primitive or kernel `name` on whatever engine is in force."""
    return KERNELS[name] if name in KERNELS else lambda *args: getattr(select.current(), name)(*args)


@pytest.mark.parametrize("name", ROWS)
def test_rule_against_finite_differences(name: str) -> None:
    for tensors, static in ROWS[name]:
        check(lambda *xs, static=static: call(name)(*xs, *static), tensors)


def concat(*xs: Any) -> Any:
    return select.current().concat(xs, 1)


def at(*starts: int) -> list[Any]:
    return [np.array(i, "int32") for i in starts]


#: Calls that are no rows: lists among the arguments, results only defined up to a sign, complex numbers.
OTHERS: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "concat": (concat, [normal(2, 3), normal(2, 1), normal(2, 2)]),
    "dynamic_slice": (lambda x: select.current().dynamic_slice(x, at(1, 9), (2, 3)), [normal(4, 5)]),
    "dynamic_update": (
        lambda x, u: select.current().dynamic_update(x, u, at(1, -1)),
        [normal(4, 5), normal(2, 3)],
    ),
    "cholesky": (lambda a: select.current().cholesky(symmetric(a)), [spd]),
    "eigh": (lambda a: eigh_products(symmetric(a)), [normal(2, 4, 4)]),
    "svd": (lambda a: svd_products(a), [normal(2, 5, 3)]),
    "svd_wide": (lambda a: svd_products(a), [normal(3, 5)]),
    "layer_norm": (lambda *xs: kernels.layer_norm(*xs, (1, 2), 1e-3), [normal(3, 4, 2), normal(4, 2), normal(4, 2)]),
    "layer_norm_bare": (lambda x: kernels.layer_norm(x, None, None, (1,), 1e-3), [normal(3, 4, 2)]),
    "layer_norm_scale": (lambda x, g: kernels.layer_norm(x, g, None, (1,), 1e-3), [normal(3, 4, 2), normal(4)]),
    "rms_norm": (lambda *xs: kernels.rms_norm(*xs, (1, 2), 1e-3), [normal(3, 4, 2), normal(4, 2)]),
    "rms_norm_bare": (lambda x: kernels.rms_norm(x, None, (2,), 1e-3), [normal(3, 4, 2)]),
    "batch_norm_bare": (
        lambda *xs: kernels.batch_norm(*xs, None, None, 1, 1e-3),
        [normal(5, 2, 3), normal(2), positive(2)],
    ),
    "batch_norm_training": (  # its moments are constants to the gradient
        lambda *xs: kernels.batch_norm_training(*xs, 2, 1e-3)[0],
        [normal(5, 2, 3), normal(3), normal(3)],
    ),
    "batch_norm_training_bare": (
        lambda x: kernels.batch_norm_training(x, None, None, 1, 1e-3)[0],
        [normal(5, 2, 3)],
    ),
    "attention": (
        lambda q, k, v, b: attention(q, k, v, b, None, 0.5, True),
        [normal(2, 3, 2, 4), normal(2, 3, 2, 4), normal(2, 3, 2, 4), normal(3, 3)],
    ),
    "logsumexp_of_nothing": (
        lambda x: select.current().slice(
            kernels.logsumexp(select.current().add(x, np.array([[0, 0], [-np.inf, -np.inf]])), (1,)),
            (0,), (1,), (1,),
        ),
        [normal(2, 2)],
    ),
    **{
        f"lstm{mask is not None:d}{reverse:d}{len(bias)}": (
            lambda x, h, c, k, r, *b, mask=mask, drop=drop, static=(reverse, *functions): rnn.lstm(
                x, h, c, k, r, b[0] if b else None, mask, drop, *static
            ),
            [normal(2, 4, 3), normal(2, 5), normal(2, 5), normal(3, 20), normal(5, 20), *bias],
        )
        for mask, drop, reverse, functions, bias in (
            (None, None, False, ("tanh", "sigmoid"), [normal(20)]),
            (STEPS, DROP, False, ("relu", "hard_sigmoid"), [normal(20)]),
            (STEPS, None, True, ("linear", "sigmoid"), []),
        )
    },
    **{
        f"gru{mask is not None:d}{reverse:d}{after:d}{len(bias)}": (
            lambda x, h, k, r, *b, mask=mask, drop=drop, static=(reverse, *functions, after): rnn.gru(
                x, h, k, r, b[0] if b else None, mask, drop, *static
            ),
            [normal(2, 4, 3), normal(2, 5), normal(3, 15), normal(5, 15), *bias],
        )
        for mask, drop, reverse, functions, after, bias in (
            (None, None, False, ("tanh", "sigmoid"), True, [normal(2, 15)]),
            (STEPS, DROP, True, ("relu", "hard_sigmoid"), True, []),
            (None, DROP, True, ("linear", "sigmoid"), False, [normal(15)]),
            (STEPS, None, False, ("tanh", "sigmoid"), False, []),
        )
    },
    **{
        f"simple_rnn{mask is not None:d}{reverse:d}{len(bias)}": (
            lambda x, h, k, r, *b, act=act, mask=mask, drop=drop, reverse=reverse: rnn.simple_rnn(
                x, h, k, r, b[0] if b else None, mask, drop, reverse, act
            ),
            [later(2, 4, 3), later(2, 5), later(3, 5), later(5, 5), *bias],
        )
        for act, mask, drop, reverse, bias in (
            ("tanh", None, None, False, [later(5)]),
            ("sigmoid", STEPS, DROP, True, []),
            ("relu", STEPS, None, False, [later(5) + 20]),
        )
    },
    "complex": (complex_arithmetic, [normal(3), positive(3)]),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_calls_against_finite_differences(name: str) -> None:
    f, tensors = OTHERS[name]
    check(f, tensors, 2e-6 if name.startswith(("svd", "eigh")) else 2e-7)


def test_every_rule_is_tested() -> None:
    assert set(RULES) - set(ROWS) - {n.rstrip("01") for n in OTHERS} == {"real", "imag"}  # in complex


def test_every_kernel_has_a_rule_or_a_body_that_does() -> None:
    modules = kernels.__name__, attention.__module__, rnn.__name__
    here = {name for name, k in KERNELS.items() if k.__module__ in modules}
    assert here - set(RULES) == {
        "attention",
        "batch_norm_training_grad",
        "clip",
        "elu",
        "leaky_relu",
        "mean",
        "one_hot",
        "softmax_grad",
        "variance",
    }


KINKS = json.loads((GOLDEN / "kinks.json").read_text())
KINK_CALLS: dict[str, Callable[..., Any]] = {
    **{name: call(name) for name in ("abs", "sign", "relu", "sqrt", "maximum", "minimum", "pow", "mod")},
    **{f"reduce_{n}": lambda x, n=n: getattr(select.current(), f"reduce_{n}")(x, (1,)) for n in ("max", "min", "prod")},
    "max_pool": lambda x: kernels.max_pool(x, (2,), (2,), ((0, 0),)),
    "scatter_max": lambda x, u: select.current().scatter_nd(x, np.array([[0], [1], [0]]), u, "max"),
}  # fmt: skip


@pytest.mark.parametrize("name", KINKS)
def test_kinks_are_tensorflows(name: str) -> None:
    def total(*xs: Any) -> Any:
        e = select.current()
        y = KINK_CALLS[name](*xs)
        shape = e.spec(y)[0]
        weight = 1 + np.arange(np.prod(shape), dtype="float32").reshape(shape)
        return e.reduce_sum(e.mul(y, weight), tuple(range(len(shape)))), None

    with select.using("numpy"):
        found = E.value_and_grad(total, [], [np.array(x, "float32") for x in KINKS[name]["inputs"]])[3]
    for ours, theirs in zip(found, KINKS[name]["gradients"], strict=True):
        np.testing.assert_allclose(ours, np.array(theirs, float), rtol=1e-6)


# ---------------------------------------------------------------------- tapes
def on_numpy(f: Callable[..., Any], *xs: Any, variables: Any = ()) -> Any:
    with select.using("numpy"):
        return E.value_and_grad(f, list(variables), list(xs))


def test_no_path_is_none() -> None:
    x, y = normal(3), normal(3)

    def f(a: Any, b: Any) -> Any:
        e = select.current()
        total = e.reduce_sum(e.mul(a, e.stop_gradient(e.exp(b))), (0,))
        return e.add(total, e.reduce_sum(e.floor(b), (0,))), {"seen": b, "nothing": None}

    value, aux, _, (da, db) = on_numpy(f, x, y)
    np.testing.assert_allclose(da, np.exp(y))
    assert db is None
    assert aux["seen"] is y
    assert aux["nothing"] is None
    assert isinstance(value, np.ndarray)
    assert on_numpy(lambda a: (np.float64(1)[...], None), x)[3] == [None]


def test_variables() -> None:
    with select.using("numpy"):
        w = Variable(np.array([1.0, 2.0]), dtype="float64")
        unused = Variable(np.array([1.0]), dtype="float64")
        moving = Variable(np.array([0.0, 0.0]), dtype="float64", trainable=False)

        def f(x: Any) -> Any:
            e = select.current()
            y = e.mul(w.value, x)
            e.write_variable(moving, y)
            return e.reduce_sum(e.mul(y, w.value), (0,)), None

        _, _, (dw, none), (dx,) = E.value_and_grad(f, [w, unused], [np.array([3.0, 4.0])])
        np.testing.assert_allclose(dw, [6, 16])
        np.testing.assert_allclose(dx, [1, 4])
        assert none is None
        np.testing.assert_allclose(moving.numpy(), [3, 8])
        assert type(moving.value) is np.ndarray


def test_second_derivatives() -> None:
    x, v = normal(4, 3), normal(4, 3)
    w = normal(3, 3)

    def f(a: Any) -> Any:
        e = select.current()
        h = e.tanh(e.matmul(a, w))
        return e.reduce_sum(e.mul(kernels.softmax(h, 1), e.exp(h)), (0, 1))

    def slope(a: Any) -> Any:  # the gradient, in one direction
        e = select.current()
        _, _, _, (g,) = e.value_and_grad(lambda b: (f(b), None), [], [a])
        return e.reduce_sum(e.mul(g, v), (0, 1)), None

    found = on_numpy(slope, x)[3][0]
    step = 1e-5
    with select.using("numpy"):
        ends = [E.value_and_grad(lambda b: (f(b), None), [], [x + s * step * v])[3][0] for s in (1, -1)]
    np.testing.assert_allclose(found, (ends[0] - ends[1]) / (2 * step), atol=1e-7)


SECOND = {
    "conv": (lambda x, k: select.current().conv(x, k, (2,), ((1, 1),), (1,), 1), [normal(2, 7, 3), normal(3, 3, 4)]),
    "matmul": (lambda a, b: select.current().matmul(a, b), [normal(3, 4), normal(4, 2)]),
    "cumprod": (lambda x: select.current().cumprod(x, 0), [normal(5)]),
    "solve": (lambda a, b: select.current().solve(a, b), [normal(3, 3), normal(3, 2)]),
    "max_pool": (lambda x: kernels.max_pool(x, (2,), (2,), ((1, 0),)), [apart(2, 5, 2)]),
    "take": (lambda x: select.current().take(x, ints(3, 4), 0), [normal(3, 2)]),
    "layer_norm": (lambda x: kernels.layer_norm(x, None, None, (1,), 1e-3), [normal(3, 4)]),
    "div": (lambda a, b: select.current().div(a, b), [normal(3), positive(3)]),
}  # fmt: skip


@pytest.mark.parametrize("name", SECOND)
def test_rules_can_be_differentiated(name: str) -> None:
    f, tensors = SECOND[name]
    indices = {"take": np.array([0, 2, 1, 0], "int32")}
    if name == "take":
        f = lambda x: select.current().take(x, indices["take"], 0)  # noqa: E731

    def squared(*xs: Any) -> Any:
        e = select.current()
        y = f(*xs)
        return weighted(e.mul(y, y)), None

    def inner(*xs: Any) -> Any:
        return [g for g in select.current().value_and_grad(squared, [], list(xs))[3] if g is not None]

    check(inner, tensors, 2e-6)


def test_jvp() -> None:
    x, dx, w = normal(3, 2), normal(3, 2), normal(2, 2)

    def f(a: Any, b: Any) -> Any:
        e = select.current()
        return [e.sin(e.matmul(a, b)), e.floor(a), e.mul(a, a)]

    with select.using("numpy"):
        outputs, tangents = E.jvp(f, [x, w], [dx, np.zeros((2, 2))])
    np.testing.assert_allclose(outputs[0], np.sin(x @ w))
    np.testing.assert_allclose(tangents[0], np.cos(x @ w) * (dx @ w))
    np.testing.assert_array_equal(tangents[1], 0 * x)
    np.testing.assert_allclose(tangents[2], 2 * x * dx)


def test_custom_vjp_sees_the_arguments_and_uses_public_ops() -> None:
    def double(x: Any) -> Any:
        return [select.current().exp(x), select.current().iota(3, "int32")]

    def bwd(xs: Any, ys: Any, dys: Any) -> Any:
        assert type(xs[0]) is np.ndarray
        assert dys[1] is None
        return [select.current().mul(dys[0], np.array(10.0))]

    def f(x: Any) -> Any:
        e = select.current()
        return e.reduce_sum(e.custom_vjp(double, bwd, [x])[0], (0,)), None

    np.testing.assert_array_equal(on_numpy(f, normal(3))[3][0], [10, 10, 10])


def test_host_call() -> None:
    def f(x: Any, with_gradient: bool) -> Any:
        e = select.current()
        bwd = (lambda xs, ys, dys: [2 * xs[0] * dys[0]]) if with_gradient else None
        (y,) = e.host_call(lambda a: [a * a], [((3,), "float64")], [x], bwd)
        return e.reduce_sum(y, (0,)), None

    x = normal(3)
    np.testing.assert_allclose(on_numpy(lambda a: f(a, True), x)[3][0], 2 * x)
    assert on_numpy(lambda a: f(a, False), x)[3] == [None]


def test_control_flow() -> None:
    def f(x: Any) -> Any:
        e = select.current()
        one = np.array(1.0)
        (a,) = e.cond(e.less(x, one), lambda t: [e.mul(t, t)], lambda t: [e.neg(t)], [x])
        _, b = e.while_loop(
            lambda i, t: e.less(i, np.array(3)),
            lambda i, t: [e.add(i, np.array(1)), e.mul(t, x)],
            [np.array(0), one],
        )
        carry, ys = e.scan(
            lambda c, r: ([e.mul(c[0], r[0])], [c[0]]), [x], [e.broadcast_to(x, (2,))], 2, True
        )
        return e.add(e.add(a, b), e.add(carry[0], e.reduce_sum(ys[0], (0,)))), None

    for value in (0.5, 2.0):
        da = 2 * value if value < 1 else -1
        # a + x^3 + x^3 + (x + x^2)
        expected = da + 6 * value**2 + 1 + 2 * value
        np.testing.assert_allclose(on_numpy(f, np.array(value))[3][0], expected)


def test_memory_is_released() -> None:
    """Nothing of the forward pass outlives the call, without help from the garbage collector."""
    alive: list[weakref.ref[Any]] = []

    def f(x: Any) -> Any:
        e = select.current()
        for _ in range(3):
            x = e.tanh(x)
            alive.append(weakref.ref(x.value))
        return e.reduce_sum(x, (0,)), None

    gc.disable()
    try:
        on_numpy(f, normal(5))
        assert [r() for r in alive] == [None] * 3
    finally:
        gc.enable()


def test_traced_tensors_behave_like_tensors() -> None:
    def f(x: Any) -> Any:
        assert x.shape == (2, 3)
        assert x.dtype == "float64"
        assert x.ndim == 2
        assert len(x) == 2
        assert np.asarray(x).shape == (2, 3)
        assert "traced" in repr(x)
        first = select.current().reduce_sum(x, (0, 1))
        assert float(first) == first.numpy()
        assert bool(first) is True
        assert isinstance(int(first), int)
        return first, None

    np.testing.assert_array_equal(on_numpy(f, np.ones((2, 3)))[3][0], np.ones((2, 3)))


def test_tape_of_tapes_is_an_engine() -> None:
    tape = vjp.TapeEngine(vjp.TapeEngine(E))
    x = tape.leaf(tape.inner.leaf(np.array([1.0, 2.0])))
    y = tape.cumsum(x=x, axis=0)
    assert tape.spec(y) == ((2,), "float64")
    assert tape.is_traced(y)
    assert tape.inner.is_traced(tape.untraced(y))
    assert not tape.is_tensor(vjp.TapeEngine(E).leaf(np.ones(2)))
    assert tape.describe()["engine"] == "numpy"
