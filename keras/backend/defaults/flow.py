"""Loops over axes, function transformations and placement, for engines without their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from keras.backend.defaults.composed import Composed

if TYPE_CHECKING:
    from keras.backend.state import Variable

Tensor = Any


class FlowDefaults(Composed):
    """Functions given here work on tensors of the engine in force, and take and return flat lists."""

    def scan(
        self,
        f: Callable[[list[Tensor], list[Tensor]], tuple[Sequence[Tensor], Sequence[Tensor]]],
        init: Sequence[Tensor],
        xs: Sequence[Tensor],
        length: int,
        reverse: bool,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Carry state along the leading axis: `carry, y = f(carry, [x[t] for x in xs])` for every t.

        Returns:
            The last carry, and the ys stacked along a new leading axis (at t, also when run in reverse).
        """
        if length < 1:
            raise ValueError(
                f"scan: the leading axis must have at least one element. Received: length={length}"
            )
        carry, rows = list(init), []
        for t in reversed(range(length)) if reverse else range(length):
            state, ys = f(carry, [self._at(x, t, 0) for x in xs])
            carry = list(state)
            rows.append(ys)
        if reverse:
            rows.reverse()
        return carry, [self._stack(column) for column in zip(*rows, strict=True)]

    def vmap(
        self, f: Callable[..., Sequence[Tensor]], in_axes: Sequence[int | None], xs: Sequence[Tensor]
    ) -> list[Tensor]:
        """`f` for every index of the mapped axes (None: the whole tensor each time), stacked along axis 0."""
        (n, *_) = [self.spec(x)[0][axis] for x, axis in zip(xs, in_axes, strict=True) if axis is not None]
        rows = [
            f(*(x if axis is None else self._at(x, i, axis) for x, axis in zip(xs, in_axes, strict=True)))
            for i in range(n)
        ]
        return [self._stack(column) for column in zip(*rows, strict=True)]

    def _at(self, x: Tensor, i: int, axis: int) -> Tensor:
        """`x` at index i of `axis`, which is removed."""
        shape = self.spec(x)[0]
        starts, stops = [0] * len(shape), list(shape)
        starts[axis], stops[axis] = i, i + 1
        row = self.slice(x, tuple(starts), tuple(stops), (1,) * len(shape))
        return self.reshape(row, shape[:axis] + shape[axis + 1 :])

    def _stack(self, xs: Sequence[Tensor]) -> Tensor:
        return self.concat([self.reshape(x, (1, *self.spec(x)[0])) for x in xs], 0)

    def value_and_grad(
        self: Any,
        f: Callable[..., tuple[Tensor, Any]],
        variables: Sequence[Variable],
        tensors: Sequence[Tensor],
    ) -> tuple[Tensor, Any, list[Tensor | None], list[Tensor | None]]:
        """`value, aux = f(*tensors)` with the gradients of the scalar value.

        Returns:
            `(value, aux, gradients of the variables, gradients of the tensors)`; None where no path exists.
        """
        from keras.backend import vjp  # lazily: the tape is an Engine, whose class is made from these bodies

        return vjp.value_and_grad(self, f, variables, tensors)

    def custom_vjp(
        self,
        f: Callable[..., Sequence[Tensor]],
        bwd: Callable[[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]], Sequence[Tensor | None]],
        xs: Sequence[Tensor],
    ) -> list[Tensor]:
        """`f(*xs)`, whose gradients are `bwd(xs, outputs, output gradients)`: one per input, None for none."""
        return list(f(*xs))

    def jvp(
        self: Any, f: Callable[..., Sequence[Tensor]], primals: Sequence[Tensor], tangents: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """`f(*primals)` and its directional derivatives along `tangents`."""
        from keras.backend import vjp

        return vjp.jvp(self, f, primals, tangents)

    def remat(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """`f`, recomputed in the backward pass instead of kept, on engines that can."""
        return f

    def device_scope(self, name: str) -> AbstractContextManager[Any]:
        """A context in which tensors live on device `name`; engines with one device ignore it."""
        return nullcontext()

    def synchronize(self, x: Tensor) -> None:
        """Wait until `x` has been computed."""
