"""Control flow: `tf.cond`, `tf.while_loop` and loops over an axis. In eager mode, Python's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf

from keras.backend.engine import Engine, Spec
from keras.backend.tensorflow_engine.leaf import DTYPES, ints, raw
from keras.backend.tensorflow_engine.state import holding_writes

Tensor = Any

#: Loops up to this length are unrolled in graphs: a `tf.while_loop` costs more than it saves there.
UNROLLED_LENGTH = 4


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
        branches = [self._as_graph(lambda f=f: list(f(*operands))) for f in (true_fn, false_fn)]
        return list(tf.cond(pred, *branches))

    def while_loop(
        self, test: Callable[..., Tensor], body: Callable[..., Sequence[Tensor]], init: Sequence[Tensor]
    ) -> list[Tensor]:
        state = list(init)
        if tf.executing_eagerly():
            while test(*state):
                state = list(body(*state))
            return state
        return list(tf.while_loop(test, self._as_graph(lambda *s: list(body(*s))), state))

    def scan(
        self,
        f: Callable[[list[Tensor], list[Tensor]], tuple[Sequence[Tensor], Sequence[Tensor]]],
        init: Sequence[Tensor],
        xs: Sequence[Tensor],
        length: int,
        reverse: bool,
    ) -> tuple[list[Tensor], list[Tensor]]:
        if tf.executing_eagerly() or length <= UNROLLED_LENGTH:
            return super().scan(f, init, xs, length, reverse)
        init, n = list(init), len(init)
        y_specs = self._y_specs(f, init, xs)
        rows = [_array(x.dtype, length, x.shape[1:]).unstack(x) for x in xs]
        columns = [_array(DTYPES[dtype], length, shape) for shape, dtype in y_specs]

        def body(i: Tensor, *state: Any) -> list[Any]:
            t = raw.Sub(x=ints(length - 1), y=i) if reverse else i
            carry, ys = f(list(state[:n]), [r.read(t) for r in rows])
            written = [c.write(t, y) for c, y in zip(state[n:], ys, strict=True)]
            return [raw.AddV2(x=i, y=ints(1)), *carry, *written]

        def more(i: Tensor, *_: Any) -> Tensor:
            return raw.Less(x=i, y=ints(length))

        loop = [tf.constant(0), *init, *columns]
        _, *state = tf.while_loop(more, self._as_graph(body), loop, maximum_iterations=length)
        ys = [tf.ensure_shape(c.stack(), (length, *s)) for c, (s, _) in zip(state[n:], y_specs, strict=True)]
        return list(state[:n]), ys

    def _y_specs(self, f: Callable[..., Any], carry: Sequence[Tensor], xs: Sequence[Tensor]) -> list[Spec]:
        """What `f` returns beside the carry: found by tracing it once, into a graph that is thrown away."""
        specs: list[Spec] = []

        def once(carry: list[Tensor], rows: list[Tensor]) -> None:
            with holding_writes():
                specs[:] = [self.spec(y) for y in f(carry, rows)[1]]  # tf.function may trace more than once

        row_types = [tf.TensorSpec(x.shape[1:], x.dtype) for x in xs]
        carry_types = [tf.TensorSpec(x.shape, x.dtype) for x in carry]
        tf.function(once, autograph=False).get_concrete_function(carry_types, row_types)
        return specs

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

    def _as_graph(self, f: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        """`f` as the function of a branch or loop body: its writes are made at its end."""

        def body(*state: Any) -> list[Any]:
            with holding_writes() as writes:
                outputs = f(*state)
                writes.release_all([y for y in outputs if isinstance(y, tf.Tensor)])
            return outputs

        return body

    # ------------------------------------------------------------------ placement
    def device_scope(self, name: str) -> AbstractContextManager[Any]:
        return tf.device(name)

    def synchronize(self, x: Tensor) -> None:
        if hasattr(x, "numpy"):
            x.numpy()


def _array(dtype: tf.DType, length: int, element_shape: Any) -> tf.TensorArray:
    return tf.TensorArray(dtype, size=length, element_shape=element_shape)
