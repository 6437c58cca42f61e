"""Functional models: structure, order, sub-models, nesting, configs, and the errors people make."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

import keras
from keras import layers, ops

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "models" / "orders.json").read_text())


def shared_graph():
    """Two inputs, a shared layer, ops on tensors, a dict of outputs; as in tests/golden/make_models.py."""
    a, b = keras.Input((8,), name="a"), keras.Input((8,), name="b")
    dense = layers.Dense(4, name="shared")
    x, y = dense(a), dense(b)
    z = layers.Concatenate(name="cat")([x, y]) * 2.0 + x[:, :1]
    z = ops.mean(ops.reshape(z, (-1, 4, 2)), axis=1, keepdims=True)
    p = layers.Dense(1, name="p")(layers.Dropout(0.5, name="drop")(z))
    q = layers.Dense(3, name="q")(z)
    return keras.Model([a, b], {"first": p, "second": q}, name="net")


def inputs(n=5):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, 8)).astype("f") for _ in range(2)]


def test_structure_of_outputs(engine):
    model = shared_graph()
    y = model(inputs())
    assert set(y) == {"first", "second"}
    assert tuple(y["first"].shape) == (5, 1, 1)
    assert model.output_shape == [(None, 1, 1), (None, 1, 3)]
    assert model.input_names == ["a", "b"]


@pytest.mark.parametrize("wrap", [lambda t: [t], lambda t: (t,)])
def test_a_single_output_in_a_list_has_bare_values(engine, wrap):
    """As in real Keras 3: symbols keep the list, values do not, and targets fit either way."""
    x = keras.Input((4,), name="x")
    model = keras.Model(wrap(x), wrap(layers.Dense(2, kernel_initializer="ones", name="y")(x)))
    assert type(model.output) is type(wrap(0))
    assert (model.input_shape, model.output_shape) == ((None, 4), (None, 2))
    ones = np.ones((3, 4), "float32")
    assert ops.convert_to_numpy(model(ones)).tolist() == [[4.0, 4.0]] * 3
    assert model.predict([ones], verbose=0).shape == (3, 2)
    symbols = model(keras.Input((4,)))
    assert len(symbols) == 1
    assert keras.Model(x, layers.Dense(1)(model(x)[0])).predict(ones, verbose=0).shape == (3, 1)
    model.compile("sgd", ["mse"], metrics=[["mae"]])
    for y in (np.ones((3, 2), "float32"), [np.ones((3, 2), "float32")]):
        assert model.evaluate(ones, y, verbose=0) == [9.0, 3.0]

    class Around(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner, self.last = model, layers.Dense(1)

        def call(self, x):
            return self.last(self.inner(x))

    assert Around()(x).shape == (None, 1)
    assert Around().predict(ones, verbose=0).shape == (3, 1)


def test_layers_come_in_keras_order():
    model = shared_graph()
    assert [x.name for x in model.layers] == GOLDEN["shared_graph"]["layers"]
    assert [x.name for x in model.operations] == GOLDEN["shared_graph"]["operations"]
    assert [v.path for v in model.weights] == GOLDEN["shared_graph"]["weights"]


def test_diamond_order():
    x = keras.Input((4,), name="x")
    left = layers.Dense(4, name="left")(x)
    right = layers.Dense(4, name="right2")(layers.Dense(4, name="right1")(x))
    y = layers.Dense(2, name="top")(layers.Add(name="add")([right, left]))
    model = keras.Model(x, [y, left])
    assert [x.name for x in model.layers] == GOLDEN["diamond"]["layers"]


def test_inputs_as_list_dict_and_by_call(engine):
    model = shared_graph()
    a, b = inputs()
    expected = ops.convert_to_numpy(model([a, b])["second"])
    for given in ([a, b], (a, b), {"a": a, "b": b}, {"b": b, "a": a}):
        np.testing.assert_array_equal(ops.convert_to_numpy(model(given)["second"]), expected)


def test_a_shared_layer_is_one_layer():
    model = shared_graph()
    assert sum(v.path.startswith("shared") for v in model.weights) == 2
    assert len(model.get_layer("shared")._inbound_nodes) == 2


def test_submodel_from_inner_tensors(engine):
    x = keras.Input((4,))
    h1 = layers.Dense(5, activation="tanh", name="h1")(x)
    h2 = layers.Dense(3, activation="tanh", name="h2")(h1)
    whole = keras.Model(x, layers.Dense(1, name="out")(h2))
    features = keras.Model(x, whole.get_layer("h2").output)
    head = keras.Model(h1, whole.output)
    data = np.random.default_rng(1).normal(size=(6, 4)).astype("f")
    inner = keras.Model(x, h1)(data)
    np.testing.assert_allclose(
        ops.convert_to_numpy(head(inner)), ops.convert_to_numpy(whole(data)), rtol=1e-6
    )
    assert features(data).shape[1] == 3
    assert head.get_layer("h2") is whole.get_layer("h2")
    again = keras.Model.from_config(head.get_config())
    assert again.count_params() == head.count_params()


def test_nested_models_share_weights(engine):
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3, name="d")], name="inner")
    x = keras.Input((3,))
    model = keras.Model(x, inner(inner(x)))
    assert len(model.weights) == 2
    data = np.ones((2, 3), "f")
    expected = ops.convert_to_numpy(inner(inner(data)))
    np.testing.assert_allclose(ops.convert_to_numpy(model(data)), expected, rtol=1e-6)


@pytest.mark.parametrize("text", ["json", "yaml"])
def test_text_round_trip(text):
    model = shared_graph()
    again = (
        keras.models.model_from_json(model.to_json())
        if text == "json"
        else keras.models.model_from_yaml(model.to_yaml())
    )
    assert [op.name for op in again.operations] == [op.name for op in model.operations]
    again.set_weights(model.get_weights())
    data = inputs()
    for k, v in model(data).items():
        np.testing.assert_allclose(again(data)[k], v, rtol=1e-6)


def test_yaml_makes_no_objects():
    with pytest.raises(ValueError, match="YAML"):
        keras.models.model_from_yaml("!!python/object/apply:os.system ['true']")


def test_config_equals_keras():
    """The whole config, down to every tensor's address, is what real Keras 3.15.1 writes."""
    ours, theirs = json.loads(json.dumps(shared_graph().get_config())), GOLDEN["shared_graph"]["config"]
    assert ours["input_layers"] == theirs["input_layers"]
    assert ours["output_layers"] == theirs["output_layers"]
    for mine, other in zip(ours["layers"], theirs["layers"], strict=True):
        assert mine["name"] == other["name"]
        for node in other["inbound_nodes"]:  # Keras also writes arguments that nobody gave
            node["kwargs"] = {k: v for k, v in node["kwargs"].items() if v not in (None, False)}
        assert mine["inbound_nodes"] == other["inbound_nodes"]
        assert (mine["module"], mine["class_name"]) == (other["module"], other["class_name"])


def test_a_layer_called_in_inference_mode_stays_in_it(engine):
    """`base(x, training=False)` freezes batch statistics and dropout in `fit` too, also after a round trip."""
    x = keras.Input((3,))
    frozen = layers.BatchNormalization(name="norm")
    model = keras.Model(x, frozen(x, training=False))
    for m in (model, keras.Model.from_config(model.get_config())):
        before = [v.numpy() for v in m.weights]
        m(np.random.default_rng(0).normal(size=(8, 3)).astype("f"), training=True)
        assert all(np.array_equal(a, v.numpy()) for a, v in zip(before, m.weights, strict=True))


def test_a_default_flag_in_a_file_of_keras_3_freezes_nothing(engine):
    x = keras.Input((100,))
    config = keras.Model(x, layers.Dropout(0.5, name="drop")(x)).get_config()
    config["layers"][1]["inbound_nodes"][0]["kwargs"]["training"] = False
    y = ops.convert_to_numpy(keras.Model.from_config(config)(np.ones((1, 100), "f"), training=True))
    assert (y == 0).any()


def test_masks_reach_the_outputs(engine):
    x = keras.Input((4,), dtype="int32")
    y = layers.Embedding(5, 2, mask_zero=True)(x)
    model = keras.Model(x, layers.LSTM(3, return_sequences=True)(y))
    from keras.backend.masks import get_mask

    mask = get_mask(model(np.array([[1, 2, 0, 0]])))
    assert ops.convert_to_numpy(mask).tolist() == [[True, True, False, False]]


def test_trainable_at_any_level():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3), layers.BatchNormalization()], name="inner")
    x = keras.Input((3,))
    model = keras.Model(x, layers.Dense(1)(inner(x)))
    assert len(model.trainable_weights) == 6
    inner.trainable = False
    assert len(model.trainable_weights) == 2
    assert len(model.non_trainable_weights) == 6
    inner.layers[0].trainable = True
    assert len(model.trainable_weights) == 2, "a frozen model stays frozen whatever its layers say"
    inner.trainable = True
    model.trainable = False
    assert model.trainable_weights == []


def test_subclass_that_hands_inputs_up(engine):
    class Doubled(keras.Model):
        def __init__(self, units):
            x = keras.Input((3,))
            super().__init__(inputs=x, outputs=layers.Dense(units)(x))
            self.units = units

        def twice(self, x):
            return self(x) * 2

    model = Doubled(2)
    data = np.ones((1, 3), "f")
    assert isinstance(model, Doubled)
    np.testing.assert_allclose(model.twice(data), model(data) * 2)
    assert model.output_shape == (None, 2)


# ---------------------------------------------------------------------- mistakes
def test_disconnected_graph():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    y = layers.Add(name="sum")([a, b])
    with pytest.raises(ValueError, match=r"Graph disconnected.*'b'.*Add \"sum\".*\['a'\]"):
        keras.Model(a, y)


def test_two_layers_of_one_name():
    x = keras.Input((3,))
    with pytest.raises(ValueError, match='two layers are named "d"'):
        keras.Model(x, layers.Dense(2, name="d")(layers.Dense(2, name="d")(x)))


def test_wrong_width_names_the_model_and_the_input(engine):
    model = shared_graph()
    a, b = inputs()
    with pytest.raises(
        ValueError, match=r'Model "net", input 1 "b": expected shape \(None, 8\)\. Received: \(5, 7\)'
    ):
        model([a, b[:, :7]])


def test_wrong_number_of_inputs(engine):
    with pytest.raises(ValueError, match="expects 2 input"):
        shared_graph()(inputs()[0])


def test_a_missing_key(engine):
    with pytest.raises(ValueError, match=r"lacks \['b'\]"):
        shared_graph()({"a": inputs()[0]})


def test_an_array_given_as_an_output():
    x = keras.Input((3,))
    with pytest.raises(ValueError, match="symbolic"):
        keras.Model(x, np.ones((2, 3)))


def test_a_symbolic_tensor_has_no_value():
    x = keras.Input((3,))
    with pytest.raises(TypeError, match="symbolic tensor"):
        np.sin(x)
    with pytest.raises(TypeError, match="symbolic tensor"):
        bool(x[0, 0] > 0)


def test_unknown_layer_name_suggests_one():
    with pytest.raises(ValueError, match='mean "shared"'):
        shared_graph().get_layer("sharde")


def test_a_layer_error_names_the_layer(engine):
    layer = layers.Dense(2, name="out")
    layer(np.ones((1, 8), "f"))
    with pytest.raises(ValueError, match=r'Dense "out".*8.*7'):
        layer(np.ones((2, 7), "f"))


@pytest.mark.parametrize("join", [layers.concatenate, keras.ops.concatenate])
def test_a_list_that_grows_after_the_call(engine, join):
    """As in a DenseNet, where each layer sees the outputs of all before it."""
    inputs = x = keras.Input((2,))
    features = [x]
    for _ in range(3):
        x = join(features, axis=-1)
        features.append(x)
    out = keras.Model(inputs, x).predict(np.array([[1.0, 2.0]]), verbose=0)
    np.testing.assert_array_equal(out, [[1.0, 2.0] * 4])


def test_lists_of_inputs_and_outputs_that_change_after_the_model():
    a, b = keras.Input((2,)), keras.Input((2,))
    inputs, outputs = [a, b], {"sum": a + b}
    model = keras.Model(inputs, outputs)
    inputs.pop()
    outputs["product"] = a * b
    result = model.predict([np.ones((1, 2)), np.ones((1, 2))], verbose=0)
    assert {k: v.tolist() for k, v in result.items()} == {"sum": [[2.0, 2.0]]}


def test_deep_graph():
    x = y = keras.Input((2,))
    for _ in range(1500):
        y = y + 1.0
    model = keras.Model(x, y)
    assert float(model(np.zeros((1, 2), "f"))[0, 0]) == 1500.0


# ---------------------------------------------------------------------- structures of inputs and outputs
class MaybeAdd(layers.Layer):
    def call(self, x, y=None):
        return x if y is None else x + y


def with_optional(names=("x", "o")):
    x, o = (keras.Input((2,), name=n, optional=n == "o") for n in names)
    return keras.Model({"x": x, "o": o}, layers.Dense(1, kernel_initializer="ones")(MaybeAdd()(x, o)))


@pytest.mark.parametrize("given", [None, np.ones((4, 2), "f")])
def test_an_optional_input(engine, given):
    model, x = with_optional(), np.ones((4, 2), "f")
    expected = 2.0 if given is None else 4.0
    assert float(model({"x": x, "o": given})[0, 0]) == expected
    np.testing.assert_allclose(model.predict({"x": x, "o": given}, verbose=0), np.full((4, 1), expected))
    model.compile("sgd", "mse")
    history = model.fit({"x": x, "o": given}, np.zeros((4, 1)), verbose=0)
    np.testing.assert_allclose(history.history["loss"], [expected**2])


def test_a_missing_input_that_is_not_optional():
    x = keras.Input((2,), name="x")
    model = keras.Model(x, layers.Dense(1)(x))
    with pytest.raises(ValueError, match=r'input 0 "x".*Received: None.*optional=True'):
        model(None)


def test_nested_dicts_of_inputs_and_outputs(engine, tmp_path):
    a, b, c = (keras.Input((n,)) for n in (1, 2, 3))
    model = keras.Model({"1": a, "more": {"2": b, "3": c}}, {"1": a * 2, "more": {"2": b * 3, "3": c * 4}})
    values = {"1": np.ones((2, 1)), "more": {"3": np.ones((2, 3)), "2": np.ones((2, 2))}}
    model.save(tmp_path / "m.keras")
    for made in (model, keras.models.load_model(tmp_path / "m.keras")):
        out = made(values)
        assert [out["1"].shape[1], out["more"]["2"].shape[1], out["more"]["3"].shape[1]] == [1, 2, 3]
        assert [float(y[0, 0]) for y in (out["1"], out["more"]["2"], out["more"]["3"])] == [2, 3, 4]


def test_a_list_for_a_dict_of_inputs():
    def model(first, second):
        x, y = keras.Input((1,)), keras.Input((1,))
        return keras.Model({first: x, second: y}, layers.subtract([x, y]))

    values = [np.ones((1, 1)), np.zeros((1, 1))]
    with pytest.warns(
        UserWarning, match=r"is given a list: its parts are taken for \['a', 'b'\], in this order"
    ):
        assert float(model("a", "b")(values)[0, 0]) == 1.0
    with pytest.raises(ValueError, match="give a dict"):
        model("b", "a")(values)


def test_inputs_are_only_cast_to_their_own_dtype(engine):
    """Neither to the model's dtype, which has fewer digits, nor to the half precision that its layers compute in."""
    thirds = np.array([[1.0, 2.0]]) / 3
    x = keras.Input((2,), dtype="float64")
    stack = keras.Sequential([keras.Input((2,), dtype="float64"), layers.Identity(dtype="float64")])
    for model in (keras.Model(x, x * 3), stack):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(model(thirds)), thirds * (1 if model is stack else 3)
        )
    keras.config.set_dtype_policy("mixed_float16")
    x = keras.Input((1,))
    big = keras.Model(x, x * 1e-3)(np.array([[1e6]], "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(big), [[1e3]], rtol=1e-6)


def test_floats_for_an_input_of_whole_numbers(engine):
    x = keras.Input((2,), dtype="int32")
    out = keras.Model(x, x + 2)(np.full((1, 2), 1.5, "f"))
    assert keras.backend.standardize_dtype(out.dtype) == "int32"
    assert np.asarray(keras.ops.convert_to_numpy(out)).tolist() == [[3, 3]]


def test_a_tuple_of_outputs_stays_one_in_the_config():
    x = keras.Input((2,))
    model = keras.Model(x, (x + 1, x + 2))
    assert isinstance(keras.Model.from_config(model.get_config()).output, tuple)


class WithAttributes(keras.Model):
    """A graph of two layers; an attribute for a layer inside the first, and one for a layer of no graph."""

    def __init__(self):
        inner = keras.Sequential([layers.Dense(3, name="shared")], name="inner")
        x = keras.Input((2,), name="x")
        self.shared = inner.layers[-1]
        super().__init__(x, layers.Dense(5, name="out")(inner(x)))
        self.extra = layers.Dense(4, name="extra")
        self.extra.build((None, 2))


def test_layers_are_those_of_the_graph():
    model = WithAttributes()
    assert [x.name for x in model.layers] == ["x", "inner", "out"]
    assert len(model.weights) == 6


def test_layers_of_no_graph_have_their_own_name_in_weight_files(engine, tmp_path):
    """As in the files of Keras 3.15.1."""
    model, other = WithAttributes(), WithAttributes()
    model.save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5") as file:
        assert sorted(file["layers"]) == ["dense", "input_layer", "sequential"]
        assert file["extra/vars/0"].shape == (2, 4)
    other.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(other.extra.kernel, model.extra.kernel)


def test_layers_of_no_graph_in_the_older_layout(engine, tmp_path):
    model, other = WithAttributes(), WithAttributes()
    model.save(tmp_path / "a.h5")
    other.load_weights(tmp_path / "a.h5")
    np.testing.assert_array_equal(other.extra.kernel, model.extra.kernel)
    with h5py.File(tmp_path / "a.h5", "r+") as file:  # as Keras 3.15.1 writes it
        file["model_weights"].attrs["layer_names"] = ["x", "inner", "out"]
    other = WithAttributes()
    other.load_weights(tmp_path / "a.h5")
    np.testing.assert_array_equal(other.layers[-1].kernel, model.layers[-1].kernel)


def test_complex_data_for_a_real_input_is_told(engine):
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Rescaling(2.0)(inputs))
    with pytest.warns(UserWarning, match=r"input 0 .*imaginary part.*float32"):
        result = model.predict(np.array([[1 + 2j, 3j]], "complex64"), verbose=0)
    np.testing.assert_array_equal(result, [[2.0, 0.0]])


@keras.saving.register_keras_serializable("functional")
def _twice(x):
    return x + x


@keras.saving.register_keras_serializable("functional")
def _running(carry, x):
    return carry + x, carry


def _not_registered(x):
    return x * 3


@pytest.mark.parametrize(
    "step",
    [
        lambda x: ops.map(_twice, x),
        lambda x: ops.vectorized_map(_twice, x),
        lambda x: ops.scan(_running, x[0], x, reverse=True)[1],
        lambda x: ops.associative_scan(ops.add, x, axis=1),
    ],
    ids=["map", "vectorized_map", "scan", "associative_scan"],
)
def test_ops_that_take_functions_are_in_the_config(engine, step):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, step(inputs))
    again = keras.Model.from_config(json.loads(json.dumps(model.get_config())))
    x = np.arange(6.0, dtype="float32").reshape(2, 3)
    np.testing.assert_array_equal(ops.convert_to_numpy(again(x)), ops.convert_to_numpy(model(x)))


def test_functions_of_ops_are_among_the_custom_objects():
    inputs = keras.Input((3,))
    for op in (ops.map, ops.vectorized_map):
        config = keras.Model(inputs, op(_not_registered, inputs)).get_config()
        with pytest.raises(ValueError, match="_not_registered"):
            keras.Model.from_config(config)
        again = keras.Model.from_config(config, custom_objects={"_not_registered": _not_registered})
        assert float(again(np.ones((2, 3)))[0, 0]) == 3.0


def test_unused_inputs_are_told():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    by_key = keras.Model({"a": a, "b": b}, layers.Subtract()([a, b]))
    x = np.ones((2, 3), "float32")
    with pytest.warns(UserWarning, match=r"has no input for \['c'\] of the dict it is given.*\['a', 'b'\]"):
        by_key({"a": x, "b": x, "c": x})
    with pytest.warns(UserWarning, match=r"has no input for \['c'\]"):
        keras.Model([a, b], layers.Subtract()([a, b]))({"a": x, "b": x, "c": x})
