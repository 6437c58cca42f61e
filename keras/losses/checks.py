"""Host-side checks of targets before training: labels outside the classes train to nonsense without a word.

A compiled step cannot raise about values, so the training loop calls `check_targets` once on concrete arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras.losses import crossentropy, divergence, focal, margin, overlap, regression
from keras.losses.shapes import check_matching_shapes

#: Losses that compare targets and predictions element by element.
_ELEMENTWISE = {
    regression.mean_squared_error,
    regression.mean_absolute_error,
    regression.mean_absolute_percentage_error,
    regression.mean_squared_logarithmic_error,
    regression.huber,
    regression.log_cosh,
    regression.cosine_similarity,
    margin.hinge,
    margin.squared_hinge,
    margin.categorical_hinge,
    divergence.kl_divergence,
    divergence.poisson,
    overlap.dice,
    overlap.tversky,
    crossentropy.binary_crossentropy,
    focal.binary_focal_crossentropy,
}
_YES_NO = {crossentropy.binary_crossentropy, focal.binary_focal_crossentropy}
_ONE_HOT = {crossentropy.categorical_crossentropy, focal.categorical_focal_crossentropy}
_SPARSE = {crossentropy.sparse_categorical_crossentropy, focal.categorical_generalized_cross_entropy}


def check_targets(loss: Any, y: Any, output_shape: tuple[Any, ...], where: str = "targets") -> None:
    """Check concrete targets against a built-in loss and the shape of the output they are for.

    Args:
        loss: a loss object or function; one the library does not know is not checked.
        y: targets, a host array of shape `(samples, ...)`.
        output_shape: shape of the predictions; the first dimension is not looked at.
        where: what the targets are, for the message: `'targets of output "digit"'`.

    Raises:
        ValueError: shapes that do not match, class numbers outside the classes or not whole, yes/no labels
            outside [0, 1].

    >>> import numpy as np
    >>> check_targets(crossentropy.sparse_categorical_crossentropy, np.array([0, 3]), (None, 3))
    Traceback (most recent call last):
    ValueError: targets: label 3 at index (1,) is outside the classes 0 to 2 of an output of shape (None, 3). ...
    """
    fn: Callable[..., Any] = getattr(loss, "fn", loss)
    y = np.asarray(y)
    samples = y.shape[:1]
    output = (*samples, *output_shape[1:])
    name = f"{where}: {getattr(fn, '__name__', fn)}"
    settings = getattr(loss, "fn_kwargs", {})
    axis = settings.get("axis", -1)
    if fn in _ELEMENTWISE:
        check_matching_shapes(y.shape, output, name)
        if fn in _YES_NO:
            _check_yes_no(y, where)
    elif fn in _ONE_HOT:
        crossentropy.check_one_hot_shape(y.shape, output, axis, name)
    elif fn in _SPARSE:
        crossentropy.check_label_shape(y.shape, output, axis, name)
        _check_labels(y, output_shape[axis], tuple(output_shape), settings.get("ignore_class"), where)


def _check_labels(
    y: np.ndarray, classes: Any, output_shape: tuple[Any, ...], ignore: int | None, where: str
) -> None:
    if y.size == 0 or not isinstance(classes, int):
        return
    if y.dtype.kind == "f" and (fraction := y != np.floor(y)).any():
        raise ValueError(
            f"{where}: label {_first(y, fraction)} is not a whole number; class numbers 0 to {classes - 1} are "
            "expected. One-hot targets or probabilities belong to categorical_crossentropy."
        )
    low, high = y.min(), y.max()
    if low >= 0 and high < classes:
        return
    outside = (y < 0) | (y >= classes)
    if ignore is not None:
        outside &= y != ignore
    if outside.any():
        raise ValueError(
            f"{where}: label {_first(y, outside)} is outside the classes 0 to {classes - 1} of an output of shape "
            f"{output_shape}. {_label_advice(low, high, classes)}"
        )


def _label_advice(low: Any, high: Any, classes: int) -> str:
    if low == 1 and high == classes:
        return "The labels seem to count from 1: subtract 1."
    if low < 0 and high < classes:
        return f"To leave such entries out, use SparseCategoricalCrossentropy(ignore_class={int(low)})."
    return f"Give the output {int(high) + 1} units, or correct the labels."


def _check_yes_no(y: np.ndarray, where: str) -> None:
    if y.size == 0 or y.dtype.kind == "b" or (y.min() >= 0 and y.max() <= 1):
        return
    outside = (y < 0) | (y > 1)
    if outside.any():
        raise ValueError(
            f"{where}: label {_first(y, outside)} is neither 0 nor 1 (nor a probability between), as a binary "
            "cross-entropy expects. Labels -1 and 1 belong to hinge; more than two classes to "
            "sparse_categorical_crossentropy."
        )


def _first(y: np.ndarray, wrong: np.ndarray) -> str:
    index = tuple(int(i[0]) for i in np.nonzero(wrong))
    return f"{y[index]:g} at index {index}"
