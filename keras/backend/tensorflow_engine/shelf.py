"""Compiled functions on disk: what one run of a program has traced, the next finds.

It then needs neither the trace nor the half of TensorFlow that traces are made with. A function is found by what it
computes (see `graph.describing`), the versions, and the devices, and it is the very graph that was traced, so that numbers
are the same to the bit. Graphs that hold host code, tensors of their own or places of devices are not kept.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from keras.backend import compile_cache
from keras.backend.tensorflow_engine import one_thread
from keras.backend.tensorflow_engine.choices import Choices
from keras.backend.tensorflow_engine.held import Held, functions_of
from keras.backend.tensorflow_engine.loading import context, tf

_MAGIC = b"keras function 1\n"
#: Bytes of a graph, constants included, beyond which reading it takes longer than tracing.
_LARGEST = 2**26
_LIBRARY = str(Path(__file__).parents[2])
_HOST_CODE = frozenset({"PyFunc", "EagerPyFunc", "PyFuncStateless"})


class Entry(NamedTuple):
    """A function of the runtime.

    Args:
        name: under which the runtime has it.
        results: how many.
        captures: of the variables it was found with, the numbers of those it takes after its arguments.
        choices: how it is to be run.
        held: keeps it in the runtime.
    """

    name: str
    results: int
    captures: tuple[int, ...]
    choices: Choices
    held: Held


class Shelf:
    """Where the graphs of one function are: the function itself, and loops of it.

    Args:
        digest: what the function computes.
        jit_compile: as it was asked for.
    """

    def __init__(self, digest: str, jit_compile: bool | None) -> None:
        runtime = context.context()
        devices = [d.name for d in runtime.list_physical_devices()]
        facts = (digest, jit_compile, _sources(), devices, runtime.device_name, one_thread.runtime() is None)
        self._key = hashlib.sha256(repr(facts).encode()).hexdigest()[:40]

    @staticmethod
    def is_open() -> bool:
        """Whether functions are kept: not while TensorFlow's debugging puts ops of its own into graphs."""
        return _folder() is not None and not context.context().op_callbacks

    def get(self, kind: str) -> Entry | None:
        """The graph of this kind, handed to the runtime; None if there is none, or none that is whole."""
        path = self._path(kind)
        try:
            header, functions = _unpacked(path.read_bytes() if path else b"")
        except (OSError, ValueError, KeyError, TypeError):
            return None
        choices = Choices(*header["choices"])
        held = Held.of(header["name"], functions, choices.on_one_thread)
        with suppress(OSError):
            os.utime(path)  # type: ignore[arg-type]  # what is used stays
        return Entry(header["name"], header["results"], tuple(header["captures"]), choices, held)

    def put(self, kind: str, concrete: Any, handles: Sequence[Any], choices: Choices) -> None:
        """Keep a graph, if that can be done.

        Args:
            kind: of it.
            concrete: the function.
            handles: of the variables it is to be found with.
            choices: how it is to be run.
        """
        path, numbers = self._path(kind), {id(h): i for i, h in enumerate(handles)}
        captured = [numbers.get(id(x)) for x in concrete.captured_inputs]
        functions = functions_of(concrete, choices.on_one_thread)
        if path is None or None in captured or not all(map(_is_portable, functions)):
            return
        if sum(f.ByteSize() for f in functions) > _LARGEST:
            return
        names = {f.signature.name: f"keras_{self._key}_{kind}_{i}" for i, f in enumerate(functions)}
        blobs = [_renamed(f, names).SerializeToString() for f in functions]
        header = {
            "name": names[concrete.function_def.signature.name],
            "results": len(concrete.outputs),
            "captures": captured,
            "choices": choices,
            "sizes": [len(b) for b in blobs],
        }
        compile_cache.write(path, _packed(header, blobs))

    def _path(self, kind: str) -> Path | None:
        place = _folder()
        return place and place / f"{self._key}-{kind}"


# ---------------------------------------------------------------------- graphs
def _is_portable(function: Any) -> bool:
    return not any(node.op in _HOST_CODE or node.device for node in function.node_def)


def _renamed(function: Any, names: dict[str, str]) -> Any:
    """A copy under another name, for the runtime of another process may know other functions by these."""
    copy = type(function).FromString(function.SerializeToString())
    copy.signature.name = names[copy.signature.name]
    for node in copy.node_def:
        node.op = names.get(node.op, node.op)
        for value in node.attr.values():
            for f in [value.func] if value.HasField("func") else value.list.func:
                f.name = names.get(f.name, f.name)
    return copy


# ---------------------------------------------------------------------- files
def _packed(header: dict[str, Any], blobs: Sequence[bytes]) -> bytes:
    body = json.dumps(header).encode() + b"\n" + b"".join(blobs)
    return _MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _unpacked(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    if not data.startswith(_MAGIC):
        raise ValueError("no function")
    digest, _, body = data[len(_MAGIC) :].partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise ValueError("not whole")
    line, _, rest = body.partition(b"\n")
    header, blobs = json.loads(line), []
    for size in header["sizes"]:
        blobs.append(rest[:size])
        rest = rest[size:]
    return header, blobs


@cache
def _folder() -> Path | None:
    return compile_cache.folder("tensorflow_functions", tf.__version__)


@cache
def _sources() -> str:
    """What this library is: also while it is being changed."""
    return hashlib.sha256(repr(sorted(_python_files(_LIBRARY))).encode()).hexdigest()


def _python_files(folder: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _python_files(entry.path)
            elif entry.name.endswith(".py"):
                facts = entry.stat()
                yield entry.path, facts.st_size, facts.st_mtime_ns
