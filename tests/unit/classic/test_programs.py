"""Programs of the Keras 2 era that differentiate activations, their gradients checked by finite differences."""

import numpy as np
import pytest

import keras
from keras import backend as K
from keras import layers


@pytest.fixture(autouse=True)
def _double_precision(engine):
    K.set_floatx("float64")  # finite differences are then good to many digits
    keras.utils.set_random_seed(3)


def convnet(dropout=0.0):
    return keras.Sequential([
        keras.Input((9, 8, 3)),
        layers.Conv2D(4, 3, activation="tanh", name="first"),
        layers.Dropout(dropout),
        layers.Conv2D(5, 3, strides=2, activation="softplus", name="second"),
        layers.Flatten(),
        layers.Dense(6, activation="softmax", name="classes"),
    ])  # fmt: skip


def image(batch=1, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, 9, 8, 3))


def check(f, x, gradient, eps=1e-5):
    """The derivative of f in a random direction, twice."""
    for seed in (1, 2):
        d = np.random.default_rng(seed).normal(size=x.shape)
        slope = (f(x + eps * d) - f(x - eps * d)) / (2 * eps)
        np.testing.assert_allclose((gradient * d).sum(), slope, rtol=1e-5, atol=1e-8)


def test_filter_visualisation():
    model = convnet()
    activation = model.get_layer("second").output
    loss = K.mean(activation[:, :, :, 2])
    grads = K.gradients(loss, model.input)[0]
    assert grads.shape == model.input.shape
    plain = K.function([model.input], [loss, grads])
    x = image()
    value, gradient = plain([x])
    check(lambda v: plain([v])[0], x, gradient)

    grads /= K.sqrt(K.mean(K.square(grads))) + 1e-5
    iterate = K.function([model.input], [loss, grads])
    assert np.abs(np.sqrt(np.mean(iterate([x])[1] ** 2)) - 1) < 1e-2
    for _ in range(5):
        x += 0.1 * iterate([x])[1]
    assert iterate([x])[0] > value
    assert iterate.trace_count == 1


def test_deep_dream():
    model = convnet()
    dream = model.input
    loss = K.variable(0.0)
    for name, weight in {"first": 0.2, "second": 1.5}.items():
        x = model.get_layer(name).output
        scaling = K.prod(K.cast(K.shape(x), K.floatx()))
        loss = loss + weight * K.sum(K.square(x[:, 1:-1, 1:-1, :])) / scaling
    raw = K.gradients(loss, dream)[0]
    grads = raw / K.maximum(K.mean(K.abs(raw)), K.epsilon())
    fetch = K.function([dream], [loss, grads, raw])
    x = image()
    value, step, gradient = fetch([x])
    check(lambda v: fetch([v])[0], x, gradient)
    assert fetch([x + 0.01 * step])[0] > value


def test_style_transfer():
    extract = convnet()
    base, style = K.constant(image(seed=1)), K.constant(image(seed=2))
    combination = K.placeholder((1, 9, 8, 3))
    features = extract(K.concatenate([base, style, combination], axis=0))
    assert features.shape == (3, 6)
    convolved = extract.get_layer("first")(K.concatenate([base, style, combination], axis=0))

    def gram(x):
        rows = K.batch_flatten(K.permute_dimensions(x, (2, 0, 1)))
        return K.dot(rows, K.transpose(rows))

    def total_variation(x):
        a = K.square(x[:, :-1, :-1, :] - x[:, 1:, :-1, :])
        b = K.square(x[:, :-1, :-1, :] - x[:, :-1, 1:, :])
        return K.sum(K.pow(a + b + 0.1, 1.25))

    loss = K.variable(0.0)
    loss = loss + 0.3 * K.sum(K.square(convolved[2] - convolved[0]))
    loss = loss + K.sum(K.square(gram(convolved[1]) - gram(convolved[2]))) / 100.0
    loss = loss + 0.01 * total_variation(combination)
    fetch = K.function([combination], [loss, *K.gradients(loss, combination)])
    x = image(seed=3)
    check(lambda v: fetch([v])[0], x, fetch([x])[1])


def test_grad_cam():
    model = convnet()
    inner = model.get_layer("second").output
    score = model.output[:, 4]
    grads = K.gradients(score, inner)[0]
    iterate = K.function([model.input], [K.mean(grads, axis=(0, 1, 2)), inner[0], grads])
    pooled, activation, gradient = iterate([image()])
    assert pooled.shape == (5,)
    assert activation.shape == gradient.shape[1:]
    tail = K.function([inner], [score])  # from the middle of the model to its end
    check(lambda v: tail([v])[0][0], activation[None], gradient)


def test_saliency():
    model = convnet()
    best = K.max(model.output, axis=-1)
    (grads,) = K.gradients(best, [model.input])
    saliency = K.function([model.input], K.max(K.abs(grads), axis=-1))
    x = image(3)
    both = K.function([model.input], {"best": best, "grads": grads})(x)
    check(lambda v: np.max(model.predict(v, verbose=0), -1).sum(), x, both["grads"])
    np.testing.assert_allclose(saliency(x), np.abs(both["grads"]).max(-1), rtol=1e-12)


def test_gradients_by_weights():
    model = convnet()
    weights = model.trainable_weights
    loss = K.mean(K.square(model.output[:, 0] - 0.3))
    fetch = K.function([model.input], [loss, *K.gradients(loss, weights)])
    x = image(2)
    kernel, gradient = weights[0], fetch([x])[1]
    start = kernel.numpy()

    def at(value):
        K.set_value(kernel, value)
        return fetch([x])[0]

    check(at, start, gradient)
    assert fetch.trace_count == 1
    assert K.gradients(loss, [K.variable(1.0), weights[1]])[0] is None


def test_training_by_hand():
    """A training loop of `K.function` with updates, as custom optimisers were written."""
    x, y = K.placeholder((None, 2)), K.placeholder((None, 1))
    w, b, steps = K.variable(np.zeros((2, 1))), K.variable(np.zeros(1)), K.variable(0.0)
    loss = K.mean(K.square(K.dot(x, w) + b - y))
    updates = [K.update_sub(v, 0.2 * g) for v, g in zip([w, b], K.gradients(loss, [w, b]), strict=True)]
    train = K.function([x, y], [loss], updates=[*updates, (steps, lambda: steps + 1)])
    rows = np.random.default_rng(0).normal(size=(64, 2))
    targets = rows @ [[2.0], [-1.0]] + 0.5
    losses = [train([rows, targets])[0] for _ in range(100)]
    assert losses[-1] < 1e-8 < losses[0]
    np.testing.assert_allclose(K.get_value(w), [[2.0], [-1.0]], atol=1e-4)
    assert K.get_value(steps) == 100
    assert train.trace_count == 1


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_an_optimizer_in_a_function(name):
    """`get_updates`, as agents are trained: the weights become those that `train_on_batch` makes of the same loss."""
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    y = np.eye(2, dtype="float32")[np.arange(8) % 2]
    models = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        models.append(keras.Sequential([keras.Input((3,)), layers.Dense(2, activation="softmax")]))
    by_function, by_step = models
    by_step.compile(getattr(keras.optimizers, name)(0.1), "categorical_crossentropy")

    chosen, count = K.placeholder((None, 2)), K.variable(0.0)
    loss = -K.mean(K.log(K.sum(by_function.output * chosen, axis=1)))
    optimizer = getattr(keras.optimizers, name)(lr=0.1)
    updates = optimizer.get_updates(params=by_function.trainable_weights, loss=loss)
    train = K.function([by_function.input, chosen], [loss], updates=[*updates, (count, lambda: count + 1)])
    for _ in range(3):
        assert train([x, y])[0] == pytest.approx(float(by_step.train_on_batch(x, y)), rel=1e-5)
        for a, b in zip(by_function.get_weights(), by_step.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert K.get_value(optimizer.iterations) == K.get_value(count) == 3
    assert train.trace_count == 1
    with pytest.raises(ValueError, match="no gradient for any variable"):
        K.function([chosen], [], updates=optimizer.get_updates(K.sum(chosen), by_function.weights))([y])


# ---------------------------------------------------------------------- the learning phase
def test_learning_phase_as_an_input():
    model = convnet(dropout=0.5)
    hidden = model.get_layer("second").output
    loss = K.mean(hidden)
    grads = K.gradients(loss, model.input)[0]
    f = K.function([model.input, K.learning_phase()], [hidden, loss, grads])
    x = image()
    inference, loss_0, gradient = f([x, 0])
    check(lambda v: f([v, 0])[1], x, gradient)
    np.testing.assert_array_equal(f([x, 0])[0], inference)
    np.testing.assert_allclose(K.function([model.input], hidden)([x]), inference)
    training, loss_1, _ = f([x, 1])
    assert np.abs(training - inference).max() > 1e-3
    assert loss_1 == pytest.approx(training.mean())  # the loss and its gradient see the same dropout
    assert loss_0 == pytest.approx(inference.mean())
    assert f.trace_count == 2
    f([x, np.array(True)])
    assert f.trace_count == 2


def test_gradient_of_the_very_dropout_that_was_drawn():
    x = K.placeholder((40,))
    y = K.dropout(x, 0.5, seed=4)
    value, gradient = K.function([x], [y, K.gradients(K.sum(y), x)[0]])([np.ones(40)])
    np.testing.assert_array_equal(value, gradient)
    assert set(gradient) == {0.0, 2.0}
    y = K.dropout(x, 0.5)
    f = K.function([x], [y, K.gradients(K.sum(y), x)[0]])
    first, second = f([np.ones(40)]), f([np.ones(40)])
    np.testing.assert_array_equal(*first)
    assert (first[0] != second[0]).any()


def test_in_train_phase():
    x = K.placeholder((None, 2))
    f = K.function([x, K.learning_phase()], K.in_train_phase(x + 1, lambda: x - 1))
    g = K.function([x, K.learning_phase()], K.in_test_phase(x + 1, x - 1))
    zeros = np.zeros((1, 2))
    assert f([zeros, 1]).tolist() == g([zeros, 0]).tolist() == [[1.0, 1.0]]
    assert f([zeros, 0]).tolist() == g([zeros, 1]).tolist() == [[-1.0, -1.0]]
    model = keras.Model(x, K.in_train_phase(x * 2, x))
    assert np.asarray(model(np.ones((1, 2)), training=True)).tolist() == [[2.0, 2.0]]
    assert model.predict(np.ones((1, 2)), verbose=0).tolist() == [[1.0, 1.0]]
    K.set_learning_phase(1)
    assert K.learning_phase() == 1
    assert K.in_train_phase("train", "test") == "train"
    assert K.function([x], K.in_train_phase(x + 1, x))([zeros]).tolist() == [[1.0, 1.0]]
    with K.learning_phase_scope(0):
        assert K.learning_phase() == 0
    K.clear_session()
    assert K.is_placeholder(K.learning_phase())
    assert K.in_train_phase("train", "test") == "test"


def test_phase_as_a_number():
    x = K.placeholder((2,))
    scaled = x * (1.0 + K.cast(K.learning_phase(), K.floatx()))
    chosen = K.switch(K.learning_phase(), x, -x)
    f = K.function([x, K.learning_phase()], [scaled, chosen])
    assert [y.tolist() for y in f([np.ones(2), 1])] == [[2.0, 2.0], [1.0, 1.0]]
    assert [y.tolist() for y in f([np.ones(2), 0])] == [[1.0, 1.0], [-1.0, -1.0]]


def test_phase_inside_a_layer():
    class Noise(layers.Layer):
        def call(self, x, training=None):
            assert K.learning_phase() in (0, 1)
            return K.in_train_phase(x + 1.0, x, training=training)

    class Plain(layers.Layer):  # as in Keras 2, without an argument
        def call(self, x):
            return K.in_train_phase(x + 1.0, x)

    for layer in (Noise(), Plain()):
        model = keras.Sequential([keras.Input((2,)), layer])
        assert np.asarray(model(np.zeros((1, 2)), training=True)).tolist() == [[1.0, 1.0]]
        assert model.predict(np.zeros((1, 2)), verbose=0).tolist() == [[0.0, 0.0]]


# ---------------------------------------------------------------------- gradients as such
def test_gradients_of_gradients():
    x = K.placeholder((3,))
    (first,) = K.gradients(K.sum(K.exp(2 * x)), x)
    (second,) = K.gradients(K.sum(first), x)
    third = K.gradients(second, [x])[0]
    v = np.array([0.1, -0.4, 0.7])
    for order, y in enumerate(K.function([x], [first, second, third])([v]), 1):
        np.testing.assert_allclose(y, 2.0**order * np.exp(2 * v), rtol=1e-12)


def test_gradient_penalty_is_trained():
    """A model with a gradient in it learns: the gradient is differentiated by the weights."""
    x = keras.Input((3,))
    y = layers.Dense(1, use_bias=False)(layers.Dense(4, activation="tanh")(x))
    slope = K.gradients(y, x)[0]
    model = keras.Model(x, K.sum(K.square(slope), axis=-1, keepdims=True))
    model.compile(keras.optimizers.Adam(0.02), "mse")
    rows = np.random.default_rng(0).normal(size=(32, 3))
    history = model.fit(rows, np.ones((32, 1)), epochs=30, verbose=0).history["loss"]
    assert history[-1] < 0.2 * history[0]


def test_tensors_that_follow_from_each_other():
    x = K.placeholder((3,))
    h = x * 2
    k = h * h
    grads = K.gradients(K.sum(k * h), [k, x, h])
    by_k, by_x, by_h = K.function([x], grads)([np.array([1.0, 2.0, 3.0])])
    np.testing.assert_allclose(by_k, [2.0, 4.0, 6.0])
    np.testing.assert_allclose(by_h, [12.0, 48.0, 108.0])
    np.testing.assert_allclose(by_x, [24.0, 96.0, 216.0])


def test_two_ways_round_a_tensor():
    """A residual connection: part of what the loss needs lies before the tensor, and past it."""
    x = K.placeholder((3,))
    a = K.tanh(x)
    b = K.sin(a)
    loss = K.sum(a * b + K.square(b))
    f = K.function([x], [loss, a, b, *K.gradients(loss, [b, x])])
    v = np.array([0.5, -1.0, 2.0])
    _, a, b, by_b, by_x = f([v])
    np.testing.assert_allclose(by_b, a + 2 * b)
    check(lambda v: f([v])[0], v, by_x)


def test_none_where_there_is_no_way():
    x, other = K.placeholder((3,)), K.placeholder((3,))
    ids = K.placeholder((3,), dtype="int32")
    loss = K.sum(x * K.cast(ids, K.floatx()))
    grads = K.gradients(loss, [x, other, ids])
    assert grads[1:] == [None, None]
    stopped = K.gradients(K.sum(x * K.stop_gradient(x)), x)
    assert K.function([x], stopped)([[1.0, 2.0, 3.0]])[0].tolist() == [1.0, 2.0, 3.0]
    both = K.stop_gradient([x, other])
    assert len(both) == 2


def test_hidden_variables_of_a_lambda():
    w = K.variable([2.0, 3.0])
    x = K.placeholder((None, 2))
    y = layers.Lambda(lambda v: v * w)(x)
    assert K.function([x], K.gradients(K.sum(y), [w]))([np.ones((4, 2))])[0].tolist() == [4.0, 4.0]
    (grad,) = K.gradients(K.sum(K.square(w * x)), w)  # a variable as the argument of a function
    assert K.function([x], grad)([np.ones((1, 2))]).tolist() == [4.0, 6.0]


def test_a_mask_reaches_the_differentiated_part():
    ids = K.placeholder((None, 4), dtype="int32")
    embedded = layers.Embedding(5, 3, mask_zero=True)(ids)
    out = layers.LSTM(2)(embedded)
    (grad,) = K.gradients(K.sum(out), embedded)
    found = K.function([ids], grad)([[[1, 2, 0, 0]]])
    assert np.abs(found[0, :2]).min() > 0
    assert not found[0, 2:].any()


def test_a_mask_comes_out_of_the_differentiated_part():
    ids = keras.Input((4,), dtype="int32")
    table = layers.Embedding(5, 3, mask_zero=True)
    embedded = table(ids)
    loss, other = K.sum(layers.LSTM(2)(embedded)), layers.LSTM(2)(embedded)
    grads = K.gradients(loss, table.trainable_weights)
    x = np.array([[1, 2, 0, 0], [3, 0, 4, 0]])
    found = K.function([ids], [loss, other, *grads])([x])
    np.testing.assert_allclose(found[1], keras.Model(ids, other).predict(x, verbose=0), rtol=1e-9)
    np.testing.assert_allclose(found[0], keras.Model(ids, loss).predict(x, verbose=0), rtol=1e-9)
    assert not found[2][0].any()


def test_random_tensors_of_unknown_size():
    """Sampling as in a variational autoencoder: new draws at each call, as many as the batch."""
    z = keras.Input((3,))
    for draw in (K.random_normal, K.random_uniform, K.truncated_normal):
        sample = z + draw(shape=(K.shape(z)[0], K.int_shape(z)[1]))
        f = K.function([z], [sample, *K.gradients(sample, z)])
        assert sample.shape == (None, 3)
        first, gradient = f([np.zeros((5, 3))])
        assert first.shape == (5, 3)
        assert (first != f([np.zeros((5, 3))])[0]).any()
        np.testing.assert_array_equal(gradient, 1.0)


def test_unknown_sizes_in_shapes():
    x = keras.Input((2, 3))
    n = K.shape(x)[0]
    outputs = {
        "reshape": K.reshape(x, (n, 6)),
        "zeros": K.zeros((n, 2)),
        "ones": K.ones(K.shape(x), dtype="int32"),
        "tile": K.tile(K.constant([[1.0, 2.0]]), (n, 2)),
        "arange": K.arange(n),
        "number": n * 2 + K.shape(x)[1],
        "vector": K.shape(x),
        "known": K.constant(K.shape(x)[1:]),
    }
    assert outputs["zeros"].shape == (*outputs["reshape"].shape[:1], 2) == (None, 2)
    got = K.function([x], outputs)([np.ones((5, 2, 3))])
    assert got["reshape"].shape == (5, 6)
    assert got["zeros"].tolist() == [[0.0, 0.0]] * 5
    assert got["ones"].shape == (5, 2, 3)
    assert got["tile"].tolist() == [[1.0, 2.0] * 2] * 5
    assert got["arange"].tolist() == [0, 1, 2, 3, 4]
    assert got["number"] == 12
    assert got["vector"].tolist() == [5, 2, 3]
    assert got["known"].tolist() == [2.0, 3.0]
