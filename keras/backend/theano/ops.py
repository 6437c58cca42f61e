"""PyTensor Ops of the engine: a primitive or kernel of the library, with its static arguments, as a node of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op

from keras.backend import dtypes
from keras.backend.graph import ops
from keras.backend.theano.types import type_of


class ArrayOp(ops.ArrayOp, Op):
    """A function of arrays as a PyTensor Op."""

    layer = ""  # the layer whose call made the node, for messages

    def make_node(self, *inputs: Variable) -> Apply:
        return Apply(self, inputs, [type_of(spec).make_variable() for spec in self.out_specs])

    def perform(self, node: Apply, inputs: Sequence[np.ndarray], output_storage: Any) -> None:
        results = self.function(*inputs)
        for storage, y in zip(output_storage, results if self.several else [results], strict=True):
            storage[0] = y


class Primitive(ops.Primitive, ArrayOp):
    """A primitive or kernel by name; its gradient is the pull-back of `keras.backend.vjp`."""

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        smooth = [differentiable(dtype) for _, dtype in self.out_specs]
        return [[s and differentiable(x.type.dtype) for s in smooth] for x in node.inputs]

    def pullback(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], cotangents: Sequence[Variable]
    ) -> list[Variable]:
        """The library's rule, for `pytensor.grad` on graphs of the engine's."""
        from keras.backend.theano.gradient import (
            pull_back,
        )  # which needs an engine, and that needs this module

        pulled = pull_back(self, inputs, outputs, cotangents)
        return [DisconnectedType()() if g is None else g for g in pulled]


def differentiable(dtype: str) -> bool:
    """Whether tensors of this dtype have gradients."""
    return dtypes.is_float(dtype) or dtypes.is_complex(dtype)
