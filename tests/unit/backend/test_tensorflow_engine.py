"""What only the TensorFlow engine promises: to get on with its user's own TensorFlow code, and to start quietly."""

import gc
import importlib
import weakref
from typing import Any

import numpy as np
import pytest

import keras
from keras import layers
from keras.backend import select
from keras.backend.state import Variable
from keras.backend.tracing import Compiled
from tests.processes import run_python

tf = pytest.importorskip("tensorflow")
with_pull_back = importlib.import_module("keras.backend.tensorflow_engine.pull_back").with_pull_back


@pytest.fixture(autouse=True)
def _on_tensorflow() -> Any:
    with select.using("tensorflow") as engine:
        yield engine


class OwnStep(keras.Model):
    """A model with a training step in TensorFlow's words."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = layers.Dense(8, activation="tanh")
        self.out = layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.out(self.hidden(x))

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self(x, training=True) - y))
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        return {"loss": loss}


X = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
Y = X.sum(1, keepdims=True)


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_train_step_with_tensorflows_tape(eagerly: bool) -> None:
    model = OwnStep()
    model.compile(keras.optimizers.Adam(0.01), run_eagerly=eagerly)
    losses = model.fit(X, Y, epochs=6, shuffle=False, verbose=0).history[
        "loss"
    ]  # each that of the last batch
    assert losses[-1] < 0.8 * losses[0]


def test_variables_in_tensorflow_functions() -> None:
    v = Variable(np.array([[1.0, 2.0], [3.0, 4.0]], "float32"), name="v")
    np.testing.assert_array_equal(tf.convert_to_tensor(v), v.numpy())
    np.testing.assert_array_equal(tf.matmul(tf.eye(2), v), v.numpy())
    np.testing.assert_array_equal(tf.eye(2) * v, np.diag([1, 4]))
    np.testing.assert_array_equal(v * tf.eye(2), np.diag([1, 4]))
    assert float(tf.nn.l2_loss(v)) == 15


def test_gradients_by_variables() -> None:
    used, unused = Variable(np.float32(3)), Variable(np.float32(3))
    with tf.GradientTape() as tape:
        y = tf.square(used) * 2.0
    by_used, by_unused = tape.gradient(y, [used, unused])
    assert float(by_used) == 12
    assert by_unused is None


def test_inside_the_users_own_function() -> None:
    model = OwnStep()
    expected = model(X)

    @tf.function(input_signature=[tf.TensorSpec((None, 3))])
    def f(x: Any) -> Any:
        return model(x)

    np.testing.assert_allclose(f(tf.constant(X)), expected, 1e-6, 1e-6)  # graphs fuse: other roundings
    count = Variable(np.float32(0))

    @tf.function
    def g() -> Any:
        count.assign_add(1.0)
        return count.value

    assert [float(g()), float(g()), float(count.numpy())] == [1, 2, 2]


def recurrent() -> keras.Sequential:
    return keras.Sequential([keras.Input((6, 3)), layers.LSTM(4, return_sequences=True), layers.GRU(2)])


def sequences() -> Any:
    return tf.constant(np.random.default_rng(1).normal(size=(5, 6, 3)).astype("float32"))


def on_host(function: Any) -> bool:
    """Whether a graph calls Python."""
    return any("PyFunc" in op.type for op in function.graph.get_operations())


@pytest.mark.parametrize("xla", [False, True])
def test_gradients_of_recurrent_layers_in_the_users_own_functions(xla: bool) -> None:
    """XLA can have no host code in its graphs."""
    model, x = recurrent(), sequences()
    cells = [v.cell(select.current()).variable for v in model.trainable_weights]

    def gradients() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(model(x) ** 2)
        return tape.gradient(loss, [x, *cells])

    inside = tf.function(gradients, jit_compile=xla)
    assert on_host(inside.get_concrete_function()) != xla
    for got, want in zip(inside(), gradients(), strict=True):
        np.testing.assert_allclose(got, want, 1e-5, 1e-6)


def test_gradients_of_a_function_that_was_traced_without_a_tape() -> None:
    model, x = recurrent(), sequences()
    predict = tf.function(model).get_concrete_function(tf.TensorSpec(x.shape))
    assert on_host(predict)
    found = []
    for f in (predict, model):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(f(x) ** 2)
        found.append(tape.gradient(loss, x))
    np.testing.assert_allclose(*found, 1e-5, 1e-6)


def graph_after(with_gradient: Any) -> Any:
    """Of a function whose gradient is given by `with_gradient`, when the function is gone: the graph, or None."""

    def doubled(x: Any) -> Any:
        return [x + x], lambda dy: [2.0 * dy]

    @tf.function(input_signature=[tf.TensorSpec((3,))])
    def f(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            (y,) = with_gradient(doubled, x)
        return tape.gradient(y, x)

    np.testing.assert_array_equal(f(tf.ones(3)), [2, 2, 2])
    graph = weakref.ref(f.get_concrete_function().graph)
    del f
    gc.collect()
    return graph()


def test_graphs_are_let_go_for_all_the_gradients_given_in_them() -> None:
    assert graph_after(lambda f, x: with_pull_back(f, [x])) is None


def test_tensorflows_own_custom_gradient_keeps_graphs() -> None:
    """When this fails, `tensorflow_engine.pull_back` is no longer needed."""
    assert graph_after(lambda f, x: tf.custom_gradient(f)(x)) is not None


def test_layers_in_a_tf_data_map_see_unknown_dimensions() -> None:
    seen: list[Any] = []

    class Note(layers.Layer):
        def call(self, x: Any) -> Any:
            seen.append(keras.ops.shape(x))
            return x

    convert = keras.Sequential(
        [layers.Rescaling(1 / 255), Note(), layers.Flatten(), layers.Dense(2), layers.Softmax()]
    )
    images = np.zeros((5, 4, 4, 1), "uint8")
    data = tf.data.Dataset.from_tensor_slices(images).batch(3).map(convert)
    assert [tuple(batch.shape) for batch in data] == [(3, 2), (2, 2)]
    assert tuple(seen[-1])[1:] == (4, 4, 1)
    assert not isinstance(seen[-1][0], int)


def test_host_arrays_and_tensors_meet() -> None:
    x = keras.ops.add(np.ones(2, "float32"), tf.ones(2))
    assert isinstance(x, tf.Tensor)
    assert keras.ops.convert_to_numpy(x).tolist() == [2, 2]


def test_starts_quietly_and_leaves_tensorflows_keras_alone() -> None:
    code = (
        "import sys, keras\n"
        "assert 'tensorflow' not in sys.modules\n"
        "print(float(keras.ops.add(1.0, 2.0)))\n"
        "assert 'tensorflow' in sys.modules and 'tf_keras' not in sys.modules and 'keras.src' not in sys.modules\n"
    )
    done = run_python(code, "TF_", KERAS_BACKEND="tensorflow")
    assert (done.stdout, done.stderr) == ("3.0\n", "")


def test_max_pooling_passes_over_nan() -> None:
    """A difference from the other engines; when this fails, the note in `reduce_window` and the deviation can go."""
    x = np.array([[1.0], [np.nan], [3.0], [2.0]], "float32")[None]
    y = keras.ops.convert_to_numpy(keras.ops.max_pool(x, 2))
    np.testing.assert_array_equal(y[0, :, 0], [1.0, 3.0])


def test_a_stateful_layer_in_a_function_of_any_batch_size() -> None:
    layer, x = layers.GRU(5, stateful=True), np.ones((2, 10, 3), "float32")
    expected = layer(x).numpy()
    layer.reset_states()
    traced = tf.function(layer.__call__, input_signature=[tf.TensorSpec((None, 10, 3), tf.float32)])
    np.testing.assert_allclose(traced(x).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("special", [None, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("axis", [0, 1])
def test_order_in_large_graphs_with_and_without_nan(special: float | None, axis: int) -> None:
    """They branch when they run: what is fast passes over NaN."""
    x = np.random.default_rng(4).integers(0, 50, (300, 256)).astype("float32")  # many ties
    if special is not None:
        x[[3, 3, 200], [100, 40, 7]] = special
        x[5, 6], x[5, 7] = np.inf, -np.inf
    with select.using("tensorflow") as e:
        run = Compiled(lambda x: [e.argmax(x, axis), *e.top_k(x, 3), e.argmax(e.cast(x, "bfloat16"), axis)])
        found, values, places, narrow = map(e.to_numpy, run(x))
    np.testing.assert_array_equal(found, np.argmax(x, axis))
    np.testing.assert_array_equal(narrow, np.argmax(x, axis))
    for row, i, v in zip(x, places, values, strict=True):
        want = sorted(range(len(row)), key=lambda j: (not np.isnan(row[j]), -row[j]))[:3]
        assert i.tolist() == want
        np.testing.assert_array_equal(v, row[want])


def test_a_tape_sees_what_is_computed_with_the_users_own_variables() -> None:
    image = tf.Variable([[1.0, -2.0, 3.0]])
    layer = layers.Dense(2, kernel_initializer="ones")
    for compute in (layer, keras.ops.square, lambda x: keras.losses.mean_squared_error(tf.zeros((1, 3)), x)):
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(compute(image))
        gradient = tape.gradient(y, image).numpy()
        want = {layer: [2.0, 2.0, 2.0], keras.ops.square: [2.0, -4.0, 6.0]}.get(compute, [2 / 3, -4 / 3, 2.0])
        np.testing.assert_allclose(gradient, [want], rtol=1e-6)

    @tf.function
    def traced() -> Any:
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(layer(image))
        return tape.gradient(y, image)

    assert traced().numpy().tolist() == [[2.0, 2.0, 2.0]]


def test_writes_of_many_cells_wait_at_one_gate() -> None:
    """The graph of a step grows with the number of its weights, not with its square: a ResNeXt has 2,000 cells."""
    holding = importlib.import_module("keras.backend.tensorflow_engine.state").holding_writes
    cell_of = importlib.import_module("keras.backend.tensorflow_engine.cells").Cell
    cells = [cell_of(np.asarray(i, "float32")) for i in range(60)]

    @tf.function(autograph=False)
    def swap_round(x: Any) -> list[Any]:
        with holding() as writes:
            values = [cell.variable + x for cell in cells]
            for cell, value in zip(cells, [*values[1:], values[0]], strict=True):
                writes.hold(cell, value)
            writes.release_all([x])
        return values

    operations = swap_round.get_concrete_function(tf.TensorSpec((), "float32")).graph.get_operations()
    assert sum(len(op.control_inputs) for op in operations) < 10 * len(cells)
    swap_round(tf.constant(1.0))
    assert [float(cell.variable) for cell in cells] == [*(i + 1.0 for i in range(1, 60)), 1.0]


FORKS = """
import os, sys
import numpy as np
import keras

def result():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    x = np.ones((4, 3), "float32")
    try:
        return str(model.predict(x, verbose=0).shape)
    except RuntimeError as error:
        return f"{model(x).shape} {error}"

def in_a_fork(used):
    pid = os.fork()
    if pid == 0:
        print(used, result(), flush=True)
        os._exit(0)
    os.waitpid(pid, 0)

in_a_fork("before")
result()
in_a_fork("after")
"""


def test_in_a_forked_process_compiled_functions_work_or_say_that_they_cannot() -> None:
    before, after = run_python(FORKS, KERAS_BACKEND="tensorflow").stdout.splitlines()
    assert before == "before (4, 1)"
    assert after.startswith("after (4, 1) this process was forked from one in which TensorFlow had begun")
    assert "spawn" in after
