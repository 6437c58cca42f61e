"""Files that layers keep beside their weights, as Keras does: in the archive, in a folder, and hostile ones."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras


@keras.saving.register_keras_serializable("assets")
class Words(keras.layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = ""

    def call(self, x: Any) -> Any:
        return x

    def save_assets(self, folder: str) -> None:
        Path(folder, "lists").mkdir()
        Path(folder, "lists", "words.txt").write_text(self.words)

    def load_assets(self, folder: str) -> None:
        self.words = Path(folder, "lists", "words.txt").read_text()


def model_of_words() -> Any:
    inner = keras.Sequential([keras.Input((2,)), Words(name="within")])
    model = keras.Sequential([keras.Input((2,)), Words(), keras.layers.Dense(2), Words(), inner])
    for i, layer in enumerate((model.layers[0], model.layers[2], inner.layers[0])):
        layer.words = f"words {i}"
    return model


def words_of(model: Any) -> list[str]:
    return [model.layers[0].words, model.layers[2].words, model.layers[3].layers[0].words]


#: As Keras 3.15 names them for the same model.
NAMES = [
    "assets/layers/words/lists/words.txt",
    "assets/layers/words_1/lists/words.txt",
    "assets/layers/sequential/layers/words/lists/words.txt",
]


def test_archive(tmp_path: Path) -> None:
    model = model_of_words()
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert [n for n in archive.namelist() if n.startswith("assets")] == NAMES
    again = keras.models.load_model(tmp_path / "m.keras")
    assert words_of(again) == ["words 0", "words 1", "words 2"]
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])


def test_folder_written_twice(tmp_path: Path) -> None:
    model = model_of_words()
    model.save(tmp_path / "m", zipped=False)
    model.layers[0].words = "other"
    model.save(tmp_path / "m", zipped=False)
    assert words_of(keras.models.load_model(tmp_path / "m")) == ["other", "words 1", "words 2"]
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == [
        "assets",
        "config.json",
        "metadata.json",
        "model.weights.h5",
    ]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    model_of_words().save(path)
    path.write_bytes(path.read_bytes().replace(b"words 1", b"wordz 1"))  # stored as it is, with a checksum
    with pytest.raises(ValueError, match=r"is not a whole `\.keras` archive"):
        keras.models.load_model(path)


@pytest.mark.parametrize("name", ["../../evil", "lists/../../../../evil", "..\\evil", "C:evil", "/evil"])
def test_a_file_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "m.keras"
    model_of_words().save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"assets/layers/words/{name}", "evil")
    with pytest.raises(ValueError, match="would be written outside of their folder"):
        keras.models.load_model(path)
    assert not list(tmp_path.rglob("*evil*"))
