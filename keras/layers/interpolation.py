"""Enlarging along an axis by interpolation: each output place is a weighted mean of the input places around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras import ops
from keras.ops.dispatch import dtype_of, ndim_of, shape_of

Tensor = Any


def _triangle(distance: np.ndarray) -> np.ndarray:
    return np.maximum(1 - distance, 0)


def _cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution with a = -0.5."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


def _lanczos(radius: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda distance: np.where(distance < radius, np.sinc(distance) * np.sinc(distance / radius), 0.0)


#: Weight of an input place by its distance, in input places.
KERNELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "bilinear": _triangle,
    "bicubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}


def enlarged(x: Tensor, factor: int, axis: int, interpolation: str) -> Tensor:
    """`x` with `factor` times as many places along an axis, which keep their centres (half-pixel rule)."""
    size = shape_of(x)[axis]
    places = (np.arange(size * factor) + 0.5) / factor - 0.5
    weights = KERNELS[interpolation](np.abs(places[:, None] - np.arange(size)))
    weights /= weights.sum(1, keepdims=True)  # what reaches over the edge is left out
    y = ops.tensordot(x, ops.cast(weights.astype("float32"), dtype_of(x)), axes=[[axis], [1]])
    return ops.moveaxis(y, ndim_of(x) - 1, axis)
