"""Deep learning for people: one program, several engines.

Nothing is loaded until it is used: `import keras` costs little more than `import numpy`, and an engine is imported when
the first tensor is made. TensorFlow imports `keras` while it is itself being imported, so this must stay so.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from keras.backend import environment as _environment  # noqa: F401 (it sets what engines read when they are loaded)
from keras.former import Finder as _Finder
from keras.version import __version__, version

if TYPE_CHECKING:
    from keras.backend.spec import KerasTensor as KerasTensor
    from keras.backend.state import StatelessScope as StatelessScope
    from keras.backend.state import Variable as Variable
    from keras.backend.state import name_scope as name_scope
    from keras.dtype_policies import DTypePolicy as DTypePolicy
    from keras.initializers import Initializer as Initializer
    from keras.layers import Input as Input
    from keras.layers import InputSpec as InputSpec
    from keras.layers import Layer as Layer
    from keras.losses import Loss as Loss
    from keras.metrics import Metric as Metric
    from keras.models import Model as Model
    from keras.models import Sequential as Sequential
    from keras.ops.node import Operation as Operation
    from keras.optimizers import Optimizer as Optimizer
    from keras.regularizers import Regularizer as Regularizer

#: Public submodules, each loaded at its first use.
_MODULES = frozenset({
    "activations", "backend", "callbacks", "config", "constraints", "dtype_policies", "initializers", "layers", "losses",
    "metrics", "mixed_precision", "models", "ops", "optimizers", "random", "regularizers", "saving", "tree", "utils",
})  # fmt: skip

#: Public names and the module each comes from.
_NAMES = {
    "DTypePolicy": "keras.dtype_policies",
    "Initializer": "keras.initializers",
    "Input": "keras.layers",
    "InputSpec": "keras.layers",
    "KerasTensor": "keras.backend.spec",
    "Layer": "keras.layers",
    "Loss": "keras.losses",
    "Metric": "keras.metrics",
    "Model": "keras.models",
    "Operation": "keras.ops.node",
    "Optimizer": "keras.optimizers",
    "Regularizer": "keras.regularizers",
    "Sequential": "keras.models",
    "StatelessScope": "keras.backend.state",
    "Variable": "keras.backend.state",
    "device": "keras.backend.select",
    "name_scope": "keras.backend.state",
}

_Finder.install()

__all__ = ["__version__", "version", *sorted(_MODULES), *_NAMES]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        value = getattr(importlib.import_module(_NAMES[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(f"keras.{name}")
    else:
        raise AttributeError(f"module 'keras' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
