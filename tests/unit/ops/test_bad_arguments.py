"""Every op with one argument made wrong: the abstract engine and the real ones take it, or refuse it in the same words.

The wrong arguments are derived from the cases of `tests/golden`: a tensor of another rank, of a size that does not fit,
of another dtype, or no tensor at all; an axis that is not there, or no axis at all. Complex numbers an engine may take
where others do not (NumPy puts them into an order).
"""

from __future__ import annotations

import inspect
import operator
import re

import numpy as np
import pytest

from keras import KerasTensor, backend, ops
from tests.unit.ops import golden

#: What is raised only by the values of an argument, which a symbolic tensor does not have.
BY_VALUE = {"image.map_coordinates", "take", "cholesky", "inv", "logdet", "solve"}
#: These call functions of the user's, whose errors are left as they are; and what is not an op at all.
OF_FUNCTIONS = {
    "map",
    "vectorized_map",
    "scan",
    "associative_scan",
    "while_loop",
    "fori_loop",
    "cond",
    "switch",
}
OF_FUNCTIONS |= {"shape", "ndim"}
REFUSALS = (ValueError, TypeError, IndexError)


def bases():
    """One case of every op, as the derived families have them."""
    written = golden.script("ops_cases").FAMILIES
    return {c.op: c for c in golden.script("ops_variants")._bases(written)}


BASES = bases()


def first_array(case):
    found = []
    golden.mapped(found.append, [case.args, tuple(case.kwargs.values())])
    return found[0]


def swapped(case, change):
    """The case with its first array changed."""
    first = first_array(case)
    swap = lambda x: change(x) if x is first else x  # noqa: E731
    return case._replace(
        args=golden.mapped(swap, case.args),
        kwargs={k: golden.mapped(swap, v) for k, v in case.kwargs.items()},
    )


def reshaped(shape_of):
    def change(x):
        shape = shape_of(x.values.shape)
        return x._replace(values=np.resize(x.values, shape), fixed=True)

    return lambda case: swapped(case, change)


def redtyped(dtype):
    return lambda case: swapped(case, lambda x: x._replace(dtype=dtype, values=np.abs(np.round(x.values))))


def with_axis(axis):
    def change(case):
        function = operator.attrgetter(case.op)(ops)
        names = list(inspect.signature(function).parameters)
        if "axis" not in names:
            return None
        at = names.index("axis")
        if len(case.args) > at:
            return case._replace(args=(*case.args[:at], axis, *case.args[at + 1 :]))
        return case._replace(kwargs={**case.kwargs, "axis": axis})

    return change


WRONG = {
    "scalar": reshaped(lambda s: ()),
    "one axis less": reshaped(lambda s: s[1:]),
    "two axes more": reshaped(lambda s: (2, 2, *s)),
    "first size": reshaped(lambda s: (s[0] + 4, *s[1:]) if s else s),
    "last size": reshaped(lambda s: (*s[:-1], s[-1] + 4) if s else s),
    "float": redtyped("float32"),
    "bool": redtyped("bool"),
    "complex": redtyped("complex64"),
    "text": lambda case: swapped(case, lambda x: "text"),
    "axis 9": with_axis(9),
    "axis 0.5": with_axis(0.5),
}


def outcome(case, make):
    """The text an op is refused with, or None."""
    try:
        with np.errstate(all="ignore"):
            golden.run(case, make)
    except Exception as error:
        if not isinstance(error, REFUSALS) and case.op not in BY_VALUE:
            raise
        return f"{type(error).__name__}: {error}"
    return None


def symbol(x):
    return KerasTensor(x.values.shape, x.dtype)


@pytest.mark.parametrize("op", BASES)
def test_refused_in_the_same_words(engine, op):
    for label, change in WRONG.items():
        case = change(BASES[op])
        if case is None or (
            label in ("bool", "complex") and op in OF_FUNCTIONS
        ):  # arithmetic is the engine's own
            continue
        symbolic, eager = outcome(case, symbol), outcome(case, golden.tensor)
        lenient = (eager is None and label == "complex") or (symbolic is None and op in BY_VALUE)
        assert eager == symbolic or lenient, f"{op}, {label}"
        if eager is not None and op not in OF_FUNCTIONS:
            name = operator.attrgetter(op)(ops).__name__
            assert eager.split(": ")[1] == name or lenient, f"{op}, {label}: {eager}"


#: What no parameter, or only some, can make sense of.
ODD = ("text", -1, 1.5, None, object(), ["a", "b"], (), {"a": 1}, [[1], [2, 3]], True, 0, float("nan"))


def with_odd_settings(op):
    """The case of an op with one parameter after the other made odd; None is left out where it is the default."""
    case = BASES[op]
    for i, p in enumerate(inspect.signature(operator.attrgetter(op)(ops)).parameters.values()):
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            continue
        for value in ODD:
            if i < len(case.args):
                yield case._replace(args=(*case.args[:i], value, *case.args[i + 1 :])), p.name, value
            elif value is not None or p.default is not None:
                yield case._replace(kwargs={**case.kwargs, p.name: value}), p.name, value


def settled(case):
    """The text a case is refused with, addresses left out, or None."""
    try:
        with np.errstate(all="ignore"):
            golden.run(case, golden.tensor)
    except (*REFUSALS, NotImplementedError) as error:
        return re.sub("0x[0-9a-f]+", "", f"{type(error).__name__}: {error}")
    return None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("op", sorted(BASES.keys() - OF_FUNCTIONS))
def test_odd_settings_are_taken_or_refused_as_on_numpy(engine, op):
    name = operator.attrgetter(op)(ops).__name__
    for case, parameter, value in with_odd_settings(op):
        if (op, parameter, value) == (
            "scatter",
            "shape",
            True,
        ):  # indices out of range: TensorFlow's own error
            continue
        found = settled(case)
        with backend.using("numpy"):
            assert found == settled(case), f"{op}, {parameter}={value!r}"
        if found is not None and not found.startswith("NotImplementedError"):
            assert found.split(": ")[1] == name, f"{op}, {parameter}={value!r}: {found}"
