"""Cross-entropies as Keras 2 had them: target first, no reduction over the batch."""

from __future__ import annotations

from typing import Any

from keras import config, ops
from keras.backend.spec import UNKNOWN
from keras.classic.checked import checked
from keras.classic.symbolic import recorded
from keras.ops.dispatch import as_float, axis_of, dtype_of, ndim_of, shape_of

Tensor = Any


@checked
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """-target log(output) - (1 - target) log(1 - output), element by element.

    Args:
        target: 0, 1 or probabilities; any shape.
        output: probabilities of 1, or logits; of a shape that broadcasts with target's.
        from_logits: whether `output` holds logits.

    Returns:
        A tensor of that shape.

    >>> round(float(binary_crossentropy([1.0], [0.5])[0]), 4)
    0.6931
    """
    target, output = _broadcast(target, output)
    if from_logits:
        return ops.binary_crossentropy(target, output, from_logits=True)
    tiny = config.epsilon()
    p = ops.clip(output, tiny, 1.0 - tiny)
    return ops.negative(
        _mixed(target, ops.log(ops.add(p, tiny)), ops.log(ops.add(ops.subtract(1.0, p), tiny)))
    )


@checked
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


@checked
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


@checked
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
        output: probabilities of 1, or logits; of a shape that broadcasts with target's.
        apply_class_balancing: whether class 1 counts alpha, and class 0 1 - alpha.
        alpha, gamma: see above.
        from_logits: whether `output` holds logits.

    Returns:
        A tensor of that shape.

    >>> round(float(binary_focal_crossentropy([1.0], [0.5])[0]), 4)
    0.1733
    """
    p = ops.sigmoid(output) if from_logits else ops.convert_to_tensor(output)
    target, p = _broadcast(ops.cast(target, dtype_of(p)), p)
    right = _mixed(target, p, ops.subtract(1.0, p))
    loss = ops.multiply(ops.power(ops.subtract(1.0, right), gamma), binary_crossentropy(target, p))
    return (
        ops.multiply(_mixed(target, alpha, ops.subtract(1.0, alpha)), loss) if apply_class_balancing else loss
    )


@checked
def categorical_focal_crossentropy(
    target: Any,
    output: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    axis: int = -1,
) -> Tensor:
    """-sum of alpha (1 - output)^gamma target log(output) over the classes (Lin et al., 2018).

    Args:
        target: probabilities of the classes `[..., classes]`, usually one-hot.
        output: predicted probabilities (scaled to sum to 1), or logits; of target's shape.
        alpha, gamma: see above; alpha may be one number per class.
        from_logits: whether `output` holds logits.
        axis: where the classes are.

    Returns:
        A tensor without that axis.

    >>> round(float(categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])[0]), 4)
    0.0433
    """
    p = ops.softmax(output, axis) if from_logits else ops.convert_to_tensor(output)
    p = ops.divide(p, ops.sum(p, axis, keepdims=True))
    p = ops.clip(p, config.epsilon(), 1.0 - config.epsilon())
    factor = ops.multiply(ops.power(ops.subtract(1.0, p), gamma), alpha)
    loss = ops.multiply(ops.multiply(ops.cast(target, dtype_of(p)), ops.log(p)), factor)
    return ops.negative(ops.sum(loss, axis))


def _broadcast(x: Any, y: Any) -> tuple[Any, Any]:
    if ops.shape(x) == ops.shape(y):
        return x, y
    return ops.add(x, ops.zeros_like(y)), ops.add(ops.zeros_like(x), y)


def _mixed(share: Any, a: Any, b: Any) -> Tensor:
    """share a + (1 - share) b."""
    return ops.add(ops.multiply(share, a), ops.multiply(ops.subtract(1.0, share), b))
