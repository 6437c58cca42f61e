"""Result dtypes of all pairs and triples under each floatx, from real Keras 3.15.1: `tests/golden/ops/dtypes.json.gz`.

Run with `KERAS_BACKEND=tensorflow` in an environment holding Keras 3.15.1, outside the repository's root.
"""

import gzip
import itertools
import json
from pathlib import Path

import keras
from keras import backend

NAMES = [
    "bool",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "bfloat16",
    "float16",
]
NAMES += ["float32", "float64", "complex64", "complex128", "py:int", "py:float", "py:bool", "py:none"]
PYTHON = {"py:int": int, "py:float": float, "py:bool": bool, "py:none": None}
FLOATX = ["float16", "bfloat16", "float32", "float64"]


def table(repeat: int) -> list[int]:
    rows = itertools.product(NAMES, repeat=repeat)
    return [NAMES.index(backend.result_type(*(PYTHON.get(n, n) for n in row))) for row in rows]


def main() -> None:
    results = {}
    for floatx in FLOATX:
        keras.config.set_floatx(floatx)
        results[floatx] = {str(n): table(n) for n in (1, 2, 3)}
    target = Path(__file__).parent / "ops" / "dtypes.json.gz"
    text = json.dumps({"names": NAMES, "floatx": results}, separators=(",", ":"))
    target.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
