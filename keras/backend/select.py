"""Which engine is in force: by name, by context, by default; engines are constructed at first use, never at import."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from keras import config
from keras.errors import EngineMissingError, unknown
from keras.interrupt import undisturbed

if TYPE_CHECKING:
    from keras.backend.engine import Engine


class _Adapter(NamedTuple):
    """Where an engine's adapter is, and what must be installed for it: a package, or what an installer of ours builds.

    The package may ask things of our objects (`joins`), once a program has imported it.
    """

    module: str
    class_name: str
    requires: str = ""
    joins: bool = False
    installer: str = (
        ""  # a module with `location()`, None before `run()` has built the engine, and `remove()`
    )


_ADAPTERS = {
    "tensorflow": _Adapter("keras.backend.tensorflow", "TensorFlowEngine", "tensorflow", joins=True),
    "theano": _Adapter("keras.backend.theano", "TheanoEngine", "pytensor"),
    "cntk": _Adapter("keras.backend.cntk.engine", "CNTKEngine", installer="keras.backend.cntk.install"),
    "numpy": _Adapter("keras.backend.numpy.engine", "NumPyEngine", "numpy"),
}

_engines: dict[str, Engine] = {}
_lock = threading.RLock()
_chosen: str | None = None  # set_backend()'s choice; None until then
_default: str | None = None  # resolved once from _chosen, the environment and what is installed
_name: ContextVar[str | None] = ContextVar("keras_engine_name", default=None)
_scope: ContextVar[Engine | None] = ContextVar("keras_engine_scope", default=None)


def known() -> tuple[str, ...]:
    """Names of all engines the library has an adapter for, the preferred one first."""
    return tuple(_ADAPTERS)


def available() -> tuple[str, ...]:
    """Names of the engines whose package is installed; nothing is imported to find out."""
    return tuple(n for n in _ADAPTERS if _installed(n))


def installers() -> dict[str, ModuleType]:
    """Of the engines that `python -m keras install NAME` builds on this machine, the modules that do it."""
    return {n: importlib.import_module(a.installer) for n, a in _ADAPTERS.items() if a.installer}


def install_command(name: str) -> str:
    """What is run after `pip install "keras[NAME]"` to install the engine; empty for most."""
    return f"python -m keras install {name}" if _ADAPTERS[name].installer else ""


def _installed(name: str) -> bool:
    requires, installer = _ADAPTERS[name].requires, _ADAPTERS[name].installer
    if installer:
        return importlib.import_module(installer).location() is not None
    return requires in sys.modules or importlib.util.find_spec(requires) is not None


def get(name: str) -> Engine:
    """The engine `name`, constructed (and its package imported) at the first call.

    Raises:
        ValueError: no such engine. EngineMissingError (an ImportError): its package is not installed.
    """
    engine = _engines.get(name)
    if engine is None:
        with _lock, undisturbed():
            engine = _engines.get(name) or _construct(name)
            _engines[name] = engine
    return engine


def _construct(name: str) -> Engine:
    _check_name(name)
    if not _installed(name):
        raise EngineMissingError(name, f'"keras[{name}]"', then=install_command(name))
    adapter = _ADAPTERS[name]
    return getattr(importlib.import_module(adapter.module), adapter.class_name)()


def _check_name(name: str) -> None:
    if name not in _ADAPTERS:
        raise ValueError(unknown("backend", name, _ADAPTERS))


def current() -> Engine:
    """The engine in force here: an inner scope (abstract, tape), else `using(...)`, else the default."""
    engine = _scope.get() or _engines.get(_name.get() or _default or "")  # asked many times in every op
    return engine if engine is not None else get(current_name())


def inner() -> Engine | None:
    """The inner scope's engine (abstract, tape), or None; unlike `current()` it never constructs an engine."""
    return _scope.get()


def current_name() -> str:
    """Name of the real engine in force, without constructing it."""
    return _name.get() or _default_name()


def meet() -> None:
    """Construct the default engine now if the program has imported its package, which may ask for our objects next."""
    name = current_name()
    if name not in _engines and _ADAPTERS[name].joins and _ADAPTERS[name].requires in sys.modules:
        get(name)


def _default_name() -> str:
    global _default
    if _default is None:
        _default = _chosen or _resolve_default()
    return _default


def _resolve_default() -> str:
    asked = config.requested_backend()
    if asked is not None:
        _check_name(asked)
        return asked
    found = available()
    if found[0] == "numpy":
        print(
            "keras: no engine is installed, running on the numpy reference engine; "
            'for speed: pip install "keras[tensorflow]"',
            file=sys.stderr,
        )
    return found[0]


def set_backend(name: str) -> None:
    """Choose the default engine for this process; possible until the default engine has been used.

    Raises:
        ValueError: unknown name. RuntimeError: the default engine already holds tensors.
    """
    global _chosen, _default
    _check_name(name)
    if _default is not None and _default != name and _default in _engines:
        raise RuntimeError(
            f"set_backend({name!r}) came too late: engine {_default!r} is already in use. "
            f"Call it before the first tensor, or run a part on another engine: `with keras.backend.using({name!r}): ...`."
        )
    _chosen = _default = name


@contextmanager
def using(name: str) -> Iterator[Engine]:
    """Run the block on engine `name`; variables made inside belong to it.

    Example:
        >>> import keras
        >>> with keras.backend.using("numpy"):
        ...     print(keras.ops.add(1, 2))
        3
    """
    engine = get(name)
    name_token, scope_token = _name.set(name), _scope.set(None)
    try:
        yield engine
    finally:
        _scope.reset(scope_token)
        _name.reset(name_token)


@contextmanager
def scope(engine: Engine | None) -> Iterator[None]:
    """Put an inner engine (abstract, tape) in force; None gives back the real one underneath."""
    token = _scope.set(engine)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def device(device_name: str) -> Iterator[None]:
    """Place the tensors made in the block on a device of the engine in force, such as `"cpu:0"`."""
    with current().device_scope(device_name):
        yield
