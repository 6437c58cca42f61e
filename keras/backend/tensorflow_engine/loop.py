"""Many steps in one call: a `tf.while_loop` around a step that has been traced already.

The executor still spends some microseconds on every operation of every step. For small dense graphs that is nearly all
there is, and XLA, which makes the whole loop one piece of machine code, is five times faster; where the arithmetic
counts it gains little or loses. Compiling takes a second or two. So XLA is chosen by what a step consists of and by how
many steps there will be; where it is asked for, it compiles the loop of a small step, and a large one by itself.
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
    """Runs a compiled step for every index of the leading axis of its arguments, or for every line of picked rows.

    Args:
        step: the compiled step.
    """

    def __init__(self, step: Compiled) -> None:
        self._step = step
        self._plain: Compiled | None = None
        self._picking: Compiled | None = None
        self._fused: dict[int, Compiled] = {}  # by the rows of the arrays that it picks from
        self._done = 0
        self._by_xla = step.loops_by_xla

    def __call__(
        self, arrays: Sequence[np.ndarray], ahead: int = 0, picked: Picked | None = None
    ) -> list[np.ndarray]:
        count = len(arrays[0] if picked is None else picked.rows)
        # A loop of a quick step, which there will be, does the first run, too: the step by itself need not be made ready.
        alone = count == 1 and not (ahead > 0 and self._by_xla)
        plain = count - self._fused_of(count, ahead)
        self._done += count
        if alone and plain:
            return self._run_alone(arrays if picked is None else [np.take(x, picked.rows, 0) for x in arrays])
        parts = []
        if picked is None:
            parts += [self._run_plain([x[:plain] for x in arrays])] if plain else []
            parts += self._run_fused_batches([x[plain:] for x in arrays])
        else:
            whole = self._held(arrays, picked.kept)
            parts += [self._run_picking(picked.rows[:plain], whole)] if plain else []
            parts += self._run_fused(picked.rows[plain:], whole)
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _fused_of(self, count: int, ahead: int) -> int:
        """How many of the next runs go through XLA, whatever the lengths of the calls they come in."""
        if not self._by_xla:
            return 0
        if self._step.jit_compile or self._fused or (ahead and self._done + count + ahead >= XLA_STEPS):
            return count
        return 0 if ahead else max(0, min(count, self._done + count - XLA_STEPS + 1))

    # ------------------------------------------------------------------ the ways to run
    def _run_alone(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [y.numpy()[None] for y in self._step(*(x[0] for x in arrays))]

    def _run_plain(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        if self._plain is None:
            self._plain = self._compiled_plain()
        return [y.numpy() for y in self._plain(np.int32(len(arrays[0])), *arrays)]

    def _run_picking(self, rows: np.ndarray, whole: Sequence[Tensor]) -> list[np.ndarray]:
        if self._picking is None:
            self._picking = self._compiled_picking("picking", None, None)
        return [y.numpy() for y in self._picking(np.int32(len(rows)), rows, *whole)]

    def _run_fused(self, rows: np.ndarray, whole: Sequence[Any]) -> list[list[np.ndarray]]:
        parts = []
        for start in range(0, len(rows), XLA_LENGTH):
            some = rows[start : start + XLA_LENGTH]
            outputs = self._fused_call(np.int32(len(some)), _filled(some, XLA_LENGTH), *whole)
            parts.append([y.numpy()[: len(some)] for y in outputs])
        return parts

    def _fused_call(self, count: np.int32, rows: np.ndarray, *whole: Any) -> list[Tensor]:
        samples = len(whole[0])
        if samples in self._fused:
            return self._fused[samples](count, rows, *whole)
        self._fused[samples] = self._compiled_picking(f"fused-{samples}", XLA_LENGTH, samples)
        with without_notice():
            return self._fused[samples](count, rows, *whole)

    def _run_fused_batches(self, arrays: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
        """On batches that are there already, which make up an array to pick from."""
        parts = []
        for start in range(0, len(arrays[0]), XLA_LENGTH):
            some = [x[start : start + XLA_LENGTH] for x in arrays]
            whole = [_filled(x, XLA_LENGTH).reshape(-1, *x.shape[2:]) for x in some]
            count, rows = some[0].shape[:2]
            parts += self._run_fused(np.arange(count * rows, dtype=np.int32).reshape(count, rows), whole)
        return parts

    def _held(self, arrays: Sequence[np.ndarray], kept: dict[int, Any]) -> list[Tensor]:
        """One copy of the arrays for all calls; for XLA, which compiles for one size, of a size that others have, too."""
        whole = []
        for x, dtype in zip(arrays, self._step.dtypes, strict=True):
            if id(x) not in kept:  # the caller holds the array as long as what is kept
                kept[id(x)] = tf.constant(_filled(x, _rounded(len(x))) if self._by_xla else x, dtype)
            whole.append(kept[id(x)])
        return whole

    # ------------------------------------------------------------------ compiling
    def _compiled_plain(self) -> Compiled:
        """Of a number of runs, and batches along a new leading axis."""

        def graph(count: Tensor, *arrays: Tensor) -> list[Tensor]:
            length = tf.shape(arrays[0])[0]
            rows = [_array(x.dtype, length, x.shape[1:]).unstack(x) for x in arrays]
            return self._loop(count, length, lambda i: [r.read(i) for r in rows])

        def trace() -> Any:
            arrays = [tf.TensorSpec((None, *x.shape), x.dtype) for x in self._inputs()]
            return tf.function(graph, autograph=False).get_concrete_function(
                tf.TensorSpec((), tf.int32), *arrays
            )

        return self._step.variant("plain", trace, [DTYPES["int32"], *self._step.dtypes])

    def _compiled_picking(self, kind: str, length: int | None, samples: int | None) -> Compiled:
        """Of a number of runs, rows' numbers, a line for each run, and whole arrays; of these sizes for XLA."""

        def trace() -> Any:
            inputs = self._inputs()

            def graph(count: Tensor, picked: Tensor, *arrays: Tensor) -> list[Tensor]:
                def batch(i: Tensor) -> list[Tensor]:
                    rows = picked[i]
                    return [
                        tf.ensure_shape(tf.gather(a, rows), x.shape)
                        for a, x in zip(arrays, inputs, strict=True)
                    ]

                return self._loop(count, tf.shape(picked)[0], batch)

            function = tf.function(graph, autograph=False, jit_compile=length is not None)
            count, rows = tf.TensorSpec((), tf.int32), tf.TensorSpec((length, inputs[0].shape[0]), tf.int32)
            arrays = [tf.TensorSpec((samples, *x.shape[1:]), x.dtype) for x in inputs]
            return function.get_concrete_function(count, rows, *arrays)

        return self._step.variant(kind, trace, [DTYPES["int32"]] * 2 + self._step.dtypes)

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
