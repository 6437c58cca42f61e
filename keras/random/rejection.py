"""Draws that take a varying number of tries: gamma, beta, binomial. All elements try again until all have succeeded."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from keras.backend.select import current
from keras.ops.dispatch import cast, convert, op
from keras.ops.settling import scalar, static_shape
from keras.random.distributions import _dtype_of_draws
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
    given = alpha  # no try would ever succeed for a negative, infinite or undefined one
    known = e.logical_and(e.less(scalar(-0.5, alpha), e.sign(alpha)), e.less(alpha, scalar(math.inf, alpha)))
    alpha = e.select(known, alpha, one)
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
    value = e.select(small, e.mul(value, scale), value)
    return e.select(known, value, e.sqrt(given))  # infinity of infinity, else NaN


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
    e, name = current(), _dtype_of_draws(dtype, "gamma")
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
    e, name = current(), _dtype_of_draws(dtype, "beta")
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
        dtype: of floats or integers; `floatx` by default.
        seed: an int, a `SeedGenerator` or None.

    >>> binomial((3,), 5, 1.0, seed=1).tolist()
    [5.0, 5.0, 5.0]
    """
    e, name = current(), _dtype_of_draws(dtype, "binomial", counts=True)
    dims = static_shape(shape, "binomial")
    given = [e.broadcast_to(convert(v, "float64"), dims) for v in (counts, probabilities)]
    known = e.logical_and(e.equal(given[1], given[1]), e.less(given[0], scalar(math.inf, given[0])))
    n, p = (e.select(known, v, scalar(0.0, v)) for v in given)
    zero, one = scalar(0.0, p), scalar(1.0, p)
    n, p = e.maximum(n, zero), e.minimum(e.maximum(p, zero), one)
    common = e.less(scalar(0.5, p), p)  # failures are then the rarer event
    rare = e.select(common, e.sub(one, p), p)
    first, second = _split(seed_tensor(seed), 2)
    many = e.less(scalar(_MANY_HITS, n), e.mul(n, rare))
    few = _counted(first, e.select(many, zero, n), rare)
    hits = e.select(many, _transformed(second, n, rare, many), few)
    drawn = e.select(common, e.sub(n, hits), hits)
    return cast(e.select(known, drawn, e.mul(*given)), name)  # NaN, or infinity of infinitely many


_MANY_HITS = 10.0  # expected successes, from which on a rejection takes fewer tries than there are successes


def _counted(seed: Tensor, n: Tensor, p: Tensor) -> Tensor:
    """Binomial draws: the trials up to and including each success are geometric; as many as fit into n are counted."""
    e = current()
    dims, dtype = e.spec(n)
    one, zero = scalar(1.0, p), scalar(0.0, p)
    log_fail = e.log1p(e.neg(e.select(e.less(zero, p), p, scalar(0.5, p))))

    def more(seed: Tensor, used: Tensor, hits: Tensor) -> Tensor:
        return e.logical_not(_all_done(e.less(n, used)))

    def body(seed: Tensor, used: Tensor, hits: Tensor) -> list[Tensor]:
        now, later = _split(seed, 2)
        u = e.sub(one, e.random_uniform(now, dims, dtype))
        used = e.add(used, e.add(e.floor(e.div(e.log(u), log_fail)), one))
        return [later, used, e.add(hits, e.select(e.less(n, used), zero, one))]

    start = e.select(e.equal(p, zero), e.add(n, one), e.full(dims, 0, dtype))
    return e.while_loop(more, body, [seed, start, e.full(dims, 0, dtype)])[2]


def _transformed(seed: Tensor, n: Tensor, p: Tensor, wanted: Tensor) -> Tensor:
    """Binomial draws with n p of 10 and more, where wanted: BTRS of Hoermann (1993), "The generation of binomial random
    variates", J. Stat. Comput. Simul. 46. The letters are the paper's."""
    e = current()
    dims, dtype = e.spec(n)

    def c(value: float) -> Tensor:
        return scalar(value, n)

    n, p = e.select(wanted, n, c(40.0)), e.select(wanted, p, c(0.5))  # any that work
    q = e.sub(c(1.0), p)
    spread = e.sqrt(e.mul(e.mul(n, p), q))
    b = e.add(c(1.15), e.mul(c(2.53), spread))
    a = e.add(e.add(c(-0.0873), e.mul(c(0.0248), b)), e.mul(c(0.01), p))
    centre = e.add(e.mul(n, p), c(0.5))
    alpha = e.mul(e.add(c(2.83), e.div(c(5.1), b)), spread)
    m = e.floor(e.mul(e.add(n, c(1.0)), p))
    log_odds = e.log(e.div(p, q))

    def log_weight(k: Tensor) -> Tensor:
        """log of 1 / (k! (n - k)!), plus k log(p / q)."""
        return e.sub(e.mul(k, log_odds), e.add(_log_factorial(k), _log_factorial(e.sub(n, k))))

    top = log_weight(m)

    def step(seed: Tensor) -> tuple[Tensor, Tensor]:
        for_u, for_v = _split(seed, 2)
        u = e.sub(e.random_uniform(for_u, dims, dtype), c(0.5))
        v = e.sub(c(1.0), e.random_uniform(for_v, dims, dtype))  # in (0, 1]
        us = e.sub(c(0.5), e.abs(u))
        us = e.maximum(us, c(1e-12))
        k = e.floor(e.add(e.mul(e.add(e.div(e.mul(c(2.0), a), us), b), u), centre))
        inside = e.logical_not(e.logical_or(e.less(k, c(0.0)), e.less(n, k)))
        k = e.minimum(e.maximum(k, c(0.0)), n)
        v = e.log(e.div(e.mul(v, alpha), e.add(e.div(a, e.mul(us, us)), b)))
        return k, e.logical_and(inside, e.logical_not(e.less(e.sub(log_weight(k), top), v)))

    return _until_done(step, seed, e.full(dims, 0, dtype))


def _log_factorial(k: Tensor) -> Tensor:
    """log k! by Stirling's series, after steps up to where it is exact in float64: (k + 8)! / ((k + 1) ... (k + 8))."""
    e = current()
    x = e.add(k, scalar(9.0, k))
    factors = scalar(1.0, k)
    for i in range(1, 9):
        factors = e.mul(factors, e.add(k, scalar(float(i), k)))
    inverse = e.div(scalar(1.0, x), x)
    square = e.mul(inverse, inverse)
    series = e.sub(
        scalar(1 / 12, x), e.mul(square, e.sub(scalar(1 / 360, x), e.mul(square, scalar(1 / 1260, x))))
    )
    stirling = e.add(e.sub(e.mul(e.sub(x, scalar(0.5, x)), e.log(x)), x), e.mul(series, inverse))
    return e.sub(e.add(stirling, scalar(0.5 * math.log(2 * math.pi), x)), e.log(factors))
