"""One step of SimpleRNN, LSTM and GRU."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras import activations, ops
from keras.backend.state import to_host
from keras.layers.rnn import kernels
from keras.layers.rnn.cell import Cell

Tensor = Any


class SimpleRNNCell(Cell):
    """h = activation(x W + h U + b), one step.

    Args:
        units: width of the state and output.
        activation, use_bias: of the step.
        kernel_initializer, recurrent_initializer, bias_initializer: of W, U and b; likewise regularizers and constraints.
        dropout, recurrent_dropout: rates for the inputs and the state; one mask for a whole sequence.
        seed: of the dropout.

    Example:
        >>> import keras
        >>> y, states = keras.layers.SimpleRNNCell(2)(keras.ops.ones((3, 4)), [keras.ops.zeros((3, 2))])
        >>> tuple(y.shape)
        (3, 2)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
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
        self._begin(units, use_bias, dropout, recurrent_dropout, seed, options)
        self.activation = activations.get(activation)

    def call(self, sequence: Tensor, states: Any, training: bool = False) -> tuple[Tensor, Any]:
        nested = isinstance(states, (list, tuple))
        h = states[0] if nested else states
        x, h = self._dropped(sequence, h, training)
        z = ops.matmul(x, self.kernel) + ops.matmul(h, self.recurrent_kernel)
        h = self.activation(z if self.bias is None else z + self.bias)
        return h, [h] if nested else h

    def _functions(self) -> list[Any]:
        return [self.activation]

    def sequence(self, x: Tensor, states: list[Tensor], mask: Tensor | None, reverse: bool) -> Any:
        whole = self._of_sequence(x)
        if whole is None:
            return NotImplemented
        x, drop, (activation,) = whole
        y, h = kernels.simple_rnn(x, states[0], *self._weights_now(), mask, drop, reverse, activation)
        return y, [h]


class LongShortCell(Cell):
    """What cells with gates i, f, c, o share, whatever their products are."""

    gates = 4
    unit_forget_bias: bool

    def _settle(self, units: int, options: dict[str, Any]) -> None:
        """Settle the constructor arguments but those of the products."""
        rates = options["dropout"], options["recurrent_dropout"]
        self._begin(units, options["use_bias"], *rates, options["seed"], options)
        self.activation = activations.get(options["activation"])
        self.recurrent_activation = activations.get(options["recurrent_activation"])
        self.unit_forget_bias = options["unit_forget_bias"]
        self.state_size = [self.units, self.units]

    def _bias_start(self) -> Any:
        return _ForgetBias(self.bias_initializer) if self.unit_forget_bias else self.bias_initializer

    def _gated(self, z: Tensor, c: Tensor, axis: int) -> tuple[Tensor, list[Tensor]]:
        """Output and states, from the sums of the products for all gates, side by side along an axis, and the cell's state."""
        i, f, g, o = ops.split(z, self.gates, axis=axis)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]


class LSTMCell(LongShortCell):
    """Long short-term memory, one step (Hochreiter & Schmidhuber 1997): gates i, f, c, o.

    Args:
        units: width of the states and output.
        activation: of the candidate and the output. recurrent_activation: of the gates.
        unit_forget_bias: start the forget gate's bias at one (Jozefowicz et al. 2015).
        kernel_initializer ... seed: as in `SimpleRNNCell`.

    Example:
        >>> import keras
        >>> zeros = keras.ops.zeros((3, 2))
        >>> y, (h, c) = keras.layers.LSTMCell(2)(keras.ops.ones((3, 4)), [zeros, zeros])
        >>> tuple(c.shape)
        (3, 2)
    """

    def __init__(
        self,
        units: int,
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
        kwargs.pop("implementation", None)  # Keras 2's choice of kernel
        options = dict(locals())
        super().__init__(**kwargs)
        self._settle(units, options)

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> tuple[Tensor, list[Tensor]]:
        h, c = states
        x, h = self._dropped(inputs, h, training)
        z = ops.matmul(x, self.kernel) + ops.matmul(h, self.recurrent_kernel)
        return self._gated(z if self.bias is None else z + self.bias, c, -1)

    def sequence(self, x: Tensor, states: list[Tensor], mask: Tensor | None, reverse: bool) -> Any:
        whole = self._of_sequence(x)
        if whole is None:
            return NotImplemented
        x, drop, (activation, gate) = whole
        weights = self._weights_now()
        y, h, c = kernels.lstm(x, states[0], states[1], *weights, mask, drop, reverse, activation, gate)
        return y, [h, c]


class GRUCell(Cell):
    """Gated recurrent unit, one step (Cho et al. 2014): gates z, r, h.

    Args:
        units: width of the state and output.
        activation: of the candidate. recurrent_activation: of the gates.
        reset_after: apply the reset gate after the recurrent projection (cuDNN's form) rather than before.
        kernel_initializer ... seed: as in `SimpleRNNCell`.

    Example:
        >>> import keras
        >>> y, states = keras.layers.GRUCell(2)(keras.ops.ones((3, 4)), [keras.ops.zeros((3, 2))])
        >>> tuple(y.shape)
        (3, 2)
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("implementation", None)  # Keras 2's choice of kernel
        options = dict(locals())
        super().__init__(**kwargs)
        self._begin(units, use_bias, dropout, recurrent_dropout, seed, options)
        self.activation = activations.get(activation)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> tuple[Tensor, Any]:
        nested = isinstance(states, (list, tuple))
        before = states[0] if nested else states
        x, h = self._dropped(inputs, before, training)
        input_bias, state_bias = self._biases()
        z = ops.matmul(x, self.kernel)
        xz, xr, xh = ops.split(z if input_bias is None else z + input_bias, 3, axis=-1)
        gate = self.recurrent_activation
        if self.reset_after:
            s = ops.matmul(h, self.recurrent_kernel)
            hz, hr, hh = ops.split(s if state_bias is None else s + state_bias, 3, axis=-1)
            update, reset = gate(xz + hz), gate(xr + hr)
            new = self.activation(xh + reset * hh)
        else:
            gates, candidate = (
                self.recurrent_kernel[:, : 2 * self.units],
                self.recurrent_kernel[:, 2 * self.units :],
            )
            hz, hr = ops.split(ops.matmul(h, gates), 2, axis=-1)
            update, reset = gate(xz + hz), gate(xr + hr)
            new = self.activation(xh + ops.matmul(reset * h, candidate))
        h = update * before + (1 - update) * new
        return h, [h] if nested else h

    def _biases(self) -> tuple[Tensor | None, Tensor | None]:
        if self.bias is None or not self.reset_after:
            return self.bias, None
        return self.bias[0], self.bias[1]

    def sequence(self, x: Tensor, states: list[Tensor], mask: Tensor | None, reverse: bool) -> Any:
        whole = self._of_sequence(x)
        if whole is None:
            return NotImplemented
        x, drop, (activation, gate) = whole
        weights, after = self._weights_now(), self.reset_after
        y, h = kernels.gru(x, states[0], *weights, mask, drop, reverse, activation, gate, after)
        return y, [h]


class _ForgetBias:
    """Bias of an LSTM: as `start` gives it, but ones for the forget gate."""

    def __init__(self, start: Any) -> None:
        self._start = start

    def host(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        units = shape[0] // 4
        value = np.array(_host_value(self._start, shape, dtype))
        value[units : 2 * units] = 1
        return value

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Tensor:
        return ops.convert_to_tensor(self.host(shape, dtype))


def _host_value(start: Any, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return start.host(shape, dtype) if hasattr(start, "host") else to_host(start(shape, dtype=dtype))
