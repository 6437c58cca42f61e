"""Write docs/primitives.md from the engine contract: what every primitive means, and which engine has it how.

`make docs` runs this; tests/test_docs.py fails while the page is old.
"""

import importlib
import inspect
from pathlib import Path

import keras
from keras.__main__ import coverage
from keras.backend import select
from keras.backend.engine import E_PRIMITIVES, PRIMITIVES, Engine

HEAD = """# Primitives

<!-- Written by docs/make_primitives.py from keras/backend/engine.py; change it there and run `make docs`. -->

An engine implements the primitives below and gets every op, layer, loss and optimizer in return. **E** ones are the
engine's own work; the others have a shared **default** body written in terms of E (a few of them run NumPy on the
host), which an engine may replace by something faster, **native**. What an engine cannot do it declares, with a reason.
"""

KERNELS_HEAD = """## Kernels

Building blocks of `keras.ops` that have a shared body and that an engine may replace by a method of the same name.
"""


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def signature(function: object) -> str:
    names = [p.name for p in inspect.signature(function).parameters.values() if p.name != "self"]
    return f"`{getattr(function, '__name__', '')}({', '.join(names)})`"


def first_paragraph(function: object) -> str:
    return " ".join(inspect.getdoc(function).split("\n\n")[0].split())


def short(origin: str) -> str:
    return {"default body": "default"}.get(origin, origin)


def primitives(engines: list[Engine]) -> list[str]:
    origins = [coverage(engine) for engine in engines]
    lines = [row("primitive", "", "meaning", *(e.name for e in engines)), row(*["---"] * (3 + len(engines)))]
    for name in PRIMITIVES:
        function = getattr(Engine, name)
        kind = "E" if name in E_PRIMITIVES else ""
        lines.append(
            row(signature(function), kind, first_paragraph(function), *(short(o[name]) for o in origins))
        )
    return lines


def kernels(engines: list[Engine]) -> list[str]:
    for name in keras.__all__:  # a kernel is known once its module is loaded
        getattr(keras, name)
    table = importlib.import_module("keras.ops.dispatch").KERNELS
    lines = [row("kernel", "meaning", *(e.name for e in engines)), row(*["---"] * (2 + len(engines)))]
    for name, kernel in sorted(table.items()):
        own = ("native" if engine.native(name) else "shared body" for engine in engines)
        lines.append(row(signature(kernel), first_paragraph(kernel), *own))
    return lines


def dtypes(engines: list[Engine]) -> list[str]:
    lines = ["## Dtypes an engine does not have", ""]
    lacks = [f"* {e.name}: {name}, {reason}" for e in engines for name, reason in e.missing_dtypes.items()]
    return lines + (lacks or ["None."])


def page() -> str:
    """The whole text of docs/primitives.md."""
    engines = [select.get(name) for name in select.known()]
    parts = [HEAD, *primitives(engines), "", KERNELS_HEAD, *kernels(engines), "", *dtypes(engines)]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    path = Path(__file__).with_name("primitives.md")
    path.write_text(page(), "utf-8")
    print(f"wrote {path}")
