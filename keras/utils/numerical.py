"""Two conversions of host data that nearly every classification script starts with."""

from typing import Any

import numpy as np

from keras.errors import shorten


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Integer class labels as rows with a single 1.

    Args:
        x: labels from 0, of any shape; a last dimension of 1 is dropped.
        num_classes: how many classes there are; by default the largest label plus one.

    Returns:
        A float64 array of shape `(*labels.shape, num_classes)`.

    Raises:
        ValueError: if a label is negative or not below `num_classes`.

    >>> to_categorical([0, 2, 1]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    labels = np.asarray(x)
    if labels.dtype.kind not in "biuf":
        raise TypeError(
            f"to_categorical: labels must be whole numbers. Received: {shorten(x)} of dtype {labels.dtype}"
        )
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.trunc(labels)):
        raise ValueError(
            f"to_categorical: labels must be whole numbers. Received: {shorten(labels.tolist())}"
        )
    labels = labels.astype("int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    lowest, highest = (int(labels.min()), int(labels.max())) if labels.size else (0, -1)
    if num_classes is None:
        num_classes = highest + 1
    if lowest < 0 or highest >= num_classes:
        wrong = lowest if lowest < 0 else highest
        raise ValueError(
            f"to_categorical: label {wrong} is not one of {num_classes} classes (0 to {num_classes - 1})."
        )
    rows = np.zeros((labels.size, num_classes))
    rows[np.arange(labels.size), labels.reshape(-1)] = 1
    return rows.reshape(*labels.shape, num_classes)


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """`x / norm(x)`: slices along an axis scaled to length one; a slice of zeros stays as it is.

    Args:
        x: array-like of numbers.
        axis: the axis along which the norm is taken.
        order: which norm, as in `numpy.linalg.norm`.

    Returns:
        An array of the shape of `x`.

    >>> normalize([[3.0, 4.0], [0.0, 0.0]]).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    x = np.atleast_1d(np.asarray(x))
    norm = np.atleast_1d(np.linalg.norm(x, order, axis))
    norm[norm == 0] = 1
    return x / np.expand_dims(norm, axis)
