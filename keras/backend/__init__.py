"""Engines, variables and symbolic tensors: the names of `keras.backend`, each loaded at its first use."""

from __future__ import annotations

import importlib
from typing import Any

#: Public names and the module each comes from.
_NAMES = {
    "KerasTensor": "keras.backend.spec",
    "Variable": "keras.backend.state",
    "available": "keras.backend.select",
    "backend": "keras.backend.facts",
    "clear_session": "keras.backend.facts",
    "current": "keras.backend.select",
    "epsilon": "keras.config",
    "floatx": "keras.config",
    "get_uid": "keras.backend.facts",
    "image_data_format": "keras.config",
    "is_float_dtype": "keras.backend.facts",
    "is_int_dtype": "keras.backend.facts",
    "is_keras_tensor": "keras.backend.spec",
    "known": "keras.backend.select",
    "result_type": "keras.backend.facts",
    "set_epsilon": "keras.config",
    "set_floatx": "keras.config",
    "set_image_data_format": "keras.config",
    "standardize_dtype": "keras.backend.facts",
    "using": "keras.backend.select",
}

__all__ = sorted(_NAMES)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'keras.backend' has no attribute {name!r}")
    value = getattr(importlib.import_module(_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
