"""`K.gradients`: derivatives of symbolic tensors, as symbolic tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops, tree
from keras.backend import dtypes
from keras.backend.spec import KerasTensor
from keras.backend.state import Variable
from keras.classic.checked import checked
from keras.classic.program import Gradient
from keras.classic.symbolic import is_source, sources_of, trace_back
from keras.layers import Lambda, Layer
from keras.models.graph import Graph
from keras.ops.dispatch import OpCall


@checked
def gradients(loss: KerasTensor, variables: Any) -> list[KerasTensor | None]:
    """d sum(loss) / d v for each v, as symbolic tensors that other functions can take.

    Args:
        loss: symbolic tensor; the sum of its elements is differentiated.
        variables: what to differentiate by: symbolic tensors (inputs, outputs of layers) and variables, a list or one.

    Returns:
        A list of symbolic tensors of the variables' shapes; None where the loss does not follow from one.

    Raises:
        ValueError: the loss has a value already, so there is no graph to differentiate.

    >>> K = keras.backend
    >>> x = K.placeholder((3,))
    >>> (grad,) = K.gradients(K.sum(x**2), x)
    >>> K.function([x], [grad])([[1.0, 2.0, 3.0]])[0].tolist()
    [2.0, 4.0, 6.0]
    """
    wrt = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    _check_differentiable(loss, wrt)
    found: dict[int, KerasTensor] = {}
    for tensors, variables_of in _groups(loss, wrt):
        if tensors or variables_of:
            outputs = Gradient(loss, tensors, variables_of).symbolic()
            found.update(zip(map(id, (*tensors, *variables_of)), outputs, strict=True))
    return [found.get(id(v)) for v in wrt]


@checked
def stop_gradient(variables: Any) -> Any:
    """The same values, through which no gradient passes.

    Args:
        variables: a tensor of any shape, or a list of tensors.

    Returns:
        A tensor, or a list of them.

    >>> stop_gradient([np.ones(1), np.zeros(1)])[0].tolist()
    [1.0]
    """
    if isinstance(variables, (list, tuple)):
        return [ops.stop_gradient(v) for v in variables]
    return ops.stop_gradient(variables)


def _check_differentiable(loss: Any, wrt: Sequence[Any]) -> None:
    if not isinstance(loss, KerasTensor):
        raise ValueError(
            f"gradients: `loss` must be a symbolic tensor, computed from a placeholder or a model's input. Received: "
            f"{type(loss).__name__}, which has a value already. Begin with `K.placeholder`, or differentiate a function: "
            "`keras.ops.value_and_grad(f, variables)`."
        )
    if not dtypes.is_float(loss.dtype):
        raise ValueError(f"gradients: `loss` must be a float tensor. Received: {loss!r}")
    for v in wrt:
        if not isinstance(v, (KerasTensor, Variable)):
            raise ValueError(
                "gradients: `variables` must be symbolic tensors or variables. "
                f"Received: {type(v).__name__}, which the loss cannot be traced back to"
            )


def _groups(loss: KerasTensor, wrt: Sequence[Any]) -> list[tuple[list[KerasTensor], list[Variable]]]:
    """What can be differentiated by in one go: in a group no tensor follows from another, or from a variable."""
    reached = trace_back([loss])
    tensors = {id(t): t for t in wrt if isinstance(t, KerasTensor) and dtypes.is_float(t.dtype)}
    tensors = {key: t for key, t in tensors.items() if key in reached}
    outer = [t for t in tensors.values() if is_source(t)]
    variables = {id(v): v for v in wrt if isinstance(v, Variable)}
    reads = _reads(loss) if variables else set()
    groups = [(outer, [v for v in variables.values() if reads is None or id(v) in reads])]
    for t in tensors.values():
        if is_source(t):
            continue
        for group, _ in groups[1:]:
            if id(t) not in trace_back(group) and not trace_back([t]).keys() & {id(g) for g in group}:
                group.append(t)
                break
        else:
            groups.append(([t], []))
    return groups


def _reads(loss: KerasTensor) -> set[int] | None:
    """Ids of the variables that the computation of a loss reads; None if one of its steps hides what it reads."""
    nodes = Graph(sources_of([loss]), [loss]).nodes
    found: set[int] = set()
    for node in nodes:
        operation = node.operation
        if isinstance(operation, Layer) and not isinstance(operation, Lambda):
            found.update(id(v) for v in operation.variables)
        elif not isinstance(operation, OpCall):
            return None
        leaves = tree.flatten((node.args, node.kwargs))
        if any(callable(x) and not isinstance(x, KerasTensor) for x in leaves):
            return None
        found.update(id(x) for x in leaves if isinstance(x, Variable))
    return found
