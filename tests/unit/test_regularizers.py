"""Penalties against real Keras 3.15.1."""

from pathlib import Path

import numpy as np
import pytest

from keras import ops, regularizers

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "configs" / "arrays.npz")

CASES = {
    "L1": regularizers.L1(0.1),
    "L2": regularizers.L2(0.2),
    "L1L2": regularizers.L1L2(0.1, 0.2),
    "rows": regularizers.OrthogonalRegularizer(0.1, "rows"),
    "columns": regularizers.OrthogonalRegularizer(0.1, "columns"),
}


@pytest.mark.parametrize("name", CASES)
def test_numbers(name, engine):
    penalty = CASES[name](ops.convert_to_tensor(GOLDEN["w"]))
    assert tuple(penalty.shape) == ()
    np.testing.assert_allclose(ops.convert_to_numpy(penalty), GOLDEN[name], rtol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_variables_and_half_precision(name, engine):
    from keras import Variable

    assert float(CASES[name](Variable(GOLDEN["w"]))) == pytest.approx(float(GOLDEN[name]), rel=1e-6)
    half = CASES[name](ops.convert_to_tensor(GOLDEN["w"], "float16"))
    assert ops.dtype(half) == "float16"
    assert float(half) == pytest.approx(float(GOLDEN[name]), rel=1e-2)


def test_gradients(engine):
    def value(x):
        return regularizers.L1L2(0.1, 0.2)(x)

    _, (gradient,) = ops.value_and_grad(value, [ops.convert_to_tensor(GOLDEN["w"])])
    np.testing.assert_allclose(
        ops.convert_to_numpy(gradient), 0.1 * np.sign(GOLDEN["w"]) + 0.4 * GOLDEN["w"], rtol=1e-6
    )


def test_the_plain_base_asks_for_nothing():
    assert regularizers.Regularizer()(np.ones(3)) == 0.0
    assert float(regularizers.L1L2()(np.ones(3, "float32"))) == 0.0


@pytest.mark.parametrize("wrong", [-1, "a", float("nan"), float("inf"), [1.0, 2.0]])
def test_factors_are_checked(wrong):
    for make in (regularizers.L1, regularizers.L2, regularizers.L1L2, regularizers.OrthogonalRegularizer):
        with pytest.raises(ValueError, match="must be a non-negative number"):
            make(wrong)
    assert regularizers.L1(None).l1 == 0.01


def test_orthogonal_checks():
    with pytest.raises(ValueError, match='Did you mean "rows"'):
        regularizers.OrthogonalRegularizer(mode="row")
    with pytest.raises(ValueError, match=r"expected a matrix, got a tensor of shape \(2, 2, 2\)"):
        regularizers.OrthogonalRegularizer()(np.ones((2, 2, 2), "float32"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("l1", regularizers.L1),
        ("L2", regularizers.L2),
        ("l1l2", regularizers.L1L2),
        ("l1_l2", regularizers.L1L2),
        ("orthogonal_regularizer", regularizers.OrthogonalRegularizer),
    ],
)
def test_get(name, kind):
    assert type(regularizers.get(name)) is kind
    assert type(regularizers.get(kind)) is kind
    assert regularizers.get(None) is None
    with pytest.raises(ValueError, match="Did you mean"):
        regularizers.get(name + "x")


@pytest.mark.parametrize("regularizer", CASES.values())
def test_round_trip(regularizer):
    again = regularizers.deserialize(regularizers.serialize(regularizer))
    assert again.get_config() == regularizer.get_config()


def test_a_users_own():
    class Sparse(regularizers.Regularizer):
        def __init__(self, weight=1.0):
            self.weight = weight

        def __call__(self, x):
            return self.weight * ops.sum(ops.abs(x))

    data = regularizers.serialize(Sparse(2.0))
    assert regularizers.deserialize(data, {"Sparse": Sparse}).weight == 2.0
    assert float(Sparse(2.0)(ops.ones((3,)))) == 6.0


def test_deserialize_reads_names_and_any_spelling():
    assert regularizers.deserialize("l2").l2 == 0.01
    assert regularizers.deserialize({"class_name": "l2", "config": {"l2": 0.5}}).l2 == 0.5


@pytest.mark.parametrize("name", CASES)
def test_a_penalty_in_bfloat16_stays_in_it(name, engine):
    assert ops.dtype(CASES[name](ops.convert_to_tensor(GOLDEN["w"], "bfloat16"))) == "bfloat16"


def test_no_penalty_is_a_tensor_of_the_dtype_too(engine):
    zero = regularizers.L1L2(0.0, 0.0)(ops.ones((2,), "float16"))
    assert (ops.dtype(zero), float(zero)) == ("float16", 0.0)
