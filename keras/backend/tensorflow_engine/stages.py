"""The two stages in which TensorFlow is loaded: its runtime, and what makes graphs.

With the runtime tensors are made and compiled functions run. Gradients, loops and the operators of tensors are of the
second stage. It is loaded when somebody needs it: the library itself, which asks for names (`loading`), or a program, which
adds tensors or imports a module of TensorFlow's.
"""

from __future__ import annotations

import os
import sys
import threading
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from keras.backend.tensorflow_engine import importing
from keras.backend.tensorflow_engine.quiet import without_notice
from keras.interrupt import undisturbed

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
#: Modules of the runtime: what is named in them needs no more.
RUNTIME = tuple(
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

#: Held while anything is loaded.
lock = threading.RLock()
_package: ModuleType | None = None  # the partial one
_has_graphs = False


class _Watch(MetaPathFinder):
    """Finds nothing. Whoever imports a module of TensorFlow's while there is the runtime only gets the second stage first."""

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if not fullname.startswith("tensorflow."):
            return None
        load_graphs()
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
            load_graphs()
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


def begin(package: ModuleType) -> None:
    """Load the first stage of a package that will be a partial one."""
    global _package
    os.environ.setdefault("ENABLE_RUNTIME_UPTIME_TELEMETRY", "1")  # as TensorFlow's own `__init__` does
    os.environ["TF2_BEHAVIOR"] = "1"
    with without_notice():
        _import("pywrap_tensorflow", "tf2")
    sys.modules["tensorflow.python.tf2"].enable()
    for name in RUNTIME:
        importing.load(name)
    _hide(package)
    sys.meta_path.insert(0, _watch)
    _operators.lend(sys.modules["tensorflow.python.framework.tensor"].Tensor)
    _package = package


def load_graphs() -> None:
    """Load the second stage, once; other threads wait for it."""
    if _has_graphs:
        return
    with lock, undisturbed():
        if _package is not None and not _has_graphs:
            _end_first()
            _package.__path__ = list(_package.__spec__.submodule_search_locations)  # type: ignore[union-attr,arg-type]
            with importing.lean:
                _import(*(f"ops.{name}" for name in _REGISTERING), "compat.v2_compat")
                sys.modules["tensorflow.python.compat.v2_compat"].enable_v2_behavior()
            _hide(_package)
        skip()


def skip() -> None:
    """Without stages: all of TensorFlow is there, or will be."""
    global _has_graphs
    _end_first()
    _has_graphs = True


def _end_first() -> None:
    if _watch in sys.meta_path:
        sys.meta_path.remove(_watch)
    _operators.take_back()


def has_graphs() -> bool:
    """Whether more than the runtime is loaded."""
    return _has_graphs


def _hide(package: ModuleType) -> None:
    """Let no other submodules be found: they may need what the package's `__init__` does."""
    del package.__path__


def _import(*modules: str) -> None:
    for name in modules:
        importing.load(f"tensorflow.python.{name}")
