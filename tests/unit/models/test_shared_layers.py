"""A layer that stands in a model and in a model inside it is one layer again after reading; Keras 3.15.1 does the same."""

import json
from typing import Any

import numpy as np

import keras
from keras import layers

X = {"a": np.linspace(-1, 1, 8, dtype="f").reshape(2, 4), "b": np.linspace(2, 1, 8, dtype="f").reshape(2, 4)}


def model() -> Any:
    shared = layers.Dense(4, "relu", name="shared")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    inner = keras.Model(a, layers.Dense(2, name="own")(shared(a)), name="inner")
    return keras.Model({"a": a, "b": b}, [layers.Concatenate()([shared(b), inner(b)]), shared(a)])


def check_shared(m: Any) -> None:
    assert m.get_layer("inner").get_layer("shared") is m.get_layer("shared")
    assert m.get_layer("inner").get_layer("own") is not m.get_layer("shared")
    assert m.count_params() == 4 * 4 + 4 + 4 * 2 + 2


def test_there_and_back(tmp_path: Any) -> None:
    m = model()
    m.save(tmp_path / "m.keras")
    for again in (keras.models.load_model(tmp_path / "m.keras"), keras.models.model_from_json(m.to_json())):
        check_shared(again)
    again = keras.models.load_model(tmp_path / "m.keras")
    for mine, wanted in zip(again.predict(X, verbose=0), m.predict(X, verbose=0), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-6)


def test_numbers_of_keras() -> None:
    """Keras numbers every part of a config, by its address in memory at the time: equal numbers need not be one thing."""

    def renumbered(x: Any) -> Any:
        if isinstance(x, dict):
            x = {k: renumbered(v) for k, v in x.items()}
            if "shared_object_id" in x:
                x["shared_object_id"] += 140140088697167
            elif x.get("class_name") in ("Dense", "DTypePolicy", "GlorotUniform"):
                x["shared_object_id"] = 7
            return x
        return [renumbered(v) for v in x] if isinstance(x, list) else x

    config = renumbered(json.loads(model().to_json())["config"])
    check_shared(keras.Model.from_config(config))


def test_what_is_not_shared_has_no_number() -> None:
    x = keras.Input((4,))
    assert "shared_object_id" not in keras.Model(x, layers.Dense(2)(x)).to_json()
