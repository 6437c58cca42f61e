"""Pooling over windows, over whole inputs, and to a given output size."""

from __future__ import annotations

from typing import Any, ClassVar

from keras import ops
from keras.backend.spec import Unknown, shape_str
from keras.layers import arguments
from keras.layers.input_spec import InputSpec, label
from keras.layers.layer import Layer
from keras.ops.dispatch import dtype_of, shape_of

Tensor = Any
Shape = tuple[int | None, ...]
IntOrInts = Any  # an int, or a tuple with one for each spatial axis


class _Pooling(Layer):
    """A maximum or mean over each window."""

    rank: ClassVar[int]
    _stateless = True

    def __init__(
        self,
        pool_size: IntOrInts,
        strides: IntOrInts = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.pool_size = arguments.ints_of(self, "pool_size", pool_size, self.rank)
        self.strides = (
            self.pool_size if strides is None else arguments.ints_of(self, "strides", strides, self.rank)
        )
        self.padding = arguments.choice(self, "padding", padding, ("valid", "same"))
        self.data_format = arguments.data_format_of(self, data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Tensor) -> Tensor:
        self._check_size(shape_of(inputs))
        return self._pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)

    def _pool(self, *args: Any) -> Tensor:
        raise NotImplementedError

    def _check_size(self, shape: tuple[Any, ...]) -> None:
        axes = arguments.spatial_axes(self.data_format, self.rank)
        if self.padding == "valid" and any(
            not isinstance(shape[a], Unknown) and shape[a] < k
            for a, k in zip(axes, self.pool_size, strict=True)
        ):
            raise ValueError(
                f"{label(self)}: expected an input at least as large as the window, pool_size={self.pool_size}. "
                f'Received: input of shape {shape_str(shape)}. Use a smaller window, or padding="same".'
            )


class _MaxPooling(_Pooling):
    def __init__(
        self,
        pool_size: IntOrInts = 2,
        strides: IntOrInts = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def _pool(self, *args: Any) -> Tensor:
        return ops.max_pool(*args)


class _AveragePooling(_Pooling):
    def _pool(self, *args: Any) -> Tensor:
        return ops.average_pool(*args)


class MaxPooling1D(_MaxPooling):
    """Maximum of each window of steps; arguments as in MaxPooling2D.

    Example:
        >>> import keras
        >>> keras.layers.MaxPooling1D(2)(keras.Input((10, 4))).shape
        (None, 5, 4)
    """

    rank = 1


class MaxPooling2D(_MaxPooling):
    """Maximum of each window of an image, channel by channel.

    Args:
        pool_size: height and width of the window, or one int for both.
        strides: steps between windows; None is `pool_size`, windows side by side.
        padding: `"valid"` (only whole windows) or `"same"` (windows may reach over the edge).
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: an unknown padding, or a window larger than the input.

    Example:
        >>> import keras
        >>> keras.layers.MaxPooling2D()(keras.Input((28, 28, 3))).shape
        (None, 14, 14, 3)
    """

    rank = 2


class MaxPooling3D(_MaxPooling):
    """Maximum of each window of a volume; arguments as in MaxPooling2D.

    Example:
        >>> import keras
        >>> keras.layers.MaxPooling3D(2)(keras.Input((8, 8, 8, 3))).shape
        (None, 4, 4, 4, 3)
    """

    rank = 3


class AveragePooling1D(_AveragePooling):
    """Mean of each window of steps; arguments as in MaxPooling2D.

    Example:
        >>> import keras
        >>> keras.layers.AveragePooling1D(2)(keras.Input((10, 4))).shape
        (None, 5, 4)
    """

    rank = 1


class AveragePooling2D(_AveragePooling):
    """Mean of each window of an image, of the places inside the image only; arguments as in MaxPooling2D.

    Example:
        >>> import keras
        >>> keras.layers.AveragePooling2D(2)(keras.Input((28, 28, 3))).shape
        (None, 14, 14, 3)
    """

    rank = 2


class AveragePooling3D(_AveragePooling):
    """Mean of each window of a volume; arguments as in MaxPooling2D.

    Example:
        >>> import keras
        >>> keras.layers.AveragePooling3D(2)(keras.Input((8, 8, 8, 3))).shape
        (None, 4, 4, 4, 3)
    """

    rank = 3


# ---------------------------------------------------------------------- over the whole input
class _GlobalPooling(Layer):
    rank: ClassVar[int]
    _stateless = True

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = arguments.data_format_of(self, data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _axes(self) -> tuple[int, ...]:
        return arguments.spatial_axes(self.data_format, self.rank)


class _GlobalMaxPooling(_GlobalPooling):
    def call(self, inputs: Tensor) -> Tensor:
        return ops.max(inputs, axis=self._axes, keepdims=self.keepdims)


class _GlobalAveragePooling(_GlobalPooling):
    def call(self, inputs: Tensor) -> Tensor:
        return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)


class GlobalMaxPooling1D(_GlobalMaxPooling):
    """Maximum over time; arguments as in GlobalMaxPooling2D.

    Example:
        >>> import keras
        >>> keras.layers.GlobalMaxPooling1D()(keras.Input((10, 4))).shape
        (None, 4)
    """

    rank = 1


class GlobalMaxPooling2D(_GlobalMaxPooling):
    """Maximum over the image, channel by channel.

    Args:
        data_format: `"channels_last"` or `"channels_first"`.
        keepdims: whether the spatial axes stay, with size 1.

    Example:
        >>> import keras
        >>> keras.layers.GlobalMaxPooling2D()(keras.Input((28, 28, 3))).shape
        (None, 3)
    """

    rank = 2


class GlobalMaxPooling3D(_GlobalMaxPooling):
    """Maximum over the volume; arguments as in GlobalMaxPooling2D.

    Example:
        >>> import keras
        >>> keras.layers.GlobalMaxPooling3D()(keras.Input((8, 8, 8, 3))).shape
        (None, 3)
    """

    rank = 3


class GlobalAveragePooling1D(_GlobalAveragePooling):
    """Mean over time, of the steps that a mask keeps; arguments as in GlobalMaxPooling2D.

    `mask` in the call: bool `(batch, time)`.

    Example:
        >>> import keras, numpy as np
        >>> x = np.array([[[1.0], [3.0], [9.0]]], "float32")
        >>> keras.layers.GlobalAveragePooling1D()(x, mask=np.array([[True, True, False]])).tolist()
        [[2.0]]
    """

    rank = 1

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Tensor, mask: Tensor = None) -> Tensor:
        if mask is None:
            return super().call(inputs)
        (time,) = self._axes
        weights = ops.expand_dims(ops.cast(mask, dtype_of(inputs)), 3 - time)
        total = ops.sum(ops.multiply(inputs, weights), axis=time, keepdims=self.keepdims)
        return ops.divide(total, ops.sum(weights, axis=time, keepdims=self.keepdims))

    def compute_mask(self, inputs: Tensor, mask: Tensor = None) -> None:
        return None


class GlobalAveragePooling2D(_GlobalAveragePooling):
    """Mean over the image, channel by channel; arguments as in GlobalMaxPooling2D.

    Example:
        >>> import keras
        >>> keras.layers.GlobalAveragePooling2D()(keras.Input((28, 28, 3))).shape
        (None, 3)
    """

    rank = 2


class GlobalAveragePooling3D(_GlobalAveragePooling):
    """Mean over the volume; arguments as in GlobalMaxPooling2D.

    Example:
        >>> import keras
        >>> keras.layers.GlobalAveragePooling3D()(keras.Input((8, 8, 8, 3))).shape
        (None, 3)
    """

    rank = 3


# ---------------------------------------------------------------------- to a given size
class _AdaptivePooling(Layer):
    """Pooling whose windows are chosen so that the output has a given size, whatever the input's."""

    rank: ClassVar[int]

    def __init__(self, output_size: IntOrInts, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_size = arguments.ints_of(self, "output_size", output_size, self.rank)
        self.data_format = arguments.data_format_of(self, data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)


class _AdaptiveMaxPooling(_AdaptivePooling):
    def call(self, inputs: Tensor) -> Tensor:
        return ops.adaptive_max_pool(inputs, self.output_size, self.data_format)


class _AdaptiveAveragePooling(_AdaptivePooling):
    def call(self, inputs: Tensor) -> Tensor:
        return ops.adaptive_average_pool(inputs, self.output_size, self.data_format)


class AdaptiveMaxPooling1D(_AdaptiveMaxPooling):
    """Maximum over `output_size` nearly equal parts of time; arguments as in AdaptiveAveragePooling2D.

    Example:
        >>> import keras
        >>> keras.layers.AdaptiveMaxPooling1D(3)(keras.Input((10, 4))).shape
        (None, 3, 4)
    """

    rank = 1


class AdaptiveMaxPooling2D(_AdaptiveMaxPooling):
    """Maximum over a grid of nearly equal parts of an image; arguments as in AdaptiveAveragePooling2D.

    Example:
        >>> import keras
        >>> keras.layers.AdaptiveMaxPooling2D(3)(keras.Input((28, 28, 4))).shape
        (None, 3, 3, 4)
    """

    rank = 2


class AdaptiveMaxPooling3D(_AdaptiveMaxPooling):
    """Maximum over a grid of nearly equal parts of a volume; arguments as in AdaptiveAveragePooling2D.

    Example:
        >>> import keras
        >>> keras.layers.AdaptiveMaxPooling3D(2)(keras.Input((8, 8, 8, 4))).shape
        (None, 2, 2, 2, 4)
    """

    rank = 3


class AdaptiveAveragePooling1D(_AdaptiveAveragePooling):
    """Mean over `output_size` nearly equal parts of time; arguments as in AdaptiveAveragePooling2D.

    Example:
        >>> import keras
        >>> keras.layers.AdaptiveAveragePooling1D(3)(keras.Input((10, 4))).shape
        (None, 3, 4)
    """

    rank = 1


class AdaptiveAveragePooling2D(_AdaptiveAveragePooling):
    """Mean over a grid of nearly equal parts of an image.

    Args:
        output_size: height and width of the output, or one int for both.
        data_format: `"channels_last"` or `"channels_first"`.

    Example:
        >>> import keras
        >>> keras.layers.AdaptiveAveragePooling2D(3)(keras.Input((28, 28, 4))).shape
        (None, 3, 3, 4)
    """

    rank = 2


class AdaptiveAveragePooling3D(_AdaptiveAveragePooling):
    """Mean over a grid of nearly equal parts of a volume; arguments as in AdaptiveAveragePooling2D.

    Example:
        >>> import keras
        >>> keras.layers.AdaptiveAveragePooling3D(2)(keras.Input((8, 8, 8, 4))).shape
        (None, 2, 2, 2, 4)
    """

    rank = 3
