"""The public names and signatures, against those of Keras 3.15.1 in golden/public_api.txt.

A call that is right there is right here, with the same meaning; more optional parameters may follow.
golden/public_api_plan.txt holds what differs, a reason each: `- name` is absent, `~ name` has another signature,
`+ name` is ours alone. A name may hold `*`. A line that is not true any more fails the test, so the list only shrinks.
"""

import ast
import dis
import fnmatch
import importlib
import inspect
from pathlib import Path
from types import ModuleType

import pytest

from tests.golden.make_public_api import CLASSES, describe
from tests.processes import run_python

GOLDEN = Path(__file__).with_name("golden")


def golden() -> dict[str, str]:
    lines = (GOLDEN / "public_api.txt").read_text("utf-8").splitlines()
    return {line.partition("(")[0]: "".join(line.partition("(")[1:]) for line in lines}


def plan() -> dict[str, dict[str, str]]:
    """Sign to name (or pattern) to reason."""
    found: dict[str, dict[str, str]] = {"-": {}, "~": {}, "+": {}}
    for line in (GOLDEN / "public_api_plan.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            sign, name, reason = line.split(maxsplit=2)
            assert name not in found[sign], f"twice in the plan: {sign} {name}"
            found[sign][name] = reason
    return found


def module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


@pytest.fixture(scope="module")
def ours() -> dict[str, str]:
    owners = {name.rpartition(".")[0] for name in golden()} - set(CLASSES)
    return describe(m for m in map(module, sorted(owners)) if m is not None)


def parameters(text: str) -> tuple[list[tuple[str, str]], dict[str, str]] | None:
    """Positional parameters and keyword-only ones, with the text of their defaults; None when nothing is promised."""
    if text in ("", "(...)"):
        return None
    arguments = ast.parse(f"def f{text}: pass").body[0].args  # type: ignore[attr-defined]
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    by_place = [(p.arg, ast.unparse(d) if d else "") for p, d in zip(positional, defaults, strict=True)]
    by_name = {
        p.arg: ast.unparse(d) if d else ""
        for p, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    }
    return None if arguments.vararg else (by_place, by_name)


def same(theirs: str, mine: str) -> bool:
    """Whether every call of theirs binds in the same way here; parameters of our own must have defaults."""
    want, got = parameters(theirs), parameters(mine)
    if want is None or got is None:
        return True
    named = dict(got[0]) | got[1]
    places = got[0][: len(want[0])] == want[0]
    keywords = all(named.get(name) == default for name, default in want[1].items())
    extra = set(named) - {name for name, _ in want[0]} - set(want[1])
    return places and keywords and all(named[name] for name in extra)


def set_by_init(path: str) -> bool:
    """Whether `keras.Class.name` is an attribute that `__init__` sets; only instances have it then."""
    owner, _, name = path.rpartition(".")
    module_name, _, class_name = owner.rpartition(".")
    if owner not in CLASSES:
        return False
    inits = (vars(c).get("__init__") for c in getattr(module(module_name), class_name).__mro__)
    code = (dis.get_instructions(f) for f in map(inspect.unwrap, inits) if inspect.isfunction(f))
    return any(i.opname == "STORE_ATTR" and i.argval == name for instructions in code for i in instructions)


def matching(name: str, patterns: dict[str, str]) -> list[str]:
    return [pattern for pattern in patterns if fnmatch.fnmatchcase(name, pattern)]


def test_every_name_of_keras_is_here_or_planned(ours: dict[str, str]) -> None:
    absent = plan()["-"]
    missing = [n for n in golden() if n not in ours and not matching(n, absent) and not set_by_init(n)]
    assert not missing, "absent and not in the plan:\n" + "\n".join(missing)
    here = [f"{pattern} ({name} exists)" for name in ours for pattern in matching(name, absent)]
    assert not here, "the plan calls these absent:\n" + "\n".join(here)
    idle = [p for p in absent if not fnmatch.filter(golden(), p)]
    assert not idle, "the plan names what Keras does not have:\n" + "\n".join(idle)


def test_signatures_are_those_of_keras(ours: dict[str, str]) -> None:
    different = plan()["~"]
    wrong = {name for name, text in golden().items() if name in ours and not same(text, ours[name])}
    unplanned = [
        f"{n}\n  Keras {golden()[n]}\n  ours  {ours[n]}" for n in sorted(wrong) if not matching(n, different)
    ]
    assert not unplanned, "signatures that differ:\n" + "\n".join(unplanned)
    idle = [pattern for pattern in different if not fnmatch.filter(wrong, pattern)]
    assert not idle, "the plan calls these different, and they are not:\n" + "\n".join(idle)


def test_what_is_added_is_planned(ours: dict[str, str]) -> None:
    added, theirs = plan()["+"], golden()
    new = [name for name in ours if name not in theirs and not matching(name, added)]
    assert not new, "public here, unknown to Keras, not in the plan:\n" + "\n".join(new)
    idle = [pattern for pattern in added if not fnmatch.filter(ours, pattern)]
    assert not idle, "the plan calls these added, and they are not here:\n" + "\n".join(idle)


def test_importing_keras_imports_no_engine_and_nothing_optional() -> None:
    engines = ["tensorflow", "torch", "jax", "pytensor", "cntk"]
    heavy = [*engines, "scipy", "matplotlib", "rich", "yaml", "pandas", "sklearn"]
    code = f"import sys, keras; print([m for m in {heavy} if m in sys.modules])"
    done = run_python(code)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""
