"""Keras 2's backend against tf-keras: results, eagerly and through graphs, and signatures (tests/golden/make_classic.py)."""

import ast
import importlib.util
import inspect
import json
import re
from pathlib import Path

import numpy as np
import pytest

from keras import backend as K
from keras import tree
from keras.backend.state import to_host

FOLDER = Path(__file__).parents[2] / "golden"
RESULTS = dict(np.load(FOLDER / "classic/results.npz"))
SIGNATURES = json.loads((FOLDER / "classic/signatures.json").read_text("utf-8"))
spec = importlib.util.spec_from_file_location("classic_cases", FOLDER / "classic_cases.py")
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)

#: Cases whose functions have no symbolic form, or whose inputs must be of known size.
NOT_SYMBOLIC = {"switch/lazy", *(name for name in cases.CASES if name.startswith("arange"))}
#: Keras 3's names, which came first.
OURS = {"KerasTensor", "Variable", "available", "current", "known", "using", "is_float_dtype", "is_int_dtype",
        "result_type", "standardize_dtype"}  # fmt: skip


class Placeholders(cases.Inputs):
    """Makes placeholders; the first axis of the first one may be of unknown size."""

    def __init__(self, backend, free_batch):
        super().__init__(backend)
        self.free_batch = free_batch
        self.made = []

    def make(self, array, dtype):
        free = self.free_batch and not self.made and array.ndim > 1
        shape = (None, *array.shape[1:]) if free else array.shape
        self.made.append(K.placeholder(shape, dtype=dtype))
        return self.made[-1]


def compare(name, result):
    got = [to_host(x) for x in tree.flatten(result)]
    expected = [RESULTS[key] for key in RESULTS if key.rpartition(":")[0] == name]
    assert len(got) == len(expected)
    for y, want in zip(got, expected, strict=True):
        assert y.shape == want.shape
        assert np.dtype(y.dtype).kind == want.dtype.kind
        if want.dtype.kind == "f":
            scale = max(1.0, np.abs(want).max(initial=0))
            np.testing.assert_allclose(y, want, rtol=2e-5, atol=5e-6 * scale)
        else:
            np.testing.assert_array_equal(y, want)


def pads_as_short(name, result):
    """TensorFlow's decoders cut labels to the longest sequence; here the frames decide, and -1 fills."""
    if not name.startswith("ctc_decode"):
        return result
    labels, scores = result
    cut = [to_host(y)[:, : RESULTS[f"{name}:{i}"].shape[1]] for i, y in enumerate(labels)]
    assert all((to_host(y)[:, c.shape[1] :] == -1).all() for y, c in zip(labels, cut, strict=True))
    return cut, scores


@pytest.mark.parametrize("name", [*cases.CASES, *cases.EAGER])
def test_eager(engine, name):
    case = {**cases.CASES, **cases.EAGER}[name]
    compare(name, pads_as_short(name, case(K, cases.Inputs(K))))


@pytest.mark.parametrize("free_batch", [False, True], ids=["fixed", "free_batch"])
@pytest.mark.parametrize("name", sorted(cases.CASES.keys() - NOT_SYMBOLIC))
def test_in_a_graph(engine, name, free_batch):
    inputs = Placeholders(K, free_batch)
    outputs = cases.CASES[name](K, inputs)
    expected = [RESULTS[key].shape for key in RESULTS if key.rpartition(":")[0] == name]
    for y, shape in zip(tree.flatten(outputs), expected, strict=True):
        known = zip(y.shape, shape, strict=True)
        assert name.startswith("ctc_decode") or all(d is None or d == n for d, n in known)
    compare(name, pads_as_short(name, K.function(inputs.made, outputs)(inputs.arrays)))


WITH_GRADIENT = sorted({key.partition(":")[0] for key in RESULTS if ":grad:" in key} - NOT_SYMBOLIC)


@pytest.mark.parametrize("name", WITH_GRADIENT)
def test_gradients(engine, name):
    inputs = Placeholders(K, free_batch=False)
    outputs = [y for y in tree.flatten(cases.CASES[name](K, inputs)) if y.dtype == "float32"]
    loss = sum(K.sum(y * cases.weights(y.shape)) for y in outputs)
    floats = [x for x in inputs.made if x.dtype == "float32"]
    expected = {i: RESULTS.get(f"{name}:grad:{i}") for i in range(len(floats))}
    found = K.gradients(loss, floats)
    outputs = {str(i): g for i, g in enumerate(found) if g is not None}
    values = K.function(inputs.made, outputs)(inputs.arrays)
    for i, want in expected.items():
        if want is None:
            assert str(i) not in values or not values[str(i)].any()
        else:
            scale = max(1.0, np.abs(want).max(initial=0))
            np.testing.assert_allclose(values[str(i)], want, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize("name", cases.PROGRAMS)
def test_programs(engine, name):
    compare(f"program {name}", cases.PROGRAMS[name](K))


# ---------------------------------------------------------------------- the list of names
def test_every_name_is_there():
    missing = set(SIGNATURES) - set(dir(K))
    assert not missing
    assert set(dir(K)) - set(SIGNATURES) == OURS


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature(name):
    """A call that is right in Keras 2 is right here, with the same meaning."""
    theirs = ast.parse(f"def f{SIGNATURES[name]}: pass").body[0].args
    defaults = [None] * (len(theirs.args) - len(theirs.defaults)) + theirs.defaults
    want = [(a.arg, "" if d is None else ast.unparse(d)) for a, d in zip(theirs.args, defaults, strict=True)]
    ours = inspect.signature(getattr(K, name)).parameters.values()
    got = [
        (p.name, "" if p.default is p.empty else repr(p.default)) for p in ours if p.kind is not p.VAR_KEYWORD
    ]
    assert got[: len(want)] == want
    assert all(default for _, default in got[len(want) :])


def test_every_function_is_tested():
    sources = (p.read_text("utf-8") for p in Path(__file__).parent.glob("test_*.py"))
    called = set(re.findall(r"\bK\.(\w+)\(", "".join(sources)))
    rows = {name.partition("/")[0] for name in (*cases.CASES, *cases.EAGER)}
    assert not set(SIGNATURES) - called - rows
