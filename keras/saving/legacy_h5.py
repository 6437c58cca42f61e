"""Whole models and weights in the HDF5 layout of Keras 2 and of Keras 3's `.h5` writer.

Root attributes hold the architecture (`model_config`) and the compile arguments (`training_config`) as JSON. The group
`model_weights` (or the root, in a weights-only file) has one group a layer, in model order, each naming its weights in
order: trainable ones first. `optimizer_weights` holds the optimizer's variables.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import h5py

from keras import losses, registry, tree
from keras.backend import select, state
from keras.backend.state import Variable
from keras.config_reader import well_formed, written_by
from keras.layers import Layer
from keras.models import Model
from keras.saving import hdf5, keras2
from keras.saving.assignment import Plan
from keras.saving.hdf5 import Group
from keras.serializable import deserialize, serialize
from keras.version import __version__

TOP_LEVEL = "top_level_model_weights"

#: What files say of their writer: the newest Keras whose layout this is.
KERAS_VERSIONS = {"keras3": "3.15.1", "keras2": "2.15.0"}


# ---------------------------------------------------------------------- writing
def save_model(model: Any, path: str | Path, include_optimizer: bool = True, layout: str = "keras3") -> None:
    """Write architecture, weights and training state to one HDF5 file.

    Args:
        layout: `keras3`, which Keras 3 and this library read, or `keras2`, which Keras 2 and tf.keras read as well.
    """
    whole = serialize(model)
    config = {"class_name": _class_in_file(whole), "config": whole["config"]}
    training = training_config(model, whole.get("compile_config")) if include_optimizer else None
    if layout == "keras2":
        config, training = keras2.model_config(config), keras2.training_config(training)
    config["config"] = _without_modules(config["config"])
    with hdf5.writing(path) as file:
        _stamp(file, layout)
        hdf5.write_json(file, "model_config", config)
        _write_weights(file.create_group("model_weights"), model, layout)
        if training is not None:
            hdf5.write_json(file, "training_config", training)
            optimizer = getattr(model, "optimizer", None)
            if optimizer is not None and optimizer.built:
                variables = (
                    optimizer.variables
                    if layout == "keras3"
                    else keras2.optimizer_variables(optimizer.variables)
                )
                _write_variables(file.create_group("optimizer_weights"), variables, layout)


def save_weights(model: Any, path: str | Path, layout: str = "keras3") -> None:
    """Write the weights alone."""
    with hdf5.writing(path) as file:
        _write_weights(file, model, layout)


def _stamp(group: h5py.Group, layout: str) -> None:
    group.attrs["keras_version"] = KERAS_VERSIONS[layout]
    group.attrs["backend"] = select.current_name()
    group.attrs["written_by"] = f"keras {__version__}"


def _write_weights(group: h5py.Group, model: Any, layout: str) -> None:
    layers = _all_layers(model)
    group.attrs["backend"] = select.current_name()
    group.attrs["keras_version"] = KERAS_VERSIONS[layout]
    hdf5.write_names(group, "layer_names", [layer.name for layer in layers])
    for layer in layers:
        _write_variables(group.create_group(layer.name), layer_weights(layer), layout)
    _write_variables(group.create_group(TOP_LEVEL), model._direct_weights(), layout)


def _write_variables(group: h5py.Group, variables: list[Variable], layout: str) -> None:
    names = _unique_names(variables, ":0" if layout == "keras2" else "")
    hdf5.write_names(group, "weight_names", names)
    for name, v in zip(names, variables, strict=True):
        hdf5.write_array(group, name, v.numpy())


def _unique_names(variables: list[Variable], suffix: str) -> list[str]:
    """The variables' paths, told apart by a number where two are alike or one is the folder of another."""
    names: list[str] = []
    taken: set[str] = set()
    for v in variables:
        name, n = v.path + suffix, 0
        while name in taken or any(t.startswith(name + "/") or name.startswith(t + "/") for t in taken):
            n += 1
            name = f"{v.path}_{n}{suffix}"
        taken.add(name)
        names.append(name)
    return names


def _all_layers(model: Any) -> list[Layer]:
    """`model.layers`, then those that only an attribute holds: their weights are in no layer of the graph."""
    known = {id(v) for layer in model.layers for v in layer.weights}
    direct = model._flatten_layers(include_self=False, recursive=False)
    return [*model.layers, *(x for x in direct if any(id(v) not in known for v in x.weights))]


def layer_weights(layer: Layer) -> list[Variable]:
    """A layer's weights in the order of these files."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _without_modules(config: Any) -> Any:
    """Layer entries as this layout has them: class and config only."""
    if not isinstance(config, dict) or "layers" not in config:
        return config
    keep = ("config", "name", "inbound_nodes")
    layers = [
        {
            "class_name": _class_in_file(entry),
            **{k: _without_modules(v) for k, v in entry.items() if k in keep},
        }
        for entry in config["layers"]
    ]
    return {**config, "layers": layers}


def _class_in_file(entry: dict[str, Any]) -> str:
    """The name of a class in this layout: `package>name` if it is registered."""
    return entry.get("registered_name") or entry["class_name"]


def _functions_by_name(x: Any) -> Any:
    """Compile arguments with the names of functions in place of their configs."""
    if isinstance(x, list):
        return [_functions_by_name(v) for v in x]
    if not isinstance(x, dict):
        return x
    if x.get("class_name") == "function":
        return x["config"]
    return {k: _functions_by_name(v) for k, v in x.items()}


def training_config(model: Any, compile_config: Any) -> dict[str, Any] | None:
    """The compile arguments as plain data; None when the model is not compiled, or they cannot be written."""
    if compile_config is None or not getattr(model, "compiled", False):
        return None
    try:
        config = json.loads(json.dumps(compile_config))
    except (TypeError, ValueError) as error:
        warnings.warn(
            f'Model "{model.name}" is saved without its compile arguments, which cannot be written: {error}',
            stacklevel=4,
        )
        return None
    if config is None:
        return None
    optimizer = config.pop("optimizer", None)
    config = _functions_by_name(config)
    config["loss"] = _full_names(config.get("loss"))
    if not isinstance(optimizer, dict) and model.optimizer is not None:
        optimizer = serialize(model.optimizer)
    if isinstance(optimizer, dict):
        config["optimizer_config"] = {"class_name": _class_in_file(optimizer), "config": optimizer["config"]}
    return config


def _full_names(loss: Any) -> Any:
    """Losses by their full names: Keras 3.15 does not find `mse` again in a file it wrote itself."""
    if isinstance(loss, str):
        try:
            return loss if ">" in loss else getattr(losses.get(loss), "__name__", loss)
        except ValueError:  # the user's own, if not registered; or a word that `compile` settles itself
            return loss
    if isinstance(loss, dict) and "class_name" not in loss:
        return {k: _full_names(v) for k, v in loss.items()}
    return [_full_names(v) for v in loss] if isinstance(loss, list) else loss


# ---------------------------------------------------------------------- reading
def load_model(
    path: str | Path, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Read a whole model.

    Raises:
        ValueError: not a model file, damaged, asking for something that is not known, or weights that do not fit.
    """
    with hdf5.reading(path) as file:
        config = file.json("model_config")
        if config is None:
            what = (
                "holds weights only"
                if file.has_attribute("layer_names") or "layers" in file
                else "is not a model file"
            )
            raise ValueError(
                f"{path} {what}: it has no architecture. Build the model in code, then `model.load_weights({str(path)!r})`."
            )
        version = file.text("keras_version") or "1"
        with state.uninitialized(), written_by(version), well_formed(f"{path}, model_config"):
            model = deserialize(keras2.upgrade_model(config), custom_objects, safe_mode, family="models")
        if not isinstance(model, Model):
            raise ValueError(f"{path} holds a {type(model).__name__}, not a model.")
        _load(file.group("model_weights") if "model_weights" in file else file, model, str(path))
        training = file.json("training_config") if compile else None
        if training is not None:
            _compile(model, training, custom_objects, safe_mode, path)
            if "optimizer_weights" in file and model.optimizer is not None:
                _load_optimizer(file.group("optimizer_weights"), model, str(path))
    return model


def _compile(model: Any, config: Any, custom_objects: Any, safe_mode: bool, path: Any) -> None:
    try:
        with well_formed("training_config"):
            arguments = {
                k: _own_by_name(
                    deserialize(v, custom_objects, safe_mode, family=_FAMILIES.get(k)), custom_objects
                )
                for k, v in keras2.upgrade_training(config, model).items()
            }
        model.compile(**arguments)
    except (ValueError, TypeError) as error:
        warnings.warn(
            f"{path}: the compile arguments could not be restored, so the model is not compiled: {error}",
            stacklevel=4,
        )


def _own_by_name(x: Any, custom_objects: Any) -> Any:
    """Keras 2 wrote the user's losses and metrics as their names alone."""

    def own(leaf: Any) -> Any:
        found = registry.find_custom((leaf,), custom_objects) if isinstance(leaf, str) else None
        return leaf if found is None else found

    return tree.map_structure(own, x)


_FAMILIES = {"optimizer": "optimizers", "loss": "losses", "metrics": "metrics", "weighted_metrics": "metrics"}


def load_weights(model: Any, path: str | Path, by_name: bool = False, skip_mismatch: bool = False) -> None:
    """Read weights into a model: by position, or by layer name."""
    with hdf5.reading(path) as file:
        group = (
            file.group("model_weights")
            if "model_weights" in file and not file.has_attribute("layer_names")
            else file
        )
        if not group.has_attribute("layer_names"):
            raise ValueError(f"{path} is an HDF5 file but holds no Keras weights (no `layer_names`).")
        _load(group, model, str(path), by_name, skip_mismatch)


def _load(group: Group, model: Any, path: str, by_name: bool = False, skip_mismatch: bool = False) -> None:
    plan = Plan(path, skip_mismatch)
    version = group.text("keras_version") or "1"
    if by_name:
        _match_by_name(plan, group, model, version)
    else:
        _match_by_position(plan, group, model, version)
    if TOP_LEVEL in group:
        plan.pair_all(TOP_LEVEL, model._direct_weights(), _values(group.group(TOP_LEVEL)))
    plan.carry_out()


def _match_by_position(plan: Plan, group: Group, model: Any, version: str) -> None:
    theirs = [n for n in group.names("layer_names") if group.group(n).names("weight_names")]
    mine = [layer for layer in _all_layers(model) if layer_weights(layer)]
    if len(mine) != len(theirs):  # Keras writes those of the graph alone
        mine = [layer for layer in model.layers if layer_weights(layer)]
    if len(mine) != len(theirs):
        unbuilt = (
            ""
            if model.built
            else " The model is not built: call it once, or `build(input_shape)`, before loading."
        )
        plan.problem(
            f"the model has {len(mine)} layers with weights ({[x.name for x in mine][:8]}), "
            f"the file {len(theirs)} ({theirs[:8]}).{unbuilt}"
        )
        return
    for layer, name in zip(mine, theirs, strict=True):
        values = keras2.convert_weights(layer, _values(group.group(name)), version)
        plan.pair_all(layer.name, layer_weights(layer), values)


def _match_by_name(plan: Plan, group: Group, model: Any, version: str) -> None:
    stored = set(group.names("layer_names"))
    for layer in _all_layers(model):
        if layer.name in stored and layer_weights(layer):
            values = keras2.convert_weights(layer, _values(group.group(layer.name)), version)
            plan.pair_all(layer.name, layer_weights(layer), values)


def _values(group: Group) -> list[Any]:
    return [group.data(n) for n in group.names("weight_names")]


def _load_optimizer(group: Group, model: Any, path: str) -> None:
    model.optimizer.build(model.trainable_variables)
    plan = Plan(path)
    values = keras2.convert_optimizer_weights(model.optimizer, group.names("weight_names"), _values(group))
    plan.pair_all("optimizer", model.optimizer.variables, values)
    plan.carry_out_or_warn("the optimizer's state could not be restored; training goes on with a fresh one")
