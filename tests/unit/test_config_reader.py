"""Reading configs of all eras, and the attacks that have been tried on readers of configs."""

import builtins
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import keras.config
from keras import config_reader, initializers, layers, registry
from keras.config_reader import MAX_DEPTH
from keras.models import Model
from keras.serializable import Serializable, custom_object_scope, deserialize

# Eras and spellings


@pytest.mark.parametrize(
    "module",
    [
        "keras.initializers",
        "keras.src.initializers.random_initializers",
        "keras_core.src.initializers.random_initializers",
        "tf_keras.src.initializers",
        "tensorflow.keras.initializers",
        "tensorflow.python.keras.initializers",
        "keras.api._v2.keras.initializers",
        "keras",
        None,
    ],
)
def test_modules_are_read_in_any_spelling(module):
    data = {"module": module, "class_name": "HeNormal", "config": {"seed": 3}, "registered_name": None}
    assert deserialize(data).seed == 3


def test_the_module_tells_families_apart():
    for family in ("losses", "metrics"):
        data = {"module": f"keras.src.{family}", "class_name": "MeanSquaredError", "config": {}}
        assert type(deserialize(data)).__module__.startswith(f"keras.{family}")
    assert isinstance(
        deserialize({"module": "keras.layers", "class_name": "Identity", "config": {}}), layers.Identity
    )


def test_keras_2_configs_say_no_module():
    config = {
        "name": "d",
        "units": 3,
        "activation": "relu",
        "kernel_initializer": {"class_name": "Identity", "config": {"gain": 2.0}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}},
        "dtype": {"class_name": "Policy", "config": {"name": "mixed_bfloat16"}},
    }
    dense = deserialize({"class_name": "Dense", "config": config})
    assert dense.kernel_initializer.gain == 2.0
    assert dense.kernel_regularizer.l2 == 0.5
    assert dense.dtype_policy.name == "mixed_bfloat16"


def test_keras_2_tuples_and_shapes():
    assert deserialize(
        {"class_name": "__tuple__", "items": [1, {"class_name": "__tuple__", "items": [2]}]}
    ) == (1, (2,))
    assert deserialize({"class_name": "TensorShape", "items": [None, 3]}) == (None, 3)


def test_dicts_that_are_no_configs_are_left_alone():
    for data in ({"a": 1}, {"class_name": 3, "config": 1}, {"class_name": "x"}, {"config": {}}, {}):
        assert deserialize(data) == data


def test_symbolic_tensors():
    data = {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 3], "dtype": "float16", "keras_history": None},
    }
    tensor = deserialize(data)
    assert (tensor.shape, tensor.dtype) == ((None, 3), "float16")


def test_foreign_modules_get_no_suggestions():
    with pytest.raises(ValueError, match=r"module 'mine'.*custom_objects=\{'Dense'") as caught:
        deserialize({"module": "mine", "class_name": "Dense", "config": {}}, family="layers")
    assert "Did you mean" not in str(caught.value)


def test_typos_are_explained():
    with pytest.raises(ValueError, match=r'Unknown class "Dens".*Did you mean "Dense"'):
        deserialize({"module": "keras.layers", "class_name": "Dens", "config": {}})


# Attacks. Whatever a config says, nothing outside the allow-list is reached.


@pytest.fixture(autouse=True)
def _no_traps_sprung(monkeypatch, tmp_path):
    """Fails a test in which something is imported by name from a file, a process is started or a file is written."""
    allowed = set(registry.FAMILIES.values())
    for family in registry.FAMILIES:
        registry.public(family)
    real_import = importlib.import_module

    def guarded(name, package=None):
        assert name in allowed or name in sys.modules, f"import of {name}"
        return real_import(name, package)

    def trap(*args, **kwargs):
        raise AssertionError("a trap was sprung")

    monkeypatch.setattr(importlib, "import_module", guarded)
    for owner, name in (
        (os, "system"),
        (os, "popen"),
        (subprocess, "Popen"),
        (builtins, "eval"),
        (builtins, "exec"),
    ):
        monkeypatch.setattr(owner, name, trap)
    monkeypatch.chdir(tmp_path)
    before = dict(keras.config._settings)
    yield
    assert list(tmp_path.iterdir()) == []
    assert keras.config._settings == before


def config_of(module, name, config, registered=None):
    return {"module": module, "class_name": name, "config": config, "registered_name": registered}


FOREIGN = [
    # CVE-2025-1550: any module, any callable.
    config_of("os", "system", "touch pwned"),
    config_of("os", "system", {"command": "touch pwned"}),
    config_of("posix", "system", {"command": "touch pwned"}),
    config_of("subprocess", "Popen", {"args": ["touch", "pwned"]}),
    config_of("builtins", "eval", {"source": "1"}),
    config_of("builtins", "exec", "1"),
    config_of("builtins", "open", {"file": "pwned", "mode": "w"}),
    config_of("builtins", "type", "object"),
    config_of("builtins", "type", "eval"),
    config_of("builtins", "type", "memmap"),
    config_of("builtins", "function", "eval"),
    config_of("builtins", "function", "os.system"),
    config_of("builtins", "function", "__import__"),
    config_of("os", "function", "system"),
    config_of("os", "function", "system", "function"),
    config_of("importlib", "import_module", {"name": "antigravity"}),
    config_of("pickle", "loads", {"data": "x"}),
    config_of("numpy", "load", {"file": "x", "allow_pickle": True}),
    config_of("torch", "load", {"f": "x"}),
    # CVE-2025-8747, CVE-2025-9906: functions of the library itself as gadgets.
    config_of("keras.utils", "get_file", {"fname": "x", "origin": "http://localhost/x", "cache_dir": "."}),
    config_of("keras.src.utils.file_utils", "get_file", {"origin": "http://localhost/x"}),
    config_of("keras.utils", "function", "get_file"),
    config_of("builtins", "function", "get_file"),
    config_of("keras.config", "enable_unsafe_deserialization", {}),
    config_of("keras.config", "function", "enable_unsafe_deserialization"),
    config_of("keras.config", "set_floatx", {"value": "float16"}),
    config_of("keras.config", "function", "set_floatx"),
    config_of("keras.src.config", "set_backend", {"backend": "theano"}),
    config_of("keras.saving", "load_model", {"filepath": "evil.h5"}),
    config_of("keras.saving", "function", "load_model"),
    config_of("keras.models", "load_model", {"filepath": "evil.h5"}),
    config_of("keras.models", "function", "load_model"),
    config_of("keras.models", "model_from_json", {"json_string": "{}"}),
    config_of("keras.utils", "set_random_seed", {"seed": 1}),
    config_of("keras.random", "function", "set_global_seed"),
    config_of("keras.layers", "deserialize", {"config": {}}),
    config_of("keras.layers", "get", {}),
    config_of("keras.losses", "function", "deserialize"),
    config_of("keras.losses", "function", "get"),
    config_of("keras.layers", "function", "Input"),
    config_of("keras.layers", "function", "Dense"),
    config_of("keras.layers", "importlib", {}),
    config_of("keras.layers", "__class__", {}),
    config_of("keras.layers", "__builtins__", {}),
    config_of("keras.layers.core.os", "system", {}),
    config_of("keras.ops", "function", "numpy.load"),
    config_of("keras.ops", "function", "os"),
    config_of("keras.serializable", "Serializable", {}),
    config_of("keras.registry", "CustomObjectScope", {}),
    # CVE-2025-49655, CVE-2026-1462: wrappers of other formats.
    config_of("keras.layers", "TorchModuleWrapper", {"module": "AAAA"}),
    config_of("keras.layers", "TFSMLayer", {"filepath": "evil"}),
    # Spellings that try to slip past the family table.
    config_of("keras.layers; import os", "system", {}),
    config_of("../keras.layers", "Dense", {"units": 1}),
    config_of("keras_evil.layers", "Dense", {"units": 1}),
    config_of("keras.layers", "Dense\0", {"units": 1}),
    config_of("keras.layers", "dense", {"units": 1}),
    config_of("keras.layers", "Dense.__init__", {"units": 1}),
    config_of("", "Dense.from_config", {}),
]


@pytest.mark.parametrize(
    "data", FOREIGN, ids=lambda d: f"{d['module']}.{d['class_name']}-{str(d['config'])[:20]}"
)
@pytest.mark.parametrize("safe_mode", [True, False])
def test_foreign_names_are_refused(data, safe_mode):
    with pytest.raises(ValueError, match="deserialize"):
        deserialize(data, safe_mode=safe_mode)
    with pytest.raises(ValueError, match="deserialize"):
        deserialize({"a": [data]}, safe_mode=safe_mode)


@pytest.mark.parametrize("data", FOREIGN[:24], ids=lambda d: f"{d['module']}.{d['class_name']}")
def test_foreign_names_are_refused_inside_objects(data):
    dense = config_of("keras.layers", "Dense", {"units": 1, "kernel_initializer": data})
    with pytest.raises(ValueError, match="Dense"):
        deserialize(dense)
    with pytest.raises(ValueError, match="Constant"):
        deserialize(config_of("keras.initializers", "Constant", {"value": data}))


MARSHALLED = ["4wEAAAAAAAAAAAAAAAEAAAADAAAA8wYAAACXAHwAUwApAU6pACkB2gF4cwEAAAA=\n", None, None]


@pytest.mark.parametrize(
    "data",
    [
        {"class_name": "__lambda__", "config": {"value": MARSHALLED}},
        config_of("builtins", "function", {"class_name": "__lambda__", "config": {"value": MARSHALLED}}),
        config_of("builtins", "function", MARSHALLED),
        config_of("builtins", "lambda", {"value": MARSHALLED}),
        config_of(
            "keras.layers", "Activation", {"activation": {"class_name": "__lambda__", "config": MARSHALLED}}
        ),
        config_of(
            "keras.layers",
            "Lambda",
            {"function": {"class_name": "__lambda__", "config": {"value": MARSHALLED}}},
        ),
        config_of("keras.layers", "Lambda", {"function": MARSHALLED, "function_type": "lambda"}),
    ],
)
@pytest.mark.parametrize("safe_mode", [True, False])
def test_code_is_refused_whatever_safe_mode_says(data, safe_mode):  # CVE-2024-3660
    with pytest.raises((ValueError, TypeError), match=r"lambda|function|Lambda"):
        deserialize(data, safe_mode=safe_mode)


def test_the_user_may_give_the_lambda():
    def double(x):
        return 2 * x

    data = {"class_name": "__lambda__", "config": {"value": MARSHALLED}}
    assert deserialize(data, {"<lambda>": double}) is double


def test_a_config_cannot_turn_safe_mode_off():  # CVE-2025-9906
    seen = []

    class Spy(Serializable):
        @classmethod
        def from_config(cls, config, safe_mode=None):
            seen.append(safe_mode)
            return cls()

    inner = config_of(None, "Spy", {"safe_mode": False})
    for safe_mode in (True, False):
        deserialize({"safe_mode": False, "a": inner}, {"Spy": Spy}, safe_mode=safe_mode)
    deserialize(config_of("keras.initializers", "Constant", {"value": inner}), {"Spy": Spy})
    assert seen == [True, False, True]


def test_a_config_cannot_bring_custom_objects():
    data = config_of("keras.layers", "Dense", {"units": 1})
    data["custom_objects"] = {"Dense": "os.system"}
    assert isinstance(deserialize(data), layers.Dense)
    with pytest.raises(TypeError, match="a class is needed"):
        deserialize(data, {"Dense": len})
    with custom_object_scope({"helper": len}), pytest.raises(ValueError, match="helper2"):
        deserialize(config_of("builtins", "function", "helper2"))


@pytest.mark.parametrize("kind", ["list", "dict", "object"])
def test_deep_nesting_is_refused(kind):
    data = 1
    for _ in range(MAX_DEPTH + 1):
        if kind == "list":
            data = [data]
        elif kind == "dict":
            data = {"a": data}
        else:
            data = config_of("keras.initializers", "Constant", {"value": data})
    with pytest.raises(ValueError, match="levels deep"):
        deserialize(data)
    assert deserialize([1]) == [1]  # and the count starts anew


def test_very_deep_nesting_does_not_exhaust_the_stack():
    data: object = []
    for _ in range(100_000):
        data = [data]
    with pytest.raises(ValueError, match="levels deep"):
        deserialize(data)
    while data:  # taken apart here: Python frees deep nests recursively
        data = data.pop()


def test_exponential_aliases_are_refused(monkeypatch):
    """What YAML's anchors make of a few lines."""
    monkeypatch.setattr(config_reader, "MAX_SIZE", 10_000)
    laughs: list = [1]
    for _ in range(50):
        laughs = [laughs] * 10
    with pytest.raises(ValueError, match="far too large"):
        deserialize(laughs)


def test_reasonable_nesting_is_fine():
    data = config_of("keras.layers", "Dense", {"units": 1})
    for _ in range(10):
        data = config_of("keras.layers", "TimeDistributed", {"layer": data})
    assert isinstance(deserialize(data), layers.TimeDistributed)


def test_huge_texts_make_short_messages():
    huge = "A" * 10_000_000
    for data in (
        config_of(huge, "Dense", {}),
        config_of("keras.layers", huge, {}),
        config_of("builtins", "function", huge),
    ):
        with pytest.raises(ValueError, match="deserialize") as caught:
            deserialize(data)
        assert len(str(caught.value)) < 2000


@pytest.mark.parametrize(
    "data",
    [
        config_of("keras.layers", "Dense", None),
        config_of("keras.layers", "Dense", "units=1"),
        config_of("keras.layers", "Dense", [1]),
        config_of(3, "Dense", {"units": 1}),
        config_of(["keras.layers"], "Dense", {"units": 1}),
        config_of({"a": 1}, "Dense", {"units": 1}),
        config_of("keras.layers", "Dense", {}),
        config_of("keras.layers", "Dense", {"units": 1, "evil": 2}),
        config_of("keras.layers", "Dense", {"units": 1, "__class__": "x"}),
        {"class_name": "__numpy__", "config": {"value": ["x"], "dtype": "object"}},
        {"class_name": "__numpy__", "config": {"value": "x", "dtype": "float32"}},
        {"class_name": "__numpy__", "config": {"value": [1], "dtype": "memmap"}},
        {"class_name": "__numpy__", "config": {"value": [1], "dtype": "f4,(1000000000,)f4"}},
        {"class_name": "__numpy__", "config": {"value": [1], "dtype": {"a": 1}}},
        {"class_name": "__numpy__", "config": 3},
        {"class_name": "__tensor__", "config": {"value": {"a": 1}}},
        {"class_name": "__bytes__", "config": {}},
        {"class_name": "__tuple__", "config": {}},
        {"class_name": "__keras_tensor__", "config": {}},
        {"class_name": "__typespec__", "config": {}},
    ],
    ids=str,
)
def test_malformed_configs_are_errors_of_the_usual_kinds(data):
    with pytest.raises((ValueError, TypeError)):
        deserialize(data)


def test_arrays_are_numbers_only():
    read = deserialize({"class_name": "__numpy__", "config": {"value": [[1, 2]], "dtype": "int8"}})
    assert read.dtype == np.int8
    assert read.tolist() == [[1, 2]]


def test_attributes_cannot_be_set_through_a_config():
    obj = deserialize(config_of("keras.initializers", "Constant", {"value": {"__class__": "os.system"}}))
    assert type(obj) is initializers.Constant


def test_every_name_the_allow_list_knows_is_harmless_data_or_a_pure_function():
    """The allow-list itself: no name in it does input or output, changes settings or loads anything."""
    words = (
        "load",
        "save",
        "file",
        "open",
        "download",
        "url",
        "path",
        "exec",
        "eval",
        "import",
        "backend",
        "config",
    )
    suspicious = {
        f"{family}.{name}"
        for family in registry.FAMILIES
        for name in registry.public(family)
        for word in words
        if word in name.lower().split("_")
    }
    assert suspicious <= {"models.model_from_config"}  # no class, so no config can name it
    for family in registry.FUNCTION_FAMILIES:
        assert all(callable(f) for f in registry.public(family).values())
    assert "models" not in registry.FUNCTION_FAMILIES


def test_the_readers_source_imports_nothing_by_variable():
    for module in ("keras.config_reader", "keras.serializable"):
        source = Path(sys.modules[module].__file__).read_text("utf-8")
        for word in ("__import__", "import_module", "eval(", "exec(", "marshal", "pickle", "globals()"):
            assert word not in source
    source = Path(registry.__file__).read_text("utf-8")
    assert source.count("import_module") == 1
    assert "import_module(FAMILIES[family])" in source


def test_json_of_a_stranger_end_to_end():
    text = json.dumps(
        config_of("keras.layers", "Dense", {"units": 2, "activation": config_of("os", "system", "x")})
    )
    with pytest.raises(ValueError, match=r"Dense.*module 'os'"):
        deserialize(json.loads(text))


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("layers",), None),
        (("layers", 1), "text"),
        (("layers", 1, "module"), [1]),
        (("layers", 1, "build_config"), {"input_shape": []}),
        (("layers", 1, "config", "kernel_initializer"), config_of("keras.initializers", "RandomUniform", {"minval": 10**400})),
        (("layers", 1, "inbound_nodes", 0, "kwargs"), 3.5),
        (("layers", 1, "inbound_nodes", 0, "args", 0, "config"), {}),
        (("output_layers", 0), "dense_that_is_not_there"),
    ],
)  # fmt: skip
def test_a_model_whose_config_is_damaged_is_a_value_error(at, value):
    x = layers.Input((3,), name="x")
    config = json.loads(Model(x, layers.Dense(2)(x)).to_json())
    node = config["config"]
    for key in at[:-1]:
        node = node[key]
    node[at[-1]] = value
    if value is None:
        del node[at[-1]]
    with pytest.raises((ValueError, TypeError), match="while making a Functional from its config"):
        deserialize(config, family="models")
