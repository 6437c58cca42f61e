"""Programs of Keras 1 and 2, and those that reach into Keras 3, find public names where they look for them."""

import importlib

import pytest

from tests.processes import run_python

#: Where names are asked for and where they are, as the examples of Keras 2.3.1 and packages on PyPI import them.
IMPORTS = """
layers.core layers: Dense Dropout Activation Flatten Reshape Lambda Permute RepeatVector Masking SpatialDropout1D
layers.convolutional layers: Conv1D Conv2D Convolution2D UpSampling2D ZeroPadding2D Cropping2D Conv2DTranspose
layers.pooling layers: MaxPooling2D GlobalAveragePooling2D
layers.recurrent layers: LSTM GRU SimpleRNN
layers.embeddings layers: Embedding
layers.normalization layers: BatchNormalization
layers.merge layers: add concatenate Concatenate
layers.wrappers layers: Bidirectional TimeDistributed
layers.advanced_activations layers: LeakyReLU PReLU ELU
layers.noise layers: GaussianNoise GaussianDropout
engine layers: Layer InputSpec
engine models: Model
engine.topology layers: Layer Input
engine.training models: Model
utils.np_utils utils: to_categorical normalize
utils.generic_utils utils: CustomObjectScope get_custom_objects serialize_keras_object
utils.data_utils utils: Sequence
objectives losses: mean_squared_error categorical_crossentropy
initializations initializers: GlorotUniform
backend.tensorflow_backend backend: conv2d int_shape set_session
src.layers.layer layers: Layer
src.layers.core.dense layers: Dense
src.models models: Sequential
src.ops.numpy ops: einsum
src.losses.losses losses: MeanSquaredError
src.backend.common.keras_tensor backend: KerasTensor
src.optimizers.optimizer optimizers: Optimizer
src.backend backend: KerasTensor standardize_dtype
src.saving saving: register_keras_serializable
src.saving.serialization_lib saving: deserialize_keras_object
src.saving.saving_lib saving: load_model save_model
"""
CASES = [
    (*modules.split(), name)
    for modules, names in (line.split(":") for line in IMPORTS.strip().splitlines())
    for name in names.split()
]


@pytest.mark.parametrize(("former", "public", "name"), CASES)
def test_a_public_name_under_a_former_module(former: str, public: str, name: str) -> None:
    scope: dict[str, object] = {}
    exec(f"from keras.{former} import {name}", scope)
    assert scope[name] is getattr(importlib.import_module(f"keras.{public}"), name)


def test_former_modules_are_found_in_packages() -> None:
    from keras.src import backend, saving
    from keras.src.saving import serialization_lib
    from keras.utils import generic_utils, np_utils

    assert np_utils.to_categorical([1], 2).tolist() == [[0, 1]]
    assert "to_categorical" in dir(np_utils)
    assert "keras.utils" in (np_utils.__doc__ or "")
    assert backend.epsilon() == 1e-7
    assert (
        saving.get_custom_objects is serialization_lib.get_custom_objects is generic_utils.get_custom_objects
    )


def test_what_is_not_there_is_an_import_error() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"keras\.layers\.konvolutional"):
        importlib.import_module("keras.layers.konvolutional")
    with pytest.raises(ModuleNotFoundError, match=r"keras\.src\.trainers"):
        importlib.import_module("keras.src.trainers.trainer")
    for module in ("layers.core", "src", "src.layers", "src.layers.core.dense", "src.backend"):
        with pytest.raises(ImportError, match="Densest"):
            exec(f"from keras.{module} import Densest")
    with pytest.raises(
        AttributeError, match=r"keras\.layers\.core.* stands for keras\.layers, where .*'Densest'"
    ):
        importlib.import_module("keras.layers.core").Densest  # noqa: B018


def test_nothing_is_loaded_for_a_former_name_alone() -> None:
    """TensorFlow imports `keras.src.optimizers` while it is itself imported."""
    run_python(
        "import sys, keras.src.optimizers; assert 'keras.optimizers' not in sys.modules;"
        "assert keras.src.optimizers.SGD is keras.optimizers.SGD"
    )


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (
            "losses",
            {
                "mse": "mean_squared_error",
                "MAE": "mean_absolute_error",
                "cosine_proximity": "cosine_similarity",
            },
        ),
        ("metrics", {"mse": "mean_squared_error", "kullback_leibler_divergence": "kl_divergence"}),
        ("constraints", {"maxnorm": "MaxNorm", "nonneg": "NonNeg", "unitnorm": "UnitNorm"}),
        ("initializers", {"normal": "RandomNormal", "zero": "Zeros"}),
    ],
)
def test_other_names_of_functions(module, names):
    public = importlib.import_module(f"keras.{module}")
    for former, name in names.items():
        assert getattr(public, former) is getattr(public, name)
        assert former not in dir(public)
    with pytest.raises(AttributeError, match=f"module 'keras.{module}' has no attribute 'nothing'"):
        public.nothing  # noqa: B018
