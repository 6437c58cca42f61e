"""TensorFlow without what this library does not use: half of what `import tensorflow` costs.

`import tensorflow` imports all of its public names, and for them 1,600 modules: estimators, TPUs, data pipelines, TFLite.
Here a public name is imported when it is first asked for, from where TensorFlow's own list of names says it is, so that
no private path is written down; `tf.raw_ops.Conv2D` loads the module of raw convolutions.

The package `tensorflow` is then in `sys.modules` with what its modules need of it, and loads the rest as soon as anything
else is asked of it: `import tensorflow as tf` in a program, before or after, in this thread or another, works as ever.
It comes in two stages. First the runtime, which makes tensors and runs compiled functions: all that a program needs that
finds its functions on disk (see `shelf`). What makes graphs and gradients, twice as much, follows when it is first asked
for a name that lies there, an operator of a tensor, or a module.

With `KERAS_TENSORFLOW_IMPORT=full`, or if a TensorFlow is built otherwise, all of it is imported at once.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import threading
from collections.abc import Iterable
from importlib import util
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from keras.backend.tensorflow_engine import importing
from keras.backend.tensorflow_engine.quiet import without_notice

#: Modules that are imported for what that does: they register gradients, loops and branches of version 2.
_REGISTERING = (
    *(
        "array_grad",
        "control_flow_grad",
        "data_flow_grad",
        "manip_grad",
        "math_grad",
        "nn_grad",
        "random_grad",
    ),
    *("state_grad", "tensor_array_grad", "cond_v2", "while_v2", "list_ops", "resource_variable_ops"),
)
#: Where gradients are registered, if not in a module named after the ops.
_GRADIENTS = {"spectral": "signal.fft_ops"}
#: What libraries that draw or print ask of the package to learn whether something is a tensor; matplotlib for every plot.
_PROBED = frozenset({"Tensor", "Variable", "is_tensor", "__version__"})
#: Modules of the runtime: what is named in them needs no more.
_RUNTIME = tuple(
    f"tensorflow.python.{name}"
    for name in (
        *("eager.context", "eager.execute", "eager.record"),
        *(
            f"framework.{part}"
            for part in ("ops", "dtypes", "tensor", "tensor_shape", "constant_op", "versions")
        ),
        "framework.tensor_conversion_registry",
    )
)
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
            if module not in _RUNTIME:
                _load_graphs()
            value = getattr(importing.load(module), original)
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


_lock = threading.RLock()
_completing = False
_has_graphs = False


def _complete(package: ModuleType) -> None:
    """Run TensorFlow's own `__init__`, once; other threads wait for it."""
    global _completing
    with _lock:
        if not isinstance(package, _Partial):
            return  # another thread has done it
        if _completing:  # its own `__init__` asks what is there already
            raise AttributeError(f"module {package.__name__!r} is being loaded")
        _load_graphs()
        _completing = True
        try:
            with without_notice():
                importlib.reload(package)
            package.__class__ = ModuleType  # type: ignore[assignment]
        finally:
            _completing = False


class _PartialLoader(Loader):
    """Loads what the library uses as the package `tensorflow`, under the import system's own lock."""

    def exec_module(self, module: ModuleType) -> None:
        os.environ.setdefault("ENABLE_RUNTIME_UPTIME_TELEMETRY", "1")  # as TensorFlow's own `__init__` does
        os.environ["TF2_BEHAVIOR"] = "1"
        with without_notice():
            _import("pywrap_tensorflow", "tf2")
        sys.modules["tensorflow.python.tf2"].enable()
        for name in _RUNTIME:
            importing.load(name)
        module.__class__ = _Partial
        _hide(module)
        sys.meta_path.insert(0, _watch)
        _operators.lend(sys.modules["tensorflow.python.framework.tensor"].Tensor)


def _hide(package: ModuleType) -> None:
    """Let no other submodules be found: they may need what the package's `__init__` does."""
    del package.__path__


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


class _Watch(MetaPathFinder):
    """Finds nothing. Whoever imports a module of TensorFlow's while there is the runtime only gets the second stage first."""

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if not fullname.startswith("tensorflow."):
            return None
        _load_graphs()
        loaded = sys.modules.get(fullname)
        if loaded is None:
            return None
        loaded.__spec__ = ModuleSpec(fullname, _Loaded(loaded))  # the import system goes by the module's own
        return loaded.__spec__


class _Operators:
    """`+` and the like of tensors are functions of the second stage: the first that is asked for loads it."""

    def __init__(self) -> None:
        self._kind: Any = None
        self._lent: list[str] = []

    def lend(self, kind: Any) -> None:
        """Give the class of tensors operators that wait."""
        self._kind = kind
        self._lent = [name for name in kind.OVERLOADABLE_OPERATORS if name not in vars(kind)]
        for name in self._lent:
            setattr(kind, name, self._waiting(name))

    def take_back(self) -> None:
        while self._lent:
            delattr(self._kind, self._lent.pop())

    def _waiting(self, name: str) -> Any:
        def operator(x: Any, *others: Any) -> Any:
            _load_graphs()
            return getattr(x, name)(*others)

        return operator


_operators = _Operators()


class _Loaded(Loader):
    """Loads a module that has been loaded meanwhile.

    Args:
        module: the one.
    """

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


_watch = _Watch()


def _load_graphs() -> None:
    """The second stage."""
    global _has_graphs
    if _has_graphs:
        return
    with _lock:
        package = sys.modules["tensorflow"]
        if isinstance(package, _Partial) and not _has_graphs:
            _end_first_stage()
            package.__path__ = list(package.__spec__.submodule_search_locations)  # type: ignore[union-attr,arg-type]
            with importing.lean:
                _import(*(f"ops.{name}" for name in _REGISTERING), "compat.v2_compat")
                sys.modules["tensorflow.python.compat.v2_compat"].enable_v2_behavior()
            _hide(package)
        _has_graphs = True


def _end_first_stage() -> None:
    if _watch in sys.meta_path:
        sys.meta_path.remove(_watch)
    _operators.take_back()


def has_graphs() -> bool:
    """Whether more than the runtime is loaded."""
    return _has_graphs


def _import(*modules: str) -> None:
    for name in modules:
        importing.load(f"tensorflow.python.{name}")


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
    global _has_graphs
    if "tensorflow" not in sys.modules and os.environ.get("KERAS_TENSORFLOW_IMPORT") != "full":
        names = _load_in_part()
        if names is not None:
            return names
    _has_graphs = True
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
        _end_first_stage()
    finally:
        sys.meta_path.remove(finder)
    return None


if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = load()


def module(name: str) -> ModuleType:
    """A module of TensorFlow's that has no public name; see what imports it for why."""
    if f"tensorflow.python.{name}" not in _RUNTIME:
        _load_graphs()
    return importing.load(f"tensorflow.python.{name}")


context, execute, record = map(module, ("eager.context", "eager.execute", "eager.record"))

__all__ = ["context", "execute", "has_graphs", "load", "module", "record", "tf"]
