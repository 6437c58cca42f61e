"""The Python blocks of README.md and of the pages in docs run as they stand, on every engine, and say what they say."""

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("page", "number"),
    [pytest.param(page, i, id=f"{page.stem}-{i}") for page in PAGES for i in range(len(blocks(page)))],
)
def test_block_runs(
    engine: Any, page: Path, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = blocks(page)[number]
    exec(compile(code, f"{page.name}, block {number}", "exec"), {"__name__": "example"})


def test_the_two_examples_of_the_readme_are_short_and_learn(
    engine: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    sequential, functional = (b for b in blocks(ROOT / "README.md")[:2])
    for code in (sequential, functional):
        lines = [line for line in code.splitlines() if line.strip()]
        assert len(lines) <= 15, f"{len(lines)} lines"
    names: dict[str, Any] = {}
    exec(sequential, names)
    assert names["history"].history["val_accuracy"][-1] > 0.9
    assert (tmp_path / "circle.h5").exists()
    exec(functional, names)
    losses = names["history"].history["loss"]
    assert losses[-1] < losses[0] / 2
