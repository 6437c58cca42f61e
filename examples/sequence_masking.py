"""Sequences of different lengths in one batch: does a row of brackets close properly?

`Embedding(mask_zero=True)` tells the layers after it which steps are padding. The proof is at the end: more padding
changes no prediction.
"""

import argparse
from typing import Any

import numpy as np

import keras
from keras import layers

OPEN, CLOSE = 1, 2  # 0 is padding


def balanced(row: list[int]) -> bool:
    depth = 0
    for bracket in row:
        depth += 1 if bracket == OPEN else -1
        if depth < 0:
            return False
    return depth == 0


def make_rows(count: int, longest: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Half of the rows balanced; the others have two brackets of a balanced row exchanged, or one turned round."""
    rng = np.random.default_rng(seed)
    rows, labels = np.zeros((count, longest), "int32"), np.zeros(count, "int32")
    for i in range(count):
        want, row = bool(i % 2), None
        while row is None or balanced(row) != want:
            row = random_balanced(int(rng.integers(1, longest // 2 + 1)), rng)
            if not want:
                a, b = rng.integers(0, len(row), 2)
                row[a], row[b] = (row[b], row[a]) if rng.random() < 0.5 else (3 - row[a], row[b])
        rows[i, : len(row)], labels[i] = row, want
    return rows, labels


def random_balanced(pairs: int, rng: np.random.Generator) -> list[int]:
    row, depth, left = [], 0, pairs
    while left or depth:
        opens = left > 0 and (depth == 0 or rng.random() < 0.5)
        row.append(OPEN if opens else CLOSE)
        depth, left = (depth + 1, left - 1) if opens else (depth - 1, left)
    return row


def build_model() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(3, 4, mask_zero=True),
            layers.LSTM(16),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def main(engine: str = "tensorflow", count: int = 2000, longest: int = 16, epochs: int = 8) -> dict[str, Any]:
    keras.config.set_backend(engine)
    keras.utils.set_random_seed(1)
    x, y = make_rows(count, longest, seed=0)
    x_test, y_test = make_rows(500, longest, seed=1)

    model = build_model()
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=2)
    accuracy = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]

    padded = np.pad(x_test, ((0, 0), (0, 5)))
    change = float(np.abs(model.predict(padded, verbose=0) - model.predict(x_test, verbose=0)).max())
    print(
        f"accuracy on 500 other rows: {accuracy:.3f}; five more steps of padding change a prediction by {change:.1e}"
    )
    return {"accuracy": accuracy, "change": change}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default="tensorflow")
    main(parser.parse_args().engine)
