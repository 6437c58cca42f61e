"""Shapes and broadcasting: random arguments against NumPy, eager on every engine and symbolic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from keras import KerasTensor, ops, tree
from keras.backend.abstract import ABSTRACT
from keras.backend.select import inner

few = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)
filled = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


def array(shape, dtype="float32"):
    """Distinct values of both signs, without a pattern."""
    n = int(np.prod(shape))
    return (np.sin(np.arange(n) * 1.7 + 0.3) * 3).reshape(shape).astype(dtype)


def agree(f, want, *arrays, exact=False):
    """`f` of the arrays gives `want` on the engine in force, and its shape and dtype symbolically."""
    assert inner() is not ABSTRACT
    got = tree.flatten(f(*(ops.convert_to_tensor(x) for x in arrays)))
    specs = tree.flatten(f(*(KerasTensor(x.shape, x.dtype.name) for x in arrays)))
    want = want if isinstance(want, (list, tuple)) else [want]
    for y, spec, w in zip(got, specs, want, strict=True):
        host = ops.convert_to_numpy(y)
        assert host.shape == w.shape
        assert (tuple(spec.shape), spec.dtype) == (host.shape, ops.dtype(y))
        if exact:
            np.testing.assert_array_equal(host, w)
        else:
            np.testing.assert_allclose(host, w, rtol=2e-5, atol=1e-5)


# ---------------------------------------------------------------------- broadcasting
@st.composite
def broadcastable(draw, count=2):
    """Shapes that broadcast."""
    full = draw(st.lists(st.integers(0, 4), max_size=4))
    found = []
    for _ in range(count):
        kept = full[draw(st.integers(0, len(full))) :]
        found.append(tuple(1 if draw(st.booleans()) else d for d in kept))
    return found


BINARIES = (
    *(
        np.add,
        np.subtract,
        np.multiply,
        np.maximum,
        np.minimum,
        np.less,
        np.equal,
        np.greater_equal,
        np.not_equal,
    ),
    *(np.arctan2, np.hypot, np.logaddexp, np.fmax, np.fmin),
)


@given(broadcastable())
@few
def test_binaries(engine, pair):
    a, b = map(array, pair)
    for f in BINARIES:
        with np.errstate(all="ignore"):
            want = f(a, b)
        agree(getattr(ops, f.__name__), want, a, b)


@given(broadcastable(3))
@few
def test_where(engine, three):
    c, a, b = (array(s) for s in three)
    agree(lambda c, a, b: ops.where(c > 0, a, b), np.where(c > 0, a, b), c, a, b, exact=True)


@given(shapes, shapes)
@few
def test_shapes_that_do_not_broadcast_are_refused_by_name(engine, s, t):
    try:
        np.broadcast_shapes(s, t)
        assume(False)
    except ValueError:
        pass
    for make in (array, KerasTensor):
        with pytest.raises(ValueError, match="multiply: shapes do not broadcast"):
            ops.multiply(make(s), make(t))


# ---------------------------------------------------------------------- reductions
@st.composite
def reduction(draw, shape):
    shape = draw(shape)
    axes = draw(st.sets(st.integers(0, len(shape) - 1))) if shape else set()
    axes = [a - len(shape) * draw(st.booleans()) for a in axes]
    return shape, tuple(axes) if axes else None, draw(st.booleans())


@given(reduction(shapes))
@few
def test_reductions(engine, asked):
    shape, axis, keepdims = asked
    for name in ("sum", "prod", "any", "all", "count_nonzero"):
        x = array(shape, "bool" if name in ("any", "all") else "float32")
        keep = {} if name == "count_nonzero" else {"keepdims": keepdims}
        agree(
            lambda x, name=name, keep=keep: getattr(ops, name)(x, axis=axis, **keep),
            np.asarray(getattr(np, name)(x, axis=axis, **keep)),
            x,
        )


@given(reduction(filled))
@few
def test_reductions_of_something(engine, asked):
    shape, axis, keepdims = asked
    x = array(shape)
    for name in ("max", "min", "mean", "var", "std", "ptp"):
        want = np.asarray(getattr(np, name)(x, axis=axis, keepdims=keepdims))
        agree(lambda x, name=name: getattr(ops, name)(x, axis=axis, keepdims=keepdims), want, x)
    one = None if axis is None else axis[0]
    for name in ("argmax", "argmin"):
        want = np.asarray(getattr(np, name)(x, axis=one, keepdims=keepdims))
        agree(lambda x, name=name: getattr(ops, name)(x, one, keepdims), want, x, exact=True)
    for name in ("cumsum", "cumprod"):
        agree(lambda x, name=name: getattr(ops, name)(x, one), getattr(np, name)(x, one), x)


# ---------------------------------------------------------------------- shapes
@given(shapes, st.data())
@few
def test_moving_elements(engine, shape, data):
    x, n = array(shape), len(shape)
    order = data.draw(st.permutations(range(n)))
    agree(lambda x: ops.transpose(x, order), x.transpose(order), x, exact=True)
    agree(lambda x: ops.reshape(x, shape[::-1]), x.reshape(shape[::-1]), x, exact=True)
    at = data.draw(st.integers(-n - 1, n))
    agree(lambda x: ops.expand_dims(x, at), np.expand_dims(x, at), x, exact=True)
    reps = data.draw(st.lists(st.integers(1, 2), min_size=1, max_size=3))
    agree(lambda x: ops.tile(x, reps), np.tile(x, reps), x, exact=True)
    if not n:
        return
    a, b = (data.draw(st.integers(-n, n - 1)) for _ in range(2))
    shift = data.draw(st.integers(-5, 5))
    for name, rest in (
        ("swapaxes", (a, b)),
        ("moveaxis", (a, b)),
        ("flip", (a,)),
        ("roll", (shift, a)),
        ("repeat", (2, a)),
    ):
        agree(lambda x, f=name, r=rest: getattr(ops, f)(x, *r), getattr(np, name)(x, *rest), x, exact=True)
    width = [data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2))) for _ in shape]
    agree(lambda x: ops.pad(x, width), np.pad(x, width), x, exact=True)
    cut = data.draw(st.lists(st.integers(0, shape[a]), max_size=2).map(sorted))
    agree(lambda x: ops.split(x, cut, a), np.split(x, cut, a), x, exact=True)


@given(shapes, st.data())
@few
def test_joining(engine, shape, data):
    x, n = array(shape), len(shape)
    axis = data.draw(st.integers(-n - 1, n))
    agree(lambda x: ops.stack([x, x * 2], axis), np.stack([x, x * 2], axis), x, exact=True)
    if n:
        axis = data.draw(st.integers(-n, n - 1))
        other = list(shape)
        other[axis] = data.draw(st.integers(0, 3))
        y = array(other)
        agree(lambda x, y: ops.concatenate([x, y], axis), np.concatenate([x, y], axis), x, y, exact=True)


# ---------------------------------------------------------------------- indexing
@given(shapes, st.data())
@few
def test_slices(engine, shape, data):
    bound, step = st.none() | st.integers(-6, 6), st.none() | st.integers(-3, 3).filter(bool)
    key = [
        data.draw(st.builds(slice, bound, bound, step) | st.integers(-d, d - 1)) if d else slice(None)
        for d in shape[: data.draw(st.integers(0, len(shape)))]
    ]
    for extra in data.draw(st.lists(st.sampled_from([None, Ellipsis]), max_size=2, unique=True)):
        at = len(key) if extra is Ellipsis else data.draw(st.integers(0, len(key)))
        key.insert(at, extra)
    key = tuple(key)
    x = array(shape)
    agree(lambda x: ops.get_item(x, key), np.asarray(x[key]), x, exact=True)


@given(filled, shapes, st.data())
@few
def test_gathering(engine, shape, places, data):
    x, axis = array(shape), data.draw(st.integers(-len(shape), len(shape) - 1))
    size = shape[axis]
    index = (np.arange(int(np.prod(places))) * 7 % (2 * size) - size).reshape(places).astype("int32")
    agree(lambda x, i: ops.take(x, i, axis), np.take(x, index, axis), x, index, exact=True)
    along = (np.arange(x.size) * 5 % size).reshape(shape).astype("int32")
    want = np.take_along_axis(x, along, axis)
    agree(lambda x, i: ops.take_along_axis(x, i, axis), want, x, along, exact=True)
    agree(lambda x: ops.sort(x, axis), np.sort(x, axis), x, exact=True)
    agree(lambda x: ops.argsort(x, axis), np.argsort(x, axis, kind="stable"), x, exact=True)


# ---------------------------------------------------------------------- products
@given(broadcastable(), st.tuples(*[st.integers(0, 4)] * 3), st.booleans(), st.booleans())
@few
def test_matmul(engine, batches, sizes, left_vector, right_vector):
    m, k, n = sizes
    a = array((k,) if left_vector else (*batches[0], m, k))
    b = array((k,) if right_vector else (*batches[1], k, n))
    agree(ops.matmul, np.asarray(a @ b), a, b)


@given(st.data())
@few
def test_einsum(engine, data):
    sizes = dict(zip("abcde", (2, 3, 1, 4, 2), strict=True))
    terms = [
        "".join(data.draw(st.permutations("abcde"))[: data.draw(st.integers(0, 4))])
        for _ in range(data.draw(st.integers(1, 3)))
    ]
    used = sorted(set("".join(terms)))
    out = "".join(data.draw(st.permutations(used))[: data.draw(st.integers(0, len(used)))])
    text = f"{','.join(terms)}->{out}"
    xs = [array([sizes[c] for c in term]) for term in terms]
    agree(lambda *xs: ops.einsum(text, *xs), np.asarray(np.einsum(text, *xs)), *xs)


@given(filled, st.integers(0, 3), shapes)
@few
def test_tensordot(engine, shape, axes, rest):
    axes = min(axes, len(shape))
    a, b = array(shape), array((*shape[len(shape) - axes :], *rest[:2]))
    agree(lambda a, b: ops.tensordot(a, b, axes), np.asarray(np.tensordot(a, b, axes)), a, b)
