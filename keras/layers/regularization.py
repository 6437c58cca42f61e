"""Noise in training, and a loss on activities: layers that keep a network from learning its data by heart."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from keras import ops, random, regularizers
from keras.backend.spec import shape_str
from keras.layers import arguments
from keras.layers.input_spec import InputSpec, label
from keras.layers.layer import Layer
from keras.ops.dispatch import dtype_of, shape_of
from keras.random import SeedGenerator

Tensor = Any


class _Noise(Layer):
    """Does something random in training, and nothing otherwise."""

    rate: float = 0.0
    _stateless = True

    def __init__(self, amount: float, seed: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        # Without noise no state, as in files of Keras 3.
        self.seed_generator = SeedGenerator(seed) if arguments.is_number(amount) and amount > 0 else None
        self.supports_masking = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        return self._disturbed(inputs) if training and self._amount > 0 else inputs

    @property
    def _amount(self) -> float:
        return self.rate

    def _disturbed(self, inputs: Tensor) -> Tensor:
        raise NotImplementedError


class Dropout(_Noise):
    """In training, set a share `rate` of the inputs to zero and divide the others by `1 - rate`.

    Args:
        rate: share from 0 to 1.
        noise_shape: shape of the random choice, broadcast over the input; None in it stands for the input's size.
            `(None, 1, None)` drops the same features at every time step.
        seed: an int, for the same choices in every run.

    Raises:
        ValueError: a rate outside 0 to 1.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Dropout(0.5)(np.ones(3, "float32"), training=False).tolist()
        [1.0, 1.0, 1.0]
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(rate, seed, **kwargs)
        self.rate = arguments.fraction_of(self, "rate", rate)
        self.noise_shape = _noise_shape_argument(self, noise_shape)

    def _disturbed(self, inputs: Tensor) -> Tensor:
        noise_shape = _noise_shape(self, inputs)
        return random.dropout(inputs, self.rate, noise_shape=noise_shape, seed=self.seed_generator)


class _SpatialDropout(_Noise):
    """Dropout of whole channels."""

    rank: ClassVar[int]

    def __init__(self, rate: float, data_format: str | None, seed: Any, **kwargs: Any) -> None:
        super().__init__(rate, seed, **kwargs)
        self.rate = arguments.fraction_of(self, "rate", rate)
        self.data_format = arguments.data_format_of(self, data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool = True) -> Self:
        """A layer from its config, of Keras 2 too, whose `noise_shape` says nothing."""
        used = {name: value for name, value in config.items() if name != "noise_shape"}
        return super().from_config(used, custom_objects, safe_mode)

    def _base_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype_policy.name}  # all that Keras takes

    def _disturbed(self, inputs: Tensor) -> Tensor:
        spatial = arguments.spatial_axes(self.data_format, self.rank)
        noise_shape = tuple(1 if axis in spatial else size for axis, size in enumerate(shape_of(inputs)))
        return random.dropout(inputs, self.rate, noise_shape=noise_shape, seed=self.seed_generator)


class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of a sequence `(batch, time, channels)`.

    Args:
        rate: share of the channels, from 0 to 1.
        seed: an int, for the same choices in every run.

    Example:
        >>> import keras
        >>> keras.layers.SpatialDropout1D(0.2)(keras.Input((10, 4))).shape
        (None, 10, 4)
    """

    rank = 1

    def __init__(
        self, rate: float, seed: Any = None, name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(rate, "channels_last", seed, name=name, dtype=dtype, **kwargs)


class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images.

    Args:
        rate: share of the channels, from 0 to 1.
        data_format: `"channels_last"` or `"channels_first"`.
        seed: an int, for the same choices in every run.

    Example:
        >>> import keras
        >>> keras.layers.SpatialDropout2D(0.2)(keras.Input((28, 28, 3))).shape
        (None, 28, 28, 3)
    """

    rank = 2

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, data_format, seed, name=name, dtype=dtype, **kwargs)


class SpatialDropout3D(_SpatialDropout):
    """Dropout of whole channels of volumes; arguments as in SpatialDropout2D.

    Example:
        >>> import keras
        >>> keras.layers.SpatialDropout3D(0.2)(keras.Input((8, 8, 8, 3))).shape
        (None, 8, 8, 8, 3)
    """

    rank = 3

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, data_format, seed, name=name, dtype=dtype, **kwargs)


class GaussianNoise(_Noise):
    """In training, add normal noise.

    Args:
        stddev: its standard deviation.
        seed: an int, for the same noise in every run.

    Raises:
        ValueError: a negative `stddev`.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.GaussianNoise(0.1)(np.ones(3, "float32"), training=False).tolist()
        [1.0, 1.0, 1.0]
    """

    def __init__(self, stddev: float, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(stddev, seed, **kwargs)
        self.stddev = arguments.non_negative(self, "stddev", stddev)

    @property
    def _amount(self) -> float:
        return self.stddev

    def _disturbed(self, inputs: Tensor) -> Tensor:
        noise = random.normal(
            shape_of(inputs), stddev=self.stddev, dtype=self.compute_dtype, seed=self.seed_generator
        )
        return ops.add(inputs, noise)


class GaussianDropout(_Noise):
    """In training, multiply by normal noise of mean 1 and standard deviation `sqrt(rate / (1 - rate))`.

    Args:
        rate: as in Dropout, from 0 up to but not including 1.
        seed: an int, for the same noise in every run.

    Raises:
        ValueError: a rate outside 0 to 1.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.GaussianDropout(0.5)(np.ones(3, "float32"), training=False).tolist()
        [1.0, 1.0, 1.0]
    """

    def __init__(self, rate: float, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(rate, seed, **kwargs)
        self.rate = arguments.fraction_of(self, "rate", rate, below_one=True)

    def _disturbed(self, inputs: Tensor) -> Tensor:
        stddev = (self.rate / (1.0 - self.rate)) ** 0.5
        noise = random.normal(
            shape_of(inputs), mean=1.0, stddev=stddev, dtype=self.compute_dtype, seed=self.seed_generator
        )
        return ops.multiply(inputs, noise)


class AlphaDropout(_Noise):
    """Dropout that keeps mean and variance: for networks of `selu` units (Klambauer et al. 2017).

    Args:
        rate: as in Dropout, from 0 up to but not including 1.
        noise_shape: as in Dropout.
        seed: an int, for the same choices in every run.

    Raises:
        ValueError: a rate outside 0 to 1.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.AlphaDropout(0.5)(np.ones(3, "float32"), training=False).tolist()
        [1.0, 1.0, 1.0]
    """

    #: What `selu` tends to for very negative inputs: the value of dropped units.
    dropped = -1.0507009873554805 * 1.6732632423543772

    def __init__(self, rate: float, noise_shape: Any = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(rate, seed, **kwargs)
        self.rate = arguments.fraction_of(self, "rate", rate, below_one=True)
        self.noise_shape = _noise_shape_argument(self, noise_shape)

    def _disturbed(self, inputs: Tensor) -> Tensor:
        shape = _noise_shape(self, inputs) or shape_of(inputs)
        # In float32 also for half precision, whose steps would make the rate inexact.
        kept = ops.greater_equal(random.uniform(shape, dtype="float32", seed=self.seed_generator), self.rate)
        keep = 1.0 - self.rate
        scale = (keep + self.dropped**2 * keep * self.rate) ** -0.5
        offset = -scale * self.dropped * self.rate
        x = ops.where(kept, inputs, ops.cast(self.dropped, dtype_of(inputs)))
        return ops.add(ops.multiply(x, scale), offset)


class ActivityRegularization(Layer):
    """The input, unchanged, with a loss on it: `l1 * sum(abs(x)) + l2 * sum(x**2)`, divided by the batch size.

    Args:
        l1, l2: the factors, at least 0.

    Example:
        >>> import keras, numpy as np
        >>> layer = keras.layers.ActivityRegularization(l1=0.5)
        >>> layer(np.array([[1.0, -2.0]], "float32")).tolist(), float(layer.losses[0])
        ([[1.0, -2.0]], 1.5)
    """

    _stateless = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = arguments.non_negative(self, "l1", l1)
        self.l2 = arguments.non_negative(self, "l2", l2)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; the regularizer they make is not repeated."""
        config = {**super().get_config(), "l1": self.l1, "l2": self.l2}
        del config["activity_regularizer"]
        return config


def _noise_shape_argument(layer: Layer, noise_shape: Any) -> tuple[int | None, ...] | None:
    if noise_shape is None:
        return None
    if not isinstance(noise_shape, (list, tuple)) or any(
        n is not None and (not arguments.is_int(n) or n < 1) for n in noise_shape
    ):
        raise ValueError(
            f"{label(layer)}: expected `noise_shape` to be a tuple of positive ints and None. "
            f"Received: noise_shape={noise_shape!r}"
        )
    return tuple(noise_shape)


def _noise_shape(layer: Any, inputs: Tensor) -> tuple[Any, ...] | None:
    """`noise_shape` with the input's sizes for None; None if there is none."""
    if layer.noise_shape is None:
        return None
    shape = shape_of(inputs)
    if len(shape) != len(layer.noise_shape):
        raise ValueError(
            f"{label(layer)}: expected `noise_shape` to have one entry for each axis of the input. "
            f"Received: noise_shape={layer.noise_shape}, input of shape {shape_str(shape)}"
        )
    return tuple(d if n is None else n for n, d in zip(layer.noise_shape, shape, strict=True))
