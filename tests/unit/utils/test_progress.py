"""What progress looks like on a terminal, in a pipe, in a notebook; looked at as bytes."""

import errno
import io
import os
import pty
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import keras
from keras import config
from keras.callbacks import ProgbarLogger
from keras.utils import Progbar, progress
from tests.processes import run_python

SCRIPT = """
import time
from keras.callbacks import CallbackList
callbacks = CallbackList(add_progbar=True, verbose={verbose}, epochs={epochs}, steps=4)
callbacks.on_train_begin()
for epoch in range({epochs}):
    callbacks.on_epoch_begin(epoch)
    for step in range(4):
        time.sleep({pause})
        callbacks.on_train_batch_end(step, lambda: {{"loss": 1.0 / (step + 1)}})
    callbacks.on_epoch_end(epoch, {{"loss": 0.25, "val_loss": 0.0001}})
callbacks.on_train_end({{}})
"""
NO_RICH = """
import importlib.util as util
find = util.find_spec
util.find_spec = lambda name, *rest: None if name == "rich" else find(name, *rest)
"""


def in_pipe(verbose: int = 1, epochs: int = 2, pause: float = 0.0) -> str:
    script = SCRIPT.format(verbose=verbose, epochs=epochs, pause=pause)
    run = run_python(script)
    assert run.stderr == ""
    return run.stdout


def in_terminal(rich: bool, epochs: int = 2, columns: int = 80) -> str:
    """The script's output on a pseudo-terminal."""
    script = ("" if rich else NO_RICH) + SCRIPT.format(verbose=1, epochs=epochs, pause=0.06)
    leader, follower = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=follower, stderr=follower, env=env
    ) as process:
        os.close(follower)
        seen = b""
        while True:
            try:
                part = os.read(leader, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            seen += part
    os.close(leader)
    assert process.returncode == 0, seen.decode()
    return seen.decode()


def visible(text: str) -> list[str]:
    """The lines a terminal shows at the end: escapes dropped, each line as last rewritten."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r\n", "\n")
    return [line.rsplit("\r", 1)[-1].rstrip() for line in text.split("\n")]


def test_a_pipe_gets_one_clean_line_an_epoch() -> None:
    text = in_pipe()
    assert not set("\r\b\x1b") & set(text)
    first, second = text.splitlines()
    assert re.fullmatch(r"Epoch 1/2 - 4/4 - \d+s \d+[mu]s/step - loss: 0.2500 - val_loss: 1.0000e-04", first)
    assert second.startswith("Epoch 2/2 - 4/4")


def test_a_pipe_is_not_flooded_by_fast_epochs_but_sees_the_last() -> None:
    lines = in_pipe(epochs=500).splitlines()
    assert 2 < len(lines) < 60
    assert lines[0].startswith("Epoch 1/500")
    assert lines[-1].startswith("Epoch 500/500")


def test_verbose_2_prints_every_epoch() -> None:
    assert len(in_pipe(verbose=2, epochs=100).splitlines()) == 100


def test_a_single_epoch_has_no_title() -> None:
    assert in_pipe(epochs=1).startswith("4/4 - ")


@pytest.mark.parametrize("rich", [False, True])
def test_a_terminal_shows_a_bar_that_moves(rich: bool) -> None:
    text = in_terminal(rich)
    lines = [line for line in visible(text) if line]
    assert lines[0] == "Epoch 1/2"
    assert "Epoch 2/2" in lines
    assert any(
        re.match(r"1/4 ━", line) for line in re.split(r"[\r\n]", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text))
    )
    done = [line for line in lines if line.startswith("4/4 ━━━━━━━━━━━━━━━━━━━━ ")]
    assert len(done) >= 2
    assert done[-1].endswith("loss: 0.2500 - val_loss: 1.0000e-04")
    assert "\x1b[?25l" not in text or "\x1b[?25h" in text, "the cursor is left hidden"
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize("rich", [False, True])
def test_a_narrow_terminal_shows_the_end_of_a_stage_in_full(rich: bool) -> None:
    lines = visible(in_terminal(rich, columns=50))
    end = " ".join(lines[lines.index("Epoch 2/2") :])
    assert end.rstrip().endswith("loss: 0.2500 - val_loss: 1.0000e-04")


def test_values_are_averaged_unless_stateful() -> None:
    bar = Progbar(3, verbose=0, stateful_metrics=["lr"])
    bar.update(1, [("loss", 1.0), ("lr", 0.5)])
    bar.update(3, [("loss", 4.0), ("lr", 0.1)])
    assert bar.values() == {"loss": 3.0, "lr": 0.1}


def test_stateful_and_stateless_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="stateful_metrics or stateless_metrics, not both"):
        Progbar(2, stateful_metrics=[], stateless_metrics=["loss"])


def test_progbar_prints_one_line_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progbar(2, unit_name="file")
    bar.add(1)
    assert capsys.readouterr().out == ""
    bar.add(1, {"loss": 2.0})
    assert re.fullmatch(r"2/2 - 0s \d+[mu]s/file - loss: 2.0000\n", capsys.readouterr().out)


def test_unknown_length(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progbar(None)
    bar.add(5)
    bar.update(6, finalize=True)
    assert capsys.readouterr().out.startswith("6/Unknown - ")


def test_progress_can_go_to_logging(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    config.disable_interactive_logging()
    with caplog.at_level("INFO", logger="keras"):
        Progbar(1).add(1)
    assert capsys.readouterr().out == ""
    assert caplog.messages[0].startswith("1/1 - ")


def test_a_closed_stdout_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    assert not progress.on_terminal()
    monkeypatch.setattr(sys, "stdout", None)
    assert not progress.on_terminal()


def test_lines_come_in_a_burst_then_a_trickle(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    limiter = progress.LineLimiter(burst=2, per_second=1)
    assert [limiter.allows() for _ in range(3)] == [True, True, False]
    now[0] = 1.0
    assert [limiter.allows() for _ in range(2)] == [True, False]


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0s"), (61, "1:01"), (3661, "1:01:01")])
def test_times(seconds: float, text: str) -> None:
    assert progress._clock(seconds) == text


def test_validation_and_quick_predictions_do_not_print(capsys: pytest.CaptureFixture[str]) -> None:
    logger = ProgbarLogger()
    logger.set_params({"verbose": 1, "epochs": 1, "steps": 2})
    logger.on_train_begin()
    logger.on_epoch_begin(0)
    logger.on_test_begin()
    logger.on_test_batch_end(0, {"loss": 1.0})
    logger.on_test_end({"loss": 1.0})
    assert capsys.readouterr().out == ""
    logger.on_train_end()
    logger.on_predict_begin()
    logger.on_predict_batch_end(0)
    logger.on_predict_end()
    assert capsys.readouterr().out == ""


def test_importing_the_progress_module_does_not_import_rich() -> None:
    code = "import sys, keras.utils.progress; assert 'rich' not in sys.modules"
    run_python(code)


class Stream(io.StringIO):
    """A stdout of another encoding, or one that fails."""

    def __init__(self, encoding: str = "utf-8", error: OSError | None = None) -> None:
        super().__init__()
        self.codec, self.error = encoding, error

    def write(self, text: str) -> int:
        if self.error is not None:
            raise self.error
        text.encode(self.codec)
        return super().write(text)


def small() -> keras.Model:
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="dénse")], name="modèle")


def test_what_the_encoding_lacks_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Stream("ascii"))
    small().summary()
    progress.write_line("é.keras")
    assert 'Model: "mod\\xe8le"' in sys.stdout.getvalue()  # type: ignore[attr-defined]
    assert sys.stdout.getvalue().endswith("\\xe9.keras\n")  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_and_a_lost_terminal_end_no_training(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setattr(sys, "stdout", Stream(error=OSError(code, "no")))
    model = small()
    model.compile("sgd", "mse")
    assert len(model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=3).epoch) == 3


def test_nor_does_a_stdout_that_was_closed_or_can_only_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    closed = io.StringIO()
    closed.close()
    for stdout in (closed, SimpleNamespace(write=written.append)):
        monkeypatch.setattr(sys, "stdout", stdout)
        progress.write_line("text")
    assert "".join(written) == "text\n"


def test_a_closed_pipe_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Stream(error=BrokenPipeError()))
    with pytest.raises(BrokenPipeError):
        progress.write_line("text")


def test_rich_is_not_for_terminals_without_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Stream("ascii"))
    monkeypatch.setattr(progress, "on_terminal", lambda: True)
    assert type(progress._screen()).__name__ == "_PlainScreen"
