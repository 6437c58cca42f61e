"""Functions of Keras 2's backend that tf-keras has no numbers for: values, settings, random draws, and errors."""

import itertools

import numpy as np
import pytest
from scipy import sparse as scipy_sparse

import keras
from keras import backend as K


def array(x):
    return keras.ops.convert_to_numpy(x)


def rows(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


# ---------------------------------------------------------------------- variables
def test_values_of_variables(engine):
    a, b = K.variable([1.0, 2.0], name="a"), K.variable(3, dtype="int32")
    assert (a.name, b.dtype) == ("a", "int32")
    assert K.variable(np.arange(3.0)).dtype == K.variable(np.arange(3)).dtype == "float32"
    K.set_value(a, [5.0, 6.0])
    assert K.get_value(a).tolist() == [5.0, 6.0]
    K.batch_set_value([(a, [7.0, 8.0]), (b, 9)])
    assert [v.tolist() for v in K.batch_get_value([a, b])] == [[7.0, 8.0], 9]
    assert K.get_value(1.5) == 1.5
    assert K.eval(a * 2 + 1).tolist() == [15.0, 17.0]
    with pytest.raises(ValueError, match="cannot assign a value of shape"):
        K.set_value(a, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"symbolic.*K\.function"):
        K.eval(K.placeholder((2,)))


def test_a_variable_keeps_its_constraint(engine):
    v = K.variable([1.0], constraint=keras.constraints.NonNeg())
    assert isinstance(v.constraint, keras.constraints.NonNeg)


def test_random_variables(engine):
    u = K.random_uniform_variable((200,), -1.0, 3.0, seed=1)
    n = K.random_normal_variable((2000,), 5.0, 0.1, seed=1)
    assert K.is_variable(u)
    assert u.shape == (200,)
    assert -1 <= u.numpy().min() < 0 < 2 < u.numpy().max() < 3
    assert n.numpy().mean() == pytest.approx(5.0, abs=0.02)
    assert n.numpy().std() == pytest.approx(0.1, rel=0.1)
    again = K.random_uniform_variable((200,), -1.0, 3.0, seed=1)
    np.testing.assert_array_equal(u.numpy(), again.numpy())


def test_updates_of_symbolic_values(engine):
    v, x = K.variable([1.0, 2.0]), K.placeholder((2,))
    for update, expected in [
        (K.update(v, x), [3.0, 4.0]),
        (K.update_add(v, x), [6.0, 8.0]),
        (K.update_sub(v, x), [3.0, 4.0]),
        (K.moving_average_update(v, x + 1, 0.5), [3.5, 4.5]),
    ]:
        run = K.function([x], [K.sum(x)], updates=[update])
        assert run([[3.0, 4.0]]) == [7.0]
        assert K.get_value(v).tolist() == expected


def test_updates_are_written_after_the_outputs(engine):
    a, b, x = K.variable(1.0), K.variable(2.0), K.placeholder(())
    swap = K.function([x], [x + a, x + b], updates=[(a, x * b), (b, x * a)])
    assert swap([1.0]) == [2.0, 3.0]
    assert [float(a), float(b)] == [2.0, 1.0]


# ---------------------------------------------------------------------- questions
def test_questions(engine):
    x, v, t = K.placeholder((None, 3), dtype="int32", name="x"), K.variable([1.0]), K.constant([[1.0, 2.0]])
    assert [K.is_placeholder(y) for y in (x, x + 1, v, t)] == [True, False, False, False]
    assert [K.is_keras_tensor(y) for y in (x, x + 1, v, t)] == [True, True, False, False]
    assert [K.is_tensor(y) for y in (x, v, t, [1.0])] == [True, True, True, False]
    assert [K.is_variable(y) for y in (x, v, t)] == [False, True, False]
    assert [K.dtype(y) for y in (x, v, t)] == ["int32", "float32", "float32"]
    assert [K.ndim(y) for y in (x, v, t)] == [2, 1, 2]
    assert [K.int_shape(y) for y in (x, v, t)] == [(None, 3), (1,), (1, 2)]
    assert K.get_variable_shape(v) == (1,)
    assert K.shape(t) == (1, 2)
    assert K.count_params(t) == 2
    assert int(array(K.size(t))) == 2
    assert K.function([x], K.size(x))([np.zeros((4, 3))]) == 12
    assert not K.is_sparse(t)
    assert K.to_dense(t) is t
    assert array(K.to_dense(scipy_sparse.eye(2, format="csr"))).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert K.placeholder(ndim=3).shape == (None, None, None)
    assert K.placeholder().shape == ()


def test_arithmetic_of_variables_and_symbolic_tensors(engine):
    v, x = K.variable([1.0, 2.0]), K.placeholder((2,))
    y = (v + x) * (x - v) / (1.0 + x) ** 2 - (-x) @ K.constant([1.0, 1.0])
    f = K.function([x], y)
    a, b = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    np.testing.assert_allclose(f([b]), (a + b) * (b - a) / (1 + b) ** 2 + b.sum(), rtol=1e-6)
    K.set_value(v, [0.0, 0.0])  # read at each call
    np.testing.assert_allclose(f([b]), b * b / (1 + b) ** 2 + b.sum(), rtol=1e-6)


def test_what_variables_alone_make_is_made_at_once(engine):
    v, x = K.variable([1.0, 2.0]), K.placeholder((2,))
    f = K.function([x], [K.square(v) * x, K.square(v * x)])
    K.set_value(v, [10.0, 20.0])
    assert [y.tolist() for y in f([[1.0, 1.0]])] == [[1.0, 4.0], [100.0, 400.0]]


def test_print_tensor(engine, capfd):
    x = K.placeholder((3,))
    printed = K.print_tensor(x * 2, message="x is")
    value, gradient = K.function([x], [printed, *K.gradients(printed * 3.0, x)])([[1.0, 2.0, 3.0]])
    assert value.tolist() == [2.0, 4.0, 6.0]
    assert gradient.tolist() == [6.0, 6.0, 6.0]
    assert "x is [2. 4. 6.]" in capfd.readouterr().out
    K.print_tensor(K.constant(np.arange(9)), summarize=2)
    assert "[0. 1. ... 7. 8.]" in capfd.readouterr().out


def test_print_tensor_prints_all(engine, capfd):
    array(K.print_tensor(K.constant(np.arange(9)), summarize=-1))
    assert "[0. 1. 2. 3. 4. 5. 6. 7. 8.]" in capfd.readouterr().out


# ---------------------------------------------------------------------- values by reference
def test_slice(engine):
    x = rows(3, 4, 5)
    np.testing.assert_array_equal(array(K.slice(x, [0, 1, 2], [-1, 2, 1])), x[:, 1:3, 2:3])
    p = K.placeholder((None, 4, 5))
    y = K.slice(p, [1, 0, 0], [-1, 4, 2])
    assert y.shape == (None, 4, 2)
    np.testing.assert_array_equal(K.function([p], y)([x]), x[1:, :, :2])
    with pytest.raises(ValueError, match=r"slice: .*one int per axis"):
        K.slice(x, [0], [1])


def test_batch_dot_of_every_rank(engine):
    sizes = {0: 4, 1: 2, 2: 3, 3: 5}
    for x_rank, y_rank in itertools.product((2, 3, 4), repeat=2):
        for a, b in itertools.product(range(1, x_rank), range(1, y_rank)):
            x, y = rows(*[sizes[i] for i in range(x_rank)]), rows(*[sizes[i] for i in range(y_rank)], seed=1)
            y = np.moveaxis(np.resize(np.moveaxis(y, b, -1), (*np.delete(y.shape, b), x.shape[a])), -1, b)
            expected = np.stack([np.tensordot(u, v, (a - 1, b - 1)) for u, v in zip(x, y, strict=True)])
            found = array(K.batch_dot(x, y, axes=(a, b)))
            np.testing.assert_allclose(found, expected.reshape(found.shape), rtol=1e-4, atol=1e-5)
            assert found.shape == (expected.shape if expected.ndim > 1 else (4, 1))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("strides", "dilation"), [((1, 1), (1, 1)), ((2, 3), (1, 1)), ((1, 1), (2, 2))])
def test_conv2d_transpose_is_the_transpose(engine, padding, strides, dilation):
    """<conv(x), y> = <x, transpose(y)> for images of every size that one size of output can come from."""
    kernel = rows(3, 2, 4, 5)
    for height, width in itertools.product((7, 8), (6, 7)):
        x = rows(2, height, width, 4)
        settings = {"strides": strides, "padding": padding, "dilation_rate": dilation}
        forward = array(K.conv2d(x, kernel, **settings))
        y = rows(*forward.shape, seed=2)
        back = array(K.conv2d_transpose(y, kernel, x.shape, **settings))
        assert (forward * y).sum() == pytest.approx((x * back).sum(), rel=1e-3, abs=1e-2)


def test_separable_conv1d_is_conv2d_of_height_1(engine):
    x, depth, point = rows(2, 7, 3), rows(3, 3, 2, seed=1), rows(1, 6, 4, seed=2)
    for settings in ({"padding": "same", "strides": 2}, {"dilation_rate": 2}):
        both = {k: v if k == "padding" else (v, v) for k, v in settings.items()}
        flat = array(K.separable_conv1d(x, depth, point, **settings))
        tall = array(K.separable_conv2d(x[:, None], depth[None], point[None], **both))[:, 0]
        np.testing.assert_allclose(flat, tall, rtol=1e-5, atol=1e-5)


def test_local_conv_with_one_kernel_is_conv(engine):
    x, kernel = rows(2, 6, 5, 3), rows(3, 2, 3, 4, seed=1)
    places = np.broadcast_to(kernel.reshape(1, 18, 4), (16, 18, 4))
    y = array(K.local_conv(x, places, (3, 2), (1, 1), (4, 4)))
    np.testing.assert_allclose(y, array(K.conv2d(x, kernel)), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match=r"local_conv: the kernel.*one row per window, 20"):
        K.local_conv(x, places, (3, 2), (1, 1), (4, 5))


def test_switch_by_row(engine):
    a, b = rows(3, 2), rows(3, 2, seed=1)
    chosen = array(K.switch(np.array([True, False, True]), a, b))
    np.testing.assert_array_equal(chosen, np.where([[True], [False], [True]], a, b))
    with pytest.raises(ValueError, match="switch: the condition has more axes"):
        K.switch(np.ones((3, 2, 1), bool), a, b)


def test_reshape_with_the_batch(engine):
    x, free = K.placeholder((None, 2, 6)), K.placeholder((None, None, 6))
    n = K.shape(x)[0]
    in_a_layer = keras.layers.Lambda(lambda t: K.reshape(t, (K.shape(t)[0], -1)))
    for source, y, shape in [
        (x, K.reshape(x, (n, -1)), (None, 12)),
        (x, K.reshape(x, (n, -1, 4)), (None, 3, 4)),
        (x, K.reshape(x, (-1, n)), (12, None)),
        (x, in_a_layer(x), (None, None)),
        (free, K.reshape(free, (K.shape(free)[0], -1)), (None, None)),
    ]:
        assert y.shape == shape
        value = K.function([source], y)([rows(3, 2, 6)])
        np.testing.assert_array_equal(value.ravel(), rows(3, 2, 6).ravel())
        assert all(d in (None, size) for d, size in zip(shape, value.shape, strict=True))


# ---------------------------------------------------------------------- random draws
def test_random_draws(engine):
    shape = (4000,)
    draws = {
        "normal": (array(K.random_normal(shape, 1.0, 2.0, seed=1)), 1.0, 2.0),
        "uniform": (array(K.random_uniform(shape, -1.0, 3.0, seed=1)), 1.0, 4 / np.sqrt(12)),
        "bernoulli": (array(K.random_bernoulli(shape, p=0.3, seed=1)), 0.3, np.sqrt(0.21)),
        "binomial": (array(K.random_binomial(shape, p=0.3, seed=2)), 0.3, np.sqrt(0.21)),
        "truncated": (array(K.truncated_normal(shape, 1.0, 2.0, seed=1)), 1.0, 2 * 0.8796),
    }
    for name, (x, mean, std) in draws.items():
        assert x.dtype == np.float32, name
        assert x.mean() == pytest.approx(mean, abs=4 * std / np.sqrt(len(x))), name
        assert x.std() == pytest.approx(std, rel=0.06), name
    assert np.abs(draws["truncated"][0] - 1).max() <= 4
    assert set(draws["bernoulli"][0]) == {0.0, 1.0}
    whole = array(K.random_uniform((300,), 0, 3, dtype="int32"))
    assert whole.dtype == np.int32
    assert set(whole) == {0, 1, 2}
    np.testing.assert_array_equal(array(K.random_normal((5,), seed=3)), array(K.random_normal((5,), seed=3)))


def test_dropout(engine):
    x = array(K.dropout(np.ones((100, 50), "float32"), 0.25, noise_shape=(100, 1), seed=1))
    assert (x == x[:, :1]).all()
    np.testing.assert_allclose(sorted({float(v) for v in x[:, 0]}), [0.0, 4 / 3], rtol=1e-6)


# ---------------------------------------------------------------------- settings
def test_settings(engine):
    assert K.backend() == engine.name
    assert (K.floatx(), K.epsilon(), K.image_data_format()) == ("float32", 1e-7, "channels_last")
    K.set_floatx("float64")
    K.set_epsilon(1e-5)
    K.set_image_data_format("channels_first")
    assert (K.floatx(), K.epsilon(), K.image_data_format()) == ("float64", 1e-5, "channels_first")
    assert K.image_dim_ordering() == "th"
    assert K.normalize_data_format(None) == "channels_first"
    assert K.variable(1.5).dtype == "float64"
    assert K.bias_add(rows(2, 3, 4), [1.0, 2.0, 3.0]).shape == (2, 3, 4)
    K.set_image_dim_ordering("tf")
    assert K.image_data_format() == "channels_last"
    with pytest.raises(ValueError, match=r"set_image_dim_ordering.*'mx'"):
        K.set_image_dim_ordering("mx")
    with pytest.raises(ValueError, match=r"data_format.*'last'"):
        K.normalize_data_format("last")


def test_names(engine):
    K.get_uid("thing")
    K.reset_uids()
    assert K.get_uid("thing") == 1
    with K.name_scope("outer"):
        assert K.variable(1.0, name="v").path == "outer/v"


def test_what_sessions_did(engine):
    with pytest.raises(RuntimeError, match=r"get_session: .*K\.function"):
        K.get_session()
    with pytest.raises(RuntimeError, match=r"set_session: .*Leave the call out"):
        K.set_session(object())
    K.manual_variable_initialization(False)
    with pytest.raises(ValueError, match="manual_variable_initialization"):
        K.manual_variable_initialization(True)
    with K.control_dependencies([K.update(K.variable(1.0), 2.0)]):
        assert K.symbolic(len) is K.eager(len) is len


# ---------------------------------------------------------------------- errors
def test_a_list_of_outputs_that_changes_after_the_function(engine):
    x = K.placeholder((2,))
    outputs = [x + 1.0]
    f = K.function([x], outputs)
    outputs.append(x * 2.0)
    assert [y.tolist() for y in f([[1.0, 2.0]])] == [[2.0, 3.0]]


def test_errors_of_functions(engine):
    x, other = K.placeholder((None, 3)), K.placeholder((2,), name="other")
    f = K.function([x], [K.sum(x)])
    with pytest.raises(ValueError, match=r"expected a list of 1 values.*Received: 2"):
        f([np.ones((1, 3)), 1])
    with pytest.raises(ValueError, match=r"input 0 .*must have the shape \(None, 3\)\. Received: \(1, 2\)"):
        f([np.ones((1, 2))])
    with pytest.raises(ValueError, match="needs the tensor 'other'"):
        K.function([x], [x + other[0]])
    with pytest.raises(ValueError, match="input 0 must be a symbolic tensor"):
        K.function([K.variable(1.0)], [x])
    with K.learning_phase_scope(0), pytest.raises(ValueError, match="A learning phase that is fixed"):
        K.function([x, K.learning_phase()], [x])
    a, b = K.placeholder((None,)), K.placeholder((None,))
    with pytest.raises(
        ValueError, match=r'"total": add: shapes do not broadcast\. Received: \(3,\) and \(4,\)'
    ):
        K.function([a, b], a + b, name="total")([np.ones(3), np.ones(4)])
    with pytest.raises(ValueError, match="output 1 is None"):
        K.function([x], [x, *K.gradients(x, other)])
    with pytest.raises(ValueError, match=r"\['feed_dict'\] are settings of TensorFlow 1 sessions"):
        K.function([x], [x], feed_dict={})
    with pytest.raises(ValueError, match="function of no arguments"):
        K.function([x], [x], updates=[K.update_add(K.variable(0.0), 1.0)])


def test_errors_of_gradients(engine):
    x, ids = K.placeholder((3,)), K.placeholder((3,), dtype="int32")
    with pytest.raises(ValueError, match=r"has a value already.*value_and_grad"):
        K.gradients(K.sum(K.variable([1.0])), [K.variable(1.0)])
    with pytest.raises(ValueError, match="must be a float tensor"):
        K.gradients(ids, x)
    with pytest.raises(ValueError, match="must be symbolic tensors or variables"):
        K.gradients(x, [np.ones(3)])


def test_errors_of_phases_and_shapes(engine):
    with pytest.raises(ValueError, match=r"set_learning_phase: expected 0 .*Received: 2"):
        K.set_learning_phase(2)
    x = K.placeholder((None, 3))
    with pytest.raises(ValueError, match=r"elements of `K\.shape"):
        K.reshape(x, (K.shape(x)[0] * 3,))
    with pytest.raises(ValueError, match="batch_dot: the axes that are summed over have different sizes"):
        K.batch_dot(rows(2, 3), rows(2, 4))
    with pytest.raises(ValueError, match="batch_dot: `x` and `y` need a batch"):
        K.batch_dot(rows(2, 3), rows(2, 3), axes=0)
    with pytest.raises(ValueError, match="batch_dot: `axes` are out of range"):
        K.batch_dot(rows(2, 3), rows(2, 3), axes=2)
    with pytest.raises(ValueError, match=r"bias_add: the bias must have 1 axis or 2"):
        K.bias_add(rows(2, 3, 4), rows(2, 3, 4))
    with pytest.raises(ValueError, match="repeat: expected a tensor"):
        K.repeat(rows(2, 3, 4), 2)
    with pytest.raises(ValueError, match='pool2d: Unknown pool_mode "mean"'):
        K.pool2d(rows(1, 4, 4, 1), (2, 2), pool_mode="mean")
    with pytest.raises(ValueError, match="pool2d: expected a tensor of rank 4"):
        K.pool2d(rows(4, 4, 1), (2, 2))
    with pytest.raises(ValueError, match="conv2d_transpose: the output shape"):
        K.conv2d_transpose(rows(1, 3, 3, 1), rows(3, 3, 2, 1), (1, 9, 9, 2))
    with pytest.raises(ValueError, match="spatial_2d_padding: `padding` must be 2 pairs"):
        K.spatial_2d_padding(rows(1, 3, 3, 1), (1, 1))
    with pytest.raises(ValueError, match="foldl: there is nothing to begin with"):
        K.foldl(lambda a, b: a + b, np.zeros((0, 2), "float32"))


def test_functions_take_what_programs_gave_them(engine):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    x = rows(5, 3)
    third = K.function([model.layers[0].input], [model.layers[1].output])
    (hidden,) = third([x])
    np.testing.assert_allclose(hidden, np.asarray(model.predict(x, verbose=0)), rtol=1e-5, atol=1e-6)
    second_half = K.function([model.layers[0].output], [model.layers[1].output])  # from an inner tensor
    (middle,) = K.function([model.input], [model.layers[0].output])([x])
    np.testing.assert_allclose(second_half([middle])[0], hidden, rtol=1e-5, atol=1e-6)
    assert isinstance(hidden, np.ndarray)
    assert K.function(model.inputs, model.outputs)([x.tolist()])[0].shape == (5, 2)
    single = K.function(model.input, model.output)
    np.testing.assert_allclose(single(x), single([x]))
    np.testing.assert_allclose(single(K.constant(x)), hidden, rtol=1e-5, atol=1e-6)
    assert "function" in repr(third)
