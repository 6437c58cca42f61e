"""Making, reading and describing tensors; the weak dtypes of Python scalars; ops as steps of a graph."""

import re
from pathlib import Path

import numpy as np
import pytest

import keras
from keras import KerasTensor, Variable, ops
from keras.backend.tracing import Compiled


def host(x):
    return ops.convert_to_numpy(x)


def test_facts(engine):
    x = ops.ones((2, 3), "float16")
    assert (ops.shape(x), ops.ndim(x), ops.dtype(x), int(host(ops.size(x)))) == ((2, 3), 2, "float16", 6)
    v = Variable(np.ones((2, 3), "float32"))
    assert (ops.shape(v), ops.ndim(v), ops.dtype(v)) == ((2, 3), 2, "float32")
    symbol = KerasTensor((None, 3), "int32")
    assert (ops.shape(symbol), ops.ndim(symbol), ops.dtype(symbol)) == ((None, 3), 2, "int32")
    assert ops.is_tensor(x)
    assert ops.is_tensor(symbol)
    assert not any(map(ops.is_tensor, (v, 1.0, [1.0])))


def test_symbolic_tensors_are_found_in_lists():
    a, b, c = (keras.Input((n,)) for n in (2, 2, 3))
    assert b in [a, c, b]
    assert c not in [a, b]
    assert [c, a, b].index(b) == 2
    assert (a == b).shape == (a != b).shape == (None, 2)
    with pytest.raises(TypeError, match="symbolic tensor"):
        bool(a == 1)


def test_inverted_variables(engine):
    """As Keras has it: bits of integers, truth of the rest."""
    assert host(~Variable(np.array([1, 2], "uint8"))).tolist() == [254, 253]
    assert host(~Variable(np.array([True, False]))).tolist() == [False, True]


def test_results_without_axes_are_tensors(engine):
    for x in (2.5, np.float64(2.5)):
        assert all(map(ops.is_tensor, (ops.flip(x), *ops.moments(x, None), ops.mean(x))))


def test_empty(engine):
    assert ops.shape(ops.empty((2, 0, 3))) == (2, 0, 3)
    assert ops.dtype(ops.empty_like(np.ones((2,), "int8"))) == "int8"
    for name in ("sum", "add", "reshape", "concatenate", "transpose"):
        x = ops.zeros((0, 2))
        y = {"add": (x, 1.0), "reshape": (x, (2, 0)), "concatenate": ([x, x],)}.get(name, (x,))
        assert 0 in ops.shape(getattr(ops, name)(*y)) or name == "sum"


def test_nested_lists_of_tensors_and_variables(engine):
    v = Variable(np.float32(3.0))
    x = ops.convert_to_tensor([[ops.ones(()), v], [2, ops.zeros(())]])
    np.testing.assert_array_equal(host(x), [[1, 3], [2, 0]])
    assert ops.dtype(x) == "float32"


@pytest.mark.parametrize(
    ("x", "y", "want"),
    [
        (np.ones(2, "float16"), 1.5, "float16"),
        (np.ones(2, "int8"), 3, "int8"),
        (np.ones(2, "int8"), 1.5, "float32"),
        (np.ones(2, "bool"), 1, "int32"),
        (np.ones(2, "float16"), np.float32(1), "float32"),
        (np.ones(2, "float16"), np.ones((), "float32"), "float32"),
        (2, 1.5, "float32"),
        (True, 1, "int32"),
    ],
)
def test_python_scalars_are_weak(engine, x, y, want):
    for f in (lambda: ops.multiply(x, y), lambda: ops.multiply(y, x)):
        assert ops.dtype(f()) == want
    if isinstance(x, np.ndarray):
        assert ops.multiply(KerasTensor((2,), x.dtype), y).dtype == want
        assert ops.dtype(Compiled(lambda t: ops.multiply(t, y))(x)) == want


def test_numbers_beside_unsigned_integers(engine):
    """The values are NumPy's, whose Python ints are not wrapped where the result is a float."""
    x = np.array([6, 4], "uint8")
    np.testing.assert_allclose(host(ops.divide(-3, x)), [-0.5, -0.75])
    np.testing.assert_allclose(host(ops.arctan2(-3, x)), np.arctan2(-3.0, x), rtol=1e-6)
    assert host(ops.gcd(np.array([True, False]), 3)).tolist() == [1, 3]


@pytest.mark.parametrize("name", ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"])
@pytest.mark.parametrize("number", [-250, 260, 6])
def test_unsigned_integers_are_compared_with_any_number(engine, name, number):
    x = np.array([6, 4], "uint8")
    f = getattr(ops, name)
    want = getattr(np, name)(x, number).tolist()
    assert host(f(x, number)).tolist() == host(Compiled(lambda t: f(t, number))(x)).tolist() == want


def test_integers_wrap_around_where_they_are_filled_in(engine):
    assert (
        host(ops.full((2,), 300, "uint8")).tolist()
        == host(ops.full_like([1, 2], 300, "uint8")).tolist()
        == [44] * 2
    )
    assert host(ops.pad(np.array([1], "uint8"), 1, constant_values=-1)).tolist() == [255, 1, 255]
    assert host(ops.full((1,), float("nan"), "int32")).tolist() == [-(2**31)]
    outside = ops.image.map_coordinates(np.array([7], "uint8"), [[0, 5]], 0, fill_value=-1)
    assert host(outside).tolist() == [7, 255]


def test_host_values_keep_their_kind(engine):
    assert [ops.dtype(ops.convert_to_tensor(x)) for x in (2**40, [1, -(2**31)], [1, -(2**40)])] == [
        "int64",
        "int32",
        "int64",
    ]
    assert host([[1.5]]).dtype == "float64"
    assert host(["a", "b"]).tolist() == ["a", "b"]
    x = np.array([-1.0, 0.5], "float32")
    assert (
        ops.dtype(ops.clip(x, np.zeros(2), np.ones(2)))
        == ops.clip(KerasTensor((2,)), np.zeros(2), 1).dtype
        == "float32"
    )


def test_floatx_decides(engine):
    keras.config.set_floatx("float16")
    assert ops.dtype(ops.zeros((2,))) == ops.dtype(ops.sqrt(np.ones(2, "int32"))) == "float16"
    assert ops.dtype(ops.convert_to_tensor([1.5])) == "float16"


def test_argpartition(engine):
    x = np.random.default_rng(0).normal(size=(3, 9))
    order = host(ops.argpartition(x, 4))
    ranked = np.take_along_axis(x, order, -1)
    assert (ranked[:, :4] <= ranked[:, 4:5]).all()
    assert (ranked[:, 5:] >= ranked[:, 4:5]).all()


def test_other_names():
    same = {"conj": "conjugate", "swish": "silu", "hard_swish": "hard_silu", "abs": "absolute"}
    same |= {
        "bitwise_invert": "bitwise_not",
        "bitwise_left_shift": "left_shift",
        "bitwise_right_shift": "right_shift",
    }
    for name, meaning in same.items():
        assert getattr(ops, name) is getattr(ops, meaning)


# ---------------------------------------------------------------------- graphs
def test_ops_are_steps_of_a_functional_graph(engine):
    x = keras.Input((4,), name="x")
    left, right = ops.split(x * 2 + 1, 2, axis=1)
    mask = ops.where(left > right, left, 0.0)
    y = ops.concatenate([mask, ops.softmax(x[:, :2]), ops.reshape(x[:, ::2], (-1, 2))], axis=-1)
    assert y.shape == (None, 6)
    model = keras.Model(x, y)
    data = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    got = host(model(data))
    a, b = np.split(data * 2 + 1, 2, axis=1)
    e = np.exp(data[:, :2])
    want = np.concatenate([np.where(a > b, a, 0), e / e.sum(1, keepdims=True), data[:, ::2]], 1)
    np.testing.assert_allclose(got, want, rtol=1e-5)


def test_several_outputs_and_trees_in_a_graph(engine):
    x = keras.Input((5,))
    values, indices = ops.top_k(x, 2)
    total = ops.einsum("bi,bi->b", x, x)
    grid = ops.stack([ops.max(x, axis=1), total], axis=1)
    model = keras.Model(x, [values, indices, grid])
    data = np.random.default_rng(1).normal(size=(3, 5)).astype("float32")
    v, i, g = (host(t) for t in model(data))
    np.testing.assert_array_equal(v, np.sort(data, 1)[:, :-3:-1])
    np.testing.assert_array_equal(np.take_along_axis(data, i, 1), v)
    np.testing.assert_allclose(g, np.stack([data.max(1), (data * data).sum(1)], 1), rtol=1e-5)


@pytest.mark.parametrize(
    ("f", "want"),
    [
        (lambda x: ops.reshape(x, (-1, 2, 3)), (None, 2, 3)),
        (lambda x: ops.reshape(x, (2, -1)), (2, None)),
        (lambda x: ops.reshape(x, (ops.shape(x)[0], 3, 2)), (None, 3, 2)),
        (lambda x: ops.repeat(x, 2, axis=0), (None, 6)),
        (lambda x: ops.tile(x, (2, 2)), (None, 12)),
        (lambda x: ops.concatenate([x, x], 0), (None, 6)),
        (lambda x: ops.pad(x, ((1, 1), (0, 2))), (None, 8)),
        (lambda x: ops.pad(x, ((1, 1), (0, 2)), mode="reflect"), (None, 8)),
        (lambda x: x[:, None, 1:3], (None, 1, 2)),
        (lambda x: x[0], (6,)),
        (lambda x: x[1:], (None, 6)),
        (lambda x: x[:4], (None, 6)),
        (lambda x: ops.flip(x), (None, 6)),
        (lambda x: ops.roll(x, 1, axis=0), (None, 6)),
        (lambda x: ops.sort(x, 0), (None, 6)),
        (lambda x: ops.sum(x), ()),
        (lambda x: ops.mean(x, 0, keepdims=True), (1, 6)),
        (lambda x: ops.matmul(x, ops.transpose(x)), (None, None)),
        (lambda x: ops.outer(x, x), (None, None)),
        (lambda x: ops.tril(x), (None, 6)),
        (lambda x: ops.diagonal(x), (None,)),
        (lambda x: ops.quantile(x, [0.1, 0.9], axis=0), (2, 6)),
        (
            lambda x: ops.image.resize(ops.reshape(x, (-1, 2, 3, 1)), (4, 4), data_format="channels_last"),
            (None, 4, 4, 1),
        ),
        (lambda x: ops.one_hot(ops.argmax(x, 1), 6), (None, 6)),
        (lambda x: ops.unique(x), (None,)),
        (lambda x: ops.unique(x, size=3), (3,)),
        (lambda x: ops.segment_sum(x, ops.argmax(x, 1), 4), (4, 6)),
        (lambda x: ops.cumsum(x, 0), (None, 6)),
        (lambda x: ops.unstack(x, axis=1)[2], (None,)),
        (lambda x: ops.array_split(x, 3)[0], (None, 6)),
        (lambda x: ops.psnr(x, np.ones((4, 6), "float32"), 1.0), ()),
        (lambda x: ops.bincount(ops.argmax(x, 1), weights=np.ones(4)), (None,)),
        (lambda x: ops.rfft(x)[0], (None, 4)),
    ],
)
def test_unknown_dimensions_flow_through(f, want):
    assert f(KerasTensor((None, 6))).shape == want


def test_unknown_image_sizes_flow_through():
    x = KerasTensor((None, None, None, 3))
    kernel = np.ones((3, 3, 3, 8), "float32")
    images = {"data_format": "channels_last"}
    assert ops.conv(x, kernel, strides=2, padding="same", **images).shape == (None, None, None, 8)
    assert ops.conv_transpose(x, np.ones((3, 3, 8, 3)), strides=2, **images).shape == (None, None, None, 8)
    assert ops.max_pool(x, 2, **images).shape == (None, None, None, 3)
    assert ops.adaptive_average_pool(x, 2, **images).shape == (None, 2, 2, 3)
    assert ops.image.resize(x, (5, 4), "bicubic", **images).shape == (None, 5, 4, 3)
    assert ops.image.extract_patches(x, 3, strides=1, **images).shape == (None, None, None, 27)
    assert ops.image.gaussian_blur(x, **images).shape == (None, None, None, 3)
    assert ops.image.affine_transform(x, np.zeros(8), **images).shape == (None, None, None, 3)
    assert ops.dot_product_attention(x, x, x, is_causal=True).shape == (None, None, None, 3)


def test_every_op_is_tested():
    """By golden cases, or by name in one of these files."""
    folder = Path(__file__).parent
    text = "".join(p.read_text("utf-8") for p in folder.glob("*.py"))
    cases = (folder.parents[1] / "golden" / "ops_cases.py").read_text("utf-8")
    words = set(re.findall(r"\w+", text + cases))
    assert [name for name in (*ops.__all__, *ops.image.__all__) if name not in words] == []


def test_arrays_of_tensors_are_the_callers_own(engine):
    given = np.ones((1, 3), "float32")
    tensor = ops.convert_to_tensor(given)
    for x in (
        given,
        tensor,
        ops.repeat(tensor, 2, axis=0),
        ops.broadcast_to(tensor, (2, 3)),
        ops.flip(tensor),
    ):
        array = ops.convert_to_numpy(x)
        array[0, 0] = 5.0
        assert ops.convert_to_numpy(x).tolist() == np.ones(array.shape).tolist()


def test_numpy_arrays_beside_tensors_of_a_graph(engine):
    """`mask & x` asks NumPy first."""
    mask = np.array([True, True, False])

    def f(x):
        return mask & x, mask | x, mask ^ x, ~x

    x = ops.convert_to_tensor(np.array([True, False, True]))
    got = [host(y).tolist() for y in Compiled(f)(x)]
    assert got == [[True, False, False], [True, True, True], [False, True, True], [False, True, False]]
