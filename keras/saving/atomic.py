"""Files that are either the old one or the new one: written beside the target, synced, then moved over it."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Ends the names of files and folders that are being written; they stay behind if the process is killed.
_PART = ".tmp"
#: Seconds without a write after which such a file is nobody's any more.
_ABANDONED = 3600
#: Bytes of a file's name that its temporary one begins with: names have at most 255, and more is added.
_LONGEST = 200


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path`; it takes the place of `path` when the block ends without an error.

    Where `path` is a link, the file it leads to is replaced. What killed processes left of the same file is removed.

    Raises:
        FileNotFoundError: the folder is not there. IsADirectoryError: `path` is a folder. PermissionError: `path` is
            protected. OSError: the disk is full, or the folder is not writable; `path` is as before.
    """
    path = _replaceable(Path(path))
    with _told_of(path):
        handle, name = tempfile.mkstemp(prefix=_prefix(path.name), suffix=_PART, dir=path.parent)
        temporary = Path(name)
        try:
            os.close(handle)
            _remove_abandoned(temporary, path.name)
            yield temporary
            _settle(temporary, path)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def replacing_all(folder: Path, key: str) -> Iterator[Path]:
    """A temporary folder inside `folder`, whose files and folders take their places when the block ends without an error.

    Several files cannot be exchanged at once. The old ones are therefore moved aside whole, the one named `key` first, and the
    new ones in, `key` last: whatever happens, there is never an old key to new files, and a killed program leaves both sets.

    Args:
        folder: where the files belong; made if it is not there. Other files in it are left alone.
        key: the file without which the others are not read.

    Raises:
        OSError: the disk is full, or the folder is not writable; the files are as before.
    """
    with _told_of(folder):
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=_prefix(key), suffix=_PART, dir=folder))
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


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Errors name what was to be saved, rather than a temporary file or none."""
    try:
        yield
    except OSError as error:
        text = f"Cannot save to {path}: {os.strerror(error.errno) if error.errno else error}"
        raise (OSError(error.errno, text) if error.errno else OSError(text)) from error


def _replaceable(path: Path) -> Path:
    """The file itself, links followed, if it may be written."""
    if path.is_symlink():
        path = Path(os.path.realpath(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(f"Cannot save to {path}: the folder {path.parent} does not exist.")
    if path.is_dir():
        raise IsADirectoryError(f"Cannot save to {path}: it is a folder.")
    if path.exists() and not os.access(path, os.W_OK):  # renaming would not ask
        raise PermissionError(f"Cannot save to {path}: the file is write-protected.")
    return path


def _prefix(name: str) -> str:
    return f".{os.fsencode(name)[:_LONGEST].decode(errors='ignore')}."


def _remove_abandoned(temporary: Path, name: str) -> None:
    """Remove what nobody has written to for an hour, by the clock of the disk; a folder may hold the old files."""
    now = temporary.stat().st_mtime
    for path in temporary.parent.glob(f"{glob.escape(_prefix(name))}{'?' * 8}{_PART}"):
        with suppress(OSError):  # a folder, or gone already
            if now - path.stat().st_mtime > _ABANDONED:
                path.unlink()


def _exchange(new: Path, folder: Path, old: Path, names: list[str]) -> None:
    """Move what is in the way aside and the new files in; everything back again when that fails."""
    moves = [(folder / n, old / n) for n in names if (folder / n).exists()]
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
    """See a finished file, or a folder of such, to the disk, with the permissions it is to have at `path`."""
    if temporary.is_dir():
        for part in temporary.iterdir():
            _settle(part, path / part.name)
        return
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
