"""Models over an `OrderedDict`: by position it has its own order, as in Keras 3.15.1; by key nothing is ever mixed up.

Keras 3.15.1 pairs the data of a dict with an `OrderedDict` of inputs by position (`b` gets what was given as `a`), calls
and `predict` do so differently, and loading a model with an `OrderedDict` of outputs exchanges the weights of its layers. Data
is paired by key here, and the order of layers does not depend on that of an `OrderedDict`, which files do not keep.
"""

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

import keras
from keras import layers

A, B = np.full((2, 1), 2, "float32"), np.ones((2, 1), "float32")
DATA = [OrderedDict(b=B, a=A), OrderedDict(a=A, b=B), {"b": B, "a": A}, {"a": A, "b": B}]


@pytest.mark.parametrize("kind", [OrderedDict, dict])
@pytest.mark.parametrize("data", DATA)
def test_inputs_are_paired_by_key(engine: Any, kind: Any, data: Any) -> None:
    b, a = keras.Input((1,), name="in_b"), keras.Input((1,), name="in_a")
    model = keras.Model(kind([("b", b), ("a", a)]), layers.Concatenate()([b * 10, a]))
    assert model.input_names == (["in_b", "in_a"] if kind is OrderedDict else ["in_a", "in_b"])
    for result in (model(data), model.predict(data, verbose=0), model.predict_on_batch(data)):
        np.testing.assert_array_equal(np.asarray(result)[0], [10, 2])
    with pytest.raises(ValueError, match="give a dict"):  # in Keras a ValueError, too
        model.predict([B, A], verbose=0)


def outputs(kind: Any = OrderedDict) -> Any:
    x = keras.Input((1,))
    ten, one = layers.Rescaling(10.0, name="ten")(x), layers.Rescaling(1.0, name="one")(x)
    return keras.Model(x, kind([("b", ten), ("a", one)]))


@pytest.mark.parametrize(
    ("loss", "targets", "expected"),
    [
        ("mse", {"a": B * 0, "b": B * 10}, (1.0, 0.0)),
        ("mse", OrderedDict(b=B * 10, a=B * 0), (1.0, 0.0)),
        ("mse", [B * 10, B * 0], (1.0, 0.0)),
        ("mse", [B * 0, B * 10], (81.0, 100.0)),
        (["mse", "mae"], [B * 0, B * 10], (9.0, 100.0)),
        (OrderedDict(a="mae", b="mse"), [B * 0, B * 10], (9.0, 100.0)),
    ],
)
def test_targets_by_position_follow_the_outputs(engine: Any, loss: Any, targets: Any, expected: Any) -> None:
    """The numbers are those of Keras 3.15.1."""
    model = outputs()
    assert model.output_names == ["ten", "one"]
    assert list(model.predict(B, verbose=0)) == ["b", "a"]
    model.compile("sgd", loss)
    got = model.evaluate(B, targets, verbose=0, return_dict=True)
    assert (got["a_loss"], got["b_loss"]) == expected
    plain = outputs(dict)
    plain.compile("sgd", "mse")
    assert plain.evaluate(B, [B * 0, B * 10], verbose=0) == [1.0, 1.0, 0.0]


def test_a_loaded_model_trains_on(tmp_path: Any) -> None:
    x = keras.Input((2,))
    model = keras.Model(x, OrderedDict([(k, layers.Dense(2, name=f"to_{k}")(x)) for k in ("b", "a")]))
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse")
    data = np.ones((4, 2), "float32")
    targets = {"b": data * 5, "a": data * -3}
    model.fit(data, targets, epochs=3, verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    for _ in range(2):
        for key, expected in model.predict(data, verbose=0).items():
            np.testing.assert_allclose(again.predict(data, verbose=0)[key], expected, rtol=1e-6)
        model.fit(data, targets, verbose=0)
        again.fit(data, targets, verbose=0)


class Own(keras.Model):
    def call(self, x: Any) -> Any:
        return OrderedDict(b=x["p"] * 10, a=x["q"])


@pytest.mark.parametrize("data", [OrderedDict(q=B, p=A), OrderedDict(p=A, q=B), {"q": B, "p": A}])
def test_a_subclassed_model(engine: Any, data: Any) -> None:
    model = Own()
    assert {k: float(v[0, 0]) for k, v in model.predict(data, verbose=0).items()} == {"b": 20.0, "a": 1.0}
    model.compile("sgd", ["mse", "mae"])
    assert model.evaluate(data, [B * 20, B * 0], verbose=0, return_dict=True)["a_loss"] == 1.0


def test_one_compiled_function_for_each_order(engine: Any) -> None:
    """A function that was compiled for a dict is not given the leaves of an `OrderedDict`."""
    model = keras.Sequential([layers.Lambda(lambda x: x["b"] * 10 + x["a"])])
    for data in DATA * 2:
        np.testing.assert_array_equal(model.predict(data, verbose=0), [[12], [12]])
        np.testing.assert_array_equal(model.predict_on_batch(data), [[12], [12]])


def test_a_loop_may_return_its_state_in_another_order(engine: Any) -> None:
    start = OrderedDict(b=0.0, a=1.0)
    (last,) = keras.ops.while_loop(
        lambda s: s["b"] < 3.0, lambda s: ({"a": s["a"] * 2, "b": s["b"] + 1},), (start,)
    )
    assert (float(last["b"]), float(last["a"])) == (3.0, 8.0)
