"""Subclassed models, cloning, weights, summaries, stateless calls."""

import re

import numpy as np
import pytest

import keras
from keras import layers, ops
from tests.processes import run_python


class Net(keras.Model):
    def __init__(self, width=4, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.blocks = [layers.Dense(width, activation="relu") for _ in range(2)]
        self.heads = {"a": layers.Dense(1), "b": layers.Dense(2)}
        self.drop = layers.Dropout(0.5)

    def call(self, x, training=False):
        for block in self.blocks:
            x = self.drop(block(x), training=training)
        return {k: head(x) for k, head in self.heads.items()}


def test_layers_in_lists_and_dicts_are_found(engine):
    net = Net()
    net(np.ones((2, 3), "f"))
    assert len(net.weights) == 8
    assert len(net.layers) == 5
    net.blocks.append(layers.Dense(1))
    assert len(net.layers) == 6


def test_build_by_shape():
    net = Net(name="net")
    net.build((None, 3))
    assert net.built
    assert [v.path for v in net.weights][:2] == ["net/dense/kernel", "net/dense/bias"]


def test_config_of_a_subclass_round_trips():
    net = Net(width=7)
    assert Net.from_config(net.get_config()).width == 7


def test_training_flag_reaches_inner_layers(engine):
    net = Net(width=50)
    x = np.ones((4, 3), "f")
    calm = ops.convert_to_numpy(net(x)["b"])
    np.testing.assert_array_equal(ops.convert_to_numpy(net(x)["b"]), calm)
    assert not np.array_equal(ops.convert_to_numpy(net(x, training=True)["b"]), calm)


def test_forgotten_super_init():
    class Bad(keras.layers.Layer):
        def __init__(self):
            self.x = 1

    with pytest.raises(RuntimeError, match=r"super\(\).__init__"):
        Bad()(np.ones((1, 1), "f"))


def test_clone_has_new_weights(engine):
    x = keras.Input((3,))
    model = keras.Model(x, layers.Dense(2, name="d")(layers.Dense(3)(x)))
    clone = keras.models.clone_model(model)
    assert [v.shape for v in clone.weights] == [v.shape for v in model.weights]
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone(np.ones((1, 3), "f")), model(np.ones((1, 3), "f")))


def test_a_clone_keeps_initializers_that_no_file_could_name():
    """As Keras 3.15.1 does for those of TensorFlow, by importing their module."""

    class Twos:
        def __call__(self, shape, dtype=None):
            return np.full(shape, 2.0, "float32")

        def get_config(self):
            return {}

    class Sum(keras.regularizers.Regularizer):
        def __call__(self, x):
            return keras.ops.sum(x)

        def get_config(self):
            return {}

    layer = keras.layers.Dense(2, kernel_initializer=Twos(), kernel_regularizer=Sum())
    copy = keras.models.clone_model(keras.Sequential([keras.Input((3,)), layer]))
    np.testing.assert_array_equal(np.asarray(copy.layers[0].kernel), np.full((3, 2), 2.0))
    assert float(copy.losses[0]) == 12.0


def test_clone_function_swaps_layers():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="d"), layers.Dropout(0.5, name="drop")])

    def swap(layer):
        return layers.Dropout(0.1, name=layer.name) if isinstance(layer, layers.Dropout) else layer

    clone = keras.models.clone_model(model, clone_function=swap)
    assert clone.get_layer("drop").rate == 0.1
    assert clone.get_layer("d") is model.get_layer("d")


def test_set_weights_checks_before_it_changes():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dense(2)])
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"expected shape \(2, 2\)"):
        model.set_weights([np.zeros((3, 2)), np.zeros(2), np.zeros((9, 9)), np.zeros(2)])
    with pytest.raises(ValueError, match="expected 4 arrays"):
        model.set_weights([np.zeros((3, 2))])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_stateless_call_changes_nothing(engine):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.BatchNormalization()])
    before = model.get_weights()
    zeros = [np.zeros(v.shape, "f") for v in model.trainable_variables]
    after = [v.numpy() for v in model.non_trainable_variables]
    y, new = model.stateless_call(zeros, after, np.ones((4, 3), "f"), training=True)
    np.testing.assert_array_equal(ops.convert_to_numpy(y), 0)
    assert len(new) == len(after)
    assert not np.array_equal(ops.convert_to_numpy(new[1]), after[1])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def lines(model, **kwargs):
    out = []
    model.summary(print_fn=out.append, **kwargs)
    return out


def test_summary_of_a_chain():
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(2, 3, name="c"), layers.Flatten(name="f")], name="m"
    )
    text = lines(model)
    assert text[0] == 'Model: "m"'
    assert any("c (Conv2D)" in t and "(None, 6, 6, 2)" in t and " 20 " in t for t in text)
    assert " Total params: 20 (80 B)" in text
    assert not any("Connected" in t for t in text)


def test_the_total_of_a_summary_counts_the_optimizer():
    """The numbers are those of Keras 3.15."""
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model.compile("adam", "mse")
    assert next(t for t in lines(model) if "params" in t) == " Total params: 8 (32 B)"
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    counts = [t.partition("(")[0].strip() for t in lines(model) if "params" in t]
    assert counts == [
        "Total params: 26",
        "Trainable params: 8",
        "Non-trainable params: 0",
        "Optimizer params: 18",
    ]


def test_summary_of_a_graph_names_connections_and_nested_layers():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3, name="deep")], name="inner")
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    model = keras.Model([a, b], layers.Add(name="sum")([inner(a), inner(b)]))
    text = lines(model, expand_nested=True, show_trainable=True, line_length=200)
    assert any("Connected to" in t for t in text)
    assert any("sum (Add)" in t and "inner, inner" in t for t in text)
    assert any("  deep (Dense)" in t for t in text)
    widths = {len(t) for t in text if t.startswith(("│", "|", "┌", "├", "└"))}
    assert len(widths) == 1, "the table's lines are of one length"


def test_summary_of_a_subclass_knows_its_shapes():
    net = Net()
    net(np.ones((2, 3), "f"))
    text = "\n".join(lines(net))
    assert "?" not in text
    assert "(None, 4)" in text


def test_summary_before_building():
    text = "\n".join(lines(keras.Sequential([layers.Dense(2, name="first")])))
    assert re.search(r"first \(Dense\) +│ not called yet +│ +0 \(not built\)", text)
    assert "Total params: 0" in text


def test_building_needs_no_engine():
    """Models are built, summarised and described without importing an engine's package."""
    code = (
        "import sys, keras; from keras import layers as L;"
        "x = keras.Input((5,), dtype='int32');"
        "m = keras.Model(x, L.Dense(2)(L.LSTM(3)(L.Embedding(9, 4, mask_zero=True)(x))));"
        "m.summary(print_fn=lambda s: None); m.to_json(); m.get_weights();"
        "assert 'tensorflow' not in sys.modules"
    )
    run_python(code, "", KERAS_BACKEND="tensorflow", PATH="")


def test_an_engine_keeps_its_variables():
    with keras.backend.using("numpy"):
        model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    with keras.backend.using("tensorflow"), pytest.raises(RuntimeError, match="belongs to engine 'numpy'"):
        model(np.ones((1, 2), "f"))


def test_a_clone_is_compiled_like_its_model(engine):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    assert not keras.models.clone_model(model).compiled
    model.compile(keras.optimizers.SGD(0.25), loss=lambda y, p: ops.mean(abs(y - p)), metrics=["mse"])
    clone = keras.models.clone_model(model)
    assert clone.optimizer is not model.optimizer
    assert float(clone.optimizer.learning_rate) == 0.25
    clone.set_weights(model.get_weights())
    x, y = np.ones((4, 2)), np.zeros((4, 1))
    assert clone.evaluate(x, y, verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0))


def test_tensors_for_a_clone_have_the_structure_of_the_inputs():
    x = keras.Input((2,))
    model = keras.Model({"x": x}, layers.Dense(1)(x))
    assert list(keras.models.clone_model(model, {"x": keras.Input((2,))}).input) == ["x"]
    with pytest.raises(ValueError, match="clone_model: expected `input_tensors` in the structure"):
        keras.models.clone_model(model, [keras.Input((2,))])


def test_a_build_may_end_with_that_of_model(engine):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = keras.layers.Dense(2)

        def build(self, input_shape):
            self.inner.build(input_shape)
            super().build(input_shape)

        def call(self, x):
            return self.inner(x)

    model = Own()
    model.build((None, 3))
    assert model.built
    assert [w.shape for w in model.weights] == [(3, 2), (2,)]
    assert Own().predict(np.ones((4, 3), "float32"), verbose=0).shape == (4, 2)
