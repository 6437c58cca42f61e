"""Scan: a `tf.while_loop` over the leading axis, and long, plain ones of them fused by XLA.

The executor spends some ten microseconds on every operation of a step; XLA makes a step one call. TensorFlow cannot
differentiate what XLA compiled (the saved steps cannot leave it), so a fused scan has a gradient of its own: one more
fused function, which runs forwards again and then back. LSTM and GRU steps take half to two thirds of the time that way
(TensorFlow 2.21, two cores); compiling takes about a second, so short or narrow scans are left alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from keras.backend.engine import Engine, Spec
from keras.backend.spec import UNKNOWN, Unknown
from keras.backend.tensorflow_engine.flow import as_graph
from keras.backend.tensorflow_engine.leaf import DTYPES, as_known, ints, product, raw
from keras.backend.tensorflow_engine.loading import record, tf
from keras.backend.tensorflow_engine.pull_back import with_pull_back
from keras.backend.tensorflow_engine.state import holding_writes
from keras.backend.tensorflow_engine.work import in_products

Tensor = Any
StepFunction = Callable[[list[Tensor], list[Tensor]], tuple[Sequence[Tensor], Sequence[Tensor]]]

#: Scans up to this length are unrolled in graphs: a loop costs more than it saves there.
UNROLLED_LENGTH = 4
#: Elements of carry and inputs, over all steps, from which fusing pays within a few dozen calls.
FUSED_SIZE = 2**18
#: Multiplications in a step's matrix products up to which it pays: XLA keeps to one core, TensorFlow's kernels do not.
FUSED_PRODUCTS = 2**23
#: What a step may consist of to be fused: no state, no host code, nothing that XLA does badly on a CPU.
FUSED_OPS = frozenset(
    (
        *(
            "Placeholder",
            "Const",
            "Identity",
            "NoOp",
            "StopGradient",
            "Cast",
            "Fill",
            "ZerosLike",
            "BroadcastTo",
        ),
        *(
            "AddV2",
            "Sub",
            "Mul",
            "RealDiv",
            "Neg",
            "Square",
            "Sqrt",
            "Rsqrt",
            "Pow",
            "Abs",
            "Sign",
            "Exp",
            "Expm1",
        ),
        *(
            "Log",
            "Log1p",
            "Tanh",
            "Sigmoid",
            "Relu",
            "Softplus",
            "Softmax",
            "Erf",
            "Sin",
            "Cos",
            "Maximum",
            "Minimum",
        ),
        *("SelectV2", "Equal", "NotEqual", "Less", "Greater", "LogicalAnd", "LogicalOr", "LogicalNot"),
        *("MatMul", "BatchMatMulV2", "Sum", "Max", "Reshape", "Transpose", "Slice", "StridedSlice"),
        *("ConcatV2", "Split", "SplitV", "Pack", "ExpandDims", "Squeeze"),
    )
)


@dataclass(frozen=True)
class _Step:
    """One step, traced into a graph that is thrown away: what it returns beside the carry, and what it consists of."""

    y_specs: list[Spec]
    captured: list[Tensor]
    plain: bool


class ScanPart(Engine):
    """The function of a scan is traced, also when it closes over tensors of the surrounding graph."""

    def scan(
        self, f: StepFunction, init: Sequence[Tensor], xs: Sequence[Tensor], length: int, reverse: bool
    ) -> tuple[list[Tensor], list[Tensor]]:
        steps = ints(length)
        if isinstance(length, Unknown):
            length = UNKNOWN
        if tf.executing_eagerly() or (length is not UNKNOWN and length <= UNROLLED_LENGTH):
            return super().scan(f, init, xs, length, reverse)
        step, n = self._trace_step(f, init, xs), len(init)
        size = sum(length * product(x.shape) for x in init) + sum(product(x.shape) for x in xs)
        loop = functools.partial(_loop, f, n, step.y_specs, steps, reverse)
        if step.plain and size is not UNKNOWN and size >= FUSED_SIZE:
            outputs = _fused(loop, [*init, *xs], step.captured)
        else:
            outputs = loop(*init, *xs)
        ys = [
            tf.ensure_shape(y, as_known((length, *s)))
            for y, (s, _) in zip(outputs[n:], step.y_specs, strict=True)
        ]
        return list(outputs[:n]), ys

    def _trace_step(self, f: StepFunction, init: Sequence[Tensor], xs: Sequence[Tensor]) -> _Step:
        y_specs: list[Spec] = []

        def once(carry: list[Tensor], rows: list[Tensor]) -> list[Tensor]:
            with holding_writes():
                state, ys = f(carry, rows)
            y_specs[:] = [self.spec(y) for y in ys]  # tf.function may trace more than once
            return [*state, *ys]

        carry_types = [tf.TensorSpec(x.shape, x.dtype) for x in init]
        row_types = [tf.TensorSpec(x.shape[1:], x.dtype) for x in xs]
        graph = tf.function(once, autograph=False).get_concrete_function(carry_types, row_types).graph
        captured = [outer for outer, _ in graph.captures]
        operations = graph.get_operations()
        plain = all(op.type in FUSED_OPS for op in operations) and all(
            x.dtype != tf.resource for x in captured
        )
        products = in_products(operations)
        floats = [x for x in captured if x.dtype.is_floating and not hasattr(x, "numpy")]
        return _Step(y_specs, floats, plain and products <= FUSED_PRODUCTS)


def _loop(
    f: StepFunction, n: int, y_specs: Sequence[Spec], length: Tensor, reverse: bool, *inputs: Tensor
) -> list[Tensor]:
    """The scan as a loop; the first `n` inputs are the carry. Returns the last carry, then the stacked ys."""
    init, xs = inputs[:n], inputs[n:]
    rows = [_array(x.dtype, length, x.shape[1:]).unstack(x) for x in xs]
    columns = [_array(DTYPES[dtype], length, as_known(shape)) for shape, dtype in y_specs]

    def body(i: Tensor, *state: Any) -> list[Any]:
        t = raw.Sub(x=raw.Sub(x=length, y=ints(1)), y=i) if reverse else i
        carry, ys = f(list(state[:n]), [r.read(t) for r in rows])
        written = [c.write(t, y) for c, y in zip(state[n:], ys, strict=True)]
        return [raw.AddV2(x=i, y=ints(1)), *carry, *written]

    def more(i: Tensor, *_: Any) -> Tensor:
        return raw.Less(x=i, y=length)

    _, *state = tf.while_loop(
        more, as_graph(body), [tf.constant(0), *init, *columns], maximum_iterations=length
    )
    return [*state[:n], *(c.stack() for c in state[n:])]


def _array(dtype: tf.DType, length: Tensor, element_shape: Any) -> tf.TensorArray:
    return tf.TensorArray(dtype, size=length, element_shape=element_shape)


def _fused(loop: Callable[..., list[Tensor]], inputs: list[Tensor], captured: list[Tensor]) -> list[Tensor]:
    """`loop(*inputs)` compiled by XLA, with gradients by the inputs and by the tensors it closes over."""
    n = len(inputs)

    def vjp(*args: Tensor) -> list[Tensor]:
        xs, gradients = args[:n], iter(args[n:])
        sources = [*xs, *(tf.compat.v1.get_default_graph().capture(x) for x in captured)]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            watched = [x for x in sources if x.dtype.is_floating]
            tape.watch(watched)
            ys = [y for y in loop(*xs) if y.dtype.is_floating]
        return tape.gradient(ys, watched, list(gradients), tf.UnconnectedGradients.ZERO)

    def call(*args: Tensor) -> tuple[list[Tensor], Callable[..., list[Tensor | None]]]:
        outputs = tf.function(loop, autograph=False, jit_compile=True)(*args[:n])

        def pull_back(*gradients: Tensor) -> list[Tensor | None]:
            # A tape that still records wants the second derivative, which a fused function does not have.
            run = (
                vjp if record.could_possibly_record() else tf.function(vjp, autograph=False, jit_compile=True)
            )
            floats = [g for g, y in zip(gradients, outputs, strict=True) if y.dtype.is_floating]
            pulled = iter(run(*args[:n], *floats))
            return [next(pulled) if x.dtype.is_floating else None for x in args]

        return outputs, pull_back

    return with_pull_back(call, [*inputs, *captured])
