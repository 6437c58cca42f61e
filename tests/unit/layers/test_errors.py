"""Mistakes in arguments and shapes: the right type of error, naming layer, expectation and what came; no escapes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import keras
from keras import layers as L
from keras.backend.engine import Engine

IMAGE = np.zeros((1, 5, 5, 2), "float32")
ROWS = np.zeros((2, 3), "float32")

CONSTRUCTORS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: L.Dense(0),
        ValueError,
        r'Dense "dense\w*": expected `units` to be a positive int. Received: units=0',
    ),
    (lambda: L.Dense("3"), ValueError, "Received: units='3'"),
    (lambda: L.Dense(3.0), ValueError, "Received: units=3.0"),
    (lambda: L.Dense(3, activation="rellu"), ValueError, 'Did you mean "relu"'),
    (lambda: L.Dense(3, kernel_initializer="glorot_unifrom"), ValueError, 'Did you mean "glorot_uniform"'),
    (lambda: L.Dense(3, unitz=4), TypeError, r"unknown argument.*unitz.*Did you mean \"units\""),
    (lambda: L.Conv2D(4, 3, padding="vaild"), ValueError, 'Unknown padding "vaild". Did you mean "valid"'),
    (lambda: L.Conv2D(4, 3, padding="causal"), ValueError, 'Unknown padding "causal"'),
    (
        lambda: L.Conv2D(4, (3, 3, 3)),
        ValueError,
        r"`kernel_size` to be an int or 2 ints.*kernel_size=\(3, 3, 3\)",
    ),
    (lambda: L.Conv2D(4, 0), ValueError, "kernel_size=0"),
    (lambda: L.Conv2D(4, 3, strides=2, dilation_rate=2), ValueError, "`strides` or `dilation_rate` to be 1"),
    (
        lambda: L.Conv2D(4, 3, groups=3),
        ValueError,
        "`groups` to divide `filters`. Received: groups=3, filters=4",
    ),
    (lambda: L.Conv2D(4, 3, data_format="NHWC"), ValueError, 'Unknown data_format "NHWC"'),
    (lambda: L.Conv2DTranspose(2, 3, strides=2, output_padding=2), ValueError, "`output_padding` to be less"),
    (lambda: L.DepthwiseConv2D(3, depth_multiplier=0), ValueError, "depth_multiplier=0"),
    (lambda: L.MaxPooling2D(2, padding="causal"), ValueError, 'Unknown padding "causal"'),
    (lambda: L.MaxPooling2D(2, strides=0), ValueError, "strides=0"),
    (lambda: L.AdaptiveMaxPooling2D((2, 2, 2)), ValueError, "`output_size` to be an int or 2 ints"),
    (lambda: L.Embedding(0, 4), ValueError, "`input_dim` to be a positive int. Received: input_dim=0"),
    (lambda: L.LeakyReLU(-1), ValueError, "`negative_slope` to be a number of at least 0"),
    (lambda: L.ReLU(max_value=-1), ValueError, "max_value=-1"),
    (lambda: L.Dropout(1.5), ValueError, "`rate` to be a number from 0 to 1. Received: rate=1.5"),
    (lambda: L.Dropout("a"), ValueError, "rate='a'"),
    (lambda: L.GaussianDropout(1.0), ValueError, "rate=1.0"),
    (lambda: L.Dropout(0.5, noise_shape=(0, 1)), ValueError, "noise_shape"),
    (lambda: L.GaussianNoise(-1), ValueError, "stddev=-1"),
    (lambda: L.BatchNormalization(axis=[1, 2]), TypeError, "`axis` to be an int"),
    (lambda: L.BatchNormalization(synchronized=True), ValueError, "synchronized=True is not offered"),
    (
        lambda: L.BatchNormalization(renorm=True, renorm_clipping={"rmx": 1}),
        ValueError,
        'Did you mean "rmax"',
    ),
    (
        lambda: L.BatchNormalization(renorm=True, renorm_clipping={"rmin": 2, "rmax": 1}),
        ValueError,
        "rmin <= rmax",
    ),
    (lambda: L.LayerNormalization(axis="a"), TypeError, "`axis` to be an int or a list of ints"),
    (lambda: L.Cropping1D((1,)), ValueError, "an int or a pair"),
    (lambda: L.ZeroPadding1D(((1, 2),)), ValueError, "an int or a pair"),
    (lambda: L.Layer().compute_output_shape((2, 3)), NotImplementedError, "no `call` method"),
    (lambda: L.Dense(2, trainable="yes"), ValueError, "`trainable` to be True or False"),
    (lambda: L.MultiHeadAttention(2, 2, value_dim=0), ValueError, "`value_dim` to be a positive int"),
    (lambda: L.MultiHeadAttention(2, 2, output_shape=8.0), ValueError, "an int or a tuple of ints"),
    (lambda: L.InputLayer(input_tensor=np.zeros((2, 3))), ValueError, "a symbolic tensor. Received: ndarray"),
    (
        lambda: L.InputLayer((4,), input_tensor=keras.Input((3,))),
        ValueError,
        r"a tensor of shape \(None, 4\)",
    ),
    (lambda: L.Layer().add_weight("kernel", (2,)), ValueError, "name='kernel'"),
    (lambda: L.Reshape((-1, -1)), ValueError, "-1 at most once"),
    (lambda: L.Permute((1, 3)), ValueError, "each of 1 to 2 once"),
    (lambda: L.Permute((0, 1)), ValueError, "each of 1 to 2 once"),
    (lambda: L.RepeatVector(2.0), TypeError, "`n` to be an int. Received: n=2.0 of type float"),
    (lambda: L.ZeroPadding2D((1, 2, 3)), ValueError, "an int, 2 ints or 2 pairs"),
    (lambda: L.ZeroPadding2D(-1), ValueError, "none below 0"),
    (lambda: L.Cropping1D((1, 2, 3)), ValueError, r"an int or a pair \(before, after\)"),
    (lambda: L.UpSampling2D(2, interpolation="bilinaer"), ValueError, 'Did you mean "bilinear"'),
    (lambda: L.Dot("a"), TypeError, "an int or a pair of ints"),
    (lambda: L.Concatenate("a"), TypeError, "`axis` to be an int"),
    (lambda: L.Lambda(3), TypeError, "expected `function` to be a function. Received: 3"),
    (lambda: L.Wrapper(3), TypeError, "expected `layer` to be a layer. Received: 3"),
    (lambda: L.TimeDistributed("Dense"), TypeError, "expected `layer` to be a layer"),
    (lambda: L.SpectralNormalization(L.Dense(3), 0), ValueError, "power_iterations=0"),
    (lambda: L.Normalization(mean=1.0), ValueError, "both `mean` and `variance`"),
    (lambda: L.ActivityRegularization(-1), ValueError, "l1"),
    (lambda: keras.Input(), ValueError, "give the shape"),
    (lambda: keras.Input((3,), batch_shape=(2, 3)), ValueError, "Received: both"),
    (lambda: keras.Input(3), ValueError, r"Did you mean \(3,\)"),
    (lambda: keras.Input((-1,)), ValueError, "none below 0"),
    (lambda: keras.Input((3,), name="x", batch_size=1, sparse=True), ValueError, "[Ss]parse"),
]

CALLS: list[tuple[Callable[[], Any], Any, type[Exception], str]] = [
    (lambda: L.Dense(3), np.zeros(3, "float32"), ValueError, "rank 2 or more"),
    (lambda: L.Conv2D(4, 3, groups=4), IMAGE, ValueError, "`groups` to divide the number of input channels"),
    (lambda: L.Conv2D(4, 7), IMAGE, ValueError, "axis 1 to have at least 7 positions"),
    (lambda: L.Conv2D(4, 3, dilation_rate=3), IMAGE, ValueError, "at least 7 positions"),
    (lambda: L.Conv1D(4, 3), IMAGE, ValueError, "rank 3"),
    (lambda: L.Conv2D(4, 3), ROWS, ValueError, "rank 4"),
    (lambda: L.MaxPooling2D(7), IMAGE, ValueError, r"pool_size=\(7, 7\)"),
    (lambda: L.AveragePooling2D(2), ROWS, ValueError, "rank 4"),
    (lambda: L.BatchNormalization(axis=5), IMAGE, ValueError, "`axis`=5 is out of range"),
    (lambda: L.LayerNormalization(axis=4), IMAGE, ValueError, "out of bounds"),
    (lambda: L.GroupNormalization(3), IMAGE, ValueError, "`groups` to divide the number of channels"),
    (lambda: L.Reshape((7,)), IMAGE, ValueError, "50 values a sample cannot be made"),
    (lambda: L.Reshape((-1, 7)), IMAGE, ValueError, "50 values a sample cannot be made"),
    (lambda: L.Permute((2, 1)), IMAGE, ValueError, "rank 3"),
    (lambda: L.RepeatVector(2), IMAGE, ValueError, "rank 2"),
    (lambda: L.Cropping2D(3), IMAGE, ValueError, "nothing is left of axis 1"),
    (lambda: L.Softmax(axis=5), IMAGE, ValueError, "out of bounds"),
    (lambda: L.PReLU(shared_axes=[5]), IMAGE, ValueError, "shared_axes"),
    (lambda: L.Dropout(0.5, noise_shape=(1, 1, 1)), ROWS, ValueError, "one entry for each axis"),
    (lambda: L.TimeDistributed(L.Dense(2)), ROWS, ValueError, "rank 3 or more"),
    (lambda: L.SpectralNormalization(L.ReLU()), ROWS, ValueError, "`kernel` or `embeddings`"),
    (lambda: L.EinsumDense("ab,bc->ac", 3, bias_axes="z"), ROWS, ValueError, "letters of the output 'ac'"),
    (lambda: L.EinsumDense("abc->ac", 3), ROWS, ValueError, "an equation like"),
    (lambda: L.EinsumDense("abc,cd->abd", (4, 3)), ROWS, ValueError, "rank 3"),
    (lambda: L.EinsumDense("ab,bc->ac", (4, 3)), ROWS, ValueError, "a size for each of 'c'"),
    (lambda: L.Normalization(axis=0), ROWS, ValueError, "axis 0 is the batch"),
    (lambda: L.Normalization(mean=[1.0, 2.0], variance=1.0), ROWS, ValueError, "to fit the kept axes"),
    (lambda: L.Add(), ROWS, ValueError, "expected a list of tensors"),
    (lambda: L.Subtract(), [ROWS] * 3, ValueError, "a list of 2 tensors. Received: 3"),
    (lambda: L.Add(), [ROWS, ROWS[:1]], ValueError, "the same batch size"),
    (lambda: L.Add(), [ROWS, ROWS[:, :2]], ValueError, "the same size, or 1, along each axis"),
    (lambda: L.Concatenate(), [ROWS, ROWS[:1]], ValueError, r"one shape but for axis -1.*\(2, 3\), \(1, 3\)"),
    (lambda: L.Concatenate(axis=3), [ROWS, ROWS], ValueError, "out of bounds"),
    (lambda: L.Dot(1), [ROWS, ROWS[:, :2]], ValueError, "axis 1 of the first input and axis 1 of the second"),
    (lambda: L.Dot(0), [ROWS, ROWS], ValueError, "may not be 0, the batch"),
]


@pytest.mark.parametrize(("make", "kind", "words"), CONSTRUCTORS)
def test_constructor(make: Callable[[], Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        make()
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(("make", "inputs", "kind", "words"), CALLS)
def test_call(
    engine: Engine, make: Callable[[], Any], inputs: Any, kind: type[Exception], words: str
) -> None:
    """The same words for real tensors on each engine and for symbolic ones, naming the layer."""
    for symbolic in (False, True):
        layer = make()
        x = keras.tree.map_structure(lambda a: keras.KerasTensor(a.shape), inputs) if symbolic else inputs
        with pytest.raises(kind, match=words) as caught:
            layer(x, training=True) if isinstance(layer, L.Dropout) else layer(x)
        assert f'{type(layer).__name__} "' in str(caught.value)
        assert "\x1b" not in str(caught.value)


def test_a_built_layer_refuses_another_width(engine: Engine) -> None:
    layer = L.Dense(2, name="out")
    layer.build((None, 8))
    with pytest.raises(ValueError) as caught:
        layer(np.zeros((2, 7), "float32"))
    assert str(caught.value).startswith('Dense "out": expected the last axis to have 8 features, as built.')
    assert "Received: input of shape (2, 7)" in str(caught.value)


def test_an_error_inside_call_says_what_came_in_on_every_engine(engine: Engine) -> None:
    class Wrong(L.Layer):
        def call(self, inputs: Any) -> Any:
            return keras.ops.matmul(inputs, keras.ops.ones((4, 2)))

    with pytest.raises(ValueError) as caught:
        Wrong(name="wrong")(np.zeros((2, 7), "float32"))
    assert str(caught.value).startswith('Wrong "wrong": matmul: ')
    assert str(caught.value).endswith("(called with inputs.shape=(2, 7))")


@pytest.mark.parametrize(
    "layer", [L.Dense(2), L.BatchNormalization(), L.LayerNormalization(), L.Conv1D(2, 1)]
)
def test_the_size_weights_depend_on_must_be_known(layer: Any) -> None:
    with pytest.raises(ValueError, match="the size of the last axis must be known"):
        layer(keras.KerasTensor((None, 3, None)))


def test_symbolic_sizes_are_checked_as_far_as_known() -> None:
    assert L.Conv2D(4, 7)(keras.Input((None, None, 2))).shape == (None, None, None, 4)
    with pytest.raises(ValueError, match="axis 2 to have at least 7 positions"):
        L.Conv2D(4, 7)(keras.Input((None, 5, 2)))
    with pytest.raises(ValueError, match="the same size, or 1"):
        L.Add()([keras.Input((3,)), keras.Input((2,))])
