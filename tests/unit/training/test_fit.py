"""What `fit` and `evaluate` do, on every engine."""

import math
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import keras
from keras import ops
from keras.callbacks import Callback, EarlyStopping, LambdaCallback
from tests.processes import run_python
from tests.unit.training.models import data, small, two_outputs


# ---------------------------------------------------------------------- traces
def test_each_signature_is_traced_once(engine: Any) -> None:
    x, y = data(20)
    model = small(optimizer="adam", metrics=["mae"])
    for _ in range(2):
        model.fit(x, y, batch_size=8, epochs=2, verbose=0, validation_data=(x, y))
        model.predict(x, batch_size=8, verbose=0)
    # batches of 8 and a last one of 4; predictions are made in one batch of 32
    assert model._memory.trace_counts == {"train": 2, "test": 2, "predict": 1}
    for _ in range(2):
        model.train_on_batch(x[:8], y[:8])
    model.evaluate(x[:16], y[:16], batch_size=8, verbose=0)
    assert model._memory.trace_counts == {"train": 2, "test": 2, "predict": 1, "train_on_batch": 1}


def test_compiling_again_is_logged_with_its_reason(engine: Any, caplog: pytest.LogCaptureFixture) -> None:
    x, y = data(20)
    model = small()
    with caplog.at_level("INFO", "keras"):
        for _ in range(2):
            model.fit(x, y, batch_size=8, verbose=0)
        model.fit(x[:8], y[:8], batch_size=8, sample_weight=np.ones(8), verbose=0)
    first, second = (r.getMessage() for r in caplog.records if "again" in r.getMessage())
    assert "the train step again: array 1 of the batch is (4, 4) float32, was (8, 4) float32" in first
    assert "the batch has another structure" in second


def test_the_engine_traces_as_often_as_we_think(engine: Any) -> None:
    runs: list[int] = []

    class Own(keras.Sequential):
        def train_step(self, data: Any) -> Any:
            runs.append(1)
            return super().train_step(data)

    x, y = data(8)
    model = Own([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(x, y, batch_size=4, epochs=3, verbose=0)
    assert len(runs) == 1


def test_a_model_that_builds_itself_is_traced_once_too(engine: Any) -> None:
    x, y = data(16)
    model = keras.Sequential(
        [keras.layers.Dense(3, "relu"), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    )
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(x, y, batch_size=8, epochs=2, verbose=0)
    assert model._memory.trace_counts["train"] == 1
    assert model.optimizer.built


def test_freezing_after_compile_takes_effect(engine: Any) -> None:
    x, y = data(8)
    model = small()
    model.fit(x, y, verbose=0)
    first = model.layers[0]
    before = first.get_weights()[0]
    first.trainable = False
    with np.errstate(all="ignore"):
        model.fit(x, y, verbose=0)
    assert np.array_equal(first.get_weights()[0], before)
    first.trainable = True
    model.fit(x, y, verbose=0)
    assert not np.array_equal(first.get_weights()[0], before)
    assert model._memory.trace_counts["train"] == 2  # the first trace serves again


def test_eager_and_compiled_steps_agree(engine: Any) -> None:
    x, y = data()
    results = []
    for eager in (False, True):
        keras.utils.set_random_seed(1)
        model = small(metrics=["mae"], run_eagerly=eager)
        history = model.fit(x, y, batch_size=8, epochs=2, verbose=0)
        results.append((history.history, model.predict(x, verbose=0)))
    assert results[0][0]["loss"] == pytest.approx(results[1][0]["loss"], rel=1e-6)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-5)


# ---------------------------------------------------------------------- the order of events
class Recorder(Callback):
    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []


def _record(name: str) -> Any:
    def method(self: Recorder, *args: Any) -> None:
        self.events.append((name, *(sorted(a) if isinstance(a, dict) else a for a in args)))
        for logs in args:
            if isinstance(logs, dict):
                assert all(type(v) is float for k, v in logs.items() if k != "outputs")

    return method


for _name in ("train_begin", "train_end", "test_begin", "test_end", "predict_begin", "predict_end"):
    setattr(Recorder, f"on_{_name}", _record(_name))
for _name in (
    "epoch_begin",
    "epoch_end",
    "train_batch_begin",
    "train_batch_end",
    "test_batch_end",
    "predict_batch_end",
):
    setattr(Recorder, f"on_{_name}", _record(_name))


def test_callbacks_hear_what_keras_tells_them(engine: Any) -> None:
    x, y = data(8)
    recorder = Recorder()
    small(metrics=["mae"]).fit(x, y, batch_size=4, verbose=0, validation_data=(x, y), callbacks=[recorder])
    logs = ["loss", "mae"]
    both = ["loss", "mae", "val_loss", "val_mae"]
    assert recorder.events == [
        ("train_begin", []),
        ("epoch_begin", 0, []),
        ("train_batch_begin", 0, []),
        ("train_batch_end", 0, logs),
        ("train_batch_begin", 1, []),
        ("train_batch_end", 1, logs),
        ("test_begin", []),
        ("test_batch_end", 0, logs),
        ("test_batch_end", 1, logs),
        ("test_end", logs),
        ("epoch_end", 0, both),
        ("train_end", both),
    ]
    recorder.events.clear()
    small().predict(x, batch_size=8, verbose=0, callbacks=[recorder])
    assert recorder.events == [
        ("predict_begin", []),
        ("predict_batch_end", 0, ["outputs"]),
        ("predict_end", []),
    ]


def test_steps_per_execution_groups_batches(engine: Any) -> None:
    x, y = data(8)
    recorder = Recorder()
    model = small(steps_per_execution=3)
    model.fit(x, y, batch_size=1, verbose=0, callbacks=[recorder])
    ends = [e[1] for e in recorder.events if e[0] == "train_batch_end"]
    begins = [e[1] for e in recorder.events if e[0] == "train_batch_begin"]
    assert (begins, ends) == (
        [0, 3, 6],
        [2, 5, 8],
    )  # as Keras 3.15.1: the last execution is told of as a whole one


def test_callbacks_of_predict_hear_of_every_batch(engine: Any) -> None:
    x, _ = data(20)
    recorder = Recorder()
    small().predict(x, batch_size=8, verbose=0, callbacks=[recorder])
    assert [e[1] for e in recorder.events if e[0] == "predict_batch_end"] == [0, 1, 2]


def test_params_and_history(engine: Any) -> None:
    x, y = data(10)
    model = small()
    history = model.fit(x, y, batch_size=4, epochs=5, initial_epoch=3, verbose=0)
    assert history.params == {"verbose": 0, "epochs": 5, "steps": 3}
    assert history.epoch == [3, 4]
    assert history.model is model
    assert model.history is history
    assert "2 epochs" in repr(history)


def test_a_callback_may_stop_training(engine: Any) -> None:
    x, y = data(8)
    model = small()

    def stop(batch: int, logs: Any) -> None:
        model.stop_training = batch == 1

    history = model.fit(
        x,
        y,
        batch_size=2,
        epochs=3,
        verbose=0,
        callbacks=[LambdaCallback(on_train_batch_end=stop)],
        validation_data=(x, y),
    )
    assert history.epoch == [0]
    assert "val_loss" in history.history
    assert model.fit(x, y, epochs=2, verbose=0).epoch == [0, 1]


def test_early_stopping_restores_the_best_weights(engine: Any) -> None:
    x, y = data(8)
    model = small(optimizer=keras.optimizers.SGD(5.0))  # diverges
    stop = EarlyStopping("loss", patience=2, restore_best_weights=True)
    with np.errstate(all="ignore"):
        history = model.fit(x, y, epochs=50, verbose=0, callbacks=[stop])
        assert len(history.epoch) < 50
        assert np.isfinite(model.predict(x, verbose=0)).all()


@pytest.mark.parametrize(("freq", "count"), [(2, 2), ([1, 3], 2), (1, 5)])
def test_validation_frequency(engine: Any, freq: Any, count: int) -> None:
    x, y = data(8)
    history = small().fit(x, y, epochs=5, verbose=0, validation_data=(x, y), validation_freq=freq)
    assert len(history.history["loss"]) == 5
    assert len(history.history["val_loss"]) == count


def test_limits_from_config(engine: Any) -> None:
    x, y = data(8)
    keras.config.set_max_epochs(2)
    keras.config.set_max_steps_per_epoch(1)
    history = small().fit(x, y, batch_size=2, epochs=9, verbose=0)
    assert (history.epoch, history.params["steps"]) == ([0, 1], 1)


# ---------------------------------------------------------------------- Ctrl-C
def test_ctrl_c_returns_the_history_so_far(
    engine: Any, ctrl_c: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    x, y = data(8)
    model = small()
    seen: list[Any] = []

    def at_step(batch: int, logs: Any) -> None:
        seen.append(model.get_weights())
        if len(seen) == 6:
            ctrl_c()

    ended = LambdaCallback(on_train_batch_end=at_step, on_train_end=lambda logs: seen.append("end"))
    history = model.fit(x, y, batch_size=2, epochs=5, verbose=0, validation_data=(x, y), callbacks=[ended])
    assert history.epoch == [0, 1]
    assert len(history.history["loss"]) == len(history.history["val_loss"]) == 2
    assert math.isnan(history.history["val_loss"][1])
    assert np.isfinite(history.history["loss"][1])
    assert seen[-1] == "end"
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), seen[-2], strict=True))
    assert "Interrupted in epoch 2/5 after 2 steps" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert len(model.fit(x, y, epochs=2, verbose=0).epoch) == 2


def test_a_second_ctrl_c_aborts(engine: Any, ctrl_c: Any) -> None:
    x, y = data(8)
    model = small()

    def twice(batch: int, logs: Any) -> None:
        ctrl_c()
        ctrl_c()

    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, verbose=0, callbacks=[LambdaCallback(on_train_batch_end=twice)])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    model.fit(x, y, verbose=0)


def test_a_handler_of_the_users_is_left_alone(engine: Any) -> None:
    x, y = data(8)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        handlers: list[Any] = []
        look = LambdaCallback(
            on_epoch_end=lambda epoch, logs: handlers.append(signal.getsignal(signal.SIGINT))
        )
        small().fit(x, y, verbose=0, callbacks=[look])
        assert handlers == [signal.SIG_IGN]
    finally:
        signal.signal(signal.SIGINT, before)


# ---------------------------------------------------------------------- repeatability
REPEAT = """
import hashlib, sys, numpy as np, keras
keras.utils.set_random_seed(7)
rng = np.random.default_rng(0)
x, y = rng.normal(size=(50, 6)).astype("float32"), rng.integers(0, 3, 50)
layers = keras.layers
model = keras.Sequential([keras.Input((6,)), layers.Dense(16, "relu"), layers.Dropout(0.3), layers.Dense(3, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=8, epochs=3, verbose=0, validation_split=0.2)
print(history.history["loss"], hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest())
"""


def test_the_same_seed_gives_the_same_weights_in_a_fresh_process(engine: Any) -> None:
    runs = [run_python(REPEAT, KERAS_BACKEND=engine.name).stdout for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(runs[0].split()[-1]) == 64


def test_shuffling_follows_the_seed(engine: Any) -> None:
    x = np.arange(12, dtype="float32").reshape(12, 1)

    class Seen(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x * 0.0

    orders = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        batches: list[Any] = []

        class Model(keras.Model):
            def __init__(self) -> None:
                super().__init__()
                self.seen = keras.layers.Dense(1)

            def call(self, x: Any) -> Any:
                return self.seen(x)

            def train_step(self, data: Any, batches: Any = batches) -> Any:
                batches.append(ops.convert_to_numpy(data[0]).ravel().tolist())
                return super().train_step(data)

        model = Model()
        model.compile("sgd", "mse", run_eagerly=True)
        model.fit(x, x, batch_size=5, epochs=2, verbose=0)
        orders.append(batches)
    assert orders[0] == orders[1] != orders[2]
    assert orders[0][:3] != orders[0][3:]


# ---------------------------------------------------------------------- steps of the user's
def test_own_train_step_on_every_engine(engine: Any) -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(1)
            self.tracker = keras.metrics.Mean(name="mine")

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def train_step(self, data: Any) -> Any:
            x, y = data

            def loss() -> Any:
                return ops.mean(ops.square(self(x, training=True) - y))

            value, gradients = ops.value_and_grad(loss, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            self.tracker.update_state(value)
            return {"mine": self.tracker.result(), "twice": value * 2}

        @property
        def metrics(self) -> list[Any]:
            return [self.tracker]

    x, y = data(16)
    model = Own()
    model.compile(keras.optimizers.SGD(0.1))
    history = model.fit(x, y, batch_size=8, epochs=3, verbose=0)
    assert list(history.history) == ["mine", "twice"]
    assert history.history["mine"][-1] < history.history["mine"][0]
    assert model._memory.trace_counts["train"] == 1


def test_own_train_step_that_calls_the_model_with_other_inputs_than_its_data(engine: Any) -> None:
    """As nets of graphs do: `call` fails on the data, when half of the weights are made."""

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.nodes = np.eye(4, dtype="float32")
            self.hidden, self.scores = keras.layers.Dense(3), keras.layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            nodes, mixing = inputs
            return self.scores(ops.matmul(mixing, self.hidden(nodes)))

        def train_step(self, data: Any) -> Any:
            index, y = data

            def loss() -> Any:
                return ops.mean(ops.square(ops.take(self([self.nodes, self.nodes]), index, axis=0) - y))

            self([self.nodes, self.nodes])
            value, gradients = ops.value_and_grad(loss, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            return {"loss": value}

    model = Own()
    model.compile(keras.optimizers.SGD(0.1))
    history = model.fit(np.arange(4), np.ones((4, 1), "float32"), epochs=3, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


def test_a_step_with_a_gradient_tape() -> None:
    tf = pytest.importorskip("tensorflow")

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def train_step(self, data: Any) -> Any:
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    x, y = data(16)
    with keras.backend.using("tensorflow"):
        model = Own()
        model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
        history = model.fit(x, y, batch_size=8, epochs=3, verbose=0)
    assert list(history.history) == ["loss", "mae"]
    assert history.history["loss"][-1] < history.history["loss"][0]


@pytest.mark.parametrize("metrics", [None, ["mae"]])
def test_a_step_with_compiled_loss_and_compiled_metrics(engine: Any, metrics: Any) -> None:
    """As TensorFlow 2's guides wrote it: the logs are those of the step that comes with the model."""

    class Own(keras.Model):
        def train_step(self, data: Any) -> Any:
            x, y = data

            def loss() -> Any:
                return self.compute_loss(y=y, y_pred=self(x, training=True))

            _, gradients = ops.value_and_grad(loss, self.trainable_variables)
            y_pred = self(x, training=True)
            self.compiled_loss(y, y_pred, regularization_losses=self.losses)
            self.optimizer.apply(gradients, self.trainable_variables)
            self.compiled_metrics.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    x, y = data(16)
    histories = []
    for kind in (keras.Model, Own):
        inputs = keras.Input(x.shape[1:])
        dense = keras.layers.Dense(1, kernel_initializer="ones", kernel_regularizer="l2")
        model = kind(inputs, dense(inputs))
        model.compile("sgd", "mse", metrics=metrics)
        histories.append(model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history)
    assert sorted(histories[0]) == sorted(histories[1])
    for name, values in histories[0].items():
        np.testing.assert_allclose(histories[1][name], values, rtol=1e-5)


def test_two_optimizers_in_one_model(engine: Any) -> None:
    class Gan(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
            self.critic = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            self.seeds = keras.random.SeedGenerator(1)

        def compile(self, g_optimizer: Any, c_optimizer: Any) -> None:
            super().compile()
            self.g_optimizer, self.c_optimizer = g_optimizer, c_optimizer
            self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)

        def train_step(self, real: Any) -> Any:
            noise = keras.random.normal((ops.shape(real)[0], 2), seed=self.seeds)

            def critic_loss() -> Any:
                score = self.critic(ops.concatenate([self.generator(noise), real], axis=0))
                labels = ops.concatenate([ops.zeros_like(noise[:, :1]), ops.ones_like(noise[:, :1])], axis=0)
                return self.loss_fn(labels, score)

            def generator_loss() -> Any:
                return self.loss_fn(ops.ones_like(noise[:, :1]), self.critic(self.generator(noise)))

            logs = {}
            for name, loss, part, optimizer in (
                ("c", critic_loss, self.critic, self.c_optimizer),
                ("g", generator_loss, self.generator, self.g_optimizer),
            ):
                value, gradients = ops.value_and_grad(loss, part.trainable_variables)
                optimizer.apply(gradients, part.trainable_variables)
                logs[name] = value
            return logs

    x, _ = data(16)
    model = Gan()
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.SGD(0.1))
    history = model.fit(x, batch_size=8, epochs=3, verbose=0)
    assert list(history.history) == ["c", "g"]
    assert int(model.c_optimizer.iterations) == 6


def test_compute_loss_without_training_and_compute_metrics(engine: Any) -> None:
    class Own(keras.Sequential):
        def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
            return ops.mean(ops.abs(y - y_pred))

        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
            return {**super().compute_metrics(x, y, y_pred, sample_weight), "extra": 1.0}

    x, y = data(8)
    model = Own([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd")
    history = model.fit(x, y, verbose=0)
    assert list(history.history) == ["extra", "loss"]
    assert model.evaluate(x, y, verbose=0, return_dict=True)["loss"] < history.history["loss"][0]


def test_dropout_is_active_in_training_even_if_call_takes_no_training_argument(engine: Any) -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dropout, self.dense = (
                keras.layers.Dropout(0.9),
                keras.layers.Dense(1, kernel_initializer="ones"),
            )

        def call(self, x: Any) -> Any:
            return self.dense(self.dropout(x))

    x = np.ones((64, 4), "float32")
    model = Own()
    model.compile(keras.optimizers.SGD(0.0), "mse")
    trained = model.fit(x, np.full((64, 1), 4.0), verbose=0).history["loss"][0]
    assert trained > 0.1
    assert model.evaluate(x, np.full((64, 1), 4.0), verbose=0) == pytest.approx(0.0, abs=1e-5)


def test_a_step_must_return_a_dict(engine: Any) -> None:
    class Own(keras.Sequential):
        def train_step(self, data: Any) -> Any:
            return 1.0

    x, y = data(4)
    model = Own([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match="as a dict"):
        model.fit(x, y, verbose=0)


def test_mixed_precision_scales_the_loss(engine: Any) -> None:
    x, y = data(16)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = small()
    finally:
        keras.config.set_dtype_policy(None)
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    before = model.get_weights()[0].copy()
    history = model.fit(x, y, batch_size=8, epochs=3, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert model.get_weights()[0].dtype == "float32"
    assert not np.array_equal(before, model.get_weights()[0])


# ---------------------------------------------------------------------- single batches
def test_batch_methods(engine: Any) -> None:
    x, y = data(8)
    model = small(metrics=["mae"])
    first = model.train_on_batch(x, y)
    second = model.train_on_batch(x, y, return_dict=True)
    assert len(first) == 2
    assert list(second) == ["loss", "mae"]
    assert second["loss"] < first[0]
    assert model.test_on_batch(x, y) == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(x), model.predict(x, verbose=0), rtol=1e-6)
    assert small().train_on_batch(x, y) > 0
    weights = np.where(y[:, 0] > 0, 2.0, 1.0)
    zero = keras.optimizers.SGD(0.0)
    model.compile(zero, "mse")
    labels = (y[:, 0] > 0).astype("int32")
    weighed = model.train_on_batch(x, labels, class_weight={0: 1.0, 1: 2.0})
    assert weighed == pytest.approx(model.train_on_batch(x, labels, sample_weight=weights))


# ---------------------------------------------------------------------- inputs of many kinds
def test_inputs_by_name_and_tables(engine: Any) -> None:
    import pandas as pd

    a, b = keras.Input((2,), name="left"), keras.Input((1,), name="right")
    model = keras.Model([a, b], keras.layers.Dense(1)(keras.layers.Concatenate()([a, b])))
    model.compile("sgd", "mse")
    left, right, y = np.ones((6, 2)), np.zeros((6, 1)), np.ones(6)
    first = model.evaluate({"right": right, "left": left}, y, verbose=0)
    assert model.evaluate([left, right], y, verbose=0) == pytest.approx(first)
    frame = pd.DataFrame(left)
    assert model.evaluate(
        {"left": frame, "right": pd.Series(right[:, 0])}, pd.Series(y), verbose=0
    ) == pytest.approx(first)


def test_tables_outside_of_fit(engine: Any) -> None:
    import pandas as pd

    whole = pd.Series([1, 2], dtype="Int64")
    assert keras.ops.add(whole, 1).dtype == keras.ops.convert_to_tensor(np.array([1])).dtype
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(keras.ops.add(whole, 1)), [2, 3])
    assert float(keras.metrics.Accuracy()(whole, pd.Series([1, 3]))) == 0.5
    mixed = pd.DataFrame({"size": [1.5, 2.0], "new": [True, False]})
    dense = keras.layers.Dense(1, kernel_initializer="ones")
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(dense(mixed)), [[2.5], [2.0]])
    np.testing.assert_array_equal(keras.Variable(mixed).numpy(), [[1.5, 1], [2, 0]])
    with pytest.raises(TypeError, match=r'`x1` cannot be.*DataFrame with the columns "kind" \(\w+\)\.'):
        keras.ops.add(mixed.assign(kind="a"), 1)
    with pytest.raises(TypeError, match="toarray"):
        keras.ops.add(SimpleNamespace(toarray=lambda: mixed), 1)


def test_dtypes_that_are_equal_but_not_the_same_object(engine: Any) -> None:
    x, y = (part.astype("float32") for part in data(8))
    theirs = np.dtype("float32", metadata={"made": "elsewhere"})  # as h5py's are
    assert theirs == x.dtype
    small().fit(x.view(theirs), y.view(theirs), verbose=0)


def test_tf_data(engine: Any) -> None:
    tf = pytest.importorskip("tensorflow")
    x, y = data(10)
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
    model = small()
    history = model.fit(dataset, epochs=2, verbose=0, validation_data=dataset)
    assert history.params["steps"] == 3
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(model.predict(dataset, verbose=0), expected, rtol=1e-5)
    endless = dataset.repeat()
    assert len(model.fit(endless, steps_per_epoch=4, epochs=2, verbose=0).epoch) == 2


def test_a_generator_as_data_and_as_validation(engine: Any) -> None:
    x, y = data(8)

    def batches() -> Any:
        while True:
            yield x[:4], y[:4]
            yield x[4:], y[4:]

    history = small().fit(
        batches(), steps_per_epoch=2, epochs=3, verbose=0, validation_data=batches(), validation_steps=1
    )
    assert len(history.history["val_loss"]) == 3


def test_a_generator_that_ends_early(engine: Any) -> None:
    x, y = data(8)
    with pytest.warns(UserWarning, match="ran out"):
        history = small().fit(((x, y) for _ in range(3)), steps_per_epoch=2, epochs=5, verbose=0)
    assert history.epoch == [0, 1]
    with pytest.warns(UserWarning, match="ran out"):
        history = small().fit(((x, y) for _ in range(3)), epochs=5, verbose=0)
    assert history.epoch == [0]


def test_a_metric_that_gives_nothing_is_named(engine: Any) -> None:
    def nothing(y: Any, y_pred: Any) -> None:
        return None

    x, y = data(8)
    with pytest.raises(TypeError, match=r'In the metric "nothing": .*NoneType'):
        small(metrics=[nothing]).fit(x, y, verbose=0)


def test_a_batch_that_is_none_is_not_the_end(engine: Any) -> None:
    x, y = data(8)
    with pytest.raises(TypeError, match="A batch of the data is None"):
        small().fit(iter([(x, y), None, (x, y)]), steps_per_epoch=3, verbose=0)


def test_class_weight_by_output_and_balanced(engine: Any) -> None:
    x, y = data(9)
    kinds = np.array([0] * 6 + [1, 1, 2])
    model = two_outputs()
    model.compile(keras.optimizers.SGD(0.0), {"a": "mse", "b": "sparse_categorical_crossentropy"})
    found = model.fit(x, [y, kinds], verbose=0, class_weight={"b": "balanced"})
    weights = np.array([0.5] * 6 + [1.5, 1.5, 3.0])
    other = model.fit(x, [y, kinds], verbose=0, sample_weight={"b": weights})
    assert found.history["b_loss"] == pytest.approx(other.history["b_loss"])
    with pytest.raises(ValueError, match="Name the one you mean"):
        model.fit(x, [y, kinds], verbose=0, class_weight={0: 1.0})


def test_class_weight_of_a_generator(engine: Any) -> None:
    x, _ = data(8)
    y = np.array([0, 1] * 4)
    model = small(optimizer=keras.optimizers.SGD(0.0))
    given = model.fit(x, y, verbose=0, class_weight={0: 1.0, 1: 3.0}).history["loss"]
    generated = model.fit(((x, y) for _ in range(1)), verbose=0, class_weight={0: 1.0, 1: 3.0}).history[
        "loss"
    ]
    assert generated == pytest.approx(given)


# ---------------------------------------------------------------------- configs and names
def test_compile_config_round_trip(engine: Any) -> None:
    x, y = data(8)
    model = small(optimizer=keras.optimizers.Adam(0.01), loss=keras.losses.Huber(0.5), metrics=["mae"])
    config = model.get_compile_config()
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "tanh"), keras.layers.Dense(1)])
    assert other.get_compile_config() is None
    other.compile_from_config(config)
    other.set_weights(model.get_weights())
    assert other.optimizer.built
    assert other.train_on_batch(x, y) == pytest.approx(model.train_on_batch(x, y), rel=1e-6)
    assert other.get_compile_config() == config


def test_metric_names_are_those_of_evaluate(engine: Any) -> None:
    x, y = data(6)
    model = two_outputs()
    model.compile(
        "sgd", {"a": "mse", "b": "sparse_categorical_crossentropy"}, metrics={"a": ["mae"], "b": ["accuracy"]}
    )
    result = model.evaluate(x, {"a": y, "b": np.zeros(6)}, verbose=0)
    assert model.metrics_names == ["loss", "a_loss", "b_loss", "a_mae", "b_accuracy"]
    assert len(result) == 5
    assert [m.name for m in model.metrics] == ["loss", "compile_metrics", "a_loss", "b_loss"]


class Seven(keras.layers.Layer):
    """A layer with a metric that is 7."""

    def __init__(self) -> None:
        super().__init__()
        self.metric = keras.metrics.Mean(name="seven")

    def call(self, x: Any) -> Any:
        self.metric.update_state(7.0)
        return x


@pytest.mark.parametrize(
    ("outputs", "names"),
    [(1, ["loss", "mae", "seven"]), (2, ["loss", "a_loss", "b_loss", "seven", "a_mae", "b_mae"])],
)
def test_where_the_models_own_metrics_stand(engine: Any, outputs: int, names: list[str]) -> None:
    """As in Keras 3.15.1: after the compiled ones, but with several outputs before them."""
    x, y = data(6)
    inputs = keras.Input((4,))
    x7 = Seven()(inputs)
    made = [keras.layers.Dense(1, name=name)(x7) for name in "ab"[:outputs]]
    model = keras.Model(inputs, made if outputs > 1 else made[0])
    model.compile("sgd", "mse", metrics=[["mae"]] * outputs if outputs > 1 else ["mae"])
    result = model.evaluate(x, [y] * outputs if outputs > 1 else y, verbose=0)
    assert model.metrics_names == names
    assert result[names.index("seven")] == 7.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m, x, y: m.compile("adm", "mse"), ValueError, 'Unknown optimizer "adm".*Did you mean "adam"'),
        (lambda m, x, y: m.compile("sgd", "msee"), ValueError, 'Unknown loss "msee".*Did you mean "mse"'),
        (
            lambda m, x, y: m.compile("sgd", "mse", metrics=["accurracy"]),
            ValueError,
            'Unknown metric "accurracy"',
        ),
        (
            lambda m, x, y: m.compile("sgd", "mse", metric=["mae"]),
            TypeError,
            'no argument `metric`. Did you mean "metrics"',
        ),
        (
            lambda m, x, y: m.fit(x, y, epoch=3),
            TypeError,
            r'fit\(\) has no argument `epoch`. Did you mean "epochs"',
        ),
        (lambda m, x, y: m.predict(x, batchsize=3), TypeError, 'Did you mean "batch_size"'),
        (lambda m, x, y: m.compile(steps_per_execution=0), ValueError, "steps_per_execution must be"),
        (lambda m, x, y: m.fit(x, y[:3]), ValueError, "x: 8, y: 3"),
        (lambda m, x, y: m.fit(x, y, verbose=5), ValueError, "verbose must be"),
        (
            lambda m, x, y: m.fit(x, y, validation_freq="often", validation_data=(x, y)),
            ValueError,
            "validation_freq",
        ),
        (lambda m, x, y: m.fit(x, y, validation_data=(x,), verbose=0), ValueError, "validation_data must be"),
        (lambda m, x, y: m.fit(x, y, steps_per_epoch=0), ValueError, "steps must be"),
        (lambda m, x, y: m.fit(x, y, epochs=1.5), ValueError, "epochs must be a whole number"),
        (lambda m, x, y: m.fit(x, y, initial_epoch="1"), ValueError, "initial_epoch must be"),
        (lambda m, x, y: m.fit(x, verbose=0), ValueError, "no targets"),
    ],
)
def test_mistakes_are_named(engine: Any, call: Any, error: type[Exception], message: str) -> None:
    x, y = data(8)
    with pytest.raises(error, match=message):
        call(small(), x, y)


def test_no_loss_at_all(engine: Any) -> None:
    x, y = data(8)
    with pytest.raises(ValueError, match="no loss to minimise"):
        small(loss=None).fit(x, y, verbose=0)


@pytest.mark.parametrize("argument", ["loss", "metrics", "weighted_metrics", "loss_weights"])
def test_output_names_are_checked_at_once(engine: Any, argument: str) -> None:
    wrong = {"loss_weights": {"aa": 1.0}}.get(argument, {"aa": "mse"})
    with pytest.raises(ValueError, match=f'{argument}: Unknown output "aa". Did you mean "a"'):
        two_outputs().compile(**{"loss": "mse", argument: wrong})


def test_output_names_of_a_model_that_builds_itself(engine: Any) -> None:
    x, y = data(8)
    model = keras.Sequential([keras.layers.Dense(1, name="out")])
    model.compile("sgd", {"out": "mse"}, metrics={"out": ["mae"]})
    assert list(model.fit(x, {"out": y}, verbose=0).history) == ["loss", "mae"]
    model = keras.Sequential([keras.layers.Dense(1, name="out")])
    model.compile("sgd", {"ou": "mse"})
    with pytest.raises(ValueError, match='Did you mean "out"'):
        model.fit(x, y, verbose=0)


# ---------------------------------------------------------------------- callbacks with real models
def test_moving_averages_are_shown_to_validation_and_checkpoints(engine: Any) -> None:
    x, y = data(16)
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
    model = small(optimizer=optimizer)
    seen: dict[str, list[np.ndarray]] = {"train": [], "test": [], "epoch": []}

    def look(where: str) -> Any:
        return lambda *_: seen[where].append(model.get_weights()[0])

    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    after = LambdaCallback(
        on_train_batch_begin=look("train"), on_test_batch_begin=look("test"), on_epoch_end=look("epoch")
    )
    model.fit(x, y, batch_size=8, epochs=2, verbose=0, validation_data=(x, y), callbacks=[swap, after])
    average = optimizer._model_variables_moving_average[0].numpy()
    np.testing.assert_array_equal(seen["test"][-1], average)
    np.testing.assert_array_equal(seen["epoch"][-1], average)
    np.testing.assert_array_equal(model.get_weights()[0], average)
    assert not np.array_equal(seen["train"][2], seen["epoch"][0])
    with pytest.raises(ValueError, match="use_ema=True"):
        small().fit(x, y, verbose=0, validation_data=(x, y), callbacks=[keras.callbacks.SwapEMAWeights()])


def test_rate_callbacks_and_the_history(engine: Any) -> None:
    x, y = data(8)
    model = small(optimizer=keras.optimizers.SGD(0.1))
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = model.fit(x, y, epochs=3, verbose=0, callbacks=[halve])
    assert history.history["learning_rate"] == pytest.approx([0.05, 0.025, 0.0125])
    assert float(model.optimizer.learning_rate) == pytest.approx(0.0125)


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_an_interrupted_training_goes_on_from_its_backup(
    engine: Any, tmp_path: Path, shuffle: bool | str
) -> None:
    x, y = data(16)

    def train(fail_at: int | None) -> tuple[Any, list[np.ndarray]]:
        keras.utils.set_random_seed(3)
        model = keras.Sequential(
            [
                keras.Input((x.shape[1],)),
                keras.layers.Dense(3),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(y.shape[1]),
            ]
        )
        model.compile("adam", "mse")

        def fail(epoch: int, logs: Any) -> None:
            if epoch == fail_at:
                raise OSError("power cut")

        callbacks = [
            LambdaCallback(on_epoch_begin=fail),
            keras.callbacks.BackupAndRestore(tmp_path / "backup"),
        ]
        history = model.fit(x, y, batch_size=4, epochs=4, shuffle=shuffle, verbose=0, callbacks=callbacks)
        return history, model.get_weights()

    _, expected = train(None)
    with pytest.raises(OSError, match="power cut"):
        train(2)
    history, weights = train(None)
    assert history.epoch == [2, 3]
    for found, wanted in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("only_weights", [False, True])
def test_checkpoints_can_be_loaded(engine: Any, tmp_path: Path, only_weights: bool) -> None:
    x, y = data(8)
    model = small()
    path = tmp_path / ("best.weights.h5" if only_weights else "best.h5")
    checkpoint = keras.callbacks.ModelCheckpoint(
        path, "loss", save_best_only=True, save_weights_only=only_weights
    )
    model.fit(x, y, epochs=2, verbose=0, callbacks=[checkpoint])
    if only_weights:
        other = small()
        other.load_weights(path)
    else:
        other = keras.models.load_model(path)
    np.testing.assert_allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)


def test_without_an_optimizer_a_model_is_only_evaluated(engine: Any) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(optimizer=None, loss="mse")
    x, y = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
    assert model.evaluate(x, y, verbose=0) == 4.0
    with pytest.raises(ValueError, match="compiled without an optimizer"):
        model.fit(x, y, verbose=0)
