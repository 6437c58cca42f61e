"""Recurrent cells: one step of SimpleRNN, LSTM and GRU, and cells stacked on each other.

A cell takes `(inputs, states)` and returns `(output, states)`. Cells with the usual activations also know how to run a whole
sequence at once (`sequence`), which the recurrent layers prefer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras import activations, constraints, initializers, ops, regularizers, tree
from keras.backend.gates import GATES
from keras.backend.state import to_host
from keras.layers.arguments import fraction_of, int_of
from keras.layers.layer import Layer
from keras.layers.rnn import kernels
from keras.ops.dispatch import convert, dtype_of, shape_of
from keras.random import SeedGenerator, dropout
from keras.serializable import deserialize, serialize

Tensor = Any


class Cell(Layer):
    """What the cells of the library share: weights in gate blocks, and dropout masks that are constant over time."""

    gates = 1
    activation: Any
    recurrent_activation: Any
    bias_initializer: Any

    def _begin(
        self,
        units: int,
        use_bias: bool,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        options: dict[str, Any],
    ) -> None:
        """Settle the constructor arguments that all cells take."""
        self.units = int_of(self, "units", units)
        self.use_bias = use_bias
        self.dropout = fraction_of(self, "dropout", dropout)
        self.recurrent_dropout = fraction_of(self, "recurrent_dropout", recurrent_dropout)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        for part in ("kernel", "recurrent", "bias"):
            setattr(self, f"{part}_initializer", initializers.get(options[f"{part}_initializer"]))
            setattr(self, f"{part}_regularizer", regularizers.get(options[f"{part}_regularizer"]))
            setattr(self, f"{part}_constraint", constraints.get(options[f"{part}_constraint"]))
        self.state_size: Any = self.units
        self.output_size = self.units
        self._masks: tuple[Tensor | None, Tensor | None] | None = None

    def build(self, input_shape: Any) -> None:
        width = self.gates * self.units
        self.kernel = self._weight("kernel", (input_shape[-1], width))
        self.recurrent_kernel = self._weight("recurrent", (self.units, width), "recurrent_kernel")
        self.bias = (
            self._weight("bias", self._bias_shape(), initializer=self._bias_start())
            if self.use_bias
            else None
        )

    def _weight(
        self, part: str, shape: tuple[int, ...], name: str | None = None, initializer: Any = None
    ) -> Any:
        return self.add_weight(
            shape,
            initializer or getattr(self, f"{part}_initializer"),
            regularizer=getattr(self, f"{part}_regularizer"),
            constraint=getattr(self, f"{part}_constraint"),
            name=name or part,
        )

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def _bias_start(self) -> Any:
        return self.bias_initializer

    def get_initial_state(self, batch_size: Any = None) -> list[Tensor]:
        """Zeros, one tensor [batch, units] per state."""
        sizes = self.state_size if isinstance(self.state_size, (list, tuple)) else [self.state_size]
        return [ops.zeros((batch_size, n), dtype=self.compute_dtype) for n in sizes]

    # ------------------------------------------------------------------ dropout
    def prepare_masks(self, inputs_like: Tensor, training: bool | None) -> None:
        """Draw the dropout masks of a sequence, before its loop begins; `release_masks` forgets them."""
        if training and (self.dropout or self.recurrent_dropout):
            batch, dtype = shape_of(inputs_like)[0], dtype_of(inputs_like)
            ones = ops.ones_like(inputs_like)
            state_ones = ops.ones((batch, self.units), dtype=dtype)
            self._masks = (self._drop(ones, self.dropout), self._drop(state_ones, self.recurrent_dropout))
        else:
            self._masks = (None, None)

    def _drop(self, ones: Tensor, rate: float) -> Tensor | None:
        return dropout(ones, rate, seed=self.seed_generator) if rate else None

    def release_masks(self) -> None:
        """Forget the masks drawn for a sequence."""
        self._masks = None

    def _dropped(self, x: Tensor, h: Tensor, training: bool | None) -> tuple[Tensor, Tensor]:
        """Inputs and state with their dropout masks applied."""
        alone = self._masks is None
        if alone:
            self.prepare_masks(x, training)
        input_mask, state_mask = self._masks  # type: ignore[misc]
        if alone:
            self.release_masks()
        return (x if input_mask is None else x * input_mask), (h if state_mask is None else h * state_mask)

    def sequence(self, x: Tensor, states: list[Tensor], mask: Tensor | None, reverse: bool) -> Any:
        """Outputs [batch, time, units] and last states of a whole sequence, or NotImplemented."""
        return NotImplemented

    def _of_sequence(self, x: Tensor) -> tuple[Tensor, Tensor | None, list[Any]] | None:
        """For a kernel: inputs after dropout, the mask of the state's, and activations; None if it has not these."""
        functions = [f.__name__ for f in self._functions() if getattr(f, "__name__", None) in GATES]
        if self._functions() != [getattr(activations, name) for name in functions]:
            return None
        input_mask, state_mask = self._masks or (None, None)
        return (x if input_mask is None else x * ops.expand_dims(input_mask, 1)), state_mask, functions

    def _functions(self) -> list[Any]:
        return [self.activation, self.recurrent_activation]

    def _weights_now(self) -> tuple[Tensor, Tensor, Tensor | None]:
        return (
            convert(self.kernel),
            convert(self.recurrent_kernel),
            None if self.bias is None else convert(self.bias),
        )


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


class LSTMCell(Cell):
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

    gates = 4

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
        self._begin(units, use_bias, dropout, recurrent_dropout, seed, options)
        self.activation = activations.get(activation)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.units, self.units]

    def _bias_start(self) -> Any:
        return _ForgetBias(self.bias_initializer) if self.unit_forget_bias else self.bias_initializer

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> tuple[Tensor, list[Tensor]]:
        h, c = states
        x, h = self._dropped(inputs, h, training)
        z = ops.matmul(x, self.kernel) + ops.matmul(h, self.recurrent_kernel)
        i, f, g, o = ops.split(z if self.bias is None else z + self.bias, 4, axis=-1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]

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


def whole_sequence(cell: Any) -> Any:
    """The method `sequence` of a cell, if there is one that computes what `call` does: a subclass may have another `call`."""
    owner = next((c for c in type(cell).__mro__ if "sequence" in vars(c)), None)
    own = owner is not None and getattr(owner, "call", None) is type(cell).call and "call" not in vars(cell)
    return cell.sequence if own else None


class StackedRNNCells(Layer):
    """Several cells as one: the output of each is the input of the next.

    Args:
        cells: the cells, the first one nearest to the input.

    Example:
        >>> import keras
        >>> cells = [keras.layers.GRUCell(4), keras.layers.GRUCell(2)]
        >>> keras.layers.RNN(cells)(keras.Input((5, 3))).shape
        (None, 2)
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for cell in cells:
            if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
                raise ValueError(
                    f"StackedRNNCells: a cell needs `call` and `state_size`. Received: {cell!r:.80}"
                )
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        return [c.state_size for c in self.cells]

    @property
    def output_size(self) -> Any:
        return getattr(self.cells[-1], "output_size", _flat(self.cells[-1].state_size)[0])

    def build(self, input_shape: Any) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], getattr(cell, "output_size", _flat(cell.state_size)[0]))

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        return [self._initial_state(cell, batch_size) for cell in self.cells]

    def _initial_state(self, cell: Any, batch_size: Any) -> Any:
        """The cell's own choice; without one, a bare tensor where `state_size` is an int, as in Keras 3."""
        states = initial_state(cell, batch_size, self.compute_dtype)
        bare = not hasattr(cell, "get_initial_state") and isinstance(cell.state_size, int)
        return states[0] if bare else states

    def call(
        self, inputs: Tensor, states: Any, training: bool = False, **kwargs: Any
    ) -> tuple[Tensor, list[Any]]:
        new = []
        for cell, state in zip(self.cells, states, strict=True):
            more = {"training": training} if isinstance(cell, Layer) and cell._signature.has_training else {}
            bare = not isinstance(state, (list, tuple))
            inputs, after = cell(inputs, [state] if bare else state, **more)
            new.append(after[0] if bare and isinstance(after, (list, tuple)) else after)
        return inputs, new

    def sequence(self, x: Tensor, states: list[Tensor], mask: Tensor | None, reverse: bool) -> Any:
        """One cell after the other over all steps, as far as each can do that; see `Cell`."""
        after: list[Tensor] = []
        for cell in self.cells:
            whole = whole_sequence(cell)
            if whole is None or cell.compute_dtype != self.compute_dtype:
                return NotImplemented
            count = len(tree.flatten(cell.state_size))
            own, states = states[:count], states[count:]
            result = whole(x, own, mask, reverse)
            if result is NotImplemented:
                return result
            x, new = result
            after += new
        return x, after

    def prepare_masks(self, inputs_like: Tensor, training: bool | None) -> None:
        column = ops.ones_like(inputs_like[:, :1])
        for cell in self.cells:
            if isinstance(cell, Cell):
                cell.prepare_masks(inputs_like, training)
            width = getattr(cell, "output_size", _flat(cell.state_size)[0])
            inputs_like = ops.tile(column, (1, width))

    def release_masks(self) -> None:
        for cell in self.cells:
            if isinstance(cell, Cell):
                cell.release_masks()

    def get_config(self) -> dict[str, Any]:
        return {**self._base_config(), "cells": [serialize(c) for c in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool = True) -> Any:
        config = dict(config)
        cells = [
            deserialize(unbuilt(c), custom_objects, safe_mode, family="layers") for c in config.pop("cells")
        ]
        return cls(cells, **{k: deserialize(v, custom_objects, safe_mode) for k, v in config.items()})


def unbuilt(config: Any) -> Any:
    """The config of a layer inside another, to be built with that one, below its path, and not before."""
    return {k: v for k, v in config.items() if k != "build_config"} if isinstance(config, dict) else config


def initial_state(cell: Any, batch_size: Any, dtype: str | None) -> Any:
    """The states a cell begins with: its own choice, or zeros of its `state_size`."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch_size)
    sizes = _flat(cell.state_size)
    shapes = [(batch_size, *(n if isinstance(n, (list, tuple)) else (n,))) for n in sizes]
    return [ops.zeros(shape, dtype=dtype) for shape in shapes]


def _flat(size: Any) -> list[Any]:
    return list(size) if isinstance(size, (list, tuple)) else [size]


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
