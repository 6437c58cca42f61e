"""Files that objects of a model keep beside its weights, such as a vocabulary: `assets/<path of the object>/...`.

A class takes part by `save_assets(folder)` and `load_assets(folder)`, as in Keras. Files are written only into a temporary
folder, and only under names that stay inside it; none is ever run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from keras.saving.weights_h5 import objects

FOLDER = "assets"


def files_of(model: Any) -> dict[str, bytes]:
    """What the objects of a model write with `save_assets`, by name in the archive."""
    found: dict[str, bytes] = {}
    for path, obj in objects(model):
        if hasattr(obj, "save_assets"):
            with tempfile.TemporaryDirectory() as folder:
                obj.save_assets(folder)
                for file in sorted(Path(folder).rglob("*")):
                    if file.is_file():
                        name = PurePosixPath(FOLDER, path, file.relative_to(folder).as_posix())
                        found[str(name)] = file.read_bytes()
    return found


def restore(model: Any, names: Iterable[str], read: Callable[[str], bytes], source: Any) -> None:
    """Give the objects of a model the files that they had written.

    Args:
        names: of the files in the archive.
        read: the contents of one of them.
        source: the archive, for messages.

    Raises:
        ValueError: a name leads out of the folder.
    """
    names = [n for n in names if n.startswith(f"{FOLDER}/") and not n.endswith("/")]
    if not names:
        return
    for path, obj in objects(model):
        if not hasattr(obj, "load_assets"):
            continue
        start = f"{PurePosixPath(FOLDER, path)}/"
        own = {n: _inside(n.removeprefix(start), source) for n in names if n.startswith(start)}
        if not own:
            continue
        with tempfile.TemporaryDirectory() as folder:
            for name, relative in own.items():
                target = Path(folder, relative)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(read(name))
            obj.load_assets(folder)


def _inside(name: str, source: Any) -> PurePosixPath:
    """A relative path that leads nowhere else, on any system."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or any(c in name for c in "\\:\0"):
        raise ValueError(
            f"{source}: the file {name!r} among its assets would be written outside of their folder."
        )
    return path
