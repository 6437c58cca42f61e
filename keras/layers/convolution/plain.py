"""Convolutions of one to three spatial axes."""

from __future__ import annotations

from typing import Any

from keras import constraints, initializers, ops, regularizers
from keras.backend.spec import shape_str
from keras.layers import arguments
from keras.layers.convolution.window import IntOrInts, Window
from keras.layers.input_spec import label

Tensor = Any
Shape = tuple[int | None, ...]


class _Conv(Window):
    """`activation(conv(x, kernel) + bias)`."""

    def __init__(
        self,
        filters: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: IntOrInts = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
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
        self.groups = arguments.int_of(self, "groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"{label(self)}: expected `groups` to divide `filters`. "
                f"Received: groups={self.groups}, filters={self.filters}"
            )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"{label(self)}: expected `groups` to divide the number of input channels. "
                f"Received: groups={self.groups}, input of shape {shape_str(input_shape)} with {channels} channels"
            )
        self.kernel = self.add_weight(
            (*self.kernel_size, channels // self.groups, self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(self.filters)

    def convolution_op(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        """The convolution alone, which a subclass may override: to standardise the kernel, say."""
        return ops.conv(
            inputs,
            kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def call(self, inputs: Tensor) -> Tensor:
        self._check_size(inputs)
        return self._finish(self.convolution_op(inputs, self.kernel))


class Conv1D(_Conv):
    """Convolution over time: `activation(conv(x, kernel) + bias)`.

    Args:
        filters: number of output channels.
        kernel_size: length of the window.
        strides: step between windows.
        padding: `"valid"` (none), `"same"` (output as long as the input, at stride 1), `"causal"` (an output sees only
            its own and earlier steps).
        data_format: `"channels_last"` for `(batch, steps, channels)`, `"channels_first"` for
            `(batch, channels, steps)`.
        dilation_rate: distance between the window's taps.
        groups: number of groups of channels that are convolved on their own.
        activation, use_bias, and initializers, regularizers, constraints of `kernel` and `bias`: as in Dense.

    The kernel is `(kernel_size, channels // groups, filters)`.

    Raises:
        ValueError: sizes that do not fit together, or an unknown padding.

    Example:
        >>> import keras
        >>> keras.layers.Conv1D(8, 3, padding="causal")(keras.Input((10, 4))).shape
        (None, 10, 8)
    """

    rank = 1
    paddings = ("valid", "same", "causal")

    def convolution_op(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        causal = self.padding == "causal"
        return ops.conv(
            self._padded_left(inputs) if causal else inputs,
            kernel,
            strides=self.strides,
            padding="valid" if causal else self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def _padded_left(self, inputs: Tensor) -> Tensor:
        low = (self.kernel_size[0] - 1) * self.dilation_rate[0]
        (time,) = arguments.spatial_axes(self.data_format, 1)
        return ops.pad(inputs, [(low, 0) if axis == time else (0, 0) for axis in range(3)])


class Conv2D(_Conv):
    """Convolution over images: `activation(conv(x, kernel) + bias)`.

    Args:
        filters: number of output channels.
        kernel_size: height and width of the window, or one int for both.
        strides: steps between windows.
        padding: `"valid"` (none) or `"same"` (output as large as the input, at stride 1).
        data_format: `"channels_last"` for `(batch, height, width, channels)`, `"channels_first"` for
            `(batch, channels, height, width)`.
        dilation_rate: distances between the window's taps.
        groups: number of groups of channels that are convolved on their own.
        activation, use_bias, and initializers, regularizers, constraints of `kernel` and `bias`: as in Dense.

    The kernel is `(height, width, channels // groups, filters)`.

    Raises:
        ValueError: sizes that do not fit together, or an unknown padding.

    Example:
        >>> import keras
        >>> keras.layers.Conv2D(8, 3)(keras.Input((28, 28, 1))).shape
        (None, 26, 26, 8)
    """

    rank = 2


class Conv3D(_Conv):
    """Convolution over volumes or films; arguments as in Conv2D, with three spatial axes.

    Example:
        >>> import keras
        >>> keras.layers.Conv3D(8, 3)(keras.Input((16, 16, 16, 1))).shape
        (None, 14, 14, 14, 8)
    """

    rank = 3
