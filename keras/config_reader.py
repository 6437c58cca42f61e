"""Reading configs: dicts of plain data, as Keras 2 and Keras 3 write them, back into objects.

The data may come from a stranger's file. So a name is only looked up (`keras.registry`), never imported;
only classes with a config and pure functions can come out; the code of lambdas is refused; nesting is
bounded; and no switch, which the data might turn, changes any of this.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from keras import registry
from keras.errors import add_context, shorten, unknown

MAX_DEPTH = 128  # containers inside containers; a nested model takes about four
MAX_SIZE = 10_000_000  # containers in all; YAML's aliases can make a small file describe far more

#: A key is missing, there is another kind of value where a dict or a list should be, a call refers to itself, a number is absurd.
_MALFORMED = (LookupError, AttributeError, RecursionError, OverflowError)

Config = dict[str, Any]

_inside: ContextVar[bool] = ContextVar(
    "keras_inside_config", default=False
)  # a part of a config already measured
_of_keras_2: ContextVar[bool] = ContextVar("keras_reads_keras_2", default=False)


#: What classes of Keras 2 are called today, and what arguments were that it did not write, or only from some time on.
_KERAS_2 = {
    "GRU": ("GRU", {"reset_after": False}),
    "GRUCell": ("GRUCell", {"reset_after": False}),
    "CuDNNGRU": ("GRU", {"reset_after": True}),
    "CuDNNLSTM": ("LSTM", {}),
}


@contextmanager
def written_by(version: Any) -> Iterator[None]:
    """What is read in this block is of Keras 2 (or 1) if this is the version that wrote it."""
    token = _of_keras_2.set(str(version).split(".")[0] in ("0", "1", "2"))
    try:
        yield
    finally:
        _of_keras_2.reset(token)


def reads_keras_2() -> bool:
    """Whether what is being read was written by Keras 2 (or 1)."""
    return _of_keras_2.get()


def deserialize(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    *,
    module_objects: Mapping[str, Any] | None = None,
    printable_module_name: str | None = None,
    family: str | None = None,
) -> Any:
    """The object a config describes. Reads what Keras 2 and Keras 3 write.

    Args:
        config: what `serialize` returned, perhaps by way of JSON. What is not a config is returned as it is.
        custom_objects: classes and functions of yours by the names the config uses.
        safe_mode: passed on to `from_config` methods that take it. Code in a file is refused either way.
        module_objects: classes and functions that may also go by their bare names: `config` can be such a name.
        printable_module_name: accepted for compatibility.
        family: the family to look in first when the config does not say, as in `"initializers"`.

    Returns:
        The object, or the nesting of objects.

    Raises:
        ValueError: if the config names something unknown or not allowed, holds code, or is nested too deeply.

    >>> deserialize({"class_name": "__slice__", "config": {"start": 0, "stop": 4, "step": None}})
    slice(0, 4, None)
    """
    if module_objects is not None:
        custom_objects = {**module_objects, **(custom_objects or {})}
        if isinstance(config, str) and config in custom_objects:
            found = custom_objects[config]
            return found() if isinstance(found, type) else found
    if not isinstance(config, dict | list | tuple):
        return config
    if not _inside.get():
        _measure(config)
    token = _inside.set(True)
    try:
        if isinstance(config, dict):
            return _deserialize_dict(config, custom_objects, safe_mode, family)
        items = [deserialize(item, custom_objects, safe_mode, family=family) for item in config]
        return items if isinstance(config, list) else tuple(items)
    finally:
        _inside.reset(token)


def _measure(config: Any) -> None:
    """Refuse nests that would exhaust the stack or the memory; level by level, so that measuring does neither."""
    level, depth, size = [config], 0, 0
    while level:
        depth, size = depth + 1, size + len(level)
        if depth > MAX_DEPTH or size > MAX_SIZE:
            what = f"is nested more than {MAX_DEPTH} levels deep" if depth > MAX_DEPTH else "is far too large"
            raise ValueError(f"deserialize: the config {what}")
        inner: list[Any] = []
        for node in level:
            children = node.values() if isinstance(node, dict) else node
            inner += [child for child in children if isinstance(child, dict | list | tuple)]
            if len(inner) > MAX_SIZE:
                break
        level = inner


def _deserialize_dict(
    data: Config, custom_objects: Mapping[str, Any] | None, safe_mode: bool, family: str | None
) -> Any:
    name = data.get("class_name")
    if not isinstance(name, str) or not ("config" in data or "items" in data):
        return {k: deserialize(value, custom_objects, safe_mode, family=family) for k, value in data.items()}
    if name == "__lambda__":
        return _refuse_code(custom_objects)
    if name in _READERS:
        config = data.get("config", data)
        if not isinstance(config, dict):
            raise ValueError(f"deserialize: the config of {name} must be a dict, got {shorten(config)}")
        try:
            return _READERS[name](config)
        except KeyError as error:
            raise ValueError(f"deserialize: a {name} has no {error}") from None
    if name == "function":
        return _find_function(data, custom_objects, family)
    if name == "type" and data.get("module") in (None, "builtins"):
        return _find_numpy_type(data["config"])
    return _deserialize_object(data, custom_objects, safe_mode, family)


def _deserialize_object(
    data: Config, custom_objects: Mapping[str, Any] | None, safe_mode: bool, family: str | None
) -> Any:
    unwritten: Config = {}
    name = data["class_name"]
    if reads_keras_2() and name in _KERAS_2 and registry.find_custom((name,), custom_objects) is None:
        name, unwritten = _KERAS_2[name]
        data = {**data, "class_name": name}
    cls, config = _find_class(data, custom_objects, family), data["config"]
    if not isinstance(config, dict):
        raise ValueError(f"deserialize: the config of {cls.__name__} must be a dict, got {shorten(config)}")
    config = {**unwritten, **config}
    accepted = inspect.signature(cls.from_config).parameters
    offered = {"custom_objects": custom_objects, "safe_mode": safe_mode}
    try:
        with registry.custom_object_scope(custom_objects):
            obj = cls.from_config(config, **{k: v for k, v in offered.items() if k in accepted})
            for part, method in (
                ("build_config", "build_from_config"),
                ("compile_config", "compile_from_config"),
            ):
                if isinstance(data.get(part), dict) and data[part] and hasattr(obj, method):
                    getattr(obj, method)(data[part])
    except _MALFORMED as error:
        raise _malformed(f"while making a {cls.__name__} from its config", error) from error
    except Exception as error:
        add_context(error, f"while making a {cls.__name__} from its config")
        raise
    return obj


@contextmanager
def well_formed(what: str) -> Iterator[None]:
    """Say as ValueError what a reader stumbles over in a config from a damaged file.

    Args:
        what: the config, or the file it is from, for the message.
    """
    try:
        yield
    except _MALFORMED as error:
        raise _malformed(what, error) from error


def _malformed(what: str, error: BaseException) -> ValueError:
    reason = f"it has no {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
    return ValueError(f"{what}: the config is not one of this kind, or damaged ({shorten(reason, 300)})")


def _find_class(data: Config, custom_objects: Mapping[str, Any] | None, family: str | None) -> Any:
    name, module = data["class_name"], data.get("module")
    found = registry.find_custom((data.get("registered_name"), name), custom_objects)
    if found is not None:
        if not hasattr(found, "from_config"):
            raise TypeError(f'deserialize: "{shorten(name)}" is given as {shorten(found)}, a class is needed')
        return found
    if module is not None and not isinstance(module, str):
        raise ValueError(f"deserialize: the module must be a text, got {shorten(module)}")
    found = registry.find_class(name, module, family) if module != "builtins" else None
    if found is None:
        raise ValueError(_unknown_message("class", name, module, family))
    return found


def _find_function(data: Config, custom_objects: Mapping[str, Any] | None, family: str | None) -> Any:
    name, module = data["config"], data.get("module")
    if not isinstance(name, str):
        return _refuse_code(custom_objects)
    found = registry.find_custom((name, data.get("registered_name")), custom_objects)
    if found is None:
        found = registry.find_function(name, module, family) or registry.find_in_any_package(name)
    if found is None:
        raise ValueError(_unknown_message("function", name, module, family))
    return found


def _unknown_message(kind: str, name: str, module: str | None, family: str | None) -> str:
    family = registry.family_of(module) or family
    ours = registry.is_ours(module) or module == "builtins"
    known = registry.public(family) if family and ours else ()
    origin = "" if module is None else f" in the module {shorten(module)!r}"
    short = shorten(name)
    return (
        f"deserialize: the config names a {kind}{origin} not known here. {unknown(kind, name, known)} "
        "Nothing is imported because a file names it. If it is yours, give it: "
        f"custom_objects={{{short!r}: ...}}, or decorate it with @keras.saving.register_keras_serializable()."
    )


def _refuse_code(custom_objects: Mapping[str, Any] | None) -> Any:
    found = registry.find_custom(("<lambda>",), custom_objects)
    if found is not None:
        return found
    raise ValueError(
        "deserialize: the config holds the code of a lambda, which is never run, whatever safe_mode says. "
        "Give the function yourself: custom_objects={'<lambda>': your_function}."
    )


def _find_numpy_type(name: Any) -> type:
    kind = np.sctypeDict.get(name) if isinstance(name, str) else None
    if not (isinstance(kind, type) and issubclass(kind, np.number | np.bool_)):
        raise ValueError(f"deserialize: {shorten(name)} is not a number type of NumPy")
    return kind


def _array(config: Config) -> np.ndarray:
    dtype = np.dtype(_find_numpy_type(config.get("dtype", "float32")))
    return np.array(config.get("value"), dtype=dtype)


def _keras_tensor(config: Config) -> Any:
    from keras.backend.spec import KerasTensor  # above this module; only symbolic models bring it here

    return KerasTensor(tuple(config["shape"]), dtype=config.get("dtype", "float32"))


_READERS: Mapping[str, Callable[[Config], Any]] = {
    "__numpy__": _array,
    "__tensor__": _array,
    "__bytes__": lambda config: str(config["value"]).encode("utf-8"),
    "__slice__": lambda config: slice(*(deserialize(config.get(k)) for k in ("start", "stop", "step"))),
    "__ellipsis__": lambda config: Ellipsis,
    "__tuple__": lambda config: tuple(deserialize(item) for item in config["items"]),
    "TensorShape": lambda config: tuple(config["items"]),
    "__keras_tensor__": _keras_tensor,
}
