"""Dense layers: a product with a kernel, over the last axis or over any axes."""

from __future__ import annotations

from typing import Any

from keras import activations, constraints, initializers, ops, regularizers
from keras.backend.state import Variable
from keras.initializers.random import with_axes
from keras.layers import arguments
from keras.layers.input_spec import InputSpec, label
from keras.layers.layer import Layer

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
