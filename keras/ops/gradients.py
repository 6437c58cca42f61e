"""Gradients: of a value, stopped, replaced, and in a direction.

Functions given here take and return trees (nested lists, tuples, dicts) of tensors; an engine sees flat lists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import tree
from keras.backend.select import current
from keras.backend.state import Variable
from keras.ops.dispatch import convert, dtype_of, ndim_of, op, shape_of
from keras.ops.settling import check_function
from keras.ops.structure import Structure

Tensor = Any
Tree = Any


@op
def stop_gradient(variable: Any) -> Tensor:
    """The same value, through which no gradient passes.

    >>> stop_gradient([1.0]).tolist()
    [1.0]
    """
    return current().stop_gradient(convert(variable))


def value_and_grad(f: Callable[..., Any], wrt: Tree, has_aux: bool = False) -> tuple[Any, Tree]:
    """The value of a function together with its gradients, computed at once.

    Args:
        f: returns a scalar tensor, or with `has_aux` a pair of it and anything else. It takes the tensors of `wrt`
            (not its variables) as positional arguments, in their order.
        wrt: a variable, a tensor, or a tree of them: what to differentiate by.
        has_aux: whether f returns a pair.

    Returns:
        `(value, gradients)`, or `((value, aux), gradients)` with `has_aux`; gradients in the structure of `wrt`, None
        where the value does not depend on it.

    >>> value, (grad,) = value_and_grad(lambda x: x * x, [convert(3.0)])
    >>> value.tolist(), grad.tolist()
    (9.0, 6.0)
    """
    check_function(f, "value_and_grad", "f")
    leaves = tree.flatten(wrt)
    variables = [v for v in leaves if isinstance(v, Variable)]
    tensors = [convert(t) for t in leaves if not isinstance(t, Variable)]

    def flat(*xs: Tensor) -> tuple[Tensor, Any]:
        result = f(*xs)
        if has_aux and not (isinstance(result, tuple) and len(result) == 2):
            raise ValueError("value_and_grad: with has_aux=True the function must return a pair (value, aux)")
        value, aux = result if has_aux else (result, None)
        value = convert(value)
        if ndim_of(value):
            raise ValueError(
                f"value_and_grad: the function must return a scalar. Received: shape {shape_of(value)}; "
                "take its mean or its sum"
            )
        return value, aux

    value, aux, by_variables, by_tensors = current().value_and_grad(flat, variables, tensors)
    of_variables, of_tensors = iter(by_variables), iter(by_tensors)
    grads = [next(of_variables) if isinstance(x, Variable) else next(of_tensors) for x in leaves]
    return ((value, aux) if has_aux else value), tree.unflatten(wrt, grads)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator for functions that bring their own gradient.

    Args:
        f: takes tensors; returns `(outputs, grad)`. `grad` takes the gradients by the outputs, positionally, and
            returns those by the inputs (None for none).

    >>> @custom_gradient
    ... def double_backwards(x):
    ...     return x, lambda upstream: 2 * upstream
    >>> value_and_grad(double_backwards, convert(3.0))[1].tolist()
    2.0
    """

    check_function(f, "custom_gradient", "f")

    def call(*args: Any) -> Any:
        flat = [convert(x) for x in tree.flatten(args)]
        outputs = Structure()
        grad: list[Callable[..., Any]] = []

        def forward(*xs: Tensor) -> list[Tensor]:
            ys, pull_back = f(*tree.unflatten(args, list(xs)))
            grad[:] = [pull_back]
            return outputs.flat(ys)

        def backward(xs: Any, ys: Any, dys: Any) -> list[Any]:
            found = tree.flatten(grad[0](*dys))
            if len(found) != len(flat):
                raise ValueError(
                    f"custom_gradient: expected {len(flat)} gradients, one per input. Received: {len(found)}"
                )
            return [None if g is None else convert(g, dtype_of(x)) for g, x in zip(found, xs, strict=True)]

        return outputs.built(list(current().custom_vjp(forward, backward, flat)))

    return call


@op
def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """A function's value and its derivative in a direction.

    Args:
        fun: takes tensors; returns a tree of tensors, or with `has_aux` a pair of it and anything else.
        primals: list of arguments.
        tangents: list of directions, of their shapes.
        has_aux: whether fun returns a pair.

    Returns:
        `(outputs, derivatives)`, and aux with `has_aux`.

    >>> y, dy = jvp(lambda x: x * x, [convert(3.0)], [convert(1.0)])
    >>> y.tolist(), dy.tolist()
    (9.0, 6.0)
    """
    check_function(fun, "jvp", "fun")
    points = [convert(x) for x in tree.flatten(primals)]
    shapes = [[shape_of(x) for x in tree.flatten(v)] for v in (primals, tangents)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"jvp: `tangents` must have the shapes of `primals`. Received: {shapes[0]} and {shapes[1]}"
        )
    directions = [convert(t, dtype_of(x)) for t, x in zip(tree.flatten(tangents), points, strict=True)]
    outputs = Structure()
    extra: list[Any] = []

    def flat(*xs: Tensor) -> list[Tensor]:
        result = fun(*tree.unflatten(primals, list(xs)))
        if has_aux:
            result, aux = result
            extra[:] = [aux]
        return outputs.flat(result)

    ys, dys = current().jvp(flat, points, directions)
    pair = outputs.built(list(ys)), outputs.built(list(dys))
    return (*pair, extra[0]) if has_aux else pair
