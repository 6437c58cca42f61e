"""No public name without its rows: numbers from Keras, eager, compiled and symbolic; a gradient; bad arguments.

Where a kind of row makes no sense for a name, the table says why.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keras import ops, random
from tests.unit.ops import golden, test_bad_arguments, test_errors, test_gradients

MODULES = {"image", "linalg", "nn", "numpy"}
NAMES = [n for n in ops.__all__ if n not in MODULES] + [f"image.{n}" for n in ops.image.__all__]
DRAWN = [n for n in random.__all__ if n != "SeedGenerator"]  # numbers and seeds: tests/unit/random

NOT_IN_GOLDEN = {
    "ours, or called in two steps: test_control.py": "custom_gradient jvp value_and_grad vectorize",
    "facts about a tensor: test_tensors.py": "convert_to_numpy dtype is_tensor",
    "vectors have either sign, or any basis: test_references.py": "eig eigh qr",
    "any order is right: test_tensors.py": "argpartition",
    "Keras errs: test_references.py": "sparsemax",
    "drawn at random: test_references.py": "image.elastic_transform",
}
NOT_COMPILED = {"their shapes depend on values: test_errors.py": "nonzero unique bincount"}
NOT_DIFFERENTIABLE = {
    "bools or whole numbers come out": """
        all allclose any argmax argmin argpartition argsort bitwise_and bitwise_invert bitwise_left_shift bitwise_not
        bitwise_or bitwise_right_shift bitwise_xor count_nonzero ctc_decode digitize equal gcd greater greater_equal
        histogram in_top_k isclose isfinite isin isinf isnan isneginf isposinf isreal lcm left_shift less less_equal
        logical_and logical_not logical_or logical_xor matrix_rank multi_hot nanargmax nanargmin nonzero not_equal one_hot
        right_shift searchsorted signbit size unique unravel_index view
        """,
    "constants": """
        arange bartlett blackman empty empty_like eye hamming hanning identity kaiser ones ones_like tri zeros zeros_like
        """,
    "steps: 0 almost everywhere": "angle ceil floor floor_divide imag nextafter round saturate_cast sign trunc",
    "facts about a tensor": "convert_to_numpy dtype is_tensor ndim shape",
    "complex results": "polar view_as_complex",
    "about gradients themselves: test_control.py": "custom_gradient jvp stop_gradient value_and_grad vectorize",
    "no gradient yet (none in Keras's tests either)": "eig lu_factor",
    "drawn at random: like affine_transform's": "image.elastic_transform",
}
NO_BAD_ARGUMENTS = {"takes anything": "is_tensor dtype"}


def listed(table: dict[str, str]) -> set[str]:
    return set(" ".join(table.values()).split())


def with_numbers(compiled: bool = False) -> set[str]:
    """Names with results of real Keras to compare with."""
    return {
        c.op
        for family, cases in golden.families().items()
        for c in cases
        if "error" not in golden.golden(family)[c.id] and (c.compiled or not compiled)
    }


def refused() -> set[str]:
    """Names called with bad arguments, in a row of their own or in a derived one."""
    text = Path(test_errors.__file__).read_text("utf-8")
    return set(re.findall(r"(?:ops|random)\.(image\.\w+|\w+)\(", text)) | set(test_bad_arguments.BASES)


KINDS = {
    "numbers": (with_numbers, NOT_IN_GOLDEN),
    "compiled": (lambda: with_numbers(compiled=True) | listed(NOT_IN_GOLDEN), NOT_COMPILED),
    "gradients": (lambda: {row[0] for row in test_gradients.ROWS}, NOT_DIFFERENTIABLE),
    "bad arguments": (refused, NO_BAD_ARGUMENTS),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_has_rows(kind):
    rows, excused = KINDS[kind]
    have = rows()
    aliases = {n for n in NAMES if _function(n).__name__ != n.split(".")[-1] and _same(n) in have}
    assert sorted(set(NAMES) - have - listed(excused) - aliases) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_excuse_is_stale(kind):
    rows, excused = KINDS[kind]
    assert sorted(listed(excused) - set(NAMES)) == []
    if kind != "bad arguments":
        assert sorted(listed(excused) & rows()) == []


def _function(name):
    owner = ops.image if name.startswith("image.") else ops
    return getattr(owner, name.split(".")[-1])


def _same(name):
    """The name an alias stands for, as the tables write it."""
    return ("image." if name.startswith("image.") else "") + _function(name).__name__


def test_other_spellings_are_the_same_functions():
    for part in ("linalg", "nn", "numpy"):
        module = getattr(ops, part)
        for name in module.__all__:
            assert getattr(ops, name) is getattr(module, name)
    assert sorted(set(DRAWN) - refused()) == []
