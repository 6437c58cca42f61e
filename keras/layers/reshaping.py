"""Layers that move, repeat, add or cut entries without computing anything."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from keras import ops, tree
from keras.backend.spec import is_unknown, shape_str
from keras.layers import arguments
from keras.layers.input_spec import InputSpec, label
from keras.layers.layer import Layer
from keras.ops.dispatch import ndim_of, shape_of

Tensor = Any
Shape = tuple[int | None, ...]
Pairs = tuple[tuple[int, int], ...]


class Flatten(Layer):
    """All axes but the batch as one: `(batch, a, b, ...)` to `(batch, a * b * ...)`.

    Args:
        data_format: `"channels_first"` moves the channels to the end first, so that both formats give one order.

    Example:
        >>> import keras
        >>> keras.layers.Flatten()(keras.Input((2, 3, 4))).shape
        (None, 24)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = arguments.data_format_of(self, data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Tensor) -> Tensor:
        rank = ndim_of(inputs)
        if self.data_format == "channels_first" and rank > 2:
            inputs = ops.transpose(inputs, (0, *range(2, rank), 1))
        shape = shape_of(inputs)
        return ops.reshape(inputs, (shape[0], math.prod(shape[1:])))


class Reshape(Layer):
    """Another shape for each sample, in row-major order.

    Args:
        target_shape: the new shape without the batch; one entry may be -1, which takes what is left.

    Raises:
        ValueError: the sizes do not multiply to the same number.

    Example:
        >>> import keras
        >>> keras.layers.Reshape((3, -1))(keras.Input((12,))).shape
        (None, 3, 4)
    """

    _stateless = True

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        target = (target_shape,) if arguments.is_int(target_shape) else tree.shape_tuple(target_shape)
        fits = isinstance(target, (list, tuple)) and all(arguments.is_int(d) and d >= -1 for d in target)
        if not fits or list(target).count(-1) > 1:
            raise ValueError(
                f"{label(self)}: expected `target_shape` to be a tuple of ints, with -1 at most once. "
                f"Received: target_shape={target_shape!r}"
            )
        self.target_shape = tuple(int(d) for d in target)

    def call(self, inputs: Tensor) -> Tensor:
        shape = shape_of(inputs)
        return ops.reshape(inputs, (shape[0], *self._resolved(shape)))

    def _resolved(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """The target with its -1 filled in."""
        have = math.prod(shape[1:])
        said = math.prod(d for d in self.target_shape if d != -1)
        wrong = said == 0 or have % said if -1 in self.target_shape else have != said
        if not is_unknown(have) and have != 0 and wrong:
            raise ValueError(
                f"{label(self)}: {have} values a sample cannot be made {self.target_shape}. "
                f"Received: input of shape {shape_str(shape)}, target_shape={self.target_shape}"
            )
        return tuple(have // said if d == -1 else d for d in self.target_shape)


class Permute(Layer):
    """Another order of the axes of each sample.

    Args:
        dims: for each output axis the input axis it was, counted from 1 (the batch, 0, stays).

    Raises:
        ValueError: `dims` is not an arrangement of 1 to its length.

    Example:
        >>> import keras
        >>> keras.layers.Permute((2, 1))(keras.Input((10, 64))).shape
        (None, 64, 10)
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"{label(self)}: expected `dims` to hold each of 1 to {len(self.dims)} once (the batch, 0, stays). "
                f"Received: dims={self.dims}"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.transpose(inputs, (0, *self.dims))


class RepeatVector(Layer):
    """Each vector `n` times: `(batch, features)` to `(batch, n, features)`.

    Args:
        n: number of repetitions.

    Example:
        >>> import keras
        >>> keras.layers.RepeatVector(3)(keras.Input((32,))).shape
        (None, 3, 32)
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not arguments.is_int(n):
            raise TypeError(
                f"{label(self)}: expected `n` to be an int. Received: n={n!r} of type {type(n).__name__}"
            )
        self.n = arguments.int_of(self, "n", n)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Tensor) -> Tensor:
        batch, features = shape_of(inputs)
        return ops.broadcast_to(ops.expand_dims(inputs, 1), (batch, self.n, features))


# ---------------------------------------------------------------------- padding and cropping
def _pairs(layer: Layer, name: str, value: Any, rank: int) -> Pairs:
    """`((before, after), ...)` for each axis, from an int for all, one int per axis, or the pairs themselves.

    With one axis, two ints are the pair.
    """
    entries = (value,) * rank if arguments.is_int(value) or rank == 1 else value
    if isinstance(entries, (list, tuple)) and len(entries) == rank:
        pairs = tuple(
            (e, e) if arguments.is_int(e) else tuple(e) if isinstance(e, (list, tuple)) else ()
            for e in entries
        )
        if all(len(p) == 2 and all(arguments.is_int(n) and n >= 0 for n in p) for p in pairs):
            return pairs
    forms = (
        "an int or a pair (before, after)"
        if rank == 1
        else f"an int, {rank} ints or {rank} pairs (before, after)"
    )
    raise ValueError(
        f"{label(layer)}: expected `{name}` to be {forms}, none below 0. Received: {name}={value!r}"
    )


class _ZeroPadding(Layer):
    """Zeros before and after each spatial axis."""

    rank: ClassVar[int]

    def __init__(self, padding: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pairs = _pairs(self, "padding", padding, self.rank)
        self.padding: Any = pairs[0] if self.rank == 1 else pairs
        self.data_format = arguments.data_format_of(self, data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Tensor) -> Tensor:
        width = [(0, 0)] * (self.rank + 2)
        pairs = (self.padding,) if self.rank == 1 else self.padding
        for axis, pair in zip(arguments.spatial_axes(self.data_format, self.rank), pairs, strict=True):
            width[axis] = pair
        return ops.pad(inputs, width)


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after a sequence.

    Args:
        padding: number of steps on both sides, or a pair (before, after).
        data_format: `"channels_last"` or `"channels_first"`.

    Example:
        >>> import keras
        >>> keras.layers.ZeroPadding1D((0, 2))(keras.Input((10, 4))).shape
        (None, 12, 4)
    """

    rank = 1

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)


class ZeroPadding2D(_ZeroPadding):
    """Zeros around images.

    Args:
        padding: number of rows and columns on all sides, or (height, width), or ((top, bottom), (left, right)).
        data_format: `"channels_last"` or `"channels_first"`.

    Example:
        >>> import keras
        >>> keras.layers.ZeroPadding2D(1)(keras.Input((28, 28, 3))).shape
        (None, 30, 30, 3)
    """

    rank = 2

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)


class ZeroPadding3D(_ZeroPadding):
    """Zeros around volumes; arguments as in ZeroPadding2D, with three spatial axes.

    Example:
        >>> import keras
        >>> keras.layers.ZeroPadding3D(1)(keras.Input((8, 8, 8, 3))).shape
        (None, 10, 10, 10, 3)
    """

    rank = 3

    def __init__(
        self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(padding, data_format, **kwargs)


class _Cropping(Layer):
    """Cuts entries off the ends of each spatial axis."""

    rank: ClassVar[int]

    def __init__(self, cropping: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pairs = _pairs(self, "cropping", cropping, self.rank)
        self.cropping: Any = pairs[0] if self.rank == 1 else pairs
        self.data_format = arguments.data_format_of(self, data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Tensor) -> Tensor:
        shape = shape_of(inputs)
        keep = [slice(None)] * (self.rank + 2)
        pairs = (self.cropping,) if self.rank == 1 else self.cropping
        for axis, (before, after) in zip(
            arguments.spatial_axes(self.data_format, self.rank), pairs, strict=True
        ):
            if shape[axis] <= before + after:
                raise ValueError(
                    f"{label(self)}: nothing is left of axis {axis}. "
                    f"Received: cropping={self.cropping}, input of shape {shape_str(shape)}"
                )
            keep[axis] = slice(before, -after if after else None)
        return ops.get_item(inputs, tuple(keep))


class Cropping1D(_Cropping):
    """Cut steps off both ends of a sequence `(batch, time, channels)`.

    Args:
        cropping: number of steps at both ends, or a pair (before, after).

    Raises:
        ValueError: nothing would be left.

    Example:
        >>> import keras
        >>> keras.layers.Cropping1D((1, 2))(keras.Input((10, 4))).shape
        (None, 7, 4)
    """

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)


class Cropping2D(_Cropping):
    """Cut rows and columns off images.

    Args:
        cropping: number of rows and columns on all sides, or (height, width), or ((top, bottom), (left, right)).
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: nothing would be left.

    Example:
        >>> import keras
        >>> keras.layers.Cropping2D(((2, 2), (4, 4)))(keras.Input((28, 28, 3))).shape
        (None, 24, 20, 3)
    """

    rank = 2

    def __init__(
        self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(_Cropping):
    """Cut planes off volumes; arguments as in Cropping2D, with three spatial axes.

    Example:
        >>> import keras
        >>> keras.layers.Cropping3D(1)(keras.Input((8, 8, 8, 3))).shape
        (None, 6, 6, 6, 3)
    """

    rank = 3

    def __init__(
        self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)


# ---------------------------------------------------------------------- upsampling
class UpSampling1D(Layer):
    """Each time step `size` times: `(batch, steps, channels)` to `(batch, steps * size, channels)`.

    Args:
        size: number of repetitions.

    Example:
        >>> import keras
        >>> keras.layers.UpSampling1D(2)(keras.Input((10, 4))).shape
        (None, 20, 4)
    """

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = arguments.int_of(self, "size", size)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.repeat(inputs, self.size, axis=1)


class UpSampling2D(Layer):
    """Larger images: rows and columns repeated, or interpolated.

    Args:
        size: factors of height and width, or one int for both.
        data_format: `"channels_last"` or `"channels_first"`.
        interpolation: `"nearest"` or `"area"` (they repeat), `"bilinear"`, `"bicubic"`, `"lanczos3"`, `"lanczos5"`.

    Raises:
        ValueError: an unknown interpolation.

    Example:
        >>> import keras
        >>> keras.layers.UpSampling2D(2)(keras.Input((14, 14, 3))).shape
        (None, 28, 28, 3)
    """

    interpolations: ClassVar[tuple[str, ...]] = (
        "nearest",
        "bilinear",
        "bicubic",
        "lanczos3",
        "lanczos5",
        "area",
    )

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = arguments.ints_of(self, "size", size, 2)
        self.data_format = arguments.data_format_of(self, data_format)
        self.interpolation = arguments.choice(
            self,
            "interpolation",
            interpolation,
            ("nearest", "area", "bilinear", "bicubic", "lanczos3", "lanczos5"),
        )
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Tensor) -> Tensor:
        axes = arguments.spatial_axes(self.data_format, 2)
        if self.interpolation in ("nearest", "area"):
            return _repeated(inputs, self.size, axes)
        size = [shape_of(inputs)[a] * n for a, n in zip(axes, self.size, strict=True)]
        return ops.image.resize(inputs, size, self.interpolation, data_format=self.data_format)


class UpSampling3D(Layer):
    """Larger volumes: entries repeated along three axes.

    Args:
        size: factors of the three axes, or one int for all.
        data_format: `"channels_last"` or `"channels_first"`.

    Example:
        >>> import keras
        >>> keras.layers.UpSampling3D(2)(keras.Input((4, 4, 4, 3))).shape
        (None, 8, 8, 8, 3)
    """

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = arguments.ints_of(self, "size", size, 3)
        self.data_format = arguments.data_format_of(self, data_format)
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Tensor) -> Tensor:
        return _repeated(inputs, self.size, arguments.spatial_axes(self.data_format, 3))


def _repeated(x: Tensor, size: tuple[int, ...], axes: tuple[int, ...]) -> Tensor:
    for n, axis in zip(size, axes, strict=True):
        x = ops.repeat(x, n, axis=axis) if n > 1 else x
    return x
