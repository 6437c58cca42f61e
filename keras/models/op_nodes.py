"""Ops as steps in a functional model's config: written as Keras 3 does, read from Keras 3 and from tf.keras 2."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

from keras import ops
from keras.backend.operators import OPS, public_op
from keras.models import tf_ops
from keras.models.op_classes import OP_CLASSES
from keras.ops.dispatch import OpCall
from keras.ops.node import Node
from keras.serializable import serialize

Config = dict[str, Any]


class _OpClass(NamedTuple):
    """One op of Keras 3 in a file."""

    module: str
    name: str
    call: tuple[str, ...]
    settings: tuple[str, ...]


#: Classes whose name is not the op's name without underscores.
_OTHER_NAMES = {
    "batchnorm": "batchnormalization",
    "layernorm": "layernormalization",
    "rmsnorm": "rmsnormalization",
}


@cache
def _classes() -> dict[str, _OpClass]:
    """Classes by the op's name without underscores."""
    found = {}
    for part, text in OP_CLASSES.items():
        for name, inside in re.findall(r"(\w+)\(([^)]*)\)", text):
            call, _, settings = inside.partition(";")
            entry = _OpClass(f"keras.src.ops.{part}", name, _split(call), _split(settings))
            found[_key(name)] = entry
    return found


def _split(text: str) -> tuple[str, ...]:
    return tuple(t.strip() for t in text.split(",") if t.strip())


def _key(class_name: str) -> str:
    key = class_name.lower()
    return _OTHER_NAMES.get(key, key)


@cache
def _op_names() -> dict[str, str]:
    """Names of our ops by their name without underscores."""
    return {n.replace("_", ""): n for n in OPS}


def encode(operation: OpCall, node: Node) -> tuple[Config, tuple[Any, ...], Config]:
    """An op's entry in a config, without its calls, and the positional and keyword arguments of its call.

    Raises:
        ValueError: Keras 3 has no such op in its files.
    """
    name = operation.function.__name__
    entry = _classes().get(name.replace("_", ""))
    if entry is None:
        raise ValueError(
            f"The op {name!r} (step {operation.name!r} of the model) has no form in a model's config. "
            "Put it into a layer's `call`."
        )
    bound = inspect.signature(operation.function).bind(*node.args, **node.kwargs)
    bound.apply_defaults()
    values = bound.arguments
    variadic = [p.name for p in bound.signature.parameters.values() if p.kind is p.VAR_POSITIONAL]
    args: list[Any] = []
    for n in entry.call:
        if n in variadic:
            args.extend(values[n])
        elif n in values:
            args.append(values[n])
    while args and args[-1] is None:
        args.pop()
    settings = {n: values[n] for n in entry.settings if n in values}
    config = {"name": operation.name, **{n: serialize(v) if callable(v) else v for n, v in settings.items()}}
    facts = {
        "module": entry.module,
        "class_name": entry.name,
        "config": config,
        "registered_name": entry.name,
    }
    return facts, tuple(args), {}


def decode(entry: Config, make: Callable[[Any], Any]) -> Callable[..., Any] | None:
    """The function an op's entry stands for; None when the entry is a layer's.

    Args:
        entry: of the config.
        make: reads what is serialised in it, a function among the settings.
    """
    class_name, config = entry["class_name"], entry.get("config", {})
    if class_name in ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"):
        return tf_ops.decode(class_name, config)
    module = entry.get("module") or ""
    is_op = module.startswith(("keras.src.ops", "keras.ops")) or (not module and "trainable" not in config)
    if not is_op or class_name == "InputLayer" or _key(class_name) not in _classes():
        return None
    function = public_op(_op_names()[_key(class_name)])
    settings = {
        k: make(v) if isinstance(v, dict) and "class_name" in v else v
        for k, v in config.items()
        if k not in ("name", "dtype") or k in _classes()[_key(class_name)].settings
    }
    if class_name == "GetItem":
        return _get_item
    return partial(_call, function, settings)


def _call(function: Callable[..., Any], settings: Config, /, *args: Any, **kwargs: Any) -> Any:
    """Call an op whose settings may come before its tensors (`einsum`) or after them."""
    parameters = list(inspect.signature(function).parameters)
    lead = [settings[p] for p in parameters[:1] if p in settings]
    rest = {k: v for k, v in settings.items() if not (lead and k == parameters[0])}
    return function(*lead, *args, **{k: _tuples(v) for k, v in rest.items()}, **kwargs)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _get_item(x: Any, key: Any) -> Any:
    """`x[key]`; JSON turned the tuple of the key into a list."""
    return ops.get_item(x, tuple(key) if isinstance(key, list) else key)
