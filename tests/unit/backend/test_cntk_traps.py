"""What CNTK 2.7 does otherwise than IEEE and NumPy, shown on the core itself, and that the engine does it right.

A core without one of these faults fails its test here: then the detour in keras/backend/cntk can go.
"""

import numpy as np
import pytest

from keras import ops
from keras.backend import select
from keras.backend.cntk.builder import Builder, Operand
from keras.backend.tracing import Compiled

NAN, INF = float("nan"), float("inf")


def core(build, *arrays):
    """What CNTK itself makes of a graph."""
    builder = Builder(arrays[0].dtype.name)
    inputs = [builder.input((a.shape, a.dtype.name)) for a in arrays]
    node = build(builder.c, *(x.node for x in inputs))
    (out,) = builder.compile([Operand(node, (tuple(node.shape), builder.dtype))])(list(arrays))
    return out


def both(f, *arrays):
    """Eagerly and compiled, on the engine."""
    with select.using("cntk"), np.errstate(all="ignore"):
        return [np.asarray(f(*arrays)), np.asarray(Compiled(f)(*arrays))]


UNARY = [
    ("Log", ops.log, np.log, [0.0, -1.0, 1e-40]),
    ("Sqrt", ops.sqrt, np.sqrt, [-1.0, NAN]),
]
BINARY = [
    ("ElementDivide", ops.divide, np.divide, [1.0, -1.0, 0.0, 1.0], [0.0, 0.0, 0.0, -0.0]),
    ("Pow", ops.power, np.power, [0.0, 0.0, -1.5], [-1.0, NAN, INF]),
    ("ElementMax", ops.maximum, np.maximum, [NAN], [1.0]),
    ("ElementMin", ops.minimum, np.minimum, [NAN], [1.0]),
]


@pytest.mark.parametrize(("op", "public", "reference", "x"), UNARY, ids=[row[0] for row in UNARY])
def test_unary(op, public, reference, x):
    x = np.array(x, "float64")
    with np.errstate(all="ignore"):
        want = reference(x)
    assert not np.array_equal(core(lambda c, x: c.unary(op, x), x), want, equal_nan=True)
    for got in both(public, x):
        np.testing.assert_allclose(got, want, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("op", "public", "reference", "a", "b"), BINARY, ids=[row[0] for row in BINARY])
def test_binary(op, public, reference, a, b, dtype):
    a, b = np.array(a, dtype), np.array(b, dtype)
    with np.errstate(all="ignore"):
        want = reference(a, b)
    assert not np.array_equal(core(lambda c, a, b: c.binary(op, a, b), a, b), want, equal_nan=True)
    for got in both(public, a, b):
        np.testing.assert_array_equal(got, want)


def test_relu_of_minus_infinity_in_float32_and_of_nan_in_float64():
    for dtype, x, want in (("float32", -INF, 0.0), ("float64", NAN, NAN)):
        x = np.array([x], dtype)
        assert not np.array_equal(core(lambda c, x: c.unary("ReLU", x), x), [want], equal_nan=True)
        for got in both(ops.relu, x):
            np.testing.assert_array_equal(got, [want])


def test_the_maximum_of_an_axis_passes_over_nan():
    x = np.float32([1, NAN, 3])
    assert core(lambda c, x: c.reduce_max(x, [0]), x).tolist() == [3.0]
    for got in both(ops.max, x):
        assert np.isnan(got)


def test_sums_over_more_groups_of_axes_than_cntk_takes_at_once():
    x = np.random.default_rng(0).normal(size=(2, 3, 2, 3, 2)).astype("f")
    for got in both(lambda x: ops.sum(x, axis=(0, 2, 4)), x):
        np.testing.assert_allclose(got, x.sum((0, 2, 4)), rtol=1e-5)


def test_integers_beyond_the_mantissa_of_a_float():
    for x in (np.array([2**24 + 1, 2**31 - 1], "int32"), np.array([2**53 + 1], "int64")):
        for got in both(lambda x: x + 0, x):
            np.testing.assert_array_equal(got, x)


@pytest.mark.parametrize(("kernel", "stride"), [(2, 1), (3, 2), (4, 3)])
def test_same_padding_puts_the_odd_element_on_the_high_side(kernel, stride):
    x = np.arange(7, dtype="f").reshape(1, 7, 1)
    w = np.arange(1, kernel + 1, dtype="f").reshape(kernel, 1, 1)
    with select.using("numpy"):
        want = np.asarray(ops.conv(x, w, stride, "same"))
    for got in both(lambda x, w: ops.conv(x, w, stride, "same"), x, w):
        np.testing.assert_allclose(got, want)
