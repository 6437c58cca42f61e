"""Weights too large for one file: `name.weights.json`, which says where everything is, and `name_00000.weights.h5`, ..."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import h5py

from keras.errors import NoFileError, shorten
from keras.saving import hdf5
from keras.saving.atomic import replacing_all

_GIGABYTE = 1024**3


@contextmanager
def writing(path: Path, max_shard_size: float) -> Iterator[Any]:
    """A group to write into, as `hdf5.writing` gives; what goes there is spread over shards beside `path`.

    Args:
        path: of the index, `*.weights.json`.
        max_shard_size: in GB, of the arrays in one shard.

    Raises:
        ValueError: an array is larger than a shard. FileNotFoundError: the folder is not there. OSError: nothing could be
            written; the old files are as before then.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"Cannot save to {path}: the folder {path.parent} does not exist.")
    with replacing_all(path.parent, key=path.name) as folder:
        with ExitStack() as files:
            shards = _Shards(folder / path.name.removesuffix(".weights.json"), max_shard_size, files)
            yield _Spread(shards)
        index = {"metadata": {"total_size": shards.total}, "weight_map": shards.places}
        (folder / path.name).write_text(json.dumps(index, indent=4))


class _Shards:
    """The shard being filled, and what has gone where."""

    def __init__(self, stem: Path, max_shard_size: float, files: ExitStack) -> None:
        self._stem, self._size, self._files = stem, max_shard_size, files
        self._number = 0
        self.total = 0
        self.places: dict[str, list[str]] = {}
        self._begin()  # Keras looks for the first shard, even of a model without weights

    def _begin(self) -> None:
        self._path = self._stem.with_name(f"{self._stem.name}_{self._number:05}.weights.h5")
        self._file = self._files.enter_context(hdf5.creating(self._path))
        self._number += 1
        self._filled = 0

    def group_for(self, path: str, name: str, size: int) -> h5py.Group:
        """The group `path` of a shard with room for `size` bytes."""
        limit = self._size * _GIGABYTE
        if size > limit:
            raise ValueError(
                f"save_weights: {path}/{name} takes {size} bytes, more than a shard may hold "
                f"(max_shard_size={self._size} GB, {limit:.0f} bytes). Allow larger shards."
            )
        if self._filled + size > limit:
            self._file.close()
            self._begin()
        self._filled += size
        self.total += size
        where = self.places.setdefault(path, [])
        if self._path.name not in where:
            where.append(self._path.name)
        return self._file.require_group(path)


class _Spread:
    """What stands for an `h5py.Group` while shards are written: it appears in a shard with its first array there."""

    def __init__(self, shards: _Shards, path: str = "") -> None:
        self._shards, self._path = shards, path
        self.attrs: dict[str, Any] = {}

    def create_group(self, name: str) -> _Spread:
        return _Spread(self._shards, f"{self._path}/{name}")

    def create_dataset(self, name: str, data: Any) -> h5py.Dataset:
        group = self._shards.group_for(self._path, name, data.nbytes)
        group.attrs.update(self.attrs)
        return group.create_dataset(name, data=data)


@contextmanager
def reading(path: Path) -> Iterator[hdf5.Group]:
    """The shards that an index names, seen as one file.

    Raises:
        FileNotFoundError: the index or a shard is not there. ValueError: the index is damaged, or names a file elsewhere.
    """
    if not path.exists():
        raise NoFileError(path)
    index = hdf5.parse_json(path.read_text(encoding="utf-8", errors="replace"), str(path))
    with ExitStack() as files:
        names = _names(index, path)
        yield Union([files.enter_context(hdf5.reading(path.with_name(n))) for n in names], str(path))


def _names(index: Any, path: Path) -> list[str]:
    """The shards' names, each of a file in the index's own folder."""
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict):
        raise ValueError(f"{path} has no `weight_map` that says which shard holds what.")
    listed = [n for where in places.values() for n in (where if isinstance(where, list) else [where])]
    for name in listed:
        plain = isinstance(name, str) and PurePosixPath(name).name == name == PureWindowsPath(name).name
        if not plain or not name.strip("."):
            raise ValueError(
                f"{path} names a shard {shorten(name)}. Shards lie beside their index; this one is not trusted and was not read."
            )
    return list(dict.fromkeys(listed))


class Union(hdf5.Group):
    """The same group of several files, seen as one; a dataset is that of the first file that has it."""

    def __init__(self, parts: list[hdf5.Group], file: str) -> None:
        self._parts, self._file = parts, file

    @property
    def path(self) -> str:
        return self._parts[0].path if self._parts else "/"

    def __getitem__(self, name: str) -> hdf5.Group | hdf5.Data:
        found = [part[name] for part in self._parts if name in part]
        if not found:
            raise KeyError(name)
        groups = [x for x in found if isinstance(x, hdf5.Group)]
        return Union(groups, self._file) if len(groups) == len(found) else found[0]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for part in self._parts for name in part))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return any(name in part for part in self._parts)

    def has_attribute(self, name: str) -> bool:
        return any(part.has_attribute(name) for part in self._parts)

    def text(self, name: str) -> str | None:
        return next((text for part in self._parts if (text := part.text(name)) is not None), None)
