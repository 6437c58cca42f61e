"""A look at the data before the first step, for mistakes that would otherwise train without a word.

What cannot be right is refused, what is probably wrong is warned about. It is done on the host, on at most a few
million numbers, so it costs milliseconds.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from keras import activations, losses, tree
from keras.backend.state import to_host
from keras.errors import shorten
from keras.layers import Activation, Embedding
from keras.losses import Loss, LossFunctionWrapper
from keras.losses.checks import check_targets
from keras.training.class_weight import ClassWeights, labels_of
from keras.training.compile_args import CompileLoss
from keras.training.sparse import SparseRows

_LOOKED_AT = 2_000_000  # numbers of an array that are looked at

_SOFTMAX_LOSSES = {losses.categorical_crossentropy, losses.sparse_categorical_crossentropy}
_CROSSENTROPIES = {*_SOFTMAX_LOSSES, losses.binary_crossentropy}


class Preflight:
    """The checks of one model.

    Args:
        model: a compiled model.
        predictions: its outputs, symbolic; None if they are not known.
    """

    def __init__(self, model: Any, predictions: Any) -> None:
        self._model = model
        outputs = tree.flatten(predictions)  # None may be among them, of a class with a step of its own
        self._shapes = [] if any(p is None for p in outputs) else [tuple(p.shape) for p in outputs]
        loss = model._compile_loss
        self._loss: CompileLoss | None = loss if loss is not None and loss.built and self._shapes else None

    def check(
        self,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weights: ClassWeights | None = None,
        held_out: Any = None,
    ) -> None:
        """Look at inputs and targets.

        Args:
            x: inputs: all of them if they are in memory, else a batch.
            y: targets likewise.
            sample_weight: weights likewise.
            class_weights: the class weights of `fit`.
            held_out: the targets that `validation_split` took from the end.

        Raises:
            ValueError: targets that do not fit the output, or labels outside the classes.
        """
        self._check_finite(x, "x")
        self._check_finite(sample_weight, "sample_weight")
        self._check_ids(x)
        if self._loss is None or y is None:
            return
        targets = self._loss.spread_targets(y)
        for i, (loss, target) in enumerate(zip(self._loss.losses, targets, strict=True)):
            if loss is not None and target is not None and not tree.is_nested(target):
                self._check_output(i, loss, _some(target))
        if class_weights is not None:
            self._check_class_weights(class_weights, y)
        if held_out is not None:
            self._check_split(targets, self._loss.spread_targets(held_out))

    # ------------------------------------------------------------------ inputs
    def _check_finite(self, x: Any, what: str) -> None:
        for path, leaf in tree.flatten_with_path(x):
            if leaf is None:
                continue
            name = what + "".join(f"[{key!r}]" for key in path)
            _check_finite(_some(leaf), name + (self._input_name(path) if what == "x" else ""))

    def _check_ids(self, x: Any) -> None:
        """Ids must have a row in the embedding they go into: engines say so late, in words of their own, or not at all."""
        graph = getattr(getattr(self._model, "_functional", None) or self._model, "_graph", None)
        leaves = tree.flatten(x)
        if graph is None or isinstance(x, dict) or len(leaves) != len(graph.inputs):
            return
        for node in graph.nodes:
            for i, tensor in enumerate(graph.inputs):
                if (
                    isinstance(node.operation, Embedding)
                    and node.inputs[0] is tensor
                    and leaves[i] is not None
                ):
                    node.operation.check_ids(_some(leaves[i]), f"x{self._input_name((i,))}")

    def _input_name(self, path: tuple[Any, ...]) -> str:
        names = getattr(self._model, "input_names", None) if getattr(self._model, "built", False) else None
        index = path[0] if path and isinstance(path[0], int) else 0
        if not names or (path and not isinstance(path[0], int)) or index >= len(names):
            return ""
        return f' (input "{names[index]}")'

    # ------------------------------------------------------------------ outputs
    def _check_output(self, i: int, loss: Loss, y: np.ndarray) -> None:
        assert self._loss is not None
        names = self._loss.outputs.names
        check_targets(loss, y, self._shapes[i], f'targets of output "{names[i]}"')
        if _is_librarys(loss):  # another one may leave NaN out
            _check_finite(y, f'y (output "{names[i]}")')
        self._check_activation(names[i], loss, _activation_of(self._model, i, len(names)))

    def _check_activation(self, name: str, loss: Loss, activation: Any) -> None:
        function = loss.fn if isinstance(loss, LossFunctionWrapper) else None
        if function not in _CROSSENTROPIES or activation is None:
            return
        from_logits = bool(loss.fn_kwargs.get("from_logits", getattr(loss, "from_logits", False)))  # type: ignore[attr-defined]
        wanted = "softmax" if function in _SOFTMAX_LOSSES else "sigmoid"
        if from_logits and activation in (activations.softmax, activations.sigmoid):
            _warn(
                f'output "{name}" ends in {activation.__name__}, but its loss {loss.name} has from_logits=True '
                "and applies one itself. Leave one of them out."
            )
        if not from_logits and activation is activations.linear:
            _warn(
                f'output "{name}" has no activation, but its loss {loss.name} expects probabilities. '
                f'Use activation="{wanted}", or the loss with from_logits=True.'
            )

    # ------------------------------------------------------------------ classes
    def _check_class_weights(self, class_weights: ClassWeights, y: Any) -> None:
        assert self._loss is not None
        found = class_weights.labels(tree.map_structure(lambda t: None if t is None else _some(t), y))
        for name, weights, labels in zip(self._loss.outputs.names, class_weights.weights, found, strict=True):
            missing = [] if labels is None else sorted(set(np.unique(labels).tolist()) - set(weights or ()))
            if missing:
                _warn(
                    f'class_weight of output "{name}" says nothing about the classes {shorten(missing)}; they count 1. '
                    f"Named: {shorten(sorted(weights or ()))}."
                )

    def _check_split(self, targets: list[Any], held_out: list[Any]) -> None:
        assert self._loss is not None
        for name, loss, y, last in zip(
            self._loss.outputs.names, self._loss.losses, targets, held_out, strict=True
        ):
            if y is None or last is None or not _is_classes(loss, y):
                continue
            unseen = sorted(
                set(np.unique(_labels(loss, last)).tolist()) - set(np.unique(_labels(loss, y)).tolist())
            )
            if unseen:
                _warn(
                    f'validation_split takes the last rows, and there output "{name}" has classes that the '
                    f"training rows do not have: {shorten(unseen)}. The data seems sorted: shuffle it first."
                )


def _check_finite(array: np.ndarray, name: str) -> None:
    if array.ndim == 0 or array.dtype.kind != "f" or np.isfinite(array).all():
        return
    found = "NaN" if np.isnan(array).any() else "infinity"
    row = int(np.argwhere(~np.isfinite(array))[0][0])
    _warn(
        f"{name} holds {found} (first in sample {row}): the loss and all weights will become NaN. "
        "Fill or drop such samples, for example with numpy.nan_to_num(x)."
    )


def _is_librarys(loss: Loss) -> bool:
    function = loss.fn if isinstance(loss, LossFunctionWrapper) else None
    return function is not None and str(getattr(function, "__module__", "")).startswith("keras.")


def _some(array: Any) -> np.ndarray:
    """The first rows of an array, as many as are worth a look."""
    if not isinstance(array, SparseRows):
        array = to_host(array)
        if array.ndim == 0 or array.size <= _LOOKED_AT:
            return array
    return array[: max(1, _LOOKED_AT * len(array) // max(1, array.size))]


def _is_classes(loss: Any, y: Any) -> bool:
    function = loss.fn if isinstance(loss, LossFunctionWrapper) else None
    return function in _CROSSENTROPIES and not tree.is_nested(y)


def _labels(loss: Any, y: np.ndarray) -> np.ndarray:
    """Class numbers of the targets of a cross-entropy."""
    return labels_of(y) if loss.fn is losses.categorical_crossentropy else y


def _activation_of(model: Any, index: int, count: int) -> Any:
    """The activation of the layer an output comes from; None if it is not known."""
    outputs = getattr(model, "outputs", None) if _has_graph(model) else None
    if not outputs or len(outputs) != count:
        return None
    node = outputs[index].node
    # A linear `Activation` at the end stands for a cast, as under mixed precision: what counts is before it.
    while node is not None and _casts_only(node.operation) and len(node.inputs) == 1:
        node = node.inputs[0].node
    return getattr(node.operation, "activation", None) if node is not None else None


def _casts_only(layer: Any) -> bool:
    return isinstance(layer, Activation) and layer.activation is activations.linear


def _has_graph(model: Any) -> bool:
    return getattr(model, "_functional", None) is not None or hasattr(model, "_graph")


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=6)
