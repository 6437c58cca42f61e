"""`Sequential`: layers one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from keras import tree
from keras.backend.spec import KerasTensor
from keras.errors import add_context
from keras.layers import Input, InputLayer, Layer
from keras.models.functional import Functional
from keras.models.model import Model
from keras.serializable import deserialize, serialize


class Sequential(Model):
    """A stack of layers, each fed with the output of the one before.

    Args:
        layers: layers in order; an `Input` first fixes the shapes at once, otherwise the first call does.
        trainable: whether the variables are trained.
        name: the model's name.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> model.output_shape
        (None, 2)
    """

    _untracked: ClassVar[frozenset[str]] = Model._untracked | {"_functional"}

    def __init__(
        self,
        layers: Sequence[Any] | Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        self._stack: list[Layer] = []
        self._functional: Functional | None = None
        for layer in layers if isinstance(layers, (list, tuple)) else [layers] if layers is not None else []:
            self.add(layer, rebuild=False)
        self._maybe_rebuild()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top of the stack.

        Args:
            layer: a layer, a model, a symbolic `Input`, or any callable of a tensor that is a layer.
            rebuild: whether to make the graph anew at once.

        Raises:
            ValueError: not a layer, a second layer of that name, or an input that is not first.
        """
        layer = _as_layer(layer)
        if isinstance(layer, InputLayer) and self._stack:
            raise ValueError(
                f'Sequential "{self.name}": an Input must come first; the stack already holds {len(self._stack)} layer(s).'
            )
        if not self._stack and not isinstance(layer, InputLayer) and layer._input_shape_arg is not None:
            self._stack.append(_as_layer(Input(batch_shape=layer._input_shape_arg, dtype=layer.input_dtype)))
        if any(layer.name == other.name for other in self._stack):
            raise ValueError(
                f'Sequential "{self.name}": there is a layer named "{layer.name}" already. '
                "Layer names must be unique within a model: pass another `name`."
            )
        self._stack.append(layer)
        if rebuild:
            self._maybe_rebuild()
        else:
            self._functional, self.built = None, False

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer off and return it."""
        if not self._stack:
            raise ValueError(f'Sequential "{self.name}": there is no layer to pop.')
        layer = self._stack.pop()
        if rebuild:
            self._maybe_rebuild()
        else:
            self._functional, self.built = None, False
        return layer

    def _maybe_rebuild(self) -> None:
        """Connect the stack anew, for the shape of its Input, of a model that comes first, or of the last build."""
        before = None if self._functional is None else self._functional.input_shape
        self._functional, self.built, self._build_shapes = None, False, None
        if len(self._stack) > 1 and isinstance(self._stack[0], InputLayer):
            self.build(self._stack[0].batch_shape)
        elif self._stack and not isinstance(self._stack[0], InputLayer):
            shape = _settled_input_shape(self._stack[0]) or before
            if shape is not None:
                self.build(shape)

    def build(self, input_shape: Any = None) -> None:
        """Connect the layers for inputs of this shape (batch dimension first); without one, only after an Input."""
        if not self._stack:
            raise ValueError(
                f'Sequential "{self.name}" has no layers yet: add some before building or calling it.'
            )
        self._check_shape(input_shape)
        if isinstance(self._stack[0], InputLayer):
            inputs = self._stack[0].output
        elif input_shape is None:
            return  # nothing is known yet: the first data will build it
        else:
            first = self._stack[0]
            inputs = tree.map_shape_structure(
                lambda s: Input(batch_shape=s, dtype=first.input_dtype), input_shape
            )
        x = inputs
        for layer in self._stack:
            if isinstance(layer, InputLayer):
                continue
            try:
                x = _applied(layer, x)
            except (ValueError, TypeError) as error:
                raise add_context(error, f'Sequential "{self.name}"') from error.__cause__
        self._functional = Functional(inputs, x, name=self.name)
        self._functional._any_sizes = True  # as in Keras 3: the layers say which sizes they need

    def _maybe_build(self, bound: dict[str, Any]) -> bool:
        self.built = self.built and self._functional is not None  # `build()` called it built, as Keras does
        return super()._maybe_build(bound)

    def _check_shape(self, input_shape: Any) -> None:
        first = self._stack[0]
        if input_shape is None or not isinstance(first, InputLayer):
            return
        known = first.batch_shape
        pairs = zip(input_shape, known, strict=False)
        if len(input_shape) != len(known) or any(None not in (a, b) and a != b for a, b in pairs):
            raise ValueError(
                f'Sequential "{self.name}" begins with an Input of shape {known}. Received: build({tuple(input_shape)})'
            )

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if self._functional is not None:
            return self._functional.call(inputs, training=training, mask=mask)
        x = inputs
        for layer in self._stack:
            x = layer(x)
        return x

    def _cast_inputs_to(self) -> str | None:
        return super()._cast_inputs_to() if self._functional is None else self._functional._cast_inputs_to()

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return None  # the layers inside have put masks on the outputs already

    @property
    def layers(self) -> list[Layer]:
        """The layers of the stack, without the input."""
        return [layer for layer in self._stack if not isinstance(layer, InputLayer)]

    def _graph_model(self) -> Functional:
        if self._functional is None:
            raise AttributeError(
                f'Sequential "{self.name}" is not built yet, so it has no inputs and outputs. '
                "Begin the stack with `keras.Input(shape)`, or call the model on data."
            )
        return self._functional

    @property
    def input_shape(self) -> Any:
        """Shape of the input."""
        return self._graph_model().input_shape

    @property
    def output_shape(self) -> Any:
        """Shape of the output."""
        return self._graph_model().output_shape

    @property
    def inputs(self) -> list[KerasTensor]:
        """Symbolic inputs."""
        return self._graph_model().inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """Symbolic outputs."""
        return self._graph_model().outputs

    @property
    def input(self) -> Any:
        """Symbolic input."""
        return self._graph_model().input

    @property
    def output(self) -> Any:
        """Symbolic output."""
        return self._graph_model().output

    @property
    def input_names(self) -> list[str]:
        """Name of the input layer."""
        return self._graph_model().input_names

    @property
    def output_names(self) -> list[str]:
        """Name of the last layer."""
        return self._graph_model().output_names

    def get_config(self) -> dict[str, Any]:
        layers = [serialize(layer) for layer in self._stack]
        config = {**self._base_config(), "layers": layers}
        if self._functional is not None:
            config["build_input_shape"] = self._functional.input_shape
        return config

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None, safe_mode: bool = True) -> Any:
        # Keras before 2.2.3 wrote the bare list of layers.
        facts = {"layers": config} if isinstance(config, list) else dict(config)
        layers = [deserialize(c, custom_objects, safe_mode, family="layers") for c in facts.pop("layers")]
        shape = facts.pop("build_input_shape", None)
        known = {
            k: deserialize(v, custom_objects, safe_mode)
            for k, v in facts.items()
            if k in ("name", "trainable", "dtype")
        }
        model = cls(layers, **known)
        if model._functional is None and shape:
            model.build(tuple(shape) if not isinstance(shape, dict) else shape)
        return model


def _settled_input_shape(layer: Layer) -> Any:
    """The input shape of a layer that is a model whose inputs are settled, else None."""
    if isinstance(layer, Functional) or (isinstance(layer, Sequential) and layer._functional is not None):
        return layer.input_shape
    return None


def _applied(layer: Layer, x: Any) -> Any:
    """The layer's output for x; if `add` has called it on this tensor before, what it gave then is `layer.output`."""
    for node in layer._inbound_nodes:
        if len(node.args) == 1 and node.args[0] is x and not node.kwargs:
            return node.outputs
    return layer(x)


def _as_layer(layer: Any) -> Layer:
    if (
        isinstance(layer, KerasTensor)
        and layer.node is not None
        and isinstance(layer.node.operation, InputLayer)
    ):
        return layer.node.operation
    if not isinstance(layer, Layer):
        hint = (
            " Did you forget to instantiate it: `Dense(10)` rather than `Dense`?"
            if isinstance(layer, type)
            else ""
        )
        raise ValueError(
            f"Sequential.add expects a layer. Received: {type(layer).__name__} {layer!r:.80}.{hint}"
        )
    return layer
