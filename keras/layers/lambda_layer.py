"""Any function as a layer; files hold its registered name, never its code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from keras import errors
from keras.backend.spec import KerasTensor, is_keras_tensor
from keras.layers.input_spec import label
from keras.layers.layer import Layer

Tensor = Any
Shape = tuple[int | None, ...]


class Lambda(Layer):
    """Any function as a layer: `function(x, **arguments)`.

    A model with a Lambda is saved by the function's *name*: define it with `def` and register it
    (`keras.saving.register_keras_serializable`). Files never hold code, and none is ever run from one.

    Args:
        function: takes the input, and `mask` and `training` if it names them.
        output_shape: the shape without the batch, or a function from input shape to output shape; needed only for
            functions that cannot run on symbolic tensors (those that call NumPy, or an engine that cannot tell).
        mask: the output's mask, or a function `(inputs, mask)` that makes it.
        arguments: further keyword arguments for `function`.

    Example:
        >>> import keras
        >>> keras.layers.Lambda(lambda x: x**2)(keras.Input((3,))).shape
        (None, 3)
    """

    _runs_foreign_code = True

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(
                f"{label(self)}: expected `function` to be a function. Received: {errors.shorten(function)}"
            )
        self.function = function
        self.output_shape = tuple(output_shape) if isinstance(output_shape, list) else output_shape
        self.mask = mask
        self.arguments = dict(arguments or {})
        self.supports_masking = mask is not None
        code = getattr(function, "__code__", None)
        self._takes = (
            code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code is not None else ()
        )

    def call(self, inputs: Tensor, mask: Tensor = None, training: bool | None = None) -> Tensor:
        if self.output_shape is not None and is_keras_tensor(inputs):
            return KerasTensor(self._declared_shape(inputs), inputs.dtype)
        extra = {
            name: value for name, value in (("mask", mask), ("training", training)) if name in self._takes
        }
        return self.function(inputs, **{**extra, **self.arguments})

    def compute_mask(self, inputs: Tensor, mask: Tensor = None) -> Tensor:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def _declared_shape(self, inputs: KerasTensor) -> Shape:
        if callable(self.output_shape):
            return tuple(self.output_shape(inputs.shape))
        return (inputs.shape[0], *self.output_shape)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool = True) -> Self:
        """A Lambda from its config, in which the function is a registered name; code in it is refused."""
        return super().from_config(_today(config), custom_objects, safe_mode)


def _today(config: dict[str, Any]) -> dict[str, Any]:
    """A Lambda's config of Keras 2 in the form of Keras 3."""
    config = dict(config)
    for part in ("function", "output_shape", "mask"):
        kind = config.pop(f"{part}_type", None)
        config.pop("module" if part == "function" else f"{part}_module", None)
        if kind == "lambda":
            raise ValueError(
                f"Lambda {config.get('name')!r}: the file holds the code of its `{part}`, and is never run. "
                "Write the layer's function again with `def`, register it with "
                "@keras.saving.register_keras_serializable(), and rebuild the model in Python; "
                "its weights can then be loaded with `load_weights`."
            )
        if kind == "function":
            config[part] = {
                "module": "builtins",
                "class_name": "function",
                "config": config[part],
                "registered_name": "function",
            }
    return config
