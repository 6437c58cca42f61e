"""One network, two answers: which grape a wine is made of, and how strong it is.

The data are 178 real wines with 13 chemical measurements (the Wine data set, from the package mlxtend). The network
sees twelve of them and predicts the thirteenth, the alcohol, next to the kind of grape.
"""

import argparse
from typing import Any

import numpy as np
from mlxtend.data import wine_data

import keras
from keras import layers

USUAL = 13.0  # the network predicts by how much a wine is stronger than this, in percent of volume


def load_wines(seed: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Twelve standardised measurements, and the two answers, in random order."""
    x, grape = wine_data()
    order = np.random.default_rng(seed).permutation(len(x))
    x = x[order].astype("float32")
    measured = (x[:, 1:] - x[:, 1:].mean(axis=0)) / x[:, 1:].std(axis=0)
    return measured, {"grape": grape[order].astype("int32"), "alcohol": x[:, :1] - USUAL}


def build_model(width: int = 12) -> keras.Model:
    measured = keras.Input((width,), name="measured")
    shared = layers.Dense(32, activation="relu")(measured)
    grape = layers.Dense(3, activation="softmax", name="grape")(shared)
    hidden = layers.Dense(16, activation="relu")(layers.Concatenate()([shared, grape]))
    alcohol = layers.Dense(1, name="alcohol")(hidden)
    return keras.Model(measured, {"grape": grape, "alcohol": alcohol})


def main(engine: str = "tensorflow", epochs: int = 60) -> dict[str, Any]:
    keras.config.set_backend(engine)
    keras.utils.set_random_seed(1)
    x, answers = load_wines()
    held_out = 45
    y_train = {name: y[held_out:] for name, y in answers.items()}
    y_test = {name: y[:held_out] for name, y in answers.items()}

    model = build_model()
    model.summary()
    model.compile(
        keras.optimizers.Adam(0.01),
        loss={"grape": "sparse_categorical_crossentropy", "alcohol": "mse"},
        loss_weights={"grape": 1.0, "alcohol": 0.5},
        metrics={"grape": "accuracy", "alcohol": "mae"},
    )
    model.fit(x[held_out:], y_train, batch_size=16, epochs=epochs, verbose=0)
    found = model.evaluate(x[:held_out], y_test, verbose=0, return_dict=True)
    guess = float(np.abs(y_test["alcohol"] - y_train["alcohol"].mean()).mean())
    print(
        f"of {held_out} wines it never saw: grape right for {found['grape_accuracy']:.0%}; "
        f"alcohol wrong by {found['alcohol_mae']:.2f} % on average (guessing the mean: {guess:.2f} %)"
    )
    return {"accuracy": found["grape_accuracy"], "error": found["alcohol_mae"], "guess": guess}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default="tensorflow")
    main(parser.parse_args().engine)
