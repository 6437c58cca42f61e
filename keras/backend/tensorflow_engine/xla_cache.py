"""XLA's compiled loops on disk: what took one program a second or two is there for the next run of it.

TensorFlow has such a cache (`--tf_xla_persistent_cache_directory`). It is switched on here unless the environment has a
setting of its own. It finds an entry by the graph, compares the whole graph, and stores machine code, so that a run
that finds an entry computes what one that compiles computes. It fails on an entry that is cut short; those are removed
beforehand (2.21).
"""

from __future__ import annotations

import os
from pathlib import Path

from keras.backend import compile_cache
from keras.backend.tensorflow_engine.loading import tf

_FLAG = "--tf_xla_persistent_cache_directory"


def switch_on() -> None:
    """Name the folder to TensorFlow, which looks when it first runs a graph."""
    flags = os.environ.get("TF_XLA_FLAGS", "")
    if _FLAG in flags:
        return
    place = compile_cache.folder("tensorflow", tf.__version__, is_whole)
    if place is not None and " " not in str(place):  # its flags are separated by blanks
        os.environ["TF_XLA_FLAGS"] = f"{flags} {_FLAG}={place} --tf_xla_persistent_cache_prefix=keras".strip()


def is_whole(path: Path) -> bool:
    """Whether a file is made of complete fields, as a serialized protocol buffer is."""
    size, place = path.stat().st_size, 0
    with path.open("rb") as file:
        while place < size:
            tag = _varint(file)
            length = _varint(file) if tag is not None and tag & 7 == 2 else None
            if length is None:
                return False
            place = file.tell() + length
            file.seek(place)
    return size > 0 and place == size


def _varint(file: object) -> int | None:
    """A number of seven bits a byte, the lowest first; None at the end of the file, or for one that is too long."""
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)  # type: ignore[attr-defined]
        if not byte:
            return None
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value
    return None
