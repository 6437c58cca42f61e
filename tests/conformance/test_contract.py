"""Contractions, and the contract itself: every primitive is in this suite."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from keras.backend.engine import PRIMITIVES
from tests.conformance.rows import COMPLEX, FLOATS, INTS, five_tests, row, rows, t

rng = np.random.default_rng(3)
A, B = rng.uniform(-1, 1, (2, 3, 4)), rng.uniform(-1, 1, (2, 4, 5))
N = np.arange(12) * 37 % 50 - 20


def _matmul(a, b):
    return np.matmul(a, b)


def _dot_general(a, b, contract, batch):
    letters = iter("abcdefghijklmnop")
    of_a = [next(letters) for _ in a.shape]
    of_b = [next(letters) for _ in b.shape]
    for i, j in zip((*contract[0], *batch[0]), (*contract[1], *batch[1]), strict=True):
        of_b[j] = of_a[i]
    free_a = [of_a[i] for i in range(a.ndim) if i not in (*contract[0], *batch[0])]
    free_b = [of_b[i] for i in range(b.ndim) if i not in (*contract[1], *batch[1])]
    out = [of_a[i] for i in batch[0]] + free_a + free_b
    return np.einsum(f"{''.join(of_a)},{''.join(of_b)}->{''.join(out)}", a, b)


ROWS = rows(
    row("matmul", t(A[0]), t(B[0]), want=_matmul, dtypes=(*FLOATS, *COMPLEX), grad=True),
    row("matmul", t(A), t(B), want=_matmul, dtypes=(*FLOATS, *COMPLEX), grad=True),
    row("matmul", t(A), t(B[0]), want=_matmul, dtypes=FLOATS, grad=True, label="matrix"),
    row("matmul", t(A[0]), t(B), want=_matmul, grad=True, label="broadcast"),
    row("matmul", t(A[:, None]), t(B[None]), want=_matmul, grad=True, label="broadcast"),
    row("matmul", t(N.reshape(3, 4)), t(N.reshape(4, 3)), want=_matmul, dtypes=INTS),
    row("matmul", t(N.reshape(2, 2, 3)), t(N.reshape(2, 3, 2)), want=_matmul, dtypes=INTS),
    row("matmul", t(np.zeros((2, 0))), t(np.zeros((0, 3))), want=_matmul, label="empty-sum"),
    row("matmul", t(np.zeros((0, 2, 3))), t(np.zeros((3, 2))), want=_matmul, label="empty"),
    row(
        "matmul",
        t([[1.0, np.inf], [np.nan, 1.0]]),
        t([[1.0, 0.5], [2.0, 1.0]]),
        want=_matmul,
        label="special",
    ),
    row("dot_general", t(A), t(B), ((2,), (1,)), ((0,), (0,)), want=_dot_general, dtypes=FLOATS, grad=True),
    row("dot_general", t(A), t(B), ((2,), (1,)), ((), ()), want=_dot_general, grad=True),
    row("dot_general", t(A), t(B), ((0, 2), (0, 1)), ((), ()), want=_dot_general, grad=True),
    row("dot_general", t(A), t(B), ((2, 0), (1, 0)), ((), ()), want=_dot_general, grad=True, label="order"),
    row("dot_general", t(A), t(B), ((), ()), ((0,), (0,)), want=_dot_general, grad=True, label="outer"),
    row("dot_general", t(A), t(A), ((1,), (1,)), ((2, 0), (2, 0)), want=_dot_general, label="batches"),
    row("dot_general", t(A), t(A), ((0, 1, 2), (0, 1, 2)), ((), ()), want=_dot_general, label="all"),
    row("dot_general", t(N), t(N), ((0,), (0,)), ((), ()), want=_dot_general, dtypes=("int32", "int64")),
)

test_eager, test_compiled, test_spec, test_default, test_gradient = five_tests(ROWS)


@pytest.fixture(scope="module")
def covered() -> set[str]:
    names: set[str] = set()
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"tests.conformance.{file.stem}")
        names |= {r.name for r in getattr(module, "ROWS", [])} | getattr(module, "COVERS", set())
    return names


@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_every_primitive_is_in_the_suite(primitive: str, covered: set[str]) -> None:
    assert primitive in covered
