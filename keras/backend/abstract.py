"""The abstract engine: its tensors are (shape, dtype), and its rules are the library's shape inference.

The same bodies that compute on an engine run here, so nobody writes `compute_output_shape`; what is wrong with the
arguments of an op is found and worded here, before an engine sees it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from keras.backend import dtypes
from keras.backend.engine import Engine, Spec
from keras.backend.spec import (
    UNKNOWN,
    KerasTensor,
    broadcast,
    is_unknown,
    same,
    shape_str,
    smallest,
    window_size,
)
from keras.backend.state import Variable


def _like(self: AbstractEngine, x: KerasTensor, *_: Any, **__: Any) -> KerasTensor:
    return KerasTensor(x.dims, x.dtype)


def _check_real(name: str, dtype: str) -> None:
    if dtypes.is_complex(dtype):
        raise TypeError(f"{name}: complex numbers are not supported. Received: dtype {dtype}")


def _real_rule(name: str) -> Callable[..., KerasTensor]:
    def rule(self: AbstractEngine, x: KerasTensor) -> KerasTensor:
        _check_real(name, x.dtype)
        return KerasTensor(x.dims, x.dtype)

    rule.__name__ = name
    return rule


def _binary_rule(name: str, result: str | None = None, real: bool = False) -> Callable[..., KerasTensor]:
    def rule(self: AbstractEngine, a: KerasTensor, b: KerasTensor) -> KerasTensor:
        if real:
            _check_real(name, a.dtype)
        if a.dtype != b.dtype:
            raise TypeError(f"{name}: expected operands of one dtype. Received: {a.dtype} and {b.dtype}")
        return KerasTensor(broadcast(name, a.dims, b.dims), result or a.dtype)

    rule.__name__ = name
    return rule


def _reduce_rule(name: str, real: bool = False) -> Callable[..., KerasTensor]:
    def rule(self: AbstractEngine, x: KerasTensor, axes: tuple[int, ...]) -> KerasTensor:
        if real:
            _check_real(name, x.dtype)
        return KerasTensor(_without(x.dims, axes), x.dtype)

    rule.__name__ = name
    return rule


def _without(dims: tuple[Any, ...], axes: Sequence[int]) -> tuple[Any, ...]:
    return tuple(d for i, d in enumerate(dims) if i not in axes)


class AbstractEngine(Engine):
    """Shape and dtype rules of every primitive."""

    name = "abstract"
    records_state: ClassVar[bool] = False

    # leaf
    def constant(self, array: Any, dtype: str) -> KerasTensor:
        return KerasTensor(np.shape(array), dtype)

    def to_numpy(self, x: KerasTensor) -> np.ndarray:
        raise TypeError(f"{x!r} is symbolic: it has no value while shapes are being inferred.")

    def as_size(self, x: KerasTensor) -> Any:
        if x.ndim or not dtypes.is_int(x.dtype) or x.node is not None:
            return super().as_size(x)
        return UNKNOWN  # in the place of a tensor that an engine may know as one

    def is_tensor(self, x: Any) -> bool:
        return isinstance(x, KerasTensor)

    def spec(self, x: KerasTensor) -> Spec:
        return x.dims, x.dtype

    def cast(self, x: KerasTensor, dtype: str) -> KerasTensor:
        return KerasTensor(x.dims, dtype)

    def bitcast(self, x: KerasTensor, dtype: str) -> KerasTensor:
        old, new = dtypes.itemsize(x.dtype), dtypes.itemsize(dtype)
        if old == new:
            return KerasTensor(x.dims, dtype)
        if x.ndim == 0 or (isinstance(x.dims[-1], int) and x.dims[-1] * old % new):
            raise ValueError(
                f"view: the last axis of {shape_str(x.dims)} {x.dtype} values does not divide into {dtype}"
            )
        return KerasTensor((*x.dims[:-1], x.dims[-1] * old // new), dtype)

    def full(self, shape: Any, value: Any, dtype: str) -> KerasTensor:
        return KerasTensor(shape, dtype)

    def iota(self, n: int, dtype: str) -> KerasTensor:
        return KerasTensor((n,), dtype)

    # movement
    def reshape(self, x: KerasTensor, shape: Any) -> KerasTensor:
        have, want = math.prod(x.dims), math.prod(shape)
        if not same(have, want):
            raise ValueError(
                f"reshape: a tensor of shape {shape_str(x.dims)} ({have} values) cannot be made {shape_str(shape)} ({want})"
            )
        if not is_unknown(have) and is_unknown(want) and sum(is_unknown(d) for d in shape) == 1:
            known = math.prod(d for d in shape if not is_unknown(d))
            if known == 0 or have % known:
                raise ValueError(
                    f"reshape: {shape_str(x.dims)} cannot be made {shape_str(shape)}: {have} is not a multiple of {known}"
                )
            shape = tuple(have // known if is_unknown(d) else d for d in shape)
        return KerasTensor(shape, x.dtype)

    def transpose(self, x: KerasTensor, axes: Any) -> KerasTensor:
        return KerasTensor([x.dims[a] for a in axes], x.dtype)

    def broadcast_to(self, x: KerasTensor, shape: Any) -> KerasTensor:
        shape = tuple(shape)
        if len(shape) < x.ndim or not all(
            same(a, b) for a, b in zip(broadcast("broadcast_to", x.dims, shape), shape, strict=True)
        ):
            raise ValueError(
                f"broadcast_to: shape {shape_str(x.dims)} does not broadcast to {shape_str(shape)}"
            )
        return KerasTensor(shape, x.dtype)

    def slice(self, x: KerasTensor, starts: Any, stops: Any, steps: Any) -> KerasTensor:
        return KerasTensor([-((a - b) // s) for a, b, s in zip(starts, stops, steps, strict=True)], x.dtype)

    flip = _like

    def pad(self, x: KerasTensor, low: Any, high: Any, value: Any) -> KerasTensor:
        return KerasTensor([d + a + b for d, a, b in zip(x.dims, low, high, strict=True)], x.dtype)

    def concat(self, xs: Sequence[KerasTensor], axis: int) -> KerasTensor:
        first = xs[0]
        for x in xs[1:]:
            if x.ndim != first.ndim or not all(
                same(a, b) for i, (a, b) in enumerate(zip(x.dims, first.dims, strict=True)) if i != axis
            ):
                shapes = ", ".join(shape_str(t.dims) for t in xs)
                raise ValueError(
                    f"concatenate: shapes must agree except along axis {axis}. Received: {shapes}"
                )
        dims = list(first.dims)
        for i in range(len(dims)):
            if i != axis:
                dims[i] = next((x.dims[i] for x in xs if not is_unknown(x.dims[i])), UNKNOWN)
        dims[axis] = sum(x.dims[axis] for x in xs)
        return KerasTensor(dims, first.dtype)

    def dynamic_slice(self, x: KerasTensor, starts: Any, sizes: Any) -> KerasTensor:
        for d, n in zip(x.dims, sizes, strict=True):
            if not is_unknown(d) and not is_unknown(n) and n > d:
                raise ValueError(
                    f"slice: sizes {shape_str(sizes)} exceed the tensor's shape {shape_str(x.dims)}"
                )
        return KerasTensor(sizes, x.dtype)

    def dynamic_update(self, x: KerasTensor, update: KerasTensor, starts: Any) -> KerasTensor:
        if update.ndim != x.ndim or any(
            isinstance(u, int) and isinstance(d, int) and u > d
            for u, d in zip(update.dims, x.dims, strict=True)
        ):
            raise ValueError(
                f"slice_update: updates of shape {shape_str(update.dims)} do not fit into {shape_str(x.dims)}"
            )
        return KerasTensor(x.dims, x.dtype)

    # indexing
    def take(self, x: KerasTensor, indices: KerasTensor, axis: int) -> KerasTensor:
        return KerasTensor(x.dims[:axis] + indices.dims + x.dims[axis + 1 :], x.dtype)

    def take_along(self, x: KerasTensor, indices: KerasTensor, axis: int) -> KerasTensor:
        a = (*x.dims[:axis], 1, *x.dims[axis + 1 :])
        b = (*indices.dims[:axis], 1, *indices.dims[axis + 1 :])
        dims = list(broadcast("take_along_axis", a, b))
        dims[axis] = indices.dims[axis]
        return KerasTensor(dims, x.dtype)

    def gather_nd(self, x: KerasTensor, indices: KerasTensor) -> KerasTensor:
        return KerasTensor(indices.dims[:-1] + x.dims[indices.dims[-1] :], x.dtype)

    def scatter_nd(
        self, x: KerasTensor, indices: KerasTensor, updates: KerasTensor, mode: str
    ) -> KerasTensor:
        if indices.ndim and is_unknown(indices.dims[-1]):
            return KerasTensor(x.dims, x.dtype)
        if not indices.ndim or not 0 < indices.dims[-1] <= x.ndim:
            raise ValueError(
                f"scatter: the last axis of `indices` must have 1 to {x.ndim} elements, the places in as many axes. "
                f"Received: indices.shape={shape_str(indices.dims)}"
            )
        if mode in ("min", "max"):
            _check_real(f"scatter_{mode}", x.dtype)
        want = indices.dims[:-1] + x.dims[indices.dims[-1] :]
        if len(want) != updates.ndim or not all(map(same, want, updates.dims)):
            raise ValueError(
                f"scatter: updates must have shape {shape_str(want)}. Received: {shape_str(updates.dims)}"
            )
        return KerasTensor(x.dims, x.dtype)

    def sort(self, x: KerasTensor, axis: int) -> KerasTensor:
        _check_real("sort", x.dtype)
        return KerasTensor(x.dims, x.dtype)

    def argsort(self, x: KerasTensor, axis: int) -> KerasTensor:
        _check_real("argsort", x.dtype)
        return KerasTensor(x.dims, "int32")

    def top_k(self, x: KerasTensor, k: int) -> tuple[KerasTensor, KerasTensor]:
        _check_real("top_k", x.dtype)
        if isinstance(x.dims[-1], int) and k > x.dims[-1]:
            raise ValueError(f"top_k: k={k} is more than the last dimension of {shape_str(x.dims)}")
        dims = (*x.dims[:-1], k)
        return KerasTensor(dims, x.dtype), KerasTensor(dims, "int32")

    # elementwise
    floor, erf, erfinv = _real_rule("floor"), _real_rule("erf"), _real_rule("erfinv")
    neg = sign = round = exp = log = sqrt = sin = cos = tanh = asin = logical_not = _like
    expm1 = log1p = rsqrt = sigmoid = atan = bitwise_not = stop_gradient = _like
    cumsum = cumprod = _like

    def abs(self, x: KerasTensor) -> KerasTensor:
        return KerasTensor(x.dims, dtypes.real_of(x.dtype))

    real = imag = abs

    def complex(self, re: KerasTensor, im: KerasTensor) -> KerasTensor:
        _check_real("complex", re.dtype)
        return KerasTensor(
            broadcast("complex", re.dims, im.dims), "complex128" if re.dtype == "float64" else "complex64"
        )

    add, sub, mul = _binary_rule("add"), _binary_rule("subtract"), _binary_rule("multiply")
    div, pow = _binary_rule("divide"), _binary_rule("power")
    maximum, minimum = _binary_rule("maximum", real=True), _binary_rule("minimum", real=True)
    floordiv, mod = _binary_rule("floor_divide", real=True), _binary_rule("mod", real=True)
    atan2 = _binary_rule("arctan2", real=True)
    bitwise_and, bitwise_or, bitwise_xor = (
        _binary_rule("bitwise_and"),
        _binary_rule("bitwise_or"),
        _binary_rule("bitwise_xor"),
    )
    shift_left, shift_right = _binary_rule("left_shift"), _binary_rule("right_shift")
    logical_and, logical_or = _binary_rule("logical_and"), _binary_rule("logical_or")
    equal, less = _binary_rule("equal", "bool"), _binary_rule("less", "bool", real=True)

    def select(self, condition: KerasTensor, a: KerasTensor, b: KerasTensor) -> KerasTensor:
        return KerasTensor(broadcast("where", condition.dims, a.dims, b.dims), a.dtype)

    # reductions, contractions
    reduce_sum, reduce_prod = _reduce_rule("sum"), _reduce_rule("prod")
    reduce_max, reduce_min = _reduce_rule("max", real=True), _reduce_rule("min", real=True)

    def argmax(self, x: KerasTensor, axis: int) -> KerasTensor:
        _check_real("argmax", x.dtype)
        return KerasTensor(_without(x.dims, (axis,)), "int32")

    def matmul(self, a: KerasTensor, b: KerasTensor) -> KerasTensor:
        if not same(a.dims[-1], b.dims[-2]):
            raise ValueError(
                f"matmul: the last dimension of the first must equal the next to last of the second. "
                f"Received: {shape_str(a.dims)} and {shape_str(b.dims)}"
            )
        return KerasTensor((*broadcast("matmul", a.dims[:-2], b.dims[:-2]), a.dims[-2], b.dims[-1]), a.dtype)

    def dot_general(self, a: KerasTensor, b: KerasTensor, contract: Any, batch: Any) -> KerasTensor:
        for i, j in zip((*contract[0], *batch[0]), (*contract[1], *batch[1]), strict=True):
            if not same(a.dims[i], b.dims[j]):
                raise ValueError(
                    f"dot: axis {i} of {shape_str(a.dims)} must equal axis {j} of {shape_str(b.dims)}"
                )
        free_a = _without(a.dims, (*contract[0], *batch[0]))
        free_b = _without(b.dims, (*contract[1], *batch[1]))
        return KerasTensor((*(a.dims[i] for i in batch[0]), *free_a, *free_b), a.dtype)

    # windows
    def conv(
        self, x: KerasTensor, kernel: KerasTensor, strides: Any, pads: Any, dilation: Any, groups: int
    ) -> KerasTensor:
        if not same(x.dims[-1], kernel.dims[-2] * groups):
            raise ValueError(
                f"conv: the input has {x.shape[-1]} channels but the kernel of shape {shape_str(kernel.dims)} with groups={groups} "
                f"expects {kernel.dims[-2] * groups}. Received: input of shape {shape_str(x.dims)}"
            )
        spatial = [
            window_size(n, k, s, lo, hi, d)
            for n, k, s, (lo, hi), d in zip(
                x.dims[1:-1], kernel.dims[:-2], strides, pads, dilation, strict=True
            )
        ]
        if any(n == 0 for n in spatial):
            raise ValueError(
                f"conv: the kernel {shape_str(kernel.dims[:-2])} (dilation {tuple(dilation)}) is larger than the padded input. "
                f"Received: input of shape {shape_str(x.dims)}, padding {tuple(pads)}"
            )
        return KerasTensor((x.dims[0], *spatial, kernel.dims[-1]), x.dtype)

    def conv_input_grad(self, dy: KerasTensor, kernel: KerasTensor, input_shape: Any, *_: Any) -> KerasTensor:
        return KerasTensor(input_shape, dy.dtype)

    def conv_kernel_grad(self, x: KerasTensor, dy: KerasTensor, kernel_shape: Any, *_: Any) -> KerasTensor:
        return KerasTensor(kernel_shape, x.dtype)

    def reduce_window(self, x: KerasTensor, window: Any, strides: Any, pads: Any, op: str) -> KerasTensor:
        _check_real("pooling", x.dtype)
        spatial = [
            window_size(n, k, s, lo, hi, 1)
            for n, k, s, (lo, hi) in zip(x.dims[1:-1], window, strides, pads, strict=True)
        ]
        if any(n == 0 for n in spatial):
            raise ValueError(
                f"pooling: the window {tuple(window)} is larger than the input of shape {shape_str(x.dims)}"
            )
        return KerasTensor((x.dims[0], *spatial, x.dims[-1]), x.dtype)

    reduce_window_grad = _like

    def fft(self, re: KerasTensor, im: KerasTensor, inverse: bool) -> tuple[KerasTensor, KerasTensor]:
        _check_real("fft", re.dtype)
        return KerasTensor(re.dims, re.dtype), KerasTensor(im.dims, im.dtype)

    # linear algebra
    def cholesky(self, a: KerasTensor) -> KerasTensor:
        self._square("cholesky", a)
        return KerasTensor(a.dims, a.dtype)

    def qr(self, a: KerasTensor, mode: str) -> tuple[KerasTensor, KerasTensor]:
        m, n = a.dims[-2:]
        k = m if mode == "complete" else smallest(m, n)
        return KerasTensor((*a.dims[:-2], m, k), a.dtype), KerasTensor((*a.dims[:-2], k, n), a.dtype)

    def svd(self, a: KerasTensor, full: bool, uv: bool) -> Any:
        m, n = a.dims[-2:]
        k = smallest(m, n)
        s = KerasTensor((*a.dims[:-2], k), a.dtype)
        if not uv:
            return s
        u = KerasTensor((*a.dims[:-2], m, m if full else k), a.dtype)
        return u, s, KerasTensor((*a.dims[:-2], n if full else k, n), a.dtype)

    def eigh(self, a: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        self._square("eigh", a)
        return KerasTensor(a.dims[:-1], a.dtype), KerasTensor(a.dims, a.dtype)

    def eig(self, a: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        self._square("eig", a)
        dtype = "complex128" if a.dtype in ("float64", "complex128") else "complex64"
        return KerasTensor(a.dims[:-1], dtype), KerasTensor(a.dims, dtype)

    def lu(self, a: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        return KerasTensor(a.dims, a.dtype), KerasTensor((*a.dims[:-2], smallest(*a.dims[-2:])), "int32")

    def triangular_solve(self, a: KerasTensor, b: KerasTensor, lower: bool) -> KerasTensor:
        return self._solve("solve_triangular", a, b)

    def solve(self, a: KerasTensor, b: KerasTensor) -> KerasTensor:
        return self._solve("solve", a, b)

    def _solve(self, who: str, a: KerasTensor, b: KerasTensor) -> KerasTensor:
        self._square(who, a)
        if not same(a.dims[-1], b.dims[-2]):
            raise ValueError(
                f"{who}: a of shape {shape_str(a.dims)} does not fit b of shape {shape_str(b.dims)}"
            )
        return KerasTensor((*broadcast(who, a.dims[:-2], b.dims[:-2]), *b.dims[-2:]), b.dtype)

    def _square(self, who: str, a: KerasTensor) -> None:
        if a.ndim < 2 or not same(a.dims[-1], a.dims[-2]):
            raise ValueError(f"{who}: expected square matrices. Received: shape {shape_str(a.dims)}")

    # random
    def random_bits(self, seed: KerasTensor, shape: Any) -> KerasTensor:
        return KerasTensor(shape, "uint32")

    def random_uniform(self, seed: KerasTensor, shape: Any, dtype: str) -> KerasTensor:
        return KerasTensor(shape, dtype)

    random_normal = random_uniform

    # control flow, gradients: run the functions once for their specs
    def cond(self, pred: Any, true_fn: Any, false_fn: Any, operands: Any) -> list[KerasTensor]:
        yes, no = list(true_fn(*operands)), list(false_fn(*operands))
        _same_specs("cond: the two branches must return equal shapes and dtypes", yes, no)
        return [_merge(a, b) for a, b in zip(yes, no, strict=True)]

    def while_loop(self, test: Any, body: Any, init: Any) -> list[KerasTensor]:
        state = list(body(*init))
        _same_specs("while_loop: the body must keep every shape and dtype", list(init), state)
        return [_merge(a, b) for a, b in zip(init, state, strict=True)]

    def scan(
        self, f: Any, init: Any, xs: Any, length: Any, reverse: bool
    ) -> tuple[list[KerasTensor], list[KerasTensor]]:
        carry, ys = f(list(init), [KerasTensor(x.dims[1:], x.dtype) for x in xs])
        _same_specs("scan: the function must keep the carry's shapes and dtypes", list(init), list(carry))
        return list(carry), [KerasTensor((length, *y.dims), y.dtype) for y in ys]

    def vmap(self, f: Any, in_axes: Any, xs: Any) -> list[KerasTensor]:
        n = next(x.dims[a] for x, a in zip(xs, in_axes, strict=True) if a is not None)
        inner = [
            x if a is None else KerasTensor(_without(x.dims, (a,)), x.dtype)
            for x, a in zip(xs, in_axes, strict=True)
        ]
        return [KerasTensor((n, *y.dims), y.dtype) for y in f(*inner)]

    def value_and_grad(self, f: Any, variables: Any, tensors: Any) -> Any:
        value, aux = f(*tensors)
        return (
            value,
            aux,
            [KerasTensor(v.shape, v.dtype) for v in variables],
            [_like(self, t) for t in tensors],
        )

    def custom_vjp(self, f: Any, bwd: Any, xs: Any) -> list[KerasTensor]:
        return list(f(*xs))

    def jvp(self, f: Any, primals: Any, tangents: Any) -> Any:
        outs = list(f(*primals))
        return outs, [_like(self, y) for y in outs]

    def host_call(self, fn: Any, out_specs: Any, xs: Any, bwd: Any = None) -> list[KerasTensor]:
        return [KerasTensor(*s) for s in out_specs]

    # state
    def read_variable(self, variable: Variable) -> KerasTensor:
        return KerasTensor(variable.shape, variable._dtype)

    def write_variable(self, variable: Variable, value: KerasTensor) -> None:
        pass  # inferring shapes changes nothing

    def native(self, name: str) -> None:
        return None


def _merge(a: KerasTensor, b: KerasTensor) -> KerasTensor:
    return KerasTensor([x if not is_unknown(x) else y for x, y in zip(a.dims, b.dims, strict=True)], a.dtype)


def _same_specs(what: str, a: Sequence[KerasTensor], b: Sequence[KerasTensor]) -> None:
    ok = len(a) == len(b) and all(
        x.dtype == y.dtype and x.ndim == y.ndim and all(map(same, x.dims, y.dims))
        for x, y in zip(a, b, strict=True)
    )
    if not ok:
        raise ValueError(
            f"{what}. Received: {[(x.shape, x.dtype) for x in a]} and {[(x.shape, x.dtype) for x in b]}"
        )


ABSTRACT = AbstractEngine()
