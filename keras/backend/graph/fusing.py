"""A convolution and what is done to its result as one node, and backwards with the sum that is the bias's gradient.

Forwards this is a `Tail`: a bias, normalisation by known moments, a sum, relu. oneDNN sees to them in passing; alone, each
takes a pass over a large array, and for a small one a call.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from keras.backend.graph.nodes import users_of
from keras.backend.graph.ops import SLOT, ArrayOp, Primitive, Spec
from keras.backend.kernels.tails import Norm, Tail
from keras.backend.numpy.known import short_form

Variable = Any  # of the graph


class Fused:
    """Several nodes as one.

    Args:
        node: the convolution.
        method: takes its arguments, with `more` tensors after its own.
        more: what it needs besides.
        outputs: what it makes, of what the nodes made.
        spec_of: shape and dtype of a variable.
        tail: what is done to the result, the last argument of the method; None backwards.
    """

    def __init__(
        self,
        node: Any,
        method: Callable[..., Any],
        more: Sequence[Variable],
        outputs: Sequence[Variable],
        spec_of: Callable[[Variable], Spec],
        tail: Tail | None = None,
    ) -> None:
        self.layer = getattr(node, "layer", getattr(node.op, "layer", ""))
        self.inputs, self.outputs = [*node.inputs, *more], list(outputs)
        statics = node.op.template[len(node.inputs) :]
        if tail is not None:
            statics = (*statics, tail)
        several = len(self.outputs) > 1
        method = short_form(method, *map(spec_of, self.inputs), *statics) or method
        run = lambda *arrays: method(*arrays, *statics)  # noqa: E731
        specs = tuple(map(spec_of, self.outputs))
        self.op = ArrayOp(f"{node.op} with {tail or 'bias'}", run, specs, several, fresh=True)


def fused(
    nodes: Sequence[Any], outputs: Container[Variable], spec_of: Callable[[Variable], Spec]
) -> list[Any]:
    """The nodes in order, convolutions with what follows them where the engine has a method for both.

    Args:
        nodes: each after those it needs.
        outputs: of the program.
        spec_of: shape and dtype of a variable.
    """
    if not any(_method(node, name) for node in nodes for name in _METHODS):
        return list(nodes)
    users = users_of(nodes)
    inner = {y: using for y, using in users.items() if y not in outputs}
    made = {y: i for i, node in enumerate(nodes) for y in node.outputs}
    place = {node: i for i, node in enumerate(nodes)}
    result: list[Any] = list(nodes)

    def is_left(node: Any) -> bool:
        return result[place[node]] is node

    for node in nodes:
        if method := _method(node, "conv"):
            # Of two convolutions that meet in a sum, the first one found takes it.
            tail, more, chain = _tail(node, inner, spec_of, is_left)
            if chain:
                for n in (node, *chain):
                    result[place[n]] = None
                last = chain[-1]
                result[place[last]] = Fused(node, method, more, last.outputs, spec_of, tail)
        elif method := _method(node, "conv_kernel_grad"):
            # Of two whose results were added, both have the same gradient, and the first one found takes its sum.
            total = _sum(node, users, spec_of, is_left)
            if total is not None:
                both = [node.outputs[0], total.outputs[0]]
                first, second = sorted((place[node], place[total]))
                if all(made.get(x, -1) < first for x in node.inputs):
                    result[first] = Fused(node, method, [], both, spec_of)
                    result[second] = None
    return [node for node in result if node is not None]


#: For each node that may be fused, the method that does what all of them do.
_METHODS = {"conv": "conv_and", "conv_kernel_grad": "conv_weight_grads"}


def _method(node: Any, name: str) -> Callable[..., Any] | None:
    if not _is(node, name):
        return None
    return getattr(getattr(node.op.method, "__self__", None), _METHODS[name], None)


def _is(node: Any, name: str) -> bool:
    return isinstance(node.op, Primitive) and node.op.name == name


def _tail(
    node: Any,
    users: Mapping[Variable, Sequence[Any]],
    spec_of: Callable[[Variable], Spec],
    is_left: Callable[[Any], bool],
) -> tuple[Tail, list[Variable], list[Any]]:
    """What follows a convolution and nothing else needs in between; its variables; its nodes.

    Args:
        node: the convolution.
        users: of the variables that may vanish.
        spec_of: shape and dtype of a variable.
        is_left: whether a node is not part of another fused one.
    """
    tail, more, chain = Tail(), [], []
    y, spec = node.outputs[0], spec_of(node.outputs[0])
    while spec[1] == "float32" and len(using := users.get(y, ())) == 1 and is_left(following := using[0]):
        longer = _longer(tail, following, y, spec, spec_of)
        if longer is None:
            break
        tail = longer
        more += [x for x in following.inputs if x is not y]
        chain.append(following)
        y = following.outputs[0]
    return tail, more, chain


def _longer(
    tail: Tail, node: Any, y: Variable, spec: Spec, spec_of: Callable[[Variable], Spec]
) -> Tail | None:
    """The tail with what a node does to `y`, of this spec, at its end; None where it does something else, or out of order."""
    if tail.relu:
        return None
    if _is(node, "relu"):
        return tail._replace(relu=True)
    if tail.added:
        return None
    if _is(node, "add"):
        other = [spec_of(x) for x in node.inputs if x is not y]
        if other == [spec]:
            return tail._replace(added=True)
        is_bias = other == [(spec[0][-1:], spec[1])]
        return tail._replace(bias=True) if is_bias and tail == Tail() else None
    if _is(node, "batch_norm") and node.inputs[0] is y and tail.norm is None:
        *_, gamma, beta, axis, epsilon = node.op.template
        vectors = {spec_of(x) for x in node.inputs[1:]}
        if axis == len(spec[0]) - 1 and vectors == {(spec[0][-1:], spec[1])}:
            return tail._replace(norm=Norm(gamma is SLOT, beta is SLOT, epsilon))
    return None


def _sum(
    node: Any,
    users: Mapping[Variable, Sequence[Any]],
    spec_of: Callable[[Variable], Spec],
    is_left: Callable[[Any], bool],
) -> Any:
    """The node that sums up the gradient of a convolution over all axes but the last; or None."""
    dy = node.inputs[1]
    shape, dtype = spec_of(dy)
    all_but_last = (tuple(range(len(shape) - 1)),)
    sums = (u for u in users[dy] if _is(u, "reduce_sum") and u.op.template[1:] == all_but_last and is_left(u))
    return next(sums, None) if dtype == "float32" else None
