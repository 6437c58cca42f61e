"""What layers told of their calls on symbolic tensors in Keras 2: tensors and shapes by the number of the call."""

from __future__ import annotations

from typing import Any

from keras import tree
from keras.ops.node import Node


class _Shape:
    """`layer.input_shape`, the same in all calls. Not a property: a layer may keep something of its own by the name."""

    def __init__(self, side: str) -> None:
        self._side = side

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        if layer is None:
            return self
        shape_at = getattr(layer, f"get_{self._side}_shape_at")
        shapes = [shape_at(i) for i in range(len(layer.inbound_nodes))]
        if not shapes or any(shape != shapes[0] for shape in shapes):
            layer._only_node(f"{self._side}_shape")  # tells what is the matter
        return shapes[0]


def _shape_of(t: Any) -> Any:
    return t.shape


class Keras2Calls:
    """Former methods of `Layer`.

    >>> from keras import Input, layers
    >>> dense = layers.Dense(2)
    >>> outputs = dense(Input((3,))), dense(Input((3,)))
    >>> dense.input_shape, dense.output_shape, dense.get_output_at(1) is outputs[1]
    ((None, 3), (None, 2), True)
    """

    input_shape: Any = _Shape("input")
    output_shape: Any = _Shape("output")

    @property
    def inbound_nodes(self) -> list[Node]:
        """The calls on symbolic tensors."""
        return self.__dict__.get("_inbound_nodes") or []

    def get_input_at(self, node_index: int) -> Any:
        """Symbolic input(s) of one call."""
        return self._node_at(node_index).inputs_structure()

    def get_output_at(self, node_index: int) -> Any:
        """Symbolic output(s) of one call."""
        return self._node_at(node_index).outputs

    def get_input_shape_at(self, node_index: int) -> Any:
        """Shape(s) of the input(s) of one call."""
        return tree.map_structure(_shape_of, self.get_input_at(node_index))

    def get_output_shape_at(self, node_index: int) -> Any:
        """Shape(s) of the output(s) of one call."""
        return tree.map_structure(_shape_of, self.get_output_at(node_index))

    def _node_at(self, index: int) -> Node:
        nodes = self.inbound_nodes
        if not -len(nodes) <= index < len(nodes):
            raise ValueError(
                f"{type(self).__name__} {self.name!r} was called {len(nodes)} times on symbolic tensors. "  # type: ignore[attr-defined]
                f"Received: node_index={index}"
            )
        return nodes[index]
