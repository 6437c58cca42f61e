"""Transposed convolutions of one to three spatial axes."""

from __future__ import annotations

from typing import Any

from keras import constraints, initializers, ops, regularizers
from keras.layers import arguments
from keras.layers.convolution.window import IntOrInts, Window
from keras.layers.input_spec import label

Tensor = Any
Shape = tuple[int | None, ...]


class _ConvTranspose(Window):
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
