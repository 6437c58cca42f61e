"""Every row of tests/golden/layers/cases.py: numbers, gradients, configs and masks are those of Keras 3.15.1."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras import layers
from keras.backend.engine import Engine
from tests.golden.layers.cases import CASES, KERAS_2
from tests.unit.layers.checks import check_layer, make

GOLDEN = Path(__file__).parents[2] / "golden/layers"
FACTS: dict[str, Any] = json.loads(gzip.decompress((GOLDEN / "cases.json.gz").read_bytes()))
OLD: dict[str, Any] = json.loads((GOLDEN / "keras2.json").read_text("utf-8"))

#: Keys Keras writes for features that wrap a layer here, with the only value they may have.
IDLE = {"quantization_config": None, "rms_scaling": False}


@pytest.fixture(scope="module")
def arrays() -> dict[str, dict[str, np.ndarray]]:
    found: dict[str, dict[str, np.ndarray]] = {name: {} for name in CASES}
    with np.load(GOLDEN / "arrays.npz") as file:
        for key in file.files:
            name, _, what = key.replace("|", "/").partition(":")
            found[name][what] = file[key]
    return found


@pytest.mark.parametrize("name", CASES)
def test_layer(engine: Engine, name: str, arrays: dict[str, dict[str, np.ndarray]]) -> None:
    check_layer(CASES[name], arrays[name])


def same_keys(config: Any) -> Any:
    """A config without keys that say nothing: idle ones, and an absent activity regularizer."""
    if isinstance(config, dict):
        return {
            k: same_keys(v)
            for k, v in config.items()
            if not (k in IDLE and v == IDLE[k]) and not (k == "activity_regularizer" and v is None)
        }
    return [same_keys(v) for v in config] if isinstance(config, list) else config


def expected_config(name: str) -> Any:
    """What Keras wrote, and the seed that it forgets in a SimpleRNN."""

    def complete(config: Any) -> Any:
        if isinstance(config, dict):
            seed = {"seed": None} if "recurrent_dropout" in config and "seed" not in config else {}
            return {**{k: complete(v) for k, v in config.items()}, **seed}
        return [complete(v) for v in config] if isinstance(config, list) else config

    return same_keys(complete(FACTS[name]["config"]))


@pytest.mark.parametrize("name", CASES)
def test_config_is_that_of_keras(name: str) -> None:
    mine = json.loads(json.dumps(make(CASES[name]).get_config()))
    if "seed" in CASES[name].kwargs:
        mine["seed"] = FACTS[name]["config"].get("seed")
    assert same_keys(mine) == expected_config(name)


@pytest.mark.parametrize("name", CASES)
def test_config_of_keras_is_read(name: str) -> None:
    layer = getattr(layers, CASES[name].layer).from_config(FACTS[name]["config"])
    assert same_keys(json.loads(json.dumps(layer.get_config()))) == expected_config(name)


@pytest.mark.parametrize("name", CASES)
def test_weights_have_the_names_shapes_and_order_of_keras(name: str) -> None:
    layer = make(CASES[name])
    layer.build(*CASES[name].build_shapes)
    assert [[w.name, list(w.shape), w.trainable] for w in layer.weights] == FACTS[name]["weights"]
    assert layer.supports_masking == FACTS[name]["masks"]


@pytest.mark.parametrize("name", KERAS_2)
def test_config_of_keras_2_is_read(name: str) -> None:
    """What both versions call by one name has the value of then."""
    layer = layers.deserialize(OLD[name])
    mine, theirs = json.loads(json.dumps(layer.get_config())), OLD[name]["config"]
    for key in set(mine) & set(theirs) - {"dtype", "axis"}:
        if "initializer" in key:
            assert (mine[key] or {}).get("class_name") == (theirs[key] or {}).get("class_name")
        else:
            assert mine[key] == theirs[key], key
    axis = theirs.get("axis")
    assert mine.get("axis") in (axis, axis[0] if isinstance(axis, list) and len(axis) == 1 else axis)
