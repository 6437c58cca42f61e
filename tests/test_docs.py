"""The documentation is true: every `>>>` example runs, docs/primitives.md and docs/ops.md are fresh, and links lead somewhere."""

import doctest
import importlib
import pkgutil
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

import keras
from keras.backend import select
from tests.test_layering import ENGINES

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def modules() -> list[str]:
    """All modules but `__main__` and the adapters of engines that `select` does not announce yet."""
    unannounced = tuple(f"keras.backend.{name}" for name in {*ENGINES.values()} - {*select.known()})
    found = pkgutil.walk_packages(keras.__path__, "keras.", onerror=lambda name: None)
    names = (info.name for info in found if not info.name.endswith("__main__"))
    return ["keras", *(name for name in names if not name.startswith(unannounced))]


@pytest.mark.parametrize("name", modules())
def test_docstring_examples(name: str) -> None:
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    report: list[str] = []
    with select.using("numpy"):
        for test in finder.find(module, name, extraglobs={"keras": keras, "np": np}):
            runner.run(test, out=report.append)
    assert runner.failures == 0, "".join(report)


@pytest.mark.parametrize("name", ["primitives", "ops"])
def test_the_pages_made_from_the_sources_are_fresh(name: str) -> None:
    page = runpy.run_path(str(ROOT / f"docs/make_{name}.py"))["page"]()
    assert (ROOT / f"docs/{name}.md").read_text("utf-8") == page, f"docs/{name}.md is old: make docs"


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.name)
def test_relative_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.name)
def test_paths_named_in_the_text_exist(path: Path) -> None:
    for named in re.findall(r"`((?:keras|tests|docs|examples|benchmarks)/[\w/.]+)`", path.read_text("utf-8")):
        assert (ROOT / named).exists(), f"{path.name} speaks of {named}"
