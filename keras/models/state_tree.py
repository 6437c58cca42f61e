"""A model's state as nested dicts by variable path, and back: for checkpoints written by other tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.backend.state import Variable
from keras.errors import unknown
from keras.interrupt import undisturbed

_FORMATS = ("backend_tensor", "numpy_array")


def read(model: Any, value_format: str) -> dict[str, Any]:
    """What `Model.get_state_tree` returns."""
    if value_format not in _FORMATS:
        raise ValueError(unknown("value_format of get_state_tree", value_format, _FORMATS))
    return {
        kind: _nested(
            {path: v.numpy() if value_format == "numpy_array" else v.value for path, v in of.items()}
        )
        for kind, of in _variables(model).items()
    }


def write(model: Any, state_tree: dict[str, Any]) -> None:
    """What `Model.set_state_tree` does: all of it or, if something does not fit, nothing."""
    if model.optimizer is not None and "optimizer_variables" in state_tree:
        model.optimizer.build(model.trainable_variables)
    known = _variables(model)
    pairs = []
    for kind, values in state_tree.items():
        if kind not in known:
            raise ValueError(unknown("part of a state tree", kind, known))
        for path, value in _flat(values):
            if path not in known[kind] and kind == "metrics_variables":
                continue  # a metric begins anew with every epoch, and has no variables before its first
            if path not in known[kind]:
                raise ValueError(unknown(f"path in `{kind}` of set_state_tree", path, known[kind]))
            variable = known[kind][path]
            variable._checked_shape(tuple(np.shape(value)))
            pairs.append((variable, value))
    with undisturbed():
        for variable, value in pairs:
            variable.assign(value)


def _variables(model: Any) -> dict[str, dict[str, Variable]]:
    """The model's variables by path, in the four parts of a state tree."""
    optimizer = model.optimizer
    return {
        "trainable_variables": _by_path(model.trainable_variables),
        "non_trainable_variables": _by_path(model.non_trainable_variables),
        "optimizer_variables": {} if optimizer is None else _by_path(optimizer.variables),
        "metrics_variables": _by_path(model.metrics_variables),
    }


def _by_path(variables: Sequence[Variable]) -> dict[str, Variable]:
    found: dict[str, Variable] = {}
    for variable in variables:
        if found.setdefault(variable.path, variable) is not variable:
            raise ValueError(
                f'A state tree needs different paths, and two variables have the path "{variable.path}". '
                "Give the layers (or whatever owns them) different names."
            )
    return found


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, value in flat.items():
        *folders, last = path.split("/")
        inside = nested
        for folder in folders:
            inside = inside.setdefault(folder, {})
        inside[last] = value
    return nested


def _flat(nested: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for name, value in nested.items():
        pairs += _flat(value, f"{prefix}{name}/") if isinstance(value, dict) else [(prefix + name, value)]
    return pairs
