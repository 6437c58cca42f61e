"""`python -m keras`: what is installed and chosen here (`info`), how complete an engine is (`missing NAME`), whether it
works (`selftest NAME`), engines that are built on this machine (`install NAME`, `uninstall NAME`), and what engines have
compiled and kept (`cache`)."""

from __future__ import annotations

import argparse
import inspect
import os
import platform
import sys
from collections.abc import Sequence

import numpy as np

import keras
from keras import config
from keras.backend import compile_cache, select
from keras.backend.engine import E_PRIMITIVES, PRIMITIVES, Engine
from keras.errors import InstallError


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
        command = select.install_command(name) or f'pip install "keras[{name}]"'
        return f"not installed: {command}"
    try:
        facts = select.get(name).describe()
    except Exception as error:  # the package is there, but broken, or misses something on this machine
        return f"does not load: {error}"
    return ", ".join(f"{key} {value}" for key, value in facts.items() if key != "engine")


def selftest(name: str) -> str:
    """Train a small network on an engine.

    Returns:
        The versions, and by how much the loss fell.

    Raises:
        RuntimeError: it did not fall.
    """
    with select.using(name):
        keras.utils.set_random_seed(0)
        rng = np.random.default_rng(0)
        x = rng.normal(size=(64, 8)).astype("float32")
        y = x.sum(axis=1, keepdims=True)
        layers = [keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(1)]
        model = keras.Sequential(layers)
        model.compile(keras.optimizers.Adam(0.01), "mse")
        losses = model.fit(x, y, batch_size=16, epochs=20, verbose=0).history["loss"]
    if not losses[-1] < losses[0] / 2:
        raise RuntimeError(
            f"engine {name!r} does not learn: the loss went from {losses[0]:.3g} to {losses[-1]:.3g}"
        )
    return (
        f"keras {keras.__version__}, Python {platform.python_version()}, numpy {np.__version__}\n"
        f"{name}: {engine_facts(name)}\n"
        f"trained a network of two layers: the loss fell from {losses[0]:.3g} to {losses[-1]:.3g}"
    )


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
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.command == "install":
            select.installers()[chosen.engine].run(force=chosen.force, wheel=chosen.wheel)
        elif chosen.command == "cache":
            print(compile_cache.clear() if chosen.clear else compile_cache.describe())
        elif chosen.command == "uninstall":
            select.installers()[chosen.engine].remove()
        else:
            print(info() if chosen.command == "info" else _REPORTS[chosen.command](chosen.engine))
    except (ImportError, InstallError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return 0


_REPORTS = {"missing": missing, "selftest": selftest}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m keras", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="versions, settings and engines")
    missing = commands.add_parser("missing", help="which primitives an engine has, inherits or lacks")
    selftest = commands.add_parser("selftest", help="train a small network on an engine")
    install = commands.add_parser("install", help="build an engine on this machine")
    uninstall = commands.add_parser("uninstall", help="remove what install has built")
    cache = commands.add_parser("cache", help="what engines have compiled and kept for the next run")
    cache.add_argument("--clear", action="store_true", help="remove it")
    for command in (missing, selftest):
        command.add_argument("engine", choices=select.known())
    for command in (install, uninstall):
        command.add_argument("engine", choices=tuple(select.installers()))
    install.add_argument("--force", action="store_true", help="fetch and build again what is there already")
    install.add_argument("--wheel", metavar="PATH", help="the engine's wheel, for a machine without network")
    return parser


if __name__ == "__main__":
    sys.exit(main())
