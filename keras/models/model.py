"""`Model`: a layer that can be trained, saved and summarised."""

from __future__ import annotations

import copy
import importlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from keras import tree
from keras.backend.spec import KerasTensor
from keras.errors import unknown
from keras.layers import Layer
from keras.models import state_tree as state_trees
from keras.models import summary as summaries
from keras.models import text_formats
from keras.serializable import serialize
from keras.training.trainer import Trainer


class Model(Trainer, Layer):
    """A model, in one of three ways: a graph `Model(inputs, outputs)`, a subclass with `call`, or `Sequential`.

    Args:
        inputs, outputs: symbolic tensors (or lists or dicts of them) for a functional model.
        name: the model's name.
        trainable: whether its variables are trained.

    Example:
        >>> import keras
        >>> class Twice(keras.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.dense = keras.layers.Dense(2)
        ...     def call(self, x):
        ...         return self.dense(x) * 2
        >>> Twice()(keras.ops.ones((1, 3))).shape[1]
        2
    """

    _untracked: ClassVar[frozenset[str]] = Layer._untracked | Trainer._untracked
    _functional_class: ClassVar[Any] = None  # set by keras.models.functional

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _asks_for_graph(args, kwargs):
            return Layer.__new__(Model._functional_class, *args, **kwargs)
        return Layer.__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if _asks_for_graph(args, kwargs) and not isinstance(self, Model._functional_class):
            # A subclass that hands `inputs` and `outputs` up is a functional model with methods of its own.
            own: Any = type(self)
            self.__class__ = _with_graph(own)
            Model._functional_class.__init__(self, *args, **kwargs)
            return
        if args:
            raise TypeError(
                f"{type(self).__name__}: expected `Model(inputs, outputs)`, or no positional arguments. Received: {args!r:.100}"
            )
        Trainer.__init__(self)
        Layer.__init__(self, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} has no `call` method: write `def call(self, inputs): ...`, "
            "or make a functional model with `keras.Model(inputs, outputs)`."
        )

    def build(self, input_shape: Any = None) -> None:
        """Make all variables, by running `call` symbolically on inputs of this shape (or structure of shapes)."""
        if type(self).build is not Model.build:
            return  # a class's own `build` has made what it wanted, and asks whether there is more
        if input_shape is not None:
            self.compute_output_spec(tree.map_shape_structure(lambda s: KerasTensor(s), input_shape))

    def _build_with(self, shapes: dict[str, Any]) -> None:
        if type(self).build is not Model.build:
            super()._build_with(shapes)
        else:  # the layers inside build themselves as `call` reaches them
            self.built, self._build_shapes = True, shapes

    # ------------------------------------------------------------------ layers
    @property
    def layers(self) -> list[Layer]:
        """Layers directly inside the model."""
        return self._flatten_layers(include_self=False, recursive=False)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of this name, or at this index of `layers`.

        Raises:
            ValueError: there is none, or not exactly one of `name` and `index` was given.
        """
        if (name is None) == (index is None):
            raise ValueError(
                f"get_layer: give either `name` or `index`. Received: name={name!r}, index={index!r}"
            )
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f'get_layer: index {index} is out of range, model "{self.name}" has {len(layers)} layers'
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(unknown(f'layer of model "{self.name}"', str(name), [x.name for x in layers]))

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: tuple[str, str] | None = None,
    ) -> None:
        """Print a table of the layers, their output shapes and parameter counts."""
        summaries.print_summary(
            self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range
        )

    # ------------------------------------------------------------------ files
    def save(
        self, filepath: str | Path, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
    ) -> None:
        """Save architecture, weights and training state: `.h5` for HDF5, `.keras` for the archive, `zipped=False` a folder."""
        self._saving().save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(
        self,
        filepath: str | Path,
        overwrite: bool = True,
        max_shard_size: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Save the weights to `*.weights.h5` (or `*.h5`); to `*.weights.json` and shards of at most so many GB."""
        self._saving().save_weights(
            self, filepath, overwrite=overwrite, max_shard_size=max_shard_size, **kwargs
        )

    def load_weights(
        self, filepath: str | Path, skip_mismatch: bool = False, by_name: bool = False, **kwargs: Any
    ) -> Any:
        """Load weights saved by this library or by Keras 2 or 3."""
        return self._saving().load_weights(
            self, filepath, skip_mismatch=skip_mismatch, by_name=by_name, **kwargs
        )

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """The values of all variables as nested dicts, by the parts of their paths.

        Args:
            value_format: "backend_tensor", or "numpy_array" for copies on the host.

        Returns:
            A dict of `trainable_variables`, `non_trainable_variables`, `optimizer_variables` and `metrics_variables`.

        Raises:
            ValueError: two variables with one path, or another format.

        >>> import keras
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="out")], name="net")
        >>> state = model.get_state_tree("numpy_array")
        >>> state["trainable_variables"]["net"]["out"]["kernel"].shape
        (3, 2)
        >>> model.set_state_tree(state)
        """
        return state_trees.read(self, value_format)

    def set_state_tree(self, state_tree: dict[str, Any]) -> None:
        """Assign what `get_state_tree` gave, or any part of it: everything, or nothing when something does not fit.

        Args:
            state_tree: nested dicts of arrays or tensors, by the parts of the variables' paths.

        Raises:
            ValueError: an unknown part or path, or a value of another shape.
        """
        state_trees.write(self, state_tree)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as a `.keras` archive; classes and functions of the user's own are found as in `load_model`."""
        archive = importlib.import_module("keras.saving.archive")
        return archive.from_bytes, (archive.to_bytes(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """A copy of every attribute, so that lambdas and classes that are not registered stay what they are."""
        copied = memo[id(self)] = object.__new__(type(self))
        # What was compiled computes with this model's variables: the copy begins anew.
        compiled = ("_memory", "train_function", "test_function", "predict_function")
        state = {k: v for k, v in self.__dict__.items() if k not in compiled}
        copied.__dict__.update(copy.deepcopy(state, memo))
        copied._memory = type(self._memory)(copied)
        return copied

    @staticmethod
    def _saving() -> Any:
        # `keras.saving` lies above models: this is the one lazy look upwards.
        return importlib.import_module("keras.saving")

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON; `keras.models.model_from_json` reads it."""
        return json.dumps(serialize(self), default=str, **kwargs)

    def to_yaml(self, **kwargs: Any) -> str:
        """The architecture as YAML; `keras.models.model_from_yaml` reads it. Needs `pip install pyyaml`."""
        return text_formats.to_yaml(self, **kwargs)

    # ------------------------------------------------------------------ config
    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool = True) -> Any:
        if "layers" in config and "output_layers" in config:
            own: Any = cls
            functional = Model._functional_class if own is Model else _with_graph(own)
            return functional.from_config(config, custom_objects, safe_mode)
        return super().from_config(config, custom_objects, safe_mode)


def _asks_for_graph(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the constructor's arguments are `inputs` and `outputs`."""
    return (
        len(args) >= 2
        or (len(args) == 1 and "outputs" in kwargs)
        or ("inputs" in kwargs and "outputs" in kwargs)
    )


@cache
def _with_graph(cls: Any) -> Any:
    """`cls` with the behaviour of a functional model below its own."""
    facts = {
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "_written_as": cls,  # in configs
    }
    return type(cls.__name__, (cls, Model._functional_class), facts)
