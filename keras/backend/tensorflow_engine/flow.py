"""Control flow: `tf.cond`, `tf.while_loop`, `tf.vectorized_map`. In eager mode, Python's own. `scan` has its own file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from keras.backend.engine import Engine
from keras.backend.tensorflow_engine.loading import tf
from keras.backend.tensorflow_engine.state import holding_writes

Tensor = Any


class FlowPart(Engine):
    """Functions take and return flat lists."""

    def cond(
        self,
        pred: Tensor,
        true_fn: Callable[..., Sequence[Tensor]],
        false_fn: Callable[..., Sequence[Tensor]],
        operands: Sequence[Tensor],
    ) -> list[Tensor]:
        if tf.executing_eagerly():
            return list((true_fn if pred else false_fn)(*operands))
        branches = [as_graph(lambda f=f: list(f(*operands))) for f in (true_fn, false_fn)]
        return list(tf.cond(pred, *branches))

    def while_loop(
        self, test: Callable[..., Tensor], body: Callable[..., Sequence[Tensor]], init: Sequence[Tensor]
    ) -> list[Tensor]:
        state = list(init)
        if tf.executing_eagerly():
            while test(*state):
                state = list(body(*state))
            return state
        return list(tf.while_loop(test, as_graph(lambda *s: list(body(*s))), state))

    def vmap(
        self, f: Callable[..., Sequence[Tensor]], in_axes: Sequence[int | None], xs: Sequence[Tensor]
    ) -> list[Tensor]:
        first = [self._axis_first(x, a) for x, a in zip(xs, in_axes, strict=True) if a is not None]
        n = first[0].shape[0]

        def one(rows: list[Tensor]) -> list[Tensor]:
            supply = iter(rows)
            return list(f(*(x if a is None else next(supply) for x, a in zip(xs, in_axes, strict=True))))

        ys = tf.vectorized_map(one, first)
        return [tf.ensure_shape(y, (n, *y.shape[1:])) for y in ys]

    def _axis_first(self, x: Tensor, axis: int) -> Tensor:
        return self.transpose(x, (axis, *(i for i in range(x.shape.rank) if i != axis)))

    # ------------------------------------------------------------------ placement
    def device_scope(self, name: str) -> AbstractContextManager[Any]:
        return tf.device(name)

    def synchronize(self, x: Tensor) -> None:
        if hasattr(x, "numpy"):
            x.numpy()


def as_graph(f: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """`f` as the function of a branch or loop body: its writes are made at its end."""

    def body(*state: Any) -> list[Any]:
        with holding_writes() as writes:
            outputs = f(*state)
            writes.release_all([y for y in outputs if isinstance(y, tf.Tensor)])
        return outputs

    return body
