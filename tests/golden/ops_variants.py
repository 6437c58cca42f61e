"""Further cases of every op, derived from those written down in `ops_cases.py`: other dtypes, other sizes, other values.

Each op lends one of its cases. Its arrays are given in every dtype, with a first axis of size 0 and of size 1, and with
NaN and the infinities among their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Case = Any
Array = Any

DTYPES = ("bool", "uint8", "int32", "int64", "float16", "bfloat16", "float64")
INTEGERS = ("bool", "uint8", "int8", "int64", "uint32")
#: First cases that Keras 3.15.1 on TensorFlow refuses.
_REFUSED = {"pad-0", "searchsorted-0", "meshgrid-0", "split-0"}


def variants(families: dict[str, list[Case]]) -> dict[str, list[Case]]:
    """Families of derived cases."""
    makers = {
        "every_dtype": _dtypes,
        "size_0": lambda base: _sized(base, 0),
        "size_1": lambda base: _sized(base, 1),
        "special": _special,
    }
    bases = list(_bases(families))
    known = {(c.op, _main(c)) for cases in families.values() for c in cases if _arrays(c)}
    found = {name: [c for base in bases for c in make(base)] for name, make in makers.items()}
    found["every_dtype"] = [c for c in found["every_dtype"] if (c.op, _main(c)) not in known]
    return found


def _bases(families: dict[str, list[Case]]) -> Iterator[Case]:
    """One case of every op that takes arrays: in float32, if it has such a case, and without special values."""
    by_op: dict[str, list[Case]] = {}
    for cases in families.values():
        for case in cases:
            arrays = _arrays(case)
            if arrays and case.id not in _REFUSED and all(np.isfinite(x.values).all() for x in arrays):
                by_op.setdefault(case.op, []).append(case)
    for cases in by_op.values():
        yield min(cases, key=lambda c: (_main(c) != "float32", all(x.values.ndim == 0 for x in _arrays(c))))


def _arrays(case: Case) -> list[Array]:
    found: list[Array] = []
    _mapped(lambda x: found.append(x) or x, (case.args, tuple(case.kwargs.values())))
    return found


def _mapped(f: Callable[[Array], Array], value: Any) -> Any:
    if type(value).__name__ == "Array":
        return f(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_mapped(f, v) for v in value)
    return value


def _changed(case: Case, label: str, f: Callable[[Array], Array]) -> Case:
    kwargs = {k: _mapped(f, v) for k, v in case.kwargs.items()}
    return case._replace(id=f"{case.op}-{label}", args=_mapped(f, case.args), kwargs=kwargs)


def _main(case: Case) -> str:
    """The dtype that is varied: float32 if an array has it, else that of the first array."""
    found = [x.dtype for x in _arrays(case)]
    return "float32" if "float32" in found else found[0]


# ---------------------------------------------------------------------- dtypes
def _dtypes(case: Case) -> Iterator[Case]:
    main = _main(case)
    for dtype in DTYPES if main == "float32" else INTEGERS:
        if dtype != main:
            tol = case.tol * (1e4 if dtype == "float64" and case.tol > 20 else 4)
            change = lambda x, dtype=dtype: _as(x, dtype) if x.dtype == main else x  # noqa: E731
            compiled = case.compiled and dtype not in ("bool", "uint8", "int64")  # to keep the tests short
            yield _changed(case, dtype, change)._replace(tol=tol, compiled=compiled)


def _as(x: Array, dtype: str) -> Array:
    values = x.values
    if dtype == "bool":
        values = values > 0
    elif "int" in dtype:
        values = np.floor(values * 2) if x.dtype == "float32" else values
        values = np.abs(values) if dtype.startswith("u") else values
    elif dtype in ("float16", "bfloat16"):
        values = np.round(values * 64) / 64  # exact in both
    return x._replace(values=np.asarray(values, "float64"), dtype=dtype)


# ---------------------------------------------------------------------- sizes
def _sized(case: Case, size: int) -> Iterator[Case]:
    """The first axis of the arguments that share it cut to `size`."""
    shapes = [x.values.shape for x in _arrays(case) if not x.fixed and x.values.ndim]
    if not shapes or shapes[0][0] <= size:
        return
    first = shapes[0][0]

    def cut(x: Array) -> Array:
        fits = not x.fixed and x.values.ndim and x.values.shape[0] == first
        return x._replace(values=x.values[:size]) if fits else x

    yield _changed(case, f"size_{size}", cut)


# ---------------------------------------------------------------------- values
def _special(case: Case) -> Iterator[Case]:
    """NaN, and both infinities, among the first float array's values."""
    floats = [x for x in _arrays(case) if x.dtype == "float32" and x.values.size > 2]
    if not floats:
        return
    middle, third = floats[0].values.size // 2, floats[0].values.size // 3

    def put(x: Array, special: dict[int, float]) -> Array:
        if x is not floats[0]:
            return x
        values = x.values.copy()
        values.flat[list(special)] = list(special.values())
        return x._replace(values=values)

    yield _changed(case, "nan", lambda x: put(x, {middle: np.nan}))
    infinite = _changed(case, "inf", lambda x: put(x, {third: -np.inf, middle: np.inf}))
    yield infinite._replace(compiled=False)  # one special value among compiled cases will do
