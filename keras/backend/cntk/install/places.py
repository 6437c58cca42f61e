"""Where the parts of an installed CNTK lie, and whether they are all there."""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import sysconfig
from pathlib import Path

from keras.backend.compile_cache import user_cache
from keras.errors import InstallError

VERSION = "2.7"
MODULE = "_keras_cntk"

#: Of the libraries in the wheel, those that computing needs, and how large they are.
LIBRARIES = {
    "libCntk.Core-2.7.so": 25_826_168,
    "libCntk.Math-2.7.so": 28_700_232,
    "libCntk.PerformanceProfiler-2.7.so": 213_888,
    "libiomp5.so": 1_842_723,
    "libmklml_intel.so": 154_033_966,
}
#: What the libraries need of MPI, made here.
STUBS = ("libmpi.so.12", "libmpi_cxx.so.1")

SOURCES = Path(__file__).parents[1] / "native"
#: The module finds the libraries from where it lies itself, so the whole folder may be moved.
FLAGS = (
    "-std=c++17",
    "-O3",
    "-fno-math-errno",
    "-ffp-contract=off",  # the same numbers whatever the width of the registers
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    "-Wl,-rpath,$ORIGIN/../libs",
)
#: What the module is linked with, after its sources.
LINKED = (
    "-Wl,--allow-shlib-undefined",
    "-l:libCntk.Core-2.7.so",
    "-l:libCntk.Math-2.7.so",
    "-l:libiomp5.so",
)


def root() -> Path:
    """The folder that holds everything: `cntk-2.7` in `KERAS_CNTK_HOME` or in the user's cache.

    Raises:
        InstallError: nobody named a folder, and the user has no home.
    """
    chosen = os.environ.get("KERAS_CNTK_HOME")
    if chosen:
        return Path(chosen).expanduser() / f"cntk-{VERSION}"
    cache = user_cache()
    if cache is None:
        raise InstallError(
            "The cntk engine is installed in the user's home, and there is none. Name a folder in KERAS_CNTK_HOME."
        )
    return cache / f"cntk-{VERSION}"


def libs(root: Path) -> Path:
    """The folder of the shared libraries."""
    return root / "libs"


def module(root: Path) -> Path:
    """The compiled module of this Python and of the sources as they are now."""
    python = f"cp{sys.version_info.major}{sys.version_info.minor}{getattr(sys, 'abiflags', '')}"
    return root / f"{python}-{_digest(SOURCES)}" / f"{MODULE}{sysconfig.get_config_var('EXT_SUFFIX')}"


def location() -> Path | None:
    """The compiled module if the engine is installed, else None. Asked often: it looks at two files only."""
    try:
        here = root()
    except InstallError:  # nor has it been installed, then
        return None
    built = module(here)
    return built if built.is_file() and (libs(here) / STUBS[0]).is_file() else None


def has_libs(root: Path) -> bool:
    """Whether every library is there and has its size."""
    folder = libs(root)
    if not all((folder / name).is_file() for name in (*LIBRARIES, *STUBS)):
        return False
    return all((folder / name).stat().st_size == size for name, size in LIBRARIES.items())


def sources() -> list[Path]:
    """The C++ files that are compiled."""
    return sorted(SOURCES.glob("*.cpp"))


@functools.cache
def _digest(folder: Path) -> str:
    """Twelve digits that change with the sources and with how they are compiled."""
    found = hashlib.sha256(" ".join((*FLAGS, *LINKED)).encode())
    for path in sorted([*folder.glob("*.cpp"), *folder.glob("*.h")]):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:12]
