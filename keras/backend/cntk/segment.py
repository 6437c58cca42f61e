"""A part of a program that runs as one CNTK graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras.backend.cntk.builder import Builder, Operand
from keras.backend.cntk.lowering import LOWERINGS
from keras.backend.graph.nodes import Constant, Node, Value
from keras.backend.graph.ops import ArrayOp, fill


class Segment:
    """Nodes as one node, whose op runs their CNTK graph.

    Args:
        nodes: in the order they run.
        dtype: they compute in.
        wanted: their results that are used elsewhere.
    """

    layer = ""

    def __init__(self, nodes: Sequence[Node], dtype: str, wanted: Sequence[Value]) -> None:
        builder = Builder(dtype)
        self._dtype = np.dtype(dtype)
        operands: dict[Value, Operand] = {}
        self.inputs: list[Value] = []
        for node in nodes:
            for x in node.inputs:
                if x in operands:
                    continue
                if isinstance(x, Constant):
                    operands[x] = builder.constant(x.data, x.spec)
                else:
                    operands[x] = builder.input(x.spec)
                    self.inputs.append(x)
            args = fill(node.op.template, [operands[x] for x in node.inputs])
            (spec,) = node.op.out_specs
            operands[node.outputs[0]] = LOWERINGS[node.op.name].build(builder, spec, *args)
        self.outputs = list(wanted)
        self._program = builder.compile([operands[y] for y in wanted])
        self._finish = [(y.spec[0], y.spec[1] == "bool") for y in wanted]
        names = " ".join(node.op.name for node in nodes[:8]) + (" ..." if len(nodes) > 8 else "")
        whole = all(tuple(operands[y].node.shape) == y.spec[0] for y in wanted)
        self.op = ArrayOp(f"cntk[{names}]", self.run, tuple(y.spec for y in wanted), True, fresh=whole)

    def run(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """The results, for these values of the inputs."""
        dtype = self._dtype
        given = [
            x
            if x.dtype is dtype and x.flags.c_contiguous
            else np.ascontiguousarray(x, dtype).reshape(x.shape)
            for x in arrays
        ]
        results = self._program(given)
        for i, (shape, truth) in enumerate(self._finish):
            y = results[i]
            if truth:
                y = y.astype(bool)
            results[i] = y if y.shape == shape else np.broadcast_to(y, shape)
        return results
