"""Activation functions: of one tensor, element by element or along an axis. Ints and bools become `floatx`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from keras.backend.logits import set_logits
from keras.backend.select import current
from keras.backend.spec import is_unknown, shape_str
from keras.ops import kernels
from keras.ops.dispatch import as_float, axes_of, axis_of, ndim_of, op, shape_of
from keras.ops.settling import as_number, kept, real_float, scalar, slice_axis

Tensor = Any


# ---------------------------------------------------------------------- rectifiers
@op
def relu(x: Any) -> Tensor:
    """max(x, 0), in x's dtype.

    >>> relu([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    return kernels.relu(as_number(x))


@op
def relu6(x: Any) -> Tensor:
    """min(max(x, 0), 6), in x's dtype.

    >>> relu6([-1.0, 2.0, 9.0]).tolist()
    [0.0, 2.0, 6.0]
    """
    e, x = current(), as_number(x)
    return e.minimum(kernels.relu(x), scalar(6, x))


@op
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """x where x > 0, negative_slope x elsewhere.

    >>> leaky_relu([-1.0, 2.0], 0.5).tolist()
    [-0.5, 2.0]
    """
    return kernels.leaky_relu(as_float(x), float(negative_slope))


@op
def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where x > 0, alpha (e^x - 1) elsewhere.

    >>> elu([0.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    return kernels.elu(as_float(x), float(alpha))


@op
def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where x > 0, alpha (e^(x / alpha) - 1) elsewhere.

    >>> celu([0.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    e, x = current(), as_float(x)
    a = scalar(alpha, x)
    return _above_zero(x, e.mul(a, e.expm1(e.div(_negative_part(x), a))))


#: The scale and alpha at which mean 0 and variance 1 are a stable fixed point of a layer (Klambauer et al., 2017).
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@op
def selu(x: Any) -> Tensor:
    """scale elu(x, alpha), with the constants that keep activations normalised.

    >>> selu([0.0]).tolist()
    [0.0]
    """
    e, x = current(), as_float(x)
    low = e.mul(scalar(_SELU_ALPHA, x), e.expm1(_negative_part(x)))
    return e.mul(scalar(_SELU_SCALE, x), _above_zero(x, low))


def _negative_part(x: Tensor) -> Tensor:
    """x where it is negative, else 0: a harmless argument for what is not chosen."""
    e = current()
    return e.select(e.less(scalar(0.0, x), x), scalar(0.0, x), x)


def _above_zero(x: Tensor, otherwise: Tensor) -> Tensor:
    e = current()
    return e.select(e.less(scalar(0.0, x), x), x, otherwise)


@op
def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """x where x > threshold, a default elsewhere.

    >>> threshold([1.0, 3.0], 2.0, 0.0).tolist()
    [0.0, 3.0]
    """
    e, x = current(), as_float(x)
    return e.select(e.less(scalar(threshold, x), x), x, scalar(default_value, x))


# ---------------------------------------------------------------------- smooth gates
@op
def sigmoid(x: Any) -> Tensor:
    """1 / (1 + e^-x).

    >>> sigmoid([0.0]).tolist()
    [0.5]
    """
    x = as_float(x)
    y = current().sigmoid(x)
    set_logits(y, x, "sigmoid")
    return y


@op
def log_sigmoid(x: Any) -> Tensor:
    """log(sigmoid(x)), without overflow.

    >>> [round(float(v), 4) for v in log_sigmoid([0.0])]
    [-0.6931]
    """
    e, x = current(), as_float(x)
    return e.neg(kernels.softplus(e.neg(x)))


@op
def softplus(x: Any) -> Tensor:
    """log(1 + e^x).

    >>> [round(float(v), 4) for v in softplus([0.0])]
    [0.6931]
    """
    return kernels.softplus(as_float(x))


@op
def softsign(x: Any) -> Tensor:
    """x / (1 + |x|).

    >>> softsign([1.0]).tolist()
    [0.5]
    """
    e, x = current(), real_float(x, "softsign")
    return e.div(x, e.add(scalar(1.0, x), e.abs(x)))


@op
def silu(x: Any) -> Tensor:
    """x sigmoid(x), also known as swish.

    >>> silu([0.0]).tolist()
    [0.0]
    """
    return kernels.silu(as_float(x))


@op
def gelu(x: Any, approximate: bool = True) -> Tensor:
    """x times the normal distribution function of x.

    Args:
        x: array-like.
        approximate: use the tanh approximation.

    >>> gelu([0.0]).tolist()
    [0.0]
    """
    return kernels.gelu(as_float(x), bool(approximate))


@op
def glu(x: Any, axis: int = -1) -> Tensor:
    """a sigmoid(b), where a and b are the halves of x along an axis of even size.

    >>> glu([2.0, 0.0]).tolist()
    [1.0]
    """
    e, x = current(), as_float(x)
    shape = shape_of(x)
    axis = axis_of(axis, len(shape), "glu")
    n = shape[axis]
    if not is_unknown(n) and n % 2:
        raise ValueError(f"glu: axis {axis} must have even size. Received: x.shape={shape_str(shape)}")
    a, b = slice_axis(x, axis, 0, n // 2), slice_axis(x, axis, n // 2, n)
    return e.mul(a, e.sigmoid(b))


@op
def squareplus(x: Any, b: float = 4) -> Tensor:
    """(x + sqrt(x^2 + b)) / 2.

    >>> squareplus([0.0]).tolist()
    [1.0]
    """
    e, x = current(), as_float(x)
    return e.mul(scalar(0.5, x), e.add(x, e.sqrt(e.add(e.mul(x, x), scalar(b, x)))))


# ---------------------------------------------------------------------- piecewise
@op
def hard_sigmoid(x: Any) -> Tensor:
    """x / 6 + 1/2, limited to [0, 1].

    >>> hard_sigmoid([-3.0, 0.0, 3.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    e, x = current(), as_float(x)
    y = e.add(e.div(x, scalar(6.0, x)), scalar(0.5, x))
    return e.minimum(e.maximum(y, scalar(0.0, x)), scalar(1.0, x))


@op
def hard_silu(x: Any) -> Tensor:
    """x hard_sigmoid(x), also known as hard swish.

    >>> hard_silu([-3.0, 0.0, 3.0]).tolist()
    [-0.0, 0.0, 3.0]
    """
    x = as_float(x)
    return current().mul(x, hard_sigmoid(x))


@op
def hard_tanh(x: Any) -> Tensor:
    """x limited to [-1, 1].

    >>> hard_tanh([-3.0, 0.5]).tolist()
    [-1.0, 0.5]
    """
    e, x = current(), as_float(x)
    return e.minimum(e.maximum(x, scalar(-1.0, x)), scalar(1.0, x))


@op
def tanh_shrink(x: Any) -> Tensor:
    """x - tanh(x).

    >>> tanh_shrink([0.0]).tolist()
    [0.0]
    """
    e, x = current(), as_float(x)
    return e.sub(x, e.tanh(x))


@op
def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """x where |x| > threshold, 0 elsewhere.

    >>> hard_shrink([-1.0, 0.2]).tolist()
    [-1.0, 0.0]
    """
    e, x = current(), real_float(x, "hard_shrink")
    return e.select(e.less(scalar(threshold, x), e.abs(x)), x, scalar(0.0, x))


@op
def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """x moved towards 0 by the threshold, and 0 where |x| is below it.

    >>> soft_shrink([-1.0, 0.2, 2.0]).tolist()
    [-0.5, 0.0, 1.5]
    """
    e, x = current(), as_float(x)
    t, zero = scalar(threshold, x), scalar(0.0, x)
    lower = e.select(e.less(x, e.neg(t)), e.add(x, t), zero)
    return e.select(e.less(t, x), e.sub(x, t), lower)


@op
def sparse_plus(x: Any) -> Tensor:
    """0 below -1, x above 1, (x + 1)^2 / 4 between.

    >>> sparse_plus([-2.0, 0.0, 2.0]).tolist()
    [0.0, 0.25, 2.0]
    """
    e, x = current(), as_float(x)
    one = scalar(1.0, x)
    near = e.minimum(e.maximum(x, e.neg(one)), one)
    bow = e.mul(scalar(0.25, x), e.mul(e.add(near, one), e.add(near, one)))
    return e.select(e.less(x, one), bow, x)


@op
def sparse_sigmoid(x: Any) -> Tensor:
    """(x + 1) / 2, limited to [0, 1].

    >>> sparse_sigmoid([-2.0, 0.0, 2.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    e, x = current(), as_float(x)
    y = e.mul(e.add(x, scalar(1.0, x)), scalar(0.5, x))
    return e.minimum(e.maximum(y, scalar(0.0, x)), scalar(1.0, x))


# ---------------------------------------------------------------------- along an axis
@op
def softmax(x: Any, axis: int | Sequence[int] | None = -1) -> Tensor:
    """e^x divided by its sum along an axis (or over several, or all if None).

    >>> softmax([0.0, 0.0]).tolist()
    [0.5, 0.5]
    """
    x = as_float(x)
    if not isinstance(axis, int):
        return _over_several(x, axis, "softmax", kernels.softmax)
    shape = shape_of(x)
    axis = axis_of(axis, len(shape), "softmax")
    if shape[axis] == 1:
        warnings.warn(
            f"softmax: axis {axis} of a tensor of shape {shape_str(shape)} has one element, so the result is 1 everywhere. "
            "Did you mean sigmoid?",
            stacklevel=3,
        )
    y = kernels.softmax(x, axis)
    if axis == len(shape) - 1:
        set_logits(y, x, "softmax")
    return y


@op
def log_softmax(x: Any, axis: int | Sequence[int] | None = -1) -> Tensor:
    """log(softmax(x)), exact where softmax is 0 in floating point.

    >>> [round(float(v), 4) for v in log_softmax([0.0, 0.0])]
    [-0.6931, -0.6931]
    """
    x = as_float(x)
    if not isinstance(axis, int):
        return _over_several(x, axis, "log_softmax", kernels.log_softmax)
    return kernels.log_softmax(x, axis_of(axis, ndim_of(x), "log_softmax"))


def _over_several(x: Tensor, axis: Sequence[int] | None, who: str, f: Any) -> Tensor:
    """`f` along an axis made of several."""
    e, shape = current(), shape_of(x)
    axes = axes_of(axis, len(shape), who)
    rest = tuple(i for i in range(len(shape)) if i not in axes)
    order = (*rest, *axes)
    moved = e.transpose(x, order)
    size: Any = 1
    for a in axes:
        size = size * shape[a]
    y = f(e.reshape(moved, (*(shape[i] for i in rest), size)), len(rest))
    y = e.reshape(y, tuple(shape[i] for i in order))
    return e.transpose(y, tuple(order.index(i) for i in range(len(shape))))


@op
def sparsemax(x: Any, axis: int = -1) -> Tensor:
    """The point of the probability simplex nearest to x, along an axis: a softmax with exact zeros.

    >>> sparsemax([2.0, 0.0]).tolist()
    [1.0, 0.0]
    """
    e, x = current(), as_float(x)
    shape = shape_of(x)
    axis = axis_of(axis, len(shape), "sparsemax")
    n = shape[axis]
    ranked = e.flip(e.sort(x, axis), (axis,))
    total = e.cumsum(ranked, axis)
    place = e.iota(n, e.dtype(x))
    place = e.add(place, scalar(1.0, place))
    place = e.reshape(place, tuple(n if i == axis else 1 for i in range(len(shape))))
    one = scalar(1.0, x)
    inside = e.less(e.sub(total, one), e.mul(place, ranked))
    support = e.reduce_sum(e.cast(inside, e.dtype(x)), (axis,))
    mass = e.reduce_sum(e.select(inside, ranked, scalar(0.0, x)), (axis,))
    shift = kept(e.div(e.sub(mass, one), support), (axis,), shape)
    return e.maximum(e.sub(x, shift), scalar(0.0, x))


swish = silu
hard_swish = hard_silu
