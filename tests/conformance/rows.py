"""What a conformance row is, and the five things every row is put through.

A row says: this primitive, with these arguments, equals this NumPy or SciPy function of them. It is run eagerly,
compiled, on the abstract engine (result specs), by the shared default body where there is one, and, if it says so, its
gradient is compared with finite differences of the reference. No row knows an engine: what an engine declares it cannot
do is expected to fail, strictly.

    ROWS = [row("add", t([1.0, 2.0]), t([[3.0], [4.0]]), want=np.add, dtypes=FLOATS, grad=True)]
    test_eager, test_compiled, test_spec, test_default, test_gradient = five_tests(ROWS)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from keras.backend import select
from keras.backend.abstract import ABSTRACT
from keras.backend.dtypes import to_numpy_dtype
from keras.backend.engine import D_PRIMITIVES, Engine
from keras.backend.spec import KerasTensor

Tensor = Any

FLOATS = ("bfloat16", "float16", "float32", "float64")
WIDE = ("float32", "float64")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTS = SIGNED + UNSIGNED
COMPLEX = ("complex64", "complex128")
ALL = ("bool", *INTS, *FLOATS, *COMPLEX)

#: Relative tolerance by dtype of the result; rows may loosen it by a factor.
RTOL = {
    "bfloat16": 2e-2,
    "float16": 3e-3,
    "float32": 1e-5,
    "float64": 1e-11,
    "complex64": 1e-5,
    "complex128": 1e-11,
}


@dataclass(frozen=True)
class Template:
    """A tensor argument that takes the dtype of the row."""

    values: np.ndarray


def t(values: Any) -> Template:
    """A tensor of the row's dtype."""
    return Template(np.asarray(values))


@dataclass(frozen=True)
class Row:
    """One line of the suite; made by `row`."""

    name: str
    args: tuple[Any, ...]
    want: Callable[..., Any]
    dtype: str
    grad: bool
    loose: float
    atol: float | None
    view: Callable[..., Sequence[Tensor]] | None
    same_as_default: bool
    label: str

    def __str__(self) -> str:
        return "-".join(filter(None, (self.name, self.label, self.dtype)))

    def arrays(self) -> list[np.ndarray]:
        """The tensor arguments, flat, as host arrays of their dtypes."""
        found: list[np.ndarray] = []
        self._walk(self.args, lambda a: found.append(a))
        return found

    def with_tensors(self, tensors: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments, with these in place of the tensors."""
        supply = iter(tensors)
        return self._walk(self.args, lambda a: next(supply))

    def _walk(self, arg: Any, visit: Callable[[np.ndarray], Any]) -> Any:
        if isinstance(arg, Template):
            values = arg.values
            dtype = to_numpy_dtype(self.dtype)
            if values.dtype.kind in "iu" and np.dtype(dtype).kind in "iu":
                return visit(values.astype(dtype))  # wraps, so that one list of extremes serves all widths
            with np.errstate(all="ignore"):
                return visit(values.astype(dtype))
        if isinstance(arg, np.ndarray):
            return visit(arg)
        if isinstance(arg, list):
            return [self._walk(a, visit) for a in arg]
        if isinstance(arg, tuple) and any(isinstance(a, (Template, np.ndarray, list)) for a in arg):
            return tuple(self._walk(a, visit) for a in arg)
        return arg


def row(
    name: str,
    *args: Any,
    want: Callable[..., Any],
    dtypes: Sequence[str] = ("float32",),
    grad: bool = False,
    loose: float = 1,
    atol: float | None = None,
    view: Callable[..., Sequence[Tensor]] | None = None,
    same_as_default: bool = True,
    label: str = "",
) -> list[Row]:
    """Rows for one call in several dtypes.

    Args:
        name: the primitive.
        args: as the primitive takes them; tensors are NumPy arrays (dtype as they are) or `t(...)` (the row's dtype).
        want: reference function of the same arguments, floats in float64; returns an array or a tuple.
        dtypes: what `t(...)` becomes.
        grad: compare the gradients by all `t(...)` with finite differences of `want`, once, in float64.
        loose: factor on the tolerance.
        atol: absolute tolerance; default a few units of the last place of 1.
        view: `view(engine, *outputs)`: tensors to compare in place of the outputs, where those are not unique.
        same_as_default: whether an override must equal the default body.
        label: for the test's name.
    """
    first = Row(name, args, want, dtypes[0], False, loose, atol, view, same_as_default, label)
    made = [replace(first, dtype=d) for d in dtypes]
    if grad:
        made.append(replace(first, dtype="float64", grad=True))
    return made


def rows(*groups: Sequence[Row]) -> list[Row]:
    """One flat list; equal names are numbered."""
    flat = list(itertools.chain(*groups))
    count: dict[str, int] = {}
    for i, r in enumerate(flat):
        key = f"{r}{r.grad}"
        count[key] = count.get(key, 0) + 1
        if count[key] > 1:
            flat[i] = replace(r, label=f"{r.label}#{count[key]}")
    return flat


# ---------------------------------------------------------------------- running a row
def five_tests(all_rows: Sequence[Row]) -> tuple[Callable[..., None], ...]:
    """The tests of a file: eager, compiled, spec, default, gradient."""
    values = [r for r in all_rows if not r.grad]
    bodies = [r for r in values if r.name in D_PRIMITIVES and r.same_as_default]
    gradients = [r for r in all_rows if r.grad]

    def over(which: Sequence[Row]) -> Any:
        return pytest.mark.parametrize("case", which, ids=map(str, which))

    @over(values)
    def test_eager(engine: Engine, case: Row, request: pytest.FixtureRequest) -> None:
        expect_declared_failure(engine, case, request)
        compare(engine, case, run(engine, case), "the reference")

    @over(values)
    def test_compiled(engine: Engine, case: Row, request: pytest.FixtureRequest) -> None:
        expect_declared_failure(engine, case, request)
        traced: list[Any] = []

        def f(*tensors: Tensor) -> list[Tensor]:
            outputs = call(engine, case, tensors)
            traced[:] = [engine.spec(y) for y in outputs]
            return outputs

        arrays = case.arrays()
        compiled = engine.trace_and_compile(f, [(a.shape, str(a.dtype)) for a in arrays])
        outputs = compiled(*arrays)
        compare(engine, case, outputs, "the reference, compiled")
        assert traced == [engine.spec(y) for y in outputs], "shapes and dtypes inside the trace"

    @over(values)
    def test_spec(engine: Engine, case: Row, request: pytest.FixtureRequest) -> None:
        expect_declared_failure(engine, case, request)
        symbols = [KerasTensor(a.shape, str(a.dtype)) for a in case.arrays()]
        with select.scope(ABSTRACT):
            expected = [ABSTRACT.spec(y) for y in call(ABSTRACT, case, symbols)]
        assert [engine.spec(y) for y in run(engine, case)] == expected

    @over(bodies)
    def test_default(engine: Engine, case: Row, request: pytest.FixtureRequest) -> None:
        if getattr(type(engine), case.name) is getattr(Engine, case.name):
            return  # the engine keeps the body: test_eager has run it
        expect_declared_failure(engine, case, request)
        tensors = [engine.constant(a, str(a.dtype)) for a in case.arrays()]
        compare(
            engine,
            case,
            as_list(engine.default(case.name)(*case.with_tensors(tensors))),
            "the reference, default body",
        )

    @over(gradients)
    def test_gradient(engine: Engine, case: Row, request: pytest.FixtureRequest) -> None:
        if "float64" in engine.missing_dtypes:
            case = replace(case, dtype="float32", loose=case.loose * 10)
        expect_declared_failure(engine, case, request, "value_and_grad")
        check_gradient(engine, case)

    return test_eager, test_compiled, test_spec, test_default, test_gradient


def run(engine: Engine, case: Row) -> list[Tensor]:
    """The row's outputs, eagerly."""
    return call(engine, case, [engine.constant(a, str(a.dtype)) for a in case.arrays()])


def call(engine: Engine, case: Row, tensors: Sequence[Tensor]) -> list[Tensor]:
    return as_list(getattr(engine, case.name)(*case.with_tensors(tensors)))


def as_list(outputs: Any) -> list[Any]:
    """One output or several, as a list."""
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def expect_declared_failure(engine: Engine, case: Row, request: pytest.FixtureRequest, *also: str) -> None:
    """What the engine says it cannot do must fail."""
    used = {case.dtype, *(str(a.dtype) for a in case.arrays())}
    declared = {
        **engine.missing_dtypes,
        **{n: r for n, r in engine.cannot.items() if n in (case.name, *also)},
    }
    for name, reason in declared.items():
        if name in used or name in engine.cannot:
            request.applymarker(pytest.mark.xfail(reason=f"{name}: {reason}", strict=True))


def needs(engine: Engine, request: pytest.FixtureRequest, *primitives: str) -> None:
    """For tests that are no rows: the primitives they use."""
    for name in primitives:
        if name in engine.cannot:
            request.applymarker(pytest.mark.xfail(reason=f"{name}: {engine.cannot[name]}", strict=True))


# ---------------------------------------------------------------------- values
def reference(case: Row, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The row's reference, floats (and what they give) in float64."""
    widened = [_widen(a) for a in arrays]
    with np.errstate(all="ignore"):
        outputs = as_list(case.want(*case.with_tensors(widened)))
    return [np.asarray(y) for y in outputs]


def _widen(a: np.ndarray) -> np.ndarray:
    if a.dtype.kind == "c":
        return a.astype(np.complex128)
    return a if a.dtype.kind in "biu" else a.astype(np.float64)


def compare(engine: Engine, case: Row, outputs: Sequence[Tensor], what: str) -> None:
    """Outputs against the reference, in the tolerance of their dtype."""
    expected = reference(case, case.arrays())
    if case.view is not None:
        host = select.get("numpy")
        expected = [np.asarray(y) for y in case.view(host, *expected)]
        outputs = case.view(engine, *outputs)
    assert len(outputs) == len(expected)
    for got, want in zip(outputs, expected, strict=True):
        close(engine.to_numpy(got), want, case.loose, case.atol, f"{case}: differs from {what}")


def close(
    got: np.ndarray, want: np.ndarray, loose: float = 1, atol: float | None = None, message: str = ""
) -> None:
    """Equal shapes, NaNs and infinities; values within the tolerance of the dtype of `got`."""
    name = str(got.dtype)
    with np.errstate(all="ignore"):
        want = np.asarray(want).astype(got.dtype)  # what overflows the dtype is infinite in it
    assert got.shape == want.shape, message
    if name not in RTOL:
        np.testing.assert_array_equal(got, want, message)
        return
    rtol = RTOL[name] * loose
    wide = np.complex128 if got.dtype.kind == "c" else np.float64
    atol = rtol / 10 if atol is None else atol
    np.testing.assert_allclose(got.astype(wide), want.astype(wide), rtol, atol, err_msg=message)


# ---------------------------------------------------------------------- gradients
def weights_for(outputs: Sequence[np.ndarray]) -> list[np.ndarray | None]:
    """Fixed random weights that make a scalar of the float outputs."""
    rng = np.random.default_rng(11)
    return [rng.uniform(0.5, 1.5, y.shape) if y.dtype.kind == "f" else None for y in outputs]


def weighted_sum(engine: Engine, outputs: Sequence[Tensor], weights: Sequence[np.ndarray | None]) -> Tensor:
    """The scalar whose gradient is taken."""
    total = None
    for y, w in zip(outputs, weights, strict=True):
        if w is None:
            continue
        shape, dtype = engine.spec(y)
        part = engine.reduce_sum(engine.mul(y, engine.constant(w, dtype)), tuple(range(len(shape))))
        total = part if total is None else engine.add(total, part)
    return total


def finite_differences(
    f: Callable[[Sequence[np.ndarray]], float], arrays: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Central differences of a scalar function by every element of every float array."""
    gradients = []
    for k, a in enumerate(arrays):
        gradient = np.zeros(a.shape)
        for at in np.ndindex(a.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = a.copy()
                moved[at] += step
                ends.append(f([moved if i == k else x for i, x in enumerate(arrays)]))
            gradient[at] = (ends[0] - ends[1]) / 2e-6
        gradients.append(gradient)
    return gradients


def _viewed(case: Row, engine: Engine, outputs: Sequence[Any]) -> list[Any]:
    return list(outputs if case.view is None else case.view(engine, *outputs))


_gradients: dict[int, Any] = {}  # by row: finite differences are the slow part, and the same for every engine


def _expected_gradients(case: Row) -> tuple[list[np.ndarray | None], list[np.ndarray]]:
    """The weights of the scalar, and its finite differences by the float arguments."""
    if id(case) not in _gradients:
        host, arrays = select.get("numpy"), case.arrays()
        smooth = [i for i, a in enumerate(arrays) if a.dtype.kind == "f"]
        weights = weights_for([np.asarray(y) for y in _viewed(case, host, reference(case, arrays))])

        def scalar(floats: Sequence[np.ndarray]) -> float:
            supply = iter(floats)
            outputs = reference(case, [next(supply) if i in smooth else a for i, a in enumerate(arrays)])
            pairs = zip(_viewed(case, host, outputs), weights, strict=True)
            return float(sum(np.sum(np.asarray(y) * w) for y, w in pairs if w is not None))

        slopes = finite_differences(scalar, [arrays[i].astype(np.float64) for i in smooth])
        _gradients[id(case)] = case, weights, slopes  # the row too, so that its id stays its own
    return _gradients[id(case)][1:]


def check_gradient(engine: Engine, case: Row) -> None:
    """Gradients by the row's float tensors against finite differences of the reference."""
    arrays = case.arrays()
    smooth = [i for i, a in enumerate(arrays) if a.dtype.kind == "f"]

    weights, expected = _expected_gradients(case)
    fixed = [engine.constant(a, str(a.dtype)) for a in arrays]

    def on_engine(*floats: Tensor) -> tuple[Tensor, None]:
        inner, supply = select.current(), iter(floats)  # an engine's tape may be an engine of its own
        outputs = call(inner, case, [next(supply) if i in smooth else x for i, x in enumerate(fixed)])
        return weighted_sum(inner, _viewed(case, inner, outputs), weights), None

    _, _, _, gradients = engine.value_and_grad(on_engine, [], [fixed[i] for i in smooth])
    for got, want in zip(gradients, expected, strict=True):
        got = np.zeros(want.shape) if got is None else engine.to_numpy(got)
        tolerance = 1e-5 * case.loose
        np.testing.assert_allclose(got, want, tolerance, tolerance, err_msg=f"{case}: gradient")
