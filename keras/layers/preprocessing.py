"""Layers that bring raw numbers to a range a network likes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from keras import config, ops
from keras.backend.state import to_host
from keras.layers import arguments
from keras.layers.input_spec import label
from keras.layers.layer import Layer
from keras.ops.dispatch import axes_of

Tensor = Any
Shape = tuple[int | None, ...]


class Rescaling(Layer):
    """`x * scale + offset`, in the layer's dtype.

    Args:
        scale: number or array.
        offset: number or array.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Rescaling(0.5, offset=-1.0)(np.array([0, 2, 4])).tolist()
        [-1.0, 0.0, 1.0]
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        dtype = self.compute_dtype
        x = ops.cast(inputs, dtype)
        scale, offset = (self._per_channel(ops.cast(v, dtype)) for v in (self.scale, self.offset))
        return ops.add(ops.multiply(x, scale), offset)

    def _per_channel(self, setting: Tensor) -> Tensor:
        """One number a channel stands before the image's height and width where channels come first."""
        if ops.ndim(setting) == 0 or config.image_data_format() == "channels_last":
            return setting
        return ops.reshape(setting, (*setting.shape, *(1,) * (3 - ops.ndim(setting))))


class Normalization(Layer):
    """`(x - mean) / sqrt(variance)`, with statistics given, or found in data by `adapt`.

    Args:
        axis: the axis or axes that keep statistics of their own, usually the last; None for one mean of everything.
        mean: given mean, a number or an array that broadcasts to the kept axes.
        variance: given variance, like `mean`.
        invert: whether to undo the normalisation: `x * sqrt(variance) + mean`.

    Raises:
        ValueError: only one of `mean` and `variance` given, or the layer called before it has statistics.

    Example:
        >>> import keras, numpy as np
        >>> layer = keras.layers.Normalization()
        >>> layer.adapt(np.array([[1.0], [3.0]]))
        >>> layer(np.array([[1.0], [2.0]], "float32")).tolist()
        [[-1.0], [0.0]]
    """

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis = () if axis is None else tuple(axis) if isinstance(axis, (list, tuple)) else (int(axis),)
        self.invert = invert
        self.supports_masking = True
        if (mean is None) != (variance is None):
            raise ValueError(
                f"{label(self)}: give both `mean` and `variance`, or neither. "
                f"Received: mean={mean}, variance={variance}"
            )
        self._given = None if mean is None else (np.asarray(mean, "float32"), np.asarray(variance, "float32"))
        self._statistics: tuple[Any, Any] | None = None  # arrays given, or variables

    def build(self, input_shape: Shape) -> None:
        kept = self._kept_axes(len(input_shape))
        shape = tuple(arguments.known_size(self, input_shape, a) for a in kept)
        self._aligned_shape = tuple(input_shape[a] if a in kept else 1 for a in range(len(input_shape)))
        if self._given is not None:
            try:
                mean, variance = self._given
                self._statistics = (np.broadcast_to(mean, shape), np.broadcast_to(variance, shape))
            except ValueError:
                raise ValueError(
                    f"{label(self)}: expected `mean` and `variance` to fit the kept axes, of shape {shape}. "
                    f"Received: mean of shape {mean.shape}, variance of shape {variance.shape}"
                ) from None
            return
        self._statistics = (
            self.add_weight(shape, "zeros", trainable=False, name="mean"),
            self.add_weight(shape, "ones", trainable=False, name="variance"),
        )
        # Not used, but files hold it.
        self.count = self.add_weight((), "zeros", dtype="int64", trainable=False, name="count")

    @property
    def mean(self) -> Tensor:
        """The mean in use, shaped to broadcast over the inputs; None before the layer is built."""
        return self._statistic(0)

    @property
    def variance(self) -> Tensor:
        """The variance in use, shaped to broadcast over the inputs; None before the layer is built."""
        return self._statistic(1)

    def adapt(self, data: Any) -> None:
        """Find mean and variance in data, on the host; what was found before is forgotten.

        Args:
            data: an array, or an iterable of batches (a dataset's `(inputs, targets)` pairs count by their inputs).

        Raises:
            ValueError: statistics were given to the constructor, or the data does not fit the inputs seen so far.
        """
        if self._given is not None:
            raise ValueError(
                f"{label(self)}: `mean` and `variance` were given, so there is nothing to adapt."
            )
        moments = _Moments()
        for batch in _batches(data):
            if not self.built:
                self.build((None, *batch.shape[1:]))
            self._check_fits(batch)
            moments.add(batch, self._kept_axes(batch.ndim))
        if moments.count == 0:
            raise ValueError(f"{label(self)}: adapt expected data. Received: no batch, or empty ones")
        assert self._statistics is not None
        for variable, value in zip(self._statistics, (moments.mean, moments.variance), strict=True):
            variable.assign(np.asarray(value, "float32").reshape(variable.shape))

    def call(self, inputs: Tensor) -> Tensor:
        dtype = self.compute_dtype
        x, mean = ops.cast(inputs, dtype), ops.cast(self.mean, dtype)
        stddev = ops.maximum(ops.sqrt(ops.cast(self.variance, dtype)), config.epsilon())
        if self.invert:
            return ops.add(ops.multiply(x, stddev), mean)
        return ops.divide(ops.subtract(x, mean), stddev)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; statistics found by `adapt` are weights, and not among them."""
        given = (None, None) if self._given is None else (v.tolist() for v in self._given)
        mean, variance = given
        return {
            **super().get_config(),
            "axis": self.axis,
            "invert": self.invert,
            "mean": mean,
            "variance": variance,
        }

    def _kept_axes(self, rank: int) -> tuple[int, ...]:
        kept = axes_of(self.axis, rank, label(self))
        if 0 in kept:
            raise ValueError(
                f"{label(self)}: axis 0 is the batch, and cannot have statistics of its own. "
                f"Received: axis={self.axis}, data of rank {rank}"
            )
        return kept

    def _statistic(self, i: int) -> Tensor:
        if self._statistics is None:
            return None
        return ops.reshape(self._statistics[i], self._aligned_shape)

    def _check_fits(self, batch: np.ndarray) -> None:
        expected = self._aligned_shape
        if batch.ndim != len(expected) or any(
            n not in (1, d) for n, d in zip(expected, batch.shape, strict=True)
        ):
            raise ValueError(
                f"{label(self)}: adapt expected data that broadcasts with statistics of shape {expected}, as built. "
                f"Received: data of shape {batch.shape}"
            )


class _Moments:
    """Mean and variance of batches seen one after the other, in float64."""

    def __init__(self) -> None:
        self.count = 0
        self.mean: Any = 0.0
        self.variance: Any = 0.0

    def add(self, batch: np.ndarray, kept: tuple[int, ...]) -> None:
        axes = tuple(a for a in range(batch.ndim) if a not in kept)
        n = math.prod(batch.shape[a] for a in axes)
        if n == 0:
            return
        x = batch.astype("float64")
        mean, variance = x.mean(axes), x.var(axes)
        total = self.count + n
        step = mean - self.mean
        self.variance = (self.count * self.variance + n * variance + step**2 * self.count * n / total) / total
        self.mean = self.mean + step * n / total
        self.count = total


def _batches(data: Any) -> Iterable[np.ndarray]:
    """Host arrays: the data itself if it is one array, else what it yields."""
    if hasattr(data, "shape") or (
        isinstance(data, (list, tuple)) and not any(hasattr(_inputs(e), "shape") for e in data)
    ):
        yield to_host(data)
        return
    items = (
        (data[i] for i in range(len(data)))
        if hasattr(data, "__getitem__") and hasattr(data, "__len__")
        else data
    )
    for item in items:
        yield to_host(_inputs(item))


def _inputs(item: Any) -> Any:
    """Of what a dataset yields: the inputs alone, without targets and weights."""
    return item[0] if isinstance(item, (list, tuple)) and item else item
