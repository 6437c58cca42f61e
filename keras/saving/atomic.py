"""Files that are either the old one or the new one: written beside the target, synced, then moved over it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path`; it takes the place of `path` when the block ends without an error.

    Raises:
        FileNotFoundError: the folder is not there. OSError: the disk is full, or the folder is not writable; `path` is as before.
    """
    path = Path(path)
    folder = path.parent
    if not folder.is_dir():
        raise FileNotFoundError(f"Cannot save to {path}: the folder {folder} does not exist.")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=folder)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _settle(temporary, path)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_all(folder: Path, key: str) -> Iterator[Path]:
    """A temporary folder inside `folder`; its files take their places in `folder` when the block ends without an error.

    Several files cannot be exchanged at once. The old ones are therefore moved aside whole, the one named `key` first, and the
    new ones in, `key` last: whatever happens, there is never an old key to new files, and a killed program leaves both sets.

    Args:
        folder: where the files belong; made if it is not there. Other files in it are left alone.
        key: the file without which the others are not read.

    Raises:
        OSError: the disk is full, or the folder is not writable; the files are as before.
    """
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{key}.", suffix=".tmp", dir=folder))
    new, old = aside / "new", aside / "old"
    try:
        new.mkdir()
        old.mkdir()
        yield new
        names = sorted((p.name for p in new.iterdir()), key=lambda name: name != key)
        for name in names:
            _settle(new / name, folder / name)
        _exchange(new, folder, old, names)
    except BaseException:
        if not any(old.glob("*")):  # else the old files could not be put back
            shutil.rmtree(aside, ignore_errors=True)
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _exchange(new: Path, folder: Path, old: Path, names: list[str]) -> None:
    """Move what is in the way aside and the new files in; everything back again when that fails."""
    moves = [(folder / n, old / n) for n in names if (folder / n).is_file()]
    moves += [(new / n, folder / n) for n in reversed(names)]
    try:
        for source, target in moves:
            os.replace(source, target)
    except BaseException:
        for source, target in reversed(moves):
            if target.exists() and not source.exists():
                os.replace(target, source)
        raise


def _settle(temporary: Path, path: Path) -> None:
    """See a finished file to the disk, with the permissions it is to have at `path`."""
    with open(temporary, "rb") as f:
        os.fsync(f.fileno())
    os.chmod(temporary, _mode_for(path))


def _mode_for(path: Path) -> int:
    """The permissions an ordinary new file would get, or those of the file being replaced."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
