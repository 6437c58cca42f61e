"""Models that are built, used and deleted leave nothing behind."""

import gc
import os
import statistics
import sys
import weakref

import numpy as np
import pytest

import keras
from keras import layers
from keras.backend import tracing

CYCLES = 20
ALLOWED = 4 * 2**20  # bytes over all cycles: allocators take memory in steps; what once leaked came to 9 MB


def _resident() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _cycle() -> weakref.ref:
    model = keras.Sequential(
        [keras.Input((20,)), layers.Dense(64, activation="relu"), layers.Dense(64), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    x = np.ones((48, 20), "float32")
    model.fit(x, x[:, :1], epochs=1, verbose=0)
    model.predict(x, verbose=0)
    return weakref.ref(model)


@pytest.fixture
def _quick_collections():
    gc.collect()
    gc.freeze()  # what other tests and the engine hold need not be looked through every time
    yield
    gc.unfreeze()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.usefixtures("_quick_collections")
def test_cycles_of_build_fit_predict_delete_leave_memory_flat(engine):
    found = []
    for _ in range(CYCLES):
        model = _cycle()
        gc.collect()
        assert model() is None
        found.append(_resident())
    assert statistics.median(found[-4:]) - statistics.median(found[4:8]) < ALLOWED


def test_nobody_keeps_the_collector_from_finding_them(engine):
    """A model is a web of cycles: it goes when the collector comes, which nobody calls and nobody holds up."""
    runs = []

    def note(phase, info):
        if phase == "stop" and info["generation"] > 0:
            runs.append(info["generation"])

    gc.callbacks.append(note)
    try:
        models = [_cycle() for _ in range(12)]
    finally:
        gc.callbacks.remove(note)
    assert runs
    gc.collect()
    assert all(model() is None for model in models)


def test_traces_that_were_called_longest_ago_are_given_up(engine, monkeypatch):
    """Batches of ever new sizes would fill the memory; what serves most of them stays."""
    monkeypatch.setattr(tracing, "KEPT", 3)
    monkeypatch.setattr(tracing, "ALIKE", 1000)
    made = []
    twice = tracing.Compiled(lambda x: x * 2, on_trace=made.append)
    for n in (2, 3, 4, 2, 5, 2, 6, 2, 3):
        np.testing.assert_array_equal(twice(np.ones(n, "float32")), np.full(n, 2.0))
    sizes = [shape[0] for _, (shape, _), _ in made]
    assert sizes == [2, 3, 4, 5, 6, 3]
    assert twice.trace_count == 3
