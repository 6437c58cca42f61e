"""Projections against real Keras 3.15.1."""

from pathlib import Path

import numpy as np
import pytest

from keras import constraints, ops

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "configs" / "arrays.npz")

CASES = {
    "NonNeg": constraints.NonNeg(),
    **{f"MaxNorm {axis}": constraints.MaxNorm(1.5, axis) for axis in (0, 1, [0, 1])},
    **{f"UnitNorm {axis}": constraints.UnitNorm(axis) for axis in (0, 1, [0, 1])},
    **{f"MinMaxNorm {axis}": constraints.MinMaxNorm(1.0, 1.5, 0.7, axis) for axis in (0, 1, [0, 1])},
}


@pytest.mark.parametrize("name", CASES)
def test_numbers(name, engine):
    from keras import Variable

    for w in (ops.convert_to_tensor(GOLDEN["w"]), Variable(GOLDEN["w"])):
        np.testing.assert_allclose(ops.convert_to_numpy(CASES[name](w)), GOLDEN[name], rtol=1e-6)


def test_filters(engine):
    projected = constraints.MaxNorm(1.5, [0, 1, 2])(ops.convert_to_tensor(GOLDEN["v"]))
    np.testing.assert_allclose(ops.convert_to_numpy(projected), GOLDEN["MaxNorm filters"], rtol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_dtype_is_kept(name, engine):
    assert ops.dtype(CASES[name](ops.convert_to_tensor(GOLDEN["w"], "float16"))) == "float16"


def test_zero_vectors_stay_finite(engine):
    for constraint in CASES.values():
        assert np.isfinite(ops.convert_to_numpy(constraint(ops.zeros((3, 2))))).all()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("max_norm", constraints.MaxNorm),
        ("MaxNorm", constraints.MaxNorm),
        ("non_neg", constraints.NonNeg),
        ("unit_norm", constraints.UnitNorm),
        ("min_max_norm", constraints.MinMaxNorm),
    ],
)
def test_get(name, kind):
    assert type(constraints.get(name)) is kind
    assert type(constraints.get(kind)) is kind
    assert constraints.get(None) is None
    with pytest.raises(ValueError, match=r"Unknown constraint.*Did you mean"):
        constraints.get(name + "x")


@pytest.mark.parametrize("constraint", CASES.values())
def test_round_trip(constraint):
    again = constraints.deserialize(constraints.serialize(constraint))
    assert again.get_config() == constraint.get_config()


def test_the_base_changes_nothing():
    w = np.ones(3)
    assert constraints.Constraint()(w) is w


def test_deserialize_reads_names_and_any_spelling():
    assert constraints.deserialize("max_norm").max_value == 2
    assert constraints.deserialize({"class_name": "max_norm", "config": {"max_value": 3}}).max_value == 3
