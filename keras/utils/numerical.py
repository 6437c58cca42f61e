"""Two conversions that nearly every classification script starts with: of host data, or of tensors by the engine's ops."""

from typing import Any

import numpy as np

from keras import ops
from keras.errors import shorten

Tensor = Any


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray | Tensor:
    """Integer class labels as rows with a single 1.

    Args:
        x: labels from 0, of any shape; a last dimension of 1 is dropped.
        num_classes: how many classes there are; by default the largest label plus one.

    Returns:
        A float64 array of shape `(*labels.shape, num_classes)`; of a tensor of the engine and a given `num_classes` a
        tensor of dtype `floatx`, whose row of a label that is no class is zeros.

    Raises:
        ValueError: if a label is negative or not below `num_classes`.

    >>> to_categorical([0, 2, 1]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    if num_classes is not None and _is_tensor(x):  # perhaps in a traced function, where labels have no values
        last = ops.shape(x)[-1:]
        return ops.one_hot(ops.squeeze(x, -1) if len(x.shape) > 1 and last == (1,) else x, num_classes)
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


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray | Tensor:
    """`x / norm(x)`: slices along an axis scaled to length one; a slice of zeros stays as it is.

    Args:
        x: array-like of numbers.
        axis: the axis along which the norm is taken.
        order: which norm, as in `numpy.linalg.norm`.

    Returns:
        An array of the shape of `x`; a tensor if that is one of the engine.

    >>> normalize([[3.0, 4.0], [0.0, 0.0]]).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    if _is_tensor(x):
        norm = ops.norm(x, order, axis, keepdims=True)
        return ops.divide(x, ops.where(ops.equal(norm, 0), 1.0, norm))
    x = np.atleast_1d(np.asarray(x))
    norm = np.atleast_1d(np.linalg.norm(x, order, axis))
    norm[norm == 0] = 1
    return x / np.expand_dims(norm, axis)


def _is_tensor(x: Any) -> bool:
    """Whether the engine has made it; an array is host data on numpy's engine too."""
    return not isinstance(x, np.ndarray) and ops.is_tensor(x)
