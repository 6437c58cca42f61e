"""Bad arguments: the same words on every engine, eagerly and symbolically, naming the op, what was expected, what came."""

import numpy as np
import pytest

import keras
from keras import KerasTensor, ops, random
from keras.backend.tracing import Compiled

X = np.ones((2, 3), "float32")
CUBE = np.ones((2, 3, 4), "float32")
IMAGE = np.ones((2, 5, 5, 3), "float32")

ROWS = [
    (lambda x: ops.add(x, np.ones((2, 4))), "add: shapes do not broadcast. Received: (2, 3) and (2, 4)"),
    (lambda x: ops.less(x, np.ones((4, 1, 2))), "less: shapes do not broadcast"),
    (lambda x: ops.where(x > 0, x, np.ones((5,))), "where: shapes do not broadcast"),
    (lambda x: ops.matmul(x, x), "matmul: the last dimension of the first must equal"),
    (lambda x: ops.matmul(x, 2.0), "matmul: expected tensors of rank 1 or more, not scalars"),
    (lambda x: ops.dot(x, x), "dot: the axes summed over must have equal sizes"),
    (lambda x: ops.tensordot(x, x, 3), "tensordot: `axes` must be 0 to 2"),
    (lambda x: ops.einsum("ij,jk->ik", x, x), "einsum: the axes 'j' of 'ij,jk->ik' have sizes 3 and 2"),
    (lambda x: ops.einsum("ijk->i", x), "einsum: 'ijk' in 'ijk->i' does not fit an operand of shape (2, 3)"),
    (lambda x: ops.sum(x, axis=2), "sum: axis 2 is out of bounds for a tensor of rank 2"),
    (lambda x: ops.max(x, axis=(0, 0)), "max: `axis` names an axis twice"),
    (lambda x: ops.argmax(x, axis=-3), "argmax: axis -3 is out of bounds"),
    (lambda x: ops.argmin(x[:, :0]), "argmin: no elements to choose from. Received: x.shape=(2, 0)"),
    (lambda x: ops.quantile(x[:, :0], 0.5, axis=1), "quantile: no elements to choose from. Received: x.shape=(2, 0)"),
    (lambda x: ops.nanmedian(x[:0], axis=0), "nanmedian: no elements to choose from. Received: x.shape=(0, 3)"),
    (lambda x: ops.softmax(x, axis=5), "softmax: axis 5 is out of bounds"),
    (lambda x: ops.reshape(x, (4, -1)), "reshape: a tensor of shape (2, 3) (6 values) cannot be made (4, -1)"),
    (lambda x: ops.reshape(x, (4, 2)), "reshape: a tensor of shape (2, 3) (6 values) cannot be made (4, 2)"),
    (lambda x: ops.reshape(x, (-1, -1)), "reshape: only one dimension of `newshape` can be left open"),
    (lambda x: ops.squeeze(x, axis=0), "squeeze: axis 0 has size 2, not 1"),
    (lambda x: ops.transpose(x, (0, 0)), "transpose: `axes` must name each of the 2 axes once"),
    (lambda x: ops.concatenate([x, np.ones((3, 3))], axis=1), "concatenate: shapes must agree except along axis 1"),
    (lambda x: ops.stack([x, np.ones((3, 3))]), "stack: shapes must be equal. Received: (2, 3), (3, 3)"),
    (lambda x: ops.split(x, 2, axis=1), "split: axis 1 of size 3 does not divide into 2 equal parts"),
    (lambda x: ops.broadcast_to(x, (3, 3)), "broadcast_to: shape"),
    (lambda x: ops.pad(x, ((1, 1),) * 3), "pad: `pad_width` must be an int, a pair, or one pair per axis (2 here)"),
    (lambda x: ops.pad(x, 5, mode="reflect"), 'pad: mode "reflect" can add at most 1 on axis 0 of size 2'),
    (lambda x: ops.pad(x, 1, mode="mirror"), "pad: `mode` must be constant, reflect, symmetric, edge or wrap"),
    (lambda x: ops.take(x, [0.5], axis=0), "take: `indices` must be integers. Received: dtype float32"),
    (lambda x: ops.take_along_axis(x, [0], axis=1), "take_along_axis: `x` and `indices` must have the same rank"),
    (lambda x: ops.top_k(x, 4), "top_k: k=4 does not fit the last axis"),
    (lambda x: ops.tril(x[0]), "tril: expected at least 2 axes"),
    (lambda x: ops.diag(np.ones((1, 2, 3))), "diag: expected a vector or a matrix"),
    (lambda x: ops.bitwise_and(x, 1), "bitwise_and: expected integers or bools"),
    (lambda x: ops.gcd(x, 2), "gcd: expected integers, but the first argument has dtype float32"),
    (lambda x: ops.quantile(x, 0.5, method="middle"), "quantile: `method` must be one of linear, lower"),
    (lambda x: ops.cross(np.ones((2, 4)), np.ones((2, 4))), "cross: the vectors must have 2 or 3 elements"),
    (lambda x: ops.cholesky(x), "cholesky: `x` must hold square matrices. Received: shape (2, 3)"),
    (lambda x: ops.solve(np.eye(2), x[0]), "solve: `b` must have as many rows as `a`"),
    (lambda x: ops.norm(CUBE, ord=2), "norm: with `ord` expected one axis or two. Received: 3 axes"),
    (lambda x: ops.cast(x, "flot32"), 'Unknown dtype "flot32". Did you mean "float32"?'),
    (lambda x: ops.slice(x, (0, 2), (2, 2)), "slice: a block of shape (2, 2) at (0, 2) is not inside (2, 3)"),
    (lambda x: ops.slice_update(x, [0], x), "slice_update: `start_indices` must have one entry per axis (2)"),
    (lambda x: ops.scatter([[0], [1]], x, (4, 2)), "scatter: updates must have shape (2, 2). Received: (2, 3)"),
    (lambda x: ops.scatter_update(x, [[0]], x[:1], "avg"), "scatter_update: `reduction` must be None, add"),
    (lambda x: ops.segment_sum(x, [0, 1, 2], 3), "segment_sum: expected one id per slice of `data`"),
    (lambda x: ops.glu(x), "glu: axis 1 must have even size"),
    (lambda x: ops.unravel_index(x, (3, 4)), "unravel_index: `indices` must be integers. Received: dtype float32"),
    (lambda x: ops.conv(IMAGE, np.ones((3, 3, 2, 4))), "conv: the input has 3 channels, but the kernel of shape (3, 3, 2, 4)"),
    (lambda x: ops.conv(IMAGE, np.ones((7, 7, 3, 4))), "conv: the window (7, 7) is larger than the padded input"),
    (lambda x: ops.conv(x, np.ones((3, 3))), "conv: expected an input of rank 3, 4 or 5 and a kernel of the same rank"),
    (lambda x: ops.conv(IMAGE, np.ones((3, 3, 3, 4)), padding="full"), 'conv: `padding` must be "valid" or "same"'),
    (lambda x: ops.conv(IMAGE, np.ones((3, 3, 3, 4)), strides=(1, 2, 3)), "conv: `strides` must be an int, or one per"),
    (lambda x: ops.conv_transpose(IMAGE, np.ones((3, 3, 4, 2))), "conv_transpose: the input has 3 channels"),
    (lambda x: ops.depthwise_conv(IMAGE, np.ones((3, 3, 2, 1))), "depthwise_conv: the input has 3 channels"),
    (lambda x: ops.max_pool(IMAGE, 7), "max_pool: the window (7, 7) is larger than the padded input"),
    (lambda x: ops.average_pool(IMAGE, 2, data_format="nhwc"), 'average_pool: `data_format` must be "channels_last"'),
    (lambda x: ops.batch_normalization(x, np.ones(2), np.ones(3), -1), "batch_normalization: `mean` must be a vector of 3"),
    (lambda x: ops.binary_crossentropy(x, x[:, :2]), "binary_crossentropy: `target` and `output` must have the same shape"),
    (lambda x: ops.categorical_crossentropy(x[0], x), "categorical_crossentropy: `target` and `output` must have the same"),
    (
        lambda x: ops.sparse_categorical_crossentropy(np.ones((3,), "int32"), x),
        "sparse_categorical_crossentropy: `target` must have the shape of `output` without its classes",
    ),
    (lambda x: ops.dot_product_attention(x, x, x), "dot_product_attention: query, key and value must have rank 4"),
    (lambda x: ops.image.resize(x, (2, 2)), "resize: expected a tensor of rank 3 or 4. Received: shape (2, 3)"),
    (lambda x: ops.image.resize(IMAGE, (2, 2), "linear2"), "resize: `interpolation` must be nearest, bilinear"),
    (lambda x: ops.image.rgb_to_hsv(IMAGE[..., :2]), "rgb_to_hsv: expected 3 channels"),
    (lambda x: ops.rearrange(x, "a b c -> c b a"), "rearrange: 'a b c -> c b a' describes 3 axes"),
    (lambda x: ops.fft(x), "fft: `x` must be a pair (real part, imaginary part)"),
    (lambda x: ops.ctc_loss(x, x, [1], [1]), "ctc_loss: `output` must have rank 3. Received: shape (2, 3)"),
    (lambda x: ops.linspace(x, x, 3, axis=5), "linspace: axis 5 is out of bounds for a tensor of rank 3; `axis` must"),
    (lambda x: ops.cross(x, x, axis=5), "cross: axis 5 is out of bounds for a tensor of rank 2; `axis` must"),
    (lambda x: ops.fmax(x, x[:, :2]), "fmax: shapes do not broadcast. Received: (2, 3) and (2, 2)"),
    (lambda x: ops.image.affine_transform(IMAGE, np.ones((3, 8))), "affine_transform: expected one transformation, or one"),
    (lambda x: ops.stft(x, 2, 0, 2), "stft: `sequence_stride` must be at least 1. Received: sequence_stride=0"),
    (lambda x: ops.stft(x, 2, 1.5, 2), "stft: `sequence_stride` must be an int. Received: sequence_stride=1.5"),
    (lambda x: ops.istft((x[0], x[0]), 2, 1, 4), "istft: both parts must have rank 2 or more"),
    (lambda x: ops.histogram(x), "histogram: `x` must have rank 1. Received: shape (2, 3)"),
    (lambda x: ops.image.resize(IMAGE, (0, 2)), "resize: `size` must be (height, width), both at least 1"),
    (lambda x: ops.subtract(x > 0, x > 1), "subtract: bool tensors do not subtract"),
    (lambda x: ops.arange(0, 5, 0), "arange: `step` must not be 0"),
    (lambda x: ops.argpartition(x, 7), "argpartition: `kth`=7 is out of range for 3 elements"),
    (lambda x: ops.bartlett(2.5), "bartlett: `x`, the number of points, must be an int. Received: x=2.5"),
    (lambda x: ops.blackman(2.5), "blackman: `x`, the number of points, must be an int"),
    (lambda x: ops.hamming("a"), "hamming: `x`, the number of points, must be an int. Received: x='a'"),
    (lambda x: ops.hanning(2.5), "hanning: `x`, the number of points, must be an int"),
    (lambda x: ops.kaiser(2.5, 1.0), "kaiser: `x`, the number of points, must be an int"),
    (
        lambda x: ops.image.crop_images(np.ones((4, 4, 1)), 1, 0, target_height=-2, target_width=2),
        "crop_images: top_cropping, bottom_cropping, target_height: the last must not be negative. Received: -2",
    ),
    (lambda x: ops.scan(lambda c, y: (c, y), 0, x, unroll=-1), "scan: `unroll` must be a positive int or a bool"),
    (
        lambda x: ops.image.map_coordinates(np.ones(3), [1.0], 1),
        "map_coordinates: `coordinates` must have a first axis of size 1, the rank of `inputs`, and others",
    ),
    (lambda x: ops.custom_gradient(3), "custom_gradient: `f` must be a function. Received: f=3"),
    (lambda x: ops.vectorize(3), "vectorize: `pyfunc` must be a function. Received: pyfunc=3"),
    (lambda x: ops.jvp(3, [x], [x]), "jvp: `fun` must be a function. Received: fun=3"),
    (lambda x: ops.value_and_grad(3, [x]), "value_and_grad: `f` must be a function. Received: f=3"),
    (lambda x: ops.eig(x), "eig: `x` must hold square matrices. Received: shape (2, 3)"),
    (lambda x: ops.eigh(x), "eigh: `x` must hold square matrices. Received: shape (2, 3)"),
    (lambda x: ops.qr(x, mode="full"), 'qr: `mode` must be "reduced" or "complete". Received: mode=\'full\''),
    (lambda x: ops.empty((-1,)), "empty: `shape` has a negative dimension. Received: shape=(-1,)"),
    (lambda x: ops.zeros((1.5, 2)), "zeros: `shape` must be an int or a sequence of ints. Received: shape=(1.5, 2)"),
    (lambda x: ops.eye(2.5), "eye: `N` must be an int"),
    (lambda x: ops.identity(-1), "identity: `N` has a negative dimension"),
    (lambda x: ops.tri(2.5), "tri: `N` must be an int"),
    (lambda x: ops.geomspace(1.0, 2.0, num=-1), "geomspace: `num` must not be negative. Received: num=-1"),
    (lambda x: ops.logspace(1.0, 2.0, num=2.5), "logspace: `num` must be an int. Received: num=2.5"),
    (lambda x: ops.image.elastic_transform(x), "elastic_transform: expected a tensor of rank 3 or 4"),
    (lambda x: ops.nancumprod(x, axis=4), "nancumprod: axis 4 is out of bounds"),
    (lambda x: ops.nancumsum(x, axis=4), "nancumsum: axis 4 is out of bounds"),
    (lambda x: ops.nanpercentile(x, 30, axis=4), "nanpercentile: axis 4 is out of bounds"),
    (lambda x: ops.nanquantile(x, 0.3, method="z"), "nanquantile: `method` must be one of linear, lower"),
    (lambda x: ops.sparsemax(x, axis=5), "sparsemax: axis 5 is out of bounds"),
    (lambda x: ops.nanmax(x, axis=4), "nanmax: axis 4 is out of bounds"),
    (lambda x: ops.hypot(x, np.ones((2, 4))), "hypot: shapes do not broadcast. Received: (2, 3) and (2, 4)"),
    (lambda x: ops.exp("text"), "exp: `x` cannot be made a tensor: expected numbers or bools. Received: str"),
    (lambda x: random.categorical(x, -1), "categorical: `num_samples` must be at least 0. Received: num_samples=-1"),
    (lambda x: random.uniform((-1,)), "uniform: `shape` has a negative dimension"),
    (lambda x: random.normal((2,), dtype="int32"), "normal: `dtype` must be a floating point dtype. Received: dtype=int32"),
    (lambda x: random.normal((2,), seed="a"), "normal: `seed` must be an int, a `keras.random.SeedGenerator` or None"),
    (lambda x: random.truncated_normal((2,), dtype="int32"), "truncated_normal: `dtype` must be a floating point dtype"),
    (lambda x: random.randint((2,), 0, 3, dtype="float32"), "randint: `dtype` must be an integer dtype"),
    (lambda x: random.gamma((2.5,), 1.0), "gamma: `shape` must be an int or a sequence of ints"),
    (lambda x: random.beta((-2,), 1.0, 1.0), "beta: `shape` has a negative dimension"),
    (lambda x: random.binomial((-2,), 3, 0.5), "binomial: `shape` has a negative dimension"),
    (lambda x: random.categorical(x[0], 2), "categorical: `logits` must be [batch, classes]. Received: shape (3,)"),
    (lambda x: random.dropout(x, 1.5), "dropout: `rate` must be from 0 to 1. Received: rate=1.5"),
    (lambda x: random.shuffle(x, axis=5), "shuffle: axis 5 is out of bounds"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "message"), ROWS, ids=[m.split(":")[0] for _, m in ROWS])
def test_eager(engine, f, message):
    _expect(message, lambda: f(ops.convert_to_tensor(X)))


@pytest.mark.parametrize(("f", "message"), ROWS, ids=[m.split(":")[0] for _, m in ROWS])
def test_compiled(engine, f, message):
    _expect(message, lambda: Compiled(f)(X))


@pytest.mark.parametrize(("f", "message"), ROWS, ids=[m.split(":")[0] for _, m in ROWS])
def test_symbolic(f, message):
    _expect(message, lambda: f(KerasTensor((2, 3))))


def _expect(message, f):
    with pytest.raises((ValueError, TypeError, IndexError)) as caught:
        f()
    assert message in str(caught.value)


BY_VALUE = {
    "nonzero": lambda x: ops.nonzero(x),
    "unique": lambda x: ops.unique(x),
    "where": lambda x: ops.where(x > 0),
    "get_item": lambda x: ops.get_item(x, x > 0),  # a TensorFlow tensor's own operator makes a mask of it
    "repeat": lambda x: ops.repeat(x, ops.cast(x[0], "int32"), 1),
}


@pytest.mark.parametrize("name", BY_VALUE)
def test_values_that_decide_shapes_are_wanted_outside(engine, name):
    """Eagerly such an op works; inside a compiled function it says, by name, that there are no values."""
    f = BY_VALUE[name]
    assert keras.tree.flatten(f(ops.convert_to_tensor(X)))
    with pytest.raises(ValueError, match=f"{name}: the shape of the result depends on the values of"):
        Compiled(f)(X)
    try:
        symbolic = keras.tree.flatten(f(KerasTensor((2, 3))))
    except ValueError as error:
        assert f"{name}: the shape of the result depends on the values of" in str(error)  # noqa: PT017
    else:
        assert all(None in y.shape for y in symbolic)


def test_symbolic_tensors_have_no_value(engine):
    with pytest.raises(TypeError, match="symbolic tensor"):
        ops.convert_to_numpy(KerasTensor((2,)))


def test_ragged_lists(engine):
    with pytest.raises(ValueError, match="unequal lengths"):
        ops.convert_to_tensor([[1, 2], [3]])
    with pytest.raises(TypeError, match="expected numbers"):
        ops.convert_to_tensor(["a"])


def test_another_engines_tensor_is_named():
    with keras.backend.using("tensorflow"):
        theirs = ops.ones((2,))
    with keras.backend.using("numpy"):
        assert ops.convert_to_numpy(ops.add(theirs, 1)).tolist() == [2, 2]  # its values are taken over


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ops.cholesky([[1.0, 2.0], [2.0, 1.0]]),
            "cholesky: expected symmetric positive definite matrices",
        ),
        (lambda: ops.solve([[1.0, 2.0], [2.0, 4.0]], [1.0, 1.0]), "solve: one of the matrices is singular"),
        (lambda: ops.inv([[0.0, 0.0], [0.0, 0.0]]), "inv: one of the matrices is singular"),
    ],
)
def test_what_no_engine_can_compute_is_told_in_the_same_words(engine, call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value).startswith(message)


def test_a_factor_of_what_is_not_a_number_is_none_either(engine):
    factor = ops.convert_to_numpy(ops.cholesky([[[np.nan, 0.0], [0.0, 1.0]], [[4.0, 0.0], [0.0, 9.0]]]))
    assert np.isnan(factor[0, 0, 0])
    np.testing.assert_allclose(factor[1], [[2.0, 0.0], [0.0, 3.0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: ops.take(x, [0, 7], axis=1), "take: index 7 is out of bounds for axis 1 with size 3"),
        (lambda x: ops.take(x, [0, -9], axis=1), "take: index -9 is out of bounds for axis 1 with size 3"),
        (
            lambda x: ops.take_along_axis(x, np.array([[3], [0]]), axis=1),
            "take_along_axis: index 3 is out of bounds for axis 1 with size 3",
        ),
        (lambda x: keras.backend.gather(x, [2]), "gather: index 2 is out of bounds for axis 0 with size 2"),
    ],
)
def test_an_index_beyond_its_axis(engine, call, message):
    with pytest.raises(IndexError) as error:
        call(ops.convert_to_tensor(X))
    assert str(error.value) == message
