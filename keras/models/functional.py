"""`Functional`: a model that is a graph of layer calls."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, ClassVar

from keras import tree
from keras.backend.abstract import ABSTRACT
from keras.backend.dtypes import is_complex
from keras.backend.masks import get_mask, set_mask
from keras.backend.select import current, inner
from keras.backend.spec import KerasTensor, is_keras_tensor, same, shape_str
from keras.layers import Input, InputLayer, Layer
from keras.models import functional_config
from keras.models.graph import Graph
from keras.models.model import Model
from keras.ops.dispatch import convert
from keras.ops.node import Node, Operation
from keras.ops.numpy.statistics import mean

Tensor = Any


class Functional(Model):
    """The model `outputs = f(inputs)` for symbolic tensors connected by layer calls.

    Args:
        inputs: symbolic tensor, or a list or dict of them.
        outputs: likewise.
        name: the model's name.
        trainable: whether its variables are trained.

    Raises:
        ValueError: an input or output is not symbolic, an output does not follow from the inputs, or two layers share a name.

    Example:
        >>> import keras
        >>> x = keras.Input((4,))
        >>> model = keras.Model(x, keras.layers.Dense(2)(x))
        >>> model.output_shape
        (None, 2)
    """

    _untracked: ClassVar[frozenset[str]] = Model._untracked | {
        "_graph",
        "_graph_with_losses",
        "_inputs_struct",
        "_outputs_struct",
    }

    #: Whether inputs of other sizes than those of the symbolic inputs, along known axes, are computed with.
    _any_sizes = False

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        trainable = kwargs.pop("trainable", True)
        _check_symbolic("inputs", inputs)
        _check_symbolic("outputs", outputs)
        Model.__init__(self, name=name, **kwargs)
        # Copies of the containers: the caller's lists may change later.
        self._inputs_struct, self._outputs_struct = tree.map_structure(lambda t: t, (inputs, outputs))
        graph = Graph(tree.flatten(inputs), tree.flatten(outputs), _sorted_positions(outputs))
        self._graph = self._begin_at_input_layers(graph)
        self._graph_with_losses = self._graph
        self._operations: list[Operation] = self._graph.operations
        _check_names(self._operations, self.name)
        self.built = True
        if not trainable:
            self.trainable = False

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    def _begin_at_input_layers(self, graph: Graph) -> Graph:
        """The graph itself, or a copy in which inner tensors given as inputs are made by input layers."""
        if len({id(t) for t in graph.inputs}) != len(graph.inputs):
            raise ValueError(f'Model "{self.name}": a tensor is given twice in `inputs`.')
        if all(isinstance(t.node and t.node.operation, InputLayer) for t in graph.inputs):
            return graph
        replaced: dict[int, KerasTensor] = {}
        for t in graph.inputs:
            is_input = isinstance(t.node and t.node.operation, InputLayer)
            name = None if t.node is None else t.node.operation.name
            replaced[id(t)] = (
                t if is_input else Input(batch_shape=t.shape, dtype=t.dtype, name=name and f"{name}_input")
            )

        def copy(t: Any) -> Any:
            return replaced[id(t)] if isinstance(t, KerasTensor) else t

        for node in graph.nodes:
            outputs = tree.map_structure(
                lambda t: KerasTensor(t.dims, t.dtype) if is_keras_tensor(t) else t, node.outputs
            )
            for old, new in zip(tree.flatten(node.outputs), tree.flatten(outputs), strict=True):
                if isinstance(old, KerasTensor):
                    replaced[id(old)] = new
                    set_mask(new, get_mask(old))
            Node(
                node.operation,
                tree.map_structure(copy, node.args),
                tree.map_structure(copy, node.kwargs),
                outputs,
                register=False,
            )
        self._inputs_struct = tree.map_structure(copy, self._inputs_struct)
        self._outputs_struct = tree.map_structure(copy, self._outputs_struct)
        return Graph([copy(t) for t in graph.inputs], [copy(t) for t in graph.outputs], graph.visits)

    # ------------------------------------------------------------------ calling
    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        values = self._standardize_inputs(inputs)
        if mask is not None:
            masks = _pick(mask, self._inputs_struct) or tree.flatten(mask)
            for v, m in zip(values, masks, strict=True):
                if v is not None:
                    set_mask(v, m)
        n = len(self._graph.outputs)
        results = self._graph_with_losses.run(values)
        for loss in results[n:]:
            super().add_loss(mean(loss))
        return _bare(tree.unflatten(self._outputs_struct, results[:n]))

    def _cast_inputs_to(self) -> str | None:
        return None  # each input has a dtype of its own, to which `_settle` casts

    def _record_call(self, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> Any:
        # Values come bare, symbols in the list of one in which they were given: so does real Keras.
        return super()._record_call(args, kwargs, tree.unflatten(self._outputs_struct, tree.flatten(outputs)))

    def add_loss(self, loss: Any) -> None:
        """Add loss(es) to the training loss: symbolic tensors that follow from the model's inputs, each averaged."""
        symbolic = [t for t in tree.flatten(loss) if isinstance(t, KerasTensor)]
        if not symbolic or inner() is ABSTRACT:
            super().add_loss(loss)
            return
        self._graph_with_losses = Graph(self._graph.inputs, [*self._graph_with_losses.outputs, *symbolic])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return None  # the layers inside have put masks on the outputs already

    def _standardize_inputs(self, inputs: Any) -> list[Tensor]:
        expected = tree.flatten(self._inputs_struct)
        given = self._flat_inputs(inputs, expected)
        return [self._settle(x, t, i) for i, (x, t) in enumerate(zip(given, expected, strict=True))]

    def _flat_inputs(self, inputs: Any, expected: list[KerasTensor]) -> list[Any]:
        """The given inputs in the order of the model's: matched by structure, else a dict by name, else by position."""
        picked = _pick(inputs, self._inputs_struct)
        if picked is not None:
            self._warn_unused(inputs, self._inputs_struct)
            return picked
        names = self.input_names
        if isinstance(inputs, dict):
            table = names if any(n in inputs for n in names) else self._input_keys()
            self._warn_unused(inputs, table)
            missing = [n for n in table if n not in inputs]
            if missing:
                raise ValueError(
                    f'Model "{self.name}": the input dict lacks {missing}. Expected keys: {table}. Received: {sorted(inputs)}'
                )
            return [inputs[n] for n in table]
        given = tree.flatten(inputs)
        if len(given) != len(expected):
            raise ValueError(
                f'Model "{self.name}" expects {len(expected)} input(s) {names}. Received: {len(given)}'
            )
        keys = list(self._inputs_struct) if isinstance(self._inputs_struct, dict) else []
        if keys and keys != tree.ordered_keys(dict(self._inputs_struct)):
            raise ValueError(
                f'Model "{self.name}" was made with a dict of inputs, whose order {keys} is not that of its sorted keys: '
                f"give a dict. Received: {type(inputs).__name__} of {len(given)}"
            )
        if keys:
            warnings.warn(
                f'Model "{self.name}" was made with a dict of inputs and is given a {type(inputs).__name__}: its parts are '
                f"taken for {keys}, in this order. Pass a dict to be sure.",
                stacklevel=2,
            )
        return given

    def _warn_unused(self, inputs: Any, known: Any) -> None:
        unused = [k for k in inputs if k not in known] if isinstance(inputs, dict) else []
        if unused:
            warnings.warn(
                f'Model "{self.name}" has no input for {unused} of the dict it is given, and leaves them out. Its '
                f"inputs: {list(known)}.",
                stacklevel=2,
            )

    def _input_keys(self) -> list[str]:
        """Keys of the inputs when the model was made with a dict of them, else their names."""
        struct = self._inputs_struct
        return tree.ordered_keys(struct) if isinstance(struct, dict) else self.input_names

    def _settle(self, x: Any, expected: KerasTensor, index: int) -> Tensor:
        """One input as a tensor of the expected rank and dtype, checked; None for an optional one."""
        if x is None:
            self._check_optional(expected, index)
            return None
        mask = get_mask(x)
        x = convert(x)
        engine = current()
        shape, dtype = engine.spec(x)
        rank = len(expected.dims)
        if len(shape) == rank - 1 and expected.dims[-1] == 1:
            x = engine.reshape(x, (*shape, 1))
        elif len(shape) == rank + 1 and shape[-1] == 1:
            x = engine.reshape(x, shape[:-1])
        shape = engine.spec(x)[0]
        sizes_fit = self._any_sizes or all(map(same, shape[1:], expected.dims[1:]))
        if len(shape) != rank or not sizes_fit:
            raise ValueError(
                f'Model "{self.name}", input {index} "{self.input_names[index]}": expected shape {expected.shape}. '
                f"Received: {shape_str(shape)}"
            )
        if dtype != expected.dtype:
            if is_complex(dtype) and not is_complex(expected.dtype):
                warnings.warn(
                    f'Model "{self.name}", input {index} "{self.input_names[index]}": the imaginary part of complex data '
                    f'is left out, for the input is {expected.dtype}. Make it Input(..., dtype="{dtype}"), or pass '
                    "the real and the imaginary part as features.",
                    stacklevel=2,
                )
            x = engine.cast(x, expected.dtype)
        if mask is not None:
            set_mask(x, mask)
        return x

    def _check_optional(self, expected: KerasTensor, index: int) -> None:
        if not expected.node.operation.optional:
            raise ValueError(
                f'Model "{self.name}", input {index} "{self.input_names[index]}": expected shape {expected.shape}. '
                "Received: None. An input that may be left out is made with `Input(..., optional=True)`."
            )

    # ------------------------------------------------------------------ facts
    @property
    def inputs(self) -> list[KerasTensor]:
        """Symbolic inputs, flat."""
        return self._graph.inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """Symbolic outputs, flat."""
        return self._graph.outputs

    @property
    def input(self) -> Any:
        """Symbolic input(s), in the structure the model was made with."""
        return self._inputs_struct

    @property
    def output(self) -> Any:
        """Symbolic output(s), in the structure the model was made with."""
        return self._outputs_struct

    @property
    def input_shape(self) -> Any:
        """Shape of the input; several in a list."""
        return _bare([t.shape for t in self.inputs])

    @property
    def output_shape(self) -> Any:
        """Shape of the output; several in a list."""
        return _bare([t.shape for t in self.outputs])

    @property
    def input_names(self) -> list[str]:
        """Names of the input layers."""
        return [t.node.operation.name for t in self._graph.inputs]

    @property
    def output_names(self) -> list[str]:
        """Names of the layers the outputs come from."""
        return [t.node.operation.name for t in self._graph.outputs]

    @property
    def operations(self) -> list[Operation]:
        """Layers and ops of the graph, inputs first."""
        return list(self._operations)

    @property
    def layers(self) -> list[Layer]:
        """Layers of the graph, inputs first; not those that only an attribute holds."""
        return [op for op in self._operations if isinstance(op, Layer)]

    # ------------------------------------------------------------------ config
    def get_config(self) -> dict[str, Any]:
        if type(self)._is_plain_functional():
            return functional_config.to_config(self)
        return Model.get_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool = True) -> Any:
        if "layers" in config and "output_layers" in config:
            inputs, outputs, facts = functional_config.from_config(config, custom_objects, safe_mode)
            return cls(inputs, outputs, **facts)
        return super().from_config(config, custom_objects, safe_mode)

    @classmethod
    def _is_plain_functional(cls) -> bool:
        """Whether `cls(inputs, outputs)` makes one: the class, and subclasses that keep its constructor."""
        return cls.__init__ is Functional.__init__


def _bare(x: Any) -> Any:
    """The one element of a list or tuple of one."""
    return x[0] if isinstance(x, (list, tuple)) and len(x) == 1 else x


def _pick(given: Any, struct: Any) -> list[Any] | None:
    """The leaves of `given` where `struct` has its own, in their order; None if the structures do not fit."""
    if not tree.is_nested(struct):
        return None if tree.is_nested(given) else [given]
    if isinstance(struct, dict):
        if not isinstance(given, dict) or any(k not in given for k in struct):
            return None
        pairs = [(given[k], struct[k]) for k in tree.ordered_keys(struct)]
    else:
        if not isinstance(given, (list, tuple)) or len(given) != len(struct):
            return None
        pairs = list(zip(given, struct, strict=True))
    parts = [_pick(g, s) for g, s in pairs]
    return None if None in parts else [leaf for part in parts for leaf in part or ()]


def _sorted_positions(struct: Any) -> list[int]:
    """Positions of the leaves, dicts by sorted key, an `OrderedDict` too.

    Files keep no order of a dict: only what does not depend on it finds its weights and its optimizer's state again.
    """
    numbered = tree.unflatten(struct, range(len(tree.flatten(struct))))
    plain = tree.traverse(lambda x: dict(x) if isinstance(x, OrderedDict) else None, numbered, top_down=False)
    return tree.flatten(plain)


def _check_symbolic(what: str, tensors: Any) -> None:
    for t in tree.flatten(tensors):
        if not isinstance(t, KerasTensor):
            raise ValueError(
                f"Model: `{what}` must be symbolic tensors, made by `keras.Input` and by calling layers on them. "
                f"Received: {type(t).__name__} {t!r:.80}"
            )


def _check_names(operations: Sequence[Operation], model: str) -> None:
    seen: dict[str, Operation] = {}
    for op in operations:
        if op.name in seen:
            raise ValueError(
                f'Model "{model}": two layers are named "{op.name}" ({type(seen[op.name]).__name__} and {type(op).__name__}). '
                "Layer names must be unique within a model: give one of them another `name`."
            )
        seen[op.name] = op


Model._functional_class = Functional
