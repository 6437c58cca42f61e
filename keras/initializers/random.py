"""Random initializers: distributions with given scale, and those whose scale follows from the shape.

An instance has one seed and gives the same values at every call (unless the seed is a `SeedGenerator`, which
moves on). Values come from NumPy's Philox on the host and are the same on every engine.
"""

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.backend import select, state
from keras.backend.dtypes import to_numpy_dtype
from keras.errors import shorten, unknown
from keras.initializers.initializer import Initializer, Shape
from keras.random.seeds import host_generator, next_host_seed

Axes = Sequence[int] | None

_TRUNCATED_STD = 0.87962566103423978  # standard deviation of a standard normal cut off at -2 and 2
_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")


class RandomInitializer(Initializer):
    """Base class: holds the seed; a subclass writes `host(shape, dtype)`, drawing from `self.generator()`."""

    def __init__(self, seed: Any = None) -> None:
        if isinstance(seed, bool) or not (
            seed is None or isinstance(seed, int | np.integer) or hasattr(seed, "next")
        ):
            raise ValueError(
                f"{type(self).__name__}: the seed must be a whole number, a SeedGenerator or None, got {shorten(seed)}"
            )
        self.seed = seed
        self._host_seed = next_host_seed() if seed is None else seed

    def generator(self) -> np.random.Generator:
        """A host generator in the state this call starts from."""
        if not hasattr(self._host_seed, "next"):
            return host_generator(int(self._host_seed))
        with select.scope(None):
            words = state.to_host(self._host_seed.next()).astype("uint32")
        return host_generator(int(words[0]) << 32 | int(words[-1]))


class RandomNormal(RandomInitializer):
    """Normal distribution.

    Args:
        mean: mean.
        stddev: standard deviation.
        seed: a whole number, a `keras.random.SeedGenerator`, or None for a fresh seed.

    >>> RandomNormal(seed=1)((2, 3)).shape
    (2, 3)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def host(self, shape: Shape, dtype: Any) -> np.ndarray:
        return _normal(self.generator(), self.mean, self.stddev, shape, _float(self, dtype))


class TruncatedNormal(RandomInitializer):
    """Normal distribution without values further than two standard deviations from the mean.

    Args:
        mean: mean.
        stddev: standard deviation before truncation.
        seed: a whole number, a `keras.random.SeedGenerator`, or None for a fresh seed.

    >>> values = TruncatedNormal(stddev=1.0, seed=1)((1000,))
    >>> bool(abs(values).max() <= 2.0)
    True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def host(self, shape: Shape, dtype: Any) -> np.ndarray:
        return _truncated_normal(self.generator(), self.mean, self.stddev, shape, _float(self, dtype))


class RandomUniform(RandomInitializer):
    """Uniform distribution on `[minval, maxval)`; whole numbers for an integer dtype.

    Args:
        minval: lower bound, included.
        maxval: upper bound, excluded.
        seed: a whole number, a `keras.random.SeedGenerator`, or None for a fresh seed.

    >>> values = RandomUniform(1.0, 2.0, seed=1)((1000,))
    >>> bool(values.min() >= 1.0 and values.max() <= 2.0)
    True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def host(self, shape: Shape, dtype: Any) -> np.ndarray:
        kind = to_numpy_dtype(dtype)
        if np.issubdtype(kind, np.integer):
            return self.generator().integers(int(self.minval), int(self.maxval), shape).astype(kind)
        return _uniform(self.generator(), self.minval, self.maxval, shape, _float(self, dtype))


class VarianceScaling(RandomInitializer):
    """A distribution whose variance is `scale / n`, with n the number of inputs, of outputs, or their mean.

    Args:
        scale: positive factor.
        mode: `"fan_in"`, `"fan_out"` or `"fan_avg"`: what n is.
        distribution: `"truncated_normal"`, `"untruncated_normal"` or `"uniform"`.
        seed: a whole number, a `keras.random.SeedGenerator`, or None for a fresh seed.
        input_axes: the axes of the weight that count as inputs; by default all but the last.
        output_axes: the axes that count as outputs; by default the last and those of the window of a
            convolution.

    Raises:
        ValueError: if an argument is none of these.

    >>> limit = (3 / 100) ** 0.5
    >>> values = VarianceScaling(distribution="uniform", seed=1)((100, 5))
    >>> bool(abs(values).max() <= limit)
    True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Axes = None,
        output_axes: Axes = None,
    ) -> None:
        super().__init__(seed)
        if scale <= 0:
            raise ValueError(f"VarianceScaling: scale must be positive, got {shorten(scale)}")
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if mode not in _MODES:
            raise ValueError(unknown("mode of VarianceScaling", mode, _MODES))
        if distribution not in _DISTRIBUTIONS:
            raise ValueError(unknown("distribution of VarianceScaling", distribution, _DISTRIBUTIONS))
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes

    def host(self, shape: Shape, dtype: Any) -> np.ndarray:
        fan_in, fan_out = self._fans(tuple(shape))
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1.0, fan))
        generator, kind = self.generator(), _float(self, dtype)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * stddev
            return _uniform(generator, -limit, limit, shape, kind)
        if self.distribution == "untruncated_normal":
            return _normal(generator, 0.0, stddev, shape, kind)
        return _truncated_normal(generator, 0.0, stddev / _TRUNCATED_STD, shape, kind)

    def _fans(self, shape: Shape) -> tuple[int, int]:
        """How many inputs an output has, and how many outputs an input."""
        fan_in, fan_out = _fans(shape)
        if self.input_axes is not None:
            fan_in = math.prod(shape[axis] for axis in self.input_axes)
        if self.output_axes is not None:
            fan_out = math.prod(shape[axis] for axis in self.output_axes)
        return fan_in, fan_out


def with_axes(initializer: Any, input_axes: Axes, output_axes: Axes) -> Any:
    """The initializer for a weight with these axes of inputs and outputs; itself if its scale does not follow from them."""
    if not isinstance(initializer, VarianceScaling):
        return initializer
    scaled = copy.copy(initializer)
    scaled.input_axes, scaled.output_axes = input_axes, output_axes
    return scaled


class _Named(VarianceScaling):
    """A setting of VarianceScaling under a name; only the seed and the axes are left to choose."""

    _setting: tuple[float, str, str]

    def __init__(self, seed: Any = None, input_axes: Axes = None, output_axes: Axes = None) -> None:
        super().__init__(*self._setting, seed=seed, input_axes=input_axes, output_axes=output_axes)


class GlorotUniform(_Named):
    """Uniform with variance 2 / (inputs + outputs), also called Xavier uniform.

    Args:
        seed: a whole number, a `keras.random.SeedGenerator`, or None for a fresh seed.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.

    >>> bool(abs(GlorotUniform(seed=1)((50, 10))).max() <= (6 / 60) ** 0.5)
    True
    """

    _setting = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Named):
    """Truncated normal with variance 2 / (inputs + outputs), also called Xavier normal.

    Args:
        seed: a whole number, a `keras.random.SeedGenerator`, or None for a fresh seed.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.

    >>> GlorotNormal(seed=1)((50, 10)).shape
    (50, 10)
    """

    _setting = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Named):
    """Uniform with variance 2 / inputs, for rectified units.

    Args:
        seed: a whole number, a `keras.random.SeedGenerator`, or None for a fresh seed.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.

    >>> bool(abs(HeUniform(seed=1)((50, 10))).max() <= (6 / 50) ** 0.5)
    True
    """

    _setting = (2.0, "fan_in", "uniform")


class HeNormal(_Named):
    """Truncated normal with variance 2 / inputs, for rectified units.

    Args:
        seed: a whole number, a `keras.random.SeedGenerator`, or None for a fresh seed.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.

    >>> HeNormal(seed=1)((50, 10)).shape
    (50, 10)
    """

    _setting = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Named):
    """Uniform with variance 1 / inputs.

    Args:
        seed: a whole number, a `keras.random.SeedGenerator`, or None for a fresh seed.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.

    >>> bool(abs(LecunUniform(seed=1)((50, 10))).max() <= (3 / 50) ** 0.5)
    True
    """

    _setting = (1.0, "fan_in", "uniform")


class LecunNormal(_Named):
    """Truncated normal with variance 1 / inputs, for self-normalising units.

    Args:
        seed: a whole number, a `keras.random.SeedGenerator`, or None for a fresh seed.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.

    >>> LecunNormal(seed=1)((50, 10)).shape
    (50, 10)
    """

    _setting = (1.0, "fan_in", "truncated_normal")


class Orthogonal(RandomInitializer):
    """A random orthogonal matrix: its rows, or its columns if there are fewer of them, are orthonormal.

    More axes than two are taken as a matrix of all but the last against the last.

    Args:
        gain: factor.
        seed: a whole number, a `keras.random.SeedGenerator`, or None for a fresh seed.

    Raises:
        ValueError: if the shape asked for has fewer than two axes.

    >>> q = Orthogonal(seed=1)((4, 4))
    >>> (q @ q.T).round(4).tolist() == np.eye(4).tolist()
    True
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def host(self, shape: Shape, dtype: Any) -> np.ndarray:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: expected a shape of at least two axes, got {tuple(shape)}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        square = self.generator().standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(square)
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # the factorisation's choice of signs is not uniform
        q = q.T if rows < columns else q
        return (self.gain * q.reshape(shape)).astype(_float(self, dtype))


def _fans(shape: Shape) -> tuple[int, int]:
    """Inputs and outputs of a weight laid out as (window..., inputs, outputs)."""
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def _float(initializer: Initializer, dtype: Any) -> np.dtype:
    kind = np.dtype(to_numpy_dtype(dtype))
    if kind.kind in "biu":
        raise ValueError(
            f"{type(initializer).__name__}: gives floats, but weights of dtype {dtype} were asked for"
        )
    return kind


def _wide(kind: np.dtype) -> Any:
    """The dtype to draw in: that of the weights, but not under 32 bits."""
    return np.float64 if kind == np.float64 else np.float32


def _normal(
    generator: np.random.Generator, mean: float, stddev: float, shape: Shape, kind: np.dtype
) -> np.ndarray:
    return (mean + stddev * generator.standard_normal(shape, dtype=_wide(kind))).astype(kind)


def _uniform(
    generator: np.random.Generator, low: float, high: float, shape: Shape, kind: np.dtype
) -> np.ndarray:
    return (low + (high - low) * generator.random(shape, dtype=_wide(kind))).astype(kind)


def _truncated_normal(
    generator: np.random.Generator, mean: float, stddev: float, shape: Shape, kind: np.dtype
) -> np.ndarray:
    """A normal cut off at two standard deviations, by drawing again what falls outside (one in 22)."""
    values = generator.standard_normal(math.prod(shape), dtype=_wide(kind))
    outside = np.flatnonzero(np.abs(values) > 2)
    while outside.size:
        values[outside] = generator.standard_normal(outside.size, dtype=_wide(kind))
        outside = outside[np.abs(values[outside]) > 2]
    return (mean + stddev * values).reshape(shape).astype(kind)
