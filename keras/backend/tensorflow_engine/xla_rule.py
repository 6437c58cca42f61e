"""What XLA is to compile of a loop of steps: measured, by what a step consists of.

Of a small step XLA compiles the whole loop; of a large one that is mostly matrix products it compiles the step. Its
products are faster than TensorFlow's where there is AVX-512 (0.67 to 0.97 of the time on an AMD Zen 5, 0.93 to 1.03 with
AVX2 on a Zen 3); what it makes of large activations is slower on both (TensorFlow 2.21, two cores).
"""

from __future__ import annotations

from typing import Any

from keras.backend.processor import processor
from keras.backend.tensorflow_engine.leaf import has_gpu
from keras.backend.tensorflow_engine.work import has_open_sizes, in_products, largest

#: What XLA is to compile: all of it, or each step by itself.
LOOP, STEP = "loop", "step"
#: Multiplications in the matrix products of a small step.
SMALL_PRODUCTS = 2**23
#: Elements of the largest tensor in a small step.
SMALL_ELEMENTS = 2**17
#: Elements of the largest tensor in a large step that XLA is chosen for, those of the shape of a variable left aside.
LARGE_ELEMENTS = 2**18
#: What a step may consist of for XLA to be chosen: no host code, no random numbers, nothing it does badly on a CPU.
_OPS = """
    Placeholder Const Identity IdentityN NoOp StopGradient Cast Fill ZerosLike OnesLike BroadcastTo Shape
    BroadcastGradientArgs InvertPermutation ReadVariableOp AssignVariableOp ResourceApplyAdam ResourceApplyKerasMomentum
    AddV2 AddN Sub Mul RealDiv DivNoNan FloorDiv FloorMod Neg Square SquaredDifference Sqrt SqrtGrad Rsqrt RsqrtGrad Pow
    Abs Sign Exp Expm1 Log Log1p Tanh TanhGrad Sigmoid SigmoidGrad Relu ReluGrad LeakyRelu LeakyReluGrad Elu EluGrad
    Softplus SoftplusGrad Softmax LogSoftmax Erf Sin Cos Maximum Minimum Floor Round Reciprocal
    SelectV2 Equal NotEqual Less LessEqual Greater GreaterEqual LogicalAnd LogicalOr LogicalNot
    MatMul BatchMatMulV2 BiasAdd BiasAddGrad Sum Mean Max Min Prod All Any ArgMax Cumsum
    Reshape Transpose Slice StridedSlice StridedSliceGrad ConcatV2 ConcatOffset Split SplitV Pack Unpack ExpandDims
    Squeeze Tile Range OneHot GatherV2 UnsortedSegmentSum TensorScatterAdd ReverseV2 Pad PadV2 IsNan IsFinite IsInf
"""
XLA_OPS = frozenset(_OPS.split())


def part_for_xla(graph: Any, asked: bool | None) -> str | None:
    """LOOP, STEP, or None: nothing. A large step is none where XLA was asked for: it has been compiled already.

    Args:
        graph: of the step.
        asked: whether XLA is to be used; None to choose.
    """
    operations = graph.get_operations()
    if asked is False or not (asked or all(op.type in XLA_OPS for op in operations)):
        return None
    if has_open_sizes(graph.inputs):
        return None  # it would be compiled for every size
    products = in_products(operations)
    if largest(operations) <= SMALL_ELEMENTS and products <= SMALL_PRODUCTS:
        return LOOP
    if asked or has_gpu() or "avx512f" not in processor().flags:
        return None
    if not products > SMALL_PRODUCTS:  # or they cannot be counted
        return None
    return STEP if largest(operations, variables=False) <= LARGE_ELEMENTS else None
