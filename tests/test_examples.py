"""The examples run on every engine, at small sizes, and what they claim holds."""

import importlib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def run(engine: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call an example's `main` on the engine; choosing it for the whole process is left out."""
    monkeypatch.setattr("keras.config.set_backend", lambda name: None)
    return lambda name, **sizes: importlib.import_module(f"examples.{name}").main(engine=engine.name, **sizes)


def test_quickstart(run: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    result = run("quickstart", epochs=2, train=1000, test=200, out=tmp_path)
    assert result["accuracy"] > 0.8
    assert result["agreeing"] == 200
    assert result["difference"] < 1e-5
    assert {p.name for p in tmp_path.iterdir()} == {"training.png", "predictions.png", "digits.h5"}
    assert all(p.stat().st_size > 10_000 for p in tmp_path.iterdir())
    printed = capsys.readouterr().out
    assert "agrees" in printed
    assert "\x1b" not in printed


def test_contrastive(run: Any) -> None:
    result = run("contrastive", train=1000, test=100, epochs=6)
    assert result["by_network"] > 1.5 * result["by_pixels"]


def test_functional_two_outputs(run: Any) -> None:
    result = run("functional_two_outputs", epochs=25)
    assert result["accuracy"] > 0.9
    assert result["error"] < result["guess"]


def test_sequence_masking(run: Any) -> None:
    result = run("sequence_masking", count=1000, longest=8, epochs=5)
    assert result["accuracy"] > 0.9
    assert result["change"] < 1e-6


def test_every_example_is_tested() -> None:
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {p.stem for p in (Path(__file__).parents[1] / "examples").glob("*.py")} <= tested
