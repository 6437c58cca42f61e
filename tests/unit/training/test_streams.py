"""Batches that a dataset or generator gives are trained on in chunks, with the numbers of single steps."""

from typing import Any

import numpy as np
import pytest

import keras
from keras import layers


class Batches(keras.utils.PyDataset):
    """Batches of `sizes` rows; the arrays are filled anew for each, and the batch `bad` cannot be read."""

    def __init__(self, sizes: list[int], bad: int = -1) -> None:
        super().__init__()
        self._sizes, self._bad = sizes, bad
        self._x = {n: np.zeros((n, 3), "float32") for n in sizes}
        self.asked: list[int] = []

    def __len__(self) -> int:
        return len(self._sizes)

    def __getitem__(self, i: int) -> tuple[Any, Any]:
        self.asked.append(i)
        if i == self._bad:
            raise OSError("the disk is gone")
        x = self._x[self._sizes[i]]
        x[:] = np.random.default_rng(i).normal(size=x.shape)
        return x, x.sum(axis=1, keepdims=True)


def trained(data: Any, acting: bool, **settings: Any) -> tuple[Any, list[Any], list[int]]:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([layers.Dense(4, "tanh"), layers.Dropout(0.2), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    heard: list[int] = []
    callback = keras.callbacks.Callback()
    callback.acts_between_batches = acting
    callback.on_train_batch_end = lambda batch, logs: heard.append((batch, logs["loss"]))
    history = model.fit(data, verbose=0, callbacks=[callback], **settings)
    return history.history, [w.tolist() for w in model.get_weights()], heard


@pytest.mark.parametrize("sizes", [[4] * 30 + [3], [4, 2, 4, 2, 2, 2, 4, 4, 4] * 3])
def test_a_stream_in_chunks_trains_as_step_by_step(engine: Any, sizes: list[int]) -> None:
    chunks = trained(Batches(sizes), acting=False, epochs=3)
    steps = trained(Batches(sizes), acting=True, epochs=3)
    assert chunks == steps
    assert [i for i, _ in chunks[2]] == 3 * list(range(len(sizes)))


def test_what_came_before_an_error_is_trained(engine: Any) -> None:
    heard: list[int] = []
    model = keras.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    data = Batches([4] * 20)
    model.fit(data, epochs=2, verbose=0)  # chunks are long by now
    before = int(model.optimizer.iterations.numpy())
    data._bad = 17
    watch = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: heard.append(batch))
    watch.acts_between_batches = False
    with pytest.raises(OSError, match="the disk is gone"):
        model.fit(data, shuffle=False, verbose=0, callbacks=[watch])
    assert int(model.optimizer.iterations.numpy()) - before == 17 == len(heard)


def test_a_generator_is_asked_for_the_steps_of_the_epochs_only(engine: Any) -> None:
    given: list[int] = []

    def batches() -> Any:
        while True:
            given.append(len(given))
            yield np.ones((2, 3)), np.ones((2, 1))

    trained(batches(), acting=False, epochs=3, steps_per_epoch=7)
    assert len(given) == 21
