"""Cells stacked on each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops, tree
from keras.layers.layer import Layer
from keras.layers.rnn.cell import Cell, check_cell, initial_state, sizes_of, unbuilt, whole_sequence
from keras.serializable import deserialize, serialize

Tensor = Any


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
            check_cell(self, cell)
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        return [c.state_size for c in self.cells]

    @property
    def output_size(self) -> Any:
        return getattr(self.cells[-1], "output_size", sizes_of(self.cells[-1].state_size)[0])

    def build(self, input_shape: Any) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], getattr(cell, "output_size", sizes_of(cell.state_size)[0]))

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
            width = getattr(cell, "output_size", sizes_of(cell.state_size)[0])
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
