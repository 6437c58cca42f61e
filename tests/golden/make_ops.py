"""Results of the cases of `ops_cases.py` and `ops_variants.py` from real Keras 3.15.1: `tests/golden/ops/<family>.npz`.

Run with `KERAS_BACKEND=tensorflow` in an environment holding Keras 3.15.1, outside the repository's root; names of
families as arguments make only those. A file holds
the values of all outputs, one after the other, as float64 (complex numbers as two), and a JSON index: for each case the
shapes and dtypes of its outputs, the symbolic result with an unknown first dimension, or the type of the error.
"""

import contextlib
import json
import operator
import sys
from pathlib import Path

import numpy as np

import keras
from keras import ops, tree

sys.path.insert(0, str(Path(__file__).parent))
from ops_cases import FAMILIES, Array, Case
from ops_variants import variants


def tensor(x):
    return ops.cast(ops.convert_to_tensor(x.values), x.dtype) if isinstance(x, Array) else x


def symbol(x):
    if not isinstance(x, Array):
        return x
    shape = x.values.shape
    return keras.KerasTensor((None, *shape[1:]) if shape and not x.fixed else shape, x.dtype)


def mapped(f, value):
    if isinstance(value, Array):
        return f(value)
    if isinstance(value, (list, tuple)):
        return type(value)(mapped(f, v) for v in value)
    return value


def call(case: Case, f):
    args = [mapped(f, x) for x in case.args]
    kwargs = {k: mapped(f, x) for k, x in case.kwargs.items()}
    return [y for y in tree.flatten(operator.attrgetter(case.op)(ops)(*args, **kwargs)) if y is not None]


def spec(y):
    if not hasattr(y, "dtype"):
        return [list(np.shape(y)), "python"]
    return [list(y.shape), keras.backend.standardize_dtype(y.dtype)]


def record(case: Case, values: list) -> dict:
    entry = {}
    try:
        outputs = call(case, tensor)
    except Exception as error:
        return {"error": type(error).__name__}
    entry["out"] = [spec(y) for y in outputs]
    for y in outputs:
        y = np.asarray(ops.cast(y, "float32") if "bfloat16" in str(getattr(y, "dtype", "")) else y)
        values.append(
            np.stack([y.real, y.imag], -1).ravel() if y.dtype.kind == "c" else y.ravel().astype("float64")
        )
    if case.symbolic:
        with contextlib.suppress(Exception):
            entry["spec"] = [spec(y) for y in call(case, symbol)]
    return entry


def main() -> None:
    for name, cases in {**FAMILIES, **variants(FAMILIES)}.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        values: list = []
        index = {case.id: record(case, values) for case in cases}
        text = np.frombuffer(json.dumps(index, separators=(",", ":")).encode(), "uint8")
        target = Path(__file__).parent / "ops" / f"{name}.npz"
        np.savez_compressed(target, index=text, values=np.concatenate(values))
        errors = [i for i, e in index.items() if "error" in e]
        print(name, len(index), "cases,", len(errors), "errors:", errors)


if __name__ == "__main__":
    main()
