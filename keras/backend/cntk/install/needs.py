"""What the machine must have before anything is fetched, and how to get it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

from keras.errors import InstallError

_HOW = {
    "a C++ compiler": ("g++", "gcc-c++"),
    "Python's headers": ("python3-dev", "python3-devel"),
}


class Tools(NamedTuple):
    """The compiler and what it must be told."""

    compiler: list[str]
    nm: str
    includes: tuple[str, ...]


def check_platform() -> None:
    """CNTK was built for Linux (and for Windows, with another interface) on x86-64, and for nothing else."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or sys.implementation.name != "cpython":
        raise InstallError(
            f"The cntk engine runs in CPython on Linux on x86-64 only; this is {platform.python_implementation()} on "
            f"{platform.system()} on {platform.machine()}. Choose another engine: tensorflow, theano or numpy."
        )


def find_tools() -> Tools:
    """The compiler, its companion `nm`, and the folders of headers; everything that is missing is told at once."""
    compiler = os.environ.get("CXX", "").split() or ["g++"]
    headers = Path(sysconfig.get_path("include"))
    missing = []
    if shutil.which(compiler[0]) is None:
        missing.append(
            _missing(
                "a C++ compiler", f"{compiler[0]}, {'as CXX says' if 'CXX' in os.environ else 'or set CXX'}"
            )
        )
    if not (headers / "Python.h").is_file():
        missing.append(_missing("Python's headers", f"{headers}/Python.h"))
    if importlib.util.find_spec("pybind11") is None:
        missing.append(f"pybind11: {sys.executable} -m pip install pybind11 (`keras[cntk]` brings it)")
    if missing:
        raise InstallError(
            "\n  ".join(["The cntk engine is compiled on this machine, which lacks", *missing])
        )
    import pybind11  # only builders need it

    nm = subprocess.run([*compiler, "-print-prog-name=nm"], capture_output=True, text=True).stdout.strip()
    return Tools(compiler, nm or "nm", (pybind11.get_include(), str(headers)))


def check_space(folder: Path, needed: int) -> None:
    """Refuse before the disk is full, not when."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InstallError(
            f"{needed / 1e6:.0f} MB are needed in {folder}, and {free / 1e6:.0f} MB are free. "
            "Make room, or name a folder elsewhere in the environment variable KERAS_CNTK_HOME."
        )


def _missing(what: str, detail: str) -> str:
    debian, fedora = _HOW[what]
    return f"{what} ({detail}): apt-get install {debian} (Debian, Ubuntu) or dnf install {fedora} (Fedora)"
