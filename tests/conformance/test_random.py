"""Random numbers: pure in the seed, of the right distribution, the same inside compiled functions."""

from typing import Any

import numpy as np
import pytest
import scipy.stats

from keras.backend import select
from keras.backend.abstract import ABSTRACT
from keras.backend.engine import Engine
from keras.backend.spec import KerasTensor
from tests.conformance.rows import FLOATS, needs

COVERS = {"random_bits", "random_uniform", "random_normal"}
KINDS = [("random_bits", ()), *((n, (d,)) for n in ("random_uniform", "random_normal") for d in FLOATS)]
kinds = pytest.mark.parametrize(
    ("name", "static"), KINDS, ids=lambda v: "-".join(v) if isinstance(v, tuple) else v
)


def draw(
    engine: Engine, name: str, seed: tuple[int, int], shape: tuple[int, ...], static: tuple[str, ...]
) -> np.ndarray:
    words = engine.constant(np.array(seed, "uint32"), "uint32")
    return engine.to_numpy(getattr(engine, name)(words, shape, *static))


@kinds
def test_pure_in_the_seed(engine: Engine, name: str, static: Any, request: pytest.FixtureRequest) -> None:
    needs(engine, request, name, *static)
    first = draw(engine, name, (1, 2), (50,), static)
    np.testing.assert_array_equal(draw(engine, name, (1, 2), (50,), static), first)
    for other in ((1, 3), (2, 2), (2**32 - 1, 2), (0, 0)):
        assert (draw(engine, name, other, (50,), static) != first).mean() > 0.3


@kinds
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0, 2), (3, 5)], ids=str)
def test_spec(engine: Engine, name: str, static: Any, shape: Any, request: pytest.FixtureRequest) -> None:
    needs(engine, request, name, *static)
    seed = engine.constant(np.array([1, 2], "uint32"), "uint32")
    with select.scope(ABSTRACT):
        expected = ABSTRACT.spec(getattr(ABSTRACT, name)(KerasTensor((2,), "uint32"), shape, *static))
    assert engine.spec(getattr(engine, name)(seed, shape, *static)) == expected


@kinds
def test_compiled_gives_the_same_numbers(
    engine: Engine, name: str, static: Any, request: pytest.FixtureRequest
) -> None:
    needs(engine, request, name, *static)
    compiled = engine.trace_and_compile(
        lambda s: [getattr(engine, name)(s, (4, 3), *static)], [((2,), "uint32")]
    )
    for seed in ((7, 8), (2**32 - 1, 2**31)):
        (inside,) = compiled(np.array(seed, "uint32"))
        np.testing.assert_array_equal(engine.to_numpy(inside), draw(engine, name, seed, (4, 3), static))


def test_bits_are_uniform(engine: Engine, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "random_bits")
    words = draw(engine, "random_bits", (3, 4), (4000,), ())
    ones = np.unpackbits(words.view(np.uint8)).reshape(4000, 32).mean(0)
    assert np.abs(ones - 0.5).max() < 0.05
    assert len(np.unique(words)) == 4000


@pytest.mark.parametrize("dtype", FLOATS)
def test_uniform_is_uniform_and_below_one(engine: Engine, dtype: str, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "random_uniform", dtype)
    x = draw(engine, "random_uniform", (5, 6), (20000,), (dtype,)).astype(float)
    assert x.min() >= 0
    assert x.max() < 1
    assert scipy.stats.kstest(x, "uniform").statistic < 0.02
    assert abs(np.corrcoef(x[1:], x[:-1])[0, 1]) < 0.03


@pytest.mark.parametrize("dtype", FLOATS)
def test_normal_is_normal(engine: Engine, dtype: str, request: pytest.FixtureRequest) -> None:
    needs(engine, request, "random_normal", dtype)
    x = draw(engine, "random_normal", (5, 6), (20000,), (dtype,)).astype(float)
    assert np.isfinite(x).all()
    assert scipy.stats.kstest(x, "norm").statistic < 0.02
    assert abs(np.corrcoef(x[1:], x[:-1])[0, 1]) < 0.03
    assert 3 < np.abs(x).max() < 6


def test_streams_of_neighbouring_seeds_are_independent(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    needs(engine, request, "random_uniform")
    a, b, c = (
        draw(engine, "random_uniform", seed, (5000,), ("float32",)) for seed in ((0, 0), (0, 1), (1, 0))
    )
    for x, y in ((a, b), (a, c), (b, c)):
        assert abs(np.corrcoef(x, y)[0, 1]) < 0.05
        assert abs(np.corrcoef(x[1:], y[:-1])[0, 1]) < 0.05
