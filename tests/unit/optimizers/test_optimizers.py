"""Learning rates, missing gradients, names, files and configs of optimizers."""

import numpy as np
import pytest

import keras.optimizers.kernels as kernels
from keras import Variable, backend, ops, optimizers
from keras.backend.state import name_scope, reset_names
from keras.backend.tracing import Compiled
from keras.optimizers import schedules


@pytest.fixture(autouse=True)
def _names_start_anew():
    reset_names()


def variables():
    with name_scope("net/dense"):
        return [
            Variable(np.ones((2, 2), "float32"), name="kernel"),
            Variable(np.zeros(2, "float32"), name="bias"),
        ]


def ones(*shapes):
    return [ops.ones(s) for s in shapes]


def test_variables_have_the_names_and_order_of_keras():
    adam = optimizers.Adam(amsgrad=True, use_ema=True)
    adam.build(variables())
    assert [v.path for v in adam.variables] == [
        "adam/iteration",
        "adam/learning_rate",
        "adam/net_dense_kernel_average",
        "adam/net_dense_bias_average",
        "adam/net_dense_kernel_momentum",
        "adam/net_dense_kernel_velocity",
        "adam/net_dense_bias_momentum",
        "adam/net_dense_bias_velocity",
        "adam/net_dense_kernel_velocity_hat",
        "adam/net_dense_bias_velocity_hat",
    ]
    assert optimizers.RMSprop().name == "rm_sprop"
    assert optimizers.AdamW().name == "adam_w"
    assert optimizers.Adam().name == "adam_1"


def test_slots_exist_before_a_trace_and_only_once(engine):
    optimizer, weights = optimizers.Adam(), variables()
    optimizer.build(weights)
    slots = optimizer.variables
    optimizer.apply(ones((2, 2), (2,)), weights)
    assert [id(v) for v in optimizer.variables] == [id(v) for v in slots]
    assert int(optimizer.iterations) == 1


def test_learning_rate_can_be_set_between_compiled_steps(engine):
    weight = Variable(np.zeros((), "float32"), name="w")
    optimizer = optimizers.SGD(1.0)
    optimizer.build([weight])

    @Compiled
    def step(grad):
        optimizer.apply([grad], [weight])
        return optimizer.iterations

    grad = ops.ones(())
    step(grad)
    optimizer.learning_rate = 0.25
    step(grad)
    optimizer.learning_rate.assign(0.5)
    step(grad)
    assert float(weight.numpy()) == -1.75
    assert float(optimizer.learning_rate) == 0.5
    assert step.trace_count == 1


def test_learning_rate_function_and_schedule(engine):
    optimizer = optimizers.SGD(lambda: 0.3)
    assert float(optimizer.learning_rate) == 0.3
    optimizer = optimizers.SGD(schedules.ExponentialDecay(0.1, 1, 0.5))
    assert len(optimizer.variables) == 1
    with pytest.raises(TypeError, match="ExponentialDecay as its learning_rate"):
        optimizer.learning_rate = 0.1
    weight = Variable(np.zeros((), "float32"), name="w")
    for _ in range(2):
        optimizer.apply([ops.ones(())], [weight])
    np.testing.assert_allclose(weight.numpy(), -0.15, rtol=1e-6)


def test_missing_gradients_are_named_once(engine):
    optimizer, weights = optimizers.SGD(1.0), variables()
    with pytest.warns(UserWarning, match="no gradient for net/dense/bias;"):
        optimizer.apply([ops.ones((2, 2)), None], weights)
    optimizer.apply([ops.ones((2, 2)), None], weights)
    assert weights[0].numpy().tolist() == [[-1.0, -1.0], [-1.0, -1.0]]
    with pytest.raises(ValueError, match="no gradient for any variable"):
        optimizer.apply([None, None], weights)


def test_wrong_use_is_explained(engine):
    optimizer, weights = optimizers.SGD(), variables()
    with pytest.raises(ValueError, match="trainable_variables"):
        optimizer.apply(ones((2, 2)))
    optimizer.build(weights)
    with pytest.raises(ValueError, match="1 gradients for 2 variables"):
        optimizer.apply(ones((2, 2)))
    with pytest.raises(ValueError, match="was not built with the variable 'w'"):
        optimizer.apply(ones((2,)), [Variable(np.ones(2, "float32"), name="w")])
    with pytest.raises(ValueError, match="before it is built"):
        optimizer.exclude_from_weight_decay(var_names=["bias"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: optimizers.SGD(learn_rate=0.1),
            "SGD has no argument 'learn_rate'. Did you mean \"learning_rate\"",
        ),
        (lambda: optimizers.SGD(lr="fast"), "learning_rate must be a number"),
        (
            lambda: optimizers.SGD(schedules.CosineDecay(0.1, 9), decay=0.1),
            "SGD: learning_rate must be a number",
        ),
        (lambda: optimizers.Adam(beta1=0.1), 'Did you mean "beta_1"'),
        (lambda: optimizers.SGD(clipnorm=1.0, clipvalue=1.0), "only one of clipnorm"),
        (lambda: optimizers.SGD(use_ema=True, ema_momentum=2), "ema_momentum"),
        (lambda: optimizers.SGD(gradient_accumulation_steps=1), "at least 2"),
        (lambda: optimizers.SGD(ema_overwrite_frequency=0), "at least 1"),
        (lambda: optimizers.SGD(momentum=2.0), "momentum must lie in"),
        (lambda: optimizers.AdamW(weight_decay=None), "AdamW needs a weight_decay"),
        (lambda: optimizers.Ftrl(learning_rate_power=1.0), "at most 0"),
        (
            lambda: optimizers.Ftrl(initial_accumulator_value=-0.1),
            "initial_accumulator_value must not be neg",
        ),
        (
            lambda: optimizers.Ftrl(l1_regularization_strength=-0.1),
            "l1_regularization_strength must not be neg",
        ),
        (
            lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), clipnorm=1.0),
            "clipnorm belongs to the inner",
        ),
        (
            lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), use_ema=True),
            "use_ema belongs to the inner",
        ),
        (lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), dynamic=False), "loss_scale_factor"),
        (lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), foo=1), "has no argument 'foo'"),
        (lambda: optimizers.Lion(beta_1=0.0), "beta_1"),
        (lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), initial_scale=0.0), "initial_scale"),
        (lambda: optimizers.get("adan"), 'Did you mean "adam"'),
        (lambda: optimizers.SGD("0.1"), "SGD: learning_rate must be a number.*0.1 of type str"),
        (lambda: optimizers.Adam(float("nan")), "Adam: learning_rate must be"),
        (lambda: optimizers.Adam(None), "Adam: learning_rate must be"),
        (lambda: schedules.PiecewiseConstantDecay([1], [0.1]), "one value more"),
        (lambda: schedules.CosineDecay(0.1, 0), "decay_steps must be positive"),
    ],
)
def test_wrong_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()
    with pytest.raises(TypeError, match="optimizer: expected"):
        optimizers.get(lambda: None)


@pytest.mark.parametrize("rate", [float("nan"), np.float32("nan"), "0.1", None])
def test_a_rate_that_is_set_is_checked_too(rate):
    optimizer = optimizers.SGD(0.5)
    with pytest.raises(ValueError, match="SGD: learning_rate must be a number"):
        optimizer.learning_rate = rate
    assert float(optimizer.learning_rate) == 0.5


def test_names():
    for name in ("adam", "Adam", "ADAM", "rmsprop", "RMSprop", "adamw", "lamb"):
        assert type(optimizers.get(name)).__name__.lower() == name.lower()
    one = optimizers.SGD()
    assert optimizers.get(one) is one
    assert optimizers.get(None) is None
    assert optimizers.get({"class_name": "rmsprop", "config": {"rho": 0.5}}).rho == 0.5
    assert (
        float(optimizers.get({"class_name": "SGD", "config": {"learning_rate": 0.25}}).learning_rate) == 0.25
    )


def test_configs_of_keras_2_are_read():
    config = {"name": "SGD", "lr": 0.5, "decay": 0.5, "momentum": 0.9, "nesterov": False, "jit_compile": True}
    optimizer = optimizers.deserialize({"class_name": "SGD", "config": config})
    assert float(optimizer._learning_rate(2)) == 0.25
    assert optimizer.momentum == 0.9
    new_style = {"name": "Adam", "is_legacy_optimizer": False, "learning_rate": 0.5, "beta_1": 0.8}
    assert optimizers.deserialize({"class_name": "Adam", "config": new_style}).beta_1 == 0.8


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (
            lambda: optimizers.SGD(lr=0.5, decay=0.25, momentum=0.9, nesterov=True),
            [-0.3571666479110718, 1.4590831995010376],
        ),
        (lambda: optimizers.RMSprop(lr=0.5, decay=0.25), [-0.13186466693878174, 1.9850914478302002]),
    ],
)
def test_arguments_of_keras_2(engine, optimizer, expected):
    """A rate that decays: what three steps of tf-keras 2.21's legacy optimizers make of [1, 2]."""
    optimizer, v = optimizer(), Variable(np.array([1.0, 2.0], "float32"))
    for gradient in ([1.0, -0.5], [0.25, 1.0], [-1.0, 0.5]):
        optimizer.apply([ops.convert_to_tensor(gradient)], [v])
    np.testing.assert_allclose(v.numpy(), expected, rtol=1e-5)
    again = type(optimizer).from_config(optimizer.get_config())
    assert float(again._learning_rate(2)) == pytest.approx(0.5 / 1.5)


def test_the_rate_is_found_as_lr(engine):
    optimizer = optimizers.Adam(lr=0.25)
    assert backend.get_value(optimizer.lr) == 0.25
    backend.set_value(optimizer.lr, 0.5)
    assert float(optimizer.learning_rate) == 0.5
    optimizer.lr = 0.125
    assert float(optimizer.learning_rate) == 0.125


def test_schedules_survive_a_config():
    optimizer = optimizers.Adam(schedules.CosineDecay(0.1, 10))
    again = optimizers.Adam.from_config(optimizer.get_config())
    assert isinstance(again._learning_rate, schedules.CosineDecay)


def test_save_and_load_own_variables(engine):
    first, weights = optimizers.Adam(), variables()
    first.apply(ones((2, 2), (2,)), weights)
    store = {}
    first.save_own_variables(store)
    second = optimizers.Adam()
    second.build(variables())
    second.load_own_variables(store)
    for a, b in zip(first.variables, second.variables, strict=True):
        assert np.array_equal(a.numpy(), b.numpy())
    with pytest.warns(UserWarning, match="state is not loaded"):
        optimizers.SGD().load_own_variables(store)


def test_stateless_apply_changes_nothing(engine):
    optimizer, weights = optimizers.SGD(0.5, momentum=0.9), variables()
    optimizer.build(weights)
    values = [v.numpy() for v in weights]
    own = [v.numpy() for v in optimizer.variables]
    trained, state = optimizer.stateless_apply(own, ones((2, 2), (2,)), values)
    assert ops.convert_to_numpy(trained[0]).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert int(state[0]) == 1
    assert int(optimizer.iterations) == 0
    assert weights[0].numpy().tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_constraints_and_overwriting_gradients(engine):
    limited, replaced = (Variable(np.ones(2, "float32"), name=n) for n in ("limited", "replaced"))
    limited.constraint = lambda w: ops.clip(w, -0.5, 0.5)
    replaced.overwrite_with_gradient = True
    optimizer = optimizers.SGD(1.0)
    optimizer.apply_gradients([(ops.ones(2) * 9.0, limited), (ops.ones(2) * 7.0, replaced)])
    assert limited.numpy().tolist() == [-0.5, -0.5]
    assert replaced.numpy().tolist() == [7.0, 7.0]


def test_of_accumulated_overwriting_gradients_the_largest_counts(engine):
    """Values of Keras 3.15.1."""
    replaced, moved = (Variable(np.array([1.0, 2.0], "float32"), name=n) for n in ("replaced", "moved"))
    replaced.overwrite_with_gradient = True
    optimizer = optimizers.SGD(1.0, gradient_accumulation_steps=3)
    for gradient in ([1.0, 5.0], [4.0, 2.0], [2.0, 1.0]):
        assert replaced.numpy().tolist() == [1.0, 2.0]
        gradient = ops.convert_to_tensor(gradient)
        optimizer.apply_gradients([(gradient, replaced), (gradient, moved)])
    assert replaced.numpy().tolist() == [4.0, 5.0]
    np.testing.assert_allclose(moved.numpy(), [-4 / 3, -2 / 3], rtol=1e-6)


def test_a_step_that_only_overwrites_counts(engine):
    replaced = Variable(np.zeros(1, "float32"), name="replaced")
    replaced.overwrite_with_gradient = True
    optimizer = optimizers.SGD(1.0, gradient_accumulation_steps=2)
    for _ in range(2):
        optimizer.apply([ops.ones(1)], [replaced])
    assert (int(optimizer.iterations), replaced.numpy().tolist()) == (1, [1.0])


def test_averages_at_the_end(engine):
    optimizer = optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    weight = Variable(np.zeros((), "float32"), name="w")
    for _ in range(2):
        optimizer.apply([ops.ones(())], [weight])
    optimizer.finalize_variable_values([weight])
    assert float(weight.numpy()) == -1.5


def test_own_optimizer(engine):
    class Signed(optimizers.Optimizer):
        def __init__(self, learning_rate=0.1, **kwargs):
            super().__init__(learning_rate=learning_rate, **kwargs)

        def build(self, variables):
            super().build(variables)
            self.counts = [self.add_variable_from_reference(v, "count") for v in variables]

        def update_step(self, gradient, variable, learning_rate):
            self.assign_add(self.counts[self._get_variable_index(variable)], ops.ones_like(gradient))
            self.assign_sub(variable, ops.sign(gradient) * learning_rate)

    optimizer, weights = Signed(0.5, clipnorm=1.0), variables()
    optimizer.apply(ones((2, 2), (2,)), weights)
    assert weights[1].numpy().tolist() == [-0.5, -0.5]
    assert optimizer.variables[-1].path == "signed/net_dense_bias_count"
    assert Signed.from_config(optimizer.get_config()).clipnorm == 1.0


def test_loss_scale():
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.25), initial_scale=8.0)
    assert float(optimizer.scale_loss(2.0)) == 16.0
    assert float(optimizer.learning_rate) == 0.25
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert float(again.inner_optimizer.learning_rate) == 0.25
    inner = optimizers.SGD(0.5, loss_scale_factor=100.0)
    weight = Variable(np.array([1.0, 2.0], "float32"), name="w")
    optimizers.LossScaleOptimizer(inner, initial_scale=8.0).apply([ops.ones(2) * 8.0], [weight])
    assert weight.numpy().tolist() == [0.5, 1.5]
    idle = {"clipnorm": None, "use_ema": False, "ema_momentum": 0.99, "dynamic": True}
    optimizers.LossScaleOptimizer.from_config({**optimizer.get_config(), **idle})


@pytest.mark.parametrize("name", ["momentum_update", "rmsprop_update", "adam_update"])
def test_kernel_override_equals_the_body(engine, name):
    rng = np.random.default_rng(0)
    p, g, m, v = (ops.convert_to_tensor(rng.uniform(0.1, 1, (3, 2)).astype("float32")) for _ in range(4))
    lr, step = ops.convert_to_tensor(0.1), ops.convert_to_tensor(3.0)
    arguments = {
        "momentum_update": (p, g, m, lr, 0.9, True),
        "rmsprop_update": (p, g, v, lr, 0.9, 1e-7),
        "adam_update": (p, g, m, v, lr, 0.9, 0.999, 1e-7, step),
    }[name]
    kernel = getattr(kernels, name)
    for got, expected in zip(kernel(*arguments), kernel.body(*arguments), strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(got), ops.convert_to_numpy(expected), rtol=1e-6)


def accumulated(learning_rate, **options):
    """A weight after each of four steps by growing gradients, of which two at a time are added up; the optimizer."""
    weight = Variable(np.array([1.0, 2.0], "float32"), name="w")
    optimizer, seen = optimizers.SGD(learning_rate, gradient_accumulation_steps=2, **options), []
    for i in range(1, 5):
        optimizer.apply([ops.convert_to_tensor(np.array([1.0, -0.5], "float32") * i)], [weight])
        seen.append(weight.numpy().tolist())
    return np.array(seen), optimizer


def test_a_schedule_counts_every_call_of_accumulated_gradients(engine):
    """Values of Keras 3.15.1."""
    seen, optimizer = accumulated(schedules.ExponentialDecay(0.1, 1, 0.5))
    expected = [[1.0, 2.0], [0.925, 2.0375], [0.925, 2.0375], [0.88125, 2.059375]]
    np.testing.assert_allclose(seen, expected, rtol=1e-6)
    np.testing.assert_allclose(float(optimizer.learning_rate), 0.00625, rtol=1e-6)


@pytest.mark.parametrize(("every", "last"), [(None, [0.5, 2.25]), (2, [0.675, 2.1625])])
def test_averages_move_with_every_call_of_accumulated_gradients(engine, every, last):
    """Values of Keras 3.15.1."""
    seen, optimizer = accumulated(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=every)
    np.testing.assert_allclose(seen, [[1.0, 2.0], [0.85, 2.075], [0.85, 2.075], last], rtol=1e-6)
    average = next(v for v in optimizer.variables if v.name == "w_average")
    np.testing.assert_allclose(average.numpy(), [0.675, 2.1625], rtol=1e-6)


def test_constraints_hold_while_gradients_accumulate(engine):
    """As in Keras 3.15.1."""
    weight = Variable(np.array([-1.0, 2.0], "float32"), name="w")
    weight.constraint = lambda w: ops.maximum(w, 0.0)
    optimizers.SGD(0.1, gradient_accumulation_steps=2).apply([ops.ones(2)], [weight])
    assert weight.numpy().tolist() == [0.0, 2.0]
