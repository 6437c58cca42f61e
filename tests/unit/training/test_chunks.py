"""Many steps in one call of the engine give what single steps give, bit for bit, and callbacks notice no difference."""

import collections
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import keras
from keras import layers
from keras.callbacks import Callback, LambdaCallback, ModelCheckpoint, TerminateOnNaN
from keras.callbacks.reach import may_act
from keras.layers.tracking import Tracked, remembering
from keras.training import chunks
from keras.training.pace import Pace

rng = np.random.default_rng(0)
ROWS = 40
DENSE = rng.normal(size=(ROWS, 6)).astype("float32")
IMAGES = rng.normal(size=(ROWS, 6, 6, 2)).astype("float32")
TOKENS = rng.integers(0, 9, (ROWS, 5)).astype("int32")
CLASSES = rng.integers(0, 3, ROWS)

MODELS: dict[str, tuple[np.ndarray, Callable[[], list[Any]]]] = {
    "dense": (DENSE, lambda: [layers.Dense(8, "relu")]),
    "dropout": (DENSE, lambda: [layers.Dense(8, "relu"), layers.Dropout(0.4), layers.BatchNormalization()]),
    "images": (IMAGES, lambda: [layers.Conv2D(3, 3), layers.MaxPooling2D(), layers.Flatten()]),
    "tokens": (TOKENS, lambda: [layers.Embedding(9, 4, mask_zero=True), layers.LSTM(4)]),
}


class Seen(Callback):
    """Keeps what it hears of batches."""

    def __init__(self, acts: bool) -> None:
        super().__init__()
        self.acts_between_batches = acts
        self.events: list[Any] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.events.append(("begin", batch))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.events.append(("end", batch, dict(logs)))

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self.events.append(("test", batch, dict(logs)))


def model_of(kind: str, **settings: Any) -> Any:
    x, stack = MODELS[kind]
    model = keras.Sequential(
        [keras.Input(x.shape[1:], dtype=x.dtype.name), *stack(), layers.Dense(3, "softmax")]
    )
    model.compile(
        **{
            "optimizer": "adam",
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            **settings,
        }
    )
    return model


@pytest.fixture
def lengths(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the chunks that were run; without the test's doing they would depend on the machine."""
    seen: list[int] = []

    def run(self: Any, taken: Any) -> Any:
        seen.append(len(taken))
        return original(self, taken)

    original = chunks.ChunkRunner._run
    monkeypatch.setattr(chunks.ChunkRunner, "_run", run)
    monkeypatch.setattr(Pace, "took", lambda self, steps, seconds: setattr(self, "length", 2))
    return seen


def trained(kind: str, callback: Any = None, settings: Any = None, **arguments: Any) -> tuple[Any, ...]:
    keras.utils.set_random_seed(3)
    model = model_of(kind, **(settings or {}))
    x = MODELS[kind][0]
    callbacks = [] if callback is None else [callback]
    history = model.fit(
        x, CLASSES, verbose=0, callbacks=callbacks, **{"batch_size": 16, "epochs": 3, **arguments}
    )
    return history.history, model.get_weights(), [v.numpy() for v in model.optimizer.variables]


def assert_same(a: tuple[Any, ...], b: tuple[Any, ...]) -> None:
    assert a[0] == b[0]
    for p, q in zip((*a[1], *a[2]), (*b[1], *b[2]), strict=True):
        np.testing.assert_array_equal(p, q)


# ---------------------------------------------------------------------- the same numbers
@pytest.mark.parametrize("kind", MODELS)
def test_chunks_give_the_numbers_of_single_steps(engine: Any, kind: str, lengths: list[int]) -> None:
    held_out = (MODELS[kind][0][:35], CLASSES[:35])
    steps, whole = Seen(acts=True), Seen(acts=False)
    alone = trained(kind, steps, validation_data=held_out)
    assert set(lengths) == {1}
    lengths.clear()
    together = trained(kind, whole, validation_data=held_out)
    assert lengths.count(2) > 3
    assert_same(alone, together)
    trains = [e for e in steps.events if e[0] != "test"]
    assert [e for e in whole.events if e[0] != "test"] == trains
    assert [e for e in whole.events if e[0] == "test"] == [e for e in steps.events if e[0] == "test"]
    assert_same(alone, trained(kind, validation_data=held_out))  # nobody listens


@pytest.mark.parametrize(
    "arguments",
    [
        {"sample_weight": np.linspace(0, 2, ROWS)},
        {"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}},
        {"shuffle": False},
        {"shuffle": "batch"},
        {"steps_per_epoch": 2, "batch_size": 8, "epochs": 2},
        {"initial_epoch": 1},
        {"validation_split": 0.3, "validation_batch_size": 3},
        {"batch_size": 64},
        {"batch_size": 1, "epochs": 1},
    ],
    ids=lambda a: ",".join(a),
)
def test_whatever_the_arguments_of_fit(engine: Any, arguments: Any, lengths: list[int]) -> None:
    alone = trained("dropout", Seen(acts=True), **arguments)
    lengths.clear()
    assert_same(alone, trained("dropout", Seen(acts=False), **arguments))
    assert arguments.get("batch_size") == 64 or 2 in lengths


def test_learning_rate_schedules_accumulation_and_averages(engine: Any, lengths: list[int]) -> None:
    def settings() -> Any:
        rate = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
        return {"optimizer": keras.optimizers.SGD(rate, use_ema=True, gradient_accumulation_steps=2)}

    alone = trained("dense", Seen(acts=True), settings())
    assert_same(alone, trained("dense", None, settings()))


def test_a_training_step_of_ones_own(engine: Any, lengths: list[int]) -> None:
    class Own(keras.Sequential):
        def train_step(self, data: Any) -> Any:
            logs = super().train_step(data)
            return {**logs, "vector": keras.ops.ones((2,)), "nothing": 1.5}

    results = []
    for acts in (True, False):
        keras.utils.set_random_seed(1)
        model = Own([keras.Input((6,)), layers.Dense(1)])
        model.compile("sgd", "mse")
        seen = Seen(acts)
        seen.on_train_batch_end = lambda b, logs, s=seen: s.events.append(
            (b, logs["loss"], logs["vector"].tolist())
        )
        model.fit(DENSE, CLASSES, batch_size=8, verbose=0, callbacks=[seen])
        results.append((seen.events, model.get_weights()[0].tolist()))
    assert results[0] == results[1]
    assert 2 in lengths


def test_steps_per_execution_pins_the_length(engine: Any, lengths: list[int]) -> None:
    seen = Seen(acts=True)
    grouped = trained("dense", seen, {"steps_per_execution": 2}, batch_size=8)
    assert [e[:2] for e in seen.events[:6]] == [
        ("begin", 0),
        ("end", 1),
        ("begin", 2),
        ("end", 3),
        ("begin", 4),
        ("end", 5),
    ]
    assert lengths[:3] == [2, 2, 1]
    assert_same(grouped, trained("dense", Seen(acts=True), batch_size=8))


def test_evaluate(engine: Any, lengths: list[int]) -> None:
    results = []
    for acts in (True, False):
        keras.utils.set_random_seed(3)
        model, seen = model_of("dense"), Seen(acts)
        results.append(
            (model.evaluate(DENSE, CLASSES, batch_size=4, verbose=0, callbacks=[seen]), seen.events)
        )
    assert results[0] == results[1]
    assert max(lengths) == 2


def test_one_trace_serves_steps_and_chunks(engine: Any, lengths: list[int]) -> None:
    model = model_of("dense")
    for callbacks in ([], [Seen(acts=True)], [Seen(acts=False)]):
        model.fit(DENSE, CLASSES, batch_size=16, epochs=3, verbose=0, callbacks=callbacks)
    assert model._memory.trace_counts == {"train": 2}  # the last batch is smaller


# ---------------------------------------------------------------------- stopping
def test_who_acts_acts_at_once(engine: Any) -> None:
    model = model_of("dense")
    model._memory.pace(model.make_train_function()).length = 5

    def stop(batch: int, logs: Any) -> None:
        model.stop_training = batch == 1

    model.fit(DENSE, CLASSES, batch_size=8, verbose=0, callbacks=[LambdaCallback(on_train_batch_end=stop)])
    assert int(model.optimizer.iterations.numpy()) == 2


def test_fit_says_that_it_runs_step_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    model = model_of("dense")
    model.fit(DENSE, CLASSES, verbose=0, callbacks=[TerminateOnNaN()])
    assert capsys.readouterr().out == ""
    for _ in range(2):
        model.fit(DENSE, CLASSES, verbose=2, callbacks=[TerminateOnNaN()])
    out = capsys.readouterr().out
    assert out.count("TerminateOnNaN may act between batches") == 1
    assert "acts_between_batches = False" in out


def test_chunks_take_some_tens_of_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(chunks.time, "perf_counter", lambda: now[0])
    taken: list[int] = []

    def run(self: Any, *args: Any, ahead: int = 0) -> list[Any]:
        taken.append(len(args[0][0]))
        now[0] += 0.5 * (len(taken) == 1) + 0.0039 * taken[-1]
        return [{"loss": 0.0}] * taken[-1]

    monkeypatch.setattr("keras.backend.tracing.Compiled.many", run)
    model = model_of("dense")
    model.fit(DENSE, CLASSES, batch_size=1, epochs=2, verbose=0)
    assert taken == [1, 1, 10, 10, 10, 8, 10, 10, 10, 10]


# ---------------------------------------------------------------------- who may act
class Times(Callback):
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.last = time.time()


class ActsThroughAnother(Callback):
    def __init__(self, other: Any) -> None:
        super().__init__()
        self.other = other

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        self.other.stop(logs)


class Collects(Callback):
    def __init__(self) -> None:
        super().__init__()
        self.losses = collections.deque([{"a": [1.0]}])

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.losses.append(np.log(logs["loss"]))
        print(batch)


class ActsAtTheEnd(Collects):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.optimizer.learning_rate = self.rate()

    def rate(self) -> float:
        return float(self.model.optimizer.learning_rate)


class ActsInAnotherMethod(ActsAtTheEnd):
    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.losses.append(self.rate())


def _closing_over(thing: Any) -> Callback:
    return LambdaCallback(on_train_batch_end=lambda batch, logs: thing.append(batch))


def _helper(batch: int, logs: Any) -> float:
    return np.mean(logs["loss"])


@pytest.mark.parametrize(
    ("make", "acts"),
    [
        (Collects, False),
        (ActsAtTheEnd, False),
        (ActsInAnotherMethod, True),
        (Times, True),
        (lambda: ActsThroughAnother(object()), True),
        (lambda: ActsThroughAnother([]), False),
        (TerminateOnNaN, True),
        (lambda: ModelCheckpoint("a.keras"), False),
        (lambda: ModelCheckpoint("a.keras", save_freq=2), True),
        (lambda: _closing_over([]), False),
        (lambda: _closing_over(collections.Counter), False),
        (lambda: _closing_over(object()), True),
        (lambda: LambdaCallback(on_train_batch_end=[].append), False),
        (lambda: LambdaCallback(on_train_batch_end=lambda b, l: _helper(b, l)), False),
        (lambda: LambdaCallback(on_train_batch_end=lambda b, l: Times().on_train_batch_end(b)), False),
        (lambda: LambdaCallback(on_train_batch_end=lambda b, l: time.sleep(0)), True),
        (lambda: object(), True),
    ],
)
def test_who_may_act(make: Callable[[], Any], acts: bool) -> None:
    assert may_act(make()) is acts


# ---------------------------------------------------------------------- what belongs to a layer is looked for once
def test_layers_are_looked_through_once_in_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of("dropout")
    before = [id(v) for v in model.trainable_variables]
    looks: list[Any] = []
    original = Tracked._tracked_state
    monkeypatch.setattr(Tracked, "_tracked_state", lambda self: looks.append(self) or original(self))
    with remembering():
        for _ in range(2):
            assert [id(v) for v in model.trainable_variables] == before
            assert model.losses == []
            count = len(looks)
            assert model.trainable_variables is not model.trainable_variables
        assert len(looks) == count
    assert model.trainable_variables
    assert len(looks) > count


def test_freezing_in_the_block_takes_effect() -> None:
    model = model_of("dense")
    with remembering():
        assert len(model.trainable_variables) == 4
        model.layers[0].trainable = False
        assert len(model.trainable_variables) == 2


def test_a_layer_built_in_the_block_is_looked_through_again() -> None:
    class Late(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    with remembering():
        model = Late()
        assert model.trainable_variables == []
        model(DENSE)
        assert len(model.trainable_variables) == 2
