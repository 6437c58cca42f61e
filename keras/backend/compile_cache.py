"""Where engines keep what they have compiled, from one run of a program to the next.

`~/.cache/keras/compiled` holds a folder for each engine and whatever its code depends on: the versions and the processor.
`KERAS_CACHE` names another place, or is `off`. `python -m keras cache` says what is there, and with `--clear` removes it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from keras.backend.processor import processor
from keras.version import __version__

#: Bytes that are kept; what was used longest ago goes first.
LIMIT = 1 << 29
#: Seconds between two times that is looked after, for thousands of files take a while to look at.
EVERY = 24 * 3600
#: Begins the name of a file that is being written; it stays behind if the process is killed.
PART = "part-"
_MARK = "tidied"


def root() -> Path | None:
    """The folder of all engines; None if nothing is to be kept."""
    asked = os.environ.get("KERAS_CACHE", "").strip()
    if asked.lower() in ("off", "0", "false", "no"):
        return None
    if asked:
        return Path(asked).expanduser()
    home = user_cache()
    return home and home / "compiled"


def user_cache() -> Path | None:
    """Where the library keeps what it makes for a user; None for one without a home, as in some containers."""
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "keras"
    except RuntimeError:
        return None


def folder(engine: str, version: str, is_whole: Callable[[Path], bool] | None = None) -> Path | None:
    """The folder of one engine, made if need be.

    Args:
        engine: its name.
        version: of the engine.
        is_whole: whether a file is complete, for an engine that cannot tell; others, which a killed process or a full disk
            left behind, are removed.

    Returns:
        None if nothing is to be kept, nothing can be written there, or others can: what is in it will be run.
    """
    base = root()
    if base is None:
        return None
    place = base / f"{engine}-{version}-keras-{__version__}-{_processor()}"
    try:
        base.mkdir(parents=True, exist_ok=True)
        place.mkdir(mode=0o700, exist_ok=True)
        if not os.access(place, os.W_OK | os.X_OK) or not _is_own(place):
            return None
        for path in place.iterdir() if is_whole else ():
            if not is_whole(path):  # type: ignore[misc]
                path.unlink()
        _tidy(base)
    except OSError:
        return None
    return place


def write(path: Path, data: bytes) -> None:
    """All of a file in such a folder or nothing; a disk that is full keeps no program from training."""
    with suppress(OSError), NamedTemporaryFile(dir=path.parent, prefix=PART, delete=False) as file:
        part = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.replace(part, path)
        except OSError:
            part.unlink(missing_ok=True)


def describe() -> str:
    """Where it is and how much is in it."""
    base = root()
    if base is None:
        return "The cache of compiled code is off: KERAS_CACHE says so, or there is no home for it."
    lines = [f"{base}  (KERAS_CACHE names another place, or is off)"]
    for place in sorted(p for p in base.glob("*") if p.is_dir()):
        sizes = [p.stat().st_size for p in place.iterdir()]
        lines.append(f"  {place.name}: {len(sizes)} files, {sum(sizes) / 2**20:.1f} MB")
    return "\n".join(lines if len(lines) > 1 else [*lines, "  empty"])


def clear() -> str:
    """Remove everything in it; returns what was done."""
    base = root()
    if base is None or not base.exists():
        return "There is nothing to remove."
    freed = sum(p.stat().st_size for p in base.rglob("*") if p.is_file())
    for place in base.glob("*-keras-*"):  # only what is ours, whatever folder KERAS_CACHE names
        shutil.rmtree(place)
    (base / _MARK).unlink(missing_ok=True)
    return f"Removed {freed / 2**20:.1f} MB from {base}."


def _is_own(place: Path) -> bool:
    """Whether nobody else could have put something there."""
    if not hasattr(os, "geteuid"):
        return True
    facts = place.stat()
    return facts.st_uid == os.geteuid() and not facts.st_mode & 0o022


def _tidy(base: Path) -> None:
    """Remove what was used longest ago, and parts of files that nobody will complete."""
    mark, now = base / _MARK, time.time()
    with suppress(FileNotFoundError):
        if now - mark.stat().st_mtime < EVERY:
            return
    mark.touch()
    kept = []
    for path in base.glob("*-keras-*/*"):
        with suppress(FileNotFoundError):  # another process does the same
            facts = path.stat()
            if path.name.startswith(PART) and now - facts.st_mtime > EVERY:
                path.unlink()
            else:
                kept.append((facts.st_mtime, facts.st_size, path))
    total = sum(size for _, size, _ in kept)
    for _, size, path in sorted(kept):
        if total <= LIMIT:
            return
        path.unlink(missing_ok=True)
        total -= size


def _processor() -> str:
    """What machine code is compiled for: code for one processor may not run on another."""
    facts = [platform.machine(), processor().model, *sorted(processor().flags)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]
