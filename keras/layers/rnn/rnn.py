"""`RNN`: any cell, or several on top of each other, run over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops, tree
from keras.backend import dtypes
from keras.backend.select import current, scope
from keras.backend.spec import same
from keras.backend.state import Variable, to_host
from keras.layers.input_spec import InputSpec, label
from keras.layers.layer import Layer
from keras.layers.rnn import loop
from keras.layers.rnn.cell import Cell, check_cell, initial_state, unbuilt, whole_sequence
from keras.layers.rnn.stacked import StackedRNNCells
from keras.ops.dispatch import convert, dtype_of, shape_of

Tensor = Any


class RNN(Layer):
    """A cell applied to every step of a sequence [batch, time, ...].

    Args:
        cell: a layer with `call(inputs, states)` and `state_size`, or a list of such (stacked).
        return_sequences: return the outputs of all steps instead of the last.
        return_state: return the last states too.
        go_backwards: run from the end; outputs come in that order.
        stateful: begin each batch with the states the last one ended with; needs a fixed batch size.
        unroll: write the steps out instead of looping: sometimes faster for short sequences.
        zero_output_for_mask: give zeros for masked steps instead of the last output.

    Returns:
        [batch, units], or [batch, time, units] with `return_sequences`; with `return_state` a tuple of that and the states.

    Example:
        >>> import keras
        >>> keras.layers.RNN(keras.layers.SimpleRNNCell(4), return_sequences=True)(keras.Input((5, 3))).shape
        (None, 5, 4)
    """

    _not_in_config = frozenset({"time_major", "implementation", "use_cudnn"})
    #: States are no weights: they are not saved, set, counted or trained.
    _untracked = Layer._untracked | {"states"}

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("time_major", False):
            raise ValueError(
                "RNN: `time_major` is gone: give [batch, time, ...], and transpose before and after if need be."
            )
        kwargs.pop("implementation", None)  # Keras 2's choice of kernel
        super().__init__(**kwargs)
        self.cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        check_cell(self, self.cell)
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.input_spec = [InputSpec(ndim=3)] if isinstance(self.cell, Cell) else None
        self.states: Any = None

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool = True) -> Any:
        if "cell" in config:
            config = {**config, "cell": unbuilt(config["cell"])}
        return super().from_config(config, custom_objects, safe_mode)

    @property
    def state_size(self) -> Any:
        return self.cell.state_size

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        if (
            isinstance(sequences_shape, list)
            and sequences_shape
            and isinstance(sequences_shape[0], (list, tuple))
        ):
            sequences_shape = sequences_shape[0]  # the sequences came in a list with their initial states
        step_shape = (sequences_shape[0], *sequences_shape[2:])
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build(step_shape)
        if self.stateful:
            self._make_states(sequences_shape[0])

    def _make_states(self, batch_size: int | None) -> None:
        if batch_size is None:
            raise ValueError(
                f"{label(self)}: a stateful layer needs a fixed batch size: `keras.Input(batch_shape=(batch, time, features))`."
            )
        with scope(None):
            start = initial_state(self.cell, batch_size, self.compute_dtype)
        self.states = tree.map_structure(
            lambda s: Variable(to_host(s), trainable=False, dtype=self.variable_dtype, name="rnn_state"),
            start,
        )

    # ------------------------------------------------------------------ calling
    def get_initial_state(self, batch_size: Any) -> list[Any]:
        """The states a sequence begins with where none are given: the cell's own choice, or zeros.

        Args:
            batch_size: an int, or an element of `ops.shape`.
        """
        return initial_state(self.cell, batch_size, self.compute_dtype)

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        if isinstance(sequences, (list, tuple)):
            sequences, *rest = sequences
            initial_state = rest or initial_state
        mask = tree.flatten(mask)[0] if isinstance(mask, (list, tuple)) else mask
        states = self._states_for(sequences, initial_state)
        prepare = getattr(self.cell, "prepare_masks", None)
        if prepare is not None:
            prepare(_first_step(sequences), training)
        try:
            last, outputs, new = self._over_time(sequences, states, mask, training)
        finally:
            if prepare is not None:
                self.cell.release_masks()
        new = tree.unflatten(states, tree.flatten(new))
        if self.stateful:
            for variable, value in zip(tree.flatten(self.states), tree.flatten(new), strict=True):
                variable.assign(value)
        y = outputs if self.return_sequences else last
        return (y, *(new if isinstance(new, (list, tuple)) else [new])) if self.return_state else y

    def _states_for(self, sequences: Tensor, given: Any) -> Any:
        if given is not None:
            states = given if isinstance(given, (list, tuple)) else [given]
            return list(states)
        if self.stateful:
            self._check_batch(shape_of(sequences)[0])
            return tree.map_structure(convert, self.states)
        given = dtype_of(sequences)
        dtype = given if dtypes.is_float(given) else self.compute_dtype
        states = initial_state(self.cell, ops.shape(sequences)[0], dtype)
        return states if isinstance(states, (list, tuple)) else [states]

    def _check_batch(self, batch_size: Any) -> None:
        kept = tree.flatten(self.states)[0].shape[0]
        if not same(batch_size, kept):
            raise ValueError(
                f"{label(self)}: the layer is stateful, with states of a batch size of {kept}. "
                f"Received: a batch of {batch_size}"
            )

    def _over_time(
        self, sequences: Tensor, states: Any, mask: Tensor | None, training: bool
    ) -> tuple[Tensor, Tensor, Any]:
        """Last output, all outputs and last states: by the cell's whole-sequence form if it has one for this case."""
        whole = whole_sequence(self.cell)
        if whole is not None and not self.unroll:
            fused = self._whole_sequence(whole, sequences, states, mask)
            if fused is not NotImplemented:
                return fused
        more = (
            {"training": training}
            if isinstance(self.cell, Layer) and self.cell._signature.has_training
            else {}
        )

        def step(inputs: Any, flat_states: list[Tensor]) -> tuple[Any, list[Tensor]]:
            y, new = self.cell(inputs, tree.unflatten(states, flat_states), **more)
            return y, tree.flatten(new)

        return loop.run(
            step,
            sequences,
            tree.flatten(states),
            mask,
            self.go_backwards,
            self.unroll,
            self.zero_output_for_mask,
        )

    def _whole_sequence(self, whole: Callable[..., Any], x: Tensor, states: Any, mask: Tensor | None) -> Any:
        starts = tree.flatten(states)
        if not dtypes.is_float(dtype_of(x)):  # kernels take one dtype
            x = ops.cast(x, dtype_of(starts[0]))
        result = whole(x, starts, mask, self.go_backwards)
        if result is NotImplemented:
            return result
        outputs, new = result
        if mask is not None and self.zero_output_for_mask:
            outputs = ops.where(ops.expand_dims(mask, -1), outputs, 0)
        if self.go_backwards:
            outputs = current().flip(outputs, (1,))
        # With a mask the last output may not be the last state: a row that is masked throughout gives zeros.
        is_state = mask is None and not isinstance(self.cell, StackedRNNCells)
        return (new[0] if is_state else loop.last_step(outputs, 1)), outputs, new

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        mask = tree.flatten(previous_mask)[0]
        output_mask = mask if self.return_sequences else None
        if not self.return_state:
            return output_mask
        return [output_mask, *(None for _ in tree.flatten(self.state_size))]

    # ------------------------------------------------------------------ states between batches
    def reset_states(self, states: Any = None) -> None:
        """Set the states of a stateful layer to zeros, or to the given arrays."""
        if not self.stateful or self.states is None:
            raise AttributeError(
                f"{label(self)}: there are no states to reset: the layer is not stateful, or not built yet."
            )
        mine = tree.flatten(self.states)
        values = tree.flatten(states) if states is not None else [ops.zeros(v.shape, v.dtype) for v in mine]
        if len(values) != len(mine):
            raise ValueError(
                f"{label(self)}: reset_states expected {len(mine)} arrays. Received: {len(values)}"
            )
        for v, value in zip(mine, values, strict=True):
            v.assign(value)

    reset_state = reset_states


def _first_step(sequences: Any) -> Any:
    """The inputs of the first step."""
    return tree.map_structure(lambda x: ops.get_item(x, (slice(None), 0)), sequences)
