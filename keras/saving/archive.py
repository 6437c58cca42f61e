"""`.keras`: a zip of the architecture as JSON, the weights as HDF5, and a line about the writer; or a folder of the same files."""

from __future__ import annotations

import datetime
import io
import json
import time
import zipfile
import zlib
from lzma import LZMAError
from pathlib import Path
from typing import Any

from keras import registry
from keras.backend import state
from keras.config_reader import well_formed
from keras.errors import NoFileError
from keras.layers import Layer
from keras.models import Model
from keras.saving import assets, weights_h5
from keras.saving.atomic import replacing, replacing_all
from keras.saving.hdf5 import parse_json
from keras.saving.legacy_h5 import KERAS_VERSIONS
from keras.serializable import deserialize, serialize
from keras.version import __version__

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"

#: More than this much, and more than this many times the archive's size, is a bomb and not a model.
_RATIO, _FLOOR = 200, 64 * 2**20

#: The times that a zip file can tell.
_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)

#: What `zipfile` raises about a damaged archive, or one that no Keras wrote.
_DAMAGED = (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, NotImplementedError, RuntimeError)


def save_model(model: Any, path: str | Path) -> None:
    """Write the archive."""
    with replacing(path) as temporary:
        _write(model, temporary)


def save_folder(model: Any, path: Path) -> None:
    """Write the archive's files into a folder; what else lies there stays."""
    with replacing_all(path, key=_CONFIG) as folder:
        for name, text in _texts(model).items():
            (folder / name).write_text(text)
        weights_h5.save_weights(model, folder / _WEIGHTS)
        for name, data in assets.files_of(model).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)


def is_folder(path: Path) -> bool:
    """Whether this is a folder that holds a model."""
    return (path / _CONFIG).is_file()


def to_bytes(model: Any) -> bytes:
    """The archive in memory: what a pickled model consists of."""
    buffer = io.BytesIO()
    _write(model, buffer)
    return buffer.getvalue()


def from_bytes(data: bytes) -> Any:
    """The model of an archive in memory."""
    return load_model(io.BytesIO(data))


def _write(model: Any, target: Any) -> None:
    weights = io.BytesIO()
    weights_h5.save_weights(model, weights)
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in _texts(model).items():
            archive.writestr(_entry(name), text)
        archive.writestr(_entry(_WEIGHTS), weights.getvalue())
        for name, data in assets.files_of(model).items():
            archive.writestr(_entry(name), data)


def _entry(name: str) -> zipfile.ZipInfo:
    """A file in the archive, of now: machines without a clock of their own may begin before the years zip files know."""
    entry = zipfile.ZipInfo(name, min(max(time.localtime()[:6], _FIRST), _LAST))
    entry.external_attr = 0o600 << 16
    return entry


def _texts(model: Any) -> dict[str, str]:
    """The files beside the weights."""
    now = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {
        "keras_version": KERAS_VERSIONS["keras3"],
        "date_saved": now,
        "written_by": f"keras {__version__}",
    }
    return {_METADATA: json.dumps(metadata), _CONFIG: json.dumps(serialize(model))}


def load_model(
    path: str | Path | io.BytesIO, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Read the archive, or the folder of its files.

    Raises:
        FileNotFoundError: there is none. ValueError: not an archive, damaged, or asking for something that is not known.
    """
    if isinstance(path, Path) and path.is_dir():
        text = _plain_file(path / _CONFIG)
        weights: Path | io.BytesIO = path / _WEIGHTS
    else:
        text, packed = _members(path, _CONFIG, _WEIGHTS)
        weights = io.BytesIO(packed)
    where = f"{path}, {_CONFIG}"
    config = parse_json(text.decode("utf-8", "replace"), where)
    if not isinstance(config, dict):
        raise ValueError(f"{where} is a {type(config).__name__}, not the config of a model.")
    compile_config = config.pop("compile_config", None)
    with state.uninitialized(), well_formed(where):
        model = deserialize(config, custom_objects, safe_mode, family="models")
    if not isinstance(model, Layer):
        raise ValueError(f"{where} describes a {type(model).__name__}, not a model.")
    if compile and compile_config and isinstance(model, Model):
        with registry.custom_object_scope(custom_objects), well_formed(f"{where}, compile_config"):
            model.compile_from_config(compile_config)
    weights_h5.load_weights(model, weights, whole=True)
    _load_assets(model, path)
    return model


def _load_assets(model: Any, path: str | Path | io.BytesIO) -> None:
    if isinstance(path, Path) and path.is_dir():
        files = {p.relative_to(path).as_posix(): p for p in (path / assets.FOLDER).rglob("*") if p.is_file()}
        assets.restore(model, files, lambda name: _plain_file(files[name]), path)
        return
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    assets.restore(model, names, lambda name: _members(path, name)[0], path)


def load_weights(model: Any, path: str | Path, skip_mismatch: bool = False) -> None:
    """Read only the weights of an archive."""
    (weights,) = _members(path, _WEIGHTS)
    weights_h5.load_weights(model, io.BytesIO(weights), skip_mismatch)


def _plain_file(path: Path) -> bytes:
    if not path.is_file():
        raise ValueError(f"{path.parent} is a folder, but not one of a saved model: it holds no {path.name}.")
    if path.stat().st_size > _FLOOR:
        raise ValueError(f"{path}: {path.stat().st_size} bytes is more than any model's config.")
    return path.read_bytes()


def _members(path: str | Path | io.BytesIO, *names: str) -> list[bytes]:
    if not isinstance(path, io.BytesIO) and not Path(path).exists():
        raise NoFileError(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return [_member(archive, n, path) for n in names]
    except _DAMAGED as error:
        raise ValueError(f"{path} is not a whole `.keras` archive: {error}") from None


def _member(archive: zipfile.ZipFile, name: str, path: Any) -> bytes:
    """One file of the archive, in memory; its name is fixed, so nothing can be written anywhere."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise ValueError(f"{path} has no {name}: it is not a `.keras` model archive.") from None
    limit = max(_FLOOR, _RATIO * sum(i.compress_size for i in archive.infolist()))
    if info.file_size > limit:
        raise ValueError(
            f"{path}: {name} would unpack to {info.file_size} bytes, far more than a model of this size holds."
        )
    with archive.open(info) as member:
        data = member.read(info.file_size + 1)
    if len(data) > info.file_size:
        raise ValueError(f"{path}: {name} is larger than the archive says.")
    return data
