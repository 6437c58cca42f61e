"""Reading the golden results of `tests/golden/make_ops.py`, and comparing with them."""

from __future__ import annotations

import importlib.util
import json
import operator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from keras import ops, tree
from keras.backend import dtypes
from keras.backend.select import current

FOLDER = Path(__file__).parents[2] / "golden"
#: Relative tolerance by dtype, of the largest value in a result.
TOLERANCE = {"float16": 2e-3, "bfloat16": 1.6e-2, "float32": 2e-6, "float64": 1e-12}


@cache
def script(name: str) -> ModuleType:
    """A file of `tests/golden`, which is no package's."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def families() -> dict[str, list[Any]]:
    """All cases, those written down and those derived from them, by family."""
    written = script("ops_cases").FAMILIES
    return {**written, **script("ops_variants").variants(written)}


@cache
def golden(family: str) -> dict[str, dict[str, Any]]:
    """Index of a family by case id; outputs are filled in as arrays."""
    with np.load(FOLDER / "ops" / f"{family}.npz") as data:
        index, values = json.loads(bytes(data["index"])), data["values"]
    at = 0
    for entry in index.values():
        entry["arrays"] = []
        for shape, dtype in entry.get("out", ()):
            parts = 2 if dtypes.is_complex(dtype) else 1
            n = int(np.prod(shape)) * parts
            flat = values[at : at + n]
            at += n
            entry["arrays"].append((flat.view("complex128") if parts == 2 else flat).reshape(shape))
    return index


def mapped(f: Any, value: Any) -> Any:
    """`f` of every array among (nested) arguments."""
    if type(value).__name__ == "Array":
        return f(value)
    if isinstance(value, (list, tuple)):
        return type(value)(mapped(f, v) for v in value)
    return value


def tensor(x: Any) -> Any:
    """An array argument as a tensor of the engine in force."""
    e = current()
    return e.cast(e.constant(np.asarray(x.values), "float64"), x.dtype)


def run(case: Any, f: Any = tensor) -> list[Any]:
    """The outputs of a case, with `f` making its tensors."""
    args = [mapped(f, x) for x in case.args]
    kwargs = {k: mapped(f, x) for k, x in case.kwargs.items()}
    return leaves(operator.attrgetter(case.op)(ops)(*args, **kwargs))


def leaves(outputs: Any) -> list[Any]:
    return [y for y in tree.flatten(outputs) if y is not None]


def check(case: Any, outputs: list[Any], entry: dict[str, Any]) -> None:
    """Shapes, dtypes and values as in real Keras."""
    assert len(outputs) == len(entry["out"]), case.id
    symbolic = entry.get("spec", entry["out"])
    for y, (shape, dtype), (_, spec), want in zip(
        outputs, entry["out"], symbolic, entry["arrays"], strict=True
    ):
        if dtype != "python":  # where Keras's symbolic and concrete dtypes differ either will do
            assert ops.dtype(y) in (dtype, spec), f"{case.id}: dtype {ops.dtype(y)}, in Keras {dtype}"
        host = np.asarray(y) if dtype == "python" else ops.convert_to_numpy(y)
        assert list(host.shape) == list(shape), f"{case.id}: shape {host.shape}, in Keras {shape}"
        kind = dtypes.real_of(dtype)
        wide = "complex128" if dtypes.is_complex(dtype) else "float64"
        tolerance = TOLERANCE.get(kind, 0.0) * case.tol
        finite = np.abs(want[np.isfinite(want)])
        scale = max(float(finite.max(initial=0.0)), 1e-30)
        np.testing.assert_allclose(
            host.astype(wide), want, rtol=tolerance, atol=tolerance * min(scale, 1.0), err_msg=case.id
        )
