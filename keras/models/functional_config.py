"""Functional models as plain data and back: the layouts of Keras 3 and Keras 2.

Both list the layers in graph order and, for each, the calls that belong to the graph; a call names the tensors it took as
`[layer name, index of the call, index of the output]`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from keras import tree
from keras.backend.spec import KerasTensor
from keras.layers import InputLayer, Layer
from keras.models import op_nodes
from keras.models.graph import Graph
from keras.models.model import Model
from keras.ops.dispatch import OpCall
from keras.ops.node import Operation
from keras.serializable import deserialize, serialize

if TYPE_CHECKING:
    from keras.models.functional import Functional

Config = dict[str, Any]
History = tuple[str, int, int]


#: What a layer's `shared_object_id` stands for, while a model and those inside it are written or read.
_shared: ContextVar[dict[int, Any] | None] = ContextVar("keras_shared_layers", default=None)


# ---------------------------------------------------------------------- writing
def to_config(model: Functional) -> Config:
    """The model's graph in the layout of Keras 3."""
    with _sharing(lambda: _numbers_of_shared(model)) as numbers:
        return _to_config(model, numbers)


@contextmanager
def _sharing(start: Callable[[], dict[int, Any]]) -> Iterator[dict[int, Any]]:
    """What the outermost model began with."""
    around = _shared.get()
    token = _shared.set(start() if around is None else around)
    try:
        found = _shared.get()
        assert found is not None
        yield found
    finally:
        _shared.reset(token)


def _numbers_of_shared(model: Functional) -> dict[int, int]:
    """A number for each layer that stands in several of the models in a model, by `id`."""
    counts: Counter[int] = Counter()
    waiting, models = [model], {id(model)}
    while waiting:
        for operation in waiting.pop().operations:
            counts[id(operation)] += 1
            if _is_functional(operation) and id(operation) not in models:
                models.add(id(operation))
                waiting.append(operation)  # type: ignore[arg-type]
    return {key: number for number, key in enumerate((k for k, n in counts.items() if n > 1), 1)}


def _to_config(model: Functional, numbers: dict[int, int]) -> Config:
    addresses = _addresses(model._graph)

    def listed(t: KerasTensor) -> list[Any]:
        name, call, output = addresses[id(t)]
        return [name, call + _first_listed(t.node.operation), output]

    def encode(x: Any) -> Any:
        if isinstance(x, KerasTensor):
            config = {"shape": list(x.shape), "dtype": x.dtype, "keras_history": list(addresses[id(x)])}
            return {"class_name": "__keras_tensor__", "config": config}
        if isinstance(x, (list, tuple)):
            return [encode(v) for v in x]
        if isinstance(x, dict):
            return {k: encode(v) for k, v in x.items()}
        return serialize(x)

    layers = []
    for operation in model.operations:
        nodes = [] if isinstance(operation, InputLayer) else model._graph.nodes_of(operation)
        if isinstance(operation, OpCall):
            entry, args, kwargs = op_nodes.encode(operation, nodes[0])
            calls = [(args, kwargs)]
        else:
            entry, calls = serialize(operation), [(n.args, n.kwargs) for n in nodes]
        entry = {**entry, "name": operation.name}
        if id(operation) in numbers:
            entry["shared_object_id"] = numbers[id(operation)]
        entry["inbound_nodes"] = [
            {"args": [encode(a) for a in args], "kwargs": encode(kwargs)} for args, kwargs in calls
        ]
        layers.append(entry)
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": layers,
        "input_layers": tree.map_structure(listed, model._inputs_struct),
        "output_layers": tree.map_structure(listed, model._outputs_struct),
    }


def _addresses(graph: Graph) -> dict[int, History]:
    """`(layer name, call index, output index)` of every tensor of the graph."""
    found: dict[int, History] = {id(t): (t.node.operation.name, 0, t.index) for t in graph.inputs}
    for operation in graph.operations:
        if isinstance(operation, InputLayer):
            continue
        for i, node in enumerate(graph.nodes_of(operation)):
            for t in node.output_tensors:
                found[id(t)] = (operation.name, i, t.index)
    return found


def _first_listed(operation: Operation) -> int:
    """The index of an operation's first call among the model's inputs and outputs.

    There Keras 3 counts a functional model's own inputs-to-outputs connection as its call 0, as Keras 2 does everywhere;
    where one call names the tensors of another, it does not.
    """
    return int(_is_functional(operation))


def _is_functional(operation: Operation) -> bool:
    functional = operation._functional_class if isinstance(operation, Model) else None
    return functional is not None and isinstance(operation, functional)


# ---------------------------------------------------------------------- reading
def from_config(config: Config, custom_objects: Any, safe_mode: bool) -> tuple[Any, Any, Config]:
    """Symbolic inputs and outputs, and the model's other facts, from a config of Keras 2 or 3.

    Raises:
        ValueError: a call refers to a layer or output that is not there.
    """
    with _sharing(dict) as layers:
        reader = _Reader(custom_objects, safe_mode, layers)
        for entry in config["layers"]:
            reader.add(entry)
        reader.connect()
    facts = {k: config[k] for k in ("name", "trainable") if config.get(k) is not None}
    inputs = reader.tensors(config["input_layers"])
    outputs = reader.tensors(config["output_layers"])
    return inputs, outputs, facts


class _Call:
    """One call in the file: how to make it, and which tensors it needs first."""

    def __init__(self, name: str, args: Any, kwargs: Any) -> None:
        self.name = name
        self.args = args
        self.kwargs = kwargs
        self.needs = [x.history for x in tree.flatten((args, kwargs)) if isinstance(x, _Ref)]


class _Ref:
    """A tensor of the graph by its address."""

    def __init__(self, name: str, call: int, output: int) -> None:
        self.history: History = (name, int(call), int(output))


class _Reader:
    """Makes the layers, then replays the calls as soon as what they need is there."""

    def __init__(self, custom_objects: Any, safe_mode: bool, shared: dict[int, Any]) -> None:
        self._custom_objects = custom_objects
        self._safe_mode = safe_mode
        self._shared = shared
        self._layers: dict[str, Any] = {}
        self._pending: dict[str, list[_Call]] = {}
        self._made: dict[str, list[list[KerasTensor]]] = {}
        self._referenced: dict[str, list[int]] = {}  # the call indices that calls refer to, by layer
        self._calls: dict[str, int] = {}  # how many calls the file has, by layer
        self._is_keras2 = False

    def add(self, entry: Config) -> None:
        name = entry.get("name") or entry["config"]["name"]
        operation = op_nodes.decode(entry, self._make)
        if operation is None:
            operation = self._layer(entry)
        self._layers[name] = operation
        self._made[name] = [[operation.output]] if isinstance(operation, InputLayer) else []
        nodes = entry.get("inbound_nodes", [])
        self._is_keras2 |= not all(map(_is_keras3_node, nodes))
        self._pending[name] = [_read_call(name, node, self._make) for node in nodes]
        self._calls[name] = len(nodes)
        for call in self._pending[name]:
            for source, index, _ in call.needs:
                self._refer(source, index)

    def _layer(self, entry: Config) -> Any:
        """The layer of an entry, which may be one that another model has made."""
        data = {k: v for k, v in entry.items() if k not in ("inbound_nodes", "name")}
        number = data.pop("shared_object_id", None)
        made, like = self._shared.get(number, (None, None))
        if made is None or _plain(data) != _plain(like):
            made = deserialize(data, self._custom_objects, self._safe_mode, family="layers")
            if isinstance(number, int):
                self._shared[number] = made, data
        return made

    def _make(self, x: Config) -> Any:
        return deserialize(x, self._custom_objects, self._safe_mode)

    def _refer(self, name: str, index: int) -> None:
        self._referenced.setdefault(name, []).append(index)

    def connect(self) -> None:
        remaining = sum(map(len, self._pending.values()))
        while remaining:
            for name, calls in self._pending.items():
                while calls and all(self._ready(h) for h in calls[0].needs):
                    self._replay(name, calls.pop(0))
            left = sum(map(len, self._pending.values()))
            if left == remaining:
                stuck = {
                    n: [h for h in c[0].needs if not self._ready(h)] for n, c in self._pending.items() if c
                }
                raise ValueError(
                    f"The model's config is broken: these layers wait for tensors that nothing makes: {stuck}"
                )
            remaining = left

    def _ready(self, history: History) -> bool:
        name, index, _ = history
        if name not in self._layers:
            raise ValueError(f"The model's config refers to a layer {name!r} that it does not list.")
        return self._position(name, index) < len(self._made[name])

    def _position(self, name: str, index: int, listed: bool = False) -> int:
        """Which of a layer's calls an index means; nested models' are counted from 1 in some places (`_first_listed`)."""
        operation, referenced = self._layers[name], self._referenced.get(name, [0])
        if not isinstance(operation, Model):
            return index
        if self._is_keras2:  # also for sequential ones, in some versions
            return index - min(1, *referenced)
        if listed:
            return index - min(index, _first_listed(operation))
        return index - int(max(referenced) >= self._calls[name])  # this library once counted from 1 here, too

    def _replay(self, name: str, call: _Call) -> None:
        operation = self._layers[name]

        def value(x: Any) -> Any:
            return self._tensor(x.history) if isinstance(x, _Ref) else x

        if call.kwargs.get("training") is False and _trains_only_when_told(operation):
            # Keras 3 writes the flag's default, and does not mean it: `fit` turns such a layer on all the same.
            del call.kwargs["training"]
        outputs = operation(*tree.map_structure(value, call.args), **tree.map_structure(value, call.kwargs))
        made = [t for t in tree.flatten(outputs) if isinstance(t, KerasTensor)]
        if not isinstance(operation, Operation):  # an op: its call made the operation
            made[0].node.operation.name = name
        self._made[name].append(made)

    def _tensor(self, history: History, listed: bool = False) -> KerasTensor:
        name, index, output = history
        calls = self._made.get(name)
        if calls is None:
            raise ValueError(f"The model's config refers to a layer {name!r} that it does not list.")
        try:
            return calls[self._position(name, index, listed)][output]
        except IndexError:
            raise ValueError(
                f"The model's config refers to call {index}, output {output} of layer {name!r}, which is not there."
            ) from None

    def tensors(self, structure: Any) -> Any:
        """`input_layers` or `output_layers`: an address, or a structure of them."""
        if _is_address(structure):
            if self._is_keras2:
                self._refer(structure[0], structure[1])
            return self._tensor(tuple(structure), listed=True)
        if isinstance(structure, dict):
            return {k: self.tensors(v) for k, v in structure.items()}
        parts = [self.tensors(v) for v in structure]
        return tuple(parts) if isinstance(structure, tuple) else parts


def _plain(x: Any) -> Any:
    """A config without the numbers that Keras gives to all its parts."""
    if isinstance(x, dict):
        return {k: _plain(v) for k, v in x.items() if k != "shared_object_id"}
    return [_plain(v) for v in x] if isinstance(x, (list, tuple)) else x


def _trains_only_when_told(operation: Any) -> bool:
    return isinstance(operation, Layer) and operation._signature.training_default is False


def _is_address(x: Any) -> bool:
    return (
        isinstance(x, (list, tuple))
        and len(x) == 3
        and isinstance(x[0], str)
        and isinstance(x[1], int)
        and isinstance(x[2], int)
    )


def _is_keras3_node(node: Any) -> bool:
    return isinstance(node, dict) and "args" in node


def _read_call(name: str, node: Any, make: Callable[[Config], Any]) -> _Call:
    def decode(x: Any) -> Any:
        if isinstance(x, dict):
            if x.get("class_name") == "__keras_tensor__":
                return _Ref(*x["config"]["keras_history"])
            if "class_name" in x and "config" in x:
                return make(x)
            return {k: decode(v) for k, v in x.items()}
        return [decode(v) for v in x] if isinstance(x, list) else x

    if _is_keras3_node(node):
        kwargs = {k: decode(v) for k, v in node.get("kwargs", {}).items()}
        return _Call(name, tuple(map(decode, node["args"])), kwargs)
    return _read_keras2_call(name, node)


def _read_keras2_call(name: str, node: Any) -> _Call:
    """`[[layer, call, output, kwargs], ...]`, one entry per tensor of the first argument, or a bare entry."""
    kwargs: Config = {}

    def first_argument(x: Any) -> Any:
        if _is_keras2_entry(x):
            if len(x) > 3:
                kwargs.update({k: _decode2(v) for k, v in x[3].items()})
            return x[2] if x[0] == "_CONSTANT_VALUE" else _Ref(*x[:3])
        if isinstance(x, dict):
            return {k: first_argument(v) for k, v in x.items()}
        return [first_argument(v) for v in x]

    argument = first_argument(node)
    if isinstance(argument, list) and len(argument) == 1:
        argument = argument[0]
    return _Call(name, (argument,), kwargs)


def _is_keras2_entry(x: Any) -> bool:
    return isinstance(x, list) and len(x) >= 3 and isinstance(x[0], str) and isinstance(x[1], int)


def _decode2(x: Any) -> Any:
    if _is_address(x):
        return _Ref(*x)
    if isinstance(x, list):
        return x[2] if len(x) == 3 and x[0] == "_CONSTANT_VALUE" else [_decode2(v) for v in x]
    if isinstance(x, dict):
        return {k: _decode2(v) for k, v in x.items()}
    return x
