"""Initial values: distributions against SciPy, the rest against real Keras 3.15.1, seeds and custom initializers."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from keras import initializers, ops
from keras.backend.state import Variable
from keras.initializers import Initializer
from keras.random.seeds import next_host_seed, set_global_seed
from tests.processes import run_python

GOLDEN = Path(__file__).parents[2] / "golden" / "configs"
ARRAYS = np.load(GOLDEN / "arrays.npz")
FANS = json.loads((GOLDEN / "configs.json").read_text())["fans"]

RANDOM = [
    *("RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Orthogonal"),
    *("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform"),
]
SHAPE = (120, 80)
CUT = 0.87962566103423978


def truncated(stddev, mean=0.0):
    return stats.truncnorm(-2, 2, loc=mean, scale=stddev)


def uniform(low, high):
    return stats.uniform(low, high - low)


@pytest.mark.parametrize(
    ("initializer", "distribution"),
    [
        (initializers.RandomNormal(0.5, 2.0, seed=1), stats.norm(0.5, 2.0)),
        (initializers.TruncatedNormal(0.5, 2.0, seed=1), truncated(2.0, 0.5)),
        (initializers.RandomUniform(-1.0, 3.0, seed=1), uniform(-1.0, 3.0)),
        (initializers.GlorotUniform(seed=1), uniform(-math.sqrt(6 / 200), math.sqrt(6 / 200))),
        (initializers.GlorotNormal(seed=1), truncated(math.sqrt(2 / 200) / CUT)),
        (initializers.HeUniform(seed=1), uniform(-math.sqrt(6 / 120), math.sqrt(6 / 120))),
        (initializers.HeNormal(seed=1), truncated(math.sqrt(2 / 120) / CUT)),
        (initializers.LecunUniform(seed=1), uniform(-math.sqrt(3 / 120), math.sqrt(3 / 120))),
        (initializers.LecunNormal(seed=1), truncated(math.sqrt(1 / 120) / CUT)),
        (
            initializers.VarianceScaling(3.0, "fan_out", "untruncated_normal", seed=1),
            stats.norm(0, math.sqrt(3 / 80)),
        ),
    ],
    ids=lambda x: type(x).__name__,
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_distributions(initializer, distribution, dtype):
    values = initializer.host(SHAPE, dtype)
    assert values.dtype == dtype
    assert values.shape == SHAPE
    assert stats.kstest(values.ravel(), distribution.cdf).pvalue > 0.01
    assert abs(values.std() / distribution.std() - 1) < 0.03
    low, high = distribution.support()
    assert low - 1e-6 <= values.min() <= values.max() <= high + 1e-6


def test_neighbours_are_independent():
    values = initializers.RandomNormal(0.0, 1.0, seed=1).host((400, 400), "float32")
    for one, other in ((values[:-1], values[1:]), (values[:, :-1], values[:, 1:])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.01


def test_whole_numbers():
    values = initializers.RandomUniform(2, 7, seed=1).host((5000,), "int32")
    assert values.dtype == np.int32
    assert stats.chisquare(np.bincount(values, minlength=7)[2:]).pvalue > 0.01
    with pytest.raises(ValueError, match="RandomNormal: gives floats, but weights of dtype int32"):
        initializers.RandomNormal(seed=1)((2,), "int32")


@pytest.mark.parametrize(("case", "bound"), FANS.items())
def test_fans_are_those_of_keras(case, bound):
    shape, mode = case.rsplit(" ", 1)
    shape = tuple(json.loads(shape))
    draws = [
        initializers.VarianceScaling(3.0, mode, "uniform", seed=s).host(shape, "float64") for s in range(400)
    ]
    assert np.abs(draws).max() == pytest.approx(bound, rel=0.02)


def test_axes_chosen_by_the_user():
    for mode, fan in (("fan_in", 10), ("fan_out", 600)):
        scaling = initializers.VarianceScaling(3.0, mode, "uniform", 1, input_axes=(0,), output_axes=(1, 2))
        assert np.abs(scaling.host((10, 20, 30), "float64")).max() == pytest.approx(
            math.sqrt(9 / fan), rel=0.01
        )


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (2, 3, 4), (2, 2, 3, 20)])
def test_orthogonal(shape):
    values = initializers.Orthogonal(2.0, seed=1).host(shape, "float64")
    matrix = values.reshape(-1, shape[-1]) / 2.0
    small = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    assert np.allclose(small @ small.T, np.eye(len(small)), atol=1e-12)
    assert values.shape == shape


def test_orthogonal_is_uniform_over_rotations_and_reflections():
    corners = [initializers.Orthogonal(seed=s).host((2, 2), "float64") for s in range(2000)]
    angles = np.array([math.atan2(q[1, 0], q[0, 0]) for q in corners])
    assert stats.kstest(angles, uniform(-math.pi, math.pi).cdf).pvalue > 0.01
    assert abs(np.mean([np.linalg.det(q) > 0 for q in corners]) - 0.5) < 0.05


@pytest.mark.parametrize("case", [name for name in ARRAYS.files if name.startswith("stft")])
def test_stft_as_keras(case):
    _, side, window, scaling, periodic = case.split()
    stft = initializers.STFT(
        side, *(None if x == "None" else x for x in (window, scaling)), periodic == "True"
    )
    np.testing.assert_allclose(stft.host((7, 1, 5), "float32"), ARRAYS[case], atol=2e-6)


def test_spectrum_scaling_of_stft_counts_sizes():
    """The first frequency's cosines are 1, so what is left is the window, divided by 1 + 2 + 3."""
    stft = initializers.STFT(window=np.array([1.0, -2.0, 3.0]), scaling="spectrum")
    np.testing.assert_allclose(stft.host((3, 1, 3), "float64")[:, 0, 0], [1 / 6, -2 / 6, 3 / 6])


@pytest.mark.parametrize(
    ("window", "scaling", "periodic", "values"),
    [
        ("tukey", "density", False, [0.0, -0.70710678, 0.0, 0.0]),
        ("flattop", "spectrum", True, [0.0, 0.04931714, 0.0, -0.04931714]),
        ("cosine", None, True, [0.0, -0.80901700, 0.0, 0.80901700]),
    ],
)
def test_stft_with_a_window_of_scipy(window, scaling, periodic, values):
    """The second frequency of Keras 3.15.1."""
    got = initializers.STFT("imag", window, scaling, periodic).host((4, 1, 3), "float32")
    np.testing.assert_allclose(got[:, 0, 1], values, atol=1e-6)


def test_stft_checks_its_arguments():
    assert initializers.STFT(window=np.ones(4)).host((4, 1, 3), "float32").shape == (4, 1, 3)
    for wrong in ({"side": "left"}, {"window": "hannn"}, {"window": "kaiser"}, {"scaling": "densit"}):
        with pytest.raises(ValueError, match="STFT"):
            initializers.STFT(**wrong)
    for shape in ((4, 3), (4, 2, 3)):
        with pytest.raises(ValueError, match="frame_length"):
            initializers.STFT()(shape)
    with pytest.raises(ValueError, match="window of 4 values"):
        initializers.STFT(window=np.ones(3))((4, 1, 3))


def test_constants(engine):
    assert ops.convert_to_numpy(initializers.Zeros()((2,), "int32")).tolist() == [0, 0]
    assert ops.convert_to_numpy(initializers.Ones()((2,), "bool")).tolist() == [True, True]
    np.testing.assert_array_equal(
        ops.convert_to_numpy(initializers.Identity(2.0)((2, 3))), ARRAYS["identity"]
    )
    np.testing.assert_array_equal(
        ops.convert_to_numpy(initializers.Constant([1.0, 2.0])((2, 2))), ARRAYS["constant"]
    )


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"Constant: a value of shape \(2,\) does not fit"):
        initializers.Constant([1, 2])((2, 3))
    with pytest.raises(ValueError, match="Identity: expected the shape of a matrix"):
        initializers.Identity()((2, 2, 2))
    with pytest.raises(ValueError, match="Orthogonal: expected a shape of at least two axes"):
        initializers.Orthogonal()((5,))
    for wrong in (None, 3, (None, 3)):
        with pytest.raises(TypeError, match="shape must be a tuple of ints"):
            initializers.Zeros()(wrong)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32"])
@pytest.mark.parametrize("value", ["a", [1, "b"], {}, [[1], [1, 2]]])
def test_a_constant_of_something_else(value, dtype):
    with pytest.raises(ValueError, match=r"Constant: expected a number or an array of numbers\. Received: "):
        initializers.Constant(value)((2, 2), dtype)


# seeds


@pytest.mark.parametrize("name", RANDOM)
def test_equal_seeds_equal_values(name, engine):
    one, other = (getattr(initializers, name)(seed=seed) for seed in (3, 4))
    values = ops.convert_to_numpy(one((4, 4)))
    np.testing.assert_array_equal(values, ops.convert_to_numpy(one((4, 4))))  # the same instance again
    np.testing.assert_array_equal(values, one.host((4, 4), "float32"))  # the same on every engine
    np.testing.assert_array_equal(values, initializers.deserialize(initializers.serialize(one))((4, 4)))
    assert not np.array_equal(values, ops.convert_to_numpy(other((4, 4))))


@pytest.mark.parametrize("name", RANDOM)
def test_no_seed(name):
    set_global_seed(1)
    first, second = (getattr(initializers, name)() for _ in range(2))
    values = first.host((4, 4), "float32")
    assert np.array_equal(values, first.host((4, 4), "float32"))
    assert not np.array_equal(values, second.host((4, 4), "float32"))
    assert not np.array_equal(values, first.clone().host((4, 4), "float32"))
    assert first.get_config()["seed"] is None
    set_global_seed(1)
    assert np.array_equal(values, getattr(initializers, name)().host((4, 4), "float32"))


def test_values_are_those_of_philox():
    """Papers, files and tests depend on them: a change here breaks every seed."""
    philox = np.random.Generator(np.random.Philox(1))
    assert (
        initializers.RandomUniform(0.0, 1.0, seed=1).host((3,), "float64").tolist()
        == philox.random(3).tolist()
    )


def test_seed_generators_move_on(engine):
    from keras.random import SeedGenerator

    first, second = (initializers.RandomNormal(seed=SeedGenerator(3)) for _ in range(2))
    a, b = first.host((4,), "float32"), first.host((4,), "float32")
    assert not np.array_equal(a, b)
    assert np.array_equal(a, second.host((4,), "float32"))
    assert first.get_config()["seed"]["class_name"] == "SeedGenerator"


@pytest.mark.parametrize("seed", ["x", 1.5, True, [1]])
def test_wrong_seeds(seed):
    with pytest.raises(ValueError, match="GlorotUniform: the seed must be a whole number"):
        initializers.GlorotUniform(seed=seed)


def test_the_global_stream():
    set_global_seed(5)
    first = [next_host_seed() for _ in range(1000)]
    set_global_seed(5)
    assert first == [next_host_seed() for _ in range(1000)]
    assert len(set(first)) == 1000
    assert all(0 <= seed < 2**31 for seed in first)


def test_without_a_global_seed_processes_differ():
    program = "from keras.random.seeds import next_host_seed; print(next_host_seed())"
    drawn = {run_python(program).stdout for _ in range(2)}
    assert len(drawn) == 2


# arguments and identifiers


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": 0}, "scale must be positive"),
        ({"mode": "fan_inn"}, 'Did you mean "fan_in"'),
        ({"distribution": "unifrom"}, 'Did you mean "uniform"'),
    ],
)
def test_variance_scaling_checks_its_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        initializers.VarianceScaling(**arguments)
    assert initializers.VarianceScaling(distribution="normal").distribution == "truncated_normal"


@pytest.mark.parametrize(
    "name",
    [n for n in initializers.__all__ if n not in ("get", "serialize", "deserialize", "RandomInitializer")],
)
def test_every_public_name_is_an_identifier(name):
    found = initializers.get(name)
    assert isinstance(found, Initializer)
    assert initializers.get(type(found).__name__).get_config() == found.get_config()


def test_get():
    assert initializers.get(None) is None
    assert type(initializers.get("zero")) is initializers.Zeros
    assert type(initializers.get("normal")) is initializers.RandomNormal
    assert initializers.get(np.arange(3.0)).host((3,), "float32").tolist() == [0, 1, 2]
    with pytest.raises(
        ValueError, match=r'Unknown initializer "glorot_unifrom"\. Did you mean "glorot_uniform"'
    ):
        initializers.get("glorot_unifrom")
    with pytest.raises(TypeError, match="initializer"):
        initializers.get(3)


# a user's own


class ByOps(Initializer):
    """As users write them: `__call__`, with ops."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, shape, dtype=None):
        return self.factor * ops.ones(shape, dtype)


class OverGlorot(initializers.GlorotUniform):
    """What the user wrote wins over the inherited host values."""

    def __call__(self, shape, dtype=None):
        return ops.zeros(shape, dtype)


class OnHost(Initializer):
    def host(self, shape, dtype):
        return np.full(shape, 7, dtype)


@pytest.mark.parametrize(("initializer", "value"), [(ByOps(3.0), 3.0), (OverGlorot(), 0.0), (OnHost(), 7.0)])
def test_custom_initializers(initializer, value, engine):
    assert ops.convert_to_numpy(initializer((2,), "float32")).tolist() == [value] * 2
    assert initializer.host((2,), "float32").tolist() == [value] * 2
    assert Variable(initializer, (2,)).numpy().tolist() == [value] * 2


def test_custom_config():
    assert ByOps(3.0).get_config() == {"factor": 3.0}
    assert ByOps(3.0).clone().factor == 3.0


def test_base_class_alone():
    with pytest.raises(NotImplementedError, match="__call__"):
        Initializer()((2,))


def test_deserialize_reads_names_and_any_spelling():
    assert type(initializers.deserialize("glorot_uniform")) is initializers.GlorotUniform
    assert initializers.deserialize({"class_name": "constant", "config": {"value": 2.0}}).value == 2.0


def test_a_tensor_holds_the_values_themselves(engine):
    order = initializers.get(ops.convert_to_tensor([2, 0, 1]))
    assert ops.convert_to_numpy(order((3,), "int32")).tolist() == [2, 0, 1]
    weight = Variable(ops.convert_to_tensor([2, 0, 1]), dtype="int32", trainable=False)
    assert weight.numpy().tolist() == [2, 0, 1]
