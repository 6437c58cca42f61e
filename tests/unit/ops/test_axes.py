"""Negative axes count from the end: every op with an `axis` gives for `axis - rank` what it gives for `axis`."""

from __future__ import annotations

import inspect
import operator

import numpy as np
import pytest

from keras import ops, tree
from tests.unit.ops import golden

#: Whose axes are counted in the result, which has one more than the argument.
LONGER = {"stack": 1, "one_hot": 1, "expand_dims": 1, "linspace": 1}
#: Whose `axis` is no position in the first tensor.
OTHER = {"take_along_axis", "associative_scan"}


def rows():
    for cases in golden.script("ops_cases").FAMILIES.values():
        for case in cases:
            function = operator.attrgetter(case.op)(ops)
            axis = bound(function, case).get("axis")
            plain = isinstance(axis, int) or (
                isinstance(axis, tuple) and all(isinstance(a, int) for a in axis)
            )
            if plain and case.op not in OTHER and first(case) is not None:
                yield case.op, case


def bound(function, case):
    return inspect.signature(function).bind(*case.args, **case.kwargs).arguments


def first(case):
    found = []
    golden.mapped(found.append, [case.args, tuple(case.kwargs.values())])
    return found[0] if found else None


BY_OP: dict[str, list] = {}
for _op, _case in rows():
    BY_OP.setdefault(_op, []).append(_case)


def with_axis(case, axis):
    names = list(inspect.signature(operator.attrgetter(case.op)(ops)).parameters)
    at = names.index("axis")
    if len(case.args) > at:
        return case._replace(args=(*case.args[:at], axis, *case.args[at + 1 :]))
    return case._replace(kwargs={**case.kwargs, "axis": axis})


@pytest.mark.parametrize("op", BY_OP)
def test_negative_axes(engine, op):
    for case in BY_OP[op][:3]:
        axis = bound(operator.attrgetter(op)(ops), case)["axis"]
        extra = len(axis) if op == "expand_dims" and isinstance(axis, tuple) else LONGER.get(op, 0)
        rank = first(case).values.ndim + extra
        turned = tree.map_structure(lambda a, n=rank: a - n if a >= 0 else a + n, axis)
        try:
            want = golden.run(case)
        except (ValueError, TypeError):  # a case that Keras refuses, too
            continue
        for a, b in zip(golden.run(with_axis(case, turned)), want, strict=True):
            np.testing.assert_array_equal(ops.convert_to_numpy(a), ops.convert_to_numpy(b), err_msg=case.id)
