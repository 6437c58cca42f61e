"""The layers most networks are made of: Dense and its einsum form, Embedding, Masking, Lambda, Identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np

from keras import activations, constraints, errors, initializers, ops, regularizers
from keras.backend.select import current
from keras.backend.spec import KerasTensor, is_keras_tensor
from keras.backend.state import Variable
from keras.initializers.random import with_axes
from keras.layers import arguments
from keras.layers.input_spec import InputSpec, label
from keras.layers.layer import Layer
from keras.ops.dispatch import cast, convert, dtype_of
from keras.ops.kernels import embedding

Tensor = Any
Shape = tuple[int | None, ...]


class Dense(Layer):
    """`activation(x @ kernel + bias)` over the last axis.

    Args:
        units: size of the output's last axis.
        activation: name or function; None is linear.
        use_bias: whether `bias` is added.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: losses on the weights.
        activity_regularizer: loss on the output.
        kernel_constraint, bias_constraint: applied to the weights after each update.

    Input shape `(batch, ..., features)`, output shape `(batch, ..., units)`. The kernel is `(features, units)`.

    Raises:
        ValueError: `units` is not a positive int, or the number of features is not known.

    Example:
        >>> import keras
        >>> keras.layers.Dense(4, activation="relu")(keras.Input((3,))).shape
        (None, 4)
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = arguments.int_of(self, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias: Variable | None = None
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        features = arguments.known_size(self, input_shape, -1)
        self.kernel = self.add_weight(
            (features, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Tensor) -> Tensor:
        x = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            x = ops.add(x, self.bias)
        return x if self.activation is None else self.activation(x)


class EinsumDense(Layer):
    """`activation(einsum(equation, x, kernel) + bias)`: a dense layer over any axes.

    Args:
        equation: two inputs and an output, as `"abc,cd->abd"`; `...` stands for leading axes.
        output_shape: sizes of the output's axes after the batch (after `...`), None where the input's size is kept.
        activation: name or function; None is linear.
        bias_axes: letters of the output that the bias has; None for no bias.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint,
            bias_constraint: as in Dense.

    Raises:
        ValueError: the equation does not fit the shapes, or a letter of `bias_axes` is not in the output.

    Example:
        >>> import keras
        >>> keras.layers.EinsumDense("abc,cd->abd", (None, 64), bias_axes="d")(keras.Input((32, 128))).shape
        (None, 32, 64)
    """

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.equation = equation
        self.output_shape = (
            tuple(output_shape) if isinstance(output_shape, (list, tuple)) else (output_shape,)
        )
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias: Variable | None = None

    def build(self, input_shape: Shape) -> None:
        kernel_shape, bias_shape = self._weight_shapes(tuple(input_shape))
        _, letters, output = self._letters()
        summed = [axis for axis, letter in enumerate(letters) if letter not in output]
        kept = [axis for axis, letter in enumerate(letters) if letter in output]
        self.kernel = self.add_weight(
            kernel_shape,
            with_axes(self.kernel_initializer, summed, kept),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        if bias_shape is not None:
            self.bias = self.add_weight(
                bias_shape,
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(ndim=len(input_shape))

    def call(self, inputs: Tensor) -> Tensor:
        x = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            x = ops.add(x, self.bias)
        return x if self.activation is None else self.activation(x)

    def _weight_shapes(self, input_shape: Shape) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
        """Shapes of kernel and bias: each letter's size comes from the input or from `output_shape`."""
        inputs, kernel, output = self._letters()
        sizes = self._sizes(inputs, input_shape, output)
        kernel_shape = tuple(self._known(sizes, letter, input_shape) for letter in kernel)
        if not self.bias_axes:
            return kernel_shape, None
        absent = [letter for letter in self.bias_axes if letter not in output]
        if absent:
            raise ValueError(
                f"{label(self)}: expected `bias_axes` to be letters of the output {output!r}. "
                f"Received: bias_axes={self.bias_axes!r}"
            )
        first = min(output.index(letter) for letter in self.bias_axes)
        bias = tuple(self._known(sizes, x, input_shape) if x in self.bias_axes else 1 for x in output[first:])
        trailing = len(input_shape) - len(inputs.replace("...", "")) if inputs.endswith("...") else 0
        return kernel_shape, (*bias, *(1,) * trailing)

    def _letters(self) -> tuple[str, str, str]:
        """The letters of input, kernel and output; those that `...` stands for are left out."""
        try:
            operands, output = self.equation.replace(" ", "").split("->")
            inputs, kernel = operands.split(",")
        except (AttributeError, ValueError):
            raise ValueError(
                f'{label(self)}: expected an equation like "abc,cd->abd". Received: equation={self.equation!r}'
            ) from None
        leads = inputs.startswith("...") and output.startswith("...")
        ends = inputs.endswith("...") and output.endswith("...")
        if "..." in inputs and not leads and not ends:
            raise ValueError(
                f"{label(self)}: `...` must lead, or end, both the input and the output. "
                f"Received: equation={self.equation!r}"
            )
        return inputs, kernel, output.replace("...", "")

    def _sizes(self, inputs: str, input_shape: Shape, output: str) -> dict[str, int | None]:
        named = inputs.replace("...", "")
        if len(input_shape) < len(named) or ("..." not in inputs and len(input_shape) > len(named)):
            raise ValueError(
                f"{label(self)}: the equation {self.equation!r} expects an input of rank {len(named)}. "
                f"Received: input of shape {input_shape}"
            )
        dims = (
            input_shape[: len(named)]
            if inputs.endswith("...")
            else input_shape[len(input_shape) - len(named) :]
        )
        sizes: dict[str, int | None] = dict(zip(named, dims, strict=True))
        # `output_shape` leaves the batch out, unless `...` stands for it.
        letters = output if inputs.startswith("...") else output[1:]
        if len(self.output_shape) != len(letters):
            raise ValueError(
                f"{label(self)}: expected `output_shape` to have a size for each of {letters!r} (no batch). "
                f"Received: output_shape={self.output_shape}, equation={self.equation!r}"
            )
        for letter, size in zip(letters, self.output_shape, strict=True):
            if size is not None and sizes.get(letter) not in (None, size):
                raise ValueError(
                    f"{label(self)}: axis {letter!r} has size {sizes[letter]} in the input, {size} in `output_shape`. "
                    f"Received: input of shape {input_shape}, output_shape={self.output_shape}"
                )
            sizes[letter] = size if size is not None else sizes.get(letter)
        return sizes

    def _known(self, sizes: dict[str, int | None], letter: str, input_shape: Shape) -> int:
        size = sizes.get(letter)
        if size is None:
            raise ValueError(
                f"{label(self)}: the size of axis {letter!r} must be known, since weights depend on it. "
                f"Received: input of shape {input_shape}, output_shape={self.output_shape}, equation={self.equation!r}"
            )
        return int(size)


class Embedding(Layer):
    """Rows of a table by integer index: `table[x]`.

    Args:
        input_dim: number of rows; indices are from 0 to `input_dim - 1`.
        output_dim: length of a row.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: of the table.
        mask_zero: whether index 0 means "nothing here", and is masked in later layers.
        weights: the table, or a list holding it, to start from.

    Input shape `(batch, ...)` of ints, output shape `(batch, ..., output_dim)`.

    Example:
        >>> import keras
        >>> keras.layers.Embedding(1000, 64)(keras.Input((10,), dtype="int32")).shape
        (None, 10, 64)
    """

    _not_in_config = frozenset({"input_length", "weights"})

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("input_length", None)  # Keras 2 asked for it
        kwargs.setdefault("autocast", False)  # indices given as floats must not be rounded to half precision
        super().__init__(**kwargs)
        self.input_dim = arguments.int_of(self, "input_dim", input_dim)
        self.output_dim = arguments.int_of(self, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self._initial_weights = (
            weights if weights is None or isinstance(weights, (list, tuple)) else [weights]
        )
        if weights is not None:
            self.build()
            self._apply_initial_weights()

    def build(self, input_shape: Shape | None = None) -> None:
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )

    def call(self, inputs: Tensor) -> Tensor:
        indices = convert(inputs if dtype_of(inputs) in ("int32", "int64") else ops.cast(inputs, "int32"))
        try:
            return embedding(convert(self.embeddings, self.compute_dtype), indices)
        except Exception:
            self._explain(indices)
            raise

    def _explain(self, indices: Tensor) -> None:
        """Raise our own error if the ids were at fault; inside a trace their values are not known."""
        try:
            ids = current().to_numpy(indices)
        except (TypeError, RuntimeError, AttributeError, NotImplementedError):
            return
        self.check_ids(ids)

    def check_ids(self, ids: np.ndarray, what: str = "the input") -> None:
        """Raise ValueError if a host array holds an id without a row.

        Args:
            ids: int array.
            what: its name, for the message.
        """
        if ids.size and not (ids.min() >= 0 and ids.max() < self.input_dim):
            wrong = ids[~((ids >= 0) & (ids < self.input_dim))].ravel()[0]  # so that NaN is wrong, too
            raise ValueError(
                f"{label(self)}: {what} holds the id {wrong}, but the layer has rows 0 to {self.input_dim - 1} "
                f"(input_dim={self.input_dim}). Give it a larger input_dim, or correct the ids."
            )

    def compute_mask(self, inputs: Tensor, mask: Tensor = None) -> Tensor:
        return ops.not_equal(inputs, 0) if self.mask_zero else None


class Masking(Layer):
    """Mask the time steps in which every feature equals a value: later layers skip them.

    Args:
        mask_value: the value that stands for "nothing here".

    Input shape `(batch, time, features)`, kept; masked steps are set to zero.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Masking(-1.0)(np.array([[[1.0, 2.0], [-1.0, -1.0]]], "float32")).tolist()
        [[[1.0, 2.0], [0.0, 0.0]]]
    """

    _stateless = True

    def __init__(self, mask_value: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return ops.where(self._kept(inputs, keepdims=True), inputs, cast(convert(0), dtype_of(inputs)))

    def compute_mask(self, inputs: Tensor, mask: Tensor = None) -> Tensor:
        return self._kept(inputs, keepdims=False)

    def _kept(self, inputs: Tensor, keepdims: bool) -> Tensor:
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=keepdims)


class Identity(Layer):
    """The input, unchanged: a place holder.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Identity()(np.array([1.0, 2.0], "float32")).tolist()
        [1.0, 2.0]
    """

    _stateless = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return inputs


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
