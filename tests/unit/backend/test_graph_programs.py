"""What the engines share that run graphs on NumPy: joined updates, short forms of calls, many runs in a call."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from keras.backend import select
from keras.backend.graph.fusing import Fused
from keras.backend.graph.joining import Joined
from keras.backend.kernels.arrays import ParallelEngine
from keras.backend.numpy.eager import BareNumPyEngine
from keras.backend.numpy.known import short_form
from keras.backend.state import Variable
from keras.optimizers import kernels  # noqa: F401 (they enter themselves)

rng = np.random.default_rng(5)
SHAPES = [(20, 6), (6,), (1,), (), (3, 1, 4)]
UPDATES = {
    "adam_update": (2, lambda e: (number(e, 0.01), 0.9, 0.999, 1e-7, number(e, 3))),
    "momentum_update": (1, lambda e: (number(e, 0.01), 0.9, True)),
    "rmsprop_update": (1, lambda e: (number(e, 0.01), 0.9, 1e-7)),
}


@pytest.fixture(params=["numpy", "theano", "cntk"])
def e(request: pytest.FixtureRequest) -> Iterator[Any]:
    with select.using(request.param) as engine:
        yield engine


def number(e: Any, value: float) -> Any:
    return e.full((), value, "float32")


def parameter(shape: tuple[int, ...]) -> list[np.ndarray]:
    """A weight, its gradient and two slots."""
    return [np.abs(rng.normal(size=shape)).astype("float32") for _ in range(4)]


def joined_in(compiled: Any) -> int:
    return sum(isinstance(node, Joined) for node in compiled._program.nodes)


def fused_in(compiled: Any) -> list[str]:
    return [str(node.op).split(" with ")[1] for node in compiled._program.nodes if isinstance(node, Fused)]


# ---------------------------------------------------------------------- joined updates
@pytest.mark.parametrize("name", UPDATES)
def test_joined_updates_have_the_bits_of_single_ones(e: Any, name: str) -> None:
    slots, settings = UPDATES[name]
    count = 2 + slots
    arrays = [x for shape in SHAPES for x in parameter(shape)[:count]]
    arrays[1] = np.asfortranarray(arrays[1])
    specs = [(x.shape, "float32") for x in arrays]

    def all_of(*xs: Any) -> list[Any]:
        shared = settings(e)
        groups = [xs[i : i + count] for i in range(0, len(xs), count)]
        return [y for group in groups for y in getattr(e, name)(*group, *shared)]

    together = e.trace_and_compile(all_of, specs)
    assert joined_in(together) == 1
    alone = []
    for i in range(0, len(arrays), count):
        run = e.trace_and_compile(all_of, specs[i : i + count])
        assert joined_in(run) == 0
        alone += run(*arrays[i : i + count])
    for ours, theirs, (shape, dtype) in zip(
        together(*arrays), alone, [s for s in specs[::count] for _ in range(slots + 1)], strict=True
    ):
        assert e.spec(ours) == (shape, dtype)
        assert e.to_numpy(ours).tobytes() == e.to_numpy(theirs).tobytes()


def test_updates_of_other_settings_or_sizes_stay_apart(e: Any) -> None:
    specs = [((3,), "float32")] * 3 + [((200, 200), "float32")] * 3

    def f(p: Any, g: Any, v: Any, *large: Any) -> list[Any]:
        rate, other = number(e, 0.1), number(e, 0.2)
        calls = [(rate, 0.9, False), (other, 0.9, False), (rate, 0.8, False), (rate, 0.9, True)]
        return [y for c in calls for y in e.momentum_update(p, g, v, *c)] + [
            *e.momentum_update(*large, *calls[0])
        ]

    assert joined_in(e.trace_and_compile(f, specs)) == 0


def test_updates_that_follow_from_each_other_stay_in_order(e: Any) -> None:
    """The gradient of the second comes from the first; others, and what looks at new values, wait or do not."""
    w = Variable(np.ones(3, "float32"))

    def f(p: Any, g: Any, v: Any) -> list[Any]:
        settings = number(e, 0.1), 0.9, False
        w.assign(e.mul(p, g))
        first, v1 = e.momentum_update(p, g, v, *settings)
        seen = e.reduce_sum(first, (0,))
        second, v2 = e.momentum_update(p, first, v, *settings)
        third, v3 = e.momentum_update(g, v, p, *settings)
        fourth, v4 = e.momentum_update(v, e.add(second, third), p, *settings)
        w.assign(e.add(w.value, fourth))
        return [first, v1, second, v2, third, v3, fourth, v4, seen]

    p, g, v, _ = parameter((3,))
    eager = [e.to_numpy(y) for y in f(*(e.constant(x, "float32") for x in (p, g, v)))]
    kept = w.numpy()
    run = e.trace_and_compile(f, [((3,), "float32")] * 3)
    assert joined_in(run) == 1  # of the first and the third
    for got, want in zip(run(p, g, v), eager, strict=True):
        np.testing.assert_allclose(e.to_numpy(got), want, 1e-6)
    np.testing.assert_allclose(w.numpy(), kept, 1e-6)


# ---------------------------------------------------------------------- short forms
def rows() -> Iterator[tuple[str, tuple[Any, ...]]]:
    for dtype in ("float32", "float64", "float16", "int32", "bool"):
        x, row, scalar = (np.ones(shape, dtype) for shape in ((4, 3), (3,), ()))
        long = rng.normal(size=(900, 2)).astype(dtype)
        for args in ((x, row), (scalar, x), (scalar, scalar), (x[:0], row), (x.T[:, :3], x[:3])):
            yield "add" if dtype != "bool" else "logical_or", args
            yield "less", args
        for y in (x, scalar, x.T, x[:0]):
            yield "reshape", (y, (y.size, 1))
            yield "transpose", (y, tuple(reversed(range(y.ndim))))
        for axes in ((0,), (1,), (0, 1), ()):
            yield "reduce_max", (x, axes)
            if dtype != "bool":
                yield "reduce_sum", (x, axes)
                yield "reduce_sum", (long, axes)
        if dtype != "bool":
            yield "matmul", (x, x.T)
            yield "matmul", (np.stack([x, x]), x.T)
            yield "matmul", (x[:0], x.T)
            for y in (x - 2, scalar):
                yield "neg", (y,)
                yield "relu", (y,)
        if dtype.startswith("float"):
            for y in (x, scalar, x[:0]):
                yield "exp", (y,)
                yield "div", (y, y)


@pytest.mark.parametrize("engine_class", [BareNumPyEngine, ParallelEngine])
def test_short_forms_are_the_methods(engine_class: type[Any]) -> None:
    host, short = engine_class(), set()
    for name, args in rows():
        method = getattr(host, name)
        function = short_form(method, *(host.spec(a) if isinstance(a, np.ndarray) else a for a in args))
        if function is None:
            continue
        short.add(name)
        ours, theirs = function(*args), method(*args)
        assert type(ours) is np.ndarray, name
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), name
        assert ours.tobytes() == theirs.tobytes(), name
    assert short == {name for name, _ in rows()}


# ---------------------------------------------------------------------- results and state
def test_results_and_state_never_share_what_can_be_written(e: Any) -> None:
    v, w = (Variable(np.zeros((2, 2), "float32")) for _ in range(2))

    def f(x: Any) -> list[Any]:
        new = e.add(x, x)
        v.assign(new)
        w.assign(e.reshape(e.transpose(new, (1, 0)), (2, 2)))
        return [new, e.reshape(new, (4,)), x, e.transpose(x, (1, 0)), v.value]

    run = e.trace_and_compile(f, [((2, 2), "float32")])
    x = np.arange(4, dtype="float32").reshape(2, 2)
    for _ in range(2):
        given = x.copy()
        results = [e.to_numpy(y) for y in run(given)]
        given[:] = 9
        for y, want in zip(results, [2 * x, (2 * x).ravel(), x, x.T, 2 * x], strict=True):
            np.testing.assert_array_equal(y, want)
        for y in results:
            if y.flags.writeable:
                y[:] = 7
        np.testing.assert_array_equal(v.numpy(), 2 * x)
        np.testing.assert_array_equal(w.numpy(), 2 * x.T)


def test_many_runs_hand_back_what_single_ones_do(e: Any) -> None:
    v = Variable(np.float32(1))

    def f(x: Any, k: Any) -> list[Any]:
        v.assign(e.add(v.value, k))
        return [e.transpose(x, (1, 0)), k, v.value, e.reshape(v.value, (1,)), e.less(k, v.value)]

    run = e.trace_and_compile(f, [((2, 3), "float32"), ((), "float32")])
    xs, ks = rng.normal(size=(4, 2, 3)).astype("float32"), np.arange(4, dtype="float32")
    together = e.looped(run)([xs, ks])
    v.assign(1.0)
    alone = [[e.to_numpy(y) for y in run(x, k)] for x, k in zip(xs, ks, strict=True)]
    for column, ys in zip(together, zip(*alone, strict=True), strict=True):
        assert column.tobytes() == np.stack(ys).tobytes()
        assert column.dtype == ys[0].dtype
    assert float(v) == 7
    assert [y.shape for y in e.looped(run)([xs[:0], ks[:0]])] == [(0, 3, 2), (0,), (0,), (0, 1), (0,)]


# ---------------------------------------------------------------------- memory that is done with
def written_into(compiled: Any) -> list[str]:
    """The ops whose function is given an operand to write into, as they run from now on."""
    found: list[str] = []
    program = compiled._program

    def recorded(function: Any, name: str) -> Any:
        def run(*args: Any, **named: Any) -> Any:
            found.extend([name] * ("out" in named))
            return function(*args, **named)

        return run

    for i, node in enumerate(program.nodes):
        program._scope[f"f{i}"] = recorded(program._scope[f"f{i}"], str(node.op))
    return found


def test_a_result_takes_the_memory_of_an_operand_nobody_needs(e: Any) -> None:
    def f(x: Any, row: Any) -> list[Any]:
        y = e.add(e.matmul(x, x), row)  # into the product
        z = e.relu(e.mul(y, y))  # y is returned, so only relu may
        return [y, z]

    x, row = rng.normal(size=(128, 128)).astype("float32"), np.ones(128, "float32")
    run = e.trace_and_compile(f, [(x.shape, "float32"), (row.shape, "float32")])
    given, found = x.copy(), written_into(run)
    y, z = map(e.to_numpy, run(given, row))
    np.testing.assert_allclose(y, x @ x + 1, 1e-5, 1e-4)
    np.testing.assert_allclose(z, np.maximum(y * y, 0), 1e-6)
    np.testing.assert_array_equal(given, x)
    if e.name != "cntk":  # which does some of it in a graph of its own
        assert found == ["add", "relu"]


OPS = [
    lambda e, a, b: e.add(a, b),
    lambda e, a, b: e.mul(a, b),
    lambda e, a, b: e.sub(b, a),
    lambda e, a, b: e.neg(a),
    lambda e, a, b: e.relu(a),
    lambda e, a, b: e.reshape(e.transpose(a, (1, 0)), (64, 128)),
    lambda e, a, b: e.flip(a, (0,)),
    lambda e, a, b: e.select(e.less(a, b), a, number(e, 0)),
    lambda e, a, b: e.maximum(e.tanh(a), number(e, 0)),
]


@pytest.mark.parametrize("seed", range(25))
def test_random_graphs_give_what_their_ops_give_one_by_one(e: Any, seed: int) -> None:
    """With views, results used twice and returned, constants, variables: whatever reuse of memory could spoil."""
    choose = np.random.default_rng(seed)
    v, shape = Variable(choose.normal(size=(64, 128)).astype("float32")), (64, 128)
    plan = [(int(choose.integers(len(OPS))), *choose.integers(0, 1000, 2)) for _ in range(14)]
    returned = choose.integers(0, 1000, 3)

    def f(x: Any, y: Any) -> list[Any]:
        found = [x, y, v.value, e.full(shape, 0.5, "float32")]
        for kind, i, j in plan:
            found.append(OPS[kind](e, found[i % len(found)], found[j % len(found)]))
        v.assign(found[-1])
        return [found[4 + k % (len(found) - 4)] for k in returned]

    arrays = [choose.normal(size=shape).astype("float32") for _ in range(2)]
    before = v.numpy().copy()
    eager = [e.to_numpy(y).copy() for y in f(*(e.constant(a, "float32") for a in arrays))] + [
        v.numpy().copy()
    ]
    v.assign(before)
    run = e.trace_and_compile(f, [(shape, "float32")] * 2)
    given = [a.copy() for a in arrays]
    got = [*map(e.to_numpy, run(*given)), v.numpy()]
    for ours, theirs in zip(got, eager, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-5, 1e-6)
    for a, b in zip(given, arrays, strict=True):
        np.testing.assert_array_equal(a, b)


# ---------------------------------------------------------------------- convolutions and what follows them
@pytest.mark.parametrize("swapped", [False, True])
def test_a_bias_is_part_of_its_convolution(e: Any, swapped: bool) -> None:
    static = ((1, 2), ((1, 0), (0, 1)), (1, 1), 1)

    def f(x: Any, kernel: Any, bias: Any, dy: Any) -> list[Any]:
        y = e.conv(x, kernel, *static)
        y = e.add(bias, y) if swapped else e.add(y, bias)
        gradients = [e.reduce_sum(dy, (0, 1, 2)), e.conv_kernel_grad(x, dy, (3, 2, 3, 4), *static)]
        return [e.relu(y), *gradients]

    arrays = [rng.normal(size=s).astype("float32") for s in ((5, 8, 9, 3), (3, 2, 3, 4), (4,), (5, 7, 5, 4))]
    run = e.trace_and_compile(f, [(a.shape, "float32") for a in arrays])
    assert len(fused_in(run)) == 2
    for got, want in zip(run(*arrays), f(*(e.constant(a, "float32") for a in arrays)), strict=True):
        np.testing.assert_allclose(e.to_numpy(got), e.to_numpy(want), 1e-5, 1e-5)


def test_a_sum_is_part_of_one_of_two_convolutions_with_the_same_gradient(e: Any) -> None:
    """As in a residual block, whose results were added before."""
    static = (3, 2, 3, 4), (1, 2), ((1, 0), (0, 1)), (1, 1), 1

    def f(x: Any, z: Any, dy: Any, w: Any) -> list[Any]:
        total = e.reduce_sum(dy, (0, 1, 2))
        both = [e.conv_kernel_grad(y, dy, *static) for y in (x, z)]
        return [*both, e.momentum_update(w, total, w, e.full((), 1, "float32"), 0.9, False)[0]]

    arrays = [rng.normal(size=s).astype("float32") for s in ((5, 8, 9, 3), (5, 8, 9, 3), (5, 7, 5, 4), (4,))]
    run = e.trace_and_compile(f, [(a.shape, "float32") for a in arrays])
    assert len(fused_in(run)) == 1
    for got, want in zip(run(*arrays), f(*(e.constant(a, "float32") for a in arrays)), strict=True):
        np.testing.assert_allclose(e.to_numpy(got), e.to_numpy(want), 1e-5, 1e-4)


def test_a_convolution_that_is_used_otherwise_too_stays_alone(e: Any) -> None:
    static = ((1, 1), ((0, 0), (0, 0)), (1, 1), 1)

    def f(x: Any, kernel: Any, bias: Any) -> list[Any]:
        y, z = e.conv(x, kernel, *static), e.conv(x, kernel, *static)
        return [e.add(y, bias), y, e.mul(e.add(z, bias), z)]

    arrays = [rng.normal(size=s).astype("float32") for s in ((2, 4, 4, 3), (2, 2, 3, 4), (4,))]
    run = e.trace_and_compile(f, [(a.shape, "float32") for a in arrays])
    assert not fused_in(run)
    for got, want in zip(run(*arrays), f(*(e.constant(a, "float32") for a in arrays)), strict=True):
        np.testing.assert_allclose(e.to_numpy(got), e.to_numpy(want), 1e-5, 1e-5)


def test_a_residual_block_is_its_convolutions(e: Any) -> None:
    """Two of them meet in a sum, which is part of one."""
    static = ((1, 1), ((1, 1), (1, 1)), (1, 1), 1)

    def f(x: Any, a: Any, b: Any, c: Any, *vectors: Any) -> list[Any]:
        mean, variance, gamma, beta = vectors
        norm = lambda y, *scale: e.batch_norm(y, mean, variance, *scale, 3, 1e-3)  # noqa: E731
        y = e.relu(norm(e.add(e.conv(x, a, *static), beta), gamma, None))
        y = norm(e.conv(y, b, *static), None, beta)
        shortcut = norm(e.conv(x, c, *static), gamma, beta)
        y = e.relu(e.add(y, shortcut))
        return [e.relu(e.add(e.conv(y, b, *static), y)), e.add(e.relu(e.conv(y, b, *static)), beta)]

    shapes = [(2, 6, 5, 3), (3, 3, 3, 4), (3, 3, 4, 4), (3, 3, 3, 4), *[(4,)] * 4]
    arrays = [np.abs(rng.normal(size=s)).astype("float32") for s in shapes]
    arrays[1] -= 1
    run = e.trace_and_compile(f, [(a.shape, "float32") for a in arrays])
    first, sums = "bias, batch_norm, relu", ["batch_norm", "batch_norm, add, relu"]
    assert sorted(fused_in(run)) == sorted([first, *sums, "add, relu", "relu"])
    for _ in range(2):
        for got, want_y in zip(run(*arrays), f(*(e.constant(a, "float32") for a in arrays)), strict=True):
            np.testing.assert_allclose(e.to_numpy(got), e.to_numpy(want_y), 1e-4, 1e-4)


def test_what_is_not_of_the_channels_stays_apart(e: Any) -> None:
    static = ((1, 1), ((0, 0), (0, 0)), (1, 1), 1)

    def f(x: Any, kernel: Any, vector: Any, whole: Any) -> list[Any]:
        y = [e.conv(x, kernel, *static) for _ in range(5)]
        along_height = e.batch_norm(y[0], vector, vector, None, None, 1, 1.0)
        row = e.add(y[1], e.reshape(vector, (1, 4, 1, 1)))
        doubled = e.add(y[2], y[2])
        broadcast = e.add(e.reduce_sum(y[3], (0,)), vector)
        narrow = e.add(e.cast(y[4], "float64"), e.cast(whole, "float64"))
        return [along_height, row, doubled, broadcast, narrow]

    arrays = [
        np.abs(rng.normal(size=s)).astype("float32") for s in ((2, 4, 4, 3), (1, 1, 3, 4), (4,), (2, 4, 4, 4))
    ]
    run = e.trace_and_compile(f, [(a.shape, "float32") for a in arrays])
    assert not fused_in(run)
    for got, want in zip(run(*arrays), f(*(e.constant(a, "float32") for a in arrays)), strict=True):
        np.testing.assert_allclose(e.to_numpy(got), e.to_numpy(want), 1e-5, 1e-5)
