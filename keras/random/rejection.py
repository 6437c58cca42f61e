"""Draws that take a varying number of tries: gamma, beta, binomial. All elements try again until all have succeeded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.backend.select import current
from keras.ops.dispatch import cast, convert, op
from keras.ops.settling import scalar, static_shape
from keras.random.distributions import _float_dtype
from keras.random.seed_generator import seed_tensor

Tensor = Any


def _split(seed: Tensor, n: int) -> list[Tensor]:
    """n seeds out of one."""
    e = current()
    words = e.random_bits(seed, (n, 2))
    return [e.reshape(e.slice(words, (i, 0), (i + 1, 2), (1, 1)), (2,)) for i in range(n)]


def _all_done(done: Tensor) -> Tensor:
    e = current()
    left = cast(e.logical_not(done), "int32")
    n = e.reduce_sum(left, tuple(range(len(e.spec(left)[0]))))
    return e.equal(n, scalar(0, n))


def _until_done(step: Callable[[Tensor], tuple[Tensor, Tensor]], seed: Tensor, blank: Tensor) -> Tensor:
    """For each element the value of the first try that is accepted: `value, accepted = step(seed)`."""
    e = current()

    def more(seed: Tensor, done: Tensor, value: Tensor) -> Tensor:
        return e.logical_not(_all_done(done))

    def body(seed: Tensor, done: Tensor, value: Tensor) -> list[Tensor]:
        now, later = _split(seed, 2)
        tried, accepted = step(now)
        take = e.logical_and(accepted, e.logical_not(done))
        return [later, e.logical_or(done, accepted), e.select(take, tried, value)]

    nothing = e.full(e.spec(blank)[0], False, "bool")
    return e.while_loop(more, body, [seed, nothing, blank])[2]


def _gamma(seed: Tensor, alpha: Tensor) -> Tensor:
    """Gamma draws of alpha's shape: the squeeze of Marsaglia and Tsang (2000)."""
    e = current()
    shape, dtype = e.spec(alpha)
    one = scalar(1.0, alpha)
    small = e.less(alpha, one)  # drawn for alpha + 1, and scaled by u^(1 / alpha)
    first, second = _split(seed, 2)
    d = e.sub(e.select(small, e.add(alpha, one), alpha), scalar(1.0 / 3.0, alpha))
    c = e.div(one, e.sqrt(e.mul(scalar(9.0, d), d)))

    def step(seed: Tensor) -> tuple[Tensor, Tensor]:
        for_normal, for_uniform = _split(seed, 2)
        x = e.random_normal(for_normal, shape, dtype)
        u = e.sub(one, e.random_uniform(for_uniform, shape, dtype))  # in (0, 1]
        root = e.add(one, e.mul(c, x))
        positive = e.less(scalar(0.0, root), root)
        root = e.select(positive, root, one)
        v = e.mul(root, e.mul(root, root))
        bound = e.add(e.mul(scalar(0.5, x), e.mul(x, x)), e.mul(d, e.add(e.sub(one, v), e.log(v))))
        return e.mul(d, v), e.logical_and(positive, e.less(e.log(u), bound))

    value = _until_done(step, first, e.full(shape, 0, dtype))
    u = e.sub(one, e.random_uniform(second, shape, dtype))
    scale = e.pow(u, e.div(one, e.select(small, alpha, one)))
    return e.select(small, e.mul(value, scale), value)


def _wide(dtype: str) -> str:
    return "float64" if dtype == "float64" else "float32"


@op
def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Draws from the gamma distribution with density proportional to x^(alpha - 1) e^-x.

    Args:
        shape: tuple of ints.
        alpha: positive scalar or array-like that broadcasts to `shape`.
        dtype: a float; `floatx` by default.
        seed: an int, a `SeedGenerator` or None.

    >>> bool((gamma((10,), 0.5, seed=1) >= 0).all())
    True
    """
    e, name = current(), _float_dtype(dtype, "gamma")
    a = e.broadcast_to(convert(alpha, _wide(name)), static_shape(shape, "gamma"))
    return cast(_gamma(seed_tensor(seed), a), name)


@op
def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Draws from the beta distribution with density proportional to x^(alpha - 1) (1 - x)^(beta - 1).

    Args:
        shape: tuple of ints.
        alpha: positive scalar or array-like that broadcasts to `shape`.
        beta: likewise.
        dtype: a float; `floatx` by default.
        seed: an int, a `SeedGenerator` or None.

    >>> x = beta((10,), 2.0, 3.0, seed=1)
    >>> bool(((x >= 0) & (x <= 1)).all())
    True
    """
    e, name = current(), _float_dtype(dtype, "beta")
    dims = static_shape(shape, "beta")
    a, b = (e.broadcast_to(convert(v, _wide(name)), dims) for v in (alpha, beta))
    first, second = _split(seed_tensor(seed), 2)
    x, y = _gamma(first, a), _gamma(second, b)
    return cast(e.div(x, e.add(x, y)), name)


@op
def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Draws the number of successes among independent trials.

    Args:
        shape: tuple of ints.
        counts: number of trials; scalar or array-like that broadcasts to `shape`.
        probabilities: of success; likewise.
        dtype: `floatx` by default.
        seed: an int, a `SeedGenerator` or None.

    >>> binomial((3,), 5, 1.0, seed=1).tolist()
    [5.0, 5.0, 5.0]
    """
    e, name = current(), _float_dtype(dtype, "binomial")
    dims, wide = static_shape(shape, "binomial"), _wide(name)
    n, p = (e.broadcast_to(convert(v, wide), dims) for v in (counts, probabilities))
    one, zero = scalar(1.0, p), scalar(0.0, p)
    common = e.less(scalar(0.5, p), p)  # failures are then the rarer event
    rare = e.select(common, e.sub(one, p), p)
    # The trials up to and including each success are geometric: count how many fit into n trials.
    log_fail = e.log1p(e.neg(e.select(e.less(zero, rare), rare, scalar(0.5, rare))))

    def more(seed: Tensor, used: Tensor, hits: Tensor) -> Tensor:
        return e.logical_not(_all_done(e.less(n, used)))

    def body(seed: Tensor, used: Tensor, hits: Tensor) -> list[Tensor]:
        now, later = _split(seed, 2)
        u = e.sub(one, e.random_uniform(now, dims, wide))
        used = e.add(used, e.add(e.floor(e.div(e.log(u), log_fail)), one))
        return [later, used, e.add(hits, e.select(e.less(n, used), zero, one))]

    never = e.equal(rare, zero)
    start = e.select(never, e.add(n, one), e.full(dims, 0, wide))
    hits = e.while_loop(more, body, [seed_tensor(seed), start, e.full(dims, 0, wide)])[2]
    return cast(e.select(common, e.sub(n, hits), hits), name)
