"""Layers that hold another layer and change how it is used."""

from __future__ import annotations

from typing import Any, Self

from keras import ops
from keras.backend.spec import same, shape_str
from keras.backend.state import Variable
from keras.layers import arguments
from keras.layers.input_spec import InputSpec, label
from keras.layers.layer import Layer
from keras.ops.dispatch import ndim_of, shape_of

Tensor = Any
Shape = tuple[int | None, ...]


class Wrapper(Layer):
    """Base of layers around another layer, which is built with them.

    Args:
        layer: the wrapped layer.

    Raises:
        TypeError: `layer` is not a layer.

    Example:
        >>> import keras
        >>> keras.layers.Wrapper(keras.layers.Dense(2)).layer.units
        2
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise TypeError(
                f"{label(self)}: expected `layer` to be a layer. Received: {layer!r} of type {type(layer).__name__}"
            )
        self.layer = layer

    def build(self, input_shape: Shape) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool = True) -> Self:
        """A wrapper from its config; the wrapped layer is built with it, below its path, and not before."""
        layer = config.get("layer")
        if isinstance(layer, dict):
            config = {**config, "layer": {k: v for k, v in layer.items() if k != "build_config"}}
        return super().from_config(config, custom_objects, safe_mode)


class TimeDistributed(Wrapper):
    """The same layer at every time step: `(batch, time, ...)` is treated as a batch of `batch * time` samples.

    A layer with batch statistics (BatchNormalization) therefore sees all steps together.

    Args:
        layer: the layer to apply.

    `mask` in the call: bool, `(batch, time)` or with further axes; the wrapped layer gets it if it takes one.

    Example:
        >>> import keras
        >>> keras.layers.TimeDistributed(keras.layers.Dense(8))(keras.Input((10, 16))).shape
        (None, 10, 8)
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) < 3:
            raise ValueError(
                f"{label(self)}: expected an input of rank 3 or more (batch, time, ...). "
                f"Received: input of shape {shape_str(input_shape)}"
            )
        if not self.layer.built:
            self.layer.build((input_shape[0], *input_shape[2:]))
            self.layer.built = True

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor = None) -> Tensor:
        options: dict[str, Any] = {}
        if mask is not None:
            self._check_mask(shape_of(inputs), shape_of(mask))
        if self.layer._signature.has_training:
            options["training"] = training
        if mask is not None and "mask" in self.layer._signature.names:
            options["mask"] = _folded(mask)
        outputs = self.layer(_folded(inputs), **options)
        return ops.reshape(outputs, (*shape_of(inputs)[:2], *shape_of(outputs)[1:]))

    def _check_mask(self, shape: tuple[Any, ...], given: tuple[Any, ...]) -> None:
        if len(given) < 2 or not all(same(a, b) for a, b in zip(given[:2], shape[:2], strict=True)):
            raise ValueError(
                f"{label(self)}: expected a mask that begins with the input's batch and time. "
                f"Received: mask.shape={shape_str(given)}, inputs.shape={shape_str(shape)}"
            )

    def compute_mask(self, inputs: Tensor, mask: Tensor = None) -> Tensor:
        """The steps that count; a mask with further axes is reduced to what the wrapped layer leaves of it."""
        if mask is None or ndim_of(mask) == 2:
            return mask
        inner = self.layer.compute_mask(_folded(inputs), _folded(mask))
        if inner is None:
            return ops.any(mask, axis=tuple(range(2, ndim_of(mask))))
        return ops.reshape(inner, (*shape_of(mask)[:2], *shape_of(inner)[1:]))


def _folded(x: Tensor) -> Tensor:
    """Batch and time as one axis."""
    shape = shape_of(x)
    return ops.reshape(x, (shape[0] * shape[1], *shape[2:]))


class SpectralNormalization(Wrapper):
    """Keep the largest singular value of a layer's kernel at 1 (Miyato et al. 2018), by power iteration in training.

    Args:
        layer: a layer with a `kernel` or `embeddings`.
        power_iterations: steps of the power iteration a call.

    Raises:
        ValueError: the layer has no such weight.

    Example:
        >>> import keras
        >>> keras.layers.SpectralNormalization(keras.layers.Dense(2))(keras.Input((3,))).shape
        (None, 2)
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = arguments.int_of(self, "power_iterations", power_iterations)

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        kernel = getattr(self.layer, "kernel", None)
        if kernel is None:
            kernel = getattr(self.layer, "embeddings", None)
        if kernel is None:
            raise ValueError(
                f"{label(self)}: expected a layer with a `kernel` or `embeddings`. Received: {self.layer!r}"
            )
        self.kernel: Variable = kernel
        self.vector_u = self.add_weight(
            (1, kernel.shape[-1]), "truncated_normal", trainable=False, autocast=False, name="vector_u"
        )
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if training:
            self._normalize()
        options = {"training": training} if self.layer._signature.has_training else {}
        return self.layer(inputs, **options)

    def _normalize(self) -> None:
        """Divide the kernel by its largest singular value, as far as the power iteration knows it."""
        kernel = self.kernel._stored()
        matrix = ops.stop_gradient(ops.reshape(kernel, (-1, self.kernel.shape[-1])))
        u = ops.stop_gradient(self.vector_u._stored())
        for _ in range(self.power_iterations):
            v = _unit(ops.matmul(u, ops.transpose(matrix)))
            u = _unit(ops.matmul(v, matrix))
        sigma = ops.matmul(ops.matmul(v, matrix), ops.transpose(u))
        change = ops.subtract(ops.divide(kernel, ops.reshape(sigma, ())), kernel)
        self.vector_u.assign(u)
        # The factor counts as a constant, and the gradient as that of the new kernel: what the optimizer then changes.
        self.kernel.assign(ops.add(kernel, ops.stop_gradient(change)))


def _unit(x: Tensor) -> Tensor:
    return ops.multiply(x, ops.rsqrt(ops.maximum(ops.sum(ops.square(x)), 1e-12)))
