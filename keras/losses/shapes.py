"""Do targets, predictions and weights fit each other? Settled here once, for losses and metrics alike.

Rank differences of one with a trailing 1 are squeezed away, as everyone expects. Anything else that NumPy would
broadcast, for example targets `(N, 3)` against predictions `(N, 1)`, pairs up the wrong numbers and trains without a
word: it is refused.
"""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.backend.spec import is_unknown, shape_str
from keras.ops.dispatch import as_float, dtype_of, ndim_of, shape_of

Tensor = Any


def squeeze_or_expand_to_same_rank(
    x1: Tensor, x2: Tensor, expand_rank_1: bool = True
) -> tuple[Tensor, Tensor]:
    """Make ranks that differ by one equal, when the longer shape ends in 1.

    A vector is expanded to a column (`expand_rank_1`); otherwise the trailing 1 is squeezed.

    Args:
        x1: tensor of any shape.
        x2: tensor of any shape.
        expand_rank_1: whether a vector becomes a column rather than the column a vector.

    Returns:
        Both tensors; unchanged when their ranks agree or no rule applies.

    >>> import numpy as np
    >>> a, b = squeeze_or_expand_to_same_rank(np.zeros(4), np.zeros((4, 1)))
    >>> a.shape, b.shape
    ((4, 1), (4, 1))
    """
    rank_1, rank_2 = ndim_of(x1), ndim_of(x2)
    if rank_1 == rank_2 + 1:
        x2, x1 = _drop_or_add_last(x2, x1, expand_rank_1)
    elif rank_2 == rank_1 + 1:
        x1, x2 = _drop_or_add_last(x1, x2, expand_rank_1)
    return x1, x2


def _drop_or_add_last(short: Tensor, long: Tensor, expand_rank_1: bool) -> tuple[Tensor, Tensor]:
    if shape_of(long)[-1] != 1:
        return short, long
    if ndim_of(short) == 1 and expand_rank_1:
        return ops.expand_dims(short, -1), long
    return short, ops.squeeze(long, -1)


def match(y_true: Any, y_pred: Any, who: str) -> tuple[Tensor, Tensor]:
    """Float targets and predictions of one dtype and shape, for a loss that compares them element by element.

    Args:
        y_true: targets, any array-like; converted to the dtype of `y_pred`.
        y_pred: predictions.
        who: name of the loss, for the message.

    Returns:
        Both, of equal shape; a scalar target stays a scalar.

    Raises:
        ValueError: the shapes differ, even if NumPy could broadcast them.
    """
    y_pred = as_float(y_pred)
    y_true = ops.cast(ops.convert_to_tensor(y_true), dtype_of(y_pred))
    y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
    check_same_shape(shape_of(y_true), shape_of(y_pred), who)
    return y_true, y_pred


def check_matching_shapes(target: tuple[Any, ...], output: tuple[Any, ...], who: str) -> None:
    """What `match` would say about these shapes: ValueError unless they agree up to a trailing 1."""
    longer, shorter = max(target, output, key=len), min(target, output, key=len)
    if len(longer) == len(shorter) + 1 and longer[-1] == 1 and _agree(longer[:-1], shorter):
        return
    check_same_shape(target, output, who)


def check_same_shape(target: tuple[Any, ...], output: tuple[Any, ...], who: str) -> None:
    """Raise ValueError unless the shapes agree; scalars and unknown dimensions agree with all."""
    if not target or not output or _agree(target, output):
        return
    raise ValueError(
        f"{who}: targets of shape {shape_str(target)} do not match predictions of shape {shape_str(output)}. "
        f"{_advice(target, output)}"
    )


def _agree(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    return len(a) == len(b) and all(i == j or _unknown(i) or _unknown(j) for i, j in zip(a, b, strict=True))


def _unknown(dim: Any) -> bool:
    return is_unknown(dim) or dim is None


def _advice(target: tuple[Any, ...], output: tuple[Any, ...]) -> str:
    if len(target) == len(output) and _agree(target[:-1], output[:-1]):
        return (
            f"Give the model's last layer {target[-1]} unit(s), or pass targets with {output[-1]} value(s) in the last "
            "axis; one is never broadcast against the other."
        )
    return "They must have one value per predicted value: reshape the targets, or change the model's output."


def align_weights(weights: Tensor, values: Tensor, who: str) -> Tensor:
    """Sample weights with as many axes as `values`, aligned from the batch axis on.

    Weights `(batch,)` against values `(batch, time)` weigh whole samples, whatever the number of time steps.

    Args:
        weights: shape `()`, a leading part of the shape of `values`, or that shape with ones in it.
        values: per-sample (or per-step) losses or metric values.
        who: name of the loss or metric, for the message.

    Returns:
        Weights that broadcast against `values` without enlarging them.

    Raises:
        ValueError: any other shape.
    """
    wanted = shape_of(values)
    while ndim_of(weights) > len(wanted) and shape_of(weights)[-1] == 1:
        weights = ops.squeeze(weights, -1)
    given = shape_of(weights)
    if len(given) > len(wanted) or not all(
        i == 1 or _agree((i,), (j,)) for i, j in zip(given, wanted, strict=False)
    ):
        raise ValueError(
            f"{who}: sample weights of shape {shape_str(given)} do not match values of shape {shape_str(wanted)}. "
            f"{_weight_advice(wanted)}"
        )
    if given and len(given) < len(wanted):
        weights = ops.reshape(weights, given + (1,) * (len(wanted) - len(given)))
    return weights


def _weight_advice(values: tuple[Any, ...]) -> str:
    if not values:
        return "Targets and predictions need an axis besides the batch, as in (batch, 1), to be weighed one by one."
    return "Weights follow the axes from the batch on: one per sample, or one per sample and step."
