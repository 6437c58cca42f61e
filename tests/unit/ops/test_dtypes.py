"""Promotion against the table taken from real Keras, and the many spellings of a dtype."""

import gzip
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from keras import config, ops
from keras.backend import dtypes

GOLDEN = Path(__file__).parents[2] / "golden" / "ops" / "dtypes.json.gz"
PYTHON = {"py:int": int, "py:float": float, "py:bool": bool, "py:none": None}


@pytest.fixture
def floatx():
    before = config.floatx()
    yield config.set_floatx
    config.set_floatx(before)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_result_type_equals_keras(name, floatx):
    data = json.loads(gzip.decompress(GOLDEN.read_bytes()))
    floatx(name)
    names = data["names"]
    for repeat, expected in data["floatx"][name].items():
        for row, want in zip(itertools.product(names, repeat=int(repeat)), expected, strict=True):
            got = dtypes.result_type(*(PYTHON.get(n, n) for n in row))
            assert got == names[want], (name, row)


def test_standardize_spellings():
    assert dtypes.standardize(None) == dtypes.standardize(float) == dtypes.standardize("float") == "float32"
    assert dtypes.standardize(int) == "int32"
    assert dtypes.standardize(np.dtype("int8")) == "int8"
    assert dtypes.standardize(np.bool_) == "bool"

    class Foreign:
        def __str__(self):
            return "torch.float16"

    assert dtypes.standardize(Foreign()) == "float16"


def test_standardize_suggests():
    with pytest.raises(ValueError, match='Did you mean "float32"'):
        dtypes.standardize("flot32")


def test_float8_is_not_promoted():
    with pytest.raises(ValueError, match=r"float8_e5m2.*cast them first"):
        dtypes.result_type("float8_e5m2", "float32")


def test_limits():
    assert dtypes.limits("uint16") == (0, 65535)
    assert dtypes.limits("float16") == (-65504.0, 65504.0)


@pytest.mark.parametrize(
    ("kinds", "product"),
    [
        (("int8", "int8"), "int32"),
        (("int8", "bool"), "int8"),
        (("bool", "int8"), "int8"),
        (("uint8", "int8"), "int16"),
        (("uint8", "bool"), "uint8"),
        (("bool", "bool"), "bool"),
    ],
)
def test_products_of_small_integers(engine, kinds, product):
    """The dtypes of Keras 3.15.1 on NumPy: int32 where all are int8, and only there."""
    a, b = (ops.ones((1, 1), kind) for kind in kinds)
    assert dtypes.standardize(ops.matmul(a, b).dtype) == product
    assert dtypes.standardize(ops.einsum("ij,jk->ik", a, b).dtype) == product
