"""Activations as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import activations, constraints, initializers, ops, regularizers
from keras.backend.spec import is_unknown, same, shape_str
from keras.layers import arguments
from keras.layers.input_spec import InputSpec, label
from keras.layers.layer import Layer
from keras.ops.dispatch import axes_of, dtype_of, ndim_of, shape_of

Tensor = Any
Shape = tuple[int | None, ...]


class Activation(Layer):
    """An activation function applied to the input.

    Args:
        activation: name, as `"relu"`, or a function.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Activation("relu")(np.array([-1.0, 2.0], "float32")).tolist()
        [0.0, 2.0]
    """

    _stateless = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)


class ReLU(Layer):
    """`max(x, 0)`; with a slope below the threshold, and a ceiling, if given.

    Args:
        max_value: ceiling, or None.
        negative_slope: slope below `threshold`.
        threshold: inputs below it are `negative_slope * (x - threshold)`.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.ReLU(max_value=6)(np.array([-1.0, 2.0, 8.0], "float32")).tolist()
        [0.0, 2.0, 6.0]
    """

    _stateless = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = (
            max_value if max_value is None else arguments.non_negative(self, "max_value", max_value)
        )
        self.negative_slope = arguments.non_negative(self, "negative_slope", negative_slope)
        self.threshold = arguments.non_negative(self, "threshold", threshold)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return activations.relu(
            inputs, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )


class ThresholdedReLU(Layer):
    """x where it is above `theta`, else 0: a layer of Keras 2 (Konda et al., 2014, https://arxiv.org/abs/1402.3337).

    Args:
        theta: the threshold, at least 0.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.ThresholdedReLU()(np.array([0.0, 0.5, 1.0, 1.5], "float32")).tolist()
        [0.0, 0.0, 0.0, 1.5]
    """

    _stateless = True

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theta = arguments.non_negative(self, "theta", theta)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return inputs * ops.cast(ops.greater(inputs, self.theta), dtype_of(inputs))  # NaN stays


class LeakyReLU(Layer):
    """`x` where positive, else `negative_slope * x`.

    Args:
        negative_slope: slope below zero.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.LeakyReLU(0.5)(np.array([-1.0, 2.0], "float32")).tolist()
        [-0.5, 2.0]
    """

    _not_in_config = frozenset({"alpha"})

    _stateless = True

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)  # its name in Keras 2
        super().__init__(**kwargs)
        self.negative_slope = arguments.non_negative(self, "negative_slope", negative_slope)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)


class PReLU(Layer):
    """`x` where positive, else `alpha * x` with learned `alpha`.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: of the slopes.
        shared_axes: axes (the batch is 0) along which one slope is shared.

    Example:
        >>> import keras
        >>> layer = keras.layers.PReLU(shared_axes=[1, 2])
        >>> layer.build((None, 28, 28, 3))
        >>> layer.alpha.shape
        (1, 1, 3)
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = (
            shared_axes if shared_axes is None or isinstance(shared_axes, (list, tuple)) else [shared_axes]
        )
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        rank = len(input_shape)
        shared = axes_of(list(self.shared_axes or ()), rank, label(self), "shared_axes")
        own = [i for i in range(1, rank) if i not in shared]
        shape = [1] * (rank - 1)
        for i in own:
            shape[i - 1] = arguments.known_size(self, input_shape, i)
        self.alpha = self.add_weight(
            tuple(shape),
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )
        self.input_spec = InputSpec(ndim=rank, axes={i: input_shape[i] for i in own})

    def call(self, inputs: Tensor) -> Tensor:
        return ops.subtract(ops.relu(inputs), ops.multiply(self.alpha, ops.relu(ops.negative(inputs))))


class ELU(Layer):
    """`x` where positive, else `alpha * (exp(x) - 1)`.

    Args:
        alpha: minus the limit for very negative inputs.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.ELU()(np.array([0.0, 2.0], "float32")).tolist()
        [0.0, 2.0]
    """

    _stateless = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return activations.elu(inputs, alpha=self.alpha)


class Softmax(Layer):
    """`exp(x) / sum(exp(x))` along an axis, over the places a mask keeps.

    Args:
        axis: an axis, or several.

    `mask` in the call: bool, broadcast to the input as arrays are, or `(batch, time)` where that does not fit; masked
    places get 0.

    Raises:
        ValueError: a mask that fits the input in neither way.

    Example:
        >>> import keras, numpy as np
        >>> x = np.array([[0.0, 0.0, 5.0]], "float32")
        >>> keras.layers.Softmax()(x, mask=np.array([[True, True, False]])).tolist()
        [[0.5, 0.5, 0.0]]
    """

    _stateless = True

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs: Tensor, mask: Tensor = None) -> Tensor:
        if mask is None:
            return self._softmax(inputs)
        mask = self._broadcastable(mask, inputs)
        low = (
            -3e4 if dtype_of(inputs) == "float16" else -1e30
        )  # exp gives 0, and no infinity spoils an empty row
        return ops.where(mask, self._softmax(ops.where(mask, inputs, low)), 0.0)

    def _broadcastable(self, mask: Tensor, inputs: Tensor) -> Tensor:
        """The mask as bools that broadcast against the input."""
        if dtype_of(mask) != "bool":
            mask = ops.greater(mask, ops.cast(0.5, dtype_of(mask)))
        shape, given = shape_of(inputs), shape_of(mask)
        missing = len(shape) - len(given)
        by_last = missing >= 0 and _fits(given, shape[missing:])
        by_first = missing > 0 and _fits(given, shape[: len(given)])
        if not by_last and not by_first:
            raise ValueError(
                f"{label(self)}: expected a mask that broadcasts to the input, or has its first axes. "
                f"Received: mask.shape={shape_str(given)}, inputs.shape={shape_str(shape)}"
            )
        # The last axes count if both fit. Sizes not known yet are taken for those of a mask that travels: (batch, time).
        if by_first and (not by_last or any(is_unknown(d) for d in given)):
            mask = ops.expand_dims(mask, tuple(range(len(given), len(shape))))
        return mask

    def _softmax(self, x: Tensor) -> Tensor:
        axes = axes_of(self.axis, ndim_of(x), label(self))
        if len(axes) == 1:
            return ops.softmax(x, axis=axes[0])
        return ops.exp(ops.subtract(x, ops.logsumexp(x, axis=axes, keepdims=True)))


def _fits(given: Sequence[Any], shape: Sequence[Any]) -> bool:
    """Whether sizes broadcast to others, as many, without enlarging them."""
    return all((not is_unknown(a) and a == 1) or same(a, b) for a, b in zip(given, shape, strict=True))
