"""What belongs to a layer: the layers, variables, seeds, metrics and losses found among its attributes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

import numpy as np

from keras import tree
from keras.backend import state
from keras.backend.spec import KerasTensor
from keras.backend.state import HasVariables, Variable
from keras.interrupt import undisturbed
from keras.ops.node import Operation
from keras.random import SeedGenerator

Tensor = Any

_known: ContextVar[dict[Any, Any] | None] = ContextVar("keras_known_state", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Inside the block what belongs to a layer is looked for once: for steps of training, which change no layers.

    A layer that is built inside the block is looked through again.
    """
    if _known.get() is not None:
        yield
        return
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def forget() -> None:
    """A layer has got new parts, or is trained no more."""
    known = _known.get()
    if known is not None:
        known.clear()


def _remembered(find: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """A method whose list is found once in a `remembering` block."""

    @functools.wraps(find)
    def call(self: Any, *args: Any) -> list[Any]:
        known = _known.get()
        if known is None:
            return find(self, *args)
        key = (find, id(self), args)  # the model, and so its layers, outlives the block
        if key not in known:
            known[key] = find(self, *args)
        return list(known[key])

    return call


class Tracked(HasVariables, Operation):
    """The state of a `Layer` and of the layers below it. Nothing is registered: attributes are looked through."""

    #: Attributes that never hold tracked state.
    _untracked: ClassVar[frozenset[str]] = frozenset({"_inbound_nodes", "_losses", "_init_call"})

    #: Whether any layer has added a loss: until then no call has to look for losses of the one before.
    _ever_added: ClassVar[bool] = False

    built: bool
    path: Any
    _trainable: bool
    _losses: list[Tensor]
    _initial_weights: Any
    _own_variables: list[Variable]

    def __setattr__(self, name: str, value: Any) -> None:
        # `self.kernel = self.bias = None` reserves names, not places: the order of weights is that of their making.
        if value is not None and self.__dict__.get(name, value) is None:
            del self.__dict__[name]
        super().__setattr__(name, value)

    def __copy__(self) -> Tracked:
        """The same variables and layers, as a layer that has not been called yet."""
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        copied.__dict__.update(_inbound_nodes=[], _losses=[], _own_variables=list(self._own_variables))
        return copied

    def _tracked_state(self) -> list[Any]:
        """Layers, variables, seed generators and metrics: of `add_weight`, then among the attributes, as they were set."""
        found: list[Any] = list(self.__dict__.get("_own_variables", ()))
        for name, value in self.__dict__.items():
            kind = type(value)
            if (_kinds[kind] if kind in _kinds else _may_be_tracked(kind)) and name not in self._untracked:
                _collect(value, found)
        return found

    def _holds_new_state(self, value: Any) -> bool:
        """Whether a value is or holds what would be tracked as an attribute, and is not yet."""
        kind = type(value)
        if not (_kinds[kind] if kind in _kinds else _may_be_tracked(kind)):
            return False
        found: list[Any] = []
        _collect(value, found)
        known = {id(x) for x in self._tracked_state()} if found else set()
        return any(id(x) not in known for x in found)

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        """This layer and those below it, each once, parents first."""
        return self._layers_below(include_self, recursive)

    @_remembered
    def _layers_below(self, include_self: bool, recursive: bool) -> list[Any]:
        found: dict[int, Tracked] = {}

        def visit(layer: Tracked, add: bool) -> None:
            if add:
                if id(layer) in found:
                    return
                found[id(layer)] = layer
            for child in layer._sublayers():
                if recursive:
                    visit(child, True)
                else:
                    found.setdefault(id(child), child)

        visit(self, include_self)
        return list(found.values())

    def _sublayers(self) -> list[Any]:
        """Layers directly below this one."""
        return _unique(x for x in self._tracked_state() if isinstance(x, Tracked))

    def _direct_state(self, kind: Callable[[Any], bool]) -> list[Any]:
        return _unique(x for x in self._tracked_state() if kind(x))

    def _direct_weights(self) -> list[Variable]:
        """The layer's own weights: trainable ones first, as files have them."""
        own = self._direct_state(lambda x: isinstance(x, Variable))
        return [v for v in own if v.made_trainable] + [v for v in own if not v.made_trainable]

    # ------------------------------------------------------------------ variables
    @property
    def weights(self) -> list[Variable]:
        """All weights of the layer and the layers below; no seeds, no metrics."""
        return _unique(v for layer in self._flatten_layers() for v in layer._direct_weights())

    @property
    def variables(self) -> list[Variable]:
        """All state: weights, and the states of seed generators."""
        found = []
        for layer in self._flatten_layers():
            found += layer._direct_weights()
            found += [g.state for g in layer._direct_state(lambda x: isinstance(x, SeedGenerator))]
        return _unique(found)

    @property
    def trainable_variables(self) -> list[Variable]:
        """Variables that training changes."""
        return self._trained()

    @_remembered
    def _trained(self) -> list[Variable]:
        frozen = self._frozen_ids()
        return [v for v in self.variables if v.trainable and id(v) not in frozen]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """Variables that training leaves alone."""
        trained = {id(v) for v in self.trainable_variables}
        return [v for v in self.variables if id(v) not in trained]

    @property
    def trainable_weights(self) -> list[Variable]:
        """Weights that training changes."""
        frozen = self._frozen_ids()
        return [v for v in self.weights if v.trainable and id(v) not in frozen]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """Weights that training leaves alone."""
        trained = {id(v) for v in self.trainable_weights}
        return [v for v in self.weights if id(v) not in trained]

    def _frozen_ids(self) -> set[int]:
        """Ids of variables below a layer that is not trainable."""
        frozen: set[int] = set()
        for layer in self._flatten_layers():
            if not layer._trainable:
                frozen.update(id(v) for below in layer._flatten_layers() for v in below._direct_weights())
        return frozen

    @property
    def trainable(self) -> bool:
        """Whether the layer's variables are trained; setting it sets all layers below, and their variables."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer._trainable = bool(value)
            for variable in layer._direct_weights():
                variable.trainable = bool(value) and variable.made_trainable
        forget()

    def get_weights(self) -> list[np.ndarray]:
        """Values of `weights` as host arrays."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Iterable[Any]) -> None:
        """Assign arrays in the order of `weights`.

        Raises:
            ValueError: another number of arrays, or an array of another shape; nothing is changed then.
        """
        arrays = [state.to_host(w) for w in weights]
        mine = self.weights
        label = f'{type(self).__name__} "{self.path}"'
        if len(arrays) != len(mine):
            raise ValueError(
                f"{label}: set_weights expected {len(mine)} arrays ({[v.path for v in mine]}). Received: {len(arrays)}"
            )
        for v, a in zip(mine, arrays, strict=True):
            if v.shape != a.shape:
                raise ValueError(
                    f"{label}: set_weights expected shape {v.shape} for {v.path}. Received: {a.shape}"
                )
        with undisturbed():
            for v, a in zip(mine, arrays, strict=True):
                v.assign(a)

    def count_params(self) -> int:
        """Number of scalars in `weights`."""
        if not self.built:
            raise ValueError(
                f'{type(self).__name__} "{self.path}" has no weights yet: call it once, or call `build(shape)`.'
            )
        return sum(int(np.prod(v.shape, dtype=np.int64)) for v in self.weights)

    def save_own_variables(self, store: Any) -> None:
        """Put the layer's own weights into a mapping, keyed by position."""
        for i, v in enumerate(self._direct_weights()):
            store[str(i)] = v.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take the layer's own weights from a mapping that `save_own_variables` filled."""
        mine = self._direct_weights()
        if len(store.keys()) != len(mine):
            raise ValueError(
                f'{type(self).__name__} "{self.path}" has {len(mine)} weights, but the file holds {len(store.keys())} for it.'
                + ("" if self.built else " The layer is not built yet: call the model once before loading.")
            )
        for i, v in enumerate(mine):
            v.assign(store[str(i)])

    def _apply_initial_weights(self) -> None:
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)
            self._initial_weights = None

    # ------------------------------------------------------------------ losses, metrics
    def add_loss(self, loss: Any) -> None:
        """Add scalar loss(es), computed from the inputs of the running call, to the training loss."""
        self._losses.extend(x for x in tree.flatten(loss) if x is not None and not isinstance(x, KerasTensor))
        Tracked._ever_added = True

    @property
    def losses(self) -> list[Tensor]:
        """Losses added in the last call by this layer and those below, and the weight regularisation."""
        found = [x for layer in self._flatten_layers() for x in layer._losses]
        found += [v.regularizer(v) for v in self.trainable_variables if v.regularizer is not None]
        return found

    def _clear_losses(self) -> None:
        for layer in self._flatten_layers() if Tracked._ever_added else ():
            layer._losses.clear()

    @property
    def metrics(self) -> list[Any]:
        """Metrics among the attributes of this layer and those below."""
        return self._metrics_below()

    @_remembered
    def _metrics_below(self) -> list[Any]:
        return _unique(m for layer in self._flatten_layers() for m in layer._direct_state(_is_metric))

    @property
    def metrics_variables(self) -> list[Variable]:
        """State of `metrics`."""
        return [v for m in self.metrics for v in m.variables]


def _collect(value: Any, found: list[Any], around: tuple[int, ...] = ()) -> None:
    """Add what is tracked in a value that is tracked itself or a container; one that holds itself is entered once."""
    if not isinstance(value, (dict, list, tuple)):
        found.append(value)
        return
    if id(value) in around:
        return
    inside = (*around, id(value))
    for v in value.values() if isinstance(value, dict) else value:
        kind = type(v)
        if _kinds[kind] if kind in _kinds else _may_be_tracked(kind):
            _collect(v, found, inside)


#: Whether values of a type may be or hold what is tracked: asked for every attribute of every layer.
_kinds: dict[type, bool] = {}


def _may_be_tracked(kind: type) -> bool:
    if len(_kinds) > 4096:  # classes made in a loop
        _kinds.clear()
    found = issubclass(kind, (Tracked, Variable, SeedGenerator, dict, list, tuple)) or _is_metric_type(kind)
    _kinds[kind] = found
    return found


def _is_metric_type(kind: type) -> bool:
    return hasattr(kind, "update_state") and hasattr(kind, "reset_state")


def _is_metric(x: Any) -> bool:
    return _is_metric_type(type(x))


def _unique(items: Iterable[Any]) -> list[Any]:
    return list({id(x): x for x in items}.values())
