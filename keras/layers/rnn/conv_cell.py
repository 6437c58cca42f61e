"""One step of long short-term memory over images, where products with the kernels are convolutions (Shi et al. 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.spec import is_unknown, shape_str, window_size
from keras.layers import arguments
from keras.layers.input_spec import label
from keras.layers.rnn.cells import LongShortCell

Tensor = Any
IntOrInts = int | Sequence[int]


class ConvLSTMCell(LongShortCell):
    """One step: gates i, f, c, o from a convolution of the input and one of the state, which keeps its size.

    Args:
        rank: number of spatial axes.
        filters: channels of the states and the output.
        kernel_size, strides, padding, data_format, dilation_rate: of the input's convolution, as in `Conv2D`.
        activation ... seed: as in `LSTMCell`.
    """

    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    data_format: str
    dilation_rate: tuple[int, ...]

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
        arguments.set_window(self, kernel_size, strides, padding, data_format, dilation_rate)
        self._settle(self.filters, options)

    def build(self, input_shape: Any) -> None:
        axis = arguments.channel_axis(self.data_format, self.rank)
        if any(d is None or is_unknown(d) for d in input_shape[1:]):
            raise ValueError(
                f"{label(self)}: the states have the size of the images, which must be known. Received: images of shape "
                f"{shape_str(input_shape[1:])}"
            )
        self._make_weights(input_shape[axis], self.kernel_size)
        sizes = [input_shape[a] for a in arguments.spatial_axes(self.data_format, self.rank)]
        strides_of = zip(sizes, self.kernel_size, self.strides, self.dilation_rate, strict=True)
        same = self.padding == "same"
        spatial = [-(-n // s) if same else window_size(n, k, s, 0, 0, d) for n, k, s, d in strides_of]
        self._spatial = tuple(spatial)

    def _state_shape(self, batch_size: Any, units: int) -> tuple[Any, ...]:
        last = self.data_format == "channels_last"
        return (batch_size, *self._spatial, units) if last else (batch_size, units, *self._spatial)

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> tuple[Tensor, list[Tensor]]:
        h, c = states
        x, h = self._dropped(inputs, h, training)
        axis = arguments.channel_axis(self.data_format, self.rank)
        z = ops.conv(x, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate)
        z = z + ops.conv(h, self.recurrent_kernel, 1, "same", self.data_format)
        if self.bias is not None:
            z = z + ops.reshape(self.bias, [-1 if a == axis else 1 for a in range(self.rank + 2)])
        return self._gated(z, c, axis)
