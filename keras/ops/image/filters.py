"""Filters over neighbouring pixels: blur, edges, structural similarity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.backend.select import current
from keras.backend.spec import is_unknown, same_shapes, shape_str
from keras.ops import kernels
from keras.ops.dispatch import as_float, cast, dtype_of, ndim_of, op, shape_of
from keras.ops.image.layout import in_batch
from keras.ops.nn.convolution import channels_last, per_dimension
from keras.ops.numpy.padding import pad
from keras.ops.settling import host_value, promote_floats, scalar, static_int

Tensor = Any


def _gaussian(size: int, sigma: float) -> np.ndarray:
    """Weights of a Gaussian at `size` points, adding up to 1."""
    places = np.arange(size) - (size - 1) / 2
    weights = np.exp(-(places**2) / (2.0 * sigma**2))
    return weights / weights.sum()


def _separable(x: Tensor, rows: np.ndarray, columns: np.ndarray, same: bool) -> Tensor:
    """Every channel filtered with the product of two vectors, one axis after the other."""
    e = current()
    channels = shape_of(x)[3]
    for axis, vector in ((0, rows), (1, columns)):
        n = len(vector)
        window = (n, 1) if axis == 0 else (1, n)
        kernel = e.constant(vector.reshape(*window, 1, 1), dtype_of(x))
        kernel = e.broadcast_to(kernel, (*window, channels, 1))
        border = ((n - 1) // 2, n - 1 - (n - 1) // 2) if same else (0, 0)
        pads = (border, (0, 0)) if axis == 0 else ((0, 0), border)
        x = kernels.depthwise_conv(x, kernel, (1, 1), pads, (1, 1))
    return x


def blurred(x: Tensor, size: Sequence[int], sigma: Sequence[float]) -> Tensor:
    """Images `[batch, height, width, channels]` smoothed with a Gaussian; beyond the edges there are zeros.

    `size` and `sigma` are those across and down. Keras 3.15's documentation says height and width, which is not what
    its code does; with TensorFlow, unequal sizes give it weights of no Gaussian.
    """
    return _separable(x, _gaussian(size[1], sigma[1]), _gaussian(size[0], sigma[0]), same=True)


def _settings(value: Any, name: str) -> Any:
    """Numbers that shape the filter, as Python's: they may come as an array or a tensor."""
    return host_value(value, "gaussian_blur", name).tolist() if hasattr(value, "shape") else value


@op
def gaussian_blur(
    images: Any, kernel_size: Any = (3, 3), sigma: Any = (1.0, 1.0), data_format: str | None = None
) -> Tensor:
    """Images smoothed with a Gaussian.

    Args:
        images: `[height, width, channels]`, or a batch of them.
        kernel_size: number of weights across and down.
        sigma: standard deviation across and down.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> gaussian_blur([[[0.0], [1.0], [0.0]]], (3, 1)).shape
    (1, 3, 1)
    """
    size = per_dimension(_settings(kernel_size, "kernel_size"), 2, "gaussian_blur", "kernel_size")
    widths = _settings(sigma, "sigma")
    widths = tuple(widths) if isinstance(widths, (list, tuple)) else (widths, widths)

    def blur(x: Tensor) -> Tensor:
        return cast(blurred(as_float(x), size, widths), dtype_of(x))

    return in_batch("gaussian_blur", images, data_format, blur)


@op
def sobel_edges(images: Any, data_format: str | None = None) -> Tensor:
    """Slopes of the brightness, down and across, by Sobel's filter.

    Args:
        images: `[batch, height, width, channels]`.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        Tensor with a new last axis of size 2: slope down, slope across.

    >>> sobel_edges([[[[0.0], [1.0]], [[0.0], [1.0]]]]).shape
    (1, 2, 2, 1, 2)
    """
    e, x = current(), as_float(images)
    if ndim_of(x) != 4:
        raise ValueError(f"sobel_edges: expected a batch of images. Received: shape {shape_str(shape_of(x))}")
    last = channels_last(data_format, "sobel_edges")
    if not last:
        x = e.transpose(x, (0, 2, 3, 1))
    batch, height, width, channels = shape_of(x)
    x = pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    smooth, slope = np.array([1.0, 2.0, 1.0]), np.array([-1.0, 0.0, 1.0])
    down, across = _separable(x, slope, smooth, same=False), _separable(x, smooth, slope, same=False)
    shape = (batch, height, width, channels, 1)
    y = e.concat([e.reshape(t, shape) for t in (down, across)], 4)
    return y if last else e.transpose(y, (0, 3, 1, 2, 4))


@op
def ssim(
    image1: Any,
    image2: Any,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Tensor:
    """Structural similarity (Wang et al., 2004): 1 for equal images.

    Args:
        image1: `[height, width, channels]`, or a batch of them.
        image2: of the same shape.
        max_val: largest value a pixel can have.
        filter_size: size of the window in which means and variances are taken.
        filter_sigma: standard deviation of its Gaussian weights.
        k1, k2: keep the divisions safe.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        One number per image: `[batch]`, or a scalar.

    >>> image = [[[0.5]] * 11] * 11
    >>> round(float(ssim(image, image)), 4)
    1.0
    """
    e = current()
    a, b = promote_floats(image1, image2)
    shape = shape_of(a)
    if not same_shapes(shape, shape_of(b)) or len(shape) not in (3, 4):
        raise ValueError(
            "ssim: expected two images, or two batches, of equal shape. "
            f"Received: {shape_str(shape)} and {shape_str(shape_of(b))}"
        )
    single = len(shape) == 3
    if single:
        a, b = e.reshape(a, (1, *shape)), e.reshape(b, (1, *shape))
    if not channels_last(data_format, "ssim"):
        a, b = (e.transpose(x, (0, 2, 3, 1)) for x in (a, b))
    static_int(filter_size, "ssim", "filter_size", least=1)
    if any(not is_unknown(n) and n < filter_size for n in shape_of(a)[1:3]):
        raise ValueError(
            f"ssim: images must be at least filter_size={filter_size} high and wide. Received: {shape_str(shape)}"
        )
    weights = _gaussian(filter_size, filter_sigma)

    def mean(x: Tensor) -> Tensor:
        return _separable(x, weights, weights, same=False)

    c1, c2 = scalar((k1 * max_val) ** 2, a), scalar((k2 * max_val) ** 2, a)
    two = scalar(2.0, a)
    mean_a, mean_b = mean(a), mean(b)
    both = e.mul(mean_a, mean_b)
    power = e.add(e.mul(mean_a, mean_a), e.mul(mean_b, mean_b))
    covariance = e.sub(mean(e.mul(a, b)), both)
    variances = e.sub(mean(e.add(e.mul(a, a), e.mul(b, b))), power)
    light = e.div(e.add(e.mul(two, both), c1), e.add(power, c1))
    structure = e.div(e.add(e.mul(two, covariance), c2), e.add(variances, c2))
    y = e.mul(light, structure)
    n: Any = 1
    for d in shape_of(y)[1:]:
        n = n * d
    y = e.div(e.reduce_sum(y, (1, 2, 3)), scalar(n, y))
    return e.reshape(y, ()) if single else y
