"""Names that modules had at other times: `keras.layers.convolutional` in Keras 2, `keras.src.saving` inside of Keras 3.

Programs import public names from them. Such a module has nothing of its own: what is asked of it is looked up, when it is
asked for, in the public modules it stands for; what they do not have is an ImportError, as anywhere.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import keras

#: Modules by what they stand for; a name may come from any part, so all of a family serves. First those of Keras 1 and 2,
#: then those inside of Keras 3, besides the families themselves. Only modules: a name that is missing is none.
_NAMES = {
    "keras.layers": """
        layers.core layers.convolutional layers.pooling layers.recurrent layers.embeddings layers.merge layers.noise
        layers.advanced_activations layers.local layers.wrappers layers.convolutional_recurrent layers.cudnn_recurrent

        src.layers.layer src.layers.input_spec src.layers.activations src.layers.attention src.layers.convolutional
        src.layers.core src.layers.core.dense src.layers.core.embedding src.layers.core.input_layer
        src.layers.core.wrapper src.layers.merging src.layers.normalization src.layers.pooling
        src.layers.regularization src.layers.reshaping src.layers.rnn src.layers.rnn.rnn
    """,
    "keras.layers keras.models": """
        engine engine.base_layer engine.input_layer engine.network engine.saving engine.sequential engine.topology
        engine.training
    """,
    "keras.models": "src.models.functional src.models.model src.models.sequential",
    "keras.utils keras.saving": """
        utils.np_utils utils.generic_utils utils.data_utils utils.vis_utils utils.layer_utils utils.io_utils
        utils.conv_utils
    """,
    "keras.saving": """
        src.saving.object_registration src.saving.saving_api src.saving.saving_lib src.saving.serialization_lib
    """,
    "keras.backend keras": """
        backend.common backend.tensorflow_backend backend.theano_backend backend.cntk_backend

        src.backend.common src.backend.common.keras_tensor src.backend.common.variables src.backend.config
    """,
    "keras.ops": "src.ops.core src.ops.image src.ops.linalg src.ops.math src.ops.nn src.ops.numpy",
    "keras": "src src.ops.operation",
    "keras.losses": "objectives src.losses.loss src.losses.losses",
    "keras.initializers": "initializations src.initializers.initializer",
    "keras.metrics": "src.metrics.metric",
    "keras.optimizers": "src.optimizers.optimizer src.optimizers.base_optimizer",
    "keras.callbacks": "src.callbacks.callback",
    "keras.activations": "src.activations.activations",
    "keras.regularizers": "src.regularizers.regularizers",
    "keras.constraints": "src.constraints.constraints",
}
_STANDS_FOR = {f"keras.{name}": public.split() for public, names in _NAMES.items() for name in names.split()}


class _Former(ModuleType):
    """A module that stands for others."""

    def __init__(self, name: str, public: Sequence[str]) -> None:
        super().__init__(name, f"Another name of {' and '.join(public)}.")
        self._public = public

    def __getattr__(self, name: str) -> Any:
        if not (name.startswith("__") and name.endswith("__")):
            for module in self._public:
                try:
                    return getattr(importlib.import_module(module), name)
                except AttributeError:
                    continue
        raise AttributeError(
            f"module {self.__name__!r} stands for {' and '.join(self._public)}, where there is no {name!r}"
        )

    def __dir__(self) -> Iterable[str]:
        return sorted({name for module in self._public for name in dir(importlib.import_module(module))})


class Finder:
    """Finds former names where Python finds no module, and loads them; last in `sys.meta_path`."""

    @classmethod
    def install(cls) -> None:
        """Ask it from now on."""
        if cls not in sys.meta_path:
            sys.meta_path.append(cls)

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """What to load for a name; None: it is no former name."""
        loader: Any = cls  # no `importlib.abc.Loader`, which takes milliseconds to import
        return ModuleSpec(name, loader, is_package=True) if _stands_for(name) else None

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        return _Former(spec.name, _stands_for(spec.name))

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        """There is nothing to run."""


def _stands_for(name: str) -> Sequence[str]:
    """The public modules a former name stands for; none if it is not one."""
    family = name.removeprefix("keras.src.")
    return [f"keras.{family}", "keras"] if family in keras._MODULES else _STANDS_FOR.get(name, [])
