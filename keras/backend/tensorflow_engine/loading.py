"""TensorFlow without what this library does not use: half of what `import tensorflow` costs.

`import tensorflow` imports all of its public names, and for them 1,600 modules: estimators, TPUs, data pipelines, TFLite.
Here a public name is imported when it is first asked for, from where TensorFlow's own list of names says it is, so that
no private path is written down; `tf.raw_ops.Conv2D` loads the module of raw convolutions.

The package `tensorflow` is then in `sys.modules` with what its modules need of it, and loads the rest as soon as anything
else is asked of it: `import tensorflow as tf` in a program, before or after, in this thread or another, works as ever.
It comes in two stages (`stages`), of which a program that finds its functions on disk (`shelf`) needs the first only.

With `KERAS_TENSORFLOW_IMPORT=full`, or if a TensorFlow is built otherwise, all of it is imported at once.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable, Iterable
from importlib import util
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from keras.backend.tensorflow_engine import importing, stages
from keras.backend.tensorflow_engine.quiet import without_notice
from keras.interrupt import undisturbed

#: Where gradients are registered, if not in a module named after the ops.
_GRADIENTS = {"spectral": "signal.fft_ops"}
#: What libraries that draw or print ask of the package to learn whether something is a tensor; matplotlib for every plot.
_PROBED = frozenset({"Tensor", "Variable", "is_tensor", "__version__"})
_IMPORT = re.compile(r"^from (tensorflow\.\S+) import (\w+)(?: as (\w+))?", re.MULTILINE)


class Names:
    """A package of public names, each loaded when it is first asked for.

    Args:
        package: where TensorFlow lists them, such as `"tensorflow._api.v2.math"`.
        folder: of that package.
    """

    def __init__(self, package: str, folder: Path) -> None:
        listed = _IMPORT.findall((folder / "__init__.py").read_text("utf-8"))
        self._package, self._folder = package, folder
        self._places = {alias or name: (module, name) for module, name, alias in listed}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in self._places:  # tools look for wrappers and the like
            raise AttributeError(name)
        module, original = self._places.get(name, (self._package, name))
        if module.startswith("tensorflow._api"):
            value: Any = Names(f"{module}.{original}", self._folder_of(module) / original)
        else:
            if module not in stages.RUNTIME:
                stages.load_graphs()
            value = getattr(importing.load(module), original)
            if self._package.endswith(".raw_ops"):  # whose wrappers only refuse arguments by place
                value = getattr(value, "__wrapped__", value)
            self._register_gradients(module)
        self.__dict__[name] = value  # found there the next time, without this method
        return value

    def _register_gradients(self, module: str) -> None:
        """With `gen_linalg_ops` comes `linalg_grad`."""
        family = re.fullmatch(r"tensorflow\.python\.ops\.gen_(\w+)_ops", module)
        if family:
            gradients = "tensorflow.python.ops." + _GRADIENTS.get(family[1], f"{family[1]}_grad")
            if gradients not in sys.modules and util.find_spec(gradients):
                importing.load(gradients)

    def _folder_of(self, module: str) -> Path:
        root = self._folder
        while root.name != "tensorflow":
            root = root.parent
        return root.joinpath(*module.split(".")[1:])


class _Partial(ModuleType):
    """The package `tensorflow` of which some modules are loaded; whatever else is asked of it loads all of it."""

    def __getattr__(self, name: str) -> Any:
        if name in _PROBED and not _completing:
            return getattr(_names_of(self), name)
        _complete(self)
        return getattr(self, name)


def _names_of(package: ModuleType) -> Names:
    return Names("tensorflow", Path(package.__spec__.origin).parent)  # type: ignore[arg-type,union-attr]


_completing = False
#: What is to be done when all of TensorFlow has been loaded.
when_whole: list[Callable[[], None]] = []


def is_whole() -> bool:
    """Whether all of TensorFlow is loaded."""
    return not isinstance(sys.modules["tensorflow"], _Partial)


def _complete(package: ModuleType) -> None:
    """Run TensorFlow's own `__init__`, once; other threads wait for it."""
    global _completing
    with stages.lock, undisturbed():
        if not isinstance(package, _Partial):
            return  # another thread has done it
        if _completing:  # its own `__init__` asks what is there already
            raise AttributeError(f"module {package.__name__!r} is being loaded")
        stages.load_graphs()
        _completing = True
        try:
            with without_notice():
                importlib.reload(package)
            package.__class__ = ModuleType  # type: ignore[assignment]
        finally:
            _completing = False
        for act in when_whole:
            act()


class _PartialLoader(Loader):
    """Loads what the library uses as the package `tensorflow`, under the import system's own lock."""

    def exec_module(self, module: ModuleType) -> None:
        stages.begin(module)
        module.__class__ = _Partial


class _PartialFinder(MetaPathFinder):
    """Finds TensorFlow where it is, and gives it another loader."""

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != "tensorflow" or target is not None:
            return None
        found = _find()
        if found is None or found.origin is None:
            return None
        return util.spec_from_file_location(
            fullname, found.origin, loader=_PartialLoader(), submodule_search_locations=_folders(found)
        )


def _find() -> ModuleSpec | None:
    for finder in sys.meta_path:
        if not isinstance(finder, _PartialFinder):
            found = finder.find_spec("tensorflow", None)
            if found is not None:
                return found
    return None


def _folders(spec: ModuleSpec) -> list[str]:
    locations: Iterable[str] = spec.submodule_search_locations or ()
    return list(locations)


def load() -> Any:
    """TensorFlow's public names."""
    if "tensorflow" not in sys.modules and os.environ.get("KERAS_TENSORFLOW_IMPORT") != "full":
        names = _load_in_part()
        if names is not None:
            return names
    stages.skip()
    return importlib.import_module("tensorflow")


def _load_in_part() -> Names | None:
    """The runtime; None if this TensorFlow is built otherwise."""
    finder = _PartialFinder()
    sys.meta_path.insert(0, finder)
    try:
        package = importing.load("tensorflow")
        names = _names_of(package)
        if all(map(callable, (names.constant, names.as_dtype, names.executing_eagerly))):  # as its list says
            return names
    except (ImportError, AttributeError, OSError):
        sys.modules.pop("tensorflow", None)
    finally:
        sys.meta_path.remove(finder)
    return None


if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = load()


def module(name: str) -> ModuleType:
    """A module of TensorFlow's that has no public name; see what imports it for why."""
    if f"tensorflow.python.{name}" not in stages.RUNTIME:
        stages.load_graphs()
    return importing.load(f"tensorflow.python.{name}")


context, execute, record = map(module, ("eager.context", "eager.execute", "eager.record"))

__all__ = ["context", "execute", "is_whole", "load", "module", "record", "tf", "when_whole"]
