"""Masks and logits attached to tensors live as long as the tensor, and keep nothing else alive."""

import gc
import weakref

import numpy as np

from keras import ops
from keras.backend import masks
from keras.backend.logits import get_logits, set_logits
from keras.backend.tracing import Compiled


def test_masks_are_set_replaced_and_removed(engine):
    x, y = ops.ones((2,)), ops.ones((2,))
    masks.set_mask(x, y)
    assert masks.get_mask(x) is y
    assert masks.get_mask(y) is None
    masks.set_mask(x, x)
    assert masks.get_mask(x) is x
    masks.set_mask(x, None)
    assert masks.get_mask(x) is None


def test_the_table_forgets_dead_arrays():
    before = len(masks._masks._table)
    x = np.ones(3)
    masks.set_mask(x, np.array([True, False, True]))
    assert len(masks._masks._table) == before + 1
    del x
    gc.collect()
    assert len(masks._masks._table) == before


def test_compiled_functions_can_be_forgotten(engine):
    """A table that holds a tensor of a graph would hold the graph for ever."""
    seen = []

    def f(x):
        y = ops.exp(x)
        masks.set_mask(y, ops.greater(x, 0.0))
        set_logits(y, x, "softmax")
        assert get_logits(y, "softmax") is x
        seen.append(weakref.ref(y))
        return y

    compiled = Compiled(f)
    compiled(ops.ones((2,)))
    assert seen
    del compiled, f
    gc.collect()
    assert all(y() is None for y in seen)
