"""Choosing and looping: `switch`, and functions mapped and folded over the first axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops, tree
from keras.backend.spec import is_unknown, shape_str
from keras.classic.checked import Dtype, checked
from keras.classic.symbolic import forced, recorded
from keras.ops.dispatch import convert, has_symbolic, ndim_of, shape_of

Tensor = Any


@checked
def switch(condition: Any, then_expression: Any, else_expression: Any) -> Tensor:
    """`then_expression` where the condition holds, `else_expression` elsewhere.

    Args:
        condition: a scalar, or a tensor whose axes are the first ones of the expressions.
        then_expression: a tensor, or a function of no arguments that returns one.
        else_expression: likewise, of the same shape.

    Raises:
        ValueError: the condition has more axes than the expressions, or they do not fit.

    >>> switch([True, False], [1.0, 2.0], [3.0, 4.0]).tolist()
    [1.0, 4.0]
    """
    lazy = callable(then_expression) and callable(else_expression)
    if lazy and not has_symbolic((condition,)) and not ndim_of(condition):
        return ops.cond(ops.cast(condition, "bool"), then_expression, else_expression)
    return _select(condition, forced(then_expression), forced(else_expression))


@recorded
def _select(condition: Any, yes: Any, no: Any) -> Tensor:
    condition, yes, no = ops.cast(condition, "bool"), convert(yes), convert(no)
    shape, rank = shape_of(condition), max(ndim_of(yes), ndim_of(no))
    if len(shape) > rank:
        raise ValueError(
            f"switch: the condition has more axes than the expressions. Received: condition of shape {shape_str(shape)}, "
            f"expressions of shapes {shape_str(shape_of(yes))} and {shape_str(shape_of(no))}"
        )
    if shape and len(shape) < rank:
        condition = ops.reshape(condition, (*shape, *(1,) * (rank - len(shape))))
    return ops.where(condition, yes, no)


@checked
def map_fn(fn: Callable[[Any], Any], elems: Any, name: str | None = None, dtype: Dtype = None) -> Any:
    """`fn` of every slice along the first axis, the results stacked.

    Args:
        fn: takes a slice of `elems`, in its structure.
        elems: a tensor `[n, ...]`, or a tree of them with one n.
        name: accepted for compatibility.
        dtype: of the results; default as they come.

    Returns:
        The results `[n, ...]`.

    >>> map_fn(lambda x: x * x, [1.0, 2.0, 3.0]).tolist()
    [1.0, 4.0, 9.0]
    """
    elems = _tensors(elems)
    leaves = tree.flatten(elems)
    if not leaves or any(shape_of(t)[:1] in ((), (0,)) for t in leaves):
        raise ValueError("map_fn: `elems` must have at least one slice to go along")
    results = ops.map(fn, elems)
    return results if dtype is None else ops.cast(results, dtype)


@checked
def foldl(
    fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: str | None = None
) -> Tensor:
    """`fn(... fn(fn(initializer, elems[0]), elems[1]) ..., elems[n - 1])`.

    Args:
        fn: takes what was accumulated and the next slice.
        elems: a tensor `[n, ...]`.
        initializer: where to begin; default the first slice.
        name: accepted for compatibility.

    Returns:
        What was accumulated, of the initializer's shape.

    >>> float(foldl(lambda total, x: 10 * total + x, [1.0, 2.0, 3.0]))
    123.0
    """
    return _fold("foldl", fn, _tensors(elems), initializer, False)


@checked
def foldr(
    fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: str | None = None
) -> Tensor:
    """`foldl` from the last slice to the first.

    Args:
        fn: takes what was accumulated and the next slice.
        elems: a tensor `[n, ...]`.
        initializer: where to begin; default the last slice.
        name: accepted for compatibility.

    Returns:
        What was accumulated, of the initializer's shape.

    >>> float(foldr(lambda total, x: 10 * total + x, [1.0, 2.0, 3.0]))
    321.0
    """
    return _fold("foldr", fn, _tensors(elems), initializer, True)


@recorded
def _fold(who: str, fn: Callable[[Any, Any], Any], elems: Any, initializer: Any, reverse: bool) -> Tensor:
    elems = convert(elems)
    if not ndim_of(elems):
        raise ValueError(f"{who}: `elems` must have an axis to go along. Received: a scalar")
    n = shape_of(elems)[0]
    if not is_unknown(n) and n == 0:
        if initializer is None:
            raise ValueError(
                f"{who}: there is nothing to begin with: `elems` is empty. Give an `initializer`."
            )
        return convert(initializer)
    start = ops.get_item(elems, -1 if reverse else 0)
    if initializer is not None:  # may be a number, which becomes a total's shape in the first step
        start = convert(fn(convert(initializer), start))
    if not is_unknown(n) and n == 1:
        return start
    rest = ops.get_item(elems, slice(-1) if reverse else slice(1, None))
    return ops.scan(lambda total, x: (fn(total, x), None), start, rest, reverse=reverse)[0]


def _tensors(elems: Any) -> Any:
    """A list of numbers is one tensor; a list of tensors is a structure of them."""
    if isinstance(elems, (list, tuple)) and not any(hasattr(e, "shape") for e in elems):
        return convert(elems)
    return elems
