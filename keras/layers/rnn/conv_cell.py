"""One step of long short-term memory over images, where products with the kernels are convolutions (Shi et al. 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import activations, ops
from keras.backend.spec import is_unknown, shape_str, window_size
from keras.layers import arguments
from keras.layers.input_spec import label
from keras.layers.rnn.cell import Cell
from keras.layers.rnn.cells import ForgetBias

Tensor = Any
IntOrInts = int | Sequence[int]


class ConvLSTMCell(Cell):
    """One step: gates i, f, c, o from a convolution of the input and one of the state, which keeps its size.

    Args:
        rank: number of spatial axes.
        filters: channels of the states and the output.
        kernel_size, strides, padding, data_format, dilation_rate: of the input's convolution, as in `Conv2D`.
        activation ... seed: as in `LSTMCell`.
    """

    gates = 4

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: IntOrInts = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        options = dict(locals())
        super().__init__(**kwargs)
        self.rank = rank
        self.filters = arguments.int_of(self, "filters", filters)
        self.kernel_size = arguments.ints_of(self, "kernel_size", kernel_size, rank)
        self.strides = arguments.ints_of(self, "strides", strides, rank)
        self.padding = arguments.choice(self, "padding", padding, ("valid", "same"))
        self.data_format = arguments.data_format_of(self, data_format)
        self.dilation_rate = arguments.ints_of(self, "dilation_rate", dilation_rate, rank)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{label(self)}: expected `strides` or `dilation_rate` to be 1. "
                f"Received: strides={self.strides}, dilation_rate={self.dilation_rate}"
            )
        self._begin(self.filters, use_bias, dropout, recurrent_dropout, seed, options)
        self.activation = activations.get(activation)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.filters, self.filters]

    def build(self, input_shape: Any) -> None:
        axis = arguments.channel_axis(self.data_format, self.rank)
        if any(d is None or is_unknown(d) for d in input_shape[1:]):
            raise ValueError(
                f"{label(self)}: the states have the size of the images, which must be known. Received: images of shape "
                f"{shape_str(input_shape[1:])}"
            )
        width = self.gates * self.filters
        self.kernel = self._weight("kernel", (*self.kernel_size, input_shape[axis], width))
        self.recurrent_kernel = self._weight(
            "recurrent", (*self.kernel_size, self.filters, width), "recurrent_kernel"
        )
        self.bias = self._weight("bias", (width,), initializer=self._bias_start()) if self.use_bias else None
        sizes = [input_shape[a] for a in arguments.spatial_axes(self.data_format, self.rank)]
        strides_of = zip(sizes, self.kernel_size, self.strides, self.dilation_rate, strict=True)
        same = self.padding == "same"
        spatial = [-(-n // s) if same else window_size(n, k, s, 0, 0, d) for n, k, s, d in strides_of]
        self._image = (*spatial, self.filters) if axis > 1 else (self.filters, *spatial)

    def _bias_start(self) -> Any:
        return ForgetBias(self.bias_initializer) if self.unit_forget_bias else self.bias_initializer

    def _state_shape(self, batch_size: Any) -> tuple[Any, ...]:
        return (batch_size, *self._image)

    def get_initial_state(self, batch_size: Any = None) -> list[Tensor]:
        """Zeros, one image per state."""
        return [ops.zeros(self._state_shape(batch_size), dtype=self.compute_dtype) for _ in self.state_size]

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> tuple[Tensor, list[Tensor]]:
        h, c = states
        x, h = self._dropped(inputs, h, training)
        axis = arguments.channel_axis(self.data_format, self.rank)
        z = ops.conv(x, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate)
        z = z + ops.conv(h, self.recurrent_kernel, 1, "same", self.data_format)
        if self.bias is not None:
            z = z + ops.reshape(self.bias, [-1 if a == axis else 1 for a in range(self.rank + 2)])
        i, f, g, o = ops.split(z, self.gates, axis=axis)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]
