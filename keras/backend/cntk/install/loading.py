"""The compiled module, into this process."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from keras.backend.cntk.install.places import MODULE, location
from keras.backend.processor import Processor, processor
from keras.errors import EngineMissingError

COMMAND = "python -m keras install cntk"


def load() -> ModuleType:
    """The module that drives CNTK, loaded at the first call.

    Raises:
        EngineMissingError: it is not installed, or it is and cannot be loaded.
        FileNotFoundError: the current folder has been removed.
    """
    if MODULE in sys.modules:
        return sys.modules[MODULE]
    path = location()
    if path is None:
        raise EngineMissingError("cntk", '"keras[cntk]"', then=COMMAND)
    _choose_fast_mkl(processor())
    _need_current_folder()
    try:
        module = _load_local(path)
    except ImportError as error:
        reason = f"it is there, but does not load: {error}"
        raise EngineMissingError("cntk", '"keras[cntk]"', then=f"{COMMAND} --force", reason=reason) from error
    return sys.modules.setdefault(MODULE, module)


def _load_local(path: Path) -> ModuleType:
    """Load with symbols kept to itself: CNTK's protobuf, seen by TensorFlow, would crash the process."""
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a module")
    flags = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_NOW | os.RTLD_LOCAL)
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.setdlopenflags(flags)
    return module


def _need_current_folder() -> None:
    """MKL asks for the current folder when it begins, and ends the process if there is none."""
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise FileNotFoundError(
            "engine 'cntk' cannot begin in a folder that has been removed, as this program's current one was. Go to "
            "another one first, for example with os.chdir('/')."
        ) from error


def _choose_fast_mkl(chip: Processor) -> None:
    """MKL of 2018 takes the slow way (a third of the speed) on any processor that is not Intel's, unless told not to."""
    if chip.vendor == "AuthenticAMD" and "avx2" in chip.flags:
        os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "5")
