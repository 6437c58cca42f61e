"""What recurrent cells share: weights in blocks by gate, dropout masks, and what is asked of a cell, the user's own too.

A cell takes `(inputs, states)` and returns `(output, states)`. One with the usual activations also knows how to run a whole
sequence at once (`sequence`), which the recurrent layers prefer.
"""

from __future__ import annotations

from typing import Any

from keras import activations, constraints, initializers, ops, regularizers
from keras.backend.gates import GATES
from keras.layers.arguments import fraction_of, int_of
from keras.layers.input_spec import label
from keras.layers.layer import Layer
from keras.ops.dispatch import convert, dtype_of, shape_of
from keras.random import SeedGenerator, dropout

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
        self._make_weights(input_shape[-1])

    def _make_weights(self, channels: int, window: tuple[int, ...] = ()) -> None:
        """Kernels for so many inputs, of convolutions with this window if there is one, and the bias."""
        width = self.gates * self.units
        self.kernel = self._weight("kernel", (*window, channels, width))
        self.recurrent_kernel = self._weight("recurrent", (*window, self.units, width), "recurrent_kernel")
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
        """Zeros, one tensor per state."""
        shapes = [self._state_shape(batch_size, n) for n in sizes_of(self.state_size)]
        return [ops.zeros(shape, dtype=self.compute_dtype) for shape in shapes]

    def _state_shape(self, batch_size: Any, units: int) -> tuple[Any, ...]:
        return (batch_size, units)

    # ------------------------------------------------------------------ dropout
    def prepare_masks(self, inputs_like: Tensor, training: bool | None) -> None:
        """Draw the dropout masks of a sequence, before its loop begins; `release_masks` forgets them."""
        if training and (self.dropout or self.recurrent_dropout):
            batch, dtype = shape_of(inputs_like)[0], dtype_of(inputs_like)
            ones = ops.ones_like(inputs_like)
            state_ones = ops.ones(self._state_shape(batch, self.units), dtype=dtype)
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


def check_cell(layer: Layer, cell: Any) -> None:
    """ValueError unless a layer can use `cell` as one."""
    if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
        raise ValueError(
            f"{label(layer)}: a cell needs a `call(inputs, states)` method and a `state_size`. Received: {cell!r:.80}"
        )


def whole_sequence(cell: Any) -> Any:
    """The method `sequence` of a cell, if there is one that computes what `call` does: a subclass may have another `call`."""
    owner = next((c for c in type(cell).__mro__ if "sequence" in vars(c)), None)
    own = owner is not None and getattr(owner, "call", None) is type(cell).call and "call" not in vars(cell)
    return cell.sequence if own else None


def initial_state(cell: Any, batch_size: Any, dtype: str | None) -> Any:
    """The states a cell begins with: its own choice, or zeros of its `state_size`."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch_size)
    sizes = sizes_of(cell.state_size)
    shapes = [(batch_size, *(n if isinstance(n, (list, tuple)) else (n,))) for n in sizes]
    return [ops.zeros(shape, dtype=dtype) for shape in shapes]


def sizes_of(size: Any) -> list[Any]:
    """A `state_size` as a list."""
    return list(size) if isinstance(size, (list, tuple)) else [size]


def unbuilt(config: Any) -> Any:
    """The config of a layer inside another, to be built with that one, below its path, and not before."""
    return {k: v for k, v in config.items() if k != "build_config"} if isinstance(config, dict) else config
