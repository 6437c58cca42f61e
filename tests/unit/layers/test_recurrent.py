"""What recurrent and attention layers do beyond one call: states that stay, masks that travel, names in files."""

from typing import Any

import numpy as np
import pytest

import keras
from keras import layers as L
from keras import ops
from keras.backend.engine import Engine
from keras.backend.masks import get_mask


def floats(*shape: int) -> np.ndarray:
    return np.random.RandomState(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("kind", [L.SimpleRNN, L.LSTM, L.GRU])
def test_stateful_halves_are_the_whole(engine: Engine, kind: Any) -> None:
    x = floats(2, 6, 3)
    whole, halves = kind(4, return_sequences=True), kind(4, return_sequences=True, stateful=True)
    expected = ops.convert_to_numpy(whole(x))
    halves.build((2, 3, 3))
    halves.set_weights(whole.get_weights())
    for _ in range(2):
        y = np.concatenate([ops.convert_to_numpy(halves(part)) for part in (x[:, :3], x[:, 3:])], axis=1)
        np.testing.assert_allclose(y, expected, atol=1e-6)
        halves.reset_states()
    assert len(halves.weights) == len(whole.weights), "states are no weights"


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (lambda: L.GRU(4), [(2, 4)]),
        (lambda: L.LSTM(4), [(2, 4), (2, 4)]),
        (lambda: L.RNN([L.GRUCell(3), L.LSTMCell(4)]), [[(2, 3)], [(2, 4), (2, 4)]]),
    ],
)
def test_a_layer_s_initial_state_is_where_it_begins(engine: Engine, layer: Any, shapes: Any) -> None:
    """As text is generated: a symbol at a time, the states handed on. The shapes are those of Keras 3.15.1."""
    rnn, x = layer(), floats(2, 5, 3)
    states = rnn.get_initial_state(batch_size=2)
    assert keras.tree.map_structure(lambda s: tuple(s.shape), states) == shapes
    np.testing.assert_array_equal(
        ops.convert_to_numpy(rnn(x)), ops.convert_to_numpy(rnn(x, initial_state=states))
    )


def test_stateful_bidirectional_is_reset(engine: Engine) -> None:
    x = floats(2, 3, 3)
    layer = L.Bidirectional(L.GRU(2, stateful=True))
    first, second = (ops.convert_to_numpy(layer(x)) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3
    layer.reset_states()
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), first, atol=1e-6)


def test_masks_travel_with_sequences_only(engine: Engine) -> None:
    words = L.Embedding(9, 3, mask_zero=True)(np.array([[0, 1, 2], [0, 0, 0]]))
    mask = [[False, True, True], [False, False, False]]
    for layer in (L.LSTM(2, return_sequences=True), L.Bidirectional(L.GRU(2, return_sequences=True))):
        assert ops.convert_to_numpy(get_mask(layer(words))).tolist() == mask
    assert get_mask(L.LSTM(2)(words)) is None
    y, state = L.GRU(2, return_sequences=True, return_state=True)(words)
    assert [get_mask(y) is None, get_mask(state) is None] == [False, True]
    for attention in (L.MultiHeadAttention(2, 3), L.GroupQueryAttention(2, 4, 2)):
        attended = attention(words, words)
        assert ops.convert_to_numpy(get_mask(attended)).tolist() == mask


def test_dropout_is_one_mask_for_a_sequence(engine: Engine) -> None:
    layer = L.SimpleRNN(8, activation="linear", dropout=0.5, seed=1, return_sequences=True)
    x = np.ones((2, 4, 8), "float32")
    layer.build(x.shape)
    layer.set_weights([np.eye(8), np.zeros((8, 8)), np.zeros(8)])
    y = ops.convert_to_numpy(layer(x, training=True))
    assert set(np.unique(y)) == {0.0, 2.0}
    np.testing.assert_array_equal(y, np.repeat(y[:, :1], 4, axis=1))


def test_group_query_attention_is_found_by_both_names(engine: Engine) -> None:
    layer = L.GroupQueryAttention(2, 4, 2)
    config = keras.saving.serialize_keras_object(layer)
    assert (config["class_name"], layer.name) == ("GroupQueryAttention", "grouped_query_attention")
    for name in ("GroupQueryAttention", "GroupedQueryAttention"):
        again = keras.saving.deserialize_keras_object({**config, "class_name": name})
        assert isinstance(again, L.GroupQueryAttention)


def test_bidirectional_names_its_layers_once(engine: Engine) -> None:
    layer = L.Bidirectional(L.LSTM(2, name="inner"))
    again = L.Bidirectional.from_config(L.Bidirectional.from_config(layer.get_config()).get_config())
    assert [again.forward_layer.name, again.backward_layer.name] == ["forward_inner", "backward_inner"]


def test_batch_normalization_of_nothing(engine: Engine) -> None:
    """Keras 3.15.1: moments of places that are all masked are zeros."""
    layer, x = L.BatchNormalization(), floats(2, 3, 4)
    y = layer(x, training=True, mask=np.zeros((2, 3), bool))
    np.testing.assert_allclose(ops.convert_to_numpy(y), x / np.sqrt(1e-3), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.99, rtol=1e-6)


def test_a_stateful_layer_keeps_to_its_batch_size(engine: Engine) -> None:
    layer = L.SimpleRNN(2, stateful=True)
    layer(np.ones((3, 4, 1), "float32"))
    with pytest.raises(ValueError, match=r"a batch size of 3\. Received: a batch of 2"):
        layer(np.ones((2, 4, 1), "float32"))


@pytest.mark.parametrize("kind", [L.LSTM, L.GRU])
def test_use_cudnn(kind: Any) -> None:
    """As in Keras 3.15.1 on a machine without cuDNN: an attribute, not in configs, and True cannot be computed."""
    assert kind(2).use_cudnn == "auto"
    assert "use_cudnn" not in kind(2, use_cudnn=False).get_config()
    assert kind.from_config({**kind(2).get_config(), "use_cudnn": False}).use_cudnn is False
    both = L.Bidirectional(kind(2, use_cudnn=False))
    assert (both.forward_layer.use_cudnn, both.backward_layer.use_cudnn) == (False, False)
    assert kind(2, use_cudnn=False)(floats(1, 3, 2)).shape == (1, 2)
    for wrong in ("abc", None, 3, 1):
        with pytest.raises(ValueError, match="use_cudnn"):
            kind(2, use_cudnn=wrong)
    for x in (floats(1, 3, 2), keras.Input((3, 2))):
        with pytest.raises(ValueError, match="use_cudnn=True"):
            kind(2, use_cudnn=True)(x)
    with pytest.raises((TypeError, ValueError), match="use_cudnn"):
        L.SimpleRNN(2, use_cudnn=False)


ZERO_MASK = np.array([[1, 1, 1, 0, 0, 0], [1, 0, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0]], bool)


@pytest.mark.parametrize("mask", [None, ZERO_MASK], ids=["plain", "masked"])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_zeros_for_masked_steps_by_the_whole_sequence(engine, kind, backwards, mask) -> None:
    """As `Bidirectional` asks for: the kernel's outputs, with zeros in them, are those of the steps one by one."""
    x = np.random.default_rng(0).random((3, 6, 4)).astype("float32")
    make = getattr(keras.layers, kind)
    for sequences in (False, True):
        settings = {"return_sequences": sequences, "return_state": True, "zero_output_for_mask": True}
        whole, single = (make(5, go_backwards=backwards, unroll=u, **settings) for u in (False, True))
        for layer in (whole, single):
            layer.build((3, 6, 4))
        single.set_weights(whole.get_weights())
        for got, want in zip(whole(x, mask=mask), single(x, mask=mask), strict=True):
            np.testing.assert_allclose(
                keras.ops.convert_to_numpy(got), keras.ops.convert_to_numpy(want), 1e-5, 1e-6
            )


def test_both_directions_go_through_the_kernel(engine, monkeypatch) -> None:
    """The loop over steps takes more than twice as long, with sequences for results as without."""
    monkeypatch.setattr("keras.layers.rnn.loop.run", lambda *_: pytest.fail("one step at a time"))
    layer = keras.layers.Bidirectional(keras.layers.LSTM(5, return_sequences=True))
    assert layer(np.ones((3, 6, 4), "float32"), mask=ZERO_MASK).shape == (3, 6, 10)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda **k: L.MultiHeadAttention(1, 2, **k), [1.006, 1.006, 1.006, 4.82702]),
        (lambda **k: L.GroupQueryAttention(2, 2, 1, **k), [19.3081, 2.012, 1.006, 1.006, 19.3081]),
    ],
)
def test_activity_penalties_of_attention_are_those_of_its_projections(
    engine: Engine, layer: Any, expected: list[float]
) -> None:
    """Values of Keras 3.15.1."""
    made = layer(kernel_initializer="ones", activity_regularizer=keras.regularizers.L2(0.1))
    x = np.arange(12, dtype="float32").reshape(2, 3, 2) / 10
    made(x, x)
    np.testing.assert_allclose([float(loss) for loss in made.losses], expected, rtol=1e-5)


def test_masks_given_to_attention_by_hand_travel_on(engine: Engine) -> None:
    x, kept = floats(2, 3, 4), np.array([[True, False, True], [True, True, False]])
    y = L.AdditiveAttention()([x, x], mask=[kept, None])
    assert ops.convert_to_numpy(get_mask(y)).tolist() == kept.tolist()


def test_two_directions_side_by_side_are_a_tuple(engine: Engine) -> None:
    assert isinstance(L.Bidirectional(L.GRU(2), merge_mode=None)(floats(2, 3, 3)), tuple)
    assert isinstance(L.Bidirectional(L.GRU(2, return_state=True))(floats(2, 3, 3)), tuple)


class Sevens(L.LSTMCell):
    """A cell with a step of its own, which is what the layer must run."""

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        y, states = super().call(inputs, states, training=training)
        return 0 * y + 7.0, states


class Doubling(L.SimpleRNNCell):
    def call(self, sequence: Any, states: Any, training: bool = False) -> Any:
        y, states = super().call(sequence, states, training)
        return 2 * y, states


def test_a_cell_with_another_step(engine: Engine) -> None:
    x = floats(2, 3, 4)
    assert ops.convert_to_numpy(L.RNN(Sevens(2))(x)).tolist() == [[7.0, 7.0]] * 2
    plain, doubling = L.RNN(L.SimpleRNNCell(2)), L.RNN(Doubling(2))
    doubling(x)
    plain.build(x.shape)
    plain.set_weights(doubling.get_weights())
    np.testing.assert_allclose(
        ops.convert_to_numpy(doubling(x)), 2 * ops.convert_to_numpy(plain(x)), 1e-5, 1e-6
    )
    assert ops.convert_to_numpy(L.RNN([L.GRUCell(3), Sevens(2)])(x)).tolist() == [[7.0, 7.0]] * 2


@pytest.mark.parametrize("mask", [None, ZERO_MASK], ids=["plain", "masked"])
@pytest.mark.parametrize("backwards", [False, True])
def test_stacked_cells_go_through_all_steps_one_after_the_other(
    engine: Engine, backwards: bool, mask: Any
) -> None:
    """The same numbers as step by step, which takes twice as long."""
    x = floats(3, 6, 4)
    for sequences in (False, True):

        def stack(unroll: bool, sequences: bool = sequences) -> Any:
            cells = [L.GRUCell(3), L.LSTMCell(5), L.StackedRNNCells([L.SimpleRNNCell(2)])]
            settings = {"return_sequences": sequences, "return_state": True, "go_backwards": backwards}
            return L.RNN(cells, unroll=unroll, **settings)

        whole, single = stack(False), stack(True)
        for layer in (whole, single):
            layer(x)
        single.set_weights(whole.get_weights())
        got, want = (keras.tree.flatten(layer(x, mask=mask)) for layer in (whole, single))
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(ops.convert_to_numpy(a), ops.convert_to_numpy(b), 1e-5, 1e-6)


@pytest.mark.parametrize("mask", [None, ZERO_MASK], ids=["plain", "masked"])
@pytest.mark.parametrize("kind", [L.SimpleRNN, L.LSTM, L.GRU])
def test_other_activations_and_dropped_states_at_once_and_step_by_step(
    engine: Engine, kind: Any, mask: Any
) -> None:
    settings = {"activation": "relu", "dropout": 0.2, "recurrent_dropout": 0.4, "seed": 3}
    if kind is not L.SimpleRNN:
        settings["recurrent_activation"] = "hard_sigmoid"
    x, found, weights = floats(*ZERO_MASK.shape, 3), [], None
    for unroll in (True, False):
        layer = kind(4, unroll=unroll, return_sequences=True, **settings)
        layer.build(x.shape)
        weights = weights or [floats(*w.shape) / 2 for w in layer.trainable_variables]
        for variable, value in zip(layer.trainable_variables, weights, strict=True):
            variable.assign(value)

        def loss(x: Any, layer: Any = layer) -> tuple[Any, Any]:
            y = layer(x, mask=mask, training=True)
            return ops.sum(y**2), y

        _, y, by_weights, by_x = engine.value_and_grad(
            loss, layer.trainable_variables, [engine.constant(x, "float32")]
        )
        found.append([ops.convert_to_numpy(a) for a in (y, *by_weights, *by_x)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, 2e-5, 2e-6)


# ---------------------------------------------------------------------- convolutions in place of products
def test_images_over_time_are_learnt(engine, tmp_path):
    """A dot that moves one pixel a step: the next picture is told from the ones before, and the model survives a file."""
    keras.utils.set_random_seed(0)
    film = np.zeros((16, 4, 6, 6, 1), "float32")
    for i in range(16):
        for t in range(4):
            film[i, t, i % 6, (i // 6 + t) % 6] = 1
    model = keras.Sequential(
        [
            keras.Input((3, 6, 6, 1)),
            L.ConvLSTM2D(6, 3, padding="same", dropout=0.1, recurrent_dropout=0.1),
            L.Conv2D(1, 3, padding="same"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), "mse")
    losses = model.fit(film[:, :3], film[:, 3], epochs=40, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    model.save(tmp_path / "m.h5")
    again = keras.models.load_model(tmp_path / "m.h5")
    np.testing.assert_allclose(
        again.predict(film[:, :3], verbose=0), model.predict(film[:, :3], verbose=0), atol=1e-6
    )


def test_states_of_images_are_kept(engine):
    inputs = keras.Input(batch_shape=(2, 3, 5, 4, 1))
    layer = L.ConvLSTM2D(2, 2, stateful=True)
    model = keras.Model(inputs, layer(inputs))
    x = np.ones((2, 3, 5, 4, 1), "float32")
    first = model.predict(x, verbose=0)
    assert np.abs(model.predict(x, verbose=0) - first).max() > 1e-4
    layer.reset_states()
    np.testing.assert_allclose(model.predict(x, verbose=0), first, rtol=1e-6)


def test_settings_of_convolutions_over_time():
    with pytest.raises(ValueError, match=r"must be known\. Received: images of shape"):
        L.ConvLSTM2D(2, 2)(keras.Input((3, None, 4, 1)))
    with pytest.raises(ValueError, match="expected `strides` or `dilation_rate` to be 1"):
        L.ConvLSTM1D(2, 2, strides=2, dilation_rate=2)
    with pytest.raises(ValueError, match="`filters` to be a positive int"):
        L.ConvLSTM3D(0, 2)
    with pytest.raises(ValueError, match="rank"):
        L.ConvLSTM2D(2, 2)(keras.Input((3, 4, 1)))
