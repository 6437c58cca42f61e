"""The engine whose calls are recorded."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.backend.engine import PRIMITIVES, Engine
from keras.backend.vjp.rules import FORWARDS, RULES
from keras.backend.vjp.table import Rule, kernel
from keras.backend.vjp.tape import Node, Traced, differentiable

if TYPE_CHECKING:
    from keras.backend.state import Variable

Tensor = Any
Spec = tuple[tuple[int, ...], str]
Function = Callable[..., Sequence[Tensor]]


class TapeEngine(Engine):
    """Runs every call on `inner` and records those with a traced argument.

    Its tensors are those of `inner`, which are constants here, and `Traced` ones. Primitives with a rule are recorded
    whole. Of the others, those that make constants or integers run on `inner`, and the rest run their default body on
    the tape.

    Args:
        inner: any engine, also a tape.
    """

    def __init__(self, inner: Engine) -> None:
        self.inner = inner
        for fact in ("name", "cannot", "missing_dtypes", "records_state", "checks_first"):
            setattr(self, fact, getattr(inner, fact))
        self._count = 0
        self._watched: dict[int, Node] = {}

    # ------------------------------------------------------------------ leaves
    def leaf(self, x: Tensor) -> Tensor:
        """A tensor of `inner` traced from here on; integers and bools stay constants."""
        return Traced(self, x, self._leaf()) if differentiable(self.inner.spec(x)[1]) else x

    def watch(self, variable: Variable) -> Node:
        """The leaf that every read of `variable` from now on is a result of."""
        return self._watched.setdefault(id(variable), self._leaf())

    def untraced(self, x: Any) -> Any:
        """What a traced tensor of this tape holds; anything else as it is."""
        return x.value if type(x) is Traced and x.tape is self else x

    def is_traced(self, x: Any) -> bool:
        """Whether gradients flow through `x` on this tape."""
        return type(x) is Traced and x.tape is self

    def _leaf(self) -> Node:
        self._count += 1
        return Node(self._count, None, (), (), None)

    # ------------------------------------------------------------------ recording
    def run(self, function: Callable[..., Any], rule: Rule, args: Sequence[Any]) -> Any:
        """`function(*args)` on untraced arguments, recorded with `rule` if one of them was traced."""
        parents = None
        values = args
        for i, a in enumerate(args):
            if type(a) is Traced and a.tape is self:
                if parents is None:
                    parents, values = [], list(args)
                parents.append((i, a.node, a.index))
                values[i] = a.value  # type: ignore[index]
        y = function(*values)
        return y if parents is None else self._recorded(rule, values, parents, y, y)

    def _recorded(
        self, rule: Rule, args: Sequence[Any], parents: list[tuple[int, Node, int]], y: Any, kept: Any
    ) -> Any:
        self._count += 1
        if rule.linear:
            inner = self.inner
            args = [inner.spec(a) if inner.is_tensor(a) else a for a in args]
        if isinstance(y, (tuple, list)):
            specs = [self.inner.spec(part) for part in y]
            node = Node(self._count, rule, args, parents, kept, specs)
            return type(y)(
                Traced(self, part, node, i) if differentiable(dtype) else part
                for i, (part, (_, dtype)) in enumerate(zip(y, specs, strict=True))
            )
        return Traced(self, y, Node(self._count, rule, args, parents, None if rule.linear else kept))

    # ------------------------------------------------------------------ primitives of their own kind
    def is_tensor(self, x: Any) -> bool:
        return (type(x) is Traced and x.tape is self) or self.inner.is_tensor(x)

    def spec(self, x: Tensor) -> Spec:
        return self.inner.spec(x.value if type(x) is Traced and x.tape is self else x)

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        if not differentiable(dtype):
            return self.inner.cast(self.untraced(x), dtype)
        return self.run(self.inner.cast, RULES["cast"], (x, dtype))

    def concat(self, xs: Sequence[Tensor], axis: int) -> Tensor:
        return self.run(lambda axis, *xs: self.inner.concat(xs, axis), RULES["concat"], (axis, *xs))

    # ------------------------------------------------------------------ control flow
    def cond(
        self, pred: Tensor, true_fn: Function, false_fn: Function, operands: Sequence[Tensor]
    ) -> list[Tensor]:
        try:
            chosen = bool(self.inner.to_numpy(self.untraced(pred)))
        except (
            RuntimeError
        ):  # the engine below is being traced: both branches, and a choice between their results
            pairs = zip(true_fn(*operands), false_fn(*operands), strict=True)
            return [self.select(pred, a, b) for a, b in pairs]
        return list((true_fn if chosen else false_fn)(*operands))

    def while_loop(self, test: Function, body: Function, init: Sequence[Tensor]) -> list[Tensor]:
        state = list(init)
        while self._holds(test(*state)):
            state = list(body(*state))
        return state

    def _holds(self, condition: Tensor) -> bool:
        try:
            return bool(self.inner.to_numpy(self.untraced(condition)))
        except RuntimeError as error:
            raise NotImplementedError(
                f"while_loop: engine {self.name!r} cannot differentiate a loop whose length is only known when it "
                "runs. Use `scan` or `fori_loop` with a fixed number of steps, or keep gradients out of the loop."
            ) from error

    def custom_vjp(self, f: Function, bwd: Callable[..., Any], xs: Sequence[Tensor]) -> list[Tensor]:
        def forward(*values: Tensor) -> list[Tensor]:
            return [self.untraced(y) for y in f(*values)]

        def pull_back(e: Any, dy: list[Tensor], y: list[Tensor], *values: Tensor) -> tuple[Any, ...]:
            return tuple(bwd(list(values), list(y), dy))

        return self.run(forward, Rule(pull_back, False, False), tuple(xs))

    def host_call(
        self, fn: Function, out_specs: Sequence[Spec], xs: Sequence[Tensor], bwd: Function | None = None
    ) -> list[Tensor]:
        inner = self.inner
        if bwd is None:
            return inner.host_call(fn, out_specs, [self.untraced(x) for x in xs])

        def forward(*values: Tensor) -> list[Tensor]:
            return list(inner.host_call(fn, out_specs, values, bwd))

        def pull_back(e: Any, dy: list[Tensor], y: list[Tensor], *values: Tensor) -> tuple[Any, ...]:
            n, m = len(values), len(y)
            dy = [e.full(*_filled(spec)) if g is None else g for g, spec in zip(dy, out_specs, strict=True)]

            def backward(*arrays: np.ndarray) -> list[np.ndarray]:
                gradients = bwd(arrays[:n], arrays[n : n + m], arrays[n + m :])
                return [np.asarray(g, x.dtype) for g, x in zip(gradients, arrays[:n], strict=True)]

            return tuple(e.host_call(backward, [e.spec(x) for x in values], [*values, *y, *dy]))

        return self.run(forward, Rule(pull_back, False, False), tuple(xs))

    # ------------------------------------------------------------------ state and compilation
    def read_variable(self, variable: Variable) -> Tensor:
        value = self.inner.read_variable(variable)
        node = self._watched.get(id(variable))
        if node is None or not differentiable(self.inner.spec(value)[1]):
            return value
        return Traced(self, value, node)

    def write_variable(self, variable: Variable, value: Tensor) -> None:
        self.inner.write_variable(variable, self.untraced(value))

    def trace_and_compile(
        self, f: Function, specs: Sequence[Spec], jit_compile: bool | None = None
    ) -> Callable[..., list[Tensor]]:
        return lambda *xs: list(f(*xs))  # what is being differentiated is compiled, if at all, as a whole

    def device_scope(self, name: str) -> AbstractContextManager[Any]:
        return self.inner.device_scope(name)

    # ------------------------------------------------------------------ services
    def native(self, name: str) -> Callable[..., Any] | None:
        rule = RULES.get(name)
        inner = self.inner.native(name)
        if name in FORWARDS:
            return functools.partial(self._keeping, name)
        if rule is not None:
            return lambda *args: self.run(functools.partial(kernel, self.inner, name), rule, args)
        if inner is None:
            return None
        return lambda *args: NotImplemented if any(map(self.is_traced, args)) else inner(*args)

    def _keeping(self, name: str, *args: Any) -> Any:
        """A kernel with a forward pass of its own for the tape."""
        parents = [(i, a.node, a.index) for i, a in enumerate(args) if self.is_traced(a)]
        values = [self.untraced(a) for a in args]
        if not parents:
            return kernel(self.inner, name, *values)
        own = self.inner.with_pull_back(name, *values)
        if own is not None:
            return self._recorded(_by_own(name, own[1]), values, parents, own[0], own[0])
        y, kept = FORWARDS[name](self.inner, *values)
        return self._recorded(RULES[name], values, parents, y, kept)

    def with_pull_back(self, name: str, *args: Any) -> Any:
        return None if any(map(self.is_traced, args)) else self.inner.with_pull_back(name, *args)

    def variable_attribute(self, variable: Variable, name: str) -> Any:
        return self.inner.variable_attribute(variable, name)

    def describe(self) -> dict[str, str]:
        return self.inner.describe()


def _by_own(name: str, pull_back: Callable[[list[Tensor]], list[Tensor | None]]) -> Rule:
    """The rule of a call whose pull-back is the engine's own; one more tape above gets the library's."""

    def function(e: Any, dy: list[Tensor], y: Any, *args: Any) -> tuple[Any, ...]:
        if isinstance(e, TapeEngine) and any(map(e.is_traced, dy)):
            return RULES[name].function(e, dy, FORWARDS[name](e, *args)[1], *args)
        pulled = iter(pull_back(dy))
        return tuple(next(pulled) if e.is_tensor(a) else None for a in args)

    return Rule(function, False, False)


def _filled(spec: Spec) -> tuple[tuple[int, ...], int, str]:
    return spec[0], 0, spec[1]


# ---------------------------------------------------------------------- primitives from the table
#: Results without a gradient: constants, integers, bools, random numbers, and steps whose derivative is 0 or undefined.
CONSTANT = frozenset(
    (
        *("constant", "to_numpy", "full", "iota", "bitcast", "floor", "round", "floordiv", "stop_gradient"),
        *("equal", "less", "logical_not", "logical_and", "logical_or", "argmax", "argsort", "eig"),
        *("bitwise_not", "bitwise_and", "bitwise_or", "bitwise_xor", "shift_left", "shift_right"),
        *("random_bits", "random_uniform", "random_normal", "variable", "read", "write", "synchronize"),
    )
)


def _from_rule(name: str) -> Callable[..., Any]:
    """A method that records a primitive with its rule."""
    signature = inspect.signature(getattr(Engine, name))
    rule = RULES[name]

    def method(self: TapeEngine, *args: Any, **named: Any) -> Any:
        if named:
            args = signature.bind(self, *args, **named).args[1:]
        return self.run(getattr(self.inner, name), rule, args)

    return functools.wraps(getattr(Engine, name))(method)


def _without_gradient(name: str) -> Callable[..., Any]:
    """A method that runs a primitive on the inner engine."""

    def method(self: TapeEngine, *args: Any, **named: Any) -> Any:
        return getattr(self.inner, name)(*map(self.untraced, args), **named)

    return functools.wraps(getattr(Engine, name))(method)


def _complete() -> None:
    for name in PRIMITIVES:
        if name in CONSTANT:
            setattr(TapeEngine, name, _without_gradient(name))
        elif name in RULES and name not in vars(TapeEngine):
            setattr(TapeEngine, name, _from_rule(name))


_complete()
