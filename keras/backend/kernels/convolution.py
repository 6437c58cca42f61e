"""Convolution by oneDNN, in each direction; forwards with what is done to its result in passing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from keras.backend.kernels.onednn import (
    DIFF_SOURCE,
    DIFF_TARGET,
    SOURCE,
    TARGET,
    TRAINING,
    Plan,
    Shape,
    Step,
    Stock,
    after_step,
    channels_last,
    dims,
    made,
    row_major,
)

Pads = tuple[tuple[int, int], ...]

_DIRECT = 1  # the algorithm
_WEIGHTS, _BIAS, _DIFF_WEIGHTS, _DIFF_BIAS = 33, 41, 161, 169

#: Inputs and outputs by direction, as numbers of arguments; the arrays are given in this order.
_ROLES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "forward": ((SOURCE, _WEIGHTS), (TARGET,)),
    "input_grad": ((DIFF_TARGET, _WEIGHTS), (DIFF_SOURCE,)),
    "kernel_grad": ((SOURCE, DIFF_TARGET), (_DIFF_WEIGHTS,)),
    "kernel_grad with bias": ((SOURCE, DIFF_TARGET), (_DIFF_WEIGHTS, _DIFF_BIAS)),
}

#: What may be done to the result: by which operation, and whether with a vector or with an array of the result's shape.
#: A bias is an argument of the convolution itself.
_MULTIPLY, _ADD = 0x1FFF1, 0x1FFF0
_STEPS = {"scale": (_MULTIPLY, True), "offset": (_ADD, True), "sum": (_ADD, False)}


class Convolution(NamedTuple):
    """What is convolved with what: channels-last, kernels `[*window, in // groups, out]`, as in the engine contract."""

    x: Shape
    kernel: Shape
    y: Shape
    strides: Shape
    pads: Pads
    dilation: Shape
    groups: int


class ConvolutionPlan(Plan):
    """One direction of a convolution, ready to run on arrays.

    Args:
        direction: a key of `_ROLES`.
        conv: sizes and strides.
        steps: what is done to the result of "forward", each with an array: "bias" first, or keys of `_STEPS`.
        keeps: whether memory to work in stays with the plan.
    """

    def __init__(
        self, direction: str, conv: Convolution, steps: Sequence[str] = (), keeps: bool = False
    ) -> None:
        super().__init__(keeps)
        x, y = self._layout(*channels_last(conv.x)), self._layout(*channels_last(conv.y))
        size, strides = _kernel(conv)
        plain = self._layout(size, strides)
        with_bias = direction.endswith("bias") or "bias" in steps
        bias = self._layout(conv.y[-1:]) if with_bias else None
        layouts: dict[int, Any] = {SOURCE: x, _WEIGHTS: plain, _BIAS: bias, TARGET: y}
        layouts |= {DIFF_SOURCE: x, _DIFF_WEIGHTS: plain, _DIFF_BIAS: bias, DIFF_TARGET: y}
        sources, targets = _ROLES[direction]
        attributes, roles = self._after([step for step in steps if step != "bias"], conv.y, y)
        layouts |= roles
        sources = (*sources, *([_BIAS] if "bias" in steps else []), *roles)
        primitive = self._descriptor(
            direction.split()[0], conv, x, self._any_layout(size), bias, y, attributes
        )
        before: list[Step] = []
        after: list[Step] = []
        self._memories, arguments = [], []
        for role in (*sources, *targets):
            given = self._memory(layouts[role])
            self._memories.append(given)
            wanted, inwards = self._wanted(primitive, role), role in sources
            used = self._reordered(layouts[role], given, wanted, before if inwards else after, inwards)
            arguments.append((role, used))
        self._steps = [*before, self._step(primitive, arguments), *after]
        # What is left to do if the kernel is the same array as before.
        self._laid_out = self._steps[len(before) :]
        self._kernel: np.ndarray | None = None

    def __call__(self, *arrays: np.ndarray) -> None:
        """Compute the results, which come last; all arrays are float32 and C-contiguous.

        A kernel that cannot be written into, as variables' arrays cannot, is brought into oneDNN's layout once.
        """
        kernel = arrays[1]
        self._execute(self._laid_out if kernel is self._kernel else self._steps, self._memories, arrays)
        self._kernel = None if kernel.flags.writeable else kernel

    def _after(self, steps: Sequence[str], shape: Shape, y: Any) -> tuple[Any, dict[int, Any]]:
        """The attributes that tell what is done to the result; numbers and layouts of the arrays this takes."""
        if not steps:
            return self._lib.attributes, {}
        chain, roles = self._object("post_ops_create"), {}
        for i, step in enumerate(steps):
            operation, by_channel = _STEPS[step]
            layout = self._layout([1, shape[-1], *[1] * (len(shape) - 2)]) if by_channel else y
            self._lib.c.dnnl_post_ops_append_binary(chain, operation, layout)
            roles[after_step(i)] = layout
        return self._attributes(chain), roles

    def _descriptor(
        self, direction: str, conv: Convolution, x: Any, kernel: Any, bias: Any, y: Any, attributes: Any
    ) -> Any:
        static = (
            dims(conv.strides),
            dims([d - 1 for d in conv.dilation]),
            dims([low for low, _ in conv.pads]),
            dims([high for _, high in conv.pads]),
        )
        engine = self._lib.engine
        forward = self._object(
            *("convolution_forward_primitive_desc_create", engine, TRAINING, _DIRECT),
            *(x, kernel, bias if direction == "forward" else None, y, *static, attributes),
        )
        if direction == "forward":
            return forward
        if direction == "input_grad":
            name = "convolution_backward_data_primitive_desc_create"
            arrays: tuple[Any, ...] = (x, kernel, y)
        else:
            name, arrays = "convolution_backward_weights_primitive_desc_create", (x, kernel, bias, y)
        return self._object(name, engine, _DIRECT, *arrays, *static, forward, attributes)


_stock = Stock(ConvolutionPlan, 1024)


class Alone:
    """A small forward convolution, on the calling thread, with plans nobody else uses: they know their kernel.

    Raises RuntimeError if oneDNN cannot do it.
    """

    def __init__(self, conv: Convolution, steps: Sequence[str] = ()) -> None:
        self._made = partial(made, partial(ConvolutionPlan, keeps=True), "forward", conv, steps)
        self._y, self._idle = conv.y, [self._made()]

    def __call__(self, *given: np.ndarray) -> np.ndarray:
        """The result; what is given is float32."""
        try:
            plan = self._idle.pop()
        except IndexError:
            plan = self._made()
        y = np.empty(self._y, np.float32)
        plan(*map(np.ascontiguousarray, given), y)
        self._idle.append(plan)
        return y


def run(
    direction: str,
    conv: Convolution,
    given: Sequence[np.ndarray],
    out: Sequence[np.ndarray],
    steps: Sequence[str] = (),
) -> bool:
    """Compute what `out` is for by oneDNN; False when it cannot do this convolution."""
    with _stock.plan(direction, conv, steps) as plan:
        if plan is None:
            return False
        plan(*map(np.ascontiguousarray, given), *out)
        return True


def _kernel(conv: Convolution) -> tuple[list[int], list[int]]:
    """Dims and strides in oneDNN's order: (groups,) out, in, window."""
    *window, width, features = conv.kernel
    strides = row_major(conv.kernel)
    size, steps = [features, width, *window], [strides[-1], strides[-2], *strides[:-2]]
    if conv.groups == 1:
        return size, steps
    each = features // conv.groups
    return [conv.groups, each, *size[1:]], [each, *steps]
