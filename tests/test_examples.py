"""The examples run on every engine, at small sizes, and what they claim holds."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run(engine: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call an example's `main` on the engine; choosing it for the whole process is left out."""
    monkeypatch.setattr("keras.config.set_backend", lambda name: None)
    return lambda name, **sizes: importlib.import_module(f"examples.{name}").main(engine=engine.name, **sizes)


def test_quickstart(run: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    result = run("quickstart", epochs=2, train=600, test=100, out=tmp_path)
    assert result["accuracy"] > 0.5
    assert result["agreeing"] == 100
    assert result["difference"] < 1e-5
    assert {p.name for p in tmp_path.iterdir()} == {"training.png", "predictions.png", "digits.h5"}
    assert all(p.stat().st_size > 10_000 for p in tmp_path.iterdir())
    assert "\x1b" not in capsys.readouterr().out


def test_quickstart_as_a_user_runs_it(tmp_path: Path) -> None:
    script = ROOT / "examples/quickstart.py"
    environment = {k: v for k, v in os.environ.items() if k not in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL")}
    done = subprocess.run(
        [sys.executable, script, "--out", tmp_path],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    accuracy = float(re.search(r"accuracy on the held-out images: ([\d.]+)", done.stdout)[1])  # type: ignore[index]
    assert accuracy >= 0.96
    assert "it agrees with tensorflow on 1000 of 1000 held-out images" in done.stdout
    assert done.stdout.count("\n") < 50, "a log file gets one line an epoch"
    assert done.stderr == ""


def test_contrastive(run: Any) -> None:
    result = run("contrastive", train=800, test=100, epochs=6)
    assert result["by_network"] > 1.5 * result["by_pixels"]


def test_functional_two_outputs(run: Any) -> None:
    result = run("functional_two_outputs", epochs=25)
    assert result["accuracy"] > 0.9
    assert result["error"] < result["guess"]


def test_sequence_masking(run: Any) -> None:
    result = run("sequence_masking", count=1000, longest=8, epochs=5)
    assert result["accuracy"] > 0.9
    assert result["change"] < 1e-6


def test_filter_visualisation(run: Any, tmp_path: Path) -> None:
    result = run("filter_visualisation", train=1000, epochs=3, shown=2, steps=25, out=tmp_path)
    assert result["risen"] == result["of"] == 4
    assert (tmp_path / "filters.png").stat().st_size > 5_000


def test_every_example_is_tested() -> None:
    tested = {name.removeprefix("test_") for name in globals()}
    assert {p.stem for p in (ROOT / "examples").glob("*.py")} <= tested
