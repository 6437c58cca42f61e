"""`*.weights.h5`: the weights of an object tree, one group per object, named by attribute.

`layers/dense/vars/0` is the first variable of the first Dense layer of a functional or sequential model; containers number
what they hold by class name, and containers inside them as `container`, `container_1`, ...; the group `vars` also keeps the
object's own name, by which it is found when classes or attributes have been renamed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import h5py

from keras.backend.state import Variable, to_snake_case
from keras.layers import Layer
from keras.models import Functional, Model, Sequential
from keras.saving import hdf5, shards
from keras.saving.assignment import Plan
from keras.saving.hdf5 import Data, Group

#: Attributes of models that hold what `layers` lists already.
_SKIPPED = frozenset({"_operations", "_stack"})
_CONTAINERS = (list, tuple, dict)


def save_weights(
    model: Any, path: str | Path | Any, optimizer: bool = True, max_shard_size: float | None = None
) -> None:
    """Write the weights of a model (and its optimizer's state) to a file, a file object, or shards of so many GB."""
    with hdf5.writing(path) if max_shard_size is None else shards.writing(Path(path), max_shard_size) as file:
        _write(file, model, set(), optimizer)


def _write(group: h5py.Group, obj: Any, seen: set[int], optimizer: bool) -> None:
    seen.add(id(obj))
    store: dict[str, Any] = {}
    obj.save_own_variables(store)
    own = group.create_group("vars")
    if getattr(obj, "name", None):
        own.attrs["name"] = obj.name
    for key, value in store.items():
        hdf5.write_array(own, key, value)
    for name, child in children(obj, optimizer):
        if _is_container(child):
            _write_container(group.create_group(name), child, seen, optimizer)
        elif id(child) not in seen:
            _write(group.create_group(name), child, seen, optimizer)


def _write_container(group: h5py.Group, container: Any, seen: set[int], optimizer: bool) -> None:
    for name, item in _numbered(container):
        if id(item) in seen:
            continue
        if _is_container(item):
            seen.add(id(item))
            _write_container(group.create_group(name), item, seen, optimizer)
        else:
            _write(group.create_group(name), item, seen, optimizer)


def children(obj: Any, optimizer: bool = True) -> Iterator[tuple[str, Any]]:
    """Named objects with state directly below `obj`, and containers of such."""
    attributes = vars(obj)
    names = sorted(attributes)
    if isinstance(obj, (Functional, Sequential)):
        yield "layers", list(obj.layers)
    elif _lists_layers(obj):
        # Keras walks through this property like an attribute, and not through private ones: what comes after it, or is
        # private, stands in it.
        names = sorted({*attributes, "layers"}, key=lambda name: (name.startswith("_"), name))
    for name in names:
        if name == "layers" and name not in attributes:
            yield name, list(obj.layers)
            continue
        if name in _SKIPPED or (name in getattr(obj, "_untracked", ()) and name != "optimizer"):
            continue
        value = attributes[name]
        if _has_state(value):
            if optimizer or name != "optimizer":
                yield name.lstrip("_") if name == "_optimizer" else name, value
        elif _is_container(value) and isinstance(obj, Layer) and _holds_state(value):
            yield name, value


def objects(obj: Any, path: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """A model and all below it that has state, each once, under the names of their groups."""
    seen = set() if seen is None else seen
    if id(obj) in seen:
        return
    seen.add(id(obj))
    if not _is_container(obj):
        yield path, obj
    for name, child in _numbered(obj) if _is_container(obj) else children(obj, optimizer=False):
        yield from objects(child, f"{path}/{name}" if path else name, seen)


def _lists_layers(obj: Any) -> bool:
    """Whether `obj` is a model of the user's own class, whose layers are attributes that `layers` lists as well."""
    return isinstance(obj, Model) and not isinstance(obj, (Functional, Sequential))


def _has_state(x: Any) -> bool:
    return (
        hasattr(x, "save_own_variables")
        and not isinstance(x, (type, Variable))
        and (isinstance(x, Layer) or _is_optimizer(x))
    )


def _is_container(x: Any) -> bool:
    return isinstance(x, (*_CONTAINERS, set))


def _values(container: Any) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def _holds_state(container: Any, around: tuple[int, ...] = ()) -> bool:
    """Whether there is an object with state at any depth; a container that holds itself has nothing new to say."""
    inside = (*around, id(container))
    return any(
        _has_state(x) or (isinstance(x, _CONTAINERS) and id(x) not in inside and _holds_state(x, inside))
        for x in _values(container)
    )


def _is_optimizer(x: Any) -> bool:
    return hasattr(x, "apply_gradients") and hasattr(x, "learning_rate")


def _numbered(container: Any) -> Iterator[tuple[str, Any]]:
    """What has state in a container, with the names Keras gives it: `dense`, `dense_1`, `container`, ...

    Containers with nothing to save are counted all the same: Keras numbers them before it looks inside.
    """
    counts: dict[str, int] = {}
    for item in _values(container):
        inner = isinstance(item, _CONTAINERS)
        if not inner and not _has_state(item):
            continue
        base = "container" if inner else to_snake_case(type(item).__name__)
        n = counts.get(base, 0)
        counts[base] = n + 1
        if not inner or _holds_state(item):
            yield (f"{base}_{n}" if n else base), item


# ---------------------------------------------------------------------- reading
def load_weights(
    model: Any,
    path: str | Path | Any,
    skip_mismatch: bool = False,
    whole: bool = False,
    objects_to_skip: Iterable[Any] = (),
) -> None:
    """Read weights into a built model, and its optimizer's state, if the file has it and it fits.

    Args:
        whole: a whole model is being restored, so that an optimizer's state that does not fit deserves a warning.
        objects_to_skip: layers (or the optimizer) to leave as they are.
    """
    name = str(path) if isinstance(path, (str, Path)) else "model.weights.h5"
    skipped = {id(x) for x in objects_to_skip}
    with _opened(path) as file:
        plan = Plan(name, skip_mismatch)
        _read(file, model, plan, set(skipped), "")
        # Opened before anything is assigned: damage there shall not leave a model that is loaded in part.
        slots = _optimizer_data(file, model, whole, skipped)
        plan.carry_out()
        if slots is not None:
            _load_optimizer(slots, model, name, whole)


def _opened(path: str | Path | Any) -> AbstractContextManager[Group]:
    return shards.reading(path) if isinstance(path, Path) and path.suffix == ".json" else hdf5.reading(path)


def _read(group: Group, obj: Any, plan: Plan, seen: set[int], where: str) -> None:
    seen.add(id(obj))
    _read_own(group, obj, plan, where)
    for name, child in children(obj, optimizer=False):
        if _is_container(child):
            twice = name == "layers" and _lists_layers(obj)
            _read_container(_inside(group, name), child, plan, seen, f"{where}/{name}", whole=not twice)
        elif id(child) not in seen:
            found = _find(group, name, child) or _by_property(group, obj, child)
            if found is not None:
                _read(found, child, plan, seen, f"{where}/{name}")
            elif _all_weights(child):
                plan.problem(f"{where}/{name} ({type(child).__name__}): the file has nothing for it")


def _read_container(
    group: Mapping[str, Any], container: Any, plan: Plan, seen: set[int], where: str, whole: bool = True
) -> None:
    """Read what a container holds; unless it is `whole`, what the file does not have here may stand elsewhere in it."""
    for key, item in _numbered(container):
        if id(item) in seen:
            continue
        if _is_container(item):
            seen.add(id(item))
            _read_container(_inside(group, key), item, plan, seen, f"{where}/{key}")
            continue
        found = _find(group, key, item)
        if found is not None:
            _read(found, item, plan, seen, f"{where}/{key}")
        elif whole and _all_weights(item):
            plan.problem(f'{where}/{key} ({type(item).__name__} "{item.name}"): the file has nothing for it')


def _inside(group: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The group of a container; an empty one if the file has none."""
    found = group.get(name)
    return found if isinstance(found, Group) else {}


def _find(group: Mapping[str, Any], name: str, obj: Any) -> Group | None:
    """The object's group: by key, else by the object's name kept in the file."""
    found = group.get(name)
    if isinstance(found, Group) and (
        _kept_name(found) in (None, getattr(obj, "name", None)) or not _by_name(group, obj)
    ):
        return found
    return _by_name(group, obj)


def _by_name(group: Mapping[str, Any], obj: Any) -> Group | None:
    matches = [
        g
        for key in group
        if isinstance(g := group[key], Group) and _kept_name(g) == getattr(obj, "name", None)
    ]
    return matches[0] if len(matches) == 1 else None


def _by_property(group: Mapping[str, Any], owner: Any, obj: Any) -> Group | None:
    """The object's group under the name of a property that returns it: Keras walks these too, and an attribute may be one now."""
    for key in group:
        if isinstance(getattr(type(owner), key, None), property) and isinstance(group[key], Group):
            with suppress(Exception):  # as `output` has of a layer without one
                if getattr(owner, key) is obj:
                    return group[key]
    return None


def _kept_name(group: Group) -> str | None:
    own = group.get("vars")
    return own.text("name") if isinstance(own, Group) else None


def _read_own(group: Group, obj: Any, plan: Plan, where: str) -> None:
    own = group.get("vars")
    store = own if isinstance(own, Group) else {}
    if type(obj).load_own_variables is not Layer.load_own_variables:
        obj.load_own_variables({k: store[k].read() for k in store})
        return
    mine = obj._direct_weights()
    data = [store[str(i)] for i in range(len(store)) if str(i) in store]
    if len(mine) != len(data):
        hint = "" if obj.built else " (the layer is not built: call the model once before loading)"
        plan.problem(f"{where or obj.name}: the model has {len(mine)} variables, the file {len(data)}{hint}")
        return
    for v, d in zip(mine, data, strict=True):
        if isinstance(d, Data):
            plan.pair(v, d)
        else:
            plan.problem(f"{v.path}: the file has a group where its values should be")


def _all_weights(obj: Any) -> list[Any]:
    return obj.weights if isinstance(obj, Layer) else []


def _optimizer_data(file: Group, model: Any, whole: bool, skipped: set[int]) -> list[Any] | None:
    """The optimizer's variables in the file; None when there are none, or none are wanted."""
    optimizer = getattr(model, "optimizer", None)
    if (
        optimizer is None
        or id(optimizer) in skipped
        or not (whole or optimizer.built)
        or "optimizer" not in file
    ):
        return None
    own = file.group("optimizer").get("vars")
    return [own.data(str(i)) for i in range(len(own)) if str(i) in own] if isinstance(own, Group) else None


def _load_optimizer(data: list[Any], model: Any, name: str, whole: bool) -> None:
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    mine = optimizer.variables[: len(data)] if _is_of_no_step(data) else optimizer.variables
    plan = Plan(name)
    plan.pair_all("optimizer", mine, data)
    if whole or plan.fits:
        plan.carry_out_or_warn(
            "the optimizer's state could not be restored; training goes on with a fresh one"
        )


def _is_of_no_step(data: list[Any]) -> bool:
    """Whether an optimizer was saved before it was built: it had counted no step, and knew its learning rate at most."""
    return 0 < len(data) <= 2 and data[0].shape == () and int(data[0].read()) == 0
