"""Subclasses of the library's callbacks: what they write runs at every batch, with logs that are a dict."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras
from keras.callbacks import BackupAndRestore, ModelCheckpoint, ProgbarLogger

X = np.linspace(-1.0, 1.0, 64).reshape(32, 2)


def fit(callback: Any, verbose: int = 0) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], batch_size=4, shuffle=False, epochs=2, verbose=verbose, callbacks=[callback])


class Watching:
    """Notes the logs and the weights of every batch."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_end(batch, logs)  # type: ignore[misc]
        self.__dict__.setdefault("seen", []).append((batch, logs, self.model.get_weights()[0].sum()))  # type: ignore[attr-defined]


class Checkpoint(Watching, ModelCheckpoint):
    pass


class Backup(Watching, BackupAndRestore):
    pass


class Bar(Watching, ProgbarLogger):
    pass


@pytest.mark.parametrize(
    "make",
    [
        lambda path: Checkpoint(path / "m.keras"),
        lambda path: Checkpoint(path / "m.keras", save_freq=5),
        lambda path: Backup(path / "backup"),
        lambda path: Bar(),
    ],
    ids=["checkpoint", "checkpoint-batches", "backup", "bar"],
)
def test_a_batch_method_of_ones_own(make: Callable[[Path], Any], tmp_path: Path) -> None:
    callback = make(tmp_path)
    fit(callback, verbose=int(isinstance(callback, Bar)))
    assert [batch for batch, _, _ in callback.seen] == 2 * list(range(8))
    assert all(set(logs) == {"loss"} for _, logs, _ in callback.seen)
    assert len({float(total) for _, _, total in callback.seen}) == 16  # the weights of the moment


def test_a_checkpoint_is_steered_by_the_names_of_keras(tmp_path: Path) -> None:
    """`_should_save_on_batch`, `_save_model`, `_get_file_path`: WandbModelCheckpoint and others are made of them."""

    class Every3(ModelCheckpoint):
        def _should_save_on_batch(self, batch: int) -> bool:
            return batch % 3 == 0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if self._should_save_on_batch(batch):
                self._save_model(epoch=self._current_epoch, batch=batch, logs=logs)
                paths.append(Path(self._get_file_path(epoch=self._current_epoch, batch=batch, logs=logs)))

    paths: list[Path] = []
    fit(Every3(tmp_path / "{epoch}-{batch}.keras", save_freq=1))
    assert [path.name for path in paths] == [f"{e}-{b}.keras" for e in (1, 2) for b in (1, 4, 7)]
    assert all(path.exists() for path in paths)
