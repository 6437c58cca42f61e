"""What layers say about inputs that do not fit, and how specs compare."""

import numpy as np
import pytest

import keras
from keras import layers
from keras.backend.engine import Engine
from keras.layers import InputSpec
from keras.layers.input_spec import check


@pytest.fixture
def out() -> layers.Layer:
    return layers.Identity(name="out")


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        (InputSpec(), ()),
        (InputSpec(ndim=2), (2, 3)),
        (InputSpec(min_ndim=2), (2, 3, 4)),
        (InputSpec(max_ndim=3), (2, 3, 4)),
        (InputSpec(shape=(None, 3)), (7, 3)),
        (InputSpec(axes={-1: 3, 1: None}), (2, 5, 3)),
        (InputSpec(shape=(None, 1), allow_last_axis_squeeze=True), (4,)),
        (InputSpec(shape=(None,), allow_last_axis_squeeze=True), (4, 1)),
    ],
)
def test_what_fits(engine: Engine, out: layers.Layer, spec: InputSpec, shape: tuple[int, ...]) -> None:
    check(spec, np.zeros(shape, "float32"), out)


@pytest.mark.parametrize(
    ("spec", "shape", "words"),
    [
        (InputSpec(ndim=2), (2,), "expected an input of rank 2"),
        (InputSpec(min_ndim=2), (2,), "expected an input of rank 2 or more"),
        (InputSpec(max_ndim=2), (2, 3, 4), "expected an input of rank 2 or less"),
        (InputSpec(shape=(None, 3)), (2, 4), r"expected shape \(None, 3\)"),
        (InputSpec(axes={-1: 8}), (2, 7), "expected the last axis to have 8 features, as built"),
        (InputSpec(axes={1: 8}), (2, 7, 3), "expected axis 1 to have size 8, as built"),
        (InputSpec(axes={2: 8}), (2, 7), "expected an input with an axis 2"),
        (InputSpec(shape=(None, 1), allow_last_axis_squeeze=True), (4, 2), r"expected shape \(None, 1\)"),
    ],
)
def test_what_does_not_fit(
    engine: Engine, out: layers.Layer, spec: InputSpec, shape: tuple[int, ...], words: str
) -> None:
    with pytest.raises(ValueError, match=f'Identity "out": {words}') as caught:
        check(spec, np.zeros(shape, "float32"), out)
    assert f"input of shape {shape}" in str(caught.value)


def test_unknown_sizes_may_fit(out: layers.Layer) -> None:
    check(InputSpec(axes={-1: 8, 0: 4}), keras.KerasTensor((None, 8)), out)
    check(InputSpec(shape=(3, None)), keras.KerasTensor((None, 8)), out)


def test_dtype(out: layers.Layer) -> None:
    with pytest.raises(ValueError, match=r'"out": expected input of dtype int32. Received: dtype float32'):
        check(InputSpec(dtype="int32"), np.zeros(3, "float32"), out)


def test_several_inputs(out: layers.Layer) -> None:
    specs = [InputSpec(ndim=1), InputSpec(ndim=2)]
    check(specs, [np.zeros(1), np.zeros((1, 1))], out)
    with pytest.raises(ValueError, match=r"expected 2 inputs. Received: 1 tensor"):
        check(specs, np.zeros(1), out)
    with pytest.raises(ValueError, match=r"rank 2 .*Received: input 1 of shape \(1,\)"):
        check(specs, [np.zeros(1), np.zeros(1)], out)


def test_inputs_by_name(out: layers.Layer) -> None:
    specs = [InputSpec(ndim=1, name="a"), InputSpec(ndim=2, name="b", optional=True)]
    check(specs, {"a": np.zeros(1), "b": None}, out)
    with pytest.raises(ValueError, match=r"expected inputs named \['a', 'b'\]. Received: \['c'\]"):
        check(specs, {"c": np.zeros(1)}, out)


def test_not_a_tensor(out: layers.Layer) -> None:
    with pytest.raises(TypeError, match=r'"out": expected input to be a tensor or an array. Received: None'):
        check(InputSpec(ndim=1), None, out)


def test_axes_outside_the_rank() -> None:
    with pytest.raises(ValueError, match="axis 3 is out of range for rank 2"):
        InputSpec(ndim=2, axes={3: 1})


def test_config_round_trip() -> None:
    for spec in (InputSpec(shape=(None, 3), dtype="float32"), InputSpec(min_ndim=2, axes={-1: 8})):
        assert repr(InputSpec.from_config(spec.get_config())) == repr(spec)


def test_the_path_of_an_inner_layer_is_named() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="out")], name="net")
    with pytest.raises(ValueError) as caught:
        model.layers[-1](np.zeros((2, 7), "float32"))
    text = str(caught.value)
    assert (
        'out": expected the last axis to have 3 features, as built. Received: input of shape (2, 7)' in text
    )
    assert "\x1b" not in text
