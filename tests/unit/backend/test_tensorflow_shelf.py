"""Functions that an earlier run of a program has compiled are found, and are what would be compiled now."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.processes import run_python

BEGIN = """
import json, sys
import numpy as np, keras
from keras import layers
from keras.backend.tensorflow_engine.stages import has_graphs
keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
"""
#: Statements that make a model, and its data.
MODELS = {
    "dense": """
x, y = rng.random((50, 6)).astype("float32"), rng.random((50, 1)).astype("float32")
model = keras.Sequential([keras.Input((6,)), layers.Dense(8, "relu"), layers.Dropout(0.3), layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])
""",
    "pictures": """
x, y = rng.random((50, 8, 8, 2)).astype("float32"), rng.integers(0, 3, 50)
model = keras.Sequential([keras.Input((8, 8, 2)), layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(),
                          layers.MaxPooling2D(), layers.Flatten(), layers.Dense(3, "softmax")])
model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
""",
    "words": """
x, y = rng.integers(0, 9, (50, 5)), rng.integers(0, 2, (50, 1)).astype("float32")
words = keras.Input((5,), dtype="int32")
embedded = layers.Embedding(9, 4, mask_zero=True)(words)
attended = layers.MultiHeadAttention(2, 3)(embedded, embedded)
model = keras.Model(words, layers.Dense(1, "sigmoid")(layers.GlobalAveragePooling1D()(attended)))
model.compile("adamw", "binary_crossentropy", metrics=["auc"])
""",
}
TRAIN = """
model.steps_per_execution = 2  # how many run in one call depends on the clock otherwise
history = model.fit(x, y, batch_size=16, epochs=2, validation_split=0.2, verbose=0).history
found = [model.predict(x, verbose=0).tolist(), model.evaluate(x, y, verbose=0), history]
needed = has_graphs()
found += [w.tolist() for w in (*model.get_weights(), *(v.numpy() for v in model.optimizer.variables))]
print(json.dumps([needed, found]))
"""


def run(code: str, cache: Path | str) -> Any:
    """What a fresh process prints last."""
    settings = {"KERAS_CACHE": str(cache), "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = run_python(BEGIN + code, **settings)
    return json.loads(done.stdout.splitlines()[-1])


def kept(cache: Path) -> list[Path]:
    return sorted(cache.glob("tensorflow_functions-*/*"))


@pytest.mark.parametrize("name", MODELS)
def test_a_later_run_neither_traces_nor_computes_anything_else(name: str, tmp_path: Path) -> None:
    traced, plain = run(MODELS[name] + TRAIN, "off")
    assert traced
    assert run(MODELS[name] + TRAIN, tmp_path) == [True, plain]
    before = kept(tmp_path)
    assert before
    assert run(MODELS[name] + TRAIN, tmp_path) == [False, plain]
    assert kept(tmp_path) == before


def test_what_changes_the_function_is_another_function(tmp_path: Path) -> None:
    run(MODELS["dense"] + TRAIN, tmp_path)
    changed = MODELS["dense"].replace('"relu"', '"tanh"')
    assert run(changed + TRAIN, tmp_path) == [True, run(changed + TRAIN, "off")[1]]


@pytest.mark.parametrize("damage", ["cut", "changed", "missing"])
def test_a_damaged_cache_costs_time_only(damage: str, tmp_path: Path) -> None:
    plain = run(MODELS["dense"] + TRAIN, tmp_path)[1]
    for path in kept(tmp_path):
        data = path.read_bytes()
        if damage == "missing" and path.name.endswith("picking"):
            path.unlink()
        elif damage != "missing":
            path.write_bytes(data[:-9] if damage == "cut" else data[:-9] + bytes(9))
    assert run(MODELS["dense"] + TRAIN, tmp_path) == [True, plain]
    assert run(MODELS["dense"] + TRAIN, tmp_path) == [False, plain]


def test_a_users_layer_is_traced_once(tmp_path: Path) -> None:
    """It may have effects besides; so its model is not kept."""
    code = """
class Counting(layers.Layer):
    calls = 0
    def call(self, x):
        Counting.calls += 1
        return x
model = keras.Sequential([keras.Input((2,)), Counting(), layers.Dense(1)])
model.compile("sgd", "mse")
before = Counting.calls
model.fit(np.ones((32, 2)), np.ones(32), epochs=2, verbose=0)
print(Counting.calls - before)
"""
    assert run(code, tmp_path) == run(code, "off")
    assert not kept(tmp_path)


def test_host_code_is_not_kept(tmp_path: Path) -> None:
    code = """
model = keras.Sequential([keras.Input((4, 2)), layers.LSTM(3), layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.ones((32, 4, 2)), np.ones(32), verbose=0)
print(0)
"""
    run(code, tmp_path)
    assert not kept(tmp_path)


def test_what_was_found_serves_tapes_and_graphs(tmp_path: Path) -> None:
    """They need the graph itself, which is traced then."""
    code = """
from keras.backend.select import current
step = current().trace_or_recall
weight = keras.Variable([2.0, 3.0])
def f(x):
    return [weight * x]
compiled = step(f, [((2,), "float32")])
first = compiled(np.ones(2, "float32"))[0].numpy().tolist()
early = has_graphs()
import tensorflow as tf
x = tf.constant([5.0, 7.0])
with tf.GradientTape() as tape:
    tape.watch(x)
    y = compiled(x)[0]
inside = tf.function(lambda x: compiled(x)[0])(x)
print(json.dumps([early, first, y.numpy().tolist(), tape.gradient(y, x).numpy().tolist(), inside.numpy().tolist()]))
"""
    numbers = [[2.0, 3.0], [10.0, 21.0], [2.0, 3.0], [10.0, 21.0]]
    assert run(code, tmp_path) == [True, *numbers]
    assert run(code, tmp_path) == [False, *numbers]


def test_the_runtime_forgets_what_nobody_has(tmp_path: Path) -> None:
    code = """
import gc
from keras.backend.select import current
from keras.backend.tensorflow_engine.loading import context
def names():
    return [n for n in context.context().list_function_names() if "keras_" in str(n)]
compiled = [current().trace_or_recall(lambda x: [x + 1], [((2,), "float32")]) for _ in range(2)]
during = len(names())
del compiled
gc.collect()
print(json.dumps([during, len(names())]))
"""
    for _ in range(2):
        assert run(code, tmp_path) == [1, 0]


def test_graphs_with_checks_of_the_debuggers_are_traced(tmp_path: Path) -> None:
    code = """
model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
model.compile("sgd", "mse")
import tensorflow as tf
if CHECKED: tf.debugging.enable_check_numerics()
try:
    model.fit(np.full((8, 2), np.nan), np.ones(8), verbose=0)
    print('"none"')
except tf.errors.InvalidArgumentError as error:
    print('"found"')
"""
    assert run(code.replace("CHECKED", "False"), tmp_path) == "none"
    assert run(code.replace("CHECKED", "True"), tmp_path) == "found"


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
from keras.backend.tensorflow_engine import shelf
def full(*_):
    raise OSError(28, "No space left on device")
shelf.os.replace = full
"""
    assert run(code + MODELS["dense"] + TRAIN, tmp_path) == run(MODELS["dense"] + TRAIN, "off")
    assert not kept(tmp_path)
