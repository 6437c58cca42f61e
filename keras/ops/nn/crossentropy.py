"""Cross-entropies between targets and predicted probabilities or logits, one number per sample.

Probabilities are clipped to [epsilon, 1 - epsilon]; when they came straight from `sigmoid` or `softmax`, the logits
those were given are used instead, which is exact.
"""

from __future__ import annotations

from typing import Any

from keras import config
from keras.backend.logits import get_logits
from keras.backend.select import current
from keras.backend.spec import same_shapes, shape_str
from keras.ops import kernels
from keras.ops.dispatch import as_float, axis_of, cast, convert, dtype_of, op, shape_of
from keras.ops.numpy.shaping import moveaxis
from keras.ops.settling import as_index, kept, scalar

Tensor = Any


def _clipped(p: Tensor) -> Tensor:
    e, small = current(), config.epsilon()
    return e.maximum(e.minimum(p, scalar(1.0 - small, p)), scalar(small, p))


def _check_equal(who: str, target: Tensor, output: Tensor) -> None:
    a, b = shape_of(target), shape_of(output)
    if not same_shapes(a, b):
        raise ValueError(
            f"{who}: `target` and `output` must have the same shape. "
            f"Received: target.shape={shape_str(a)}, output.shape={shape_str(b)}"
        )


@op
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """-target log(output) - (1 - target) log(1 - output), element by element.

    Args:
        target: 0, 1 or probabilities.
        output: probabilities of 1, or logits; of target's shape.
        from_logits: whether `output` holds logits.

    >>> [round(float(v), 4) for v in binary_crossentropy([1.0], [0.5])]
    [0.6931]
    """
    e, output = current(), as_float(output)
    target = convert(target, dtype_of(output))
    _check_equal("binary_crossentropy", target, output)
    logits = output if from_logits else get_logits(output, "sigmoid")
    if logits is not None:
        return kernels.sigmoid_cross_entropy(target, logits)
    p, one = _clipped(output), scalar(1.0, output)
    hit = e.mul(target, e.log(p))
    miss = e.mul(e.sub(one, target), e.log(e.sub(one, p)))
    return e.neg(e.add(hit, miss))


@op
def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """-sum of target log(output) over the classes.

    Args:
        target: probabilities of the classes, usually one-hot.
        output: predicted probabilities (scaled to sum to 1), or logits; of target's shape.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes; the result does not have it.

    >>> [round(float(v), 4) for v in categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])]
    [0.6931]
    """
    e, output = current(), as_float(output)
    target = convert(target, dtype_of(output))
    if not shape_of(target):
        raise ValueError("categorical_crossentropy: expected an axis of classes. Received: a scalar target")
    _check_equal("categorical_crossentropy", target, output)
    rank = len(shape_of(output))
    axis = axis_of(axis, rank, "categorical_crossentropy")
    logits = output if from_logits else (get_logits(output, "softmax") if axis == rank - 1 else None)
    if logits is not None:
        return kernels.softmax_cross_entropy(_last(target, axis), _last(logits, axis))
    p = _clipped(_scaled(output, axis))
    return e.neg(e.reduce_sum(e.mul(target, e.log(p)), (axis,)))


def _last(x: Tensor, axis: int) -> Tensor:
    return x if axis == len(shape_of(x)) - 1 else moveaxis(x, axis, -1)


def _scaled(p: Tensor, axis: int) -> Tensor:
    """Probabilities that sum to 1 along the axis."""
    total = kept(current().reduce_sum(p, (axis,)), (axis,), shape_of(p))
    return current().div(p, total)


@op
def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """-log(output) at the class that the target names.

    Args:
        target: integer classes, of output's shape without the axis of classes (or with size 1 there).
        output: predicted probabilities (scaled to sum to 1), or logits.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.

    Raises:
        ValueError: shapes that do not fit, or a label, if its value is known, that is no class.

    >>> [round(float(v), 4) for v in sparse_categorical_crossentropy([1], [[0.5, 0.5]])]
    [0.6931]
    """
    e, output = current(), as_float(output)
    target = _classes(target)
    shape = shape_of(output)
    if not shape:
        raise ValueError(
            "sparse_categorical_crossentropy: expected an axis of classes. Received: a scalar output"
        )
    axis = axis_of(axis, len(shape), "sparse_categorical_crossentropy")
    rest = shape[:axis] + shape[axis + 1 :]
    have = shape_of(target)
    if len(have) == len(shape) and have[axis] == 1:
        have = have[:axis] + have[axis + 1 :]
        target = e.reshape(target, have)
    if not same_shapes(have, rest):
        raise ValueError(
            "sparse_categorical_crossentropy: `target` must have the shape of `output` without its classes. "
            f"Received: target.shape={shape_str(have)}, output.shape={shape_str(shape)}"
        )
    _check_labels(target, shape[axis])
    logits = output if from_logits else (get_logits(output, "softmax") if axis == len(shape) - 1 else None)
    if logits is None:
        logits = e.log(_clipped(output))  # the softmax in the kernel makes them sum to 1
    return kernels.sparse_softmax_cross_entropy(target, _last(logits, axis))


def _check_labels(labels: Tensor, classes: Any) -> None:
    """Where their values are known; as indices, negative ones would count from the last class."""
    values = current().peek(labels)
    if values is None or not values.size or not isinstance(classes, int):
        return
    low, high = int(values.min()), int(values.max())
    if low < 0 or high >= classes:
        raise ValueError(
            f"sparse_categorical_crossentropy: expected labels from 0 to {classes - 1}, one for each of the {classes} "
            f"classes of `output`. Received: {low if low < 0 else high} in `target`"
        )


def _classes(target: Any) -> Tensor:
    """Integer classes; floats that hold them, as datasets often do, are cast."""
    target = convert(target)
    if dtype_of(target).startswith(("float", "bfloat")):
        target = cast(target, "int64" if dtype_of(target) == "float64" else "int32")
    return as_index(target, "sparse_categorical_crossentropy", "target")
