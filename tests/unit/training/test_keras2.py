"""Methods and arguments of Keras 2 do what took their place."""

import warnings

import numpy as np
import pytest

import keras
from keras import layers

X = np.linspace(-1, 1, 96, dtype="float32").reshape(24, 4)
Y = np.eye(3, dtype="float32")[np.arange(24) % 3]


def batches():
    while True:
        for start in range(0, 24, 8):
            yield X[start : start + 8], Y[start : start + 8]


def model():
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    made.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    return made


def test_generators(engine):
    former, today = model(), model()
    first = former.fit_generator(
        batches(), 3, 2, 0, validation_data=batches(), validation_steps=3, workers=1, max_queue_size=2
    )
    second = today.fit(
        batches(), steps_per_epoch=3, epochs=2, verbose=0, validation_data=(X, Y), validation_batch_size=8
    )
    for name, values in second.history.items():
        np.testing.assert_allclose(first.history[name], values, rtol=1e-6)
    assert former.evaluate_generator(batches(), steps=3) == pytest.approx(
        today.evaluate(X, Y, verbose=0, batch_size=8)
    )
    predicted = former.predict_generator((x for x, _ in batches()), steps=3)
    np.testing.assert_allclose(predicted, today.predict(X, verbose=0), rtol=1e-6)


def test_classes(engine):
    several = model()
    probabilities = several.predict(X, verbose=0)
    np.testing.assert_array_equal(several.predict_proba(X), probabilities)
    np.testing.assert_array_equal(several.predict_classes(X), probabilities.argmax(-1))
    one = keras.Sequential([keras.Input((1,)), layers.Activation("sigmoid")])
    assert one.predict_classes(np.array([[-2.0], [0.0], [3.0]])).tolist() == [[0], [0], [1]]


def test_states_are_forgotten(engine):
    inner = keras.Sequential([layers.Input(batch_shape=(2, 3, 1)), layers.GRU(2, stateful=True)])
    inputs = keras.Input(batch_shape=(2, 3, 1))
    outer = keras.Model(inputs, inner(inputs))
    x = np.ones((2, 3, 1), "float32")
    fresh = outer.predict(x, verbose=0)
    assert np.abs(outer.predict(x, verbose=0) - fresh).max() > 1e-4
    outer.reset_states()
    np.testing.assert_allclose(outer.predict(x, verbose=0), fresh, rtol=1e-6)


def test_arguments_without_a_meaning_are_told():
    made = model()
    with pytest.warns(
        UserWarning, match=r"Sequential.fit\(\): `workers` of Keras 2 is left out; .*PyDataset"
    ):
        made.fit(X, Y, verbose=0, workers=4)
    with pytest.warns(UserWarning, match="`sample_weight_mode` of Keras 2"):
        made.compile("sgd", "mse", sample_weight_mode="temporal")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made.compile("sgd", "mse", sample_weight_mode=None, target_tensors=None)
        made.fit_generator(batches(), 1, verbose=0, workers=1)
    with pytest.raises(TypeError, match="no argument `worker`"):
        made.fit(X, Y, worker=4)


def test_callbacks_see_the_arrays_of_validation(engine):
    class Score(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            x, y = self.validation_data
            score = (self.model.predict(x, verbose=0).argmax(-1) == y.argmax(-1)).mean()
            assert score == pytest.approx(logs["val_accuracy"])

    class Own(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.validation_data = "mine"

    made, score, own = model(), Score(), Own()
    made.fit(X, Y, validation_split=0.5, epochs=2, verbose=0, callbacks=[score, own])
    np.testing.assert_array_equal(score.validation_data[0], X[12:])
    made.fit(X, Y, validation_data=(X[:9], Y[:9]), verbose=0, callbacks=[score, own])
    assert [len(a) for a in score.validation_data] == [9, 9]
    made.fit(X, Y, validation_data=(X[:9], Y[:9], np.ones(9)), verbose=0, callbacks=[own])
    assert own.validation_data == "mine"


def test_arguments_of_callbacks(tmp_path):
    saving = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.h5", period=2)
    rate = keras.callbacks.ReduceLROnPlateau("loss", epsilon=10.0, patience=1, factor=0.5)
    made = model()
    made.fit(X, Y, epochs=5, verbose=0, callbacks=[saving, rate])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2.h5", "4.h5"]
    assert float(made.optimizer.learning_rate) == pytest.approx(0.01 / 2**4)
    with pytest.raises(ValueError, match="`period` must be a positive whole number"):
        keras.callbacks.ModelCheckpoint("m.h5", period=0)
