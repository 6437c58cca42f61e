"""Recurrent layers with a cell of their own: SimpleRNN, LSTM, GRU and ConvLSTM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from keras.backend.state import to_snake_case
from keras.errors import shorten
from keras.layers.input_spec import InputSpec, label
from keras.layers.layer import Layer
from keras.layers.rnn.cells import GRUCell, LSTMCell, SimpleRNNCell
from keras.layers.rnn.conv_cell import ConvLSTMCell, IntOrInts
from keras.layers.rnn.rnn import RNN

Tensor = Any


def _from_cell(*names: str) -> Callable[[type], type]:
    """Class decorator: these constructor arguments live on the cell, and are read from it."""

    def decorate(cls: type) -> type:
        for name in names:

            def read(self: Any, name: str = name) -> Any:
                return getattr(self.cell, name)

            setattr(cls, name, property(read))
        return cls

    return decorate


_SHARED = (
    "units", "activation", "use_bias", "kernel_initializer", "recurrent_initializer", "bias_initializer", "kernel_regularizer",
    "recurrent_regularizer", "bias_regularizer", "kernel_constraint", "recurrent_constraint", "bias_constraint", "dropout",
    "recurrent_dropout", "seed",
)  # fmt: skip


class _Ready(RNN):
    """A recurrent layer with a cell of its own, made from the layer's arguments."""

    def _make(self, cell: type, arguments: dict[str, Any], kwargs: dict[str, Any]) -> None:
        loop_options = {
            n: arguments[n]
            for n in ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")
            if n in arguments
        }
        regularizer = arguments["activity_regularizer"]
        names = [n for n in _SHARED + tuple(self._cell_extras) if n in arguments]
        dtype = {k: kwargs[k] for k in ("dtype",) if k in kwargs}
        trainable = {k: kwargs[k] for k in ("trainable",) if k in kwargs}
        made = cell(
            **{n: arguments[n] for n in names}, **dtype, **trainable, name=to_snake_case(cell.__name__)
        )
        RNN.__init__(self, made, activity_regularizer=regularizer, **loop_options, **kwargs)
        if "use_cudnn" in arguments:
            self.use_cudnn = _checked_cudnn(arguments["use_cudnn"], self)

    def _base_config(self) -> dict[str, Any]:
        own = {"unroll": self.unroll, "zero_output_for_mask": self.zero_output_for_mask}
        return {**super()._base_config(), **own}

    _cell_extras: tuple[str, ...] = ()

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        if getattr(self, "use_cudnn", False) is True:
            raise ValueError(
                f"{label(self)}: no engine computes it with cuDNN, which `use_cudnn=True` asks for. "
                'Leave it "auto": the fastest way there is is taken.'
            )
        return super().call(sequences, initial_state, mask, training)


def _checked_cudnn(value: Any, layer: Layer) -> Any:
    if value not in ("auto", True, False) or not isinstance(value, (str, bool)):
        raise ValueError(
            f'{label(layer)}: `use_cudnn` must be "auto", True or False. Received: {shorten(value)}'
        )
    return value


@_from_cell(*_SHARED)
class SimpleRNN(_Ready):
    """h[t] = activation(x[t] W + h[t-1] U + b) over a sequence; arguments as in `SimpleRNNCell` and `RNN`.

    Example:
        >>> import keras
        >>> keras.layers.SimpleRNN(4)(keras.Input((5, 3))).shape
        (None, 4)
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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._make(SimpleRNNCell, locals(), kwargs)


@_from_cell(*_SHARED, "recurrent_activation", "unit_forget_bias")
class LSTM(_Ready):
    """Long short-term memory over a sequence (Hochreiter & Schmidhuber 1997); arguments as in `LSTMCell` and `RNN`.

    With the standard activations and no recurrent dropout the whole sequence runs as one kernel. There is one way to
    compute it on each engine: `use_cudnn` may be "auto" or False.

    Example:
        >>> import keras
        >>> keras.layers.LSTM(4, return_sequences=True)(keras.Input((None, 3))).shape
        (None, None, 4)
    """

    _cell_extras = ("recurrent_activation", "unit_forget_bias")

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        self._make(LSTMCell, locals(), kwargs)


@_from_cell(*_SHARED, "recurrent_activation", "reset_after")
class GRU(_Ready):
    """Gated recurrent units over a sequence (Cho et al. 2014); arguments as in `GRUCell` and `RNN`.

    With the standard activations and no recurrent dropout the whole sequence runs as one kernel. There is one way to
    compute it on each engine: `use_cudnn` may be "auto" or False.

    Example:
        >>> import keras
        >>> keras.layers.GRU(4)(keras.Input((5, 3))).shape
        (None, 4)
    """

    _cell_extras = ("recurrent_activation", "reset_after")

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        self._make(GRUCell, locals(), kwargs)


_OF_WINDOW = ("rank", "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate")


@_from_cell(*_SHARED, *_OF_WINDOW[1:], "recurrent_activation", "unit_forget_bias")
class _ConvLSTM(_Ready):
    """Long short-term memory over a sequence of images; arguments as in `ConvLSTMCell` and `RNN`."""

    rank: ClassVar[int]
    _cell_extras = (*_OF_WINDOW, "recurrent_activation", "unit_forget_bias")

    def __init__(
        self,
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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        self._make(ConvLSTMCell, {**locals(), "rank": self.rank}, kwargs)
        self.input_spec = [InputSpec(ndim=self.rank + 3)]


class ConvLSTM1D(_ConvLSTM):
    """Long short-term memory with convolutions over sequences of rows (Shi et al. 2015, https://arxiv.org/abs/1506.04214).

    Example:
        >>> import keras
        >>> keras.layers.ConvLSTM1D(4, 3)(keras.Input((5, 8, 2))).shape
        (None, 6, 4)
    """

    rank = 1


class ConvLSTM2D(_ConvLSTM):
    """Long short-term memory with convolutions over sequences of images (Shi et al. 2015, https://arxiv.org/abs/1506.04214).

    Example:
        >>> import keras
        >>> keras.layers.ConvLSTM2D(4, 3, padding="same", return_sequences=True)(keras.Input((5, 8, 8, 2))).shape
        (None, 5, 8, 8, 4)
    """

    rank = 2


class ConvLSTM3D(_ConvLSTM):
    """Long short-term memory with convolutions over sequences of volumes (Shi et al. 2015, https://arxiv.org/abs/1506.04214).

    Example:
        >>> import keras
        >>> keras.layers.ConvLSTM3D(4, 3)(keras.Input((5, 6, 6, 6, 2))).shape
        (None, 4, 4, 4, 4)
    """

    rank = 3
