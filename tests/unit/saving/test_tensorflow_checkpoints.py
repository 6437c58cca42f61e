"""`tf.train.Checkpoint` and what else of TensorFlow's asks models, layers and optimizers for their parts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import keras
from keras import layers
from keras.backend import select
from tests.processes import run_python

X = np.random.default_rng(0).random((32, 3)).astype("float32")
Y = X.sum(1, keepdims=True)


@pytest.fixture(autouse=True)
def tensorflow() -> Iterator[None]:
    with select.using("tensorflow"):
        yield


class Network(keras.Model):
    """Has layers in lists, seeds, and weights that are not trained."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.drop = layers.Dense(4), layers.BatchNormalization(), layers.Dropout(0.5)
        self.blocks = [layers.Dense(2), layers.Dense(1)]

    def call(self, x: Any, training: bool = False) -> Any:
        x = self.drop(self.norm(self.first(x), training=training), training=training)
        for block in self.blocks:
            x = block(x)
        return x


def network() -> tuple[Any, Any]:
    model, optimizer = Network(), keras.optimizers.Adam(0.01)
    model.compile(optimizer, "mse")
    return model, optimizer


def checkpoint(model: Any, optimizer: Any) -> Any:
    return tf.train.Checkpoint(model=model, optimizer=optimizer, epoch=tf.Variable(0))


def values(model: Any, optimizer: Any) -> list[np.ndarray]:
    return [v.numpy() for v in (*model.weights, *optimizer.variables)]


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return len(a) == len(b) and all(map(np.array_equal, a, b))


@pytest.fixture
def trained(tmp_path: Path) -> tuple[Any, Any, str]:
    model, optimizer = network()
    model.fit(X, Y, epochs=2, verbose=0)
    return model, optimizer, checkpoint(model, optimizer).save(str(tmp_path / "at"))


def test_the_same_objects(trained: tuple[Any, Any, str]) -> None:
    model, optimizer, path = trained
    before = values(model, optimizer)
    model.set_weights([0 * w for w in model.get_weights()])
    checkpoint(model, optimizer).restore(path).assert_consumed()
    assert same(values(model, optimizer), before)


def test_new_objects_go_on_as_the_old_ones(trained: tuple[Any, Any, str]) -> None:
    """The seeds of dropout are in the checkpoint, too."""
    model, optimizer, path = trained
    again, other = network()
    again.build((None, 3))
    other.build(again.trainable_variables)
    checkpoint(again, other).restore(path).assert_consumed()
    assert same(values(again, other), values(model, optimizer))
    losses = [m.fit(X, Y, shuffle=False, verbose=0).history["loss"] for m in (model, again)]
    assert losses[0] == losses[1]


def test_variables_that_are_made_later(trained: tuple[Any, Any, str]) -> None:
    model, optimizer, path = trained
    late, other = network()
    status = checkpoint(late, other).restore(path)
    late(X[:1])
    assert same(late.get_weights(), model.get_weights())
    other.build(late.trainable_variables)
    status.assert_consumed()
    assert same(values(late, other), values(model, optimizer))


def test_functional_models_metrics_and_managers(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2), keras.Sequential([layers.Dense(1)])])
    mean = keras.metrics.Mean()
    mean.update_state([1.0, 3.0])
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(model=model, mean=mean), str(tmp_path), 1)
    before = model.get_weights()
    manager.save()
    mean.reset_state()
    model.set_weights([w + 1 for w in before])
    manager.restore_or_initialize()
    assert same(model.get_weights(), before)
    assert float(mean.result()) == 2.0


def test_layers_of_a_module_are_saved_with_it(tmp_path: Path) -> None:
    class Module(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layers.Dense(2)
            self.layer.build((None, 3))

        @tf.function(input_signature=[tf.TensorSpec((None, 3))])
        def __call__(self, x: Any) -> Any:
            return self.layer(x)

    module = Module()
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_allclose(loaded(tf.constant(X)), module(tf.constant(X)), 1e-6)


def test_variables_of_another_engine(tmp_path: Path) -> None:
    with select.using("numpy"):
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    with pytest.raises(RuntimeError, match="belongs to engine 'numpy'"):
        tf.train.Checkpoint(model=model).save(str(tmp_path / "at"))


@pytest.mark.parametrize("first", ["import tensorflow as tf, keras", "import keras, tensorflow as tf"])
def test_before_anything_is_computed(first: str, tmp_path: Path) -> None:
    """As scripts do it: models are made, and go into a checkpoint; the engine is not needed for that."""
    code = f"""
{first}
model = keras.Sequential([keras.layers.Dense(1)])
checkpoint = tf.train.Checkpoint(model=model, optimizer=keras.optimizers.Adam())
model.build((None, 2))
print(checkpoint.save({str(tmp_path / "at")!r}))
"""
    done = run_python(code, KERAS_BACKEND="tensorflow")
    assert done.stdout.strip() == str(tmp_path / "at-1")
