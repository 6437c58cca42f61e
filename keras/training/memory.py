"""What a model remembers between runs: compiled steps, output shapes, kinds of batches. Forgotten when it is compiled."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from keras.backend.state import Variable
from keras.backend.tracing import Compiled
from keras.training.merging import row_limit
from keras.training.pace import Pace
from keras.training.purity import is_librarys_own
from keras.training.recompiling import why_again
from keras.training.step import make_step

Step = Callable[[Any], Any]

_logger = logging.getLogger("keras")


class Memory:
    """The memory of one model's runs.

    Args:
        model: the model.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._graph: Any = None
        self.forget()

    def forget(self) -> None:
        """What was compiled does not hold any more."""
        self._steps: dict[Any, Step] = {}
        self._parts: list[Any] | None = None
        self.output_specs: dict[Any, Any] = {}  # by the specs of the inputs
        self.batches: dict[
            Any, Any
        ] = {}  # predictions for the kinds of single batches that have been looked at
        self._orders: dict[tuple[str, ...], list[str]] = {}
        self._paces: dict[Compiled, Pace] = {}
        self._told: set[Any] = set()
        self._row_limit: int | None = None
        self._model.train_function = self._model.test_function = self._model.predict_function = None

    def begin_run(self) -> None:
        """Forget everything if layers were added to a `Sequential`, or taken away, since the last run."""
        graph = self._model.__dict__.get("_functional")
        if graph is not self._graph and self._graph is not None:
            self.forget()
        self._graph = graph

    def step(self, kind: str, function: Step, key: Any = None, force: bool = False) -> Step:
        """The compiled step of a kind, made when first asked for.

        Args:
            kind: `"train"`, `"test"`, `"predict"`, ...
            function: the step itself.
            key: what else it depends on.
            force: make it anew.
        """
        made = None if force else self._steps.get((kind, key))
        if made is None:
            model = self._model
            jit = None if model.jit_compile == "auto" else bool(model.jit_compile)

            known: list[Any] = []

            def note(signature: Any) -> None:
                if known:
                    reason = why_again(signature, known)
                    _logger.info("%s: compiling the %s step again: %s", model.name, kind, reason)
                else:
                    _logger.debug("%s: compiling a %s step for %s", model.name, kind, signature)
                known.append(signature)

            own = is_librarys_own(model)
            made = self._steps[kind, key] = make_step(function, model.run_eagerly, jit, note, own)
        return made

    def pace(self, step: Compiled) -> Pace:
        """How fast a step runs, as far as it is known."""
        return self._paces.setdefault(step, Pace())

    def row_limit(self) -> int:
        """How many rows may be predicted together (see `merging`)."""
        if self._row_limit is None:
            self._row_limit = row_limit(self._model)
        return self._row_limit

    def first_time(self, what: Any) -> bool:
        """Whether this is asked for the first time."""
        known = what in self._told
        self._told.add(what)
        return not known

    def trainable_key(self, fresh: bool = False) -> Any:
        """What a training step was compiled for: the layers and variables, and which of them are trained.

        Args:
            fresh: look for the layers again; they may have changed.
        """
        return tuple((id(part), part.trainable) for part in self.parts(fresh))

    def parts(self, fresh: bool = False) -> list[Any]:
        """Layers, each after what holds it, and variables; `fresh`: look for them again."""
        if self._parts is None or fresh:
            self._parts = [*self._model._flatten_layers(), *self._model.variables]
        return self._parts

    def all_frozen(self) -> bool:
        """Whether no variable is trainable, or, where there are none yet, no layer."""
        parts = self.parts()
        variables = [part for part in parts if isinstance(part, Variable)]
        return not any(part.trainable for part in variables or parts)

    def order(self, logs: dict[str, Any]) -> list[str]:
        """The names in `logs` in the order of the model's `metrics_names`, others after them."""
        names = tuple(logs)
        if names not in self._orders:
            first = [name for name in self._model.metrics_names if name in logs]
            self._orders[names] = [*first, *(name for name in names if name not in first)]
        return self._orders[names]

    @property
    def trace_counts(self) -> dict[str, int]:
        """How often each kind of step has been traced."""
        counts: dict[str, int] = {}
        for (kind, _), made in self._steps.items():
            counts[kind] = counts.get(kind, 0) + (made.trace_count if isinstance(made, Compiled) else 0)
        return counts
