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

#: Modules of Keras 1 and 2 by what they stand for; a name may come from any part, so all of a family serves.
_OF_KERAS_2 = {
    "keras.layers": """
        layers.core layers.convolutional layers.pooling layers.recurrent layers.embeddings layers.merge layers.noise
        layers.advanced_activations layers.local layers.wrappers layers.convolutional_recurrent layers.cudnn_recurrent
    """,
    "keras.layers keras.models": """
        engine engine.base_layer engine.input_layer engine.network engine.saving engine.sequential engine.topology
        engine.training
    """,
    "keras.utils keras.saving": """
        utils.np_utils utils.generic_utils utils.data_utils utils.vis_utils utils.layer_utils utils.io_utils
        utils.conv_utils
    """,
    "keras.backend": "backend.common backend.tensorflow_backend backend.theano_backend backend.cntk_backend",
    "keras.losses": "objectives",
    "keras.initializers": "initializations",
}
_STANDS_FOR = {
    f"keras.{name}": public.split() for public, names in _OF_KERAS_2.items() for name in names.split()
}
_INSIDES = "keras.src"


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
    """Finds former names where Python finds no module; last in `sys.meta_path`."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """What to load for a name; None: it is no former name."""
        public = _stands_for(name)
        loader: Any = _Loader(public)  # no `importlib.abc.Loader`, which takes milliseconds to import
        return ModuleSpec(name, loader, is_package=True) if public else None

    @classmethod
    def install(cls) -> None:
        """Ask it from now on."""
        if cls not in sys.meta_path:
            sys.meta_path.append(cls)


class _Loader:
    def __init__(self, public: Sequence[str]) -> None:
        self._public = public

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Former(spec.name, self._public)

    def exec_module(self, module: ModuleType) -> None:
        pass


def _stands_for(name: str) -> Sequence[str]:
    """The public modules a former name stands for; none if it is not one."""
    if name == _INSIDES:
        return ["keras"]
    if name.startswith(f"{_INSIDES}."):
        family = name.split(".")[2]
        return [f"keras.{family}", "keras"] if family in keras._MODULES else []
    return _STANDS_FOR.get(name, [])
