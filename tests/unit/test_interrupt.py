"""Ctrl-C while an engine is loaded or weights are changed: that is done whole, and then the program is interrupted."""

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras
from keras.backend import select
from keras.backend.state import Variable
from keras.interrupt import StopOnInterrupt
from tests.processes import run_python

pytestmark = pytest.mark.usefixtures("ctrl_c")

# The signal comes with the first module of a package that an engine loads.
PROGRAM = """
import signal, sys

class AtModule:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, AtModule())
import numpy as np
import keras

interrupted = 0
for _ in range(3):
    try:
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        model.compile("sgd", "mse")
        model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    except KeyboardInterrupt:
        interrupted += 1
print(interrupted, model.predict(np.ones((2, 3)), verbose=0).shape)
"""
MODULES = {
    "tensorflow": ["tensorflow.python.framework.dtypes", "tensorflow.python.ops.gen_math_ops"],
    "theano": ["pytensor.tensor.elemwise"],
    "cntk": ["keras.backend.cntk.program"],
    "numpy": ["keras.backend.graph.engine"],
}


@pytest.mark.parametrize(("engine_name", "module"), [(e, m) for e, ms in MODULES.items() for m in ms])
def test_an_engine_is_loaded_whole(engine_name: str, module: str) -> None:
    assert set(MODULES) == set(select.known())
    done = run_python(PROGRAM.format(module=module), KERAS_BACKEND=engine_name)
    assert done.stdout.split("\n")[-2].endswith("(2, 2)"), done.stdout + done.stderr


def small() -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    return model


def state(model: Any) -> list[np.ndarray]:
    return [np.array(v.numpy()) for v in (*model.variables, *model.optimizer.variables)]


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5", None])
def test_weights_are_changed_as_a_whole(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str | None
) -> None:
    source, model = small(), small()
    path = tmp_path / f"m{ending}"
    if ending is not None:
        (source.save_weights if ending == ".weights.h5" else source.save)(path)
    assign = Variable.assign

    def assign_and_interrupt(variable: Variable, value: Any) -> Any:
        monkeypatch.setattr(Variable, "assign", assign)
        signal.raise_signal(signal.SIGINT)
        return variable.assign(value)

    monkeypatch.setattr(Variable, "assign", assign_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.load_weights(path) if ending is not None else model.set_weights(source.get_weights())
    with_optimizer = ending in (".keras", ".weights.h5")
    found, wanted = (state(m) if with_optimizer else m.get_weights() for m in (model, source))
    for mine, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_an_optimizers_step_is_taken_as_a_whole(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    optimizer = keras.optimizers.SGD(0.5)
    variables = [keras.Variable(np.ones(2, "float32")) for _ in range(3)]
    optimizer.build(variables)
    step = optimizer._apply

    def interrupt_and_step(*args: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        step(*args)

    monkeypatch.setattr(optimizer, "_apply", interrupt_and_step)
    with pytest.raises(KeyboardInterrupt):
        optimizer.apply([keras.ops.ones(2) for _ in variables])
    assert int(optimizer.iterations.numpy()) == 1
    for variable in variables:
        np.testing.assert_array_equal(variable.numpy(), [0.5, 0.5])


def test_one_that_comes_at_the_very_end_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    install = signal.signal

    def install_late(number: Any, handler: Any) -> Any:
        if handler is signal.default_int_handler:
            signal.raise_signal(signal.SIGINT)
        return install(number, handler)

    monkeypatch.setattr(signal, "signal", install_late)
    with pytest.raises(KeyboardInterrupt), StopOnInterrupt():
        pass
    with StopOnInterrupt() as fresh, StopOnInterrupt() as shared:
        assert shared is fresh
        assert not fresh.asked
        monkeypatch.undo()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
