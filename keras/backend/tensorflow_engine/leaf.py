"""Leaves: host arrays in and out, facts about tensors, value conversion."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from keras.backend.engine import Engine, Shape, Spec
from keras.backend.spec import SIZE_NOT_KNOWN, UNKNOWN, Unknown
from keras.backend.tensorflow_engine.loading import context, module, tf
from keras.backend.tensorflow_engine.sizes import Computed, Size, of_axis, once_in_graph
from keras.backend.tensorflow_engine.stages import has_graphs

Tensor = Any

raw = tf.raw_ops

#: TensorFlow's dtype objects by our names.
DTYPES: dict[str, tf.DType] = {
    name: tf.as_dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("bfloat16", "float16", "float32", "float64", "complex64", "complex128"),
        *("float8_e4m3fn", "float8_e5m2", "string"),
    )
}
_NAMES = {dtype.as_datatype_enum: name for name, dtype in DTYPES.items()}

#: For want of a kernel: the dtype an operation is carried out in. Integers wrap alike in a wider type.
VIA_WIDER = {
    **dict.fromkeys(("bool", "int8", "int16", "uint8", "uint16"), "int32"),
    **dict.fromkeys(("uint32", "uint64"), "int64"),
}


def _name_of(x: Tensor) -> str:
    """A tensor's dtype by our name; eager tensors have a short way of their own, which is asked for in every op."""
    kind = getattr(x, "_datatype_enum", None)
    return x.dtype.name if kind is None else _NAMES.get(kind()) or x.dtype.name


def through(via: dict[str, str]) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Carry a method out in another dtype for the dtypes in `via`, and cast the result back."""

    def wrap(method: Callable[..., Tensor]) -> Callable[..., Tensor]:
        @functools.wraps(method)
        def call(self: Engine, x: Tensor, *args: Any) -> Tensor:
            own = _name_of(x)
            if own not in via:
                return method(self, x, *args)
            wide = [self.cast(a, via[own]) if isinstance(a, tf.Tensor) else a for a in (x, *args)]
            return self.cast(method(self, *wide), own)

        return call

    return wrap


def _ints(values: Any) -> Tensor:
    array = np.asarray(values, "int64")  # TensorFlow would leave the upper bits out
    return tf.constant(values, tf.int32 if np.all(abs(array) < 2**31) else tf.int64)


_eager_ints = functools.lru_cache(maxsize=4096)(_ints)


@functools.lru_cache(maxsize=4096)
def _eager_scalar(text: str, value: Any, dtype: str) -> Tensor:
    """A scalar, kept. Its text tells -0.0 from 0.0, and True from 1."""
    return tf.constant(value, DTYPES[dtype])


_closed: ContextVar[bool] = ContextVar("keras_tensorflow_closed", default=True)


@contextmanager
def opening(yes: bool) -> Iterator[None]:
    """In the block a graph is traced; with `yes`, sizes not known in it are open: nothing may be concluded from them."""
    token = _closed.set(not yes)
    try:
        yield
    finally:
        _closed.reset(token)


def as_known(shape: Iterable[Any]) -> list[int | None]:
    """A shape as TensorFlow writes it, with None for sizes that are not known."""
    return [None if isinstance(d, Unknown) else d for d in shape]


def ints(values: Any, one_follows: bool = False) -> Tensor:
    """Axes, shapes or one position as int32 tensors (int64 beyond it), kept in eager mode: converting costs more than most ops.

    In reshaping one size follows from the others (`one_follows`): one that nobody can tell, or the only one that just the
    running graph knows, becomes -1.
    """
    if tf.executing_eagerly():
        return _eager_ints(values)
    if isinstance(values, Unknown):
        return _size(values)
    if isinstance(values, tuple):
        sizes = [i for i, v in enumerate(values) if isinstance(v, Unknown)]
        follow = [i for i in sizes if not hasattr(values[i], "tensor")] or sizes
        if one_follows and len(follow) == 1 and -1 not in values:
            values = (*values[: follow[0]], -1, *values[follow[0] + 1 :])
            sizes.remove(follow[0])
        if sizes:
            return raw.Pack(values=[_size(v) if isinstance(v, Unknown) else ints(v) for v in values])
    return once_in_graph(values, lambda: _ints(values))


def pairs(values: tuple[tuple[Any, Any], ...]) -> Tensor:
    """Pairs of numbers, such as padding, as a matrix."""
    flat = tuple(n for pair in values for n in pair)
    if any(isinstance(n, Unknown) for n in flat):
        return raw.Reshape(tensor=ints(flat), shape=ints((len(values), 2)))
    return ints(values)


def product(dims: Iterable[int | None]) -> Any:
    """The product of dimensions as TensorFlow gives them; UNKNOWN if one of them is."""
    return math.prod(UNKNOWN if d is None else d for d in dims)


def _size(d: Unknown) -> Tensor:
    if not hasattr(d, "tensor"):
        raise TypeError(SIZE_NOT_KNOWN)
    return d.tensor


def for_xla() -> bool:
    """Whether what is being traced is to be compiled by XLA, as far as TensorFlow says it beforehand."""
    graph = tf.compat.v1.get_default_graph()
    return module("ops.control_flow_util").GraphOrParentsInXlaContext(graph)


@functools.cache
def has_gpu() -> bool:
    # What `tf.config` asks, which is of the second stage.
    return bool(context.context().list_logical_devices("GPU"))


def dense(gradient: Any) -> Tensor | None:
    """What a tape gives for a gradient as a tensor: of rows that were gathered, it gives these rows (`tf.IndexedSlices`)."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows = gradient.dense_shape[0]
    return tf.math.unsorted_segment_sum(gradient.values, gradient.indices, rows)


class LeafPart(Engine):
    """Tensors are `tf.Tensor`, eager or symbolic."""

    def constant(self, array: np.ndarray, dtype: str) -> Tensor:
        array = np.asarray(array, DTYPES[dtype].as_numpy_dtype)
        if array.ndim or dtype == "string" or tf.executing_eagerly():
            return tf.constant(array)
        return once_in_graph((array.tobytes(), dtype), lambda: tf.constant(array))

    def to_numpy(self, x: Tensor) -> np.ndarray:
        if not hasattr(x, "numpy"):
            # What the shapes in a graph decide is known; `tf.get_static_value` does not see it of an element.
            value = module("framework.tensor_util").try_evaluate_constant(x)
            if value is not None:
                return value
            raise RuntimeError(
                "A tensor has no value while a function is being traced: convert it to NumPy outside of the compiled "
                f"function, or run the function eagerly. Received: {x}"
            )
        return np.asarray(x.numpy())

    def peek(self, x: Tensor) -> np.ndarray | None:
        if not hasattr(x, "_datatype_enum"):  # of a graph
            return None
        try:
            return np.asarray(memoryview(x))
        except ValueError:  # NumPy's own dtypes only
            return x.numpy()

    def as_size(self, x: Tensor) -> Any:
        try:
            return super().as_size(x)
        except RuntimeError:
            if x.shape.rank or not x.dtype.is_integer:
                raise
            return Size(lambda: tf.cast(x, tf.int32))

    def is_tensor(self, x: Any) -> bool:
        return isinstance(x, tf.Tensor)

    def adopt(self, x: Any) -> Tensor | None:
        if isinstance(x, Computed):
            return x.tensor
        if not has_graphs():
            return None
        if isinstance(x, tf.IndexedSlices):
            return dense(x)
        # Read by TensorFlow, a tape of the user's sees what is computed with it.
        return tf.convert_to_tensor(x) if isinstance(x, tf.Variable) else None

    def spec(self, x: Tensor) -> Spec:
        if hasattr(x, "_datatype_enum"):  # an eager tensor
            return x._shape_tuple(), _name_of(x)
        shape = tuple(x.shape)
        if None in shape:  # only in graphs that others trace, as a tf.data map is, or that are for all sizes
            closed = _closed.get()
            shape = tuple(of_axis(x, i, closed) if d is None else d for i, d in enumerate(shape))
        return shape, x.dtype.name

    def dtype(self, x: Tensor) -> str:
        return _name_of(x)

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        to = DTYPES[dtype]
        if x.dtype == to:
            return x
        if to == tf.bool:
            return raw.NotEqual(x=x, y=tf.zeros((), x.dtype))
        if x.dtype.is_complex and not to.is_complex:
            x = tf.math.real(x)
        return raw.Cast(x=x, DstT=to)

    def bitcast(self, x: Tensor, dtype: str) -> Tensor:
        to, shape = DTYPES[dtype], self.spec(x)[0]
        if x.dtype == tf.bool:
            x = raw.Cast(x=x, DstT=tf.uint8)
        if to == tf.bool:
            return raw.Cast(x=self.bitcast(x, "uint8"), DstT=to)
        if x.dtype.size < to.size:
            ratio = to.size // x.dtype.size
            x = raw.Reshape(tensor=x, shape=ints((*shape[:-1], shape[-1] // ratio, ratio)))
        y = raw.Bitcast(input=x, type=to)
        if x.dtype.size > to.size:
            y = raw.Reshape(tensor=y, shape=ints((*shape[:-1], shape[-1] * (x.dtype.size // to.size))))
        return y

    def full(self, shape: Shape, value: float | int | bool, dtype: str) -> Tensor:
        to = DTYPES[dtype]
        if isinstance(value, Computed):
            return self.broadcast_to(self.cast(value.tensor, dtype), shape)
        if to.is_integer or to.is_bool:
            value = int(value) if to.is_integer else bool(value)
        if not has_graphs():
            return tf.constant(np.full(shape, value, to.as_numpy_dtype))
        if tf.executing_eagerly():
            scalar = _eager_scalar(repr(value), value, dtype)
        else:  # -0.0 is not 0.0
            scalar = once_in_graph((repr(value), dtype), lambda: tf.constant(value, to))
        return raw.Fill(dims=ints(shape), value=scalar) if shape else scalar

    def iota(self, n: int, dtype: str) -> Tensor:
        end = ints(n)
        if end.dtype != tf.int32:
            return self.cast(tf.range(end), dtype)
        return self.cast(raw.Range(start=ints(0), limit=end, delta=ints(1)), dtype)
