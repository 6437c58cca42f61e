"""What Keras 2 files do differently, both ways: configs, names, and the shapes of a few weights."""

from __future__ import annotations

import inspect
import math
import warnings
from typing import Any

import numpy as np

from keras import registry, tree
from keras.models import tf_ops
from keras.optimizers.settings import modernised

Config = dict[str, Any]


# ---------------------------------------------------------------------- reading
def upgrade_model(config: Config) -> Config:
    """A `model_config` as written by any Keras, in today's spelling where class names changed."""
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError("The file's model_config is not that of a model.")
    config = dict(config)
    if config["class_name"] == "Model":  # Keras 2.2 and older wrote functional models so
        config["class_name"] = "Functional"
    return config


def upgrade_training(config: Config, model: Any) -> Config:
    """`training_config` of any Keras as arguments of `compile`."""
    config = dict(config)
    optimizer = config.pop("optimizer_config", None)
    arguments: Config = {
        k: config[k] for k in ("loss", "loss_weights", "metrics", "weighted_metrics") if k in config
    }
    if config.get("sample_weight_mode") not in (None, "temporal", {}) and not isinstance(
        config["sample_weight_mode"], (dict, list)
    ):
        raise ValueError(f"sample_weight_mode={config['sample_weight_mode']!r} is not known")
    if optimizer is not None:
        arguments["optimizer"] = _upgrade_optimizer(optimizer)
    arguments["loss"] = _upgrade_losses(arguments.get("loss"))
    for key in ("metrics", "weighted_metrics"):
        arguments[key] = _upgrade_metrics(arguments.get(key), model)
    return {k: v for k, v in arguments.items() if v is not None}


def _upgrade_optimizer(config: Config) -> Config:
    registered = config["class_name"]
    return {
        "class_name": registered.removeprefix("Custom>"),
        "config": modernised(config.get("config", {})),
        "module": "keras.optimizers",
        "registered_name": registered,
    }


def _is_function(x: Any) -> bool:
    """Whether an entry of a config names a function, rather than a class and its arguments."""
    return isinstance(x, dict) and x.get("class_name") == "function" and isinstance(x.get("config"), str)


def _upgrade_losses(loss: Any) -> Any:
    """Keras 2 repeated the function of a loss class in its config, and left the reduction to be found out."""
    if _is_function(loss):
        return loss
    if isinstance(loss, dict) and "class_name" in loss:
        config = {k: v for k, v in loss.get("config", {}).items() if k != "fn"}
        if config.get("reduction") == "auto":
            config["reduction"] = "sum_over_batch_size"
        if loss["class_name"] == "LossFunctionWrapper":
            return loss["config"].get("fn")
        return {**loss, "config": config}
    if isinstance(loss, dict):
        return {k: _upgrade_losses(v) for k, v in loss.items()}
    return [_upgrade_losses(v) for v in loss] if isinstance(loss, list) else loss


def _upgrade_metrics(metrics: Any, model: Any) -> Any:
    """Keras 2 wrapped functions into MeanMetricWrapper and put the output's name before the metric's."""
    outputs = list(getattr(model, "output_names", []))

    def upgrade(x: Any) -> Any:
        if _is_function(x):
            return x
        if isinstance(x, dict) and "class_name" in x:
            config = dict(x.get("config", {}))
            name = str(config.get("name", ""))
            if len(outputs) > 1:
                for output in outputs:
                    name = name.removeprefix(f"{output}_")
            if x["class_name"].endswith("MeanMetricWrapper") and isinstance(config.get("fn"), str):
                return name if name in ("accuracy", "acc", "crossentropy", "ce") else config["fn"]
            return {**x, "config": {**config, "name": name or None}}
        if isinstance(x, dict):
            return {k: upgrade(v) for k, v in x.items()}
        return [upgrade(v) for v in x] if isinstance(x, list) else x

    metrics = upgrade(metrics)
    if isinstance(metrics, list) and len(outputs) <= 1 and len(metrics) == 1 and isinstance(metrics[0], list):
        return metrics[0]
    return metrics


def convert_weights(layer: Any, values: list[Any], version: str) -> list[Any]:
    """A layer's weights as today's layer wants them: those of cuDNN's layers, and gates kept apart (Keras 1)."""
    major = version.split(".")[0]
    if major == "1":
        values = _from_keras1(layer, values)
    if type(layer).__name__ == "Bidirectional" and len(values) == 6:
        return _from_cudnn(layer.forward_layer, values[:3]) + _from_cudnn(layer.backward_layer, values[3:])
    return _from_cudnn(layer, values)


def _from_cudnn(layer: Any, values: list[Any]) -> list[Any]:
    """Weights of `CuDNNLSTM` and `CuDNNGRU`: kernels stand transposed, gate by gate, and there are two biases in one."""
    gates = {"LSTM": 4, "GRU": 3, "GRUCell": 3}.get(type(layer).__name__, 0)
    if not gates or not getattr(layer, "reset_after", True):
        return values
    width, shapes = gates * layer.units, [tuple(v.shape) for v in values]
    if shapes[1:] != [(layer.units, width), (2 * width,)] or shapes[0][1:] != (width,):
        return values
    kernel, recurrent, bias = map(np.asarray, values)
    kernels = [k.T.reshape(k.shape, order="F") for k in np.split(kernel, gates, axis=1)]
    recurrents = [k.T for k in np.split(recurrent, gates, axis=1)]
    biases = bias.reshape(2, width)
    return [np.hstack(kernels), np.hstack(recurrents), biases.sum(axis=0) if gates == 4 else biases]


def _from_keras1(layer: Any, values: list[Any]) -> list[Any]:
    """Keras 1 kept the kernels of the gates as separate weights, and some convolution kernels in another order."""
    if sum(math.prod(v.shape) for v in values) != sum(math.prod(v.shape) for v in layer.weights):
        return values  # they do not fit in any order, and may be far too large to be read
    arrays = [np.asarray(v) for v in values]
    kind = type(layer).__name__
    if kind == "LSTM" and len(arrays) == 12:
        # i, c, f, o, each (W, U, b); today i, f, c, o side by side
        order = (0, 2, 1, 3)
        return [np.concatenate([arrays[3 * g + part] for g in order], axis=-1) for part in range(3)]
    if kind == "GRU" and len(arrays) == 9:
        return [np.concatenate([arrays[3 * g + part] for g in range(3)], axis=-1) for part in range(3)]
    if kind == "Conv1D" and arrays and arrays[0].ndim == 4:
        kernel = arrays[0]
        kernel = kernel.transpose(2, 1, 0, 3)[..., 0, :, :] if kernel.shape[1] != 1 else kernel[:, 0]
        return [kernel, *arrays[1:]]
    if kind == "Conv2D" and arrays and arrays[0].shape[:2] != tuple(layer.kernel_size):
        return [arrays[0].transpose(2, 3, 1, 0), *arrays[1:]]
    return arrays


def convert_optimizer_weights(optimizer: Any, names: list[str], values: list[Any]) -> list[Any]:
    """The optimizer's variables in today's order: iteration, learning rate, then the slots."""
    mine = optimizer.variables
    if len(values) == len(mine):
        return _slots_in_order(mine, names, values)
    has_rate = len(mine) > 1 and mine[1].path.endswith("learning_rate")
    if has_rate and len(values) == len(mine) - 1:
        # Keras 2 kept the learning rate in the config only.
        values = [values[0], mine[1].numpy(), *values[1:]]
        return _slots_in_order(mine, [names[0], "learning_rate", *names[1:]], values)
    return values


def _slots_in_order(mine: list[Any], names: list[str], values: list[Any]) -> list[Any]:
    """tf.keras before 2.11 listed all first moments, then all second moments; now they alternate."""
    head = 2 if len(mine) > 1 and mine[1].path.endswith("learning_rate") else 1
    slots, wanted = list(values[head:]), [v.shape for v in mine[head:]]
    if [tuple(np.shape(s)) for s in slots] == wanted and not _grouped(names[head:]):
        return values
    half = len(slots) // 2
    if len(slots) % 2 == 0 and half:
        return [*values[:head], *(x for pair in zip(slots[:half], slots[half:], strict=True) for x in pair)]
    return values


def _grouped(names: list[str]) -> bool:
    """Whether names read m, m, ..., v, v, ... rather than m, v, m, v, ..."""
    half = len(names) // 2
    return (
        len(names) > 2
        and len(names) % 2 == 0
        and all(n.endswith("/m:0") for n in names[:half])
        and all(n.endswith("/v:0") for n in names[half:])
    )


# ---------------------------------------------------------------------- writing
#: Constructor arguments that Keras 2 does not know.
_NEW_ARGUMENTS = {
    "*": {"quantization_config", "registered_name", "optional"},
    "MultiHeadAttention": {"use_gate", "sliding_window", "seed", "flash_attention"},
    "LSTM": {"seed", "use_cudnn"},
    "GRU": {"seed", "use_cudnn"},
    "SimpleRNN": {"seed"},
    **{f"ConvLSTM{n}D": {"seed"} for n in (1, 2, 3)},
    "LSTMCell": {"seed"},
    "GRUCell": {"seed"},
    "SimpleRNNCell": {"seed"},
    "BatchNormalization": {"synchronized"},
    "Flatten": set(),
    "Embedding": {"weights"},
}


def model_config(config: Config) -> Config:
    """A model's config in the spelling that tf.keras 2 reads."""
    return _count_from_one(_downgrade(config))


def _count_from_one(x: Any) -> Any:
    """tf.keras 2 counts the calls of nested models from 1; Keras 3 only those of functional ones that are listed as outputs."""
    if isinstance(x, list):
        return [_count_from_one(v) for v in x]
    if not isinstance(x, dict):
        return x
    x = {k: _count_from_one(v) for k, v in x.items()}
    if "layers" in x and "output_layers" in x:
        entries = x["layers"]
        sequential = {e["name"] for e in entries if e["class_name"] == "Sequential" and _begins_with_input(e)}
        functional = {e["name"] for e in entries if "output_layers" in e["config"]}
        nested = sequential | functional
        x["layers"] = [{**e, "inbound_nodes": _shift(e["inbound_nodes"], nested)} for e in entries]
        x["output_layers"] = _shift(x["output_layers"], sequential)
    return x


def _begins_with_input(entry: Config) -> bool:
    layers = entry["config"]["layers"]
    return bool(layers) and layers[0]["class_name"] == "InputLayer"


def _shift(x: Any, nested: set[str]) -> Any:
    """One more for the call index in every address of these layers."""
    if isinstance(x, dict):
        return {k: _shift(v, nested) for k, v in x.items()}
    if not isinstance(x, list):
        return x
    if len(x) >= 3 and isinstance(x[0], str) and x[0] in nested and isinstance(x[1], int):
        return [x[0], x[1] + 1, *(_shift(v, nested) for v in x[2:])]
    return [_shift(v, nested) for v in x]


def _downgrade(x: Any) -> Any:
    if isinstance(x, list):
        return [_downgrade(v) for v in x]
    if not isinstance(x, dict):
        return x
    if x.get("class_name") == "DTypePolicy":
        name = x["config"]["name"]
        return name if not name.startswith("mixed") else {"class_name": "Policy", "config": {"name": name}}
    if "class_name" in x and isinstance(x.get("config"), dict):
        name = x.get("registered_name") or x["class_name"]
        x = {**x, "class_name": name}
        config = {
            k: _activation(v) if k.endswith("activation") else _downgrade(v)
            for k, v in x["config"].items()
            if k not in _NEW_ARGUMENTS["*"] | _NEW_ARGUMENTS.get(name, set())
        }
        if name == "InputLayer" and "batch_shape" in config:
            config["batch_input_shape"] = config.pop("batch_shape")
        if name == "GlorotUniform" or "input_axes" in config:
            config = {k: v for k, v in config.items() if k not in ("input_axes", "output_axes")}
        if name == "MultiHeadAttention":
            config |= _attention_shapes(x.get("build_config") or {})
        x["config"] = config
        if "inbound_nodes" in x:
            if "trainable" not in config and name != "InputLayer":
                return tf_ops.encode({**x, "config": config})
            x["inbound_nodes"] = [_downgrade_call(n, name) for n in x["inbound_nodes"]]
        return {k: v for k, v in x.items() if k not in ("registered_name", "build_config")}
    return {k: _downgrade(v) for k, v in x.items()}


def _activation(x: Any) -> Any:
    if x == "hard_sigmoid":
        warnings.warn(
            "layout keras2: in Keras 2, and when the file is read here, hard_sigmoid is x / 5 + 1/2 and not x / 6 + 1/2.",
            stacklevel=2,
        )
    return "hard_sigmoid" if x == "keras2_hard_sigmoid" else _downgrade(x)


def _attention_shapes(build: Config) -> Config:
    """The input shapes that tf.keras 2 keeps in the config of an attention layer."""
    shapes = build.get("shapes_dict", {})
    value = shapes.get("value_shape")
    return {
        "query_shape": shapes.get("query_shape"),
        "value_shape": value,
        "key_shape": shapes.get("key_shape") or value,
    }


def _downgrade_call(node: Config, class_name: str) -> Any:
    """`{"args", "kwargs"}` as `[[layer, call, output, kwargs], ...]`: all arguments but the first by name."""
    first, *others = node["args"]
    cls = registry.names_of("layers").get(class_name)
    names = list(inspect.signature(cls.call).parameters)[2:] if cls is not None else []
    if len(others) > len(names):
        raise ValueError(
            f"The layout of Keras 2 has no place for several positional arguments of {class_name}: pass all but the first by name."
        )
    kwargs = {
        k: _address_of(v) for k, v in {**dict(zip(names, others, strict=False)), **node["kwargs"]}.items()
    }

    def entry(x: Any) -> Any:
        return [*_address_of(x), kwargs]

    if _is_tensor(first):
        return [entry(first)]
    return tree.map_structure_up_to(_tensor_places(first), entry, first)


def _is_tensor(x: Any) -> bool:
    return isinstance(x, dict) and x.get("class_name") == "__keras_tensor__"


def _tensor_places(x: Any) -> Any:
    """The structure of a call's first argument, down to its tensors."""
    if _is_tensor(x):
        return None
    if isinstance(x, dict):
        return {k: _tensor_places(v) for k, v in x.items()}
    return [_tensor_places(v) for v in x]


def _address_of(x: Any) -> Any:
    if _is_tensor(x):
        return list(x["config"]["keras_history"])
    return [_address_of(v) for v in x] if isinstance(x, list) else x


def training_config(config: Config | None) -> Config | None:
    """Compile arguments in the spelling that tf.keras 2 reads."""
    if config is None:
        return None
    config = _downgrade(
        {
            k: v
            for k, v in config.items()
            if k in ("loss", "loss_weights", "metrics", "weighted_metrics", "optimizer_config")
        }
    )
    config["loss"] = _without_dtype(config.get("loss"))
    optimizer = config.get("optimizer_config")
    if optimizer:
        gone = ("loss_scale_factor", "gradient_accumulation_steps")
        kept = {k: v for k, v in optimizer["config"].items() if k not in gone}
        optimizer["config"] = {**kept, "jit_compile": False, "is_legacy_optimizer": False}
        if ">" not in optimizer["class_name"]:  # how tf.keras tells its new optimizers from the old
            optimizer["class_name"] = f"Custom>{optimizer['class_name']}"
    return config


def _without_dtype(loss: Any) -> Any:
    """Losses of tf.keras 2 have no dtype."""
    if isinstance(loss, dict) and "class_name" in loss:
        return {**loss, "config": {k: v for k, v in loss["config"].items() if k != "dtype"}}
    if isinstance(loss, dict):
        return {k: _without_dtype(v) for k, v in loss.items()}
    return [_without_dtype(v) for v in loss] if isinstance(loss, list) else loss


def optimizer_variables(variables: list[Any]) -> list[Any]:
    """The optimizer's variables that tf.keras 2 keeps: it has the learning rate in the config only."""
    return [v for v in variables if not v.path.endswith("/learning_rate")]
