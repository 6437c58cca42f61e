"""TensorFlow: graphs of small operations run on one thread each, in a runtime of their own, which changes nothing else."""

import gc
import json
from typing import Any

import numpy as np
import pytest

import keras
from keras import layers
from keras.backend import select
from keras.backend.processor import usable_cores
from keras.backend.tensorflow_engine import choices, one_thread, work
from tests.processes import run_python

rng = np.random.default_rng(0)
pytestmark = pytest.mark.skipif(usable_cores() == 1, reason="with one core there is one runtime")


@pytest.fixture(autouse=True)
def _engine() -> Any:
    with select.using("tensorflow") as engine:
        assert one_thread.runtime() is not None, "TensorFlow was used before this library in this process"
        yield engine


def pictures(filters: int = 4) -> Any:
    keras.utils.set_random_seed(2)
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(filters, 3, activation="relu", padding="same"),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D(3),
            layers.MaxPooling2D(),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(3, "softmax"),
        ]
    )


def attention() -> Any:
    keras.utils.set_random_seed(2)
    words = keras.Input((12,), dtype="int32")
    x = layers.Embedding(9, 8, mask_zero=True)(words)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    return keras.Model(words, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


def compiled(f: Any, *shapes: tuple[int, ...], jit_compile: bool | None = None) -> Any:
    return select.current().trace_and_compile(
        lambda *args: [f(*args)], [(s, "float32") for s in shapes], jit_compile
    )


def product(a: Any, b: Any) -> Any:
    return keras.ops.matmul(a, b)


@pytest.mark.parametrize(
    ("f", "shapes", "suited"),
    [
        (product, [(30, 350), (350, 350)], True),  # on up to four cores
        (product, [(300, 350), (350, 350)], False),  # too much for one thread
        (lambda a: a + 1, [(4,)], False),  # nothing to gain
        (lambda a: product(a, a) + keras.random.normal((4, 4)), [(4, 4)], False),  # it writes the seed
        (lambda a: keras.ops.sum(product(a, a)) + keras.ops.zeros(2**19), [(4, 4)], False),
        (lambda a: keras.ops.scan(lambda c, x: (c @ a, x), a, a)[0], [(9, 9)], False),
    ],
)
def test_which_graphs_it_is_for(f: Any, shapes: Any, suited: bool) -> None:
    assert compiled(f, *shapes).choices.on_one_thread is suited


def test_it_is_not_for_xla_nor_for_code_of_the_host() -> None:
    import tensorflow as tf

    def on_host(a: Any) -> Any:
        return tf.reshape(tf.numpy_function(lambda x: x + 1, [product(a, a)], tf.float32), (2, 2))

    assert not compiled(lambda a: product(a, a), (2, 2), jit_compile=True).choices.on_one_thread
    assert not compiled(on_host, (2, 2)).choices.on_one_thread


@pytest.mark.parametrize("make", [pictures, attention])
def test_the_numbers_are_those_of_the_other_runtime(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for suits in (one_thread.suits, lambda graph: False):
        monkeypatch.setattr(choices.one_thread, "suits", suits)
        model = make()
        x = np.random.default_rng(1).integers(0, 9, (3, *model.input_shape[1:])).astype(model.inputs[0].dtype)
        found = [model.predict(row[None], verbose=0) for row in x]
        model.set_weights([2 * w for w in model.get_weights()])
        results.append([*found, *(model.predict(row[None], verbose=0) for row in x)])
    np.testing.assert_array_equal(*results)


TRAINING = """
import numpy as np, keras
from keras import layers
from keras.backend.tensorflow_engine import choices, one_thread
rng = np.random.default_rng(0)
x, y = rng.normal(size=(40, 12, 12, 3)).astype("float32"), rng.integers(0, 3, 40)
results = []
for suits in (one_thread.suits, lambda graph: False):
    choices.one_thread.suits = suits
    keras.utils.set_random_seed(2)
    model = keras.Sequential([
        keras.Input((12, 12, 3)), layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(),
        layers.DepthwiseConv2D(3), layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.3),
        layers.Dense(1100, "relu"),  # whose kernel a fused operation updates
        layers.Dense(3, "softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = len(one_thread.runtime().list_function_names())
    history = model.fit(x, y, batch_size=8, epochs=3, validation_split=0.2, verbose=0).history
    assert (len(one_thread.runtime().list_function_names()) > before) == (not results)
    single = model.train_on_batch(x[:8], y[:8])
    results.append([*history.values(), single, *model.get_weights(), *(v.numpy() for v in model.optimizer.variables)])
for one, other in zip(*results, strict=True):
    np.testing.assert_array_equal(one, other)
"""


def test_training_gives_the_numbers_of_the_other_runtime() -> None:
    """To the bit, if that has one thread, too: how sums are shared out shows in their last digits."""
    settings = {"KERAS_CACHE": "off", "TF_NUM_INTRAOP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    run_python(TRAINING, KERAS_BACKEND="tensorflow", **settings)


def test_results_are_tensors_like_any_other() -> None:
    import tensorflow as tf

    model, x = pictures(), rng.normal(size=(1, 12, 12, 3)).astype("float32")
    step = compiled(model, x.shape)
    assert step.choices.on_one_thread
    (y,) = step(x)
    expected = model(x).numpy()
    np.testing.assert_allclose(tf.function(lambda a: a + a)(y).numpy(), 2 * expected, rtol=1e-5)
    with tf.GradientTape() as tape:
        tape.watch(y)
        squared = y * y
    np.testing.assert_allclose(tape.gradient(squared, y).numpy(), 2 * expected, rtol=1e-5)
    variable = tf.Variable(y)
    variable.assign_add(y)
    np.testing.assert_allclose(variable.numpy(), 2 * expected, rtol=1e-5)
    given = tf.constant(x)
    with tf.GradientTape() as tape:  # which cannot look into a runtime: what it records runs in its own
        tape.watch(given)
        loss = tf.reduce_sum(step(given)[0][:, 0])
    assert np.abs(tape.gradient(loss, given).numpy()).max() > 0


def test_the_runtime_forgets_what_nobody_has() -> None:
    x = np.zeros((1, 12, 12, 3), "float32")
    compiled(pictures(), x.shape)(x)
    gc.collect()
    runtime = one_thread.runtime()
    assert runtime is not None
    before = len(runtime.list_function_names())
    step = compiled(pictures(), x.shape)
    assert len(runtime.list_function_names()) == before + 1
    del step
    gc.collect()
    assert len(runtime.list_function_names()) == before


def test_products_are_counted_whichever_way_they_are_turned() -> None:
    import tensorflow as tf

    def count(f: Any, *shapes: tuple[int, ...]) -> list[int]:
        graph = tf.function(f).get_concrete_function(*map(tf.TensorSpec, shapes)).graph
        return [n for n in map(work.multiplications, graph.get_operations()) if n]

    assert count(lambda a, b: tf.matmul(a, b, transpose_a=True), (5, 2), (5, 3)) == [2 * 5 * 3]
    assert count(lambda a, b: tf.matmul(a, b), (7, 2, 5), (7, 5, 3)) == [7 * 2 * 5 * 3]
    assert count(lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"), (2, 6, 6, 3), (5, 5, 3, 4)) == [2 * 36 * 4 * 75]
    sides = count(
        lambda x, k: tf.gradients(tf.nn.conv2d(x, k, 1, "SAME"), [x, k]), (2, 6, 6, 3), (5, 5, 3, 4)
    )
    assert sides == 3 * [2 * 36 * 4 * 75]  # forward, by the images, by the kernel
    assert count(lambda x, k: tf.nn.depthwise_conv2d(x, k, [1] * 4, "SAME"), (2, 6, 6, 3), (5, 5, 3, 2)) == [
        2 * 36 * 6 * 25
    ]


THREADS = """
import json, os
import numpy as np, keras
from keras.backend import select
from keras.backend.tensorflow_engine import one_thread
one_thread._EVEN = one_thread._ELEMENTS = 2**{bits}

def spent():  # nanoseconds, by thread
    tasks = os.listdir("/proc/self/task")
    return {{t: int(open(f"/proc/self/task/{{t}}/schedstat").read().split()[0]) for t in tasks}}

def chain(x):
    y = x
    for _ in range(40):
        y = keras.ops.matmul(x, y)
    return [y]

def largest_share():
    before = spent()
    f(x)
    each = [after - before.get(t, 0) for t, after in spent().items()]
    return max(each) / sum(each)

x = np.full((600, 600), 1 / 600, "float32")
f = select.current().trace_and_compile(chain, [(x.shape, "float32")])
f(x)
print(json.dumps([f.choices.on_one_thread, float(np.median([largest_share() for _ in range(9)]))]))
"""


@pytest.mark.skipif("not os.path.exists('/proc/self/schedstat')")
def test_large_products_are_shared_out_and_small_ones_are_not() -> None:
    """By what the kernel says threads have done; `TF_OVERRIDE_GLOBAL_THREADPOOL` (2.21) is what makes the difference."""
    share = {}
    for bits in (20, 40):
        done = run_python(THREADS.format(bits=bits), KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
        on_one_thread, share[bits] = json.loads(done.stdout.splitlines()[-1])
        assert on_one_thread == (bits == 40)
    assert share[20] < 0.8 < share[40], share


def test_a_program_that_had_begun_keeps_to_its_runtime() -> None:
    code = """
import tensorflow as tf
tf.zeros(3) + 1
import numpy as np, keras
from keras.backend.tensorflow_engine import one_thread
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer="ones")])
print(model.predict(np.ones((1, 3), "float32"), verbose=0).tolist(), one_thread.runtime())
"""
    done = run_python(code, KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
    assert done.stdout.splitlines()[-1] == "[[3.0, 3.0]] None"
