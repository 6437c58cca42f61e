"""Who may import whom. A family of `keras` may import itself, the foundation, and what its row names; nothing else.

The whole file is read, so a late import inside a function counts too; only `if TYPE_CHECKING:` is exempt.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

KERAS = Path(__file__).parents[1] / "keras"
ENGINES = {"tensorflow": "tensorflow", "pytensor": "theano", "cntk": "cntk", "jax": "jax", "torch": "torch"}

FOUNDATION = ["version", "errors", "interrupt", "tree", "config", "config_reader", "registry", "serializable"]
OPS = [*FOUNDATION, "backend", "ops"]
VALUES = [*OPS, "dtype_policies", "random", "initializers", "regularizers", "constraints", "activations"]
MAY_IMPORT = {
    **dict.fromkeys(FOUNDATION, tuple(FOUNDATION)),
    "dtype_policies": [*FOUNDATION, "backend"],
    "backend": FOUNDATION,
    "ops": [*FOUNDATION, "backend"],
    "random": OPS,
    **{f: [*OPS, "random"] for f in ("initializers", "regularizers", "constraints", "activations")},
    "losses": [*OPS, "dtype_policies"],
    "metrics": [*OPS, "dtype_policies", "losses"],
    "optimizers": OPS,
    "callbacks": [*OPS, "utils"],
    "layers": VALUES,
    "training": [*VALUES, "utils", "losses", "metrics", "optimizers", "callbacks", "layers"],
    "models": [*VALUES, "utils", "layers", "training"],
    "utils": [*FOUNDATION, "backend", "ops", "random"],
    "classic": [*OPS, "random", "activations", "layers", "models", "optimizers"],
    "mixed_precision": [*FOUNDATION, "dtype_policies", "optimizers"],
}
TOP = {"saving", "api", "_tf_keras", "former", "__init__", "__main__"}  # these may import everything below
UPWARDS = {  # the few imports against the current, all of them late; one that is no longer there must go from here
    ("config_reader", "backend"): "a config may hold a KerasTensor, and only symbolic models have one",
    ("ops", "random"): "elastic_transform moves pixels at random",
}

MODULES = sorted(KERAS.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import of the file, `from keras import ops` being `keras.ops`."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute in this library"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def family(path: Path) -> str:
    return path.relative_to(KERAS).parts[0].removesuffix(".py")


def test_imports_point_downwards() -> None:
    wrong, used = [], set()
    for path in MODULES:
        own = family(path)
        if own in TOP:
            continue
        assert own in MAY_IMPORT, f"{path}: give the new family `{own}` its row in MAY_IMPORT"
        for line, name in imports(path):
            package, _, rest = name.partition(".")
            other = rest.split(".")[0]
            if package == "keras" and other != own and other not in MAY_IMPORT[own]:
                used.add((own, other))
                if (own, other) not in UPWARDS:
                    wrong.append(f"{path}:{line}: `{own}` may not import `{other}`")
    assert not wrong, "\n".join(wrong)
    assert used == set(UPWARDS), f"not needed any more: {set(UPWARDS) - used}"


def test_an_engine_is_imported_in_its_adapter_only() -> None:
    wrong = []
    for path in MODULES:
        for line, name in imports(path):
            package = name.split(".")[0]
            home = f"backend/{ENGINES.get(package)}"
            if package in ENGINES and not path.relative_to(KERAS).as_posix().startswith(home):
                wrong.append(f"{path}:{line}: only the adapter keras/{home} may import {package}")
    assert not wrong, "\n".join(wrong)


def test_nobody_asks_which_engine_it_is() -> None:
    wrong = []
    for path in MODULES:
        if family(path) in {"backend", "__main__"}:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            text = ast.unparse(node) if isinstance(node, ast.Compare) else ""
            if any(word in text for word in ("backend()", "current_name()", "current().name", "engine.name")):
                wrong.append(
                    f"{path}:{node.lineno}: `{text}`: an engine's difference belongs into its adapter"
                )
    assert not wrong, "\n".join(wrong)


def test_no_star_import_and_no_bare_except() -> None:
    wrong = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
                wrong.append(f"{path}:{node.lineno}: star import")
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                wrong.append(f"{path}:{node.lineno}: bare except")
    assert not wrong, "\n".join(wrong)
