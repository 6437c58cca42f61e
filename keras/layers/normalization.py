"""Normalisations: over the batch, over features, over groups of channels, to unit length."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras import constraints, initializers, ops, regularizers
from keras.backend.spec import shape_str
from keras.backend.state import Variable, to_host
from keras.errors import unknown
from keras.layers import arguments
from keras.layers.input_spec import InputSpec, label
from keras.layers.layer import Layer
from keras.ops import kernels
from keras.ops.dispatch import axes_of, axis_of, dtype_of, ndim_of, shape_of

Tensor = Any
Shape = tuple[int | None, ...]


def _wide(x: Tensor) -> Tensor:
    """Half precision as float32: sums of squares overflow it."""
    return ops.cast(x, "float32") if dtype_of(x) in ("float16", "bfloat16") else x


def _uncast(x: Tensor) -> Tensor:
    """The input of a layer without autocast as float32 or, if it is that, float64."""
    return x if dtype_of(x) == "float64" else ops.cast(x, "float32")


class _ScaleAndCenter(Layer):
    """A learned factor `gamma` and offset `beta` after a normalisation."""

    def __init__(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        beta: tuple[Any, Any, Any],
        gamma: tuple[Any, Any, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = arguments.non_negative(self, "epsilon", epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta[0])
        self.beta_regularizer = regularizers.get(beta[1])
        self.beta_constraint = constraints.get(beta[2])
        self.gamma_initializer = initializers.get(gamma[0])
        self.gamma_regularizer = regularizers.get(gamma[1])
        self.gamma_constraint = constraints.get(gamma[2])
        self.gamma: Variable | None = None
        self.beta: Variable | None = None
        self.supports_masking = True

    def _add_gamma_and_beta(self, shape: tuple[int, ...]) -> None:
        if self.scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                autocast=False,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                name="gamma",
            )
        if self.center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                autocast=False,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                name="beta",
            )

    def _gamma_and_beta(self, like: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Both in the dtype of the computation; None where the layer has none."""
        dtype = dtype_of(like)
        return tuple(None if v is None else ops.cast(v, dtype) for v in (self.gamma, self.beta))  # type: ignore[return-value]


class BatchNormalization(_ScaleAndCenter):
    """`gamma * (x - mean) / sqrt(variance + epsilon) + beta`, channel by channel.

    In training, mean and variance are those of the batch, and moving averages of them are kept; otherwise (and when
    the layer is frozen, `trainable = False`) the moving averages are used.

    Args:
        axis: the axis of the channels, usually the last.
        momentum: share of the old value in a moving average.
        epsilon: added to the variance.
        center, scale: whether there are `beta` and `gamma`.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: first values.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: as in Dense.
        renorm: batch renormalisation (Ioffe 2017): in training too, normalise as if by slowly moving statistics.
        renorm_clipping: dict with any of `rmin`, `rmax`, `dmax`: limits of the corrections.
        renorm_momentum: momentum of the statistics that renormalisation uses.
        synchronized: statistics over several devices; not offered.

    `mask` in the call: bool, broadcast to the input's shape without the last axis; masked places do not count in training.

    Raises:
        ValueError: no such axis, its size not known, or `synchronized=True`.

    Example:
        >>> import keras, numpy as np
        >>> layer = keras.layers.BatchNormalization(momentum=0.5)
        >>> layer(np.array([[2.0], [4.0]], "float32"), training=True).shape
        (2, 1)
        >>> layer.moving_mean.numpy().tolist()
        [1.5]
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        beta = (beta_initializer, beta_regularizer, beta_constraint)
        gamma = (gamma_initializer, gamma_regularizer, gamma_constraint)
        super().__init__(epsilon, center, scale, beta, gamma, **kwargs)
        if isinstance(axis, (list, tuple)) and len(axis) == 1:
            axis = axis[0]  # as Keras 2 wrote it
        if not arguments.is_int(axis):
            raise TypeError(f"{label(self)}: expected `axis` to be an int. Received: axis={axis!r}")
        if synchronized:
            raise ValueError(
                f"{label(self)}: synchronized=True is not offered: the layer sees one device's batch. Leave it out."
            )
        self.axis = int(axis)
        self.momentum = arguments.non_negative(self, "momentum", momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer: Any = initializers.get(moving_variance_initializer)
        self.renorm = renorm
        self.renorm_clipping = self._checked_clipping(renorm_clipping or {}) if renorm else renorm_clipping
        self.renorm_momentum = renorm_momentum
        self.synchronized = synchronized

    def build(self, input_shape: Shape) -> None:
        size = arguments.known_size(self, input_shape, self.axis)
        self._add_gamma_and_beta((size,))
        self.moving_mean = self._statistic("moving_mean", size, self.moving_mean_initializer)
        self.moving_variance = self._statistic("moving_variance", size, self.moving_variance_initializer)
        if self.renorm:
            self.moving_stddev = self._statistic("moving_stddev", size, self._first_stddev)
            self.renorm_mean = self._statistic("renorm_mean", size, self.moving_mean_initializer)
            self.renorm_stddev = self._statistic("renorm_stddev", size, self._first_stddev)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor = None) -> Tensor:
        x = _wide(ops.cast(inputs, self.compute_dtype))
        gamma, beta = self._gamma_and_beta(x)
        if training and self.trainable and mask is None and not self.renorm:
            axis = axis_of(self.axis, ndim_of(x), label(self))
            y, mean, variance = kernels.batch_norm_training(x, gamma, beta, axis, self.epsilon)
            self._move_both(mean, variance)
            return ops.cast(y, self.compute_dtype)
        if training and self.trainable:
            mean, variance = self._batch_moments(x, mask)
            if self.renorm:
                gamma, beta = self._renormalised(mean, variance, gamma, beta)
            else:
                self._move_both(mean, variance)
        else:
            mean, variance = (
                ops.cast(self.moving_mean, dtype_of(x)),
                ops.cast(self.moving_variance, dtype_of(x)),
            )
        y = ops.batch_normalization(
            x, mean, variance, axis=self.axis, offset=beta, scale=gamma, epsilon=self.epsilon
        )
        return ops.cast(y, self.compute_dtype)

    def _statistic(self, name: str, size: int, initializer: Any) -> Any:
        return self.add_weight((size,), initializer, trainable=False, autocast=False, name=name)

    def _first_stddev(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        """The root of the first variance."""
        return np.sqrt(to_host(self.moving_variance_initializer(shape, dtype)))

    def _move_both(self, mean: Tensor, variance: Tensor) -> None:
        _move(self.moving_mean, mean, self.momentum)
        _move(self.moving_variance, variance, self.momentum)

    def _batch_moments(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Mean and variance of each channel; places where `mask` is 0 do not count."""
        axes = tuple(a for a in range(ndim_of(x)) if a != axis_of(self.axis, ndim_of(x), label(self)))
        if mask is None:
            return ops.moments(x, axes)
        kept = self._kept(x, mask)
        total = ops.sum(ops.cast(kept, dtype_of(x)), axes, keepdims=True)
        total = ops.where(ops.equal(total, 0.0), ops.ones_like(total), total)  # all masked: moments are 0
        nothing = ops.zeros_like(x)
        mean = ops.divide(ops.sum(ops.where(kept, x, nothing), axes, keepdims=True), total)
        square = ops.where(kept, ops.square(ops.subtract(x, mean)), nothing)
        variance = ops.divide(ops.sum(square, axes, keepdims=True), total)
        return ops.squeeze(mean, axes), ops.squeeze(variance, axes)

    def _kept(self, x: Tensor, mask: Tensor) -> Tensor:
        """The mask as bools of the shape of `x`."""
        if ndim_of(mask) != ndim_of(x) - 1:
            raise ValueError(
                f"{label(self)}: expected a mask of the input's shape without the last axis. "
                f"Received: mask.shape={shape_str(shape_of(mask))}, inputs.shape={shape_str(shape_of(x))}"
            )
        return ops.broadcast_to(ops.expand_dims(ops.cast(mask, "bool"), -1), shape_of(x))

    def _renormalised(self, mean: Tensor, variance: Tensor, gamma: Any, beta: Any) -> tuple[Tensor, Tensor]:
        """`gamma r` and `gamma d + beta`: with them, normalising by the batch is normalising by slow statistics.

        `r = stddev / renorm_stddev` and `d = (mean - renorm_mean) / renorm_stddev` are clipped, and constants to the
        gradient (Ioffe 2017, algorithm 1).
        """
        mean, variance = ops.stop_gradient(mean), ops.stop_gradient(variance)
        stddev = ops.sqrt(ops.add(variance, self.epsilon))
        slow_mean, slow_stddev = (ops.cast(v, dtype_of(mean)) for v in (self.renorm_mean, self.renorm_stddev))
        limits = self.renorm_clipping or {}
        dmax = limits.get("dmax", np.inf)
        r = ops.clip(ops.divide(stddev, slow_stddev), limits.get("rmin", 0.0), limits.get("rmax", np.inf))
        d = ops.clip(ops.divide(ops.subtract(mean, slow_mean), slow_stddev), -dmax, dmax)
        self._move_renorm(mean, stddev)
        if gamma is not None:
            r, d = ops.multiply(gamma, r), ops.multiply(gamma, d)
        return r, d if beta is None else ops.add(d, beta)

    def _move_renorm(self, mean: Tensor, stddev: Tensor) -> None:
        """Both pairs of averages; the variance that inference uses follows from its averaged standard deviation."""
        _move(self.renorm_mean, mean, self.renorm_momentum)
        _move(self.renorm_stddev, stddev, self.renorm_momentum)
        _move(self.moving_mean, mean, self.momentum)
        _move(self.moving_stddev, stddev, self.momentum)
        average = ops.cast(self.moving_stddev, dtype_of(stddev))
        self.moving_variance.assign(ops.subtract(ops.square(average), self.epsilon))

    def _checked_clipping(self, limits: dict[str, float]) -> dict[str, float]:
        known = ("rmin", "rmax", "dmax")
        for key in limits:
            if key not in known:
                raise ValueError(f"{label(self)}: {unknown('renorm_clipping', key, known)}")
        if limits.get("rmin", -np.inf) > limits.get("rmax", np.inf) or limits.get("dmax", 0.0) < 0:
            raise ValueError(
                f"{label(self)}: renorm_clipping needs rmin <= rmax and dmax >= 0. Received: {limits}"
            )
        return limits


def _move(average: Any, value: Tensor, momentum: float) -> None:
    """`average = momentum * average + (1 - momentum) * value`."""
    dtype = dtype_of(value)
    old = ops.multiply(ops.cast(average, dtype), momentum)
    average.assign(ops.add(old, ops.multiply(value, 1.0 - momentum)))


class LayerNormalization(_ScaleAndCenter):
    """`gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with mean and variance of each sample over some axes.

    Args:
        axis: the axis or axes normalised over, usually the last.
        epsilon: added to the variance.
        center, scale: whether there are `beta` and `gamma`, of the shape of the normalised axes.
        beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
            gamma_constraint: as in Dense.
        rms_scaling: no centring: `gamma * x / sqrt(variance + epsilon)`. For old files; see `RMSNormalization`.

    Raises:
        ValueError: no such axis, or its size is not known.

    Example:
        >>> import keras
        >>> keras.layers.LayerNormalization()(keras.Input((10, 4))).shape
        (None, 10, 4)
    """

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        rms_scaling = bool(kwargs.pop("rms_scaling", False))
        beta = (beta_initializer, beta_regularizer, beta_constraint)
        gamma = (gamma_initializer, gamma_regularizer, gamma_constraint)
        super().__init__(epsilon, center and not rms_scaling, scale or rms_scaling, beta, gamma, **kwargs)
        self.rms_scaling = rms_scaling
        self.autocast = False  # large inputs overflow half precision before they are normalised
        self.axis = _axis_argument(self, axis)

    def build(self, input_shape: Shape) -> None:
        self.axis = _in_order(self.axis, len(input_shape))
        self._add_gamma_and_beta(_sizes(self, input_shape, self.axis))

    def call(self, inputs: Tensor) -> Tensor:
        x = _uncast(inputs)
        y = self._rms_scaled(x) if self.rms_scaling else self._normalised(x)
        return ops.cast(y, self.compute_dtype)

    def _normalised(self, x: Tensor) -> Tensor:
        return ops.layer_normalization(x, *self._gamma_and_beta(x), axis=self.axis, epsilon=self.epsilon)

    def _rms_scaled(self, x: Tensor) -> Tensor:
        """`gamma * x / sqrt(variance + epsilon)`."""
        deviation = ops.sqrt(ops.add(ops.var(x, axis=self.axis, keepdims=True), self.epsilon))
        axes = axes_of(self.axis, ndim_of(x), label(self))
        sizes = [n if a in axes else 1 for a, n in enumerate(shape_of(x))]
        return ops.multiply(ops.divide(x, deviation), ops.reshape(self._gamma_and_beta(x)[0], sizes))


class GroupNormalization(_ScaleAndCenter):
    """Normalise each sample within groups of channels; one group is layer, as many as channels instance normalisation.

    Args:
        groups: number of groups; -1 for one per channel.
        axis: the axis of the channels.
        epsilon: added to the variance.
        center, scale: whether there are `beta` and `gamma`, one per channel.
        beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
            gamma_constraint: as in Dense.

    Raises:
        ValueError: `groups` does not divide the number of channels.

    Example:
        >>> import keras
        >>> keras.layers.GroupNormalization(groups=4)(keras.Input((28, 28, 8))).shape
        (None, 28, 28, 8)
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        beta = (beta_initializer, beta_regularizer, beta_constraint)
        gamma = (gamma_initializer, gamma_regularizer, gamma_constraint)
        super().__init__(epsilon, center, scale, beta, gamma, **kwargs)
        self.autocast = False  # large inputs overflow half precision before they are normalised
        self.groups = groups if groups == -1 else arguments.int_of(self, "groups", groups)
        self.axis = axis

    def build(self, input_shape: Shape) -> None:
        channels = arguments.known_size(self, input_shape, self.axis)
        if channels % self._groups_of(channels):
            raise ValueError(
                f"{label(self)}: expected `groups` to divide the number of channels. "
                f"Received: groups={self.groups}, input of shape {shape_str(input_shape)} with {channels} channels"
            )
        self._add_gamma_and_beta((channels,))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Tensor) -> Tensor:
        x = _uncast(inputs)
        shape = shape_of(x)
        channel = axis_of(self.axis, len(shape), label(self))
        groups = self._groups_of(shape[channel])
        in_groups = (*shape[:channel], groups, shape[channel] // groups, *shape[channel + 1 :])
        x = ops.reshape(x, in_groups)
        axes = [a for a in range(1, len(in_groups)) if a != channel]
        mean, variance = ops.moments(x, axes, keepdims=True)
        x = ops.multiply(ops.subtract(x, mean), ops.rsqrt(ops.add(variance, self.epsilon)))
        x = ops.reshape(x, shape)
        along_channels = [-1 if a == channel else 1 for a in range(len(shape))]
        gamma, beta = self._gamma_and_beta(x)
        if gamma is not None:
            x = ops.multiply(x, ops.reshape(gamma, along_channels))
        if beta is not None:
            x = ops.add(x, ops.reshape(beta, along_channels))
        return ops.cast(x, self.compute_dtype)

    def _groups_of(self, channels: int) -> int:
        return channels if self.groups == -1 else self.groups


class RMSNormalization(Layer):
    """`scale * x / sqrt(mean(x**2) + epsilon)`, the mean over some axes of each sample.

    Args:
        axis: the axis or axes normalised over, usually the last.
        epsilon: added to the mean square.

    Raises:
        ValueError: no such axis, or its size is not known.

    Example:
        >>> import keras
        >>> keras.layers.RMSNormalization()(keras.Input((10, 4))).shape
        (None, 10, 4)
    """

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = _axis_argument(self, axis)
        self.epsilon = arguments.non_negative(self, "epsilon", epsilon)

    def build(self, input_shape: Shape) -> None:
        self.axis = _in_order(self.axis, len(input_shape))
        self.scale = self.add_weight(
            _sizes(self, input_shape, self.axis), "ones", autocast=False, name="scale"
        )

    def call(self, inputs: Tensor) -> Tensor:
        x = _wide(ops.cast(inputs, self.compute_dtype))
        y = ops.rms_normalization(x, ops.cast(self.scale, dtype_of(x)), axis=self.axis, epsilon=self.epsilon)
        return ops.cast(y, self.compute_dtype)


class UnitNormalization(Layer):
    """`x / sqrt(sum(x**2))` over some axes: vectors of length one (zero stays zero).

    Args:
        axis: the axis or axes summed over, usually the last.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.UnitNormalization()(np.array([[0.0, 4.0]], "float32")).tolist()
        [[0.0, 1.0]]
    """

    _stateless = True

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = _axis_argument(self, axis)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        x = _wide(inputs)
        square = ops.sum(ops.square(x), axis=self.axis, keepdims=True)
        return ops.cast(ops.multiply(x, ops.rsqrt(ops.maximum(square, 1e-12))), self.compute_dtype)


def _axis_argument(layer: Layer, axis: Any) -> Any:
    """An int, or a list of ints."""
    if arguments.is_int(axis):
        return int(axis)
    if isinstance(axis, (list, tuple)) and axis and all(arguments.is_int(a) for a in axis):
        return [int(a) for a in axis]
    raise TypeError(
        f"{label(layer)}: expected `axis` to be an int or a list of ints. Received: axis={axis!r}"
    )


def _in_order(axis: Any, rank: int) -> Any:
    """The axes as the input has them, for weights that broadcast against it."""
    return sorted(axis, key=lambda a: a % rank) if isinstance(axis, list) else axis


def _sizes(layer: Layer, input_shape: Shape, axis: Any) -> tuple[int, ...]:
    """Known sizes of the axes, in the order given."""
    axes_of(axis, len(input_shape), label(layer))
    return tuple(
        arguments.known_size(layer, input_shape, a) for a in (axis if isinstance(axis, list) else [axis])
    )
