"""From per-sample values to one number: sample weights, masks and the kinds of reduction."""

from __future__ import annotations

from typing import Any

from keras import config, ops
from keras.errors import unknown
from keras.losses.shapes import align_weights
from keras.ops.dispatch import dtype_of, ndim_of
from keras.ops.settling import number_of_elements

Tensor = Any

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")
_NORMALISED = ("sum_over_batch_size", "mean")


def standardize_reduction(reduction: str | None) -> str | None:
    """`reduction` itself, if it is one. Raises ValueError naming the nearest one otherwise."""
    if reduction is None or reduction in REDUCTIONS:
        return reduction
    raise ValueError(unknown("loss reduction", reduction, REDUCTIONS))


def apply_mask(
    sample_weight: Tensor | None, mask: Tensor | None, dtype: str, reduction: str | None
) -> Tensor | None:
    """Sample weights times mask; for a mean, scaled so that it becomes the mean over valid entries only.

    Args:
        sample_weight: tensor or None.
        mask: bool tensor (True = valid) or None.
        dtype: dtype of the result.
        reduction: what will be done with the weighted values.

    Returns:
        Weights, or None when there are neither weights nor a mask.
    """
    if mask is None:
        return sample_weight
    mask = ops.cast(mask, dtype)
    if reduction in _NORMALISED:
        share = ops.divide(number_of_elements(mask), ops.add(ops.sum(mask), config.epsilon()))
        mask = ops.multiply(mask, share)
    if sample_weight is None:
        return mask
    sample_weight = ops.cast(sample_weight, dtype)
    if ndim_of(sample_weight) > ndim_of(mask):
        mask = align_weights(mask, sample_weight, "mask")
    else:
        sample_weight = align_weights(sample_weight, mask, "sample_weight")
    return sample_weight * mask


def reduce_weighted_values(
    values: Tensor,
    sample_weight: Any = None,
    mask: Tensor | None = None,
    reduction: str | None = "sum_over_batch_size",
    dtype: str | None = None,
    who: str = "loss",
) -> Tensor:
    """Weigh `values` by weights and mask, and reduce them.

    Args:
        values: per-sample values, shape `(batch, ...)`.
        sample_weight: weights aligned with `values` from the batch axis on, or None.
        mask: bool, aligned likewise; a mean counts valid entries only.
        reduction: one of `REDUCTIONS` or None (the same as `"none"`).
        dtype: dtype of the result; that of `values` if None.
        who: name of the loss, for messages.

    Returns:
        A scalar; for `"none"` the weighted values.

    >>> import numpy as np
    >>> values = np.array([1.0, 3.0, 8.0], "float32")
    >>> float(reduce_weighted_values(values, mask=np.array([True, True, False])))
    2.0
    """
    standardize_reduction(reduction)
    values = ops.convert_to_tensor(values, dtype=dtype)
    dtype = dtype_of(values)
    if sample_weight is not None:
        sample_weight = ops.cast(ops.convert_to_tensor(sample_weight), dtype)
    sample_weight = apply_mask(sample_weight, mask, dtype, reduction)
    if sample_weight is not None:
        sample_weight = align_weights(sample_weight, values, who)
        values = values * sample_weight
    return _reduce(values, sample_weight, reduction)


def _reduce(values: Tensor, sample_weight: Tensor | None, reduction: str | None) -> Tensor:
    if reduction in (None, "none") or ndim_of(values) == 0:
        return values
    total = ops.sum(values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        return ops.divide_no_nan(total, ops.sum(sample_weight))
    return ops.divide(total, number_of_elements(values))
