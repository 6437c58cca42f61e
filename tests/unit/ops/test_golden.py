"""Every op against real Keras: values, shapes, dtypes; eager, compiled, symbolic."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from keras import KerasTensor
from keras.backend.tracing import Compiled

_spec = importlib.util.spec_from_file_location("golden_reader", Path(__file__).with_name("golden.py"))
golden = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(golden)

BY_OP = {}
for _family, _case in golden.cases_module().every():
    BY_OP.setdefault(f"{_family}-{_case.op}", []).append((_family, _case))


def _rows(name):
    for family, case in BY_OP[name]:
        entry = golden.golden(family)[case.id]
        if "error" not in entry:
            yield case, entry


@pytest.mark.parametrize("name", BY_OP)
def test_eager(engine, name):
    for case, entry in _rows(name):
        golden.check(case, golden.run(case), entry)


@pytest.mark.parametrize("name", BY_OP)
def test_compiled(engine, name):
    rows = [(case, entry) for case, entry in _rows(name) if case.compiled]
    arrays = []
    for case, _ in rows:
        golden.mapped(arrays.append, [case.args, tuple(case.kwargs.values())])

    def f(*tensors):
        supply = iter(tensors)
        return [golden.run(case, lambda _: next(supply)) for case, _ in rows]

    results = Compiled(f)(*map(golden.tensor, arrays))
    for (case, entry), outputs in zip(rows, results, strict=True):
        golden.check(case, outputs, entry)


@pytest.mark.parametrize("name", BY_OP)
def test_symbolic(name):
    for case, entry in _rows(name):
        if "spec" not in entry:
            continue
        outputs = golden.run(case, _symbol)
        for y, (shape, spec), (_, dtype) in zip(outputs, entry["spec"], entry["out"], strict=True):
            assert list(y.shape) == shape, f"{case.id}: shape {y.shape}, in Keras {shape}"
            assert y.dtype in (dtype, spec), f"{case.id}: dtype {y.dtype}, in Keras {dtype}"


def _symbol(x):
    shape = x.values.shape
    return KerasTensor((None, *shape[1:]) if shape and not x.fixed else shape, x.dtype)
