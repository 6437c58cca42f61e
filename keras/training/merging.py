"""Whether rows of a model's inputs can be predicted in other batches than were asked for, or padded with more rows.

Small batches are merged, for calls cost time, and large ones are cut, for what layers hand on to each other takes memory.

They can where a row's prediction cannot depend on the other rows. Nothing is tried out: a model counts as such if it is
a graph of this library's own layers, none of which looks along the first axis, keeps state or draws random numbers when
predicting. All others are predicted in the batches that were asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from keras import tree
from keras.backend.spec import KerasTensor
from keras.backend.tracing import Compiled
from keras.layers import InputLayer, Layer
from keras.training.data import ArraySource
from keras.training.runners import Piece
from keras.training.step import to_host_tree
from keras.utils import pack_x_y_sample_weight

#: Elements of all results inside the model that a merged batch may have: 64 MB of float32.
MOST_ELEMENTS = 2**24
#: How many times as many a batch may have that was asked for: with few rows convolutions are slower by a fifth.
ASKED = 8
#: Rows of a merged batch, at most, and of a part of one that is cut, at least.
MOST_ROWS, LEAST_ROWS = 2**13, 2**5

#: Layers that run code of the user's, or whose results inside are much larger than what comes out.
_FOREIGN = frozenset({"Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"})
_LARGE = ("keras.layers.attention",)
#: Ops between layers that are known to work on each row for itself.
_ELEMENTWISE = frozenset(
    {
        "add",
        "subtract",
        "multiply",
        "divide",
        "true_divide",
        "negative",
        "relu",
        "sigmoid",
        "tanh",
        "exp",
        "square",
    }
)
#: The results inside a recurrent layer: gates, in every time step.
_RECURRENT = 8


def merged_size(row_limit: int, batch_size: int, samples: int) -> int:
    """Rows of the batches to predict in: `batch_size` times a power of two, or less than it.

    There are few sizes, so that few are compiled.

    >>> merged_size(1000, 32, 4096), merged_size(10000, 32, 4096), merged_size(10000, 32, 70), merged_size(40, 32, 70)
    (512, 4096, 128, 32)
    >>> merged_size(200, 4096, 5000), merged_size(3, 4096, 5000), merged_size(3, 30, 5000), merged_size(0, 4096, 5000)
    (1024, 32, 30, 4096)
    """
    if 0 < ASKED * row_limit < min(batch_size, samples):
        return min(batch_size, 2 ** int(math.log2(max(ASKED * row_limit, LEAST_ROWS))))
    batches = math.ceil(samples / batch_size)
    most = max(1, min(row_limit, MOST_ROWS) // batch_size)
    return batch_size * 2 ** min(math.ceil(math.log2(batches)), int(math.log2(most)))


class MergedRunner:
    """Predicts in batches of `size`, the last one filled up with a row of its own: one signature for all.

    Args:
        step: the compiled step.
        source: the data.
        size: rows of a batch.
    """

    def __init__(self, step: Compiled, source: ArraySource, size: int) -> None:
        self._step, self._source, self._size = step, source, size

    def epoch(self) -> Iterator[Piece]:
        """The pieces; their numbers are those of the batches that were asked for."""
        samples, asked = self._source.samples, self._source.batch_size
        for start in range(0, samples, self._size):
            stop = min(start + self._size, samples)
            last = (stop - 1) // asked
            yield Piece(start // asked, last, last, partial(self._run, start, stop))

    def report(self, verbose: bool) -> None:
        """Nothing: the data is there."""

    def _run(self, start: int, stop: int) -> list[Any]:
        x = tree.map_structure(lambda x: _filled(x[start:stop], self._size), self._source.x)
        outputs = to_host_tree(self._step(pack_x_y_sample_weight(x)))
        return [tree.map_structure(lambda y: y[: stop - start], outputs)]


def _filled(x: np.ndarray, size: int) -> np.ndarray:
    return x if len(x) == size else np.concatenate([x, np.repeat(x[-1:], size - len(x), axis=0)])


def row_limit(model: Any) -> int:
    """How many rows are best predicted together; 0 for a model whose rows may depend on each other."""
    if not _is_graph(model):
        return 0
    try:
        elements = sum(_elements(node) for node in _nodes(model))
    except _NotByRowsError:
        return 0
    return max(1, MOST_ELEMENTS // max(1, elements))


class _NotByRowsError(Exception):
    """A part of a model is not known to work row by row."""


def _nodes(model: Any) -> Iterator[Any]:
    """The nodes of a graph and of the graphs in it."""
    graph = model._graph_model() if hasattr(model, "_graph_model") else model
    for node in graph._graph.nodes:
        if _is_graph(node.operation):
            _check_arguments(node)
            yield from _nodes(node.operation)
        elif not isinstance(node.operation, InputLayer):
            yield node


def _is_graph(model: Any) -> bool:
    """Whether it is a built `Functional` or `Sequential`, and no subclass."""
    kind = type(model)
    return (
        kind.__module__.startswith("keras.models.")
        and kind.__name__ in ("Functional", "Sequential")
        and model.built
    )


def _elements(node: Any) -> int:
    """Elements in a row of what a node computes. Raises `_NotByRowsError`."""
    operation = node.operation
    _check_arguments(node)
    if isinstance(operation, Layer):
        for layer in operation._flatten_layers():
            _check_layer(layer, node)
        inner = _RECURRENT * _size_of(node.inputs[0]) if _is_recurrent(operation) else 0
    else:
        _require(operation.name.rstrip("_0123456789") in _ELEMENTWISE)
        inner = 0
    return inner + sum(map(_size_of, node.output_tensors))


def _check_arguments(node: Any) -> None:
    tensors = (*node.inputs, *node.output_tensors)
    _require(bool(node.inputs) and all(len(t.shape) > 0 and t.shape[0] is None for t in tensors))
    _require(not node.kwargs.get("training"))
    ranks = {len(t.shape) for t in tensors}
    _require(isinstance(node.operation, Layer) or len(ranks) == 1)
    others = [a for a in tree.flatten((node.args, node.kwargs)) if not isinstance(a, KerasTensor)]
    _require(all(a is None or isinstance(a, (bool, int, float, str)) for a in others))


def _check_layer(layer: Any, node: Any) -> None:
    kind = type(layer)
    _require(kind.__module__.startswith("keras.layers.") and not kind.__module__.startswith(_LARGE))
    _require(kind.__name__ not in _FOREIGN and not getattr(layer, "stateful", False))
    for name, value in vars(layer).items():
        if name in ("axis", "axes"):
            ranks = {len(t.shape) for t in node.inputs}
            axes = value if isinstance(value, (list, tuple)) else [value]
            _require(all(a is None or all(a % rank for rank in ranks) for a in tree.flatten(axes)))
        elif name == "equation":
            _require(_keeps_rows(value))
        elif isinstance(value, Callable) and not isinstance(value, Layer):  # type: ignore[arg-type]
            _require(getattr(value, "__module__", type(value).__module__).startswith("keras."))


def _keeps_rows(equation: str) -> bool:
    """Whether the first axis of an `EinsumDense` is that of the rows, before and after."""
    operands, _, result = equation.replace(" ", "").partition("->")
    first, _, second = operands.partition(",")
    return first[:1] == result[:1] != "" and first[:1] not in second and first[:1] != "."


def _is_recurrent(layer: Any) -> bool:
    return any(type(part).__module__.startswith("keras.layers.rnn") for part in layer._flatten_layers())


def _size_of(tensor: KerasTensor) -> int:
    known = [d for d in tensor.shape[1:] if d is not None]
    _require(len(known) == len(tensor.shape) - 1)
    return math.prod(known)


def _require(condition: bool) -> None:
    if not condition:
        raise _NotByRowsError
