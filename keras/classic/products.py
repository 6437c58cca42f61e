"""Products of matrices and batches of them, transposition, and rows looked up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.spec import same, shape_str
from keras.classic.checked import checked
from keras.classic.symbolic import recorded
from keras.ops.dispatch import convert, shape_of
from keras.ops.settling import static_int

Tensor = Any


@checked
def dot(x: Any, y: Any) -> Tensor:
    """The sum of products over x's last axis and y's last but one.

    Args:
        x: `[..., n]`.
        y: `[n, m]`, or `[..., n, m]`.

    Returns:
        `[..., m]`, the axes of x before those of y.

    >>> dot([[1.0, 2.0]], [[3.0], [4.0]]).tolist()
    [[11.0]]
    """
    return ops.dot(x, y)


@checked
@recorded
def batch_dot(x: Any, y: Any, axes: int | Sequence[int] | None = None) -> Tensor:
    """The sum of products over one axis of each, sample by sample.

    Args:
        x: `[batch, ...]`.
        y: `[batch, ...]`.
        axes: the axes, a pair or one for both; default x's last and y's last but one (the last of a `[batch, n]`).

    Returns:
        `[batch, rest of x, rest of y]`; `[batch, 1]` when nothing remains.

    Raises:
        ValueError: the axes have different sizes, or one of them is the batch.

    >>> batch_dot([[1.0, 2.0]], [[3.0, 4.0]], axes=1).tolist()
    [[11.0]]
    """
    x, y = convert(x), convert(y)
    shapes = shape_of(x), shape_of(y)
    a, b = _axes(axes, len(shapes[0]), len(shapes[1]))
    received = (
        f"Received: x of shape {shape_str(shapes[0])}, y of shape {shape_str(shapes[1])}, axes={(a, b)}"
    )
    if min(map(len, shapes)) < 2 or 0 in (a, b):
        raise ValueError(
            f"batch_dot: `x` and `y` need a batch and at least one more axis to sum over. {received}"
        )
    if max(a - len(shapes[0]), b - len(shapes[1])) >= 0 or min(a, b) < 0:
        raise ValueError(f"batch_dot: `axes` are out of range. {received}")
    if not same(shapes[0][a], shapes[1][b]):
        raise ValueError(f"batch_dot: the axes that are summed over have different sizes. {received}")
    letters = iter("cdefghijklmnopqrstuvwxyz")
    of_x = ["a" if i == 0 else "b" if i == a else next(letters) for i in range(len(shapes[0]))]
    of_y = ["a" if i == 0 else "b" if i == b else next(letters) for i in range(len(shapes[1]))]
    rest = [c for c in (*of_x, *of_y) if c not in "ab"]
    product = ops.einsum(f"{''.join(of_x)},{''.join(of_y)}->a{''.join(rest)}", x, y)
    return product if rest else ops.expand_dims(product, 1)


def _axes(axes: int | Sequence[int] | None, x_rank: int, y_rank: int) -> tuple[int, int]:
    if axes is None:
        return x_rank - 1, y_rank - 1 if y_rank == 2 else y_rank - 2
    pair = axes if isinstance(axes, (list, tuple)) else (axes, axes)
    if len(pair) != 2:
        raise ValueError(f"batch_dot: `axes` must be an int or a pair of ints. Received: axes={axes}")
    a, b = (static_int(axis, "batch_dot", "axes") for axis in pair)
    return (a + x_rank if a < 0 else a), (b + y_rank if b < 0 else b)


@checked
def transpose(x: Any) -> Tensor:
    """x with its axes in reverse order.

    >>> transpose([[1.0, 2.0]]).tolist()
    [[1.0], [2.0]]
    """
    return ops.transpose(x)


@checked
def gather(reference: Any, indices: Any) -> Tensor:
    """Rows of a tensor by their numbers.

    Args:
        reference: `[rows, ...]`.
        indices: ints of any shape.

    Returns:
        `[*indices.shape, ...]`.

    >>> gather([1.0, 2.0, 3.0], [2, 0]).tolist()
    [3.0, 1.0]
    """
    return ops.take(reference, indices, axis=0)
