"""The functional graph: operations (layers, ops) and the nodes that record each symbolic call of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keras import tree
from keras.backend.abstract import ABSTRACT
from keras.backend.select import inner, scope
from keras.backend.spec import KerasTensor
from keras.backend.state import Variable, auto_name, to_snake_case
from keras.serializable import Serializable


class Operation(Serializable):
    """Something that can be a step of a functional graph: a layer, or an op with its static arguments.

    Subclasses write `call`, and `compute_output_spec` if `call` does not run on symbolic tensors.

    Args:
        name: unique within a model; made up from the class name if absent.

    Example:
        >>> import keras
        >>> class Affine(keras.Operation):
        ...     def call(self, x, y):
        ...         return 2 * x + y
        >>> Affine()(keras.Input((3,)), 1.0).shape
        (None, 3)
    """

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                f"{type(self).__name__}: `name` must be a string without '/'. Received: name={name!r}"
            )
        self.name = name or auto_name(to_snake_case(type(self).__name__))
        self._inbound_nodes: list[Node] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not any(isinstance(x, KerasTensor) for x in tree.flatten((args, kwargs))):
            return self.call(*args, **kwargs)
        if inner() is ABSTRACT:
            return self.compute_output_spec(*args, **kwargs)
        return self.symbolic_call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation."""
        raise NotImplementedError(
            f"{type(self).__name__} has no `call` method: write `def call(self, ...): ...`."
        )

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic outputs (shape and dtype) for symbolic inputs, without recording anything."""
        with scope(ABSTRACT):
            return self.call(*args, **kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Record a call on symbolic inputs; what `__call__` does for them."""
        inputs = [t for t in tree.flatten((args, kwargs)) if isinstance(t, KerasTensor)]
        outputs = fresh(self.compute_output_spec(*args, **kwargs), inputs)
        Node(self, args, kwargs, outputs)
        return outputs

    @property
    def input(self) -> Any:
        """The symbolic input(s) of the operation's only call."""
        return self._only_node("input").inputs_structure()

    @property
    def output(self) -> Any:
        """The symbolic output(s) of the operation's only call."""
        return self._only_node("output").outputs

    def _only_node(self, what: str) -> Node:
        nodes = self.__dict__.get("_inbound_nodes") or []
        if len({id(n) for n in nodes}) != 1:
            state = (
                "has not been called on a symbolic tensor yet"
                if not nodes
                else f"was called {len(nodes)} times"
            )
            raise AttributeError(
                f"{type(self).__name__} {self.name!r} {state}, so it has no single `{what}`. "
                "Keep the tensors you passed and received instead."
            )
        return nodes[0]


class Node:
    """One symbolic call: `operation(*args, **kwargs) -> outputs`, with symbolic tensors inside the arguments."""

    def __init__(
        self,
        operation: Operation,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        outputs: Any,
        register: bool = True,
    ) -> None:
        self.operation = operation
        # Copies of the containers: the caller's lists may grow after the call, as in a DenseNet.
        args, kwargs, outputs = tree.map_structure(lambda x: x, (args, kwargs, outputs))
        self.args = args
        self.kwargs = kwargs
        self.inputs: list[KerasTensor] = [
            t for t in tree.flatten((args, kwargs)) if isinstance(t, KerasTensor)
        ]
        self.outputs = outputs
        self.output_tensors: list[KerasTensor] = [
            t for t in tree.flatten(outputs) if isinstance(t, KerasTensor)
        ]
        for i, t in enumerate(self.output_tensors):
            t.node, t.index = self, i
        if register:
            operation._inbound_nodes.append(self)

    @property
    def is_input(self) -> bool:
        return not self.inputs

    @property
    def parents(self) -> Iterator[Node]:
        return (t.node for t in self.inputs if t.node is not None)

    def inputs_structure(self) -> Any:
        """What was passed first (or the output of an input node): a tensor, or a structure of tensors."""
        if self.is_input:
            return self.outputs
        symbolic = [a for a in self.args if any(isinstance(t, KerasTensor) for t in tree.flatten(a))]
        return symbolic[0] if len(symbolic) == 1 else self.inputs

    def __repr__(self) -> str:
        return f"<Node {self.operation.name}: {self.inputs} -> {self.output_tensors}>"


def fresh(outputs: Any, inputs: list[KerasTensor]) -> Any:
    """Copies of those outputs that already belong to the graph (an operation may hand its input through).

    A variable among the outputs, such as the table that an embedding hands to a later layer, gets a tensor of its own.
    """
    taken = {id(t) for t in inputs}

    def copy(t: Any) -> Any:
        if isinstance(t, KerasTensor) and (t.node is not None or id(t) in taken):
            return KerasTensor(t.dims, t.dtype)
        if isinstance(t, KerasTensor):
            taken.add(id(t))
        return KerasTensor(t.shape, t.dtype) if isinstance(t, Variable) else t

    return tree.map_structure(copy, outputs)
