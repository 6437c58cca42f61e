"""Small trainings, written once and run with real Keras (by make_training.py) and with ours (by the tests).

Every function takes the `keras` module and returns `(model, compile arguments, data, fit arguments)`; what happens then
is in `run`. Nothing here may draw from a library's own randomness: data and weights come from a NumPy generator.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

SCENARIOS: dict[str, Callable[..., Any]] = {}


def scenario(build: Callable[..., Any]) -> Callable[..., Any]:
    SCENARIOS[build.__name__] = build
    return build


def rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def floats(seed: int, *shape: int) -> np.ndarray:
    return rng(seed).normal(size=shape).astype("float32")


def labels(seed: int, classes: int, *shape: int) -> np.ndarray:
    return rng(seed).integers(0, classes, size=shape).astype("int32")


@scenario
def regression(keras):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(1)])
    x, y = floats(1, 20, 4), floats(2, 20, 1)
    settings = {"optimizer": keras.optimizers.SGD(0.05), "loss": "mse", "metrics": ["mae", "mse"]}
    return model, settings, (x, y), {"validation_data": (floats(3, 7, 4), floats(4, 7, 1))}


@scenario
def sample_weights(keras):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(2)])
    x, y, w = floats(1, 20, 4), floats(2, 20, 2), np.abs(floats(3, 20))
    settings = {
        "optimizer": keras.optimizers.SGD(0.05),
        "loss": "mae",
        "metrics": ["mse"],
        "weighted_metrics": ["mse", "mae"],
    }
    validation = (floats(4, 6, 4), floats(5, 6, 2), np.abs(floats(6, 6)))
    return model, settings, (x, y), {"sample_weight": w, "validation_data": validation}


@scenario
def class_weights(keras):
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(6, "relu"), keras.layers.Dense(3, "softmax")]
    )
    settings = {
        "optimizer": keras.optimizers.Adam(0.01),
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "weighted_metrics": ["accuracy"],
    }
    return model, settings, (floats(1, 21, 4), labels(2, 3, 21)), {"class_weight": {0: 0.5, 1: 2.0, 2: 1.0}}


@scenario
def class_weights_one_hot(keras):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    settings = {
        "optimizer": keras.optimizers.SGD(0.1),
        "loss": "categorical_crossentropy",
        "metrics": ["accuracy"],
    }
    y = np.eye(3, dtype="float32")[labels(2, 3, 20)]
    return model, settings, (floats(1, 20, 4), y), {"class_weight": {0: 3.0, 1: 1.0, 2: 0.2}}


@scenario
def validation_split(keras):
    model = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(4, "elu"), keras.layers.Dense(4, "softmax")]
    )
    settings = {
        "optimizer": keras.optimizers.RMSprop(0.01),
        "loss": keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        "metrics": ["accuracy", keras.metrics.TopKCategoricalAccuracy(2, name="top2")],
    }
    y = np.eye(4, dtype="float32")[labels(2, 4, 30)]
    return model, settings, (floats(1, 30, 5), y), {"validation_split": 0.3}


@scenario
def binary(keras):
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1, "sigmoid")]
    )
    settings = {
        "optimizer": keras.optimizers.Adam(0.02),
        "loss": "binary_crossentropy",
        "metrics": ["accuracy", "AUC", keras.metrics.Precision(), keras.metrics.Recall(name="recall")],
    }
    return model, settings, (floats(1, 20, 3), labels(2, 2, 20, 1).astype("float32")), {}


@scenario
def masked_sequence(keras):
    inputs = keras.Input((6,), dtype="int32")
    x = keras.layers.Embedding(9, 4, mask_zero=True)(inputs)
    x = keras.layers.LSTM(5, return_sequences=True)(x)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))
    settings = {
        "optimizer": keras.optimizers.SGD(0.2),
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "weighted_metrics": ["accuracy"],
    }
    tokens = labels(1, 9, 20, 6)
    tokens[:, 4:] *= labels(3, 2, 20, 1)
    tokens[:, 0] = 1
    return model, settings, (tokens, labels(2, 3, 20, 6)), {}


@scenario
def temporal_weights(keras):
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(2)])
    settings = {"optimizer": keras.optimizers.SGD(0.1), "loss": "mse", "weighted_metrics": ["mae"]}
    return (
        model,
        settings,
        (floats(1, 18, 5, 3), floats(2, 18, 5, 2)),
        {"sample_weight": np.abs(floats(3, 18, 5))},
    )


def two_outputs(keras, dict_outputs: bool = False):
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    x = keras.layers.Concatenate()([keras.layers.Dense(4, "tanh", name="da")(a), b])
    value = keras.layers.Dense(1, name="value")(x)
    kind = keras.layers.Dense(3, "softmax", name="kind")(x)
    outputs = {"v": value, "k": kind} if dict_outputs else [value, kind]
    return keras.Model({"a": a, "b": b} if dict_outputs else [a, b], outputs)


@scenario
def two_outputs_by_name(keras):
    settings = {
        "optimizer": keras.optimizers.SGD(0.05),
        "loss": {"kind": "sparse_categorical_crossentropy", "value": "mse"},
        "loss_weights": {"kind": 0.5, "value": 2.0},
        "metrics": {"kind": ["accuracy"], "value": ["mae", "mse"]},
    }
    x = [floats(1, 24, 3), floats(2, 24, 2)]
    y = {"kind": labels(3, 3, 24), "value": floats(4, 24, 1)}
    validation = ([floats(5, 8, 3), floats(6, 8, 2)], {"kind": labels(7, 3, 8), "value": floats(8, 8, 1)})
    return two_outputs(keras), settings, (x, y), {"validation_data": validation}


@scenario
def two_outputs_by_position(keras):
    settings = {
        "optimizer": keras.optimizers.SGD(0.05, momentum=0.9),
        "loss": ["mse", "sparse_categorical_crossentropy"],
        "metrics": [["mae"], ["accuracy"]],
        "weighted_metrics": [["mae"], ["accuracy"]],
    }
    x, y = [floats(1, 24, 3), floats(2, 24, 2)], [floats(4, 24, 1), labels(3, 3, 24)]
    weights = [np.abs(floats(5, 24)), np.abs(floats(6, 24))]
    return two_outputs(keras), settings, (x, y), {"sample_weight": weights}


@scenario
def two_outputs_in_a_dict(keras):
    settings = {
        "optimizer": keras.optimizers.SGD(0.05),
        "loss": {"k": "sparse_categorical_crossentropy", "v": "mae"},
        "metrics": {"k": ["accuracy"], "v": ["mse"]},
    }
    x = {"a": floats(1, 24, 3), "b": floats(2, 24, 2)}
    return two_outputs(keras, True), settings, (x, {"k": labels(3, 3, 24), "v": floats(4, 24, 1)}), {}


@scenario
def regularized(keras):
    inputs = keras.Input((4,))
    x = keras.layers.Dense(
        5,
        "tanh",
        kernel_regularizer=keras.regularizers.L2(0.05),
        activity_regularizer=keras.regularizers.L1(0.02),
    )(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, bias_regularizer="l2", kernel_regularizer="l1")(x))
    settings = {
        "optimizer": keras.optimizers.SGD(0.05, momentum=0.5, nesterov=True),
        "loss": "mse",
        "metrics": ["mse"],
    }
    validation = (floats(3, 6, 4), floats(4, 6, 1))
    return model, settings, (floats(1, 20, 4), floats(2, 20, 1)), {"validation_data": validation}


@scenario
def batch_normalization(keras):
    layers = keras.layers
    stack = [
        keras.Input((4,)),
        layers.Dense(6),
        layers.BatchNormalization(momentum=0.8),
        layers.ReLU(),
        layers.Dense(1),
    ]
    settings = {"optimizer": keras.optimizers.SGD(0.01), "loss": "mse"}
    validation = (floats(3, 9, 4), floats(4, 9, 1))
    return (
        keras.Sequential(stack),
        settings,
        (floats(1, 20, 4), floats(2, 20, 1)),
        {"validation_data": validation},
    )


@scenario
def added_loss(keras):
    class Penalty(keras.layers.Layer):
        def call(self, x):
            self.add_loss(0.1 * keras.ops.mean(keras.ops.square(x)))
            return x

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), Penalty(), keras.layers.Dense(1)])
    settings = {"optimizer": keras.optimizers.SGD(0.05), "loss": "mse", "metrics": ["mse"]}
    return model, settings, (floats(1, 20, 4), floats(2, 20, 1)), {}


@scenario
def scheduled_and_clipped(keras):
    rate = keras.optimizers.schedules.ExponentialDecay(0.05, decay_steps=2, decay_rate=0.8, staircase=True)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "gelu"), keras.layers.Dense(1)])
    settings = {
        "optimizer": keras.optimizers.AdamW(rate, weight_decay=0.01, global_clipnorm=0.5),
        "loss": "huber",
    }
    return model, settings, (floats(1, 20, 4), floats(2, 20, 1)), {}


@scenario
def convolution(keras):
    layers = keras.layers
    stack = [
        keras.Input((8, 8, 2)),
        layers.Conv2D(4, 3, activation="relu", padding="same"),
        layers.MaxPooling2D(2),
        layers.Conv2D(3, 3, strides=2),
        layers.Flatten(),
        layers.Dense(3),
    ]
    settings = {
        "optimizer": keras.optimizers.Adam(0.005),
        "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "metrics": ["accuracy"],
    }
    return keras.Sequential(stack), settings, (floats(1, 16, 8, 8, 2), labels(2, 3, 16)), {}


@scenario
def steps_and_frequencies(keras):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    settings = {"optimizer": keras.optimizers.SGD(0.05), "loss": "mse", "metrics": ["mae"]}
    more = {"steps_per_epoch": 2, "validation_steps": 1, "validation_freq": 2, "validation_batch_size": 4}
    validation = (floats(3, 9, 4), floats(4, 9, 1))
    data = (floats(1, 32, 4), floats(2, 32, 1))
    return model, settings, data, {"validation_data": validation, "epochs": 4, "initial_epoch": 1, **more}


@scenario
def own_loss_and_step(keras):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)

        def call(self, x):
            return self.out(self.hidden(x))

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            loss = super().compute_loss(x, y, y_pred, sample_weight, training=training)
            return loss + 0.1 * keras.ops.mean(keras.ops.abs(y_pred))

    model = Own()
    model(np.zeros((1, 4), "float32"))
    settings = {"optimizer": keras.optimizers.SGD(0.05), "loss": "mse", "metrics": ["mae"]}
    return model, settings, (floats(1, 20, 4), floats(2, 20, 1)), {}


@scenario
def masked_last_state(keras):
    """Padding in front and behind, a sample of padding only; the mask ends in the last recurrent layer."""
    inputs = keras.Input((6,), dtype="int32")
    x = keras.layers.Embedding(9, 4, mask_zero=True)(inputs)
    x = keras.layers.Bidirectional(keras.layers.GRU(3, return_sequences=True))(x)
    x = keras.layers.LSTM(5)(x)
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    tokens = labels(1, 9, 20, 6)
    tokens[3] = 0
    tokens[:, 0] *= labels(3, 2, 20)
    settings = {"optimizer": keras.optimizers.SGD(0.2), "loss": "mse", "metrics": ["mae"]}
    return model, settings, (tokens, floats(2, 20, 2)), {}


@scenario
def stateful_recurrent(keras):
    """Every batch, of an epoch, of evaluation or prediction, begins with the states of the one before it."""
    inputs = keras.Input(batch_shape=(8, 5, 3))
    x = keras.layers.LSTM(4, stateful=True, return_sequences=True)(inputs)
    x = keras.layers.GRU(3, stateful=True)(x)
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    settings = {"optimizer": keras.optimizers.SGD(0.2), "loss": "mse", "metrics": ["mae"]}
    return model, settings, (floats(1, 8, 5, 3), floats(2, 8, 2)), {"epochs": 4}


@scenario
def own_cell(keras):
    """A cell as the guides of Keras 3 write them, and an LSTM, inside a subclassed model."""

    class MinimalCell(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.state_size = units
            self.output_size = units

        def build(self, input_shape):
            self.kernel = self.add_weight(
                shape=(input_shape[-1], self.units), initializer="uniform", name="kernel"
            )
            self.back = self.add_weight(shape=(self.units, self.units), initializer="uniform", name="back")

        def call(self, inputs, states):
            output = keras.ops.matmul(inputs, self.kernel) + keras.ops.matmul(states[0], self.back)
            return output, [output]

    class Recurrent(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed = keras.layers.Embedding(9, 4, mask_zero=True)
            self.first = keras.layers.LSTM(5, return_sequences=True)
            self.second = keras.layers.RNN(MinimalCell(3), return_state=True)
            self.head = keras.layers.Dense(2)

        def call(self, x, training=None):
            y, state = self.second(self.first(self.embed(x), training=training))
            return self.head(y + state)

    model = Recurrent()
    tokens = labels(1, 9, 20, 6)
    model(tokens[:1])
    settings = {"optimizer": keras.optimizers.SGD(0.2), "loss": "mse", "metrics": ["mae"]}
    return model, settings, (tokens, floats(2, 20, 2)), {}


def first_weights(model: Any) -> list[np.ndarray]:
    """Weights for a start, from the shapes alone; moving variances stay 1."""
    return [
        w if "variance" in v.path else rng(100 + i).normal(size=w.shape).astype(w.dtype) * 0.5
        for i, (v, w) in enumerate(zip(model.weights, model.get_weights(), strict=True))
    ]


def run(keras: Any, name: str) -> dict[str, Any]:
    """Train a scenario and say what came out: the history, the final weights, and what evaluate and predict return."""
    keras.backend.clear_session()  # automatic names begin anew
    model, settings, (x, y), fit = SCENARIOS[name](keras)
    model.set_weights(first_weights(model))
    model.compile(**settings)
    fit = {"epochs": 3, "batch_size": 8, "shuffle": False, "verbose": 0, **fit}
    history = model.fit(x, y, **fit)
    in_order = model.evaluate(x, y, verbose=0, batch_size=8)
    predictions = model.predict(x, verbose=0, batch_size=8)
    flat = predictions if isinstance(predictions, (list, tuple)) else [predictions]
    if isinstance(predictions, dict):
        flat = [predictions[key] for key in sorted(predictions)]
    return {
        "history": dict(history.history),
        "epoch": list(history.epoch),
        "weights": model.get_weights(),
        "paths": [v.path for v in model.weights],
        "evaluate": np.atleast_1d(in_order).tolist(),
        "by_name": model.evaluate(x, y, verbose=0, batch_size=8, return_dict=True),
        "predictions": [np.asarray(p) for p in flat],
        "train_on_batch": np.atleast_1d(model.train_on_batch(x, y)).tolist(),
        "test_on_batch": model.test_on_batch(x, y, return_dict=True),
    }
