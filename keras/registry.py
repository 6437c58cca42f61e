"""The only way a name becomes a class or a function.

Names come from files and from users. They are looked up in three places and nowhere else: objects the
user hands over (`custom_objects=`, `custom_object_scope`), objects the user registered
(`register_keras_serializable`), and the export lists of our own families, a fixed table. No name is ever
imported or followed as an attribute path.
"""

import importlib
import re
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from functools import cache
from typing import Any, TypeVar

from keras.errors import shorten

T = TypeVar("T")

# Family -> its public module. The order is that of the search when a file does not say which family is meant.
FAMILIES: Mapping[str, str] = {
    "layers": "keras.layers",
    "models": "keras.models",
    "activations": "keras.activations",
    "initializers": "keras.initializers",
    "regularizers": "keras.regularizers",
    "constraints": "keras.constraints",
    "losses": "keras.losses",
    "metrics": "keras.metrics",
    "optimizers": "keras.optimizers",
    "optimizers.schedules": "keras.optimizers.schedules",
    "dtype_policies": "keras.dtype_policies",
    "random": "keras.random",
    "ops": "keras.ops",
}
FUNCTION_FAMILIES = ("activations", "losses", "metrics", "ops")

_ROOTS = {"keras", "keras_core", "tf_keras", "tensorflow"}
_NOT_OBJECTS = {"get", "serialize", "deserialize"}
_OLD_NAMES = {"Policy": "DTypePolicy", "PolicyV1": "DTypePolicy"}
# Classes whose own name, from which Keras 3 makes names of layers and of groups in files, is not the exported one.
_EXPORTED_AS = {"GroupedQueryAttention": "GroupQueryAttention"}


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """A decorator that lets files name a class or function of yours, as `package>name`.

    Args:
        package: a prefix that keeps libraries apart.
        name: the name in files; by default the object's own.

    Returns:
        The decorator, which returns the object unchanged.

    >>> @register_keras_serializable("my_library")
    ... def double(x):
    ...     return 2 * x
    >>> get_registered_name(double)
    'my_library>double'
    """

    def decorate(obj: T) -> T:
        if not callable(obj):
            raise TypeError(f"register_keras_serializable takes a class or a function, got {shorten(obj)}")
        if isinstance(obj, type) and not hasattr(obj, "get_config"):
            raise ValueError(
                f"cannot register the class {obj.__name__}: it has no get_config(). "
                "Subclass keras.Layer or another class of the library, or write get_config and from_config."
            )
        own = name or str(getattr(obj, "__name__", type(obj).__name__))
        full = f"{package}>{own}" if package else own
        _registered[full] = obj
        _names[obj] = full
        return obj

    return decorate


def get_registered_name(obj: Any) -> str:
    """The name under which a class or function is registered, or its own name."""
    return _registered_as(obj) or str(getattr(obj, "__name__", type(obj).__name__))


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """The object a user gave or registered under this name, else that of `module_objects`, else None."""
    found = find_custom((name,), custom_objects)
    return found if found is not None or not module_objects else module_objects.get(name)


def get_custom_objects() -> dict[str, Any]:
    """The objects registered for the whole process, by name; the dict may be changed."""
    return _registered


class CustomObjectScope(AbstractContextManager[Any]):
    """A block in which names in configs mean the objects given.

    Args:
        *custom_objects: dicts from name to class or function.

    >>> with custom_object_scope({"double": lambda x: 2 * x}):
    ...     get_registered_object("double")(4)
    8
    """

    def __init__(self, *custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = {name: obj for given in custom_objects for name, obj in (given or {}).items()}
        self._tokens: list[Token[Mapping[str, Any]]] = []

    def __enter__(self) -> "CustomObjectScope":
        self._tokens.append(_scope.set({**_scope.get(), **self.custom_objects}))
        return self

    def __exit__(self, *exc: object) -> None:
        _scope.reset(self._tokens.pop())


custom_object_scope = CustomObjectScope


def find_custom(names: tuple[Any, ...], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """What a user gave for one of these names, by argument, by scope or by registration; or None."""
    for place in (custom_objects or {}, _scope.get(), _registered):
        for name in names:
            if isinstance(name, str) and name in place:
                return place[name]
    return None


def find_in_any_package(name: str) -> Any:
    """What is registered as `name` in one package only, or None: files of Keras before 3.7 lack the package of a function."""
    found = [obj for full, obj in _registered.items() if full.rpartition(">")[2] == name]
    return found[0] if len(found) == 1 else None


def find_class(name: str, module: str | None, family: str | None = None) -> type | None:
    """The public class of ours that a config names, or None.

    Args:
        name: the class name.
        module: the module in the config, in any spelling of any era; it only selects the family.
        family: where to look first when the module says nothing; names may be written as `"adam"` there.
    """
    name = {**_OLD_NAMES, **_EXPORTED_AS}.get(name, name)
    for candidate in _candidates(module, family):
        found = (names_of if candidate == family else public)(candidate).get(name)
        if isinstance(found, type):
            return found
    return None


def exported_name(cls: type) -> str:
    """The name under which a class of ours is public, and configs know it; of any other class its own name."""
    ours = cls.__module__.split(".")[0] == "keras"
    return _EXPORTED_AS.get(cls.__name__, cls.__name__) if ours else cls.__name__


def find_function(name: str, module: str | None, family: str | None = None) -> Callable[..., Any] | None:
    """The public function of ours that a config names: an activation, a loss, a metric, an op; or None."""
    for candidate in _candidates(module, family):
        if candidate in FUNCTION_FAMILIES:
            found = public(candidate).get(name)
            if found is not None and not isinstance(found, type):
                return found
    return None


def family_of(module: str | None) -> str | None:
    """The family a module belongs to, whatever the era of its spelling; None if it does not say.

    >>> family_of("keras.src.layers.core.dense"), family_of("keras.optimizers.schedules"), family_of("keras")
    ('layers', 'optimizers.schedules', None)
    """
    parts = (module or "").split(".")
    if parts[0] not in _ROOTS:
        return None
    if "schedules" in parts:
        return "optimizers.schedules"
    return next((part for part in parts[1:] if part in FAMILIES), None)


def is_ours(module: str | None) -> bool:
    """Whether a config's module claims to be this library in any of its eras, or claims nothing."""
    return module is None or module.split(".")[0] in _ROOTS


def names_of(family: str) -> Mapping[str, Any]:
    """The objects of a family by every name a user may write, as `GlorotUniform` and `glorot_uniform`."""
    return _spellings(family)


def other_names(module: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's `__getattr__` for other names of what it has, as programs of Keras 2 import `keras.losses.mse`."""

    def named(name: str) -> Any:
        if name in names:
            return getattr(sys.modules[module], names[name])
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return named


@cache
def public(family: str) -> Mapping[str, Any]:
    """The classes and functions a family exports that a config may name."""
    module = importlib.import_module(FAMILIES[family])
    # Names a module would import when asked for them are not among its variables: they stay out of reach.
    exported = {name: vars(module)[name] for name in module.__all__ if name in vars(module)}
    return {name: obj for name, obj in exported.items() if name not in _NOT_OBJECTS and _is_ours(obj)}


def _is_ours(obj: Any) -> bool:
    if isinstance(obj, type):
        return hasattr(obj, "from_config") and obj.__module__.split(".")[0] == "keras"
    return callable(obj) and (getattr(obj, "__module__", None) or "").split(".")[0] == "keras"


@cache
def _spellings(family: str) -> Mapping[str, Any]:
    objects = public(family)
    spelled: dict[str, Any] = {}
    for name, obj in objects.items():
        if isinstance(obj, type):
            spelled[_snake(name)] = spelled[name.lower()] = obj
    return {**spelled, **objects}  # exact names win


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _candidates(module: str | None, family: str | None) -> Iterator[str]:
    if not is_ours(module) and module != "builtins":
        return
    named = family_of(module)
    if named:
        yield named
        return
    if family:
        yield family
    yield from (other for other in FAMILIES if other != family)


def _registered_as(obj: Any) -> str | None:
    try:
        return _names.get(obj)
    except TypeError:  # not something that can be registered
        return None


_registered: dict[str, Any] = {}
_names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
_scope: ContextVar[Mapping[str, Any]] = ContextVar("keras_custom_objects", default={})  # noqa: B039 (never changed)
