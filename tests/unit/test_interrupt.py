"""Ctrl-C while an engine is being loaded: it is loaded whole, and then the program is interrupted."""

import pytest

from keras.backend import select
from tests.processes import run_python

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
