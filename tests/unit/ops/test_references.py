"""Ops against NumPy and SciPy: where real Keras errs or is inexact, awkward arguments, and random ones."""

import itertools

import numpy as np
import pytest
import scipy.linalg
import scipy.ndimage
import scipy.special

from keras import ops

INF, NAN = np.inf, np.nan


def host(x):
    return ops.convert_to_numpy(x)


# ---------------------------------------------------------------------- special values
SPECIAL = np.array([NAN, INF, -INF, 0.0, -0.0, 1.5, -2.5, 1e-30, -1e30])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "name", ["hypot", "arctan2", "logaddexp", "fmax", "fmin", "maximum", "minimum", "isclose"]
)
def test_binaries_with_special_values(engine, name, dtype):
    a, b = (v.astype(dtype).ravel() for v in np.meshgrid(SPECIAL, SPECIAL))
    with np.errstate(all="ignore"):
        want = getattr(np, name)(a, b)
    np.testing.assert_allclose(host(getattr(ops, name)(a, b)), want, rtol=1e-6)


def test_softmax_of_what_is_not_finite_shows_it(engine):
    """oneDNN's, which TensorFlow takes on some processors, has NaN in one place of the row, others in all."""
    x = np.array([[1.0, NAN, 2.0], [INF, 0.0, 1.0], [1.0, 2.0, 3.0], [0.0, -INF, 0.0]], "float32")
    y = host(ops.softmax(x))
    assert np.isnan(y).any(axis=1).tolist() == [True, True, False, False]
    np.testing.assert_allclose(y[2:], scipy.special.softmax(x[2:], axis=1), rtol=1e-6)


def test_angle_of_special_values(engine):
    np.testing.assert_allclose(host(ops.angle(SPECIAL)), np.angle(SPECIAL))
    z = np.array([1 + 1j, -2 - 1j, 1j], "complex64")
    np.testing.assert_allclose(host(ops.angle(z)), np.angle(z), rtol=1e-6)


@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv", "i0"])
def test_special_functions(engine, name):
    x = np.concatenate([-np.logspace(-12, -0.01, 20), [0.0], np.logspace(-12, -0.01, 20)])
    if name == "i0":
        x = x * 30
    np.testing.assert_allclose(
        host(getattr(ops, name)(x)), getattr(scipy.special, name)(x), rtol=1e-6, atol=1e-300
    )


def test_erfc_of_large_arguments_keeps_its_digits(engine):
    for dtype, end, tolerance in (("float32", 6.0, 1e-6), ("float64", 26.0, 2e-13)):
        x = np.linspace(-3, end, 301).astype(dtype)
        np.testing.assert_allclose(host(ops.erfc(x)), scipy.special.erfc(x.astype("float64")), rtol=tolerance)
        far = np.array([INF, -INF, NAN, 40.0], dtype)
        np.testing.assert_array_equal(host(ops.erfc(far)), [0, 2, NAN, 0])


@pytest.mark.parametrize("name", ["arccos", "arcsin", "arctanh", "arcsinh", "sinh", "expm1", "log1p"])
def test_small_arguments_keep_their_digits(engine, name):
    x = np.logspace(-6, -0.2, 30).astype("float32")
    np.testing.assert_allclose(host(getattr(ops, name)(x)), getattr(np, name)(x.astype("float64")), rtol=1e-6)
    near_one = (1 - np.logspace(-6, -1, 10)).astype("float32")
    if name.startswith("arc"):
        want = getattr(np, name)(near_one.astype("float64"))
        np.testing.assert_allclose(host(getattr(ops, name)(near_one)), want, rtol=2e-6)


def test_nextafter_everywhere(engine):
    a, b = (v.astype("float32").ravel() for v in np.meshgrid(SPECIAL, SPECIAL))
    np.testing.assert_array_equal(host(ops.nextafter(a, b)), np.nextafter(a, b))


def test_polar_of_halves(engine):
    size, angle = np.array([2.0, 0.5], "float16"), np.array([0.5, -3.0], "float16")
    want = size.astype("complex64") * np.exp(1j * angle.astype("float32"))
    np.testing.assert_allclose(host(ops.polar(size, angle)), want, rtol=1e-6)


def test_what_is_out_of_range_gives_nan(engine):
    x = np.array([-2147483648, 0, 1, 7])
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(host(ops.arccosh(x)), np.arccosh(x), rtol=1e-6)
        x = np.array([[2.5, INF, 0.5], [1.0, NAN, 4.0]])
        np.testing.assert_allclose(host(ops.nanvar(x, axis=1)), np.nanvar(x, axis=1), rtol=1e-6)
        np.testing.assert_allclose(host(ops.nanstd(x, axis=1)), np.nanstd(x, axis=1), rtol=1e-6)


def test_complex_numbers(engine):
    z = np.array([[1 + 2j, -0.5j], [3.0, -1 - 1j]], "complex64")
    for name in (
        "exp",
        "sin",
        "cos",
        "sqrt",
        "square",
        "conjugate",
        "real",
        "imag",
        "absolute",
        "negative",
        "sum",
    ):
        np.testing.assert_allclose(host(getattr(ops, name)(z)), getattr(np, name)(z), rtol=2e-5, err_msg=name)
    np.testing.assert_allclose(host(ops.matmul(z, z)), z @ z, rtol=1e-5)
    np.testing.assert_allclose(host(ops.vdot(z, z)), np.vdot(z, z), rtol=1e-5)


# ---------------------------------------------------------------------- where real Keras errs
def test_sparsemax_is_the_nearest_point_of_the_simplex(engine):
    x = np.random.default_rng(0).normal(size=(20, 5))
    p = host(ops.sparsemax(x))
    np.testing.assert_allclose(p.sum(-1), 1, rtol=1e-12)
    assert (p >= 0).all()
    corners = np.eye(5)
    # The nearest point makes an obtuse angle with every way out of it.
    assert (((x - p)[:, None] * (corners - p[:, None])).sum(-1) <= 1e-12).all()


@pytest.mark.parametrize("k", range(-3, 5))
def test_rot90(engine, k):
    x = np.arange(24.0).reshape(2, 3, 4)
    for axes in itertools.permutations(range(3), 2):
        np.testing.assert_array_equal(host(ops.rot90(x, k, axes)), np.rot90(x, k, axes))


def test_stacks_of_vectors(engine):
    for name in ("vstack", "hstack", "dstack"):
        for xs in ([[1, 2], [3, 4]], [[[1, 2]], [[3, 4]]], [1, 2]):
            got = host(getattr(ops, name)([np.array(x) for x in xs]))
            np.testing.assert_array_equal(got, getattr(np, name)([np.array(x) for x in xs]))


def test_kron_of_any_ranks(engine):
    x, y = np.arange(24.0).reshape(4, 2, 3), np.arange(6.0).reshape(1, 3, 2) + 1
    for a, b in ((x, y), (x, y[0]), (y[0, 0], x), (x[..., None], y)):
        np.testing.assert_array_equal(host(ops.kron(a, b)), np.kron(a, b))


def test_splits_at_places_that_are_not_there(engine):
    x = np.arange(4)
    for at in ([-9], [-1, 9], [3, 1]):
        for got, want in zip(ops.array_split(x, at), np.array_split(x, at), strict=True):
            np.testing.assert_array_equal(host(got), want)


@pytest.mark.parametrize("name", ["split", "array_split", "hsplit", "vsplit", "dsplit"])
def test_splits_at_the_places_of_a_tensor(engine, name):
    x = np.arange(64.0).reshape(4, 4, 4)
    for at in ([1, 3], [2]):
        got = getattr(ops, name)(x, ops.convert_to_tensor(at))
        for g, want in zip(got, getattr(np, name)(x, at), strict=True):
            np.testing.assert_array_equal(host(g), want)
    assert len(getattr(ops, name)(x, ops.convert_to_tensor(2))) == 2


@pytest.mark.parametrize("mode", ["valid", "same", "full"])
@pytest.mark.parametrize("sizes", [(5, 3), (3, 5), (4, 4), (6, 2), (1, 3)])
def test_correlate(engine, mode, sizes):
    rng = np.random.default_rng(1)
    a, b = (rng.normal(size=n) for n in sizes)
    np.testing.assert_allclose(
        host(ops.correlate(a, b, mode)), np.correlate(a, b, mode), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("mode", ["constant", "nearest", "wrap", "mirror", "reflect"])
@pytest.mark.parametrize("order", [0, 1])
def test_map_coordinates(engine, mode, order):
    rng = np.random.default_rng(2)
    x, places = rng.normal(size=(4, 5)), rng.uniform(-7, 11, size=(2, 30))
    names = {"constant": "grid-constant", "wrap": "grid-wrap"}
    want = scipy.ndimage.map_coordinates(x, places, order=order, mode=names.get(mode, mode), cval=0.5)
    got = host(ops.image.map_coordinates(x, places, order, fill_mode=mode, fill_value=0.5))
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("mode", ["constant", "nearest", "mirror", "reflect"])
def test_affine_transform(engine, mode):
    x = np.random.default_rng(3).normal(size=(5, 6, 2))
    matrix = [1.2, 0.3, -2.1, -0.4, 0.9, 2.6, 0, 0]
    column, row = np.meshgrid(np.arange(6), np.arange(5))
    places = [-0.4 * column + 0.9 * row + 2.6, 1.2 * column + 0.3 * row - 2.1]
    name = {"constant": "grid-constant"}.get(mode, mode)
    want = [scipy.ndimage.map_coordinates(x[..., c], places, order=1, mode=name, cval=0.5) for c in (0, 1)]
    got = host(ops.image.affine_transform(x, matrix, fill_mode=mode, fill_value=0.5))
    np.testing.assert_allclose(got, np.stack(want, -1), rtol=1e-4, atol=1e-5)


def test_a_blur_takes_its_settings_across_and_down(engine):
    x = np.zeros((7, 7, 1))
    x[3, 3] = 1
    across, down = (np.exp(-0.5 * (np.arange(-r, r + 1) / s) ** 2) for r, s in ((2, 0.7), (1, 1.5)))
    want = np.zeros((7, 7))
    want[2:5, 1:6] = np.outer(down / down.sum(), across / across.sum())
    got = host(ops.image.gaussian_blur(x, (5, 3), (0.7, 1.5)))
    np.testing.assert_allclose(got[..., 0], want, rtol=1e-6)


def test_a_blur_takes_its_settings_as_arrays(engine):
    x = np.random.default_rng(4).normal(size=(5, 6, 2))
    want = host(ops.image.gaussian_blur(x, (3, 5), (0.7, 1.5)))
    got = ops.image.gaussian_blur(x, np.array([3, 5]), ops.convert_to_tensor([0.7, 1.5], "float64"))
    np.testing.assert_array_equal(host(got), want)


@pytest.mark.parametrize(
    "row", [[1, INF, INF], [-INF, INF, INF, 1], [INF, INF, INF], [1, INF], [-INF, -INF, 2.0]]
)
def test_quantiles_between_infinities(engine, row):
    """By hand: an infinity where one of the neighbours is it, or both are; they never are of both signs here."""
    x = np.sort(np.array(row))
    for share in (0.0, 0.25, 0.5, 1.0):
        place = share * (len(x) - 1)
        a, b = x[int(np.floor(place))], x[int(np.ceil(place))]
        want = a if a == b or np.isinf(a) else b if np.isinf(b) else a + (b - a) * (place % 1)
        for f in (ops.quantile, ops.nanquantile):
            assert host(f(np.array(row), share)) == want
    assert host(ops.median(np.array(row))) == np.median(row)


def test_elastic_transform_moves_pixels_a_little(engine):
    rows, columns = np.meshgrid(np.arange(16.0), np.arange(20.0), indexing="ij")
    places = np.stack([rows, columns], -1)
    moved = host(ops.image.elastic_transform(places, alpha=5.0, sigma=3.0, fill_mode="nearest", seed=1))
    distance = np.abs(moved - places)
    assert 0.01 < distance.mean() < 2
    assert np.abs(np.diff(moved, axis=0)).max() < 3  # neighbours move alike
    again = host(ops.image.elastic_transform(places, alpha=5.0, sigma=3.0, fill_mode="nearest", seed=1))
    np.testing.assert_array_equal(again, moved)


def test_istft_inverts_stft(engine):
    x = np.random.default_rng(3).normal(size=(2, 40))
    for window, center in itertools.product(("hann", "hamming", np.ones(8)), (True, False)):
        spectrum = ops.stft(x, 8, 4, 8, window=window, center=center)
        y = host(ops.istft(spectrum, 8, 4, 8, length=40, window=window, center=center))
        inner = slice(1, 39) if isinstance(window, str) else slice(None)  # Hann's first weight is 0
        np.testing.assert_allclose(y[:, inner], x[:, inner], rtol=1e-6, atol=1e-9)


def test_stft_without_a_window_takes_whole_pieces(engine):
    """As Keras on TensorFlow and JAX; the numbers are NumPy's."""
    x = np.random.default_rng(5).normal(size=20)
    want = np.stack([np.fft.rfft(x[i : i + 10]) for i in range(0, 11, 2)])
    re, im = (host(v) for v in ops.stft(x, 6, 2, 10, window=None, center=False))
    np.testing.assert_allclose(re + 1j * im, want, atol=1e-9)
    y = host(ops.istft((re, im), 6, 2, 10, window=None, center=False))
    overlaps = np.minimum(np.minimum(np.arange(20) // 2 + 1, 5), np.arange(20)[::-1] // 2 + 1)
    np.testing.assert_allclose(y, x * overlaps, atol=1e-9)


def test_histogram(engine):
    x = np.random.default_rng(4).normal(size=200)
    for bins, limits in ((7, None), (7, (-1.0, 2.0)), ([-2.0, 0.0, 0.5, 3.0], None)):
        counts, borders = (host(v) for v in ops.histogram(x, bins, range=limits))
        want, edges = np.histogram(x, bins, range=limits)
        np.testing.assert_array_equal(counts, want)
        np.testing.assert_allclose(borders, edges)


def test_hypotenuse_does_not_overflow(engine):
    assert host(ops.hypot(np.float32(3e30), np.float32(4e30))) == np.float32(5e30)


# ---------------------------------------------------------------------- indexing
KEYS = [
    np.s_[0],
    np.s_[-1],
    np.s_[1:3],
    np.s_[::-1],
    np.s_[:, 1],
    np.s_[..., 0],
    np.s_[:, None],
    np.s_[None, ..., None],
    np.s_[2:0:-1, ::2],
    np.s_[5:2],
    np.s_[1, :, -1],
    np.s_[[0, 2]],
    np.s_[:, [0, -1]],
    np.s_[[0, 2], [1, -1]],
    np.s_[[[0], [2]], [1, -1]],
    np.s_[[0, 2], :, [1, 0]],
    np.s_[:, [0, 2], [1, 0]],
    np.s_[1, [0, 2]],
    np.s_[..., [1, 0]],
    np.s_[:, [0, 1], None],
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_get_item(engine, key):
    x = np.arange(60).reshape(4, 5, 3)
    np.testing.assert_array_equal(host(ops.get_item(x, key)), x[key])


def test_get_item_by_masks_and_tensors(engine):
    x = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(host(ops.get_item(x, x > 5)), x[x > 5])
    np.testing.assert_array_equal(host(ops.get_item(x, (np.array([True, False, True]), 1))), x[[0, 2], 1])
    i = ops.convert_to_tensor([2, 0])
    np.testing.assert_array_equal(host(ops.get_item(x, (slice(None), i))), x[:, [2, 0]])
    np.testing.assert_array_equal(host(ops.get_item(x, ops.convert_to_tensor(1))), x[1])


def test_unique_and_its_extras(engine):
    x = np.array([[3, 1, 3], [2, 1, 3]])
    for axis in (None, 0, 1):
        got = ops.unique(x, return_index=True, return_inverse=True, return_counts=True, axis=axis)
        want = np.unique(x, return_index=True, return_inverse=True, return_counts=True, axis=axis)
        for g, w in zip(got, want, strict=True):
            np.testing.assert_array_equal(host(g).ravel(), w.ravel())
    assert host(ops.unique(x, size=5, fill_value=9)).tolist() == [1, 2, 3, 9, 9]
    assert host(ops.unique(x, size=2)).tolist() == [1, 2]
    assert host(ops.unique(x, axis=-1, size=4)).tolist() == [[1, 3, 3, 0], [1, 2, 3, 0]]
    _, index, counts = ops.unique(x.ravel()[1:], return_index=True, return_counts=True, size=5)
    first = np.unique(x.ravel()[1:], return_index=True)[1][0]
    assert host(index)[3:].tolist() == [first, first]
    assert host(counts)[3:].tolist() == [0, 0]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "int64", "uint8"])
def test_order_is_stable_whatever_the_size(engine, dtype):
    x = np.round(np.random.default_rng(7).normal(size=(3, 700)) * 5)
    if "float" in dtype:
        x[0, :9] = [NAN, INF, -INF, 0.0, -0.0, -0.0, 0.0, NAN, -NAN]
    x = np.abs(x).astype(dtype) if dtype == "uint8" else x.astype(dtype)
    for axis in (0, 1):
        want = np.argsort(x, axis, kind="stable")
        np.testing.assert_array_equal(host(ops.argsort(x, axis)), want)
        np.testing.assert_array_equal(host(ops.sort(x, axis)), np.take_along_axis(x, want, axis))
    if dtype != "uint8":
        largest = np.argsort(np.where(np.isnan(x), -INF, -x.astype("float64")), 1, kind="stable")
        for k in (2, 5, 40):
            values, places = (host(t) for t in ops.top_k(x[1:], k))
            np.testing.assert_array_equal(places, largest[1:, :k])
            np.testing.assert_array_equal(values, np.take_along_axis(x[1:], places, 1))


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 100])
def test_searching_and_counting_in_few_and_in_many(engine, count):
    rng = np.random.default_rng(8)
    a = np.sort(rng.integers(0, 60, count)).astype("float32")
    v = np.concatenate([rng.integers(-5, 70, 40), [NAN, INF, -INF]]).astype("float32")
    for side in ("left", "right"):
        np.testing.assert_array_equal(host(ops.searchsorted(a, v, side)), np.searchsorted(a, v, side))
    np.testing.assert_array_equal(host(ops.isin(v, a)), np.isin(v, a))
    np.testing.assert_array_equal(host(ops.isin(v, a, invert=True)), ~np.isin(v, a))
    i = a.astype("int32")
    w = rng.normal(size=count)
    np.testing.assert_array_equal(host(ops.bincount(i, minlength=3)), np.bincount(i, minlength=3))
    np.testing.assert_allclose(host(ops.bincount(i, weights=w)), np.bincount(i, weights=w), atol=1e-12)


def test_ctc_of_labels_that_do_not_fit(engine):
    logits = np.zeros((2, 3, 4), "float16")
    args = (np.array([[1, 1, 1], [1, 2, 0]]), logits, [3, 2], [3, 3])
    loss = ops.ctc_loss(*args)
    assert ops.dtype(loss) == "float32"
    assert host(loss)[0] == INF
    assert np.isfinite(host(loss)[1])
    x = ops.convert_to_tensor(logits.astype("float64"))
    gradient = ops.value_and_grad(lambda x: ops.ctc_loss(args[0], x, *args[2:])[1], [x])[1][0]
    assert np.isfinite(host(gradient)).all()


def test_ctc_without_a_mask_index_has_the_last_class_for_no_label(engine):
    """The numbers are Keras's."""
    x = np.sin(np.arange(48.0)).reshape(2, 6, 4).astype("float32") * 3
    labels = [[[2, 0, 2, 0, -1, -1], [0, 1, 0, -1, -1, -1]]]
    for strategy, want in (("greedy", [-13.827217, -11.808306]), ("beam_search", [-1.9270546, -1.2803534])):
        got, scores = ops.ctc_decode(x, [6, 5], strategy=strategy, mask_index=None)
        assert host(got).tolist() == labels
        np.testing.assert_allclose(host(scores).ravel(), want, rtol=1e-5)


def test_one_number_scales_all_of_a_normalised_tensor(engine):
    x = np.random.default_rng(6).normal(size=(2, 3, 4)).astype("float32")
    for axis in (-1, (1, 2)):
        want = 2 * x / np.sqrt(np.mean(x * x, axis, keepdims=True) + 1e-3)
        np.testing.assert_allclose(host(ops.rms_normalization(x, 2.0, axis, 1e-3)), want, rtol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1, 4), (2, 1, 4), (3, 4), (2, 3, 4)])
def test_normalised_tensors_take_weights_that_broadcast(engine, shape):
    random = np.random.default_rng(7)
    x, gamma, beta = (random.normal(size=s).astype("float32") for s in ((2, 3, 4), shape, (4,)))
    centred = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-3)
    got = ops.layer_normalization(x, gamma, beta, epsilon=1e-3)
    np.testing.assert_allclose(host(got), centred * gamma + beta, rtol=1e-4, atol=1e-6)
    got = ops.layer_normalization(x, beta, gamma, epsilon=1e-3)
    np.testing.assert_allclose(host(got), centred * beta + gamma, rtol=1e-4, atol=1e-6)
    want = gamma * x / np.sqrt(np.mean(x * x, -1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(
        host(ops.rms_normalization(x, gamma, epsilon=1e-3)), want, rtol=1e-5, atol=1e-6
    )


def test_weights_of_a_normalised_tensor_do_not_enlarge_it(engine):
    x = np.ones((2, 1, 4), "float32")
    for shape in ((2, 3, 4), (5, 2, 1, 4), (3,)):
        with pytest.raises(ValueError, match="broadcasts to"):
            ops.rms_normalization(x, np.ones(shape, "float32"), axis=(1, 2))


# ---------------------------------------------------------------------- einsum
EXPRESSIONS = [
    ("ii->i", [(3, 3)]),
    ("ii", [(3, 3)]),
    ("iij->j", [(3, 3, 2)]),
    ("ij,ij->", [(2, 3), (2, 3)]),
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]),
    ("i,j,k->kji", [(2,), (3,), (4,)]),
    ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 5, 4)]),
    ("...i,...i->...", [(2, 3, 4), (3, 4)]),
    ("...ij,j...->i...", [(2, 3, 4), (4, 2)]),
    ("a...b->b...", [(2, 3, 4)]),
    ("ij,i->j", [(1, 3), (4,)]),
    ("b i j , b j k -> b i k", [(2, 3, 4), (2, 4, 5)]),
]


@pytest.mark.parametrize(("text", "shapes"), EXPRESSIONS)
def test_einsum(engine, text, shapes):
    rng = np.random.default_rng(5)
    xs = [rng.normal(size=s) for s in shapes]
    np.testing.assert_allclose(host(ops.einsum(text, *xs)), np.einsum(text, *xs), rtol=1e-9, atol=1e-12)


# ---------------------------------------------------------------------- linear algebra
def test_factorisations_multiply_back(engine):
    rng = np.random.default_rng(6)
    a = rng.normal(size=(2, 4, 3))
    u, s, vh = (host(t) for t in ops.svd(a, full_matrices=False))
    np.testing.assert_allclose(u * s[:, None] @ vh, a, atol=1e-12)
    for mode in ("reduced", "complete"):
        q, r = (host(t) for t in ops.qr(a, mode=mode))
        np.testing.assert_allclose(q @ r, a, atol=1e-12)
    square = rng.normal(size=(3, 3))
    symmetric = square + square.T
    w, v = (host(t) for t in ops.eigh(symmetric))
    np.testing.assert_allclose(v * w @ v.T, symmetric, atol=1e-12)
    w, v = (host(t) for t in ops.eig(square))
    np.testing.assert_allclose(square @ v, v * w, atol=1e-12)
    packed, pivots = (host(t) for t in ops.lu_factor(square))
    np.testing.assert_allclose(scipy.linalg.lu_solve((packed, pivots), square), np.eye(3), atol=1e-12)


def test_least_squares_of_a_deficient_matrix(engine):
    a, b = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]), np.array([1.0, 2.0, 2.0])
    np.testing.assert_allclose(host(ops.lstsq(a, b)), np.linalg.lstsq(a, b, rcond=None)[0], rtol=1e-9)
    np.testing.assert_allclose(host(ops.pinv(a)), np.linalg.pinv(a), rtol=1e-9)


def test_ctc_labels_beyond_the_length_may_be_negative(engine):
    logits = np.random.default_rng(0).normal(size=(2, 6, 4)).astype("float32")
    padded = host(ops.ctc_loss([[1, 2, 3], [2, -1, -1]], logits, [3, 1], [6, 6]))
    alone = host(ops.ctc_loss([[2]], logits[1:], [1], [6]))
    np.testing.assert_allclose(padded[1:], alone, rtol=1e-6)
