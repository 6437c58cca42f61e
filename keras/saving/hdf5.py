"""Reading and writing HDF5 with care: a file may come from anyone.

Only hard links and data stored in the file itself are followed; soft and external links, external and virtual datasets,
references and strange types are refused by name. Nothing is read before its size is known to be wanted.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np

from keras.backend import dtypes
from keras.errors import NoFileError
from keras.saving.atomic import replacing

T = TypeVar("T")

#: An HDF5 object header holds at most 64 KiB; longer lists of names are split, as Keras does.
_HEADER_LIMIT = 64_000
_JSON_LIMIT = 512 * 2**20


class Group(Mapping[str, Any]):
    """A read-only view of an HDF5 group that hands out only what is safe: sub-`Group`s and `Data`."""

    def __init__(self, group: h5py.Group, file: str) -> None:
        self._group = group
        self._file = file

    @property
    def path(self) -> str:
        return self._group.name

    def __getitem__(self, name: str) -> Group | Data:
        if name not in self:
            raise KeyError(name)
        with self._whole():
            return self._open(name)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Say of what the HDF5 library stumbles over, in three kinds of errors, that the file is damaged."""
        try:
            yield
        except (OSError, RuntimeError, KeyError) as error:
            reason = error.args[0] if error.args else error
            raise ValueError(
                f"{self._file}: a part of it cannot be read, the file is damaged: {reason}"
            ) from None

    def _open(self, name: str) -> Group | Data:
        node = self._group
        for part in name.strip("/").split("/"):
            link = node.get(part, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise ValueError(
                    f"{self._file}: {node.name}/{part} is a {type(link).__name__}, which points elsewhere. "
                    "Model files hold their data themselves; this one is not trusted and was not read."
                )
            node = node[part]
        if isinstance(node, h5py.Group):
            return Group(node, self._file)
        if isinstance(node, h5py.Dataset):
            return Data(node, self._file)
        raise ValueError(f"{self._file}: {node.name} is neither a group nor a dataset.")

    def __iter__(self) -> Iterator[str]:
        with self._whole():
            return iter(list(self._group.keys()))

    def __len__(self) -> int:
        with self._whole():
            return len(self._group)

    def __contains__(self, name: object) -> bool:
        with self._whole():
            return isinstance(name, str) and name in self._group

    def group(self, name: str) -> Group:
        """The subgroup `name`. Raises ValueError when it is missing or a dataset."""
        return self._found(Group, "group", name)

    def data(self, name: str) -> Data:
        """The dataset `name`. Raises ValueError when it is missing or a group."""
        return self._found(Data, "dataset", name)

    def _found(self, kind: type[T], word: str, name: str) -> T:
        found = self.get(name)
        if not isinstance(found, kind):
            raise ValueError(
                f"{self._file}: expected a {word} {name!r} in {self.path}. The file is damaged, or not a model's."
            )
        return found

    # ------------------------------------------------------------------ attributes
    def has_attribute(self, name: str) -> bool:
        """Whether there is an attribute `name`, or `name0` when it is split."""
        return self._attribute(name) is not None or self._attribute(f"{name}0") is not None

    def _attribute(self, name: str) -> Any:
        with self._whole():
            attributes = self._group.attrs
            if name not in attributes:
                return None
            return attributes[name]  # `get` would take a damaged one for one that is not there

    def text(self, name: str) -> str | None:
        """A text attribute, or None."""
        value = self._attribute(name)
        if value is None:
            return None
        if isinstance(value, bytes):
            value = value.decode("utf-8")
        if not isinstance(value, str):
            raise ValueError(f"{self._file}: attribute {name!r} of {self.path} is not text.")
        return value

    def json(self, name: str) -> Any:
        """An attribute holding JSON, or None."""
        text = self.text(name)
        return None if text is None else parse_json(text, f"{self._file}, attribute {name!r}")

    def names(self, name: str) -> list[str]:
        """A list of names kept in an attribute, which may be split over `name0`, `name1`, ..."""
        whole = self._attribute(name)
        parts = [] if whole is None else [whole]
        while whole is None and (part := self._attribute(f"{name}{len(parts)}")) is not None:
            parts.append(part)
        return [
            n.decode("utf-8") if isinstance(n, bytes) else str(n)
            for part in parts
            for n in np.asarray(part).ravel().tolist()
        ]


class Data:
    """A dataset, read only when its shape and type are known to be right."""

    def __init__(self, dataset: h5py.Dataset, file: str) -> None:
        self._dataset = dataset
        self._file = file
        self._check()

    def _check(self) -> None:
        data, where = self._dataset, f"{self._file}: dataset {self._dataset.name}"
        if data.is_virtual or data.external:
            raise ValueError(
                f"{where} keeps its data in other files. This file is not trusted and was not read."
            )
        if data.dtype.kind not in "biufcV" or data.dtype.hasobject:
            raise ValueError(f"{where} holds {data.dtype}, not numbers.")
        if data.chunks is None and data.size and data.id.get_storage_size() < data.size * data.dtype.itemsize:
            raise ValueError(
                f"{where} declares shape {data.shape} but stores only {data.id.get_storage_size()} bytes."
            )

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._dataset.shape)

    @property
    def path(self) -> str:
        return self._dataset.name

    def read(self) -> np.ndarray:
        """The values as a host array."""
        try:
            value = self._dataset[()]
            kept_as = self._dataset.attrs.get("dtype")
        except (OSError, RuntimeError, KeyError) as error:
            raise ValueError(
                f"{self._file}: dataset {self.path} cannot be read, the file is damaged: {error}"
            ) from None
        bare = value.dtype.kind == "V" and value.dtype.itemsize == 2  # `.h5` files do not say what it is
        if bare or (isinstance(kept_as, str) and kept_as == "bfloat16"):
            return np.asarray(value).view(dtypes.to_numpy_dtype("bfloat16"))
        return np.asarray(value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        value = self.read()
        return value if dtype is None else value.astype(dtype)


def parse_json(text: str, where: str) -> Any:
    """JSON of a bearable size and depth. Raises ValueError naming `where`."""
    if len(text) > _JSON_LIMIT:
        raise ValueError(f"{where}: {len(text)} bytes of JSON is more than any model's config.")
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{where} is not valid JSON: {error}") from None


@contextmanager
def reading(path: str | Path | Any) -> Iterator[Group]:
    """Open a file (or file object) for reading.

    Raises:
        FileNotFoundError: there is none. ValueError: it is not HDF5, or cut short.
    """
    name = str(path) if isinstance(path, (str, Path)) else "the file"
    if isinstance(path, (str, Path)):
        if not Path(path).exists():
            raise NoFileError(path)
        if Path(path).is_dir():
            raise ValueError(
                f"{path} is a folder, not a model file. (TensorFlow SavedModel folders are not read.)"
            )
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(_why_not_hdf5(path, name, error)) from None
    with file:
        yield Group(file, name)


def _why_not_hdf5(path: Any, name: str, error: OSError) -> str:
    if isinstance(path, (str, Path)):
        with open(path, "rb") as f:
            start = f.read(8)
        if start[:4] == b"\x89HDF":
            return f"{name} is an HDF5 file that is cut short or damaged: {error}"
        if zipfile.is_zipfile(path):
            return f"{name} is a zip file: a `.keras` archive must keep its ending to be loaded as one."
        if not start:
            return f"{name} is empty."
    return f"{name} is not an HDF5 file: {error}"


# ---------------------------------------------------------------------- writing
@contextmanager
def writing(path: str | Path | Any) -> Iterator[h5py.Group]:
    """A new file under construction; it takes the name `path` when the block ends without an error."""
    if not isinstance(path, (str, Path)):
        with creating(path) as file:
            yield file
        return
    with replacing(path) as temporary, creating(temporary) as file:
        yield file


@contextmanager
def creating(path: str | Path | Any) -> Iterator[h5py.File]:
    """A file that is closed when the block ends, in such a way that the first thing that goes wrong is what is told.

    The HDF5 library tries to write what is left when it closes a file, and fails again with other words: a RuntimeError.

    Raises:
        OSError: the disk is full.
    """
    file = h5py.File(path, "w")
    try:
        try:
            yield file
        except BaseException:
            with suppress(Exception):
                file.close()
            raise
        file.close()
    except RuntimeError as error:
        found = re.search(r"errno = (\d+)", str(error))
        if found is None:
            raise
        number = int(found[1])
        raise OSError(number, os.strerror(number)) from error


def write_array(group: h5py.Group, name: str, value: Any) -> None:
    """Store an array; bfloat16, which HDF5 lacks, as its bits, two bytes of no type, as Keras 3 does."""
    value = np.asarray(value)
    if value.dtype.name == "bfloat16":
        data = group.create_dataset(name, data=value.view("V2"))
        data.attrs["dtype"] = "bfloat16"
    else:
        group.create_dataset(name, data=value)


def write_names(group: h5py.Group, name: str, names: Sequence[str]) -> None:
    """Store a list of names in an attribute, split when it is too long for one."""
    encoded = [n.encode("utf-8") for n in names]
    too_long = [n for n in names if len(n.encode("utf-8")) > _HEADER_LIMIT]
    if too_long:
        raise ValueError(
            f"A name of {len(too_long[0])} characters does not fit into an HDF5 file: {too_long[0][:60]}..."
        )
    if sum(map(len, encoded)) + 16 * len(encoded) <= _HEADER_LIMIT:
        group.attrs[name] = encoded
        return
    longest = max(map(len, encoded))
    step = max(_HEADER_LIMIT // (longest + 1), 1)
    for i, start in enumerate(range(0, len(encoded), step)):
        group.attrs[f"{name}{i}"] = encoded[start : start + step]


def write_json(group: h5py.Group, name: str, value: Any) -> None:
    """Store plain data as JSON in an attribute."""
    group.attrs[name] = json.dumps(value).encode("utf-8")
