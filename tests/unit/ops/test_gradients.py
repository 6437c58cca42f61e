"""Gradients of ops against central differences, and of kernels on an engine against those of the shared body."""

import numpy as np
import pytest

import keras
from keras import ops
from keras.backend.tracing import Compiled
from keras.ops.dispatch import KERNELS

RNG = np.random.default_rng(0)


def x(*shape, low=-2.0, high=2.0):
    return RNG.uniform(low, high, size=shape)


def words(text):
    return text.split()


CORNERS = np.array([[0, 0], [3, 0], [0, 2], [3, 2]], "float32")
_FACTOR = x(3, 3)
SYMMETRIC = _FACTOR @ _FACTOR.T + np.eye(3)
POSITIVE = {"low": 0.3, "high": 2.0}
ROWS = [
    *[(name, (x(2, 3),), {}) for name in words(
        "absolute exp expm1 sin cos tan sinh cosh tanh arcsinh arctan square sinc i0 exp2 negative "
        "sigmoid softplus silu softsign selu elu celu gelu log_sigmoid softmax log_softmax squareplus "
        "tanh_shrink hard_silu sparse_plus erf erfc logsumexp mean std var sum normalize cumsum "
        "layer_normalization rms_normalization leaky_relu "
    )],
    *[(name, (x(2, 3, **POSITIVE),), {}) for name in words(
        "log log2 log10 log1p sqrt rsqrt reciprocal cbrt prod cumprod max min median logsumexp norm "
    )],
    *[(name, (x(2, 3, low=-0.8, high=0.8),), {}) for name in words(
        "arcsin arccos arctanh erfinv "
    )],
    ("arccosh", (x(2, 3, low=1.2, high=3.0),), {}),
    *[(name, (x(2, 3), x(2, 3)), {}) for name in words(
        "add subtract multiply maximum minimum arctan2 hypot logaddexp logaddexp2 cross "
    )],
    ("divide", (x(2, 3), x(3, **POSITIVE)), {}),
    ("divide_no_nan", (x(2, 3), x(3, **POSITIVE)), {}),
    ("power", (x(2, 3, **POSITIVE), x(2, 3)), {}),
    ("clip", (x(2, 5), -1.0, 1.0), {}),
    ("matmul", (x(2, 3, 4), x(4, 2)), {}),
    ("dot", (x(2, 3), x(3)), {}),
    ("tensordot", (x(2, 3, 4), x(3, 4, 2)), {}),
    ("kron", (x(2, 2), x(2, 3)), {}),
    ("outer", (x(3), x(2)), {}),
    ("inner", (x(2, 3), x(4, 3)), {}),
    ("einsum", ("ij,jk,k->i", x(2, 3), x(3, 4), x(4)), {}),
    ("einsum", ("bthd,bshd->bhts", x(2, 3, 2, 2), x(2, 4, 2, 2)), {}),
    ("max", (x(2, 5),), {"axis": 1}),
    ("sort", (x(2, 5),), {}),
    ("quantile", (x(2, 5), 0.3), {"axis": 1}),
    ("trapezoid", (x(2, 5),), {}),
    ("diff", (x(2, 5),), {"n": 2}),
    ("average", (x(2, 3), 1, x(3, **POSITIVE)), {}),
    ("take", (x(3, 4), [2, 0, 2]), {"axis": 0}),
    ("take_along_axis", (x(2, 3), [[0, 2], [1, 1]]), {"axis": 1}),
    ("get_item", (x(3, 4), (slice(None, None, -1), 1)), {}),
    ("concatenate", ([x(2, 3), x(2, 1)], 1), {}),
    ("pad", (x(2, 3), 2), {"mode": "constant"}),
    ("pad", (x(3, 3), 1), {"mode": "reflect"}),
    ("roll", (x(2, 3), 1), {}),
    ("tile", (x(2, 3), (2, 2)), {}),
    ("repeat", (x(2, 3), 2), {"axis": 1}),
    ("flip", (x(2, 3),), {}),
    ("diagonal", (x(3, 4),), {"offset": 1}),
    ("diag", (x(3),), {"k": -1}),
    ("tril", (x(3, 3),), {}),
    ("trace", (x(3, 3),), {}),
    ("scatter", ([[0], [2], [0]], x(3, 2), (4, 2)), {}),
    ("scatter_update", (x(3, 2), [[0], [2]], x(2, 2)), {"reduction": "add"}),
    ("slice_update", (x(3, 3), [1, 0], x(2, 2)), {}),
    ("segment_sum", (x(4, 2), [0, 1, 0, 2]), {"num_segments": 3}),
    ("unfold", (x(1, 2, 4, 4), 2), {}),
    ("fold", (x(1, 8, 4), 3, 2), {}),
    ("depth_to_space", (x(1, 2, 2, 4), 2), {}),
    ("conv", (x(2, 5, 2), x(3, 2, 3)), {"padding": "same", "data_format": "channels_last"}),
    ("conv", (x(1, 5, 4, 4), x(3, 2, 2, 4)), {"strides": 2, "data_format": "channels_last"}),
    ("conv_transpose", (x(1, 3, 3, 2), x(3, 2, 3, 2)), {"strides": 2, "data_format": "channels_last"}),
    ("depthwise_conv", (x(1, 4, 4, 2), x(3, 3, 2, 2)), {"padding": "same", "data_format": "channels_last"}),
    ("max_pool", (x(1, 5, 5, 2), 3), {"strides": 2, "data_format": "channels_last"}),
    ("average_pool", (x(1, 5, 5, 2), 3), {"padding": "same", "data_format": "channels_last"}),
    ("adaptive_average_pool", (x(1, 5, 5, 2), 2), {"data_format": "channels_last"}),
    ("batch_normalization", (x(4, 3), x(3), x(3, **POSITIVE), -1, x(3), x(3)), {}),
    ("layer_normalization", (x(2, 3, 4), x(4), x(4)), {}),
    ("layer_normalization", (x(2, 3, 4), x(3), x(3)), {"axis": 1}),
    ("rms_normalization", (x(2, 3, 4), x(4)), {}),
    ("moments", (x(2, 3), [1]), {}),
    ("binary_crossentropy", (x(2, 3, low=0.1, high=0.9), x(2, 3, low=0.1, high=0.9)), {}),
    ("binary_crossentropy", (x(2, 3, low=0.1, high=0.9), x(2, 3)), {"from_logits": True}),
    ("categorical_crossentropy", (x(2, 3, low=0.1, high=0.9), x(2, 3, low=0.1, high=0.9)), {}),
    ("categorical_crossentropy", (x(2, 3, low=0.1, high=0.9), x(2, 3)), {"from_logits": True}),
    ("sparse_categorical_crossentropy", ([1, 0], x(2, 3)), {"from_logits": True}),
    ("sparse_categorical_crossentropy", ([1, 0], x(2, 3, low=0.1, high=0.9)), {}),
    ("dot_product_attention", (x(1, 3, 2, 2), x(1, 4, 2, 2), x(1, 4, 2, 2)), {}),
    ("dot_product_attention", (x(1, 3, 2, 2), x(1, 3, 2, 2), x(1, 3, 2, 2)), {"is_causal": True}),
    ("ctc_loss", ([[1, 2], [2, 2]], x(2, 5, 3), [2, 2], [5, 4]), {}),
    ("rfft", (x(2, 6),), {}),
    ("irfft", ((x(2, 4), x(2, 4)),), {}),
    ("stft", (x(1, 12), 4, 2, 4), {}),
    ("solve", (x(3, 3) + 4 * np.eye(3), x(3, 2)), {}),
    ("inv", (x(3, 3) + 4 * np.eye(3),), {}),
    ("det", (x(3, 3) + 4 * np.eye(3),), {}),
    ("slogdet", (x(3, 3) + 4 * np.eye(3),), {}),
    ("norm", (x(3, 4),), {"ord": "nuc", "axis": (0, 1)}),
    ("norm", (x(3, 4),), {"ord": 3, "axis": 1}),
    ("cdist", (x(2, 3), x(4, 3)), {}),
    ("corrcoef", (x(3, 5),), {}),
    ("image.resize", (x(1, 3, 4, 2), (5, 3)), {"data_format": "channels_last"}),
    ("image.resize", (x(1, 3, 4, 2), (5, 3), "bicubic"), {"data_format": "channels_last", "antialias": True}),
    ("image.affine_transform", (x(1, 3, 4, 2), [0.9, 0.1, 0.2, -0.1, 1.1, 0.3, 0, 0]), {"data_format": "channels_last"}),
    ("image.map_coordinates", (x(3, 4), x(2, 5, low=0.1, high=1.9), 1), {}),
    ("image.gaussian_blur", (x(1, 4, 4, 2),), {"data_format": "channels_last"}),
    ("image.extract_patches", (x(1, 4, 4, 2), 2), {"data_format": "channels_last"}),
    # the rest of the differentiable names, in the order of the alphabet
    *[(name, (x(3, 4),), {}) for name in words(
        "abs amax amin array conj conjugate copy deg2rad diagflat fabs fliplr flipud glu hard_shrink "
        "hard_sigmoid hard_swish hard_tanh nan_to_num nancumprod nancumsum nanmax nanmean nanmedian nanmin nanprod "
        "nanstd nansum nanvar pinv ptp rad2deg ravel real relu relu6 rot90 soft_shrink sparse_sigmoid sparsemax "
        "swish transpose triu view_as_real convert_to_tensor"
    )],
    *[(name, (x(2, 3), x(2, 3)), {}) for name in words("append fmax fmin heaviside vdot")],
    *[(name, (x(2, 3), x(2, 3, **POSITIVE)), {}) for name in words("fmod mod true_divide")],
    *[(name, ([x(2, 3), x(2, 3)],), {}) for name in words("dstack hstack stack vstack")],
    *[(name, ((x(2, 3), x(2, 3)),), {}) for name in words("fft")],
    *[(name, ((x(2, 3, 2), x(2, 3, 2)),), {}) for name in words("fft2 ifft2")],
    ("adaptive_max_pool", (x(1, 5, 5, 2), 2), {"data_format": "channels_last"}),
    ("array_split", (x(5, 2), 2), {}),
    ("associative_scan", (lambda p, q: p * q, x(4, 2)), {}),
    ("bincount", ([1, 0, 1, 3], x(4)), {}),
    ("broadcast_to", (x(3), (2, 3)), {}),
    ("cast", (x(2, 3), "float64"), {}),
    ("cholesky", (SYMMETRIC,), {}),
    ("cholesky_inverse", (np.tril(x(3, 3)) + 3 * np.eye(3),), {}),
    ("cond", (True, lambda: x(2), lambda: x(2)), {}),
    ("correlate", (x(5), x(3), "full"), {}),
    ("dsplit", (x(2, 2, 4), 2), {}),
    ("extract_sequences", (x(2, 7), 3, 2), {}),
    ("eigh", (SYMMETRIC,), {}),
    ("expand_dims", (x(2, 3), 1), {}),
    ("full", ((2, 3), x(3)), {"dtype": "float64"}),
    ("full_like", (x(2, 3), x(3)), {}),
    ("geomspace", (x(2, **POSITIVE), x(2, **POSITIVE), 4), {}),
    ("hsplit", (x(2, 4), 2), {}),
    ("fori_loop", (0, 3, lambda i, v: v * v, x(2)), {}),
    ("istft", ((x(1, 4, 3), x(1, 4, 3)), 4, 2, 4), {}),
    ("ldexp", (x(2, 3), [1, 2, -1]), {}),
    ("linspace", (x(2), x(2), 4), {}),
    ("logspace", (x(2), x(2), 4), {}),
    ("logdet", (SYMMETRIC,), {}),
    ("lstsq", (x(4, 2), x(4)), {}),
    ("map", (lambda v: v * v, x(3, 2)), {}),
    ("meshgrid", (x(2), x(3)), {}),
    ("moveaxis", (x(2, 3, 2), 0, 2), {}),
    ("nanpercentile", (x(2, 5), 30), {"axis": 1}),
    ("nanquantile", (x(2, 5), 0.3), {"axis": 1}),
    ("percentile", (x(2, 5), 30), {"axis": 1}),
    ("rearrange", (x(2, 4), "a (b c) -> c a b"), {"b": 2}),
    ("psnr", (x(2, 3), x(2, 3), 2.0), {}),
    ("qr", (x(4, 3),), {}),
    ("reshape", (x(2, 3), (3, -1)), {}),
    ("scan", (lambda s, v: (s * v, s + v), x(2), x(3, 2)), {}),
    *[(name, (x(5, 2), [0, 1, 0, 2, 1]), {"num_segments": 3}) for name in words(
        "segment_max segment_min segment_prod"
    )],
    ("select", ([np.array([True, False, False]), np.array([True, True, False])], [x(3), x(3)]), {"default": x(3)}),
    ("separable_conv", (x(1, 4, 4, 2), x(3, 3, 2, 1), x(1, 1, 2, 3)), {"data_format": "channels_last"}),
    ("slice", (x(3, 4), (1, 0), (2, 3)), {}),
    ("solve_triangular", (np.tril(x(3, 3)) + 3 * np.eye(3), x(3, 2)), {"lower": True}),
    ("space_to_depth", (x(1, 4, 4, 2), 2), {}),
    ("split", (x(4, 6), 3), {"axis": 1}),
    ("squeeze", (x(2, 1, 3),), {}),
    ("svd", (x(3, 4),), {"compute_uv": False}),
    ("swapaxes", (x(2, 3, 2), 0, 2), {}),
    ("switch", (1, [lambda v: v, lambda v: v * v], x(2)), {}),
    ("threshold", (x(3, 4), 0.5, -1.0), {}),
    ("top_k", (x(2, 5), 3), {}),
    ("unstack", (x(2, 3),), {"axis": 1}),
    ("vander", (x(3), 3), {}),
    ("vectorized_map", (lambda v: v * v, x(3, 2)), {}),
    ("vsplit", (x(4, 2), 2), {}),
    ("where", (np.array([True, False, True]), x(2, 3), x(3)), {}),
    ("while_loop", (lambda i, v: i < 2, lambda i, v: (i + 1, v * v), (0, x(2))), {}),
    ("image.crop_images", (x(1, 4, 4, 2), 1, 1, 1, 1), {"data_format": "channels_last"}),
    ("image.extract_patches_3d", (x(1, 3, 3, 3, 1), 2), {"data_format": "channels_last"}),
    *[(f"image.{name}", (x(1, 4, 4, 3, low=0.1, high=0.9),), {"data_format": "channels_last"}) for name in words(
        "hsv_to_rgb rgb_to_hsv rgb_to_grayscale sobel_edges"
    )],
    ("image.pad_images", (x(1, 2, 3, 2), 1, 1, 0, 2), {"data_format": "channels_last"}),
    ("image.perspective_transform", (x(3, 4, 2), CORNERS, CORNERS + 0.3), {"data_format": "channels_last"}),
    ("image.scale_and_translate", (x(3, 4, 2), (4, 3, 2), [1.3, 0.8], [0.2, 0.4], (0, 1), "linear"), {}),
    ("image.ssim", (x(1, 5, 5, 1, **POSITIVE), x(1, 5, 5, 1, **POSITIVE), 2.0), {"filter_size": 3, "data_format": "channels_last"}),
]  # fmt: skip


def _function(name, args, kwargs):
    """The op as a function of its float arrays, all in a list, to one number."""
    op = ops
    for part in name.split("."):
        op = getattr(op, part)

    def is_input(a):
        return isinstance(a, np.ndarray) and a.dtype == np.float64

    inputs = [a for a in keras.tree.flatten((args, kwargs)) if is_input(a)]

    def value(*tensors):
        supply = iter(tensors)
        a, k = keras.tree.map_structure(lambda v: next(supply) if is_input(v) else v, (args, kwargs))
        if name in ("cholesky", "eigh", "logdet"):  # functions of symmetric matrices, moved symmetrically
            a = [(a[0] + ops.transpose(a[0])) / 2]
        total = 0.0
        for i, y in enumerate(keras.tree.flatten(op(*a, **k))):
            if "float" in ops.dtype(y):
                shape = ops.shape(y)
                weights = np.cos(np.arange(int(np.prod(shape))) * 1.3 + i).reshape(shape)
                total = ops.sum(ops.multiply(y, weights)) + total
        return total

    return value, inputs


@pytest.mark.parametrize(("name", "args", "kwargs"), ROWS, ids=[r[0] for r in ROWS])
def test_against_differences(engine, name, args, kwargs):
    value, inputs = _function(name, args, kwargs)
    tensors = [ops.convert_to_tensor(a) for a in inputs]
    _, grads = ops.value_and_grad(value, tensors)
    for i, (a, grad) in enumerate(zip(inputs, grads, strict=True)):
        got = np.zeros_like(a) if grad is None else ops.convert_to_numpy(grad)
        assert got.shape == a.shape
        want = np.zeros_like(a)
        step = 1e-6
        for at in np.ndindex(*a.shape):
            ends = []
            for sign in (1, -1):
                moved = a.copy()
                moved[at] += sign * step
                shifted = [*tensors[:i], ops.convert_to_tensor(moved), *tensors[i + 1 :]]
                ends.append(float(ops.convert_to_numpy(value(*shifted))))
            want[at] = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "args", "kwargs"), ROWS[::3], ids=[r[0] for r in ROWS[::3]])
def test_compiled_equals_eager(engine, name, args, kwargs):
    value, inputs = _function(name, args, kwargs)

    def f(*tensors):
        return ops.value_and_grad(value, list(tensors))

    tensors = [ops.convert_to_tensor(a) for a in inputs]
    eager, compiled = (keras.tree.flatten(g(*tensors)) for g in (f, Compiled(f)))
    for a, b in zip(eager, compiled, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(b), ops.convert_to_numpy(a), rtol=1e-9, atol=1e-12)


# ---------------------------------------------------------------------- kernels against their bodies
_Q = x(2, 3, 2, 4)
KERNEL_ROWS = [
    ("relu", (x(3, 4),)),
    ("relu", (x(100, 100),)),
    ("clip", (x(3, 4), np.array(-0.4), np.array(0.3))),
    ("clip", (x(100, 100), np.array(-0.4), np.array(0.3))),
    ("clip", (x(3, 4), x(4), x(3, 1))),
    ("elu", (x(3, 4), 1.0)),
    ("elu", (x(3, 4), 0.5)),
    ("leaky_relu", (x(3, 4), 0.2)),
    ("leaky_relu", (x(3, 4), 2.0)),
    ("erfc", (x(3, 4) * 3,)),
    ("softplus", (x(3, 4) * 10,)),
    ("silu", (x(3, 4),)),
    ("gelu", (x(3, 4), True)),
    ("gelu", (x(3, 4), False)),
    ("softmax", (x(3, 4), 0)),
    ("softmax_grad", (x(3, 4), x(3, 4), 1)),
    ("log_softmax", (x(3, 4) * 100, 1)),
    ("logsumexp", (x(3, 4, 2), (0, 2))),
    ("softmax_cross_entropy", (x(3, 4, **POSITIVE), x(3, 4))),
    ("sparse_softmax_cross_entropy", (np.array([1, 0, 3], "int32"), x(3, 4))),
    ("sigmoid_cross_entropy", (x(3, 4, **POSITIVE), x(3, 4))),
    ("max_pool", (x(2, 5, 6, 3), (2, 3), (2, 1), ((0, 1), (1, 1)))),
    ("average_pool", (x(2, 5, 6, 3), (2, 3), (2, 1), ((0, 1), (1, 1)))),
    ("depthwise_conv", (x(2, 5, 6, 3), x(3, 2, 3, 2), (1, 1), ((1, 1), (0, 1)), (1, 1))),
    ("depthwise_conv", (x(2, 7, 3), x(3, 3, 2), (2,), ((1, 1),), (1,))),
    ("moments", (x(3, 4, 2), (0, 2))),
    ("mean", (x(3, 4, 2), (0, 2))),
    ("variance", (x(3, 4, 2), (0, 2))),
    ("layer_norm", (x(3, 4, 2), x(4, 2), x(4, 2), (1, 2), 1e-3)),
    ("layer_norm", (x(3, 4), None, None, (1,), 1e-3)),
    ("rms_norm", (x(3, 4), x(4), (1,), 1e-3)),
    ("batch_norm", (x(3, 4, 5), x(4), x(4, **POSITIVE), x(4), x(4), 1, 1e-3)),
    ("batch_norm", (x(3, 4, 5, 2), x(2), x(2, **POSITIVE), None, None, 3, 1e-3)),
    ("batch_norm_training", (x(3, 4, 5), x(4), x(4), 1, 1e-3)),
    ("batch_norm_training", (x(3, 4, 5, 2), None, None, 3, 1e-3)),
    ("batch_norm_training_grad", (x(3, 4, 2), x(3, 4, 2), x(2), x(2, **POSITIVE), x(2), 2, 1e-3)),
    ("attention", (_Q, x(2, 5, 2, 4), x(2, 5, 2, 4), x(2, 2, 3, 5), x(2, 1, 3, 5) > 0, 0.5, False)),
    ("attention", (_Q, _Q + 1, _Q * 2, None, None, 0.5, True)),
    ("embedding", (x(4, 3), np.array([[0, 3], [3, 1]], "int32"))),
    ("one_hot", (np.array([[0, 3], [7, -1]], "int32"), 4, 1, "float32")),
]


def test_every_kernel_of_the_ops_has_a_row():
    modules = ("keras.ops.kernels", "keras.ops.nn.attention")
    own = {name for name, f in KERNELS.items() if f.body.__module__ in modules}
    assert own == {name for name, _ in KERNEL_ROWS}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "args"), KERNEL_ROWS, ids=[r[0] for r in KERNEL_ROWS])
def test_kernel_equals_body(engine, name, args, dtype):
    def tensor(a):
        if not isinstance(a, np.ndarray):
            return a
        return engine.constant(a, dtype if a.dtype.kind == "f" else a.dtype.name)

    tensors = [tensor(a) for a in args]
    tolerance = {"rtol": 2e-5, "atol": 2e-5} if dtype == "float32" else {"rtol": 1e-9, "atol": 1e-9}
    floats = [i for i, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]

    def total(f, *moving):
        full = list(tensors)
        for i, t in zip(floats, moving, strict=True):
            full[i] = t
        results = f(*full)
        return sum(ops.sum(ops.cos(y)) for y in (results if isinstance(results, tuple) else (results,)))

    kernel = KERNELS[name]
    got, want = (f(*tensors) for f in (kernel, kernel.body))
    for g, w in zip(keras.tree.flatten(got), keras.tree.flatten(want), strict=True):
        assert engine.spec(g) == engine.spec(w)
        np.testing.assert_allclose(engine.to_numpy(g), engine.to_numpy(w), **tolerance)
    if not floats:
        return
    wrt = [tensors[i] for i in floats]
    by_kernel, by_body = (
        ops.value_and_grad(lambda *m, f=f: total(f, *m), wrt)[1] for f in (kernel, kernel.body)
    )
    for g, w in zip(by_kernel, by_body, strict=True):
        np.testing.assert_allclose(engine.to_numpy(g), engine.to_numpy(w), **tolerance)
