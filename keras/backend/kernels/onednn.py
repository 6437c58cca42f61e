"""oneDNN through ctypes: the library comes with the wheel `onednn-cpu-gomp`, and needs no compiler.

A `Plan` is a piece of work at fixed sizes: a primitive that oneDNN has generated code for, and what brings the arrays
into the layouts that code wants. Plans hold memory of their own and serve one thread at a time; a `Stock` keeps those
not in use. Everything runs on the calling thread.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.metadata
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from ctypes import byref, c_char, c_float, c_int, c_int64, c_size_t, c_void_p
from typing import Any

import numpy as np

from keras.backend.kernels.memory import recycled

Shape = tuple[int, ...]
Step = tuple[c_void_p, int, Any]  # a primitive, the number of its arguments, and these

_DIMS = c_int64 * 12
_CPU, _FLOAT32, _ANY_LAYOUT, _USER_SCRATCHPAD = 1, 3, 1, 1
_OWN_MEMORY, _HANDLE_LATER = c_void_p(-1), c_void_p(0)
_ARGUMENT_LAYOUT = 255  # the query for the layout of an argument, by its number
#: Numbers of arguments; those of a kind of primitive are with it. Those of post-ops come in steps of `_AFTER`.
SOURCE, SOURCE_2, TARGET, WORKSPACE, SCRATCHPAD, _AFTER = 1, 2, 17, 64, 80, 32768
DIFF_SOURCE, DIFF_TARGET = 129, 145
TRAINING, INFERENCE, BACKWARD = 64, 96, 128  # what a primitive is for


class _Argument(ctypes.Structure):
    _fields_ = [("number", c_int), ("memory", c_void_p)]


@functools.cache
def library() -> Any:
    """oneDNN, loaded, with its engine; None where the wheel (or what it needs) is missing."""
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
        c.dnnl_memory_desc_get_size.restype = c_size_t
        c.dnnl_memory_desc_get_size.argtypes = [c_void_p]
        c.dnnl_primitive_execute.argtypes = [c_void_p, c_void_p, c_int, c_void_p]
        c.dnnl_memory_desc_equal.argtypes = [c_void_p, c_void_p]
        c.dnnl_sgemm.argtypes = [
            *(c_char, c_char),  # whether a and b are given transposed
            *(c_int64, c_int64, c_int64),  # rows and columns of the result, and what is summed over
            *(c_float, c_void_p, c_int64, c_void_p, c_int64),  # a factor; a and b, each with its rows' length
            *(c_float, c_void_p, c_int64),  # what the old result counts; the result and its rows' length
        ]
        # With the interpreter lock kept: giving it up and waiting for it takes longer than what these do.
        self.set_data = ctypes.PyDLL(c._name).dnnl_memory_set_data_handle
        self.set_data.argtypes = [c_void_p, c_void_p]
        openmp = ctypes.PyDLL("libgomp.so.1")
        self._threads, self._use_threads = openmp.omp_get_max_threads, openmp.omp_set_num_threads
        self.engine = self.made("engine_create", _CPU, c_size_t(0))
        self.attributes = self.with_scratchpad(self.made("primitive_attr_create"))

    def made(self, name: str, *args: Any) -> c_void_p:
        """The object `dnnl_<name>` makes; RuntimeError when it cannot."""
        made = c_void_p()
        status = getattr(self.c, f"dnnl_{name}")(byref(made), *args)
        if status:
            raise RuntimeError(f"oneDNN: {name} failed with status {status}")
        return made

    def with_scratchpad(self, attributes: c_void_p) -> c_void_p:
        """Attributes of a primitive that is lent the memory it works in.

        oneDNN's own belongs to the thread that made the primitive: used from another one it crashes.
        """
        self.c.dnnl_primitive_attr_set_scratchpad_mode(attributes, _USER_SCRATCHPAD)
        return attributes

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """oneDNN on the calling thread alone inside the block."""
        threads = self._threads()
        self._use_threads(1)  # concerns calls from this thread only
        try:
            yield
        finally:
            self._use_threads(threads)


class Plan:
    """oneDNN's objects for one piece of work; they are freed with it.

    Args:
        keeps: whether the memory it works in is its own, for small plans, instead of being lent for each call.
    """

    def __init__(self, keeps: bool = False) -> None:
        self._keeps = keeps
        self._seen: dict[Any, weakref.ref[np.ndarray]] = {}  # by memory, the array it was last given
        self._made: list[tuple[str, c_void_p]] = []
        self._scratchpads: list[tuple[c_void_p, int]] = []  # with their elements
        self._lib = library()
        self._stream = self._object("stream_create", self._lib.engine, 1)

    def __del__(self) -> None:
        for kind, made in reversed(self._made):
            getattr(self._lib.c, f"dnnl_{kind}_destroy")(made)

    def _object(self, name: str, *args: Any) -> c_void_p:
        made = self._lib.made(name, *args)
        self._made.append((_kind(name), made))
        return made

    def _layout(self, shape: Sequence[int], strides: Sequence[int] | None = None) -> c_void_p:
        """A memory descriptor: with these strides, by default those of an array in C order."""
        strides = row_major(shape) if strides is None else strides
        return self._object(
            "memory_desc_create_with_strides", len(shape), dims(shape), _FLOAT32, dims(strides)
        )

    def _any_layout(self, shape: Sequence[int]) -> c_void_p:
        """A memory descriptor that leaves the layout to the primitive."""
        return self._object("memory_desc_create_with_tag", len(shape), dims(shape), _FLOAT32, _ANY_LAYOUT)

    def _wanted(self, descriptor: c_void_p, argument: int) -> c_void_p:
        """The layout in which a primitive wants an argument."""
        return c_void_p(self._lib.c.dnnl_primitive_desc_query_md(descriptor, _ARGUMENT_LAYOUT, argument))

    def _bytes(self, layout: c_void_p) -> int:
        return self._lib.c.dnnl_memory_desc_get_size(layout)

    def _memory(self, layout: c_void_p, own: bool = False) -> c_void_p:
        return self._object("memory_create", layout, self._lib.engine, _OWN_MEMORY if own else _HANDLE_LATER)

    def _lent(self, layout: c_void_p) -> c_void_p:
        """Memory to work in that is lent for each call."""
        memory = self._memory(layout)
        self._scratchpads.append((memory, -(-self._bytes(layout) // 4)))
        return memory

    def _attributes(self, chain: c_void_p) -> c_void_p:
        """Attributes of a primitive whose result goes through a chain of post-ops."""
        attributes = self._lib.with_scratchpad(self._object("primitive_attr_create"))
        self._lib.c.dnnl_primitive_attr_set_post_ops(attributes, chain)
        return attributes

    def _step(self, descriptor: c_void_p, arguments: Sequence[tuple[int, c_void_p]]) -> Step:
        scratchpad = self._wanted(descriptor, SCRATCHPAD)
        if self._bytes(scratchpad):
            memory = self._memory(scratchpad, own=True) if self._keeps else self._lent(scratchpad)
            arguments = [*arguments, (SCRATCHPAD, memory)]
        array = (_Argument * len(arguments))(*(_Argument(n, memory) for n, memory in arguments))
        return self._object("primitive_create", descriptor), len(arguments), array

    def _reordered(
        self, layout: c_void_p, memory: c_void_p, wanted: c_void_p, steps: list[Step], inwards: bool
    ) -> c_void_p:
        """Memory in the wanted layout: the given one, or one of the plan's, with a step that fills the other one."""
        if self._lib.c.dnnl_memory_desc_equal(wanted, layout):
            return memory
        own = self._memory(wanted, own=True)
        given, made = (layout, memory), (wanted, own)
        (source, a), (target, b) = (given, made) if inwards else (made, given)
        engine, attributes = self._lib.engine, self._lib.attributes
        descriptor = self._object("reorder_primitive_desc_create", source, engine, target, engine, attributes)
        steps.append(self._step(descriptor, [(SOURCE, a), (TARGET, b)]))
        return own

    def _execute(
        self, steps: Sequence[Step], memories: Sequence[c_void_p], arrays: Sequence[np.ndarray]
    ) -> None:
        """Run the steps on these arrays, which are float32 and C-contiguous."""
        c, set_data = self._lib.c, self._lib.set_data
        lent = [recycled(n) for _, n in self._scratchpads]
        for memory, array in zip(memories, arrays, strict=True):
            # Asking an array for its address takes longer than all else here.
            seen = self._seen.get(memory.value)
            if seen is None or seen() is not array:
                set_data(memory, array.ctypes.data)
                self._seen[memory.value] = weakref.ref(array)
        for (memory, _), array in zip(self._scratchpads, lent, strict=True):
            set_data(memory, array.ctypes.data)
        with self._lib.one_thread():
            for primitive, count, arguments in steps:
                status = c.dnnl_primitive_execute(primitive, self._stream, count, arguments)
                if status:
                    raise RuntimeError(f"oneDNN: {type(self).__name__} failed with status {status}")


class Stock:
    """Plans by key, made when they are needed; those longest out of use go first.

    Args:
        make: makes the plan of a key; RuntimeError when oneDNN cannot do it.
        limit: how many keys are remembered.
    """

    def __init__(self, make: Callable[..., Any], limit: int) -> None:
        self._make, self._limit = make, limit
        self._idle: OrderedDict[Hashable, list[Any] | None] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def plan(self, *key: Hashable) -> Iterator[Any]:
        """A plan that is nobody else's inside the block; None when oneDNN has none for this key."""
        plan = self._taken(key)
        yield plan
        if plan is not None:
            with self._lock:
                idle = self._idle.get(key)
                if idle is not None:
                    idle.append(plan)

    def _taken(self, key: tuple[Hashable, ...]) -> Any:
        with self._lock:
            idle = self._idle.setdefault(key, [])
            self._idle.move_to_end(key)
            if len(self._idle) > self._limit:
                self._idle.popitem(last=False)
            if idle is None:
                return None
            if idle:
                return idle.pop()
            try:
                return made(self._make, *key)
            except RuntimeError:
                self._idle[key] = None
                return None


def made(make: Callable[..., Any], *key: Hashable) -> Any:
    """A plan for one thread: some primitives run on as many threads as there are when they are made."""
    with library().one_thread():
        return make(*key)


def after_step(i: int) -> int:
    """The number of the array that the post-op `i` takes besides the result."""
    return _AFTER * (i + 1) | SOURCE_2


def _kind(constructor: str) -> str:
    """What it makes: `primitive_desc` of `convolution_forward_primitive_desc_create`, `stream` of `stream_create`."""
    kinds = (kind for kind in ("primitive_desc", "memory_desc") if f"{kind}_create" in constructor)
    return next(kinds, constructor.removesuffix("_create"))


def dims(values: Sequence[int]) -> Any:
    """Sizes or strides for a C function."""
    return _DIMS(*map(int, values))


def channels_last(shape: Shape) -> tuple[list[int], list[int]]:
    """Sizes and strides of an array of images, in oneDNN's order: batch, channels, space."""
    strides = row_major(shape)
    return [shape[0], shape[-1], *shape[1:-1]], [strides[0], strides[-1], *strides[1:-1]]


def row_major(shape: Sequence[int]) -> list[int]:
    """Strides, in elements, of an array in C order."""
    strides = [1]
    for n in reversed(shape[1:]):
        strides.insert(0, strides[0] * n)
    return strides
