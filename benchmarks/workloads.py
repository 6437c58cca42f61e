"""What the contestants train, written against the API that this library and Keras 3 share; all data is random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Workload:
    """A model and its data.

    Args:
        build: makes the compiled model.
        data: `(rng, rows)` to inputs and targets, arrays or lists of arrays.
        batch: rows of a batch.
        steps: steps of an epoch.
        ragged: rows missing in the last batch.
        streamed: whether the data comes from a `PyDataset`.
    """

    build: Callable[[], Any]
    data: Callable[[np.random.Generator, int], tuple[Any, Any]]
    batch: int
    steps: int
    ragged: int = 0
    streamed: bool = False

    @property
    def rows(self) -> int:
        return self.batch * self.steps - self.ragged

    def fit_arguments(self) -> dict[str, Any]:
        """Arguments of `fit` but for `epochs`."""
        x, y = self.data(np.random.default_rng(0), self.rows)
        if self.streamed:
            return {"x": _stream(x, y, self.batch)}
        return {"x": x, "y": y, "batch_size": self.batch}


def first_rows(x: Any, count: int) -> Any:
    """`count` rows of an array or of each array in a list, from the start and over again."""
    if isinstance(x, list):
        return [first_rows(part, count) for part in x]
    return np.take(x, np.arange(count) % len(x), axis=0)


def _stream(x: Any, y: Any, batch: int) -> Any:
    import keras

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return len(x) // batch

        def __getitem__(self, i: int) -> tuple[Any, Any]:
            rows = slice(i * batch, (i + 1) * batch)
            return x[rows], y[rows]

    return Batches()


# ---------------------------------------------------------------------- data
def regression(features: int) -> Callable[..., Any]:
    return lambda rng, n: (rng.random((n, features), dtype="float32"), rng.random((n, 1), dtype="float32"))


def images(shape: tuple[int, ...]) -> Callable[..., Any]:
    return lambda rng, n: (rng.random((n, *shape), dtype="float32"), rng.integers(0, 10, n).astype("int32"))


def tokens(length: int, vocabulary: int) -> Callable[..., Any]:
    return lambda rng, n: (
        rng.integers(0, vocabulary, (n, length)).astype("int32"),
        rng.integers(0, 2, n).astype("int32"),
    )


def text(length: int, letters: int) -> Callable[..., Any]:
    def data(rng: np.random.Generator, n: int) -> tuple[Any, Any]:
        lines = rng.integers(0, letters, (n, length + 1)).astype("int32")
        return lines[:, :-1].copy(), lines[:, 1:].copy()

    return data


def pairs(rng: np.random.Generator, n: int) -> tuple[Any, Any]:
    x = [rng.random((n, 20), dtype="float32") for _ in range(2)]
    return x, [rng.random((n, 1), dtype="float32"), rng.integers(0, 3, n).astype("int32")]


# ---------------------------------------------------------------------- models
def _classifier(model: Any) -> Any:
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def tiny_mlp() -> Any:
    import keras
    from keras import layers

    hidden = [layers.Dense(64, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input((20,)), *hidden, layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def mnist_mlp() -> Any:
    import keras
    from keras import layers

    hidden = [layers.Dense(512, activation="relu") for _ in range(2)]
    return _classifier(
        keras.Sequential([keras.Input((784,)), *hidden, layers.Dense(10, activation="softmax")])
    )


def mnist_cnn() -> Any:
    import keras
    from keras import layers

    return _classifier(
        keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Conv2D(32, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Conv2D(64, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dropout(0.5),
                layers.Dense(10, activation="softmax"),
            ]
        )
    )


def resnet20() -> Any:
    """He et al. 2015, section 4.2, n = 3."""
    import keras
    from keras import layers

    def convolved(x: Any, filters: int, stride: int = 1, size: int = 3) -> Any:
        x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    x = first = keras.Input((32, 32, 3))
    x = layers.Activation("relu")(convolved(x, 16))
    for filters in (16, 32, 64):
        for block in range(3):
            stride = 2 if filters > 16 and block == 0 else 1
            y = layers.Activation("relu")(convolved(x, filters, stride))
            y = convolved(y, filters)
            if stride == 2:
                x = convolved(x, filters, stride, size=1)
            x = layers.Activation("relu")(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return _classifier(keras.Model(first, layers.Dense(10, activation="softmax")(x)))


def lstm() -> Any:
    import keras
    from keras import layers

    return _classifier(
        keras.Sequential(
            [
                keras.Input((80,), dtype="int32"),
                layers.Embedding(20000, 128),
                layers.LSTM(128),
                layers.Dense(2, activation="softmax"),
            ]
        )
    )


def transformer() -> Any:
    import keras
    from keras import layers

    @keras.saving.register_keras_serializable("benchmarks")
    class WithPositions(layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.words, self.places = layers.Embedding(20000, 32), layers.Embedding(200, 32)

        def call(self, x: Any) -> Any:
            return self.words(x) + self.places(keras.ops.arange(200))

    first = keras.Input((200,), dtype="int32")
    x = WithPositions()(first)
    y = layers.Dropout(0.1)(layers.MultiHeadAttention(2, 32)(x, x))
    x = layers.LayerNormalization(epsilon=1e-6)(x + y)
    y = layers.Dropout(0.1)(layers.Dense(32)(layers.Dense(32, activation="relu")(x)))
    x = layers.LayerNormalization(epsilon=1e-6)(x + y)
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling1D()(x))
    x = layers.Dropout(0.1)(layers.Dense(20, activation="relu")(x))
    return _classifier(keras.Model(first, layers.Dense(2, activation="softmax")(x)))


def two_by_two() -> Any:
    import keras
    from keras import layers

    left, right = keras.Input((20,)), keras.Input((20,))
    shared = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(16, activation="relu")])
    x = layers.Dense(16, activation="relu")(layers.Concatenate()([shared(left), shared(right)]))
    outputs = [layers.Dense(1)(x), layers.Dense(3, activation="softmax")(x)]
    model = keras.Model([left, right], outputs)
    model.compile("adam", loss=["mse", "sparse_categorical_crossentropy"], loss_weights=[1.0, 0.5])
    return model


def character_gru() -> Any:
    import keras
    from keras import layers

    return _classifier(
        keras.Sequential(
            [
                keras.Input((100,), dtype="int32"),
                layers.Embedding(64, 64),
                layers.GRU(256, return_sequences=True),
                layers.Dense(64, activation="softmax"),
            ]
        )
    )


_CNN = Workload(mnist_cnn, images((28, 28, 1)), 128, 24)
_RESNET = Workload(resnet20, images((32, 32, 3)), 64, 24)
_TRANSFORMER = Workload(transformer, tokens(200, 20000), 32, 24)

#: By name; `... short` has epochs of four steps, where what an epoch costs by itself shows.
WORKLOADS = {
    "tiny MLP": Workload(tiny_mlp, regression(20), 32, 313, ragged=16),
    "MNIST MLP": Workload(mnist_mlp, images((784,)), 128, 48),
    "MNIST CNN": _CNN,
    "MNIST CNN short": replace(_CNN, steps=4),
    "ResNet-20": _RESNET,
    "ResNet-20 short": replace(_RESNET, steps=4),
    "LSTM": Workload(lstm, tokens(80, 20000), 32, 24),
    "transformer": _TRANSFORMER,
    "transformer short": replace(_TRANSFORMER, steps=4),
    "two by two": Workload(two_by_two, pairs, 32, 100),
    "character GRU": Workload(character_gru, text(100, 64), 64, 12),
    "PyDataset": Workload(tiny_mlp, regression(20), 32, 200, streamed=True),
}
