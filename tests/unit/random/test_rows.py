"""Every distribution: eager, compiled and symbolic, empty and of size 1, in every dtype it has."""

import numpy as np
import pytest

from keras import KerasTensor, ops, random
from keras.backend.tracing import Compiled

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTS = ("int8", "uint8", "int32", "int64")
#: A distribution as a function of its shape, its dtype and a tensor that the compiled function takes.
ROWS = {
    "normal": (FLOATS, lambda s, d, x: random.normal(s, x[0], 2.0, dtype=d, seed=1)),
    "uniform": (FLOATS, lambda s, d, x: random.uniform(s, 0.0, x[0], dtype=d, seed=1)),
    "truncated_normal": (FLOATS, lambda s, d, x: random.truncated_normal(s, 0.0, 2.0, dtype=d, seed=1)),
    "gamma": (FLOATS, lambda s, d, x: random.gamma(s, x[0], dtype=d, seed=1)),
    "beta": (FLOATS, lambda s, d, x: random.beta(s, x[0], 3.0, dtype=d, seed=1)),
    "binomial": (FLOATS, lambda s, d, x: random.binomial(s, 5.0, 0.5, dtype=d, seed=1)),
    "randint": (INTS, lambda s, d, x: random.randint(s, 1, 9, dtype=d, seed=1)),
    "dropout": (FLOATS, lambda s, d, x: random.dropout(ops.ones(s, d), 0.5, seed=1)),
    "shuffle": ((*FLOATS, *INTS, "bool"), lambda s, d, x: random.shuffle(ops.ones(s or (1,), d), seed=1)),
    "categorical": (
        ("int32", "int64"),
        lambda s, d, x: random.categorical(ops.ones((*s, 2, 2)[:2]), 3, dtype=d, seed=1),
    ),
}


def test_every_name_has_a_row():
    assert set(ROWS) == set(random.__all__) - {"SeedGenerator"}


@pytest.mark.parametrize("name", ROWS)
def test_eager_compiled_symbolic(engine, name):
    kinds, draw = ROWS[name]
    x = ops.convert_to_tensor(np.array([2.0, 1.0], "float32"))
    for dtype in kinds:
        for shape in ((2, 3), (0, 3), (1,), ()) if dtype == kinds[0] else ((2, 3),):
            eager = draw(shape, dtype, x)
            compiled = Compiled(lambda x, s=shape, d=dtype: draw(s, d, x))(x)
            symbolic = draw(shape, dtype, KerasTensor((2,)))
            assert ops.dtype(eager) == ops.dtype(compiled) == dtype
            assert ops.shape(eager) == ops.shape(compiled) == tuple(symbolic.shape)
            a, b = (ops.convert_to_numpy(ops.cast(t, "float64")) for t in (eager, compiled))
            np.testing.assert_allclose(a, b, rtol=2e-2 if "16" in dtype else 1e-5, atol=1e-6)
