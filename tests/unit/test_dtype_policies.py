"""Dtype policies: which pairs of dtypes names mean; as in real Keras 3.15.1 unless said."""

import copy

import numpy as np
import pytest

from keras import config, dtype_policies
from keras.dtype_policies import DTypePolicy, DTypePolicyMap


@pytest.mark.parametrize(
    ("name", "compute", "variable"),
    [
        *(
            (n, n, n)
            for n in ("float32", "float64", "float16", "bfloat16", "int32", "uint8", "bool", "complex64")
        ),
        ("mixed_float16", "float16", "float32"),
        ("mixed_bfloat16", "bfloat16", "float32"),
    ],
)
def test_names(name, compute, variable):
    policy = DTypePolicy(name)
    assert (policy.name, policy.compute_dtype, policy.variable_dtype) == (name, compute, variable)
    assert policy.quantization_mode is None
    assert policy.get_config() == {"name": name}
    assert repr(policy) == f'<DTypePolicy "{name}">'
    assert dtype_policies.deserialize(dtype_policies.serialize(policy)) == policy


def test_equality_is_by_name():
    assert DTypePolicy("float16") == DTypePolicy("float16")
    assert DTypePolicy("float16") != DTypePolicy("float32")
    assert len({DTypePolicy("float16"), DTypePolicy("float16")}) == 1
    assert copy.deepcopy(DTypePolicy("float16")) == DTypePolicy("float16")


@pytest.mark.parametrize("name", ["float23", "mixed_float32", "mixed_float64", "", "foo"])
def test_unknown_names(name):
    with pytest.raises(ValueError, match="DTypePolicy: Unknown dtype"):
        DTypePolicy(name)


@pytest.mark.parametrize(
    "name", ["int4", "float8", "int8_from_float32", "float8_from_mixed_bfloat16", "gptq/4/128"]
)
def test_quantisation_is_no_policy(name):
    with pytest.raises(ValueError, match="asks for quantised computation, which is not a dtype policy here"):
        dtype_policies.get(name)


def test_quantised_policies_in_files():
    data = {
        "module": "keras.dtype_policies",
        "class_name": "QuantizedDTypePolicy",
        "config": {"mode": "int8", "source_name": "float32"},
    }
    with pytest.raises(ValueError, match="QuantizedDTypePolicy"):
        dtype_policies.get(data)


def test_get():
    policy = DTypePolicy("float16")
    assert dtype_policies.get(policy) is policy
    for same in (
        "float16",
        np.float16,
        np.dtype("float16"),
        {"class_name": "Policy", "config": {"name": "float16"}},
    ):
        assert dtype_policies.get(same) == policy
    assert dtype_policies.get(None).name == "float32"
    config.set_dtype_policy("mixed_bfloat16")
    assert dtype_policies.get(None).name == DTypePolicy().name == "mixed_bfloat16"


@pytest.mark.parametrize("wrong", [3, lambda x: x, [1], {"class_name": "L2", "config": {}}, object()])
def test_what_is_no_policy(wrong):
    with pytest.raises(ValueError, match=r"dtype|L2"):
        dtype_policies.get(wrong)


def test_map():
    policies = DTypePolicyMap("mixed_float16", {"dense": DTypePolicy("float32")})
    policies["a/b.*"] = "bfloat16"
    names = {path: policies[path].name for path in ("dense", "dense/x", "m/dense", "a/b", "a/bc", "other")}
    assert names == {
        "dense": "float32",
        "dense/x": "mixed_float16",
        "m/dense": "mixed_float16",
        "a/b": "bfloat16",
        "a/bc": "bfloat16",
        "other": "mixed_float16",
    }
    assert (policies.name, policies.compute_dtype, policies.variable_dtype) == (
        "map_mixed_float16",
        "float16",
        "float32",
    )
    assert list(policies) == ["dense", "a/b.*"]
    assert len(policies) == 2
    assert "other" not in policies
    again = dtype_policies.deserialize(dtype_policies.serialize(policies))
    assert again == policies
    assert again["a/bc"].name == "bfloat16"
    with pytest.raises(ValueError, match="has a policy already"):
        policies["dense"] = "float16"
    policies["a/bc?"] = "float64"
    with pytest.raises(ValueError, match="matches several keys"):
        policies["a/b"]
    del policies["a/bc?"]
    assert policies["a/b"].name == "bfloat16"
