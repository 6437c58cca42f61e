"""What convolutions of all kinds share."""

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


class Window(Layer):
    """What all convolutions share: a window that slides over `rank` spatial axes, a bias, an activation."""

    rank: ClassVar[int]
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    data_format: str
    dilation_rate: tuple[int, ...]
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
        arguments.set_window(self, kernel_size, strides, padding, data_format, dilation_rate, self.paddings)
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
