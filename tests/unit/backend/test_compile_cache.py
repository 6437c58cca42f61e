"""What engines have compiled is kept on disk, and a damaged or forbidden cache costs nothing but time."""

import functools
import os
import re
import subprocess
from pathlib import Path

import pytest

from keras.backend import compile_cache
from tests.processes import run_python

TRAIN = """
import os
import numpy as np, keras
from keras.backend.tensorflow_engine import loop, xla_rule
from keras.backend.processor import Processor
loop.XLA_STEPS = loop.XLA_LARGE_STEPS = 1
xla_rule.processor = lambda: Processor(flags={"avx512f"})
keras.utils.set_random_seed(0)
x = np.arange(64, dtype="float32").reshape(16, 4) / 64
model = keras.Sequential([keras.layers.Dense(3, "tanh"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, x[:, 0], batch_size=4, epochs=3, verbose=0)
print([w.tolist() for w in model.get_weights()])
"""


def train(cache: Path | str) -> subprocess.CompletedProcess[str]:
    return _train(TRAIN, cache)


def _train(program: str, cache: Path | str) -> subprocess.CompletedProcess[str]:
    settings = {"KERAS_CACHE": str(cache), "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    return run_python(program, "TF_XLA_FLAGS", **settings)


def entries(cache: Path) -> list[Path]:
    return sorted(cache.glob("*/*"))


@pytest.mark.parametrize(("units", "settings"), [(3, ""), (1500, ""), (1500, ", jit_compile=True")])
def test_a_second_run_finds_what_the_first_compiled(tmp_path: Path, units: int, settings: str) -> None:
    """Loops, and steps that XLA chose or was asked to compile by themselves; TensorFlow says nothing of it."""
    program = TRAIN.replace("Dense(3", f"Dense({units}, 'relu'), keras.layers.Dense({units}")
    program = program.replace('"mse"', f'"mse"{settings}').replace("get_weights()", "get_weights()[:1]")
    train = functools.partial(_train, program)
    first = train(tmp_path)
    kept = [(p, p.stat().st_ino) for p in entries(tmp_path)]
    assert kept
    second = train(tmp_path)
    assert second.stdout == first.stdout
    # TensorFlow 2.21 complains about every entry it reads.
    assert not re.search("text-format|AOT", second.stderr)
    assert [(p, p.stat().st_ino) for p in entries(tmp_path)] == kept
    assert train("off").stdout == first.stdout


@pytest.mark.parametrize("left", [0, 100])
def test_what_was_cut_short_is_removed(tmp_path: Path, left: int) -> None:
    first = train(tmp_path)
    for path in entries(tmp_path):
        path.write_bytes(path.read_bytes()[:left])
    assert train(tmp_path).stdout == first.stdout
    assert all(p.stat().st_size > 1000 for p in entries(tmp_path))


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert train(tmp_path / "file").stdout == train("off").stdout


def test_a_folder_that_others_can_write_into_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_CACHE", str(tmp_path))
    place = compile_cache.folder("engine", "1.0", lambda path: True)
    assert place is not None
    place.chmod(0o777)
    assert compile_cache.folder("engine", "1.0", lambda path: True) is None
    place.chmod(0o755)
    assert compile_cache.folder("engine", "1.0", lambda path: True) == place
    monkeypatch.setattr(os, "geteuid", lambda: place.stat().st_uid + 1)
    assert compile_cache.folder("engine", "1.0", lambda path: True) is None


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KERAS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    assert compile_cache.root() is None
    assert compile_cache.folder("engine", "1.0") is None
    assert "no home" in compile_cache.describe()
    assert compile_cache.clear() == "There is nothing to remove."


def test_the_oldest_go_when_there_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a day, and with them what killed processes have left of files they were writing."""
    monkeypatch.setenv("KERAS_CACHE", str(tmp_path))
    monkeypatch.setattr(compile_cache, "LIMIT", 250)
    place = compile_cache.folder("engine", "1.0")
    assert place is not None
    for age, name in enumerate(("c", "a", "b", "part-1")):
        (place / name).write_bytes(bytes(100))
        os.utime(place / name, (1e9 - age, 1e9 - age))
    (place / "part-2").write_bytes(b"being written")
    everything = {"a", "b", "c", "part-1", "part-2"}
    compile_cache.folder("engine", "1.0")
    assert {p.name for p in place.iterdir()} == everything
    os.utime(tmp_path / "tidied", (1e9, 1e9))
    compile_cache.folder("engine", "1.0")
    assert {p.name for p in place.iterdir()} == {"a", "c", "part-2"}


def test_the_command_tells_and_clears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_CACHE", str(tmp_path))
    (tmp_path / "not ours").mkdir()
    place = compile_cache.folder("engine", "1.0", lambda path: True)
    assert place is not None
    (place / "entry").write_bytes(bytes(2**20))
    assert f"{place.name}: 1 files, 1.0 MB" in compile_cache.describe()
    assert "Removed 1.0 MB" in compile_cache.clear()
    assert [p.name for p in tmp_path.iterdir()] == ["not ours"]
    monkeypatch.setenv("KERAS_CACHE", "off")
    assert "is off" in compile_cache.describe()
