"""Libraries in the place of Open MPI's: CNTK is linked to them for training on many machines, which is not done here.

Every symbol must be there for CNTK to load. What asks who takes part is answered: this process, alone; everything else
would have to talk to others and returns an error.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from keras.backend.cntk.install.places import LIBRARIES, STUBS
from keras.errors import InstallError

_ALONE = """\
#include <cstdio>
#include <cstdlib>
#include <cstring>
static int started;
extern "C" {
int MPI_Initialized(int* flag) { *flag = started; return 0; }
int MPI_Init_thread(int*, char***, int wanted, int* given) { started = 1; if (given) *given = wanted; return 0; }
int MPI_Finalize() { started = 0; return 0; }
int MPI_Comm_size(void*, int* size) { *size = 1; return 0; }
int MPI_Comm_rank(void*, int* rank) { *rank = 0; return 0; }
int MPI_Get_processor_name(char* name, int* length) { strcpy(name, "localhost"); *length = 9; return 0; }
int MPI_Error_string(int, char* text, int* length) { strcpy(text, "no MPI here"); *length = 11; return 0; }
int MPI_Abort(void*, int code) { fprintf(stderr, "MPI_Abort(%d)\\n", code); abort(); }
"""
_DATA = re.compile(r"ompi_mpi_(?!.*_intercept$)")  # the handles of types, operations and communicators
_SIZE = 512  # more than the largest of Open MPI's handles; nobody looks into them
_ERROR = 16  # MPI_ERR_OTHER


def build(folder: Path, compiler: list[str], nm: str) -> int:
    """Make both libraries in the folder where CNTK's are; returns how many symbols they define."""
    wanted = undefined([folder / name for name in LIBRARIES], nm)
    for name, code in zip(STUBS, (source(wanted), ""), strict=True):
        command = [*compiler, "-w", "-O1", "-shared", "-fPIC", f"-Wl,-soname,{name}"]
        command += ["-x", "c++", "-", "-o", str(folder / name)]
        outcome = subprocess.run(command, input=code, capture_output=True, text=True)
        if outcome.returncode:
            raise InstallError(f"{compiler[0]} cannot build {name}:\n{outcome.stderr.strip()}")
    return len(wanted)


def undefined(libraries: Iterable[Path], nm: str) -> set[str]:
    """The symbols that the libraries expect of MPI."""
    command = [nm, "-D", "--undefined-only", *map(str, libraries)]
    outcome = subprocess.run(command, capture_output=True, text=True)
    if outcome.returncode:
        raise InstallError(f"{nm} cannot read CNTK's libraries:\n{outcome.stderr.strip()}")
    return set(re.findall(r" U ((?:MPI_|ompi_|_ZN3MPI)\w+)", outcome.stdout))


def source(symbols: Iterable[str]) -> str:
    """A C++ file that defines the symbols."""
    answered = set(re.findall(r"int (MPI_\w+)\(", _ALONE))
    lines = [_definition(symbol) for symbol in sorted(set(symbols) - answered)]
    return "\n".join([_ALONE, *lines, "}", ""])


def _definition(symbol: str) -> str:
    return f"char {symbol}[{_SIZE}];" if _DATA.match(symbol) else f"int {symbol}() {{ return {_ERROR}; }}"
