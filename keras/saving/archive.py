"""`.keras`: a zip of the architecture as JSON, the weights as HDF5, and a line about the writer."""

from __future__ import annotations

import datetime
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from keras import registry
from keras.backend import state
from keras.errors import NoFileError
from keras.saving import weights_h5
from keras.saving.atomic import replacing
from keras.saving.hdf5 import parse_json
from keras.saving.legacy_h5 import KERAS_VERSIONS
from keras.serializable import deserialize, serialize
from keras.version import __version__

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"

#: More than this much, and more than this many times the archive's size, is a bomb and not a model.
_RATIO, _FLOOR = 200, 64 * 2**20


def save_model(model: Any, path: str | Path) -> None:
    """Write the archive."""
    with replacing(path) as temporary:
        _write(model, temporary)


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
    now = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {
        "keras_version": KERAS_VERSIONS["keras3"],
        "date_saved": now,
        "written_by": f"keras {__version__}",
    }
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(_METADATA, json.dumps(metadata))
        archive.writestr(_CONFIG, json.dumps(serialize(model)))
        archive.writestr(_WEIGHTS, weights.getvalue())


def load_model(
    path: str | Path | io.BytesIO, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Read the archive.

    Raises:
        FileNotFoundError: there is none. ValueError: not an archive, damaged, or asking for something that is not known.
    """
    text, weights = _members(path, _CONFIG, _WEIGHTS)
    config = parse_json(text.decode("utf-8", "replace"), f"{path}, {_CONFIG}")
    compile_config = config.pop("compile_config", None)
    with state.uninitialized():
        model = deserialize(config, custom_objects, safe_mode, family="models")
    if not compile:
        compile_config = None
    if compile_config:
        with registry.custom_object_scope(custom_objects):
            model.compile_from_config(compile_config)
    weights_h5.load_weights(model, io.BytesIO(weights), whole=True)
    return model


def load_weights(model: Any, path: str | Path, skip_mismatch: bool = False) -> None:
    """Read only the weights of an archive."""
    (weights,) = _members(path, _WEIGHTS)
    weights_h5.load_weights(model, io.BytesIO(weights), skip_mismatch)


def _members(path: str | Path | io.BytesIO, *names: str) -> list[bytes]:
    if not isinstance(path, io.BytesIO) and not Path(path).exists():
        raise NoFileError(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return [_member(archive, n, path) for n in names]
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
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
