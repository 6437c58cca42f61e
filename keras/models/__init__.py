"""Models: `Sequential`, functional graphs, subclasses; cloning and text formats."""

from __future__ import annotations

import importlib
from typing import Any

from keras.models.cloning import clone_model
from keras.models.functional import Functional
from keras.models.model import Model
from keras.models.sequential import Sequential
from keras.models.text_formats import model_from_config, model_from_json, model_from_yaml

__all__ = [
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "save_model",
]


def __getattr__(name: str) -> Any:
    # `keras.saving` lies above models; its two functions are also known here, as in Keras 2.
    if name in ("load_model", "save_model"):
        return getattr(importlib.import_module("keras.saving"), name)
    raise AttributeError(f"module 'keras.models' has no attribute {name!r}")
