"""TensorFlow functions that tf.keras 2 recorded as steps of functional models, as our ops.

Files name them (`math.multiply`, `reshape`, ...); the table below is all that is looked up, nothing is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from keras import ops
from keras.errors import unknown

Config = dict[str, Any]

#: TensorFlow's name for an argument -> ours.
_REDUCTION = {"input_tensor": "x", "axis": "axis", "keepdims": "keepdims"}
_UNARY = {"x": "x", "features": "x", "input": "x", "logits": "x"}
_BINARY = {"x": "x1", "y": "x2"}

#: TensorFlow function -> (our op, argument names).
_TABLE: dict[str, tuple[str, dict[str, str]]] = {
    **{
        f"math.{n}": (n, _BINARY)
        for n in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "mod")
    },
    **{
        f"math.{n}": (n, _BINARY)
        for n in ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
    },
    **{f"math.{n}": (n, _BINARY) for n in ("logical_and", "logical_or")},
    **{
        f"__operators__.{a}": (b, _BINARY)
        for a, b in {"add": "add", "ne": "not_equal", "eq": "equal"}.items()
    },
    "math.pow": ("power", _BINARY),
    "math.truediv": ("true_divide", _BINARY),
    "math.floordiv": ("floor_divide", _BINARY),
    "math.floormod": ("mod", _BINARY),
    **{
        f"math.{n}": (n, _UNARY)
        for n in (
            "abs",
            "square",
            "sqrt",
            "exp",
            "log",
            "log1p",
            "expm1",
            "sin",
            "cos",
            "tanh",
            "sigmoid",
            "sign",
            "floor",
            "ceil",
            "round",
            "negative",
            "rsqrt",
            "erf",
            "logical_not",
            "softplus",
            "reciprocal",
            "is_nan",
        )
    },
    **{
        f"nn.{n}": (n, _UNARY)
        for n in ("relu", "relu6", "elu", "selu", "silu", "softplus", "softsign", "sigmoid", "tanh")
    },
    "nn.swish": ("silu", _UNARY),
    "nn.gelu": ("gelu", {**_UNARY, "approximate": "approximate"}),
    "nn.leaky_relu": ("leaky_relu", {**_UNARY, "alpha": "negative_slope"}),
    "nn.softmax": ("softmax", {**_UNARY, "axis": "axis"}),
    "nn.log_softmax": ("log_softmax", {**_UNARY, "axis": "axis"}),
    **{
        f"math.reduce_{n}": (n, _REDUCTION)
        for n in ("sum", "mean", "max", "min", "prod", "all", "any", "std")
    },
    "math.reduce_variance": ("var", _REDUCTION),
    "math.reduce_logsumexp": ("logsumexp", _REDUCTION),
    "math.argmax": ("argmax", {"input": "x", "axis": "axis"}),
    "math.cumsum": ("cumsum", {"x": "x", "axis": "axis"}),
    "math.l2_normalize": ("normalize", {"x": "x", "axis": "axis", "epsilon": "epsilon"}),
    "linalg.matmul": ("matmul", {"a": "x1", "b": "x2"}),
    "linalg.l2_normalize": ("normalize", {"x": "x", "axis": "axis", "epsilon": "epsilon"}),
    "reshape": ("reshape", {"tensor": "x", "shape": "newshape"}),
    "transpose": ("transpose", {"a": "x", "perm": "axes"}),
    "expand_dims": ("expand_dims", {"input": "x", "axis": "axis"}),
    "squeeze": ("squeeze", {"input": "x", "axis": "axis"}),
    "concat": ("concatenate", {"values": "xs", "axis": "axis"}),
    "stack": ("stack", {"values": "x", "axis": "axis"}),
    "tile": ("tile", {"input": "x", "multiples": "repeats"}),
    "cast": ("cast", {"x": "x", "dtype": "dtype"}),
    "clip_by_value": ("clip", {"t": "x", "clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "one_hot": ("one_hot", {"indices": "x", "depth": "num_classes", "axis": "axis"}),
    "gather": ("take", {"params": "x", "indices": "indices", "axis": "axis"}),
    "where": ("where", {"condition": "condition", "x": "x1", "y": "x2"}),
    "zeros_like": ("zeros_like", {"input": "x"}),
    "ones_like": ("ones_like", {"input": "x"}),
    "identity": ("copy", {"input": "x"}),
    "stop_gradient": ("stop_gradient", {"input": "variable"}),
    "einsum": ("einsum", {}),
    "reverse": ("flip", {"tensor": "x", "axis": "axis"}),
    "pad": ("pad", {"tensor": "x", "paddings": "pad_width"}),
    "broadcast_to": ("broadcast_to", {"input": "x", "shape": "shape"}),
}


def decode(class_name: str, config: Config) -> Callable[..., Any]:
    """The function for an op layer of tf.keras 2.

    Raises:
        ValueError: a TensorFlow function that has no op here.
    """
    if class_name == "SlicingOpLambda":
        return _slice
    function = str(config.get("function", "")).removeprefix("compat.v1.").removeprefix("tf.")
    if class_name != "TFOpLambda" or function not in _TABLE:
        known = list(_TABLE)
        raise ValueError(
            f"The file's step {config.get('name')!r} calls a TensorFlow function without a counterpart here. "
            f"{unknown('TensorFlow function', function, known)}"
        )
    name, arguments = _TABLE[function]
    return partial(_call, name, arguments)


def _call(op: str, arguments: dict[str, str], /, *args: Any, **kwargs: Any) -> Any:
    """Call our op with TensorFlow's arguments; those without meaning here (`name`) are left out."""
    renamed = {arguments[k]: v for k, v in kwargs.items() if k in arguments and v is not None}
    if "dtype" in renamed and not isinstance(renamed["dtype"], str):
        renamed["dtype"] = str(renamed["dtype"])
    return getattr(ops, op)(
        *args, **{k: v for k, v in renamed.items() if k not in list(arguments.values())[: len(args)]}
    )


def _slice(x: Any, slice_spec: Any = (), **_: Any) -> Any:
    """`x[...]` from a list of ints, None, "..." and `{"start", "stop", "step"}`."""

    def part(p: Any) -> Any:
        if isinstance(p, dict):
            return slice(p.get("start"), p.get("stop"), p.get("step"))
        return Ellipsis if p == "..." else p

    return ops.get_item(x, tuple(part(p) for p in slice_spec))


# ---------------------------------------------------------------------- writing
def encode(entry: Config) -> Config:
    """An op's entry of a Keras 3 config as tf.keras 2 writes it.

    Raises:
        ValueError: tf.keras 2 has no form for this op, or for this use of it.
    """
    name, config = entry["name"], entry["config"]
    (call,) = entry["inbound_nodes"]
    tensor, *others = call["args"]
    facts = {"name": name, "trainable": True, "dtype": "float32"}
    if entry["class_name"] == "GetItem":
        node = [*_address(tensor), {"slice_spec": [_slice_part(p) for p in others[0]]}]
        return {
            "class_name": "SlicingOpLambda",
            "config": {**facts, "function": "__operators__.getitem"},
            "name": name,
            "inbound_nodes": [node],
        }
    function, arguments = _function_for(entry["class_name"])
    ours = {v: k for k, v in arguments.items()}
    given = dict(zip(list(dict.fromkeys(arguments.values()))[1:], others, strict=False))
    given |= {k: v for k, v in config.items() if k != "name" and v is not None}
    kwargs = {ours[k]: _address(v) if _is_tensor(v) else v for k, v in given.items() if k in ours}
    if not _is_tensor(tensor):
        raise ValueError(
            f"The layout of Keras 2 cannot hold the op {name!r}: its first argument is not a tensor."
        )
    node = [*_address(tensor), {**kwargs, "name": None}]
    return {
        "class_name": "TFOpLambda",
        "config": {**facts, "function": function},
        "name": name,
        "inbound_nodes": [node],
    }


def _function_for(class_name: str) -> tuple[str, dict[str, str]]:
    for function, (op, arguments) in _TABLE.items():
        if op.replace("_", "") == class_name.lower():
            return function, arguments
    raise ValueError(f"The layout of Keras 2 has no form for the op {class_name}; save with layout='keras3'.")


def _is_tensor(x: Any) -> bool:
    return isinstance(x, dict) and x.get("class_name") == "__keras_tensor__"


def _address(x: Config) -> list[Any]:
    return list(x["config"]["keras_history"])


def _slice_part(p: Any) -> Any:
    return (
        p["config"]
        if isinstance(p, dict) and p.get("class_name") == "__slice__"
        else "..."
        if isinstance(p, dict)
        else p
    )
