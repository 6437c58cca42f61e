"""Several tensors to one: sums, products, extremes, concatenation and dot products, as layers and as functions."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, ClassVar

from keras import ops
from keras.backend.masks import get_mask
from keras.backend.spec import broadcast, same, shape_str
from keras.layers import arguments
from keras.layers.input_spec import label
from keras.layers.layer import Layer
from keras.ops.dispatch import axis_of, dtype_of, ndim_of, shape_of

Tensor = Any
Shape = tuple[int | None, ...]


def _shapes(shapes: Sequence[Shape]) -> str:
    return ", ".join(shape_str(s) for s in shapes)


class _Merge(Layer):
    """Combines a list of tensors."""

    #: Number of inputs, where it is fixed.
    count: ClassVar[int | None] = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        shapes = self._checked(inputs)
        self._check_shapes(shapes)
        return self._merge(list(inputs))

    def _checked(self, inputs: Any) -> list[tuple[Any, ...]]:
        """The shapes of the inputs, which must be a list of the right length."""
        if not isinstance(inputs, (list, tuple)) or not inputs:
            raise ValueError(f"{label(self)}: expected a list of tensors. Received: {type(inputs).__name__}")
        if self.count is not None and len(inputs) != self.count:
            raise ValueError(
                f"{label(self)}: expected a list of {self.count} tensors. Received: {len(inputs)}"
            )
        return [shape_of(x) for x in inputs]

    def _check_shapes(self, shapes: list[tuple[Any, ...]]) -> None:
        raise NotImplementedError

    def _merge(self, inputs: list[Tensor]) -> Tensor:
        raise NotImplementedError


class _Elementwise(_Merge):
    """Combines tensors entry by entry; sizes of 1 stretch, and a missing axis is added after the batch."""

    def _check_shapes(self, shapes: list[tuple[Any, ...]]) -> None:
        batches = [s[0] for s in shapes if s]
        # As Keras sees it: a layer that a model was made with stretches a batch of one like any other axis.
        stretches = self._seen_shape is not None
        same_batch = all(same(a, b) or (stretches and 1 in (a, b)) for a in batches for b in batches)
        rank = max(map(len, shapes))
        aligned = [s[:1] + (1,) * (rank - len(s)) + s[1:] for s in shapes]
        try:
            broadcast("merge", *aligned)
            fits = same_batch
        except ValueError:
            fits = False
        if not fits:
            what = "the same size, or 1, along each axis" if same_batch else "the same batch size"
            raise ValueError(
                f"{label(self)}: expected inputs of {what}. Received: inputs of shapes {_shapes(shapes)}"
            )

    def _merge(self, inputs: list[Tensor]) -> Tensor:
        return functools.reduce(self._pair, _aligned(inputs))

    def _pair(self, a: Tensor, b: Tensor) -> Tensor:
        raise NotImplementedError

    def compute_mask(self, inputs: Any, mask: Any = None) -> Tensor:
        """A place counts where it counts in any input; inputs without a mask count everywhere."""
        masks = _checked_masks(self, inputs, mask)
        if any(m is None for m in masks):
            return None
        return functools.reduce(ops.logical_or, _aligned(masks))


def _checked_masks(layer: Layer, inputs: Any, mask: Any) -> list[Tensor | None]:
    """One mask, or None, for each input."""
    if not isinstance(inputs, (list, tuple)):
        raise ValueError(
            f"{label(layer)}: expected `inputs` to be a list of tensors. Received: {type(inputs).__name__}"
        )
    if mask is None:
        return [None] * len(inputs)
    if not isinstance(mask, (list, tuple)) or len(mask) != len(inputs):
        what = f"a list of {len(mask)}" if isinstance(mask, (list, tuple)) else type(mask).__name__
        raise ValueError(
            f"{label(layer)}: expected `mask` to be a list of {len(inputs)}, one for each input. Received: {what}"
        )
    return list(mask)


def _masks_of(inputs: Sequence[Tensor]) -> list[Tensor | None]:
    """The masks that travel with the inputs, broadcastable against the inputs as `_aligned` gives them."""
    masks = []
    for x in inputs:
        mask = get_mask(x)
        if mask is not None:
            missing = tuple(range(ndim_of(mask), ndim_of(x)))
            mask = ops.expand_dims(mask, missing) if missing else mask
        masks.append(mask)
    rank = max(ndim_of(x) for x in inputs)
    return [None if m is None else _raised(m, rank) for m in masks]


def _aligned(xs: Sequence[Tensor]) -> list[Tensor]:
    """The tensors with axes of size 1 after the batch, up to the highest rank."""
    rank = max(ndim_of(x) for x in xs)
    return [_raised(x, rank) for x in xs]


def _raised(x: Tensor, rank: int) -> Tensor:
    """The tensor with axes of size 1 after the batch, up to a rank."""
    missing = tuple(range(1, 1 + rank - ndim_of(x)))
    return ops.expand_dims(x, missing) if missing else x


class Add(_Elementwise):
    """Sum of the inputs.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Add()([np.array([[1.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
        [[3.0]]
    """

    def _pair(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.add(a, b)


class Subtract(_Elementwise):
    """First input minus second.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Subtract()([np.array([[1.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
        [[-1.0]]
    """

    count = 2

    def _pair(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.subtract(a, b)


class Multiply(_Elementwise):
    """Product of the inputs, entry by entry; masked places of an input do not count, and give 0 where all are masked.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Multiply()([np.array([[3.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
        [[6.0]]
    """

    def _pair(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.multiply(a, b)

    def _merge(self, inputs: list[Tensor]) -> Tensor:
        masks = _masks_of(inputs)
        factors = [
            x if m is None else ops.where(m, x, ops.ones_like(x))
            for x, m in zip(_aligned(inputs), masks, strict=True)
        ]
        product = functools.reduce(self._pair, factors)
        if any(m is None for m in masks):
            return product
        return ops.where(functools.reduce(ops.logical_or, masks), product, ops.zeros_like(product))


class Average(_Elementwise):
    """Mean of the inputs, entry by entry.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Average()([np.array([[1.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
        [[1.5]]
    """

    def _pair(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.add(a, b)

    def _merge(self, inputs: list[Tensor]) -> Tensor:
        return ops.divide(super()._merge(inputs), len(inputs))


class _Extreme(_Elementwise):
    """The largest or smallest entry. A place that is masked in one input is taken from the others."""

    def _merge(self, inputs: list[Tensor]) -> Tensor:
        pairs = zip(_aligned(inputs), _masks_of(inputs), strict=True)
        return functools.reduce(self._masked_pair, pairs)[0]

    def _masked_pair(self, a: tuple[Tensor, Tensor | None], b: tuple[Tensor, Tensor | None]) -> Any:
        """The extreme of two masked tensors, and its mask."""
        (x, x_mask), (y, y_mask) = a, b
        if y_mask is not None:
            y = ops.where(y_mask, y, x)
        if x_mask is not None:
            x = ops.where(x_mask, x, y)
        mask = None if x_mask is None or y_mask is None else ops.logical_or(x_mask, y_mask)
        return self._pair(x, y), mask


class Maximum(_Extreme):
    """Largest of the inputs, entry by entry; masked places of an input do not count.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Maximum()([np.array([[1.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
        [[2.0]]
    """

    def _pair(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.maximum(a, b)


class Minimum(_Extreme):
    """Smallest of the inputs, entry by entry; masked places of an input do not count.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Minimum()([np.array([[1.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
        [[1.0]]
    """

    def _pair(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.minimum(a, b)


class Concatenate(_Merge):
    """The inputs one after the other along an axis.

    Args:
        axis: the axis; the others must agree.

    Raises:
        ValueError: other axes differ, or there is no such axis.

    Example:
        >>> import keras
        >>> keras.layers.Concatenate()([keras.Input((3,)), keras.Input((5,))]).shape
        (None, 8)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not arguments.is_int(axis):
            raise TypeError(f"{label(self)}: expected `axis` to be an int. Received: axis={axis!r}")
        self.axis = int(axis)

    def _check_shapes(self, shapes: list[tuple[Any, ...]]) -> None:
        rank = len(shapes[0])
        axis = axis_of(self.axis, rank, label(self))
        first = shapes[0]
        fits = all(
            len(s) == rank and all(same(s[i], first[i]) for i in range(rank) if i != axis) for s in shapes
        )
        if not fits:
            raise ValueError(
                f"{label(self)}: expected inputs of one shape but for axis {self.axis}. "
                f"Received: inputs of shapes {_shapes(shapes)}"
            )

    def _merge(self, inputs: list[Tensor]) -> Tensor:
        return ops.concatenate(inputs, axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Tensor:
        """The masks one after the other; along the features, a place counts where it counts in any input."""
        masks = _checked_masks(self, inputs, mask)
        if all(m is None for m in masks):
            return None
        axis = axis_of(self.axis, ndim_of(inputs[0]), label(self))
        full = [
            ops.ones_like(x[..., 0], dtype="bool") if m is None else m
            for x, m in zip(inputs, masks, strict=True)
        ]
        return (
            ops.concatenate(full, axis=axis)
            if axis < ndim_of(full[0])
            else functools.reduce(ops.logical_or, full)
        )


class Dot(_Merge):
    """Dot products of two inputs along an axis of each, sample by sample.

    Args:
        axes: the axis summed over, of both inputs or a pair, one of each; 0 is the batch and not allowed.
        normalize: whether vectors are first scaled to length one: the result is then the cosine.

    Output: the axes of the first, then those of the second, without the ones summed over; `(batch, 1)` for vectors.

    Raises:
        ValueError: the axes differ in size.

    Example:
        >>> import keras
        >>> keras.layers.Dot(axes=(1, 2))([keras.Input((5, 3)), keras.Input((4, 5))]).shape
        (None, 3, 4)
    """

    count = 2

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = isinstance(axes, (list, tuple)) and len(axes) == 2 and all(arguments.is_int(a) for a in axes)
        if not pair and not arguments.is_int(axes):
            raise TypeError(
                f"{label(self)}: expected `axes` to be an int or a pair of ints. Received: axes={axes!r}"
            )
        self.axes = tuple(axes) if pair else int(axes)
        self.normalize = normalize

    def _check_shapes(self, shapes: list[tuple[Any, ...]]) -> None:
        a, b = self._axes([len(s) for s in shapes])
        if not same(shapes[0][a], shapes[1][b]) or not same(shapes[0][0], shapes[1][0]):
            raise ValueError(
                f"{label(self)}: expected axis {a} of the first input and axis {b} of the second to be equal, "
                f"and the batch sizes. Received: inputs of shapes {_shapes(shapes)}"
            )

    def _merge(self, inputs: list[Tensor]) -> Tensor:
        x, y = inputs
        a, b = self._axes([ndim_of(x), ndim_of(y)])
        if self.normalize:
            x, y = _unit(x, a), _unit(y, b)
        letters = "abcdefghijklmnopqrstuvwxyz"
        of_x = ["z", *letters[: ndim_of(x) - 1]]
        of_y = ["z", *letters[ndim_of(x) - 1 : ndim_of(x) + ndim_of(y) - 2]]
        of_y[b] = of_x[a]
        kept = [c for i, c in enumerate(of_x) if i != a] + [c for i, c in enumerate(of_y) if i not in (0, b)]
        product = ops.einsum(f"{''.join(of_x)},{''.join(of_y)}->{''.join(kept)}", x, y)
        return product if len(kept) > 1 else ops.expand_dims(product, 1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        return None

    def _axes(self, ranks: list[int]) -> tuple[int, int]:
        given = self.axes if isinstance(self.axes, tuple) else (self.axes, self.axes)
        a, b = (axis_of(axis, rank, label(self), "axes") for axis, rank in zip(given, ranks, strict=True))
        if a == 0 or b == 0:
            raise ValueError(f"{label(self)}: `axes` may not be 0, the batch. Received: axes={self.axes}")
        return a, b


def _unit(x: Tensor, axis: int) -> Tensor:
    square = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(square, ops.cast(1e-12, dtype_of(x)))))


# ---------------------------------------------------------------------- as functions
def add(inputs: Sequence[Tensor], **kwargs: Any) -> Tensor:
    """Sum of a list of tensors: `Add(**kwargs)(inputs)`.

    >>> keras.layers.add([np.array([[1.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
    [[3.0]]
    """
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Tensor], **kwargs: Any) -> Tensor:
    """First tensor minus second: `Subtract(**kwargs)(inputs)`.

    >>> keras.layers.subtract([np.array([[1.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
    [[-1.0]]
    """
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Tensor], **kwargs: Any) -> Tensor:
    """Product of a list of tensors, entry by entry: `Multiply(**kwargs)(inputs)`.

    >>> keras.layers.multiply([np.array([[1.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
    [[2.0]]
    """
    return Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Tensor], **kwargs: Any) -> Tensor:
    """Mean of a list of tensors, entry by entry: `Average(**kwargs)(inputs)`.

    >>> keras.layers.average([np.array([[1.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
    [[1.5]]
    """
    return Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Tensor], **kwargs: Any) -> Tensor:
    """Largest of a list of tensors, entry by entry: `Maximum(**kwargs)(inputs)`.

    >>> keras.layers.maximum([np.array([[1.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
    [[2.0]]
    """
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Tensor], **kwargs: Any) -> Tensor:
    """Smallest of a list of tensors, entry by entry: `Minimum(**kwargs)(inputs)`.

    >>> keras.layers.minimum([np.array([[1.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
    [[1.0]]
    """
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Sequence[Tensor], axis: int = -1, **kwargs: Any) -> Tensor:
    """A list of tensors one after the other: `Concatenate(axis)(inputs)`.

    >>> keras.layers.concatenate([np.array([[1.0]], "float32"), np.array([[2.0]], "float32")]).tolist()
    [[1.0, 2.0]]
    """
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Sequence[Tensor], axes: Any = -1, **kwargs: Any) -> Tensor:
    """Dot products of two tensors, sample by sample: `Dot(axes)(inputs)`.

    >>> keras.layers.dot([np.array([[1.0, 2.0]], "float32"), np.array([[3.0, 4.0]], "float32")]).tolist()
    [[11.0]]
    """
    return Dot(axes=axes, **kwargs)(inputs)
