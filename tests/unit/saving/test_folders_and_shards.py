"""Models in folders, weights in shards: those of real Keras 3.15.1 (tests/golden/make_saving.py), ours, and damaged ones."""

import json
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

import keras

GOLDEN = Path(__file__).parents[2] / "golden" / "saving"
FILES = ["config.json", "metadata.json", "model.weights.h5"]
BYTES = 1 / 1024**3


def graph_agrees(model):
    with np.load(GOLDEN / "graph_k3.npz") as data:
        got = model.predict([data["x0"], data["x1"]], verbose=0)
        for i, output in enumerate(got):
            np.testing.assert_allclose(output, data[f"out{i}"], rtol=1e-5, atol=1e-6)


def small(units=4):
    layers = [keras.Input((3,)), keras.layers.Dense(units, name="a"), keras.layers.Dense(2, name="b")]
    return keras.Sequential(layers, name="small")


def same_weights(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True))


# ---------------------------------------------------------------------- folders
def test_a_folder_of_keras_3_loads_and_trains_on():
    model = keras.models.load_model(GOLDEN / "graph_k3")
    graph_agrees(model)
    with np.load(GOLDEN / "graph_k3.npz") as data:
        x, y = [data["x0"], data["x1"]], [data["y0"], data["y1"]]
        got = [float(model.train_on_batch(x, y, return_dict=True)["loss"]) for _ in range(2)]
        np.testing.assert_allclose(got, data["losses"][1:3], rtol=2e-5)


def test_a_folder_holds_the_archives_files(tmp_path):
    model = keras.models.load_model(GOLDEN / "graph_k3.keras")
    path = tmp_path / "deep" / "model.h5"  # no ending is special, and folders above are made, as Keras does
    model.save(path, zipped=False)
    assert sorted(os.listdir(path)) == FILES
    graph_agrees(keras.models.load_model(str(path)))
    fresh = keras.models.clone_model(model)
    fresh.load_weights(path / "model.weights.h5")
    graph_agrees(fresh)


def test_a_folder_of_something_else_is_told(tmp_path):
    (tmp_path / "notes.keras").mkdir()
    with pytest.raises(ValueError, match=r"notes\.keras is a folder, but not one of a saved model"):
        keras.models.load_model(tmp_path / "notes.keras")


def test_which_endings_go_with_zipped(tmp_path):
    with pytest.raises(ValueError, match=r"does not end in \.keras"):
        small().save(tmp_path / "m.keras", zipped=False)
    for zipped in (None, True):
        small().save(tmp_path / "m.keras", zipped=zipped)
        assert (tmp_path / "m.keras").is_file()
        with pytest.raises(ValueError, match="zipped=False"):
            small().save(tmp_path / "folder", zipped=zipped)


def test_other_files_of_the_folder_stay(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    for units in (4, 5):
        small(units).save(tmp_path, zipped=False)
        assert keras.models.load_model(tmp_path).layers[0].units == units
    assert sorted(os.listdir(tmp_path)) == ["README.md", *FILES]
    assert (tmp_path / "README.md").read_text() == "mine"
    with pytest.raises(ValueError, match="overwrite"):
        small().save(tmp_path, overwrite=False, zipped=False)


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("failing", range(6))
def test_a_failure_at_any_move_leaves_the_old_model(tmp_path, monkeypatch, failing, error):
    small(4).save(tmp_path, zipped=False)
    moves, replace = iter(range(100)), os.replace

    def breaks_once(source, target):
        fails = next(moves) == failing + 1  # the first is that of the weights within the new files
        if not fails or error is KeyboardInterrupt:  # Ctrl-C may come just after a move
            replace(source, target)
        if fails:
            raise error("gone")

    monkeypatch.setattr(os, "replace", breaks_once)
    with pytest.raises(error, match="gone"):
        small(5).save(tmp_path, zipped=False)
    assert sorted(os.listdir(tmp_path)) == FILES
    assert keras.models.load_model(tmp_path).layers[0].units == 4


def test_a_failure_while_writing_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(h5py.Group, "create_dataset", lambda *a, **k: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        small().save(tmp_path / "new", zipped=False)
    assert os.listdir(tmp_path) == []


def test_damaged_folders(tmp_path):
    small().save(tmp_path / "m", zipped=False)
    (tmp_path / "m" / "model.weights.h5").unlink()
    with pytest.raises(ValueError, match=r"model\.weights\.h5"):
        keras.models.load_model(tmp_path / "m")
    (tmp_path / "m" / "config.json").write_text("{")
    with pytest.raises(ValueError, match=r"config\.json is not valid JSON"):
        keras.models.load_model(tmp_path / "m")
    (tmp_path / "m" / "config.json").unlink()
    with pytest.raises(ValueError, match="folder"):
        keras.models.load_model(tmp_path / "m")


# ---------------------------------------------------------------------- shards
def test_shards_of_keras_3():
    model = keras.models.model_from_json((GOLDEN / "graph_k3.json").read_text())
    model.load_weights(GOLDEN / "graph_k3.weights.json")
    graph_agrees(model)


def test_an_index_as_keras_3_writes_it(tmp_path):
    """The sizes, names and map are those of real Keras for the same model and shard size."""
    model = small(20)
    model.compile(keras.optimizers.SGD(), "mse")
    model.save_weights(tmp_path / "s.weights.json", max_shard_size=320 * BYTES)
    assert json.loads((tmp_path / "s.weights.json").read_text()) == {
        "metadata": {"total_size": 500},
        "weight_map": {
            "/layers/dense/vars": ["s_00000.weights.h5"],
            "/layers/dense_1/vars": ["s_00001.weights.h5"],
            "/optimizer/vars": ["s_00001.weights.h5"],
        },
    }
    fresh = small(20)
    fresh.load_weights(tmp_path / "s.weights.json")
    assert same_weights(fresh, model)


def test_an_object_split_over_shards(tmp_path):
    model = small(20)
    model.save_weights(tmp_path / "s.weights.json", max_shard_size=240 * BYTES)
    with h5py.File(tmp_path / "s_00001.weights.h5") as f:
        assert sorted(f["layers/dense/vars"]) == ["1"]
    fresh = small(20)
    fresh.load_weights(str(tmp_path / "s.weights.json"))
    assert same_weights(fresh, model)


def test_the_optimizers_state_in_shards(tmp_path):
    x, y = np.ones((4, 3), "float32"), np.ones((4, 2), "float32")
    models = [small(), small()]
    for model in models:
        model.compile("adam", "mse")
        model.fit(x, y, verbose=0)
    models[0].fit(x, y, epochs=3, verbose=0)
    models[0].save_weights(tmp_path / "s.weights.json", max_shard_size=100 * BYTES)
    assert len(os.listdir(tmp_path)) > 3
    models[1].load_weights(tmp_path / "s.weights.json")
    losses = [m.train_on_batch(x, y) for m in models]
    assert losses[0] == losses[1]
    assert same_weights(*models)


def test_endings_and_sizes(tmp_path):
    with pytest.warns(UserWarning, match=r"t\.weights\.json"):
        small().save_weights(tmp_path / "t.weights.h5", max_shard_size=1)
    assert sorted(os.listdir(tmp_path)) == ["t.weights.json", "t_00000.weights.h5"]
    for name, size in (("t.h5", 1), ("t.json", 1), ("t.weights.json", None)):
        with pytest.raises(ValueError, match="ending"):
            small().save_weights(tmp_path / name, max_shard_size=size)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        small().save_weights(tmp_path / "nowhere" / "t.weights.json", max_shard_size=1)
    before = (tmp_path / "t.weights.json").read_bytes()
    with pytest.raises(ValueError, match="48 bytes, more than a shard"):
        small().save_weights(tmp_path / "t.weights.json", max_shard_size=40 * BYTES)
    assert (tmp_path / "t.weights.json").read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["t.weights.json", "t_00000.weights.h5"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "weight_map"),
        ('{"weight_map": 3}', "weight_map"),
        ('{"weight_map": {"/layers/dense/vars": 3}}', "names a shard"),
        ('{"weight_map": {"/layers/dense/vars": ["../other/s_00000.weights.h5"]}}', "names a shard"),
        ('{"weight_map": {"/layers/dense/vars": "/etc/passwd"}}', "names a shard"),
        ('{"weight_map": {"/layers/dense/vars": "..\\\\x.weights.h5"}}', "names a shard"),
        ('{"weight_map": {"/layers/dense/vars": ".."}}', "names a shard"),
        ('{"weight_map": {"/layers/dense/vars": "missing.weights.h5"}}', "no file .*missing"),
        ('{"weight_map": {}}', "file has nothing for it"),
    ],
)
def test_hostile_indices(tmp_path, text, message):
    model = small()
    other = tmp_path / "other"
    other.mkdir()
    small().save_weights(other / "s.weights.json", max_shard_size=1)
    (tmp_path / "s.weights.json").write_text(text)
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.load_weights(tmp_path / "s.weights.json")
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


# ---------------------------------------------------------------------- objects to skip
@pytest.mark.parametrize("ending", [".weights.h5", ".weights.json"])
def test_objects_to_skip(tmp_path, ending):
    model, other = small(), small(5)
    model.save_weights(tmp_path / f"w{ending}", max_shard_size=None if ending == ".weights.h5" else 1)
    fresh = small()
    kept = fresh.layers[1].get_weights()
    fresh.load_weights(tmp_path / f"w{ending}", objects_to_skip=[fresh.layers[1]])
    assert np.array_equal(fresh.layers[0].get_weights()[0], model.layers[0].get_weights()[0])
    assert np.array_equal(fresh.layers[1].get_weights()[0], kept[0])
    other.load_weights(tmp_path / f"w{ending}", skip_mismatch=True, objects_to_skip=other.layers)


def test_objects_to_skip_is_for_files_matched_by_attribute(tmp_path):
    small().save(tmp_path / "m.keras")
    small().save_weights(tmp_path / "m.h5")
    for name in ("m.keras", "m.h5"):
        with pytest.raises(ValueError, match="objects_to_skip"):
            small().load_weights(tmp_path / name, objects_to_skip=[])


def test_shards_may_be_moved_together(tmp_path):
    model = small()
    model.save_weights(tmp_path / "s.weights.json", max_shard_size=60 * BYTES)
    shutil.copytree(tmp_path, tmp_path / "copy")
    fresh = small()
    fresh.load_weights(tmp_path / "copy" / "s.weights.json")
    assert same_weights(fresh, model)
