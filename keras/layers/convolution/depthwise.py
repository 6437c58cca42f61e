"""Convolutions of each channel by itself, alone or followed by a mixing of the channels."""

from __future__ import annotations

from typing import Any

from keras import constraints, initializers, ops, regularizers
from keras.layers import arguments
from keras.layers.convolution.window import IntOrInts, Window

Tensor = Any
Shape = tuple[int | None, ...]


class _DepthwiseConv(Window):
    """Each channel convolved on its own, with `depth_multiplier` kernels."""

    _idle_in_files = frozenset({"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"})

    def __init__(
        self,
        kernel_size: IntOrInts,
        strides: IntOrInts = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: IntOrInts = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            (bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.depth_multiplier = arguments.int_of(self, "depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self._channels(input_shape)
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="kernel",
        )
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Tensor) -> Tensor:
        self._check_size(inputs)
        x = ops.depthwise_conv(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finish(x)


class DepthwiseConv1D(_DepthwiseConv):
    """Convolution over time of each channel on its own; arguments as in DepthwiseConv2D.

    Example:
        >>> import keras
        >>> keras.layers.DepthwiseConv1D(3, depth_multiplier=2)(keras.Input((10, 4))).shape
        (None, 8, 8)
    """

    rank = 1


class DepthwiseConv2D(_DepthwiseConv):
    """Convolution over images of each channel on its own.

    Args:
        kernel_size: height and width of the window, or one int for both.
        depth_multiplier: number of output channels for each input channel.
        strides, padding, data_format, dilation_rate, activation, use_bias: as in Conv2D.
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: of the kernel.
        bias_initializer, bias_regularizer, bias_constraint: of the bias.

    The kernel is `(height, width, channels, depth_multiplier)`.

    Raises:
        ValueError: sizes that do not fit together, or an unknown padding.

    Example:
        >>> import keras
        >>> keras.layers.DepthwiseConv2D(3)(keras.Input((28, 28, 4))).shape
        (None, 26, 26, 4)
    """

    rank = 2


class _SeparableConv(Window):
    """A depthwise convolution, then a 1 x 1 convolution that mixes the channels."""

    _idle_in_files = _DepthwiseConv._idle_in_files

    def __init__(
        self,
        filters: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: IntOrInts = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            (bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = arguments.int_of(self, "filters", filters)
        self.depth_multiplier = arguments.int_of(self, "depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self._channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="depthwise_kernel",
        )
        self.pointwise_kernel = self.add_weight(
            (1,) * self.rank + (channels * self.depth_multiplier, self.filters),
            self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
            name="pointwise_kernel",
        )
        self._add_bias(self.filters)

    def call(self, inputs: Tensor) -> Tensor:
        self._check_size(inputs)
        x = ops.separable_conv(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finish(x)


class SeparableConv1D(_SeparableConv):
    """Depthwise convolution over time, then a mix of the channels; arguments as in SeparableConv2D.

    Example:
        >>> import keras
        >>> keras.layers.SeparableConv1D(8, 3)(keras.Input((10, 4))).shape
        (None, 8, 8)
    """

    rank = 1


class SeparableConv2D(_SeparableConv):
    """Depthwise convolution over images, then a mix of the channels: a Conv2D with far fewer weights.

    Args:
        filters: number of output channels.
        kernel_size: height and width of the window, or one int for both.
        depth_multiplier: number of depthwise channels for each input channel.
        strides, padding, data_format, dilation_rate, activation, use_bias: as in Conv2D.
        depthwise_*, pointwise_*, bias_*: initializer, regularizer and constraint of the three weights.

    The kernels are `(height, width, channels, depth_multiplier)` and `(1, 1, channels * depth_multiplier, filters)`.

    Raises:
        ValueError: sizes that do not fit together, or an unknown padding.

    Example:
        >>> import keras
        >>> keras.layers.SeparableConv2D(8, 3)(keras.Input((28, 28, 4))).shape
        (None, 26, 26, 8)
    """

    rank = 2
