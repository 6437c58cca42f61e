"""Convolutions of one to three spatial axes: plain, transposed, depthwise and separable."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from keras import activations, constraints, initializers, ops, regularizers
from keras.backend.spec import Unknown, shape_str
from keras.backend.state import Variable
from keras.layers import arguments
from keras.layers.input_spec import InputSpec, label
from keras.layers.layer import Layer
from keras.ops.dispatch import shape_of

Tensor = Any
Shape = tuple[int | None, ...]
IntOrInts = Any  # an int, or a tuple with one for each spatial axis


class _Window(Layer):
    """What all convolutions share: a window that slides over `rank` spatial axes, a bias, an activation."""

    rank: ClassVar[int]
    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")
    #: What Keras 2 wrote into configs though the layer makes no use of it.
    _idle_in_files: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        kernel_size: IntOrInts,
        strides: IntOrInts,
        padding: str,
        data_format: str | None,
        dilation_rate: IntOrInts,
        activation: Any,
        use_bias: bool,
        bias: tuple[Any, Any, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernel_size = arguments.ints_of(self, "kernel_size", kernel_size, self.rank)
        self.strides = arguments.ints_of(self, "strides", strides, self.rank)
        self.padding = arguments.choice(self, "padding", padding, self.paddings)
        self.data_format = arguments.data_format_of(self, data_format)
        self.dilation_rate = arguments.ints_of(self, "dilation_rate", dilation_rate, self.rank)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{label(self)}: expected `strides` or `dilation_rate` to be 1. "
                f"Received: strides={self.strides}, dilation_rate={self.dilation_rate}"
            )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias[0])
        self.bias_regularizer = regularizers.get(bias[1])
        self.bias_constraint = constraints.get(bias[2])
        self.bias: Variable | None = None
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool = True) -> Self:
        """A layer from its config, of Keras 2 too."""
        used = {name: value for name, value in config.items() if name not in cls._idle_in_files}
        return super().from_config(used, custom_objects, safe_mode)

    def _channels(self, input_shape: Shape) -> int:
        """The number of input channels, which is then expected of every input."""
        if len(input_shape) != self.rank + 2:
            raise ValueError(
                f"{label(self)}: expected an input of rank {self.rank + 2} (batch, {self.rank} spatial, channels). "
                f"Received: input of shape {shape_str(input_shape)}"
            )
        axis = arguments.channel_axis(self.data_format, self.rank)
        channels = arguments.known_size(self, input_shape, axis)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        return channels

    def _add_bias(self, size: int) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                (size,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def _check_size(self, inputs: Tensor) -> None:
        """The dilated kernel must fit into an input that is not padded."""
        if self.padding != "valid":
            return
        shape = shape_of(inputs)
        for axis, k, d in zip(
            arguments.spatial_axes(self.data_format, self.rank),
            self.kernel_size,
            self.dilation_rate,
            strict=True,
        ):
            extent = (k - 1) * d + 1
            if not isinstance(shape[axis], Unknown) and shape[axis] < extent:
                raise ValueError(
                    f"{label(self)}: expected axis {axis} to have at least {extent} positions, as the kernel has "
                    f"(kernel_size={self.kernel_size}, dilation_rate={self.dilation_rate}). "
                    f'Received: input of shape {shape_str(shape)}. Use a smaller kernel, or padding="same".'
                )

    def _finish(self, x: Tensor) -> Tensor:
        """Bias and activation."""
        if self.bias is not None:
            bias: Tensor = self.bias
            if self.data_format == "channels_first":
                bias = ops.reshape(bias, (-1,) + (1,) * self.rank)
            x = ops.add(x, bias)
        return x if self.activation is None else self.activation(x)


class _Conv(_Window):
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


class _ConvTranspose(_Window):
    """The gradient of a convolution with respect to its input, as a layer: it enlarges."""

    _idle_in_files = frozenset({"groups"})

    def __init__(
        self,
        filters: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = 1,
        padding: str = "valid",
        output_padding: IntOrInts = None,
        data_format: str | None = None,
        dilation_rate: IntOrInts = 1,
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
        self.output_padding = output_padding
        if output_padding is not None:
            self.output_padding = arguments.ints_of(
                self, "output_padding", output_padding, self.rank, least=0
            )
            if any(p >= s for p, s in zip(self.output_padding, self.strides, strict=True)):
                raise ValueError(
                    f"{label(self)}: expected `output_padding` to be less than `strides` along each axis. "
                    f"Received: output_padding={self.output_padding}, strides={self.strides}"
                )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self._channels(input_shape)
        self.kernel = self.add_weight(
            (*self.kernel_size, self.filters, channels),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(self.filters)

    def call(self, inputs: Tensor) -> Tensor:
        x = ops.conv_transpose(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finish(x)


class Conv1DTranspose(_ConvTranspose):
    """Transposed convolution over time: the way back from the shape a Conv1D makes; arguments as in Conv2DTranspose.

    Example:
        >>> import keras
        >>> keras.layers.Conv1DTranspose(8, 3, strides=2)(keras.Input((10, 4))).shape
        (None, 21, 8)
    """

    rank = 1


class Conv2DTranspose(_ConvTranspose):
    """Transposed convolution over images: the way back from the shape a Conv2D makes.

    Args:
        filters: number of output channels.
        kernel_size: height and width of the window, or one int for both.
        strides: enlargement along each axis.
        padding: `"valid"` or `"same"`, of the convolution that is transposed.
        output_padding: extra rows and columns of the output, less than `strides`; None lets `padding` decide.
        data_format, dilation_rate, and the rest: as in Conv2D.

    The kernel is `(height, width, filters, channels)`.

    Raises:
        ValueError: sizes that do not fit together, or an unknown padding.

    Example:
        >>> import keras
        >>> keras.layers.Conv2DTranspose(8, 3, strides=2, padding="same")(keras.Input((14, 14, 4))).shape
        (None, 28, 28, 8)
    """

    rank = 2


class Conv3DTranspose(_ConvTranspose):
    """Transposed convolution over volumes; arguments as in Conv2DTranspose.

    Example:
        >>> import keras
        >>> keras.layers.Conv3DTranspose(8, 2, strides=2)(keras.Input((4, 4, 4, 1))).shape
        (None, 8, 8, 8, 8)
    """

    rank = 3


class _DepthwiseConv(_Window):
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


class _SeparableConv(_Window):
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
