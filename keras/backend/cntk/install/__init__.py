"""`python -m keras install cntk`: CNTK's core for a Python that Microsoft never built it for.

    wheel.py    the official wheel of CNTK 2.7, made for Python 3.6: fetched, checked, its five libraries unpacked
    mpi.py      stands in for the MPI libraries that these want, so that none has to be installed
    module.py   compiles keras/backend/cntk/native against them
    steps.py    the three in order, checked by training a network, and published only when that works
    places.py   where it all lies: `location()`; loading.py: into the process with it: `load()`

The folder is `cntk-2.7` in `KERAS_CNTK_HOME`, by default `~/.cache/keras`: `libs/` for all Pythons, and a folder with the
compiled module for each Python and each state of the sources.
"""

from __future__ import annotations

import os
from types import ModuleType

from keras.backend.cntk.install.loading import load
from keras.backend.cntk.install.places import location

__all__ = ["load", "location", "remove", "run"]


def run(force: bool = False, wheel: str | os.PathLike[str] | None = None, verify: bool = True) -> None:
    """Install the engine for this Python; does nothing if that has been done.

    Args:
        force: fetch and build again all the same.
        wheel: CNTK's wheel, if it is here already; fetched by pip otherwise.
        verify: train a network on what was built before it takes effect.

    Raises:
        InstallError: something is missing or went wrong; the message says what to do.
    """
    _steps().install(force, wheel, verify)


def remove() -> None:
    """Remove everything that `run` has put on this machine, for every Python."""
    _steps().uninstall()


def _steps() -> ModuleType:
    from keras.backend.cntk.install import needs

    needs.check_platform()  # first: what follows can be imported on Linux only
    from keras.backend.cntk.install import steps  # late: every program asks `location()`, few install

    return steps
