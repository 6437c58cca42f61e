"""Draws from distributions. Each is a pure function of its seed: the same seed gives the same numbers on an engine.

`seed` is an int (the same numbers at every call), a `SeedGenerator` (which advances) or None (the global generator).
"""

from __future__ import annotations

import math
from typing import Any

from keras import config
from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import Unknown, shape_str
from keras.ops.dispatch import as_float, axis_of, cast, convert, dtype_of, ndim_of, op, shape_of
from keras.ops.settling import scalar, static_int, static_shape
from keras.random.seed_generator import seed_tensor

Tensor = Any


def _dtype_of_draws(dtype: Any, who: str, counts: bool = False) -> str:
    """The dtype of what is drawn; integers are welcome where the draws are counts."""
    name = config.floatx() if dtype is None else dtypes.standardize(dtype)
    if not (dtypes.is_float(name) or (counts and dtypes.is_int(name))):
        wanted = "an integer or floating point" if counts else "a floating point"
        raise ValueError(f"{who}: `dtype` must be {wanted} dtype. Received: dtype={name}")
    return name


@op
def normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Draws from the normal distribution.

    Args:
        shape: tuple of ints.
        mean: scalar or array-like that broadcasts.
        stddev: standard deviation, likewise.
        dtype: a float; `floatx` by default.
        seed: an int, a `SeedGenerator` or None.

    >>> normal((2, 3), seed=1).shape
    (2, 3)
    """
    e, name = current(), _dtype_of_draws(dtype, "normal")
    x = e.random_normal(seed_tensor(seed), static_shape(shape, "normal"), name)
    return e.add(e.mul(x, convert(stddev, name)), convert(mean, name))


@op
def uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Draws from [minval, maxval), all equally likely.

    Args:
        shape: tuple of ints.
        minval: scalar or array-like that broadcasts.
        maxval: likewise.
        dtype: a float; `floatx` by default. See `randint` for integers.
        seed: an int, a `SeedGenerator` or None.

    >>> uniform((2, 3), seed=1).shape
    (2, 3)
    """
    e, name = current(), _dtype_of_draws(dtype, "uniform")
    x = e.random_uniform(seed_tensor(seed), static_shape(shape, "uniform"), name)
    if isinstance(minval, (int, float)) and isinstance(maxval, (int, float)) and (minval, maxval) == (0, 1):
        return x
    low, high = convert(minval, name), convert(maxval, name)
    return e.add(low, e.mul(x, e.sub(high, low)))


@op
def randint(shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Draws integers from minval up to, not including, maxval, all equally likely.

    Args:
        shape: tuple of ints.
        minval: integer scalar.
        maxval: integer scalar.
        dtype: an integer dtype.
        seed: an int, a `SeedGenerator` or None.

    >>> randint((4,), 0, 1, seed=1).tolist()
    [0, 0, 0, 0]
    """
    e, name = current(), dtypes.standardize(dtype)
    if not dtypes.is_int(name):
        raise ValueError(f"randint: `dtype` must be an integer dtype. Received: dtype={name}")
    if isinstance(minval, int) and isinstance(maxval, int) and minval >= maxval:
        raise ValueError(
            f"randint: `minval` must be below `maxval`. Received: minval={minval}, maxval={maxval}"
        )
    dims = static_shape(shape, "randint")
    low, high = convert(minval, "int64"), convert(maxval, "int64")
    # 2^31 values of the leading bits, spread over the range: the bias is below range / 2^53.
    u = e.random_uniform(seed_tensor(seed), dims, "float64")
    span = e.cast(e.sub(high, low), "float64")
    return e.cast(e.add(low, e.cast(e.floor(e.mul(u, span)), "int64")), name)


@op
def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Draws from the normal distribution, none further than two standard deviations from the mean.

    Args:
        shape: tuple of ints.
        mean: scalar or array-like that broadcasts.
        stddev: standard deviation before truncation, likewise.
        dtype: a float; `floatx` by default.
        seed: an int, a `SeedGenerator` or None.

    >>> bool(abs(truncated_normal((100,), seed=1)).max() <= 2)
    True
    """
    e, name = current(), _dtype_of_draws(dtype, "truncated_normal")
    wide = "float64" if name == "float64" else "float32"
    u = e.random_uniform(seed_tensor(seed), static_shape(shape, "truncated_normal"), wide)
    limit = math.erf(math.sqrt(2.0))
    centred = e.sub(e.mul(u, scalar(2.0 * limit, u)), scalar(limit, u))
    x = e.mul(e.erfinv(centred), scalar(math.sqrt(2.0), u))
    x = e.cast(e.maximum(e.minimum(x, scalar(2.0, x)), scalar(-2.0, x)), name)
    return e.add(e.mul(x, convert(stddev, name)), convert(mean, name))


@op
def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Tensor:
    """Sets a share of the elements to 0 and divides the others by what is left, so that sums keep their mean.

    Args:
        inputs: a float tensor; any, if the rate is 0.
        rate: the share, from 0 to 1.
        noise_shape: shape of the decisions, which broadcast against the inputs; None or -1 in it stands for the
            inputs' own size. By default every element is decided by itself.
        seed: an int, a `SeedGenerator` or None.

    >>> dropout([1.0, 2.0], 0.0).tolist()
    [1.0, 2.0]
    """
    e, x = current(), convert(inputs)
    dtype, shape = dtype_of(x), shape_of(x)
    if rate != 0 and not dtypes.is_float(dtype):
        raise ValueError(f"dropout: `inputs` must be floats, for they are scaled. Received: dtype {dtype}")
    if not 0 <= rate <= 1:
        raise ValueError(f"dropout: `rate` must be from 0 to 1. Received: rate={rate}")
    seed = seed_tensor(seed)
    if rate == 0:
        return x
    if rate == 1:
        return e.mul(x, scalar(0.0, x))
    wide = "float64" if dtype == "float64" else "float32"
    u = e.random_uniform(seed, _noise_shape(noise_shape, shape), wide)
    keep = e.logical_not(e.less(u, scalar(rate, u)))
    return e.mul(x, e.select(keep, scalar(1.0 / (1.0 - rate), x), scalar(0.0, x)))


def _noise_shape(noise_shape: Any, shape: tuple[Any, ...]) -> tuple[Any, ...]:
    if noise_shape is None:
        return shape
    if len(noise_shape) != len(shape):
        raise ValueError(
            f"dropout: `noise_shape` must have one entry per axis ({len(shape)}). Received: noise_shape={noise_shape}"
        )
    out = tuple(
        d if n is None or isinstance(n, Unknown) or n == -1 else int(n)
        for n, d in zip(noise_shape, shape, strict=True)
    )
    if any(
        n != 1 and not isinstance(d, Unknown) and not isinstance(n, Unknown) and n != d
        for n, d in zip(out, shape, strict=True)
    ):
        raise ValueError(
            "dropout: each entry of `noise_shape` must be 1 or the inputs' size. "
            f"Received: noise_shape={noise_shape}, inputs.shape={shape_str(shape)}"
        )
    return out


@op
def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Draws classes whose probabilities are the softmax of logits.

    Args:
        logits: `[batch, classes]`.
        num_samples: draws per row.
        dtype: an integer dtype.
        seed: an int, a `SeedGenerator` or None.

    Returns:
        `[batch, num_samples]`.

    >>> categorical([[0.0, float("-inf")]], 3, seed=1).tolist()
    [[0, 0, 0]]
    """
    e, x = current(), as_float(logits)
    if ndim_of(x) != 2:
        raise ValueError(
            f"categorical: `logits` must be [batch, classes]. Received: shape {shape_str(shape_of(x))}"
        )
    batch, classes = shape_of(x)
    num_samples = static_int(num_samples, "categorical", "num_samples", least=0)
    wide = "float64" if dtype_of(x) == "float64" else "float32"
    u = e.random_uniform(seed_tensor(seed), (batch, num_samples, classes), wide)
    tiny = scalar(1e-20, u)  # log(0) twice would be NaN
    noise = e.neg(e.log(e.add(e.neg(e.log(e.add(u, tiny))), tiny)))
    scores = e.add(e.reshape(e.cast(x, wide), (batch, 1, classes)), noise)
    return cast(e.argmax(scores, 2), dtypes.standardize(dtype))


@op
def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """The slices along an axis in random order.

    Args:
        x: array-like.
        axis: which axis.
        seed: an int, a `SeedGenerator` or None.

    >>> sorted(shuffle([1, 2, 3], seed=1).tolist())
    [1, 2, 3]
    """
    e, x = current(), convert(x)
    axis = axis_of(axis, ndim_of(x), "shuffle")
    n = shape_of(x)[axis]
    keys = e.random_uniform(seed_tensor(seed), (n,), "float32")
    return e.take(x, e.argsort(keys, 0), axis)
