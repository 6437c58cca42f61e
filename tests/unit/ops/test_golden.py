"""Every op against real Keras: values, shapes, dtypes; eager, compiled, symbolic; what Keras refuses ends in our words."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from keras import KerasTensor
from keras.backend.tracing import Compiled
from tests.unit.ops import golden
from tests.unit.ops.deviations import DIFFERENT, SKIPPED

BY_OP: dict[str, list[tuple[Any, dict[str, Any]]]] = {}
for _family, _cases in golden.families().items():
    for _case in _cases:
        if _case.id not in SKIPPED:
            BY_OP.setdefault(f"{_family}-{_case.op}", []).append((_family, _case))


def _rows(name, refused=False):
    for family, case in BY_OP[name]:
        entry = golden.golden(family)[case.id]
        if ("error" in entry) == refused:
            yield case, entry


def _check(case, outputs, entry):
    if case.id not in DIFFERENT:
        golden.check(case, outputs, entry)
        return
    with pytest.raises(AssertionError):
        golden.check(case, outputs, entry)


@pytest.mark.parametrize("name", BY_OP)
def test_eager(engine, name):
    for case, entry in _rows(name):
        _check(case, golden.run(case), entry)
    for case, _ in _rows(name, refused=True):
        with contextlib.suppress(ValueError, TypeError, IndexError):  # it may well be possible here
            golden.run(case)


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
        _check(case, outputs, entry)


@pytest.mark.parametrize("name", BY_OP)
def test_symbolic(name):
    for case, entry in _rows(name):
        if "spec" not in entry or case.id in DIFFERENT:
            continue
        outputs = golden.run(case, _symbol)
        for y, (shape, spec), (_, dtype) in zip(outputs, entry["spec"], entry["out"], strict=True):
            assert list(y.shape) == shape, f"{case.id}: shape {y.shape}, in Keras {shape}"
            assert y.dtype in (dtype, spec), f"{case.id}: dtype {y.dtype}, in Keras {dtype}"


def _symbol(x):
    shape = x.values.shape
    return KerasTensor((None, *shape[1:]) if shape and not x.fixed else shape, x.dtype)
