"""Many steps in one call: a `tf.while_loop` around a step that has been traced already.

The executor still spends some microseconds on every operation of every step. For small dense graphs that is nearly all
there is, and XLA, which makes the whole loop one piece of machine code, is five times faster. Its loop has a fixed
length, and gets all its batches before it begins, whose copies cost more than it gains where the arithmetic counts.
Compiling takes a second or two. So XLA is chosen by what a step consists of and by how many steps there will be; where
it is asked for, it compiles the loop of a small step, and a large one by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.backend.tensorflow_engine.leaf import DTYPES, product
from keras.backend.tensorflow_engine.loading import tf
from keras.backend.tensorflow_engine.quiet import without_notice

if TYPE_CHECKING:
    from keras.backend.tensorflow_engine.compiling import Compiled
    from keras.backend.tracing import Picked

Tensor = Any

#: Steps in one call of a loop that XLA compiled, for it compiles for one length only; shorter calls are padded.
XLA_LENGTH = 128
#: Steps, done and still to come, from which compiling pays: the first time in some thousands, later, from the disk, at once.
XLA_STEPS = 600
#: Multiplications in the matrix products of a step, up to which XLA was faster.
XLA_PRODUCTS = 2**23
#: Elements of the largest tensor in a step, up to which it was faster.
XLA_ELEMENTS = 2**17
#: What a step may consist of for XLA to be chosen: no host code, no random numbers, nothing it does badly on a CPU.
_OPS = """
    Placeholder Const Identity IdentityN NoOp StopGradient Cast Fill ZerosLike OnesLike BroadcastTo Shape
    BroadcastGradientArgs ReadVariableOp AssignVariableOp
    AddV2 AddN Sub Mul RealDiv DivNoNan FloorDiv FloorMod Neg Square SquaredDifference Sqrt SqrtGrad Rsqrt RsqrtGrad Pow
    Abs Sign Exp Expm1 Log Log1p Tanh TanhGrad Sigmoid SigmoidGrad Relu ReluGrad Softplus SoftplusGrad Softmax
    LogSoftmax Erf Sin Cos Maximum Minimum Floor Round Reciprocal
    SelectV2 Equal NotEqual Less LessEqual Greater GreaterEqual LogicalAnd LogicalOr LogicalNot
    MatMul BatchMatMulV2 BiasAdd BiasAddGrad Sum Mean Max Min Prod All Any ArgMax
    Reshape Transpose Slice StridedSlice StridedSliceGrad ConcatV2 ConcatOffset Split SplitV Pack Unpack ExpandDims
    Squeeze Tile Range OneHot GatherV2 UnsortedSegmentSum IsNan IsFinite IsInf
"""
XLA_OPS = frozenset(_OPS.split())


class Loop:
    """Runs a compiled step for every index of the leading axis of its arguments.

    Args:
        step: the compiled step.
    """

    def __init__(self, step: Compiled) -> None:
        self._step = step
        self._plain: Compiled | None = None
        self._picking: Compiled | None = None
        self._fused: Compiled | None = None
        self._done = 0
        self._by_xla = step.loops_by_xla

    def __call__(
        self, arrays: Sequence[np.ndarray], ahead: int = 0, picked: Picked | None = None
    ) -> list[np.ndarray]:
        count = len(arrays[0] if picked is None else picked.rows)
        # A loop of a quick step, which there will be, does the first run, too: the step by itself need not be made ready.
        alone = count == 1 and not (ahead > 0 and self._by_xla)
        plain = count - self._fused_of(count, ahead)
        parts = []
        if plain:
            run = self._run_alone if alone else self._run_plain
            parts.append(self._run_part(arrays, picked, slice(0, plain), run))
        if plain < count:
            parts.append(self._run_part(arrays, picked, slice(plain, count), self._run_fused))
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _fused_of(self, count: int, ahead: int) -> int:
        """How many of the next runs go through XLA, whatever the lengths of the calls they come in."""
        if not self._by_xla:
            return 0
        if (
            self._step.jit_compile
            or self._fused is not None
            or (ahead and self._done + count + ahead >= XLA_STEPS)
        ):
            return count
        return 0 if ahead else max(0, min(count, self._done + count - XLA_STEPS + 1))

    def _run_part(
        self,
        arrays: Sequence[np.ndarray],
        picked: Picked | None,
        runs: slice,
        run: Callable[[Sequence[_Batches], int], list[np.ndarray]],
    ) -> list[np.ndarray]:
        """Some of the runs. Where rows are to be picked, a loop of the plain kind does that itself."""
        count = runs.stop - runs.start
        self._done += count
        if picked is None:
            return run([_Batches(x[runs]) for x in arrays], count)
        if run == self._run_plain:
            return self._run_picking(arrays, picked.rows[runs], picked.kept)
        return run([_Batches(x, picked.rows[runs]) for x in arrays], count)

    def _run_plain(self, batches: Sequence[_Batches], count: int) -> list[np.ndarray]:
        if self._plain is None:
            self._plain = self._compiled("plain", None)
        return [y.numpy() for y in self._plain(np.int32(count), *(b.array(0, count) for b in batches))]

    def _run_alone(self, batches: Sequence[_Batches], count: int) -> list[np.ndarray]:
        return [y.numpy()[None] for y in self._step(*(b.array(0, count)[0] for b in batches))]

    def _run_picking(
        self, arrays: Sequence[np.ndarray], rows: np.ndarray, kept: dict[int, Any]
    ) -> list[np.ndarray]:
        """On one copy of the arrays for all calls, and no copies of batches."""
        if self._picking is None:
            self._picking = self._compiled_picking()
        whole = []
        for x, dtype in zip(arrays, self._step.dtypes, strict=True):
            if id(x) not in kept:  # the caller holds the array as long as what is kept
                kept[id(x)] = tf.constant(x, dtype)
            whole.append(kept[id(x)])
        return [y.numpy() for y in self._picking(rows, *whole)]

    def _run_fused(self, batches: Sequence[_Batches], count: int) -> list[np.ndarray]:
        if self._fused is None:
            self._fused = self._compiled("fused", XLA_LENGTH)
            with without_notice():
                return self._run_fused(batches, count)
        parts = []
        for start in range(0, count, XLA_LENGTH):
            n = min(XLA_LENGTH, count - start)
            outputs = self._fused(np.int32(n), *(b.array(start, XLA_LENGTH) for b in batches))
            parts.append([y.numpy()[:n] for y in outputs])
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _compiled(self, kind: str, length: int | None) -> Compiled:
        """Of a number of runs, and batches along a new leading axis; of one length for XLA."""

        def graph(count: Tensor, *arrays: Tensor) -> list[Tensor]:
            length = tf.shape(arrays[0])[0]
            rows = [_array(x.dtype, length, x.shape[1:]).unstack(x) for x in arrays]
            return self._loop(count, length, lambda i: [r.read(i) for r in rows])

        def trace() -> Any:
            function = tf.function(graph, autograph=False, jit_compile=length is not None)
            arrays = [tf.TensorSpec((length, *x.shape), x.dtype) for x in self._inputs()]
            return function.get_concrete_function(tf.TensorSpec((), tf.int32), *arrays)

        return self._step.variant(kind, trace, [DTYPES["int32"], *self._step.dtypes])

    def _compiled_picking(self) -> Compiled:
        """Of rows' numbers, a line for each run, and whole arrays."""

        def trace() -> Any:
            inputs = self._inputs()

            def graph(picked: Tensor, *arrays: Tensor) -> list[Tensor]:
                def batch(i: Tensor) -> list[Tensor]:
                    rows = picked[i]
                    return [
                        tf.ensure_shape(tf.gather(a, rows), x.shape)
                        for a, x in zip(arrays, inputs, strict=True)
                    ]

                count = tf.shape(picked)[0]
                return self._loop(count, count, batch)

            arrays = [tf.TensorSpec((None, *x.shape[1:]), x.dtype) for x in inputs]
            rows = tf.TensorSpec((None, inputs[0].shape[0]), tf.int32)
            return tf.function(graph, autograph=False).get_concrete_function(rows, *arrays)

        return self._step.variant("picking", trace, [DTYPES["int32"], *self._step.dtypes])

    def _inputs(self) -> list[Tensor]:
        """The step's placeholders for a batch."""
        return list(self._step.concrete.inputs[: len(self._step.dtypes)])

    def _loop(self, count: Tensor, length: Tensor, batch: Callable[[Tensor], list[Tensor]]) -> list[Tensor]:
        """`count` runs, run `i` on `batch(i)`; the outputs are stacked to `length`."""
        step = self._step
        columns = [_array(y.dtype, length, y.shape) for y in step.concrete.outputs]

        def body(i: Tensor, *columns: Any) -> list[Any]:
            outputs = step(*batch(i))
            return [i + 1, *(c.write(i, y) for c, y in zip(columns, outputs, strict=True))]

        _, *columns = tf.while_loop(lambda i, *_: i < count, body, [tf.constant(0), *columns])
        return [c.stack() for c in columns]


def suits_xla(graph: Any, asked: bool | None) -> bool:
    """Whether the loop of a step is one for XLA: of a small step, and a dense one unless XLA was asked for."""
    operations = graph.get_operations()
    if asked is False or not (asked or all(op.type in XLA_OPS for op in operations)):
        return False
    if any(None in x.shape for x in graph.inputs if x.shape.rank):
        return False  # it would be compiled for every size
    largest = max(
        (product(y.shape) for op in operations for y in op.outputs if y.shape.rank is not None), default=0
    )
    products = sum(multiplications(op) for op in operations if "MatMul" in op.type)
    return largest <= XLA_ELEMENTS and products <= XLA_PRODUCTS


def multiplications(matmul: tf.Operation) -> int:
    """Those of a matrix product."""
    inner = matmul.inputs[0].shape[-2 if _is_transposed(matmul) else -1]
    return product(matmul.outputs[0].shape) * inner


def _is_transposed(matmul: tf.Operation) -> bool:
    return bool(matmul.get_attr("transpose_a" if matmul.type == "MatMul" else "adj_x"))


def _array(dtype: tf.DType, length: Any, element_shape: Any) -> tf.TensorArray:
    return tf.TensorArray(dtype, size=length, element_shape=element_shape)


def _joined(parts: Sequence[list[np.ndarray]]) -> list[np.ndarray]:
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


class _Batches:
    """Batches along the first axis of an array, or picked from the rows of one.

    Args:
        x: the array.
        rows: numbers of rows, a line for each batch; None if `x` has the batches already.
    """

    def __init__(self, x: np.ndarray, rows: np.ndarray | None = None) -> None:
        self._x, self._rows = x, rows

    def array(self, start: int, length: int) -> np.ndarray:
        """The batches from `start` on, with zeros after the last up to `length`."""
        some = (self._x if self._rows is None else self._rows)[start : start + length]
        if self._rows is None and len(some) == length:
            return some
        shape = some.shape[1:] if self._rows is None else (*some.shape[1:], *self._x.shape[1:])
        y = np.empty((length, *shape), self._x.dtype)
        if self._rows is None:
            y[: len(some)] = some
        else:
            np.take(self._x, some, 0, y[: len(some)], "clip")  # which is the fast way; all rows are there
        y[len(some) :] = 0
        return y
