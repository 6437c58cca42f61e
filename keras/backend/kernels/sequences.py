"""The kernels `lstm`, `gru` and `simple_rnn` of engines that can run host code: oneDNN's passes over arrays, where it has them.

Float32 of known sizes (but for steps, if an engine leaves their number open); for anything else the shared bodies serve.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from keras.backend.engine import Engine, Spec
from keras.backend.kernels import masked, recurrent
from keras.backend.spec import OPEN, Open, Unknown

Tensor = Any
_NAMES = ("lstm", "gru", "simple_rnn")
PullBack = Callable[[list[Tensor]], list[Tensor | None]]


@dataclass(frozen=True)
class Prepared:
    """A call oneDNN can do.

    Args:
        sizes: as it knows them; the number of steps is that of the arrays if it is left open.
        passes: the module with the passes, `recurrent` or `masked`.
        mask: the mask, if there is one.
        xs: inputs, states, kernels and bias, which is never None.
        specs: of these.
        given: of which the caller gave; a bias may be missing.
    """

    sizes: recurrent.Call
    passes: ModuleType
    mask: list[Tensor]
    xs: list[Tensor]
    specs: list[Spec]
    given: int

    @property
    def results(self) -> list[Spec]:
        """Outputs and last states."""
        n, time, _ = self.specs[0][0]
        states = self.specs[1:-3]
        return [((n, time, states[0][0][1]), "float32"), *states]

    @property
    def is_open(self) -> bool:
        """Whether the number of steps is left open."""
        return isinstance(self.specs[0][0][1], Open)

    @property
    def kept(self) -> Spec:
        """What the way back needs."""
        return (OPEN if self.is_open else self.passes.kept_size(self.sizes),), "float32"

    def run(
        self, e: Engine, name: str, results: list[Spec], xs: Sequence[Tensor], *static: Any
    ) -> list[Tensor]:
        """One of the passes, over `xs`."""
        go, sizes, first = (
            getattr(self.passes, name),
            self.sizes,
            len(self.mask),
        )  # not `self`, which has the tensors

        def over_its_steps(*arrays: np.ndarray) -> list[np.ndarray]:
            return go(sizes._replace(time=arrays[first].shape[1]), *static, *arrays)

        run = over_its_steps if self.is_open else partial(go, sizes, *static)
        return e.host_call(run, results, [*self.mask, *xs])


class SequencesPart(Engine):
    """Overrides of the kernels in `keras.layers.rnn.kernels`."""

    def lstm(self, *args: Any) -> Any:
        return self._sequence("lstm", args)

    def gru(self, *args: Any) -> Any:
        return self._sequence("gru", args)

    def simple_rnn(self, *args: Any) -> Any:
        return self._sequence("simple_rnn", args)

    def _sequence(self, name: str, args: tuple[Any, ...]) -> Any:
        call = self._as_sequence(name, args)
        if call is None:
            return NotImplemented
        return tuple(call.run(self, "forward", call.results, call.xs, False))

    def with_pull_back(self, name: str, *args: Any) -> tuple[Any, PullBack] | None:
        call = self._as_sequence(name, args) if name in _NAMES else None
        if call is None:
            return None
        *ys, kept = call.run(self, "forward", [*call.results, call.kept], call.xs, True)

        def pull_back(dys: list[Tensor]) -> list[Tensor | None]:
            found = call.run(self, "backward", call.specs, [*call.xs, *ys, kept, *dys])
            return [*found[: call.given], *(None for _ in call.mask)]

        return tuple(ys), pull_back

    def _as_sequence(self, name: str, args: tuple[Any, ...]) -> Prepared | None:
        n = 5 if name == "lstm" else 4
        xs, (bias, mask, drop, reverse, *functions) = list(args[:n]), args[n:]
        specs = [self.spec(x) for x in xs]
        if any(dtype != "float32" for _, dtype in specs) or drop is not None:
            return None
        (batch, time, features), (_, units) = specs[0][0], specs[1][0]
        if any(isinstance(n, Unknown) for n in (batch, features)) or (
            isinstance(time, Unknown) and not isinstance(time, Open)
        ):
            return None  # a kernel is planned for sizes
        kind, activation = name, ""
        if name == "simple_rnn":
            if mask is not None or functions[0] not in recurrent.ACTIVATIONS:
                return None  # it has no gates that could be shut
            kind, activation = "vanilla_rnn", functions[0]
        elif functions[:2] != ["tanh", "sigmoid"]:
            return None
        elif functions[2:] == [True]:
            kind = "lbr_gru"
        planned = 2 if isinstance(time, Open) else time
        sizes = recurrent.Call(kind, batch, planned, features, units, reverse, activation)
        passes = recurrent if mask is None else masked
        if not passes.able(sizes):
            return None
        given = n + (bias is not None)
        if bias is None:
            bias = self.full(sizes.bias, 0.0, "float32")
        only = [] if mask is None else [mask]
        return Prepared(sizes, passes, only, [*xs, bias], [*specs, (sizes.bias, "float32")], given)
