"""Distributions: their moments and ranges; seeds: what repeats and what moves on."""

import math

import numpy as np
import pytest
import scipy.stats

import keras
from keras import KerasTensor, ops, random
from keras.backend.tracing import Compiled
from keras.random.seeds import set_global_seed

N = 20_000


def draw(name, *args, **kwargs):
    return np.asarray(ops.convert_to_numpy(getattr(random, name)(*args, **kwargs)), "float64")


# ---------------------------------------------------------------------- distributions
@pytest.mark.parametrize(
    ("name", "args", "law"),
    [
        ("normal", (1.0, 2.0), scipy.stats.norm(1, 2)),
        ("uniform", (-1.0, 3.0), scipy.stats.uniform(-1, 4)),
        ("truncated_normal", (1.0, 2.0), scipy.stats.truncnorm(-2, 2, 1, 2)),
        ("gamma", (0.5,), scipy.stats.gamma(0.5)),
        ("gamma", (4.0,), scipy.stats.gamma(4)),
        ("beta", (2.0, 5.0), scipy.stats.beta(2, 5)),
        ("beta", (0.5, 0.5), scipy.stats.beta(0.5, 0.5)),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_continuous_laws(engine, name, args, law, dtype):
    x = draw(name, (N,), *args, dtype=dtype, seed=11)
    assert scipy.stats.kstest(x, law.cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    ("n", "p"), [(1, 0.3), (10, 0.2), (40, 0.9), (90, 0.4), (2000, 0.99), (7, 0.0), (7, 1.0)]
)
def test_binomial(engine, n, p):
    x = draw("binomial", (N,), n, p, seed=12)
    counts = np.bincount(x.astype(int), minlength=n + 1)
    want = scipy.stats.binom(n, p).pmf(np.arange(n + 1)) * N
    likely = want > 5
    assert counts[~likely].sum() <= 5 + 5 * want[~likely].sum()
    error = (counts - want)[likely] / np.sqrt(np.maximum(want[likely], 1))
    assert np.abs(error).max() < 5


@pytest.mark.parametrize("dtype", ["int32", "uint8", "int64"])
def test_counts_may_be_integers(engine, dtype):
    x = random.binomial((50,), 9, 0.4, dtype=dtype, seed=1)
    assert keras.backend.standardize_dtype(x.dtype) == dtype
    np.testing.assert_array_equal(ops.convert_to_numpy(x), draw("binomial", (50,), 9, 0.4, seed=1))
    with pytest.raises(ValueError, match="binomial: `dtype` must be an integer or floating point dtype"):
        random.binomial((3,), 9, 0.4, dtype="bool")


def test_binomial_of_a_billion_trials(engine):
    """Takes as many tries as one of ten."""
    n, p = 1e9, 0.2
    x = draw("binomial", (N,), n, p, seed=3, dtype="float64")
    assert scipy.stats.kstest(x, scipy.stats.norm(n * p, np.sqrt(n * p * (1 - p))).cdf).pvalue > 1e-3


def test_what_nothing_can_be_drawn_from(engine):
    """NaN, where no try would ever be accepted; probabilities beyond 0 and 1 are those."""
    nan, inf = np.nan, np.inf
    np.testing.assert_array_equal(
        draw("gamma", (5,), [-1.0, 0.0, nan, inf, -inf], seed=1), [nan, 0, nan, inf, nan]
    )
    np.testing.assert_array_equal(draw("beta", (3,), [-1.0, nan, inf], 0.5, seed=1), [nan] * 3)
    trials, chances = [3.0, 3.0, 3.0, -2.0, nan, inf, 3.0], [-0.1, 1.5, nan, 0.5, 0.5, 0.5, 0.0]
    np.testing.assert_array_equal(
        draw("binomial", (7,), trials, chances, seed=1), [0, 3, nan, 0, nan, inf, 0]
    )


def test_binomial_of_arrays(engine):
    x = draw("binomial", (N, 2), np.array([5.0, 20.0]), 0.5, seed=1)
    np.testing.assert_allclose(x.mean(0), [2.5, 10], rtol=0.02)


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_randint(engine, dtype):
    x = random.randint((N,), 3, 9, dtype=dtype, seed=13)
    assert ops.dtype(x) == dtype
    counts = np.bincount(ops.convert_to_numpy(x), minlength=9)
    assert counts[:3].sum() == 0
    assert np.abs(counts[3:] - N / 6).max() < 5 * math.sqrt(N / 6)


def test_categorical(engine):
    p = np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]])
    with np.errstate(divide="ignore"):
        x = random.categorical(np.log(p), N, seed=14)
    assert ops.shape(x) == (2, N)
    assert ops.dtype(x) == "int32"
    for row, want in zip(ops.convert_to_numpy(x), p, strict=True):
        np.testing.assert_allclose(np.bincount(row, minlength=3) / N, want, atol=0.02)


def test_shuffle(engine):
    x = np.arange(24).reshape(6, 4)
    rows = ops.convert_to_numpy(random.shuffle(x, seed=15))
    assert sorted(map(tuple, rows)) == sorted(map(tuple, x))
    assert (rows != x).any()
    columns = ops.convert_to_numpy(random.shuffle(x, axis=1, seed=15))
    assert sorted(map(tuple, columns.T)) == sorted(map(tuple, x.T))


def test_dropout(engine):
    x = np.ones((200, 100), "float32")
    y = draw("dropout", x, 0.3, seed=16)
    assert set(np.unique(y)) == {0.0, np.unique(y)[-1]}
    np.testing.assert_allclose(y.max(), 1 / 0.7, rtol=1e-6)
    np.testing.assert_allclose((y > 0).mean(), 0.7, atol=0.01)
    rows = draw("dropout", x, 0.5, noise_shape=(None, 1), seed=17)
    assert (rows == rows[:, :1]).all()
    assert 0 < (rows[:, 0] > 0).mean() < 1
    assert (draw("dropout", x, 0.0) == x).all()
    assert draw("dropout", np.array([1, 2]), 0).tolist() == [1, 2]
    assert (draw("dropout", x, 1.0) == 0).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_dtypes(engine, dtype):
    for name in ("normal", "uniform", "truncated_normal"):
        assert ops.dtype(getattr(random, name)((2,), dtype=dtype, seed=1)) == dtype
    assert ops.dtype(random.gamma((2,), 1.0, dtype=dtype, seed=1)) == dtype
    assert ops.dtype(random.dropout(ops.ones((2,), dtype), 0.5, seed=1)) == dtype
    assert draw("uniform", (N,), dtype=dtype, seed=2).max() < 1


# ---------------------------------------------------------------------- seeds
def test_an_int_repeats_and_a_generator_moves_on(engine):
    assert (draw("normal", (3,), seed=1) == draw("normal", (3,), seed=1)).all()
    assert (draw("normal", (3,), seed=1) != draw("normal", (3,), seed=2)).any()
    generator = random.SeedGenerator(1)
    first, second = (draw("normal", (3,), seed=generator) for _ in range(2))
    assert (first != second).any()
    again = random.SeedGenerator(1)
    assert (draw("normal", (3,), seed=again) == first).all()


def test_inside_a_compiled_function(engine):
    generator = random.SeedGenerator(1)

    def f(x):
        return random.normal((3,), seed=generator) + x, random.normal((3,), seed=7) + x

    step = Compiled(f)
    (a, c), (b, d) = (map(ops.convert_to_numpy, step(np.float32(0))) for _ in range(2))
    assert (a != b).any()
    assert (c == d).all()
    assert generator.state.numpy().tolist() == [1, 2]
    eager = random.SeedGenerator(1)
    np.testing.assert_array_equal(draw("normal", (3,), seed=eager).astype("float32"), a)
    assert step.trace_count == 1


def test_the_global_seed(engine):
    def sequence():
        set_global_seed(5)
        return [draw("normal", (2,)), draw("uniform", (2,)), random.SeedGenerator().state.numpy()]

    for a, b in zip(sequence(), sequence(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (draw("normal", (2,)) != draw("normal", (2,))).any()


def test_equal_seeds_give_equal_generators_on_all_engines(engine):
    assert random.SeedGenerator(2**40 + 5).state.numpy().tolist() == [5, 2**8]


def test_config():
    generator = random.SeedGenerator(3, name="noise")
    assert generator.get_config() == {"seed": 3, "name": "noise"}
    copy = random.SeedGenerator.from_config(generator.get_config())
    assert copy.state.numpy().tolist() == [3, 0]
    assert generator.state.path == "noise/seed_generator_state"
    assert generator.state.name == "seed_generator_state"
    assert not generator.state.trainable


def test_symbolic_dropout_runs_in_a_graph(engine):
    x = keras.Input((50,))
    y = random.dropout(x, 0.5, seed=1)
    assert y.shape == (None, 50)
    assert random.shuffle(KerasTensor((None, 3)), seed=1).shape == (None, 3)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda: random.SeedGenerator("a"), "SeedGenerator: `seed` must be an integer. Received: seed=a"),
        (lambda: random.SeedGenerator(-1), "SeedGenerator: `seed` must not be negative"),
        (
            lambda: random.normal((2,), seed="x"),
            "`seed` must be an int, a `keras.random.SeedGenerator` or None",
        ),
        (lambda: random.normal((2,), dtype="int32"), "normal: `dtype` must be a floating point dtype"),
        (lambda: random.randint((2,), 0, 3, dtype="float32"), "randint: `dtype` must be an integer dtype"),
        (lambda: random.randint((2,), 3, 3), "randint: `minval` must be below `maxval`"),
        (lambda: random.dropout(np.ones(3, "int32"), 0.5), "dropout: `inputs` must be floats"),
        (lambda: random.dropout(np.ones(3), 1.5), "dropout: `rate` must be from 0 to 1"),
        (
            lambda: random.dropout(np.ones((2, 3)), 0.5, noise_shape=(2,)),
            "dropout: `noise_shape` must have one entry",
        ),
        (
            lambda: random.dropout(np.ones((2, 3)), 0.5, noise_shape=(2, 2)),
            "each entry of `noise_shape` must be 1",
        ),
        (lambda: random.categorical(np.ones(3), 2), "categorical: `logits` must be [batch, classes]"),
        (lambda: random.normal((-1,)), "normal: `shape` has a negative dimension"),
    ],
)
def test_errors(engine, f, message):
    with pytest.raises((ValueError, TypeError)) as caught:
        f()
    assert message in str(caught.value)
