"""`clone_model`: the same architecture with new variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import tree
from keras.layers import InputLayer, Layer
from keras.models.functional import Functional
from keras.models.model import Model
from keras.models.sequential import Sequential
from keras.ops.dispatch import OpCall
from keras.serializable import keep_functions


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Model:
    """A model of the same layers, newly initialised and compiled in the same way; weights are not copied.

    Args:
        model: functional, sequential, or any model with a config.
        input_tensors: symbolic tensors to begin at, in place of new inputs.
        clone_function: makes the new layer from the old one (by default from its config); may return the old one to share it.
        call_function: `call_function(layer, *args, **kwargs)` connects, in place of calling the layer.
        recursive: whether `clone_function` also sees the layers of nested models.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> keras.models.clone_model(model).count_params()
        8
    """
    if kwargs:
        raise TypeError(f"clone_model: unknown argument(s) {sorted(kwargs)}")
    clone = _Cloner(clone_function or clone_layer, call_function, recursive)
    if isinstance(model, Sequential):
        return _compiled_like(model, clone.sequential(model, input_tensors))
    if isinstance(model, Functional):
        return _compiled_like(model, clone.functional(model, input_tensors))
    if clone_function is not None or input_tensors is not None:
        raise ValueError(
            f"clone_model: {type(model).__name__} is a subclassed model, whose calls are code: "
            "`clone_function` and `input_tensors` need a functional or sequential model."
        )
    with keep_functions():
        return _compiled_like(model, type(model).from_config(model.get_config()))


def _compiled_like(model: Model, copy: Model) -> Model:
    """`copy`, compiled with copies of the model's optimizer, losses and metrics."""
    if model.compiled:
        with keep_functions():
            copy.compile_from_config(model.get_compile_config() or {})
    return copy


def clone_layer(layer: Layer) -> Layer:
    """A new layer with the same config."""
    with keep_functions():
        return type(layer).from_config(layer.get_config())


class _Cloner:
    def __init__(
        self, function: Callable[[Layer], Layer], call: Callable[..., Any] | None, recursive: bool
    ) -> None:
        self._function = function
        self._call = call
        self._recursive = recursive
        self._copies: dict[int, Any] = {}

    def layer(self, operation: Any) -> Any:
        """The clone of a layer, one for all its calls; ops are called again as they are."""
        if isinstance(operation, OpCall):
            return operation
        if id(operation) not in self._copies:
            nested = self._recursive and isinstance(operation, (Sequential, Functional))
            self._copies[id(operation)] = (
                clone_model(
                    operation, clone_function=self._function, call_function=self._call, recursive=True
                )
                if nested
                else self._function(operation)
            )
        return self._copies[id(operation)]

    def sequential(self, model: Sequential, input_tensors: Any) -> Model:
        layers = [self.layer(x) for x in model._stack if not isinstance(x, InputLayer)]
        if input_tensors is not None:
            return Sequential([*tree.flatten(input_tensors), *layers], name=model.name)
        begin = [clone_layer(x) for x in model._stack if isinstance(x, InputLayer)]
        copy = Sequential([*begin, *layers], name=model.name, trainable=model.trainable)
        if not begin and model._functional is not None:
            copy.build(model.input_shape)
        return copy

    def _begin(self, model: Functional, input_tensors: Any) -> list[Any]:
        try:
            tree.assert_same_structure(model.input, input_tensors)
        except ValueError as error:
            raise ValueError(
                f'clone_model: expected `input_tensors` in the structure of the inputs of "{model.name}". {error}'
            ) from None
        return tree.flatten(input_tensors)

    def functional(self, model: Functional, input_tensors: Any) -> Model:
        if input_tensors is None:
            begin = [clone_layer(t.node.operation).output for t in model.inputs]
        else:
            begin = self._begin(model, input_tensors)
        call = self._call or (lambda operation, *args, **kwargs: operation(*args, **kwargs))
        outputs = model._graph.run(begin, lambda op, *args, **kwargs: call(self.layer(op), *args, **kwargs))
        inputs = tree.unflatten(model._inputs_struct, begin)
        kind = type(model) if type(model)._is_plain_functional() else Functional
        return kind(
            inputs, tree.unflatten(model._outputs_struct, outputs), name=model.name, trainable=model.trainable
        )
