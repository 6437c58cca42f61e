"""Class weights as sample weights: computed on the host, batch by batch, per output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras import tree
from keras.errors import shorten
from keras.training.outputs import Outputs

ClassWeight = dict[int, float]


def balanced(labels: np.ndarray) -> ClassWeight:
    """Weights that make every class count the same: `samples / (classes * samples of the class)`.

    Args:
        labels: class numbers, one per sample.

    >>> balanced(np.array([0, 0, 0, 1])) == {0: 4 / 6, 1: 4 / 2}
    True
    """
    classes, counts = np.unique(labels, return_counts=True)
    return {int(c): float(labels.size / (len(classes) * n)) for c, n in zip(classes, counts, strict=True)}


def labels_of(y: np.ndarray, output_rank: int | None = None) -> np.ndarray:
    """Class numbers of targets: `(N,)`, `(N, 1)`, or one-hot `(N, classes)`; higher ranks likewise.

    Args:
        y: targets.
        output_rank: rank of the predictions; targets of one rank less are class numbers already.

    >>> labels_of(np.eye(3)).tolist()
    [0, 1, 2]
    """
    if y.ndim > 1 and y.ndim + 1 != output_rank:
        y = y[..., 0] if y.shape[-1] == 1 else y.argmax(-1)
    return y.astype("int64") if y.dtype.kind != "i" else y


def weights_of(labels: np.ndarray, class_weight: Mapping[int, float]) -> np.ndarray:
    """The weight of each label; classes that are not named count 1.

    >>> weights_of(np.array([1, 0, 2]), {0: 0.5, 1: 2.0}).tolist()
    [2.0, 0.5, 1.0]
    """
    weights = np.ones(labels.shape, "float32")
    for label, weight in class_weight.items():
        weights[labels == label] = weight
    return weights


class ClassWeights:
    """The class weights of all outputs.

    Args:
        class_weight: `{class: weight}` or `"balanced"`; with several outputs a dict of such by output name.
        outputs: the model's outputs.
        y: all targets, needed for `"balanced"`; None if the data is not in memory.
        ranks: ranks of the outputs, if they are known.

    Raises:
        ValueError: an unknown output, or `"balanced"` without targets in memory. TypeError: weights of no class.
    """

    def __init__(
        self, class_weight: Any, outputs: Outputs, y: Any = None, ranks: list[int] | None = None
    ) -> None:
        self._outputs = outputs
        self._ranks: list[int | None] = [*ranks] if ranks else [None] * len(outputs)
        targets = self._targets(y)
        named = isinstance(class_weight, dict) and any(
            isinstance(v, (dict, str)) for v in class_weight.values()
        )
        if not named and len(outputs) > 1:
            raise ValueError(
                f"class_weight: the model has {len(outputs)} outputs. Name the one you mean: "
                f"class_weight={{{outputs.names[0]!r}: {{0: 1.0, 1: 2.0}}}}. Outputs: {outputs.names}."
            )
        per_output = outputs.spread(class_weight, "class_weight", _is_weights)
        self.weights: list[ClassWeight | None] = [
            _settled(*args) for args in zip(per_output, targets, self._ranks, strict=True)
        ]

    def apply(self, y: Any, sample_weight: Any) -> Any:
        """Sample weights of a batch with the class weights multiplied in.

        Args:
            y: the batch's targets.
            sample_weight: its weights, or None.

        Returns:
            An array, or one per output.
        """
        targets = self._targets(y)
        given = self._outputs.spread(sample_weight, "sample_weight", lambda v: not tree.is_nested(v))
        found = [self._one(*args) for args in zip(self.weights, targets, given, self._ranks, strict=True)]
        return found[0] if len(found) == 1 else dict(zip(self._outputs.names, found, strict=True))

    def labels(self, y: Any) -> list[np.ndarray | None]:
        """Class numbers of each output that has weights."""
        targets = zip(self.weights, self._targets(y), self._ranks, strict=True)
        return [None if w is None or t is None else labels_of(np.asarray(t), rank) for w, t, rank in targets]

    def _one(self, class_weight: ClassWeight | None, y: Any, sample_weight: Any, rank: int | None) -> Any:
        if class_weight is None or y is None:
            return sample_weight
        labels = labels_of(np.asarray(y), rank)
        weights = weights_of(labels, class_weight)
        if sample_weight is None:
            return weights
        sample_weight = np.asarray(sample_weight)
        extra = (1,) * (weights.ndim - sample_weight.ndim)
        return weights * sample_weight.reshape(*sample_weight.shape, *extra)

    def _targets(self, y: Any) -> list[Any]:
        return self._outputs.spread(y, "y", lambda v: not tree.is_nested(v), shared=False)


def _is_weights(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, dict) and not any(isinstance(v, (dict, str)) for v in value.values())
    )


def _settled(class_weight: Any, y: Any, rank: int | None) -> ClassWeight | None:
    if class_weight is None:
        return None
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ValueError(f'class_weight: expected a dict or "balanced". Received: {class_weight!r}')
        if y is None:
            raise ValueError(
                'class_weight="balanced" needs the targets in memory, to count them. Give a dict instead.'
            )
        return balanced(labels_of(np.asarray(y), rank))
    if not isinstance(class_weight, Mapping):
        raise TypeError(f"class_weight: expected {{class: weight}}. Received: {shorten(class_weight)}")
    try:
        return {int(label): float(weight) for label, weight in class_weight.items()}
    except (TypeError, ValueError):
        raise TypeError(
            f"class_weight: expected {{class: weight}}. Received: {shorten(class_weight)}"
        ) from None
