"""Compile arguments that are functions come back from every kind of model file."""

import json

import h5py
import numpy as np
import pytest

import keras

X = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]], "float32")
Y = np.array([[1.0, 0.0], [0.0, 2.0]], "float32")


def largest_gap(y_true, y_pred):
    return keras.ops.max(keras.ops.abs(y_true - y_pred), axis=-1)


def compiled(loss, metrics):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", loss=loss, metrics=metrics)
    return model


def gap(model):
    return np.abs(model.predict(X, verbose=0) - Y)


@pytest.mark.parametrize("options", [{}, {"layout": "keras2"}], ids=["keras3", "keras2"])
@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: [f]], ids=["alone", "in a list"])
def test_a_loss_and_metrics_that_are_functions_return(wrap, options, tmp_path):
    path = tmp_path / "model.h5"
    model = compiled(wrap(keras.losses.mean_squared_error), [keras.metrics.mean_absolute_error, largest_gap])
    model.save(path, **options)
    again = keras.models.load_model(path, custom_objects={"largest_gap": largest_gap})
    result = again.evaluate(X, Y, verbose=0, return_dict=True)
    expected = gap(model)
    np.testing.assert_allclose(result["loss"], (expected**2).mean(), rtol=1e-5)
    np.testing.assert_allclose(result["mean_absolute_error"], expected.mean(), rtol=1e-5)
    np.testing.assert_allclose(result["largest_gap"], expected.max(axis=1).mean(), rtol=1e-5)


@pytest.mark.parametrize(("ending", "options"), [(".keras", {}), (".h5", {}), (".h5", {"layout": "keras2"})])
def test_a_loss_of_ones_own_returns(ending, options, tmp_path):
    path = tmp_path / f"model{ending}"
    model = compiled(largest_gap, None)
    model.save(path, **options)
    again = keras.models.load_model(path, custom_objects={"largest_gap": largest_gap})
    np.testing.assert_allclose(again.evaluate(X, Y, verbose=0), gap(model).max(axis=1).mean(), rtol=1e-5)


def test_the_layout_of_keras_2_has_functions_by_their_names(tmp_path):
    compiled(keras.losses.mean_squared_error, [largest_gap]).save(tmp_path / "model.h5", layout="keras2")
    with h5py.File(tmp_path / "model.h5") as file:
        config = json.loads(file.attrs["training_config"])
    assert config["loss"] == "mean_squared_error"
    assert config["metrics"] == ["largest_gap"]


class Gap(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return largest_gap(y_true, y_pred)


class Descent(keras.optimizers.SGD):
    pass


@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_classes_of_ones_own_return(ending, tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(Descent(0.25), Gap(), metrics=[keras.metrics.MeanMetricWrapper(largest_gap), "mae"])
    path = tmp_path / f"model{ending}"
    model.save(path)
    own = {"Gap": Gap, "Descent": Descent, "largest_gap": largest_gap}
    again = keras.models.load_model(path, custom_objects=own)
    assert type(again.optimizer) is Descent
    assert float(again.optimizer.learning_rate) == 0.25
    expected = gap(model)
    result = again.evaluate(X, Y, verbose=0)
    np.testing.assert_allclose(result[0], expected.max(axis=1).mean(), rtol=1e-5)
    np.testing.assert_allclose(result[1:], [result[0], expected.mean()], rtol=1e-5)


# ---------------------------------------------------------------------- a `compile` of one's own
class OwnCompile(keras.Sequential):
    """As in Keras 3.15.1, what its `compile` was called with cannot be known."""

    def compile(self, optimizer, margin=1.0):
        super().compile(optimizer, keras.losses.Huber(margin))
        self.margin = margin


class OwnConfig(OwnCompile):
    def get_compile_config(self):
        return {"optimizer": keras.saving.serialize_keras_object(self.optimizer), "margin": self.margin}

    def compile_from_config(self, config):
        self.compile(keras.saving.deserialize_keras_object(config["optimizer"]), config["margin"])
        self.optimizer.build(self.trainable_variables)


def trained(cls):
    model = cls([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("adam", margin=0.3)
    model.fit(X, Y, verbose=0)
    return model


def test_own_compile_alone_is_not_called_and_that_is_said(tmp_path):
    model = trained(OwnCompile)
    model.save(tmp_path / "m.keras")
    with pytest.warns(UserWarning, match=r"OwnCompile was not compiled.*compile_from_config"):
        again = keras.models.load_model(tmp_path / "m.keras", {"OwnCompile": OwnCompile})
    assert not again.compiled
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    with pytest.raises(ValueError, match="compile"):
        again.fit(X, Y, verbose=0)
    keras.models.load_model(tmp_path / "m.keras", {"OwnCompile": OwnCompile}, compile=False)


def test_own_compile_with_its_config_is_called(tmp_path):
    model = trained(OwnConfig)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras", {"OwnConfig": OwnConfig})
    assert again.margin == 0.3
    assert again.train_on_batch(X, Y) == pytest.approx(model.train_on_batch(X, Y), rel=1e-6)
    assert again.get_weights()[0] == pytest.approx(model.get_weights()[0], rel=1e-6)


@pytest.mark.parametrize("name", ["model.h5", "model.keras"])
def test_a_lambda_among_them_does_not_lose_the_model(name, tmp_path):
    model = compiled(lambda y, p: keras.ops.mean(keras.ops.square(y - p)), [])
    with pytest.warns(
        UserWarning, match="without its compile arguments.*lambda.*`compile` it again"
    ) as caught:
        model.save(tmp_path / name)
    assert len(caught) == 1
    again = keras.models.load_model(tmp_path / name)
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert not again.compiled


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("rate", [0.25, keras.optimizers.schedules.ExponentialDecay(0.25, 10, 0.5)])
def test_a_model_saved_before_it_was_trained_loads_without_a_warning(ending, rate, tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(rate), "mse")
    model.save(tmp_path / f"model{ending}")
    again = keras.models.load_model(tmp_path / f"model{ending}")
    assert float(again.optimizer.learning_rate) == 0.25
    histories = [m.fit(X, Y, epochs=2, shuffle=False, verbose=0).history["loss"] for m in (model, again)]
    np.testing.assert_allclose(*histories, rtol=1e-6)
