"""Objects as plain data and back: configs, the way files, clones and `get_config()` speak of objects.

`Serializable` remembers the arguments of the constructor, so a class normally writes neither `get_config` nor
`from_config`. `serialize` writes dicts in the layout of Keras 3; `deserialize` (`keras.config_reader`) reads
those of Keras 2 and 3 and runs nothing they hold. This module gathers all names about configs.
"""

import inspect
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

import numpy as np

from keras import registry
from keras.config_reader import deserialize
from keras.errors import shorten, unknown
from keras.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)

__all__ = [
    "CustomObjectScope",
    "Serializable",
    "custom_object_scope",
    "deserialize",
    "get",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "keep_functions",
    "register_keras_serializable",
    "serialize",
]

Config = dict[str, Any]


class Serializable:
    """Base of everything with a config: layers, losses, metrics, optimizers, initializers, ...

    The default `get_config()` holds the arguments of `__init__` by name. For a class of the library the value
    is the attribute of the argument's name, which holds its settled form (`kernel_size=3` became `(3, 3)`);
    for a class of a user it is what the constructor was called with: users give attributes any meaning.

    A family's base class may write `_base_config` for arguments it treats itself (a layer: name, trainable,
    dtype). A class that overrides `get_config` and calls `super().get_config()` gets the arguments of the
    classes above it.

    >>> class Scale(Serializable):
    ...     def __init__(self, factor, offset=0.0):
    ...         self.factor = factor
    >>> Scale(2).get_config()
    {'factor': 2, 'offset': 0.0}
    >>> Scale.from_config({"factor": 3}).factor
    3
    """

    _init_call: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    # Constructor arguments that no config repeats, as a layer's input_shape; they add up over the classes.
    _not_in_config: frozenset[str] = frozenset()

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        obj = super().__new__(cls)
        # Kept as given, bound to the signature only when asked for; past any __setattr__ that tracks.
        object.__setattr__(obj, "_init_call", (args, kwargs))
        return obj

    def get_config(self) -> Config:
        """The constructor's arguments by name, objects among them serialised.

        Returns:
            A dict of plain data from which `from_config` makes an equal, untrained object.
        """
        mro = type(self).__mro__
        overriding = [i for i, cls in enumerate(mro) if cls is not Serializable and "get_config" in vars(cls)]
        behind = mro[overriding[-1] + 1 :] if overriding else mro
        arguments = _arguments(self, behind, whole=not overriding)
        base = self._base_config()
        return {**base, **{name: _plain(value) for name, value in arguments.items() if name not in base}}

    def _base_config(self) -> Config:
        """The part of the config that a family's base class writes itself, already serialised."""
        return {}

    @classmethod
    def from_config(
        cls, config: Config, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
    ) -> Self:
        """An object from the dict its `get_config` returned.

        Args:
            config: argument values by name, objects among them as dicts.
            custom_objects: classes and functions of yours by the names the config uses.
            safe_mode: passed on to the objects inside.

        Returns:
            A new object.

        Raises:
            TypeError: if the constructor does not take one of the arguments.
        """
        parameters = _parameters(cls.__init__)
        config = {
            k: v for k, v in config.items() if v is not None or k in parameters or k not in _IDLE_ARGUMENTS
        }
        values = {
            name: deserialize(value, custom_objects, safe_mode, family=_family_of_argument(name))
            for name, value in config.items()
        }
        star = next((p.name for p in parameters.values() if p.kind is p.VAR_POSITIONAL), None)
        if star not in values:
            return cls(**values)
        before = [p.name for p in parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        positional = [values.pop(name) for name in before if name in values]
        return cls(*positional, *values.pop(star), **values)


def serialize(obj: Any) -> Any:
    """An object as plain data that JSON can hold, in the layout of Keras 3.

    Args:
        obj: an object with a config, a function with a name, an array, a tensor, a variable, a slice, or any
            nesting of these and of numbers, texts and None in lists, tuples and dicts.

    Returns:
        For objects `{"module", "class_name", "config", "registered_name"}`; containers keep their shape.

    Raises:
        TypeError: if it has neither a config nor a name, or is a lambda.

    >>> serialize({"range": slice(0, 4), "rate": np.float32(0.5)})
    {'range': {'class_name': '__slice__', 'config': {'start': 0, 'stop': 4, 'step': None}}, 'rate': 0.5}
    """
    if isinstance(obj, np.generic):
        return obj.item()
    if obj is None or isinstance(obj, bool | int | float | str):
        return obj
    if isinstance(obj, dict):
        return {key: serialize(value) for key, value in obj.items()}
    if isinstance(obj, list):
        return [serialize(item) for item in obj]
    if isinstance(obj, tuple):
        return tuple(serialize(item) for item in obj)
    if hasattr(obj, "get_config") and not isinstance(obj, type):
        return _serialize_object(obj)
    for kind, write in _WRITERS:
        if isinstance(obj, kind):
            return write(obj)
    if callable(obj):
        return _serialize_function(obj)
    if hasattr(obj, "__array__"):  # a Variable, or a tensor of whatever engine
        return {"class_name": "__tensor__", "config": _array_config(np.asarray(obj))}
    if hasattr(obj, "as_list"):  # a tf.TensorShape, perhaps of unknown rank
        return None if obj.rank is None else obj.as_list()
    if hasattr(obj, "as_numpy_dtype"):  # a tf.DType
        return obj.name
    raise TypeError(
        f"cannot serialise {shorten(obj)} of type {type(obj).__name__}: "
        "its class must have get_config() and from_config(), or it must be plain data"
    )


def get(
    identifier: Any,
    family: str,
    kind: str,
    aliases: Mapping[str, str] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
) -> Any:
    """What a user means by an identifier; the body of `initializers.get`, `losses.get` and their like.

    Args:
        identifier: None, a name, a config, a class (made without arguments), the object or function itself.
        family: a key of `keras.registry.FAMILIES`, as in `"initializers"`.
        kind: how messages call it, as in `"initializer"`.
        aliases: further names, each with the public name it stands for.
        custom_objects: classes and functions of yours by name.

    Returns:
        An instance or a function; None for None.

    Raises:
        ValueError: if the name is not known, with the nearest known one.
        TypeError: if it is nothing of the kind.
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        return deserialize(identifier, custom_objects, family=family)
    if isinstance(identifier, str):
        found = registry.find_custom((identifier,), custom_objects)
        names = registry.names_of(family)
        if found is None:
            found = names.get((aliases or {}).get(identifier, identifier))
        if found is None:
            raise ValueError(unknown(kind, identifier, [*names, *(aliases or {})]))
        return found() if isinstance(found, type) else found
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier) or hasattr(identifier, "get_config"):
        return identifier
    raise TypeError(f"{kind}: expected a name, a function, an object or None, got {shorten(identifier)}")


@contextmanager
def keep_functions() -> Iterator[None]:
    """A block in which `serialize` leaves functions, and stateless objects that no file could name, as they are.

    For copies in the process, not for files.
    """
    token = _keep.set(True)
    try:
        yield
    finally:
        _keep.reset(token)


_keep: ContextVar[bool] = ContextVar("keras_keep_functions", default=False)

# Arguments Keras writes for features that wrap a layer here; as None they ask for nothing.
_IDLE_ARGUMENTS = {"quantization_config", "lora_rank", "lora_alpha", "gptq_unpacked_column_size"}

# Which family an argument of a Keras 2 config belongs to: those configs do not say.
_ARGUMENT_FAMILIES = {
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "activation": "activations",
    "learning_rate": "optimizers.schedules",
    "dtype": "dtype_policies",
    "policy_map": "dtype_policies",
    "loss": "losses",
    "metric": "metrics",
    "metrics": "metrics",
    "optimizer": "optimizers",
}


def _family_of_argument(name: str) -> str | None:
    return _ARGUMENT_FAMILIES.get(name) or _ARGUMENT_FAMILIES.get(name.rpartition("_")[2])


# the arguments of a constructor


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters of a method, without self."""
    return dict(list(inspect.signature(function).parameters.items())[1:])


def _arguments(obj: Serializable, classes: tuple[type, ...], whole: bool) -> dict[str, Any]:
    """The constructor arguments of the first of these classes that has a constructor.

    Args:
        classes: part of the MRO.
        whole: whether that is the constructor that was called, so that what its **kwargs took counts too.
    """
    owner = next((cls for cls in classes if "__init__" in vars(cls)), object)
    if owner is object or "_base_config" in vars(owner):
        return _passed_on(obj) if whole else {}
    given = _bound(obj)
    # A base class leaves out what its own **kwargs took; a subclass that declares the same name means something else.
    left_out = _left_out(cls for cls in type(obj).__mro__ if "_base_config" not in vars(cls))
    parameters = {n: p for n, p in _parameters(vars(owner)["__init__"]).items() if n not in left_out}
    arguments = {}
    for name, parameter in parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments.update(_passed_on(obj) if whole else {})
        elif parameter.kind is parameter.VAR_POSITIONAL and not given.get(name):
            continue  # nothing came: real Keras reads the file too
        elif _is_ours(owner) and _has_value(obj, name):
            arguments[name] = getattr(obj, name)
        elif name in given:
            arguments[name] = given[name]
        elif parameter.default is not parameter.empty:
            arguments[name] = parameter.default
    return arguments


def _bound(obj: Serializable) -> dict[str, Any]:
    """What the constructor was called with, by parameter name, defaults and **kwargs included."""
    args, kwargs = obj._init_call
    bound = inspect.signature(type(obj).__init__).bind(obj, *args, **kwargs)
    bound.apply_defaults()
    star = [p.name for p in bound.signature.parameters.values() if p.kind is p.VAR_KEYWORD]
    extra = bound.arguments.pop(star[0]) if star else {}
    return {**dict(list(bound.arguments.items())[1:]), **extra}


def _passed_on(obj: Serializable) -> dict[str, Any]:
    """The keyword arguments the constructor passed on to the classes above it."""
    named = inspect.signature(type(obj).__init__).parameters
    left_out = _left_out(type(obj).__mro__)
    return {k: v for k, v in obj._init_call[1].items() if k not in named and k not in left_out}


def _left_out(classes: Iterable[type]) -> set[str]:
    return {name for cls in classes for name in vars(cls).get("_not_in_config", ())}


def _is_ours(cls: type) -> bool:
    return cls.__module__.split(".")[0] == "keras"


def _has_value(obj: Any, name: str) -> bool:
    """Whether an attribute is a value, set on the object or computed by a property, rather than a method."""
    return name in vars(obj) or isinstance(getattr(type(obj), name, None), property)


def _plain(value: Any) -> Any:
    """An argument in a config: as `serialize`, but our own activations by their bare name, as Keras does."""
    activations = sys.modules.get("keras.activations")
    name = getattr(value, "__name__", None)
    if activations is not None and name and getattr(activations, name, None) is value:
        return name
    return serialize(value)


# writing


def _serialize_object(obj: Any) -> Config:
    cls = vars(type(obj)).get("_written_as", type(obj))  # a class made by the library of one of the user's
    if (
        _keep.get()
        and not _is_ours(cls)
        and get_registered_name(cls) == cls.__name__
        and not hasattr(obj, "variables")
    ):
        return obj  # an initializer of the user's, or of TensorFlow: no name leads to its class, and copies can share it
    module, registered = _module_and_registered_name(cls)
    data = {
        "module": module,
        "class_name": registry.exported_name(cls),
        "config": serialize(obj.get_config()),
        "registered_name": registered,
    }
    for part, make in (("build_config", _build_config), ("compile_config", _compile_config)):
        more = make(obj)
        if more is not None:
            data[part] = more
    return data


def _build_config(obj: Any) -> Any:
    return obj.get_build_config() if hasattr(obj, "get_build_config") else None


def _compile_config(obj: Any) -> Any:
    """None as well for arguments that no file holds, such as a lambda: the model itself must not be lost for them."""
    if not hasattr(obj, "get_compile_config"):
        return None
    try:
        return serialize(obj.get_compile_config())
    except TypeError as error:
        warnings.warn(
            f'{type(obj).__name__} "{obj.name}" is saved without its compile arguments, which cannot be written: {error} '
            "Until then, `compile` it again after loading.",
            stacklevel=5,
        )
        return None


def _module_and_registered_name(cls: type) -> tuple[str | None, str | None]:
    """How Keras 3 spells where a class is from."""
    name = get_registered_name(cls)
    family = registry.family_of(cls.__module__)
    if not _is_ours(cls) or name != cls.__name__ or family is None:
        return (None if cls.__module__ in ("__main__", "builtins") else cls.__module__), name
    if name == "Functional":
        return "keras.src.models.functional", name
    if name in ("DTypePolicy", "Model", "Sequential"):
        return "keras", None
    return registry.FAMILIES[family], None


def _serialize_function(function: Callable[..., Any]) -> Any:
    if _keep.get():
        return function
    name = get_registered_name(function)
    if name == "<lambda>" or not hasattr(function, "__name__"):
        what = "a lambda" if name == "<lambda>" else f"{shorten(function)} of type {type(function).__name__}"
        raise TypeError(
            f"cannot serialise {what}: files hold names, never code. Define it with `def`, decorate it with "
            "@keras.saving.register_keras_serializable(), and use that name."
        )
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def _array_config(array: np.ndarray) -> Config:
    return {"value": array.tolist(), "dtype": array.dtype.name}


def _numpy_type(kind: type) -> Config:
    if not issubclass(kind, np.generic):
        raise TypeError(f"cannot serialise the class {kind.__name__}: give an instance of it")
    return {"module": "builtins", "class_name": "type", "config": kind.__name__, "registered_name": "type"}


_WRITERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (np.ndarray, lambda x: {"class_name": "__numpy__", "config": _array_config(x)}),
    (np.dtype, lambda x: x.name),
    (bytes, lambda x: {"class_name": "__bytes__", "config": {"value": x.decode("utf-8")}}),
    (
        slice,
        lambda x: {
            "class_name": "__slice__",
            "config": {"start": serialize(x.start), "stop": serialize(x.stop), "step": serialize(x.step)},
        },
    ),
    (type(Ellipsis), lambda x: {"class_name": "__ellipsis__", "config": {}}),
    (type, _numpy_type),
)
