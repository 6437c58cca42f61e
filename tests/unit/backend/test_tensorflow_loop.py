"""TensorFlow: when a loop of steps, or each step, goes through XLA, and that it changes nothing but the speed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import keras
from keras import layers, ops
from keras.backend import select
from keras.backend.processor import Processor
from keras.backend.tensorflow_engine import loop, xla_rule

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(64, 6)).astype("float32"), rng.integers(0, 3, 64)


@pytest.fixture(autouse=True)
def _engine() -> Any:
    with select.using("tensorflow") as engine:
        yield engine


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The loops that are made."""
    made: list[Any] = []
    original = loop.Loop.__init__

    def init(self: Any, step: Any) -> None:
        original(self, step)
        made.append(self)

    monkeypatch.setattr(loop.Loop, "__init__", init)
    return made


def model_of(*stack: Any, **settings: Any) -> Any:
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((6,)), *stack, layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **settings)
    return model


def fused(made: list[Any]) -> list[bool]:
    return [bool(a._fused) for a in made]


def test_small_dense_models_use_it_when_there_are_many_steps(
    loops: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "XLA_STEPS", 24)
    model = model_of(layers.Dense(8, "relu"))
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)  # 16
    assert fused(loops) == [False]
    model.fit(X, Y, batch_size=8, epochs=1, verbose=0)
    assert fused(loops) == [True]


@pytest.mark.parametrize(
    ("stack", "settings"),
    [
        (lambda: [layers.Dense(4)], {"jit_compile": False}),
        (lambda: [layers.Dropout(0.5)], {}),  # random numbers
        (lambda: [layers.Reshape((6, 1)), layers.Conv1D(4, 3), layers.Flatten()], {}),
        (lambda: [layers.Dense(2000), layers.Dense(2000)], {}),  # large
    ],
)
def test_others_do_not(
    loops: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    stack: Callable[[], list[Any]],
    settings: dict[str, Any],
) -> None:
    monkeypatch.setattr(loop, "XLA_STEPS", 1)
    model_of(*stack(), **settings).fit(X, Y, batch_size=8, verbose=0)
    assert fused(loops) == [False]


def attention(x: Any) -> Any:
    x = layers.Reshape((3, 2))(x)
    return layers.Flatten()(
        layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4, use_bias=False)(x, x))
    )


@pytest.mark.parametrize(
    "hidden",
    [
        lambda x: layers.BatchNormalization()(layers.Dense(8, "relu")(x)),
        lambda x: layers.LeakyReLU()(layers.Dense(8, "elu")(x)),
        lambda x: layers.Dense(260)(
            layers.Dense(260, "relu")(x)
        ),  # TensorFlow updates the kernel by an op of its own
        attention,
    ],
)
def test_the_numbers_are_those_of_the_plain_loop(
    loops: list[Any], monkeypatch: pytest.MonkeyPatch, hidden: Callable[[Any], Any]
) -> None:
    monkeypatch.setattr(loop, "XLA_STEPS", 1)
    results = []
    for jit in (False, "auto"):
        keras.utils.set_random_seed(1)
        inputs = keras.Input((6,))
        model = keras.Model(inputs, layers.Dense(1, "sigmoid")(hidden(inputs)))
        model.compile("adam", "binary_crossentropy", metrics=["accuracy", "auc"], jit_compile=jit)
        history = model.fit(X, Y > 1, batch_size=10, epochs=4, verbose=0, validation_data=(X, Y > 1))
        results.append((history.history, model.get_weights()))
    assert not any(fused(loops[:2]))
    assert all(fused(loops[-2:]))
    for name, values in results[0][0].items():
        np.testing.assert_allclose(values, results[1][0][name], rtol=1e-5, err_msg=name)
    for a, b in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_a_large_step_is_compiled_by_itself_where_xla_is_asked_for(loops: list[Any]) -> None:
    results = []
    for jit in (None, True):
        keras.utils.set_random_seed(1)
        model = model_of(layers.Dense(1200, "relu"), layers.Dense(1200), jit_compile=jit)
        results.append(model.fit(X, Y, batch_size=8, epochs=2, verbose=0).history["loss"])
    assert fused(loops) == [False, False]
    attrs = [a._step.concrete.function_def.attr for a in loops]
    assert [a["_XlaMustCompile"].b for a in attrs] == [False, True]
    np.testing.assert_allclose(*results, rtol=1e-4)


WIDE = (lambda: layers.Dense(1200, "relu"), lambda: layers.Dense(1200))
LONG = (lambda: layers.Reshape((6, 1)), lambda: layers.Dense(6000), lambda: layers.Flatten())


@pytest.mark.parametrize(
    ("stack", "flag", "part"),
    [
        (WIDE, "avx512f", xla_rule.STEP),
        (WIDE, "avx2", None),
        (LONG, "avx512f", None),  # many elements for few products
    ],
)
def test_a_large_step_is_compiled_by_itself_later_where_that_is_faster(
    loops: list[Any], monkeypatch: pytest.MonkeyPatch, stack: Any, flag: str, part: str | None
) -> None:
    monkeypatch.setattr(loop, "XLA_LARGE_STEPS", 10)
    monkeypatch.setattr(xla_rule, "processor", lambda: Processor(flags=frozenset({flag})))
    results = []
    for jit in (False, "auto"):
        keras.utils.set_random_seed(1)
        model = model_of(*(make() for make in stack), jit_compile=jit)
        results.append(model.fit(X, Y, batch_size=8, epochs=2, verbose=0).history["loss"])
    assert [a._xla_part for a in loops] == [None, part]
    assert sorted(loops[-1]._plain) == ["picking", "pickingstep"] if part else ["picking"]
    np.testing.assert_allclose(*results, rtol=1e-4)


def test_data_of_about_one_size_is_compiled_for_once(loops: list[Any]) -> None:
    """XLA compiles for one size of the arrays that a loop picks its batches from: they are made a little longer."""
    model = model_of(layers.Dense(8, "relu"), jit_compile=True)
    for samples in (56, 51, 40):
        model.fit(X[:samples], Y[:samples], batch_size=4, verbose=0)
    sizes = [sorted(a._fused) for a in loops if a._fused]
    assert [40, 52, 56] in sizes


@pytest.mark.parametrize("jit", [None, True])
def test_arguments_of_a_step_need_not_have_as_many_rows(loops: list[Any], jit: bool | None) -> None:
    engine = select.current()
    specs = [((4, 3), "float32"), ((2,), "float32"), ((), "float32")]
    step = engine.trace_and_compile(lambda x, y, z: [ops.sum(x) * z + y], specs, jit)
    x, y, z = (rng.normal(size=(5, *shape)).astype("float32") for shape, _ in specs)
    (got,) = engine.looped(step)([x, y, z])
    assert fused(loops) == [bool(jit)]
    np.testing.assert_allclose(got, (x.sum((1, 2)) * z)[:, None] + y, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("stack", [(lambda: layers.Dense(8, "relu"),), WIDE])
def test_it_is_chosen_alike_for_single_steps_and_chunks(
    loops: list[Any], monkeypatch: pytest.MonkeyPatch, stack: Any
) -> None:
    monkeypatch.setattr(loop, "XLA_STEPS", 20)
    monkeypatch.setattr(loop, "XLA_LARGE_STEPS", 20)
    monkeypatch.setattr(xla_rule, "processor", lambda: Processor(flags=frozenset({"avx512f"})))
    results = []
    for acts in (False, True):
        keras.utils.set_random_seed(1)  # a layer takes its seed when it is made, before the model
        model = model_of(*(make() for make in stack))
        callback = keras.callbacks.Callback()
        callback.acts_between_batches = acts
        callback.on_train_batch_end = lambda batch, logs: None
        history = model.fit(X, Y, batch_size=8, epochs=3, verbose=0, callbacks=[callback])
        results.append((history.history, [w.tolist() for w in model.get_weights()]))
    assert all(a._fused or "pickingstep" in a._plain for a in loops)
    assert results[0] == results[1]


def filled(row):
    """A cache with a row written at each step, at a place known at run time only."""

    def step(i, cache):
        return ops.slice_update(cache, (0, i, 0), row * ops.cast(i + 1, "float32"))

    return ops.fori_loop(0, 3, step, ops.zeros((2, 4, 3)))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_xla_takes_a_loop_that_fills_a_cache(jit_compile):
    import tensorflow as tf

    with keras.backend.using("tensorflow"):
        cache = tf.function(filled, jit_compile=jit_compile)(tf.ones((2, 1, 3)))
    np.testing.assert_array_equal(cache[1, :, 2], [1, 2, 3, 0])


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_gradient_of_a_block_written_in_a_graph(jit_compile):
    """Of the sum of squares: twice what is written, and of the rest twice what was there."""
    import tensorflow as tf

    @tf.function(jit_compile=jit_compile)
    def gradients(x, row, i):
        with tf.GradientTape() as tape:
            tape.watch([x, row])
            loss = ops.sum(ops.slice_update(x, (0, i), row) ** 2)
        return tape.gradient(loss, [x, row])

    with keras.backend.using("tensorflow"):
        by_x, by_row = gradients(tf.ones((2, 4)), tf.constant([[3.0], [5.0]]), tf.constant(1))
    np.testing.assert_array_equal(by_x, [[2, 0, 2, 2]] * 2)
    np.testing.assert_array_equal(by_row, [[6], [10]])


def test_the_gradient_of_a_loop_that_fills_a_cache():
    """Of the sum of squares of 1, 2 and 3 times the row: 2 * (1 + 4 + 9)."""
    with keras.backend.using("tensorflow"):
        row = keras.Variable(np.ones((2, 1, 3), "f"))
        _, (gradient,) = ops.value_and_grad(lambda: ops.sum(filled(row) ** 2), [row])
    np.testing.assert_array_equal(gradient, np.full((2, 1, 3), 28.0))
