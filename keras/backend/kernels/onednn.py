"""Convolution by oneDNN, through ctypes: the library comes with the wheel `onednn-cpu-gomp`, and needs no compiler.

A `Plan` is one direction of one convolution at fixed sizes: a primitive that oneDNN has generated code for, and the
reorderings of the kernel into the layout that code wants. Plans hold memory of their own and serve one thread at a
time; `run` keeps those not in use. Everything runs on the calling thread.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.metadata
import threading
from collections.abc import Sequence
from ctypes import byref, c_int, c_int64, c_size_t, c_void_p
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]

_DIMS = c_int64 * 12
_CPU, _FLOAT32, _ANY_LAYOUT, _TRAINING, _DIRECT = 1, 3, 1, 64, 1
_OWN_MEMORY, _HANDLE_LATER = c_void_p(-1), c_void_p(0)


class _Role(NamedTuple):
    """An array of a convolution: its number among the arguments, and the query for the layout the primitive wants."""

    argument: int
    query: int


_SRC, _WEIGHTS, _DST = _Role(1, 129), _Role(33, 131), _Role(17, 133)
_DIFF_SRC, _DIFF_WEIGHTS, _DIFF_DST = _Role(129, 130), _Role(161, 132), _Role(145, 134)

#: Inputs and output by direction; the arrays are given in this order.
_ROLES = {
    "forward": ((_SRC, _WEIGHTS), _DST),
    "input_grad": ((_DIFF_DST, _WEIGHTS), _DIFF_SRC),
    "kernel_grad": ((_SRC, _DIFF_DST), _DIFF_WEIGHTS),
}


class Convolution(NamedTuple):
    """What is convolved with what: channels-last, kernels `[*window, in // groups, out]`, as in the engine contract."""

    x: Shape
    kernel: Shape
    y: Shape
    strides: Shape
    pads: Pads
    dilation: Shape
    groups: int


class _Argument(ctypes.Structure):
    _fields_ = [("number", c_int), ("memory", c_void_p)]


@functools.cache
def library() -> Any:
    """oneDNN, loaded, with its engine and stream; None where the wheel (or what it needs) is missing."""
    try:
        files = importlib.metadata.files("onednn-cpu-gomp") or []
        path = next(f.locate() for f in files if f.name.startswith("libdnnl.so"))
        return _Library(ctypes.CDLL(str(path)))
    except (importlib.metadata.PackageNotFoundError, StopIteration, OSError, AttributeError, RuntimeError):
        return None


class _Library:
    """The C functions, checked, and the objects every call needs."""

    def __init__(self, c: Any) -> None:
        self.c = c
        c.dnnl_primitive_desc_query_md.restype = c_void_p
        c.dnnl_primitive_desc_query_md.argtypes = [c_void_p, c_int, c_int]
        c.dnnl_memory_set_data_handle.argtypes = [c_void_p, c_void_p]
        c.dnnl_primitive_execute.argtypes = [c_void_p, c_void_p, c_int, c_void_p]
        c.dnnl_memory_desc_equal.argtypes = [c_void_p, c_void_p]
        openmp = ctypes.CDLL("libgomp.so.1")
        self.threads, self.use_threads = openmp.omp_get_max_threads, openmp.omp_set_num_threads
        self.engine = self.made("engine_create", _CPU, c_size_t(0))

    def made(self, name: str, *args: Any) -> c_void_p:
        """The object `dnnl_<name>` makes; RuntimeError when it cannot."""
        made = c_void_p()
        status = getattr(self.c, f"dnnl_{name}")(byref(made), *args)
        if status:
            raise RuntimeError(f"oneDNN: {name} failed with status {status}")
        return made

    def layout(self, dims: Sequence[int], strides: Sequence[int] | None = None) -> c_void_p:
        """A memory descriptor: with these strides, or with whichever layout suits the primitive."""
        if strides is None:
            return self.made("memory_desc_create_with_tag", len(dims), _dims(dims), _FLOAT32, _ANY_LAYOUT)
        return self.made("memory_desc_create_with_strides", len(dims), _dims(dims), _FLOAT32, _dims(strides))

    def memory(self, layout: c_void_p, own: bool) -> c_void_p:
        return self.made("memory_create", layout, self.engine, _OWN_MEMORY if own else _HANDLE_LATER)


class Plan:
    """One direction of a convolution, ready to run on arrays."""

    def __init__(self, direction: str, conv: Convolution) -> None:
        lib = self._lib = library()
        self._stream = lib.made("stream_create", lib.engine, 1)
        x, y = lib.layout(*_activation(conv.x)), lib.layout(*_activation(conv.y))
        dims, strides = _kernel(conv)
        plain, wanted = lib.layout(dims, strides), lib.layout(dims)
        primitive = self._descriptor(direction, conv, x, wanted, y)
        layouts = {1: x, 129: x, 33: plain, 161: plain, 17: y, 145: y}
        sources, target = _ROLES[direction]
        arguments: list[tuple[int, c_void_p]] = []
        before: list[Any] = []
        after: list[Any] = []
        self._inputs = []
        for role in sources:
            given = lib.memory(layouts[role.argument], own=False)
            self._inputs.append(given)
            used = self._reordered(primitive, role, layouts[role.argument], given, before, inwards=True)
            arguments.append((role.argument, used))
        self._output = lib.memory(layouts[target.argument], own=False)
        used = self._reordered(
            primitive, target, layouts[target.argument], self._output, after, inwards=False
        )
        arguments.append((target.argument, used))
        self._steps = [*before, self._step(primitive, arguments), *after]

    def __call__(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        """Compute `out`; all arrays are float32 and C-contiguous."""
        lib = self._lib
        threads = lib.threads()
        lib.use_threads(1)  # concerns calls from this thread only
        try:
            self._run(a, b, out)
        finally:
            lib.use_threads(threads)

    def _run(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        lib = self._lib
        for memory, array in zip((*self._inputs, self._output), (a, b, out), strict=True):
            lib.c.dnnl_memory_set_data_handle(memory, array.ctypes.data)
        for primitive, count, arguments in self._steps:
            status = lib.c.dnnl_primitive_execute(primitive, self._stream, count, arguments)
            if status:
                raise RuntimeError(f"oneDNN: a convolution failed with status {status}")

    # ------------------------------------------------------------------ building
    def _descriptor(self, direction: str, conv: Convolution, x: Any, kernel: Any, y: Any) -> c_void_p:
        lib = self._lib
        static = (
            _dims(conv.strides),
            _dims([d - 1 for d in conv.dilation]),
            _dims([low for low, _ in conv.pads]),
            _dims([high for _, high in conv.pads]),
        )
        start = (lib.engine, _TRAINING, _DIRECT, x, kernel, None, y)
        forward = lib.made("convolution_forward_primitive_desc_create", *start, *static, None)
        if direction == "forward":
            return forward
        if direction == "input_grad":
            name = "convolution_backward_data_primitive_desc_create"
            arrays: tuple[Any, ...] = (x, kernel, y)
        else:
            name, arrays = "convolution_backward_weights_primitive_desc_create", (x, kernel, None, y)
        return lib.made(name, lib.engine, _DIRECT, *arrays, *static, forward, None)

    def _reordered(
        self,
        primitive: c_void_p,
        role: _Role,
        layout: c_void_p,
        memory: c_void_p,
        steps: list[Any],
        inwards: bool,
    ) -> c_void_p:
        """The memory the primitive works on: the array's, or one of the plan's in another layout."""
        lib = self._lib
        wanted = c_void_p(lib.c.dnnl_primitive_desc_query_md(primitive, role.query, 0))
        if lib.c.dnnl_memory_desc_equal(wanted, layout):
            return memory
        own = lib.memory(wanted, own=True)
        source, target = ((layout, memory), (wanted, own)) if inwards else ((wanted, own), (layout, memory))
        descriptor = lib.made(
            "reorder_primitive_desc_create", source[0], lib.engine, target[0], lib.engine, None
        )
        steps.append(self._step(descriptor, [(1, source[1]), (17, target[1])]))
        return own

    def _step(self, descriptor: c_void_p, arguments: list[tuple[int, c_void_p]]) -> tuple[Any, int, Any]:
        array = (_Argument * len(arguments))(*(_Argument(n, memory) for n, memory in arguments))
        return self._lib.made("primitive_create", descriptor), len(arguments), array


# ---------------------------------------------------------------------- plans in stock
_idle: dict[tuple[str, Convolution], list[Plan] | None] = {}
_lock = threading.Lock()


def run(direction: str, conv: Convolution, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> bool:
    """Compute `out` by oneDNN; False when it cannot do this convolution."""
    key = (direction, conv)
    plans = _idle.setdefault(key, [])
    if plans is None:
        return False
    try:
        plan = plans.pop()
    except IndexError:
        try:
            with _lock:
                plan = Plan(direction, conv)
        except RuntimeError:
            _idle[key] = None
            return False
    plan(np.ascontiguousarray(a), np.ascontiguousarray(b), out)
    plans.append(plan)
    return True


def _dims(values: Sequence[int]) -> Any:
    return _DIMS(*map(int, values))


def _row_major(shape: Shape) -> list[int]:
    strides = [1]
    for n in reversed(shape[1:]):
        strides.insert(0, strides[0] * n)
    return strides


def _activation(shape: Shape) -> tuple[list[int], list[int]]:
    """Dims and strides in oneDNN's order: batch, channels, space."""
    strides = _row_major(shape)
    return [shape[0], shape[-1], *shape[1:-1]], [strides[0], strides[-1], *strides[1:-1]]


def _kernel(conv: Convolution) -> tuple[list[int], list[int]]:
    """Dims and strides in oneDNN's order: (groups,) out, in, window."""
    *window, width, features = conv.kernel
    strides = _row_major(conv.kernel)
    dims, steps = [features, width, *window], [strides[-1], strides[-2], *strides[:-2]]
    if conv.groups == 1:
        return dims, steps
    each = features // conv.groups
    return [conv.groups, each, *dims[1:]], [each, *steps]


__all__ = ["Convolution", "Plan", "library", "run"]
