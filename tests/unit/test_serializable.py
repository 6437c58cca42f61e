"""Configs: what constructors capture, what `serialize` writes, and that both come back."""

import copy
import functools
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from keras import activations, initializers, serializable
from keras.serializable import (
    Serializable,
    custom_object_scope,
    deserialize,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    keep_functions,
    register_keras_serializable,
    serialize,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "configs" / "configs.json").read_text())


def through_json(data):
    return json.loads(json.dumps(data))


# What a family's base class does (a layer, in the library).
class Base(Serializable):
    _not_in_config = frozenset({"input_shape"})

    def __init__(self, *, name=None, trainable=True, input_shape=None):
        self.name, self.trainable = name or "auto", trainable

    def _base_config(self):
        return {"name": self.name, "trainable": self.trainable}


class Plain(Base):
    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units = (units, units)  # a user's attribute need not hold the argument
        self.activation = Base()


class Settled(Base):
    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units = (units, units)
        self.activation = activation or "linear"

    __init__.__module__ = "keras.layers"


Settled.__module__ = (
    "keras.layers"  # stands for a class of the library: its attributes hold the settled arguments
)


class FixedChild(Plain):
    def __init__(self, units, **kwargs):
        super().__init__(units, activation="relu", **kwargs)


class OverridingChild(Settled):
    def __init__(self, extra, **kwargs):
        super().__init__(**kwargs)
        self.extra = extra

    def get_config(self):
        return {**super().get_config(), "extra": self.extra}


class Overriding(Base):
    def __init__(self, extra, **kwargs):
        super().__init__(**kwargs)

    def get_config(self):
        return super().get_config()


class Inherits(Plain):
    pass


class Star(Serializable):
    def __init__(self, first, *rest, flag=True):
        self.rest = rest


class LeavesOut(Base):
    _not_in_config = frozenset({"values"})

    def __init__(self, size, values=None, **kwargs):
        super().__init__(**kwargs)


class LeavesOutToo(LeavesOut):
    def __init__(self, size, values=None, input_shape="mine", **kwargs):
        super().__init__(size, values, **kwargs)


class Repeats(Base):
    def __init__(self, name=None):
        super().__init__(name=name)


class Holder(Serializable):
    def __init__(self, part, table=None):
        self.part, self.table = part, table


BASE = {"name": "auto", "trainable": True}


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (lambda: Plain(3), {**BASE, "units": 3, "activation": None}),
        (
            lambda: Plain(3, "relu", name="n"),
            {"name": "n", "trainable": True, "units": 3, "activation": "relu"},
        ),
        (lambda: Plain(activation="x", units=2, input_shape=(3,)), {**BASE, "units": 2, "activation": "x"}),
        (lambda: Inherits(3), {**BASE, "units": 3, "activation": None}),
        (lambda: Settled(3), {**BASE, "units": (3, 3), "activation": "linear"}),
        (lambda: FixedChild(3), {**BASE, "units": 3}),
        (lambda: Overriding(3, name="n"), {"name": "n", "trainable": True}),
        (
            lambda: OverridingChild(1, units=3, name="n"),
            {"name": "n", "trainable": True, "units": (3, 3), "activation": "linear", "extra": 1},
        ),
        (lambda: LeavesOut(3, values=[1], input_shape=(2,)), {**BASE, "size": 3}),
        (lambda: LeavesOutToo(3, [1]), {**BASE, "size": 3, "input_shape": "mine"}),
        (lambda: Repeats(), BASE),
        (lambda: Star(1, 2, 3), {"first": 1, "rest": (2, 3), "flag": True}),
    ],
)
def test_captured_arguments(obj, expected):
    assert obj().get_config() == expected


@pytest.mark.parametrize("obj", [Plain(3, "relu", name="n"), FixedChild(3), Star(1, 2, 3), Star(1)])
def test_config_round_trip(obj):
    again = type(obj).from_config(through_json(obj.get_config()))
    assert through_json(again.get_config()) == through_json(obj.get_config())


def test_open_arguments_that_nobody_gave_are_left_out():
    """Real Keras writes none, and hands what the config holds to the constructor by name."""

    class Open(Serializable):
        def __init__(self, a, *args, b=2, **kwargs):
            self.given = a, args, b

    assert Open(1).get_config() == {"a": 1, "b": 2}
    assert Open(1, 5).get_config() == {"a": 1, "args": (5,), "b": 2}
    assert Open.from_config(Open(1, 5).get_config()).given == (1, (5,), 2)


def test_config_survives_copies():
    obj = Plain(3, name="n")
    for other in (copy.copy(obj), copy.deepcopy(obj), pickle.loads(pickle.dumps(obj))):
        assert other.get_config() == obj.get_config()


def test_wrong_arguments_fail_as_in_any_class():
    with pytest.raises(TypeError, match="unexpected keyword argument 'unit'"):
        Star(1, unit=3)
    with pytest.raises(TypeError, match="unit"):
        Plain.from_config({"unit": 3})


def test_objects_inside_become_configs_and_come_back():
    obj = Holder(initializers.HeNormal(seed=3), {"inner": [initializers.Ones(), 2]})
    config = through_json(obj.get_config())
    assert config["part"] == {
        "module": "keras.initializers",
        "class_name": "HeNormal",
        "config": {"seed": 3, "input_axes": None, "output_axes": None},
        "registered_name": None,
    }
    again = Holder.from_config(config)
    assert isinstance(again.part, initializers.HeNormal)
    assert isinstance(again.table["inner"][0], initializers.Ones)


def test_idle_arguments_of_keras_are_dropped_only_when_none():
    assert Star.from_config({"first": 1, "quantization_config": None}).rest == ()
    with pytest.raises(TypeError, match="quantization_config"):
        Star.from_config({"first": 1, "quantization_config": {"a": 1}})
    with pytest.raises(TypeError, match="other"):
        Star.from_config({"first": 1, "other": None})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("array", np.arange(4.0).reshape(2, 2)),
        ("number", np.float32(0.5)),
        ("count", np.int64(3)),
        ("flag", np.bool_(True)),
        ("slice", slice(1, None, 2)),
        ("ellipsis", Ellipsis),
        ("bytes", b"ab"),
        ("nested", [1, (2, {"k": None})]),
        ("function", activations.relu),
        ("type", np.float32),
    ],
)
def test_plain_data_as_keras_writes_it(name, value):
    written = serialize(value)
    assert through_json(written) == GOLDEN["plain"][name]
    again = deserialize(written)
    assert np.array_equal(again, value) if name == "array" else again == value
    assert type(written) is not np.float32


@pytest.mark.parametrize("golden", GOLDEN["objects"], ids=lambda golden: golden["class_name"])
def test_objects_of_keras_come_back_and_are_written_alike(golden):
    obj = deserialize(golden)
    assert type(obj).__name__ == golden["class_name"]
    assert through_json(serialize(obj)) == golden


# Arguments which Keras takes too, but leaves out of its configs in some layers; and those it writes for nothing.
OPTIONAL = {"activity_regularizer": None, "use_cudnn": "auto", "quantization_config": None}


def essence(data):
    if isinstance(data, dict):
        return {k: essence(v) for k, v in data.items() if k not in OPTIONAL or v != OPTIONAL[k]}
    return [essence(v) for v in data] if isinstance(data, list) else data


@pytest.mark.parametrize("golden", GOLDEN["layers"], ids=lambda golden: golden["config"]["name"])
def test_layers_of_keras_come_back_and_are_written_alike(golden):
    assert essence(through_json(serialize(deserialize(golden)))) == essence(golden)


def test_tensors_and_variables_become_numbers(engine):
    from keras import Variable
    from keras.ops.dispatch import convert

    for value in (convert([1.0, 2.0]), Variable([1.0, 2.0])):
        written = serialize(value)
        assert written["config"] == {"value": [1.0, 2.0], "dtype": "float32"}
        assert written["class_name"] in (
            "__tensor__",
            "__numpy__",
        )  # a tensor of the numpy engine is an array
        assert deserialize(written).tolist() == [1.0, 2.0]


# functions


@register_keras_serializable("tests")
def registered(x):
    return x


def named(x):
    return x


def test_functions_are_written_by_name():
    assert serialize(registered)["config"] == "tests>registered"
    assert deserialize(serialize(registered)) is registered
    assert serialize(named)["config"] == "named"
    assert deserialize(serialize(named), {"named": named}) is named


def test_own_activations_are_bare_names_inside_configs():
    assert Holder(activations.tanh).get_config()["part"] == "tanh"
    assert Holder(registered).get_config()["part"]["config"] == "tests>registered"


@pytest.mark.parametrize("function", [lambda x: x, functools.partial(named, 1)])
def test_functions_without_a_name_are_refused(function):
    with pytest.raises(TypeError, match="files hold names, never code"):
        serialize(function)


def test_functions_can_be_kept_for_copies_in_the_process():
    def double(x):
        return 2 * x

    for function in (lambda x: x, double):
        with keep_functions():
            config = Holder(function).get_config()
        assert Holder.from_config(config).part is function
    with pytest.raises(TypeError, match="lambda"):
        Holder(lambda x: x).get_config()


@pytest.mark.parametrize("thing", [{1, 2}, complex(1, 2), object(), Plain, iter([])])
def test_other_things_are_refused(thing):
    with pytest.raises(TypeError, match="cannot serialise"):
        serialize(thing)


# registration


@register_keras_serializable("tests", "Renamed")
class Registered(Serializable):
    def __init__(self, size=1):
        self.size = size


def test_registered_classes_come_back_by_name():
    data = serialize(Registered(3))
    assert data["class_name"] == "Registered"
    assert data["registered_name"] == "tests>Renamed"
    assert deserialize(through_json(data)).size == 3
    assert get_registered_name(Registered) == "tests>Renamed"
    assert get_registered_object("tests>Renamed") is Registered
    assert get_custom_objects()["tests>Renamed"] is Registered


def test_unregistered_classes_need_custom_objects():
    data = serialize(Star(1, 2))
    with pytest.raises(ValueError, match=r"custom_objects=.*'Star'.*register_keras_serializable"):
        deserialize(data)
    assert deserialize(data, {"Star": Star}).rest == (2,)
    with custom_object_scope({"Star": Star}):
        assert deserialize(data).rest == (2,)
    with pytest.raises(ValueError, match="Star"):
        deserialize(data)


def test_custom_objects_reach_the_inside():
    data = through_json(serialize(Registered(Star(1, 2))))
    assert deserialize(data, {"Star": Star}).size.rest == (2,)


def test_custom_objects_come_before_ours():
    class Zeros(initializers.Zeros):
        pass

    assert type(deserialize(serialize(initializers.Zeros()), {"Zeros": Zeros})) is Zeros


def test_scopes_nest_and_end():
    scope = custom_object_scope({"a": Star})
    with scope, custom_object_scope({"b": Plain}), scope:
        assert get_registered_object("a") is Star
        assert get_registered_object("b") is Plain
    assert get_registered_object("a") is None
    assert get_registered_object("a", {"a": Plain}) is Plain
    assert get_registered_object("a", module_objects={"a": Plain}) is Plain


def test_registering_needs_a_config():
    with pytest.raises(ValueError, match="get_config"):
        register_keras_serializable()(type("NoConfig", (), {}))
    with pytest.raises(TypeError, match="class or a function"):
        register_keras_serializable()("text")


def test_the_users_from_config_is_called():
    class Own(Serializable):
        def __init__(self, part):
            self.part = part

        @classmethod
        def from_config(cls, config):
            return cls(("seen", config["part"]["class_name"]))

    data = serialize(Own(initializers.Ones()))
    assert deserialize(data, {"Own": Own}).part == ("seen", "Ones")


def test_errors_inside_name_the_classes_on_the_way():
    data = through_json(serialize(Registered(initializers.VarianceScaling())))
    data["config"]["size"]["config"]["mode"] = "fan_inn"
    with pytest.raises(ValueError, match=r"Registered.*VarianceScaling.*fan_inn.*Did you mean") as caught:
        deserialize(data)
    assert "fan_in" in str(caught.value)


# identifiers


def test_get():
    def look(identifier, **more):
        return serializable.get(identifier, "initializers", "initializer", {"one": "Ones"}, **more)

    assert look(None) is None
    assert look(named) is named
    for name in ("he_normal", "HeNormal", "henormal"):
        assert type(look(name)) is initializers.HeNormal
    assert type(look("one")) is initializers.Ones
    assert type(look(initializers.Ones)) is initializers.Ones
    ones = initializers.Ones()
    assert look(ones) is ones
    assert type(look({"class_name": "Identity", "config": {}})) is initializers.Identity
    assert look("mine", custom_objects={"mine": named}) is named
    assert look("tests>registered") is registered
    with pytest.raises(ValueError, match=r'Unknown initializer "he_norml".*Did you mean "he_normal"'):
        look("he_norml")
    for wrong in (3, 0.5, ["zeros"]):
        with pytest.raises(TypeError, match="initializer: expected a name"):
            look(wrong)


def test_module_objects_go_by_their_bare_names():
    class Greedy(Serializable):
        def __init__(self, rate=1):
            self.rate = rate

    def plain(x):
        return x

    known = {"greedy": Greedy, "plain": plain}
    assert deserialize("greedy", module_objects=known, printable_module_name="samplers").rate == 1
    assert deserialize({"class_name": "greedy", "config": {"rate": 3}}, module_objects=known).rate == 3
    assert deserialize("plain", module_objects=known) is plain
    assert deserialize("neither", module_objects=known) == "neither"
    assert deserialize("greedy", {"greedy": plain}, module_objects=known) is plain


def test_shapes_and_dtypes_of_tensorflow_are_plain_data():
    """What Keras 3.15.1 writes for them; `x.shape` is one in a layer's config."""
    import tensorflow as tf

    written = serializable.serialize([tf.TensorShape([2, None]), tf.TensorShape(None), tf.float32])
    assert written == [[2, None], None, "float32"]
