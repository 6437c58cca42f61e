"""The number of threads of the BLAS that NumPy came with."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from pathlib import Path

_NAMES = (
    "scipy_openblas_{}_num_threads64_",
    "scipy_openblas_{}_num_threads",
    "openblas_{}_num_threads64_",
    "openblas_{}_num_threads",
)


class one_thread:
    """BLAS on the calling thread alone inside the block; no effect where it is not OpenBLAS."""

    # A class, not a generator: entered at every call of a compiled function, of which it would be a tenth.
    def __enter__(self) -> None:
        control = _control()
        self._before = 1
        if control is not None:
            ask, self._tell = control
            self._before = ask()
            if self._before != 1:
                self._tell(1)

    def __exit__(self, *error: object) -> None:
        if self._before != 1:
            self._tell(self._before)


@functools.cache
def _control() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """Functions that tell and change the number of threads of the OpenBLAS NumPy has loaded."""
    for path in _loaded():
        library = ctypes.CDLL(path)
        for name in _NAMES:
            if hasattr(library, name.format("set")):
                return getattr(library, name.format("get")), getattr(library, name.format("set"))
    return None


def _loaded() -> list[str]:
    """Paths of shared libraries of this process that look like OpenBLAS, NumPy's own first."""
    try:
        lines = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return []
    paths = {line.split(None, 5)[5] for line in lines if "openblas" in line.lower() and line.count(" ") >= 5}
    return sorted(paths, key=lambda p: ("numpy" not in p, p))
