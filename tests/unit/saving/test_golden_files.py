"""Files written by real Keras 3.15.1 and tf-keras 2.21 (tests/golden/make_saving.py) load, predict and train on."""

import json
import re
from pathlib import Path

import h5py
import numpy as np
import pytest

import keras

GOLDEN = Path(__file__).parents[2] / "golden" / "saving"
NAMES = ["dense", "conv", "recurrent", "graph"]
FILES = [
    (name, era, ending) for name in NAMES for era, ending in (("k2", ".h5"), ("k3", ".h5"), ("k3", ".keras"))
]
FILES.append(("hard", "k2", ".h5"))
WEIGHTS = [(name, "k3", ending) for name in NAMES for ending in (".weights.h5", ".h5")]
WEIGHTS += [(name, "k2", ending) for name in [*NAMES, "hard"] for ending in ("_weights.h5", ".h5")]


def case(name):
    with np.load(GOLDEN / f"{name}.npz") as data:
        parts = {
            p: [data[k] for k in sorted(data) if k.startswith(p) and k[len(p) :].isdigit()]
            for p in ("x", "y", "out")
        }
        return parts, data["losses"]


def one(arrays):
    return arrays[0] if len(arrays) == 1 else arrays


def outputs(model, xs):
    result = model.predict(one(xs), verbose=0)
    return result if isinstance(result, list) else [result]


def agree(model, parts):
    for got, expected in zip(outputs(model, parts["x"]), parts["out"], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "era", "ending"), FILES)
def test_whole_model_predicts_as_it_did(engine, name, era, ending):
    parts, _ = case(f"{name}_{era}")
    agree(keras.models.load_model(GOLDEN / f"{name}_{era}{ending}", compile=False), parts)


@pytest.mark.parametrize(("name", "era", "ending"), FILES)
def test_training_goes_on_where_it_stopped(engine, name, era, ending):
    """Compile arguments and optimizer state are restored: the next steps give the losses real Keras got."""
    parts, losses = case(f"{name}_{era}")
    model = keras.models.load_model(GOLDEN / f"{name}_{era}{ending}")
    assert model.compiled
    x, y = one(parts["x"]), one(parts["y"])
    got = [model.evaluate(x, y, verbose=0, return_dict=True)["loss"]]
    got += [model.train_on_batch(x, y, return_dict=True)["loss"] for _ in losses[1:]]
    np.testing.assert_allclose(got, losses, rtol=2e-5)


@pytest.mark.parametrize(("name", "era", "ending"), WEIGHTS)
def test_weights_alone(name, era, ending):
    parts, _ = case(f"{name}_{era}")
    model = keras.models.model_from_json((GOLDEN / f"{name}_{era}.json").read_text())
    model.load_weights(GOLDEN / f"{name}_{era}{ending}")
    agree(model, parts)


@pytest.mark.parametrize("ending", [".h5", ".keras"])
@pytest.mark.parametrize("name", NAMES)
def test_round_trip(tmp_path, name, ending):
    """What is loaded, saved and loaded again predicts and trains the same."""
    parts, losses = case(f"{name}_k3")
    keras.models.load_model(GOLDEN / f"{name}_k3.keras").save(tmp_path / f"again{ending}")
    model = keras.models.load_model(tmp_path / f"again{ending}")
    agree(model, parts)
    got = [
        model.train_on_batch(one(parts["x"]), one(parts["y"]), return_dict=True)["loss"] for _ in losses[1:]
    ]
    np.testing.assert_allclose(got, losses[1:], rtol=2e-5)


@pytest.mark.parametrize("ending", [".h5", ".keras", "keras2"])
def test_what_keras_2_called_hard_sigmoid_stays_it(tmp_path, ending):
    parts, _ = case("hard_k2")
    model = keras.models.load_model(GOLDEN / "hard_k2.h5", compile=False)
    options = {"layout": "keras2"} if ending == "keras2" else {}
    path = tmp_path / ("m.h5" if options else f"m{ending}")
    keras.saving.save_model(model, path, **options)
    again = keras.models.load_model(path, compile=False)
    agree(again, parts)
    names = [layer.recurrent_activation.__name__ for layer in again.layers[:2]]
    assert names == ["keras2_hard_sigmoid"] * 2
    assert keras.activations.get("hard_sigmoid") is keras.activations.hard_sigmoid


@pytest.mark.parametrize(
    ("version", "is_old"),
    [("2.2.4-tf", True), ("1.2.2", True), ("3.15.1", False), (None, False), (2, True), ([], False)],
)
def test_which_versions_are_old(version, is_old):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Activation("hard_sigmoid")])
    config = {**json.loads(model.to_json()), "keras_version": version}
    activation = keras.models.model_from_json(json.dumps(config)).layers[0].activation
    assert activation.__name__ == ("keras2_hard_sigmoid" if is_old else "hard_sigmoid")


def test_todays_hard_sigmoid_is_none_of_keras_2(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Activation("hard_sigmoid")])
    with pytest.warns(UserWarning, match=r"hard_sigmoid is x / 5 \+ 1/2 and not x / 6"):
        keras.saving.save_model(model, tmp_path / "m.h5", layout="keras2")


@pytest.mark.parametrize("name", NAMES)
def test_weights_round_trip(tmp_path, name):
    parts, _ = case(f"{name}_k3")
    whole = keras.models.load_model(GOLDEN / f"{name}_k3.h5", compile=False)
    for ending in (".weights.h5", ".h5"):
        whole.save_weights(tmp_path / f"w{ending}")
        fresh = keras.models.clone_model(whole)
        fresh.load_weights(tmp_path / f"w{ending}")
        agree(fresh, parts)


def test_a_gru_from_before_it_had_two_forms(tmp_path):
    """Keras 2.0 wrote no `reset_after`; what it computed is the form with False."""
    path = tmp_path / "m.h5"
    model = keras.Sequential(
        [keras.Input((4, 3)), keras.layers.Bidirectional(keras.layers.GRU(2, reset_after=False))]
    )
    keras.saving.save_model(model, path, layout="keras2")
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = re.sub(r', "reset_after": false', "", file.attrs["model_config"])
        assert "reset_after" not in file.attrs["model_config"]
    x = np.linspace(-1, 1, 24, dtype="float32").reshape(2, 4, 3)
    again = keras.models.load_model(path)
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    assert keras.layers.deserialize({"class_name": "GRU", "config": {"units": 2}}).reset_after


@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_layers_of_cudnn(tmp_path, kind, both_ways):
    """`CuDNNLSTM` and `CuDNNGRU`, with which models were trained on a GPU: layers and weights in another form."""
    path = tmp_path / "m.h5"
    with np.load(GOLDEN / "cudnn_k2.npz") as data:
        plain, turned = ([data[f"{name}{kind}{i}"] for i in range(3)] for name in ("", "CuDNN"))
    layer = getattr(keras.layers, kind)(2)
    model = keras.Sequential([keras.Input((4, 3)), keras.layers.Bidirectional(layer) if both_ways else layer])
    model.set_weights(plain * (1 + both_ways))
    keras.saving.save_model(model, path, layout="keras2")
    with h5py.File(path, "a") as file:
        config = json.loads(file.attrs["model_config"])
        entry = config["config"]["layers"][-1]
        entry = entry["config"]["layer"] if both_ways else entry
        known = (
            "name",
            "trainable",
            "dtype",
            "units",
            "return_sequences",
            "return_state",
            "go_backwards",
            "stateful",
        )
        entry |= {"class_name": f"CuDNN{kind}", "config": {k: entry["config"][k] for k in known}}
        if both_ways:
            config["config"]["layers"][-1]["config"].pop("backward_layer", None)
        file.attrs["model_config"] = json.dumps(config)
        group = file["model_weights"][model.layers[0].name]
        for name, array in zip(group.attrs["weight_names"], turned * (1 + both_ways), strict=True):
            del group[name]
            group[name] = array
    x = np.linspace(-1, 1, 24, dtype="float32").reshape(2, 4, 3)
    again = keras.models.load_model(path)
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
