"""Write docs/ops.md from the sources of `keras.ops`: what every op means, what it is made of, which engine has it how.

`make docs` runs this; tests/test_docs.py fails while the page is old.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from make_primitives import first_paragraph, row

from keras import ops, random
from keras.__main__ import coverage
from keras.backend import select
from keras.backend.engine import PRIMITIVES, Engine
from keras.ops.dispatch import KERNELS

HEAD = """# Ops

<!-- Written by docs/make_ops.py from the sources in keras/ops and keras/random; run `make docs` to renew it. -->

Every function of `keras.ops` and `keras.random`: one body each, which runs on every engine. **Made of** names the
[primitives and kernels](primitives.md) the body calls, apart from those that only move, make or cast tensors. An op is
**native** on an engine whose own function does its work, otherwise **composed** of several of them; what an engine cannot
do it declares, and the reason is given here.
"""

#: Primitives that say nothing about what an op computes.
PLUMBING = frozenset(
    name
    for text in (
        "constant to_numpy is_tensor spec cast full iota native",
        "reshape transpose broadcast_to slice pad concat",
    )
    for name in text.split()
)
#: Beside other work, what is done with bools only.
LOGIC = frozenset(("equal", "logical_and", "logical_not", "logical_or"))
MODULES = ("image", "linalg", "nn", "numpy")


class Uses(NamedTuple):
    """What a function calls: primitives and kernels itself, and further functions of the library."""

    primitives: frozenset[str]
    kernels: frozenset[str]
    functions: tuple[Callable[..., Any], ...]


def source_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """The undecorated body of an op, a kernel, a plain function or a class's `__init__`."""
    return inspect.unwrap(function)


@cache
def uses(function: Callable[..., Any]) -> Uses:
    body = source_of(function)
    scope = body.__globals__
    names = {n.id for n in ast.walk(tree_of(body)) if isinstance(n, ast.Name)}
    attributes = [n for n in ast.walk(tree_of(body)) if isinstance(n, ast.Attribute)]
    primitives = {n.attr for n in attributes if is_engine(n.value) and n.attr in PRIMITIVES}
    if body.__name__ in PRIMITIVES:  # some are looked up by their name
        primitives.add(body.__name__)
    kernels = {n.attr for n in attributes if isinstance(n.value, ast.Name) and n.value.id == "kernels"}
    kernels &= set(KERNELS)
    kernels |= {n for n in names if n in KERNELS and scope.get(n) is KERNELS[n]}
    found = [scope[n] for n in sorted(names - kernels) if n in scope]
    return Uses(frozenset(primitives), frozenset(kernels), tuple(f for f in found if is_ours(f)))


def tree_of(body: Callable[..., Any]) -> ast.Module:
    return ast.parse(textwrap.dedent(inspect.getsource(body)))


def is_engine(node: ast.expr) -> bool:
    """`e`, `engine` or `current()`."""
    if isinstance(node, ast.Call):
        node = node.func
    return isinstance(node, ast.Name) and node.id in ("e", "engine", "current")


def is_ours(f: Any) -> bool:
    """Whether a function is part of what an op computes (and no helper that settles its arguments)."""
    module = getattr(f, "__module__", "") or ""
    settles = ("keras.ops.dispatch", "keras.ops.settling", "keras.ops.structure", "keras.ops.node")
    return (
        inspect.isfunction(f) and module.startswith(("keras.ops", "keras.random")) and module not in settles
    )


@cache
def closure(function: Callable[..., Any]) -> tuple[frozenset[str], frozenset[str]]:
    """Primitives and kernels a function comes down to, through all it calls."""
    primitives: set[str] = set()
    kernels: set[str] = set()
    seen: set[Any] = set()
    todo = [source_of(function)]
    while todo:
        body = todo.pop()
        if body in seen:
            continue
        seen.add(body)
        found = uses(body)
        primitives |= found.primitives
        kernels |= found.kernels
        todo += [source_of(f) for f in found.functions]
    return frozenset(primitives - PLUMBING), frozenset(kernels)


def parts(function: Callable[..., Any]) -> list[str]:
    primitives, kernels = closure(function)
    return [*sorted(kernels), *sorted(primitives - kernels)]


def how(function: Callable[..., Any], engine: Engine, origins: dict[str, str]) -> str:
    """native, composed, or impossible with the reason."""
    primitives, kernels = closure(function)
    whole = {p for k in kernels if engine.native(k) is None for p in closure(KERNELS[k])[0]} | primitives
    missing = sorted(p for p in whole if p in engine.cannot)
    if missing:
        part = "impossible" if len(primitives | kernels) == len(missing) else "in part"
        return f"{part}: " + "; ".join(f"no `{p}`, {engine.cannot[p]}" for p in missing)
    work = primitives | kernels
    work = work - LOGIC or work
    own = {p for p in primitives if origins[p] == "native"} | {k for k in kernels if engine.native(k)}
    return "native" if len(work) <= 1 and work <= own else "composed"


def members(module: Any) -> list[tuple[str, Callable[..., Any]]]:
    return [(n, getattr(module, n)) for n in sorted(module.__all__) if n not in MODULES]


def table(module: Any, engines: list[Engine]) -> list[str]:
    lines = [row("op", "meaning", "made of", *(e.name for e in engines)), row(*["---"] * (3 + len(engines)))]
    origins = [coverage(engine) for engine in engines]
    for name, member in members(module):
        function = member.__init__ if inspect.isclass(member) else member
        made_of = ", ".join(f"`{p}`" for p in parts(function)) or "-"
        ways = (how(function, engine, origin) for engine, origin in zip(engines, origins, strict=True))
        lines.append(row(f"`{name}`", first_paragraph(member), made_of, *ways))
    return lines


def spellings() -> list[str]:
    """The other modules that hold some of the same functions."""
    return [
        f"* `keras.ops.{name}`: {', '.join(f'`{n}`' for n in sorted(getattr(ops, name).__all__))}."
        for name in ("linalg", "nn", "numpy")
    ]


def page() -> str:
    """The whole text of docs/ops.md."""
    engines = [select.get(name) for name in select.known()]
    blocks = [HEAD, "## keras.ops", "", *table(ops, engines), ""]
    blocks += ["## keras.ops.image", "", *table(ops.image, engines), ""]
    blocks += ["## keras.random", "", *table(random, engines), ""]
    blocks += [
        "## Other spellings",
        "",
        "The same functions, sorted as in NumPy's documentation.",
        "",
        *spellings(),
    ]
    return "\n".join(blocks) + "\n"


if __name__ == "__main__":
    path = Path(__file__).with_name("ops.md")
    path.write_text(page(), "utf-8")
    print(f"wrote {path}")
