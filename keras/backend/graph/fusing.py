"""A convolution and the bias added to it as one node, forwards and backwards: oneDNN sees to the bias in passing.

Alone, adding the bias and summing up its gradient take a pass over a large array each.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any

from keras.backend.graph.nodes import users_of
from keras.backend.graph.ops import ArrayOp, Primitive, Spec
from keras.backend.numpy.known import short_form

Variable = Any  # of the graph


class Fused:
    """Two nodes as one.

    Args:
        node: the convolution.
        method: takes its arguments, with `more` tensors after its own.
        more: what it needs besides.
        outputs: what it makes, of what the two nodes made.
        given: specs of what it takes.
        specs: of what it makes.
    """

    def __init__(
        self,
        node: Any,
        method: Callable[..., Any],
        more: Sequence[Variable],
        outputs: Sequence[Variable],
        given: Sequence[Spec],
        specs: Sequence[Spec],
    ) -> None:
        self.layer = getattr(node, "layer", getattr(node.op, "layer", ""))
        self.inputs, self.outputs = [*node.inputs, *more], list(outputs)
        statics = node.op.template[len(node.inputs) :]
        several = len(self.outputs) > 1
        method = short_form(method, *given, *statics) or method
        run = lambda *arrays: method(*arrays, *statics)  # noqa: E731
        self.op = ArrayOp(f"{node.op} with bias", run, tuple(specs), several, fresh=True)


def fused(
    nodes: Sequence[Any], outputs: Container[Variable], spec_of: Callable[[Variable], Spec]
) -> list[Any]:
    """The nodes in order, convolutions with their bias where the engine has a method for both.

    Args:
        nodes: each after those it needs.
        outputs: of the program.
        spec_of: shape and dtype of a variable.
    """
    if not any(_method(node, name) for node in nodes for name in _METHODS):
        return list(nodes)
    users = users_of(nodes)
    made = {y: i for i, node in enumerate(nodes) for y in node.outputs}
    place = {node: i for i, node in enumerate(nodes)}
    result: list[Any] = list(nodes)
    for node in nodes:
        if (method := _method(node, "conv")) and node.outputs[0] not in outputs:
            addition, bias = _bias(node, users, spec_of)
            if addition is not None:
                y = addition.outputs[0]
                result[place[node]] = None
                result[place[addition]] = Fused(
                    node, method, [bias], [y], [*map(spec_of, (*node.inputs, bias))], [spec_of(y)]
                )
        elif method := _method(node, "conv_kernel_grad"):
            total = _sum(node, users, spec_of)
            if total is not None:
                both = [node.outputs[0], total.outputs[0]]
                first, second = sorted((place[node], place[total]))
                if all(made.get(x, -1) < first for x in node.inputs):
                    result[first] = Fused(
                        node, method, [], both, [*map(spec_of, node.inputs)], [*map(spec_of, both)]
                    )
                    result[second] = None
    return [node for node in result if node is not None]


#: For each node that may be fused, the method that does what both do.
_METHODS = {"conv": "biased_conv", "conv_kernel_grad": "conv_weight_grads"}


def _method(node: Any, name: str) -> Callable[..., Any] | None:
    if not _is(node, name):
        return None
    return getattr(getattr(node.op.method, "__self__", None), _METHODS[name], None)


def _is(node: Any, name: str) -> bool:
    return isinstance(node.op, Primitive) and node.op.name == name


def _bias(node: Any, users: Any, spec_of: Callable[[Variable], Spec]) -> tuple[Any, Variable]:
    """The node that adds a bias to a convolution and does all that is done with it, and the bias; or None."""
    y = node.outputs[0]
    shape, dtype = spec_of(y)
    if len(users.get(y, ())) == 1 and _is(addition := users[y][0], "add") and dtype == "float32":
        for x in addition.inputs:
            if x is not y and spec_of(x) == (shape[-1:], dtype):
                return addition, x
    return None, None


def _sum(node: Any, users: Any, spec_of: Callable[[Variable], Spec]) -> Any:
    """The node that sums up the gradient of a convolution over all axes but the last; or None."""
    dy = node.inputs[1]
    shape, dtype = spec_of(dy)
    all_but_last = (tuple(range(len(shape) - 1)),)
    sums = (u for u in users[dy] if _is(u, "reduce_sum") and u.op.template[1:] == all_but_last)
    return next(sums, None) if dtype == "float32" else None
