"""Compiles our module against CNTK's libraries."""

from __future__ import annotations

import subprocess
from pathlib import Path

from keras.backend.cntk.install import places
from keras.backend.cntk.install.needs import Tools
from keras.errors import InstallError


def build(target: Path, libs: Path, tools: Tools) -> None:
    """Compile keras/backend/cntk/native into `target`."""
    command = [
        *tools.compiler,
        *places.FLAGS,
        *(f"-I{folder}" for folder in tools.includes),
        *map(str, places.sources()),
        f"-L{libs}",
        f"-Wl,-rpath-link,{libs}",
        *places.LINKED,
        "-o",
        str(target),
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    outcome = subprocess.run(command, capture_output=True, text=True)
    if outcome.returncode:
        raise InstallError(
            f"Compiling the cntk engine failed:\n{' '.join(command)}\n{outcome.stderr.strip()}"
        )


def compiler_version(tools: Tools) -> str:
    """The compiler's name and version, in its own words."""
    outcome = subprocess.run([*tools.compiler, "--version"], capture_output=True, text=True)
    return (outcome.stdout.splitlines() or [tools.compiler[0]])[0]
