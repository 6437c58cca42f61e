"""Data that is not in memory: fetched ahead on a thread where that pays, in order, to the last batch."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import keras
from keras.training import prefetch, runners
from keras.training.data import IterableSource, IteratorSource, PyDatasetSource, Stream
from keras.training.prefetch import Prefetch
from keras.utils import PyDataset

BATCHES = 20


@pytest.fixture
def eager_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every source is worth a thread."""
    monkeypatch.setattr(prefetch, "SHARE", -1.0)
    monkeypatch.setattr(prefetch, "SECONDS", -1.0)


class Numbers(PyDataset):
    """Batches that say their number, in one array that is filled anew for each."""

    def __init__(self, log: list[Any] | None = None, failing_at: int = -1) -> None:
        super().__init__()
        self.log = [] if log is None else log
        self.failing_at = failing_at
        self.buffer = np.zeros((2, 1), "float32")

    def __len__(self) -> int:
        return BATCHES

    def __getitem__(self, i: int) -> Any:
        if i == self.failing_at:
            raise OSError("the disk is gone")
        self.log.append((i, threading.current_thread().name))
        self.buffer[:] = i
        return self.buffer, self.buffer * 2

    def on_epoch_end(self) -> None:
        self.log.append(("end", threading.current_thread().name))


def numbers(batches: Iterator[Any]) -> list[int]:
    return [int(x[0, 0]) for x, _, _ in batches]


@pytest.mark.usefixtures("eager_thread")
def test_batches_come_in_order_and_datasets_are_told_in_time() -> None:
    log: list[Any] = []
    data = Prefetch(Stream(PyDatasetSource(Numbers(log))))
    for _ in range(2):
        seen = []
        for x, _, _ in data.epoch():
            seen.append(int(x[0, 0]))
            assert ("end", "MainThread") not in log[-1:]
            time.sleep(0.001)  # the thread is ahead, and has filled the array anew
            assert x[0, 0] == seen[-1]
        assert seen == list(range(BATCHES))
        assert log[-1] == ("end", "MainThread")
        log.pop()
    names = [name for _, name in log]
    assert names[: prefetch.PROBED + 1] == ["MainThread"] * (prefetch.PROBED + 1)
    assert set(names[prefetch.PROBED + 1 :]) == {"keras-data"}


@pytest.mark.usefixtures("eager_thread")
def test_steps_cut_endless_data_into_epochs_without_losing_a_batch() -> None:
    endless = (np.full((2, 1), i, "float32") for i in range(1000))
    data = Prefetch(Stream(IteratorSource(endless), steps=9))
    assert [numbers(data.epoch()) for _ in range(3)] == [
        list(range(9)),
        list(range(9, 18)),
        list(range(18, 27)),
    ]
    assert next(endless)[0, 0] == 27


@pytest.mark.usefixtures("eager_thread")
def test_data_of_unknown_length() -> None:
    class Rows:
        def __iter__(self) -> Iterator[Any]:
            return (np.full((1, 1), i, "float32") for i in range(BATCHES))

    data = Prefetch(Stream(IterableSource(Rows())))
    assert [numbers(data.epoch()) for _ in range(2)] == [list(range(BATCHES))] * 2


@pytest.mark.usefixtures("eager_thread")
def test_stopping_early_ends_the_thread() -> None:
    data = Prefetch(Stream(PyDatasetSource(Numbers())))
    epoch = data.epoch()
    assert [int(next(epoch)[0][0, 0]) for _ in range(10)] == list(range(10))
    assert any(t.name == "keras-data" for t in threading.enumerate())
    epoch.close()
    assert not any(t.name == "keras-data" for t in threading.enumerate())


@pytest.mark.usefixtures("eager_thread")
def test_errors_come_out_where_the_batch_is_asked_for() -> None:
    epoch = Prefetch(Stream(PyDatasetSource(Numbers(failing_at=15)))).epoch()
    assert [int(next(epoch)[0][0, 0]) for _ in range(15)] == list(range(15))
    with pytest.raises(OSError, match="the disk is gone\nIn Numbers"):
        next(epoch)
    assert not any(t.name == "keras-data" for t in threading.enumerate())


def test_quick_data_has_no_thread() -> None:
    log: list[Any] = []
    for _ in Prefetch(Stream(PyDatasetSource(Numbers(log)))).epoch():
        time.sleep(0.002)
    assert {name for _, name in log} == {"MainThread"}


@pytest.mark.usefixtures("eager_thread")
def test_fit_gives_the_same_numbers(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for ahead in (True, False):
        if not ahead:
            monkeypatch.setattr(prefetch, "SHARE", 2.0)
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.01), "mse")
        log: list[Any] = []
        data = Numbers(log)
        history = model.fit(data, epochs=2, verbose=0, validation_data=Numbers())
        assert ("keras-data" in {name for _, name in log}) == ahead
        results.append((history.history, [w.tolist() for w in model.get_weights()]))
    assert results[0] == results[1]


def test_waiting_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    class Slow(Numbers):
        def __getitem__(self, i: int) -> Any:
            time.sleep(0.01)
            return super().__getitem__(i)

    monkeypatch.setattr(runners, "TOLD_SECONDS", 0.1)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with caplog.at_level("INFO", "keras"):
        model.fit(Slow(), verbose=2)
    assert "s were spent waiting for data, fetched ahead on a thread" in capsys.readouterr().out
    assert any("waiting for data" in r.getMessage() for r in caplog.records)
    model.fit(Numbers(), verbose=2)
    assert "waiting for data" not in capsys.readouterr().out
