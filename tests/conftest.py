"""What every test gets: the engines as a fixture, fixed seeds, and settings put back afterwards.

A test that takes the fixture `engine` runs once on each engine the library has an adapter for; an engine that is not
installed fails its tests. Tests without it run on numpy, unless KERAS_BACKEND says otherwise. `pytest --engine=NAME`
(more than once, if need be) narrows the engines.
"""

import os
import random
import signal
import tempfile
from collections.abc import Callable, Iterator

# Before keras or an engine is imported: no settings of the user's, nothing that was compiled earlier, no TensorFlow log,
# no matplotlib window.
_home = tempfile.TemporaryDirectory(prefix="keras-home-")  # removed when the process ends
os.environ["KERAS_HOME"] = _home.name
os.environ["KERAS_CACHE"] = "off"
os.environ.setdefault("KERAS_BACKEND", "numpy")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest

from keras import config
from keras.backend import select, state
from keras.backend.engine import Engine


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        action="append",
        choices=select.known(),
        help="run the tests that take `engine` on this engine only (may be given more than once)",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        names = metafunc.config.getoption("--engine") or select.known()
        metafunc.parametrize("engine", names, indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The engine the test runs on, in force."""
    if request.param not in select.available():
        pytest.fail(
            f"engine {request.param} is not installed; `python -m keras info` says how", pytrace=False
        )
    with select.using(request.param) as engine:
        yield engine


@pytest.fixture(autouse=True)
def _same_start_every_time() -> Iterator[None]:
    random.seed(0)
    np.random.seed(0)
    state.reset_names()
    settings = dict(config._settings)
    yield
    config._settings.clear()
    config._settings.update(settings)


@pytest.fixture
def ctrl_c() -> Iterator[Callable[..., None]]:
    """Presses Ctrl-C, whatever it is called with. It counts in the test, as not in what a shell started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda *_: os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, before)
