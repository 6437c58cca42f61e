"""Damaged, foreign and hostile files: a clear error, nothing half-loaded, nothing run, nothing lost."""

import errno
import json
import os
import pickle
import random
import time
import warnings
import zipfile

import h5py
import numpy as np
import pytest

import keras
from tests.processes import run_python


def small():
    layers = [keras.Input((3,)), keras.layers.Dense(4, name="a"), keras.layers.Dense(2, name="b")]
    model = keras.Sequential(layers, name="sequential")
    model.compile("adam", "mse")
    return model


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.h5"
    small().save(path)
    return path


def edit_config(path, change):
    with h5py.File(path, "r+") as f:
        config = json.loads(f.attrs["model_config"])
        f.attrs["model_config"] = json.dumps(change(config) or config).encode()


@pytest.mark.parametrize("ending", [".h5", ".weights.h5", ".keras"])
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9])
def test_a_file_cut_short(tmp_path, ending, part):
    path = tmp_path / f"m{ending}"
    model = small()
    (model.save_weights if ending == ".weights.h5" else model.save)(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    before = model.get_weights()
    with pytest.raises(ValueError, match=path.name):
        model.load_weights(path) if ending == ".weights.h5" else keras.models.load_model(path)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"PK\x03\x04garbage", b"\x89HDF\r\n\x1a\n" + b"\0" * 50, pickle.dumps({"a": 1})],
)
def test_a_file_of_another_kind(tmp_path, content):
    for name in ("x.h5", "x.keras"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ValueError, match=name):
            keras.models.load_model(path)


def test_no_file(tmp_path):
    for kind in (FileNotFoundError, ValueError):
        for name in ("nowhere.h5", "nowhere.keras"):
            with pytest.raises(kind, match=name):
                keras.models.load_model(tmp_path / name)
        with pytest.raises(kind, match="nowhere"):
            small().load_weights(tmp_path / "nowhere.weights.h5")


def test_weights_only_file_given_as_a_model(tmp_path):
    small().save_weights(tmp_path / "w.h5")
    with pytest.raises(ValueError, match="weights only"):
        keras.models.load_model(tmp_path / "w.h5")


def test_weights_of_another_shape_change_nothing(tmp_path, saved):
    other = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, name="a"), keras.layers.Dense(5, name="b")]
    )
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"b/kernel.*\(4, 5\).*\(4, 2\)"):
        other.load_weights(saved)
    assert all(np.array_equal(a, b) for a, b in zip(before, other.get_weights(), strict=True))
    with pytest.warns(UserWarning, match="left out"):
        other.load_weights(saved, skip_mismatch=True)
    assert not np.array_equal(before[0], other.get_weights()[0])


def test_unknown_class_names_it_and_says_what_to_do(saved):
    edit_config(saved, lambda c: c["config"]["layers"][1].update(class_name="Mystery"))
    with pytest.raises((ValueError, TypeError), match=r"Mystery[\s\S]*custom_objects"):
        keras.models.load_model(saved)


@pytest.mark.parametrize(
    "layer",
    [
        {"class_name": "system", "module": "os", "config": "touch /tmp/owned", "registered_name": None},
        {"class_name": "function", "module": "builtins", "config": "exec", "registered_name": "function"},
        {"class_name": "Lambda", "config": {"name": "l", "function": ["4wEAAAA=", None, None], "function_type": "lambda"}},
        {"class_name": "Lambda", "module": "keras.layers", "config": {"name": "l", "function": {
            "class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}}},
        {"class_name": "get_file", "module": "keras.utils", "config": {"fname": "x", "origin": "http://localhost/x"}},
        {"class_name": "enable_unsafe_deserialization", "module": "keras.config", "config": {}},
        {"class_name": "TFSMLayer", "module": "keras.layers", "config": {"filepath": "/tmp", "name": "t"}},
        {"class_name": "TorchModuleWrapper", "module": "keras.layers", "config": {"module": "gASV", "name": "t"}},
    ],
)  # fmt: skip
def test_nothing_in_a_file_is_run_or_imported(saved, layer, monkeypatch):
    monkeypatch.setattr(os, "system", lambda *_: pytest.fail("the file ran a command"))
    edit_config(saved, lambda c: c["config"]["layers"].insert(1, layer))
    with pytest.raises((ValueError, TypeError)):
        keras.models.load_model(saved)


def test_soft_and_external_links_are_refused(tmp_path, saved):
    for link in (h5py.SoftLink("/model_weights/a"), h5py.ExternalLink("other.h5", "/secret")):
        with h5py.File(saved, "r+") as f:
            del f["model_weights/b"]
            f["model_weights/b"] = link
        with pytest.raises(ValueError, match="points elsewhere"):
            keras.models.load_model(saved)


def test_external_and_virtual_datasets_are_refused(tmp_path, saved):
    (tmp_path / "secret.bin").write_bytes(b"\0" * 1000)
    name = "model_weights/a/sequential/a/kernel"
    with h5py.File(saved, "r+") as f:
        del f[name]
        f.create_dataset(name, shape=(3, 4), dtype="f4", external=[(str(tmp_path / "secret.bin"), 0, 48)])
    with pytest.raises(ValueError, match="other files"):
        keras.models.load_model(saved)
    with h5py.File(saved, "r+") as f:
        del f[name]
        layout = h5py.VirtualLayout(shape=(3, 4), dtype="f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", shape=(3, 4))
        f.create_virtual_dataset(name, layout)
    with pytest.raises(ValueError, match="other files"):
        keras.models.load_model(saved)


def test_a_huge_declared_layer_costs_nothing(saved):
    def grow(config):
        config["config"]["layers"][1]["config"]["units"] = 10**9

    edit_config(saved, grow)
    with pytest.raises(ValueError):
        keras.models.load_model(saved)


def test_a_huge_declared_dataset_is_not_read(saved):
    name = "model_weights/a/sequential/a/kernel"
    with h5py.File(saved, "r+") as f:
        del f[name]
        f.create_dataset(name, shape=(10**6, 10**6), dtype="f4", chunks=(100, 100))
    with pytest.raises(ValueError, match=r"\(3, 4\)"):
        keras.models.load_model(saved)


def test_deep_json(saved):
    with h5py.File(saved, "r+") as f:
        f.attrs["model_config"] = ("[" * 20000 + "]" * 20000).encode()
    with pytest.raises(ValueError, match=r"JSON|nest"):
        keras.models.load_model(saved)


def test_zip_bomb(tmp_path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("config.json", "{}")
        z.writestr("metadata.json", "{}")
        z.writestr("model.weights.h5", b"\0" * (100 * 2**20))
    with pytest.raises(ValueError, match="unpack"):
        keras.models.load_model(path)


def test_an_interrupted_save_leaves_the_old_file(tmp_path, saved, monkeypatch):
    before = saved.read_bytes()
    from keras.saving import hdf5

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hdf5, "write_array", full_disk)
    with pytest.raises(OSError, match=rf"Cannot save to {saved}: No space"):
        small().save(saved)
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


FULL_DISK = """
import resource, signal
import keras

model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(700), keras.layers.Dense(700)])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (900_000, resource.RLIM_INFINITY))
for save, name in ((model.save, "m.h5"), (model.save_weights, "m.weights.h5"), (model.save_weights, "m.weights.json")):
    try:
        save({folder!r} + name, **({{"max_shard_size": 1.0}} if name.endswith("json") else {{}}))
    except OSError as error:
        print(name, "Cannot save to" in str(error), error.errno)
"""


def test_a_disk_that_is_full_before_the_file_is_closed(tmp_path):
    done = run_python(FULL_DISK.format(folder=f"{tmp_path}/"), KERAS_BACKEND="numpy")
    told = [f"{name} True {errno.EFBIG}" for name in ("m.h5", "m.weights.h5", "m.weights.json")]
    assert done.stdout.splitlines() == told
    assert not list(tmp_path.iterdir())


def test_closing_a_file_does_not_hide_what_went_wrong(tmp_path, monkeypatch):
    from keras.saving import hdf5

    def close(file):
        raise RuntimeError("Can't decrement id ref count")

    monkeypatch.setattr(h5py.File, "close", close)
    with pytest.raises(MemoryError), hdf5.creating(tmp_path / "m.h5"):
        raise MemoryError


@pytest.mark.parametrize("now", [0, 5_000_000_000])
def test_a_clock_that_zip_files_cannot_tell(tmp_path, monkeypatch, now):
    then = time.gmtime(now)
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(time, "localtime", lambda *_: then)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    model.save(tmp_path / "m.keras")
    found = keras.models.load_model(tmp_path / "m.keras").get_weights()
    np.testing.assert_array_equal(found[0], model.get_weights()[0])


def test_what_a_killed_process_left_is_removed_when_it_is_old(saved):
    old, fresh, other = (
        saved.parent / name
        for name in (".model.h5.abcdefgh.tmp", ".model.h5.hgfedcba.tmp", ".model.h5.mine.tmp")
    )
    for path in (old, fresh, other):
        path.write_text("part")
    for path in (old, other):
        os.utime(path, (0, 0))
    small().save(saved)
    assert {p.name for p in saved.parent.iterdir()} == {saved.name, fresh.name, other.name}


def test_a_link_leads_to_the_file_that_is_replaced(tmp_path, saved):
    link = tmp_path / "latest.h5"
    link.symlink_to(saved)
    before = saved.read_bytes()
    model = small()
    model.save(link)
    assert link.is_symlink()
    assert saved.read_bytes() != before
    np.testing.assert_array_equal(keras.models.load_model(saved).get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize("name", ["m" * 250 + ".h5", "µ" * 125 + ".h5", " a\nb .h5"])
def test_odd_names(tmp_path, name):
    small().save(tmp_path / name)
    assert keras.models.load_model(tmp_path / name).built
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_folder_where_the_file_should_be(tmp_path):
    (tmp_path / "m.keras").mkdir()
    with pytest.raises(IsADirectoryError, match=r"m\.keras.*folder"):
        small().save(tmp_path / "m.keras")
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]


def test_a_protected_file_is_not_replaced(saved, monkeypatch):
    before = saved.read_bytes()
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anything
    with pytest.raises(PermissionError, match="write-protected"):
        small().save(saved)
    assert saved.read_bytes() == before


def test_an_existing_file_is_kept_when_asked(saved):
    with pytest.raises(ValueError, match="exists"):
        small().save(saved, overwrite=False)


def test_unknown_ending(tmp_path):
    with pytest.raises(ValueError, match=r"\.h5, \.hdf5 or \.keras"):
        small().save(tmp_path / "model.xyz")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        small().save(tmp_path / "no" / "model.h5")


def loads(load, path):
    """Whether a file is read; the only other way out is an error of the kinds that files raise."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of an optimizer's state, or compile arguments, that were left out
            load(path)
    except (ValueError, TypeError, OSError):
        return False
    return True


@pytest.mark.parametrize("ending", [".h5", ".weights.h5", ".keras"])
def test_a_file_with_wrong_bits(tmp_path, ending):
    path, model = tmp_path / f"m{ending}", small()
    (model.save_weights if ending == ".weights.h5" else model.save)(path)
    data, chance = path.read_bytes(), random.Random(0)
    model.set_weights([w + 1 for w in model.get_weights()])
    before = model.get_weights()
    refused = 0
    for _ in range(150):
        at = chance.randrange(len(data) - 8)
        path.write_bytes(data[:at] + chance.choice([b"\0" * 8, b"\xff" * 8]) + data[at + 8 :])
        for load in (model.load_weights, *([] if ending == ".weights.h5" else [keras.models.load_model])):
            if not loads(load, path):
                refused += 1
                assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
            model.set_weights(before)
    assert refused > 10


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_archive_whose_compressed_bytes_are_wrong(tmp_path, method):
    small().save(tmp_path / "m.keras")
    with (
        zipfile.ZipFile(tmp_path / "m.keras") as old,
        zipfile.ZipFile(tmp_path / "c.keras", "w", method) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    data = (tmp_path / "c.keras").read_bytes()
    refused = 0
    for at in range(60, 700):
        (tmp_path / "c.keras").write_bytes(data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :])
        refused += not loads(keras.models.load_model, tmp_path / "c.keras")
    assert refused > 200


def test_a_config_that_is_none(tmp_path, saved):
    small().save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    for text in (
        "null",
        "3",
        "[]",
        "{}",
        '"x"',
        '{"class_name": "Sequential"}',
        '{"class_name": "Adam", "config": {}}',
    ):
        with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
            for name, data in {**members, "config.json": text}.items():
                archive.writestr(name, data)
        with pytest.raises(ValueError, match=r"m.keras.* (not|damaged)"):
            keras.models.load_model(tmp_path / "m.keras")
        edit_config(saved, lambda _, text=text: json.loads(text) or {"class_name": "Adam", "config": {}})
        with pytest.raises(ValueError, match=r"not|damaged"):
            keras.models.load_model(saved)


def test_training_config_that_is_none_leaves_the_model_uncompiled(saved):
    with h5py.File(saved, "r+") as f:
        f.attrs["training_config"] = b'{"optimizer_config": {}, "loss": "mse"}'
    with pytest.warns(UserWarning, match="not compiled"):
        model = keras.models.load_model(saved)
    assert model.predict(np.zeros((1, 3)), verbose=0).shape == (1, 2)


def test_a_group_where_values_should_be(tmp_path):
    model, path = small(), tmp_path / "m.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "r+") as f:
        del f["layers/dense/vars/0"]
        f.create_group("layers/dense/vars/0")
    with pytest.raises(ValueError, match="a/kernel: the file has a group"):
        model.load_weights(path)


@pytest.mark.parametrize("names", [[b"nothing", b"here"], [b"sequential", b"sequential"]])
def test_names_of_weights_that_are_not_there(saved, names):
    with h5py.File(saved, "r+") as f:
        f["model_weights/a"].attrs["weight_names"] = names
    with pytest.raises(ValueError, match="expected a dataset"):
        small().load_weights(saved)


def test_a_damaged_optimizer_leaves_no_model_loaded_in_part(tmp_path):
    model, path = small(), tmp_path / "m.weights.h5"
    model.fit(np.zeros((2, 3)), np.zeros((2, 2)), verbose=0)
    model.save_weights(path)
    with h5py.File(path, "r+") as f:
        del f["optimizer"]
        f["optimizer"] = np.zeros(3)
    model.set_weights([w + 1 for w in model.get_weights()])
    before = model.get_weights()
    with pytest.raises(ValueError, match="optimizer"):
        model.load_weights(path)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_huge_array_in_a_file_of_keras_1_is_not_read(saved):
    with h5py.File(saved, "r+") as f:
        weights = f["model_weights"]
        weights.attrs["keras_version"] = "1.2.2"
        del weights["a/sequential/a/kernel"]
        weights.create_dataset("a/sequential/a/kernel", (10**7, 10**7), "f4", chunks=(10, 10))
    with pytest.raises(ValueError, match=r"\(10000000, 10000000\)"):
        small().load_weights(saved)
