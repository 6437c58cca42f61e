"""`python -m keras`: what is installed and chosen here (`info`), and how complete an engine is (`missing NAME`)."""

from __future__ import annotations

import argparse
import inspect
import os
import platform
import sys
from collections.abc import Sequence

import keras
from keras import config
from keras.backend import select
from keras.backend.engine import E_PRIMITIVES, PRIMITIVES, Engine


def info() -> str:
    """The versions, the settings, and every engine with what it says about itself."""
    home, asked = config.config_path(), config.requested_backend()
    chosen = asked if asked in select.known() else select.available()[0]
    if os.environ.get("KERAS_BACKEND", "").strip():
        why = "KERAS_BACKEND says so"
    else:
        why = f"{home} says so" if asked else "the first one installed"
    lines = [
        f"keras     {keras.__version__}, Python {platform.python_version()} on {platform.platform()}",
        f"settings  {home} ({'read' if home.exists() else 'no such file, defaults hold'}): "
        f"floatx {config.floatx()}, {config.image_data_format()}",
        f"engine    {chosen} ({why})",
    ]
    for name in select.known():
        facts = engine_facts(name)
        lines.append(f"  {name:<{max(map(len, select.known()))}}  {facts}")
    return "\n".join(lines)


def engine_facts(name: str) -> str:
    """One line about an engine; loading it is part of the answer."""
    if name not in select.available():
        return f'not installed: pip install "keras[{name}]"'
    facts = select.get(name).describe()
    return ", ".join(f"{key} {value}" for key, value in facts.items() if key != "engine")


def coverage(engine: Engine) -> dict[str, str]:
    """How an engine comes by each primitive: `native`, `default body`, `cannot: <reason>` or `missing`."""
    return {name: _origin(engine, name) for name in PRIMITIVES}


def _origin(engine: Engine, name: str) -> str:
    if name in engine.cannot:
        return f"cannot: {engine.cannot[name]}"
    method = getattr(engine, name)
    if inspect.unwrap(getattr(method, "__func__", method)) is not inspect.unwrap(getattr(Engine, name)):
        return "native"
    return "missing" if name in E_PRIMITIVES else "default body"


def missing(name: str) -> str:
    """The primitives of an engine by origin, those that need work first."""
    found = coverage(select.get(name))
    lines = []
    for origin in ("missing", "cannot", "default body", "native"):
        names = [n for n, o in found.items() if o.startswith(origin)]
        lines.append(f"{origin} ({len(names)}): {', '.join(names) or 'none'}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m keras", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="versions, settings and engines")
    command = commands.add_parser("missing", help="which primitives an engine has, inherits or lacks")
    command.add_argument("engine", choices=select.known())
    chosen = parser.parse_args(arguments)
    try:
        print(info() if chosen.command == "info" else missing(chosen.engine))
    except ImportError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
