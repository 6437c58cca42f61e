"""The installation, step by step. What is unfinished lies in a folder of its own and is moved into place when it is done.

One process at a time works in the folder. So whatever unfinished work the next one finds there was left by a process
that was killed, and is removed. A process that uses the engine sees either nothing or all of it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras.backend.cntk.install import module, mpi, needs, places, wheel
from keras.errors import InstallError

_UNFINISHED = ".unfinished-"
_PACKAGE = Path(__file__).parents[4]  # the folder that holds `keras`


def install(force: bool, source: str | os.PathLike[str] | None, verify: bool) -> None:
    """Libraries, then module, then a trained network; see `keras.backend.cntk.install.run`."""
    root = places.root()
    if not force and places.location() and places.has_libs(root):
        print(f"cntk {places.VERSION} is already installed: {places.location()}")
        return
    tools = needs.find_tools()
    print(f"Installing cntk {places.VERSION} for Python {sys.version.split()[0]} in {root}")
    with _alone_in(root), _unfinished(root) as work:
        if force or not places.has_libs(root):
            _install_libs(root, work, tools, source)
        if force or not places.location():  # another process may have done it while this one waited
            _install_module(root, work, tools, verify)
    print("Installed. Use it: KERAS_BACKEND=cntk, or keras.config.set_backend('cntk').")


def uninstall() -> None:
    """Remove the folder."""
    root = places.root()
    if not root.is_dir():
        print(f"There is no {root}")
        return
    with _alone_in(root):
        shutil.rmtree(root)
    print(f"Removed {root}")


def _install_libs(root: Path, work: Path, tools: needs.Tools, source: str | os.PathLike[str] | None) -> None:
    needs.check_space(root, sum(places.LIBRARIES.values()) + (0 if source else wheel.SIZE))
    with _step(
        f"fetch    CNTK {places.VERSION} with pip, {wheel.SIZE / 1e6:.0f} MB", skip=source is not None
    ):
        file = wheel.fetch(work) if source is None else Path(source).expanduser()
    with _step("check    its SHA-256"):
        wheel.check(file)
    libs = work / "libs"
    libs.mkdir()
    with _step(f"unpack   {len(places.LIBRARIES)} libraries, {sum(places.LIBRARIES.values()) / 1e6:.0f} MB"):
        wheel.unpack(file, libs)
    with _step("make     what stands in for MPI"):
        mpi.build(libs, tools.compiler, tools.nm)
    if places.libs(root).exists():
        places.libs(root).rename(work / "old libs")
    libs.rename(places.libs(root))


def _install_module(root: Path, work: Path, tools: needs.Tools, verify: bool) -> None:
    home = work / "home"  # is for a moment what the user's folder will be
    built = places.module(home / root.name)
    built.parent.mkdir(parents=True)
    places.libs(home / root.name).symlink_to(places.libs(root).absolute())
    with _step(f"compile  the engine with {module.compiler_version(tools)}"):
        module.build(built, places.libs(root), tools)
    if verify:
        with _step("verify   by training a network on it"):
            report = _train_on(home)
        print(report)
    target = places.module(root)
    target.parent.mkdir(exist_ok=True)
    built.replace(target)


def _train_on(home: Path) -> str:
    """Train a network on the engine in `home`, in a process of its own: native code may end it without a word."""
    path = os.pathsep.join(filter(None, [str(_PACKAGE), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "KERAS_CNTK_HOME": str(home), "PYTHONPATH": path}
    command = [sys.executable, "-m", "keras", "selftest", "cntk"]
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True)
    if outcome.returncode:
        said = (outcome.stdout + outcome.stderr).strip() or "It said nothing."
        raise InstallError(f"The engine was built, but fails (exit code {outcome.returncode}):\n{said}")
    return outcome.stdout.rstrip()


@contextmanager
def _alone_in(root: Path) -> Iterator[None]:
    """Hold the folder's lock, which ends with the process however that ends."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        file = (root / ".lock").open("w")
    except OSError as error:
        raise InstallError(
            f"Nothing can be written into {root}: {error.strerror}. "
            "Name a folder elsewhere in the environment variable KERAS_CNTK_HOME."
        ) from error
    with file as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("  waiting for another installation to end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _unfinished(root: Path) -> Iterator[Path]:
    """A folder for unfinished work, gone in the end."""
    for left in root.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=root) as work:
        yield Path(work)


@contextmanager
def _step(what: str, skip: bool = False) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    if skip:
        yield
        return
    print(f"  {what} ...", end=" ", flush=True)
    start = time.perf_counter()
    try:
        yield
    except BaseException:
        print("failed")
        raise
    print(f"{time.perf_counter() - start:.1f} s")
