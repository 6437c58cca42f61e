"""Images in another size. Each axis is resampled by a matrix of weights, so that gradients come for free."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import Unknown, largest, same, shape_str, smallest
from keras.ops.dispatch import as_float, axis_of, cast, convert, dtype_of, ndim_of, op, shape_of
from keras.ops.image.layout import in_batch
from keras.ops.numpy.transcendental import sinc
from keras.ops.settling import scalar, sized, slice_axis, static_shape

Tensor = Any

# ---------------------------------------------------------------------- kernels, of host arrays or of tensors
_METHODS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), "triangle"),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), "cubic"),
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1.0 - x)


def _keys_cubic(x: np.ndarray) -> np.ndarray:
    """Keys's cubic with a = -1/2."""
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))


def _lanczos(radius: float) -> Callable[[np.ndarray], np.ndarray]:
    def kernel(x: np.ndarray) -> np.ndarray:
        return np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0.0)

    return kernel


_KERNELS = {
    "triangle": _triangle,
    "cubic": _keys_cubic,
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
}


def _weights(
    size: int, target: int, scale: np.ndarray, shift: np.ndarray, method: str, antialias: bool
) -> np.ndarray:
    """`[target, size]`: the share of each old pixel in each new one; pixel centres are at halves."""
    widening = np.maximum(1.0 / scale, 1.0) if antialias else 1.0
    places = (np.arange(target) + 0.5 - shift) / scale - 0.5
    distance = np.abs(places[:, None] - np.arange(size)) / widening
    weights = _KERNELS[method](distance)
    total = weights.sum(1, keepdims=True)
    small = np.abs(total) <= 1000.0 * float(np.finfo(np.float32).eps)
    weights = np.where(small, 0.0, weights / np.where(total != 0, total, 1.0))
    inside = (places >= -0.5) & (places <= size - 0.5)
    return weights * inside[:, None]


def _resample(x: Tensor, axis: int, weights: np.ndarray) -> Tensor:
    """x with one axis multiplied by a matrix `[target, size]`."""
    e, rank = current(), len(shape_of(x))
    matrix = e.constant(weights, dtype_of(x))
    y = e.dot_general(x, matrix, ((axis,), (1,)), ((), ()))
    return e.transpose(y, (*range(axis), rank - 1, *range(axis, rank - 1)))


# ---------------------------------------------------------------------- ops
@op
def resize(
    images: Any,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Images resampled to another size.

    Args:
        images: `[height, width, channels]`, or a batch of them.
        size: height and width of the result.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        antialias: widen the kernel when images shrink.
        crop_to_aspect_ratio: cut the images first, so that nothing is distorted.
        pad_to_aspect_ratio: pad the images first, so that nothing is distorted.
        fill_mode: must be `"constant"`.
        fill_value: what the padding holds.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> resize([[[1.0], [3.0]]], (1, 4)).tolist()
    [[[1.0], [1.5], [2.5], [3.0]]]
    """
    target = static_shape(size, "resize", "size")
    if len(target) != 2 or 0 in target:
        raise ValueError(f"resize: `size` must be (height, width), both at least 1. Received: size={size}")
    if interpolation != "nearest" and interpolation not in _METHODS:
        raise ValueError(
            "resize: `interpolation` must be nearest, bilinear, bicubic, lanczos3 or lanczos5. "
            f"Received: interpolation={interpolation!r}"
        )
    if fill_mode != "constant":
        raise ValueError(f'resize: `fill_mode` must be "constant". Received: fill_mode={fill_mode!r}')
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("resize: only one of `crop_to_aspect_ratio` and `pad_to_aspect_ratio` can be true")

    def resized(x: Tensor) -> Tensor:
        dtype = dtype_of(x)
        if crop_to_aspect_ratio:
            x = _cropped(x, target)
        elif pad_to_aspect_ratio:
            x = _padded(x, target, fill_value)
        if interpolation == "nearest":
            return _nearest(_nearest(x, 1, target[0]), 2, target[1])
        y = as_float(x) if dtype not in ("float16", "bfloat16") else cast(x, "float32")
        for axis, n in enumerate(target, 1):
            y = _scaled(y, axis, n, _METHODS[interpolation], antialias)
        return _as_pixels(y, dtype)

    return in_batch("resize", images, data_format, resized)


def _as_pixels(y: Tensor, dtype: str) -> Tensor:
    """Back to the dtype of the images; for integers rounded, and limited to their range."""
    if dtypes.is_int(dtype):
        low, high = dtypes.limits(dtype)
        y = current().minimum(current().maximum(current().round(y), scalar(low, y)), scalar(high, y))
    return cast(y, dtype)


def _scaled(x: Tensor, axis: int, target: Any, method: str, antialias: bool) -> Tensor:
    size = shape_of(x)[axis]
    if isinstance(size, Unknown):
        scale, shift = (current().full((1,), value, "float32") for value in (target / size, 0))
        return _moved(x, axis, target, scale, shift, method, antialias)
    if size == target:
        return x
    scale = np.asarray(target / size)
    return _resample(x, axis, _weights(size, target, scale, np.zeros(()), method, antialias))


def _nearest(x: Tensor, axis: int, target: Any) -> Tensor:
    e, shape = current(), shape_of(x)
    size = shape[axis]
    if isinstance(size, Unknown):
        return e.take(x, _nearest_rows(size, target), axis)
    rows = np.floor((np.arange(target) + 0.5) * (size / target)).astype("int32")
    return e.take(x, e.constant(np.minimum(rows, size - 1), "int32"), axis)


def _nearest_rows(size: Any, target: int) -> Tensor:
    """The rows `_nearest` takes, if only the run will know how many there are."""
    e = current()
    places = e.add(e.iota(target, "float64"), e.full((), 0.5, "float64"))
    rows = e.cast(e.floor(e.mul(places, e.full((), size / target, "float64"))), "int32")
    return e.minimum(rows, e.full((), size - 1, "int32"))


def _cropped(x: Tensor, target: tuple[Any, ...]) -> Tensor:
    """The largest part in the middle with the target's aspect ratio."""
    _, h, w, _ = shape_of(x)
    height = largest(smallest(w * target[0] // target[1], h), 1)
    width = largest(smallest(h * target[1] // target[0], w), 1)
    top, left = (h - height) // 2, (w - width) // 2
    return slice_axis(slice_axis(x, 1, top, top + height), 2, left, left + width)


def _padded(x: Tensor, target: tuple[Any, ...], value: float) -> Tensor:
    """The image in the middle of a canvas with the target's aspect ratio, up to one row or column as in Keras."""
    _, h, w, _ = shape_of(x)
    height, width = largest(w * target[0] // target[1], h), largest(h * target[1] // target[0], w)
    border = (0, (height - h) // 2, (width - w) // 2, 0)
    return current().pad(x, border, border, value if dtypes.is_float(dtype_of(x)) else int(value))


@op
def scale_and_translate(
    images: Any,
    output_shape: Any,
    scale: Any,
    translation: Any,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Tensor:
    """Images resampled so that place p goes to `p * scale + translation`, along chosen axes.

    Args:
        images: array-like.
        output_shape: shape of the result.
        scale: one number per axis of `spatial_dims`.
        translation: likewise.
        spatial_dims: the axes.
        method: `"linear"`, `"cubic"`, `"lanczos3"` or `"lanczos5"`.
        antialias: widen the kernel when images shrink.

    >>> scale_and_translate([[1.0], [3.0]], (4, 1), [2.0], [0.0], (0,), "linear").tolist()
    [[1.0], [1.5], [2.5], [3.0]]
    """
    if method not in _METHODS:
        raise ValueError(
            f"scale_and_translate: `method` must be one of {', '.join(_METHODS)}. Received: {method!r}"
        )
    x = convert(images)
    dtype, rank = dtype_of(x), len(shape_of(x))
    target = static_shape(output_shape, "scale_and_translate", "output_shape")
    axes = [axis_of(a, rank, "scale_and_translate", "spatial_dims") for a in spatial_dims]
    if len(target) != rank:
        raise ValueError(
            f"scale_and_translate: `output_shape` must have one entry per axis ({rank}). Received: {shape_str(target)}"
        )
    y = as_float(x)
    scales, shifts = (convert(v, "float32") for v in (scale, translation))
    for name, v in (("scale", scales), ("translation", shifts)):
        if ndim_of(v) != 1 or not same(shape_of(v)[0], len(axes)):
            raise ValueError(
                f"scale_and_translate: `{name}` must have one number per axis of `spatial_dims` ({len(axes)}). "
                f"Received: shape {shape_str(shape_of(v))}"
            )
    for i, axis in enumerate(axes):
        s, t = (slice_axis(v, 0, i, i + 1) for v in (scales, shifts))
        y = _moved(y, axis, target[axis], s, t, _METHODS[method], antialias)
    for axis, size in enumerate(target):  # that of the other axes may be unknown
        y = sized(y, axis, size)
    return cast(y, dtype)


def _moved(
    x: Tensor, axis: int, target: int, scale: Tensor, shift: Tensor, method: str, antialias: bool
) -> Tensor:
    """One axis resampled; scale and translation are tensors, so the weights are computed on the engine."""
    e, rank = current(), len(shape_of(x))
    size = shape_of(x)[axis]
    half, one = e.full((), 0.5, "float32"), e.full((), 1.0, "float32")
    places = e.sub(e.div(e.sub(e.add(e.iota(target, "float32"), half), shift), scale), half)
    places = e.reshape(places, (target, 1))
    distance = e.abs(e.sub(places, e.iota(size, "float32")))
    if antialias:
        distance = e.div(distance, e.maximum(e.div(one, scale), one))
    weights = _kernel_on_engine(distance, method)
    total = e.reshape(e.reduce_sum(weights, (1,)), (target, 1))
    small = e.less(e.abs(total), scalar(1000.0 * float(np.finfo(np.float32).eps), total))
    weights = e.select(small, scalar(0.0, weights), e.div(weights, e.select(small, one, total)))
    outside = e.logical_or(
        e.less(places, e.neg(half)), e.less(e.sub(e.full((), size, "float32"), half), places)
    )
    weights = cast(e.select(outside, scalar(0.0, weights), weights), dtype_of(x))
    y = e.dot_general(x, weights, ((axis,), (1,)), ((), ()))
    return e.transpose(y, (*range(axis), rank - 1, *range(axis, rank - 1)))


def _kernel_on_engine(x: Tensor, method: str) -> Tensor:
    """The kernels above, of a tensor."""
    e = current()

    def c(value: float) -> Tensor:
        return scalar(value, x)

    zero = c(0.0)
    if method == "triangle":
        return e.maximum(zero, e.sub(c(1.0), x))
    if method == "cubic":
        near = e.add(e.mul(e.mul(e.sub(e.mul(c(1.5), x), c(2.5)), x), x), c(1.0))
        far = e.add(e.mul(e.sub(e.mul(e.add(e.mul(c(-0.5), x), c(2.5)), x), c(4.0)), x), c(2.0))
        return e.select(e.less(x, c(1.0)), near, e.select(e.less(x, c(2.0)), far, zero))
    radius = c(3.0 if method == "lanczos3" else 5.0)
    return e.select(e.less(x, radius), e.mul(sinc(x), sinc(e.div(x, radius))), zero)
