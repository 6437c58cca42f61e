"""`python -m keras`: what is installed, and how complete an engine is."""

import pytest

import keras
from keras import __main__ as cli
from keras.backend import select
from keras.backend.engine import E_PRIMITIVES, PRIMITIVES


def test_info_names_every_engine_and_the_one_in_force(monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    assert cli.main(["info"]) == 0
    printed = capsys.readouterr().out
    assert keras.__version__ in printed
    assert "numpy (KERAS_BACKEND says so)" in printed
    assert all(f"\n  {name} " in printed for name in select.known())


def test_missing_lists_every_primitive_once(engine, capsys):
    assert cli.main(["missing", engine.name]) == 0
    lines = capsys.readouterr().out.splitlines()
    named = [name for line in lines for name in line.partition(": ")[2].split(", ") if name != "none"]
    assert sorted(named) == sorted(PRIMITIVES)
    assert lines[0] == "missing (0): none"


def test_coverage_tells_native_from_inherited():
    class Half(type(select.get("numpy"))):  # type: ignore[misc]
        cannot = {"eig": "no complex numbers"}

    half = Half()
    vars(half)["neg"] = lambda x: -x
    found = cli.coverage(half)
    assert found["neg"] == "native"
    assert found["eig"] == "cannot: no complex numbers"
    assert found["remat"] == "default body"
    assert set(E_PRIMITIVES) <= {name for name, origin in found.items() if origin == "native"}


def test_every_engine_passes_its_selftest(engine, capsys):
    assert cli.main(["selftest", engine.name]) == 0
    assert "the loss fell from" in capsys.readouterr().out


def test_an_engine_that_does_not_learn_fails_its_selftest(monkeypatch):
    monkeypatch.setattr(keras.optimizers, "Adam", lambda rate: keras.optimizers.SGD(1e-9))
    with pytest.raises(RuntimeError, match="engine 'numpy' does not learn: the loss went from"):
        cli.selftest("numpy")


def test_an_engine_that_is_not_installed_is_told_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(select, "available", lambda: ("numpy",))
    assert "tensorflow  not installed: pip install" in cli.info()
    monkeypatch.setattr(
        select, "get", lambda name: (_ for _ in ()).throw(ImportError("engine is not installed"))
    )
    assert cli.main(["missing", "tensorflow"]) == 1
    assert capsys.readouterr().err == "engine is not installed\n"


@pytest.mark.parametrize("error", [ImportError, RuntimeError])
def test_an_engine_that_is_broken_does_not_hide_the_others(monkeypatch, error):
    monkeypatch.setattr(select, "get", lambda name: (_ for _ in ()).throw(error("libsomething.so")))
    assert cli.engine_facts("numpy") == "does not load: libsomething.so"


def test_an_unknown_engine_is_refused(capsys):
    with pytest.raises(SystemExit):
        cli.main(["missing", "nosuch"])
    assert "invalid choice: 'nosuch'" in capsys.readouterr().err
