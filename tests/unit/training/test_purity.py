"""Models of the library's own code are told from those with a user's code in them."""

import functools
from typing import Any

import numpy as np
import pytest

import keras
from keras import layers
from keras.training.purity import is_librarys_own


def model(*more: Any, **arguments: Any) -> Any:
    found = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), *more])
    found.compile(**{"optimizer": "adam", "loss": "mse", **arguments})
    return found


def own(y: Any, y_pred: Any) -> Any:
    return keras.ops.mean(y - y_pred)


class Doubled(layers.Layer):
    def call(self, x: Any) -> Any:
        return 2 * x


class Slower(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step: Any) -> Any:
        return 0.1 / (1 + step)


def test_the_librarys() -> None:
    everything = model(
        layers.BatchNormalization(),
        layers.Dropout(0.5),
        optimizer=keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)),
        loss=keras.losses.Huber(),
        metrics=["mae", keras.metrics.AUC()],
    )
    assert is_librarys_own(everything)
    everything.fit(np.ones((8, 4)), np.ones((8, 3)), verbose=0)
    everything.predict(np.ones((8, 4)), verbose=0)
    assert is_librarys_own(everything)


@pytest.mark.parametrize(
    "users",
    [
        lambda: model(Doubled()),
        lambda: model(layers.Lambda(lambda x: x)),
        lambda: model(layers.Dense(2, activation=lambda x: x)),
        lambda: model(layers.Dense(2, activation=functools.partial(own, 1))),
        lambda: model(layers.Dense(2, kernel_regularizer=lambda w: keras.ops.sum(w))),
        lambda: model(keras.Sequential([Doubled()])),
        lambda: model(loss=own),
        lambda: model(metrics=[own]),
        lambda: model(optimizer=keras.optimizers.SGD(Slower())),
    ],
)
def test_a_users(users: Any) -> None:
    assert not is_librarys_own(users())


def test_a_step_that_was_put_in_its_place() -> None:
    changed = model()
    changed.train_step = lambda data: {"loss": 0.0}
    assert not is_librarys_own(changed)
