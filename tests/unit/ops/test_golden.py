"""Every op against real Keras: values, shapes, dtypes; eager, compiled, symbolic; what Keras refuses ends in our words."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest

from keras import KerasTensor
from keras.backend import select
from keras.backend.spec import OPEN
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


def _all_opened(self, signature):
    """As `Compiled._opened` after many sizes: all but those of the first axis, and of 1 and 0, are open."""

    def opened(spec):
        if type(spec) is not tuple or type(spec[0]) is not tuple:
            return spec
        return tuple(OPEN if i > 0 and n > 1 else n for i, n in enumerate(spec[0])), spec[1]

    kind = len(signature)
    return kind, signature if kind in self._closed else tuple(map(opened, signature))


@pytest.mark.parametrize("name", BY_OP)
def test_with_open_sizes(name, monkeypatch):
    """In TensorFlow's traces that leave sizes open an op is right for the size it then gets, or refuses to be traced."""
    monkeypatch.setattr(Compiled, "_opened", _all_opened)
    compiled = ((case, entry) for case, entry in _rows(name) if case.compiled)
    with select.using("tensorflow"):
        for case, entry in itertools.islice(compiled, 2):
            arrays = []
            golden.mapped(arrays.append, [case.args, tuple(case.kwargs.values())])

            def f(*tensors, case=case):
                supply = iter(tensors)
                return golden.run(case, lambda _: next(supply))

            _check(case, Compiled(f)(*map(golden.tensor, arrays)), entry)


#: Ops that raise, or may for some sizes, where Python would have to know a size; some errors are TensorFlow's own.
REFUSE_OPEN_SIZES = {
    *(
        "adaptive_average_pool",
        "adaptive_max_pool",
        "associative_scan",
        "conv",
        "conv_transpose",
        "correlate",
        "cross",
    ),
    *(
        "cumprod",
        "depthwise_conv",
        "einsum",
        "get_item",
        "image.perspective_transform",
        "istft",
        "nancumprod",
    ),
    *(
        "scatter_update",
        "separable_conv",
        "slice_update",
        "sparse_categorical_crossentropy",
        "unstack",
    ),
}


@pytest.mark.parametrize("name", BY_OP)
def test_in_a_graph_of_open_sizes(name):
    """In a `tf.function` of the user's that knows no size an op computes with those of the run, or is refused."""
    import tensorflow as tf

    with select.using("tensorflow"):
        for case, entry in itertools.islice(((c, e) for c, e in _rows(name) if c.compiled), 3):
            arrays = []
            golden.mapped(arrays.append, [case.args, tuple(case.kwargs.values())])
            tensors = list(map(golden.tensor, arrays))

            def f(*tensors, case=case):
                supply = iter(tensors)
                return golden.run(case, lambda _: next(supply))

            one = (
                1 if case.op == "squeeze" else None
            )  # to which a size nobody knows is none, as in symbolic models
            signature = [tf.TensorSpec([one if n == 1 else None for n in x.shape], x.dtype) for x in tensors]
            may_refuse = case.op in REFUSE_OPEN_SIZES
            errors = (ValueError, TypeError, tf.errors.InvalidArgumentError) if may_refuse else ()
            with contextlib.suppress(*errors):
                _check(case, tf.function(f, input_signature=signature, autograph=False)(*tensors), entry)


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
