"""Primitives on NumPy arrays by all cores; small arrays, and whatever has no version here, run the NumPy engine's bodies."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.backend.kernels import convolution, onednn, pooling, softmax
from keras.backend.kernels.parallel import ELEMENTS, POOL, split, ways
from keras.backend.kernels.products import product
from keras.backend.kernels.tails import Tail, rectified
from keras.backend.numpy import batch_norm
from keras.backend.numpy.arrays import Array
from keras.backend.numpy.eager import BareNumPyEngine
from keras.backend.numpy.known import Remembered, known, short_form
from keras.backend.spec import window_size

Shape = tuple[int, ...]
Spec = tuple[Shape, str]
Pads = tuple[tuple[int, int], ...]

_KERNEL = 1 << 20  # elements of a kernel, up to which a small convolution may keep it in another layout
PRODUCTS = 1 << 22  # multiplications of a matrix product likewise
_MULTIPLICATION = 2e-5  # microseconds
_PIECE = 1 << 20  # elements that stay in a cache the cores share


def _small_product(a: Spec, b: Spec) -> Any:
    small = math.prod(a[0]) * b[0][-1] < PRODUCTS or POOL.size == 1
    return short_form(BareNumPyEngine.matmul, a, b) if small else None


def _small_conv(x: Spec, kernel: Spec, *rest: Any) -> Any:
    """A convolution of few elements, with a plan of its own; None for other ones."""
    arrays, static, tail = _taken_apart(rest)
    plan = _convolution(x[1], x[0], kernel[0], *static)
    if plan is None or ways(math.prod(plan.x) + math.prod(plan.y)) > 1 or math.prod(plan.kernel) > _KERNEL:
        return None
    try:
        alone, vectors = convolution.Alone(plan, tail.steps()), Remembered(tail.vectors)
    except RuntimeError:
        return None
    count = len(arrays)

    def run(x: Array, kernel: Array, *rest: Any) -> Array:
        of_channels, added = tail.parts(rest[:count])
        y = alone(x, kernel, *vectors(*of_channels), *added)
        return rectified(y) if tail.relu else y

    return run


def _taken_apart(rest: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...], Tail]:
    """What comes after the kernel: the arrays of the tail, the four settings of the convolution, the tail."""
    return rest[:-5], rest[-5:-1], rest[-1]


class ParallelEngine(BareNumPyEngine):
    """The bare NumPy engine, sharing large calls between the cores along the first axis."""

    _share = staticmethod(split)

    # ------------------------------------------------------------------ products
    @known(_small_product)
    def matmul(self, a: Array, b: Array) -> Array:
        small = a.size * b.shape[-1] < PRODUCTS
        if small or POOL.size == 1 or a.dtype != b.dtype or a.dtype.kind != "f" or a.dtype.itemsize < 4:
            return super().matmul(a, b)
        if b.ndim == 2:
            if a.ndim > 2:
                return self.matmul(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[-1])
            y = np.empty((len(a), b.shape[1]), a.dtype)
            cost = y.size * len(b) * _MULTIPLICATION
            if y.shape[0] >= y.shape[1]:
                split(len(a), lambda at: product(a[at], b, y[at]), microseconds=cost)
            else:
                split(b.shape[1], lambda at: product(a, b[:, at], y[:, at]), microseconds=cost)
            return y
        if a.ndim != b.ndim or a.shape[:-2] != b.shape[:-2]:
            return super().matmul(a, b)
        y = np.empty((*a.shape[:-1], b.shape[-1]), a.dtype)
        split(len(a), lambda at: np.matmul(a[at], b[at], out=y[at]))
        return y

    # ------------------------------------------------------------------ softmax
    def softmax(self, x: Array, axis: int) -> Array:
        return _by_rows(super().softmax, softmax.shares, (x,), axis)

    def softmax_grad(self, dy: Array, y: Array, axis: int) -> Array:
        return _by_rows(super().softmax_grad, softmax.pull_back, (dy, y), axis)

    # ------------------------------------------------------------------ windows, normalisation
    @known(functools.partial(batch_norm.at_one_shape, split))
    def batch_norm(self, *args: Any) -> Array:
        return super().batch_norm(*args)

    @known(lambda x, kernel, *static: _small_conv(x, kernel, *static, Tail()))
    def conv(
        self, x: Array, kernel: Array, strides: Shape, pads: Pads, dilation: Shape, groups: int
    ) -> Array:
        return self.conv_and(x, kernel, strides, pads, dilation, groups, Tail())

    @known(_small_conv)
    def conv_and(self, x: Array, kernel: Array, *rest: Any) -> Array:
        """`conv`, and what a `Tail` says: the last argument. Its arrays come after the kernel."""
        arrays, static, tail = _taken_apart(rest)
        convolved = super().conv

        def body(x: Array, arrays: Sequence[Array]) -> Array:
            return tail.apply(self, convolved(x, kernel, *static), arrays)

        vectors, added = tail.parts(arrays)
        plan = _convolution(x.dtype, x.shape, kernel.shape, *static)
        if plan is None:
            return _by_batch(lambda x, *added: body(x, (*vectors, *added)), (x, *added))
        y, of_channels, steps = np.empty(plan.y, x.dtype), tail.vectors(*vectors), tail.steps()

        def part(at: slice) -> None:
            more = [z[at] for z in added]
            given = (x[at], kernel, *of_channels, *more)
            if not convolution.run("forward", _of(plan, at), given, (y[at],), steps):
                y[at] = body(x[at], (*vectors, *more))
            elif tail.relu:
                rectified(y[at])

        split(len(x), part, ways(x.size + y.size))
        return y

    def conv_input_grad(
        self,
        dy: Array,
        kernel: Array,
        input_shape: Shape,
        strides: Shape,
        pads: Pads,
        dilation: Shape,
        groups: int,
    ) -> Array:
        static = (strides, pads, dilation, groups)
        body = super().conv_input_grad
        plan = _convolution(dy.dtype, input_shape, kernel.shape, *static)
        if plan is None:
            return _by_batch(lambda dy: body(dy, kernel, (len(dy), *input_shape[1:]), *static), (dy,))
        dx = np.empty(input_shape, dy.dtype)

        def part(at: slice) -> None:
            if not convolution.run("input_grad", _of(plan, at), (dy[at], kernel), (dx[at],)):
                dx[at] = body(dy[at], kernel, dx[at].shape, *static)

        split(len(dy), part, ways(dx.size + dy.size))
        return dx

    def conv_kernel_grad(
        self,
        x: Array,
        dy: Array,
        kernel_shape: Shape,
        strides: Shape,
        pads: Pads,
        dilation: Shape,
        groups: int,
    ) -> Array:
        static = (kernel_shape, strides, pads, dilation, groups)
        return self._conv_weight_grads("kernel_grad", x, dy, *static)[0]

    def conv_weight_grads(self, x: Array, dy: Array, *static: Any) -> list[Array]:
        """`conv_kernel_grad`, and the sum of `dy` over all axes but the last: the gradient of a bias."""
        return self._conv_weight_grads("kernel_grad with bias", x, dy, *static)

    def _conv_weight_grads(
        self, direction: str, x: Array, dy: Array, kernel_shape: Shape, *static: Any
    ) -> list[Array]:
        body = super().conv_kernel_grad
        plan = _convolution(x.dtype, x.shape, kernel_shape, *static)
        shapes = [kernel_shape, kernel_shape[-1:]][: 1 + direction.endswith("bias")]
        parts: list[tuple[int, list[Array]]] = []

        def part(at: slice) -> None:
            out = [np.empty(shape, x.dtype) for shape in shapes]
            if plan is None or not convolution.run(direction, _of(plan, at), (x[at], dy[at]), out):
                out[0] = body(x[at], dy[at], kernel_shape, *static)
                out[1:] = [self.reduce_sum(dy[at], tuple(range(dy.ndim - 1)))] * (len(shapes) - 1)
            parts.append((at.start, out))

        split(len(x), part, ways(x.size + dy.size))
        if not parts:  # an empty batch may have none
            return [np.zeros(shape, x.dtype) for shape in shapes]
        parts.sort(key=lambda part: part[0])  # always added in the same order
        return [functools.reduce(np.add, of_one) for of_one in zip(*(out for _, out in parts), strict=True)]

    def reduce_window(self, x: Array, window: Shape, strides: Shape, pads: Pads, op: str) -> Array:
        body, static = super().reduce_window, (window, strides, pads)
        shape = pooling.result_shape(x, *static) if op == "max" else None
        if shape is None:
            return _by_batch(body, (x,), (*static, op))
        x, y = np.ascontiguousarray(x), np.empty(shape, x.dtype)

        def part(at: slice) -> None:
            if not pooling.pool(x[at], y[at], *static):
                y[at] = body(x[at], *static, op)

        _in_pieces(x, part)
        return y

    def reduce_window_grad(
        self, x: Array, dy: Array, window: Shape, strides: Shape, pads: Pads, op: str
    ) -> Array:
        body, static = super().reduce_window_grad, (window, strides, pads)
        if op != "max" or pooling.result_shape(x, *static) is None:
            return _by_batch(body, (x, dy), (*static, op))
        x, dy = np.ascontiguousarray(x), np.ascontiguousarray(dy)
        dx = np.empty_like(x)

        def part(at: slice) -> None:
            if not pooling.pull_back(x[at], dy[at], dx[at], *static):
                dx[at] = body(x[at], dy[at], *static, op)

        _in_pieces(x, part)
        return dx


def _convolution(
    dtype: Any,
    x: Shape,
    kernel: Shape,
    strides: Shape,
    pads: Pads,
    dilation: Shape,
    groups: int,
) -> convolution.Convolution | None:
    """The convolution as oneDNN knows it; None where NumPy's body serves."""
    if np.dtype(dtype) != np.float32 or not 3 <= len(x) <= 5 or onednn.library() is None:
        return None
    out = tuple(
        window_size(n, k, s, *pad, d)
        for n, k, s, pad, d in zip(x[1:-1], kernel[:-2], strides, pads, dilation, strict=True)
    )
    y = (x[0], *out, kernel[-1])
    if math.prod(x) == 0 or math.prod(kernel) == 0 or any(n < 1 for n in y):
        return None
    return convolution.Convolution(
        tuple(x),
        tuple(kernel),
        y,
        tuple(strides),
        tuple((low, high) for low, high in pads),
        tuple(dilation),
        groups,
    )


def _of(plan: convolution.Convolution, at: slice) -> convolution.Convolution:
    """The same for a part of the batch."""
    n = at.stop - at.start
    return plan._replace(x=(n, *plan.x[1:]), y=(n, *plan.y[1:]))


def _by_rows(
    body: Callable[..., Array], kernel: Callable[..., bool], xs: tuple[Array, ...], axis: int
) -> Array:
    """What a kernel makes of the rows of arrays of one shape, or a body where that cannot; the body alone of few elements."""
    x = xs[0]
    if axis != x.ndim - 1 or x.size < ELEMENTS:
        return body(*xs, axis)
    rows = [np.ascontiguousarray(z).reshape(-1, x.shape[-1]) for z in xs]
    y = np.empty(rows[0].shape, x.dtype)

    def part(at: slice) -> None:
        given = [z[at] for z in rows]
        if not kernel(*given, y[at]):
            y[at] = body(*given, 1)

    split(len(y), part)
    return y.reshape(x.shape)


def _in_pieces(x: Array, part: Callable[[slice], None]) -> None:
    """Do what concerns the first axis of `x`, so little at once that it stays in the cache, by all cores if it is much."""
    if len(x):
        split(len(x), part, max(ways(x.size), math.ceil(x.size / _PIECE)))


def _by_batch(body: Callable[..., Array], xs: tuple[Array, ...], static: tuple[Any, ...] = ()) -> Array:
    """A body that treats each element of the first axis by itself, on parts of it."""
    n = len(xs[0])
    if sum(x.size for x in xs) < ELEMENTS or POOL.size == 1 or n < 2:
        return body(*xs, *static)
    whole: list[Array] = []

    def part(at: slice) -> None:
        y = body(*(x[at] for x in xs), *static)
        if not whole:
            whole.append(
                np.empty((n, *y.shape[1:]), y.dtype)
            )  # two threads may both come here: the first one's counts
        whole[0][at] = y

    split(n, part, 2 * POOL.size)
    return whole[0]


# ---------------------------------------------------------------------- elementwise
def _shared(name: str, count: int, least: int) -> Callable[..., Array]:
    """An elementwise method on `count` arrays; the first axis is split where the result has `least` elements."""
    body = getattr(BareNumPyEngine, name)

    def small(*xs: Any) -> Any:
        shape = np.broadcast_shapes(*(shape for shape, _ in xs[:count]))
        return short_form(body, *xs) if math.prod(shape) < least else None

    @known(small)
    @functools.wraps(body)
    def method(self: Any, *xs: Any) -> Array:
        if POOL.size == 1 or math.prod(x.size for x in xs[:count]) < least:  # no result is larger than that
            return body(self, *xs)
        shape = np.broadcast_shapes(*(x.shape for x in xs[:count]))
        if math.prod(shape) < least:
            return body(self, *xs)
        rest, whole = xs[count:], np.empty(shape, xs[0].dtype)
        function = short_form(body, *((x.shape, x.dtype.name) for x in xs[:count]), *rest)

        def part(at: slice) -> None:
            pieces = [_part(x, at, shape) for x in xs[:count]]
            if function is not None:
                function(*pieces, out=whole[at])
            else:
                whole[at] = body(self, *pieces, *rest)

        split(shape[0], part, 2 * POOL.size)
        return whole

    return method


def _part(x: Array, at: slice, shape: Shape) -> Array:
    """The rows of `x` that rows `at` of the result are made of."""
    return x[at] if x.ndim == len(shape) and len(x) == shape[0] and shape[0] > 1 else x


_ELEMENTWISE = {
    **dict.fromkeys(
        ("exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "rsqrt", "silu", "gelu", "expm1", "log1p"), 1
    ),
    **dict.fromkeys(("softplus", "erf"), 1),
    **dict.fromkeys(("pow", "div", "atan2"), 2),
}
#: Half a nanosecond an element is what most take: a million of them is what outweighs waking a thread. `erf` takes 8.
_LEAST = {"erf": ELEMENTS}
for _name, _arity in _ELEMENTWISE.items():
    setattr(ParallelEngine, _name, _shared(_name, _arity, _LEAST.get(_name, 8 * ELEMENTS)))
