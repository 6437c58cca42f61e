"""Cross-entropies as Keras 2 had them: target first, no reduction over the batch."""

from __future__ import annotations

from typing import Any

from keras import config, ops
from keras.backend.spec import UNKNOWN
from keras.classic.symbolic import recorded
from keras.ops.dispatch import as_float, axis_of, convert, dtype_of, ndim_of, shape_of

Tensor = Any


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """-target log(output) - (1 - target) log(1 - output), element by element.

    Args:
        target: 0, 1 or probabilities; any shape.
        output: probabilities of 1, or logits; of target's shape.
        from_logits: whether `output` holds logits.

    Returns:
        A tensor of that shape.

    >>> round(float(binary_crossentropy([1.0], [0.5])[0]), 4)
    0.6931
    """
    return ops.binary_crossentropy(target, output, from_logits)


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """-sum of target log(output) over the classes.

    Args:
        target: probabilities of the classes `[..., classes]`, usually one-hot.
        output: predicted probabilities (scaled to sum to 1), or logits; of target's shape.
        from_logits: whether `output` holds logits.
        axis: where the classes are.

    Returns:
        A tensor without that axis.

    >>> round(float(categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])[0]), 4)
    0.6931
    """
    return ops.categorical_crossentropy(target, output, from_logits, axis)


@recorded
def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1, ignore_class: int | None = None
) -> Tensor:
    """-log(output) at the class that the target names.

    Args:
        target: classes, as ints or floats, of output's shape without the axis of classes (or with size 1 there).
        output: predicted probabilities (scaled to sum to 1) `[..., classes]`, or logits.
        from_logits: whether `output` holds logits.
        axis: where the classes are.
        ignore_class: targets of this class cost 0.

    Returns:
        A tensor without that axis.

    >>> round(float(sparse_categorical_crossentropy([1], [[0.5, 0.5]])[0]), 4)
    0.6931
    """
    output = as_float(output)
    axis = axis_of(axis, ndim_of(output), "sparse_categorical_crossentropy")
    shape = shape_of(output)
    rest = shape[:axis] + shape[axis + 1 :]
    target = ops.cast(target, "int32")
    if ndim_of(target) != len(rest):
        target = ops.reshape(target, rest if rest.count(UNKNOWN) < 2 else shape_of(target)[: len(rest)])
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(target, output, from_logits, axis)
    ignored = ops.equal(target, ignore_class)
    target = ops.where(ignored, ops.zeros_like(target), target)
    loss = ops.sparse_categorical_crossentropy(target, output, from_logits, axis)
    return ops.where(ignored, ops.zeros_like(loss), loss)


@recorded
def binary_focal_crossentropy(
    target: Any,
    output: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
) -> Tensor:
    """(1 - p)^gamma times the binary cross-entropy, p being the probability given to the target (Lin et al., 2018).

    Args:
        target: 0, 1 or probabilities; any shape.
        output: probabilities of 1, or logits; of target's shape.
        apply_class_balancing: whether class 1 counts alpha, and class 0 1 - alpha.
        alpha, gamma: see above.
        from_logits: whether `output` holds logits.

    Returns:
        A tensor of that shape.

    >>> round(float(binary_focal_crossentropy([1.0], [0.5])[0]), 4)
    0.1733
    """
    p = ops.sigmoid(output) if from_logits else as_float(output)
    target = convert(target, dtype_of(p))
    right = target * p + (1 - target) * (1 - p)
    loss = (1.0 - right) ** gamma * ops.binary_crossentropy(target, p)
    return (target * alpha + (1 - target) * (1 - alpha)) * loss if apply_class_balancing else loss


@recorded
def categorical_focal_crossentropy(
    target: Any,
    output: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    axis: int = -1,
) -> Tensor:
    """-sum of alpha (1 - output)^gamma target log(output) over the classes (Lin et al., 2018).

    Args:
        target: probabilities of the classes `[..., classes]`, usually one-hot.
        output: predicted probabilities (scaled to sum to 1), or logits; of target's shape.
        alpha, gamma: see above.
        from_logits: whether `output` holds logits.
        axis: where the classes are.

    Returns:
        A tensor without that axis.

    >>> round(float(categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])[0]), 4)
    0.0433
    """
    p = ops.softmax(output, axis) if from_logits else as_float(output)
    p = p / ops.sum(p, axis, keepdims=True)
    p = ops.clip(p, config.epsilon(), 1.0 - config.epsilon())
    loss = -convert(target, dtype_of(p)) * ops.log(p) * alpha * (1.0 - p) ** gamma
    return ops.sum(loss, axis)
