"""Models, layers, optimizers and metrics in `tf.train.Checkpoint`, `tf.Module` and `tf.saved_model.save`.

TensorFlow asks each object for its parts, and only objects of a class of its own. That class becomes a base of ours when
a program loads all of TensorFlow; without it nothing is asked for.
"""

from __future__ import annotations

from typing import Any

from keras.backend import select
from keras.backend.engine import Engine
from keras.backend.state import HasVariables, Variable
from keras.backend.tensorflow_engine.loading import is_whole, module, tf, when_whole


class CheckpointsPart(Engine):
    """Has the bases joined."""

    def __init__(self) -> None:
        super().__init__()
        if is_whole():
            _join()
        else:
            when_whole.append(_join)


def _join() -> None:
    base = module("trackable.base").Trackable
    if not issubclass(HasVariables, base):
        parts = type("Parts", (base,), {"_trackable_children": _children, "_variables_made": _restore_late})
        HasVariables.__bases__ = (parts, *HasVariables.__bases__)


def _children(self: Any, save_type: str = "checkpoint", **_: Any) -> dict[str, Any]:
    """The parts of an object by name: numbers in the order they were made, as in files of weights."""
    found: dict[str, Any] = {}
    if hasattr(self, "_sublayers"):
        found |= {f"layer-{i}": x for i, x in enumerate(self._sublayers())}
        seeds = self._direct_state(lambda x: isinstance(x, HasVariables) and not hasattr(x, "_sublayers"))
        found |= {f"state-{i}": x for i, x in enumerate(seeds)}
        variables = self._direct_state(lambda x: isinstance(x, Variable))
        if getattr(self, "optimizer", None) is not None:
            found["optimizer"] = self.optimizer
    else:
        variables = self.variables if hasattr(self, "variables") else [self.state]
    engine = select.get("tensorflow")
    return found | {f"variable-{i}": v.cell(engine).variable for i, v in enumerate(variables)}


def _restore_late(self: Any) -> None:
    """Give variables that have just been made the values of a checkpoint that was restored before."""
    if getattr(self, "_self_unconditional_deferred_dependencies", None):
        with tf.init_scope():
            for name, part in self._trackable_children().items():
                self._handle_deferred_dependencies(name, part)
