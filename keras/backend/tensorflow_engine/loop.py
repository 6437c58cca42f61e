"""Many steps in one call: a `tf.while_loop` around a step that has been traced already.

The executor still spends some microseconds on every operation of every step. For small dense graphs that is nearly all
there is, and XLA, which makes the whole loop one piece of machine code, is five times faster. Of a step that consists of
large matrix products it makes faster code than TensorFlow where there is AVX-512 (a fifth, at the median): it compiles such
a step by itself, and the loop around it stays TensorFlow's. Other steps gain nothing by it, or lose. Compiling takes a
second or two. So what XLA compiles, and from which step on, is chosen by what a step consists of (see `xla_rule`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.backend.tensorflow_engine.leaf import DTYPES
from keras.backend.tensorflow_engine.loading import tf
from keras.backend.tensorflow_engine.xla_rule import LOOP, STEP

if TYPE_CHECKING:
    from keras.backend.tensorflow_engine.compiling import Compiled
    from keras.backend.tracing import Picked

Tensor = Any

#: Steps in one call of a loop that XLA compiled, for it compiles for one length only; shorter calls are padded: with
#: numbers of rows, or with whole batches.
XLA_ROWS, XLA_BATCHES = 128, 32
#: Steps, done and still to come, from which compiling pays: the first time in some thousands, later, from the disk, at once.
XLA_STEPS = 600
#: Steps done, from which it pays to compile a large step, of which each gains less.
XLA_LARGE_STEPS = 1000


class Loop:
    """Runs a compiled step for every index of the leading axis of its arguments, or for every line of picked rows.

    Args:
        step: the compiled step.
    """

    def __init__(self, step: Compiled) -> None:
        self._step = step
        self._plain: dict[str, Compiled] = {}
        self._fused: dict[
            int | None, Compiled
        ] = {}  # by the rows of the arrays that it picks from, if it does
        self._done = 0
        self._xla_part = step.choices.xla_part

    def __call__(
        self, arrays: Sequence[np.ndarray], ahead: int = 0, picked: Picked | None = None
    ) -> list[np.ndarray]:
        count = len(arrays[0] if picked is None else picked.rows)
        # A loop of a quick step, which there will be, does the first run, too: the step by itself need not be made ready.
        alone = count == 1 and not (ahead > 0 and self._xla_part == LOOP)
        plain = count - self._by_xla_of(count, ahead)
        self._done += count
        if alone and plain:
            return self._run_alone(arrays if picked is None else [np.take(x, picked.rows, 0) for x in arrays])
        by_run: Sequence[np.ndarray] = arrays if picked is None else [picked.rows]
        whole = [] if picked is None else self._held(arrays, picked.kept)
        parts = [self._run_many([x[:plain] for x in by_run], whole)] if plain else []
        if plain < count:
            rest = [x[plain:] for x in by_run]
            looped = self._xla_part == LOOP
            parts += self._run_fused(rest, whole) if looped else [self._run_many(rest, whole, True)]
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _by_xla_of(self, count: int, ahead: int) -> int:
        """How many of the next runs go through XLA, whatever the lengths of the calls they come in."""
        if self._xla_part is None:
            return 0
        if self._xla_part == STEP:
            return max(0, min(count, self._done + count - XLA_LARGE_STEPS))
        if self._step.jit_compile or self._fused or (ahead and self._done + count + ahead >= XLA_STEPS):
            return count
        return 0 if ahead else max(0, min(count, self._done + count - XLA_STEPS + 1))

    # ------------------------------------------------------------------ the ways to run
    def _run_alone(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [y.numpy()[None] for y in self._step(*(x[0] for x in arrays))]

    def _run_many(
        self, by_run: Sequence[np.ndarray], whole: Sequence[Tensor], steps_by_xla: bool = False
    ) -> list[np.ndarray]:
        """On batches along the leading axis or, of whole arrays, on the rows whose numbers are along it.

        Args:
            by_run: batches or numbers of rows.
            whole: arrays to pick from.
            steps_by_xla: whether XLA compiles each by itself.
        """
        kind = ("picking" if whole else "plain") + (STEP if steps_by_xla else "")
        if kind not in self._plain:
            self._plain[kind] = self._compiled(kind, None, None, bool(whole), steps_by_xla)
        return [y.numpy() for y in self._plain[kind](np.int32(len(by_run[0])), *by_run, *whole)]

    def _run_fused(self, by_run: Sequence[np.ndarray], whole: Sequence[Tensor]) -> list[list[np.ndarray]]:
        """The same in a loop that XLA compiled, a part for each call of it."""
        parts, length = [], XLA_ROWS if whole else XLA_BATCHES
        for start in range(0, len(by_run[0]), length):
            some = [x[start : start + length] for x in by_run]
            count = len(some[0])
            outputs = self._fused_call(count, [_filled(x, length) for x in some], whole)
            parts.append([y.numpy()[:count] for y in outputs])
        return parts

    def _fused_call(self, count: int, by_run: Sequence[np.ndarray], whole: Sequence[Tensor]) -> list[Tensor]:
        samples = len(whole[0]) if whole else None
        if samples not in self._fused:
            kind = f"fused-{samples}" if whole else "fused"
            self._fused[samples] = self._compiled(kind, len(by_run[0]), samples, bool(whole))
        return self._fused[samples](np.int32(count), *by_run, *whole)

    def _held(self, arrays: Sequence[np.ndarray], kept: dict[int, Any]) -> list[Tensor]:
        """One copy of the arrays for all calls; for XLA, which compiles for one size, of a size that others have, too."""
        whole = []
        for x, dtype in zip(arrays, self._step.dtypes, strict=True):
            if id(x) not in kept:  # the caller holds the array as long as what is kept
                rows = _rounded(len(x)) if self._xla_part == LOOP else len(x)
                kept[id(x)] = tf.constant(_filled(x, rows), dtype)
            whole.append(kept[id(x)])
        return whole

    # ------------------------------------------------------------------ compiling
    def _compiled(
        self, kind: str, length: int | None, samples: int | None, picks: bool, steps_by_xla: bool = False
    ) -> Compiled:
        """Of a number of runs, and what `_run_many` says; by XLA where the length of the leading axis is given.

        Args:
            kind: its name.
            length: of the leading axis; None for any.
            samples: rows of the whole arrays; None for any.
            picks: whether there are whole arrays to pick from.
            steps_by_xla: whether XLA compiles each step by itself.
        """

        def graph(count: Tensor, *arrays: Tensor) -> list[Tensor]:
            step = self._step.__call__
            if steps_by_xla:
                step = tf.function(step, autograph=False, jit_compile=True)
            batch = self._picked(*arrays) if picks else _unstacked(arrays)
            return self._loop(step, count, tf.shape(arrays[0])[0], batch)

        def trace() -> Any:
            inputs = self._inputs()
            specs = [tf.TensorSpec((), tf.int32)]
            if picks:
                specs.append(tf.TensorSpec((length, inputs[0].shape[0]), tf.int32))
                specs += [tf.TensorSpec((samples, *x.shape[1:]), x.dtype) for x in inputs]
            else:
                specs += [tf.TensorSpec((length, *x.shape), x.dtype) for x in inputs]
            function = tf.function(graph, autograph=False, jit_compile=length is not None)
            return function.get_concrete_function(*specs)

        numbers = [DTYPES["int32"]] * (2 if picks else 1)
        by_xla = steps_by_xla or length is not None
        return self._step.variant(kind, trace, numbers + self._step.dtypes, by_xla)

    def _picked(self, rows: Tensor, *whole: Tensor) -> Callable[[Tensor], list[Tensor]]:
        shapes = [x.shape for x in self._inputs()]

        def batch(i: Tensor) -> list[Tensor]:
            return [
                tf.ensure_shape(tf.gather(a, rows[i]), shape) for a, shape in zip(whole, shapes, strict=True)
            ]

        return batch

    def _inputs(self) -> list[Tensor]:
        """The step's placeholders for a batch."""
        return list(self._step.concrete.inputs[: len(self._step.dtypes)])

    def _loop(
        self,
        step: Callable[..., list[Tensor]],
        count: Tensor,
        length: Tensor,
        batch: Callable[[Tensor], list[Tensor]],
    ) -> list[Tensor]:
        """`count` runs of `step`, run `i` on `batch(i)`; the outputs are stacked to `length`."""
        columns = [_array(y.dtype, length, y.shape) for y in self._step.concrete.outputs]

        def body(i: Tensor, *columns: Any) -> list[Any]:
            outputs = step(*batch(i))
            return [i + 1, *(c.write(i, y) for c, y in zip(columns, outputs, strict=True))]

        _, *columns = tf.while_loop(lambda i, *_: i < count, body, [tf.constant(0), *columns])
        return [c.stack() for c in columns]


def _array(dtype: tf.DType, length: Any, element_shape: Any) -> tf.TensorArray:
    return tf.TensorArray(dtype, size=length, element_shape=element_shape)


def _unstacked(arrays: Sequence[Tensor]) -> Callable[[Tensor], list[Tensor]]:
    length = tf.shape(arrays[0])[0]
    rows = [_array(x.dtype, length, x.shape[1:]).unstack(x) for x in arrays]
    return lambda i: [r.read(i) for r in rows]


def _joined(parts: Sequence[list[np.ndarray]]) -> list[np.ndarray]:
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _rounded(samples: int) -> int:
    """The next number whose bits behind the first four are zeros: arrays become at most an eighth longer.

    >>> [_rounded(n) for n in (9, 17, 1000, 1025, 60000)]
    [9, 18, 1024, 1152, 61440]
    """
    unit = 1 << max(0, samples.bit_length() - 4)
    return -(-samples // unit) * unit


def _filled(x: np.ndarray, length: int) -> np.ndarray:
    """`x` with zeros behind its rows, up to `length`."""
    if len(x) == length:
        return x
    y = np.empty((length, *x.shape[1:]), x.dtype)
    y[: len(x)] = x
    y[len(x) :] = 0
    return y
