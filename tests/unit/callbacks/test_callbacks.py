"""Callbacks against real Keras on made-up results, and what they do on their own."""

import csv
import functools
import json
import math
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import numpy as np
import pytest

import keras
from keras import callbacks as keras_callbacks
from keras.callbacks import (
    BackupAndRestore,
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgbarLogger,
    ReduceLROnPlateau,
    RemoteMonitor,
    TerminateOnNaN,
)
from keras.callbacks.monitor import BestTracker
from tests.golden import callback_scenarios

#: Keras takes a NaN that comes first for the best value, which nothing can then beat.
DIFFERENT = {"stopping/start/nan"}
GOLDEN = Path(__file__).parents[2] / "golden/training/callbacks.json"


class Keras:
    callbacks = keras_callbacks


def test_decisions_are_those_of_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = json.loads(GOLDEN.read_text("utf-8"))
    found = json.loads(json.dumps(callback_scenarios.run(Keras)))
    assert set(found) == set(expected)
    wrong = {
        name: (found[name], expected[name])
        for name in expected
        if found[name] != pytest.approx(expected[name])
    }
    assert set(wrong) == DIFFERENT, wrong


# ---------------------------------------------------------------------- the list
def test_batch_methods_are_called_only_where_overridden() -> None:
    class Each(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append((batch, logs))

    class Old(Callback):
        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(("old", batch))

    seen: list[Any] = []
    made: list[int] = []

    def logs() -> dict[str, float]:
        made.append(1)
        return {"loss": 1.0}

    quiet = CallbackList([History(), EarlyStopping("loss")], add_progbar=True, verbose=0)
    assert not quiet.wants_batches("train")
    quiet.on_train_batch_end(0, logs)
    assert not made
    loud = CallbackList([Each(), Old()])
    assert loud.wants_batches("train")
    assert not loud.wants_batches("test")
    loud.on_train_batch_end(3, logs)
    assert seen == [(3, {"loss": 1.0}), ("old", 3)]
    assert len(made) == 1
    assert CallbackList([LambdaCallback(on_train_batch_end=lambda batch, logs: None)]).wants_batches("train")


def test_later_callbacks_see_what_earlier_ones_wrote_into_the_logs() -> None:
    add = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(extra=epoch))
    callbacks = CallbackList([add], add_history=True)
    callbacks.on_epoch_end(4, {"loss": 1.0})
    assert callbacks.history.history == {"loss": [1.0], "extra": [4]}


def test_a_history_or_progress_bar_of_the_users_is_used() -> None:
    history, bar = History(), ProgbarLogger()
    callbacks = CallbackList([history, bar], add_history=True, add_progbar=True)
    assert callbacks.history is history
    assert callbacks.callbacks == [history, bar]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([EarlyStopping], r"Write EarlyStopping\(\)"),
        ([len], "LambdaCallback"),
        (3, "expected keras.callbacks.Callback"),
    ],
)
def test_what_is_no_callback_is_refused(wrong: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        CallbackList(wrong)


def test_lambda_callback_takes_any_moment() -> None:
    seen: list[Any] = []
    callbacks = CallbackList(LambdaCallback(on_test_begin=seen.append, on_train_begin=seen.append))
    callbacks.on_train_begin()
    callbacks.on_test_begin({"a": 1.0})
    assert seen == [{}, {"a": 1.0}]


# ---------------------------------------------------------------------- best values
@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("val_loss", "min"),
        ("loss", "min"),
        ("val_accuracy", "max"),
        ("acc", "max"),
        ("val_digit_accuracy", "max"),
        ("val_auc_1", "max"),
        ("mae", "min"),
        ("val_mean_squared_error", "min"),
        ("f1_score", "max"),
    ],
)
def test_direction_follows_from_the_name(name: str, mode: str) -> None:
    assert BestTracker(name).direction() == mode


def test_subclasses_may_compare_with_monitor_op() -> None:
    assert EarlyStopping().monitor_op is np.less
    assert keras_callbacks.ModelCheckpoint("best.keras", monitor="val_accuracy").monitor_op is np.greater


def test_direction_of_an_unknown_name_must_be_said() -> None:
    with pytest.raises(ValueError, match="mode='max'"):
        BestTracker("speed", who="EarlyStopping").direction()
    assert BestTracker("speed", "max").direction() == "max"


@pytest.mark.parametrize(
    "callback",
    [
        EarlyStopping,
        keras_callbacks.ReduceLROnPlateau,
        functools.partial(keras_callbacks.ModelCheckpoint, "best.keras", monitor="loss"),
    ],
)
def test_an_unknown_mode_is_auto_with_a_warning(callback: Any) -> None:
    """As in Keras 3.15.1."""
    with pytest.warns(UserWarning, match='Unknown mode "maxi". Did you mean "max"') as warned:
        made = callback(mode="maxi")
    assert made.mode == "auto"
    assert made.monitor_op is np.less
    assert warned[0].filename == __file__


def test_direction_of_a_metric_of_the_model() -> None:
    class Metric:
        name, direction = "speed", "up"

    class Model:
        metrics = [Metric()]

    assert BestTracker("val_speed").direction(Model()) == "max"
    assert BestTracker("val_out_speed").direction(Model()) == "max"


def test_a_missing_result_is_warned_about_once() -> None:
    tracker = BestTracker("val_loss", who="EarlyStopping")
    with pytest.warns(UserWarning, match=r"EarlyStopping watches `val_loss`.*loss, mae.*validation_data"):
        assert tracker.value({"loss": 1.0, "mae": 2.0}) is None
    assert tracker.value({"loss": 1.0}) is None


# ---------------------------------------------------------------------- files
def test_csv_logger_writes_columns_for_validation_that_comes_later(tmp_path: Path) -> None:
    class Model:
        _validates = True

    logger = CSVLogger(tmp_path / "log.csv")
    logger.set_model(Model())
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 1.0})
    logger.on_epoch_end(1, {"loss": 0.5, "val_loss": 0.75})
    logger.on_train_end()
    again = CSVLogger(tmp_path / "log.csv", append=True)
    again.on_train_begin()
    again.on_epoch_end(2, {"loss": 0.25})
    again.on_train_end()
    rows = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines()))
    assert rows[0] == {"epoch": "0", "loss": "1.0", "val_loss": "NA"}
    assert rows[1] == {"epoch": "1", "loss": "0.5", "val_loss": "0.75"}
    assert rows[2] == {"epoch": "2", "loss": "0.25", "val_loss": "NA"}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_csv_logger_on_a_full_disk_says_which_file() -> None:
    logger = CSVLogger("/dev/full")
    logger.on_train_begin()
    with pytest.raises(OSError, match=r"CSVLogger: No space left on device: '/dev/full'"):
        logger.on_epoch_end(0, {"loss": 1.0})
    logger.on_train_end()


def test_csv_logger_rows_are_on_disk_at_once(tmp_path: Path) -> None:
    logger = CSVLogger(tmp_path / "log.tsv", separator="\t")
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 1.0, "accuracy": 0.5})
    assert (tmp_path / "log.tsv").read_text().splitlines() == ["epoch\taccuracy\tloss", "0\t0.5\t1.0"]
    logger.on_train_end()


def test_checkpoint_makes_folders_and_says_what_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = callback_scenarios.Model()
    callback = ModelCheckpoint(tmp_path / "a/{epoch:02d}-{val_loss:.1f}.h5", save_best_only=True, verbose=1)
    callback.set_model(model)
    callback.on_epoch_end(0, {"val_loss": 0.5})
    callback.on_epoch_end(1, {"val_loss": 0.7})
    assert model.saved == [str(tmp_path / "a/01-0.5.h5")]
    assert (tmp_path / "a").is_dir()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Epoch 1: val_loss improved from None to 0.50000, saving model to ")
    assert lines[1] == "Epoch 2: val_loss did not improve from 0.50000"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filepath": "model"}, "must end in .keras or .h5"),
        ({"filepath": "model.npz", "save_weights_only": True}, r"must end in .weights.h5"),
        ({"filepath": "model.h5", "save_freq": "batch"}, "save_freq"),
    ],
)
def test_checkpoint_arguments_are_checked(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelCheckpoint(**arguments)


def test_checkpoint_template_with_an_unknown_name() -> None:
    callback = ModelCheckpoint("{val_los}.h5")
    callback.set_model(callback_scenarios.Model())
    with pytest.raises(KeyError, match=r"asks for 'val_los'. Known here: epoch, val_loss"):
        callback.on_epoch_end(0, {"val_loss": 1.0})


@pytest.mark.parametrize("name", ["{0}", "run{", "a}b", "{epoch:zz}", "{loss.x}"])
def test_checkpoint_template_that_cannot_be_filled_in(name: str) -> None:
    callback = ModelCheckpoint(f"{name}.keras", "loss")
    with pytest.raises(ValueError, match=r"ModelCheckpoint: filepath .* cannot be filled in"):
        callback.on_epoch_end(0, {"loss": 1.0})


class Weights:
    """A model whose weights are a number in a file."""

    weights: ClassVar[list[Any]] = []
    variables: ClassVar[list[Any]] = []

    def __init__(self, value: float) -> None:
        self.value = value
        self._initial_epoch = None

    def save_weights(self, path: str, overwrite: bool) -> None:
        Path(path).write_text(str(self.value))

    def load_weights(self, path: str) -> None:
        text = Path(path).read_text()
        if text == "broken":
            raise OSError("truncated")
        self.value = float(text)


def test_backup_restores_weights_and_epoch_and_goes_away_at_the_end(tmp_path: Path) -> None:
    first = BackupAndRestore(tmp_path / "b")
    first.set_model(Weights(1.5))
    first.on_train_begin()
    first.on_epoch_begin(0)
    first.on_epoch_end(0)
    second, model = BackupAndRestore(tmp_path / "b"), Weights(0.0)
    second.set_model(model)
    second.on_train_begin()
    assert (model.value, model._initial_epoch) == (1.5, 1)
    second.on_train_end()
    assert not (tmp_path / "b").exists()


def test_backup_falls_back_to_the_one_before(tmp_path: Path) -> None:
    callback, model = BackupAndRestore(tmp_path / "b", double_checkpoint=True), Weights(1.0)
    callback.set_model(model)
    callback.on_epoch_end(0)
    model.value = 2.0
    callback.on_epoch_end(1)
    (tmp_path / "b/latest/model.weights.h5").write_text("broken")
    again, restored = BackupAndRestore(tmp_path / "b", double_checkpoint=True), Weights(0.0)
    again.set_model(restored)
    with pytest.warns(UserWarning, match="truncated"):
        again.on_train_begin()
    assert (restored.value, restored._initial_epoch) == (1.0, 1)


@pytest.mark.parametrize("damaged", ["model.weights.h5", "training_metadata.json"])
def test_a_damaged_backup_of_a_real_model(tmp_path: Path, damaged: str) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    callback = BackupAndRestore(tmp_path / "b", double_checkpoint=True)
    callback.set_model(model)
    callback.on_epoch_end(0)
    first = model.get_weights()
    model.set_weights([w + 1 for w in first])
    callback.on_epoch_end(1)
    path = tmp_path / "b/latest" / damaged
    path.write_bytes(path.read_bytes()[:10])
    with pytest.warns(UserWarning, match="backup before"):
        callback.on_train_begin()
    assert model._initial_epoch == 1
    for found, wanted in zip(model.get_weights(), first, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_the_backups_directory_keeps_what_others_wrote_there(tmp_path: Path) -> None:
    callback = BackupAndRestore(tmp_path)
    callback.set_model(Weights(1.0))
    callback.on_epoch_end(0)
    (tmp_path / "best.keras").write_text("mine")
    callback.on_train_end()
    assert [path.name for path in tmp_path.iterdir()] == ["best.keras"]


def test_backup_by_batches(tmp_path: Path) -> None:
    callback = BackupAndRestore(tmp_path / "b", save_freq=3)
    callback.set_model(Weights(1.0))
    callback.on_epoch_begin(2)
    for batch in range(4):
        callback.on_train_batch_end(batch)
    written = json.loads((tmp_path / "b/latest/training_metadata.json").read_text())
    assert (written["epoch"], written["batch"]) == (2, 3)


# ---------------------------------------------------------------------- rates, NaN, servers
def test_scheduler_sets_and_logs_the_rate() -> None:
    model = callback_scenarios.Model()
    for schedule, expected in [(lambda epoch, rate: rate * 0.5, 0.05), (lambda epoch: 0.2, 0.2)]:
        callback = LearningRateScheduler(schedule)
        callback.set_model(model)
        callback.on_epoch_begin(0)
        logs: dict[str, Any] = {}
        callback.on_epoch_end(0, logs)
        assert logs["learning_rate"] == pytest.approx(expected)
    callback = LearningRateScheduler(lambda epoch: "fast")  # type: ignore[arg-type,return-value]
    callback.set_model(model)
    with pytest.raises(ValueError, match="must return a float"):
        callback.on_epoch_begin(0)


def test_an_error_inside_a_schedule_is_not_hidden() -> None:
    def schedule(epoch: int, rate: float) -> float:
        raise TypeError("mine")

    callback = LearningRateScheduler(schedule)
    callback.set_model(callback_scenarios.Model())
    with pytest.raises(TypeError, match="mine"):
        callback.on_epoch_begin(0)


def test_plateau_refuses_a_factor_that_does_not_reduce() -> None:
    with pytest.raises(ValueError, match="factor"):
        ReduceLROnPlateau(factor=1.0)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_terminate_on_nan(loss: float, capsys: pytest.CaptureFixture[str]) -> None:
    model = callback_scenarios.Model()
    callback = TerminateOnNaN()
    callback.set_model(model)
    callback.on_train_batch_end(0, {"loss": 1.0})
    assert not model.stop_training
    callback.on_train_batch_end(1, {"loss": loss})
    assert model.stop_training
    assert "Batch 1" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="Batch 2"):
        TerminateOnNaN(raise_error=True).on_train_batch_end(2, {"loss": loss})


def test_remote_monitor_posts_json_and_survives_a_missing_server() -> None:
    received: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        root = f"http://127.0.0.1:{server.server_port}"
        RemoteMonitor(root, headers={"X": "y"}).on_epoch_end(1, {"loss": 0.5})
        RemoteMonitor(root, send_as_json=True).on_epoch_end(2, {"loss": math.nan})
        server.shutdown()
        thread.join()
    assert received[0][0] == "/publish/epoch/end/"
    assert json.loads(parse_qs(received[0][1].decode())["data"][0]) == {"epoch": 1, "loss": 0.5}
    assert json.loads(received[1][1]) == {"epoch": 2, "loss": None}
    with pytest.warns(UserWarning, match="could not reach"):
        RemoteMonitor(root).on_epoch_end(3, {})
